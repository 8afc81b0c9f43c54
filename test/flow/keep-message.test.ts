// What is kept of what a switch recorded: FreeSWITCH counts how long it listened, and of five seconds in which nobody spoke it says
// 4.94 (seen on 1.10.12: a file of 79 084 bytes at 8 kHz).

import { expect, it } from 'vitest';
import type { House } from '../../src/flow/house.ts';
import { keepMessage, secondsOfWav } from '../../src/flow/keep-message.ts';
import type { Switch } from '../../src/flow/ports.ts';
import type { KeptRun } from '../../src/flow/scenario-row.ts';
import { withoutSilence, writeWav } from '../../src/telephony/telephone-wav.ts';

it('of silence nothing is kept, and whoever asked for it learns that nobody spoke', async () => {
  const listened = { rate: 8_000, samples: new Float32Array(39_520) };
  expect(secondsOfWav(writeWav(listened))).toBeCloseTo(4.94);
  const wav = writeWav(withoutSilence(listened, 0.006));
  const dropped: string[] = [];
  const aSwitch: Pick<Switch, 'readTake' | 'dropTake'> = {
    readTake: () => Promise.resolve({ outcome: 'read', wav }),
    dropTake: (take) => Promise.resolve(void dropped.push(take)),
  };
  const kept = { merchantId: 'mer_demo', run: { id: 'run_1', leg: 'leg', turn: 2 } } as unknown as KeptRun;
  // Neither converted nor written: it has no house to do that in.
  const told = await keepMessage({} as House, aSwitch as Switch, kept, 'shop');
  expect(told).toEqual({ type: 'recorded', seconds: 0 });
  expect(dropped).toEqual(['leg']);
});
