// The card step in the words of who keys: what he types, and what he hears next.

import { describe, expect, test } from 'vitest';
import {
  cardEntryStep,
  newCardEntry,
  readCardEntry,
  type CardEntry,
  type CardEntryCommand,
  type CardEntryEvent,
  type CardQuestion,
  type EntryEnd,
} from '../../src/core/card-entry.ts';
import type { KeyedCard } from '../../src/core/keyed-card.ts';

const now = new Date('2026-11-22T12:00:00Z');
const visa = '4242424242424242';
const amex = '378282246310005';
const card: KeyedCard = { paymentMethod: 'pm_1', brand: 'visa', last4: '4242', expiry: '12/30' };

/** A caller in the room. `heard`: what was said last, or how it ended. */
class Caller {
  entry: CardEntry = newCardEntry;
  last: readonly CardEntryCommand[] = [];

  constructor() {
    this.tell({ type: 'begun' });
  }

  tell(event: CardEntryEvent): this {
    const step = cardEntryStep(this.entry, event);
    this.entry = step.entry;
    if (step.commands.length > 0) this.last = step.commands;
    return this;
  }

  /** Digits and `#` or `*`; without either, he pauses; nothing at all is silence. */
  keys(...entries: readonly string[]): this {
    for (const one of entries) {
      const at = this.entry.step as CardQuestion;
      const only = at === 'confirm' && one.length === 1;
      const ended: EntryEnd = one.endsWith('*')
        ? 'star'
        : one.endsWith('#')
          ? 'hash'
          : only
            ? 'full'
            : 'pause';
      const keys = Buffer.from(one.replace(/[#*]$/, ''));
      this.tell({ type: 'keyed', at, ended, reading: readCardEntry(at, keys, this.entry.brand, now) });
    }
    return this;
  }

  get heard(): string {
    return this.last
      .map((one) =>
        one.do === 'ask'
          ? `${one.question.said.join(' ')}${one.continues ? ' (lies ready)' : ''}`
          : one.do === 'make'
            ? `made, ${String(one.attempt)}`
            : one.end.outcome,
      )
      .join(', ');
  }
}
const caller = (): Caller => new Caller();
/** Up to the question of this name. */
const at = (step: CardQuestion | 'making', number = visa, code = '123'): Caller => {
  const keys = { number: [], expiry: [number], code: [number, '1230'], confirm: [number, '1230', code] };
  const typed =
    step === 'making' ? [...keys.confirm.map((one) => `${one}#`), '1'] : keys[step].map((one) => `${one}#`);
  return caller().keys(...typed);
};

describe('one that goes well', () => {
  test('is asked one thing after the other, each lying ready behind the one before', () => {
    const one = caller();
    expect(one.heard).toBe('amount number');
    expect(one.last).toMatchObject([
      {
        ahead: [
          { step: 'expiry', said: ['expiry'] },
          { step: 'code', said: ['code'] },
          { step: 'confirm', said: [] },
        ],
      },
    ]);
    expect(one.keys(`${visa}#`).heard).toBe('expiry (lies ready)');
    expect(one.keys('1230#').heard).toBe('code (lies ready)');
    expect(one.keys('123#').heard).toBe('ends_in last_four confirm');
    expect(one.keys('1').heard).toBe('made, 1');
    expect(one.tell({ type: 'made', card }).last).toEqual([{ do: 'end', end: { outcome: 'taken', card } }]);
    expect(one.entry.step).toBe('over');
  });

  test('without `#`, by pausing', () => {
    expect(caller().keys(visa, '1230', '123', '1').heard).toBe('made, 1');
  });

  test.each([
    ['Visa', visa, '123'],
    ['Mastercard', '5555555555554444', '123'],
    ['Mastercard of the second series', '2223003122003222', '123'],
    ['American Express, with its code of four', amex, '1234'],
    ['Discover', '6011111111111117', '123'],
    ['Diners', '36227206271667', '123'],
    ['JCB', '3566002020360505', '123'],
    ['UnionPay', '6200000000000005', '123'],
  ])('%s', (_brand, number, code) => {
    expect(at('confirm', number, code).heard).toBe('ends_in last_four confirm');
  });
});

describe('what is wrong', () => {
  test.each<[string, CardQuestion, string, string]>([
    ['a digit of the number', 'number', '4242424242424241#', 'number_wrong number'],
    ['a number that is short', 'number', '424242424242#', 'number_wrong number'],
    ['a number that is long', 'number', `${visa}4#`, 'number_wrong number'],
    ['a card that is over', 'expiry', '1026#', 'expiry_wrong expiry'],
    ['a month there is not', 'expiry', '1330#', 'expiry_wrong expiry'],
    ['a code of two', 'code', '12#', 'code_wrong code'],
    ['a code of four', 'code', '1234#', 'code_wrong code'],
    ['a key that confirms nothing', 'confirm', '7', 'ends_in last_four confirm'],
    ['silence at the number', 'number', '', 'number'],
    ['silence at the expiry', 'expiry', '', 'expiry'],
    ['silence at the code', 'code', '', 'code'],
    ['`#` alone', 'expiry', '#', 'expiry'],
    ['`*` in the number', 'number', '4242*', 'number'],
    ['`*` in the expiry', 'expiry', '12*', 'expiry'],
    ['`*` in the code', 'code', '1*', 'code'],
    ['`*` where he is to confirm: the number again', 'confirm', '*', 'number'],
  ])('%s is asked again, and what was typed ahead is thrown away', (_what, step, keys, heard) => {
    const one = at(step).keys(keys);
    expect(one.heard).toBe(heard);
    expect(one.last).toMatchObject([{ do: 'ask', continues: false }]);
  });

  test('a code of three of an American Express: he is told that it has four', () => {
    expect(at('code', amex).keys('123#').heard).toBe('code_wrong code_four');
    expect(at('code', amex).keys('123#', '1234#').heard).toBe('ends_in last_four confirm');
  });

  test.each<[CardQuestion, string]>([
    ['number', '4242424242424241#'],
    ['expiry', '1026#'],
    ['code', '12#'],
    ['confirm', '7'],
  ])('three times in the step %s, and it is over', (step, wrong) => {
    expect(at(step).keys(wrong, wrong).last).toMatchObject([{ do: 'ask', question: { step } }]);
    expect(at(step).keys(wrong, wrong, wrong).heard).toBe('gave_up');
  });

  test.each<CardQuestion>(['number', 'expiry', 'code', 'confirm'])('three silences at the %s', (step) => {
    expect(at(step).keys('', '').last).toMatchObject([{ do: 'ask', question: { step } }]);
    expect(at(step).keys('', '', '').heard).toBe('timed_out');
  });

  test('each step has its own three', () => {
    const wrong = '4242424242424241#';
    expect(caller().keys(wrong, wrong, `${visa}#`, '1026#', '1026#', '1230#', '12#', '12#').heard).toBe(
      'code_wrong code',
    );
  });

  test('a star that is stuck does not ask for ever', () => {
    expect(caller().keys(...Array.from({ length: 11 }, () => '*')).heard).toBe('gave_up');
  });

  test('0 and `#` instead of the number, or 0 instead of confirming, is his own wish', () => {
    expect(caller().keys('0#').heard).toBe('gave_up');
    expect(at('confirm').keys('0').heard).toBe('gave_up');
  });

  test('the `#` behind an entry that ended by its length is no answer to the next question', () => {
    const full = (one: Caller): Caller =>
      one.tell({ type: 'keyed', at: 'number', ended: 'full', reading: { is: 'wrong' } });
    const one = full(caller()).keys('#');
    expect(one.entry).toMatchObject({ wrong: 1, silent: 0 });
    expect(one.keys('#').entry).toMatchObject({ wrong: 1, silent: 1 });
  });

  test('an answer to a question that is no longer asked changes nothing', () => {
    const one = at('code');
    const before = one.entry;
    expect(one.tell({ type: 'keyed', at: 'number', ended: 'hash', reading: { is: 'wrong' } }).entry).toBe(
      before,
    );
    expect(one.tell({ type: 'made', card }).entry).toBe(before);
  });
});

describe('what the processor says', () => {
  test.each([
    ['number', 'not_accepted number', [`${visa}#`, '1230#', '123#', '1']],
    ['card', 'not_accepted number', [`${visa}#`, '1230#', '123#', '1']],
    ['expiry', 'not_accepted expiry', ['1230#', '123#', '1']],
    ['code', 'not_accepted code', ['123#', '1']],
  ] as const)('the %s is wrong: from there again, three in all', (wrong, heard, keys) => {
    const one = at('making').tell({ type: 'refused', wrong });
    expect(one.heard).toBe(heard);
    expect(one.keys(...keys).heard).toBe('made, 2');
    expect(one.tell({ type: 'refused', wrong }).keys(...keys).heard).toBe('made, 3');
    expect(one.tell({ type: 'refused', wrong }).heard).toBe('refused');
  });

  test('of a code of four: he is asked for four', () => {
    expect(at('making', amex, '1234').tell({ type: 'refused', wrong: 'code' }).heard).toBe(
      'not_accepted code_four',
    );
  });

  test('nothing: nobody knows', () => {
    expect(at('making').tell({ type: 'unanswered' }).heard).toBe('unknown');
  });
});

describe.each(['number', 'expiry', 'code', 'confirm', 'making'] as const)('in %s', (step) => {
  test('he hangs up', () => {
    const one = at(step).tell({ type: 'hungUp', endedAtUs: 1795292222712330n });
    expect(one.last).toEqual([{ do: 'end', end: { outcome: 'hung_up', endedAtUs: 1795292222712330n } }]);
    const over = one.entry;
    expect(one.tell({ type: 'made', card }).entry).toBe(over);
  });
  test('he is lost sight of', () => expect(at(step).tell({ type: 'lost' }).heard).toBe('away'));
});

test('nothing of his digits is in what is kept of him', () => {
  const keys = [`${visa}#`, '1230#', '123#', '1'];
  const one = caller();
  for (const key of keys) {
    one.keys(key);
    expect(JSON.stringify([one.entry, one.last])).not.toMatch(/\d{3,}/);
  }
});
