import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amountText, compare, money, plus } from '../../src/core/money.ts';
import { isFinal, movePayment, type PaymentState, settlementOf } from '../../src/core/payment.ts';

const eur = (text: string): ReturnType<typeof money> => money(text, 'EUR');
const minimum = eur('0.50');

describe('what is taken of a hold', () => {
  it.each([
    ['a talk within the hold', '19.00', '25.00', 'capture', '19.00', '6.00', '0.00'],
    ['a talk up to the limit', '25.00', '25.00', 'capture', '25.00', '0.00', '0.00'],
    [
      'a price above the hold: the rest is ours to bear',
      '27.00',
      '25.00',
      'capture',
      '25.00',
      '0.00',
      '2.00',
    ],
    ['nothing due', '0.00', '25.00', 'nothing', undefined, '25.00', '0.00'],
    ['below the smallest charge', '0.49', '25.00', 'nothing', undefined, '25.00', '0.49'],
    ['exactly the smallest charge', '0.50', '25.00', 'capture', '0.50', '24.50', '0.00'],
  ])('%s', (_, price, held, take, captured, released, writtenOff) => {
    const settlement = settlementOf(eur(price), eur(held), minimum);
    expect(settlement.take).toBe(take);
    expect(settlement.take === 'capture' ? amountText(settlement.capture) : undefined).toBe(captured);
    expect(amountText(settlement.release)).toBe(released);
    expect(amountText(settlement.writtenOff)).toBe(writtenOff);
  });

  it('never above the hold, never above the price; captured and released make the hold', () => {
    const cents = fc.integer({ min: 0, max: 100_000 }).map((n) => eur((n / 100).toFixed(2)));
    fc.assert(
      fc.property(cents, cents, (price, held) => {
        const settlement = settlementOf(price, held, minimum);
        const captured = settlement.take === 'capture' ? settlement.capture : eur('0');
        expect(compare(captured, price) <= 0 && compare(captured, held) <= 0).toBe(true);
        expect(compare(plus(captured, settlement.release), held)).toBe(0);
      }),
    );
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
