// What went over the wire, for a developer who looks for his mistake: whole, but for what would let the reader in somewhere.

import type { CallerQuestion } from '../core/known-caller.ts';
import type { Exchange, MerchantServerAddress } from '../flow/ports.ts';
import type { MerchantAnswer } from './outbound.ts';
import type { ServerRequest } from './server-language.ts';

const mask = '***';

/** Replaces everything in this text that must not be read: passwords, the signing secret, the PIN as it was keyed. */
export type Masking = (text: string) => string;

export function maskingOf(server: MerchantServerAddress, question?: CallerQuestion): Masking {
  const basic =
    server.basic && Buffer.from(`${server.basic.user}:${server.basic.password}`).toString('base64');
  const secrets = [
    server.secret,
    server.secret.replace(/^whsec_/, ''),
    server.oldSecret,
    server.oldSecret?.replace(/^whsec_/, ''),
    server.basic?.password,
    basic,
    server.usernameToken?.password,
    question?.pin,
  ];
  // The longest first: one may be part of another.
  const known = [...new Set(secrets.flatMap((secret) => (secret ? [secret, ...writings(secret)] : [])))].sort(
    (one, other) => other.length - one.length,
  );
  return (text) => known.reduce((masked, secret) => masked.replaceAll(secret, mask), text);
}

/** As JSON and XML write it, where that is not the text itself. */
function writings(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const xml = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [json, xml, xml.replaceAll('"', '&quot;')];
}

export function exchangeOf(
  request: ServerRequest,
  answer: MerchantAnswer,
  tookMs: number,
  masked: Masking,
): Exchange {
  const { authorization, ...headers } = request.headers;
  return {
    url: request.url,
    requestHeaders: { ...headers, ...(authorization !== undefined && { authorization: `Basic ${mask}` }) },
    requestBody: withoutPin(withoutDigest(request.body)),
    ...(answer.outcome === 'answered' && { status: answer.status, answerBody: masked(answer.body) }),
    tookMs,
  };
}

// By their place rather than by their value: a PIN of 4 digits may be part of a telephone number, which is to be seen.

function withoutPin(body: string): string {
  return body.replace(/("pin":)"[^"]*"/, `$1"${mask}"`).replace(/(<pin>)[^<]*(<\/pin>)/, `$1${mask}$2`);
}

/** Whoever reads digest, nonce and instant can try passwords against them at home. */
function withoutDigest(body: string): string {
  return body
    .replace(/(<wsse:Password [^>]*>)[^<]*/, `$1${mask}`)
    .replace(/(<wsse:Nonce [^>]*>)[^<]*/, `$1${mask}`);
}
