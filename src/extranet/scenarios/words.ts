// The sentences of these pages, in the language that is spoken. They come with the pages, not with the first load.

import { useWords, type Values } from '../words.ts';
import type { Language } from '../contract.ts';
import { words as english } from './words-en.ts';
import { words as french } from './words-fr.ts';

export type Key = keyof typeof french;
export type Tell = (key: Key, values?: Values) => string;

export function isKey(text: string): text is Key {
  return Object.hasOwn(french, text);
}

/** What has no value stays as it stands: braces are what a merchant writes too. */
export function tellIn(language: Language): Tell {
  const words: Readonly<Record<Key, string>> = language === 'fr' ? french : english;
  return (key, values = {}) =>
    words[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

const tellers = { fr: tellIn('fr'), en: tellIn('en') };

export function useTell(): { tell: Tell; language: Language } {
  const { language } = useWords();
  return { tell: tellers[language], language };
}
