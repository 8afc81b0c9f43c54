// Sentences a line says in its own words (core/own-words), by line, key and language.

import type { Language } from '../core/ids.ts';
import type { LinePrompts, OwnWords } from '../core/own-words.ts';
import { rows, type Tx } from './database.ts';
import { dropUnusedRecording } from './recordings.ts';

export interface LinePrompt {
  key: string;
  language: Language;
  text: string | null;
  /** Of the recording that stands for it. */
  digest: string | null;
}

export async function listLinePrompts(tx: Tx, lineId: string): Promise<LinePrompt[]> {
  return rows(
    tx,
    'select key, language, text, digest from line_prompts where line_id = ? order by key, language',
    [lineId],
  );
}

export async function readLinePrompts(tx: Tx, lineId: string): Promise<LinePrompts> {
  const prompts: Record<string, Partial<Record<Language, OwnWords>>> = {};
  for (const { key, language, text, digest } of await listLinePrompts(tx, lineId)) {
    const own = text === null ? { recording: digest ?? '', words: '' } : { text };
    prompts[key] = { ...prompts[key], [language]: own };
  }
  return prompts;
}

export async function writeLinePrompt(
  tx: Tx,
  merchantId: string,
  lineId: string,
  { key, language, text, digest }: LinePrompt,
  at: Date,
): Promise<void> {
  await deleteLinePrompt(tx, lineId, { key, language }, digest);
  await tx.write(
    `insert into line_prompts (merchant_id, line_id, key, language, text, digest, at) values (?, ?, ?, ?, ?, ?, ?)`,
    [merchantId, lineId, key, language, text, digest, at],
  );
}

/** `kept`: a recording that is about to be used again. */
export async function deleteLinePrompt(
  tx: Tx,
  lineId: string,
  { key, language }: Pick<LinePrompt, 'key' | 'language'>,
  kept: string | null = null,
): Promise<void> {
  const gone = await rows<{ digest: string | null }>(
    tx,
    'delete from line_prompts where line_id = ? and key = ? and language = ? returning digest',
    [lineId, key, language],
  );
  for (const { digest } of gone) {
    if (digest !== null && digest !== kept) await dropUnusedRecording(tx, digest);
  }
}
