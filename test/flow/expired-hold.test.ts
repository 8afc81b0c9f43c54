// Holds that end by themselves, requests nobody answered for a day, a card that has paid too often: whatever is held is found
// and let go, whatever is gone is said to be gone, and no caller pays twice for it.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { orderCallback } from '../../src/flow/order-callback.ts';
import { enqueueJob } from '../../src/store/jobs.ts';
import { euros, merchantId, moneyStage, type MoneyStage } from './money-stage.ts';

let stage: MoneyStage;
beforeAll(async () => {
  stage = await moneyStage();
});
afterAll(() => stage.close());
afterEach(() => stage.control('DELETE', '/api/faults'));

const wish = {
  line: 'demo',
  source: 'api',
  language: 'fr',
  callerNumber: '+33612345678',
  chosenSeconds: 600,
  paymentMethod: 'pm_card_visa',
} as const;

it('a hold that expired before its capture: an entry, a notice, and the talk is nobody’s', async () => {
  const orderId = await stage.order();
  await stage.connect(orderId);
  await stage.hangUp(orderId, 660 - 60);
  const [intent] = await stage.intents(orderId);
  await stage.control('POST', `/api/payments/${intent!.id}/expire`);
  await stage.settle(orderId);
  expect(await stage.payment(orderId)).toMatchObject({
    state: 'voided',
    reason: 'hold_expired',
    expired: '15.00',
    writtenOff: '15.00',
  });
  expect((await stage.told(orderId)).at(-1)).toMatchObject({
    type: 'payment.released',
    data: { because: 'hold_expired', released: euros('15.00'), captured: euros('0.00') },
  });
  const kinds = await stage.sql(
    'select kind from ledger_transactions where order_id = $1 order by position',
    [orderId],
  );
  expect(kinds.map((one) => (one as { kind: string }).kind)).toEqual(['authorize', 'expire', 'write_off']);
  expect(await stage.intents(orderId)).toHaveLength(1);
});

async function unanswered(next: string): Promise<string> {
  await stage.fault({ next, on: 'create' });
  const answer = await orderCallback(stage.house, merchantId, wish);
  if (answer.outcome !== 'refused' || answer.orderId === undefined) throw new Error(JSON.stringify(answer));
  return answer.orderId;
}

it.each([
  ['answer_lost', 'voided', ['canceled']],
  ['timeout', 'failed', []],
])(
  'no answer for a day after %s: looked for instead of asked by a key that has died, and %s',
  async (next, state, intents) => {
    const orderId = await unanswered(next);
    stage.clock.turn(23.5 * 3_600_000);
    await stage.look();
    await stage.workOff();
    await stage.look();
    await stage.workOff();
    expect((await stage.payment(orderId))?.['state']).toBe(state);
    expect((await stage.intents(orderId)).map((one) => one.status)).toEqual(intents);
    expect((await stage.session(orderId)).state).toBe('settled');
  },
);

it('a 500 kept under the key, with nothing behind it: over as soon as looking can be believed', async () => {
  const orderId = await unanswered('error_500');
  stage.clock.turn(30_000);
  await stage.look();
  expect((await stage.payment(orderId))?.['state'], 'a search within the minute proves nothing').toBe(
    'awaiting_card',
  );
  stage.clock.turn(61_000);
  await stage.look();
  await stage.workOff();
  expect(await stage.payment(orderId)).toMatchObject({ state: 'failed', reason: 'processor_never_answered' });
  expect((await stage.session(orderId)).state).toBe('settled');
});

it.each(['capture', 'cancel'])('a 500 kept under the key of a %s: another key settles it', async (on) => {
  const orderId = await stage.order();
  if (on === 'capture') {
    await stage.connect(orderId);
    await stage.hangUp(orderId, 60);
  } else {
    await stage.on(orderId, () => ({ type: 'hangUpRequested', by: 'caller' }));
  }
  await stage.fault({ next: 'error_500', on });
  await stage.work('settle_order');
  const again = { merchantId, orderId };
  await stage.house.db.asMerchant(merchantId, (tx) => enqueueJob(tx, 'settle_order', again, orderId));
  await stage.work('settle_order');
  stage.clock.turn(61_000);
  await stage.settle(orderId);
  expect((await stage.intents(orderId)).map((one) => one.status)).toEqual([
    on === 'capture' ? 'succeeded' : 'canceled',
  ]);
});

it('the search is not answered either: once more, later', async () => {
  const orderId = await unanswered('answer_lost');
  stage.clock.turn(23.5 * 3_600_000);
  await stage.fault({ next: 'rate_limited', on: 'search' });
  await stage.fault({ next: 'rate_limited', on: 'list' });
  await stage.look();
  expect((await stage.payment(orderId))?.['state']).toBe('awaiting_card');
  stage.clock.turn(601_000);
  await stage.control('DELETE', '/api/faults');
  await stage.look();
  await stage.workOff();
  expect((await stage.payment(orderId))?.['state']).toBe('voided');
});

it('a card that has paid too often: held, counted, let go, and nobody is rung', async () => {
  await stage.sql(
    `update merchants set abuse_limits = abuse_limits || '{"cardHour": 0}' where id = 'mer_demo'`,
  );
  const answer = await orderCallback(stage.house, merchantId, wish);
  expect(answer).toMatchObject({ outcome: 'refused', refusal: { because: 'card_too_often' } });
  if (answer.outcome !== 'refused' || answer.orderId === undefined) throw new Error('no order');
  const { orderId } = answer;
  await stage.settle(orderId);
  expect(await stage.payment(orderId)).toMatchObject({
    state: 'voided',
    reason: 'card_limit',
    writtenOff: '0.00',
  });
  expect((await stage.session(orderId)).outcome).toBe('payment_failed');
  expect((await stage.intents(orderId)).map((one) => one.status)).toEqual(['canceled']);
  expect((await stage.told(orderId)).map((one) => one.type)).toEqual(['payment.failed', 'payment.released']);
  await stage.sql(`update merchants set abuse_limits = abuse_limits - 'cardHour' where id = 'mer_demo'`);
});

it('a sale given up once it was held owes nothing: released, no receipt, nothing written off', async () => {
  await stage.fault({ next: 'answer_lost', on: 'create' });
  const answer = await orderCallback(stage.house, merchantId, { ...wish, line: 'demo-ticket' });
  if (answer.outcome !== 'refused' || answer.orderId === undefined) throw new Error(JSON.stringify(answer));
  const { orderId } = answer;
  stage.clock.turn(31 * 60_000);
  await stage.look();
  await stage.workOff();
  expect(await stage.payment(orderId)).toMatchObject({
    state: 'voided',
    released: '9.00',
    writtenOff: '0.00',
  });
  expect(await stage.sql('select id from receipts where order_id = $1', [orderId])).toEqual([]);
});
