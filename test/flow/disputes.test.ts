// A caller's bank takes back what was taken: looked at, written down once, told at each change, answered with what was kept.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { findDisputes } from '../../src/flow/find-disputes.ts';
import { followHint } from '../../src/flow/follow-payment.ts';
import { readOrderEvidence } from '../../src/store/disputes.ts';
import { euros, merchantId, moneyStage, type MoneyStage } from './money-stage.ts';

let stage: MoneyStage;
beforeAll(async () => {
  stage = await moneyStage();
});
afterAll(() => stage.close());

async function captured(): Promise<{ orderId: string; intentId: string }> {
  const orderId = await stage.order();
  await stage.connect(orderId);
  await stage.hangUp(orderId, 60);
  await stage.settle(orderId);
  const [intent] = await stage.intents(orderId);
  return { orderId, intentId: intent!.id };
}

async function dispute(intentId: string): Promise<string> {
  const { id } = (await stage.control('POST', `/api/payments/${intentId}/dispute`, {
    reason: 'product_not_received',
  })) as { id: string };
  return id;
}

async function hear(intentId: string, disputeId: string, what = 'created'): Promise<void> {
  const type = `charge.dispute.${what}`;
  await followHint(stage.house, { eventId: 'evt_1', type, intentId, disputeId });
  await stage.work('record_dispute');
}

it('is recorded from a hint by looking, once however often it is hinted at, and told', async () => {
  const { orderId, intentId } = await captured();
  const disputeId = await dispute(intentId);
  await hear(intentId, disputeId);
  await hear(intentId, disputeId);
  expect(await stage.sql('select state, reason from disputes where order_id = $1', [orderId])).toEqual([
    { state: 'needs_response', reason: 'product_not_received' },
  ]);
  const told = (await stage.told(orderId)).filter((one) => one.type === 'payment.disputed');
  expect(told).toMatchObject([
    { data: { amount: euros('15.00'), state: 'needs_response', reason: 'product_not_received' } },
  ]);
  expect(told[0]!.data['evidenceDueBy']).toMatch(/Z$/);
  expect(await stage.ledger(orderId)).toMatchObject({ merchant: '0.00', disputed: '15.00' });
});

it.each([
  ['lost', { merchant: '0.00', disputed: '0.00', card: '0.00' }],
  ['won', { merchant: '15.00', disputed: '0.00', card: '-15.00' }],
])('%s: the books follow, even where nothing was heard before', async (decision, ledger) => {
  for (const heardBefore of [true, false]) {
    const { orderId, intentId } = await captured();
    const disputeId = await dispute(intentId);
    if (heardBefore) await hear(intentId, disputeId);
    await stage.control('POST', `/api/payments/disputes/${disputeId}/${decision}`);
    await hear(intentId, disputeId, 'closed');
    expect(await stage.ledger(orderId)).toMatchObject(ledger);
  }
});

it('a look that is not answered comes again', async () => {
  const { orderId, intentId } = await captured();
  const disputeId = await dispute(intentId);
  await stage.fault({ next: 'connection_cut', on: 'retrieve', times: 2 });
  await hear(intentId, disputeId);
  expect(await stage.sql('select state from disputes where order_id = $1', [orderId])).toEqual([]);
  stage.clock.turn(61_000);
  await stage.control('DELETE', '/api/faults');
  await stage.work('record_dispute');
  expect(await stage.sql('select state from disputes where order_id = $1', [orderId])).toHaveLength(1);
});

const states = (orderId: string) =>
  stage.sql<{ state: string }>('select state from disputes where order_id = $1', [orderId]);
const anHourLater = async (): Promise<number | undefined> => {
  stage.clock.turn(3_600_000);
  const found = await findDisputes(stage.house);
  await stage.work('record_dispute');
  return found;
};

it('nobody tells of is found by reading the list, and so is what the bank decided', async () => {
  const { orderId, intentId } = await captured();
  await anHourLater();
  const disputeId = await dispute(intentId);
  expect(await findDisputes(stage.house), 'not before its turn').toBeUndefined();
  await anHourLater();
  expect(await states(orderId)).toEqual([{ state: 'needs_response' }]);
  await stage.control('POST', `/api/payments/disputes/${disputeId}/lost`);
  await anHourLater();
  expect(await states(orderId)).toEqual([{ state: 'lost' }]);
});

it('nobody tells of is found on the account its charge was made on, wherever the merchant is by now', async () => {
  const account = 'update merchants set processor_account = $1';
  await stage.sql(account, ['acct_one']);
  const first = await captured();
  await stage.sql(account, ['acct_two']);
  const second = await captured();
  await stage.sql(account, [null]);
  for (const { intentId } of [first, second]) await dispute(intentId);
  await anHourLater();
  for (const { orderId } of [first, second])
    expect(await states(orderId)).toEqual([{ state: 'needs_response' }]);
});

it('is found later where the list was not told, though that takes hours', async () => {
  const { orderId, intentId } = await captured();
  await anHourLater();
  await dispute(intentId);
  for (let hour = 0; hour < 3; hour += 1) {
    await stage.fault({ next: 'rate_limited', on: 'list', times: 3 });
    await anHourLater();
    await stage.control('DELETE', '/api/faults');
  }
  expect(await states(orderId)).toEqual([]);
  await anHourLater();
  expect(await states(orderId)).toEqual([{ state: 'needs_response' }]);
});

it('of a charge that is none of ours is left alone', async () => {
  await hear('pi_nobody', 'du_nobody');
  expect(await stage.work('record_dispute')).toBe(0);
});

it('is answered with what was agreed, pressed, talked, taken and told', async () => {
  const { orderId } = await captured();
  const pack = await stage.house.db.asMerchant(merchantId, (tx) => readOrderEvidence(tx, orderId));
  expect(pack?.order).toMatchObject({ id: orderId, callerNumber: '+33612345678' });
  expect(pack?.holds).toMatchObject([{ amount: '15.0000', captured: '15.0000', cardLast4: '4242' }]);
  expect(pack?.events.map((one) => one.name)).toContain('caller_consented');
  expect(pack?.legs.map((one) => one.role).sort()).toEqual(['A', 'B']);
  expect(pack?.call?.talkSeconds).toBe(60);
  expect(pack?.receipt?.total).toBe('15.00');
  expect(pack?.notices.map((one) => one.type)).toContain('payment.captured');
});
