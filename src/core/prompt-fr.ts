import type { SentenceFacts } from './sentence.ts';
export function french(sentence: SentenceFacts): string {
  return sentence.key;
}
