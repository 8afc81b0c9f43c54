// Where calls are stopped: one merchant's in his row, everybody's in a row of the house. And the one question asked before
// anybody is rung.

import { type Db, firstRow, rows, type Tx } from './database.ts';
import type { SessionRef } from './finders.ts';

export type WhyNotRing = 'calls_stopped' | 'number_never_again';

/** Why this number (as a mark) may not be rung for the merchant of this transaction, nothing when it may. */
export async function whyNotRing(tx: Tx, number: Buffer): Promise<WhyNotRing | undefined> {
  const row = await firstRow<{ why: WhyNotRing | null }>(tx, 'select why_not_ring(?) as why', [number]);
  return row?.why ?? undefined;
}

/** A stop that stands is kept as it was said first. False: no such merchant. */
export async function stopMerchant(tx: Tx, merchantId: string, at: Date, because: string): Promise<boolean> {
  const row = await firstRow(
    tx,
    `update merchants set calls_stopped_because = case when calls_stopped_at is null then ? else calls_stopped_because end,
       calls_stopped_at = coalesce(calls_stopped_at, ?)
     where id = ? returning id`,
    [because, at, merchantId],
  );
  return row !== undefined;
}

export async function resumeMerchant(tx: Tx, merchantId: string): Promise<boolean> {
  const row = await firstRow(
    tx,
    `update merchants set calls_stopped_at = null, calls_stopped_because = null where id = ? returning id`,
    [merchantId],
  );
  return row !== undefined;
}

export async function stopHouse(db: Db, at: Date, because: string): Promise<void> {
  await db.raw(
    `insert into house_stop (since, because) values (?, ?)
     on conflict (whole_house) do update set
       because = case when house_stop.since is null then excluded.because else house_stop.because end,
       since = coalesce(house_stop.since, excluded.since)`,
    [at, because],
  );
}

export async function resumeHouse(db: Db): Promise<void> {
  await db.raw('update house_stop set since = null, because = null');
}

/** Since when and why all calls of the house are stopped; nothing when they are not. */
export async function readHouseStop(db: Db): Promise<{ since: Date; because: string } | undefined> {
  return firstRow(db, 'select since, because from house_stop where since is not null');
}

/** The same of the merchant of this transaction. */
export async function readMerchantStop(tx: Tx): Promise<{ since: Date; because: string } | undefined> {
  return firstRow(
    tx,
    `select calls_stopped_at as since, calls_stopped_because as because from merchants
     where id = current_setting('ringmeter.merchant') and calls_stopped_at is not null`,
  );
}

/**
 * Resolves when whoever asked before the stop (`whyNotRing`) has written what he was about to: after it, everything that
 * rings although calls are stopped can be found.
 */
export async function waitForThoseWhoAsked(tx: Tx): Promise<void> {
  await tx.raw(`select pg_advisory_xact_lock(hashtext('ringmeter.stop_calls'))`);
}

/** What rings, and with `alsoTalks` what talks, of one merchant or of all. */
export async function sessionsToStop(
  db: Db,
  merchantId: string | undefined,
  alsoTalks: boolean,
): Promise<SessionRef[]> {
  return rows(
    db,
    'select merchant_id as "merchantId", call_session_id as "callSessionId" from sessions_to_stop(?, ?)',
    [merchantId ?? null, alsoTalks],
  );
}

/** Open pages of this merchant's lines show it now. */
export async function tellPagesOfMerchant(tx: Tx, merchantId: string): Promise<void> {
  await tx.write('select id as hint from lines where merchant_id = ?', [merchantId], 'ringmeter_line');
}

/** Open pages of every line look again (web/live.ts). */
export async function tellAllPages(db: Db): Promise<void> {
  await db.raw(`select pg_notify('ringmeter_line', '*')`);
}
