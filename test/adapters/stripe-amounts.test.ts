import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amountText, money } from '../../src/core/money.ts';
import {
  chargeable,
  fromMinorUnits,
  minimumCharge,
  toMinorUnits,
} from '../../src/payments/stripe-amounts.ts';

describe('Money for Stripe', () => {
  it.each([
    ['25.00', 'EUR', 2500],
    ['0.01', 'USD', 1],
    ['0', 'EUR', 0],
    ['500', 'JPY', 500],
    ['1500', 'MGA', 1500],
    ['5.120', 'KWD', 5120],
    ['5.130', 'BHD', 5130],
    ['5', 'ISK', 500],
    ['12000', 'UGX', 1_200_000],
    ['999999.99', 'USD', 99_999_999],
    ['175', 'HUF', 17_500],
  ])('%s %s is %i', (amount, currency, minorUnits) => {
    expect(toMinorUnits(money(amount, currency))).toBe(minorUnits);
    expect(amountText(fromMinorUnits(minorUnits, currency.toLowerCase()))).toBe(
      amountText(money(amount, currency)),
    );
  });

  it.each([
    ['25.001', 'EUR'],
    ['0.5', 'JPY'],
    ['1.5', 'MGA'],
    ['5.124', 'KWD'],
    ['5.5', 'ISK'],
    ['0.01', 'UGX'],
    ['-1', 'EUR'],
    ['1000000', 'USD'],
    ['100000000', 'JPY'],
  ])('%s %s cannot be said', (amount, currency) => {
    expect(() => toMinorUnits(money(amount, currency))).toThrow(currency);
  });

  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    '%d was no amount of Stripe',
    (minorUnits) => {
      expect(() => fromMinorUnits(minorUnits, 'eur')).toThrow();
    },
  );

  it('refuses a currency nobody knows', () => {
    expect(() => fromMinorUnits(100, 'xyz')).toThrow('XYZ');
  });

  it('comes back as it went, whatever the currency', () => {
    const currency = fc.constantFrom('EUR', 'JPY', 'KWD', 'ISK', 'UGX', 'MGA', 'HUF', 'TND');
    fc.assert(
      fc.property(currency, fc.integer({ min: 0, max: 9_999 }), (code, hundreds) => {
        // Multiples of 100 can be said in all of them.
        const there = fromMinorUnits(hundreds * 100, code);
        return toMinorUnits(there) === hundreds * 100;
      }),
    );
  });
});

describe('What can be charged', () => {
  it.each([
    ['5.124', 'KWD', 'up', '5.130'],
    ['5.124', 'KWD', 'down', '5.120'],
    ['5.120', 'TND', 'up', '5.120'],
    ['5.12', 'EUR', 'up', '5.12'],
    ['7', 'JPY', 'down', '7'],
  ] as const)('%s %s, %s: %s', (amount, currency, rounding, expected) => {
    expect(amountText(chargeable(money(amount, currency), rounding))).toBe(expected);
  });

  it('never hides an amount that was not rounded to its currency', () => {
    expect(() => chargeable(money('5.1234', 'KWD'), 'down')).toThrow('KWD');
    expect(() => toMinorUnits(chargeable(money('5.123', 'EUR'), 'down'))).toThrow('EUR');
  });

  it.each([
    ['EUR', '0.50'],
    ['GBP', '0.30'],
    ['JPY', '50'],
    ['CZK', '15.00'],
    ['KWD', '0.010'],
    ['ISK', '1'],
    ['MAD', '0.01'],
  ])('at least, in %s: %s', (currency, least) => {
    expect(amountText(minimumCharge(currency))).toBe(least);
    expect(toMinorUnits(minimumCharge(currency))).toBeGreaterThan(0);
  });
});
