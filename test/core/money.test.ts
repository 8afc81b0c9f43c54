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
  maximum,
  minimum,
  minus,
  money,
  plus,
  roundToCurrency,
  showMoney,
  times,
  zero,
  type Rounding,
} from '../../src/core/money.ts';

const currencies = ['EUR', 'USD', 'JPY', 'KWD', 'ISK', 'UGX', 'CHF'];

describe('decimal places by ISO 4217', () => {
  test.each([
    ['EUR', 2],
    ['USD', 2],
    ['JPY', 0],
    ['KRW', 0],
    ['XPF', 0],
    ['ISK', 0],
    ['UGX', 0],
    ['KWD', 3],
    ['TND', 3],
    // The tables of browsers and Node say 0 for these two.
    ['AFN', 2],
    ['LBP', 2],
  ])('%s has %i', (currency, decimals) => {
    expect(currencyDecimals(currency)).toBe(decimals);
  });

  test.each(['eur', 'EURO', '', 'XXX', 'XAU', 'ABC', '€', 'toString', '__proto__'])(
    '%j is not a currency',
    (text) => {
      expect(() => currencyDecimals(text)).toThrow(/Unknown currency/);
      expect(() => money(1, text)).toThrow(/Unknown currency/);
    },
  );
});

describe('an amount', () => {
  test.each([NaN, Infinity, -Infinity])('is never %d', (value) => {
    expect(() => money(value, 'EUR')).toThrow(/finite/);
  });

  test.each(['', 'abc', '1,50', '1 000', '€5'])('is not read from %j', (text) => {
    expect(() => money(text, 'EUR')).toThrow();
  });

  it('keeps every digit, where the shared Decimal would round at twenty', () => {
    const big = money('99999999999999999999.01', 'EUR');
    expect(amountText(plus(big, money('0.01', 'EUR')))).toBe('99999999999999999999.02');
    expect(amountText(plus({ amount: new Decimal('99999999999999999999.01'), currency: 'EUR' }, big))).toBe(
      '199999999999999999998.02',
    );
    expect(times(money('99999999999999999999.01', 'EUR'), '1.000001').amount.toFixed()).toBe(
      '100000099999999999999.00999901',
    );
  });

  it('does not mix currencies', () => {
    for (const operation of [plus, minus, compare, minimum, maximum]) {
      expect(() => operation(money(1, 'EUR'), money(1, 'CHF'))).toThrow('EUR and CHF cannot be mixed');
    }
  });

  it('compares, chooses and tells its sign', () => {
    const less = money('9.99', 'EUR');
    const more = money('10', 'EUR');
    expect([compare(less, more), compare(more, less), compare(more, money('10.00', 'EUR'))]).toEqual([
      -1, 1, 0,
    ]);
    expect(minimum(less, more)).toBe(less);
    expect(maximum(less, more)).toBe(more);
    expect(isZero(minus(more, more))).toBe(true);
    expect(isNegative(minus(less, more))).toBe(true);
    expect(isNegative(zero('EUR'))).toBe(false);
    expect(isNegative(money('-0', 'EUR'))).toBe(false);
  });

  it('is given back by plus and minus', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt(), fc.constantFrom(...currencies), (a, b, currency) => {
        const one = money(a.toString(), currency);
        const other = money(b.toString(), currency);
        expect(compare(minus(plus(one, other), other), one)).toBe(0);
      }),
    );
  });
});

describe('rounding to the currency', () => {
  test.each<[string, string, Rounding, string]>([
    ['2.005', 'EUR', 'half_up', '2.01'],
    ['2.0049999', 'EUR', 'half_up', '2.00'],
    ['-2.005', 'EUR', 'half_up', '-2.01'],
    ['1.001', 'EUR', 'up', '1.01'],
    ['1.009', 'EUR', 'down', '1.00'],
    ['-1.001', 'EUR', 'up', '-1.01'],
    ['149.5', 'JPY', 'half_up', '150'],
    ['149.4', 'JPY', 'half_up', '149'],
    ['149.01', 'JPY', 'up', '150'],
    ['1.0005', 'KWD', 'half_up', '1.001'],
    ['1.0004', 'KWD', 'half_up', '1.000'],
    ['10.5', 'ISK', 'half_up', '11'],
    ['10.5', 'UGX', 'down', '10'],
  ])('%s %s %s is %s', (amount, currency, rounding, expected) => {
    expect(amountText(roundToCurrency(money(amount, currency), rounding))).toBe(expected);
  });
});

describe('what the API and the database carry', () => {
  test.each([
    ['25', 'EUR', '25.00'],
    ['1500', 'JPY', '1500'],
    ['1.5', 'KWD', '1.500'],
    ['-0', 'EUR', '0.00'],
    ['-3.1', 'EUR', '-3.10'],
    ['1e21', 'JPY', '1000000000000000000000'],
  ])('%s %s is written %s', (amount, currency, text) => {
    expect(amountText(money(amount, currency))).toBe(text);
  });

  test.each([
    ['25.005', 'EUR'],
    ['1500.5', 'JPY'],
    ['1.0001', 'KWD'],
  ])('%s %s is refused until somebody rounds it by name', (amount, currency) => {
    expect(() => amountText(money(amount, currency))).toThrow(/must be rounded/);
  });
});

describe('what people read', () => {
  test.each([
    ['25', 'EUR', 'fr', '25,00 €'],
    ['25', 'EUR', 'en', '€25.00'],
    ['1234.5', 'EUR', 'fr', '1 234,50 €'],
    ['1500', 'JPY', 'en', '¥1,500'],
    ['1.5', 'KWD', 'en', 'KWD 1.500'],
    ['0.025', 'EUR', 'en', '€0.025'],
    ['5', 'AFN', 'en', 'AFN 5.00'],
    ['-0', 'EUR', 'en', '€0.00'],
    ['12345678901234567890.12', 'EUR', 'en', '€12,345,678,901,234,567,890.12'],
  ])('%s %s in %s is %s', (amount, currency, language, text) => {
    expect(showMoney(money(amount, currency), language).replace(/[\u00a0\u202f]/g, ' ')).toBe(text);
  });
});

describe('the VAT inside a gross amount', () => {
  test.each([
    ['25.00', 'EUR', '0.2', '4.17'],
    ['120.00', 'EUR', '0.2', '20.00'],
    ['0.01', 'EUR', '0.2', '0.00'],
    ['0.00', 'EUR', '0.2', '0.00'],
    ['10.00', 'EUR', '0', '0.00'],
    ['10.00', 'EUR', '1', '5.00'],
    // The net is rounded, 0.015 to 0.02, and the VAT is what is left.
    ['0.03', 'EUR', '1', '0.01'],
    ['100.00', 'CHF', '0.081', '7.49'],
    ['1500', 'JPY', '0.1', '136'],
    ['1.500', 'KWD', '0.05', '0.071'],
    ['1000', 'ISK', '0.24', '194'],
    ['5000', 'UGX', '0.18', '763'],
  ])('%s %s at %s is %s', (gross, currency, vatRate, vat) => {
    expect(amountText(includedVat(money(gross, currency), vatRate))).toBe(vat);
  });

  it('and the net add up to the gross, and neither is negative', () => {
    const vatRates = fc.integer({ min: 0, max: 1000 }).map((perMille) => (perMille / 1000).toString());
    fc.assert(
      fc.property(fc.nat(10 ** 9), fc.constantFrom(...currencies), vatRates, (minor, currency, vatRate) => {
        const gross = money(new Decimal(minor).div(10 ** currencyDecimals(currency)), currency);
        const vat = includedVat(gross, vatRate);
        const net = minus(gross, vat);
        expect(isNegative(vat)).toBe(false);
        expect(isNegative(net)).toBe(false);
        // The net is the one that was rounded: net times (1 + rate) is within half a coin times (1 + rate) of the gross.
        const coin = new Decimal(10).pow(-currencyDecimals(currency));
        const back = net.amount.times(new Decimal(vatRate).plus(1)).minus(gross.amount).abs();
        expect(back.lte(coin.div(2).times(new Decimal(vatRate).plus(1)))).toBe(true);
      }),
    );
  });
});
