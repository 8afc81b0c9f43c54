// Payments, their authorizations and the operations asked of the processor. An operation's id is its idempotency key and
// is written before the first byte is sent; what came of it is written here, once.

import { type Money, amountText, money } from '../core/money.ts';
import type { PaymentState } from '../core/payment.ts';
import { firstRow, type Tx } from './database.ts';

export type AuthorizationState =
  | 'intended'
  | 'needs_card'
  | 'needs_action'
  | 'authorized'
  | 'captured'
  | 'voided'
  | 'expired'
  | 'failed'
  | 'unknown';

export interface StoredPayment {
  id: string;
  merchantId: string;
  orderId: string;
  orderKind: 'conversation' | 'fixed_sale';
  state: PaymentState;
  /** Nobody wants it any more, though what became of it is not known yet: what turns out to be held is voided. */
  givenUp: boolean;
  createdAt: Date;
  /** When somebody is to look at it again; absent: nobody need. */
  lookAgainAt?: Date;
  merchantAccount?: string;
  applicationFeeRate: string;
  authorization: {
    id: string;
    state: AuthorizationState;
    amount: Money;
    intentId?: string;
    paymentMethod?: string;
  };
  operations: {
    id: string;
    kind: 'authorize' | 'capture' | 'void' | 'refund';
    state: string;
    amount?: string;
    request: Record<string, unknown>;
  }[];
}

interface PaymentRow {
  id: string;
  merchantId: string;
  orderId: string;
  orderKind: StoredPayment['orderKind'];
  state: PaymentState;
  givenUp: boolean;
  createdAt: Date;
  lookAgainAt: Date | null;
  currency: string;
  merchantAccount: string | null;
  applicationFeeRate: string;
  authorizationId: string;
  authorizationState: AuthorizationState;
  amount: string;
  intentId: string | null;
  operations: StoredPayment['operations'];
}

const select = `select p.id, p.merchant_id as "merchantId", p.order_id as "orderId", o.kind as "orderKind", p.state,
    p.outcome_reason is not null as "givenUp",
    p.created_at as "createdAt", p.look_again_at as "lookAgainAt", p.currency, m.processor_account as "merchantAccount",
    m.application_fee_rate::text as "applicationFeeRate", a.id as "authorizationId", a.state as "authorizationState",
    a.amount::text as amount, a.intent_id as "intentId",
    coalesce((select json_agg(json_build_object('id', op.id, 'kind', op.kind, 'state', op.state,
        'amount', op.amount::text, 'request', op.request) order by op.created_at)
      from processor_operations op where op.authorization_id = a.id), '[]') as operations
  from payments p join orders o on o.id = p.order_id join merchants m on m.id = p.merchant_id
  join authorizations a on a.payment_id = p.id`;

function fromRow(row: PaymentRow): StoredPayment {
  const {
    authorizationId,
    authorizationState,
    amount,
    intentId,
    currency,
    merchantAccount,
    lookAgainAt,
    ...rest
  } = row;
  return {
    ...rest,
    ...(merchantAccount !== null && { merchantAccount }),
    ...(lookAgainAt !== null && { lookAgainAt }),
    authorization: {
      id: authorizationId,
      state: authorizationState,
      amount: money(amount, currency),
      ...(intentId !== null && { intentId }),
    },
  };
}

export async function readPayment(tx: Tx, paymentId: string): Promise<StoredPayment | undefined> {
  const row = await firstRow<PaymentRow>(tx, `${select} where p.id = ?`, [paymentId]);
  return row && fromRow(row);
}

/** Locks the payment: one step at a time moves it. */
export async function lockPayment(tx: Tx, paymentId: string): Promise<StoredPayment | undefined> {
  const row = await firstRow<PaymentRow>(tx, `${select} where p.id = ? for update of p`, [paymentId]);
  return row && fromRow(row);
}

export async function lockPaymentOfOrder(tx: Tx, orderId: string): Promise<StoredPayment | undefined> {
  const row = await firstRow<PaymentRow>(tx, `${select} where p.order_id = ? for update of p`, [orderId]);
  return row && fromRow(row);
}

/** When somebody is to look at it again; nothing else is touched, so no lock is needed. */
export async function lookAgain(tx: Tx, paymentId: string, at: Date): Promise<void> {
  await tx.raw('update payments set look_again_at = ? where id = ? and look_again_at is not null', [
    at,
    paymentId,
  ]);
}

/** Marks it unwanted before its fate is known; it is looked at at once. */
export async function giveUpPayment(tx: Tx, paymentId: string, reason: string, at: Date): Promise<void> {
  await tx.raw('update payments set outcome_reason = ?, look_again_at = ? where id = ?', [
    reason,
    at,
    paymentId,
  ]);
}

/** To be called with the payment locked: it writes the state it is given, and tells the page. */
export async function savePayment(
  tx: Tx,
  paymentId: string,
  change: {
    state: PaymentState;
    reason?: string;
    /** When somebody is to look at it again; null: no more. */
    lookAgainAt?: Date | null;
    captured?: Money;
    released?: Money;
    expired?: Money;
    writtenOff?: Money;
    settledAt?: Date;
  },
): Promise<void> {
  const amount = (value: Money | undefined): string | null => (value ? amountText(value) : null);
  await tx.raw(
    `with saved as (update payments set state = ?, outcome_reason = coalesce(?, outcome_reason),
       look_again_at = case when ? then ?::timestamptz else look_again_at end,
       captured = coalesce(?::numeric, captured), released = coalesce(?::numeric, released),
       expired = coalesce(?::numeric, expired), written_off = coalesce(?::numeric, written_off),
       settled_at = coalesce(?, settled_at)
     where id = ? returning order_id)
     select pg_notify('ringmeter_order', order_id) from saved`,
    [
      change.state,
      change.reason ?? null,
      change.lookAgainAt !== undefined,
      change.lookAgainAt ?? null,
      amount(change.captured),
      amount(change.released),
      amount(change.expired),
      amount(change.writtenOff),
      change.settledAt ?? null,
      paymentId,
    ] as never[],
  );
}

export async function saveAuthorization(
  tx: Tx,
  authorizationId: string,
  change: {
    state: AuthorizationState;
    intentId?: string;
    chargeId?: string;
    card?: { brand: string; last4: string; paymentMethod: string };
    declineReason?: string;
    captureBefore?: Date;
    captured?: Money;
  },
): Promise<void> {
  await tx.raw(
    `update authorizations set state = ?, intent_id = coalesce(?, intent_id), charge_id = coalesce(?, charge_id),
       card_brand = coalesce(?, card_brand), card_last4 = coalesce(?, card_last4),
       payment_method = coalesce(?, payment_method), decline_reason = ?,
       capture_before = coalesce(?, capture_before), captured = coalesce(?::numeric, captured)
     where id = ?`,
    [
      change.state,
      change.intentId ?? null,
      change.chargeId ?? null,
      change.card?.brand ?? null,
      change.card?.last4 ?? null,
      change.card?.paymentMethod ?? null,
      change.declineReason ?? null,
      change.captureBefore ?? null,
      change.captured ? amountText(change.captured) : null,
      authorizationId,
    ] as never[],
  );
}

export async function insertOperation(
  tx: Tx,
  operation: {
    id: string;
    merchantId: string;
    authorizationId: string;
    kind: 'capture' | 'void';
    amount?: Money;
    at: Date;
  },
): Promise<void> {
  await tx.raw(
    `insert into processor_operations (id, merchant_id, authorization_id, kind, amount, created_at)
     values (?, ?, ?, ?, ?::numeric, ?)`,
    [
      operation.id,
      operation.merchantId,
      operation.authorizationId,
      operation.kind,
      operation.amount ? amountText(operation.amount) : null,
      operation.at,
    ] as never[],
  );
}

export async function answerOperation(
  tx: Tx,
  operationId: string,
  state: 'done' | 'refused' | 'unknown',
  answer: Record<string, unknown>,
  at: Date,
): Promise<void> {
  await tx.raw('update processor_operations set state = ?, answer = ?, answered_at = ? where id = ?', [
    state,
    JSON.stringify(answer),
    at,
    operationId,
  ]);
}
