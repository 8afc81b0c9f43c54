// What the demo page asks of the sandbox's front: its own files, and the few things that need the demo key, which never
// reaches a browser.

import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { BreakSomething } from './break-something.ts';
import { breakables } from './demo-contract.ts';
import type { DemoProof } from './demo-proof.ts';
import type { DemoFacts } from './part-contract.ts';
import { readJson, Refusal, sendJson } from './http-exchange.ts';

export const demoLines = ['demo', 'demo-short', 'demo-ticket'] as const;

/** A gateway that has not answered in this time has not: the page says so rather than wait. */
const gatewayMs = 10_000;

/** From source the browser scripts lie where the build put them; compiled they are neighbours. */
const fromSource = import.meta.url.endsWith('.ts');
const files: Record<string, { url: URL; type: string }> = {
  '/assets/demo.css': { url: new URL('./demo/demo.css', import.meta.url), type: 'text/css; charset=utf-8' },
  '/assets/demo.js': {
    url: new URL(fromSource ? '../../dist/sandbox/browser/demo.js' : './browser/demo.js', import.meta.url),
    type: 'text/javascript; charset=utf-8',
  },
};
const page = new URL('./demo/demo.html', import.meta.url);

/** Answers `/`, `/demo`, `/assets/*`, `/api/demo*`, `/healthz`; false for anything else. */
export function createDemoApi(settings: {
  gatewayUrl: string;
  facts: () => DemoFacts | undefined;
  breaking: BreakSomething;
  proof: DemoProof;
}) {
  const { gatewayUrl, facts, breaking, proof } = settings;
  return async (request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> => {
    const asked = `${request.method ?? 'GET'} ${path}`;
    const asset = files[path];
    if (asset !== undefined && request.method === 'GET') {
      sendFile(response, asset.url, asset.type);
      return true;
    }
    if (asked.startsWith('GET /api/demo/calls/')) {
      const id = path.slice('/api/demo/calls/'.length);
      await relay(response, facts(), `/v1/call-sessions/${encodeURIComponent(id)}`);
      return true;
    }
    switch (asked) {
      case 'GET /':
        response.writeHead(302, { location: '/demo' }).end();
        return true;
      case 'GET /healthz':
        sendJson(response, 200, { status: 'ok' });
        return true;
      case 'GET /demo':
      case 'GET /demo/':
        sendPage(response, gatewayUrl);
        return true;
      case 'GET /api/demo': {
        const known = facts();
        sendJson(response, 200, {
          ready: known !== undefined,
          gatewayUrl,
          lines: demoLines,
          consultants: known?.consultants ?? [],
          caller: known?.caller ?? null,
          ddis: known?.ddis ?? [],
          scenarios: known?.scenarios ?? [],
        });
        return true;
      }
      case 'GET /api/demo/ledger': {
        const after = /[?&]after=(\d{1,15})(?:&|$)/.exec(request.url ?? '')?.[1] ?? '0';
        await relay(response, facts(), `/v1/ledger-entries?limit=500&after=${after}`);
        return true;
      }
      case 'POST /api/demo/play':
        await play(request, response, facts());
        return true;
      case 'GET /api/demo/proof':
        sendJson(response, 200, { proof: (await proof.last().catch(() => undefined)) ?? null });
        return true;
      case 'GET /api/demo/breaks':
        sendJson(response, 200, breaking.state());
        return true;
      case 'GET /api/demo/breaks/events':
        breaking.stream.open(response);
        return true;
      case 'POST /api/demo/breaks':
        await breakSomething(request, response, breaking);
        return true;
      default:
        return false;
    }
  };
}

async function breakSomething(
  request: IncomingMessage,
  response: ServerResponse,
  breaking: BreakSomething,
): Promise<void> {
  assertOwnPage(request, '{"what":"gateway"}');
  const { what: asked } = await readJson(request);
  const what = breakables.find((known) => known === asked);
  if (what === undefined) throw new Refusal(400, `what must be one of ${breakables.join(', ')}.`);
  switch (await breaking.begin(what)) {
    case 'broken':
      sendJson(response, 202, breaking.state());
      return;
    case 'already_broken':
      throw new Refusal(409, 'It is broken already: wait until it is whole again.');
    case 'not_offered':
      throw new Refusal(409, 'The gateway was not started by npm start: nobody would start it again.');
  }
}

/** A page of another origin cannot send this type without asking first (CORS), and is never allowed to. */
function assertOwnPage(request: IncomingMessage, example: string): void {
  if ((request.headers['content-type'] ?? '').startsWith('application/json')) return;
  throw new Refusal(415, `Send JSON: ${example}.`);
}

/** Places the demo order through the gateway's public API, as any merchant's server would. */
async function play(
  request: IncomingMessage,
  response: ServerResponse,
  facts: DemoFacts | undefined,
): Promise<void> {
  assertOwnPage(request, '{"line":"demo"}');
  const { line = 'demo', language } = await readJson(request);
  if (typeof line !== 'string' || !(demoLines as readonly string[]).includes(line)) {
    sendJson(response, 400, { error: `line must be one of ${demoLines.join(', ')}.` });
    return;
  }
  await relay(response, facts, '/v1/callbacks', {
    line,
    callerNumber: facts?.caller ?? '',
    paymentMethod: 'pm_card_visa',
    language: language === 'fr' ? 'fr' : 'en',
    reference: `demo-${randomUUID().slice(0, 8)}`,
  });
}

/** The gateway's answer as it is; one sentence when there is none. */
async function relay(
  response: ServerResponse,
  facts: DemoFacts | undefined,
  path: string,
  body?: Record<string, string>,
): Promise<void> {
  if (facts === undefined) {
    sendJson(response, 503, { error: 'The gateway is still starting.' });
    return;
  }
  try {
    const answer = await fetch(`${facts.gatewayUrl}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${facts.apiKey}`,
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'idempotency-key': randomUUID() }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(gatewayMs),
    });
    const text = await answer.text();
    response.writeHead(answer.status, {
      'content-type': answer.headers.get('content-type') ?? 'application/json',
      'cache-control': 'no-store',
    });
    response.end(text);
  } catch {
    sendJson(response, 502, { error: 'The gateway does not answer.' });
  }
}

function sendFile(response: ServerResponse, url: URL, type: string): void {
  const path = fileURLToPath(url);
  if (!existsSync(path)) {
    sendJson(response, 404, { error: 'Not built: run npm run build.' });
    return;
  }
  // The page names each file with the hash of its content, so what is cached is never stale.
  response.writeHead(200, { 'content-type': type, 'cache-control': 'public, max-age=31536000, immutable' });
  response.end(readFileSync(path));
}

function sendPage(response: ServerResponse, gatewayUrl: string): void {
  let html = readFileSync(fileURLToPath(page), 'utf8');
  for (const [path, file] of Object.entries(files)) {
    html = html.replaceAll(`"${path}"`, `"${path}?v=${hashOf(file.url)}"`);
  }
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "connect-src 'self'",
      `frame-src ${gatewayUrl}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
  });
  response.end(html);
}

function hashOf(url: URL): string {
  const path = fileURLToPath(url);
  return existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 10) : '0';
}
