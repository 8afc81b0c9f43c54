// Every sentence spoken on the telephone, as text for a speech engine. The facts are in sentence.ts, the words in one file
// a language.

import type { Sentence } from './sentence.ts';
import { english } from './prompt-en.ts';
import { french } from './prompt-fr.ts';

export type { MoreTimeTerms, PriceTerms, Sentence, SentenceFacts } from './sentence.ts';

/** One line of text without control characters, numbers as digits: `25 euros`, `2 euros 50`, `1 minute`. */
export function spokenText(sentence: Sentence): string {
  if (sentence.key === 'in_turn')
    return sentence.parts
      .map(spokenText)
      .filter((text) => text !== '')
      .join(' ');
  if (sentence.key === 'silence') return '';
  return sentence.language === 'fr' ? french(sentence) : english(sentence);
}
