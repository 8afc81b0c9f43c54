// Repairs by hand: what each does, that doing it again does no harm, that who did it and why is kept. And the list of what
// wants a person: one row each, computed from what is so.

import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { realIds } from '../../src/clock-and-ids.ts';
import { realProofs } from '../../src/proofs.ts';
import type { House } from '../../src/flow/house.ts';
import * as repair from '../../src/flow/repair.ts';
import {
  attentionKinds,
  listAttention,
  needsAttention,
  readMarks,
  readOperatorActs,
} from '../../src/store/attention.ts';
import { PostgresDatabase } from '../../src/store/database.ts';
import { enqueueJob } from '../../src/store/jobs.ts';
import {
  listParkedNotices,
  ownerOfId,
  readDeadJobs,
  readJobFigures,
  readOrderStory,
  readSwitchViews,
} from '../../src/store/operator-views.ts';
import { Seal } from '../../src/store/seal.ts';
import { listParkedReports } from '../../src/store/usage-reports.ts';
import { HandClock } from '../adapters/hand-clock.ts';
import { type FreshDatabase, freshDatabase } from '../database.ts';

const ana = { by: 'ana', why: 'the merchant called' };
let database: FreshDatabase;
let db: PostgresDatabase;
let admin: pg.Client;
let clock: HandClock;
let house: House;
let told: { facts: Record<string, unknown>; message: string }[];

beforeAll(async () => {
  database = await freshDatabase();
  db = new PostgresDatabase({ url: database.ownerUrl, poolMax: 4, after: (ms, act) => setTimeout(act, ms) });
  admin = new pg.Client(database.adminUrl);
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  await db.close();
  await database.drop();
});

beforeEach(async () => {
  clock = new HandClock();
  told = [];
  const tell = (facts: Record<string, unknown>, message: string) => void told.push({ facts, message });
  house = {
    db,
    clock,
    ids: realIds,
    seal: new Seal(randomBytes(32)),
    proofs: realProofs,
    log: { info: () => undefined, warn: tell, error: tell },
    metrics: { observe: () => undefined, count: () => undefined, level: () => undefined },
  } as unknown as House;
  const now = clock.now().toISOString();
  await admin.query(`
    insert into merchants (id, name, legal_name, contact_email, contact_phone, address, country, time_zone, notice_url)
      values ('mer_1', 'a', 'a', 'a', 'a', 'a', 'FR', 'Europe/Paris', 'https://a.example'),
        ('mer_2', 'b', 'b', 'b', 'b', 'b', 'FR', 'Europe/Paris', null);
    insert into lines (id, merchant_id, slug, sells, name, currency) values ('lin_1', 'mer_1', 'l', 'conversation', '{}', 'EUR');
    insert into tariffs (id, merchant_id, line_id, version, plan) values ('tar_1', 'mer_1', 'lin_1', 1, '{}');
    insert into switches (id, lease_number, lease_holder, lease_expires_at) values ('fs1', 7, 'gateway-a', '${now}'::timestamptz + interval '5 seconds');
    insert into orders (id, merchant_id, line_id, kind, source, language, tariff_id, tariff, hold, currency, access_hash,
        caller_number, caller_email, notices, created_at)
      values ('ord_1', 'mer_1', 'lin_1', 'conversation', 'api', 'fr', 'tar_1', '{}', 25, 'EUR', 'x', '+33612345678', 'jane@example.org', 2, '${now}');
    insert into payments (id, merchant_id, order_id, state, currency, application_fee_rate)
      values ('pay_1', 'mer_1', 'ord_1', 'capturing', 'EUR', 0);
    insert into authorizations (id, merchant_id, payment_id, sequence, state, amount, intent_id, card_last4)
      values ('aut_1', 'mer_1', 'pay_1', 1, 'authorized', 25, 'pi_1', '4242');
    insert into processor_operations (id, merchant_id, authorization_id, kind, amount, state, created_at)
      values ('op_1', 'mer_1', 'aut_1', 'authorize', 25, 'done', '${now}'), ('op_2', 'mer_1', 'aut_1', 'capture', 2.1, 'unknown', '${now}');
    insert into call_sessions (id, merchant_id, order_id, line_id, switch_id, state, progress, ended_at, talk_us, billable_us)
      values ('call_1', 'mer_1', 'ord_1', 'lin_1', 'fs1', 'ended', '{"plan":{"talkLimitSeconds":600,"callerNumber":"+33612345678"}}', '${now}', 61250999, 61250999);
    insert into legs (id, merchant_id, call_session_id, role, cdr) values ('aaaaaaaa-0000-4000-8000-000000000001', 'mer_1', 'call_1', 'A',
      '{"variables":{"hangup_cause":"NORMAL_CLEARING","end_uepoch":"1795292217000000"}}');
    insert into notices (id, merchant_id, order_id, type, sequence, body, state, tries, tried_at, last_status, last_problem, created_at)
      values ('ntc_1', 'mer_1', 'ord_1', 'call.ended', 1, '{}', 'parked', 10, '${now}', 500, 'refused', '${now}'),
        ('ntc_2', 'mer_1', 'ord_1', 'call.ended', 2, '{}', 'parked', 0, null, null, 'no_address', '${now}');
    insert into ledger_transactions (id, merchant_id, order_id, kind, authorization_id) values ('txn_1', 'mer_1', 'ord_1', 'authorize', 'aut_1');
    insert into ledger_entries (merchant_id, transaction_id, account, amount, currency)
      values ('mer_1', 'txn_1', 'card', -25, 'EUR'), ('mer_1', 'txn_1', 'held', 25, 'EUR')`);
});
afterEach(async () => {
  await admin.query(`set session_replication_role = replica`);
  const { rows } = await admin.query<{ name: string }>(`select tablename as name from pg_tables
    where schemaname = 'public' and tablename not like 'knex%' and tablename not in ('destinations', 'house_turns')`);
  await admin.query(rows.map(({ name }) => `delete from ${name}`).join(';'));
  await admin.query('delete from graphile_worker._private_jobs');
  await admin.query(`set session_replication_role = origin`);
});

/** A known caller's call, and its report that nobody takes. */
const reportParked = `
  insert into orders (id, merchant_id, line_id, kind, source, language, tariff_id, tariff, hold, currency, access_hash)
    values ('ord_k', 'mer_1', 'lin_1', 'known_call', 'phone', 'fr', 'tar_1', '{}', 0, 'EUR', 'k');
  insert into call_sessions (id, merchant_id, order_id, line_id, switch_id, state, progress)
    values ('call_k', 'mer_1', 'ord_k', 'lin_1', 'fs1', 'settled', '{"plan":{"talkLimitSeconds":600}}');
  insert into usage_reports (id, merchant_id, order_id, call_session_id, client_code, sequence, billable_seconds, body, ddi,
      state, tries, tried_at, last_status, last_problem, created_at)
    values ('use_1', 'mer_1', 'ord_k', 'call_k', '4711', 1, 60, '{"cli":"+33612345678"}', '+33199000201', 'parked', 14,
      now(), 500, 'refused', now())`;

const attention = () => db.asNobody((nobody) => listAttention(nobody, clock.now()));
const kinds = async () => (await attention()).map(({ kind, id }) => `${kind} ${id}`).sort();
const acts = () => db.asNobody((nobody) => readOperatorActs(nobody, 10));
const jobs = async () =>
  (
    await admin.query<{ name: string; attempts: number }>(
      'select task_identifier as name, attempts from graphile_worker.jobs order by id',
    )
  ).rows;

async function deadJob(): Promise<string> {
  await db.asMerchant('mer_1', (tx) =>
    enqueueJob(tx, 'settle_order', { merchantId: 'mer_1', orderId: 'ord_1' }, 'ord_1'),
  );
  await admin.query(
    `update graphile_worker._private_jobs set attempts = max_attempts, last_error = 'The processor has not settled order ord_1.'`,
  );
  return (await db.asNobody(readDeadJobs))[0]!.id;
}

describe('what wants a person', () => {
  it('is nothing but the notices that are parked, in this house', async () => {
    const items = await attention();
    expect(items).toMatchObject([{ kind: 'notices_parked', id: 'mer_1', merchantId: 'mer_1', many: 1 }]);
    // One that was never to be sent wants nobody.
    expect(items[0]!.sentence).toMatch(/^1 notice to merchant mer_1 .* notices replay --merchant mer_1\.$/);
  });

  const cases: [kind: (typeof attentionKinds)[number], id: string, sql: string, minutes: number][] = [
    ['payment_parked', 'pay_1', `update payments set parked_at = now(), parked_reason = 'refused'`, 0],
    [
      'refund_parked',
      'ref_1',
      `insert into refunds (id, merchant_id, order_id, payment_id, amount, currency, parked_at) values ('ref_1', 'mer_1', 'ord_1', 'pay_1', 1, 'EUR', now())`,
      0,
    ],
    ['operation_unknown', 'op_2', `update payments set parked_at = null`, 61],
    ['call_unsettled', 'call_1', 'select 1', 11],
    [
      'sale_unsettled',
      'ord_1',
      `update orders set kind = 'fixed_sale'; delete from legs; delete from call_sessions`,
      11,
    ],
    [
      'processor_never_answered',
      'pay_1',
      `update payments set state = 'failed', outcome_reason = 'processor_never_answered'`,
      0,
    ],
    ['notices_disabled', 'mer_1', `update merchants set notices_disabled_at = now() where id = 'mer_1'`, 0],
    ['reports_parked', 'mer_1', reportParked, 0],
    [
      'calls_stopped',
      'mer_2',
      `update merchants set calls_stopped_at = now(), calls_stopped_because = 'x' where id = 'mer_2'`,
      0,
    ],
    ['calls_stopped', 'all', `insert into house_stop (since, because) values (now(), 'x')`, 0],
    ['switch_uncommanded', 'fs1', 'select 1', 1],
    ['switch_uncommanded', 'fs2', `insert into switches (id) values ('fs2')`, 0],
    [
      'record_quarantined',
      'bbbbbbbb-0000-4000-8000-000000000001',
      `insert into quarantined_call_records (received_at, leg, body, source) values (now(), 'bbbbbbbb-0000-4000-8000-000000000001', '{}', 'posted')`,
      0,
    ],
    [
      'dispute_open',
      'dsp_1',
      `insert into disputes (id, merchant_id, order_id, authorization_id, processor_id, amount, currency, reason, state, updated_at)
         values ('dsp_1', 'mer_1', 'ord_1', 'aut_1', 'dp_1', 2, 'EUR', 'fraudulent', 'needs_response', now())`,
      0,
    ],
    [
      'invariant_violated',
      'settled_twice/aut_1',
      `insert into invariant_violations (name, id, merchant_id, order_id, first_seen_at, last_seen_at) values ('settled_twice', 'aut_1', 'mer_1', 'ord_1', now(), now())`,
      0,
    ],
  ];
  it.each(cases)('%s %s', async (kind, id, sql, minutes) => {
    const before = await kinds();
    expect(before).not.toContain(`${kind} ${id}`);
    await admin.query(sql);
    clock.turn(minutes * 60_000);
    expect(await kinds()).toContain(`${kind} ${id}`);
    const item = (await attention()).find((one) => one.kind === kind)!;
    expect(item.sentence).toMatch(/^[A-Z0-9][^\n]*\.$/);
    expect(item.sentence).not.toMatch(/undefined|null/);
  });

  it('a dead job', async () => {
    const id = await deadJob();
    expect(await attention()).toContainEqual(
      expect.objectContaining({ kind: 'job_dead', id, merchantId: 'mer_1', orderId: 'ord_1' }),
    );
  });

  it('a step that failed, until its call is settled after all', async () => {
    const mark = () =>
      db.asMerchant('mer_1', (tx) =>
        needsAttention(tx, {
          kind: 'step_failed',
          id: 'call_1',
          merchantId: 'mer_1',
          orderId: 'ord_1',
          because: 'No such leg; 4242 4242 4242 4242',
          at: clock.now(),
        }),
      );
    await mark();
    await mark();
    const item = (await attention()).find(({ kind }) => kind === 'step_failed');
    expect(item).toMatchObject({ id: 'call_1', many: 2, sentence: expect.stringContaining('2 times') });
    const [written] = await db.asMerchant('mer_1', (tx) => readMarks(tx, 'ord_1'));
    expect(written).toMatchObject({ because: 'No such leg; [card number]', times: 2 });
    await admin.query(`update call_sessions set state = 'settled'`);
    expect(await kinds()).not.toContain('step_failed call_1');
  });

  it('a switch that is drained and empty wants nobody', async () => {
    await admin.query('update switches set draining = true');
    clock.turn(60_000);
    expect(await kinds()).not.toContain('switch_uncommanded fs1');
    await admin.query(`update call_sessions set state = 'connected', ended_at = null`);
    expect(await kinds()).toContain('switch_uncommanded fs1');
  });

  it('what somebody knows of is said to be seen, until it happens again', async () => {
    await repair.markAsSeen(house, ana, { kind: 'notices_parked', id: 'mer_1' });
    expect((await attention())[0]?.seen).toEqual({ by: 'ana', at: clock.now() });
    clock.turn(1_000);
    await admin.query(`update notices set tried_at = $1 where id = 'ntc_1'`, [clock.now()]);
    expect((await attention())[0]).not.toHaveProperty('seen');
  });

  it('reports that are parked: seen until one is parked again; one nobody is there to be told of wants nobody', async () => {
    await admin.query(reportParked);
    await admin.query(`update usage_reports set tried_at = $1, created_at = $1`, [clock.now()]);
    const parked = async () => (await attention()).find((one) => one.kind === 'reports_parked');
    expect((await parked())?.sentence).toMatch(/^1 report of .* reports replay --merchant mer_1\.$/);
    clock.turn(60_000);
    await repair.markAsSeen(house, ana, { kind: 'reports_parked', id: 'mer_1' });
    expect((await parked())?.seen?.by).toBe('ana');
    await admin.query(`update usage_reports set tried_at = $1`, [new Date(clock.now().getTime() + 1_000)]);
    expect(await parked()).not.toHaveProperty('seen');
    await admin.query(`update usage_reports set last_problem = 'no_address'`);
    expect(await parked()).toBeUndefined();
    expect(await listParkedReports(db, 10)).toEqual([]);
  });

  it('has a case here for each kind', () => {
    const tested = new Set([...cases.map(([kind]) => kind), 'job_dead', 'step_failed', 'notices_parked']);
    expect([...tested].sort()).toEqual([...attentionKinds].sort());
  });
});

describe('repairs', () => {
  it('a dead job is tried again from its first try; one there is not is unknown', async () => {
    const id = await deadJob();
    expect(await repair.retryDeadJob(house, ana, id)).toEqual({ outcome: 'done' });
    expect(await jobs()).toEqual([{ name: 'settle_order', attempts: 0 }]);
    expect(await db.asNobody(readDeadJobs)).toEqual([]);
    expect(await repair.retryDeadJob(house, ana, '999999')).toEqual({ outcome: 'unknown' });
    expect(await repair.retryDeadJob(house, ana, '1; drop table orders')).toEqual({ outcome: 'unknown' });
  });

  it('a notice is replayed; and all that are parked of a merchant, but none that was never to be sent', async () => {
    expect(await repair.replayOneNotice(house, ana, 'ntc_1')).toEqual({ outcome: 'done' });
    await admin.query(`update notices set state = 'parked' where id = 'ntc_1'`);
    expect(await repair.replayParkedOf(house, ana, 'mer_1')).toEqual({ outcome: 'done', many: 1 });
    const { rows } = await admin.query('select id, state, tries, next_try_at from notices order by id');
    expect(rows).toEqual([
      { id: 'ntc_1', state: 'pending', tries: 0, next_try_at: clock.now() },
      { id: 'ntc_2', state: 'parked', tries: 0, next_try_at: null },
    ]);
    expect(await repair.replayParkedOf(house, ana, 'mer_1')).toEqual({ outcome: 'not_needed' });
    expect(await repair.replayParkedOf(house, ana, 'mer_2')).toEqual({
      outcome: 'refused',
      because: 'no_address',
    });
    expect(await repair.replayParkedOf(house, ana, 'mer_x')).toEqual({ outcome: 'unknown' });
    expect(await repair.replayOneNotice(house, ana, 'ord_1')).toEqual({ outcome: 'unknown' });
  });

  it('a report is told again, one or all of a merchant’s, by its own id or not at all', async () => {
    await admin.query(reportParked);
    expect(await repair.replayOneReport(house, ana, 'use_1')).toEqual({
      outcome: 'refused',
      because: 'no_server',
    });
    expect(await repair.replayReportsOf(house, ana, 'mer_1')).toEqual({ outcome: 'not_needed' });
    expect(await jobs()).toEqual([]);
    await admin.query(
      `update merchants set server_url = 'https://a.example', server_protocol = 'rest' where id = 'mer_1'`,
    );
    expect(await listParkedReports(db, 10)).toMatchObject([
      { id: 'use_1', merchantId: 'mer_1', lastStatus: 500 },
    ]);
    expect(await listParkedReports(db, 10, 'mer_2')).toEqual([]);
    expect(await repair.replayOneReport(house, ana, 'use_1')).toEqual({ outcome: 'done' });
    expect(await repair.replayOneReport(house, ana, 'use_1')).toEqual({ outcome: 'not_needed' });
    await admin.query(`update usage_reports set state = 'parked'`);
    expect(await repair.replayReportsOf(house, ana, 'mer_1')).toEqual({ outcome: 'done', many: 1 });
    expect(await jobs()).toEqual([{ name: 'report_usage', attempts: 0 }]);
    const { rows } = await admin.query('select state, tries, next_try_at, last_problem from usage_reports');
    expect(rows).toEqual([{ state: 'pending', tries: 0, next_try_at: clock.now(), last_problem: null }]);
    for (const id of ['use_x', 'ord_1', 'mer_1'])
      expect(await repair.replayOneReport(house, ana, id)).toEqual({ outcome: 'unknown' });
    expect(await repair.replayReportsOf(house, ana, 'mer_x')).toEqual({ outcome: 'unknown' });
    expect((await acts())[0]).toMatchObject({ act: 'replay_reports', target: 'mer_x', outcome: 'unknown' });
  });

  it('the story of a call nobody pays us for has its report, and nothing of the people', async () => {
    await admin.query(reportParked);
    const owner = await db.asNobody((nobody) => ownerOfId(nobody, 'use_1'));
    expect(owner).toEqual({ kind: 'usage_report', merchantId: 'mer_1', orderId: 'ord_k' });
    const story = await db.asMerchant('mer_1', (tx) => readOrderStory(tx, 'ord_k'));
    expect(story).toMatchObject({
      payment: null,
      usageReport: { id: 'use_1', state: 'parked', lastStatus: 500 },
    });
    expect(JSON.stringify(story)).not.toContain('612345678');
  });

  it('after a 410 notices are sent again, those of the time between too', async () => {
    await admin.query(`update merchants set notices_disabled_at = $1 where id = 'mer_1'`, [
      new Date(clock.now().getTime() - 1),
    ]);
    expect(await repair.replayOneNotice(house, ana, 'ntc_1')).toEqual({
      outcome: 'refused',
      because: 'no_address',
    });
    expect(await repair.replayParkedOf(house, ana, 'mer_1')).toEqual({ outcome: 'done', many: 2 });
    expect(await kinds()).toEqual([]);
  });

  it('a settlement that is parked or forgotten is tried anew, by any id of its order', async () => {
    await admin.query(
      `update payments set parked_at = now(), parked_reason = 'refused', settle_refusals = 9`,
    );
    expect(await repair.settleAgain(house, ana, 'call_1')).toEqual({ outcome: 'done' });
    const { rows } = await admin.query('select parked_at, settle_refusals from payments');
    expect(rows).toEqual([{ parked_at: null, settle_refusals: 0 }]);
    expect(await repair.settleAgain(house, ana, 'ord_1')).toEqual({ outcome: 'done' });
    expect(await jobs()).toEqual([{ name: 'settle_order', attempts: 0 }]);
    await admin.query(`update payments set state = 'captured'; update call_sessions set state = 'settled'`);
    expect(await repair.settleAgain(house, ana, 'ord_1')).toEqual({ outcome: 'not_needed' });
    expect(await repair.settleAgain(house, ana, 'ord_x')).toEqual({ outcome: 'unknown' });
    expect(await repair.settleAgain(house, ana, 'mer_1')).toEqual({ outcome: 'unknown' });
  });

  it('a payment that is not over is looked at at once', async () => {
    expect(await repair.lookAtPaymentNow(house, ana, 'pay_1')).toEqual({ outcome: 'done' });
    const { rows } = await admin.query('select look_again_at from payments');
    expect(rows).toEqual([{ look_again_at: clock.now() }]);
    await admin.query(`update payments set state = 'captured'`);
    expect(await repair.lookAtPaymentNow(house, ana, 'pi_1')).toEqual({ outcome: 'not_needed' });
  });

  it('a switch is drained and not any more', async () => {
    expect(await repair.drain(house, ana, 'fs1', true)).toEqual({ outcome: 'done' });
    expect(await db.asNobody((nobody) => readSwitchViews(nobody, clock.now()))).toEqual([
      { id: 'fs1', commander: 'gateway-a', leaseNumber: '7', leaseSecondsLeft: 5, draining: true, calls: 0 },
    ]);
    expect(await repair.drain(house, ana, 'fs1', false)).toEqual({ outcome: 'done' });
    expect(await repair.drain(house, ana, 'fs9', true)).toEqual({ outcome: 'unknown' });
  });

  it('calls are stopped and may be made again; of a merchant nobody knows nothing is', async () => {
    expect(await repair.stop(house, ana, {})).toEqual({ outcome: 'done', many: 0 });
    expect(await repair.stop(house, ana, { merchantId: 'mer_1' })).toEqual({ outcome: 'done', many: 0 });
    expect(await kinds()).toEqual(['calls_stopped all', 'calls_stopped mer_1', 'notices_parked mer_1']);
    expect(await repair.resume(house, ana, {})).toEqual({ outcome: 'done' });
    expect(await repair.resume(house, ana, { merchantId: 'mer_1' })).toEqual({ outcome: 'done' });
    expect(await kinds()).toEqual(['notices_parked mer_1']);
    expect(await repair.stop(house, ana, { merchantId: 'mer_x' })).toEqual({ outcome: 'unknown' });
  });

  it('a record whose leg is known by now is brought to it', async () => {
    expect(await repair.importRecords(house, ana)).toEqual({ outcome: 'not_needed' });
    await admin.query(`update legs set cdr = null;
      insert into quarantined_call_records (received_at, leg, body, source)
        values (now(), 'aaaaaaaa-0000-4000-8000-000000000001', '{"a":1}', 'posted')`);
    expect(await repair.importRecords(house, ana)).toEqual({ outcome: 'done', many: 1 });
    expect((await admin.query('select cdr from legs')).rows).toEqual([{ cdr: { a: 1 } }]);
  });

  it('a number may be called again when its owner says so; it is written down nowhere', async () => {
    expect(await repair.allowNumber(house, ana, 'nonsense')).toEqual({
      outcome: 'refused',
      because: 'number_invalid',
    });
    expect(await repair.allowNumber(house, ana, '+33 6 12 34 56 78')).toEqual({ outcome: 'not_needed' });
    expect(JSON.stringify([await acts(), told])).not.toMatch(/612345678|12 34/);
  });

  it('each is told and kept with who did it and why', async () => {
    await repair.drain(house, ana, 'fs9', true);
    expect(told).toEqual([
      {
        facts: { act: 'drain', target: 'fs9', ...ana, outcome: 'unknown' },
        message: 'An operator repaired by hand',
      },
    ]);
    expect(await acts()).toEqual([
      { at: clock.now(), act: 'drain', target: 'fs9', ...ana, outcome: 'unknown' },
    ]);
    // Nobody who serves merchants may change what was done.
    await expect(
      db.asNobody((nobody) => nobody.raw(`update operator_acts set by = 'nobody'`)),
    ).rejects.toThrow(/permission denied/);
  });
});

describe('what an operator reads', () => {
  it('whose an id is, whatever it is of', async () => {
    const owner = (id: string) => db.asNobody((nobody) => ownerOfId(nobody, id));
    for (const id of [
      'ord_1',
      'pay_1',
      'aut_1',
      'pi_1',
      'op_2',
      'call_1',
      'ntc_1',
      'aaaaaaaa-0000-4000-8000-000000000001',
    ]) {
      expect(await owner(id), id).toMatchObject({ merchantId: 'mer_1', orderId: 'ord_1' });
    }
    expect(await owner('mer_2')).toEqual({ kind: 'merchant', merchantId: 'mer_2' });
    expect(await owner(`' or true --`)).toBeUndefined();
  });

  it('an order’s whole story, with nothing of the people in it', async () => {
    const story = await db.asMerchant('mer_1', (tx) => readOrderStory(tx, 'ord_1'));
    expect(story).toMatchObject({
      order: { id: 'ord_1', merchantId: 'mer_1', line: 'l', hold: '25.00', currency: 'EUR' },
      payment: { id: 'pay_1', state: 'capturing', captured: '0.00' },
      authorizations: [
        {
          id: 'aut_1',
          amount: '25.00',
          intentId: 'pi_1',
          operations: [
            { id: 'op_1', state: 'done' },
            { id: 'op_2', kind: 'capture', amount: '2.10', state: 'unknown' },
          ],
        },
      ],
      session: { id: 'call_1', state: 'ended', switchId: 'fs1', talkLimitSeconds: 600, talkSeconds: 61.25 },
      legs: [{ role: 'A', recorded: true, cause: 'NORMAL_CLEARING', endedUs: '1795292217000000' }],
      notices: [{ id: 'ntc_1', state: 'parked', tries: 10, deliveries: [] }, { id: 'ntc_2' }],
      ledger: [
        { account: 'card', amount: '-25.00' },
        { account: 'held', amount: '25.00' },
      ],
      receipt: null,
      refunds: [],
    });
    expect(JSON.stringify(story)).not.toMatch(/612345678|jane|4242/);
    expect(await db.asMerchant('mer_2', (tx) => readOrderStory(tx, 'ord_1'))).toBeUndefined();
  });

  it('dead jobs with their last error, parked notices, and how the queue stands', async () => {
    const id = await deadJob();
    expect(await db.asNobody(readDeadJobs)).toEqual([
      {
        id,
        name: 'settle_order',
        merchantId: 'mer_1',
        orderId: 'ord_1',
        since: expect.any(Date),
        because: 'The processor has not settled order ord_1.',
      },
    ]);
    expect(await db.asNobody((nobody) => readJobFigures(nobody, clock.now()))).toMatchObject([
      { name: 'settle_order', kind: 'dead', many: 1 },
    ]);
    expect(await listParkedNotices(db, 10)).toMatchObject([
      { id: 'ntc_1', orderId: 'ord_1', tries: 10, lastStatus: 500, lastProblem: 'refused' },
    ]);
  });
});
