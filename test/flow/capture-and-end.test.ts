// What was taken as soon as both were joined, and how their talk ends: its price is what was taken, whatever ends it. And what befalls
// the money while they talk: a refund, a dispute, whatever the processor tells.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CallEvent, CallSession } from '../../src/core/call-session.ts';
import type { LegUuid } from '../../src/core/ids.ts';
import { followHint, giveUpOrder } from '../../src/flow/follow-payment.ts';
import { refundPayment } from '../../src/flow/refund-payment.ts';
import { retrySettlement } from '../../src/flow/settle-order.ts';
import { readOrderEvidence } from '../../src/store/disputes.ts';
import {
  after,
  begin,
  clear,
  meanwhile,
  order,
  over,
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
    expect(pack).toMatchObject({ receipt: null, holds: [{ captured: '15.0000' }] });
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
