// A switch that dies takes its calls with it, and its records too: what was talked is billed as far as it is known to have
// lived, what rang is given up for nothing, and the next call finds the switch that came back.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { claire, eventually, startWorld, type TestWorld } from '../world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
afterEach(() => world.balanced());

it('while they talk: billed until the last sweep that saw them, and no further', async () => {
  const { id } = await world.connect();
  await world.sql.query(
    `update switches set swept_us = (select bridged_us + 1234567 from call_sessions where id = $1)`,
    [id],
  );
  await world.crashSwitch();
  const settled = await world.sessionIs(id, 'settled', 30_000);
  expect(settled).toMatchObject({ outcome: 'talked', captured: { amount: '15.00' }, talkTimeSeconds: 1.234 });
});

it('while it rings: nothing is charged, and the next call goes through', async () => {
  const { id } = await world.order();
  await world.phoneIs(claire, 'ringing');
  await world.crashSwitch();
  const settled = await world.sessionIs(id, 'settled', 30_000);
  expect(settled).toMatchObject({ outcome: 'failed', captured: { amount: '0.00' } });
  const next = await world.connect();
  await world.does(claire, 'hangup');
  await world.sessionIs(next.id, 'settled');
});

it('a restart nobody saw: the gateway was away as well', async () => {
  const { id } = await world.connect();
  await world.gateway.close();
  await world.crashSwitch();
  await world.restartGateway();
  await eventually(async () => {
    const settled = await world.session(id);
    expect(settled).toMatchObject({ state: 'settled', outcome: 'talked' });
  }, 30_000);
});
