// Which gateway commands which switch: a lease with a number that only grows. Whoever writes a session of that switch
// names the number he holds; a former holder's write finds another number and changes nothing.

import type { LegUuid } from '../core/ids.ts';
import { type Db, firstRow, rows, type Tx } from './database.ts';

export async function registerSwitch(db: Db, switchId: string): Promise<void> {
  await db.raw('insert into switches (id) values (?) on conflict do nothing', [switchId]);
}

/** Who waits for a lease hears of one that was let go: the switch's id. */
export const leaseChannel = 'ringmeter_lease';

export type LeaseAsked =
  | { outcome: 'ours'; number: bigint }
  /** Another has it; it lapses so many milliseconds from now unless he renews it. */
  | { outcome: 'taken'; lapsesInMs: number };

/** Takes or renews the lease when nobody else holds it. */
export async function takeLease(
  db: Db,
  switchId: string,
  holder: string,
  seconds: number,
): Promise<LeaseAsked> {
  const row = await firstRow<{ n: string | null; ms: number }>(
    db,
    `with taken as (
       update switches set
         lease_number = lease_number + case when lease_holder = ? and lease_expires_at > now() then 0 else 1 end,
         lease_holder = ?, lease_expires_at = now() + make_interval(secs => ?)
       where id = ? and (lease_holder = ? or lease_expires_at is null or lease_expires_at <= now())
       returning lease_number)
     select (select lease_number::text from taken) as n,
       coalesce(extract(epoch from s.lease_expires_at - now()) * 1000, 0)::float8 as ms
     from switches s where s.id = ?`,
    [holder, holder, seconds, switchId, holder, switchId],
  );
  if (row?.n !== null && row?.n !== undefined) return { outcome: 'ours', number: BigInt(row.n) };
  return { outcome: 'taken', lapsesInMs: Math.max(row?.ms ?? 0, 0) };
}

/** Lets go, so that another need not wait for the lease to lapse, and tells him. */
export async function releaseLease(db: Db, switchId: string, holder: string): Promise<void> {
  await db.raw(
    `with released as (
       update switches set lease_expires_at = now() where id = ? and lease_holder = ? returning id)
     select pg_notify('${leaseChannel}', id) from released`,
    [switchId, holder],
  );
}

/** Which run of the switch we speak to; answers the one before, where that was another: then the switch has restarted. */
export async function rememberCore(db: Db, switchId: string, coreUuid: string): Promise<string | undefined> {
  const row = await firstRow<{ before: string | null }>(
    db,
    `update switches s set core_uuid = ? from (select id, core_uuid from switches where id = ? for update) b
     where s.id = b.id and b.core_uuid is distinct from ? returning b.core_uuid as before`,
    [coreUuid, switchId, coreUuid],
  );
  return row?.before ?? undefined;
}

/** Every talk of this switch that is not marked as missing lived at this instant of its clock. Under our lease only. */
export async function markSwept(db: Db, switchId: string, lease: bigint, atUs: bigint): Promise<void> {
  await db.raw(
    `update switches set swept_us = greatest(swept_us, ?::bigint) where id = ? and lease_number = ?::bigint`,
    [atUs.toString(), switchId, lease.toString()],
  );
}

/** Of these legs that live, those of calls that are over. */
export async function legsLeftOver(db: Db, legs: readonly LegUuid[]): Promise<LegUuid[]> {
  const found = await rows<{ id: LegUuid }>(db, 'select id from legs_left_over(?::uuid[])', [legs]);
  return found.map((row) => row.id);
}

/** No new calls from now on, or again; `false`: no such switch. */
export async function setDraining(db: Db, switchId: string, draining: boolean): Promise<boolean> {
  const row = await firstRow(db, 'update switches set draining = ? where id = ? returning id', [
    draining,
    switchId,
  ]);
  return row !== undefined;
}

export interface SwitchState {
  id: string;
  draining: boolean;
  /** The gateway that commands it now. */
  holder: string | null;
  calls: number;
}

export async function readSwitches(db: Db): Promise<SwitchState[]> {
  return rows(
    db,
    `select id, draining, case when lease_expires_at > now() then lease_holder end as holder,
       (select count(*)::int from live_sessions_of_switch(s.id)) as calls
     from switches s order by id`,
  );
}

/** Nobody has commanded this switch for a minute: longer than any gateway takes to replace another. */
export async function isForsaken(tx: Tx, switchId: string): Promise<boolean> {
  const row = await firstRow(
    tx,
    `select id from switches where id = ?
       and (lease_expires_at is null or lease_expires_at < now() - interval '1 minute')`,
    [switchId],
  );
  return row !== undefined;
}

/**
 * The least busy switch that is not being emptied and that somebody commands, or did a moment ago: its work waits for the
 * gateway that takes over from one that stopped or died, which is within seconds.
 */
export async function switchForNewCall(tx: Tx): Promise<string | undefined> {
  const row = await firstRow<{ id: string }>(
    tx,
    `with fit as (
       select id, lease_expires_at > now() as held from switches
       where lease_expires_at > now() - interval '10 seconds' and not draining)
     select id from fit
     order by held desc,
       case when (select count(*) from fit) > 1 then (select count(*) from live_sessions_of_switch(fit.id)) end, id
     limit 1`,
  );
  return row?.id;
}

/**
 * The switch a paid call begins on: the one it was ordered for, or another where nobody commands that one any more. None of
 * its phones has rung yet.
 */
export async function switchToBegin(tx: Tx, callSessionId: string, ordered: string): Promise<string> {
  const commanded = await firstRow(
    tx,
    `select id from switches where id = ? and lease_expires_at > now() - interval '10 seconds'`,
    [ordered],
  );
  const other = commanded ? undefined : await switchForNewCall(tx);
  if (other === undefined) return ordered;
  await tx.write('update call_sessions set switch_id = ? where id = ?', [other, callSessionId]);
  return other;
}

/**
 * `refresh`: somebody else has moved the session; what follows from it at the switch is to be done. `withdraw`: somebody it
 * rings may not be rung any longer.
 */
export type SwitchWorkKind = 'begin' | 'hang_up' | 'refresh' | 'withdraw';

/** Work for whoever commands this switch; the hint wakes him. */
export async function addSwitchWork(
  tx: Tx,
  work: { merchantId: string; switchId: string; callSessionId: string; kind: SwitchWorkKind },
): Promise<void> {
  await tx.write(
    'insert into switch_work (merchant_id, switch_id, call_session_id, kind) values (?, ?, ?, ?)',
    [work.merchantId, work.switchId, work.callSessionId, work.kind],
  );
  tx.hint('ringmeter_switch', work.switchId);
}

/** The call that rings this consultant, where one does, is to be told that he may have withdrawn. He is locked. */
export async function tellWhoRingsHim(tx: Tx, consultantId: string): Promise<void> {
  const told = await rows<{ switchId: string }>(
    tx,
    `insert into switch_work (merchant_id, switch_id, call_session_id, kind)
     select s.merchant_id, s.switch_id, s.id, 'withdraw' from consultants c join call_sessions s on s.id = c.claimed_by
     where c.id = ? and c.claim = 'soft' and s.state = 'ringing_consultant'
     returning switch_id as "switchId"`,
    [consultantId],
  );
  for (const { switchId } of told) tx.hint('ringmeter_switch', switchId);
}

export async function removeSwitchWork(tx: Tx, ids: readonly string[]): Promise<void> {
  await tx.write('delete from switch_work where id = any(?::bigint[])', [ids]);
}

/** Nothing more is to be done for this session, by whomever. */
export async function removeWorkOfSession(tx: Tx, callSessionId: string): Promise<void> {
  await tx.write('delete from switch_work where call_session_id = ?', [callSessionId]);
}
