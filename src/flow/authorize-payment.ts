// Asking the processor to hold an amount, and what follows from what it says: held and the first phone rings, refused and
// the order ends, or a card is still wanted. What is held is told by the processor, never by a browser or a webhook.
// Asking again later is follow-payment's, taking what is due settle-order's.

import { advance } from '../core/advance-call.ts';
import type { CallState } from '../core/call-session.ts';
import { compare, moneyFacts } from '../core/money.ts';
import type { OrderRefusal } from '../core/order.ts';
import { movePayment } from '../core/payment.ts';
import { lockSessionOfOrder, lockSessionOfPayment, type StoredSession } from '../store/call-sessions.ts';
import type { Tx } from '../store/database.ts';
import { enqueueJob } from '../store/jobs.ts';
import {
  answerOperation,
  authorizeOperation,
  firstAuthorization,
  lockPayment,
  saveAuthorization,
  savePayment,
  type StoredPayment,
} from '../store/payments.ts';
import { addSwitchWork, switchToBegin } from '../store/switches.ts';
import { narrate, writeStep } from './call-step.ts';
import { askForHold, askOrFind, keyedWords, type LostOrFound, saveHold } from './hold-money.ts';
import type { House } from './house.ts';
import { tellMerchant } from './notify-merchant.ts';
import { keepIfAgreed } from './kept-cards.ts';
import { cardMayPay } from './limit-abuse.ts';
import { countRefusedCard } from './limit-cards.ts';
import {
  abandonSeconds,
  firstLookSeconds,
  holdWithoutCallSeconds,
  later,
  lookAgainAfter,
} from './payment-deadlines.ts';
import { ownTaker, rememberHeld } from './own-hands.ts';
import type { Authorized, IntentState } from './ports.ts';
import { voidPayment } from './settle-order.ts';

/** Where the order stands once an answer was written down. */
export interface Applied {
  refusal?: OrderRefusal;
  callState?: CallState;
  /** A card or an authentication is still to be given on our page. */
  needsPage: boolean;
}

/** Asks for the hold and writes down the answer with what follows from it. An answer that did not come is asked for again. */
export async function authorizePayment(house: House, payment: StoredPayment): Promise<Applied> {
  const answer = await askForAuthorization(house, payment);
  return recordAuthorization(house, payment.merchantId, payment.id, answer);
}

/**
 * The same once more, because nobody knows what became of it; looked for where its key cannot tell. That the repeat is
 * refused says nothing of the first request, which may hold the amount: it stays unknown until it was looked for.
 */
export async function askAgain(house: House, payment: StoredPayment): Promise<Applied> {
  const answer = await askOrFind(house, payment, firstAuthorization(payment));
  return recordAuthorization(house, payment.merchantId, payment.id, answer, 'again');
}

/** The order's first hold: what its page confirms, or its payment method. */
export function askForAuthorization(house: House, payment: StoredPayment): Promise<Authorized> {
  return askForHold(house, payment, firstAuthorization(payment));
}

async function recordAuthorization(
  house: House,
  merchantId: string,
  paymentId: string,
  answer: LostOrFound,
  asked: 'first' | 'again' = 'first',
): Promise<Applied> {
  if (answer.outcome === 'intent') {
    return applyIntent(house, merchantId, paymentId, answer.intentId, answer.intent);
  }
  return house.db.asMerchant(merchantId, async (tx) => {
    const payment = await lockPayment(tx, paymentId);
    if (!payment || payment.state !== 'awaiting_card') return { needsPage: false };
    const now = house.clock.now();
    const authorization = firstAuthorization(payment);
    const isUnknown = answer.outcome === 'unknown' || (answer.outcome === 'refused' && asked === 'again');
    const { id: operationId } = authorizeOperation(authorization);
    await answerOperation(tx, operationId, isUnknown ? 'unknown' : 'refused', { ...answer }, now);
    if (answer.outcome === 'refused')
      house.log.error({ paymentId, reason: answer.reason }, 'processor refused an authorization');
    if (isUnknown) {
      // Nobody is told "refused" for what may yet be held: it is asked again by the same key.
      await saveAuthorization(tx, authorization.id, { state: 'unknown' });
      await savePayment(tx, paymentId, {
        state: 'awaiting_card',
        lookAgainAt: later(now, lookAgainAfter((now.getTime() - payment.createdAt.getTime()) / 1000)),
      });
      return { refusal: { because: 'processor_away' as const }, needsPage: false };
    }
    const refusals: Record<typeof answer.outcome, OrderRefusal> = {
      declined: { because: 'declined', ...(answer.outcome === 'declined' && { detail: answer.reason }) },
      refused: { because: 'processor_refused' },
      // Nothing was ever made of the request: it is over as if nobody had been there.
      none: { because: 'processor_away', detail: 'processor_never_answered' },
    };
    const refusal = refusals[answer.outcome];
    await saveAuthorization(tx, authorization.id, {
      state: 'failed',
      ...(answer.outcome === 'declined' && { declineReason: answer.reason }),
      ...(answer.outcome === 'declined' && answer.intentId !== undefined && { intentId: answer.intentId }),
    });
    const outcome = answer.outcome === 'none' ? 'payment_abandoned' : 'payment_failed';
    if (answer.outcome === 'declined') await countIfKeyed(house, tx, payment);
    await failPayment(house, tx, payment, refusal.detail ?? refusal.because, outcome);
    return { refusal, needsPage: false };
  });
}

/** Goes on from what the processor says is true of an intent. Safe to repeat, in any order, by any gateway. */
export async function applyIntent(
  house: House,
  merchantId: string,
  paymentId: string,
  intentId: string,
  intent: IntentState,
): Promise<Applied> {
  return house.db.asMerchant(merchantId, async (tx): Promise<Applied> => {
    const [payment, call] = await Promise.all([
      lockPayment(tx, paymentId),
      lockSessionOfPayment(tx, paymentId),
    ]);
    if (!payment) return { needsPage: false };
    const now = house.clock.now();
    const callState = call && { callState: call.session.state };
    if (movePayment(payment.state, 'authorized') !== 'move') return { ...callState, needsPage: false };
    const authorization = firstAuthorization(payment);
    const operation = authorizeOperation(authorization);
    if (operation.state !== 'done') {
      await answerOperation(tx, operation.id, 'done', { intentId }, now);
    }
    const age = (now.getTime() - payment.createdAt.getTime()) / 1000;
    switch (intent.state) {
      case 'authorized': {
        if (compare(intent.amount, authorization.amount) < 0) {
          throw new Error(`Authorization ${authorization.id} holds less than was asked.`);
        }
        await saveHold(house, tx, payment, authorization, intentId, intent, now);
        tx.committed(() => rememberHeld(house, intentId));
        const { fingerprint } = intent.card;
        if (fingerprint !== undefined && !(await cardMayPay(house, tx, payment, fingerprint))) {
          await countIfKeyed(house, tx, payment);
          return refuseCard(house, tx, payment, call);
        }
        await keepIfAgreed(house, tx, payment, intent.card, now);
        return { ...(await authorized(house, tx, payment, call, now)), needsPage: false };
      }
      case 'cancelled':
        await saveAuthorization(tx, authorization.id, { state: 'voided', intentId });
        await failPayment(house, tx, payment, 'cancelled', 'payment_abandoned');
        return { ...callState, needsPage: false };
      case 'captured':
        throw new Error(`Authorization ${authorization.id} was captured by somebody else.`);
      case 'needs_card':
      case 'needs_action':
      case 'processing': {
        const state = intent.state === 'needs_action' ? 'needs_action' : 'needs_card';
        await saveAuthorization(tx, authorization.id, {
          state,
          intentId,
          ...(intent.state === 'needs_card' && intent.lastDecline && { declineReason: intent.lastDecline }),
        });
        // Given up before its intent was known: nothing will be held on it any more.
        if (payment.givenUp) {
          await voidPayment(tx, payment, 'given_up');
          await enqueueJob(tx, 'settle_order', { merchantId, orderId: payment.orderId }, payment.orderId);
          return { ...callState, needsPage: false };
        }
        // Told at once that a card is wanted, nobody has given one yet: the page says when he agrees. Everybody else may be
        // confirming at this moment, and neither his page nor the processor's event need ever tell us.
        if (keyedWords(payment) && intent.state !== 'processing') {
          await countIfKeyed(house, tx, payment);
          return refuseKeyed(house, tx, payment, call, intent);
        }
        const nobodyHasAgreed =
          state === 'needs_card' && authorization.state === 'intended' && age < firstLookSeconds;
        const lookAgainAt =
          nobodyHasAgreed || age >= abandonSeconds
            ? later(payment.createdAt, abandonSeconds)
            : later(now, lookAgainAfter(age));
        await savePayment(tx, paymentId, { state: 'awaiting_card', lookAgainAt });
        return { ...callState, needsPage: true };
      }
    }
  });
}

/** The amount is held: notice, and the first consultant rings (or the sale is settled). */
async function authorized(
  house: House,
  tx: Tx,
  payment: StoredPayment,
  call: StoredSession | undefined,
  now: Date,
): Promise<Pick<Applied, 'callState'>> {
  const { merchantId, orderId } = payment;
  const authorization = firstAuthorization(payment);
  await savePayment(tx, payment.id, { state: 'authorized', lookAgainAt: later(now, holdWithoutCallSeconds) });
  const notice = {
    type: 'payment.authorized' as const,
    data: { authorized: moneyFacts(authorization.amount) },
  };
  if (!call || call.session.state !== 'awaiting_payment') {
    await tellMerchant(house, tx, { merchantId, orderId }, [notice], now);
    if (payment.givenUp) await voidPayment(tx, { ...payment, state: 'authorized' }, 'given_up');
    await enqueueJob(tx, 'settle_order', { merchantId, orderId }, orderId);
    return call ? { callState: call.session.state } : {};
  }
  const step = advance(call.session, { type: 'paymentAuthorized' });
  const written = await writeStep(house, tx, call, step, undefined, [notice]);
  if (!written) throw new Error(`Session ${call.session.id} moved while it was locked.`);
  narrate(house, written);
  if (written.stored.session.state !== 'ended') {
    const { stored } = written;
    const taker = ownTaker(house, call.switchId);
    if (taker) tx.committed(() => taker.begin(stored));
    else {
      const callSessionId = call.session.id;
      const isHere = call.session.plan.paidInRun !== undefined;
      const switchId = isHere ? call.switchId : await switchToBegin(tx, callSessionId, call.switchId);
      await addSwitchWork(tx, { merchantId, switchId, callSessionId, kind: 'begin' });
    }
  }
  return { callState: written.stored.session.state };
}

/** Nobody who keys his card can authenticate, or type another for the same order: the intent is cancelled, and the order over. */
async function refuseKeyed(
  house: House,
  tx: Tx,
  payment: StoredPayment,
  call: StoredSession | undefined,
  intent: IntentState,
): Promise<Applied> {
  const reason = intent.state === 'needs_card' ? (intent.lastDecline ?? 'declined') : 'authentication_failed';
  await voidPayment(tx, payment, reason);
  await endUnpaid(house, tx, payment, call, reason);
  return { refusal: { because: 'declined', detail: reason }, needsPage: false };
}

async function countIfKeyed(house: House, tx: Tx, payment: StoredPayment): Promise<void> {
  const tries = keyedWords(payment)?.tries;
  if (tries) await countRefusedCard(house, tx, tries);
}

/** Held, but this card has paid too often: the hold is let go, nobody is rung, and the order ends as if it had failed. */
async function refuseCard(
  house: House,
  tx: Tx,
  payment: StoredPayment,
  call: StoredSession | undefined,
): Promise<Applied> {
  await savePayment(tx, payment.id, { state: 'authorized' });
  await voidPayment(tx, { ...payment, state: 'authorized' }, 'card_limit');
  const ended = await endUnpaid(house, tx, payment, call, 'card_limit');
  return { refusal: { because: 'card_too_often' }, ...ended, needsPage: false };
}

/** Its call, where there is one, is over before it began; what may be held is let go by whoever settles it. */
async function endUnpaid(
  house: House,
  tx: Tx,
  { merchantId, orderId }: StoredPayment,
  call: StoredSession | undefined,
  reason: string,
): Promise<Pick<Applied, 'callState'>> {
  const notice = { type: 'payment.failed' as const, data: { reason } };
  if (call?.session.state === 'awaiting_payment') {
    const step = advance(call.session, { type: 'paymentGivenUp', outcome: 'payment_failed' });
    const written = await writeStep(house, tx, call, step, undefined, [notice]);
    if (!written) throw new Error(`Session ${call.session.id} moved while it was locked.`);
    narrate(house, written);
    return { callState: written.stored.session.state };
  }
  await tellMerchant(house, tx, { merchantId, orderId }, [notice], house.clock.now());
  await enqueueJob(tx, 'settle_order', { merchantId, orderId }, orderId);
  return {};
}

/** Nothing was or can be held any more: the order ends, the consultant is free. */
export async function failPayment(
  house: House,
  tx: Tx,
  payment: StoredPayment,
  reason: string,
  outcome: 'payment_failed' | 'payment_abandoned' | 'cancelled',
): Promise<void> {
  await savePayment(tx, payment.id, { state: 'failed', reason, lookAgainAt: null });
  const notice = { type: 'payment.failed' as const, data: { reason } };
  const call = await lockSessionOfOrder(tx, payment.orderId);
  if (call?.session.state === 'awaiting_payment') {
    await writeStep(house, tx, call, advance(call.session, { type: 'paymentGivenUp', outcome }), undefined, [
      notice,
    ]);
  } else {
    await tellMerchant(
      house,
      tx,
      { merchantId: payment.merchantId, orderId: payment.orderId },
      [notice],
      house.clock.now(),
    );
    // The call was given up before: with its payment over, it is settled.
    const { merchantId, orderId } = payment;
    if (call?.session.state === 'ended')
      await enqueueJob(tx, 'settle_order', { merchantId, orderId }, orderId);
  }
}
