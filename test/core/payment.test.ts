import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amountText, compare, minus, money, type Money, plus } from '../../src/core/money.ts';
import {
  applicationFeeOf,
  feeBackOf,
  isFinal,
  movePayment,
  type PaymentState,
  refundParts,
  settlementOf,
} from '../../src/core/payment.ts';

const eur = (text: string): ReturnType<typeof money> => money(text, 'EUR');
const minimum = eur('0.50');

const texts = (amounts: readonly Money[]): string[] => amounts.map(amountText);

describe('what is taken of one hold', () => {
  it.each([
    ['a talk within the hold', '19.00', '25.00', '19.00', '0.00'],
    ['a talk up to the limit', '25.00', '25.00', '25.00', '0.00'],
    ['a price above the hold: the rest is ours to bear', '27.00', '25.00', '25.00', '2.00'],
    ['nothing due', '0.00', '25.00', '0.00', '0.00'],
    ['below the smallest charge', '0.49', '25.00', '0.00', '0.49'],
    ['exactly the smallest charge', '0.50', '25.00', '0.50', '0.00'],
  ])('%s', (_, price, held, captured, writtenOff) => {
    const settlement = settlementOf(eur(price), [eur(held)], minimum);
    expect(texts(settlement.captures)).toEqual([captured]);
    expect(amountText(settlement.writtenOff)).toBe(writtenOff);
  });
});

describe('what is taken of several holds', () => {
  it.each<[string, string, string[], string[], string]>([
    ['the first covers it', '7.00', ['10.00', '5.00'], ['7.00', '0.00'], '0.00'],
    ['the second could cover it alone', '12.00', ['10.00', '20.00'], ['10.00', '2.00'], '0.00'],
    ['the second completes it', '12.00', ['10.00', '5.00'], ['10.00', '2.00'], '0.00'],
    ['all of both', '15.00', ['10.00', '5.00'], ['10.00', '5.00'], '0.00'],
    ['more than both', '16.00', ['10.00', '5.00'], ['10.00', '5.00'], '1.00'],
    ['too small a rest takes from the first', '10.20', ['10.00', '5.00'], ['9.70', '0.50'], '0.00'],
    ['a second that covers it alone', '0.80', ['0.60', '5.00'], ['0.00', '0.80'], '0.00'],
    ['what cannot be split', '0.80', ['0.60', '0.60'], ['0.60', '0.00'], '0.20'],
    ['a hold below the smallest charge', '3.00', ['2.00', '0.40', '2.00'], ['2.00', '0.00', '1.00'], '0.00'],
    ['nothing held any more', '3.00', [], [], '3.00'],
    ['three of three', '11.10', ['10.00', '1.00', '1.00'], ['10.00', '0.60', '0.50'], '0.00'],
  ])('%s', (_, price, held, captured, writtenOff) => {
    const settlement = settlementOf(eur(price), held.map(eur), minimum);
    expect(texts(settlement.captures)).toEqual(captured);
    expect(amountText(settlement.writtenOff)).toBe(writtenOff);
  });

  const cents = (most: number): fc.Arbitrary<Money> =>
    fc.integer({ min: 1, max: most }).map((n) => eur((n / 100).toFixed(2)));

  it('never above a hold, never above the price, never below the smallest charge; nothing is lost on the way', () => {
    fc.assert(
      fc.property(cents(2_000), fc.array(cents(500), { maxLength: 6 }), (price, holds) => {
        const { captures, writtenOff } = settlementOf(price, holds, minimum);
        const taken = captures.reduce(plus, eur('0'));
        expect(compare(plus(taken, writtenOff), price)).toBe(0);
        captures.forEach((capture, place) => {
          expect(compare(capture, holds[place]!)).toBeLessThanOrEqual(0);
          expect(capture.amount.isZero() || compare(capture, minimum) >= 0).toBe(true);
        });
      }),
    );
  });

  it('one after the other takes as much as all at once', () => {
    fc.assert(
      fc.property(cents(2_000), fc.array(cents(500), { minLength: 1, maxLength: 6 }), (price, holds) => {
        let due = price;
        for (let place = 0; place < holds.length; place += 1) {
          const [first] = settlementOf(due, holds.slice(place), minimum).captures;
          due = minus(due, first!);
        }
        expect(amountText(due)).toBe(amountText(settlementOf(price, holds, minimum).writtenOff));
      }),
    );
  });
});

describe('our part', () => {
  it.each([
    ['15.00', 'EUR', '0.2', '3.00'],
    ['0.33', 'EUR', '0.15', '0.05'],
    ['1500', 'JPY', '0.0333', '50'],
    ['5.120', 'KWD', '0.0333', '0.170'],
  ])('of %s %s at %s is %s', (captured, currency, rate, fee) => {
    expect(amountText(applicationFeeOf(money(captured, currency), rate))).toBe(fee);
  });

  it('goes back with refunds, all of it with the last, however many there are', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 }), (parts) => {
        const captured = eur((parts.reduce((a, b) => a + b) / 100).toFixed(2));
        const fee = applicationFeeOf(captured, '0.137');
        let before = eur('0');
        let back = eur('0');
        for (const part of parts) {
          const amount = eur((part / 100).toFixed(2));
          before = plus(before, amount);
          const inAll = feeBackOf(fee, captured, before);
          expect(compare(inAll, back)).toBeGreaterThanOrEqual(0);
          back = inAll;
        }
        expect(amountText(back)).toBe(amountText(fee));
      }),
    );
  });
});

describe('a refund over several captures', () => {
  it.each([
    ['2.00', ['10.00', '5.00'], ['0.00', '2.00']],
    ['7.00', ['10.00', '5.00'], ['2.00', '5.00']],
    ['15.00', ['10.00', '5.00'], ['10.00', '5.00']],
  ])('%s of %j: %j', (amount, left, parts) => {
    expect(texts(refundParts(eur(amount), left.map(eur)))).toEqual(parts);
  });
  it('is never more than is left', () => {
    expect(() => refundParts(eur('5.01'), [eur('5.00')])).toThrow();
  });
});

describe('the moves of a payment', () => {
  it.each<[PaymentState, PaymentState, string]>([
    ['awaiting_card', 'authorized', 'move'],
    ['awaiting_card', 'captured', 'forbidden'],
    ['authorized', 'capturing', 'move'],
    ['authorized', 'failed', 'forbidden'],
    ['capturing', 'captured', 'move'],
    ['capturing', 'voiding', 'forbidden'],
    ['captured', 'captured', 'stay'],
    ['captured', 'voided', 'forbidden'],
    ['voiding', 'capturing', 'forbidden'],
    ['voided', 'authorized', 'forbidden'],
    ['failed', 'authorized', 'forbidden'],
  ])('%s to %s: %s', (from, to, answer) => expect(movePayment(from, to)).toBe(answer));

  it('ends in captured, voided or failed only', () => {
    const states: PaymentState[] = [
      'awaiting_card',
      'authorized',
      'capturing',
      'captured',
      'voiding',
      'voided',
      'failed',
    ];
    expect(states.filter(isFinal)).toEqual(['captured', 'voided', 'failed']);
  });
});
