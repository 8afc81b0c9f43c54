import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { amountText, compare, money, plus } from '../../src/core/money.ts';
import { priceOfSeconds } from '../../src/core/rating.ts';
import { holdFor, talkLimit } from '../../src/core/talk-limit.ts';
import type { Tariff } from '../../src/core/tariff.ts';
import { coins, randomTariff } from './random-tariff.ts';

const tariff: Tariff = {
  currency: 'EUR',
  fixedPrice: '25.00',
  includedSeconds: 600,
  bands: [{ fromSecond: 0, pricePerMinute: '2.50' }],
  increment: { first: 60, next: 60 },
  freeSeconds: 0,
  vatRate: '0.2',
};
const euros = (amount: string) => money(amount, 'EUR');

describe('the talk limit', () => {
  test.each([
    ['what the caller chose', { tariff, chosenSeconds: 900, authorized: euros('100') }, 900],
    [
      'what the line allows',
      { tariff, chosenSeconds: 900, lineMaximumSeconds: 300, authorized: euros('100') },
      300,
    ],
    [
      'what the money pays for',
      { tariff, chosenSeconds: 900, lineMaximumSeconds: 800, authorized: euros('27.50') },
      660,
    ],
    [
      'what the tariff allows',
      { tariff: { ...tariff, maximumSeconds: 720 }, chosenSeconds: 900, authorized: euros('100') },
      720,
    ],
    [
      'a day, at most',
      { tariff: { ...tariff, bands: [] }, chosenSeconds: 100_000, authorized: euros('25') },
      86_400,
    ],
    ['one second, at least', { tariff, chosenSeconds: 1, authorized: euros('25') }, 1],
    [
      'the free seconds, where the money pays for no more',
      { tariff: { ...tariff, freeSeconds: 30 }, chosenSeconds: 900, authorized: euros('1') },
      30,
    ],
  ])('is %s', (_what, wanted, seconds) => {
    expect(talkLimit(wanted)).toEqual({ outcome: 'limit', seconds });
  });

  test.each([
    ['less than the fixed price', tariff, '24.99'],
    ['nothing', tariff, '0'],
    ['nothing, where only minutes cost', { ...tariff, fixedPrice: '0', includedSeconds: 0 }, '0'],
    ['less than the minimum', { ...tariff, minimumPrice: '30.00' }, '29.99'],
  ])('is none for %s', (_what, sold, authorized) => {
    expect(talkLimit({ tariff: sold, chosenSeconds: 60, authorized: euros(authorized) })).toEqual({
      outcome: 'not_affordable',
    });
  });

  test.each([0, -60, 90.5, NaN, Infinity])('is not made of %d seconds', (seconds) => {
    const wanted = { tariff, chosenSeconds: 60, authorized: euros('100') };
    expect(() => talkLimit({ ...wanted, chosenSeconds: seconds })).toThrow(/whole seconds/);
    expect(() => talkLimit({ ...wanted, lineMaximumSeconds: seconds })).toThrow(/whole seconds/);
    expect(() => holdFor(tariff, seconds)).toThrow(/whole seconds/);
  });

  it('is not made of another currency', () => {
    expect(() => talkLimit({ tariff, chosenSeconds: 60, authorized: money(100, 'USD') })).toThrow(/USD/);
  });

  it('never lets a talk cost more than was authorized', () => {
    fc.assert(
      fc.property(
        randomTariff,
        fc.integer({ min: 1, max: 5000 }),
        fc.nat(20_000),
        (sold, chosenSeconds, minor) => {
          const authorized = money(coins(minor, sold.currency), sold.currency);
          const limit = talkLimit({ tariff: sold, chosenSeconds, authorized });
          if (limit.outcome === 'not_affordable') return;
          expect(limit.seconds).toBeGreaterThan(0);
          expect(limit.seconds).toBeLessThanOrEqual(chosenSeconds);
          expect(compare(priceOfSeconds(sold, limit.seconds), authorized)).toBeLessThanOrEqual(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('what is held', () => {
  test.each([
    ['the fixed price for the included time', tariff, 600, '25.00'],
    ['the minutes beyond', tariff, 900, '37.50'],
    ['a begun minute is a minute', tariff, 601, '27.50'],
    ['no more than the tariff lets anybody talk', { ...tariff, maximumSeconds: 660 }, 3600, '27.50'],
    ['no more than the ceiling', { ...tariff, maximumPrice: '30.00' }, 3600, '30.00'],
    ['nothing for a talk that is free', { ...tariff, freeSeconds: 60 }, 60, '0.00'],
  ])('%s', (_what, sold, chosenSeconds, amount) => {
    expect(amountText(holdFor(sold, chosenSeconds))).toBe(amount);
  });

  it('lets the caller talk as long as he chose, or as the tariff allows', () => {
    fc.assert(
      fc.property(randomTariff, fc.integer({ min: 1, max: 5000 }), (sold, chosenSeconds) => {
        const authorized = holdFor(sold, chosenSeconds);
        const longest = Math.min(chosenSeconds, sold.maximumSeconds ?? chosenSeconds);
        expect(talkLimit({ tariff: sold, chosenSeconds, authorized })).toEqual({
          outcome: 'limit',
          seconds: longest,
        });
        const more = plus(authorized, money(coins(100, sold.currency), sold.currency));
        expect(talkLimit({ tariff: sold, chosenSeconds, authorized: more })).toEqual({
          outcome: 'limit',
          seconds: longest,
        });
      }),
      { numRuns: 300 },
    );
  });
});
