// The payment: what is held and what is taken. It knows nothing of legs or talk; flow/settle-order tells it the price.
//
//                      card confirmed                  price > 0                    the processor said so, of every hold
//   awaiting_card ───────────────────▶ authorized ───────────────▶ capturing ─────────────────▶ captured
//         │  ▲                             │                           │
//         │  └ declined: another card      │ nothing due               │ no hold was left
//         │                                ▼                           ▼
//         ├─── given up ───────────────▶ voiding ───────────────────▶ voided
//         ▼ refused for good                  the processor said so, of every hold
//       failed
//
//   state          caller                                   money
//   awaiting_card  is asked for a card (or 3-D Secure)      nothing held
//   authorized     sees "held, not debited"                 held, by one authorization or several (more time)
//   capturing      waits for his receipt                    held; one capture or void is written down at a time, an
//                                                           authorization after the other, its answer awaited
//   captured       has his receipt                          price taken, the rest released (or expired by the bank)
//   voiding        "nothing was charged"                    held; one void is written down, its answer awaited
//   voided         "nothing was charged"                    released (or expired by the bank)
//   failed         is told why                              nothing was ever held
//
// One settlement a payment: `capturing` and `voiding` are left only towards their end, and whichever was chosen first stands.

import {
  compare,
  currencyDecimals,
  exact,
  isNegative,
  isZero,
  minimum,
  minus,
  money,
  type Money,
  plus,
  roundToCurrency,
  times,
  zero,
} from './money.ts';

export type PaymentState =
  'awaiting_card' | 'authorized' | 'capturing' | 'captured' | 'voiding' | 'voided' | 'failed';

/** What of a price can be taken from what is held. */
export interface Settlement {
  /** One amount a hold, in their order; zero: nothing is taken of it, it is released. */
  captures: readonly Money[];
  writtenOff: Money;
}

/**
 * The price over the holds in their order: never above a hold, never above the price, and no part of it below the
 * processor's smallest charge. As much as can be taken at all; of several ways to that, the one that takes most of the
 * earliest holds. Where the last part would be too small, an earlier one leaves it enough; what cannot be taken even so is
 * written off.
 */
export function settlementOf(price: Money, holds: readonly Money[], minimumCharge: Money): Settlement {
  const none = zero(price.currency);
  let best: Settlement = { captures: holds.map(() => none), writtenOff: price };
  // A payment has six holds at most, so every choice of which to take from can be tried.
  for (let choice = 1; choice < 2 ** holds.length; choice += 1) {
    const chosen = holds.map((hold, place) => ((choice >> place) & 1 ? hold : none));
    const captures = spread(price, chosen, minimumCharge);
    if (!captures) continue;
    const writtenOff = captures.reduce(minus, price);
    const better = compare(best.writtenOff, writtenOff) || firstDifference(captures, best.captures);
    if (better > 0) best = { captures, writtenOff };
  }
  return best;
}

/** Each hold that is not zero gives the smallest charge, the rest as it stands in line; nothing where that cannot be. */
function spread(price: Money, holds: readonly Money[], minimumCharge: Money): Money[] | undefined {
  const none = zero(price.currency);
  const taking = holds.filter((hold) => !isZero(hold));
  if (taking.some((hold) => compare(hold, minimumCharge) < 0)) return undefined;
  let rest = minus(
    minimum(
      price,
      taking.reduce((sum, hold) => plus(sum, hold), none),
    ),
    times(minimumCharge, taking.length),
  );
  if (isNegative(rest)) return undefined;
  return holds.map((hold) => {
    if (isZero(hold)) return none;
    const above = minimum(minus(hold, minimumCharge), rest);
    rest = minus(rest, above);
    return plus(minimumCharge, above);
  });
}

function firstDifference(a: readonly Money[], b: readonly Money[]): number {
  for (const [place, one] of a.entries()) {
    const other = b[place];
    if (other && compare(one, other) !== 0) return compare(one, other);
  }
  return 0;
}

/**
 * Our part of a direct charge, half up. Two decimals at most: card networks settle dinars in tens of fils, and a fee the
 * processor rounded would stand wrongly in the ledger.
 */
export function applicationFeeOf(captured: Money, rate: string): Money {
  const fee = times(captured, rate);
  if (currencyDecimals(captured.currency) <= 2) return roundToCurrency(fee, 'half_up');
  return money(exact(fee.amount).toDecimalPlaces(2), captured.currency);
}

/**
 * How much of the fee has gone back once so much is refunded in all, in proportion: of all refunds together, so that rounding
 * never adds up and the last refund brings the whole of it back.
 */
export function feeBackOf(fee: Money, captured: Money, refundedInAll: Money): Money {
  return applicationFeeOf(times(fee, exact(refundedInAll.amount).dividedBy(captured.amount)), '1');
}

/** A refund over several captures: from the last to the first. `left`: what each has not given back yet, in their order. */
export function refundParts(amount: Money, left: readonly Money[]): readonly Money[] {
  let rest = amount;
  const parts = [...left].reverse().map((one) => {
    const part = minimum(one, rest);
    rest = minus(rest, part);
    return part;
  });
  if (!rest.amount.isZero()) throw new Error('More is to be refunded than is left.');
  return parts.reverse();
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
