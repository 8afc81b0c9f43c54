// Callers a merchant does not want, by their numbers.

import type { E164 } from '../core/ids.ts';
import { firstRow, rows, type Tx } from './database.ts';

export interface BlockedCaller {
  number: E164;
  /** Why, for the merchant; may be empty. */
  label: string;
  createdAt: Date;
}

const columns = 'number, label, created_at as "createdAt"';

/** In the order of their numbers, after the one named. */
export async function listBlockedCallers(
  tx: Tx,
  { after, limit }: { after?: string | undefined; limit: number },
): Promise<BlockedCaller[]> {
  return rows<BlockedCaller>(
    tx,
    `select ${columns} from blocked_callers where number collate "C" > ? order by number collate "C" limit ?`,
    [after ?? '', limit],
  );
}

/** `lock`: nobody else changes it until this transaction is over. */
export async function readBlockedCaller(
  tx: Tx,
  number: E164,
  lock = false,
): Promise<BlockedCaller | undefined> {
  return firstRow<BlockedCaller>(
    tx,
    `select ${columns} from blocked_callers where number = ?${lock ? ' for update' : ''}`,
    [number],
  );
}

export async function isBlocked(tx: Tx, number: E164): Promise<boolean> {
  return (await readBlockedCaller(tx, number)) !== undefined;
}

export async function writeBlockedCaller(
  tx: Tx,
  merchantId: string,
  { number, label, createdAt }: BlockedCaller,
): Promise<void> {
  await tx.write(
    `insert into blocked_callers (merchant_id, number, label, created_at) values (?, ?, ?, ?)
     on conflict (merchant_id, number) do update set label = excluded.label`,
    [merchantId, number, label, createdAt],
  );
}

export async function deleteBlockedCaller(tx: Tx, number: E164): Promise<void> {
  await tx.write('delete from blocked_callers where number = ?', [number]);
}
