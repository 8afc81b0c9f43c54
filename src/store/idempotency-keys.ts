// Idempotency keys of the merchant API: a request is written down before it is carried out, its answer afterwards. The
// claim is one statement, so that of two equal requests at the same moment exactly one is carried out.

import { firstRow, type Tx } from './database.ts';

export interface KeyClaim {
  merchantId: string;
  key: string;
  /** Of everything that makes the request this one. */
  requestHash: Buffer;
  at: Date;
  /** Keys older than this are forgotten. */
  forgottenBefore: Date;
  /** A claim without an answer older than this belongs to a process that died: the same request may take it over. */
  abandonedBefore: Date;
}

export type ClaimedKey =
  | { outcome: 'claimed' }
  /** The same request was answered: `response` as it was recorded. */
  | { outcome: 'answered'; status: number; response: string }
  | { outcome: 'in_progress' }
  | { outcome: 'other_request' };

export async function claimIdempotencyKey(tx: Tx, claim: KeyClaim): Promise<ClaimedKey> {
  const claimed = await firstRow(
    tx,
    `insert into idempotency_keys as k (merchant_id, key, request_hash, created_at) values (?, ?, ?, ?)
     on conflict (merchant_id, key) do update
       set request_hash = excluded.request_hash, status = null, response = null, created_at = excluded.created_at
       where k.created_at < ?
         or (k.status is null and k.request_hash = excluded.request_hash and k.created_at < ?)
     returning key`,
    [claim.merchantId, claim.key, claim.requestHash, claim.at, claim.forgottenBefore, claim.abandonedBefore],
  );
  if (claimed) return { outcome: 'claimed' };
  const kept = await firstRow<{ requestHash: Buffer; status: number | null; response: string | null }>(
    tx,
    `select request_hash as "requestHash", status, response #>> '{}' as response from idempotency_keys where key = ?`,
    [claim.key],
  );
  // Released between the two statements: whoever had it did nothing, and a repeat will find it free.
  if (!kept) return { outcome: 'in_progress' };
  if (!kept.requestHash.equals(claim.requestHash)) return { outcome: 'other_request' };
  if (kept.status === null || kept.response === null) return { outcome: 'in_progress' };
  return { outcome: 'answered', status: kept.status, response: kept.response };
}

/** Keeps the answer, unless another has taken the key over since `claimedAt`. */
export async function answerIdempotencyKey(
  tx: Tx,
  answer: { key: string; claimedAt: Date; status: number; response: string },
): Promise<void> {
  await tx.write(
    `update idempotency_keys set status = ?, response = to_jsonb(?::text)
     where key = ? and created_at = ? and status is null`,
    [answer.status, answer.response, answer.key, answer.claimedAt],
  );
}

/** Nothing was done: the next request with this key is the first. */
export async function releaseIdempotencyKey(tx: Tx, key: string, claimedAt: Date): Promise<void> {
  await tx.write(`delete from idempotency_keys where key = ? and created_at = ? and status is null`, [
    key,
    claimedAt,
  ]);
}
