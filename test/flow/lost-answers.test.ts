// Answers that never came: nothing is held twice, nothing stays held, the call goes on as if nothing had been lost.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { orderCallback } from '../../src/flow/order-callback.ts';
import { giveUpOrder } from '../../src/flow/follow-payment.ts';
import { requestHangUp } from '../../src/flow/command-switch.ts';
import { lookAgain } from '../../src/store/payments.ts';
import { caller, claire, eventually, startWorld, type TestWorld } from '../world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
afterEach(() => world.balanced());

const order = { line: 'demo', callerNumber: caller, paymentMethod: 'pm_card_visa' };

interface LostOrder {
  id: string;
  orderId: string;
}

/** The processor holds the amount and its answer is lost on the way. */
async function orderWithLostAnswer(headers: Record<string, string> = {}): Promise<LostOrder> {
  await world.faults({ next: 'answer_lost' });
  const answer = await world.api('POST', '/v1/callbacks', order, headers);
  expect(answer.status, JSON.stringify(answer.json)).toBe(503);
  const made = await world.sql.query<LostOrder>(
    `select s.id, s.order_id as "orderId" from call_sessions s order by s.created_at desc limit 1`,
  );
  return made.rows[0]!;
}

async function intentsOf(orderId: string): Promise<string[]> {
  const payments = await world.payments();
  return payments.filter((one) => one.metadata['order'] === orderId).map((one) => one.status);
}

it('a lost authorization is asked for again by its key: one hold, and the call comes', async () => {
  const { id, orderId } = await orderWithLostAnswer();
  await world.phoneIs(claire, 'ringing');
  expect(await intentsOf(orderId)).toEqual(['requires_capture']);
  await world.api('POST', `/v1/call-sessions/${id}/hangup`);
  await world.sessionIs(id, 'settled');
  expect(await intentsOf(orderId)).toEqual(['canceled']);
});

it('a look whose answer was late does not bring the next one forward: what rings is not taken for forgotten', async () => {
  const made = await world.api('POST', '/v1/callbacks', order);
  await world.phoneIs(claire, 'ringing');
  const next = async (): Promise<{ id: string; at: Date }> => {
    const { rows } = await world.sql.query<{ id: string; at: Date }>(
      'select id, look_again_at as at from payments where order_id = $1',
      [made.json.orderId],
    );
    return rows[0]!;
  };
  const { id, at } = await next();
  const soon = new Date(world.house.clock.now().getTime() + 5_000);
  await world.house.db.asMerchant('mer_demo', (tx) => lookAgain(tx, id, soon));
  expect((await next()).at).toEqual(at);
  await world.api('POST', `/v1/call-sessions/${made.json.id}/hangup`);
  await world.sessionIs(made.json.id, 'settled');
});

it('an order given up while nobody knows whether it is held: what was held is released', async () => {
  const { id, orderId } = await orderWithLostAnswer();
  expect(await requestHangUp(world.house, 'mer_demo', id)).toBe('requested');
  const settled = await world.sessionIs(id, 'settled');
  expect(settled.outcome).toBe('cancelled');
  await eventually(async () => expect(await intentsOf(orderId)).toEqual(['canceled']));
});

it('a sale given up while nobody knows whether it is held is never captured', async () => {
  await world.faults({ next: 'answer_lost' });
  const answer = await world.api('POST', '/v1/callbacks', { ...order, line: 'demo-ticket' });
  expect(answer.status).toBe(503);
  const orderId = answer.json.orderId;
  expect(await giveUpOrder(world.house, 'mer_demo', orderId, 'cancelled')).toBe('cancelled');
  await eventually(async () => expect(await intentsOf(orderId)).toEqual(['canceled']));
  await eventually(async () => {
    const payment = await world.sql.query(
      `select state, captured, released from payments where order_id = $1`,
      [orderId],
    );
    expect(payment.rows).toEqual([{ state: 'voided', captured: '0.0000', released: '9.0000' }]);
  });
});

it('a repeat of a request whose answer was lost goes on with the same order', async () => {
  const headers = { 'idempotency-key': 'lost-1' };
  const { id } = await orderWithLostAnswer(headers);
  const again = await world.api('POST', '/v1/callbacks', order, headers);
  expect(again.status, JSON.stringify(again.json)).toBe(201);
  expect(again.json.id).toBe(id);
  await world.api('POST', `/v1/call-sessions/${id}/hangup`);
  await world.sessionIs(id, 'settled');
});

it('a gateway that died before it answered: the repeat finds the order, its first link is void', async () => {
  const request = { ...order, source: 'api', language: 'fr', requestKey: 'k:1' } as const;
  const first = await orderCallback(world.house, 'mer_demo', request);
  const second = await orderCallback(world.house, 'mer_demo', request);
  if (first.outcome !== 'ordered' || second.outcome !== 'ordered') throw new Error('both are to be ordered');
  expect(second.orderId).toBe(first.orderId);
  expect(second.accessToken).not.toBe(first.accessToken);
  expect((await fetch(`${world.url}/orders/${first.accessToken}`)).status).toBe(404);
  expect((await fetch(`${world.url}/orders/${second.accessToken}`)).status).toBe(200);
  await world.api('POST', `/v1/call-sessions/${first.callSessionId!}/hangup`);
  await world.sessionIs(first.callSessionId!, 'settled');
});

it('a lost capture is asked for again by its key: captured once', async () => {
  const made = await world.api('POST', '/v1/callbacks', order);
  await world.phoneIs(claire, 'ringing');
  await world.does(claire, 'answer');
  await world.does(claire, 'keys', { digits: '1' });
  await world.phoneIs(caller, 'ringing');
  await world.does(caller, 'answer');
  await world.does(caller, 'keys', { digits: '1' });
  const id = made.json.id;
  await world.sessionIs(id, 'connected');
  await world.faults({ next: 'answer_lost' });
  await world.does(caller, 'hangup');
  const settled = await world.sessionIs(id, 'settled');
  expect(settled).toMatchObject({ captured: { amount: '15.00' }, released: { amount: '10.00' } });
  const captures = await world.sql.query(`select id from processor_operations where kind = 'capture'`);
  expect(captures.rows).toHaveLength(1);
});
