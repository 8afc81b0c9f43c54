// What a merchant has set for one of his numbers, as it is read: what is not what it should be counts as not set.

import { describe, expect, it } from 'vitest';
import { inboundSettings, usualInboundSettings } from '../../src/core/inbound-settings.ts';

const refusedBy = (refused: unknown) => inboundSettings({ refused }).refused;

it('nothing set: the usual ones', () => {
  for (const none of [undefined, null, {}, [], 'x', 5])
    expect(inboundSettings(none)).toEqual(usualInboundSettings);
});

describe('what a refused caller gets', () => {
  it('words by language, and another line with a limit', () => {
    const refused = { text: { fr: 'Voyez notre site.' }, ring: { line: 'help', talkLimitSeconds: 120 } };
    expect(refusedBy(refused)).toEqual(refused);
  });

  it('no line without a limit, and none without end', () => {
    for (const talkLimitSeconds of [undefined, null, 0, -1, 1.5, 1_801, '60', Infinity, NaN]) {
      expect(refusedBy({ ring: { line: 'help', talkLimitSeconds } })).toEqual({ text: {} });
    }
    expect(refusedBy({ ring: { line: 'help', talkLimitSeconds: 1_800 } }).ring).toBeDefined();
  });

  it.each([undefined, null, '', 5, 'Help', 'help line', '-help', 'x'.repeat(64), ['help']])(
    'no line %j',
    (line) => {
      expect(refusedBy({ ring: { line, talkLimitSeconds: 60 } })).toEqual({ text: {} });
    },
  );

  it.each([undefined, null, 5, '', '   ', 'x'.repeat(301), 'a\u0000b', 'a\u001bb', '\ud800', ['x']])(
    'no words %j',
    (fr) => {
      expect(refusedBy({ text: { fr, en: 'See our site.' } })).toEqual({ text: { en: 'See our site.' } });
    },
  );

  it('three hundred characters are three hundred, whatever they take in memory', () => {
    const text = '😀'.repeat(300);
    expect(refusedBy({ text: { fr: text } })).toEqual({ text: { fr: text } });
  });
});

it('what is heard while consultants are rung: music, unless it is to be the tone', () => {
  expect(inboundSettings({ ringBack: 'tone' }).ringBack).toBe('tone');
  for (const ringBack of [undefined, null, 'beep', 1])
    expect(inboundSettings({ ringBack }).ringBack).toBe('music');
});
