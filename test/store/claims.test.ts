// Who is claimed for a call: by lines and groups as they stand, one consultant never for two, nobody who is gone.

import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { PostgresDatabase } from '../../src/store/database.ts';
import { archiveConsultant } from '../../src/store/consultant-records.ts';
import { claimConsultants, freeConsultants, occupyConsultant } from '../../src/store/consultants.ts';
import { demoMerchantId as merchantId, seedDemoMerchant } from '../../src/store/demo-merchant.ts';
import { inIdleOrder, reachableOfLine } from '../../src/store/line-members.ts';
import { readLineForOrder } from '../../src/store/orders.ts';
import { Seal } from '../../src/store/seal.ts';
import { type FreshDatabase, freshDatabase } from '../database.ts';

const now = new Date('2026-11-23T09:00:00Z');
const until = new Date('2026-11-23T09:01:00Z');
const everybody = ['con_1', 'con_2', 'con_3', 'con_4'];

let database: FreshDatabase;
let db: PostgresDatabase;
let admin: pg.Client;
beforeAll(async () => {
  database = await freshDatabase();
  db = new PostgresDatabase({ url: database.ownerUrl, poolMax: 20, after: (ms, act) => setTimeout(act, ms) });
  admin = new pg.Client(database.adminUrl);
  await admin.connect();
  await seedDemoMerchant(db, new Seal(randomBytes(32)), {
    apiKeyHash: randomBytes(32),
    linkSecret: 'secret',
    pageOrigins: [],
  });
});
afterAll(async () => {
  await admin.end();
  await db.close();
  await database.drop();
});
beforeEach(async () => {
  await admin.query(`update lines set group_id = null`);
  await admin.query(`delete from group_members`);
  await admin.query(`delete from consultant_groups`);
  await admin.query(`delete from consultants where id like 'con_%' and id = any($1)`, [everybody]);
  await admin.query(
    `insert into consultants (id, merchant_id, name, number, language)
     select id, $1, id, '+3368000000' || place, 'en' from unnest($2::text[]) with ordinality as c(id, place)`,
    [merchantId, everybody],
  );
});

const claim = (session: string, candidates = everybody, atMost = 1) =>
  db.asMerchant(merchantId, (tx) => claimConsultants(tx, { session, candidates, atMost, now, until }));
const talk = async (session: string, consultantId: string, talkedAt: Date) => {
  await db.asMerchant(merchantId, (tx) => occupyConsultant(tx, session, consultantId, now));
  await db.asMerchant(merchantId, (tx) => freeConsultants(tx, session, {}, talkedAt));
};
const group = async (strategy: string, members: Record<string, number>) => {
  await admin.query(
    `insert into consultant_groups (id, merchant_id, name, strategy, step_seconds) values ('grp_1', $1, 'Sales', $2, 7)`,
    [merchantId, strategy],
  );
  await admin.query(
    `insert into group_members (merchant_id, group_id, consultant_id, qualification, position)
     select $1, 'grp_1', id, qualification, row_number() over () from unnest($2::text[], $3::int[]) as m(id, qualification)`,
    [merchantId, Object.keys(members), Object.values(members)],
  );
  await admin.query(`update lines set group_id = 'grp_1' where slug = 'demo'`);
};
const line = () => db.asMerchant(merchantId, (tx) => readLineForOrder(tx, 'demo'));

it('a hundred callers want one consultant at once: one has him', async () => {
  const claims = await Promise.all(
    Array.from({ length: 100 }, (_, n) => claim(`call_${String(n)}`, ['con_1'])),
  );
  const won = claims.flatMap((claimed, n) => claimed.map(() => `call_${String(n)}`));
  expect(won).toHaveLength(1);
  const { rows } = await admin.query<{ by: string }>(
    `select claimed_by as by from consultants where id = 'con_1'`,
  );
  expect(rows).toEqual([{ by: won[0] }]);
});

it('a group rings as it is set to, in place of the line', async () => {
  await group('all', { con_3: 1, con_1: 1 });
  expect(await line()).toMatchObject({ ringing: 'all_at_once', ringStepSeconds: 7, idleGroup: null });
  expect((await line())?.consultants.map(({ id }) => id)).toEqual(['con_3', 'con_1']);
  await admin.query(`update consultants set setting = 'away' where id = 'con_3'`);
  const lineId = (await line())?.id ?? '';
  expect(await db.asMerchant(merchantId, (tx) => reachableOfLine(tx, lineId, now))).toEqual(['con_1']);
  await admin.query(`update consultant_groups set strategy = 'cumulative'`);
  expect(await line()).toMatchObject({ ringing: 'cumulative', idleGroup: null });
});

it('the longest idle is first, asked anew with each phone; the better qualified come before all others', async () => {
  await group('longest_idle', { con_1: 1, con_2: 1, con_3: 1, con_4: 9 });
  await admin.query(
    `update consultants set last_talked_at = timestamptz '2026-11-23T08:00:00Z'
    + make_interval(mins => substr(id, 5)::int) where id <> 'con_2' and id = any($1)`,
    [everybody],
  );
  const listed = await line();
  expect(listed).toMatchObject({ ringing: 'in_turn', idleGroup: 'grp_1' });
  expect(listed?.consultants.map(({ id }) => id)).toEqual(['con_4', 'con_2', 'con_1', 'con_3']);

  await claim('call_other', ['con_2']);
  await talk('call_other', 'con_2', now);
  const order = (session: string) =>
    db.asMerchant(merchantId, (tx) => inIdleOrder(tx, 'grp_1', everybody, session));
  expect(await order('call_a')).toEqual(['con_4', 'con_1', 'con_3', 'con_2']);
  await claim('call_a', ['con_3']);
  expect(await order('call_a')).toEqual(['con_3', 'con_4', 'con_1', 'con_2']);
});

it('who is gone keeps the call he is on, and is on no line, in no group and never claimed again', async () => {
  await group('in_turn', { con_1: 1, con_2: 1 });
  await claim('call_live', ['con_1']);
  await db.asMerchant(merchantId, (tx) => archiveConsultant(tx, 'con_1', now));
  // He had not pressed 1 yet.
  expect(await db.asMerchant(merchantId, (tx) => occupyConsultant(tx, 'call_live', 'con_1', now))).toBe(true);
  expect((await line())?.consultants.map(({ id }) => id)).toEqual(['con_2']);
  await db.asMerchant(merchantId, (tx) => freeConsultants(tx, 'call_live', {}, now));
  expect(await claim('call_next', ['con_1'])).toEqual([]);
});

it('after a talk he writes down what he has to, and is not claimed until then; what he missed before is forgotten', async () => {
  await admin.query(`update consultants set wrap_up_seconds = 45, misses_unanswered = 2 where id = 'con_1'`);
  await claim('call_a', ['con_1']);
  await db.asMerchant(merchantId, (tx) => freeConsultants(tx, 'call_a', {}, now));
  expect(await claim('call_b', ['con_1'])).toHaveLength(1);
  await talk('call_b', 'con_1', now);
  expect(await claim('call_c', ['con_1'])).toEqual([]);
  const { rows } = await admin.query(
    `select wrap_up_until, due_at, misses_unanswered from consultants where id = 'con_1'`,
  );
  const wrapUpUntil = new Date('2026-11-23T09:00:45Z');
  expect(rows).toEqual([{ wrap_up_until: wrapUpUntil, due_at: wrapUpUntil, misses_unanswered: 0 }]);
});
