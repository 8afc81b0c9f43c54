// What a caller may agree to beyond the time he chose: how long, how often, and what each holds at most.

import { describe, expect, it } from 'vitest';
import { amountText, money } from '../../src/core/money.ts';
import { moreTimeTerms } from '../../src/core/order.ts';
import type { Tariff } from '../../src/core/tariff.ts';

const tariff: Tariff = {
  currency: 'EUR',
  fixedPrice: '15.00',
  includedSeconds: 600,
  bands: [{ fromSecond: 0, pricePerMinute: '2.00' }],
  increment: { first: 1, next: 1 },
  freeSeconds: 0,
  vatRate: '0.20',
};
const smallest = money('0.50', 'EUR');

function terms(
  change: Partial<Tariff>,
  chosenSeconds: number,
  line: { times: number; seconds: number | null },
  coversLegs?: (seconds: number) => boolean,
) {
  const found = moreTimeTerms({ ...tariff, ...change }, chosenSeconds, line, smallest, coversLegs);
  return found && { ...found, hold: amountText(found.hold) };
}

describe('more time as it is agreed to', () => {
  it('is as long as the line says, or as was chosen where it says nothing', () => {
    expect(terms({}, 900, { times: 2, seconds: 300 })).toEqual({ seconds: 300, times: 2, hold: '10.00' });
    expect(terms({}, 900, { times: 2, seconds: null })).toEqual({ seconds: 900, times: 2, hold: '30.00' });
  });

  it('holds what the dearest of them adds, not the first', () => {
    const bands = [
      { fromSecond: 0, pricePerMinute: '1.00' },
      { fromSecond: 1_200, pricePerMinute: '3.00' },
    ];
    expect(terms({ bands }, 900, { times: 2, seconds: 300 })?.hold).toBe('15.00');
  });

  it('holds at least what the processor can take, where the minutes are free or cheap', () => {
    expect(
      terms({ bands: [{ fromSecond: 0, pricePerMinute: '0.01' }] }, 900, { times: 1, seconds: 60 })?.hold,
    ).toBe('0.50');
    // Within the included minutes nothing is added; the hold is the smallest there is.
    expect(terms({}, 60, { times: 1, seconds: 60 })?.hold).toBe('0.50');
  });

  it('stops at the tariff’s ceiling, and is nothing where not even one fits', () => {
    expect(terms({ maximumSeconds: 1_500 }, 900, { times: 5, seconds: 300 })?.times).toBe(2);
    expect(terms({ maximumSeconds: 1_100 }, 900, { times: 5, seconds: 300 })).toBeUndefined();
    expect(terms({}, 900, { times: 0, seconds: 300 })).toBeUndefined();
  });

  it('stops where the legs would cost more than they bring', () => {
    expect(terms({}, 900, { times: 3, seconds: 300 }, (seconds) => seconds <= 1_200)?.times).toBe(1);
    expect(terms({}, 900, { times: 3, seconds: 300 }, () => false)).toBeUndefined();
  });

  it('never goes past a day', () => {
    expect(terms({}, 86_000, { times: 5, seconds: 300 })?.times).toBe(1);
  });
});
