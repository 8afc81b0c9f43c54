// Messages callers have left, by the box they were said into. Each is kept once, however often its call tries to.

import type { E164 } from '../core/ids.ts';
import { firstRow, rows, type Tx } from './database.ts';

export interface Voicemail {
  id: string;
  box: string;
  /** The call it was left in. */
  runId: string;
  /** The scenario that took it, by its slug. */
  scenario: string;
  ddi: E164;
  /** null: withheld. */
  callerNumber: E164 | null;
  seconds: number;
  /** What it says, where anybody knows. */
  words: string | null;
  createdAt: Date;
  listenedAt: Date | null;
}

const columns = `v.id, v.box, v.run_id as "runId", s.slug as scenario, v.ddi, v.caller_number as "callerNumber",
  v.seconds::float8 as seconds, v.words, v.created_at as "createdAt", v.listened_at as "listenedAt"`;
const from = 'voicemails v join scenario_runs r on r.id = v.run_id join scenarios s on s.id = r.scenario_id';

/** `false`: this turn of the call has left its message already. */
export async function insertVoicemail(
  tx: Tx,
  message: Omit<Voicemail, 'listenedAt' | 'scenario'> & { merchantId: string; runTurn: number; wav: Buffer },
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
  { box, listened, after, limit }: { box?: string; listened?: boolean; after?: string; limit: number },
): Promise<Voicemail[]> {
  return rows<Voicemail>(
    tx,
    `select ${columns} from ${from}
     where (?::text is null or v.box = ?) and (?::boolean is null or (v.listened_at is not null) = ?)
       and (?::text is null or v.id < ?) order by v.id desc limit ?`,
    [
      ...[box ?? null, box ?? null],
      ...[listened ?? null, listened ?? null],
      ...[after ?? null, after ?? null],
      limit,
    ] as never[],
  );
}

/** How many nobody has listened to, of all boxes. */
export async function countUnheard(tx: Tx): Promise<number> {
  const row = await firstRow<{ count: number }>(
    tx,
    'select count(*)::int as count from voicemails where listened_at is null',
  );
  return row?.count ?? 0;
}

export async function readVoicemail(tx: Tx, id: string): Promise<Voicemail | undefined> {
  return firstRow<Voicemail>(tx, `select ${columns} from ${from} where v.id = ?`, [id]);
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

/** As who has read it marks it; listened to already it keeps the first time. `false`: there is none. */
export async function markVoicemail(tx: Tx, id: string, listenedAt: Date | null): Promise<boolean> {
  const row = await firstRow(
    tx,
    `update voicemails set listened_at = case when ?::timestamptz is null then null else coalesce(listened_at, ?) end
     where id = ? returning id`,
    [listenedAt, listenedAt, id] as never[],
  );
  return row !== undefined;
}

/** `false`: there was none. */
export async function deleteVoicemail(tx: Tx, id: string): Promise<boolean> {
  return (await firstRow(tx, 'delete from voicemails where id = ? returning id', [id])) !== undefined;
}
