// The pages a caller sees: choosing and ordering (`/pay/{line}`), credit for an account (`/topup/{line}`), then one page for the order from the card to the receipt
// (`/orders/{token}`). Here: routes, what they read from a request and which page or sentence they answer. Not here: what
// is shown (choose-page, order-page), headers (security), and every decision about money and calls (flow).
//
//   GET  /pay/{line}             who is free, what it costs; parameters as in embed.ts
//   GET  /pay/{line}/state       who is free, as JSON; /events the same live
//   POST /pay/{line}/phone       {phone, country}: can this number be called?
//   POST /pay/{line}/tell-me     {email}: one e-mail when somebody is free
//   POST /pay/{line}/orders      {consultant, seconds, phone, country, priceMark}: 201 {orderUrl} or a problem
//   GET  /topup/{line}           credit for a client's account; ?code= fills it in
//   POST /topup/{line}/orders    {code, amount}: 201 {orderUrl} or a problem
//   GET  /access/{resource}      where an access code is typed, see entering.ts
//   GET  /orders/{token}         the order's page, /state as JSON, /events live, /receipt to print
//   POST /orders/{token}/agree   {mark, immediate, withdrawal, email}: 200 {clientSecret}
//   POST /orders/{token}/paid    a hint after Stripe.js: look at the payment now; 200 with the state
//   POST /orders/{token}/cancel, /hangup, /more-time, /never-call, /never-call/undo
//
// POSTs take JSON from our own pages only. The token is the order link's 128 bits of chance: who has the link has the
// order, as with a paper ticket.

import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import type { Language } from '../core/ids.ts';
import type { House } from '../flow/house.ts';
import { isDatabaseAway } from '../store/database-away.ts';
import { choosing } from './choosing.ts';
import { entering } from './entering.ts';
import { ordering } from './ordering.ts';
import { readPageAssets, type PageAssets } from './page-assets.ts';
import { PageFrame, languageOf, type FrameSettings } from './page-frame.ts';
import { sendProblem } from './page-problem.ts';
import { pageSteps, type PageSteps } from './page-steps.ts';
import { fromOurPages, neverStored, pageSecurity } from './security.ts';
import { readTemplates } from './templates.ts';
import { text } from './texts.ts';
import { toppingUp } from './topping-up.ts';

export type CardPageSettings = Omit<FrameSettings, 'publicUrl'>;

const pagePaths = ['/pay', '/topup', '/orders'];
const allPaths = [...pagePaths, '/access'];

/** Everything under `/pay`, `/topup`, `/orders`, `/access`, `/assets`, `/button.js`, `/access.js` and the published keys. Throws when the browser scripts were never built. */
export function cardPage(house: House, settings: CardPageSettings): Router {
  return cardPageOver(pageSteps(house), settings);
}

/** The same over any answers to the page's questions: what tests and the stage of all states use. */
export function cardPageOver(steps: PageSteps, given: CardPageSettings, assets = readPageAssets()): Router {
  const settings: FrameSettings = { ...given, publicUrl: steps.publicUrl };
  const templates = readTemplates();
  const frame = new PageFrame(settings, assets, templates);
  const router = express.Router();

  const { sandbox } = settings;
  // On a demonstration's machine nobody should have to know on which of the two ports it is.
  if (sandbox)
    router.get(['/', '/demo'], (_request, response) => response.redirect(`${sandbox.demoOrigin}/demo`));
  router.use([...allPaths, '/assets', '/button.js', '/access.js'], pageSecurity(settings));
  serveAssets(router, assets);
  entering(router, steps, frame);
  router.use(pagePaths, neverStored, acceptPosts(steps.publicUrl));
  choosing(router, steps, frame);
  toppingUp(router, steps, frame);
  ordering(router, steps, frame, settings, templates);

  router.use(allPaths, (request: Request, response: Response) => {
    unknownPage(request, response, frame);
  });
  router.use(allPaths, (error: unknown, request: Request, response: Response, _next: NextFunction) => {
    failedPage(error, request, response, frame, steps);
  });
  return router;
}

function serveAssets(router: Router, assets: PageAssets): void {
  const byPath = new Map(
    [assets.choose, assets.order, assets.topup, assets.style].map((asset) => [asset.path, asset] as const),
  );
  router.get('/assets/:file', (request, response, next) => {
    const asset = byPath.get(`/assets/${request.params.file}`);
    if (!asset) {
      next();
      return;
    }
    // The name carries the hash of the content: it never changes under this name.
    response.set('Cache-Control', 'public, max-age=31536000, immutable').type(asset.type).send(asset.body);
  });
  for (const asset of [assets.button, assets.access]) {
    router.get(asset.path, (_request, response) => {
      // An hour: short enough that a correction reaches every merchant's site the same day.
      response
        .set('Cache-Control', 'public, max-age=3600')
        .set('Cross-Origin-Resource-Policy', 'cross-origin')
        .type(asset.type)
        .send(asset.body);
    });
  }
}

function acceptPosts(publicUrl: string): Router {
  const posts = express.Router();
  // A name, a number, an address: eight kilobytes hold all of it many times over.
  posts.post('/{*rest}', fromOurPages(publicUrl), express.json({ limit: '8kb' }));
  return posts;
}

const unknownOf: Readonly<Record<string, 'unknownOrder' | 'unknownAccess'>> = {
  '/orders': 'unknownOrder',
  '/access': 'unknownAccess',
};

/** What is posted there comes from a form without a script: whoever sent it reads a page. */
function isForm(request: Request): boolean {
  return request.baseUrl === '/access';
}

function unknownPage(request: Request, response: Response, frame: PageFrame): void {
  const language = languageOf(request);
  const key = unknownOf[request.baseUrl] ?? 'unknownLine';
  // A script reads a sentence out of a problem; a person gets a page.
  if ((request.method !== 'GET' && !isForm(request)) || request.accepts(['html', 'json']) === 'json') {
    sendProblem(response, 404, text(language, `${key}.text`));
    return;
  }
  frame.sendMessage(
    request,
    response,
    { language, status: 404 },
    { title: text(language, `${key}.title`), sentences: [text(language, `${key}.text`)] },
  );
}

function failedPage(
  error: unknown,
  request: Request,
  response: Response,
  frame: PageFrame,
  steps: PageSteps,
): void {
  const status = statusOf(error);
  if (status >= 500) steps.noteFailure(error, request.path.replace(/\/orders\/[^/]+/, '/orders/…'));
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const language: Language = languageOf(request);
  if (status === 503) response.setHeader('Retry-After', '2');
  if (request.method === 'POST' && !isForm(request)) {
    const key =
      status === 503 ? 'refused.database_away' : status >= 500 ? 'trouble.text' : 'refused.badRequest';
    sendProblem(response, status, text(language, key), status === 503 ? { because: 'database_away' } : {});
    return;
  }
  // Who came in such a moment need not reload by hand: the page comes by itself.
  const isAway = status === 503 && request.accepts(['html', 'json']) === 'html';
  if (isAway) response.setHeader('Refresh', String(awayRefreshSeconds));
  const said = status === 503 ? 'away' : 'trouble';
  const detail = text(language, status >= 500 ? `${said}.text` : 'refused.badRequest');
  frame.sendMessage(
    request,
    response,
    { language, status },
    { title: text(language, `${said}.title`), sentences: [detail] },
  );
}

/** A database that restarts is back within seconds; sooner would be a hundred pages asking at once. */
const awayRefreshSeconds = 5;

/** Body parsers carry what they mean, and a database comes back; anything else is our mistake. */
function statusOf(error: unknown): number {
  if (isDatabaseAway(error)) return 503;
  if (typeof error !== 'object' || error === null) return 500;
  const { status } = error as { status?: unknown };
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500;
}
