// Giving back what was taken, whole or part. The refund is written down with an operation for each charge it takes from (from
// the last to the first), then asked of the processor by the operations' keys; whoever repeats it finds them and asks the same
// again. Never more than was captured and not given back: that is counted under the payment's lock.
//
//   pending ──▶ refunded ──▶ failed   (the bank sends it back days later: the money is the merchant's again)
//      └──────▶ failed                (the processor refused: nothing was given back)
//
// An answer that did not come is asked for by the same key while that means the same request, then looked for; what is not
// found either is parked for a person, who has it made anew or given up (repair).
//
// The merchant hears `payment.refunded` when the processor has taken it, `payment.refund_failed` when it came to nothing.

import { compare, minimum, minus, money, type Money, plus, zero } from '../core/money.ts';
import { refundParts } from '../core/payment.ts';
import type { Tx } from '../store/database.ts';
import { enqueueJob } from '../store/jobs.ts';
import { parkRefund, readOtherwise, unansweredSince, unparkRefund } from '../store/lost-refunds.ts';
import {
  answerOperation,
  insertOperation,
  lockPayment,
  lockPaymentOfOrder,
  type StoredAuthorization,
  type StoredPayment,
} from '../store/payments.ts';
import {
  insertRefund,
  madeByRefund,
  readRefund,
  type StoredRefund,
  takeRefundOfRequest,
} from '../store/refunds.ts';
import { isOpen, referenceOf } from './hold-money.ts';
import { creditLeft, giveCreditAgain, takeCreditBack } from './credit-top-up.ts';
import type { House } from './house.ts';
import { keyHoldsSeconds, later } from './payment-deadlines.ts';
import {
  finishRefund,
  isUnanswered,
  lookAtRefund,
  lookLater,
  operationsOf,
  recordRefunded,
} from './record-refund.ts';

/** As long as the answer to an Idempotency-Key is kept: the same key after that is another request. */
const requestKeptSeconds = 24 * 60 * 60;
/** An answer that did not come, asked for again: nobody waits on the line, a merchant may on his screen. */
const againSeconds = 60;
/** A processor that has said nothing for a day is asked about a lost refund this often. */
const lostAgainSeconds = 60 * 60;

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
  /** It was taken when they were joined: what of it may be given back is known when they have talked. */
  | { outcome: 'talk_not_over' }
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
  if (payment.state !== 'captured')
    return { outcome: isTakenMeanwhile(payment) ? 'talk_not_over' : 'nothing_captured' };

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

/** All there is to take is taken, and the settlement is not over: they talk still, or have a moment ago. */
function isTakenMeanwhile({ state, authorizations }: StoredPayment): boolean {
  const isTaken = authorizations.some((one) => one.state === 'captured');
  return state === 'capturing' && isTaken && !authorizations.some(isOpen);
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
  const since = await house.db.asMerchant(merchantId, (tx) => unansweredSince(tx, refundId));
  if (since && (now.getTime() - since.getTime()) / 1000 >= keyHoldsSeconds) {
    return lookForLost(house, refund, payment);
  }
  let unknown = false;
  for (const { authorization, operation } of operationsOf(payment, refundId)) {
    if (!isUnanswered(operation)) continue;
    const { intentId } = authorization;
    if (intentId === undefined) throw new Error(`Authorization ${authorization.id} has no intent to refund.`);
    const answer = await house.processor.refund({
      ...referenceOf(payment, intentId),
      key: operation.id,
      amount: money(operation.amount ?? '0', authorization.amount.currency),
    });
    unknown ||= answer.outcome === 'unknown';
    await house.db.asMerchant(merchantId, (tx) =>
      recordRefunded(house, tx, payment.id, refundId, operation.id, answer),
    );
  }
  if (!unknown) return;
  await house.db.asMerchant(merchantId, (tx) =>
    enqueueJob(tx, 'refund_payment', { merchantId, refundId }, refundId, later(now, againSeconds)),
  );
}

/**
 * Its keys are too old to ask by: what the processor made of it is looked for, and taken over. What it has none of waits for a
 * person, since a merchant who was not told for a day may have given the money back by other means; what he says is done,
 * as soon as the processor answers.
 */
async function lookForLost(house: House, refund: StoredRefund, payment: StoredPayment): Promise<void> {
  const { id: refundId, merchantId, orderId } = refund;
  const missing = new Set<string>();
  let isSilent = false;
  for (const { authorization, operation } of operationsOf(payment, refundId)) {
    const { intentId } = authorization;
    if (!isUnanswered(operation) || intentId === undefined) continue;
    const found = await house.processor.findRefund({ ...referenceOf(payment, intentId), key: operation.id });
    if (found.outcome === 'unknown') isSilent = true;
    else if (found.outcome === 'none') missing.add(operation.id);
    else
      await house.db.asMerchant(merchantId, (tx) =>
        recordRefunded(house, tx, payment.id, refundId, operation.id, found),
      );
  }
  const parked = await house.db.asMerchant(merchantId, async (tx) => {
    const now = house.clock.now();
    if (!isSilent && missing.size > 0 && (await endLost(house, tx, refund, missing))) return false;
    const isNew = await parkRefund(tx, refundId, now);
    const again = later(now, lostAgainSeconds);
    if (isSilent) await enqueueJob(tx, 'refund_payment', { merchantId, refundId }, refundId, again);
    return isNew;
  });
  if (parked) house.log.error({ refundId, orderId }, 'what became of a refund is not known: it is parked');
}

/** What a person said of a refund the processor has none of, done; `false`: nobody said anything. */
async function endLost(
  house: House,
  tx: Tx,
  { id: refundId, merchantId, paymentId }: StoredRefund,
  missing: ReadonlySet<string>,
): Promise<boolean> {
  const payment = await lockPayment(tx, paymentId);
  const refund = await readRefund(tx, refundId);
  const otherwise = await readOtherwise(tx, refundId);
  if (!payment || refund?.state !== 'pending' || otherwise === undefined) return false;
  const at = house.clock.now();
  const parts = operationsOf(payment, refundId).filter(
    ({ operation }) => missing.has(operation.id) && isUnanswered(operation),
  );
  for (const { authorization, operation } of parts) {
    const answer = { outcome: 'refused', reason: 'never_made' };
    await answerOperation(tx, operation.id, 'refused', answer, at);
    if (otherwise === 'give_up') {
      await giveCreditAgain(house, tx, payment, operation);
      continue;
    }
    await insertOperation(tx, {
      id: house.ids.id('operation'),
      merchantId,
      authorizationId: authorization.id,
      kind: 'refund',
      amount: money(operation.amount ?? '0', authorization.amount.currency),
      refundId,
      at,
    });
  }
  if (otherwise === 'give_up') {
    await finishRefund(house, tx, { ...refund, failure: 'never_made' });
    return true;
  }
  await unparkRefund(tx, refundId);
  await enqueueJob(tx, 'refund_payment', { merchantId, refundId }, refundId);
  return true;
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
