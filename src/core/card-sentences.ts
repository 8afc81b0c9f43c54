// What a caller hears in the card room, as sentences to be rendered before he enters it: the room knows no words, only sounds.

import type { Language } from './ids.ts';
import { cardSounds, type CardSound } from './keyed-card.ts';
import type { Sentence, SoldByCard } from './sentence.ts';

export type { SoldByCard } from './sentence.ts';

export function cardSentences(language: Language, sold: SoldByCard): Record<CardSound, Sentence> {
  const said = cardSounds.map((sound): [CardSound, Sentence] => [
    sound,
    sound === 'amount' ? { language, key: 'card_amount', ...sold } : { language, key: 'card_said', sound },
  ]);
  return Object.fromEntries(said) as Record<CardSound, Sentence>;
}
