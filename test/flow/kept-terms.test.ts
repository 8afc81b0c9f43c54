// On whose account a charge is made and what part of it is ours is agreed when the order is made. Whatever is changed at the
// merchant afterwards, his running orders go on as they began: a repeat is the same request, a refund goes to its charge.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { money } from '../../src/core/money.ts';
import { refundPayment } from '../../src/flow/refund-payment.ts';
import { settleOrder } from '../../src/flow/settle-order.ts';
import { merchantId, moneyStage, type MoneyStage } from './money-stage.ts';

let stage: MoneyStage;
beforeAll(async () => {
  stage = await moneyStage();
});
afterAll(() => stage.close());
afterEach(() => stage.control('DELETE', '/api/faults'));

const merchantHas = (account: string | null, rate: string) =>
  stage.sql('update merchants set processor_account = $1, application_fee_rate = $2 where id = $3', [
    account,
    rate,
    merchantId,
  ]);

const stateOf = async (orderId: string): Promise<unknown> => (await stage.payment(orderId))?.['state'];

it('the hold, the capture and the refund stay with the account and the fee the order was made under', async () => {
  await merchantHas('acct_merchant', '0.137');
  await stage.fault({ next: 'answer_lost', on: 'create' });
  const orderId = await orderUnheard();
  await merchantHas('acct_other', '0.05');
  const { publicUrl } = stage.house;
  stage.house.publicUrl = 'https://moved.example';
  stage.clock.turn(30_000);
  await stage.look();
  stage.house.publicUrl = publicUrl;
  expect(await stateOf(orderId), 'asked again, the same to the letter').toBe('authorized');
  expect(await stage.intents(orderId), 'held once').toHaveLength(1);

  await stage.connect(orderId);
  await stage.hangUp(orderId, 60);
  await stage.fault({ next: 'answer_lost', on: 'capture' });
  await stage.work('settle_order');
  expect(await stateOf(orderId)).toBe('capturing');
  await merchantHas('acct_third', '0.01');
  await settleOrder(stage.house, { merchantId, orderId });
  expect(await stage.ledger(orderId)).toMatchObject({ platform: '2.06' });

  await merchantHas(null, '0');
  const refund = await refundPayment(stage.house, merchantId, { orderId, amount: money('15.00', 'EUR') });
  expect(refund).toMatchObject({ outcome: 'made', refund: { state: 'refunded' } });
  expect(await stage.ledger(orderId)).toEqual({
    card: '0.00',
    held: '0.00',
    merchant: '0.00',
    platform: '0.00',
  });
});

/** An order whose first answer was lost on its way: told as if the processor were away. */
async function orderUnheard(): Promise<string> {
  await expect(stage.order()).rejects.toThrow('processor_away');
  const [row] = await stage.sql<{ id: string }>('select id from orders order by created_at desc limit 1');
  return row!.id;
}
