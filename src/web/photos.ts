// Serves `/photos/{token}`: the photo of a consultant, to any page that shows it. Its name is of these bytes alone, so that
// whoever has seen it once need never ask again.

import express, { type Router } from 'express';
import type { House } from '../flow/house.ts';
import { merchantOfPhoto, readPhoto } from '../store/photos.ts';

const tokenPattern = /^[A-Za-z0-9_-]{16,64}$/;

export function photos(house: Pick<House, 'db'>): Router {
  const router = express.Router({ strict: true });
  router.get('/photos/:token', async (request, response, next) => {
    const { token } = request.params;
    const photo = tokenPattern.test(token) ? await find(house, token) : undefined;
    if (!photo) {
      next();
      return;
    }
    response.set({
      'Content-Type': photo.mediaType,
      'Cache-Control': 'public, max-age=31536000, immutable',
      ETag: `"${token}"`,
      // Whatever somebody managed to hide in it: it is a picture and runs nothing.
      'Content-Security-Policy': "default-src 'none'; sandbox",
      'X-Content-Type-Options': 'nosniff',
      'Content-Disposition': 'inline',
      // Merchants show it on pages of their own.
      'Cross-Origin-Resource-Policy': 'cross-origin',
    });
    response.send(photo.bytes);
  });
  return router;
}

async function find({ db }: Pick<House, 'db'>, token: string) {
  const merchantId = await db.asNobody((nobody) => merchantOfPhoto(nobody, token));
  return merchantId === undefined ? undefined : db.asMerchant(merchantId, (tx) => readPhoto(tx, token));
}
