// A line of the demo merchant that takes its one price, 15 euros, as soon as both are joined: beside the money's own stage, what is read
// of an order there again and again.

import { expect } from 'vitest';
import { findViolations } from '../../src/store/invariants.ts';
import { moneyStage, type MoneyStage } from './money-stage.ts';

/** Of the one test file that runs here. */
export let stage: MoneyStage;
/** What a test has put in the place of something, put back behind it. */
export const undo: (() => void)[] = [];

export async function begin(): Promise<void> {
  stage = await moneyStage();
  await stage.sql(`update lines set capture = 'at_connection' where slug = 'demo'`);
  await plan({ fixedPrice: '15.00', bands: [] });
}

export async function clear(): Promise<void> {
  for (const back of undo.splice(0)) back();
  await sound();
}

export async function plan(change: object): Promise<void> {
  await stage.sql(
    `insert into tariffs (id, merchant_id, line_id, version, plan)
     select id || '_' || version, merchant_id, line_id, version + 1, jsonb_set(plan, '{standard}', plan -> 'standard' || $1::jsonb)
     from tariffs where line_id = 'lin_demo' order by version desc limit 1`,
    [JSON.stringify(change)],
  );
}

export async function sound(): Promise<void> {
  const found = await stage.house.db.asNobody((db) => findViolations(db, '-infinity', stage.clock.now()));
  // No switch is here, so nobody takes up its work.
  expect(found.filter((one) => one.name !== 'work_left_over')).toEqual([]);
}

export const order = (): Promise<string> => stage.order({ moreTime: false });

/** What the merchant heard of money, and the end of the talk among it. */
export async function told(orderId: string): Promise<string[]> {
  const found = await stage.sql<{ type: string }>(
    `select type from notices where order_id = $1 and type similar to '(payment|receipt).%|call.ended' order by sequence`,
    [orderId],
  );
  return found.map(({ type }) => type);
}
/** Taken while they talked, or once they had. */
export const meanwhile = ['payment.authorized', 'payment.captured', 'call.ended', 'receipt.issued'];
export const after = ['payment.authorized', 'call.ended', 'payment.captured'];

export const captures = async (orderId: string): Promise<string[]> =>
  (await stage.operations(orderId)).filter((one) => / (capture|void) /.test(one));

export async function over(orderId: string, heard = meanwhile, talk = 60): Promise<void> {
  await stage.workOff();
  expect(await stage.payment(orderId)).toMatchObject({
    state: 'captured',
    captured: '15.00',
    writtenOff: '0.00',
  });
  expect((await stage.session(orderId)).state).toBe('settled');
  expect(await captures(orderId)).toEqual(['1 capture done 15.00']);
  expect(await told(orderId)).toEqual(heard);
  const [receipt] = await stage.sql<{ id: string; talk: number; captured: string; billable: number }>(
    `select r.id, (r.body ->> 'talkSeconds')::int as talk, r.body ->> 'captured' as captured, s.billable_seconds as billable
     from receipts r join call_sessions s on s.order_id = r.order_id where r.order_id = $1`,
    [orderId],
  );
  expect(receipt).toMatchObject({ talk, captured: '15.00', billable: Math.min(talk, 600) });
  const [named] = await stage.sql<{ body: string }>(
    `select body from notices where order_id = $1 and body::jsonb -> 'data' ? 'receiptId'`,
    [orderId],
  );
  expect(JSON.parse(named?.body ?? '{}')).toMatchObject({
    data: { receiptId: receipt?.id, captured: { amount: '15.00', currency: 'EUR' } },
  });
  expect((await stage.intents(orderId)).map((one) => one.amount_received)).toEqual([1500]);
}

/** The processor refuses so often to capture; answers how often it has. */
export function refuse(times: number): () => number {
  const { processor } = stage.house;
  const capture = processor.capture.bind(processor);
  undo.push(() => (processor.capture = capture));
  let refused = 0;
  processor.capture = (request) => {
    if (refused >= times) return capture(request);
    refused += 1;
    return Promise.resolve({ outcome: 'refused', reason: 'account_closed' });
  };
  return () => refused;
}
