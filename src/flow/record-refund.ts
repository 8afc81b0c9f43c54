// What the processor said of a refund, written down: the books, the refund's own state, the merchant told. Also days later,
// when a bank sends it back. Asking for it is refund-payment's.

import type { NoticeDraft } from '../core/merchant-notice.ts';
import { amountText, minus, money, type Money, moneyFacts, plus, zero } from '../core/money.ts';
import { feeBackOf } from '../core/payment.ts';
import { revokeCodeOfRefunded } from '../store/access-codes.ts';
import type { Tx } from '../store/database.ts';
import { enqueueJob } from '../store/jobs.ts';
import { feeOnCharge, postLedger } from '../store/ledger.ts';
import { unparkRefund } from '../store/lost-refunds.ts';
import {
  answerOperation,
  lockPayment,
  type StoredAuthorization,
  type StoredOperation,
  type StoredPayment,
} from '../store/payments.ts';
import { nameMade, operationThatMade, readRefund, saveRefund, type StoredRefund } from '../store/refunds.ts';
import { giveCreditAgain } from './credit-top-up.ts';
import type { House } from './house.ts';
import { tellMerchant } from './notify-merchant.ts';
import { later } from './payment-deadlines.ts';
import type { Refunded } from './ports.ts';

/**
 * Days after which a refund that was made is looked at, should the processor's word that the bank sent it back never reach us.
 * Banks do so within a month (https://docs.stripe.com/refunds#failed-refunds).
 */
const looksAfterDays: readonly number[] = [1, 3, 10, 30];

/** Asks for the next look at a refund that was made, while a bank may still send it back. */
export async function lookLater(house: House, tx: Tx, refund: StoredRefund): Promise<void> {
  const { id: refundId, merchantId, createdAt } = refund;
  const looks = looksAfterDays.map((days) => later(createdAt, days * 24 * 60 * 60));
  const next = looks.find((at) => at > house.clock.now());
  if (next) await enqueueJob(tx, 'refund_payment', { merchantId, refundId }, refundId, next);
}

/** What a refund is asked by: one operation for each charge it takes from. */
export function operationsOf(
  payment: StoredPayment,
  refundId: string,
): { authorization: StoredAuthorization; operation: StoredOperation }[] {
  return payment.authorizations.flatMap((authorization) =>
    authorization.operations
      .filter((one) => one.refundId === refundId)
      .map((operation) => ({ authorization, operation })),
  );
}

/** One part of a refund; with the last of them, the refund. What is recorded already stays as it is. */
export async function recordRefunded(
  house: House,
  tx: Tx,
  paymentId: string,
  refundId: string,
  operationId: string,
  answer: Refunded,
): Promise<void> {
  const payment = await lockPayment(tx, paymentId);
  const refund = await readRefund(tx, refundId);
  if (!payment || refund?.state !== 'pending') return;
  const parts = operationsOf(payment, refundId);
  const part = parts.find(({ operation }) => operation.id === operationId);
  if (!part || !isUnanswered(part.operation)) return;
  const now = house.clock.now();
  if (answer.outcome === 'unknown') return answerOperation(tx, operationId, 'unknown', { ...answer }, now);

  let { refunded } = refund;
  if (answer.outcome === 'refunded') {
    const { refundId: made, amount, pending } = answer;
    await answerOperation(
      tx,
      operationId,
      'done',
      { outcome: 'refunded', refundId: made, amount: amountText(amount), pending },
      now,
    );
    await nameMade(tx, operationId, made);
    await postRefund(house, tx, payment, part.authorization, {
      kind: 'refund',
      operationId,
      amount,
      at: now,
    });
    refunded = plus(refunded, amount);
  } else {
    await answerOperation(tx, operationId, 'refused', { ...answer }, now);
    await giveCreditAgain(house, tx, payment, part.operation);
    house.log.warn(
      { refundId, orderId: refund.orderId, reason: answer.reason },
      'the processor refused a refund',
    );
  }
  const failure = answer.outcome === 'refused' ? { failure: answer.reason } : {};
  const waits = parts.some(({ operation }) => operation.id !== operationId && isUnanswered(operation));
  if (waits) return saveRefund(tx, refundId, { state: 'pending', refunded, ...failure });
  await finishRefund(house, tx, { ...refund, refunded, ...failure });
}

/** Every part of it was answered: what it came to in all, told. To be called with the payment locked. */
export async function finishRefund(house: House, tx: Tx, refund: StoredRefund): Promise<void> {
  const { refunded, failure } = refund;
  const state = refunded.amount.isZero() ? 'failed' : 'refunded';
  await saveRefund(tx, refund.id, {
    state,
    refunded,
    settledAt: house.clock.now(),
    ...(failure !== undefined && { failure }),
  });
  await unparkRefund(tx, refund.id);
  if (state === 'refunded') {
    await revokeCodeOfRefunded(tx, refund.orderId, house.clock.now());
    await lookLater(house, tx, refund);
  }
  await tell(house, tx, { ...refund, state });
}

export const isUnanswered = ({ state }: StoredOperation): boolean =>
  state === 'intended' || state === 'unknown';

/** What this charge has given back by now, apart from one of its operations. */
function refundedOf(authorization: StoredAuthorization, but: string): Money {
  return authorization.operations
    .filter((one) => one.kind === 'refund' && one.state === 'done' && one.id !== but)
    .reduce(
      (sum, one) => plus(sum, money(one.amount ?? '0', sum.currency)),
      zero(authorization.amount.currency),
    );
}

/** The ledger of one charge's part, with our fee in proportion to all that this charge has given back by then. */
async function postRefund(
  house: House,
  tx: Tx,
  payment: StoredPayment,
  authorization: StoredAuthorization,
  posting: { kind: 'refund' | 'refund_failed'; operationId: string; amount: Money; at: Date },
): Promise<void> {
  const { merchantId, orderId } = payment;
  const { kind, operationId: subject, amount, at } = posting;
  const others = refundedOf(authorization, subject);
  const inAll = kind === 'refund' ? plus(others, amount) : others;
  const { taken, givenBack: given } = await feeOnCharge(tx, authorization.id, amount.currency);
  const back = feeBackOf(taken, authorization.captured, inAll);
  await postLedger(tx, { merchantId, orderId, authorizationId: authorization.id, at }, [
    { id: house.ids.id('ledgerTransaction'), kind, amount, subject },
    kind === 'refund'
      ? { id: house.ids.id('ledgerTransaction'), kind: 'fee_back', amount: minus(back, given), subject }
      : { id: house.ids.id('ledgerTransaction'), kind: 'fee_again', amount: minus(given, back), subject },
  ]);
}

async function tell(house: House, tx: Tx, refund: StoredRefund): Promise<void> {
  const facts = {
    refundId: refund.id,
    ...(refund.reason !== undefined && { reason: refund.reason }),
    ...(refund.failure !== undefined && { because: refund.failure }),
  };
  const draft: NoticeDraft =
    refund.state === 'refunded'
      ? { type: 'payment.refunded', data: { ...facts, refunded: moneyFacts(refund.refunded) } }
      : { type: 'payment.refund_failed', data: { ...facts, amount: moneyFacts(refund.amount) } };
  const { merchantId, orderId } = refund;
  await tellMerchant(house, tx, { merchantId, orderId }, [draft], house.clock.now());
}

/**
 * The processor hints that a refund has moved on, or its time has come: it is looked at, and one the bank sent back is taken
 * out of the books again. Refunds of nobody's making are left alone. `refundId`: the processor's name for it.
 */
export async function lookAtRefund(
  house: House,
  merchantId: string,
  refund: { refundId: string; merchantAccount?: string },
): Promise<void> {
  const made = refund.refundId;
  const looked = await house.processor.lookAtRefund(refund);
  if (looked.outcome !== 'refund' || looked.state !== 'failed') return;
  const because = looked.reason ?? 'failed';
  await house.db.asMerchant(merchantId, async (tx) => {
    const found = await operationThatMade(tx, made);
    const refund = found && (await readRefund(tx, found.refundId));
    const payment = refund && (await lockPayment(tx, refund.paymentId));
    const locked = refund && (await readRefund(tx, refund.id));
    if (!found || !payment || !locked) return;
    const part = operationsOf(payment, locked.id).find(({ operation }) => operation.id === found.operationId);
    if (part?.operation.state !== 'done') return;
    await takeBack(house, tx, payment, locked, part, because);
  });
}

async function takeBack(
  house: House,
  tx: Tx,
  payment: StoredPayment,
  refund: StoredRefund,
  { authorization, operation }: { authorization: StoredAuthorization; operation: StoredOperation },
  because: string,
): Promise<void> {
  const now = house.clock.now();
  const amount = money(operation.amount ?? '0', authorization.amount.currency);
  await answerOperation(tx, operation.id, 'refused', { outcome: 'refused', reason: because }, now);
  await giveCreditAgain(house, tx, payment, operation);
  const posting = { kind: 'refund_failed' as const, operationId: operation.id, amount, at: now };
  await postRefund(house, tx, payment, authorization, posting);
  const refunded = minus(refund.refunded, amount);
  // Still being asked for elsewhere: only `pending` is gone on with.
  const ended = refunded.amount.isZero() ? 'failed' : 'refunded';
  const change =
    refund.state === 'pending' ? { state: refund.state } : ({ state: ended, settledAt: now } as const);
  await saveRefund(tx, refund.id, { ...change, refunded, failure: because });
  house.log.error(
    { refundId: refund.id, orderId: refund.orderId, reason: because },
    'a bank sent a refund back',
  );
  await tell(house, tx, { ...refund, amount, refunded, state: 'failed', failure: because });
}
