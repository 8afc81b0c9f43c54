import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { luhn, withoutCardNumbers } from '../../src/core/card.ts';

describe('Luhn', () => {
  test.each([
    '4242424242424242',
    '378282246310005',
    '5555555555554444',
    '6011111111111117',
    '4222222222222',
    '0',
  ])('%s passes', (digits) => {
    expect(luhn(digits)).toBe(true);
  });
  test.each(['4242424242424241', '4242424242424224', '1', '', '4242 4242 4242 4242', 'abc', '٤٢٤٢'])(
    '%j does not',
    (digits) => {
      expect(luhn(digits)).toBe(false);
    },
  );
});

describe('a card number is taken out', () => {
  test.each([
    ['bare', '4242424242424242', '[card number]'],
    ['in a sentence', 'card 4242424242424242 declined', 'card [card number] declined'],
    ['in groups', 'no 4242 4242 4242 4242.', 'no [card number].'],
    ['with dashes', '4242-4242-4242-4242', '[card number]'],
    ['with no-break spaces', '4242\u00a04242\u00a04242\u00a04242', '[card number]'],
    ['with dashes between spaces', '4242 - 4242 - 4242 - 4242', '[card number]'],
    ['digit by digit', '4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2', '[card number]'],
    ['American Express', '3782 822463 10005', '[card number]'],
    ['13 digits', '4222222222222', '[card number]'],
    ['19 digits', '6304000000000000000', '[card number]'],
    ['in JSON', '{"note":"4242424242424242"}', '{"note":"[card number]"}'],
    ['glued to letters', 'pan4242424242424242x', 'pan[card number]x'],
    ['with expiry behind it', '4242424242424242 12 34', '[card number] 12 34'],
    ['with a number before it', '75001 4242 4242 4242 4242', '75001 [card number]'],
    ['twice', '4242424242424242,5555555555554444', '[card number],[card number]'],
    ['twice in one run', '4242424242424242 5555555555554444', '[card number] [card number]'],
    ['with dots', '4242.4242.4242.4242', '[card number]'],
    ['with slashes', '4242/4242/4242/4242', '[card number]'],
    ['with underscores', '4242_4242_4242_4242', '[card number]'],
    ['with line ends', '4242\n4242\n4242\n4242', '[card number]'],
    ['with thin spaces', '4242\u20094242\u20094242\u20094242', '[card number]'],
    ['with en dashes', '4242\u20134242\u20134242\u20134242', '[card number]'],
    ['American Express with dots', '3782.822463.10005', '[card number]'],
    ['with a number before it and dots', '1234.4242.4242.4242.4242', '1234.[card number]'],
    ['in four strings', '["4242","4242","4242","4242"]', '["[card number]"]'],
    ['in four numbers', '[4242,4242,4242,4242]', '[[card number]]'],
    ['key by key', '[4,2,4,2,4,2,4,2,4,2,4,2,4,2,4,2]', '[[card number]]'],
    ['in an address', '?card=4242%204242%204242%204242', '?card=[card number]'],
    ['in an address with plus', 'q=4242+4242+4242+4242', 'q=[card number]'],
    ['escaped in JSON', '{"note":"4242\\n4242\\n4242\\n4242"}', '{"note":"[card number]"}'],
    ['plain and in an address', '4242424242424242 5555%205555%205555%204444', '[card number] [card number]'],
    ['with all that is typed behind it', '42424242424242421228123', '[card number]'],
    ['in full-width digits', '４２４２ ４２４２ ４２４２ ４２４２', '[card number]'],
    [
      'beside a uuid',
      '42345674-1234-4234-8abc-d00000000001,4242424242424242',
      '42345674-1234-4234-8abc-d00000000001,[card number]',
    ],
  ])('%s', (_how, text, kept) => {
    expect(withoutCardNumbers(text)).toBe(kept);
  });

  it('whatever its grouping and whatever stands around it', () => {
    const separators = fc.constantFrom('', ' ', '-', ' - ');
    const around = fc.constantFrom('', 'x', ': ', '"', '\n');
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 11, maxLength: 17 }),
        fc.array(separators, { minLength: 18, maxLength: 18 }),
        around,
        around,
        (body, gaps, before, after) => {
          const digits = withCheckDigit(`4${body.join('')}`);
          const written = digits
            .replace(/./g, (digit, index: number) => digit + (gaps[index] ?? ''))
            .replace(/[ -]+$/, '');
          expect(withoutCardNumbers(before + written + after)).toBe(`${before}[card number]${after}`);
        },
      ),
    );
  });
});

describe('what is no card number stays', () => {
  test.each([
    ['fails Luhn', '4242424242424241'],
    ['twelve digits', '424242424242'],
    ['twenty digits', '90000000000000000001'],
    ['a time of the database', '2026-11-22 04:24:24.242424+00'],
    ['addresses', '192.168.100.100:5080 10.142.242.242:8021'],
    ['a version', '18.4.0-beta.17'],
    ['numbers in a list', '[61.250999,1795292217.5,2026,1200]'],
    ['groups of a card that fail Luhn', '4242.4242.4242.4241'],
    ['a telephone number', '+33612345678'],
    ['two telephone numbers', '+33612345678 +33698765432'],
    ['an amount', '25.00 EUR'],
    ['nothing', ''],
  ])('%s', (_what, text) => {
    expect(withoutCardNumbers(text)).toBe(text);
  });
});

describe('what only looks like a card number stays', () => {
  test.each([
    ['microseconds since 1970', '{"atUs":1767614400000005}'],
    ['milliseconds since 1970', '{"time":1767614400003}'],
    ['a uuid', '42345674-1234-4234-8abc-d00000000001'],
    ['a uuid behind an instant', '1767614400000005,"42345674-1234-4234-8abc-d00000000001"'],
    ['nanoseconds since 1970', '1767614400000054000'],
  ])('%s', (_what, text) => {
    // The digits pass, or this would prove nothing.
    expect(luhn(text.replace(/\D/g, '').slice(0, 16))).toBe(true);
    expect(withoutCardNumbers(text)).toBe(text);
  });
});

function withCheckDigit(body: string): string {
  const check = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].find((digit) => luhn(`${body}${digit}`));
  return `${body}${check ?? ''}`;
}
