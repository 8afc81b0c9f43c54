// More time's money: a second hold on the same payment, asked for once, settled with the first.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { requestMoreTime } from '../../src/flow/more-time.ts';
import { orderCallback } from '../../src/flow/order-callback.ts';
import { euros, merchantId, moneyStage, type MoneyStage } from './money-stage.ts';

let stage: MoneyStage;
beforeAll(async () => {
  stage = await moneyStage();
});
afterAll(() => stage.close());
afterEach(() => stage.control('DELETE', '/api/faults'));

/** Connected, and asked for ten minutes more; the first hold is 15 euros, the second 20. */
async function asked(paymentMethod = 'pm_card_visa'): Promise<string> {
  const orderId = await stage.order({ paymentMethod });
  await stage.connect(orderId);
  stage.clock.turn(540_000);
  await stage.askForMore(orderId);
  return orderId;
}

const types = (told: { type: string }[]): string[] => told.map((one) => one.type);

describe('granted', () => {
  it('is held on the kept card, moves the limit once, and is told', async () => {
    const orderId = await asked();
    expect(await stage.authorizations(orderId)).toEqual([
      { state: 'authorized', amount: '15.00', captured: '0.00' },
      { state: 'intended', amount: '20.00', captured: '0.00' },
    ]);
    await stage.work('authorize_more');
    const session = await stage.session(orderId);
    expect(session.plan.talkLimitSeconds).toBe(1200);
    expect(session.moreTime).toEqual({ state: 'granted', granted: 1 });
    expect((await stage.told(orderId)).at(-1)).toMatchObject({
      type: 'payment.authorized',
      data: { authorized: euros('20.00'), authorizedInAll: euros('35.00') },
    });
    const work = await stage.sql(`select kind from switch_work where call_session_id = $1`, [session.id]);
    expect(work).toContainEqual({ kind: 'refresh' });
    expect((await stage.intents(orderId)).map((one) => one.status)).toEqual([
      'requires_capture',
      'requires_capture',
    ]);
    await stage.hangUp(orderId, 700);
    await stage.settle(orderId);
  });

  it('is captured over both holds once, told once, with a receipt that shows both', async () => {
    const orderId = await asked();
    await stage.work('authorize_more');
    await stage.hangUp(orderId, 720);
    await stage.settle(orderId);
    expect(await stage.payment(orderId)).toMatchObject({
      state: 'captured',
      captured: '19.00',
      released: '16.00',
      expired: '0.00',
      writtenOff: '0.00',
    });
    expect((await stage.intents(orderId)).map((one) => [one.status, one.amount_received])).toEqual([
      ['succeeded', 1500],
      ['succeeded', 400],
    ]);
    expect(await stage.operations(orderId)).toEqual([
      '1 authorize done 15.00',
      '2 authorize done 20.00',
      '1 capture done 15.00',
      '2 capture done 4.00',
    ]);
    expect(types(await stage.told(orderId))).toEqual([
      'payment.authorized',
      'payment.authorized',
      'payment.captured',
      'payment.released',
    ]);
    expect(await stage.ledger(orderId)).toEqual({ card: '-19.00', held: '0.00', merchant: '19.00' });
    const [receipt] = await stage.sql<{ body: Record<string, unknown> }>(
      'select body from receipts where order_id = $1',
      [orderId],
    );
    expect(receipt?.body).toMatchObject({
      authorized: '35.00',
      captured: '19.00',
      released: '16.00',
      holds: [
        { authorized: '15.00', captured: '15.00' },
        { authorized: '20.00', captured: '4.00' },
      ],
    });
  });

  it('and not talked: the second hold is released', async () => {
    const orderId = await asked();
    await stage.work('authorize_more');
    await stage.hangUp(orderId, 590);
    await stage.settle(orderId);
    expect((await stage.intents(orderId)).map((one) => one.status)).toEqual(['succeeded', 'canceled']);
    expect(await stage.payment(orderId)).toMatchObject({ captured: '15.00', released: '20.00' });
  });

  it('a rest below the smallest charge is taken from both', async () => {
    const orderId = await asked();
    await stage.work('authorize_more');
    await stage.hangUp(orderId, 606);
    await stage.settle(orderId);
    expect((await stage.intents(orderId)).map((one) => one.amount_received)).toEqual([1470, 50]);
  });
});

describe('between the two captures', () => {
  it('a crash heals by the same keys', async () => {
    const orderId = await asked();
    await stage.work('authorize_more');
    await stage.hangUp(orderId, 720);
    await stage.fault({ next: 'answer_lost', on: 'capture' });
    await stage.work('settle_order');
    expect((await stage.payment(orderId))?.['state']).toBe('capturing');
    await stage.house.db.asMerchant(merchantId, (tx) =>
      tx.raw(`select enqueue_job('settle_order', ?::json, 'settle_order:again', null)`, [
        JSON.stringify({ merchantId, orderId }),
      ]),
    );
    await stage.settle(orderId);
    expect((await stage.intents(orderId)).map((one) => one.amount_received)).toEqual([1500, 400]);
    expect((await stage.operations(orderId)).filter((one) => one.includes('capture'))).toHaveLength(2);
  });

  it('the first hold expired: the second is taken as far as it reaches, the rest is nobody’s', async () => {
    const orderId = await asked();
    await stage.work('authorize_more');
    await stage.hangUp(orderId, 1140);
    const [first] = await stage.intents(orderId);
    await stage.control('POST', `/api/payments/${first!.id}/expire`);
    await stage.settle(orderId);
    expect(await stage.payment(orderId)).toMatchObject({
      state: 'captured',
      captured: '20.00',
      expired: '15.00',
      released: '0.00',
      writtenOff: '13.00',
    });
    expect((await stage.intents(orderId)).map((one) => one.status)).toEqual(['canceled', 'succeeded']);
    expect(await stage.told(orderId)).toContainEqual(
      expect.objectContaining({
        type: 'payment.released',
        data: expect.objectContaining({ because: 'hold_expired', released: euros('15.00') }),
      }),
    );
  });
});

describe('not granted', () => {
  it('declined without its holder: the call goes on to its old limit, nothing is held', async () => {
    const orderId = await stage.order();
    await stage.connect(orderId);
    // The bank wants its holder from now on.
    await stage.sql(
      `update authorizations set payment_method = 'pm_card_authenticationRequired'
       where payment_id = (select id from payments where order_id = $1)`,
      [orderId],
    );
    await stage.askForMore(orderId);
    await stage.work('authorize_more');
    const session = await stage.session(orderId);
    expect(session).toMatchObject({ state: 'connected', moreTime: { state: 'refused' } });
    expect(session.plan.talkLimitSeconds).toBe(600);
    await stage.hangUp(orderId, 600);
    await stage.settle(orderId);
    expect(await stage.payment(orderId)).toMatchObject({ captured: '15.00', released: '0.00' });
    expect((await stage.authorizations(orderId)).map((one) => one['state'])).toEqual(['captured', 'failed']);
  });

  it.each(['answer_lost', 'timeout', 'error_500_executed'])(
    '%s: asked again by the same key while the call lasts, one hold',
    async (next) => {
      const orderId = await asked();
      await stage.fault({ next, on: 'create' });
      await stage.work('authorize_more');
      expect((await stage.session(orderId)).plan.talkLimitSeconds).toBe(600);
      stage.clock.turn(6_000);
      await stage.work('authorize_more');
      expect((await stage.session(orderId)).plan.talkLimitSeconds).toBe(1200);
      expect(await stage.intents(orderId)).toHaveLength(2);
      await stage.hangUp(orderId, 660);
      await stage.settle(orderId);
      expect(await stage.payment(orderId)).toMatchObject({ captured: '17.00' });
    },
    20_000,
  );

  it('held after the call had ended: released with the rest, and told', async () => {
    const orderId = await asked();
    await stage.fault({ next: 'answer_lost', on: 'create' });
    await stage.work('authorize_more');
    await stage.hangUp(orderId, 600);
    await stage.settle(orderId);
    expect((await stage.intents(orderId)).map((one) => one.status)).toEqual(['succeeded', 'canceled']);
    expect(await stage.payment(orderId)).toMatchObject({ captured: '15.00', released: '20.00' });
    expect(types(await stage.told(orderId)).filter((one) => one === 'payment.authorized')).toHaveLength(2);
  });

  it('never asked at all, for a crash: asked when it is settled, and released', async () => {
    const orderId = await asked();
    await stage.hangUp(orderId, 600);
    await stage.settle(orderId);
    await stage.work('authorize_more');
    expect((await stage.intents(orderId)).map((one) => one.status)).toEqual(['succeeded', 'canceled']);
  });
});

describe('from the page', () => {
  it('is asked for once, where it was offered', async () => {
    const made = await orderCallback(stage.house, merchantId, {
      line: 'demo',
      source: 'api',
      language: 'fr',
      callerNumber: '+33612345679',
      chosenSeconds: 600,
      paymentMethod: 'pm_card_visa',
      moreTime: true,
    });
    if (made.outcome !== 'ordered') throw new Error(made.outcome);
    const { orderId, accessToken } = made;
    await stage.connect(orderId);
    expect(await requestMoreTime(stage.house, accessToken)).toBe('not_offered');
    await stage.on(orderId, () => ({ type: 'timerDue', timer: 'warning' }));
    expect(await requestMoreTime(stage.house, accessToken)).toBe('asked');
    expect(await requestMoreTime(stage.house, accessToken)).toBe('asked');
    expect(await requestMoreTime(stage.house, 'nobody')).toBe('unknown_order');
    expect(await stage.authorizations(orderId)).toHaveLength(2);
    await stage.work('authorize_more');
    await stage.hangUp(orderId, 30);
    await stage.settle(orderId);
  });
});
