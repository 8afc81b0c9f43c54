// Machines that answer: nobody presses a key, nobody is joined, nothing is charged.
// Silence passes twenty times as fast here: two unanswered questions take one second and not twenty.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { caller, claire, startWorld, type TestWorld } from '../world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await startWorld({ silenceSpeed: 20 });
});
afterAll(() => world.close());

async function order(): Promise<string> {
  const answer = await world.api('POST', '/v1/callbacks', {
    line: 'demo',
    callerNumber: caller,
    paymentMethod: 'pm_card_visa',
    consultant: 'con_demo_claire',
  });
  expect(answer.status, JSON.stringify(answer.json)).toBe(201);
  return answer.json.id;
}

it.each([
  ['the consultant’s', claire, 'nobody_took_it'],
  ['the caller’s', caller, 'caller_unreachable'],
])('%s voicemail', async (_, number, outcome) => {
  await world.behaves(claire, { behaviour: 'answers', keys: '1' });
  await world.behaves(caller, { behaviour: 'answers', keys: '1' });
  await world.behaves(number, { behaviour: 'voicemail' });
  const settled = await world.sessionIs(await order(), 'settled');
  expect(settled).toMatchObject({ outcome, captured: { amount: '0.00' }, released: { amount: '25.00' } });
  expect((await world.phone(number))!.heard.length).toBeGreaterThanOrEqual(2);
  await world.balanced();
});
