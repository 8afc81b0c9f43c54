// Tariffs as merchants might invent them, for properties that must hold for all of them.

import { Decimal } from 'decimal.js';
import * as fc from 'fast-check';
import { currencyDecimals } from '../../src/core/money.ts';
import type { Band, Tariff } from '../../src/core/tariff.ts';

const currencies = ['EUR', 'USD', 'JPY', 'KWD', 'ISK', 'UGX'];

/** `minor` of the currency's smallest coins, as decimal text. */
export function coins(minor: number, currency: string): string {
  const decimals = currencyDecimals(currency);
  return new Decimal(minor).div(new Decimal(10).pow(decimals)).toFixed(decimals);
}

/** Up to four bands; prices per minute down to a hundredth of the smallest coin. */
const bandsIn = (currency: string): fc.Arbitrary<Band[]> =>
  fc
    .array(fc.tuple(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 0, max: 50_000 })), { maxLength: 4 })
    .map((steps) => {
      let fromSecond = 0;
      return steps.map(([length, price]) => {
        const pricePerMinute = new Decimal(coins(price, currency)).div(100).toFixed();
        const band: Band = { fromSecond, pricePerMinute };
        fromSecond += length;
        return band;
      });
    });

export const randomTariff: fc.Arbitrary<Tariff> = fc.constantFrom(...currencies).chain((currency) =>
  fc
    .record({
      fixed: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5000 })),
      includedSeconds: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 1200 })),
      bands: bandsIn(currency),
      increment: fc.oneof(
        fc.constantFrom({ first: 60, next: 60 }, { first: 60, next: 1 }, { first: 1, next: 1 }),
        fc.record({ first: fc.integer({ min: 1, max: 120 }), next: fc.integer({ min: 1, max: 120 }) }),
      ),
      freeSeconds: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 60 })),
      minimum: fc.option(fc.nat(4000), { nil: undefined }),
      ceiling: fc.option(fc.nat(8000), { nil: undefined }),
      maximumSeconds: fc.option(fc.integer({ min: 1200, max: 4000 }), { nil: undefined }),
      vat: fc.integer({ min: 0, max: 100 }),
    })
    .map(({ fixed, minimum, ceiling, maximumSeconds, vat, ...rest }): Tariff => {
      const tariff: Tariff = {
        ...rest,
        currency,
        fixedPrice: coins(fixed, currency),
        vatRate: new Decimal(vat).div(100).toFixed(),
      };
      if (minimum !== undefined) tariff.minimumPrice = coins(minimum, currency);
      if (ceiling !== undefined) {
        tariff.maximumPrice = coins(Math.max(fixed, minimum ?? 0) + ceiling, currency);
      }
      if (maximumSeconds !== undefined) tariff.maximumSeconds = maximumSeconds;
      return tariff;
    }),
);
