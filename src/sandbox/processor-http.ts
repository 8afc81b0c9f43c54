// The sandbox processor's one HTTP server: Stripe's API under /v1, what Stripe.js loads under /stripe, what tests and the
// demo page ask under /api. Not here: what any of it means.

import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { readBody, sendJson, sendText } from './processor-answers.ts';
import type { ApiAnswer, ProcessorApi } from './processor-api.ts';
import type { ProcessorControl } from './processor-control.ts';
import type { Intents } from './processor-intents.ts';
import {
  authenticationDonePage,
  authenticationGonePage,
  authenticationPage,
  authenticationPolicy,
  bankStyle,
  cardFieldPage,
  cardFieldStyle,
  pageLanguage,
  pagePolicy,
} from './processor-pages.ts';
import type { IntentRecord, Records } from './processor-records.ts';

export interface ProcessorHttpSettings {
  api: ProcessorApi;
  control: ProcessorControl;
  intents: Intents;
  records: Records;
}

export function createProcessorServer(settings: ProcessorHttpSettings): Server {
  return createServer((request, response) => {
    route(settings, request, response).catch((error: unknown) => {
      // A bug of the sandbox: said once, without the request, and answered as Stripe answers its own.
      console.error('sandbox processor:', error);
      if (!response.headersSent) {
        sendJson(response, 500, {
          error: { type: 'api_error', message: 'The sandbox failed. See its log.' },
        });
      } else response.destroy();
    });
  });
}

async function route(
  settings: ProcessorHttpSettings,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://sandbox');
  const method = request.method ?? 'GET';
  if (url.pathname.startsWith('/v1/')) {
    await serveApi(settings.api, request, response, url, method);
  } else if (url.pathname.startsWith('/api/')) {
    const body = await readBody(request, response);
    if (body !== undefined) settings.control.serve(request, response, url, body);
  } else if (url.pathname.startsWith('/stripe/authenticate/')) {
    await serveAuthentication(settings, request, response, url, method);
  } else if (method === 'GET' || method === 'HEAD') {
    serveAsset(response, url.pathname);
  } else {
    sendText(response, 405, 'text/plain', 'Not allowed');
  }
}

async function serveApi(
  api: ProcessorApi,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  method: string,
): Promise<void> {
  // As at api.stripe.com any page may ask: what it may do is decided by its key, and there are no cookies.
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('access-control-expose-headers', 'Request-Id, Stripe-Version');
  if (method === 'OPTIONS') {
    response.writeHead(204, {
      'access-control-allow-methods': 'GET, POST, DELETE',
      'access-control-allow-headers':
        'authorization, content-type, idempotency-key, stripe-account, stripe-version',
      'access-control-max-age': '600',
    });
    response.end();
    return;
  }
  const form = await readBody(request, response);
  if (form === undefined) return;
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = typeof value === 'string' ? value : value?.[0];
  }
  const answer = await api.answer({ method, path: url.pathname, query: url.search.slice(1), form, headers });
  send(response, answer);
}

function send(response: ServerResponse, answer: ApiAnswer): void {
  switch (answer.broken) {
    case 'never':
      return;
    case 'cut':
      response.destroy();
      return;
    case 'half': {
      const body = Buffer.from(answer.body);
      response.writeHead(answer.status, { ...answer.headers, 'content-length': body.length });
      response.write(body.subarray(0, body.length / 2), () => response.destroy());
      return;
    }
    case undefined: {
      const body = Buffer.from(answer.body);
      response.writeHead(answer.status, { ...answer.headers, 'content-length': body.length });
      response.end(body);
    }
  }
}

/** The bank's page. Its address holds the action's own secret: who has it is the cardholder. */
async function serveAuthentication(
  { intents, records }: ProcessorHttpSettings,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  method: string,
): Promise<void> {
  response.setHeader('content-security-policy', authenticationPolicy);
  const language = pageLanguage(url.searchParams.get('locale') ?? request.headers['accept-language']);
  const source = url.pathname.slice('/stripe/authenticate/'.length);
  const intent = records.newest('intent').find(({ action }) => action?.source === source);
  const action = intent?.action;
  if (intent === undefined || action === undefined || action === null) {
    sendText(response, 410, 'text/html', authenticationGonePage(language));
    return;
  }
  if (method !== 'POST') {
    const card =
      intent.paymentMethod === null ? undefined : records.get('method', intent.paymentMethod)?.card;
    sendText(response, 200, 'text/html', authenticationPage(intent, card?.last4 ?? '', language));
    return;
  }
  const form = await readBody(request, response);
  if (form === undefined) return;
  intents.authenticated(intent, new URLSearchParams(form).get('outcome') === 'complete');
  if (action.inPage || action.returnUrl === null) {
    sendText(response, 200, 'text/html', authenticationDonePage(language));
    return;
  }
  response.writeHead(303, { location: returnAddress(action.returnUrl, intent) });
  response.end();
}

/** https://docs.stripe.com/api/payment_intents: what Stripe adds to `return_url`. */
function returnAddress(returnUrl: string, intent: IntentRecord): string {
  const address = new URL(returnUrl);
  address.searchParams.set('payment_intent', intent.id);
  address.searchParams.set('payment_intent_client_secret', intent.clientSecret);
  const failed = intent.status === 'requires_payment_method';
  address.searchParams.set('redirect_status', failed ? 'failed' : 'succeeded');
  return address.href;
}

const assets: Readonly<Record<string, { type: string; script?: string; text?: string; policy?: string }>> = {
  '/stripe.js': { type: 'text/javascript', script: 'stripe-js' },
  '/stripe/field': { type: 'text/html', text: cardFieldPage(), policy: pagePolicy },
  '/stripe/assets/card-field.js': { type: 'text/javascript', script: 'card-field' },
  '/stripe/assets/card-field.css': { type: 'text/css', text: cardFieldStyle },
  '/stripe/assets/authentication.js': { type: 'text/javascript', script: 'authentication' },
  '/stripe/assets/bank.css': { type: 'text/css', text: bankStyle },
};

function serveAsset(response: ServerResponse, path: string): void {
  const asset = Object.hasOwn(assets, path) ? assets[path] : undefined;
  const text = asset === undefined ? undefined : (asset.text ?? readScript(asset.script ?? ''));
  if (asset === undefined || text === undefined) {
    sendText(response, 404, 'text/plain', 'Not found');
    return;
  }
  // A page of another origin loads these, under whatever policy it has.
  response.setHeader('cross-origin-resource-policy', 'cross-origin');
  response.setHeader('cache-control', 'no-cache');
  if (asset.policy !== undefined) response.setHeader('content-security-policy', asset.policy);
  sendText(response, 200, asset.type, text);
}

/** Built beside us in `dist`; run from source, the build's place is looked at. `undefined`: nothing was built yet. */
function readScript(name: string): string | undefined {
  const places = [`./browser/${name}.js`, `../../dist/sandbox/browser/${name}.js`];
  for (const place of places) {
    try {
      return readFileSync(fileURLToPath(new URL(place, import.meta.url)), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return undefined;
}
