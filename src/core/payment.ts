// The payment: what is held and what is taken. It knows nothing of legs or talk; flow/settle-order tells it the price.
//
//                      card confirmed                  price > 0                    the processor said so
//   awaiting_card ───────────────────▶ authorized ───────────────▶ capturing ─────────────────▶ captured
//         │  ▲                             │                           │
//         │  └ declined: another card      │ nothing due               │ the hold is gone
//         │                                ▼                           ▼
//         ├─── given up ───────────────▶ voiding ───────────────────▶ voided
//         ▼ refused for good                  the processor said so
//       failed
//
//   state          caller                                   money
//   awaiting_card  is asked for a card (or 3-D Secure)      nothing held
//   authorized     sees "held, not debited"                 held
//   capturing      waits for his receipt                    held; one capture is written down, its answer awaited
//   captured       has his receipt                          price taken, the rest released
//   voiding        "nothing was charged"                    held; one void is written down, its answer awaited
//   voided         "nothing was charged"                    released (or expired by the bank)
//   failed         is told why                              nothing was ever held
//
// One settlement a payment: `capturing` and `voiding` are left only towards their end, and whichever was chosen first stands.

import { compare, minimum, minus, zero, type Money } from './money.ts';

export type PaymentState =
  'awaiting_card' | 'authorized' | 'capturing' | 'captured' | 'voiding' | 'voided' | 'failed';

export interface Payment {
  state: PaymentState;
  authorized: Money;
}

/** What is owed once the call is over, and what of it can be taken. */
export type Settlement =
  | { take: 'capture'; capture: Money; release: Money; writtenOff: Money }
  | { take: 'nothing'; release: Money; writtenOff: Money };

/**
 * Never above the hold, never above the price. Below the processor's minimum charge nothing can be taken: the price is
 * written off and everything released.
 */
export function settlementOf(price: Money, authorized: Money, minimumCharge: Money): Settlement {
  const due = minimum(price, authorized);
  const none = zero(price.currency);
  if (compare(due, none) <= 0) return { take: 'nothing', release: authorized, writtenOff: none };
  if (compare(due, minimumCharge) < 0) return { take: 'nothing', release: authorized, writtenOff: due };
  return { take: 'capture', capture: due, release: minus(authorized, due), writtenOff: minus(price, due) };
}

/** The only moves there are. Repeating a move that was made is not an error: `stay`. */
const moves: Record<PaymentState, readonly PaymentState[]> = {
  awaiting_card: ['authorized', 'failed', 'voiding'],
  authorized: ['capturing', 'voiding'],
  capturing: ['captured', 'voided'],
  captured: [],
  voiding: ['voided'],
  voided: [],
  failed: [],
};

export function movePayment(from: PaymentState, to: PaymentState): 'move' | 'stay' | 'forbidden' {
  if (from === to) return 'stay';
  return moves[from].includes(to) ? 'move' : 'forbidden';
}

export function isFinal(state: PaymentState): boolean {
  return moves[state].length === 0;
}
