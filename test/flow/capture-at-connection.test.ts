// A price that does not grow with the talk, taken as soon as both are joined: once, whatever dies on the way, and the talk's end
// settles nothing more.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { findViolations } from '../../src/store/invariants.ts';
import { settleOrder } from '../../src/flow/settle-order.ts';
import { merchantId, moneyStage, type MoneyStage } from './money-stage.ts';

let stage: MoneyStage;
const undo: (() => void)[] = [];
beforeAll(async () => {
  stage = await moneyStage();
  await stage.sql(`update lines set capture = 'at_connection' where slug = 'demo'`);
  await plan({ fixedPrice: '15.00', bands: [] });
});
afterEach(async () => {
  for (const back of undo.splice(0)) back();
  await sound();
});
afterAll(() => stage.close());

async function plan(change: object): Promise<void> {
  await stage.sql(
    `insert into tariffs (id, merchant_id, line_id, version, plan)
     select id || '_' || version, merchant_id, line_id, version + 1, jsonb_set(plan, '{standard}', plan -> 'standard' || $1::jsonb)
     from tariffs where line_id = 'lin_demo' order by version desc limit 1`,
    [JSON.stringify(change)],
  );
}

async function sound(): Promise<void> {
  const found = await stage.house.db.asNobody((db) => findViolations(db, '-infinity', stage.clock.now()));
  // No switch is here, so nobody takes up its work.
  expect(found.filter((one) => one.name !== 'work_left_over')).toEqual([]);
}

const order = (): Promise<string> => stage.order({ moreTime: false });
const told = async (orderId: string): Promise<string[]> =>
  (await stage.told(orderId)).map(({ type }) => type);
const captures = async (orderId: string): Promise<string[]> =>
  (await stage.operations(orderId)).filter((one) => / (capture|void) /.test(one));

async function over(orderId: string): Promise<void> {
  await stage.workOff();
  expect(await stage.payment(orderId)).toMatchObject({
    state: 'captured',
    captured: '15.00',
    writtenOff: '0.00',
  });
  expect((await stage.session(orderId)).state).toBe('settled');
  expect(await captures(orderId)).toEqual(['1 capture done 15.00']);
  expect(await told(orderId)).toEqual(['payment.authorized', 'payment.captured']);
  const [receipt] = await stage.sql<{ talk: number; captured: string; billable: number }>(
    `select (r.body ->> 'talkSeconds')::int as talk, r.body ->> 'captured' as captured, s.billable_seconds as billable
     from receipts r join call_sessions s on s.order_id = r.order_id where r.order_id = $1`,
    [orderId],
  );
  expect(receipt).toMatchObject({ talk: 60, captured: '15.00', billable: 60 });
  expect((await stage.intents(orderId)).map((one) => one.amount_received)).toEqual([1500]);
}

it('is taken while they talk, told once, and the end adds the receipt', async () => {
  const orderId = await order();
  await stage.connect(orderId);
  await stage.workOff();
  expect(await stage.payment(orderId)).toMatchObject({ state: 'capturing' });
  expect(await captures(orderId)).toEqual(['1 capture done 15.00']);
  expect(await told(orderId)).toEqual(['payment.authorized', 'payment.captured']);
  await sound();
  await settleOrder(stage.house, { merchantId, orderId });
  await stage.hangUp(orderId, 60);
  await over(orderId);
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
  await over(orderId);
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
    await over(orderId);
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

it('refused while they talk, parked and mended after: one capture', async () => {
  const { processor } = stage.house;
  const capture = processor.capture.bind(processor);
  undo.push(() => (processor.capture = capture));
  const orderId = await order();
  await stage.connect(orderId);
  let refused = 0;
  processor.capture = (request) =>
    (refused += 1) > 1 ? capture(request) : Promise.resolve({ outcome: 'refused', reason: 'account_closed' });
  await stage.work('settle_order');
  await stage.hangUp(orderId, 60);
  await stage.workOff();
  stage.clock.turn(61_000);
  await stage.workOff();
  expect(await captures(orderId)).toEqual(['1 capture refused 15.00', '1 capture done 15.00']);
  expect(await told(orderId)).toEqual(['payment.authorized', 'payment.captured']);
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
