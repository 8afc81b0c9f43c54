// The application for merchants and consultants, as a browser gets it: its page at any address under /extranet (which of
// its pages that is, it decides itself), its pieces under names that carry their hash, its worker and its icons. It asks
// for everything else over the public API; nothing of a merchant is in here.

import { existsSync, readFileSync } from 'node:fs';
import express, { type Request, type Response, type Router } from 'express';
import { projectRoot } from './page-assets.ts';
import { freshNonce, pageSecurity } from './security.ts';

interface BuiltFile {
  type: string;
  body: Buffer;
  /** Packed by the build, best first. */
  packed: readonly { encoding: 'br' | 'gzip'; body: Buffer }[];
}

const types: Record<string, string> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  webmanifest: 'application/manifest+json',
  html: 'text/html; charset=utf-8',
};

/** Everything under `/extranet`. Throws, saying what to run, when the application was never built. */
export function extranet(settings: { publicUrl: string }, builtTo = `${projectRoot}dist/extranet`): Router {
  const files = readBuilt(builtTo);
  const page = files.get('index.html')?.body.toString('utf8') ?? '';
  const router = express.Router();
  router.use(
    '/extranet',
    pageSecurity({ publicUrl: settings.publicUrl, stripeJsUrl: settings.publicUrl }),
    (_request, response, next) => {
      // A consultant records his introduction here; nothing else of a phone is asked for.
      response.setHeader(
        'Permissions-Policy',
        'camera=(), geolocation=(), microphone=(self), usb=(), payment=()',
      );
      next();
    },
  );
  router.get('/extranet{/*path}', (request: Request, response: Response, next) => {
    const name = request.path.slice('/extranet/'.length);
    const file = name === 'index.html' ? undefined : files.get(name);
    if (file) {
      sendBuilt(name, file, request, response);
      return;
    }
    // A piece of an older version that is gone, or a mistyped icon: a page in its place would be run as a script.
    if (name.startsWith('assets/') || /\.[a-z]+$/.test(name)) {
      next();
      return;
    }
    sendPage(page, settings.publicUrl, response);
  });
  return router;
}

function readBuilt(folder: string): Map<string, BuiltFile> {
  const list = `${folder}/files.json`;
  if (!existsSync(list)) throw new Error(`${list} is missing: run "npm run build" first`);
  const names = JSON.parse(readFileSync(list, 'utf8')) as string[];
  return new Map(
    names.map((name) => {
      const packed = (['br', 'gz'] as const)
        .filter((ending) => existsSync(`${folder}/${name}.${ending}`))
        .map((ending) => ({
          encoding: ending === 'br' ? ('br' as const) : ('gzip' as const),
          body: readFileSync(`${folder}/${name}.${ending}`),
        }));
      const type = types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
      return [name, { type, body: readFileSync(`${folder}/${name}`), packed }];
    }),
  );
}

function sendBuilt(name: string, file: BuiltFile, request: Request, response: Response): void {
  response.setHeader('Content-Type', file.type);
  // The name carries the hash of the content: it never changes under this name. Worker, manifest and icons have fixed
  // names: they are asked for anew.
  response.setHeader(
    'Cache-Control',
    name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
  );
  if (name === 'service-worker.js') {
    // A worker is held to a policy of its own: it fetches from us.
    response.setHeader('Content-Security-Policy', "default-src 'none'; connect-src 'self'");
  }
  if (file.packed.length === 0) {
    response.send(file.body);
    return;
  }
  response.vary('Accept-Encoding');
  const accepted = request.acceptsEncodings(...file.packed.map(({ encoding }) => encoding));
  const packed = file.packed.find(({ encoding }) => encoding === accepted);
  if (packed) response.setHeader('Content-Encoding', packed.encoding);
  response.send(packed?.body ?? file.body);
}

/**
 * The style nonce stands in a meta element, where the application finds it: its components write small style sheets of
 * their own. Scripts come from us and from files only.
 */
function sendPage(page: string, publicUrl: string, response: Response): void {
  const nonce = freshNonce();
  const secure = publicUrl.startsWith('https:');
  response
    .setHeader(
      'Content-Security-Policy',
      [
        "default-src 'none'",
        "script-src 'self'",
        `style-src 'self' 'nonce-${nonce}'`,
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        ...(secure ? ['upgrade-insecure-requests'] : []),
      ].join('; '),
    )
    .setHeader('Cache-Control', 'no-cache')
    .type('html')
    .send(page.replace('{{nonce}}', nonce));
}
