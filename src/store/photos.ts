// Photos of consultants, as bytes under a name that is never given to others: whoever has a link keeps what it showed.

import type { PhotoType } from '../core/photo.ts';
import { tellOfConsultants } from './consultants.ts';
import { type Db, firstRow, type Tx } from './database.ts';

export interface StoredPhoto {
  token: string;
  mediaType: PhotoType;
  bytes: Buffer;
}

export async function readPhotoOf(tx: Tx, consultantId: string): Promise<StoredPhoto | undefined> {
  return firstRow(
    tx,
    'select token, media_type as "mediaType", bytes from consultant_photos where consultant_id = ?',
    [consultantId],
  );
}

/** In place of the one he had. */
export async function writePhoto(
  tx: Tx,
  of: { merchantId: string; consultantId: string },
  photo: StoredPhoto,
  at: Date,
): Promise<void> {
  await tx.write(
    `insert into consultant_photos (consultant_id, merchant_id, token, media_type, bytes, at) values (?, ?, ?, ?, ?, ?)
     on conflict (consultant_id) do update set token = excluded.token, media_type = excluded.media_type,
       bytes = excluded.bytes, at = excluded.at`,
    [of.consultantId, of.merchantId, photo.token, photo.mediaType, photo.bytes, at],
  );
  await tellOfConsultants(tx, [of.consultantId]);
}

export async function deletePhoto(tx: Tx, consultantId: string): Promise<void> {
  await tx.write('delete from consultant_photos where consultant_id = ?', [consultantId]);
  await tellOfConsultants(tx, [consultantId]);
}

export async function merchantOfPhoto(db: Db, token: string): Promise<string | undefined> {
  const row = await firstRow<{ merchantId: string }>(
    db,
    'select merchant_id as "merchantId" from merchant_of_photo(?)',
    [token],
  );
  return row?.merchantId;
}

export async function readPhoto(tx: Tx, token: string): Promise<StoredPhoto | undefined> {
  return firstRow(
    tx,
    'select token, media_type as "mediaType", bytes from consultant_photos where token = ?',
    [token],
  );
}
