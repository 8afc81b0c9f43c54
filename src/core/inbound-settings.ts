// How calls to one DDI are recognized: what a merchant may set, and what holds where he sets nothing.

import type { DigitEntry, InboundPlan, RingBack } from './call-session.ts';
import { type Language, languages } from './ids.ts';
import { speakable } from './known-caller.ts';

export interface InboundSettings {
  code: DigitEntry;
  pin: DigitEntry;
  withheld: InboundPlan['withheld'];
  fallback: InboundPlan['fallback'];
  talkLimitMaxSeconds: number;
  callsAtOnce: number;
  refused: RefusedSettings;
  ringBack: RingBack;
}

/** What a refused caller gets. */
export interface RefusedSettings {
  /** Spoken where the merchant's server sent no words, to him whom the merchant does not know or want. */
  text: Partial<Record<Language, string>>;
  /** Then the consultants of this line (its slug) are rung, and he may talk that long. */
  ring?: { line: string; talkLimitSeconds: number };
}

export const usualInboundSettings: InboundSettings = {
  code: { maxDigits: 12, terminator: '#', tries: 3, waitMs: 8_000, betweenMs: 4_000 },
  pin: { maxDigits: 8, terminator: '#', tries: 3, waitMs: 8_000, betweenMs: 4_000 },
  withheld: 'code',
  fallback: { do: 'refuse' },
  // Four hours: a client without a limit who fell asleep must not talk for days.
  talkLimitMaxSeconds: 14_400,
  callsAtOnce: 1,
  refused: { text: {} },
  ringBack: 'music',
};

/** What a merchant may set them to, both ends included: asked where he sets them, and again where a call is taken. */
export const inboundBounds = {
  maxDigits: [2, 20],
  tries: [1, 10],
  waitMs: [1_000, 30_000],
  betweenMs: [500, 10_000],
  // Of somebody nobody is billed for, on trial or refused: a minute or a few.
  unrecognizedTalkSeconds: [1, 1_800],
  talkLimitMaxSeconds: [1, 86_400],
  callsAtOnce: [1, 1_000],
} as const satisfies Record<string, readonly [least: number, most: number]>;

/** A merchant's own settings over the usual ones, as far as they are what they should be; anything else is left out. */
export function inboundSettings(own: unknown): InboundSettings {
  const given = isRecord(own) ? own : {};
  const usual = usualInboundSettings;
  return {
    code: digitEntry(given['code'], usual.code),
    pin: digitEntry(given['pin'], usual.pin),
    withheld: given['withheld'] === 'refuse' ? 'refuse' : usual.withheld,
    fallback: fallbackOf(given['fallback']),
    talkLimitMaxSeconds:
      whole(given['talkLimitMaxSeconds'], inboundBounds.talkLimitMaxSeconds) ?? usual.talkLimitMaxSeconds,
    callsAtOnce: whole(given['callsAtOnce'], inboundBounds.callsAtOnce) ?? usual.callsAtOnce,
    refused: refusedOf(given['refused']),
    ringBack: given['ringBack'] === 'tone' ? 'tone' : usual.ringBack,
  };
}

function digitEntry(own: unknown, usual: DigitEntry): DigitEntry {
  const given = isRecord(own) ? own : {};
  return {
    maxDigits: whole(given['maxDigits'], inboundBounds.maxDigits) ?? usual.maxDigits,
    terminator: given['terminator'] === 'none' ? 'none' : usual.terminator,
    tries: whole(given['tries'], inboundBounds.tries) ?? usual.tries,
    waitMs: whole(given['waitMs'], inboundBounds.waitMs) ?? usual.waitMs,
    betweenMs: whole(given['betweenMs'], inboundBounds.betweenMs) ?? usual.betweenMs,
  };
}

function fallbackOf(own: unknown): InboundPlan['fallback'] {
  if (!isRecord(own) || own['do'] !== 'trial') return usualInboundSettings.fallback;
  const seconds = whole(own['talkLimitSeconds'], inboundBounds.unrecognizedTalkSeconds);
  return seconds === undefined ? usualInboundSettings.fallback : { do: 'trial', talkLimitSeconds: seconds };
}

function refusedOf(own: unknown): RefusedSettings {
  if (!isRecord(own)) return usualInboundSettings.refused;
  const texts = isRecord(own['text']) ? own['text'] : {};
  const text: RefusedSettings['text'] = {};
  for (const language of languages) {
    const said = speakable(texts[language]);
    if (said !== undefined) text[language] = said;
  }
  const ring = isRecord(own['ring']) ? own['ring'] : {};
  const line = ring['line'];
  // Without a limit nobody is rung: who pays for this talk is the merchant alone.
  const talkLimitSeconds = whole(ring['talkLimitSeconds'], inboundBounds.unrecognizedTalkSeconds);
  if (typeof line !== 'string' || !linePattern.test(line) || talkLimitSeconds === undefined) return { text };
  return { text, ring: { line, talkLimitSeconds } };
}

/** A line's slug. */
const linePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;

function whole(value: unknown, [min, max]: readonly [number, number]): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
    ? value
    : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
