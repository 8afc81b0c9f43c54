// An amount with its currency, exact. Here: arithmetic, the one place where rounding happens, how an amount is written
// for machines and for people, and the VAT inside a gross amount. Not here: minor units, which exist at the card
// processor's border only, and prices (tariff.ts, rating.ts).

import { Decimal } from 'decimal.js';
import { decimalsByCurrency } from './currency.ts';

export interface Money {
  readonly amount: Decimal;
  /** ISO 4217, upper case. */
  readonly currency: string;
}

export type Rounding = 'half_up' | 'up' | 'down';

/**
 * A Decimal of our own: the library's shared one keeps 20 significant digits and any importer may change that. With 100
 * digits every sum and product of prices and seconds is exact; only a division can still be cut off, far below the cent.
 */
const Exact = Decimal.clone({
  precision: 100,
  rounding: Decimal.ROUND_HALF_UP,
  toExpNeg: -200,
  toExpPos: 200,
});

const roundingModes = {
  half_up: Decimal.ROUND_HALF_UP,
  up: Decimal.ROUND_UP,
  down: Decimal.ROUND_DOWN,
} as const;

/**
 * An exact decimal for factors, rates and prices per minute. Throws (a bug: outside input is parsed before it gets here)
 * on what is not a finite number.
 */
export function exact(value: Decimal.Value): Decimal {
  const decimal = new Exact(value);
  if (!decimal.isFinite()) throw new Error('A number of money must be finite');
  return decimal;
}

/** `currency` in upper case, ISO 4217. Throws (a bug) on an unknown currency and on what is not a finite number. */
export function money(amount: Decimal.Value, currency: string): Money {
  currencyDecimals(currency);
  return { amount: exact(amount), currency };
}

export function zero(currency: string): Money {
  return money(0, currency);
}

export function plus(a: Money, b: Money): Money {
  refuseMixing(a, b);
  return money(exact(a.amount).plus(b.amount), a.currency);
}

export function minus(a: Money, b: Money): Money {
  refuseMixing(a, b);
  return money(exact(a.amount).minus(b.amount), a.currency);
}

/** Not rounded: round once, at the end, by name. */
export function times(a: Money, factor: Decimal.Value): Money {
  return money(exact(a.amount).times(exact(factor)), a.currency);
}

export function compare(a: Money, b: Money): -1 | 0 | 1 {
  refuseMixing(a, b);
  return exact(a.amount).comparedTo(b.amount) as -1 | 0 | 1;
}

export function minimum(a: Money, b: Money): Money {
  return compare(a, b) <= 0 ? a : b;
}

export function maximum(a: Money, b: Money): Money {
  return compare(a, b) >= 0 ? a : b;
}

export function isZero(m: Money): boolean {
  return m.amount.isZero();
}

export function isNegative(m: Money): boolean {
  return m.amount.isNegative() && !m.amount.isZero();
}

/** Decimal places by ISO 4217: JPY 0, EUR 2, KWD 3. Throws (a bug) on an unknown currency; see `isCurrency`. */
export function currencyDecimals(currency: string): number {
  const decimals = decimalsByCurrency.get(currency);
  if (decimals === undefined) throw new Error(`Unknown currency ${JSON.stringify(currency)}`);
  return decimals;
}

export function isCurrency(text: string): boolean {
  return decimalsByCurrency.has(text);
}

/** `up` is away from zero, `down` towards it, `half_up` to the nearest and away from zero in the middle. */
export function roundToCurrency(m: Money, rounding: Rounding): Money {
  const decimals = currencyDecimals(m.currency);
  return money(exact(m.amount).toDecimalPlaces(decimals, roundingModes[rounding]), m.currency);
}

/**
 * What the API and the database carry: all decimals of the currency, a point, no grouping (`25.00`, `1500`, `1.500`).
 * Throws (a bug) on an amount that was not rounded: writing it would lose money silently.
 */
export function amountText(m: Money): string {
  const decimals = currencyDecimals(m.currency);
  if (m.amount.decimalPlaces() > decimals) {
    throw new Error(`${m.amount.toFixed()} ${m.currency} must be rounded before it is written`);
  }
  const text = m.amount.toFixed(decimals);
  return m.amount.isZero() ? text.replace('-', '') : text;
}

/** An amount with its currency, as notices and the API carry it. */
export function moneyFacts(m: Money): { amount: string; currency: string } {
  return { amount: amountText(m), currency: m.currency };
}

/**
 * For people, as their language writes it: `25,00 €`, `€25.00`. `language` is a BCP 47 tag. A price finer than the
 * currency's smallest coin (0.025 a minute) is shown in full: what is shown is what is agreed.
 */
export function showMoney(m: Money, language: string): string {
  // Our own table, because the digits a browser's or Node's CLDR gives differ from ISO 4217 for a dozen currencies.
  const decimals = currencyDecimals(m.currency);
  const format = new Intl.NumberFormat(language, {
    style: 'currency',
    currency: m.currency,
    minimumFractionDigits: decimals,
    maximumFractionDigits: Math.min(20, Math.max(decimals, m.amount.decimalPlaces())),
  });
  // As text, since a JavaScript number would lose digits of large amounts.
  return format.format((m.amount.isZero() ? '0' : m.amount.toFixed()) as `${number}`);
}

/** The VAT inside a gross amount: gross - round(gross / (1 + rate)), half up. `rate` 0.2 for 20 %. */
export function includedVat(gross: Money, rate: Decimal.Value): Money {
  const net = money(exact(gross.amount).dividedBy(exact(rate).plus(1)), gross.currency);
  return minus(gross, roundToCurrency(net, 'half_up'));
}

function refuseMixing(a: Money, b: Money): void {
  if (a.currency !== b.currency) throw new Error(`${a.currency} and ${b.currency} cannot be mixed`);
}
