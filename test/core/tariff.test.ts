import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseTariff, tariffAt, type Tariff, type TariffPlan } from '../../src/core/tariff.ts';

const tariff = {
  currency: 'EUR',
  fixedPrice: '25.00',
  includedSeconds: 600,
  bands: [
    { fromSecond: 0, pricePerMinute: '2.50' },
    { fromSecond: 1800, pricePerMinute: '1.995' },
  ],
  increment: { first: 60, next: 1 },
  freeSeconds: 10,
  minimumPrice: '5.00',
  maximumPrice: '200.00',
  maximumSeconds: 7200,
  vatRate: '0.2',
};

describe('a tariff from outside', () => {
  it('is taken as it is', () => {
    expect(parseTariff(tariff)).toEqual({ outcome: 'tariff', tariff });
  });

  it('may leave out minimum and ceilings', () => {
    const { minimumPrice: _1, maximumPrice: _2, maximumSeconds: _3, ...least } = tariff;
    expect(parseTariff({ ...least, bands: [] })).toEqual({
      outcome: 'tariff',
      tariff: { ...least, bands: [] },
    });
  });

  test.each<[string, string, unknown]>([
    ['currency', 'lower case', { currency: 'eur' }],
    ['currency', 'unknown', { currency: 'XXX' }],
    ['currency', 'missing', { currency: undefined }],
    ['currency', 'a number', { currency: 978 }],
    ['fixedPrice', 'a number: digits may be lost', { fixedPrice: 25 }],
    ['fixedPrice', 'negative', { fixedPrice: '-1.00' }],
    ['fixedPrice', 'with a comma', { fixedPrice: '25,00' }],
    ['fixedPrice', 'empty', { fixedPrice: '' }],
    ['fixedPrice', 'an exponent', { fixedPrice: '1e3' }],
    ['fixedPrice', 'not a number', { fixedPrice: 'NaN' }],
    ['fixedPrice', 'leading zero', { fixedPrice: '025.00' }],
    ['fixedPrice', 'beyond any price', { fixedPrice: '1000000000000' }],
    ['fixedPrice', 'finer than a cent', { fixedPrice: '25.005' }],
    [
      'fixedPrice',
      'yen with decimals',
      { currency: 'JPY', fixedPrice: '1500.5', minimumPrice: '5', maximumPrice: '2000' },
    ],
    ['minimumPrice', 'finer than a cent', { minimumPrice: '0.001' }],
    ['minimumPrice', 'null', { minimumPrice: null }],
    ['maximumPrice', 'text', { maximumPrice: 'much' }],
    ['maximumPrice', 'below the minimum', { fixedPrice: '1.00', minimumPrice: '9.00', maximumPrice: '8.00' }],
    ['maximumPrice', 'below the fixed price', { maximumPrice: '24.99' }],
    ['includedSeconds', 'negative', { includedSeconds: -1 }],
    ['includedSeconds', 'a fraction', { includedSeconds: 0.5 }],
    ['includedSeconds', 'text', { includedSeconds: '600' }],
    ['includedSeconds', 'more than a day', { includedSeconds: 86_401 }],
    ['freeSeconds', 'negative', { freeSeconds: -1 }],
    ['freeSeconds', 'missing', { freeSeconds: undefined }],
    ['maximumSeconds', 'none', { maximumSeconds: 0 }],
    ['maximumSeconds', 'less than what is included', { maximumSeconds: 599 }],
    ['increment', 'missing', { increment: undefined }],
    ['increment', 'text', { increment: '60/1' }],
    ['increment.first', 'zero', { increment: { first: 0, next: 1 } }],
    ['increment.next', 'zero', { increment: { first: 1, next: 0 } }],
    ['increment.next', 'missing', { increment: { first: 1 } }],
    ['increment.after', 'unknown', { increment: { first: 1, next: 1, after: 1 } }],
    ['bands', 'missing', { bands: undefined }],
    ['bands', 'no list', { bands: {} }],
    ['bands[0]', 'no object', { bands: [null] }],
    ['bands[0].fromSecond', 'not from the start', { bands: [{ fromSecond: 60, pricePerMinute: '1' }] }],
    ['bands[0].fromSecond', 'missing', { bands: [{ pricePerMinute: '1' }] }],
    [
      'bands[1].fromSecond',
      'twice',
      {
        bands: [
          { fromSecond: 0, pricePerMinute: '1' },
          { fromSecond: 0, pricePerMinute: '2' },
        ],
      },
    ],
    [
      'bands[2].fromSecond',
      'falling',
      {
        bands: [
          { fromSecond: 0, pricePerMinute: '1' },
          { fromSecond: 60, pricePerMinute: '2' },
          { fromSecond: 30, pricePerMinute: '2' },
        ],
      },
    ],
    ['bands[0].pricePerMinute', 'negative', { bands: [{ fromSecond: 0, pricePerMinute: '-1' }] }],
    ['bands[0].pricePerMinute', 'a number', { bands: [{ fromSecond: 0, pricePerMinute: 1 }] }],
    ['bands[0].pricePerMinute', 'too fine', { bands: [{ fromSecond: 0, pricePerMinute: '0.0000001' }] }],
    ['bands[0].price', 'unknown', { bands: [{ fromSecond: 0, pricePerMinute: '1', price: '1' }] }],
    ['vatRate', 'percent', { vatRate: '20' }],
    ['vatRate', 'a number', { vatRate: 0.2 }],
    ['vatRate', 'negative', { vatRate: '-0.2' }],
    ['vatRate', 'missing', { vatRate: undefined }],
    ['maximumSecond', 'mistyped', { maximumSecond: 60 }],
  ])('is refused for its %s: %s', (field, _why, change) => {
    const parsed = parseTariff({ ...tariff, ...(change as object) });
    expect(parsed.outcome).toBe('invalid');
    if (parsed.outcome === 'invalid') {
      expect(parsed.problems.map((problem) => problem.split(':')[0])).toEqual([field]);
    }
  });

  test.each([null, undefined, 5, 'tariff', [tariff], true])('%j is no tariff', (json) => {
    expect(parseTariff(json)).toEqual({ outcome: 'invalid', problems: ['tariff: must be an object'] });
  });

  it('tells everything that is wrong at once', () => {
    const parsed = parseTariff({ currency: 'EUR', bands: [{}], vatRate: '2' });
    expect(parsed).toMatchObject({ outcome: 'invalid' });
    expect(parsed.outcome === 'invalid' && parsed.problems.length).toBe(7);
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.anything(), fc.constantFrom(...Object.keys(tariff)), (value, field) => {
        expect(parseTariff(value).outcome).toBe('invalid');
        expect(['tariff', 'invalid']).toContain(parseTariff({ ...tariff, [field]: value }).outcome);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the tariff that holds', () => {
  const named = (fixedPrice: string): Tariff => ({ ...tariff, fixedPrice });
  const standard = named('1.00');
  const night = named('2.00');
  const sunday = named('3.00');
  const plan: TariffPlan = {
    timeZone: 'Europe/Paris',
    standard,
    windows: [
      { weekdays: [7], from: '00:00', until: '24:00', tariff: sunday },
      { weekdays: [1, 2, 3, 4, 5], from: '22:00', until: '06:00', tariff: night },
    ],
  };

  // 2026-01-05 is a Monday; Paris is at +01:00.
  test.each([
    ['Monday noon', '2026-01-05T12:00:00+01:00', standard],
    ['a minute before the night', '2026-01-05T21:59:59.999+01:00', standard],
    ['the night begins', '2026-01-05T22:00:00+01:00', night],
    ['past midnight it is still Monday night', '2026-01-06T03:00:00+01:00', night],
    ['the last moment of the night', '2026-01-06T05:59:59.999+01:00', night],
    ['the night is over', '2026-01-06T06:00:00+01:00', standard],
    ['Friday night reaches into Saturday', '2026-01-10T05:00:00+01:00', night],
    ['Saturday has no night', '2026-01-10T23:00:00+01:00', standard],
    ['Sunday from its first moment', '2026-01-11T00:00:00+01:00', sunday],
    ['Sunday to its last', '2026-01-11T23:59:59.999+01:00', sunday],
    ['Sunday night does not reach into Monday', '2026-01-12T03:00:00+01:00', standard],
    ["the merchant's clock counts, not the server's", '2026-01-05T21:30:00Z', night],
  ])('%s', (_what, instant, expected) => {
    expect(tariffAt(plan, new Date(instant))).toBe(expected);
  });

  it('reaches from Sunday night into Monday', () => {
    const windows = [{ weekdays: [7], from: '22:00', until: '06:00', tariff: night }];
    expect(tariffAt({ ...plan, windows }, new Date('2026-01-12T03:00:00+01:00'))).toBe(night);
    expect(tariffAt({ ...plan, windows }, new Date('2026-01-11T03:00:00+01:00'))).toBe(standard);
  });

  it('is the first window that is open', () => {
    const windows = [
      { weekdays: [1], from: '08:00', until: '12:00', tariff: night },
      { weekdays: [1], from: '10:00', until: '14:00', tariff: sunday },
    ];
    const both = { ...plan, windows };
    expect(tariffAt(both, new Date('2026-01-05T11:00:00+01:00'))).toBe(night);
    expect(tariffAt(both, new Date('2026-01-05T12:00:00+01:00'))).toBe(sunday);
  });

  it('holds around the clock where a window ends when it begins', () => {
    const around = { ...plan, windows: [{ weekdays: [1], from: '09:00', until: '09:00', tariff: night }] };
    expect(tariffAt(around, new Date('2026-01-05T08:59:00+01:00'))).toBe(standard);
    expect(tariffAt(around, new Date('2026-01-05T09:00:00+01:00'))).toBe(night);
    expect(tariffAt(around, new Date('2026-01-06T08:59:00+01:00'))).toBe(night);
    expect(tariffAt(around, new Date('2026-01-06T09:00:00+01:00'))).toBe(standard);
  });

  describe('when the clocks change', () => {
    const early = { weekdays: [7], from: '02:00', until: '03:00', tariff: night };
    const changing: TariffPlan = { ...plan, windows: [early] };
    // 2026-03-29 02:00 becomes 03:00; 2026-10-25 03:00 becomes 02:00.
    test.each([
      ['the missing hour does not open', '2026-03-29T00:59:59Z', standard],
      ['nor does the hour after it', '2026-03-29T01:00:00Z', standard],
      ['the doubled hour is open once', '2026-10-25T00:30:00Z', night],
      ['and twice', '2026-10-25T01:30:00Z', night],
      ['and then over', '2026-10-25T02:00:00Z', standard],
    ])('%s', (_what, instant, expected) => {
      expect(tariffAt(changing, new Date(instant))).toBe(expected);
    });
  });

  it('is not told in a zone that does not exist, or at no instant', () => {
    expect(() => tariffAt({ ...plan, timeZone: 'Europe/Atlantis' }, new Date(0))).toThrow(/Atlantis/);
    expect(() => tariffAt(plan, new Date(NaN))).toThrow();
  });
});
