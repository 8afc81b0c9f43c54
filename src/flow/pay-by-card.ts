// What a caller has ordered in his call is paid by the card he keyed there, or by one that was kept. The card's token is written into
// the operation that asks for the hold before anything is asked, and never again: whoever takes the call over looks for the same, or
// asks for the same by the same key. Nothing is told before it is known. While nobody knows, he hears music, and the house's own looks
// (recover) find it out.

import { lockSessionOfOrder } from '../store/call-sessions.ts';
import { claimConsultants } from '../store/consultants.ts';
import type { Tx } from '../store/database.ts';
import { isDatabaseAway } from '../store/database-away.ts';
import { type KeyedOrder, readKeyedOrder } from '../store/keypad.ts';
import {
  authorizeOperation,
  changeRequest,
  firstAuthorization,
  lockPaymentOfOrder,
  readPaymentOfOrder,
  saveAuthorization,
  savePayment,
  type StoredPayment,
} from '../store/payments.ts';
import type { RunCommand, RunEvent } from '../core/scenario/run.ts';
import { authorizePayment, failPayment } from './authorize-payment.ts';
import { giveUpOrder, giveUpOrderWithin, lookAtPayment } from './follow-payment.ts';
import { type HoldWords, waitsForKeys } from './hold-money.ts';
import type { House } from './house.ts';
import type { Hands } from './leg-machine.ts';
import { keptCards, keptMark } from './kept-cards.ts';
import { countRefusedCard, mayTryCard, triesOf } from './limit-cards.ts';
import { claimSeconds, firstLookSeconds, later } from './payment-deadlines.ts';
import type { Switch } from './ports.ts';
import type { KeptRun } from './scenario-row.ts';

type PayByCard = RunCommand & { do: 'payByCard' };

/** Payments that are heard of late, though their hint was lost; his leg is guarded for longer than until the next look. */
const lookAgainMs = 15_000;
/** The database is back, most often, or nobody is in the way any more. */
const askAgainMs = 2_000;
const guardSeconds = 120;
/** As long as a bank takes to say no: whoever is refused unasked is not told by how quickly. */
const refusedAfterMs = 1_200;

/** Why only the page helps: the bank wants to see him agree, or nothing is taken by telephone at this account. */
const pageReasons = ['authentication_failed', 'moto_not_allowed', 'processor_refused'];

export async function payByCard(
  house: House,
  aSwitch: Switch,
  hands: Hands<KeptRun, RunEvent>,
  command: PayByCard,
): Promise<RunEvent | undefined> {
  try {
    return await payOrGiveUp(house, aSwitch, hands, command);
  } catch (error) {
    if (!isDatabaseAway(error)) throw error;
    // His card may be with the bank by now: told that it came to nothing, he would key another.
    house.log.warn({ runId: hands.kept.run.id, err: error }, 'Whether a card has paid is asked again');
    const failed: RunEvent = { type: 'failed', because: 'ours' };
    hands.later(askAgainMs, () => hands.meanwhile(() => payByCard(house, aSwitch, hands, command), failed));
    return undefined;
  }
}

/**
 * After a fault of ours nobody here knows how far it came. The order is given up, so that whatever may be held is let go and he pays
 * nothing; where it is too late for that he hears what became of it, like everybody else.
 */
async function payOrGiveUp(
  house: House,
  aSwitch: Switch,
  hands: Hands<KeptRun, RunEvent>,
  command: PayByCard,
): Promise<RunEvent | undefined> {
  try {
    return await pay(house, aSwitch, hands, command);
  } catch (error) {
    if (isDatabaseAway(error)) throw error;
    const { run, merchantId } = hands.kept;
    house.log.error({ runId: run.id, err: error }, 'A card could not be asked to pay');
    const given = await giveUpOrder(house, merchantId, command.orderId, 'cancelled');
    if (given !== 'too_late') return { type: 'failed', because: 'ours' };
    return awaitOutcome(house, aSwitch, hands, command.orderId);
  }
}

async function pay(
  house: House,
  aSwitch: Switch,
  hands: Hands<KeptRun, RunEvent>,
  command: PayByCard,
): Promise<RunEvent | undefined> {
  const { kept } = hands;
  const { leg } = kept.run;
  await aSwitch.guard(leg, guardSeconds);
  await aSwitch.playMusic(leg);
  const prepared = await house.db.asMerchant(kept.merchantId, (tx) => prepare(house, tx, kept, command));
  if ('told' in prepared) {
    if (!prepared.unasked) return prepared.told;
    hands.later(refusedAfterMs, () => hands.tell(prepared.told));
    return undefined;
  }
  const { payment, asks } = prepared;
  if (asks) await authorizePayment(house, payment);
  else await lookAtPayment(house, kept.merchantId, payment.id);
  return awaitOutcome(house, aSwitch, hands, command.orderId);
}

type Prepared =
  | { payment: StoredPayment; asks: boolean }
  /** `unasked`: it is to sound as if a bank had said it. */
  | { told: RunEvent; unasked?: true };

async function prepare(house: House, tx: Tx, kept: KeptRun, command: PayByCard): Promise<Prepared> {
  const { run, merchantId } = kept;
  const { orderId } = command;
  const now = house.clock.now();
  const payment = await lockPaymentOfOrder(tx, orderId);
  const order = await readKeyedOrder(tx, run.id, orderId);
  if (!payment || !order) return { told: { type: 'failed', because: 'order_over' } };
  // Asked already, by whoever had the call before, or over.
  if (payment.state !== 'awaiting_card' || payment.givenUp || !waitsForKeys(payment))
    return { payment, asks: false };
  const tries = triesOf(house, merchantId, run.plan);
  const mayTry = await mayTryCard(house, tx, tries);
  const words = await wordsOf(house, tx, kept, payment, command);
  if (!words || ('keptLast4' in command && !mayTry)) {
    if (mayTry) await countRefusedCard(house, tx, tries);
    return { told: { type: 'cardDeclined', because: 'not_kept' } };
  }
  if (!mayTry) {
    await saveAuthorization(tx, firstAuthorization(payment).id, { state: 'failed' });
    await failPayment(house, tx, payment, 'cards_tried_too_often', 'payment_failed');
    house.metrics.count('orders_refused', { because: 'cards_tried_too_often' });
    return { told: { type: 'cardDeclined', because: 'declined' }, unasked: true };
  }
  if (!(await keepConsultant(house, tx, orderId))) {
    await giveUpOrderWithin(house, tx, merchantId, orderId, 'cancelled');
    return { told: { type: 'failed', because: 'nobody_free' } };
  }
  const operation = authorizeOperation(firstAuthorization(payment));
  await changeRequest(tx, operation.id, { ...operation.request, ...words, tries });
  // Should we die before the answer: somebody asks again, by the same key.
  await savePayment(tx, payment.id, { state: 'awaiting_card', lookAgainAt: later(now, firstLookSeconds) });
  const written = await readPaymentOfOrder(tx, orderId);
  if (!written) throw new Error(`Order ${orderId} is gone.`);
  return { payment: written, asks: true };
}

/** `undefined`: the card he named is none of those kept for him. */
async function wordsOf(
  house: House,
  tx: Tx,
  kept: KeptRun,
  payment: StoredPayment,
  command: PayByCard,
): Promise<Pick<HoldWords, 'paymentMethod' | 'customer' | 'keepForMore' | 'keptFor'> | undefined> {
  if ('keptLast4' in command) {
    const cards = await keptCards(house, tx, kept, payment);
    const card = cards.find(({ last4 }) => last4 === command.keptLast4);
    return card && { paymentMethod: card.paymentMethod, customer: card.customer };
  }
  const { card, keep } = command;
  const mark = keep && keptMark(house, kept);
  return {
    paymentMethod: card.paymentMethod,
    ...(mark && {
      keepForMore: true,
      keptFor: { mark: mark.toString('base64url'), expiry: card.expiry },
    }),
  };
}

/** Whoever was claimed for him, or another of those who may be rung, is kept for him while he pays; `false`: nobody is free any more. */
export async function keepConsultant(house: House, tx: Tx, orderId: string): Promise<boolean> {
  const call = await lockSessionOfOrder(tx, orderId);
  if (!call) return true;
  const { session } = call;
  const now = house.clock.now();
  const claimed = await claimConsultants(tx, {
    session: session.id,
    candidates: session.candidates,
    ...(session.plan.callerNumber !== undefined && { notNumber: session.plan.callerNumber }),
    atMost: 1,
    now,
    until: later(now, claimSeconds),
  });
  return claimed.length > 0;
}

async function awaitOutcome(
  house: House,
  aSwitch: Switch,
  hands: Hands<KeptRun, RunEvent>,
  orderId: string,
): Promise<RunEvent | undefined> {
  const { run, merchantId } = hands.kept;
  const look = async (): Promise<RunEvent | undefined> => {
    const order = await house.db.asMerchant(merchantId, (tx) => readKeyedOrder(tx, run.id, orderId));
    return outcomeOf(order);
  };
  const first = await look();
  if (first) return first;
  const tell = (came: RunEvent | undefined): void => {
    if (came) hands.tell(came);
  };
  const failed = (error: unknown): undefined => {
    house.log.warn({ runId: run.id, err: error }, 'Whether a card has paid could not be read');
    return undefined;
  };
  hands.whenStopped(
    house.db.listen('ringmeter_order', (id) => {
      if (id === undefined || id === orderId) look().then(tell, failed);
    }),
  );
  const lookIn = (): void =>
    hands.later(lookAgainMs, async () => {
      await aSwitch.guard(run.leg, guardSeconds);
      tell(await look().catch(failed));
      lookIn();
    });
  lookIn();
  // It may have been decided before anybody listened.
  return look();
}

/** `undefined`: nobody knows yet, or a sale is being taken. */
function outcomeOf(order: KeyedOrder | undefined): RunEvent | undefined {
  switch (order?.state) {
    case 'authorized':
    case 'capturing':
      return order.kind === 'conversation' ? { type: 'cardPaid' } : undefined;
    case 'captured':
      return { type: 'cardPaid' };
    case 'awaiting_card':
      // Whatever comes of it is let go.
      return order.reason === null ? undefined : { type: 'failed', because: 'order_over' };
    case undefined:
      return { type: 'failed', because: 'order_over' };
    default:
      return declinedFor(order?.reason ?? null);
  }
}

/** Somebody gave it up, or nobody will ever know: no bank has said no. */
const orderOver = ['cancelled', 'payment_abandoned', 'given_up', 'processor_never_answered'];

function declinedFor(reason: string | null): RunEvent {
  if (reason === null || orderOver.includes(reason)) return { type: 'failed', because: 'order_over' };
  return { type: 'cardDeclined', because: pageReasons.includes(reason) ? 'needs_page' : 'declined' };
}
