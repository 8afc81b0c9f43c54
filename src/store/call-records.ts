// The switch's own records of legs: kept beside the leg they are of, or in quarantine while nobody knows that leg.

import { type CallRecord, wasMissed } from '../core/call-record.ts';
import type { LegUuid } from '../core/ids.ts';
import { type Db, firstRow, rows, type Tx } from './database.ts';
import type { SessionRef } from './finders.ts';

/** Who commands the call's switch is told that a record came: `<switch> <session> <leg>`. */
export const recordChannel = 'ringmeter_record';

/**
 * Keeps the record of a leg. The first one counts: a repeat changes nothing. While its call is under way its commander is
 * told: the record may tell of an end that nobody heard.
 */
export async function saveCallRecord(tx: Tx, record: CallRecord): Promise<void> {
  const { leg, body } = record;
  await tx.write(
    `with kept as (
       update legs set cdr = ?::jsonb where id = ? and cdr is null returning call_session_id as id)
     select s.switch_id || ' ' || s.id || ' ' || ?::text as hint
     from kept join call_sessions s on s.id = kept.id
     where s.state in ('ringing_consultant', 'ringing_caller', 'led', 'connected')`,
    [JSON.stringify(body), leg, leg],
    recordChannel,
  );
  // Of a consultant's call to the service one thing is wanted, where its end may not have been heard.
  await tx.write(
    `with told as (
       update service_calls set missed = ? where leg = ? and ended_at is null and missed is null
       returning switch_id, id)
     select switch_id || ' ' || id || ' ' || ?::text as hint from told`,
    [wasMissed(record), leg, leg],
    recordChannel,
  );
}

/** The same for a record that was assigned out of quarantine. */
export async function tellOfRecord(tx: Tx, ref: SessionRef & { leg: LegUuid }): Promise<void> {
  await tx.write(
    `select switch_id || ' ' || id || ' ' || ?::text as hint from call_sessions
     where id = ? and state in ('ringing_consultant', 'ringing_caller', 'led', 'connected')`,
    [ref.leg, ref.callSessionId],
    recordChannel,
  );
}

/** `false`: a record of this leg waits there already. */
export async function quarantineRecord(
  db: Db,
  { leg, body }: CallRecord,
  source: 'posted' | 'spooled',
  at: Date,
): Promise<boolean> {
  const row = await firstRow<{ id: string | null }>(
    db,
    'select quarantine_record(?, ?::jsonb, ?, ?)::text as id',
    [leg, JSON.stringify(body), source, at],
  );
  return row?.id !== null && row?.id !== undefined;
}

/** Brings every record whose leg is known by now to that leg. */
export async function assignQuarantined(db: Db): Promise<(SessionRef & { leg: LegUuid })[]> {
  return rows(
    db,
    `select merchant_id as "merchantId", call_session_id as "callSessionId", id as leg from assign_quarantined()`,
  );
}

export async function pruneQuarantined(db: Db, before: Date): Promise<void> {
  await db.raw('select prune_quarantined(?)', [before]);
}

export async function countQuarantined(db: Db): Promise<number> {
  const row = await firstRow<{ n: string }>(db, 'select count_quarantined()::text as n');
  return Number(row?.n ?? 0);
}
