import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { earnedOf, sumByCurrency } from '../../src/core/earnings.ts';
import { amountText, compare, includedVat, minus, money } from '../../src/core/money.ts';

const earned = (amount: string, currency: string, vatRate: string, share: string, talkedSeconds = 60) =>
  amountText(earnedOf({ paid: money(amount, currency), vatRate, talkedSeconds }, share));

describe('what a consultant earns of a call', () => {
  it.each([
    // gross, currency, VAT, share, what he earns
    ['24.00', 'EUR', '0.20', '0.40', '8.00'],
    ['24.00', 'EUR', '0', '0.40', '9.60'],
    ['24.00', 'EUR', '0.20', '0', '0.00'],
    ['24.00', 'EUR', '0.20', '1', '20.00'],
    // 0.30 without VAT is 0.25; half of it is 0.125: the half coin is his
    ['0.30', 'EUR', '0.20', '0.5', '0.13'],
    ['0.01', 'EUR', '0.20', '0.40', '0.00'],
    // no coin below the yen, three decimals of a dinar
    ['1100', 'JPY', '0.10', '0.333', '333'],
    ['1.050', 'KWD', '0.05', '0.4444', '0.444'],
    // 0.1 + 0.2 as a float would lose the half
    ['0.36', 'EUR', '0.20', '0.05', '0.02'],
  ])('%s %s with %s VAT at %s: %s', (amount, currency, vat, share, expected) => {
    expect(earned(amount, currency, vat, share)).toBe(expected);
  });

  it('is nothing for a talk of no time, although the caller owes the fixed price', () => {
    expect(earned('15.00', 'EUR', '0.20', '0.40', 0)).toBe('0.00');
    expect(earned('15.00', 'EUR', '0.20', '0.40', 0.25)).toBe('5.00');
  });

  it('never pays more than the price without VAT, and never less than nothing', () => {
    const cents = fc.integer({ min: 0, max: 10_000_000 });
    const rate = fc.integer({ min: 0, max: 10_000 }).map((tenThousandths) => String(tenThousandths / 10_000));
    fc.assert(
      fc.property(cents, rate, rate, (amount, vatRate, share) => {
        const paid = money(amount, 'EUR').amount.dividedBy(100);
        const gross = money(paid, 'EUR');
        const his = earnedOf({ paid: gross, vatRate, talkedSeconds: 1 }, share);
        expect(compare(his, minus(gross, includedVat(gross, vatRate)))).toBeLessThanOrEqual(0);
        expect(his.amount.isNegative() && !his.amount.isZero()).toBe(false);
      }),
    );
  });

  it.each(['-0.01', '1.0001', '40'])('a share of %s is a mistake of ours', (share) => {
    expect(() => earned('24.00', 'EUR', '0.20', share)).toThrow('Nobody earns');
  });

  it('adds up one sum a currency', () => {
    const sums = sumByCurrency([money('1.10', 'EUR'), money('300', 'JPY'), money('2.20', 'EUR')]);
    expect(sums.map((one) => [amountText(one), one.currency])).toEqual([
      ['3.30', 'EUR'],
      ['300', 'JPY'],
    ]);
    expect(sumByCurrency([])).toEqual([]);
  });
});
