// A consultant's own state in the one place that changes it: what is written, what his merchant is told and when nothing is.

import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { realIds } from '../../src/clock-and-ids.ts';
import type { ConsultantSetting } from '../../src/core/consultant.ts';
import type { Schedule } from '../../src/core/schedule.ts';
import { followDue } from '../../src/flow/consultant-clock.ts';
import {
  type ChangedBy,
  countRings,
  followClock,
  setAvailability,
  setSchedule,
} from '../../src/flow/consultant-state.ts';
import type { House } from '../../src/flow/house.ts';
import { mailPaused } from '../../src/flow/mail-consultant.ts';
import type { Mail } from '../../src/flow/ports.ts';
import { PostgresDatabase } from '../../src/store/database.ts';
import {
  demoConsultants,
  demoMerchantId as merchantId,
  seedDemoMerchant,
} from '../../src/store/demo-merchant.ts';
import { Seal } from '../../src/store/seal.ts';
import { type FreshDatabase, freshDatabase } from '../database.ts';

let database: FreshDatabase;
let db: PostgresDatabase;
let admin: pg.Client;
let house: House;
let now: Date;
const consultantId = demoConsultants[0]?.id ?? '';

beforeAll(async () => {
  database = await freshDatabase();
  db = new PostgresDatabase({ url: database.ownerUrl, poolMax: 4, after: (ms, act) => setTimeout(act, ms) });
  admin = new pg.Client(database.adminUrl);
  await admin.connect();
  const seal = new Seal(randomBytes(32));
  await seedDemoMerchant(db, seal, {
    apiKeyHash: randomBytes(32),
    linkSecret: 'secret',
    pageOrigins: [],
    notices: { url: 'https://shop.example/notices', secret: `whsec_${randomBytes(24).toString('base64')}` },
  });
  const silent = () => undefined;
  house = {
    db,
    ids: realIds,
    seal,
    clock: { now: () => now },
    log: { info: silent, warn: silent, error: silent },
    mailer: { configured: false, send: () => Promise.resolve('failed') },
    publicUrl: 'https://calls.example',
  } as unknown as House;
});
afterAll(async () => {
  await admin.end();
  await db.close();
  await database.drop();
});
beforeEach(async () => {
  now = new Date('2026-11-23T09:00:00Z');
  await admin.query('delete from notices where consultant_id is not null');
  await admin.query(
    `update consultants set setting = 'available', setting_reason = null, back_at = null, paused_at = null, schedule = null,
       hours_from = null, hours_to = null, due_at = null, told = 'at_work', notices = 0, misses_unanswered = 0,
       misses_refused = 0`,
  );
});

const set = (setting: ConsultantSetting, by: ChangedBy = 'consultant') =>
  db.asMerchant(merchantId, (tx) => setAvailability(house, tx, { merchantId, consultantId, setting, by }));
const keep = (schedule: Schedule | undefined) =>
  db.asMerchant(merchantId, (tx) =>
    setSchedule(house, tx, { merchantId, consultantId, schedule, by: 'merchant' }),
  );
const itIs = (at: string) => {
  now = new Date(at);
  return db.asMerchant(merchantId, (tx) => followClock(house, tx, { merchantId, consultantId }));
};
const row = async (): Promise<Record<string, unknown>> =>
  (await admin.query('select * from consultants where id = $1', [consultantId])).rows[0] as Record<
    string,
    unknown
  >;
const told = async (): Promise<Record<string, unknown>[]> =>
  (
    await admin.query<{ body: string }>(
      'select body from notices where consultant_id = $1 order by sequence',
      [consultantId],
    )
  ).rows.map(({ body }) => (JSON.parse(body) as { data: Record<string, unknown> }).data);

it('a break with its reason and end is told once; the same again is no news', async () => {
  const backAt = new Date('2026-11-23T10:00:00Z');
  await set({ is: 'break', reason: 'lunch', backAt });
  await set({ is: 'break', reason: 'lunch', backAt });
  expect(await told()).toEqual([
    {
      consultantId,
      name: demoConsultants[0]?.name,
      availability: 'break',
      reason: 'lunch',
      backAt: '2026-11-23T10:00:00.000Z',
      state: { reachable: false, because: 'break', until: '2026-11-23T10:00:00.000Z', reason: 'lunch' },
      by: 'consultant',
      sequence: 1,
    },
  ]);
  expect(await row()).toMatchObject({ setting: 'break', back_at: backAt, due_at: backAt, told: 'break' });

  await itIs('2026-11-23T09:59:59Z');
  expect(await told()).toHaveLength(1);
  await itIs('2026-11-23T10:00:00Z');
  expect((await told())[1]).toMatchObject({
    availability: 'available',
    by: 'schedule',
    state: { reachable: true },
  });
  await itIs('2026-11-23T10:00:01Z');
  expect(await told()).toHaveLength(2);
  expect(await row()).toMatchObject({
    setting: 'available',
    back_at: null,
    setting_reason: null,
    due_at: null,
  });
});

const missed = (...because: string[]) =>
  db.asMerchant(merchantId, (tx) =>
    countRings(
      house,
      tx,
      merchantId,
      because.map((one) => ({ name: 'consultant_missed', facts: { consultantId, because: one } })),
    ),
  );

it('three calls he lets ring pause him, his merchant is told once, and he comes back with one word', async () => {
  await missed('no_answer', 'busy', 'congestion');
  await missed('no_key');
  expect(await row()).toMatchObject({ misses_unanswered: 2, paused_at: null });
  expect(await told()).toEqual([]);
  await missed('no_answer');
  await missed('no_answer');
  expect(await row()).toMatchObject({ paused_at: now, told: 'paused' });
  const [paused, changed, ...more] = await told();
  expect(paused).toMatchObject({ consultantId, unanswered: 3, refused: 0, sequence: 1 });
  expect(changed).toMatchObject({ by: 'pause', state: { reachable: false, because: 'paused' }, sequence: 2 });
  expect(more).toEqual([]);

  await set({ is: 'available' });
  expect(await row()).toMatchObject({ paused_at: null, misses_unanswered: 0 });
  expect((await told())[2]).toMatchObject({ by: 'consultant', state: { reachable: true } });
});

it('who is paused is told by mail, once a pause, in his language and with what ends it', async () => {
  const mails: Mail[] = [];
  house.mailer = { configured: true, send: (mail) => Promise.resolve((mails.push(mail), 'sent' as const)) };
  await admin.query(
    `insert into ddis (id, merchant_id, kind, number) values ('ddi_s', $1, 'service', '+33199000199')`,
    [merchantId],
  );
  for (const [id, language, acceptedAt] of [
    ['usr_claire', 'fr', now],
    ['usr_double', 'en', now],
    ['usr_invited', 'fr', null],
  ] as const) {
    await admin.query(
      `insert into users (id, email, email_key, language, created_at) values ($1, $2, $2, $3, now())`,
      [id, `${id}@shop.example`, language],
    );
    await admin.query(
      `insert into memberships (user_id, merchant_id, role, consultant_id, invited_at, accepted_at)
       values ($1, $2, 'consultant', $3, now(), $4)`,
      [id, merchantId, consultantId, acceptedAt],
    );
  }
  const jobs = async (): Promise<Parameters<typeof mailPaused>[1][]> =>
    (
      await admin.query<{ payload: Parameters<typeof mailPaused>[1] }>(
        `select payload from graphile_worker._private_jobs where payload ->> 'pausedAt' is not null
         order by payload ->> 'userId'`,
      )
    ).rows.map(({ payload }) => payload);

  await missed('no_answer', 'no_answer', 'no_answer', 'no_answer');
  const [toClaire, toDouble, ...more] = await jobs();
  expect(more).toEqual([]);
  if (!toClaire || !toDouble) throw new Error('Nobody is told.');
  await mailPaused(house, toClaire);
  await mailPaused(house, toDouble);
  expect(mails).toMatchObject([
    { to: 'usr_claire@shop.example', subject: 'Vous n’êtes plus appelé : 4 appels manqués', language: 'fr' },
    { to: 'usr_double@shop.example', subject: 'You are not rung any more: 4 missed calls', language: 'en' },
  ]);
  expect(mails[0]?.text).toContain('+33199000199');
  expect(mails[0]?.text).toContain('https://calls.example/extranet/me');

  // Back by himself before the letter was written: there is nothing to do any more. The next pause is another one.
  await set({ is: 'available' });
  await mailPaused(house, toClaire);
  expect(mails).toHaveLength(2);
  now = new Date('2026-11-23T09:30:00Z');
  await missed('no_answer', 'no_answer', 'no_answer');
  expect(await jobs()).toHaveLength(4);
  await mailPaused(house, toClaire);
  expect(mails).toHaveLength(2);

  house.mailer = { configured: false, send: () => Promise.resolve('failed') };
  await set({ is: 'available' });
  now = new Date('2026-11-23T09:40:00Z');
  await missed('no_answer', 'no_answer', 'no_answer');
  expect(await jobs()).toHaveLength(4);
  await admin.query('delete from memberships where consultant_id = $1', [consultantId]);
});

it('his own limits count, and nought never pauses; refusals are counted apart', async () => {
  await admin.query(
    'update consultants set miss_limit_unanswered = 0, miss_limit_refused = 2 where id = $1',
    [consultantId],
  );
  await missed('no_answer', 'no_answer', 'no_answer', 'no_answer', 'rejected');
  expect(await row()).toMatchObject({ misses_unanswered: 4, misses_refused: 1, paused_at: null });
  await missed('hung_up');
  expect(await row()).toMatchObject({ misses_refused: 2, paused_at: now });
  await admin.query('update consultants set miss_limit_unanswered = 3, miss_limit_refused = 5');
});

it('two gateways that look at the same instant tell a change once, and know when the next one comes', async () => {
  await set({ is: 'away', backAt: new Date('2026-11-23T09:00:10Z') });
  expect(await followDue(house, 15_000)).toEqual(new Date('2026-11-23T09:00:10Z'));
  now = new Date('2026-11-23T09:00:10Z');
  expect(await Promise.all([followDue(house, 15_000), followDue(house, 15_000)])).toEqual([
    undefined,
    undefined,
  ]);
  expect((await told()).map(({ by }) => by)).toEqual(['consultant', 'schedule']);
});

it('a pause ends with whatever he sets, and that is told', async () => {
  await admin.query(`update consultants set paused_at = $1, misses_unanswered = 3, told = 'paused'`, [now]);
  await set({ is: 'available' }, 'phone');
  expect(await row()).toMatchObject({ paused_at: null, misses_unanswered: 0, told: 'at_work' });
  expect(await told()).toMatchObject([
    { availability: 'available', by: 'phone', state: { reachable: true } },
  ]);
});

it('hours begin and end by the wall clock of his zone, on the days the clocks change too; each is told once', async () => {
  // Paris puts the clocks forward on Sunday the 29th of March 2026, at two.
  now = new Date('2026-03-28T12:00:00Z');
  await keep({ weekly: [{ days: [6, 7], from: '09:00', to: '18:00' }], daysOff: [] });
  expect(await told()).toEqual([]);
  expect(await row()).toMatchObject({ due_at: new Date('2026-03-28T17:00:00Z') });
  await itIs('2026-03-28T17:00:00Z');
  await itIs('2026-03-28T17:00:00Z');
  expect(await told()).toMatchObject([
    { by: 'schedule', state: { because: 'off_hours', until: '2026-03-29T07:00:00.000Z' } },
  ]);
  await itIs('2026-03-29T07:00:00Z');
  expect(await told()).toHaveLength(2);
  expect(await row()).toMatchObject({ told: 'at_work', due_at: new Date('2026-03-29T16:00:00Z') });
});

it('another time zone is another instant: his hours are worked out again', async () => {
  await keep({ weekly: [{ days: [1], from: '09:00', to: '18:00' }], daysOff: [] });
  await admin.query(`update merchants set time_zone = 'America/New_York' where id = $1`, [merchantId]);
  expect(await row()).toMatchObject({ due_at: -Infinity });
  await itIs('2026-11-23T09:00:01Z');
  await admin.query(`update merchants set time_zone = 'Europe/Paris' where id = $1`, [merchantId]);
  expect(await told()).toMatchObject([
    { state: { because: 'off_hours', until: '2026-11-23T14:00:00.000Z' } },
  ]);
});

it('he works in spite of his hours until he says; who is gone has no state', async () => {
  await keep({ weekly: [{ days: [2], from: '09:00', to: '18:00' }], daysOff: [] });
  await set({ is: 'available', backAt: new Date('2026-11-23T11:00:00Z') });
  expect((await told()).map(({ state }) => (state as { because: unknown }).because)).toEqual([
    'off_hours',
    null,
  ]);
  await itIs('2026-11-23T11:00:00Z');
  expect((await told())[2]).toMatchObject({ by: 'schedule', state: { because: 'off_hours' } });

  await admin.query('update consultants set archived_at = $1 where id = $2', [now, consultantId]);
  expect(await set({ is: 'away' })).toBeUndefined();
  await admin.query('update consultants set archived_at = null');
});
