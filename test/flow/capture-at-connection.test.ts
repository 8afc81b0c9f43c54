// A price that does not grow with the talk, taken as soon as both are joined: once, whatever dies on the way, and the talk's end
// settles nothing more.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { retrySettlement, settleOrder } from '../../src/flow/settle-order.ts';
import { readOrderStory } from '../../src/store/operator-views.ts';
import {
  after,
  begin,
  captures,
  clear,
  meanwhile,
  order,
  over,
  plan,
  refuse,
  sound,
  stage,
  told,
  undo,
} from './connection-stage.ts';
import { merchantId } from './money-stage.ts';

beforeAll(begin);
afterEach(clear);
afterAll(() => stage.close());

/** Nothing was told of the hold's end while they talked. */
async function lapsedWhenTheyHaveTalked(orderId: string): Promise<void> {
  expect(await told(orderId)).toEqual(['payment.authorized']);
  await stage.hangUp(orderId, 60);
  await stage.workOff();
  expect(await stage.payment(orderId)).toMatchObject({
    state: 'voided',
    expired: '15.00',
    writtenOff: '15.00',
  });
  expect(await told(orderId)).toEqual(['payment.authorized', 'call.ended', 'payment.released']);
}

it('is taken while they talk, told once, and the end adds the receipt', async () => {
  const orderId = await order();
  await stage.connect(orderId);
  await stage.workOff();
  // Whoever reads the order meanwhile reads what the merchant was told.
  expect(await stage.payment(orderId)).toMatchObject({ state: 'capturing', captured: '15.00' });
  expect(await captures(orderId)).toEqual(['1 capture done 15.00']);
  expect(await told(orderId)).toEqual(['payment.authorized', 'payment.captured']);
  const taken = (await stage.told(orderId)).at(-1)?.data;
  expect(taken).toMatchObject({ captured: { amount: '15.00' }, released: { amount: '0.00' } });
  expect(taken).not.toHaveProperty('receiptId');
  const story = await stage.house.db.asMerchant(merchantId, (tx) => readOrderStory(tx, orderId));
  expect(story).toMatchObject({
    payment: { state: 'capturing', captured: '15.00' },
    session: { state: 'connected', capture: 'at_connection' },
    receipt: null,
  });
  expect(await stage.ledger(orderId)).toMatchObject({ held: '0.00', merchant: '15.00' });
  await sound();
  await settleOrder(stage.house, { merchantId, orderId });
  await stage.hangUp(orderId, 60);
  await over(orderId);
});

it('a talk over midnight: the books have it on the day it was taken, and its receipt is of the next', async () => {
  const midnight = new Date(stage.clock.now());
  midnight.setUTCHours(24, 0, 0, 0);
  stage.clock.turn(midnight.getTime() - stage.clock.now().getTime() - 5_000);
  const orderId = await order();
  await stage.connect(orderId);
  await stage.workOff();
  await stage.hangUp(orderId, 60);
  await over(orderId);
  const days = await stage.sql<{ what: string; day: string }>(
    `select kind as what, to_char(created_at at time zone 'UTC', 'DD') as day from ledger_transactions where order_id = $1
     union all select 'receipt', to_char((body ->> 'issuedAt')::timestamptz at time zone 'UTC', 'DD') from receipts
       where order_id = $1`,
    [orderId],
  );
  const dayOf = (date: Date): string => date.toISOString().slice(8, 10);
  const before = dayOf(new Date(midnight.getTime() - 1));
  expect(days).toContainEqual({ what: 'capture', day: before });
  expect(days).toContainEqual({ what: 'receipt', day: dayOf(midnight) });
});

it('how long it took is counted from their joining, and nothing from their parting', async () => {
  const { metrics } = stage.house;
  const observe = metrics.observe.bind(metrics);
  undo.push(() => (metrics.observe = observe));
  const observed: [string, number][] = [];
  metrics.observe = (name, value) => void observed.push([name, value]);
  for (const lost of [false, true]) {
    const orderId = await order();
    await stage.connect(orderId);
    if (lost) await stage.sql('delete from graphile_worker._private_jobs');
    stage.clock.turn(2_000);
    await stage.workOff();
    await stage.hangUp(orderId, 60);
    stage.clock.turn(3_000);
    await stage.workOff();
  }
  expect(observed).toEqual([
    ['connection_to_capture_seconds', 2],
    ['hangup_to_capture_seconds', 3],
  ]);
});

it('nobody was joined: nothing is taken', async () => {
  const orderId = await order();
  await stage.on(orderId, () => ({ type: 'hangUpRequested', by: 'caller' }) as never);
  await stage.workOff();
  expect(await captures(orderId)).toEqual(['1 void done']);
});

it('the job was lost: the end takes it', async () => {
  const orderId = await order();
  await stage.connect(orderId);
  await stage.sql('delete from graphile_worker._private_jobs');
  await stage.hangUp(orderId, 60);
  await over(orderId, after);
});

it('the job was lost, and the talk goes on: who looks after holds has it done', async () => {
  const orderId = await order();
  await stage.connect(orderId);
  await stage.sql('delete from graphile_worker._private_jobs');
  await stage.sql(`update payments set look_again_at = $2 where order_id = $1`, [orderId, stage.clock.now()]);
  await stage.look();
  await stage.work('settle_order');
  expect(await captures(orderId)).toEqual(['1 capture done 15.00']);
  await stage.hangUp(orderId, 60);
  await over(orderId);
});

it.each(['before it is answered', 'its answer lost'])(
  'they part %s: one capture, by one key',
  async (how) => {
    const { processor } = stage.house;
    const capture = processor.capture.bind(processor);
    undo.push(() => (processor.capture = capture));
    const orderId = await order();
    await stage.connect(orderId);
    const keys = new Set<string>();
    let first = true;
    processor.capture = async (request) => {
      keys.add(request.key);
      const answer = await capture(request);
      if (!first) return answer;
      first = false;
      await stage.hangUp(orderId, 60);
      return how === 'its answer lost' ? ({ outcome: 'unknown', reason: 'timeout' } as never) : answer;
    };
    await stage.work('settle_order');
    await over(orderId, after);
    expect(keys.size).toBe(1);
  },
);

it('an unknown answer while they talk: asked again by the same key, and told once', async () => {
  const { processor } = stage.house;
  const capture = processor.capture.bind(processor);
  undo.push(() => (processor.capture = capture));
  const orderId = await order();
  await stage.connect(orderId);
  let first = true;
  processor.capture = async (request) => {
    const answer = await capture(request);
    if (!first) return answer;
    first = false;
    return { outcome: 'unknown', reason: 'timeout' } as never;
  };
  await stage.work('settle_order');
  expect(await told(orderId)).toEqual(['payment.authorized']);
  await settleOrder(stage.house, { merchantId, orderId });
  expect(await told(orderId)).toEqual(['payment.authorized', 'payment.captured']);
  await stage.hangUp(orderId, 60);
  await over(orderId);
});

it('refused while they talk, and taken after: one capture', async () => {
  const orderId = await order();
  await stage.connect(orderId);
  refuse(2);
  await stage.work('settle_order');
  await stage.hangUp(orderId, 60);
  await stage.workOff();
  stage.clock.turn(301_000);
  await stage.workOff();
  expect((await captures(orderId)).slice(1)).toEqual(['1 capture refused 15.00', '1 capture done 15.00']);
  expect(await told(orderId)).toEqual(after);
});

it('refused while they talk: tried again on its own time, whoever looks after them meanwhile', async () => {
  const orderId = await order();
  await stage.connect(orderId);
  const refusals = refuse(1);
  await stage.work('settle_order');
  for (const seconds of [20, 20]) {
    stage.clock.turn(seconds * 1000);
    await stage.look();
    expect(await stage.work('settle_order')).toBe(0);
  }
  stage.clock.turn(21_000);
  await stage.work('settle_order');
  expect(refusals()).toBe(1);
  expect(await captures(orderId)).toEqual(['1 capture refused 15.00', '1 capture done 15.00']);
  await stage.hangUp(orderId, 90);
  await stage.workOff();
  expect(await told(orderId)).toEqual(meanwhile);
});

it('parked while they talk: its hold comes to its end, and the end of the talk is settled all the same', async () => {
  const orderId = await order();
  await stage.connect(orderId);
  refuse(5);
  for (const seconds of [0, 61, 301, 1801, 7201]) {
    stage.clock.turn(seconds * 1000);
    await stage.work('settle_order');
  }
  expect(await stage.payment(orderId)).toMatchObject({ state: 'capturing', parked: 'account_closed' });
  const [intent] = await stage.intents(orderId);
  await stage.control('POST', `/api/payments/${intent!.id}/expire`);
  stage.clock.turn(61_000);
  await stage.look();
  expect(await stage.payment(orderId)).toMatchObject({ state: 'capturing', parked: null });
  await lapsedWhenTheyHaveTalked(orderId);
});

it('parked while they talk, and retried by a person: taken while they talk', async () => {
  const orderId = await order();
  await stage.connect(orderId);
  refuse(5);
  for (const seconds of [0, 61, 301, 1801, 7201]) {
    stage.clock.turn(seconds * 1000);
    await stage.work('settle_order');
  }
  expect(await retrySettlement(stage.house, merchantId, orderId)).toBe('retried');
  await stage.work('settle_order');
  expect((await captures(orderId)).at(-1)).toBe('1 capture done 15.00');
  await stage.hangUp(orderId, 60);
  await stage.workOff();
  expect(await told(orderId)).toEqual(meanwhile);
});

it('its hold had lapsed when they were joined: nothing is taken, and it is told when they have talked', async () => {
  const orderId = await order();
  const [intent] = await stage.intents(orderId);
  await stage.control('POST', `/api/payments/${intent!.id}/expire`);
  await stage.connect(orderId);
  await stage.workOff();
  expect(await stage.payment(orderId)).toMatchObject({ state: 'capturing', captured: '0.00' });
  await lapsedWhenTheyHaveTalked(orderId);
});

it('less than may be charged: it is held while they talk, and let go when they have', async () => {
  await plan({ fixedPrice: '0.30' });
  await stage.sql('update destinations set cost_per_minute = 0');
  const orderId = await order();
  await stage.connect(orderId);
  await stage.workOff();
  expect(await captures(orderId)).toEqual([]);
  expect(await stage.payment(orderId)).toMatchObject({ state: 'authorized' });
  await stage.hangUp(orderId, 60);
  await stage.workOff();
  expect(await captures(orderId)).toEqual(['1 void done']);
  expect(await stage.payment(orderId)).toMatchObject({ state: 'voided', writtenOff: '0.30' });
  expect(await told(orderId)).toEqual(['payment.authorized', 'call.ended', 'payment.released']);
  await plan({ fixedPrice: '15.00' });
});

it.each([
  ['grows with the talk', { bands: [{ fromSecond: 0, pricePerMinute: '2' }] }],
  ['is nothing for the shortest', { freeSeconds: 10, bands: [] }],
])('a tariff of later that %s: taken at the end, whatever the line says', async (_, change) => {
  await plan(change);
  const orderId = await order();
  await stage.connect(orderId);
  expect(await stage.work('settle_order')).toBe(0);
  expect(await captures(orderId)).toEqual([]);
  await stage.hangUp(orderId, 60);
  await stage.workOff();
  expect(await captures(orderId)).toHaveLength(1);
  await plan({ freeSeconds: 0, bands: [] });
});
