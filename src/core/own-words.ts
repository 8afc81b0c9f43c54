// A merchant's own words for ours, a sentence and a line at a time: which sentences he may say himself, what of the facts they can
// hold, and what is said where he has. A text names the facts it holds as `{price}`; a recording holds none.
//
// What a caller must be told before he says yes (the price), or could not act on without (how long he has), is in every text that
// stands for it, and no recording stands for it.

import { languages, type Language } from './ids.ts';
import { unspeakable } from './known-caller.ts';
import { money } from './money.ts';
import { spokenText } from './prompt.ts';
import * as english from './prompt-en.ts';
import * as french from './prompt-fr.ts';
import type { Sentence, SentenceFacts } from './sentence.ts';
import { amountAloud, durationAloud, minutesAloud, nameAloud, signsAloud } from './spoken-values.ts';

/** What a line says in one language; by its key. `recording`: as `words` says, for who reads. */
export type OwnWords = { text: string } | { recording: string; words: string };
export type LinePrompts = Readonly<Record<string, Readonly<Partial<Record<Language, OwnWords>>>>>;

export const ownTextMax = 1_000;

interface Sayable {
  /** One such sentence: what facts it holds, and how it sounds as we say it. */
  sample: SentenceFacts;
  /** What must be in it. */
  required?: readonly string[];
}

const merchant = 'Voyance Clara';
const line = 'Tarot';
const price = { currency: 'EUR', fixedPrice: '25.00', includedMinutes: 10, pricePerMinute: '2.50' };
const refused = (because: (SentenceFacts & { key: 'known_refused' })['because']): Sayable => ({
  sample: { key: 'known_refused', merchant, because },
});

/** Every sentence a line may say in its own words. A key behind a point is the same sentence in other circumstances. */
export const sayables: Readonly<Record<string, Sayable>> = {
  consultant_offer: {
    sample: { key: 'consultant_offer', merchant, line, minutes: 10 },
    required: ['duration'],
  },
  consultant_known_offer: {
    sample: { key: 'consultant_known_offer', merchant, line, client: '4711', seconds: 1_200 },
    required: ['duration'],
  },
  consultant_wait: { sample: { key: 'consultant_wait' } },
  consultant_caller_lost: { sample: { key: 'consultant_caller_lost' } },
  caller_offer: {
    sample: { key: 'caller_offer', merchant, consultant: 'Maria', price, minutes: 30 },
    required: ['price', 'duration'],
  },
  caller_reminder: { sample: { key: 'caller_reminder' } },
  caller_never_again: { sample: { key: 'caller_never_again' } },
  caller_hold: { sample: { key: 'caller_hold' } },
  caller_nobody: { sample: { key: 'caller_nobody' } },
  caller_consultant_lost: { sample: { key: 'caller_consultant_lost' } },
  limit_near: { sample: { key: 'limit_near', secondsLeft: 60 }, required: ['left'] },
  more_time_asked: { sample: { key: 'more_time_asked' } },
  more_time_granted: { sample: { key: 'more_time_granted', seconds: 300 }, required: ['duration'] },
  more_time_refused: { sample: { key: 'more_time_refused' } },
  consultant_limit_near: { sample: { key: 'consultant_limit_near', secondsLeft: 60 }, required: ['left'] },
  code_wanted: { sample: { key: 'code_wanted', merchant } },
  'code_wanted.again': { sample: { key: 'code_wanted', merchant, again: true } },
  pin_wanted: { sample: { key: 'pin_wanted' } },
  'pin_wanted.again': { sample: { key: 'pin_wanted', again: true } },
  known_greeting: {
    sample: {
      key: 'known_greeting',
      merchant,
      seconds: 1_200,
      balance: { amount: '12.50', currency: 'EUR' },
    },
  },
  'known_refused.unknown': refused('unknown'),
  'known_refused.no_credit': refused('no_credit'),
  'known_refused.blocked': refused('blocked'),
  'known_refused.busy': refused('busy'),
  'known_refused.closed': refused('closed'),
  'known_refused.other': refused('other'),
  'known_refused.merchant_away': refused('merchant_away'),
  'known_refused.withheld': refused('withheld'),
  known_nobody: { sample: { key: 'known_nobody' } },
  known_consultant_lost: { sample: { key: 'known_consultant_lost' } },
  'caller_farewell.limit': { sample: { key: 'caller_farewell', because: 'limit' } },
  'caller_farewell.consultant_left': { sample: { key: 'caller_farewell', because: 'consultant_left' } },
  consultant_farewell: { sample: { key: 'consultant_farewell' } },
};
export const sayableKeys: readonly string[] = Object.keys(sayables);

/** Which of them this sentence is; `undefined`: nobody says it but we. */
export function sayableKey(sentence: SentenceFacts): string | undefined {
  const key = withCircumstances(sentence);
  return key in sayables ? key : undefined;
}

function withCircumstances(sentence: SentenceFacts): string {
  switch (sentence.key) {
    case 'code_wanted':
    case 'pin_wanted':
      return sentence.again ? `${sentence.key}.again` : sentence.key;
    case 'known_refused':
      // Of a code nobody says whether it, or the PIN behind it, was wrong.
      return `known_refused.${sentence.because === 'wrong_pin' ? 'unknown' : sentence.because}`;
    case 'caller_farewell':
      return `caller_farewell.${sentence.because}`;
    default:
      return sentence.key;
  }
}

/** The facts a text for this key may name. */
export function placeholdersOf(key: string): readonly string[] {
  const sayable = sayables[key];
  return sayable ? Object.keys(spokenFacts({ language: 'en', ...sayable.sample })) : [];
}

/** How we say it, of the sample's facts. */
export function exampleOf(key: string): Record<Language, string> {
  const sample = sayables[key]?.sample;
  const said = languages.map((language) => [language, sample ? spokenText({ language, ...sample }) : '']);
  return Object.fromEntries(said) as Record<Language, string>;
}

export type OwnTextProblem =
  | { problem: 'empty' | 'too_long' | 'unspeakable' | 'stray_brace' }
  | { problem: 'unknown_placeholder' | 'missing_placeholder'; name: string };

/** What is wrong with a text for this key; `undefined`: nothing. */
export function ownTextProblem(key: string, text: string): OwnTextProblem | undefined {
  if (text.trim() === '') return { problem: 'empty' };
  if (Array.from(text).length > ownTextMax) return { problem: 'too_long' };
  if (unspeakable.test(text)) return { problem: 'unspeakable' };
  const known = placeholdersOf(key);
  const named = [...text.matchAll(placeholder)].map((one) => one[1] ?? '');
  const unknown = named.find((name) => !known.includes(name));
  if (unknown !== undefined) return { problem: 'unknown_placeholder', name: unknown };
  if (/[{}]/.test(text.replace(placeholder, ''))) return { problem: 'stray_brace' };
  const missing = sayables[key]?.required?.find((name) => !named.includes(name));
  return missing === undefined ? undefined : { problem: 'missing_placeholder', name: missing };
}

const placeholder = /\{([a-z_]+)\}/g;

/** The sentence as this line says it: in its own words where it has some for it, in ours where not. */
export function inOwnWords(sentence: Sentence, prompts: LinePrompts, merchantId: string): Sentence {
  const key = sayableKey(sentence);
  const { language } = sentence;
  const own = key === undefined ? undefined : prompts[key]?.[language];
  if (key === undefined || own === undefined) return sentence;
  if ('recording' in own) {
    return { key: 'recording', language, merchantId, digest: own.recording, words: own.words };
  }
  const facts = spokenFacts(sentence);
  const said = own.text.replace(placeholder, (_whole, name: string) => facts[name] ?? '');
  return { key: 'merchant_text', language, text: `${said}${notToBeLeftOut(sentence, own.text, facts)}` };
}

/** What holds money on his card is said whatever the text forgot, where there is something to say. */
function notToBeLeftOut(sentence: Sentence, text: string, facts: Record<string, string>): string {
  const forgotten = sentence.key === 'limit_near' && sentence.more !== undefined && !text.includes('{more}');
  return forgotten ? ` ${facts['more'] ?? ''}` : '';
}

/** What a sentence holds, each as it is said. The same names for every sentence of a key, said or empty. */
function spokenFacts(sentence: Sentence): Record<string, string> {
  const spoken = { fr: french, en: english }[sentence.language];
  const { words } = spoken;
  switch (sentence.key) {
    case 'consultant_offer':
      return {
        merchant: nameAloud(sentence.merchant),
        line: nameAloud(sentence.line),
        duration: minutesAloud(sentence.minutes, words),
      };
    case 'consultant_known_offer':
      return {
        merchant: nameAloud(sentence.merchant),
        line: nameAloud(sentence.line),
        client: sentence.client === undefined ? '' : signsAloud(sentence.client),
        duration: durationAloud(sentence.seconds, words),
      };
    case 'caller_offer':
      return {
        merchant: nameAloud(sentence.merchant),
        consultant: nameAloud(sentence.consultant),
        price: spoken.offeredPrice(sentence),
        duration: minutesAloud(sentence.minutes, words),
      };
    case 'limit_near':
      return {
        left: durationAloud(sentence.secondsLeft, words),
        more: sentence.more ? spoken.moreTime(sentence.more) : '',
      };
    case 'consultant_limit_near':
      return { left: durationAloud(sentence.secondsLeft, words) };
    case 'more_time_granted':
      return { duration: durationAloud(sentence.seconds, words) };
    case 'code_wanted':
      return { merchant: nameAloud(sentence.merchant) };
    case 'known_greeting': {
      const { balance, seconds } = sentence;
      return {
        merchant: nameAloud(sentence.merchant),
        balance: balance ? amountAloud(money(balance.amount, balance.currency), words) : '',
        duration: seconds === undefined ? '' : durationAloud(seconds, words),
      };
    }
    case 'known_refused':
      return {
        merchant: nameAloud(sentence.merchant),
        reason: spoken.refusal[sentence.because](nameAloud(sentence.merchant)),
      };
    default:
      return {};
  }
}
