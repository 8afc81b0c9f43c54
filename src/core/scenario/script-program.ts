// What a merchant's script may have us do, whichever language it answers in. The shapes, their bounds, and the checks every
// language shares; the languages themselves are script-answer (JSON, lines) and script-twiml.

import { parsePhone } from '../dialling.ts';
import type { E164, Language } from '../ids.ts';
import { talkLimitSecondsMax, unspeakable } from '../known-caller.ts';
import { parseSipAddress, type SipAddress } from '../sip-address.ts';
import { textAloud } from '../spoken-values.ts';

/** An answer, understood: first what it sets, then its steps in order, then where the scenario goes on. */
export interface ScriptProgram {
  set: Readonly<Record<string, string>>;
  steps: readonly ScriptStep[];
  /** The exit of the block by which the scenario goes on after the last step; absent: the one for any answer. */
  next?: string;
  /** How long he may talk, whoever is rung later; where the answer itself dials, the limit stands there. */
  limitSeconds?: number;
}

/** What a caller hears, also while he is to key something. */
export type ScriptPrompt =
  /** Never a template: a brace in it is a brace. */
  | { do: 'say'; texts: ScriptTexts; times: number }
  | { do: 'play'; url: string; times: number }
  | { do: 'pause'; seconds: number };

/**
 * One thing to say: in each language it is known in, or in `any`, which is the caller's. Somebody whose language is not among
 * them hears the first of them.
 */
export type ScriptTexts = { any: string } | Partial<Record<Language, string>>;

export type ScriptStep =
  | ScriptPrompt
  | {
      do: 'collect';
      prompts: readonly ScriptPrompt[];
      maxDigits: number;
      terminator: '#' | 'none';
      /** Silence that ends it: before the first digit and after any. */
      waitMs: number;
      /** Who is asked with the digits, and what follows here is passed over; absent: the digits are kept, and it goes on here. */
      then?: ScriptAddress;
      /** Nothing was keyed: `then` all the same, with no digits, or the next step. */
      onEmpty: 'then' | 'goOn';
    }
  | {
      do: 'dial';
      to: { number: E164 } | { sip: SipAddress };
      ringSeconds: number;
      limitSeconds?: number;
      callerId?: E164;
      /** The caller may end the talk by `*` and goes on here. */
      hangUpOnStar?: true;
      /** The caller's own call is answered only when somebody else has. */
      answerOnBridge?: true;
      /** Who is asked when it is over, with how it ended; absent: it goes on here. */
      then?: ScriptAddress;
    }
  | ({ do: 'redirect' } & ScriptAddress)
  | { do: 'hangUp'; cause: ScriptHangUp };

/** `method` absent: as the block asks. */
export interface ScriptAddress {
  url: string;
  method?: 'GET' | 'POST';
}

export const scriptHangUps = ['normal', 'busy', 'rejected'] as const;
export type ScriptHangUp = (typeof scriptHangUps)[number];

export const scriptBounds = {
  /** Of an answer, as it comes. */
  bytes: 64 * 1024,
  /** Prompts of an entry count too. */
  steps: 50,
  /** Characters of all that is said. */
  text: 4_096,
  /** Of one address. */
  url: 2_000,
  variables: 50,
  /** Characters of one value. */
  value: 256,
  /** What a switch takes in one entry. */
  digits: 40,
  times: 1_000,
  pauseSeconds: 180,
  waitSeconds: 120,
  ringSeconds: 600,
} as const;

/** As the blocks of a scenario name theirs. */
export const scriptVariable = /^[a-z][A-Za-z0-9_]{0,31}$/;
const exitName = /^[a-z0-9_*#]{1,40}$/;

/** Twilio's, which scripts count on (Gather's and Dial's `timeout`). */
export const usualWaitSeconds = 5;
export const usualRingSeconds = 30;

/** An answer that cannot be carried out. Its message is a sentence without its full stop, and quotes nothing but names. */
export class UnusableAnswer extends Error {}

export function unusable(where: string, what: string): never {
  throw new UnusableAnswer(where === '' ? what : `at ${where}: ${what}`);
}

/** A name of somebody else's in a sentence of ours, where it is one. */
export function named(name: string): string {
  return /^[A-Za-z_][\w.:-]{0,59}$/.test(name) ? name : 'of a name that cannot be shown';
}

export function wholeNumber(where: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    unusable(where, `it must be a whole number from ${least} to ${most}`);
  }
  return value;
}

/** Digits only: `1e3`, `0x10` and `5.0` are no way to write a number of seconds. */
export function numberIn(where: string, text: string, least: number, most: number): number {
  return wholeNumber(where, /^\d{1,9}$/.test(text.trim()) ? Number(text) : undefined, least, most);
}

export function variable(where: string, name: string, value: string): [string, string] {
  if (!scriptVariable.test(name)) {
    unusable(where, 'the name of a variable must be a small letter and at most 31 letters, digits or _');
  }
  if (Array.from(value).length > scriptBounds.value || unspeakable.test(value)) {
    unusable(
      where,
      `a value must be at most ${scriptBounds.value} characters, with no control characters in it`,
    );
  }
  return [name, value];
}

export function exitOf(where: string, value: unknown): string {
  if (typeof value !== 'string' || !exitName.test(value)) {
    unusable(where, 'it must be the name of an exit: at most 40 small letters, digits, _, * or #');
  }
  return value;
}

/** One line of it, as a voice takes it; empty where there is nothing to say. */
export function spoken(where: string, value: unknown): string {
  if (typeof value !== 'string') unusable(where, 'it must be text');
  if (unspeakable.test(value)) unusable(where, 'it must hold no control characters');
  return textAloud(value) === '' ? '' : value.replace(/\s+/gu, ' ').trim();
}

/** In full, without its fragment. `base`: of the question this answers. */
export function addressOf(where: string, value: unknown, base: string): string {
  const text = typeof value === 'string' ? value.trim() : '';
  if (text === '' || text.length > scriptBounds.url || !URL.canParse(text, base)) {
    unusable(where, `it must be an address of at most ${scriptBounds.url} characters`);
  }
  const url = new URL(text, base);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') unusable(where, 'it must be an http(s) address');
  if (url.username !== '' || url.password !== '') {
    unusable(where, 'an address must hold no name and password');
  }
  url.hash = '';
  // Relative to a long one, and with its letters escaped, it may have grown.
  if (url.href.length > 2 * scriptBounds.url) unusable(where, 'the address is too long');
  return url.href;
}

export function numberToDial(where: string, value: unknown): E164 {
  const parsed =
    typeof value === 'string' && value.trim().startsWith('+') ? parsePhone(value, '') : undefined;
  if (parsed?.outcome === 'number') return parsed.number;
  unusable(where, 'it must be a telephone number with its country code, such as +33612345678');
}

export function sipToDial(where: string, value: unknown): SipAddress {
  const text = typeof value === 'string' ? value.trim() : '';
  const parsed = /^sip:/i.test(text) ? parseSipAddress(text) : undefined;
  if (parsed) return parsed;
  unusable(where, 'it must be a SIP address such as sip:anna@example.com, with no more than a port to it');
}

export function talkLimit(where: string, value: unknown): number {
  return wholeNumber(where, value, 1, talkLimitSecondsMax);
}

/** Nothing comes after a step that leaves. */
export function leaves(step: ScriptStep): boolean {
  switch (step.do) {
    case 'redirect':
    case 'hangUp':
      return true;
    case 'collect':
      return step.then !== undefined && step.onEmpty === 'then';
    case 'dial':
      return step.then !== undefined;
    default:
      return false;
  }
}

/** What no single step can see: how many there are, and how much is said. */
export function withinBounds(program: ScriptProgram): ScriptProgram {
  const all = program.steps.flatMap<ScriptStep>((step) =>
    step.do === 'collect' ? [step, ...step.prompts] : [step],
  );
  // A hang-up is the end of an answer rather than a step of it, and TwiML gets one unasked.
  const steps = all.filter((step) => step.do !== 'hangUp');
  if (steps.length > scriptBounds.steps) unusable('', `the answer has more than ${scriptBounds.steps} steps`);
  const said = all
    .flatMap((step) => (step.do === 'say' ? Object.values<string>(step.texts) : []))
    .reduce((sum, text) => sum + Array.from(text).length, 0);
  if (said > scriptBounds.text) unusable('', `the answer says more than ${scriptBounds.text} characters`);
  if (Object.keys(program.set).length > scriptBounds.variables) {
    unusable('set', `at most ${scriptBounds.variables} variables can be set at once`);
  }
  return program;
}

/** What somebody hears of it, and in which language it is to be spoken. */
export function textFor(texts: ScriptTexts, language: Language): { text: string; language: Language } {
  if ('any' in texts) return { text: texts.any, language };
  const own = texts[language];
  if (own !== undefined) return { text: own, language };
  const [[other, text] = [language, '']] = Object.entries(texts) as [Language, string][];
  return { text, language: other };
}
