// Amounts, durations and names as a speech engine reads them best: digits with the unit as a word (`2 euros 50`,
// `1 minute and 30 seconds`), no symbols, no thousands separators (engines read "1 500" as two numbers). What differs
// between the languages comes in as words; the rules are here.

import type { Language } from './ids.ts';
import { currencyDecimals, exact, money, type Money } from './money.ts';
import type { PriceTerms } from './sentence.ts';

/** Singular and plural. Which numbers are singular is the language's (French: up to 1.99; English: 1 alone). */
export type Noun = readonly [singular: string, plural: string];

export interface SpokenWords {
  language: Language;
  and: string;
  hour: Noun;
  minute: Noun;
  second: Noun;
  /**
   * Unit and hundredth of the currencies people say by heart. The others are read with the name Unicode's tables give
   * them and a decimal point.
   */
  currencies: Readonly<Record<string, { unit: Noun; cent: Noun }>>;
}

/** The parts of a price that are not zero. */
export function termsDue(terms: PriceTerms): { fixed?: Money; perMinute?: Money } {
  const fixed = money(terms.fixedPrice, terms.currency);
  const perMinute = money(terms.pricePerMinute ?? 0, terms.currency);
  return {
    ...(fixed.amount.isZero() ? {} : { fixed }),
    ...(perMinute.amount.isZero() ? {} : { perMinute }),
  };
}

/** `25 euros`, `2 euros 50`, `2 euros and 5 cents`, `50 cents`, `2.5 cents`, `1500 Japanese yen`. */
export function amountAloud(m: Money, words: SpokenWords): string {
  const currency = words.currencies[m.currency];
  if (currency === undefined) return namedByUnicode(m, words.language);

  const amount = exact(m.amount);
  const units = amount.floor();
  const cents = amount.minus(units).times(100);
  const unitsAloud = counted(units.toNumber(), currency.unit, words.language);
  if (cents.isZero()) return unitsAloud;
  if (units.isZero()) return counted(cents.toNumber(), currency.cent, words.language);
  // "1.255 euros": neither "1 euro 25.5" nor a rounded price may be said.
  if (!cents.isInteger()) return counted(amount.toNumber(), currency.unit, words.language);
  // "2 euros 5" would be heard as 2.50.
  return cents.lessThan(10)
    ? `${unitsAloud} ${words.and} ${counted(cents.toNumber(), currency.cent, words.language)}`
    : `${unitsAloud} ${cents.toFixed()}`;
}

/** `45 seconds`, `1 minute`, `1 minute and 30 seconds`, `90 minutes`, from two hours on `2 hours and 5 minutes`. */
export function durationAloud(seconds: number, words: SpokenWords): string {
  const whole = Math.max(0, Math.round(seconds));
  const hours = whole >= 7200 ? Math.floor(whole / 3600) : 0;
  const minutes = Math.floor((whole - hours * 3600) / 60);
  const rest = whole % 60;
  const parts = [
    ...(hours > 0 ? [counted(hours, words.hour, words.language)] : []),
    ...(minutes > 0 ? [counted(minutes, words.minute, words.language)] : []),
    ...(rest > 0 || whole === 0 ? [counted(rest, words.second, words.language)] : []),
  ];
  const last = parts.pop() ?? '';
  return parts.length === 0 ? last : `${parts.join(', ')} ${words.and} ${last}`;
}

export function minutesAloud(minutes: number, words: SpokenWords): string {
  return durationAloud(minutes * 60, words);
}

/**
 * A name a merchant or consultant typed, fit to stand inside a sentence: one line, no control characters, no angle
 * brackets (some speech engines read markup), no full stop of its own at the end.
 */
export function nameAloud(name: string): string {
  return name
    .replace(/[\p{Cc}\p{Cf}<>]/gu, ' ')
    .replace(/\s+/g, ' ')
    .replace(/[\s.,;:!?]+$/, '')
    .trim();
}

/** Behind its preposition, where it is known by then. */
export function withWhom(preposition: string, name: string): string {
  return name === '' ? '' : ` ${preposition} ${nameAloud(name)}`;
}

/** Made once: making them costs a hundred times what using them does. */
const plurals = { fr: new Intl.PluralRules('fr'), en: new Intl.PluralRules('en') };
const plainNumbers = { useGrouping: false, maximumFractionDigits: 6 } as const;
const numbers = {
  fr: new Intl.NumberFormat('fr', plainNumbers),
  en: new Intl.NumberFormat('en', plainNumbers),
};

function counted(count: number, noun: Noun, language: Language): string {
  const singular = plurals[language].select(count) === 'one';
  return `${numbers[language].format(count)} ${singular ? noun[0] : noun[1]}`;
}

/** `1 call`, `2 calls`; `none`: a word instead of the digit where there are none. */
export function countAloud(count: number, noun: Noun, language: Language, none?: string): string {
  const aloud = counted(count, noun, language);
  return count === 0 && none !== undefined ? aloud.replace(/^0/, none) : aloud;
}

/** `Monday`, `Monday and Tuesday`, `Monday, Tuesday and Friday`. */
export function listAloud(items: readonly string[], words: SpokenWords): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} ${words.and} ${last}`;
}

function namedByUnicode(m: Money, language: Language): string {
  const whole = m.amount.isInteger();
  const format = new Intl.NumberFormat(language, {
    style: 'currency',
    currency: m.currency,
    currencyDisplay: 'name',
    useGrouping: false,
    minimumFractionDigits: 0,
    maximumFractionDigits: whole ? 0 : Math.max(currencyDecimals(m.currency), m.amount.decimalPlaces()),
  });
  // Unicode's tables put no-break spaces that engines may spell out.
  return format.format(m.amount.toFixed() as `${number}`).replace(/[\u00a0\u202f]/g, ' ');
}

/** A merchant's own sentences, as he wrote them: one line, nothing an engine would read as markup. */
export function textAloud(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}<>]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** A code, sign by sign: an engine would read `1207` as a number of twelve hundred and seven. */
export function signsAloud(code: string): string {
  return nameAloud(code).split('').join(' ');
}
