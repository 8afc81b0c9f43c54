// When a merchant is told again: what a replay in mid-flight changes, how soon somebody who was away has everything, and
// what is left of the schedule for it.

import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { realIds } from '../../src/clock-and-ids.ts';
import type { House } from '../../src/flow/house.ts';
import { NoticeDispatcher, replayNotice } from '../../src/flow/notify-merchant.ts';
import type { Delivered } from '../../src/flow/ports.ts';
import { PostgresDatabase } from '../../src/store/database.ts';
import { demoMerchantId, seedDemoMerchant } from '../../src/store/demo-merchant.ts';
import { Seal } from '../../src/store/seal.ts';
import { HandClock } from '../adapters/hand-clock.ts';
import { type FreshDatabase, freshDatabase } from '../database.ts';

const minuteMs = 60_000;
let database: FreshDatabase;
let db: PostgresDatabase;
let admin: pg.Pool;
let clock: HandClock;
let dispatcher: NoticeDispatcher;
let house: House;
/** What the merchant's server answers to a notice; and what it was sent, in order. */
let answers: (id: string) => Promise<Delivered> | Delivered;
let sent: { id: string; atMs: number }[];

const away: Delivered = { outcome: 'no_answer', reason: 'connection refused' };
const taken: Delivered = { outcome: 'delivered', status: 200 };

beforeAll(async () => {
  database = await freshDatabase();
  db = new PostgresDatabase({ url: database.ownerUrl, poolMax: 4, after: (ms, act) => setTimeout(act, ms) });
  admin = new pg.Pool({ connectionString: database.adminUrl, max: 1 });
  const seal = new Seal(randomBytes(32));
  await seedDemoMerchant(db, seal, {
    apiKeyHash: randomBytes(32),
    linkSecret: 'secret',
    pageOrigins: [],
    notices: { url: 'https://shop.example/notices', secret: `whsec_${randomBytes(24).toString('base64')}` },
  });
  const silent = () => undefined;
  house = {
    db: counted(db),
    ids: { ...realIds, chance: () => 0 },
    seal,
    log: { info: silent, warn: silent, error: silent },
    metrics: { observe: silent, count: silent, level: silent },
  } as unknown as House;
  await admin.query(`
    insert into orders (id, merchant_id, line_id, kind, source, language, tariff_id, tariff, hold, currency, access_hash)
    select 'ord_n', '${demoMerchantId}', l.id, 'fixed_sale', 'api', 'fr', t.id, '{}', 1, 'EUR', 'x'
    from lines l join tariffs t on t.line_id = l.id limit 1`);
});
afterAll(async () => {
  await admin.end();
  await db.close();
  await database.drop();
});

beforeEach(() => {
  clock = new HandClock();
  house.clock = clock;
  sent = [];
  answers = () => taken;
  house.notifier = {
    async deliver({ id }) {
      sent.push({ id, atMs: clock.monotonicMs() });
      return answers(id);
    },
  };
  dispatcher = new NoticeDispatcher(house);
  dispatcher.start();
});
afterEach(async () => {
  const stopped = dispatcher.stop();
  clock.turn(1_000);
  await stopped;
  await admin.query('delete from deliveries');
  await admin.query('delete from notices');
  await admin.query('update merchants set notices_disabled_at = null');
});

async function waiting(id: string, minutesFromNow = 0, tries = 0, triedMinutesAgo?: number): Promise<void> {
  const at = (minutes: number) => new Date(clock.now().getTime() + minutes * minuteMs);
  await admin.query(
    `insert into notices (id, merchant_id, order_id, type, sequence, body, tries, next_try_at, tried_at, created_at)
     values ($1, $2, 'ord_n', 'call.ended', (select count(*) + 1 from notices), '{}', $3, $4, $5, $6)`,
    [
      id,
      demoMerchantId,
      tries,
      at(minutesFromNow),
      triedMinutesAgo === undefined ? null : at(-triedMinutesAgo),
      at(0),
    ],
  );
}

interface NoticeRow {
  state: string;
  tries: number;
  dueInMinutes: number | null;
}
async function notice(id: string): Promise<NoticeRow> {
  const { rows } = await admin.query<{ state: string; tries: number; next_try_at: Date | null }>(
    'select state, tries, next_try_at from notices where id = $1',
    [id],
  );
  const { state, tries, next_try_at: next } = rows[0]!;
  return { state, tries, dueInMinutes: next && (next.getTime() - clock.now().getTime()) / minuteMs };
}

let underWay = 0;
/** The same database, with what is asked of it counted: time stands still until it has answered. */
function counted(real: PostgresDatabase): House['db'] {
  const count = async <T>(asked: Promise<T>): Promise<T> => {
    underWay += 1;
    try {
      return await asked;
    } finally {
      underWay -= 1;
    }
  };
  return {
    asMerchant: (merchantId, act) => count(real.asMerchant(merchantId, act)),
    asNobody: (act) => count(real.asNobody(act)),
    listen: (channel, tell) => real.listen(channel, tell),
  } as House['db'];
}

async function settled(): Promise<void> {
  for (let quiet = 0; quiet < 3; quiet += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (underWay > 0) quiet = 0;
  }
}

/** Time passes second by second until this holds; each second's work is let finish. */
async function until(holds: () => Promise<boolean> | boolean, withinMinutes = 30): Promise<void> {
  const byMs = clock.monotonicMs() + withinMinutes * minuteMs;
  while (!(await holds())) {
    expect(clock.monotonicMs(), 'did not come about in time').toBeLessThan(byMs);
    clock.turn(Math.min(clock.nextInMs() ?? 1_000, 1_000));
    await settled();
  }
}

const areDelivered =
  (...ids: string[]) =>
  async () =>
    (await Promise.all(ids.map(notice))).every(({ state }) => state === 'delivered');

it('a notice replayed while it is on its way keeps the schedule it was given anew', async () => {
  let answer: (with_: Delivered) => void = () => undefined;
  answers = () => new Promise<Delivered>((resolve) => (answer = resolve));
  await waiting('ntc_1', 0, 4);
  await until(() => sent.length === 1, 1);
  expect(await replayNotice(house, demoMerchantId, 'ntc_1')).toBe('queued');
  answers = () => taken;
  answer(away);
  await until(areDelivered('ntc_1'), 1);
  // The failed try was the old schedule's fifth; the delivery the new one's first.
  expect(await notice('ntc_1')).toMatchObject({ state: 'delivered', tries: 1 });
  const { rows } = await admin.query('select 1 from deliveries');
  expect(rows).toHaveLength(2);
});

it('a merchant who takes one has all that waited at once', async () => {
  for (const [id, hours] of [
    ['ntc_a', 5],
    ['ntc_b', 14],
    ['ntc_c', 20],
  ] as const) {
    await waiting(id, hours * 60, 4, 60);
  }
  await waiting('ntc_fresh');
  await until(areDelivered('ntc_a', 'ntc_b', 'ntc_c'), 1);
});

it('a merchant nothing new happens for is knocked at every ten minutes, and no other notice is spent on it', async () => {
  answers = () => away;
  // Both have just failed and wait for long.
  await waiting('ntc_a', 300, 5, 0);
  await waiting('ntc_b', 600, 6, 0);
  await waiting('ntc_fresh');
  await until(() => sent.length >= 5, 40);
  // The fresh one's own schedule (at once, 5 s, 5 min), then a knock ten minutes after the last failure.
  const gaps = sent.slice(1).map(({ atMs }, index) => (atMs - sent[index]!.atMs) / minuteMs);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(10.1);
  expect(await notice('ntc_a')).toMatchObject({ state: 'pending', tries: 5 });
  expect(await notice('ntc_b')).toMatchObject({ state: 'pending', tries: 6 });
  expect((await notice('ntc_fresh')).tries).toBeLessThanOrEqual(4);

  answers = () => taken;
  const returnedAtMs = clock.monotonicMs();
  await until(areDelivered('ntc_a', 'ntc_b', 'ntc_fresh'));
  expect(clock.monotonicMs() - returnedAtMs).toBeLessThanOrEqual(15 * minuteMs);
});

it('one that alone is refused is not tried with every success of the others, and its schedule stands', async () => {
  answers = (id) => (id === 'ntc_bad' ? { outcome: 'refused', status: 500 } : taken);
  await waiting('ntc_bad', 300, 4, 0);
  const { rows: before } = await admin.query('select next_try_at from notices');
  for (let minute = 0; minute < 25; minute += 1) {
    const id = `ntc_${String(minute)}`;
    await waiting(id);
    await until(areDelivered(id), 1);
    clock.turn(60_000);
    await settled();
  }
  expect(sent.filter(({ id }) => id === 'ntc_bad')).toHaveLength(2);
  expect(await notice('ntc_bad')).toMatchObject({ state: 'pending', tries: 4 });
  const { rows: after } = await admin.query(
    `select scheduled_at as next_try_at from notices where id = 'ntc_bad'`,
  );
  expect(after).toEqual(before);
});

it('a receiver that asked for quiet is left alone until then', async () => {
  answers = () => ({ outcome: 'refused', status: 429, retryAfterSeconds: 7_200 });
  await waiting('ntc_1');
  await until(() => sent.length === 1, 1);
  await until(async () => (await notice('ntc_1')).tries === 1, 1);
  expect((await notice('ntc_1')).dueInMinutes).toBeGreaterThan(119);
});

it('410 parks all that waits, and nothing is sent any more', async () => {
  answers = () => ({ outcome: 'gone', status: 410 });
  await waiting('ntc_1');
  await waiting('ntc_2', 60, 3, 5);
  await until(async () => (await notice('ntc_2')).state === 'parked', 1);
  expect((await notice('ntc_1')).state).toBe('parked');
  expect(await replayNotice(house, demoMerchantId, 'ntc_1')).toBe('no_address');
});
