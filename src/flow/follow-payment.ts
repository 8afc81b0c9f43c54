// Following a payment until it is held or over: looked at when a hint or its time says so, given up when nobody pays, its
// hold let go when no call comes of it. What the processor's word leads to is authorize-payment's.

import { advance } from '../core/advance-call.ts';
import { type CallSession, provenEndUs } from '../core/call-session.ts';
import { isFinal } from '../core/payment.ts';
import {
  keepProofOfLife,
  lockSessionOfOrder,
  readLegEnds,
  type StoredSession,
} from '../store/call-sessions.ts';
import { freeConsultants } from '../store/consultants.ts';
import { merchantOfCharge, merchantOfIntent } from '../store/finders.ts';
import { enqueueJob } from '../store/jobs.ts';
import {
  firstAuthorization,
  giveUpPayment,
  lockPayment,
  lockPaymentOfOrder,
  lookAgain,
  readPayment,
  saveAuthorization,
  savePayment,
  type StoredPayment,
} from '../store/payments.ts';
import type { Tx } from '../store/database.ts';
import { addSwitchWork, isForsaken, removeWorkOfSession } from '../store/switches.ts';
import { applyIntent, askAgain, failPayment } from './authorize-payment.ts';
import { narrate, writeStep } from './call-step.ts';
import { isOpen, waitsForKeys } from './hold-money.ts';
import type { House } from './house.ts';
import { isKnownHeld } from './own-hands.ts';
import { abandonSeconds, later, lookAgainAfter } from './payment-deadlines.ts';
import type { ProcessorHint } from './ports.ts';
import { lookAtRefund } from './record-refund.ts';
import { lookAtParked, voidPayment } from './settle-order.ts';

/** Behind the talk limit, which the switch itself enforces: the farewell, and slack for its clock. */
const forsakenSlackSeconds = 120;

/** A parked settlement one of whose holds has ended is looked at this often until all have. */
const parkedAgainSeconds = 60 * 60;
/** What can move a payment that waits for its card. Of the rest a processor tells (some five a payment) we know already. */
const worthALook: ReadonlySet<string> = new Set([
  'payment_intent.amount_capturable_updated',
  'payment_intent.requires_action',
  'payment_intent.payment_failed',
  'payment_intent.processing',
  'payment_intent.canceled',
]);

/** What can take back a refund; that it was made we know already. */
const refundsMoveBy: ReadonlySet<string> = new Set([
  'refund.failed',
  'refund.updated',
  'charge.refund.updated',
]);

/** The processor's webhook: says where to look, never what is true. */
export async function followHint(house: House, hint: ProcessorHint): Promise<void> {
  if (hint.disputeId !== undefined || hint.refundId !== undefined) return followAfterwards(house, hint);
  if (!worthALook.has(hint.type) || isKnownHeld(house, hint.intentId)) return;
  const found = await house.db.asNobody((db) => merchantOfIntent(db, hint.intentId));
  if (found) await lookAtPayment(house, found.merchantId, found.paymentId);
}

/** What is told of a charge after it was taken: a dispute, or a refund the bank has decided about. */
async function followAfterwards(house: House, hint: ProcessorHint): Promise<void> {
  const found = await house.db.asNobody((db) => merchantOfCharge(db, hint.intentId));
  if (!found) return;
  const { merchantId, paymentId } = found;
  const { disputeId, refundId, merchantAccount } = hint;
  if (disputeId === undefined) {
    if (refundId === undefined || !refundsMoveBy.has(hint.type)) return;
    return lookAtRefund(house, merchantId, {
      refundId,
      ...(merchantAccount !== undefined && { merchantAccount }),
    });
  }
  // As a job: should the look fail, it comes again, and the bank has given us its time to answer.
  await house.db.asMerchant(merchantId, (tx) =>
    enqueueJob(tx, 'record_dispute', { merchantId, paymentId, disputeId }, disputeId),
  );
}

/** Asks the processor what is true of a payment and goes on from there. Repeats of it are harmless. */
export async function lookAtPayment(house: House, merchantId: string, paymentId: string): Promise<void> {
  const payment = await house.db.asMerchant(merchantId, (tx) => readPayment(tx, paymentId));
  if (!payment) return;
  if (payment.state !== 'awaiting_card') return lookAtHeld(house, merchantId, payment);
  const { intentId } = firstAuthorization(payment);
  const age = (house.clock.now().getTime() - payment.createdAt.getTime()) / 1000;
  if (waitsForKeys(payment)) {
    // His card is keyed to the call he is in; whoever ends that gives it up. Here is what nobody has ended.
    if (age >= abandonSeconds) await giveUpOrder(house, merchantId, payment.orderId, 'payment_abandoned');
    return;
  }
  if (intentId === undefined) {
    // Nobody waits for this call any more. What turns out to be held is let go.
    if (age >= abandonSeconds && !payment.givenUp) {
      await giveUpOrder(house, merchantId, payment.orderId, 'payment_abandoned');
    }
    await askAgain(house, payment);
    return;
  }
  const looked = await house.processor.look({
    intentId,
    ...(payment.merchantAccount !== undefined && { merchantAccount: payment.merchantAccount }),
  });
  if (looked.outcome === 'unknown') {
    const at = later(house.clock.now(), lookAgainAfter(age));
    if (age < abandonSeconds) await house.db.asMerchant(merchantId, (tx) => lookAgain(tx, paymentId, at));
    // The processor decides what becomes of it, whenever it can be reached.
    else await giveUpOrder(house, merchantId, payment.orderId, 'payment_abandoned');
    return;
  }
  await applyIntent(house, merchantId, paymentId, intentId, looked.intent);
  const waits = looked.intent.state === 'needs_card' || looked.intent.state === 'needs_action';
  if (waits && age >= abandonSeconds)
    await giveUpOrder(house, merchantId, payment.orderId, 'payment_abandoned');
}

/**
 * A hold is looked at again when its time has come, never because of a hint: by then its call runs, or is over and being
 * settled, or has not come about and the hold is let go.
 */
async function lookAtHeld(house: House, merchantId: string, payment: StoredPayment): Promise<void> {
  const { id: paymentId, lookAgainAt, parkedAt } = payment;
  const isDue = lookAgainAt !== undefined && lookAgainAt <= house.clock.now();
  if (isDue && parkedAt !== undefined) await lookAtParked(house, merchantId, payment);
  await house.db.asMerchant(merchantId, async (tx) => {
    const payment = await lockPayment(tx, paymentId);
    const now = house.clock.now();
    if (payment?.lookAgainAt === undefined || payment.lookAgainAt > now) return;
    const { orderId, state } = payment;
    if (isFinal(state)) return savePayment(tx, payment.id, { state, lookAgainAt: null });
    const call = await lockSessionOfOrder(tx, orderId);
    // Where it was to be taken while they talk, they talk on though it is parked, and are looked after.
    if (payment.parkedAt !== undefined && call?.session.state !== 'connected')
      return lookAgain(tx, paymentId, later(now, parkedAgainSeconds));
    await lookAgain(tx, paymentId, later(now, 60));
    switch (call?.session.state) {
      case 'connected':
      case 'ringing_consultant':
      case 'ringing_caller':
      case 'led':
        if (await isForsaken(tx, call.switchId)) return endForsaken(house, tx, call, now);
        if (call.session.moreTime?.state === 'asked')
          await enqueueJob(tx, 'authorize_more', { merchantId, orderId }, orderId);
        if (call.session.state === 'connected') {
          if (isForgotten(payment, call.session))
            await enqueueJob(tx, 'settle_order', { merchantId, orderId }, orderId);
          return;
        }
        return addSwitchWork(tx, {
          merchantId,
          switchId: call.switchId,
          callSessionId: call.session.id,
          kind: 'hang_up',
        });
      default:
        return enqueueJob(tx, 'settle_order', { merchantId, orderId }, orderId);
    }
  });
}

/** To be taken as soon as they were joined, and nobody has tried, or died of it. What was refused has its next try in the queue. */
function isForgotten({ refusals, parkedAt, authorizations }: StoredPayment, { plan }: CallSession): boolean {
  return (
    plan.capture !== undefined && refusals === 0 && parkedAt === undefined && authorizations.some(isOpen)
  );
}

/**
 * A call of a switch that nobody commands any more. Whatever lived there is over by its own guards (what rings within
 * minutes, a talk at its limit); nobody but us will write that down.
 */
async function endForsaken(house: House, tx: Tx, call: StoredSession, now: Date): Promise<void> {
  const { session } = call;
  let step = advance(session, { type: session.led ? 'switchRestarted' : 'bridgeFailed' });
  if (session.state === 'connected') {
    const limitMs = (session.plan.talkLimitSeconds + forsakenSlackSeconds) * 1000;
    if (now.getTime() < Number((session.bridgedUs ?? 0n) / 1000n) + limitMs) return;
    const legs = [
      ...session.attempts.filter((one) => one.state === 'accepted').map((one) => one.leg),
      ...(session.caller ? [session.caller.leg] : []),
    ];
    const [leg] = legs;
    if (leg === undefined) throw new Error(`Session ${session.id} is connected without legs.`);
    const records = await readLegEnds(tx, legs);
    // Without a record: the last that was seen of it.
    const aliveUs = await keepProofOfLife(tx, session.id);
    const endedAtUs =
      records.length === 0 && aliveUs !== undefined ? aliveUs : provenEndUs(session, legs, records);
    step = advance(session, { type: 'legEnded', leg, because: 'normal', endedAtUs });
  }
  const written = await writeStep(house, tx, call, step);
  if (!written) throw new Error(`Session ${session.id} moved while it was locked.`);
  // What is to be said and hung up has nobody to hear it.
  await freeConsultants(tx, session.id, {}, undefined);
  await removeWorkOfSession(tx, session.id);
  narrate(house, written);
}

/**
 * Ends an order nothing is held for: its consultant is free, its intent cancelled at the processor. `too_late`: the card
 * was held, or the order is over; such a call is hung up instead (command-switch: requestHangUp).
 */
export async function giveUpOrder(
  house: House,
  merchantId: string,
  orderId: string,
  outcome: 'payment_abandoned' | 'cancelled',
): Promise<'cancelled' | 'too_late' | 'unknown_order'> {
  return house.db.asMerchant(merchantId, (tx) => giveUpOrderWithin(house, tx, merchantId, orderId, outcome));
}

/** The same within a transaction that does more: a newer order takes this one's place. */
export async function giveUpOrderWithin(
  house: House,
  tx: Tx,
  merchantId: string,
  orderId: string,
  outcome: 'payment_abandoned' | 'cancelled',
): Promise<'cancelled' | 'too_late' | 'unknown_order'> {
  const payment = await lockPaymentOfOrder(tx, orderId);
  if (!payment) return 'unknown_order';
  if (payment.state !== 'awaiting_card') return 'too_late';
  const call = await lockSessionOfOrder(tx, orderId);
  // The card may be confirmed at this very moment: the intent is cancelled at the processor, which decides the race.
  // Where its answer never came, something may be held that we do not know of: it is asked for again by the same key,
  // and what turns out to be held for an ended call is voided.
  if (waitsForKeys(payment)) {
    // The processor was never asked, and is not any more.
    await saveAuthorization(tx, firstAuthorization(payment).id, { state: 'failed' });
    await failPayment(house, tx, payment, outcome, outcome);
    return 'cancelled';
  }
  if (firstAuthorization(payment).intentId !== undefined) await voidPayment(tx, payment, outcome);
  else await giveUpPayment(tx, payment.id, outcome, house.clock.now());
  if (call?.session.state === 'awaiting_payment') {
    await writeStep(house, tx, call, advance(call.session, { type: 'paymentGivenUp', outcome }));
  } else {
    if (call) await freeConsultants(tx, call.session.id, {}, undefined);
    await enqueueJob(tx, 'settle_order', { merchantId, orderId }, orderId);
  }
  return 'cancelled';
}
