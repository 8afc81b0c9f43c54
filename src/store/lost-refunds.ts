// Refunds whose answer never came, once their keys are too old to ask by: parked until they are found or a person says what is
// to become of what is not there.

import { firstRow, type Tx } from './database.ts';

/** What a person wants done with what the processor has none of. */
export type Otherwise = 'again' | 'give_up';

/** When the oldest of its operations was made that nobody has answered; `undefined`: each was. */
export async function unansweredSince(tx: Tx, refundId: string): Promise<Date | undefined> {
  const row = await firstRow<{ since: Date | null }>(
    tx,
    `select min(created_at) as since from processor_operations where refund_id = ? and state in ('intended', 'unknown')`,
    [refundId],
  );
  return row?.since ?? undefined;
}

/** Nobody knows what became of it. Whether it was not parked before. */
export async function parkRefund(tx: Tx, refundId: string, at: Date): Promise<boolean> {
  const row = await firstRow(
    tx,
    `update refunds set parked_at = ? where id = ? and state = 'pending' and parked_at is null returning id`,
    [at, refundId],
  );
  return row !== undefined;
}

/** Somebody said what is to become of it; whether it is parked at all. */
export async function sayOtherwise(tx: Tx, refundId: string, otherwise: Otherwise): Promise<boolean> {
  const row = await firstRow(
    tx,
    'update refunds set otherwise = ? where id = ? and parked_at is not null returning id',
    [otherwise, refundId],
  );
  return row !== undefined;
}

/** What somebody said of a parked refund; nothing: nobody did yet. */
export async function readOtherwise(tx: Tx, refundId: string): Promise<Otherwise | undefined> {
  const row = await firstRow<{ otherwise: Otherwise | null }>(
    tx,
    'select otherwise from refunds where id = ?',
    [refundId],
  );
  return row?.otherwise ?? undefined;
}

/** What became of it is known, or it is asked for anew. */
export async function unparkRefund(tx: Tx, refundId: string): Promise<void> {
  await tx.raw(
    'update refunds set parked_at = null, otherwise = null where id = ? and parked_at is not null',
    [refundId],
  );
}
