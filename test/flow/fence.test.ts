// What a gateway that may have been replaced does not do: it begins nothing, and owes it until its lease is renewed; ending
// is always allowed, unless the limit it knows may have been moved by another.

import { describe, expect, it } from 'vitest';
import type { CallCommand, CallEvent, CallSession } from '../../src/core/call-session.ts';
import type { E164, LegUuid } from '../../src/core/ids.ts';
import { CallCommands, holdSeconds } from '../../src/flow/call-commands.ts';
import type { House } from '../../src/flow/house.ts';
import type { Commanded, Switch } from '../../src/flow/ports.ts';
import { SwitchClock } from '../../src/flow/switch-clock.ts';

const [a, b, c] = ['a', 'b', 'c'] as unknown as [LegUuid, LegUuid, LegUuid];
const sentence = { key: 'apology', language: 'fr' } as const;
const to = '+33612345678' as E164;

function stage(session: Partial<CallSession> = {}) {
  const done: string[] = [];
  const told: CallEvent[] = [];
  const timers: (() => void)[] = [];
  /** Timers that fell due and wait for their turn. */
  const due: (() => void)[] = [];
  let owes = 0;
  const it = { begins: false, answer: { outcome: 'done' } as Commanded };
  const does =
    (name: string) =>
    (leg: LegUuid | { leg: LegUuid }): Promise<Commanded> => {
      done.push(`${name} ${String(typeof leg === 'string' ? leg : leg.leg)}`);
      return Promise.resolve(it.answer);
    };
  const names = ['ring', 'ask', 'play', 'playMusic', 'announce', 'guard', 'bridge', 'moveLimit', 'hangUp'];
  const clock = {
    now: () => new Date(0),
    monotonicMs: () => 0,
    after: (_: number, act: () => void) => {
      timers.push(act);
      return { cancel: () => undefined };
    },
  };
  const call = {
    id: 'call_1',
    state: 'ringing_caller',
    plan: { talkLimitSeconds: 600, ringSeconds: 20, price: {} },
    attempts: [{ leg: b, state: 'accepted', tries: 1 }],
    caller: { leg: a, state: 'ringing', tries: 0 },
    callerLegUuid: a,
    ...session,
  } as unknown as CallSession;
  const commands = new CallCommands(
    {
      // Its line has no words of its own.
      house: {
        clock,
        ids: { legUuid: () => 'request' },
        db: { asMerchant: () => Promise.resolve({}) },
      } as unknown as House,
      switch: {
        prepare: () => undefined,
        ...Object.fromEntries(names.map((name) => [name, does(name)])),
      } as unknown as Switch,
      clock: new SwitchClock(clock),
      mayBegin: () => it.begins,
    },
    {
      session: () => call,
      line: () => ({ merchantId: 'mer_x', lineId: 'lin_x' }),
      hasEnded: () => false,
      tell: (event) => told.push(event),
      due: (timer, isDue) => due.push(() => isDue() && told.push({ type: 'timerDue', timer })),
      neverBegan: () => undefined,
      lookAgain: () => undefined,
      owes: () => (owes += 1),
      recognize: () => undefined,
    },
  );
  return { commands, done, told, timers, due, it, call, owes: () => owes };
}

const beginning: CallCommand[] = [
  { do: 'ring', leg: a, to },
  { do: 'play', leg: b, request: 'wait', sentence },
  { do: 'playMusic', leg: b },
];

describe('without the lease', () => {
  it('nothing is begun; with it again all that is still meant is done', async () => {
    const { commands, done, it, owes } = stage();
    await commands.doAll([...beginning, { do: 'ask', leg: b, sentence }, { do: 'bridge', aLeg: a, bLeg: b }]);
    expect(done).toEqual([]);
    expect(owes()).toBe(5);
    it.begins = true;
    await commands.payOff();
    // Nobody is asked who has answered meanwhile.
    expect(done.sort()).toEqual(['bridge a', 'guard b', 'play b', 'playMusic b', 'ring a']);
    done.length = 0;
    await commands.payOff();
    expect(done).toEqual([]);
  });

  it('what is over is not begun any more', async () => {
    const { commands, done, it } = stage({ state: 'ended' });
    await commands.doAll(beginning);
    it.begins = true;
    await commands.payOff();
    expect(done).toEqual([]);
  });

  it('legs are ended and last words said', async () => {
    const { commands, done } = stage();
    await commands.doAll([
      { do: 'hangUp', leg: a, cause: 'normal' },
      { do: 'play', leg: b, request: 'last_words', sentence },
    ]);
    expect(done).toEqual(['hangUp a', 'play b']);
  });

  it.each([
    ['cuts at a limit that cannot have moved', undefined, 1],
    ['leaves the cut to others where more time may have been granted', { seconds: 60, times: 1 }, 0],
  ])('%s', async (_, moreTime, cuts) => {
    const plan = { talkLimitSeconds: 600, ...(moreTime && { moreTime }) } as unknown as CallSession['plan'];
    const { commands, told, timers, due } = stage({ state: 'connected', plan });
    await commands.doAll([{ do: 'startTimer', timer: 'limit', afterMs: 1 }]);
    for (const fire of timers) fire();
    for (const take of due) take();
    expect(told).toHaveLength(cuts);
  });
});

it('a limit that moved while its timer waited for its turn cuts nobody', async () => {
  const plan = {
    talkLimitSeconds: 600,
    moreTime: { seconds: 60, times: 1 },
  } as unknown as CallSession['plan'];
  const { commands, told, timers, due, it, call } = stage({ state: 'connected', plan });
  it.begins = true;
  await commands.doAll([{ do: 'startTimer', timer: 'limit', afterMs: 1 }]);
  for (const fire of timers) fire();
  call.plan = { ...plan, talkLimitSeconds: 660 };
  for (const take of due) take();
  expect(told).toEqual([]);
});

describe('a caller who waits while consultants are rung', () => {
  const tried = (...states: string[]) =>
    states.map((state, n) => ({ leg: n === 0 ? b : c, state, tries: 0 }));
  const waiting = (attempts: object[]) =>
    ({ state: 'ringing_consultant', caller: { leg: a, state: 'consented', tries: 1 }, attempts }) as never;

  it('is kept by the switch as long as the next phone may ring, however many were rung before it', async () => {
    const { commands, done, it } = stage(waiting(tried('failed', 'ringing')));
    it.begins = true;
    await commands.doAll([{ do: 'ring', leg: c, to }]);
    expect(done.sort()).toEqual(['guard a', 'ring c']);
  });

  it('with the first phone his music sets the guard, and one command is saved', async () => {
    const { commands, done, it } = stage(waiting(tried('ringing')));
    it.begins = true;
    await commands.doAll([{ do: 'ring', leg: b, to }]);
    expect(done).toEqual(['ring b']);
  });

  it('outlasts a phone that may ring for minutes', () => {
    const session = (ringSeconds: number, own?: number) =>
      ({ plan: { ringSeconds }, attempts: [{ ringSeconds: own }] }) as unknown as CallSession;
    expect(holdSeconds(session(25))).toBe(150);
    expect(holdSeconds(session(120))).toBe(180);
    expect(holdSeconds(session(25, 110))).toBe(170);
  });
});

it('an end nobody answered for is asked for again', async () => {
  const { commands, done, it } = stage();
  it.answer = { outcome: 'unknown' };
  await commands.doAll([{ do: 'hangUp', leg: a, cause: 'normal' }]);
  it.answer = { outcome: 'done' };
  await commands.payOff();
  await commands.payOff();
  expect(done).toEqual(['hangUp a', 'hangUp a']);
});
