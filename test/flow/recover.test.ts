// The sweeps behind everything, over years of uptime.

import { expect, it } from 'vitest';
import type { House } from '../../src/flow/house.ts';
import { Recovery } from '../../src/flow/recover.ts';

it('keeps no more timers than it has sweeps, however long it runs', async () => {
  const set = new Set<() => void>();
  let cancelled = 0;
  const house = {
    clock: {
      now: () => new Date(0),
      monotonicMs: () => 0,
      after: (_: number, act: () => void) => {
        set.add(act);
        return { cancel: () => (cancelled += 1) };
      },
    },
    db: { asNobody: () => Promise.resolve([]) },
    mailer: { configured: false },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  } as unknown as House;
  const recovery = new Recovery(house);
  recovery.start();
  const sweeps = set.size;
  for (let round = 0; round < 50; round += 1) {
    const due = [...set];
    set.clear();
    for (const act of due) act();
    while (set.size < due.length) await Promise.resolve();
  }
  await recovery.stop();
  expect(cancelled).toBe(sweeps);
});
