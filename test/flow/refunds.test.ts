// Giving back: never more than was taken, never twice, and the books say who has what.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { money } from '../../src/core/money.ts';
import { followHint } from '../../src/flow/follow-payment.ts';
import { carryOutRefund, refundPayment } from '../../src/flow/refund-payment.ts';
import { resolveRefund } from '../../src/flow/repair.ts';
import { listAttention } from '../../src/store/attention.ts';
import { euros, merchantId, moneyStage, type MoneyStage } from './money-stage.ts';

let stage: MoneyStage;
beforeAll(async () => {
  stage = await moneyStage();
});
afterAll(() => stage.close());
afterEach(async () => {
  await stage.control('DELETE', '/api/faults');
  await stage.control('PUT', '/api/payments/refunds', { pend: false });
});

/** A talk of so many seconds beyond ten minutes at 2 euros a minute, captured over two holds where it is longer. */
async function captured(seconds = 600): Promise<string> {
  const orderId = await stage.order();
  await stage.connect(orderId);
  if (seconds > 600) {
    await stage.askForMore(orderId);
    await stage.work('authorize_more');
  }
  await stage.hangUp(orderId, seconds);
  await stage.settle(orderId);
  return orderId;
}

const refund = (orderId: string, amount?: string, more: object = {}) =>
  refundPayment(stage.house, merchantId, {
    orderId,
    ...(amount !== undefined && { amount: money(amount, 'EUR') }),
    ...more,
  });

const refundsAtProcessor = async (orderId: string): Promise<number[]> => {
  const intents = await stage.intents(orderId);
  return Promise.all(
    intents.map(async ({ id }) => {
      const answer = await fetch(`${stage.sandboxUrl}/v1/refunds?payment_intent=${id}`, {
        headers: { authorization: 'Bearer sk_test_money' },
      });
      const { data } = (await answer.json()) as { data: { amount: number; status: string }[] };
      return data.filter((one) => one.status !== 'failed').reduce((sum, one) => sum + one.amount, 0);
    }),
  );
};

describe('a refund', () => {
  it('of a part, then of all that is left, then no more', async () => {
    const orderId = await captured();
    const part = await refund(orderId, '4.00', { reason: 'bad line' });
    expect(part).toMatchObject({ outcome: 'made', refund: { state: 'refunded', reason: 'bad line' } });
    expect(await refund(orderId, '11.01')).toMatchObject({ outcome: 'too_much' });
    expect(await refund(orderId)).toMatchObject({ outcome: 'made', refund: { state: 'refunded' } });
    expect(await refund(orderId)).toMatchObject({ outcome: 'too_much' });
    expect(await refundsAtProcessor(orderId)).toEqual([1500]);
    expect(await stage.ledger(orderId)).toEqual({ card: '0.00', held: '0.00', merchant: '0.00' });
    expect((await stage.told(orderId)).slice(-2)).toMatchObject([
      { type: 'payment.refunded', data: { refunded: euros('4.00'), reason: 'bad line' } },
      { type: 'payment.refunded', data: { refunded: euros('11.00') } },
    ]);
  });

  it('over several captures: from the last to the first', async () => {
    const orderId = await captured(720);
    await refund(orderId, '6.00');
    expect(await refundsAtProcessor(orderId)).toEqual([200, 400]);
  });

  it.each(['answer_lost', 'timeout'])(
    '%s: pending, then asked again by the same key: given back once',
    async (next) => {
      const orderId = await captured();
      await stage.fault({ next, on: 'refund' });
      expect(await refund(orderId, '5.00')).toMatchObject({ refund: { state: 'pending' } });
      expect(await refund(orderId, '10.01'), 'what is under way is counted').toMatchObject({
        outcome: 'too_much',
      });
      stage.clock.turn(61_000);
      await stage.work('refund_payment');
      expect(await refundsAtProcessor(orderId)).toEqual([500]);
      const states = await stage.sql('select state from refunds where order_id = $1', [orderId]);
      expect(states).toEqual([{ state: 'refunded' }]);
    },
    20_000,
  );

  describe('whose answer stays unknown for a day', () => {
    const inADay = async (): Promise<void> => {
      stage.clock.turn(23 * 3_600_000 + 1_000);
      await stage.work('refund_payment');
    };
    /** Asked for while the processor does `next` with it. */
    const lost = async (next: string): Promise<{ orderId: string; id: string }> => {
      const orderId = await captured();
      await stage.fault({ next, on: 'refund', times: 2 });
      const made = await refund(orderId, '5.00');
      if (made.outcome !== 'made') throw new Error(made.outcome);
      expect(made.refund.state).toBe('pending');
      await stage.control('DELETE', '/api/faults');
      return { orderId, id: made.refund.id };
    };
    const stands = async (id: string): Promise<unknown> =>
      (
        await stage.sql('select state, failure, parked_at is not null as parked from refunds where id = $1', [
          id,
        ])
      )[0];
    const parked = async (): Promise<string[]> =>
      (await stage.house.db.asNobody((nobody) => listAttention(nobody, stage.clock.now())))
        .filter((item) => item.kind === 'refund_parked')
        .map((item) => item.id);
    const ana = { by: 'ana', why: 'the merchant was asked' };

    it('is looked for: what was made is taken over', async () => {
      const { orderId, id } = await lost('answer_lost');
      await inADay();
      expect(await stands(id)).toEqual({ state: 'refunded', failure: null, parked: false });
      expect(await refundsAtProcessor(orderId)).toEqual([500]);
      expect((await stage.ledger(orderId))['card']).toBe('-10.00');
    });

    it('was never made: a person has it made anew, by a key of its own', async () => {
      const { orderId, id } = await lost('connection_cut');
      expect(await resolveRefund(stage.house, ana, id, 'again')).toEqual({ outcome: 'not_needed' });
      await inADay();
      expect(await stands(id)).toEqual({ state: 'pending', failure: null, parked: true });
      expect(await parked()).toEqual([id]);
      expect(await refund(orderId, '10.01'), 'it is counted while it waits').toMatchObject({
        outcome: 'too_much',
      });
      expect(await resolveRefund(stage.house, ana, id, 'again')).toEqual({ outcome: 'done' });
      await stage.workOff();
      expect(await stands(id)).toEqual({ state: 'refunded', failure: null, parked: false });
      expect(await parked()).toEqual([]);
      expect(await refundsAtProcessor(orderId)).toEqual([500]);
      expect((await stage.operations(orderId)).slice(-2)).toEqual([
        '1 refund refused 5.00',
        '1 refund done 5.00',
      ]);
    });

    it('was never made: a person gives it up, and the merchant is told', async () => {
      const { orderId, id } = await lost('connection_cut');
      await inADay();
      expect(await resolveRefund(stage.house, ana, id, 'give_up')).toEqual({ outcome: 'done' });
      await stage.workOff();
      expect(await stands(id)).toEqual({ state: 'failed', failure: 'never_made', parked: false });
      expect((await stage.told(orderId)).at(-1)).toMatchObject({
        type: 'payment.refund_failed',
        data: { amount: euros('5.00'), because: 'never_made' },
      });
      expect(await refundsAtProcessor(orderId)).toEqual([0]);
      expect(await refund(orderId)).toMatchObject({ outcome: 'made', refund: { state: 'refunded' } });
    });

    it('of a processor that is silent: asked about every hour, and what a person said waits for it', async () => {
      const [made, never] = [await lost('answer_lost'), await lost('connection_cut')];
      await stage.fault({ next: 'rate_limited', on: 'list', times: 4 });
      await inADay();
      expect((await parked()).sort()).toEqual([made.id, never.id].sort());
      for (const { id } of [made, never]) await resolveRefund(stage.house, ana, id, 'again');
      await stage.work('refund_payment');
      expect((await parked()).sort(), 'still silent').toEqual([made.id, never.id].sort());
      stage.clock.turn(3_601_000);
      await stage.workOff();
      for (const { id, orderId } of [made, never]) {
        expect(await stands(id)).toEqual({ state: 'refunded', failure: null, parked: false });
        expect(await refundsAtProcessor(orderId)).toEqual([500]);
      }
    });

    it('is nobody’s, or no refund at all', async () => {
      expect(await resolveRefund(stage.house, ana, 'ref_nobody', 'again')).toEqual({ outcome: 'unknown' });
      expect(await resolveRefund(stage.house, ana, 'mer_demo', 'give_up')).toEqual({ outcome: 'unknown' });
    });
  });

  it('a repeat of the request goes on with the refund the first one made', async () => {
    const orderId = await captured();
    const first = await refund(orderId, '5.00', { requestKey: 'key-1' });
    const again = await refund(orderId, '5.00', { requestKey: 'key-1' });
    expect(again).toEqual(first);
    expect(await refundsAtProcessor(orderId)).toEqual([500]);
  });

  it('two at the same moment cannot pass between each other', async () => {
    const orderId = await captured();
    const both = await Promise.all([refund(orderId, '10.00'), refund(orderId, '10.00')]);
    expect(both.map((one) => one.outcome).sort()).toEqual(['made', 'too_much']);
    expect(await refundsAtProcessor(orderId)).toEqual([1000]);
  });

  it('the bank sends back days later is the merchant’s again, and may be tried once more', async () => {
    const orderId = await captured();
    await stage.control('PUT', '/api/payments/refunds', { pend: true });
    expect(await refund(orderId, '5.00')).toMatchObject({ refund: { state: 'refunded' } });
    const [made] = await stage.sql<{ made: string }>(
      `select op.made from processor_operations op join refunds r on r.id = op.refund_id where r.order_id = $1`,
      [orderId],
    );
    await stage.control('POST', `/api/payments/refunds/${made!.made}/failed`);
    const [intent] = await stage.intents(orderId);
    const hint = { eventId: 'evt_1', type: 'refund.failed', intentId: intent!.id, refundId: made!.made };
    await followHint(stage.house, hint);
    await followHint(stage.house, hint);
    expect((await stage.told(orderId)).at(-1)).toMatchObject({
      type: 'payment.refund_failed',
      data: { amount: euros('5.00'), because: 'expired_or_canceled_card' },
    });
    expect(await stage.ledger(orderId)).toEqual({ card: '-15.00', held: '0.00', merchant: '15.00' });
    await stage.control('PUT', '/api/payments/refunds', { pend: false });
    expect(await refund(orderId, '15.00')).toMatchObject({ refund: { state: 'refunded' } });
  });

  it('that the bank sent it back is found although nobody told us', async () => {
    const orderId = await captured();
    expect(await refund(orderId, '5.00')).toMatchObject({ refund: { state: 'refunded' } });
    const [made] = await stage.sql<{ made: string }>(
      `select op.made from processor_operations op join refunds r on r.id = op.refund_id where r.order_id = $1`,
      [orderId],
    );
    stage.clock.turn(86_400_000);
    await stage.work('refund_payment');
    expect((await stage.told(orderId)).at(-1)).toMatchObject({ type: 'payment.refunded' });
    await stage.control('POST', `/api/payments/refunds/${made!.made}/failed`);
    stage.clock.turn(29 * 86_400_000);
    await stage.work('refund_payment');
    expect((await stage.told(orderId)).at(-1)).toMatchObject({ type: 'payment.refund_failed' });
    expect(await stage.ledger(orderId)).toEqual({ card: '-15.00', held: '0.00', merchant: '15.00' });
    const left = await stage.sql(
      `select j.id from graphile_worker._private_jobs j join refunds r on r.id = j.payload ->> 'refundId'
       where r.order_id = $1`,
      [orderId],
    );
    expect(left, 'nothing is left to look at').toEqual([]);
  });

  it('a part the bank sends back while another is not answered yet: the other goes on', async () => {
    const orderId = await captured(720);
    const [first, second] = await stage.intents(orderId);
    const made = refund(orderId, '6.00');
    expect(await made).toMatchObject({ refund: { state: 'refunded' } });
    // As if the part of the second charge had not been answered.
    await stage.sql(`update refunds set state = 'pending', refunded = 2 where order_id = $1`, [orderId]);
    await stage.sql(
      `update processor_operations set state = 'unknown' where kind = 'refund' and authorization_id =
         (select id from authorizations where intent_id = $1)`,
      [second!.id],
    );
    const [part] = await stage.sql<{ made: string }>(
      `select made from processor_operations where kind = 'refund' and authorization_id =
         (select id from authorizations where intent_id = $1)`,
      [first!.id],
    );
    await stage.control('POST', `/api/payments/refunds/${part!.made}/failed`);
    const hint = { eventId: 'evt_2', type: 'refund.failed', intentId: first!.id, refundId: part!.made };
    await followHint(stage.house, hint);
    expect(await stage.sql('select state from refunds where order_id = $1', [orderId])).toEqual([
      { state: 'pending' },
    ]);
    const [open] = await stage.sql<{ id: string }>('select id from refunds where order_id = $1', [orderId]);
    await carryOutRefund(stage.house, { merchantId, refundId: open!.id });
    expect(
      await stage.sql('select state, refunded::float8 from refunds where order_id = $1', [orderId]),
    ).toEqual([{ state: 'refunded', refunded: 4 }]);
  });

  it('the processor refuses: failed, told, and nothing given back', async () => {
    const orderId = await captured();
    const [intent] = await stage.intents(orderId);
    await stage.control('POST', `/api/payments/${intent!.id}/dispute`, {});
    expect(await refund(orderId, '5.00')).toMatchObject({
      refund: { state: 'failed', failure: 'charge_disputed' },
    });
    expect((await stage.told(orderId)).at(-1)).toMatchObject({ type: 'payment.refund_failed' });
    expect(await stage.ledger(orderId)).toEqual({ card: '-15.00', held: '0.00', merchant: '15.00' });
  });

  it('of nothing that was captured, or of nobody’s order', async () => {
    const orderId = await stage.order();
    expect(await refund(orderId)).toEqual({ outcome: 'nothing_captured' });
    expect(await refund('ord_nobody')).toEqual({ outcome: 'unknown_order' });
    const other = await captured();
    const wish = { orderId: other, amount: money('5', 'JPY') };
    expect(await refundPayment(stage.house, merchantId, wish)).toEqual({ outcome: 'other_currency' });
  });
});

describe('our part of a direct charge', () => {
  it('goes back in proportion, all of it in the end', async () => {
    const account = 'acct_merchant';
    await stage.sql(
      `update merchants set processor_account = $1, application_fee_rate = 0.137 where id = 'mer_demo'`,
      [account],
    );
    const orderId = await captured();
    expect((await stage.ledger(orderId))['platform']).toBe('2.06');
    await refund(orderId, '3.33');
    expect((await stage.ledger(orderId))['platform']).toBe('1.60');
    // What was taken goes back, whatever he pays for calls from now on.
    await stage.sql(`update merchants set application_fee_rate = 0.05 where id = 'mer_demo'`);
    await refund(orderId);
    expect((await stage.ledger(orderId))['platform']).toBe('0.00');
    await stage.sql(
      `update merchants set processor_account = null, application_fee_rate = 0 where id = 'mer_demo'`,
    );
  });
});
