// A line's own words: set by its merchant, and read by every call of the line as it begins. A call keeps what it began with, and
// says ours where they cannot be read: nobody waits for them, and no call ends for want of them.

import type { Language } from '../core/ids.ts';
import {
  type LinePrompts,
  type OwnTextProblem,
  ownTextProblem,
  sayables,
  sayableKeys,
} from '../core/own-words.ts';
import {
  deleteLinePrompt,
  listLinePrompts,
  type LinePrompt,
  readLinePrompts,
  writeLinePrompt,
} from '../store/line-prompts.ts';
import { readLine } from '../store/lines.ts';
import { isDatabaseAway } from '../store/database-away.ts';
import type { Tx } from '../store/database.ts';
import type { House } from './house.ts';
import type { AudioMade } from './ports.ts';
import { keepAudio } from './recordings.ts';
import { changesBetween, type Doer, noteChange } from './settings-change.ts';

/** What a merchant has changed is said in the calls that begin so much later. */
const heldMs = 3_000;
const linesHeld = 1_000;

interface Held {
  sinceMs: number;
  prompts: Promise<LinePrompts>;
}
const held = new WeakMap<House, Map<string, Held>>();

/** Of the line, as they are now or were a moment ago; never throws. */
export function linePromptsOf(house: House, merchantId: string, lineId: string): Promise<LinePrompts> {
  const lines = held.get(house) ?? new Map<string, Held>();
  held.set(house, lines);
  const nowMs = house.clock.monotonicMs();
  const known = lines.get(lineId);
  if (known && nowMs - known.sinceMs < heldMs) return known.prompts;
  if (lines.size >= linesHeld) lines.clear();
  const prompts = house.db
    .asMerchant(merchantId, (tx) => readLinePrompts(tx, lineId))
    .catch((error: unknown) => {
      lines.delete(lineId);
      if (!isDatabaseAway(error)) house.log.error({ lineId, err: error }, 'A line’s own words were not read');
      return {};
    });
  lines.set(lineId, { sinceMs: nowMs, prompts });
  return prompts;
}

export type PromptSet =
  | { outcome: 'set'; prompts: readonly LinePrompt[] }
  | { outcome: 'unknown_line' | 'unknown_key' }
  /** Of the text in this language. Nothing was changed. */
  | { outcome: 'wrong'; language: Language; problem: OwnTextProblem }
  /** It says facts of the call, which no recording can. */
  | { outcome: 'not_by_recording' }
  | Extract<AudioMade, { outcome: 'refused' }>;

/** `null`: ours again. What is left out stays. */
export type OwnTexts = Readonly<Partial<Record<Language, string | null>>>;

export async function setLinePrompt(
  house: House,
  doer: Doer,
  line: string,
  key: string,
  texts: OwnTexts,
): Promise<PromptSet> {
  const { merchantId } = doer;
  if (!sayableKeys.includes(key)) return { outcome: 'unknown_key' };
  const wished = Object.entries(texts) as [Language, string | null][];
  for (const [language, text] of wished) {
    const problem = text === null ? undefined : ownTextProblem(key, text);
    if (problem) return { outcome: 'wrong', language, problem };
  }
  return house.db.asMerchant(merchantId, (tx) =>
    change(house, tx, { ...doer, line, key }, async (lineId, at) => {
      for (const [language, text] of wished) {
        if (text === null) await deleteLinePrompt(tx, lineId, { key, language });
        else await writeLinePrompt(tx, merchantId, lineId, { key, language, text, digest: null }, at);
      }
    }),
  );
}

export async function setLinePromptRecording(
  house: House,
  doer: Doer,
  line: string,
  of: { key: string; language: Language },
  sound: { bytes: Buffer; mediaType: string },
): Promise<PromptSet> {
  const { key, language } = of;
  const { merchantId } = doer;
  if (!sayableKeys.includes(key)) return { outcome: 'unknown_key' };
  if ((sayables[key]?.required ?? []).length > 0) return { outcome: 'not_by_recording' };
  const made = await house.audio.convert(sound.bytes, sound.mediaType);
  if (made.outcome === 'refused') return made;
  return house.db.asMerchant(merchantId, (tx) =>
    change(house, tx, { ...doer, line, key }, async (lineId, at) => {
      const digest = await keepAudio(house, tx, merchantId, made.audio);
      await writeLinePrompt(tx, merchantId, lineId, { key, language, text: null, digest }, at);
    }),
  );
}

/** Written down field by field, as every change of a line. */
async function change(
  house: House,
  tx: Tx,
  { merchantId, actor, line, key }: Doer & { line: string; key: string },
  act: (lineId: string, at: Date) => Promise<void>,
): Promise<PromptSet> {
  const found = await readLine(tx, line, true);
  if (!found) return { outcome: 'unknown_line' };
  const at = house.clock.now();
  const before = await listLinePrompts(tx, found.id);
  await act(found.id, at);
  const prompts = await listLinePrompts(tx, found.id);
  const changes = changesBetween(fieldsOf(before, key, prompts), fieldsOf(prompts, key, before));
  await noteChange(tx, { merchantId, actor, at, setting: 'line', of: line, changes });
  return { outcome: 'set', prompts };
}

/** `prompts.caller_hold.fr`: its text, or its recording's name; null where it has none and the other has. */
function fieldsOf(prompts: readonly LinePrompt[], key: string, other: readonly LinePrompt[]): object {
  const name = (one: LinePrompt): string => `prompts.${one.key}.${one.language}`;
  const of = (list: readonly LinePrompt[]): LinePrompt[] => list.filter((one) => one.key === key);
  return Object.fromEntries<string | null>([
    ...of(other).map((one) => [name(one), null] as const),
    ...of(prompts).map((one) => [name(one), one.text ?? `recording ${one.digest ?? ''}`] as const),
  ]);
}
