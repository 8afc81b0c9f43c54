// A processor that does not answer for long, answers late, or answers what cannot stand: nobody is rung half an hour after
// he gave up, nothing stays held, nothing is asked for ever.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { giveUpOrder } from '../../src/flow/follow-payment.ts';
import { orderCallback } from '../../src/flow/order-callback.ts';
import { agreeToOrder } from '../../src/flow/pay-on-page.ts';
import { caller, claire, eventually, startWorld, type TestWorld } from '../world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
afterEach(() => world.balanced());

const order = { line: 'demo', callerNumber: caller };
const paid = { ...order, paymentMethod: 'pm_card_visa' };

interface Made {
  id: string;
  orderId: string;
}

async function lastOrder(): Promise<Made> {
  const made = await world.sql.query<Made>(
    `select s.id, s.order_id as "orderId" from call_sessions s order by s.created_at desc limit 1`,
  );
  return made.rows[0]!;
}

/** Asked for, and nobody knows (the SDK tries a cut connection twice) what became of it. */
async function unansweredOrder(fault: object): Promise<Made> {
  await world.faults(fault);
  const answer = await world.api('POST', '/v1/callbacks', paid);
  expect(answer.status, JSON.stringify(answer.json)).toBe(503);
  return lastOrder();
}

/** So much time has passed, and its time to be looked at has come. */
async function passes(orderId: string, time: string): Promise<void> {
  await world.sql.query(
    `update payments set created_at = now() - $2::interval, look_again_at = now() where order_id = $1`,
    [orderId, time],
  );
}

async function intentsOf(orderId: string): Promise<string[]> {
  const payments = await world.payments();
  return payments.filter((one) => one.metadata['order'] === orderId).map((one) => one.status);
}

async function paymentOf(orderId: string): Promise<{ state: string; reason: string | null }> {
  const rows = await world.sql.query<{ state: string; reason: string | null }>(
    `select state, outcome_reason as reason from payments where order_id = $1`,
    [orderId],
  );
  return rows.rows[0]!;
}

it('half an hour without an answer: given up, nobody rings, and what turns out to be held is let go', async () => {
  const { id, orderId } = await unansweredOrder({ next: 'connection_cut', on: 'create', times: 4 });
  await passes(orderId, '31 minutes');
  await eventually(async () =>
    expect(await world.session(id)).toMatchObject({ outcome: 'payment_abandoned' }),
  );
  expect(await world.phone(claire)).toBeUndefined();
  await eventually(async () => {
    await passes(orderId, '32 minutes');
    expect(await world.session(id)).toMatchObject({ state: 'settled' });
  });
  expect(await intentsOf(orderId)).toEqual(['canceled']);
  expect(await world.phone(claire)).toBeUndefined();
});

it('a day without an answer: the key means nothing any more, so it is not asked again', async () => {
  const { id, orderId } = await unansweredOrder({ next: 'connection_cut', on: 'create', times: 2 });
  await world.sql.query(
    `update authorizations set created_at = now() - interval '24 hours'
     where payment_id = (select id from payments where order_id = $1)`,
    [orderId],
  );
  await passes(orderId, '24 hours');
  await world.sessionIs(id, 'settled');
  expect(await paymentOf(orderId)).toEqual({ state: 'failed', reason: 'processor_never_answered' });
  expect(await intentsOf(orderId)).toEqual([]);
});

it('a refusal of the repeat says nothing of the first request: what that one held is found and let go', async () => {
  const { id, orderId } = await unansweredOrder({ next: 'answer_lost', on: 'create' });
  const describe = (words: string): Promise<unknown> =>
    world.sql.query(
      `update processor_operations set request = jsonb_set(request, '{description}', to_jsonb($2::text))
       where authorization_id = (select a.id from authorizations a join payments p on p.id = a.payment_id
         where p.order_id = $1)`,
      [orderId, words],
    );
  const words = await world.sql.query<{ words: string }>(
    `select request ->> 'description' as words from processor_operations order by created_at desc limit 1`,
  );
  // As after a change of configuration: the same key with other words is refused.
  await describe('other words');
  await passes(orderId, '1 second');
  await eventually(async () => {
    const asked = await world.sql.query(
      `select 1 from processor_operations where answer ->> 'outcome' = 'refused'`,
    );
    expect(asked.rows).toHaveLength(1);
  });
  expect(await paymentOf(orderId)).toMatchObject({ state: 'awaiting_card' });
  await describe(words.rows[0]!.words);
  await passes(orderId, '31 minutes');
  await world.sessionIs(id, 'settled');
  expect(await intentsOf(orderId)).toEqual(['canceled']);
});

it('an order that was given up asks nobody for a card, though its fate is not known yet', async () => {
  await world.faults({ next: 'connection_cut', on: 'create', times: 8 });
  const request = { ...order, source: 'page', language: 'fr', requestKey: 'given-up' } as const;
  await orderCallback(world.house, 'mer_demo', request);
  const made = await orderCallback(world.house, 'mer_demo', request);
  if (made.outcome !== 'ordered') throw new Error('it goes on with the first one');
  expect(await giveUpOrder(world.house, 'mer_demo', made.orderId, 'cancelled')).toBe('cancelled');
  const agreed = await agreeToOrder(world.house, made.accessToken, {
    texts: [],
    ip: '::1',
    userAgent: 'test',
  });
  expect(agreed).toEqual({ outcome: 'too_late' });
  const claimed = await world.sql.query('select id from consultants where claimed_by is not null');
  expect(claimed.rows).toEqual([]);
  await eventually(async () => {
    await passes(made.orderId, '1 second');
    expect((await world.session(made.callSessionId!)).state).toBe('settled');
  });
});

it('a payment that cannot be looked at waits its turn instead of being tried every second before all others', async () => {
  const answer = await world.api('POST', '/v1/callbacks', order);
  expect(answer.status).toBe(201);
  const { orderId } = await lastOrder();
  await world.sql.query(`
    create function in_the_way() returns trigger language plpgsql as $$ begin raise exception 'in the way'; end $$;
    create trigger in_the_way before update on authorizations for each row execute function in_the_way()`);
  await passes(orderId, '1 second');
  await eventually(async () => {
    const due = await world.sql.query(
      `select 1 from payments where order_id = $1 and look_again_at > now() + interval '20 seconds'`,
      [orderId],
    );
    expect(due.rows).toHaveLength(1);
  });
  await world.sql.query('drop function in_the_way cascade');
  expect(await giveUpOrder(world.house, 'mer_demo', orderId, 'cancelled')).toBe('cancelled');
});

it('the same key a day later is a new request: its answer is kept for 24 hours', async () => {
  const request = { ...order, source: 'api', language: 'fr', requestKey: 'daily' } as const;
  const first = await orderCallback(world.house, 'mer_demo', request);
  if (first.outcome !== 'ordered') throw new Error(JSON.stringify(first));
  await giveUpOrder(world.house, 'mer_demo', first.orderId, 'cancelled');
  await world.sql.query(`update orders set created_at = now() - interval '25 hours' where id = $1`, [
    first.orderId,
  ]);
  const second = await orderCallback(world.house, 'mer_demo', request);
  if (second.outcome !== 'ordered') throw new Error(JSON.stringify(second));
  expect(second.orderId).not.toBe(first.orderId);
  await giveUpOrder(world.house, 'mer_demo', second.orderId, 'cancelled');
});

it('an intent nobody can be asked about is given up like any other order nobody pays', async () => {
  const answer = await world.api('POST', '/v1/callbacks', order);
  expect(answer.status).toBe(201);
  const { id, orderId } = await lastOrder();
  await world.faults({ next: 'connection_cut', on: 'retrieve', times: 100 });
  await passes(orderId, '31 minutes');
  await eventually(
    async () => expect(await world.session(id)).toMatchObject({ outcome: 'payment_abandoned' }),
    4_000,
  );
  await world.sessionIs(id, 'settled');
  expect(await intentsOf(orderId)).toEqual(['canceled']);
});
