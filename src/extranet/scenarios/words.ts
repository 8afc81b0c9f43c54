// The sentences of these pages, in the language that is spoken. They come with the pages, not with the first load.

import { filled, learnBesides, useWords, type Values } from '../words.ts';
import type { Language } from '../contract.ts';
import type { words as french } from './words-fr.ts';

export type Key = keyof typeof french;
export interface Tell {
  (key: Key, values?: Values): string;
  /** Whether there is such a sentence: for what only some of its kind have words of their own for. */
  knows: (text: string) => text is Key;
}

export function telling(words: Readonly<Record<Key, string>>): Tell {
  return Object.assign((key: Key, values: Values = {}) => filled(words[key], values), {
    knows: (text: string): text is Key => Object.hasOwn(words, text),
  });
}

const told = new Map<Language, Tell>();

async function learn(language: Language): Promise<void> {
  if (told.has(language)) return;
  const { words } = language === 'fr' ? await import('./words-fr.ts') : await import('./words-en.ts');
  told.set(language, telling(words));
}

/** A page that tells them is shown when they are there: its pieces are loaded side by side. */
export async function withWords<Page>(page: Promise<Page>): Promise<Page> {
  const [made] = await Promise.all([page, learnBesides(learn)]);
  return made;
}

export function useTell(): { tell: Tell; language: Language } {
  const { language } = useWords();
  const tell = told.get(language);
  if (!tell) throw new Error(`The words of these pages are not there in ${language}: withWords loads them.`);
  return { tell, language };
}
