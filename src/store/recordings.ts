// What somebody has spoken himself, or sent as a file: a consultant's introduction and messages, a line's own sentences,
// the sounds of a merchant's library. Named by its digest, kept once however many use it, and gone with the last of them.

import type { ConsultantState } from '../core/consultant.ts';
import type { RecordingKind } from '../core/sentence.ts';
import { stateObject, stateOf, type StateRow } from './consultants.ts';
import { firstRow, rows, type Tx } from './database.ts';

/** 32 hexadecimal digits, of what it sounds like at 16 kHz. */
export interface Recording {
  digest: string;
  wav8: Buffer;
  wav16: Buffer;
  seconds: number;
}

export async function insertRecording(
  tx: Tx,
  merchantId: string,
  { digest, wav8, wav16, seconds }: Recording,
  at: Date,
): Promise<void> {
  await tx.write(
    `insert into recordings (merchant_id, digest, wav8, wav16, seconds, created_at) values (?, ?, ?, ?, ?, ?)
     on conflict do nothing`,
    [merchantId, digest, wav8, wav16, seconds, at],
  );
}

export async function readRecording(tx: Tx, digest: string): Promise<Recording | undefined> {
  return firstRow<Recording>(
    tx,
    'select digest, wav8, wav16, seconds::float8 as seconds from recordings where digest = ?',
    [digest],
  );
}

/** Nobody uses it any more. */
export async function dropUnusedRecording(tx: Tx, digest: string): Promise<void> {
  await tx.write(
    `delete from recordings r where r.digest = ?
       and not exists (select from consultant_recordings c where c.merchant_id = r.merchant_id and c.digest = r.digest)
       and not exists (select from line_prompts p where p.merchant_id = r.merchant_id and p.digest = r.digest)
       and not exists (select from sound_recordings s where s.merchant_id = r.merchant_id and s.digest = r.digest)`,
    [digest],
  );
}

export interface ConsultantRecording {
  consultantId: string;
  kind: RecordingKind;
  digest: string;
  words: string | null;
}

export async function readConsultantRecording(
  tx: Tx,
  consultantId: string,
  kind: RecordingKind,
): Promise<ConsultantRecording | undefined> {
  return firstRow(
    tx,
    `select consultant_id as "consultantId", kind, digest, words from consultant_recordings
     where consultant_id = ? and kind = ?`,
    [consultantId, kind],
  );
}

/** All that these consultants have. */
export async function recordingsOfConsultants(
  tx: Tx,
  consultantIds: readonly string[],
): Promise<ConsultantRecording[]> {
  return rows(
    tx,
    `select consultant_id as "consultantId", kind, digest, words from consultant_recordings
     where consultant_id = any(?::text[])`,
    [consultantIds],
  );
}

export interface OwnMessages {
  recordings: Pick<ConsultantRecording, 'kind' | 'digest' | 'words'>[];
  state: ConsultantState;
  /** The line lets its callers hear an introduction. */
  introduces: boolean;
}

/** What a consultant has said himself, and how he is now: in one question, since a caller waits. */
export async function readOwnMessages(
  tx: Tx,
  lineId: string,
  consultantId: string,
): Promise<OwnMessages | undefined> {
  const row = await firstRow<Omit<OwnMessages, 'state'> & { state: StateRow }>(
    tx,
    `select ${stateObject} as state, l.introduces,
       coalesce((select json_agg(json_build_object('kind', r.kind, 'digest', r.digest, 'words', r.words))
         from consultant_recordings r where r.consultant_id = c.id), '[]') as recordings
     from consultants c, lines l where c.id = ? and c.archived_at is null and l.id = ?`,
    [consultantId, lineId],
  );
  return row && { ...row, state: stateOf(row.state) };
}

/** `false`: there is no such consultant. What it replaces is gone unless somebody else uses it. */
export async function writeConsultantRecording(
  tx: Tx,
  merchantId: string,
  { consultantId, kind, digest, words }: ConsultantRecording,
  at: Date,
): Promise<boolean> {
  const before = await readConsultantRecording(tx, consultantId, kind);
  const row = await firstRow(
    tx,
    `insert into consultant_recordings (merchant_id, consultant_id, kind, digest, words, at)
     select ?, c.id, ?, ?, ?, ? from consultants c where c.id = ? and c.archived_at is null
     on conflict (consultant_id, kind) do update
       set digest = excluded.digest, words = excluded.words, at = excluded.at returning kind`,
    [merchantId, kind, digest, words, at, consultantId],
  );
  if (before && before.digest !== digest) await dropUnusedRecording(tx, before.digest);
  return row !== undefined;
}

/** `false`: there was none. */
export async function deleteConsultantRecording(
  tx: Tx,
  consultantId: string,
  kind: RecordingKind,
): Promise<boolean> {
  const gone = await firstRow<{ digest: string }>(
    tx,
    'delete from consultant_recordings where consultant_id = ? and kind = ? returning digest',
    [consultantId, kind],
  );
  if (gone) await dropUnusedRecording(tx, gone.digest);
  return gone !== undefined;
}
