// A price that does not grow with the talk, taken as soon as both are joined: once, whatever dies on the way, and the talk's end
// settles nothing more.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CallEvent, CallSession } from '../../src/core/call-session.ts';
import type { LegUuid } from '../../src/core/ids.ts';
import { followHint, giveUpOrder } from '../../src/flow/follow-payment.ts';
import { refundPayment } from '../../src/flow/refund-payment.ts';
import { findViolations } from '../../src/store/invariants.ts';
import { retrySettlement, settleOrder } from '../../src/flow/settle-order.ts';
import { readOrderEvidence } from '../../src/store/disputes.ts';
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

/** What the merchant heard of money, and the end of the talk among it. */
async function told(orderId: string): Promise<string[]> {
  const found = await stage.sql<{ type: string }>(
    `select type from notices where order_id = $1 and type similar to '(payment|receipt).%|call.ended' order by sequence`,
    [orderId],
  );
  return found.map(({ type }) => type);
}
/** Taken while they talked, or once they had. */
const meanwhile = ['payment.authorized', 'payment.captured', 'call.ended', 'receipt.issued'];
const after = ['payment.authorized', 'call.ended', 'payment.captured'];

const captures = async (orderId: string): Promise<string[]> =>
  (await stage.operations(orderId)).filter((one) => / (capture|void) /.test(one));

async function over(orderId: string, heard = meanwhile, talk = 60): Promise<void> {
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
function refuse(times: number): () => number {
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
  expect(await told(orderId)).toEqual(['payment.authorized']);
  await stage.hangUp(orderId, 60);
  await stage.workOff();
  expect(await stage.payment(orderId)).toMatchObject({
    state: 'voided',
    expired: '15.00',
    writtenOff: '15.00',
  });
  expect(await told(orderId)).toEqual(['payment.authorized', 'call.ended', 'payment.released']);
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
  expect(await told(orderId)).toEqual(['payment.authorized']);
  await stage.hangUp(orderId, 60);
  await stage.workOff();
  expect(await stage.payment(orderId)).toMatchObject({
    state: 'voided',
    expired: '15.00',
    writtenOff: '15.00',
  });
  expect(await told(orderId)).toEqual(['payment.authorized', 'call.ended', 'payment.released']);
});

describe('whatever ends the talk, its price is what was taken', () => {
  const second = 1_000_000n;
  const caller = (session: CallSession): LegUuid => session.caller!.leg;
  const consultant = (session: CallSession): LegUuid => session.attempts[0]!.leg;
  type Ends = ((session: CallSession) => CallEvent)[];
  it.each<[string, number, Ends]>([
    [
      'at the very instant they were joined',
      0,
      [
        (session) => ({
          type: 'legEnded',
          leg: caller(session),
          because: 'normal',
          endedAtUs: session.bridgedUs!,
        }),
      ],
    ],
    [
      'before it, by the switch’s own record',
      0,
      [
        (session) => ({
          type: 'legEnded',
          leg: consultant(session),
          because: 'normal',
          endedAtUs: session.bridgedUs! - second,
        }),
      ],
    ],
    [
      'by a silence that began before it',
      0,
      [
        (session) => ({
          type: 'legEnded',
          leg: consultant(session),
          because: 'media_timeout',
          endedAtUs: session.bridgedUs! + 20n * second,
        }),
      ],
    ],
    ['with their switch, of which nothing is proven', 0, [() => ({ type: 'switchRestarted' })]],
    [
      'with their switch, which was seen to live',
      7,
      [(session) => ({ type: 'switchRestarted', provenUs: session.bridgedUs! + 7n * second })],
    ],
    [
      'by the merchant, who cancels the call',
      9,
      [
        () => ({ type: 'hangUpRequested', by: 'merchant' }),
        (session) => ({
          type: 'legEnded',
          leg: consultant(session),
          because: 'normal',
          endedAtUs: session.bridgedUs! + 9n * second,
        }),
      ],
    ],
    [
      'by a fault of the switch, after an unbridge',
      3,
      [
        (session) => ({ type: 'legsUnbridged', atUs: session.bridgedUs! + 3n * second }),
        (session) => ({
          type: 'legEnded',
          leg: caller(session),
          because: 'failed',
          endedAtUs: session.bridgedUs! + 30n * second,
        }),
      ],
    ],
    [
      'behind the limit',
      602,
      [
        () => ({ type: 'timerDue', timer: 'limit' }),
        (session) => ({
          type: 'legEnded',
          leg: consultant(session),
          because: 'limit_reached',
          endedAtUs: session.bridgedUs! + 602n * second,
        }),
      ],
    ],
  ])('%s', async (_, talk, events) => {
    const orderId = await order();
    await stage.connect(orderId);
    await stage.workOff();
    // Told late that they could not be joined: they were.
    await stage.on(orderId, () => ({ type: 'bridgeFailed' }));
    await stage.on(orderId, ...events);
    await over(orderId, meanwhile, talk);
  });

  it('on a switch that nobody commands any more: found within a minute of its limit, not of its hold', async () => {
    const orderId = await order();
    await stage.connect(orderId);
    await stage.workOff();
    await stage.sql(`update switches set lease_expires_at = now() - interval '2 minutes'`);
    undo.push(() => void stage.sql(`update switches set lease_expires_at = now() + interval '1 day'`));
    stage.clock.turn((600 + 121) * 1000);
    await stage.look();
    await over(orderId, meanwhile, 0);
  });

  it('so too where taking it was parked', async () => {
    const orderId = await order();
    await stage.connect(orderId);
    refuse(5);
    for (const seconds of [0, 61, 301, 1801, 7201]) {
      stage.clock.turn(seconds * 1000);
      await stage.work('settle_order');
    }
    await stage.sql(`update switches set lease_expires_at = now() - interval '2 minutes'`);
    undo.push(() => void stage.sql(`update switches set lease_expires_at = now() + interval '1 day'`));
    await stage.look();
    expect((await stage.session(orderId)).state).toBe('ended');
    await retrySettlement(stage.house, merchantId, orderId);
    await stage.workOff();
    expect(await told(orderId)).toEqual(after);
  });
});

describe('while they talk, and it is taken', () => {
  it('nothing is given back yet; when they have talked it is', async () => {
    const orderId = await order();
    await stage.connect(orderId);
    expect(await refundPayment(stage.house, merchantId, { orderId })).toEqual({
      outcome: 'nothing_captured',
    });
    await stage.workOff();
    expect(await refundPayment(stage.house, merchantId, { orderId })).toEqual({ outcome: 'talk_not_over' });
    await stage.hangUp(orderId, 60);
    expect(await refundPayment(stage.house, merchantId, { orderId })).toEqual({ outcome: 'talk_not_over' });
    await stage.workOff();
    expect(await refundPayment(stage.house, merchantId, { orderId })).toMatchObject({
      outcome: 'made',
      refund: { state: 'refunded' },
    });
    expect(await stage.ledger(orderId)).toMatchObject({ held: '0.00', merchant: '0.00', card: '0.00' });
  });

  it('a bank that disputes it is heard, and the end settles nothing more', async () => {
    const orderId = await order();
    await stage.connect(orderId);
    await stage.workOff();
    const [intent] = await stage.intents(orderId);
    const { id: disputeId } = (await stage.control('POST', `/api/payments/${intent!.id}/dispute`, {})) as {
      id: string;
    };
    const type = 'charge.dispute.created';
    await followHint(stage.house, { eventId: 'evt_1', type, intentId: intent!.id, disputeId });
    await stage.work('record_dispute');
    expect(await stage.ledger(orderId)).toMatchObject({ merchant: '0.00', disputed: '15.00' });
    await sound();
    const pack = await stage.house.db.asMerchant(merchantId, (tx) => readOrderEvidence(tx, orderId));
    expect(pack).toMatchObject({ receipt: null, holds: [{ captured: '15.00' }] });
    await stage.hangUp(orderId, 60);
    await over(orderId, [...meanwhile.slice(0, 2), 'payment.disputed', ...meanwhile.slice(2)]);
  });

  it('what the processor tells of it moves nothing, nor does a page that gives the order up', async () => {
    const orderId = await order();
    await stage.connect(orderId);
    await stage.workOff();
    const [intent] = await stage.intents(orderId);
    for (const type of [
      'payment_intent.succeeded',
      'payment_intent.amount_capturable_updated',
      'payment_intent.canceled',
      'charge.captured',
    ])
      await followHint(stage.house, { eventId: `evt_${type}`, type, intentId: intent!.id });
    expect(await giveUpOrder(stage.house, merchantId, orderId, 'cancelled')).toBe('too_late');
    expect(await stage.work()).toBe(0);
    expect(await stage.payment(orderId)).toMatchObject({ state: 'capturing', captured: '15.00' });
    await stage.hangUp(orderId, 60);
    await over(orderId);
  });
});

it('less than may be charged: it is held while they talk, and let go when they have', async () => {
  await plan({ fixedPrice: '0.30' });
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
