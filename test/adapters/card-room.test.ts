// The card room as a process, on the sandbox's switch and processor: each way through it, and what it leaves where.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { CardStage } from './card-stage.ts';

let stage: CardStage;
beforeEach(async () => {
  stage = await CardStage.open();
});
afterEach(() => stage.close());

const visa = '4242424242424242';

test('typed faster than any human, in one go over the first sentence: the card is taken and the leg is as it was', async () => {
  const caller = await stage.caller();
  const taken = stage.takeCard(caller.leg);
  await caller.hears('amount');
  await caller.keys(`${visa}#1230#123#1`);
  expect(await taken).toEqual({
    outcome: 'taken',
    card: {
      paymentMethod: expect.stringMatching(/^pm_/) as string,
      brand: 'visa',
      last4: '4242',
      expiry: '12/30',
    },
  });
  for (const name of ['ringmeter_card', 'process_cdr', 'sensitive_dtmf', 'ringmeter_card_room'])
    expect(await stage.variable(caller.leg, name), name).toBe('_undef_');
});
