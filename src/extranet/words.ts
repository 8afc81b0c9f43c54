// The sentences of the application: one file a language, loaded when it is spoken. French is the measure; a language that
// lacks a sentence does not compile, and a test says which.

import { useSyncExternalStore } from 'react';
import type { Language } from './contract.ts';
import { speak } from './ask.ts';
import type { words as french } from './words-fr.ts';

type WithPlurals = keyof typeof french;
/** `calls_one`, `calls_other` are said as `calls`. */
export type Key = WithPlurals extends infer K
  ? K extends `${infer Base}_${'one' | 'other'}`
    ? Base
    : K
  : never;
/** Whether there is such a sentence in the language that is spoken. */
export function isKey(text: string): text is Key {
  return Object.hasOwn(spoken.sentences, text);
}

export type Values = Record<string, string | number>;
export type Say = (key: Key, values?: Values) => string;

/** A language as it is spoken: a change of language is another one of these, so that whoever shows words sees it. */
interface Spoken {
  language: Language;
  sentences: Readonly<Record<string, string>>;
  say: Say;
}

const kept = 'ringmeter.language';
const known = new Map<Language, Spoken>();
const whoSpeak = new Set<() => void>();
let spoken: Spoken = { language: 'en', sentences: {}, say: (key) => key };

async function load(language: Language): Promise<Spoken['sentences']> {
  return language === 'fr' ? (await import('./words-fr.ts')).words : (await import('./words-en.ts')).words;
}

/** `{name}` is what is known by that name; what is not known stays as it stands. */
export function filled(sentence: string, values: Values): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Which of two forms a count has is the language's: none is one in French and several in English. */
export function sayIn(language: Language, sentences: Spoken['sentences']): Say {
  const plurals = new Intl.PluralRules(language);
  return (key, values = {}) => {
    const { count } = values;
    const form = typeof count !== 'number' ? '' : plurals.select(count) === 'one' ? '_one' : '_other';
    return filled(sentences[`${key}${form}`] ?? sentences[key] ?? key, values);
  };
}

/** The person's last choice here, else the browser's. */
function firstLanguage(): Language {
  const chosen = localStorage.getItem(kept);
  if (chosen === 'fr' || chosen === 'en') return chosen;
  return navigator.languages.some((language) => language.startsWith('fr')) ? 'fr' : 'en';
}

export const startWords = (): Promise<void> => speakIn(firstLanguage());

/** The last that was asked for is spoken, whichever comes first. */
let wanted: Language | undefined;

async function speakIn(language: Language): Promise<void> {
  wanted = language;
  const learns = async (): Promise<void> => {
    if (known.has(language)) return;
    const sentences = await load(language);
    known.set(language, { language, sentences, say: sayIn(language, sentences) });
  };
  await Promise.all([learns(), ...besides.map((learn) => learn(language))]);
  if (wanted !== language) return;
  spoken = known.get(language) ?? spoken;
  document.documentElement.lang = language;
  speak(language, spoken.say('problem.unreached'));
  for (const hears of whoSpeak) hears();
}

/** Sentences that come with some pages only: learnt before the first of them is shown, then with every language that is spoken. */
const besides: Learn[] = [];
export type Learn = (language: Language) => Promise<void>;

export async function learnBesides(learn: Learn): Promise<void> {
  if (!besides.includes(learn)) besides.push(learn);
  await learn(wanted ?? spoken.language);
}

/** Holds on this device from now on. */
export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(kept, language);
  await speakIn(language);
}

/** A person's own language, unless somebody chose one on this device. */
export function languageOfPerson(language: Language): void {
  if (localStorage.getItem(kept) === null && language !== spoken.language) void speakIn(language);
}

function whenChanged(hears: () => void): () => void {
  whoSpeak.add(hears);
  return () => whoSpeak.delete(hears);
}

export function useWords(): { say: Say; language: Language } {
  return useSyncExternalStore(whenChanged, () => spoken);
}
