// The switch's own records as the last witness: posted or left in the spool, of legs we know or do not know yet, of talks
// nobody heard begin.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { lookAfterQuarantine, recordCdr, takeSpooledRecords } from '../../src/flow/call-records.ts';
import type { LegUuid } from '../../src/core/ids.ts';
import { SpoolFolder } from '../../src/telephony/cdr-spool.ts';
import { caller, claire, startWorld, type TestWorld } from '../world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
afterEach(() => world.balanced());

const stranger = '00000000-0000-4000-8000-000000000001' as LegUuid;
const another = '00000000-0000-4000-8000-000000000004' as LegUuid;
const record = (uuid: string, more: object = {}): { variables: object } => ({
  variables: { uuid, end_uepoch: '1700000000000000', hangup_cause: 'NORMAL_CLEARING', ...more },
});

async function legsOf(id: string): Promise<{ a: LegUuid; b: LegUuid }> {
  const legs = await world.sql.query<{ a: LegUuid; b: LegUuid }>(
    `select progress ->> 'callerLegUuid' as a, progress #>> '{attempts,0,leg}' as b from call_sessions where id = $1`,
    [id],
  );
  return legs.rows[0]!;
}

async function talkOf(id: string): Promise<string> {
  const rows = await world.sql.query<{ us: string }>(
    'select talk_us::text as us from call_sessions where id = $1',
    [id],
  );
  return rows.rows[0]!.us;
}

it('a record of a leg nobody knows waits apart, once, and finds its leg when that is known', async () => {
  expect(await recordCdr(world.house, stranger, record(stranger))).toBe('unknown_leg');
  expect(await recordCdr(world.house, stranger, record(stranger, { again: 'yes' }))).toBe('unknown_leg');
  const waiting = await world.sql.query('select leg, source from quarantined_call_records');
  expect(waiting.rows).toEqual([{ leg: stranger, source: 'posted' }]);
  await lookAfterQuarantine(world.house);
  expect((await world.sql.query('select from quarantined_call_records')).rowCount).toBe(1);

  const { id } = await world.order();
  await world.phoneIs(claire, 'ringing');
  await world.sql.query(
    `insert into legs (id, merchant_id, call_session_id, role) values ($1, 'mer_demo', $2, 'B')`,
    [stranger, id],
  );
  await lookAfterQuarantine(world.house);
  const found = await world.sql.query('select cdr from legs where id = $1', [stranger]);
  expect(found.rows).toEqual([{ cdr: record(stranger) }]);
  expect((await world.sql.query('select from quarantined_call_records')).rowCount).toBe(0);
  await world.does(claire, 'reject');
  await world.api('POST', `/v1/call-sessions/${id}/hangup`);
  await world.sessionIs(id, 'settled');
});

it('so many strangers are kept and no more: the oldest give way', async () => {
  await world.sql.query(
    `insert into quarantined_call_records (received_at, leg, body, source)
     select now(), gen_random_uuid(), '{}', 'posted' from generate_series(1, 5000)`,
  );
  await recordCdr(world.house, another, record(another));
  const kept = await world.sql.query<{ n: number; has: boolean }>(
    'select count(*)::int as n, bool_or(leg = $1) as has from quarantined_call_records',
    [another],
  );
  expect(kept.rows).toEqual([{ n: 5000, has: true }]);
  await world.sql.query('truncate quarantined_call_records');
});

it('a month later nobody knows it still: it is given up', async () => {
  await recordCdr(world.house, stranger.replace(/1$/, '2') as LegUuid, record(stranger));
  await world.sql.query(`update quarantined_call_records set received_at = now() - interval '31 days'`);
  await lookAfterQuarantine(world.house);
  expect((await world.sql.query('select from quarantined_call_records')).rowCount).toBe(0);
});

it('the spool is read: records are taken and removed, half-written ones left, what is none put aside', async () => {
  const session = await world.sql.query<{ id: string }>('select id from call_sessions limit 1');
  const { id } = session.rows[0]!;
  const b = stranger.replace(/1$/, '3') as LegUuid;
  await world.sql.query(
    `insert into legs (id, merchant_id, call_session_id, role) values ($1, 'mer_demo', $2, 'B')`,
    [b, id],
  );
  const dir = mkdtempSync(join(tmpdir(), 'ringmeter-spool-'));
  mkdirSync(join(dir, 'unposted'));
  const old = new Date(Date.now() - 120_000);
  writeFileSync(join(dir, 'unposted', `${b}.cdr.json`), JSON.stringify(record(b)));
  writeFileSync(join(dir, 'half.cdr.json'), '{"variables":{"uuid":');
  writeFileSync(join(dir, 'odd.cdr.json'), 'no record');
  writeFileSync(join(dir, 'other.txt'), 'not ours');
  utimesSync(join(dir, 'odd.cdr.json'), old, old);
  const { clock, log } = world.house;
  const house = { ...world.house, cdrSpool: new SpoolFolder({ dir, clock, log }) };
  await takeSpooledRecords(house);
  await takeSpooledRecords(house);
  const found = await world.sql.query('select cdr from legs where id = $1', [b]);
  expect(found.rows).toEqual([{ cdr: record(b) }]);
  expect(readdirSync(dir).sort()).toEqual(['half.cdr.json', 'other.txt', 'unposted', 'unreadable']);
  expect(readdirSync(join(dir, 'unposted'))).toEqual([]);
  expect(readdirSync(join(dir, 'unreadable'))).toEqual(['odd.cdr.json']);
  rmSync(dir, { recursive: true });
});

it('they talked and hung up, and nobody wrote any of it down: billed by the spooled records, to the microsecond', async () => {
  const { id } = await world.connect();
  await world.gateway.close();
  // As a gateway leaves it that dies between ordering the bridge and hearing of it.
  await world.sql.query(
    `update call_sessions set state = 'ringing_caller', bridged_us = null, connected_at = null where id = $1`,
    [id],
  );
  await world.does(claire, 'hangup');
  await world.does(caller, 'hangup');
  await world.restartGateway();
  const settled = await world.sessionIs(id, 'settled');
  expect(settled).toMatchObject({ outcome: 'talked', captured: { amount: '15.00' } });
  const recorded = await world.sql.query<{ us: string }>(
    `select ((cdr #>> '{variables,end_uepoch}')::bigint - (cdr #>> '{variables,bridge_uepoch}')::bigint)::text as us
     from legs where call_session_id = $1 and role = 'B'`,
    [id],
  );
  expect(await talkOf(id)).toEqual(recorded.rows[0]!.us);
});

it('the consultant’s end is told by his record alone: the call ends by it, before any sweep', async () => {
  const { id } = await world.connect();
  const { a, b } = await legsOf(id);
  for (const one of world.house.switches.values()) {
    one.look = () => Promise.resolve({ state: 'gone' });
  }
  const endUs = async (): Promise<string> =>
    (
      await world.sql.query<{ us: string }>(
        'select (bridged_us + 2000000)::text as us from call_sessions where id = $1',
        [id],
      )
    ).rows[0]!.us;
  for (const leg of [a, b]) await recordCdr(world.house, leg, record(leg, { end_uepoch: await endUs() }));
  await world.sessionIs(id, 'settled');
  expect(await talkOf(id)).toBe('2000000');
  await world.does(claire, 'hangup');
});
