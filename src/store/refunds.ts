// Refunds: what a merchant gives back of what was taken, whole or in parts. A refund is asked of the processor by operations
// of kind `refund`, one for each charge it takes from (payments.ts); here is what it came to.

import { amountText, type Money, money } from '../core/money.ts';
import { firstRow, rows, type Tx } from './database.ts';

export type RefundState = 'pending' | 'refunded' | 'failed';

export interface StoredRefund {
  id: string;
  merchantId: string;
  orderId: string;
  paymentId: string;
  amount: Money;
  /** What the processor has given back of it. */
  refunded: Money;
  state: RefundState;
  /** The merchant's own words. */
  reason?: string;
  /** Why nothing, or not all of it, was given back: the processor's code. */
  failure?: string;
  createdAt: Date;
  settledAt?: Date;
}

interface RefundRow {
  id: string;
  merchantId: string;
  orderId: string;
  paymentId: string;
  amount: string;
  refunded: string;
  currency: string;
  state: RefundState;
  reason: string | null;
  failure: string | null;
  createdAt: Date;
  settledAt: Date | null;
}

const select = `select id, merchant_id as "merchantId", order_id as "orderId", payment_id as "paymentId",
    amount::text as amount, refunded::text as refunded, currency, state, reason, failure, created_at as "createdAt",
    settled_at as "settledAt" from refunds`;

function fromRow({ currency, reason, failure, settledAt, ...row }: RefundRow): StoredRefund {
  return {
    ...row,
    amount: money(row.amount, currency),
    refunded: money(row.refunded, currency),
    ...(reason !== null && { reason }),
    ...(failure !== null && { failure }),
    ...(settledAt !== null && { settledAt }),
  };
}

export async function insertRefund(
  tx: Tx,
  refund: Pick<
    StoredRefund,
    'id' | 'merchantId' | 'orderId' | 'paymentId' | 'amount' | 'reason' | 'createdAt'
  > & {
    requestKey?: string;
  },
): Promise<void> {
  await tx.write(
    `insert into refunds (id, merchant_id, order_id, payment_id, amount, currency, reason, request_key, created_at)
     values (?, ?, ?, ?, ?::numeric, ?, ?, ?, ?)`,
    [
      refund.id,
      refund.merchantId,
      refund.orderId,
      refund.paymentId,
      amountText(refund.amount),
      refund.amount.currency,
      refund.reason ?? null,
      refund.requestKey ?? null,
      refund.createdAt,
    ] as never[],
  );
}

export async function readRefund(tx: Tx, refundId: string): Promise<StoredRefund | undefined> {
  const row = await firstRow<RefundRow>(tx, `${select} where id = ?`, [refundId]);
  return row && fromRow(row);
}

/** What an earlier request with this key made; a key used before `forgottenBefore` is free again. */
export async function takeRefundOfRequest(
  tx: Tx,
  requestKey: string,
  forgottenBefore: Date,
): Promise<StoredRefund | undefined> {
  await tx.write('update refunds set request_key = null where request_key = ? and created_at < ?', [
    requestKey,
    forgottenBefore,
  ]);
  const row = await firstRow<RefundRow>(tx, `${select} where request_key = ?`, [requestKey]);
  return row && fromRow(row);
}

/** Oldest first. */
export async function listRefunds(tx: Tx, orderId: string): Promise<StoredRefund[]> {
  return (await rows<RefundRow>(tx, `${select} where order_id = ? order by position`, [orderId])).map(
    fromRow,
  );
}

/** To be called with the payment locked. */
export async function saveRefund(
  tx: Tx,
  refundId: string,
  change: { state: RefundState; refunded: Money; failure?: string; settledAt?: Date },
): Promise<void> {
  await tx.write(
    `update refunds set state = ?, refunded = ?::numeric, failure = coalesce(?, failure), settled_at = ?
     where id = ?`,
    [
      change.state,
      amountText(change.refunded),
      change.failure ?? null,
      change.settledAt ?? null,
      refundId,
    ] as never[],
  );
}

/** The processor's own name for what an operation made, where it is asked about by it later. */
export async function nameMade(tx: Tx, operationId: string, made: string): Promise<void> {
  await tx.write('update processor_operations set made = ? where id = ?', [made, operationId]);
}

/** What a refund made at the processor and has not lost again, by the processor's names. */
export async function madeByRefund(tx: Tx, refundId: string): Promise<string[]> {
  const found = await rows<{ made: string }>(
    tx,
    `select made from processor_operations where refund_id = ? and state = 'done' and made is not null`,
    [refundId],
  );
  return found.map((row) => row.made);
}

/** Which operation made this refund at the processor. */
export async function operationThatMade(
  tx: Tx,
  made: string,
): Promise<{ operationId: string; refundId: string } | undefined> {
  return firstRow(
    tx,
    `select op.id as "operationId", op.refund_id as "refundId" from processor_operations op
     join refunds r on r.id = op.refund_id where op.made = ?`,
    [made],
  );
}
