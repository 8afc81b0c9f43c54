// The demo merchant's members' page, which an access code opens: it lets in whoever comes with a token that holds, once, and
// says what it looked at. As any merchant's site would do it: the gateway's published keys, and nothing else of it.

import { createPublicKey, randomBytes, verify } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** The resource this page is, as the gateway names it. */
const audience = 'demo-club';
const keysMs = 5_000;
/** Clocks differ a little. */
const slackSeconds = 5;

interface Claims {
  iss?: unknown;
  aud?: unknown;
  sub?: unknown;
  jti?: unknown;
  exp?: unknown;
}

type Looked = { let: 'in'; claims: Claims } | { let: 'out'; because: string };

export class MerchantClub {
  readonly #gatewayUrl: string;
  /** Tokens seen, by their `jti`, until they would be too old anyway. */
  readonly #seen = new Map<string, number>();

  constructor(gatewayUrl: string) {
    this.#gatewayUrl = gatewayUrl;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = new URL(request.url ?? '/', 'http://club').searchParams.get('access_token');
    const looked: Looked =
      token === null
        ? { let: 'out', because: 'You came without a token. Buy a ticket, and open this page with its code.' }
        : await this.#look(token).catch((error: unknown) => {
            return {
              let: 'out',
              because: error instanceof Error ? error.message : 'The token was not read.',
            };
          });
    const nonce = randomBytes(16).toString('base64');
    response.writeHead(looked.let === 'in' ? 200 : 403, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-security-policy': `default-src 'none'; style-src 'nonce-${nonce}'; img-src data:; base-uri 'none'; form-action 'none'`,
    });
    response.end(pageOf(looked, nonce));
  }

  async #look(token: string): Promise<Looked> {
    const out = (because: string): Looked => ({ let: 'out', because });
    const [head = '', body = '', signature = ''] = token.split('.');
    const header = read(head) as { alg?: unknown; kid?: unknown };
    if (header.alg !== 'EdDSA') return out('The token is signed in a way nobody here knows.');
    const answer = await fetch(`${this.#gatewayUrl}/.well-known/jwks.json`, {
      signal: AbortSignal.timeout(keysMs),
    });
    const { keys } = (await answer.json()) as { keys: { kid: string }[] };
    const jwk = keys.find(({ kid }) => kid === header.kid);
    if (!jwk) return out('The key it is signed by is not published.');
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const signed = Buffer.from(`${head}.${body}`);
    if (!verify(null, signed, key, Buffer.from(signature, 'base64url'))) {
      return out('The signature does not hold.');
    }
    const claims = read(body) as Claims;
    const { iss, aud, jti, exp } = claims;
    const now = Date.now() / 1000;
    if (iss !== this.#gatewayUrl || aud !== audience) return out('The token is for another door.');
    if (typeof exp !== 'number' || exp + slackSeconds < now) return out('The token is too old.');
    if (typeof jti !== 'string' || this.#seen.has(jti)) return out('The token was used before.');
    for (const [old, until] of this.#seen) if (until < now) this.#seen.delete(old);
    this.#seen.set(jti, exp + slackSeconds);
    return { let: 'in', claims };
  }
}

function read(part: string): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
}

const signs: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => signs[sign] ?? sign);

function pageOf(looked: Looked, nonce: string): string {
  const inside = looked.let === 'in';
  const facts = inside
    ? (['aud', 'sub', 'jti', 'exp'] as const).map(
        (name) => `<div><dt>${name}</dt><dd>${escaped(String(looked.claims[name]))}</dd></div>`,
      )
    : [];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${inside ? 'Claire’s club' : 'Not let in'}</title><link rel="icon" href="data:,">
<style nonce="${nonce}">body{margin:0;font:1.0625rem/1.5 system-ui,sans-serif;background:#f4f1fb;color:#1d1630}
main{max-width:36rem;margin:12vh auto;padding:2rem;border-radius:16px;background:#fff}h1{margin:0 0 .5rem}
dl{display:grid;gap:.4rem;margin:1.5rem 0 0}dl div{display:flex;gap:1rem}dt{flex:none;width:3rem;color:#5a5370}dd{margin:0;overflow-wrap:anywhere}</style></head>
<body><main><h1>${inside ? 'Welcome to Claire’s club' : 'Not let in'}</h1>
<p>${inside ? 'The code opened, and the signature holds by the published key. This token lets nobody in a second time.' : escaped(looked.because)}</p>
${facts.length > 0 ? `<dl>${facts.join('')}</dl>` : ''}</main></body></html>
`;
}
