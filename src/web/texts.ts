// Words for people: the catalogue in both languages, and how times, rates and phone numbers are written in each. Here:
// no markup, no decisions about what is shown. Money is written by core/money.

import parsePhoneNumber from 'libphonenumber-js/max';
import type { Language } from '../core/ids.ts';
import { en } from './texts-en.ts';
import { fr } from './texts-fr.ts';

export type TextKey = keyof typeof fr;
export const catalogue: Record<Language, Record<TextKey, string>> = { fr, en };

/**
 * One sentence, with its `{names}` filled in. Names nobody gave are a bug and throw: an order page that says "{amount}
 * held" must never be seen.
 */
export function text(language: Language, key: TextKey, names: Readonly<Record<string, string>> = {}): string {
  const filled = catalogue[language][key].replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = names[name];
    if (value === undefined) throw new Error(`Text ${key} needs {${name}}`);
    return value;
  });
  return typeset(language, filled);
}

/** Is this a key of the catalogue? Templates name keys as data; a mistyped one must not pass for a sentence. */
export function isTextKey(key: string): key is TextKey {
  return Object.hasOwn(fr, key);
}

/** No line may begin with the mark that ends the sentence: no-break spaces where French typography puts spaces. */
export function typeset(language: Language, sentence: string): string {
  if (language !== 'fr') return sentence;
  return sentence
    .replaceAll(/ ([?!;»])/g, '\u202f$1')
    .replaceAll(/ ([:%])/g, '\u00a0$1')
    .replaceAll('« ', '«\u00a0');
}

const unitNames = {
  fr: { hour: ['heure', 'heures'], minute: ['minute', 'minutes'], second: ['seconde', 'secondes'] },
  en: { hour: ['hour', 'hours'], minute: ['minute', 'minutes'], second: ['second', 'seconds'] },
} as const;

/** Whole seconds in words: `10 minutes`, `1 minute 30 secondes`, `2 heures`. */
export function showDuration(seconds: number, language: Language): string {
  const rules = new Intl.PluralRules(language);
  const parts = [
    ['hour', Math.floor(seconds / 3600)],
    ['minute', Math.floor((seconds % 3600) / 60)],
    ['second', seconds % 60],
  ] as const;
  const said = parts.filter(([, count]) => count > 0);
  if (said.length === 0) said.push(['second', 0]);
  return said
    .map(
      ([unit, count]) => `${count}\u00a0${unitNames[language][unit][rules.select(count) === 'one' ? 0 : 1]}`,
    )
    .join(' ');
}

/** `12:03`, `1:02:03`: what a clock shows. The browser writes the running one the same way (browser/clock.ts). */
export function showClock(seconds: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = two(Math.floor(seconds % 60));
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** `0.2` as `20 %`, `0.055` as `5,5 %`. */
export function showRate(rate: string, language: Language): string {
  const format = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 3 });
  return format.format(rate as `${number}`);
}

/** Date and time in the merchant's zone, with the zone's name: a receipt is read months later, anywhere. */
export function showInstant(at: Date, timeZone: string, language: Language): string {
  return new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, {
    dateStyle: 'long',
    timeStyle: 'medium',
    timeZone,
  }).format(at);
}

/** The time of day in the merchant's zone: `15:12`. */
export function showTime(at: Date, timeZone: string, language: Language): string {
  return new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, {
    hour: '2-digit',
    minute: '2-digit',
    timeZone,
  }).format(at);
}

/** `Monday`, `lundi`. */
export function showWeekday(at: Date, timeZone: string, language: Language): string {
  return new Intl.DateTimeFormat(language, { weekday: 'long', timeZone }).format(at);
}

/** `25 December`, `25 décembre`. */
export function showDay(at: Date, timeZone: string, language: Language): string {
  return new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, {
    day: 'numeric',
    month: 'long',
    timeZone,
  }).format(at);
}

/** A number in E.164 as people write it abroad: `+33 6 12 34 56 78`. */
export function showPhone(number: string): string {
  const parsed = parsePhoneNumber(number);
  return (parsed?.formatInternational() ?? number).replaceAll(' ', '\u00a0');
}

const brandNames: Readonly<Record<string, string>> = {
  visa: 'Visa',
  mastercard: 'Mastercard',
  amex: 'American Express',
  cartes_bancaires: 'CB',
  discover: 'Discover',
  diners: 'Diners Club',
  jcb: 'JCB',
  unionpay: 'UnionPay',
};

/** Stripe's name of a card network as people know it. */
export function showBrand(brand: string): string {
  return brandNames[brand] ?? brand;
}
