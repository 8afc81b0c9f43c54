// A settlement the processor refuses: tried again under a key of its own, later and later, then parked for a person, who can
// have it tried anew. Never every thirty seconds for ever.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Settled } from '../../src/flow/ports.ts';
import { retrySettlement, settleOrder } from '../../src/flow/settle-order.ts';
import { unsettledOrders } from '../../src/store/finders.ts';
import { merchantId, moneyStage, type MoneyStage } from './money-stage.ts';

let stage: MoneyStage;
let answers: Settled[];
beforeAll(async () => {
  stage = await moneyStage();
  const { processor } = stage.house;
  const [capture, voiding] = [processor.capture.bind(processor), processor.void.bind(processor)];
  processor.capture = (request) => {
    const answer = answers.shift();
    return answer ? Promise.resolve(answer) : capture(request);
  };
  processor.void = (request) => {
    const answer = answers.shift();
    return answer ? Promise.resolve(answer) : voiding(request);
  };
});
afterAll(() => stage.close());
afterEach(() => {
  answers = [];
});

const no = (reason = 'account_closed'): Settled => ({ outcome: 'refused', reason });

async function ended(seconds: number): Promise<string> {
  const orderId = await stage.order();
  await stage.connect(orderId);
  await stage.hangUp(orderId, seconds);
  return orderId;
}

const forgotten = async (): Promise<string[]> => {
  const before = new Date(stage.clock.now().getTime() - 60_000);
  const found = await stage.house.db.asNobody((nobody) => unsettledOrders(nobody, before));
  return found.map((one) => one.orderId);
};

it('refused once: another operation with another key, a minute later', async () => {
  answers = [no()];
  const orderId = await ended(60);
  await stage.work('settle_order');
  stage.clock.turn(30_000);
  expect(await stage.work('settle_order'), 'not before its time').toBe(0);
  expect(await forgotten(), 'nor by the sweep').not.toContain(orderId);
  stage.clock.turn(31_000);
  await stage.settle(orderId);
  expect((await stage.operations(orderId)).slice(1)).toEqual([
    '1 capture refused 15.00',
    '1 capture done 15.00',
  ]);
});

it('two jobs that ask at once hear the same refusal: it counts once', async () => {
  const orderId = await ended(60);
  const { processor } = stage.house;
  const capture = processor.capture.bind(processor);
  const asked = new Set<string>();
  let bothAsk: () => void = () => undefined;
  const both = new Promise<void>((resolve) => (bothAsk = resolve));
  let requests = 0;
  processor.capture = async ({ key }) => {
    asked.add(key);
    requests += 1;
    if (requests === 2) bothAsk();
    await both;
    return no();
  };
  const job = { merchantId, orderId };
  await Promise.all([settleOrder(stage.house, job), settleOrder(stage.house, job)]);
  processor.capture = capture;
  expect([asked.size, requests]).toEqual([1, 2]);
  const refusals = 'select settle_refusals as refusals from payments where order_id = $1';
  expect(await stage.sql(refusals, [orderId])).toEqual([{ refusals: 1 }]);
  stage.clock.turn(61_000);
  await stage.settle(orderId);
});

it('refused for good: parked after five tries, found by nobody, settled when somebody retries it', async () => {
  answers = [no(), no(), no(), no(), no()];
  const orderId = await ended(60);
  for (const seconds of [0, 61, 301, 1801, 7201, 86_400]) {
    stage.clock.turn(seconds * 1000);
    await stage.work('settle_order');
  }
  expect(answers).toEqual([]);
  expect(await stage.payment(orderId)).toMatchObject({ state: 'capturing', parked: 'account_closed' });
  expect(await forgotten()).not.toContain(orderId);
  expect(await retrySettlement(stage.house, merchantId, 'ord_nobody')).toBe('unknown_order');
  expect(await retrySettlement(stage.house, merchantId, orderId)).toBe('retried');
  expect(await retrySettlement(stage.house, merchantId, orderId)).toBe('not_parked');
  await stage.settle(orderId);
  expect(await stage.payment(orderId)).toMatchObject({ state: 'captured', captured: '15.00', parked: null });
});

it('its hold ends while it is parked: expired, told, and nobody is charged anew', async () => {
  answers = [no(), no(), no(), no(), no()];
  const orderId = await ended(60);
  for (const seconds of [0, 61, 301, 1801, 7201]) {
    stage.clock.turn(seconds * 1000);
    await stage.work('settle_order');
  }
  await stage.look();
  expect((await stage.payment(orderId))?.['state']).toBe('capturing');
  stage.clock.turn(8 * 86_400_000);
  await stage.look();
  expect(await stage.payment(orderId)).toMatchObject({
    state: 'voided',
    reason: 'hold_expired',
    captured: '0.00',
    expired: '15.00',
    writtenOff: '15.00',
    // Nobody can retry it: it is in no list of what waits for a person.
    parked: null,
  });
  expect((await stage.session(orderId)).state).toBe('settled');
});

it('a void refused while the bank still works on it is asked anew until it is done, and never parked for it', async () => {
  const orderId = await stage.order();
  answers = Array.from({ length: 7 }, () => no('still_processing'));
  await stage.connect(orderId);
  await stage.sql(`update orders set tariff = tariff || '{"fixedPrice":"0.00"}' where id = $1`, [orderId]);
  await stage.hangUp(orderId, 1);
  for (let minute = 0; minute < 7; minute += 1) {
    await stage.work('settle_order');
    stage.clock.turn(61_000);
  }
  expect((await stage.payment(orderId))?.['parked']).toBeNull();
  await stage.settle(orderId);
  expect((await stage.intents(orderId)).map((one) => one.status)).toEqual(['canceled']);
});
