// Messages callers have left, by the box they were said into. Each is kept once, however often its call tries to.

import type { E164 } from '../core/ids.ts';
import { firstRow, rows, type Tx } from './database.ts';

export interface Voicemail {
  id: string;
  box: string;
  /** The call it was left in. */
  runId: string;
  ddi: E164;
  /** null: withheld. */
  callerNumber: E164 | null;
  seconds: number;
  /** What it says, where anybody knows. */
  words: string | null;
  createdAt: Date;
  listenedAt: Date | null;
}

const columns = `id, box, run_id as "runId", ddi, caller_number as "callerNumber", seconds::float8 as seconds, words,
  created_at as "createdAt", listened_at as "listenedAt"`;

/** `false`: this turn of the call has left its message already. */
export async function insertVoicemail(
  tx: Tx,
  message: Omit<Voicemail, 'listenedAt'> & { merchantId: string; runTurn: number; wav: Buffer },
): Promise<boolean> {
  const { id, merchantId, box, runId, runTurn, ddi, callerNumber, seconds, wav, words, createdAt } = message;
  const row = await firstRow(
    tx,
    `insert into voicemails (id, merchant_id, box, run_id, run_turn, ddi, caller_number, seconds, wav, words, created_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (run_id, run_turn) do nothing returning id`,
    [id, merchantId, box, runId, runTurn, ddi, callerNumber, seconds, wav, words, createdAt] as never[],
  );
  return row !== undefined;
}

export async function isMessageKept(tx: Tx, runId: string, runTurn: number): Promise<boolean> {
  const row = await firstRow(tx, 'select 1 as one from voicemails where run_id = ? and run_turn = ?', [
    runId,
    runTurn,
  ]);
  return row !== undefined;
}

/** The newest first. `after`: the id of the last one seen. */
export async function listVoicemails(
  tx: Tx,
  { box, after, limit }: { box?: string; after?: string; limit: number },
): Promise<Voicemail[]> {
  return rows<Voicemail>(
    tx,
    `select ${columns} from voicemails
     where (?::text is null or box = ?) and (?::text is null or id < ?) order by id desc limit ?`,
    [box ?? null, box ?? null, after ?? null, after ?? null, limit] as never[],
  );
}

export async function readVoicemail(tx: Tx, id: string): Promise<Voicemail | undefined> {
  return firstRow<Voicemail>(tx, `select ${columns} from voicemails where id = ?`, [id]);
}

/** What it sounds like, noted as listened to; `undefined`: there is none. */
export async function listenTo(tx: Tx, id: string, at: Date): Promise<Buffer | undefined> {
  const row = await firstRow<{ wav: Buffer }>(
    tx,
    'update voicemails set listened_at = coalesce(listened_at, ?) where id = ? returning wav',
    [at, id],
  );
  return row?.wav;
}

/** `false`: there was none. */
export async function deleteVoicemail(tx: Tx, id: string): Promise<boolean> {
  return (await firstRow(tx, 'delete from voicemails where id = ? returning id', [id])) !== undefined;
}
