// The sentences of the application: one file a language, loaded when it is spoken. French is the measure; a language that
// lacks a sentence does not compile, and a test says which.

import i18next from 'i18next';
import { initReactI18next, useTranslation } from 'react-i18next';
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
  return i18next.exists(text);
}

export type Values = Record<string, string | number>;
export type Say = (key: Key, values?: Values) => string;

const kept = 'ringmeter.language';

async function load(language: Language): Promise<Record<string, string>> {
  return language === 'fr' ? (await import('./words-fr.ts')).words : (await import('./words-en.ts')).words;
}

/** The person's last choice here, else the browser's. */
function firstLanguage(): Language {
  const chosen = localStorage.getItem(kept);
  if (chosen === 'fr' || chosen === 'en') return chosen;
  return navigator.languages.some((language) => language.startsWith('fr')) ? 'fr' : 'en';
}

export async function startWords(): Promise<void> {
  await i18next.use(initReactI18next).init({
    resources: {},
    fallbackLng: false,
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false, prefix: '{', suffix: '}' },
  });
  await speakIn(firstLanguage());
}

async function speakIn(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, 'translation')) {
    i18next.addResourceBundle(language, 'translation', await load(language));
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  speak(language, i18next.t('problem.unreached'));
}

/** Holds on this device from now on. */
export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(kept, language);
  await speakIn(language);
}

/** A person's own language, unless somebody chose one on this device. */
export function languageOfPerson(language: Language): void {
  if (localStorage.getItem(kept) === null && language !== i18next.language) void speakIn(language);
}

export function useWords(): { say: Say; language: Language } {
  const { t, i18n } = useTranslation();
  return {
    say: (key, values) => t(key, values ?? {}),
    language: i18n.language === 'fr' ? 'fr' : 'en',
  };
}
