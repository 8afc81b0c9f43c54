// The simulated switch against what a real one was seen to do, and the misfortunes it can be asked for.
import { beforeEach, describe, expect, test } from 'vitest';
import type { E164, LegUuid } from '../../src/core/ids.ts';
import type { Switch, SwitchEvent } from '../../src/flow/ports.ts';
import { type FaultPlan, GatewayProcess, Kernel, noFaults } from './kernel.ts';
import { spoolOf } from './sim-call-records.ts';
import { type Behaviour, SimPeople, willing } from './sim-people.ts';
import { SimSwitch } from './sim-switch.ts';
import { answerApi } from './sim-switch-api.ts';

const caller = '+33612345600' as E164;
const consultant = '+33199000001' as E164;
const a = '00000000-0000-4000-a000-00000000000a' as LegUuid;
const b = '00000000-0000-4000-a000-00000000000b' as LegUuid;

interface Stage {
  kernel: Kernel;
  world: SimSwitch;
  process: GatewayProcess;
  port: Switch;
  told: SwitchEvent[];
  posted: LegUuid[];
}

interface Given {
  plan?: Partial<FaultPlan>;
  caller?: Behaviour;
  consultant?: Behaviour;
  seed?: number;
  takesRecords?: () => boolean;
}

function stageOf(given: Given = {}): Stage {
  const kernel = new Kernel(given.seed ?? 1, { ...noFaults, ...given.plan });
  const people = new SimPeople(kernel, { talkLimitSeconds: 30, ringSeconds: 8 });
  people.add(caller, 'caller', [given.caller ?? willing()]);
  people.add(consultant, 'consultant', [given.consultant ?? willing()]);
  const posted: LegUuid[] = [];
  const world = new SimSwitch(kernel, {
    id: 'fs1',
    people,
    postCdr: (leg) => {
      posted.push(leg);
      return given.takesRecords?.() ?? true;
    },
  });
  const { process, port, told } = gatewayOf(kernel, world, 'gw1');
  return { kernel, world, process, port, told, posted };
}

function gatewayOf(kernel: Kernel, world: SimSwitch, name: string) {
  const process = new GatewayProcess(kernel, name, 1);
  const port = world.linkOf(process);
  const told: SwitchEvent[] = [];
  port.onEvent((event) => told.push(event));
  port.start();
  return { process, port, told };
}

/** Awaits what a port answers while virtual time goes on. */
async function answered<T>(kernel: Kernel, answer: Promise<T>, withinMs = 20_000): Promise<T> {
  let settled: { value: T } | undefined;
  void answer.then((value) => (settled = { value }));
  await kernel.run(() => settled !== undefined, withinMs);
  if (!settled) throw new Error('no answer');
  return settled.value;
}

const types = (told: readonly SwitchEvent[], leg?: LegUuid): string[] =>
  told.filter((one) => leg === undefined || ('leg' in one && one.leg === leg)).map((one) => one.type);

const hears = (stage: Stage, type: SwitchEvent['type'], nth = 1, withinMs = 60_000): Promise<boolean> =>
  stage.kernel.run(() => stage.told.filter((one) => one.type === type).length >= nth, withinMs);

const ring = (stage: Stage, leg: LegUuid, to: E164) =>
  answered(
    stage.kernel,
    stage.port.ring({ leg, to, callerId: consultant, ringSeconds: 8, guardSeconds: 68 }),
  );

const question = (request: string) => ({
  request,
  sentence: { key: 'caller_reminder', language: 'fr' } as const,
  waitMs: 8_000,
});

async function talking(stage: Stage, limitSeconds = 30): Promise<void> {
  await hears(stage, 'linkUp');
  await ring(stage, a, caller);
  await ring(stage, b, consultant);
  await hears(stage, 'legAnswered', 2);
  expect(await answered(stage.kernel, stage.port.bridge(a, b, limitSeconds))).toEqual({ outcome: 'done' });
  await hears(stage, 'legsBridged');
}

describe('a call', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = stageOf();
    await hears(stage, 'linkUp');
  });

  test('a phone rings, is answered, is asked, gives a key', async () => {
    expect(await ring(stage, a, caller)).toEqual({ outcome: 'done' });
    await hears(stage, 'legAnswered');
    await answered(stage.kernel, stage.port.ask(a, question('q1')));
    await hears(stage, 'keyGiven');
    expect(types(stage.told, a)).toEqual(['legRinging', 'legAnswered', 'keyGiven']);
    expect(stage.world.keysPressed(a)).toMatchObject([{ key: '1', request: 'q1', question: 1 }]);
  });

  test('the same leg ordered again rings once', async () => {
    await ring(stage, a, caller);
    await hears(stage, 'legRinging');
    expect(await ring(stage, a, caller)).toEqual({ outcome: 'done' });
    await hears(stage, 'legAnswered');
    expect(stage.world.legsEver()).toHaveLength(1);
  });

  test('hung up in the same breath, it does not ring on', async () => {
    const rung = stage.port.ring({ leg: a, to: caller, callerId: caller, ringSeconds: 8, guardSeconds: 60 });
    const ended = stage.port.hangUp(a, 'stopped');
    expect(await answered(stage.kernel, Promise.all([rung, ended]))).toEqual([
      { outcome: 'done' },
      { outcome: 'done' },
    ]);
    await hears(stage, 'legEnded');
    expect(await answered(stage.kernel, stage.port.look(a))).toEqual({ state: 'gone' });
  });

  test('a leg nobody commands is ended by its guard', async () => {
    await ring(stage, a, caller);
    await hears(stage, 'legEnded', 1, 100_000);
    expect(stage.told.at(-1)).toMatchObject({ cause: 'stopped', switchCause: 'MANAGER_REQUEST' });
  });

  test('B hangs up: A stays, parked, until park_timeout; the truth ends with B', async () => {
    stage = stageOf({ consultant: willing(10_000) });
    await talking(stage);
    expect(await answered(stage.kernel, stage.port.look(a))).toMatchObject({ answered: true, bridgedTo: b });
    await hears(stage, 'legEnded');
    expect(await answered(stage.kernel, stage.port.look(a))).not.toHaveProperty('bridgedTo');
    const [talk] = stage.world.talks();
    const seconds = Number((talk?.endedUs ?? 0n) - (talk?.bridgedUs ?? 0n)) / 1e6;
    expect(seconds).toBeCloseTo(10, 0);
    await hears(stage, 'legEnded', 2);
    expect(stage.told.findLast((one) => one.type === 'legEnded')).toMatchObject({ leg: a });
  });

  test('without any gateway the switch cuts 0.5 to 2 s behind the limit, and records both legs', async () => {
    await talking(stage);
    stage.process.kill();
    await stage.kernel.run(() => stage.posted.length === 2, 60_000);
    const [talk] = stage.world.talks();
    const seconds = Number((talk?.endedUs ?? 0n) - (talk?.bridgedUs ?? 0n)) / 1e6;
    expect(seconds).toBeGreaterThanOrEqual(30.4);
    expect(seconds).toBeLessThanOrEqual(32.1);
    expect(talk).toMatchObject({ cause: 'ALLOTTED_TIMEOUT', byCrash: false });
    expect(stage.world.cdrs().map(({ fate }) => fate)).toEqual(['posted', 'posted']);
  });

  test('a limit is moved by adding the new task first', async () => {
    await talking(stage);
    const [before] = stage.world.talks();
    const bridgedUs = before?.bridgedUs ?? 0n;
    const moved = stage.port.moveLimit(a, bridgedUs + 60_000_000n);
    const unarmed: boolean[] = [];
    stage.kernel.afterChange = () => {
      unarmed.push(stage.world.talks()[0]?.limitUntilUs === undefined);
    };
    expect(await answered(stage.kernel, moved)).toEqual({ outcome: 'done' });
    expect(unarmed).not.toContain(true);
    const behind = Number((stage.world.talks()[0]?.limitUntilUs ?? 0n) - bridgedUs) / 1e6 - 60;
    expect(behind).toBeGreaterThanOrEqual(0.5);
    expect(behind).toBeLessThanOrEqual(1.5);
    expect(stage.world.talks()[0]?.limitsUs).toHaveLength(2);
  });

  test('one who falls silent is gone after 30 s, and the truth knows his last packet', async () => {
    stage = stageOf({ caller: willing(undefined, { fallsSilentAfterMs: 5_000 }) });
    await talking(stage, 60);
    await hears(stage, 'legEnded', 2);
    const [talk] = stage.world.talks();
    expect(talk?.cause).toBe('MEDIA_TIMEOUT');
    expect(Number((talk?.silentFromUs ?? 0n) - (talk?.bridgedUs ?? 0n)) / 1e6).toBeCloseTo(5, 1);
  });

  test('the caller asks for more time when he is told that the end is near', async () => {
    stage = stageOf({ caller: willing(undefined, { wantsMoreAfterMs: 700 }) });
    await talking(stage);
    await answered(
      stage.kernel,
      stage.port.announce(a, { key: 'limit_near', language: 'fr', secondsLeft: 10 }),
    );
    await hears(stage, 'keyPressed');
    expect(stage.told.find((one) => one.type === 'keyPressed')).toEqual({
      type: 'keyPressed',
      leg: a,
      key: '5',
    });
  });
});

describe('a call from outside', () => {
  const ddi = '+33899000001' as E164;
  const cli = { trust: 'network', number: caller } as const;
  const done = { outcome: 'done' };
  const dialled = async (numbers: Behaviour['numbers'] = []) => {
    const stage = stageOf({ caller: willing(undefined, { numbers }) });
    await hears(stage, 'linkUp');
    const leg = stage.world.dial(caller, cli, ddi);
    if (leg === undefined) throw new Error('nobody could dial');
    await hears(stage, 'legParked');
    return { stage, leg, port: stage.port };
  };
  const wanted = (request: string) => ({
    request,
    sentence: question('').sentence,
    maxDigits: 6,
    terminator: '#' as const,
    waitMs: 6_000,
    betweenMs: 2_000,
    secret: false,
  });

  test('nobody takes it: the apology, and the end', async () => {
    const { stage, leg } = await dialled();
    const atMs = stage.kernel.nowMs;
    await hears(stage, 'legEnded');
    expect(stage.told.slice(1)).toMatchObject([
      { type: 'legParked', leg, cli, ddi },
      { type: 'legEnded', leg, switchCause: 'NORMAL_TEMPORARY_FAILURE' },
    ]);
    expect(stage.kernel.nowMs - atMs).toBeGreaterThan(7_000);
  });

  test('taken, answered, asked for a number, joined and recorded', async () => {
    const { stage, leg, port } = await dialled([{ keys: '4815#', afterMs: 1_000 }]);
    expect(await answered(stage.kernel, port.take(leg, 60))).toEqual(done);
    expect(await answered(stage.kernel, port.answer(leg))).toEqual(done);
    expect(await answered(stage.kernel, port.answer(leg))).toEqual(done);
    await answered(stage.kernel, port.askDigits(leg, wanted('op_1')));
    await hears(stage, 'digitsGiven');
    expect(stage.told.at(-1)).toEqual({
      type: 'digitsGiven',
      leg,
      request: 'op_1',
      digits: '4815',
      ended: 'terminator',
    });
    await ring(stage, b, consultant);
    await hears(stage, 'legAnswered', 2);
    expect(await answered(stage.kernel, port.bridge(leg, b, 30))).toEqual(done);
    await hears(stage, 'legsBridged');
    await answered(stage.kernel, port.hangUp(leg, 'normal'));
    await hears(stage, 'legEnded', 2);
    await stage.kernel.run(() => stage.posted.length === 2, 10_000);
    expect(stage.posted).toContain(leg);
  });

  test('its numbers end by a pause, by their length, anew, or not at all', async () => {
    const { stage, leg, port } = await dialled([
      { keys: '12', afterMs: 500 },
      { keys: '1234567', afterMs: 500 },
      { keys: '12*34', afterMs: 500 },
      { afterMs: 0 },
    ]);
    await answered(stage.kernel, port.take(leg, 60));
    await answered(stage.kernel, port.answer(leg));
    for (const [request, told] of Object.entries({
      op_1: { type: 'digitsGiven', digits: '12', ended: 'pause' },
      op_2: { type: 'digitsGiven', digits: '123456', ended: 'full' },
      op_3: { type: 'digitsGiven', digits: '', ended: 'restart' },
      op_4: { type: 'noKeyGiven' },
    })) {
      await answered(stage.kernel, port.askDigits(leg, wanted(request)));
      await hears(
        stage,
        told.type as SwitchEvent['type'],
        told.type === 'noKeyGiven' ? 1 : Number(request[3]),
      );
      expect(stage.told.at(-1)).toMatchObject({ ...told, request });
    }
  });

  test('asked again, only the later entry is told', async () => {
    const { stage, leg, port } = await dialled([
      { keys: '11#', afterMs: 5_000 },
      { keys: '22#', afterMs: 500 },
    ]);
    await answered(stage.kernel, port.take(leg, 60));
    await answered(stage.kernel, port.answer(leg));
    await answered(stage.kernel, port.askDigits(leg, wanted('op_1')));
    await answered(stage.kernel, port.askDigits(leg, wanted('op_1')));
    await stage.kernel.run(() => false, 10_000);
    expect(stage.told.filter((one) => one.type === 'digitsGiven')).toMatchObject([{ digits: '22' }]);
  });

  test.each([
    ['before it marked anything', []],
    ['when it had marked it', ['uuid_setvar_multi LEG ringmeter_taken=begun;digits_dialed_filter=.+']],
    [
      'when the apology was gone',
      ['uuid_setvar_multi LEG ringmeter_taken=begun;digits_dialed_filter=.+', 'sched_del LEG'],
    ],
    [
      'when all was done',
      ['uuid_setvar_multi LEG ringmeter_taken=true;digits_dialed_filter=.+', 'sched_del LEG'],
    ],
  ])('a gateway dies in the middle of taking it, %s', async (_, commands) => {
    const { stage, leg } = await dialled();
    for (const command of commands) answerApi(stage.world, command.replace('LEG', leg));
    const heir = gatewayOf(stage.kernel, stage.world, 'gw2');
    await stage.kernel.run(() => heir.told.length > 0, 5_000);
    const listed = await answered(stage.kernel, heir.port.parked());
    expect(listed).toMatchObject({ outcome: 'listed', parked: [{ leg, cli, ddi }] });
    expect(await answered(stage.kernel, heir.port.take(leg, 60))).toEqual(done);
    await stage.kernel.run(() => false, 20_000);
    expect(await answered(stage.kernel, heir.port.look(leg))).toEqual({ state: 'living', answered: false });
    await stage.kernel.run(() => types(heir.told, leg).includes('legEnded'), 60_000);
    expect(heir.told.at(-1)).toMatchObject({ switchCause: 'MANAGER_REQUEST' });
  });

  test('once the apology has begun it cannot be taken any more', async () => {
    const { stage, leg, port } = await dialled();
    await stage.kernel.run(() => false, 9_000);
    expect(await answered(stage.kernel, port.parked())).toEqual({ outcome: 'listed', parked: [] });
    expect(await answered(stage.kernel, port.take(leg, 60))).toEqual({
      outcome: 'refused',
      reason: 'the apology has begun',
    });
  });
});

describe('what goes wrong', () => {
  test('an answer lost after the act: unknown, the link comes again, and the leg rings', async () => {
    // exists, guard, originate: the third command of the run.
    const stage = stageOf({ plan: { acts: [{ act: 'switch', nth: 3, fault: 'lose_answer' }] } });
    await hears(stage, 'linkUp');
    expect(await ring(stage, a, caller)).toEqual({ outcome: 'unknown' });
    await hears(stage, 'linkUp', 2);
    expect(types(stage.told)).toContain('linkDown');
    expect(stage.world.legsEver()).toHaveLength(1);
  });

  test('a uuid that has ended can be rung again by who does not look: both are known', async () => {
    const stage = stageOf({ caller: willing(undefined, { rung: 'busy' }) });
    await hears(stage, 'linkUp');
    await ring(stage, a, caller);
    await hears(stage, 'legEnded');
    await ring(stage, a, caller);
    await hears(stage, 'legEnded', 2);
    expect(stage.world.legsEver().map(({ leg }) => leg)).toEqual([a, a]);
  });

  test('while the link is cut nothing is told and every command is unknown', async () => {
    const stage = stageOf();
    await talking(stage);
    stage.world.loseLink('gw1', 5_000, {});
    await hears(stage, 'linkDown');
    expect(await answered(stage.kernel, stage.port.look(a))).toEqual({ state: 'unknown' });
    stage.world.kill(b, 'NORMAL_CLEARING');
    await hears(stage, 'linkUp', 2);
    await stage.kernel.run(() => false, 4_000);
    expect(types(stage.told, b)).not.toContain('legEnded');
    expect(await answered(stage.kernel, stage.port.look(b))).toEqual({ state: 'gone' });
  });

  test('events of a lost link come after it is up again, when they are late', async () => {
    const stage = stageOf();
    await talking(stage);
    stage.world.loseLink('gw1', 5_000, { events: 'late' });
    await hears(stage, 'linkDown');
    stage.world.kill(b, 'NORMAL_CLEARING');
    await hears(stage, 'legEnded');
    const told = types(stage.told);
    expect(told.indexOf('legEnded')).toBeGreaterThan(told.lastIndexOf('linkUp'));
  });

  test('a half-open link carries commands out, and nobody hears of it', async () => {
    const stage = stageOf();
    await talking(stage);
    stage.world.loseLink('gw1', 20_000, { halfOpen: 'one_way' });
    expect(await answered(stage.kernel, stage.port.hangUp(b, 'normal'))).toEqual({ outcome: 'unknown' });
    expect(stage.world.exists(b)).toBe(false);
    expect(types(stage.told)).toContain('linkDown');
    expect(types(stage.told, b)).not.toContain('legEnded');
  });

  test('two gateways hear of every leg', async () => {
    const stage = stageOf();
    const other = gatewayOf(stage.kernel, stage.world, 'gw2');
    await talking(stage);
    await stage.kernel.run(() => other.told.some((one) => one.type === 'legsBridged'), 1_000);
    expect(types(other.told)).toContain('legsBridged');
  });

  test('a crash: everything is gone, nothing is told or recorded, another core comes', async () => {
    const stage = stageOf();
    await talking(stage);
    const core = stage.port.link().coreUuid;
    stage.world.crash(8_000);
    expect(stage.world.livingLegs()).toEqual([]);
    expect(stage.world.talks()).toMatchObject([{ byCrash: true, cause: 'CRASH' }]);
    await hears(stage, 'linkUp', 2);
    expect(stage.port.link().coreUuid).not.toBe(core);
    expect(types(stage.told)).not.toContain('legEnded');
    expect(stage.world.cdrs().map(({ fate }) => fate)).toEqual(['lost', 'lost']);
    expect(stage.world.tasks.all()).toEqual([]);
    expect(await answered(stage.kernel, stage.port.look(a))).toEqual({ state: 'gone' });
  });

  test('a clean stop may tell the ends, and loses the records', async () => {
    const stage = stageOf();
    await talking(stage);
    stage.world.stopCleanlyLosingCdrs(3_000, { tellEnds: true });
    await hears(stage, 'linkUp', 2);
    expect(stage.world.cdrs().map(({ fate }) => fate)).toEqual(['lost', 'lost']);
    expect(stage.world.talks()).toMatchObject([{ byCrash: false, cause: 'SYSTEM_SHUTDOWN' }]);
  });

  test('originates that come to nothing: refused at once, or told as the end of a leg that never was', async () => {
    const stage = stageOf();
    await hears(stage, 'linkUp');
    stage.world.refuseOriginates(1, 'command');
    expect(await ring(stage, a, caller)).toMatchObject({ outcome: 'refused' });
    stage.world.refuseOriginates(1, 'job');
    expect(await ring(stage, b, consultant)).toEqual({ outcome: 'done' });
    await hears(stage, 'legEnded');
    expect(stage.told.at(-1)).toMatchObject({ leg: b, cause: 'congestion' });
    expect(stage.world.legsEver()).toEqual([]);
  });

  test('a list that lags shows the dead and not the new', async () => {
    const stage = stageOf({ plan: { chances: { list_lags: 1 } } });
    await talking(stage);
    await stage.kernel.run(() => false, 6_000);
    stage.world.kill(b, 'NORMAL_CLEARING');
    const listed = await answered(stage.kernel, stage.port.legs());
    expect(listed).toMatchObject({ outcome: 'listed', legs: expect.arrayContaining([a, b]) });
  });

  test('a record nobody takes lies in the spool until it is removed', async () => {
    const stage = stageOf({ takesRecords: () => false });
    await talking(stage);
    stage.world.kill(a, 'NORMAL_CLEARING');
    await stage.kernel.run(
      () => stage.world.cdrs().filter(({ fate }) => fate === 'spooled').length === 2,
      9_000,
    );
    await stage.kernel.run(() => false, 100);
    const spool = spoolOf(stage.process, stage.kernel, [stage.world]);
    const names = await answered(stage.kernel, spool.list(10));
    expect(names).toHaveLength(2);
    const text = await answered(stage.kernel, spool.read(`${a}.cdr.json`));
    const talk = stage.world.talks()[0];
    expect(JSON.parse(text ?? '')).toMatchObject({
      variables: {
        uuid: a,
        hangup_cause: 'NORMAL_CLEARING',
        bridge_uepoch: String(talk?.bridgedUs),
        end_uepoch: String(talk?.endedUs),
      },
    });
    await answered(stage.kernel, spool.remove(`${a}.cdr.json`));
    expect(await answered(stage.kernel, spool.read(`${a}.cdr.json`))).toBe(undefined);
  });

  test('a record may come twice, late, or never', async () => {
    const doubled = stageOf({ plan: { chances: { cdr_doubled: 1 } }, seed: 2 });
    await talking(doubled);
    doubled.world.kill(a, 'NORMAL_CLEARING');
    await doubled.kernel.run(() => false, 30_000);
    expect(doubled.posted.length + doubled.world.records.spool.size).toBe(4);
    const lost = stageOf({ plan: { chances: { cdr_lost: 1 } } });
    await talking(lost);
    lost.world.kill(a, 'NORMAL_CLEARING');
    await lost.kernel.run(() => false, 30_000);
    expect(lost.posted).toEqual([]);
  });

  test('the same seed tells the same story', async () => {
    const story = async (): Promise<readonly string[]> => {
      const stage = stageOf({ seed: 7, plan: { chances: { event_late: 0.3, event_dropped: 0.1 } } });
      await talking(stage).catch(() => undefined);
      await stage.kernel.run(() => false, 60_000);
      return stage.kernel.lines;
    };
    expect(await story()).toEqual(await story());
  });
});
