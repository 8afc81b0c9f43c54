// More time, its second half: the hold that was written down when the caller asked (ask-for-more) is asked of the processor,
// and the talk's limit moves when it stands. Nobody is cut early for it: while no answer comes it is asked again by the same
// key, and the call ends at its old limit if none comes in time. What turns out to be held after that is settled with the
// rest (settle-order): taken only as far as the price needs it.
//
//   held        the limit moves to what all holds together pay for; whoever commands the switch is told to move it there
//   declined    the call goes on to its old limit, nothing more is offered
//   unknown     asked again for as long as the call lasts

import { advance } from '../core/advance-call.ts';
import type { CallEvent } from '../core/call-session.ts';
import { plus, zero } from '../core/money.ts';
import type { NoticeDraft } from '../core/merchant-notice.ts';
import { talkLimit } from '../core/talk-limit.ts';
import { lockSessionOfOrder, type StoredSession } from '../store/call-sessions.ts';
import type { Tx } from '../store/database.ts';
import { merchantOfOrderLink } from '../store/finders.ts';
import { enqueueJob } from '../store/jobs.ts';
import {
  lockPaymentOfOrder,
  readPaymentOfOrder,
  type StoredAuthorization,
  type StoredPayment,
} from '../store/payments.ts';
import { readOrderTariff } from '../store/receipts.ts';
import { sha256 } from '../store/seal.ts';
import { addSwitchWork } from '../store/switches.ts';
import { isDurable, narrate, writeStep } from './call-step.ts';
import { askOrFind, heldOf, type LostOrFound, recordFurtherHold, furtherHoldNotice } from './hold-money.ts';
import type { House } from './house.ts';
import { tellMerchant } from './notify-merchant.ts';
import { later, lookSeconds } from './payment-deadlines.ts';

/** The caller's wish from his page; what came of it he sees there, and hears. */
export async function requestMoreTime(
  house: House,
  accessToken: string,
): Promise<'asked' | 'not_offered' | 'unknown_order'> {
  const found = await house.db.asNobody((db) => merchantOfOrderLink(db, sha256(accessToken)));
  if (!found) return 'unknown_order';
  return house.db.asMerchant(found.merchantId, async (tx) => {
    const call = await lockSessionOfOrder(tx, found.orderId);
    if (!call) return 'not_offered';
    if (call.session.moreTime?.state === 'asked') return 'asked';
    const step = advance(call.session, { type: 'moreTimeAsked' });
    if (step.askForMore !== true) return 'not_offered';
    const written = await writeStep(house, tx, call, step);
    if (!written) throw new Error(`Session ${call.session.id} moved while it was locked.`);
    narrate(house, written);
    await refresh(tx, call);
    return 'asked';
  });
}

/** Whoever commands the switch does what follows from a session somebody else has moved. */
async function refresh(tx: Tx, call: StoredSession): Promise<void> {
  await addSwitchWork(tx, {
    merchantId: call.merchantId,
    switchId: call.switchId,
    callSessionId: call.session.id,
    kind: 'refresh',
  });
}

/** The job: asks for what was written down, and answers the caller. Repeating it after that does nothing. */
export async function authorizeMore(
  house: House,
  { merchantId, orderId }: { merchantId: string; orderId: string },
): Promise<void> {
  const payment = await house.db.asMerchant(merchantId, (tx) => readPaymentOfOrder(tx, orderId));
  if (!payment) return;
  const pending = pendingOf(payment);
  const answer = pending && (await askOrFind(house, payment, pending));
  await house.db.asMerchant(merchantId, (tx) =>
    record(house, tx, orderId, pending && answer && { id: pending.id, answer }),
  );
}

/** Asked for and not answered yet: one at a time, since nothing more is offered meanwhile. */
function pendingOf(payment: StoredPayment): StoredAuthorization | undefined {
  return payment.authorizations.find(
    (one) =>
      one.sequence > 1 && one.intentId === undefined && (one.state === 'intended' || one.state === 'unknown'),
  );
}

async function record(
  house: House,
  tx: Tx,
  orderId: string,
  answered: { id: string; answer: LostOrFound } | undefined,
): Promise<void> {
  const payment = await lockPaymentOfOrder(tx, orderId);
  const call = await lockSessionOfOrder(tx, orderId);
  if (!payment || !call) return;
  const { merchantId } = payment;
  const waits = call.session.state === 'connected' && call.session.moreTime?.state === 'asked';
  const authorization = answered && pendingOf(payment);
  if (!answered || authorization?.id !== answered.id) {
    // Nothing had to be held, or somebody else has written it down; what is held decides.
    if (waits && pendingOf(payment) === undefined) await answer(house, tx, payment, call, []);
    return;
  }
  const isHeld = await recordFurtherHold(house, tx, payment, authorization, answered.answer);
  const isUnknown = answered.answer.outcome === 'unknown' || answered.answer.outcome === 'refused';
  if (isUnknown && call.session.state === 'connected') {
    const againAt = later(house.clock.now(), lookSeconds);
    await enqueueJob(tx, 'authorize_more', { merchantId, orderId }, orderId, againAt);
  }
  if (!waits) {
    // The call is over, and its settlement may have passed already what is known only now.
    await enqueueJob(tx, 'settle_order', { merchantId, orderId }, orderId);
  }
  if (answered.answer.outcome === 'unknown') return;
  const held: StoredPayment = isHeld
    ? {
        ...payment,
        authorizations: payment.authorizations.map((one) =>
          one.id === authorization.id ? { ...one, state: 'authorized' } : one,
        ),
      }
    : payment;
  const notices = isHeld ? [furtherHoldNotice(payment, authorization)] : [];
  if (waits) return answer(house, tx, held, call, notices);
  await tellMerchant(
    house,
    tx,
    { merchantId, orderId, callSessionId: call.session.id },
    notices,
    house.clock.now(),
  );
}

/** The caller hears what came of it: the limit moves to what all holds together pay for, or stays. */
async function answer(
  house: House,
  tx: Tx,
  payment: StoredPayment,
  call: StoredSession,
  notices: readonly NoticeDraft[],
): Promise<void> {
  const { plan } = call.session;
  const tariff = await readOrderTariff(tx, payment.orderId);
  if (!tariff || !plan.moreTime) throw new Error(`Order ${payment.orderId} has no terms for more time.`);
  const limit = talkLimit({
    tariff,
    chosenSeconds: plan.talkLimitSeconds + plan.moreTime.seconds,
    authorized: heldOf(payment).reduce((sum, one) => plus(sum, one.amount), zero(tariff.currency)),
  });
  const event: CallEvent =
    limit.outcome === 'limit' && limit.seconds > plan.talkLimitSeconds
      ? { type: 'moreTimeAnswered', granted: true, talkLimitSeconds: limit.seconds }
      : { type: 'moreTimeAnswered', granted: false };
  const step = advance(call.session, event);
  if (!isDurable(step)) {
    await tellMerchant(
      house,
      tx,
      { merchantId: call.merchantId, orderId: call.orderId, callSessionId: call.session.id },
      notices,
      house.clock.now(),
    );
    return;
  }
  const written = await writeStep(house, tx, call, step, undefined, notices);
  if (!written) throw new Error(`Session ${call.session.id} moved while it was locked.`);
  narrate(house, written);
  await refresh(tx, call);
}
