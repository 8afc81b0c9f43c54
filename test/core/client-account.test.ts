// What an account lets somebody talk: over any tariff and any money, never more than he has.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountLimit, type ClientAccount, spendable } from '../../src/core/client-account.ts';
import { compare, isNegative, money, type Money } from '../../src/core/money.ts';
import { affordableSeconds, priceOfSeconds, rate } from '../../src/core/rating.ts';
import { parseTariff, parseTariffPlan, type Tariff } from '../../src/core/tariff.ts';
import { coins, randomTariff } from './random-tariff.ts';

const cents = (most: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: most });
const inCurrency = (minor: number, { currency }: Tariff): Money => money(coins(minor, currency), currency);

const cases = fc
  .record({
    tariff: randomTariff,
    paid: cents(20_000),
    kept: cents(20_000),
    longest: fc.integer({ min: 1, max: 86_400 }),
  })
  .map(({ tariff, paid, kept, longest }) => {
    const reserved = inCurrency(Math.min(paid, kept), tariff);
    const account: ClientAccount = { kind: 'balance', balance: inCurrency(paid, tariff), reserved };
    return { tariff, account, longest };
  });

describe('the limit of a balance', () => {
  it('keeps back never more than nobody else was promised', () => {
    fc.assert(
      fc.property(cases, ({ tariff, account, longest }) => {
        const limit = accountLimit(account, tariff, longest);
        if (limit.outcome === 'no_credit') return;
        expect(compare(limit.reserve, spendable(account)!)).toBeLessThanOrEqual(0);
        expect(limit.seconds).toBeGreaterThan(0);
        expect(limit.seconds).toBeLessThanOrEqual(longest);
      }),
    );
  });

  it('is paid by what is kept back, at every second until then', () => {
    fc.assert(
      fc.property(cases, fc.double({ min: 0, max: 1, noNaN: true }), ({ tariff, account, longest }, part) => {
        const limit = accountLimit(account, tariff, longest);
        if (limit.outcome === 'no_credit') return;
        expect(compare(priceOfSeconds(tariff, limit.seconds), limit.reserve)).toBe(0);
        const talked = Math.floor(limit.seconds * part);
        const price = rate(tariff, BigInt(talked) * 1_000_000n).total;
        expect(compare(price, spendable(account)!)).toBeLessThanOrEqual(0);
      }),
    );
  });

  it('is none exactly where not one second can be paid', () => {
    fc.assert(
      fc.property(cases, ({ tariff, account, longest }) => {
        const { outcome } = accountLimit(account, tariff, longest);
        const affordable = affordableSeconds(tariff, spendable(account)!) ?? 0;
        expect(outcome === 'no_credit').toBe(affordable === 0);
      }),
    );
  });
});

const tariff: Tariff = {
  currency: 'EUR',
  fixedPrice: '0',
  includedSeconds: 0,
  bands: [{ fromSecond: 0, pricePerMinute: '2.40' }],
  increment: { first: 1, next: 1 },
  freeSeconds: 0,
  vatRate: '0.2',
};
const euros = (amount: string): Money => money(amount, 'EUR');

describe('what an account has', () => {
  it.each<[string, ClientAccount, string | undefined]>([
    [
      'a balance less what is kept back',
      { kind: 'balance', balance: euros('10'), reserved: euros('4') },
      '6.00',
    ],
    [
      'a ceiling less what was talked and is kept back',
      { kind: 'monthly', balance: euros('-30'), reserved: euros('5'), ceiling: euros('50') },
      '15.00',
    ],
    [
      'nothing, when the ceiling was lowered under what was talked',
      { kind: 'monthly', balance: euros('-30'), reserved: euros('0'), ceiling: euros('20') },
      '0.00',
    ],
    [
      'anything, without a ceiling',
      { kind: 'monthly', balance: euros('-30'), reserved: euros('0') },
      undefined,
    ],
  ])('is %s', (_what, account, expected) => {
    const left = spendable(account);
    expect(left?.amount.toFixed(2)).toBe(expected);
    expect(left && isNegative(left)).not.toBe(true);
  });

  it('lets nobody talk at a price in another currency', () => {
    const account: ClientAccount = {
      kind: 'monthly',
      balance: money('0', 'CHF'),
      reserved: money('0', 'CHF'),
    };
    expect(accountLimit(account, tariff, 60)).toEqual({ outcome: 'no_credit' });
  });
});

describe('a tariff of his own', () => {
  const window = { weekdays: [6, 7], from: '22:00', until: '06:00', tariff };

  it('is read whole', () => {
    expect(parseTariff(tariff).outcome).toBe('tariff');
    const plan = { timeZone: 'Europe/Paris', standard: tariff, windows: [window] };
    expect(parseTariffPlan(plan)).toEqual({ outcome: 'plan', plan });
    expect(parseTariffPlan({ timeZone: 'Europe/Paris', standard: tariff })).toMatchObject({
      plan: { windows: [] },
    });
  });

  it.each<[string, object, string]>([
    ['no zone', { timeZone: 'Europe/Nowhere' }, 'timeZone'],
    ['a price that is a number', { standard: { ...tariff, fixedPrice: 1 } }, 'standard.fixedPrice'],
    ['an eighth day', { windows: [{ ...window, weekdays: [8] }] }, 'windows[0].weekdays'],
    ['no hour', { windows: [{ ...window, from: '25:00' }] }, 'windows[0]'],
    [
      'two currencies',
      { windows: [{ ...window, tariff: { ...tariff, currency: 'CHF' } }] },
      'windows[0].tariff.currency',
    ],
    ['windows without end', { windows: Array.from({ length: 51 }, () => window) }, 'windows'],
    ['a field nobody knows', { standart: tariff }, 'standart'],
  ])('is refused with %s', (_what, change, field) => {
    const parsed = parseTariffPlan({ timeZone: 'Europe/Paris', standard: tariff, windows: [], ...change });
    expect(parsed.outcome === 'invalid' && parsed.problems.some((one) => one.startsWith(field))).toBe(true);
  });
});
