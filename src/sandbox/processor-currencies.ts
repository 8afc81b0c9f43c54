// What amounts the sandbox's processor takes, by Stripe's table (https://docs.stripe.com/currencies). Written apart from
// the gateway's own table on purpose: the one checks the other.

import { parameterInvalid } from './processor-errors.ts';
import { integer, type Parameters } from './processor-form.ts';

const known = new Set(Intl.supportedValuesOf('currency').map((code) => code.toLowerCase()));

/** The last digit must be 0. */
const threeDecimals = ['bhd', 'jod', 'kwd', 'omr', 'tnd'];
/** The last two digits must be 0. */
const wholeOnly = ['isk', 'ugx'];

/** In minor units. Others: whatever is above zero. */
const smallest: Readonly<Record<string, number>> = {
  aed: 200,
  aud: 50,
  bgn: 100,
  brl: 50,
  cad: 50,
  chf: 50,
  czk: 1500,
  dkk: 250,
  eur: 50,
  gbp: 30,
  hkd: 400,
  huf: 17_500,
  jpy: 50,
  mxn: 1000,
  myr: 200,
  nok: 300,
  nzd: 50,
  pln: 200,
  ron: 200,
  sek: 300,
  sgd: 50,
  thb: 1000,
  usd: 50,
};

const largest = 99_999_999;

export function currencyOf(text: string): string {
  const currency = text.toLowerCase();
  if (!known.has(currency)) {
    throw parameterInvalid('currency', `Invalid currency: ${currency.slice(0, 10)}.`);
  }
  return currency;
}

/**
 * An amount in minor units, if given. What is charged or captured has a minimum; a refund may be as small as a unit.
 * Throws `amount_too_small`, `amount_too_large`, or that the currency has no such fraction.
 */
export function amountIn(
  parameters: Parameters,
  name: string,
  currency: string,
  purpose: 'charge' | 'refund',
): number | undefined {
  const amount = integer(parameters, name, 1);
  if (amount === undefined) return undefined;
  const step = threeDecimals.includes(currency) ? 10 : wholeOnly.includes(currency) ? 100 : 1;
  if (amount % step !== 0) {
    throw parameterInvalid(
      name,
      `Invalid amount. Amounts in ${currency} must be evenly divisible by ${step}.`,
      step === 100 ? 'invalid_charge_amount_no_decimal_compatible' : 'parameter_invalid_integer',
    );
  }
  const least = purpose === 'charge' ? (smallest[currency] ?? step) : step;
  if (amount < least) {
    throw parameterInvalid(name, `Amount must be at least ${least} in ${currency}.`, 'amount_too_small');
  }
  if (amount > largest) {
    throw parameterInvalid(
      name,
      `Amount must be no more than ${largest} in ${currency}.`,
      'amount_too_large',
    );
  }
  return amount;
}
