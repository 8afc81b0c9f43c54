// A live call's row beside what others write to it and what waits for the database.

import { expect, it } from 'vitest';
import { billableUs, type CallSession } from '../../src/core/call-session.ts';
import type { LegUuid } from '../../src/core/ids.ts';
import { CallRow } from '../../src/flow/call-row.ts';
import type { House } from '../../src/flow/house.ts';
import { DatabaseAway } from '../../src/store/database.ts';
import type { StoredSession } from '../../src/store/call-sessions.ts';
import { HandClock } from '../adapters/hand-clock.ts';

const [a, b] = ['a', 'b'] as unknown as [LegUuid, LegUuid];
const talking: CallSession = {
  id: 'call_1',
  state: 'connected',
  plan: {
    talkLimitSeconds: 600,
    callerLanguage: 'fr',
    price: { currency: 'EUR' },
    moreTime: { seconds: 600, times: 1, hold: '20.00' },
  },
  candidates: [],
  attempts: [{ leg: b, state: 'accepted', tries: 1, consultantId: 'con_1' }],
  caller: { leg: a, state: 'consented', tries: 1 },
  callerLegUuid: a,
  bridgedUs: 1_000_000n,
  moreTime: { state: 'asked', granted: 0 },
} as unknown as CallSession;
const stored = (session: CallSession, version: number): StoredSession => ({
  session,
  version,
  merchantId: 'mer_1',
  orderId: 'ord_1',
  lineId: 'lin_1',
  switchId: 'one',
});

function stage(session = talking) {
  const clock = new HandClock();
  const tried: number[] = [];
  const done: string[] = [];
  const away = (): Promise<never> => {
    tried.push(clock.monotonicMs());
    return Promise.reject(new DatabaseAway('away'));
  };
  const row = new CallRow(
    {
      house: { clock, db: { asMerchant: away } } as unknown as House,
      lease: () => 1n,
      doAll: (commands) => {
        done.push(...commands.map((one) => one.do));
        return Promise.resolve();
      },
      changed: () => undefined,
      handedOver: () => undefined,
      workDone: () => undefined,
      lost: () => undefined,
      taken: () => Promise.resolve(),
    },
    stored(session, 3),
  );
  return { row, clock, tried, done };
}

it('more time granted after the cut began lengthens nothing: what ran past the old limit is not billed', async () => {
  const { row, done } = stage();
  await row.take({ type: 'timerDue', timer: 'limit' });
  expect(done).toEqual(['hangUp']);
  const granted: CallSession = {
    ...talking,
    plan: { ...talking.plan, talkLimitSeconds: 1200 },
    moreTime: { state: 'granted', granted: 1 },
  };
  row.follow(stored(granted, 4));
  expect(row.session).toMatchObject({ endedBy: 'limit', moreTime: { state: 'granted' } });
  expect(billableUs(600_050_000n, row.session.plan.talkLimitSeconds)).toBe(600_000_000n);
});

it.each([
  [1_000, 'is written a moment later', 2],
  [40_000, 'is not given any more: what it says is true no longer', 1],
])('a warning that could not be written for %i ms %s', async (ms, _, tries) => {
  const { moreTime: _more, ...session } = talking;
  const { row, clock, tried } = stage(session);
  await expect(row.take({ type: 'timerDue', timer: 'warning' })).rejects.toThrow('away');
  clock.turn(ms);
  await row.catchUp();
  expect(tried).toHaveLength(tries);
  expect(row.isBehind).toBe(tries === 2);
});
