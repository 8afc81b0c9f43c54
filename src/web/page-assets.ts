// The page's own files: scripts as the build made them, the style sheet, found once and served under names that carry
// their hash, so that a browser may keep them for a year and never runs an old one.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Asset {
  /** `/assets/order.3f2a....js` */
  path: string;
  type: 'text/javascript' | 'text/css';
  body: Buffer;
}

export interface PageAssets {
  choose: Asset;
  order: Asset;
  topup: Asset;
  style: Asset;
  /** Served as `/button.js` and `/access.js`: merchants copy those addresses once and for ever. */
  button: Asset;
  access: Asset;
}

/** Both `src/web` and `dist/web` lie two levels below the project; the style sheet stands beside this file in either. */
export const projectRoot = fileURLToPath(new URL('../../', import.meta.url));

/** Throws, saying what to run, when the browser scripts were never built. */
export function readPageAssets(builtTo = `${projectRoot}dist/web/browser`): PageAssets {
  const script = (name: string): Asset => {
    const file = `${builtTo}/${name}.js`;
    if (!existsSync(file)) throw new Error(`${file} is missing: run "npm run build" first`);
    return asset(name, 'js', readFileSync(file));
  };
  return {
    choose: script('choose'),
    order: script('order'),
    topup: script('topup'),
    button: { ...script('button'), path: '/button.js' },
    access: { ...script('access'), path: '/access.js' },
    style: asset('page', 'css', readFileSync(new URL('./page.css', import.meta.url))),
  };
}

function asset(name: string, extension: 'js' | 'css', body: Buffer): Asset {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 16);
  return {
    path: `/assets/${name}.${hash}.${extension}`,
    type: extension === 'js' ? 'text/javascript' : 'text/css',
    body,
  };
}
