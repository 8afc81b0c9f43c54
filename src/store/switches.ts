// Which gateway commands which switch: a lease with a number that only grows. Whoever writes a session of that switch
// names the number he holds; a former holder's write finds another number and changes nothing.

import { type Db, firstRow, type Tx } from './database.ts';

export async function registerSwitch(db: Db, switchId: string): Promise<void> {
  await db.raw('insert into switches (id) values (?) on conflict do nothing', [switchId]);
}

/** Takes the lease when nobody holds it or the holder let it lapse; answers its number, or nothing when another has it. */
export async function takeLease(
  db: Db,
  switchId: string,
  holder: string,
  seconds: number,
): Promise<bigint | undefined> {
  const row = await firstRow<{ n: string }>(
    db,
    `update switches set
       lease_number = lease_number + case when lease_holder = ? and lease_expires_at > now() then 0 else 1 end,
       lease_holder = ?, lease_expires_at = now() + make_interval(secs => ?)
     where id = ? and (lease_holder = ? or lease_expires_at is null or lease_expires_at <= now())
     returning lease_number::text as n`,
    [holder, holder, seconds, switchId, holder],
  );
  return row ? BigInt(row.n) : undefined;
}

/** Lets go, so that another need not wait for the lease to lapse. */
export async function releaseLease(db: Db, switchId: string, holder: string): Promise<void> {
  await db.raw(`update switches set lease_expires_at = now() where id = ? and lease_holder = ?`, [
    switchId,
    holder,
  ]);
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

/** Any switch that somebody commands at this moment and that is not being emptied. */
export async function switchForNewCall(tx: Tx): Promise<string | undefined> {
  const row = await firstRow<{ id: string }>(
    tx,
    `select s.id from switches s
     where lease_expires_at > now() and not draining
     order by (select count(*) from live_sessions_of_switch(s.id)), s.id limit 1`,
  );
  return row?.id;
}

/** Work for whoever commands this switch; the notification wakes him. */
export async function addSwitchWork(
  tx: Tx,
  work: { merchantId: string; switchId: string; callSessionId: string; kind: 'begin' | 'hang_up' },
): Promise<void> {
  await tx.raw(
    `with added as (
       insert into switch_work (merchant_id, switch_id, call_session_id, kind) values (?, ?, ?, ?))
     select pg_notify('ringmeter_switch', ?)`,
    [work.merchantId, work.switchId, work.callSessionId, work.kind, work.switchId],
  );
}

export async function removeSwitchWork(tx: Tx, ids: readonly string[]): Promise<void> {
  await tx.raw('delete from switch_work where id = any(?::bigint[])', [ids as string[]]);
}

/** Nothing more is to be done for this session, by whomever. */
export async function removeWorkOfSession(tx: Tx, callSessionId: string): Promise<void> {
  await tx.raw('delete from switch_work where call_session_id = ?', [callSessionId]);
}
