// What this very process can go on with once a transaction is committed, so that nobody need find it by looking: a call to
// begin on a switch it commands, an order to settle, a record of a leg it knew. Each is only a shorter way: whoever dies in
// between leaves rows behind by which another finds the same.

import type { LegUuid } from '../core/ids.ts';
import type { StoredSession } from '../store/call-sessions.ts';
import type { House } from './house.ts';

/** Whoever commands a switch in this process. */
export interface CallTaker {
  readonly switchId: string;
  /** Well within its lease, and what lives on the switch is known here. */
  mayTake(): boolean;
  /** The money is held, the first phone is to ring. */
  begin(stored: StoredSession): void;
  /** Whose leg this is, or was a while ago; `undefined`: the database knows. */
  merchantOfLeg(leg: LegUuid): string | undefined;
}

export interface OrderSettler {
  /** Few enough are being settled here. */
  hasRoom(): boolean;
  settle(job: { merchantId: string; orderId: string }): void;
}

interface Hands {
  takers: Set<CallTaker>;
  settler: OrderSettler | undefined;
  /** Intents this process wrote down as held: the processor's word of it comes behind. The newest so many. */
  held: Set<string>;
}

/** Some minutes of a busy house. */
const heldRemembered = 10_000;

const hands = new WeakMap<House, Hands>();

function handsOf(house: House): Hands {
  const known = hands.get(house) ?? { takers: new Set(), settler: undefined, held: new Set() };
  hands.set(house, known);
  return known;
}

/** Answers how to take it back. */
export function offerToTake(house: House, taker: CallTaker): () => void {
  const { takers } = handsOf(house);
  takers.add(taker);
  return () => takers.delete(taker);
}

export function offerToSettle(house: House, settler: OrderSettler): () => void {
  const own = handsOf(house);
  own.settler = settler;
  return () => {
    if (own.settler === settler) own.settler = undefined;
  };
}

/** Who begins a call on this switch here and now; `undefined`: it is left to whoever commands it. */
export function ownTaker(house: House, switchId: string): CallTaker | undefined {
  return [...handsOf(house).takers].find((one) => one.switchId === switchId && one.mayTake());
}

/** Who settles an order here and now; `undefined`: it is left to the queue. */
export function ownSettler(house: House): OrderSettler | undefined {
  const { settler } = handsOf(house);
  return settler?.hasRoom() === true ? settler : undefined;
}

export function rememberHeld(house: House, intentId: string): void {
  const { held } = handsOf(house);
  held.add(intentId);
  for (const oldest of held) {
    if (held.size <= heldRemembered) break;
    held.delete(oldest);
  }
}

/** Its payment waits for no card any more: nothing the processor tells of it moves that. */
export function isKnownHeld(house: House, intentId: string): boolean {
  return handsOf(house).held.has(intentId);
}

export function knownMerchantOfLeg(house: House, leg: LegUuid): string | undefined {
  for (const taker of handsOf(house).takers) {
    const merchantId = taker.merchantOfLeg(leg);
    if (merchantId !== undefined) return merchantId;
  }
  return undefined;
}
