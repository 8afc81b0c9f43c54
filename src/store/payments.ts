// Payments, their authorizations and the operations asked of the processor. An operation's id is its idempotency key and
// is written before the first byte is sent; what came of it is written here, once.

import { type Money, amountText, money } from '../core/money.ts';
import type { OrderKind } from '../core/order.ts';
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

export interface StoredOperation {
  id: string;
  kind: 'authorize' | 'capture' | 'void' | 'refund';
  state: 'intended' | 'done' | 'refused' | 'unknown';
  amount?: string;
  request: Record<string, unknown>;
  /** Of a refund: which one. */
  refundId?: string;
}

/** One hold, asked for or standing. The first is the order's own, each further one is more time that was asked for. */
export interface StoredAuthorization {
  id: string;
  /** 1, 2, 3 in the order they were asked for. */
  sequence: number;
  state: AuthorizationState;
  amount: Money;
  /** What was taken of it, once it is settled. */
  captured: Money;
  createdAt: Date;
  /** When the processor said that it holds the amount; absent: it never did. */
  heldAt?: Date;
  /** When the bank gives the hold back by itself. */
  captureBefore?: Date;
  intentId?: string;
  chargeId?: string;
  paymentMethod?: string;
  /** The processor's customer the payment method was kept with, for more time. */
  customer?: string;
  /** Oldest first. */
  operations: readonly StoredOperation[];
}

export interface StoredPayment {
  id: string;
  merchantId: string;
  orderId: string;
  orderKind: OrderKind;
  state: PaymentState;
  /** Nobody wants it any more, though what became of it is not known yet: what turns out to be held is voided. */
  givenUp: boolean;
  createdAt: Date;
  /** When somebody is to look at it again; absent: nobody need. */
  lookAgainAt?: Date;
  /** Settling it was refused so often that only a person can help; nobody tries any more. */
  parkedAt?: Date;
  /** How often the processor refused to settle it since somebody last looked into it. */
  refusals: number;
  /** Both as they were when the order was made, whatever is changed at the merchant since. */
  merchantAccount?: string;
  applicationFeeRate: string;
  /** In their order; there is always the first. */
  authorizations: readonly StoredAuthorization[];
}

/** The hold the order was made with: its card, its authentication, its page. */
export function firstAuthorization(payment: StoredPayment): StoredAuthorization {
  const [first] = payment.authorizations;
  if (!first) throw new Error(`Payment ${payment.id} has no authorization.`);
  return first;
}

/** The operation that asks for this hold: there is exactly one, and its key is asked by for as long as it holds. */
export function authorizeOperation(authorization: StoredAuthorization): StoredOperation {
  const operation = authorization.operations.find((one) => one.kind === 'authorize');
  if (!operation) throw new Error(`Authorization ${authorization.id} has no operation that asks for it.`);
  return operation;
}

interface AuthorizationRow extends Record<
  'heldAt' | 'captureBefore' | 'intentId' | 'chargeId' | 'paymentMethod' | 'customer',
  string | null
> {
  id: string;
  sequence: number;
  state: AuthorizationState;
  amount: string;
  captured: string;
  /** Inside JSON an instant is text. */
  createdAt: string;
  operations: (Omit<StoredOperation, 'amount' | 'refundId'> & {
    amount: string | null;
    refundId: string | null;
  })[];
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
  parkedAt: Date | null;
  refusals: number;
  currency: string;
  merchantAccount: string | null;
  applicationFeeRate: string;
  authorizations: AuthorizationRow[];
}

const select = `select p.id, p.merchant_id as "merchantId", p.order_id as "orderId", o.kind as "orderKind", p.state,
    p.outcome_reason is not null as "givenUp", p.created_at as "createdAt", p.look_again_at as "lookAgainAt",
    p.parked_at as "parkedAt", p.settle_refusals as refusals, p.currency, p.processor_account as "merchantAccount",
    p.application_fee_rate::text as "applicationFeeRate",
    (select json_agg(json_build_object('id', a.id, 'sequence', a.sequence, 'state', a.state, 'amount', a.amount::text,
        'captured', a.captured::text, 'createdAt', a.created_at, 'heldAt', a.held_at, 'captureBefore', a.capture_before,
        'intentId', a.intent_id, 'chargeId', a.charge_id, 'paymentMethod', a.payment_method, 'customer', a.customer,
        'operations', coalesce((select json_agg(json_build_object('id', op.id, 'kind', op.kind, 'state', op.state,
            'amount', op.amount::text, 'request', op.request, 'refundId', op.refund_id)
            order by op.created_at, op.number)
          from processor_operations op where op.authorization_id = a.id), '[]')) order by a.sequence)
      from authorizations a where a.payment_id = p.id) as authorizations
  from payments p join orders o on o.id = p.order_id`;

function fromRow(row: PaymentRow): StoredPayment {
  const { currency, merchantAccount, lookAgainAt, parkedAt, authorizations, ...rest } = row;
  return {
    ...rest,
    ...(merchantAccount !== null && { merchantAccount }),
    ...(lookAgainAt !== null && { lookAgainAt }),
    ...(parkedAt !== null && { parkedAt }),
    authorizations: authorizations.map((one) => fromAuthorizationRow(one, currency)),
  };
}

function fromAuthorizationRow(row: AuthorizationRow, currency: string): StoredAuthorization {
  const { heldAt, captureBefore, intentId, chargeId, paymentMethod, customer } = row;
  return {
    id: row.id,
    sequence: row.sequence,
    state: row.state,
    amount: money(row.amount, currency),
    captured: money(row.captured, currency),
    createdAt: new Date(row.createdAt),
    ...(heldAt !== null && { heldAt: new Date(heldAt) }),
    ...(captureBefore !== null && { captureBefore: new Date(captureBefore) }),
    ...(intentId !== null && { intentId }),
    ...(chargeId !== null && { chargeId }),
    ...(paymentMethod !== null && { paymentMethod }),
    ...(customer !== null && { customer }),
    operations: row.operations.map(({ amount, refundId, ...operation }) => ({
      ...operation,
      ...(amount !== null && { amount }),
      ...(refundId !== null && { refundId }),
    })),
  };
}

export async function readPayment(tx: Tx, paymentId: string): Promise<StoredPayment | undefined> {
  const row = await firstRow<PaymentRow>(tx, `${select} where p.id = ?`, [paymentId]);
  return row && fromRow(row);
}

export async function readPaymentOfOrder(tx: Tx, orderId: string): Promise<StoredPayment | undefined> {
  const row = await firstRow<PaymentRow>(tx, `${select} where p.order_id = ?`, [orderId]);
  return row && fromRow(row);
}

/**
 * Locks the payment: one step at a time moves it. The lock is waited for in a statement of its own: one that waits and
 * reads at once would show the operations as they were before the wait. Rows that refer to the payment may be written
 * meanwhile (`no key`): a step of its call adds a hold without waiting for us, who may be waiting for its call.
 */
export async function lockPayment(tx: Tx, paymentId: string): Promise<StoredPayment | undefined> {
  const [locked, payment] = await Promise.all([
    firstRow(tx, 'select id from payments where id = ? for no key update', [paymentId]),
    readPayment(tx, paymentId),
  ]);
  return locked && payment;
}

export async function lockPaymentOfOrder(tx: Tx, orderId: string): Promise<StoredPayment | undefined> {
  const [id, payment] = await Promise.all([
    lockPaymentRowOfOrder(tx, orderId),
    readPaymentOfOrder(tx, orderId),
  ]);
  return id === undefined ? undefined : payment;
}

/** The lock alone, for whoever reads the payment behind further locks; answers the payment's id. */
export async function lockPaymentRowOfOrder(tx: Tx, orderId: string): Promise<string | undefined> {
  const row = await firstRow<{ id: string }>(
    tx,
    'select id from payments where order_id = ? for no key update',
    [orderId],
  );
  return row?.id;
}

/**
 * The next look is put off until then; never brought forward: who looked may have waited long for his answer, and whoever
 * has moved the payment meanwhile knows better. Nothing else is touched, so no lock is needed.
 */
export async function lookAgain(tx: Tx, paymentId: string, at: Date): Promise<void> {
  await tx.write('update payments set look_again_at = ? where id = ? and look_again_at < ?', [
    at,
    paymentId,
    at,
  ]);
}

/** Marks it unwanted before its fate is known; it is looked at at once. */
export async function giveUpPayment(tx: Tx, paymentId: string, reason: string, at: Date): Promise<void> {
  await tx.write('update payments set outcome_reason = ?, look_again_at = ? where id = ?', [
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
  await tx.write(
    `update payments set state = ?, outcome_reason = coalesce(?, outcome_reason),
       look_again_at = case when ? then ?::timestamptz else look_again_at end,
       captured = coalesce(?::numeric, captured), released = coalesce(?::numeric, released),
       expired = coalesce(?::numeric, expired), written_off = coalesce(?::numeric, written_off),
       settled_at = coalesce(?, settled_at)
     where id = ? returning order_id as hint`,
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
    'ringmeter_order',
  );
}

/**
 * Settling was refused: when it is tried again, or that nobody tries any more (`parked`: why). `refusals` counts since
 * somebody last looked into it.
 */
export async function saveRefusal(
  tx: Tx,
  paymentId: string,
  refusal: { refusals: number; againAt: Date } | { refusals: number; parkedAt: Date; reason: string },
): Promise<void> {
  const parked = 'parkedAt' in refusal ? refusal : undefined;
  await tx.write(
    `update payments set settle_refusals = ?, settle_again_at = ?, parked_at = ?, parked_reason = ? where id = ?`,
    [
      refusal.refusals,
      'againAt' in refusal ? refusal.againAt : null,
      parked?.parkedAt ?? null,
      parked?.reason ?? null,
      paymentId,
    ] as never[],
  );
}

/** Somebody has looked into it: settling is tried anew, from the first try. */
export async function unpark(tx: Tx, paymentId: string): Promise<void> {
  await tx.write(
    `update payments set settle_refusals = 0, settle_again_at = null, parked_at = null, parked_reason = null
     where id = ?`,
    [paymentId],
  );
}

/** Tells the page too: what is taken while they talk changes nothing else of the payment. */
export async function saveAuthorization(
  tx: Tx,
  authorizationId: string,
  change: {
    state: AuthorizationState;
    intentId?: string;
    chargeId?: string;
    card?: { brand: string; last4: string; paymentMethod: string; fingerprint?: string; customer?: string };
    declineReason?: string;
    heldAt?: Date;
    captureBefore?: Date;
    captured?: Money;
  },
): Promise<void> {
  const { card } = change;
  await tx.write(
    `update authorizations set state = ?, intent_id = coalesce(?, intent_id), charge_id = coalesce(?, charge_id),
       card_brand = coalesce(?, card_brand), card_last4 = coalesce(?, card_last4),
       payment_method = coalesce(?, payment_method), card_fingerprint = coalesce(?, card_fingerprint),
       customer = coalesce(?, customer), decline_reason = ?, held_at = coalesce(held_at, ?),
       capture_before = coalesce(?, capture_before), captured = coalesce(?::numeric, captured)
     where id = ? returning (select p.order_id from payments p where p.id = payment_id) as hint`,
    [
      change.state,
      change.intentId ?? null,
      change.chargeId ?? null,
      card?.brand ?? null,
      card?.last4 ?? null,
      card?.paymentMethod ?? null,
      card?.fingerprint ?? null,
      card?.customer ?? null,
      change.declineReason ?? null,
      change.heldAt ?? null,
      change.captureBefore ?? null,
      change.captured ? amountText(change.captured) : null,
      authorizationId,
    ] as never[],
    'ringmeter_order',
  );
}

/** A further hold on the same payment, with the operation that asks for it. */
export async function insertAuthorization(
  tx: Tx,
  authorization: {
    id: string;
    merchantId: string;
    paymentId: string;
    sequence: number;
    amount: Money;
    operationId: string;
    request: Record<string, unknown>;
    at: Date;
  },
): Promise<void> {
  const { id, merchantId, amount, at } = authorization;
  await tx.write(
    `with a as (
       insert into authorizations (id, merchant_id, payment_id, sequence, state, amount, created_at)
       values (?, ?, ?, ?, 'intended', ?::numeric, ?))
     insert into processor_operations (id, merchant_id, authorization_id, kind, amount, request, created_at)
     values (?, ?, ?, 'authorize', ?::numeric, ?, ?)`,
    [
      id,
      merchantId,
      authorization.paymentId,
      authorization.sequence,
      amountText(amount),
      at,
      authorization.operationId,
      merchantId,
      id,
      amountText(amount),
      JSON.stringify(authorization.request),
      at,
    ],
  );
}

/** Numbered after those of its kind before it: each is a request of its own, with a key of its own. */
export async function insertOperation(
  tx: Tx,
  operation: {
    id: string;
    merchantId: string;
    authorizationId: string;
    kind: 'capture' | 'void' | 'refund';
    amount?: Money;
    refundId?: string;
    at: Date;
  },
): Promise<void> {
  await tx.write(
    `insert into processor_operations (id, merchant_id, authorization_id, kind, number, amount, refund_id, created_at)
     select ?, ?, ?, ?, coalesce(max(number), 0) + 1, ?::numeric, ?, ?
     from processor_operations where authorization_id = ? and kind = ?`,
    [
      operation.id,
      operation.merchantId,
      operation.authorizationId,
      operation.kind,
      operation.amount ? amountText(operation.amount) : null,
      operation.refundId ?? null,
      operation.at,
      operation.authorizationId,
      operation.kind,
    ] as never[],
  );
}

/** Before its first byte is sent, and never after: a repeat must be the same to the letter. */
export async function changeRequest(
  tx: Tx,
  operationId: string,
  request: Record<string, unknown>,
): Promise<void> {
  await tx.write(`update processor_operations set request = ? where id = ? and state = 'intended'`, [
    JSON.stringify(request),
    operationId,
  ]);
}

export async function answerOperation(
  tx: Tx,
  operationId: string,
  state: 'done' | 'refused' | 'unknown',
  answer: Record<string, unknown>,
  at: Date,
): Promise<void> {
  await tx.write('update processor_operations set state = ?, answer = ?, answered_at = ? where id = ?', [
    state,
    JSON.stringify(answer),
    at,
    operationId,
  ]);
}
