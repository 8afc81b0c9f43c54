// Money at Stripe's border: minor units exist in this file and nowhere else. By Stripe's own table
// (https://docs.stripe.com/currencies), which is not ISO 4217: JPY has no minor unit, KWD has three decimals of which the
// last must be 0, ISK and UGX carry two decimals that must be 00. Not here: what an amount should be.

import { Decimal } from 'decimal.js';
import { money, type Money } from '../core/money.ts';

/** "Zero-decimal currencies": the amount is sent as it is. MGA is here too, although ISO 4217 gives it two decimals. */
const zeroDecimal = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '));

/** "Three-decimal currencies": thousandths, the last digit 0, because the card networks settle these in hundredths. */
const threeDecimal = new Set(['BHD', 'JOD', 'KWD', 'OMR', 'TND']);

/** "Special cases": sent as if with two decimals, for old integrations, but only whole units are taken. */
const wholeUnitsInHundredths = new Set(['ISK', 'UGX']);

/**
 * "Minimum charge amounts", in major units. Where a currency is not listed Stripe converts the amount to the currency of
 * the account's bank and compares there, which cannot be known here.
 */
const minimumCharges: Readonly<Record<string, string>> = {
  AED: '2.00',
  AUD: '0.50',
  BGN: '1.00',
  BRL: '0.50',
  CAD: '0.50',
  CHF: '0.50',
  CZK: '15.00',
  DKK: '2.50',
  EUR: '0.50',
  GBP: '0.30',
  HKD: '4.00',
  HUF: '175.00',
  INR: '0.50',
  JPY: '50',
  MXN: '10.00',
  MYR: '2.00',
  NOK: '3.00',
  NZD: '0.50',
  PLN: '2.00',
  RON: '2.00',
  SEK: '3.00',
  SGD: '0.50',
  THB: '10.00',
  USD: '0.50',
};

/** "The amount value supports up to eight digits." */
const largestMinorUnits = 99_999_999;

/** How many minor units make one major unit, and the step Stripe takes them in. */
function scale(currency: string): { perUnit: number; step: number } {
  if (zeroDecimal.has(currency)) return { perUnit: 1, step: 1 };
  if (threeDecimal.has(currency)) return { perUnit: 1000, step: 10 };
  if (wholeUnitsInHundredths.has(currency)) return { perUnit: 100, step: 100 };
  return { perUnit: 100, step: 1 };
}

/**
 * The integer Stripe expects. Throws (a bug) when it cannot be said exactly: a fraction of a cent, half a króna, the
 * third decimal of a dinar (see `chargeable`), a negative amount or one past eight digits. Silently rounding here would
 * make the ledger and Stripe disagree.
 */
export function toMinorUnits(amount: Money): number {
  const { perUnit, step } = scale(amount.currency);
  const minor = amount.amount.times(perUnit);
  if (minor.isNegative() && !minor.isZero()) throw new Error(`${said(amount)} is negative`);
  if (!minor.mod(step).isZero()) throw new Error(`${said(amount)} cannot be said to Stripe exactly`);
  if (minor.greaterThan(largestMinorUnits)) throw new Error(`${said(amount)} is more than Stripe takes`);
  return minor.toNumber();
}

/**
 * What Stripe's integer means. `currency` in any case (Stripe writes lower case). Throws on what is not a whole number:
 * then it was no amount of Stripe's.
 */
export function fromMinorUnits(minorUnits: number, currency: string): Money {
  if (!Number.isSafeInteger(minorUnits)) throw new Error('Stripe speaks of money in whole minor units');
  const code = currency.toUpperCase();
  return money(new Decimal(minorUnits).dividedBy(scale(code).perUnit), code);
}

/**
 * The nearest amount Stripe can take, for the five currencies with three decimals only (5.124 KWD: 5.130 `up`, 5.120
 * `down`). A hold goes up, or it would not cover the call; a capture goes down, or it would exceed the price. In every
 * other currency the amount comes back as it is, and `toMinorUnits` judges it.
 */
export function chargeable(amount: Money, rounding: 'up' | 'down'): Money {
  if (!threeDecimal.has(amount.currency)) return amount;
  const hundredths = amount.amount.toDecimalPlaces(
    2,
    rounding === 'up' ? Decimal.ROUND_UP : Decimal.ROUND_DOWN,
  );
  // Past the third decimal nothing may be hidden by this: such an amount was never rounded to its currency.
  if (amount.amount.decimalPlaces() > 3) throw new Error(`${said(amount)} cannot be said to Stripe exactly`);
  return money(hundredths, amount.currency);
}

/** Stripe's smallest charge; where Stripe lists none, the smallest amount that can be said to it at all. */
export function minimumCharge(currency: string): Money {
  const listed = minimumCharges[currency];
  if (listed !== undefined) return money(listed, currency);
  return fromMinorUnits(scale(currency).step, currency);
}

function said(amount: Money): string {
  return `${amount.amount.toFixed()} ${amount.currency}`;
}
