// A fault of ours in the middle of a call: the step fails and somebody is told, the call goes on, and no other call is hurt.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { listAttention, readMarks } from '../../src/store/attention.ts';
import { demoMerchantId } from '../../src/store/demo-merchant.ts';
import { caller, claire, eventually, startWorld, type TestWorld } from '../world.ts';

let world: TestWorld;
let faulty = true;
beforeAll(async () => {
  world = await startWorld({
    overrides: {
      metrics: {
        observe: () => undefined,
        level: () => undefined,
        count(name, labels) {
          if (faulty && name === 'calls' && labels?.['state'] === 'ringing_caller')
            throw new Error('no such label');
        },
      },
    },
  });
});
afterAll(() => world.close());

it('is kept for a person with its words, and said in one sentence', async () => {
  await world.behaves(claire, { behaviour: 'answers', keys: '1' });
  const { json: order } = await world.api('POST', '/v1/callbacks', {
    line: 'demo',
    callerNumber: caller,
    paymentMethod: 'pm_card_visa',
    consultant: 'con_demo_claire',
  });
  const { db, clock } = world.house;
  await eventually(async () => {
    const items = await db.asNobody((nobody) => listAttention(nobody, clock.now()));
    expect(items.find(({ kind }) => kind === 'step_failed')).toMatchObject({
      id: order.id,
      orderId: order.orderId,
      merchantId: demoMerchantId,
      sentence: expect.stringContaining(`A step of call ${order.id} failed`),
    });
  });
  const [mark] = await db.asMerchant(demoMerchantId, (tx) => readMarks(tx, order.orderId));
  expect(mark).toMatchObject({ because: 'Error: no such label', times: 1 });

  faulty = false;
  await world.api('POST', `/v1/call-sessions/${order.id}/hangup`);
  await world.sessionIs(order.id, 'settled');
  await world.balanced();
});
