// Signatures of notices, by the Standard Webhooks specification (standardwebhooks.com, v1, symmetric), and of what scripts are
// asked in Twilio's words, by his.
//
// Written here rather than taken from a package, because the signing side is ten lines and everything that goes out
// under our name hangs on them; the tests verify it with the specification's own package.

import { createHmac } from 'node:crypto';
import { secretBytesMax, secretBytesMin, secretPrefix } from '../core/signing-secret.ts';

export type SignatureHeaders = Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>;

/**
 * The three headers of one try. The id is the same on every try, so that the receiver can drop what he has seen; the
 * timestamp is the try's own, because receivers refuse what is older than five minutes. Throws (bug) on a secret that was
 * never one of ours.
 */
export function signatureOf(notice: {
  secret: string;
  /** Signs too, for a receiver who has not changed yet: he takes a message of which any signature is right. */
  oldSecret?: string;
  id: string;
  body: string;
  at: Date;
}): SignatureHeaders {
  const timestamp = String(Math.floor(notice.at.getTime() / 1000));
  const signatures = [notice.secret, notice.oldSecret]
    .filter((secret) => secret !== undefined)
    .map((secret) =>
      createHmac('sha256', keyOf(secret))
        .update(`${notice.id}.${timestamp}.${notice.body}`, 'utf8')
        .digest('base64'),
    );
  return {
    'webhook-id': notice.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.map((signature) => `v1,${signature}`).join(' '),
  };
}

/**
 * X-Twilio-Signature, as Twilio documents it (twilio.com/docs/usage/security): the address as it is asked for, then the words of a
 * form by their names in the order of their bytes, each name and value with nothing between. `token`: any text the merchant's
 * script knows too.
 */
export function twilioSignatureOf(message: {
  token: string;
  url: string;
  form: readonly (readonly [string, string])[];
}): string {
  const words = [...message.form].sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
  return createHmac('sha1', message.token)
    .update(message.url + words.flat().join(''), 'utf8')
    .digest('base64');
}

function keyOf(secret: string): Buffer {
  const key = secret.startsWith(secretPrefix)
    ? Buffer.from(secret.slice(secretPrefix.length), 'base64')
    : Buffer.alloc(0);
  if (key.length < secretBytesMin || key.length > secretBytesMax) {
    throw new Error('Not a signing secret: it must be whsec_ and the base64 of 24 to 64 bytes.');
  }
  return key;
}
