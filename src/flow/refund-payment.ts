// Giving back what was taken, whole or part. The refund is written down with an operation for each charge it takes from (from
// the last to the first), then asked of the processor by the operations' keys; whoever repeats it finds them and asks the same
// again. Never more than was captured and not given back: that is counted under the payment's lock.
//
//   pending ──▶ refunded ──▶ failed   (the bank sends it back days later: the money is the merchant's again)
//      └──────▶ failed                (the processor refused: nothing was given back)
//
// The merchant hears `payment.refunded` when the processor has taken it, `payment.refund_failed` when it came to nothing.

import type { NoticeDraft } from '../core/merchant-notice.ts';
import {
  amountText,
  compare,
  minimum,
  minus,
  money,
  type Money,
  moneyFacts,
  plus,
  zero,
} from '../core/money.ts';
import { feeBackOf, refundParts } from '../core/payment.ts';
import type { Tx } from '../store/database.ts';
import { enqueueJob } from '../store/jobs.ts';
import { feeOnCharge, postLedger } from '../store/ledger.ts';
import { writeNotices } from '../store/notices.ts';
import {
  answerOperation,
  insertOperation,
  lockPayment,
  lockPaymentOfOrder,
  type StoredAuthorization,
  type StoredOperation,
  type StoredPayment,
} from '../store/payments.ts';
import {
  insertRefund,
  madeByRefund,
  nameMade,
  operationThatMade,
  parkRefund,
  readRefund,
  saveRefund,
  type StoredRefund,
  takeRefundOfRequest,
} from '../store/refunds.ts';
import { referenceOf } from './hold-money.ts';
import { creditLeft, giveCreditAgain, takeCreditBack } from './credit-top-up.ts';
import type { House } from './house.ts';
import { keyHoldsSeconds, later } from './payment-deadlines.ts';
import type { Refunded } from './ports.ts';

/** As long as the answer to an Idempotency-Key is kept: the same key after that is another request. */
const requestKeptSeconds = 24 * 60 * 60;
/** An answer that did not come, asked for again: nobody waits on the line, a merchant may on his screen. */
const againSeconds = 60;

/**
 * Days after which a refund that was made is looked at, should the processor's word that the bank sent it back never reach us.
 * Banks do so within a month (https://docs.stripe.com/refunds#failed-refunds).
 */
const looksAfterDays: readonly number[] = [1, 3, 10, 30];

export interface RefundWish {
  orderId: string;
  /** In the order's currency; absent: all that is left. */
  amount?: Money;
  reason?: string;
  /** Names the request: a repeat after a crash goes on with the refund the first one made. */
  requestKey?: string;
}

export type RefundMade =
  | { outcome: 'made'; refund: StoredRefund }
  | { outcome: 'unknown_order' | 'nothing_captured' | 'other_currency' }
  /** `left`: what may still be given back. */
  | { outcome: 'too_much'; left: Money }
  /** Of a top-up: more than is left on the account and kept for no call under way. */
  | { outcome: 'spent'; left: Money };

/**
 * Writes the refund down and asks the processor once; what it came to by then is in its state (`pending` where no answer
 * came: it goes on by itself).
 */
export async function refundPayment(house: House, merchantId: string, wish: RefundWish): Promise<RefundMade> {
  const made = await house.db.asMerchant(merchantId, (tx) => makeRefund(house, tx, wish));
  if (made.outcome !== 'made') return made;
  await carryOutRefund(house, { merchantId, refundId: made.refund.id });
  const refund = await house.db.asMerchant(merchantId, (tx) => readRefund(tx, made.refund.id));
  return { outcome: 'made', refund: refund ?? made.refund };
}

async function makeRefund(house: House, tx: Tx, wish: RefundWish): Promise<RefundMade> {
  const now = house.clock.now();
  const payment = await lockPaymentOfOrder(tx, wish.orderId);
  if (!payment) return { outcome: 'unknown_order' };
  const { requestKey } = wish;
  const earlier =
    requestKey === undefined
      ? undefined
      : await takeRefundOfRequest(tx, requestKey, later(now, -requestKeptSeconds));
  if (earlier) return { outcome: 'made', refund: earlier };
  if (payment.state !== 'captured') return { outcome: 'nothing_captured' };

  const parts = payment.authorizations.map(leftOf);
  const [first] = payment.authorizations;
  const none = zero(first?.amount.currency ?? '');
  const left = parts.reduce((sum, one) => plus(sum, one), none);
  const credit = payment.orderKind === 'top_up' ? await creditLeft(house, tx, payment.orderId) : undefined;
  const amount = wish.amount ?? (credit && compare(left, credit) > 0 ? credit : left);
  if (amount.currency !== left.currency) return { outcome: 'other_currency' };
  if (compare(amount, left) > 0 || left.amount.isZero()) return { outcome: 'too_much', left };
  if (credit && (compare(amount, credit) > 0 || credit.amount.isZero())) {
    return { outcome: 'spent', left: minimum(left, credit) };
  }

  const { merchantId, orderId } = payment;
  const refund: StoredRefund = {
    id: house.ids.id('refund'),
    merchantId,
    orderId,
    paymentId: payment.id,
    amount,
    refunded: none,
    state: 'pending',
    createdAt: now,
    ...(wish.reason !== undefined && { reason: wish.reason }),
  };
  await insertRefund(tx, { ...refund, ...(requestKey !== undefined && { requestKey }) });
  if (credit) await takeCreditBack(house, tx, refund);
  for (const [place, part] of refundParts(amount, parts).entries()) {
    const authorization = payment.authorizations[place];
    if (part.amount.isZero() || !authorization) continue;
    await insertOperation(tx, {
      id: house.ids.id('operation'),
      merchantId,
      authorizationId: authorization.id,
      kind: 'refund',
      amount: part,
      refundId: refund.id,
      at: now,
    });
  }
  // Should we die before the answer: somebody asks again, by the same keys.
  await enqueueJob(
    tx,
    'refund_payment',
    { merchantId, refundId: refund.id },
    refund.id,
    later(now, againSeconds),
  );
  return { outcome: 'made', refund };
}

/** What this charge has not given back and is not about to: an operation that was refused gave nothing. */
function leftOf(authorization: StoredAuthorization): Money {
  return authorization.operations
    .filter((one) => one.kind === 'refund' && one.state !== 'refused')
    .reduce((left, one) => minus(left, money(one.amount ?? '0', left.currency)), authorization.captured);
}

/** The job: asks for each part that is not answered yet; afterwards, whether what was made stands. Repeats do no harm. */
export async function carryOutRefund(
  house: House,
  { merchantId, refundId }: { merchantId: string; refundId: string },
): Promise<void> {
  const asked = await house.db.asMerchant(merchantId, async (tx) => {
    const refund = await readRefund(tx, refundId);
    const payment = refund && (await lockPayment(tx, refund.paymentId));
    return refund && payment && { refund, payment };
  });
  if (!asked || asked.refund.state === 'failed') return;
  const { refund, payment } = asked;
  if (refund.state === 'refunded') return lookAfterRefund(house, refund, payment);
  const now = house.clock.now();
  if ((now.getTime() - refund.createdAt.getTime()) / 1000 >= keyHoldsSeconds) {
    house.log.error(
      { refundId, orderId: refund.orderId },
      'nobody knows what became of this refund: it is parked',
    );
    await house.db.asMerchant(merchantId, (tx) => parkRefund(tx, refundId, now));
    return;
  }
  let unknown = false;
  for (const { authorization, operation } of operationsOf(payment, refundId)) {
    if (operation.state !== 'intended' && operation.state !== 'unknown') continue;
    const { intentId } = authorization;
    if (intentId === undefined) throw new Error(`Authorization ${authorization.id} has no intent to refund.`);
    const answer = await house.processor.refund({
      ...referenceOf(payment, intentId),
      key: operation.id,
      amount: money(operation.amount ?? '0', authorization.amount.currency),
    });
    unknown ||= answer.outcome === 'unknown';
    await house.db.asMerchant(merchantId, (tx) =>
      record(house, tx, payment.id, refundId, operation.id, answer),
    );
  }
  if (!unknown) return;
  await house.db.asMerchant(merchantId, (tx) =>
    enqueueJob(tx, 'refund_payment', { merchantId, refundId }, refundId, later(now, againSeconds)),
  );
}

/** Whether what was given back has stayed so; then it is looked at once more, later. */
async function lookAfterRefund(house: House, refund: StoredRefund, payment: StoredPayment): Promise<void> {
  const { id: refundId, merchantId } = refund;
  const made = await house.db.asMerchant(merchantId, (tx) => madeByRefund(tx, refundId));
  for (const one of made) {
    const account = payment.merchantAccount;
    await lookAtRefund(house, merchantId, {
      refundId: one,
      ...(account !== undefined && { merchantAccount: account }),
    });
  }
  await house.db.asMerchant(merchantId, async (tx) => {
    const now = await readRefund(tx, refundId);
    if (now?.state === 'refunded') await lookLater(house, tx, now);
  });
}

async function lookLater(house: House, tx: Tx, refund: StoredRefund): Promise<void> {
  const { id: refundId, merchantId, createdAt } = refund;
  const looks = looksAfterDays.map((days) => later(createdAt, days * 24 * 60 * 60));
  const next = looks.find((at) => at > house.clock.now());
  if (next) await enqueueJob(tx, 'refund_payment', { merchantId, refundId }, refundId, next);
}

function operationsOf(
  payment: StoredPayment,
  refundId: string,
): { authorization: StoredAuthorization; operation: StoredOperation }[] {
  return payment.authorizations.flatMap((authorization) =>
    authorization.operations
      .filter((one) => one.refundId === refundId)
      .map((operation) => ({ authorization, operation })),
  );
}

/** One part of a refund; with the last of them, the refund. */
async function record(
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
  if (!part || part.operation.state === 'done' || part.operation.state === 'refused') return;
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
  const waits = parts.some(
    ({ operation }) =>
      operation.id !== operationId && (operation.state === 'intended' || operation.state === 'unknown'),
  );
  if (waits) return saveRefund(tx, refundId, { state: 'pending', refunded, ...failure });
  const state = refunded.amount.isZero() ? 'failed' : 'refunded';
  await saveRefund(tx, refundId, { state, refunded, settledAt: now, ...failure });
  if (state === 'refunded') await lookLater(house, tx, refund);
  await tell(house, tx, { ...refund, refunded, state, ...failure });
}

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
  await writeNotices(
    tx,
    { merchantId, orderId },
    [{ ...draft, id: house.ids.id('notice') }],
    house.clock.now(),
  );
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
