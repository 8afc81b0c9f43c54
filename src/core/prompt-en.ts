import type { SentenceFacts } from './sentence.ts';
export function english(sentence: SentenceFacts): string {
  return sentence.key;
}
