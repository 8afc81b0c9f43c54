// The sweep over what a switch lists: legs nobody wants are ended when they have been seen for long enough, those of others
// are left alone, and a talk costs no question of its own.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { LegUuid } from '../../src/core/ids.ts';
import { consultantPinMark } from '../../src/flow/consultants.ts';
import type { Switch } from '../../src/flow/ports.ts';
import { SwitchClock } from '../../src/flow/switch-clock.ts';
import { SwitchSweep } from '../../src/flow/sweep-switch.ts';
import { demoScenarios } from '../../src/store/demo-scenarios.ts';
import { caller, claire, eventually, startWorld, type TestWorld } from '../world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await startWorld();
  await world.sql.query(
    `insert into ddis (id, merchant_id, kind, line_id, number)
     values ('ddi_service', 'mer_demo', 'service', null, '+33199000290')`,
  );
  // Whoever has no PIN is told so at once, and his call is over.
  await world.sql.query(`update consultants set pin_mark = $1 where id = 'con_demo_claire'`, [
    consultantPinMark(world.house, 'con_demo_claire', '135790'),
  ]);
});
afterAll(() => world.close());
afterEach(() => world.balanced());

/** A gateway that knows of no call, on the same switch; time passes by hand. */
function sweepOfAnother(): { pass: (ms: number) => void; run: () => Promise<void>; ended: LegUuid[] } {
  const real = world.house.switches.get('fs1')!;
  const ended: LegUuid[] = [];
  let passedMs = 0;
  const { clock } = world.house;
  const house = { ...world.house, clock: { ...clock, now: () => clock.now(), monotonicMs: () => passedMs } };
  const aSwitch = {
    id: 'fs1',
    link: () => real.link(),
    legs: () => real.legs(),
    hangUp: (leg: LegUuid, cause: 'normal' | 'limit_reached' | 'stopped') => {
      ended.push(leg);
      return real.hangUp(leg, cause);
    },
  } as unknown as Switch;
  const sweep = new SwitchSweep({
    house,
    switch: aSwitch,
    clock: new SwitchClock(clock),
    mayBegin: () => true,
    lease: () => undefined,
    calls: () => [],
    take: () => undefined,
    callOfLeg: () => undefined,
    isCaredFor: () => false,
    hangUp: () => undefined,
  });
  return {
    ended,
    pass: (ms) => void (passedMs += ms),
    run: async () => (await sweep.run({ missed: false, taken: false })).through,
  };
}

/** The switch's list is a while behind its legs. */
const isListed = (leg: LegUuid): Promise<void> =>
  eventually(async () => {
    const answer = await world.house.switches.get('fs1')!.legs();
    expect(answer.outcome === 'listed' && answer.legs).toContain(leg);
  });

it('a leg whose call is over is ended when two sweeps have seen it, and a farewell has had its time', async () => {
  const { id } = await world.order();
  await world.phoneIs(claire, 'ringing');
  const { run, pass, ended } = sweepOfAnother();
  await run();
  pass(30_000);
  await run();
  // Its call is under way: another gateway’s.
  expect(ended).toEqual([]);
  await world.sql.query(`update call_sessions set state = 'ended' where id = $1`, [id]);
  await run();
  await world.phoneIs(claire, 'ended');
  const legs = await world.sql.query<{ id: LegUuid }>('select id from legs where call_session_id = $1', [id]);
  expect(ended).toEqual(legs.rows.map((one) => one.id));
  await world.sql.query(
    `update call_sessions set state = 'ringing_consultant', version = version + 1 where id = $1`,
    [id],
  );
  await world.api('POST', `/v1/call-sessions/${id}/hangup`);
  await world.sessionIs(id, 'settled');
});

it.each([
  [
    'scenario_runs',
    caller,
    demoScenarios.find((one) => one.template === 'information_menu')!.number,
    `, outcome = 'failed'`,
  ],
  ['service_calls', claire, '+33199000290', ''],
] as const)(
  'so is the leg of a caller nobody was ever rung for, by the row of his own call (%s)',
  async (table, from, ddi, how) => {
    await world.dials(from, ddi);
    await world.phoneIs(from, 'answered');
    const leg = (await world.phone(from))!.leg as LegUuid;
    await isListed(leg);
    const { run, pass, ended } = sweepOfAnother();
    await run();
    pass(30_000);
    await run();
    // One of before that is over by now may be listed still.
    expect(ended).not.toContain(leg);
    const over = `update ${table} set ended_at = now(), version = version + 1${how} where leg = $1`;
    expect((await world.sql.query(over, [leg])).rowCount).toBe(1);
    await run();
    expect(ended).toContain(leg);
    await world.phoneIs(from, 'ended');
  },
);

it('a leg that is none of ours is left alone', async () => {
  const { id } = await world.order();
  await world.phoneIs(claire, 'ringing');
  await world.sql.query('delete from legs where call_session_id = $1', [id]);
  const leg = (await world.phone(claire))!.leg as LegUuid;
  await isListed(leg);
  const { run, pass, ended } = sweepOfAnother();
  await run();
  pass(60_000);
  await run();
  expect(ended).not.toContain(leg);
  await world.does(claire, 'reject');
  await world.api('POST', `/v1/call-sessions/${id}/hangup`);
  await world.sessionIs(id, 'settled');
});

it('after a lost link a talk whose legs both live is asked nothing, and known to have lived', async () => {
  const { id } = await world.connect();
  const real = world.house.switches.get('fs1')!;
  const looked: LegUuid[] = [];
  const look = real.look.bind(real);
  real.look = (leg) => {
    looked.push(leg);
    return look(leg);
  };
  const swept = async (): Promise<string | null> =>
    (await world.sql.query<{ us: string | null }>('select swept_us::text as us from switches')).rows[0]!.us;
  const before = await swept();
  world.cutLink();
  await eventually(async () => expect(await swept()).not.toBe(before));
  expect(looked).toEqual([]);
  await world.does(claire, 'hangup');
  await world.sessionIs(id, 'settled');
  await world.phoneIs(caller, 'ended');
});
