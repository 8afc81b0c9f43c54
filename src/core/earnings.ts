// What a consultant earns of a call: his share of what its caller paid, without the VAT inside. Rounded to the currency once
// a call, so that the calls of a day add up to the day.

import type { Decimal } from 'decimal.js';
import { exact, includedVat, minus, type Money, plus, roundToCurrency, times } from './money.ts';

export interface EarningCall {
  /** What was captured of a card, taken from a balance or goes on the month's bill: VAT inside. */
  paid: Money;
  vatRate: Decimal.Value;
  /** Nobody earns by a talk of no time, whatever the caller owes for it. */
  talkedSeconds: number;
}

/** `share` of the price without VAT, from 0 to 1. Half of the smallest coin is rounded up, to him. */
export function earnedOf({ paid, vatRate, talkedSeconds }: EarningCall, share: Decimal.Value): Money {
  const part = exact(share);
  if (part.lessThan(0) || part.greaterThan(1)) throw new Error(`Nobody earns ${part.toFixed()} of a price.`);
  if (talkedSeconds <= 0) return times(paid, 0);
  const net = minus(paid, includedVat(paid, vatRate));
  return roundToCurrency(times(net, part), 'half_up');
}

/** One sum a currency, in the order of their codes. */
export function sumByCurrency(amounts: readonly Money[]): Money[] {
  const sums = new Map<string, Money>();
  for (const amount of amounts) {
    const before = sums.get(amount.currency);
    sums.set(amount.currency, before ? plus(before, amount) : amount);
  }
  return [...sums.values()].sort((one, other) => (one.currency < other.currency ? -1 : 1));
}
