// The sounds of a merchant's library: one thing to be heard, in each language it was recorded or spoken in. Scenarios name them by
// their slug; what they sound like is kept with all that was ever recorded (recordings).

import type { Language } from '../core/ids.ts';
import { firstRow, rows, type Tx } from './database.ts';
import { dropUnusedRecording } from './recordings.ts';

export interface SoundRecording {
  language: Language;
  digest: string;
  seconds: number;
  /** What it says, where anybody knows. */
  words: string | null;
  madeFrom: 'file' | 'text';
  at: Date;
}

export interface Sound {
  slug: string;
  name: string;
  version: number;
  recordings: SoundRecording[];
}

const columns = `s.slug, s.name, s.version,
  coalesce((select json_agg(json_build_object('language', r.language, 'digest', r.digest, 'seconds', a.seconds,
      'words', r.words, 'madeFrom', r.made_from, 'at', r.at) order by r.language)
    from sound_recordings r join recordings a on a.merchant_id = r.merchant_id and a.digest = r.digest
    where r.merchant_id = s.merchant_id and r.slug = s.slug), '[]') as recordings`;

/** By name. */
export async function listSounds(tx: Tx): Promise<Sound[]> {
  return (await rows<Sound>(tx, `select ${columns} from sounds s order by s.name, s.slug`)).map(soundOf);
}

/** `lock`: nobody else changes it until this transaction is over. */
export async function readSound(tx: Tx, slug: string, lock = false): Promise<Sound | undefined> {
  if (lock) await tx.raw('select 1 from sounds where slug = ? for update', [slug]);
  const row = await firstRow<Sound>(tx, `select ${columns} from sounds s where s.slug = ?`, [slug]);
  return row && soundOf(row);
}

/** In JSON an instant is text. */
function soundOf(row: Sound): Sound {
  return { ...row, recordings: row.recordings.map((one) => ({ ...one, at: new Date(one.at) })) };
}

/** `false`: there is one of this slug. */
export async function insertSound(
  tx: Tx,
  sound: { merchantId: string; slug: string; name: string },
  at: Date,
): Promise<boolean> {
  const row = await firstRow(
    tx,
    `insert into sounds (merchant_id, slug, name, created_at) values (?, ?, ?, ?) on conflict do nothing returning slug`,
    [sound.merchantId, sound.slug, sound.name, at],
  );
  return row !== undefined;
}

export async function renameSound(tx: Tx, slug: string, name: string): Promise<void> {
  await tx.write('update sounds set name = ?, version = version + 1 where slug = ?', [name, slug]);
}

/** What it replaces is gone, unless somebody else uses it. */
export async function writeSoundRecording(
  tx: Tx,
  merchantId: string,
  sound: Sound,
  recording: Omit<SoundRecording, 'seconds'>,
): Promise<void> {
  const { language, digest, words, madeFrom, at } = recording;
  await tx.write(
    `insert into sound_recordings (merchant_id, slug, language, digest, words, made_from, at) values (?, ?, ?, ?, ?, ?, ?)
     on conflict (merchant_id, slug, language) do update set digest = excluded.digest, words = excluded.words,
       made_from = excluded.made_from, at = excluded.at`,
    [merchantId, sound.slug, language, digest, words, madeFrom, at],
  );
  await tx.write('update sounds set version = version + 1 where slug = ?', [sound.slug]);
  const before = sound.recordings.find((one) => one.language === language);
  if (before && before.digest !== digest) await dropUnusedRecording(tx, before.digest);
}

export async function deleteSoundRecording(tx: Tx, sound: Sound, language: Language): Promise<void> {
  const before = sound.recordings.find((one) => one.language === language);
  if (!before) return;
  await tx.write('delete from sound_recordings where slug = ? and language = ?', [sound.slug, language]);
  await tx.write('update sounds set version = version + 1 where slug = ?', [sound.slug]);
  await dropUnusedRecording(tx, before.digest);
}

export async function deleteSound(tx: Tx, sound: Sound): Promise<void> {
  await tx.write('delete from sound_recordings where slug = ?', [sound.slug]);
  await tx.write('delete from sounds where slug = ?', [sound.slug]);
  for (const digest of new Set(sound.recordings.map((one) => one.digest))) {
    await dropUnusedRecording(tx, digest);
  }
}
