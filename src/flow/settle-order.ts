// What was talked becomes money, once: price by the tariff the order was sold under, then one final capture or one void of
// each hold, one after the other, then the totals, the receipt, the notices. Each decision is written down with its
// operation before anything is asked of the processor; whoever repeats the job finds it and asks the same again, by the
// same key. What each hold is to give is decided when its turn comes, from what those before it gave: a hold that has
// expired meanwhile is made up for by the next as far as that reaches, never by a new one.
//
//   unknown   the job comes again and asks by the same key
//   refused   nothing was done: another try, a new operation with a key of its own, later and later; then the payment is
//             parked for a person (retrySettlement), and only looked at when its holds expire

import type { CallSession } from '../core/call-session.ts';
import { compare, type Money, money, zero, plus, minus, amountText } from '../core/money.ts';
import { applicationFeeOf, isFinal, movePayment, settlementOf } from '../core/payment.ts';
import { lockSessionOfOrder, type StoredSession } from '../store/call-sessions.ts';
import type { Tx } from '../store/database.ts';
import { enqueueJob } from '../store/jobs.ts';
import { type LedgerPosting, postLedger } from '../store/ledger.ts';
import {
  answerOperation,
  insertOperation,
  lockPayment,
  lockPaymentOfOrder,
  lockPaymentRowOfOrder,
  readPaymentOfOrder,
  saveAuthorization,
  savePayment,
  saveRefusal,
  type StoredAuthorization,
  type StoredOperation,
  type StoredPayment,
  unpark,
} from '../store/payments.ts';
import { type ReceiptFacts, saveBillableSeconds } from '../store/receipts.ts';
import { closeSession, factsOf, finishSettlement, keepTaken, priceOf } from './finish-settlement.ts';
import {
  askOrFind,
  furtherHoldNotice,
  isOpen,
  type LostOrFound,
  recordFurtherHold,
  referenceOf,
} from './hold-money.ts';
import type { House } from './house.ts';
import { tellMerchant } from './notify-merchant.ts';
import { later } from './payment-deadlines.ts';
import type { Settled } from './ports.ts';

/** The world did not answer, or answered what cannot stand: the job comes again later. */
export class SettlementDelayed extends Error {
  readonly system = 'processor';
  readonly retry = 'safe';
}

/**
 * Seconds until a refused settlement is tried again. A refusal is rarely cured by time (an account is restricted, a key was
 * changed); a day's first hours are given to somebody who is mending it, and no hold is lost in them.
 */
const refusedAgainSeconds: readonly number[] = [60, 5 * 60, 30 * 60, 2 * 60 * 60];
/** The bank still works on the intent and lets nobody cancel it: over within minutes. */
const processingAgainSeconds = 60;
/** A bank gives a hold back a little after the instant it names; asked before, it is still there. */
export const expirySlackSeconds = 120;

/** Settles an order whose call is over (or that sells none). Repeating it after success does nothing. */
export async function settleOrder(house: House, job: { merchantId: string; orderId: string }): Promise<void> {
  const { merchantId, orderId } = job;
  for (;;) {
    const act = await house.db.asMerchant(merchantId, (tx) => decide(house, tx, orderId));
    if (!act) return;
    const { payment, authorization } = act;
    if (act.do === 'ask') {
      const answer = await askOrFind(house, payment, authorization);
      await house.db.asMerchant(merchantId, (tx) =>
        recordLateHold(house, tx, payment.id, authorization.id, answer),
      );
      if (isUnknown(answer)) throw delayed(orderId, answer.outcome);
      continue;
    }
    const answer = await perform(house, payment, authorization, act.operation);
    const recorded = await house.db.asMerchant(merchantId, (tx) =>
      recordSettled(house, tx, payment, authorization.id, act.operation, answer),
    );
    if (answer.outcome === 'unknown') throw delayed(orderId, answer.outcome);
    if (recorded === 'waits' || recorded === 'settled') return;
  }
}

function delayed(orderId: string, outcome: string): SettlementDelayed {
  return new SettlementDelayed(`The processor has not settled order ${orderId}: ${outcome}.`);
}

/** That a repeat is refused says nothing of the first request, which may hold the amount. */
function isUnknown(answer: LostOrFound): boolean {
  return answer.outcome === 'unknown' || answer.outcome === 'refused';
}

type Act =
  | {
      do: 'settle';
      payment: StoredPayment;
      authorization: StoredAuthorization;
      operation: StoredOperation;
    }
  /** More time was asked for and nobody knows yet whether it is held. */
  | { do: 'ask'; payment: StoredPayment; authorization: StoredAuthorization };

/** What is to be asked of the processor next, written down; nothing: there is nothing, or nothing for now. */
async function decide(house: House, tx: Tx, orderId: string): Promise<Act | undefined> {
  const { stored, call, facts } = await readBehindLocks(tx, orderId);
  if (!stored) return undefined;
  const talk = call && capturesDuring(call.session);
  if (call && call.session.state !== 'ended' && !talk) return undefined;
  if (isFinal(stored.state)) {
    if (call) await closeSession(house, tx, call);
    return undefined;
  }
  // Over before a card was given: whoever ends such an order voids it himself (follow-payment).
  if (stored.state === 'awaiting_card' || stored.parkedAt !== undefined) return undefined;

  const { price, rated } = priceOf(facts, call?.session);
  let payment = stored;
  if (payment.state === 'authorized') {
    if (call && rated && !talk) await saveBillableSeconds(tx, call.session.id, rated.billableSeconds);
    // What could only be released is not: it stands for the talk until that is over.
    if (talk && !canTake(house, payment, price)) return undefined;
    payment = await chooseEnd(house, tx, payment, price, nextLook(payment, call));
  } else if (!talk && call?.session.plan.capture) {
    await savePayment(tx, payment.id, { state: payment.state, lookAgainAt: expiryOf(payment) });
  }
  const open = payment.authorizations.filter(isOpen);
  for (const authorization of open) {
    const operation = authorization.operations.find(
      (one) => (one.kind === 'capture' || one.kind === 'void') && one.state !== 'refused',
    );
    if (operation) return { do: 'settle', payment, authorization, operation };
  }
  const held = open.filter((one) => one.state === 'authorized');
  const authorization = held[0] ?? open.find((one) => one.intentId !== undefined);
  if (authorization) {
    const capture =
      payment.state === 'capturing' && held[0] ? nextCapture(house, payment, held, price) : undefined;
    const operation = await writeOperation(house, tx, payment, authorization, capture);
    return { do: 'settle', payment, authorization, operation };
  }
  if (open[0]) return { do: 'ask', payment, authorization: open[0] };
  if (talk) return undefined;
  // A hold that was taken while they talked was told of then.
  const told = call?.session.plan.capture !== undefined;
  await finishSettlement(house, tx, payment, call, facts, told);
  return undefined;
}

/** They talk, at a price that is taken meanwhile. */
function capturesDuring({ state, plan }: CallSession): boolean {
  return state === 'connected' && plan.capture === 'at_connection';
}

/** Whoever talks is looked after as often as before; then only the end of what is held is waited for. */
function nextLook(payment: StoredPayment, call: StoredSession | undefined): NextLook {
  return call && capturesDuring(call.session) ? {} : { lookAgainAt: expiryOf(payment) };
}

/** Nothing of it: as it stands. */
interface NextLook {
  lookAgainAt?: Date | null;
}

/**
 * All that a settlement is decided by, asked for at once. The payment is read behind both locks: until the session ended, its
 * steps may have written down a further hold.
 */
async function readBehindLocks(
  tx: Tx,
  orderId: string,
): Promise<{ stored: StoredPayment | undefined; call: StoredSession | undefined; facts: ReceiptFacts }> {
  const [locked, call, stored, facts] = await Promise.all([
    lockPaymentRowOfOrder(tx, orderId),
    lockSessionOfOrder(tx, orderId),
    readPaymentOfOrder(tx, orderId),
    factsOf(tx, orderId),
  ]);
  return { stored: locked === undefined ? undefined : stored, call, facts };
}

/** Chooses once whether anything is to be taken; what of which hold is decided at its turn. */
async function chooseEnd(
  house: House,
  tx: Tx,
  payment: StoredPayment,
  price: Money,
  next: NextLook,
): Promise<StoredPayment> {
  if (!canTake(house, payment, price)) return voidPayment(tx, payment, 'nothing_due');
  await savePayment(tx, payment.id, { state: 'capturing', ...next });
  return { ...payment, state: 'capturing' };
}

function canTake(house: House, { authorizations }: StoredPayment, price: Money): boolean {
  const held = authorizations.filter((one) => one.state === 'authorized').map((one) => one.amount);
  const { captures } = settlementOf(price, held, house.processor.minimumCharge(price.currency));
  return captures.some((one) => !one.amount.isZero());
}

/** What the first of these holds gives, when those before it have given what they could; nothing: it is released. */
function nextCapture(
  house: House,
  payment: StoredPayment,
  held: readonly StoredAuthorization[],
  price: Money,
): Money | undefined {
  const taken = payment.authorizations.reduce((sum, one) => plus(sum, one.captured), zero(price.currency));
  if (compare(taken, price) >= 0) return undefined;
  const [capture] = settlementOf(
    minus(price, taken),
    held.map((one) => one.amount),
    house.processor.minimumCharge(price.currency),
  ).captures;
  return capture && !capture.amount.isZero() ? capture : undefined;
}

async function writeOperation(
  house: House,
  tx: Tx,
  payment: StoredPayment,
  authorization: StoredAuthorization,
  capture: Money | undefined,
): Promise<StoredOperation> {
  const id = house.ids.id('operation');
  const kind = capture ? 'capture' : 'void';
  await insertOperation(tx, {
    id,
    merchantId: payment.merchantId,
    authorizationId: authorization.id,
    kind,
    at: house.clock.now(),
    ...(capture && { amount: capture }),
  });
  return { id, kind, state: 'intended', request: {}, ...(capture && { amount: amountText(capture) }) };
}

/** Writes down that nothing is to be taken. The job that follows asks the processor to release what is held. */
export async function voidPayment(tx: Tx, payment: StoredPayment, reason: string): Promise<StoredPayment> {
  if (movePayment(payment.state, 'voiding') !== 'move') {
    throw new Error(`Payment ${payment.id} is ${payment.state}: it cannot be voided.`);
  }
  await savePayment(tx, payment.id, { state: 'voiding', reason, lookAgainAt: expiryOf(payment) });
  return { ...payment, state: 'voiding' };
}

/** When the first of its holds is given back by the bank, whatever becomes of us. */
function expiryOf(payment: StoredPayment): Date | null {
  const ends = payment.authorizations
    .filter(isOpen)
    .flatMap((one) => (one.captureBefore ? [one.captureBefore.getTime()] : []));
  return ends.length === 0 ? null : later(new Date(Math.min(...ends)), expirySlackSeconds);
}

function perform(
  house: House,
  payment: StoredPayment,
  authorization: StoredAuthorization,
  operation: StoredOperation,
): Promise<Settled> {
  const { intentId } = authorization;
  if (intentId === undefined)
    throw new Error(`Authorization ${authorization.id} is to be settled without an intent.`);
  const request = { ...referenceOf(payment, intentId), key: operation.id };
  if (operation.kind === 'void') return house.processor.void(request);
  const amount = money(operation.amount ?? '0', authorization.amount.currency);
  const fee = feeOf(payment, amount);
  return house.processor.capture({ ...request, amount, ...(fee && { applicationFee: fee }) });
}

/** Our part of a direct charge; none where the merchant has no account of his own. */
function feeOf(payment: StoredPayment, captured: Money): Money | undefined {
  if (payment.merchantAccount === undefined) return undefined;
  const fee = applicationFeeOf(captured, payment.applicationFeeRate);
  return fee.amount.isZero() ? undefined : fee;
}

/**
 * Writes down what became of one hold; of the last one, what became of the order (`settled`). `waits`: refused, tried again
 * later.
 */
async function recordSettled(
  house: House,
  tx: Tx,
  { orderId }: StoredPayment,
  authorizationId: string,
  operation: StoredOperation | undefined,
  answer: Settled,
): Promise<'recorded' | 'settled' | 'waits'> {
  const { stored: payment, call, facts } = await readBehindLocks(tx, orderId);
  const authorization = payment?.authorizations.find((one) => one.id === authorizationId);
  if (!payment || !authorization || isFinal(payment.state) || !isOpen(authorization)) return 'recorded';
  const now = house.clock.now();
  // Two jobs that asked at once heard the same: whoever comes second neither counts a refusal again nor forgets it.
  const isHeard = authorization.operations.some((one) => one.id === operation?.id && one.state === 'refused');
  if (isHeard && (answer.outcome === 'refused' || answer.outcome === 'unknown')) return 'waits';
  if (answer.outcome === 'unknown') {
    if (operation) await answerOperation(tx, operation.id, 'unknown', { ...answer }, now);
    return 'waits';
  }
  if (answer.outcome === 'refused') {
    if (operation) await answerOperation(tx, operation.id, 'refused', { ...answer }, now);
    await refusedAgain(house, tx, payment, answer.reason, now, nextLook(payment, call));
    return 'waits';
  }
  if (operation) {
    await answerOperation(
      tx,
      operation.id,
      'done',
      answer.outcome === 'captured'
        ? { outcome: 'captured', chargeId: answer.chargeId, amount: amountText(answer.amount) }
        : { ...answer },
      now,
    );
  }
  const ended = await saveEnd(house, tx, payment, authorization, answer, now);
  const authorizations = payment.authorizations.map((one) => (one === authorization ? ended : one));
  if (authorizations.some(isOpen)) return 'recorded';
  // Whatever a person was wanted for is answered.
  if (payment.parkedAt !== undefined) await unpark(tx, payment.id);
  if (call && capturesDuring(call.session)) {
    // The talk's end finds it taken, and ends the settlement with a receipt that says how long they talked.
    await keepTaken(house, tx, { ...payment, authorizations }, call);
    return 'recorded';
  }
  await finishSettlement(house, tx, { ...payment, authorizations }, call, facts, false);
  return 'settled';
}

/** What one hold came to: taken and released, released, or given back by the bank. */
async function saveEnd(
  house: House,
  tx: Tx,
  payment: StoredPayment,
  authorization: StoredAuthorization,
  answer: Exclude<Settled, { outcome: 'unknown' | 'refused' }>,
  now: Date,
): Promise<StoredAuthorization> {
  const none = zero(authorization.amount.currency);
  const captured = answer.outcome === 'captured' ? answer.amount : none;
  const states = { captured: 'captured', voided: 'voided', nothing_held: 'expired' } as const;
  const state = states[answer.outcome];
  const ended: StoredAuthorization = { ...authorization, state, captured };
  await saveAuthorization(tx, authorization.id, { state, captured });
  // A void that comes before anything was held ends an authorization that never had a ledger.
  if (authorization.heldAt === undefined) return ended;
  const rest = minus(authorization.amount, captured);
  const fee = answer.outcome === 'captured' ? feeOf(payment, captured) : undefined;
  const { merchantId, orderId } = payment;
  await postLedger(
    tx,
    { merchantId, orderId, authorizationId: authorization.id, at: now },
    (
      [
        ['capture', captured],
        ['fee', fee ?? none],
        [answer.outcome === 'nothing_held' ? 'expire' : 'release', rest],
      ] as const
    ).map(([kind, amount]): LedgerPosting => ({ id: house.ids.id('ledgerTransaction'), kind, amount })),
  );
  return ended;
}

/** A refusal proves that nothing was done, so another operation may follow: later, and not for ever. */
async function refusedAgain(
  house: House,
  tx: Tx,
  payment: StoredPayment,
  reason: string,
  now: Date,
  next: NextLook,
): Promise<void> {
  const { merchantId, orderId } = payment;
  const isProcessing = reason === 'still_processing';
  const refusals = payment.refusals + (isProcessing ? 0 : 1);
  const seconds = isProcessing ? processingAgainSeconds : refusedAgainSeconds[refusals - 1];
  const facts = { orderId, paymentId: payment.id, reason, refusals };
  if (seconds !== undefined) {
    const againAt = later(now, seconds);
    await saveRefusal(tx, payment.id, { refusals, againAt });
    await enqueueJob(tx, 'settle_order', { merchantId, orderId }, orderId, againAt);
    house.log.warn(facts, 'the processor refused a settlement: it is tried again');
    return;
  }
  await saveRefusal(tx, payment.id, { refusals, parkedAt: now, reason });
  await savePayment(tx, payment.id, { state: payment.state, ...next });
  house.log.error(facts, 'the processor refuses a settlement: it is parked until somebody retries it');
}

/** More time that was asked for and never heard of: held, it is settled with the rest; else it was never there. */
async function recordLateHold(
  house: House,
  tx: Tx,
  paymentId: string,
  authorizationId: string,
  answer: LostOrFound,
): Promise<void> {
  const payment = await lockPayment(tx, paymentId);
  const authorization = payment?.authorizations.find((one) => one.id === authorizationId);
  if (!payment || !authorization || isFinal(payment.state) || !isOpen(authorization)) return;
  if (authorization.intentId !== undefined) return;
  const isHeld = await recordFurtherHold(house, tx, payment, authorization, answer);
  if (!isHeld) return;
  const { merchantId, orderId } = payment;
  const notice = furtherHoldNotice(payment, authorization);
  await tellMerchant(house, tx, { merchantId, orderId }, [notice], house.clock.now());
}

/**
 * A parked settlement whose holds have come to their end: the bank is asked what is left of them. What it gave back is
 * written down as expired, and the order is over; nobody is charged anew.
 */
export async function lookAtParked(house: House, merchantId: string, payment: StoredPayment): Promise<void> {
  for (const authorization of payment.authorizations.filter(isOpen)) {
    const { intentId } = authorization;
    if (intentId === undefined) continue;
    const looked = await house.processor.look(referenceOf(payment, intentId));
    if (looked.outcome !== 'intent') continue;
    const { intent } = looked;
    const answer: Settled | undefined =
      intent.state === 'cancelled'
        ? { outcome: 'nothing_held' }
        : intent.state === 'captured'
          ? { outcome: 'captured', amount: intent.captured, chargeId: intent.chargeId }
          : undefined;
    if (!answer) continue;
    const operation = authorization.operations.find(
      (one) => (one.kind === 'capture' || one.kind === 'void') && one.state !== 'refused',
    );
    await house.db.asMerchant(merchantId, (tx) =>
      recordSettled(house, tx, payment, authorization.id, operation, answer),
    );
  }
}

/** Somebody has mended what made the processor refuse: a parked settlement is tried anew. */
export async function retrySettlement(
  house: House,
  merchantId: string,
  orderId: string,
): Promise<'retried' | 'not_parked' | 'unknown_order'> {
  return house.db.asMerchant(merchantId, async (tx) => {
    const payment = await lockPaymentOfOrder(tx, orderId);
    if (!payment) return 'unknown_order';
    if (payment.parkedAt === undefined) return 'not_parked';
    await unpark(tx, payment.id);
    await enqueueJob(tx, 'settle_order', { merchantId, orderId }, orderId);
    return 'retried';
  });
}
