// A gateway that is replaced: whoever shares out the requests is told before it goes, and until then nobody is refused.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { realClock } from '../../src/clock-and-ids.ts';
import { startWorld, type TestWorld } from '../world.ts';

const drainSeconds = 47;
let world: TestWorld;
let goes: (() => void) | undefined;
beforeAll(async () => {
  world = await startWorld({
    drainSeconds,
    overrides: {
      clock: {
        ...realClock,
        after: (ms, act) => {
          if (ms !== drainSeconds * 1000) return realClock.after(ms, act);
          goes = act;
          return { cancel: () => undefined };
        },
      },
    },
  });
});
afterAll(() => {
  const closing = world.close();
  goes?.();
  return closing;
});

it('says that it is about to go, takes orders until it does, and is gone then', async () => {
  const ready = async () => {
    const answer = await fetch(`${world.url}/readyz`);
    return [answer.status, ((await answer.json()) as { status: string }).status];
  };
  expect(await ready()).toEqual([200, 'ready']);
  const closed = world.gateway.close();
  expect(await ready()).toEqual([503, 'draining']);
  const { id } = await world.order();
  await world.api('POST', `/v1/call-sessions/${id}/hangup`);
  await world.sessionIs(id, 'settled');
  goes?.();
  await closed;
  await expect(fetch(`${world.url}/readyz`)).rejects.toThrow();
});
