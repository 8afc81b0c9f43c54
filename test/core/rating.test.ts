import { Decimal } from 'decimal.js';
import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  amountText,
  compare,
  currencyDecimals,
  includedVat,
  isNegative,
  isZero,
  minus,
  money,
  plus,
  zero,
} from '../../src/core/money.ts';
import {
  affordableSeconds,
  isOnePrice,
  longestTalkSeconds,
  priceOfSeconds,
  rate,
  type Rated,
} from '../../src/core/rating.ts';
import { parseTariff, type Tariff } from '../../src/core/tariff.ts';
import { coins, randomTariff } from './random-tariff.ts';

const seconds = (count: number): bigint => BigInt(count) * 1_000_000n;

/** 25 euros with ten minutes, then 2.50 a minute, by the begun minute. */
const consultation: Tariff = {
  currency: 'EUR',
  fixedPrice: '25.00',
  includedSeconds: 600,
  bands: [{ fromSecond: 0, pricePerMinute: '2.50' }],
  increment: { first: 60, next: 60 },
  freeSeconds: 0,
  vatRate: '0.2',
};
const bySecond: Tariff = { ...consultation, increment: { first: 1, next: 1 } };
const perMinuteOnly: Tariff = { ...consultation, fixedPrice: '0', includedSeconds: 0 };

describe('the price of a talk', () => {
  test.each<[string, Tariff, number, string]>([
    ['no second talked owes the fixed price', consultation, 0, '25.00'],
    ['a second owes the fixed price', consultation, 1, '25.00'],
    ['the included ten minutes', consultation, 600, '25.00'],
    ['a second more is a begun minute', consultation, 601, '27.50'],
    ['eleven minutes', consultation, 660, '27.50'],
    ['eleven minutes and a second', consultation, 661, '30.00'],
    ['by the second: one over', bySecond, 601, '25.04'],
    ['by the second: half a minute over', bySecond, 630, '26.25'],
    ['60/1: a short talk is a minute', { ...perMinuteOnly, increment: { first: 60, next: 1 } }, 5, '2.50'],
    ['60/1: then by the second', { ...perMinuteOnly, increment: { first: 60, next: 1 } }, 90, '3.75'],
    ['30/6', { ...perMinuteOnly, increment: { first: 30, next: 6 } }, 31, '1.50'],
    // The increments run from the bridge: 61 s become 120 s, of which 30 s are included.
    ['increments come before the included seconds', { ...consultation, includedSeconds: 30 }, 61, '28.75'],
    ['a free talk', { ...consultation, freeSeconds: 20 }, 20, '0.00'],
    ['no talk where some is free', { ...consultation, freeSeconds: 20 }, 0, '0.00'],
    ['past the free seconds all of it is due', { ...consultation, freeSeconds: 20 }, 21, '25.00'],
    [
      'free seconds beat the minimum',
      { ...perMinuteOnly, freeSeconds: 20, minimumPrice: '9.00' },
      20,
      '0.00',
    ],
    ['raised to the minimum', { ...perMinuteOnly, minimumPrice: '9.00' }, 60, '9.00'],
    ['the minimum is due even without a second', { ...perMinuteOnly, minimumPrice: '9.00' }, 0, '9.00'],
    ['above the minimum', { ...perMinuteOnly, minimumPrice: '9.00' }, 240, '10.00'],
    ['cut to the maximum', { ...consultation, maximumPrice: '30.00' }, 6000, '30.00'],
    ['only a fixed price', { ...consultation, bands: [] }, 6000, '25.00'],
    [
      'half a cent goes up',
      {
        ...bySecond,
        fixedPrice: '0',
        includedSeconds: 0,
        bands: [{ fromSecond: 0, pricePerMinute: '0.30' }],
      },
      1,
      '0.01',
    ],
    [
      'less than half goes down',
      {
        ...bySecond,
        fixedPrice: '0',
        includedSeconds: 0,
        bands: [{ fromSecond: 0, pricePerMinute: '0.29' }],
      },
      1,
      '0.00',
    ],
    [
      'yen have no decimals',
      { ...perMinuteOnly, currency: 'JPY', bands: [{ fromSecond: 0, pricePerMinute: '99.5' }] },
      60,
      '100',
    ],
    [
      'dinars have three',
      {
        ...perMinuteOnly,
        currency: 'KWD',
        increment: { first: 1, next: 1 },
        bands: [{ fromSecond: 0, pricePerMinute: '0.250' }],
      },
      1,
      '0.004',
    ],
  ])('%s', (_what, tariff, talked, price) => {
    expect(amountText(priceOfSeconds(tariff, talked))).toBe(price);
  });

  const falling: Tariff = {
    ...perMinuteOnly,
    increment: { first: 1, next: 1 },
    includedSeconds: 30,
    bands: [
      { fromSecond: 0, pricePerMinute: '3.00' },
      { fromSecond: 60, pricePerMinute: '2.00' },
      { fromSecond: 120, pricePerMinute: '0' },
      { fromSecond: 180, pricePerMinute: '1.00' },
    ],
  };
  test.each([
    [30, '0.00'],
    [60, '1.50'],
    [90, '2.50'],
    [120, '3.50'],
    [180, '3.50'],
    [240, '4.50'],
  ])('bands are laid on the talk from the bridge: %i s cost %s', (talked, price) => {
    expect(amountText(priceOfSeconds(falling, talked))).toBe(price);
  });

  it('rounds half a cent up even when it is made of endless fractions', () => {
    // Six bands of 5 s at 0.01 a minute: each 0.000833..., together 0.005.
    const bands = [0, 5, 10, 15, 20, 25].map((fromSecond) => ({ fromSecond, pricePerMinute: '0.01' }));
    const tariff = { ...bySecond, fixedPrice: '0', includedSeconds: 0, bands };
    expect(amountText(priceOfSeconds(tariff, 30))).toBe('0.01');
  });

  test.each([-1, 0.5, NaN, Infinity])('of %d seconds is not asked for', (talked) => {
    expect(() => priceOfSeconds(consultation, talked)).toThrow(/Whole seconds/);
  });

  it('never falls as time grows', () => {
    fc.assert(
      fc.property(randomTariff, fc.nat(5000), fc.nat(5000), (tariff, a, b) => {
        const shorter = priceOfSeconds(tariff, Math.min(a, b));
        expect(compare(shorter, priceOfSeconds(tariff, Math.max(a, b)))).toBeLessThanOrEqual(0);
      }),
      { numRuns: 500 },
    );
  });

  it('is what counting second by second gives', () => {
    fc.assert(
      fc.property(randomTariff, fc.nat(3000), (tariff, talked) => {
        expect(amountText(priceOfSeconds(tariff, talked))).toBe(countedBySecond(tariff, talked));
      }),
      { numRuns: 300 },
    );
  });
});

describe('a rated talk', () => {
  const shown = (rated: Rated): unknown[] =>
    rated.lines.map(({ what, seconds: length, fromSecond, amount }) => [
      what,
      ...(length === undefined ? [] : [length]),
      ...(fromSecond === undefined ? [] : [fromSecond]),
      amountText(amount),
    ]);

  it('tells the fixed price and the minutes beyond', () => {
    const rated = rate(consultation, seconds(725) + 250_000n);
    expect(rated.billableSeconds).toBe(726);
    expect(shown(rated)).toEqual([
      ['fixed', 600, '25.00'],
      ['talk', 180, 600, '7.50'],
    ]);
    expect([amountText(rated.total), amountText(rated.vat), amountText(rated.net)]).toEqual([
      '32.50',
      '5.42',
      '27.08',
    ]);
  });

  test.each([
    [0n, 0],
    [1n, 1],
    [999_999n, 1],
    [1_000_000n, 1],
    [1_000_001n, 2],
  ])('of %d microseconds counts %i seconds', (us, counted) => {
    expect(rate(bySecond, us).billableSeconds).toBe(counted);
  });

  it('is not made of less than nothing', () => {
    expect(() => rate(consultation, -1n)).toThrow(/negative/);
  });

  it('is free to the last microsecond of the free seconds', () => {
    const tariff = { ...consultation, freeSeconds: 20 };
    expect(shown(rate(tariff, seconds(20)))).toEqual([['free', 20, '0.00']]);
    expect(amountText(rate(tariff, seconds(20) + 1n).total)).toBe('25.00');
  });

  it('tells what the minimum adds and the maximum takes off', () => {
    expect(shown(rate({ ...perMinuteOnly, minimumPrice: '9.00' }, seconds(60)))).toEqual([
      ['talk', 60, 0, '2.50'],
      ['minimum', '6.50'],
    ]);
    expect(shown(rate({ ...consultation, maximumPrice: '30.00' }, seconds(1200)))).toEqual([
      ['fixed', 600, '25.00'],
      ['talk', 600, 600, '25.00'],
      ['maximum', '-20.00'],
    ]);
  });

  it('leaves out a fixed price that is not there', () => {
    expect(shown(rate(perMinuteOnly, seconds(60)))).toEqual([['talk', 60, 0, '2.50']]);
    expect(shown(rate(perMinuteOnly, 0n))).toEqual([]);
  });

  it('keeps many thin bands from making a line negative', () => {
    const bands = [0, 1, 2, 3, 4, 5].map((fromSecond) => ({ fromSecond, pricePerMinute: '0.30' }));
    const rated = rate({ ...bySecond, fixedPrice: '0', includedSeconds: 0, bands }, seconds(6));
    expect(amountText(rated.total)).toBe('0.03');
    expect(rated.lines.map((line) => amountText(line.amount))).toEqual([
      '0.01', '0.00', '0.01', '0.00', '0.01', '0.00',
    ]); // prettier-ignore
  });

  it('has lines that sum to the total, and VAT that is inside it', () => {
    fc.assert(
      fc.property(randomTariff, fc.bigInt({ min: 0n, max: 5_000_000_000n }), (tariff, us) => {
        const rated = rate(tariff, us);
        const sum = rated.lines.reduce((total, line) => plus(total, line.amount), zero(tariff.currency));
        expect(amountText(sum)).toBe(amountText(rated.total));
        expect(amountText(rated.total)).toBe(amountText(priceOfSeconds(tariff, rated.billableSeconds)));
        expect(amountText(plus(rated.net, rated.vat))).toBe(amountText(rated.total));
        expect(amountText(rated.vat)).toBe(amountText(includedVat(rated.total, tariff.vatRate)));
        for (const line of rated.lines) {
          expect(line.amount.amount.decimalPlaces()).toBeLessThanOrEqual(currencyDecimals(tariff.currency));
          expect(isNegative(line.amount)).toBe(line.what === 'maximum' && !isZero(line.amount));
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('the talk an amount pays for', () => {
  test.each<[string, Tariff, string, number | undefined]>([
    ['less than the fixed price: none', consultation, '24.99', undefined],
    ['the fixed price: the included minutes', consultation, '25.00', 600],
    ['not quite a minute more', consultation, '27.49', 600],
    ['a minute more', consultation, '27.50', 660],
    ['by the second', bySecond, '26.25', 630],
    // 601 s cost 25.0416, rounded 25.04.
    ['rounding counts', bySecond, '25.04', 601],
    ['nothing pays for no talk where nothing is fixed', perMinuteOnly, '0.00', 0],
    ['nothing pays for the free seconds', { ...consultation, freeSeconds: 20 }, '0.00', 20],
    ['too little pays for the free seconds', { ...consultation, freeSeconds: 20 }, '24.99', 20],
    ['less than nothing pays for nothing', { ...consultation, freeSeconds: 20 }, '-0.01', undefined],
    ['the minimum', { ...perMinuteOnly, minimumPrice: '9.00' }, '9.00', 180],
    ['less than the minimum', { ...perMinuteOnly, minimumPrice: '9.00' }, '8.99', undefined],
    [
      'the ceiling on the price buys the day',
      { ...consultation, maximumPrice: '30.00' },
      '30.00',
      longestTalkSeconds,
    ],
    ['a cent below the ceiling', { ...consultation, maximumPrice: '30.00' }, '29.99', 660],
    ['the ceiling on the time', { ...consultation, maximumSeconds: 900 }, '1000.00', 900],
    ['only a fixed price buys the day', { ...consultation, bands: [] }, '25.00', longestTalkSeconds],
    ['a free line', { ...consultation, fixedPrice: '0', bands: [] }, '0.00', longestTalkSeconds],
  ])('%s', (_what, tariff, amount, talk) => {
    expect(affordableSeconds(tariff, money(amount, tariff.currency))).toBe(talk);
  });

  it('is not told for another currency', () => {
    expect(() => affordableSeconds(consultation, money(25, 'CHF'))).toThrow('CHF does not pay');
  });

  it('is the exact inverse of the price', () => {
    fc.assert(
      fc.property(randomTariff, fc.nat(20_000), (tariff, minor) => {
        const amount = money(coins(minor, tariff.currency), tariff.currency);
        const talk = affordableSeconds(tariff, amount);
        const longest = tariff.maximumSeconds ?? longestTalkSeconds;
        if (talk === undefined) {
          expect(compare(priceOfSeconds(tariff, 0), amount)).toBe(1);
          return;
        }
        expect(compare(priceOfSeconds(tariff, talk), amount)).toBeLessThanOrEqual(0);
        if (talk < longest) expect(compare(priceOfSeconds(tariff, talk + 1), amount)).toBe(1);
        else expect(talk).toBe(longest);
      }),
      { numRuns: 500 },
    );
  });

  it('covers what it was priced at, and not with a coin less unless the coin did not matter', () => {
    fc.assert(
      fc.property(randomTariff, fc.nat(1200), (tariff, talked) => {
        const price = priceOfSeconds(tariff, talked);
        expect(affordableSeconds(tariff, price)).toBeGreaterThanOrEqual(talked);
        const less = minus(price, money(coins(1, tariff.currency), tariff.currency));
        expect(affordableSeconds(tariff, less) ?? -1).toBeLessThan(talked);
      }),
      { numRuns: 300 },
    );
  });
});

describe('one price, however long they talk', () => {
  const flat: Tariff = { ...consultation, bands: [] };
  const growing = [{ fromSecond: 0, pricePerMinute: '2' }];
  it.each<[string, Tariff, boolean]>([
    ['a fixed price and nothing beside it', flat, true],
    ['minutes that cost nothing', { ...flat, bands: [{ fromSecond: 0, pricePerMinute: '0' }] }, true],
    ['minutes behind the included ones', { ...flat, includedSeconds: 600, bands: growing }, false],
    [
      'minutes behind the included ones, which nobody may talk',
      { ...flat, includedSeconds: 600, bands: growing, maximumSeconds: 600 },
      true,
    ],
    [
      'a begun minute behind them, which the last second begins',
      { ...flat, includedSeconds: 600, bands: growing, maximumSeconds: 601 },
      false,
    ],
    [
      'a step that goes beyond them',
      {
        ...flat,
        includedSeconds: 90,
        bands: growing,
        maximumSeconds: 90,
        increment: { first: 60, next: 60 },
      },
      false,
    ],
    ['a ceiling at the fixed price', { ...flat, bands: growing, maximumPrice: flat.fixedPrice }, true],
    ['a minimum that every talk reaches', { ...flat, fixedPrice: '0', minimumPrice: '5' }, true],
    ['nothing for the shortest', { ...flat, freeSeconds: 1 }, false],
    ['nothing at all', { ...flat, fixedPrice: '0' }, false],
    [
      'less than the smallest coin a minute, for a day',
      { ...flat, bands: [{ fromSecond: 0, pricePerMinute: '0.0001' }] },
      false,
    ],
  ])('%s', (_what, tariff, one) => {
    expect(isOnePrice(tariff)).toBe(one);
  });

  it('is what every talk costs that may come of it, to the microsecond', () => {
    const mostlyFlat = fc.tuple(randomTariff, fc.boolean()).map(([tariff, cut]): Tariff => ({
      ...tariff,
      ...(cut ? { maximumPrice: tariff.minimumPrice ?? tariff.fixedPrice } : { bands: [] }),
    }));
    let seen = 0;
    fc.assert(
      fc.property(mostlyFlat, fc.bigInt(0n, seconds(longestTalkSeconds)), (tariff, talkedUs) => {
        if (!isOnePrice(tariff)) return;
        seen += 1;
        const limitUs = seconds(tariff.maximumSeconds ?? longestTalkSeconds);
        const { total } = rate(tariff, talkedUs < limitUs ? talkedUs : limitUs);
        expect(amountText(total)).toBe(amountText(rate(tariff, 0n).total));
      }),
      { numRuns: 500 },
    );
    expect(seen).toBeGreaterThan(100);
  });
});

test('the random tariffs are tariffs', () => {
  fc.assert(
    fc.property(randomTariff, (tariff) => {
      expect(parseTariff(JSON.parse(JSON.stringify(tariff)))).toEqual({ outcome: 'tariff', tariff });
    }),
  );
});

/** The same rules told another way: every second asked for its own price, as numbers of 1/60 of the finest price. */
function countedBySecond(tariff: Tariff, talked: number): string {
  const decimals = currencyDecimals(tariff.currency);
  if (tariff.freeSeconds > 0 && talked <= tariff.freeSeconds) return (0).toFixed(decimals);
  let counted = talked > 0 ? tariff.increment.first : 0;
  while (counted < talked) counted += tariff.increment.next;
  const scale = 1_000_000n * 60n;
  const scaled = (price: string): bigint => BigInt(new Decimal(price).times(1_000_000).toFixed(0)) * 60n;
  let sum = scaled(tariff.fixedPrice);
  for (let second = 0; second < counted; second += 1) {
    if (second < tariff.includedSeconds) continue;
    const band = [...tariff.bands].reverse().find((one) => one.fromSecond <= second);
    if (band !== undefined) sum += scaled(band.pricePerMinute) / 60n;
  }
  if (tariff.minimumPrice !== undefined && sum < scaled(tariff.minimumPrice))
    sum = scaled(tariff.minimumPrice);
  if (tariff.maximumPrice !== undefined && sum > scaled(tariff.maximumPrice))
    sum = scaled(tariff.maximumPrice);
  const coin = scale / 10n ** BigInt(decimals);
  const rounded = (sum + coin / 2n) / coin;
  return new Decimal(rounded.toString()).div(10 ** decimals).toFixed(decimals);
}
