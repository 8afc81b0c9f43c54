// "Never call me again": the wish of whoever answers a number, kept for all merchants. Said by key 9 while the price is
// read, it stands until an operator lifts it: who ordered the call is not who answered it, and must not undo it. Said on
// the page, it can be undone there for an hour. Asked about in the order's transaction, and again before a leg is rung.

import { advance } from '../core/advance-call.ts';
import type { CallSession, CallStep } from '../core/call-session.ts';
import { parsePhone } from '../core/dialling.ts';
import type { E164 } from '../core/ids.ts';
import type { StoredSession } from '../store/call-sessions.ts';
import type { Tx } from '../store/database.ts';
import { type WhyNotRing, whyNotRing } from '../store/kill-switches.ts';
import { insertNeverCall, liftNeverCall, readNeverCall } from '../store/never-call.ts';
import type { House } from './house.ts';
import { later } from './payment-deadlines.ts';

/** A slip of the finger is noticed within minutes; after an hour a wish is a wish. */
export const undoSeconds = 60 * 60;

/** Of no number: asked by it, only a stop of all calls is an obstacle. */
const nobodysMark = Buffer.alloc(32);

/** The mark a number is kept and asked for by. */
export function numberMark(house: House, number: E164): Buffer {
  return house.seal.mark(number, 'never call');
}

function orderMark(house: House, orderId: string): Buffer {
  return house.seal.mark(orderId, 'never call, order');
}

/** Notes that this number is never to be called again, from now on and for every merchant. */
export async function neverCall(
  house: House,
  tx: Tx,
  wish: { number: E164; wishedBy: 'key' | 'page'; orderId: string },
): Promise<void> {
  await insertNeverCall(tx, {
    number: numberMark(house, wish.number),
    orderMark: orderMark(house, wish.orderId),
    wishedBy: wish.wishedBy,
    at: house.clock.now(),
  });
  house.log.info({ orderId: wish.orderId, wishedBy: wish.wishedBy }, 'A number is never to be called again');
}

/**
 * Why nobody may be rung for this number now, for the merchant of this transaction; nothing when somebody may. For the
 * order, and for a leg about to ring.
 */
export async function obstacleTo(
  house: House,
  tx: Tx,
  number: E164 | undefined,
): Promise<WhyNotRing | undefined> {
  return whyNotRing(tx, number === undefined ? nobodysMark : numberMark(house, number));
}

/**
 * The step as it may be taken: one that begins to ring (the first phone of all, or the caller's) is an end instead where
 * calls were stopped or the number was given up since the order was made. Minutes may lie between them.
 */
export async function unlessRingingIsBarred(
  house: House,
  tx: Tx,
  stored: StoredSession,
  step: CallStep,
): Promise<CallStep> {
  if (!beginsToRing(stored.session, step.session)) return step;
  // Who dials us himself, or has picked up, is not rung: only that all calls were stopped keeps him from it.
  const { state, plan } = stored.session;
  const isThere = plan.inbound !== undefined || state === 'led';
  const why = await obstacleTo(house, tx, isThere ? undefined : plan.callerNumber);
  if (why === undefined) return step;
  house.log.info({ callSessionId: stored.session.id, because: why }, 'Nobody is rung any more for this call');
  return advance(stored.session, { type: 'hangUpRequested', by: 'merchant' });
}

function beginsToRing(before: CallSession, next: CallSession): boolean {
  const rings = next.state === 'ringing_consultant' || next.state === 'ringing_caller';
  if (before.state === 'recognizing' || before.state === 'led') return rings;
  return rings && (before.state === 'awaiting_payment' || (next.caller !== undefined && !before.caller));
}

export type NeverCallState =
  /** May be called. */
  { state: 'open' } | { state: 'never'; undoUntil?: Date };

/** How it stands with a number, as the page of this order may show it. */
export async function neverCallState(
  house: House,
  tx: Tx,
  order: { id: string; callerNumber: E164 },
): Promise<NeverCallState> {
  const wish = await readNeverCall(tx, numberMark(house, order.callerNumber));
  if (!wish) return { state: 'open' };
  const undoUntil = later(wish.since, undoSeconds);
  const mayUndo =
    wish.wishedBy === 'page' &&
    wish.orderMark.equals(orderMark(house, order.id)) &&
    undoUntil > house.clock.now();
  return { state: 'never', ...(mayUndo && { undoUntil }) };
}

/** Takes back what was wished on this order's page less than an hour ago. `too_late`: it is not that page's any more. */
export async function undoNeverCall(
  house: House,
  tx: Tx,
  order: { id: string; callerNumber: E164 },
): Promise<'undone' | 'too_late'> {
  const at = house.clock.now();
  const lifted = await liftNeverCall(tx, numberMark(house, order.callerNumber), {
    at,
    because: 'undone on the page',
    page: { orderMark: orderMark(house, order.id), since: later(at, -undoSeconds) },
  });
  return lifted ? 'undone' : 'too_late';
}

/**
 * An operator lifts it, because the number's owner asked him to. `number` as people write it, with its country code;
 * `because` is kept with it.
 */
export async function allowAgain(
  house: House,
  wish: { number: string; because: string },
): Promise<'allowed' | 'was_allowed' | 'number_invalid'> {
  const phone = parsePhone(wish.number, 'FR');
  if (phone.outcome === 'invalid') return 'number_invalid';
  const lifted = await house.db.asNobody((db) =>
    liftNeverCall(db, numberMark(house, phone.number), { at: house.clock.now(), because: wish.because }),
  );
  return lifted ? 'allowed' : 'was_allowed';
}
