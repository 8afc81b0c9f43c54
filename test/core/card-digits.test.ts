import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { luhn } from '../../src/core/card.ts';
import {
  cardBrand,
  isSecurityCode,
  readCardExpiry,
  readCardNumber,
  securityCodeLength,
} from '../../src/core/card-digits.ts';

const bytes = (digits: string): Buffer => Buffer.from(digits);

/** Test numbers as the schemes and Stripe publish them. */
const published: [string, string][] = [
  ['visa', '4242424242424242'],
  ['visa', '4000056655665556'],
  ['visa', '4222222222222'],
  ['visa', '4000000000000000006'],
  ['mastercard', '5555555555554444'],
  ['mastercard', '2223003122003222'],
  ['mastercard', '5200828282828210'],
  ['mastercard', '5105105105105100'],
  ['amex', '378282246310005'],
  ['amex', '371449635398431'],
  ['discover', '6011111111111117'],
  ['discover', '6011000990139424'],
  ['diners', '3056930009020004'],
  ['diners', '36227206271667'],
  ['jcb', '3566002020360505'],
  ['unionpay', '6200000000000005'],
  ['unionpay', '6205500000000000004'],
  // Cartes Bancaires: by the other brand they bear.
  ['visa', '4000002500001001'],
  ['mastercard', '5555552500001001'],
];

describe('the number', () => {
  test.each(published)('%s %s', (brand, number) => expect(readCardNumber(bytes(number))).toBe(brand));

  test.each([
    ['a digit wrong', '4242424242424241'],
    ['two neighbours exchanged', '4242424242424224'],
    ['a digit short', '424242424242424'],
    ['Luhn right, but of a length Visa has not', '42424242424242'],
    ['Luhn right, but too long for a Mastercard', '55555555555544440'],
    ['too long for any card', '42424242424242424242'],
    ['of no brand', '9999999999999995'],
    ['nothing', ''],
    ['one zero', '0'],
    ['zeros, which pass Luhn', '0000000000000000'],
    ['with a key that is no digit', '424242424242424*'],
  ])('%s is none', (_what, number) => expect(readCardNumber(bytes(number))).toBeUndefined());

  test.each([
    ['222099', undefined],
    ['222100', 'mastercard'],
    ['272099', 'mastercard'],
    ['272100', undefined],
    ['50', undefined],
    ['51', 'mastercard'],
    ['55', 'mastercard'],
    ['56', undefined],
    ['300', 'diners'],
    ['306', undefined],
    ['3095', 'diners'],
    ['3527', undefined],
    ['3528', 'jcb'],
    ['3589', 'jcb'],
    ['3590', undefined],
    ['643', undefined],
    ['644', 'discover'],
    ['35', undefined],
  ])('what begins with %s is of %s', (digits, brand) => expect(cardBrand(bytes(digits))).toBe(brand));

  test('any digit changed makes it none, whatever the card', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...published),
        fc.nat(18),
        fc.integer({ min: 1, max: 9 }),
        ([, number], at, by) => {
          const place = at % number.length;
          const digit = (Number(number[place]) + by) % 10;
          const changed = `${number.slice(0, place)}${String(digit)}${number.slice(place + 1)}`;
          expect(readCardNumber(bytes(changed))).toBeUndefined();
        },
      ),
    );
  });

  test('bytes and text are judged by the same rule', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^4[0-9]{15}$/), (number) => {
        expect(readCardNumber(bytes(number)) === 'visa').toBe(luhn(number));
      }),
    );
  });
});

describe('the expiry', () => {
  const now = new Date('2026-11-30T23:59:59Z');
  test.each([
    ['this month, to its end', '1126', { month: 11, year: 2026 }],
    ['next month', '1226', { month: 12, year: 2026 }],
    ['in twenty years', '1146', { month: 11, year: 2046 }],
    ['last month', '1026', undefined],
    ['a month beyond twenty years', '1246', undefined],
    ['month 13', '1330', undefined],
    ['month 0', '0030', undefined],
    ['three digits', '123', undefined],
    ['five digits', '12300', undefined],
    ['no digits', '1*30', undefined],
  ])('%s', (_what, digits, expiry) => expect(readCardExpiry(bytes(digits), now)).toEqual(expiry));

  test('the same card a second later, in December, is over', () =>
    expect(readCardExpiry(bytes('1126'), new Date('2026-12-01T00:00:00Z'))).toBeUndefined());
  test('near the end of a century the next one is meant', () =>
    expect(readCardExpiry(bytes('0104'), new Date('2098-01-01T00:00:00Z'))).toEqual({
      month: 1,
      year: 2104,
    }));
});

test.each([
  ['visa', '123', true],
  ['visa', '1234', false],
  ['mastercard', '12', false],
  ['amex', '1234', true],
  ['amex', '123', false],
  ['jcb', '12a', false],
] as const)('the code of %s: %s', (brand, code, is) => {
  expect(isSecurityCode(bytes(code), brand)).toBe(is);
  expect(securityCodeLength(brand)).toBe(brand === 'amex' ? 4 : 3);
});
