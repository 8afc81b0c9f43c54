// The same Idempotency-Key and the same request give the same answer (in the spirit of Stripe's API): the merchant may
// repeat what he got no answer to, without ordering twice.
//
//   no key kept              carried out, its answer kept for 24 hours
//   kept, answered           the kept answer, with `Idempotency-Replayed: true`
//   kept, another request    422
//   kept, not answered       409; after 60 s a repeat is carried out
//
// Only answers of requests that began to act are kept: one refused for its form, or because nothing can be done for now
// (503), may be repeated with the same key once that is mended. A crash between acting and keeping leaves a key without an
// answer. A repeat within 60 s is refused; later it is carried out, and an order the first one made is gone on with: it
// bears the key (orders.request_key).

import { createHash } from 'node:crypto';
import type { House } from '../flow/house.ts';
import {
  answerIdempotencyKey,
  claimIdempotencyKey,
  releaseIdempotencyKey,
} from '../store/idempotency-keys.ts';

/** As long as Stripe keeps its own. */
const keptMs = 24 * 60 * 60 * 1000;
/** Longer than any request is carried out: the processor's 10 s, the database's 5 s, and slack. */
const abandonedMs = 60_000;

export interface FinalAnswer {
  status: number;
  /** The exact text of the body. */
  text: string;
}

export type OnceAnswer =
  | { outcome: 'answer'; answer: FinalAnswer; replayed: boolean }
  | { outcome: 'in_progress' | 'other_request' };

/** What is compared: method, path and body, whatever the order of its fields. */
export function requestHash(method: string, path: string, body: unknown): Buffer {
  return createHash('sha256')
    .update(`${method} ${path}\n${body === undefined ? '' : JSON.stringify(sorted(body))}`)
    .digest();
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}

/**
 * Carries out `act` once for this key. `began: false` from `act` forgets the key again. When `act` throws, the key stays
 * without an answer: nobody knows how far it came.
 */
export async function once(
  house: Pick<House, 'db' | 'clock' | 'seal'>,
  request: { merchantId: string; key: string; hash: Buffer },
  act: () => Promise<FinalAnswer & { began: boolean }>,
): Promise<OnceAnswer> {
  const { merchantId, key } = request;
  const at = house.clock.now();
  const claimed = await house.db.asMerchant(merchantId, (tx) =>
    claimIdempotencyKey(tx, {
      merchantId,
      key,
      requestHash: request.hash,
      at,
      forgottenBefore: new Date(at.getTime() - keptMs),
      abandonedBefore: new Date(at.getTime() - abandonedMs),
    }),
  );
  // Sealed, because an answer holds the order's link, of which the database otherwise knows only the hash.
  const about = `idempotency ${merchantId} ${key}`;
  if (claimed.outcome === 'answered') {
    const text = house.seal.open(Buffer.from(claimed.response, 'base64'), about);
    return { outcome: 'answer', answer: { status: claimed.status, text }, replayed: true };
  }
  if (claimed.outcome !== 'claimed') return { outcome: claimed.outcome };

  const { began, ...answer } = await act();
  await house.db.asMerchant(merchantId, (tx) =>
    began
      ? answerIdempotencyKey(tx, {
          key,
          claimedAt: at,
          status: answer.status,
          response: house.seal.close(answer.text, about).toString('base64'),
        })
      : releaseIdempotencyKey(tx, key, at),
  );
  return { outcome: 'answer', answer, replayed: false };
}
