// A paid call that a scenario leads, event by event: from his key 1 on the caller is the scenario's, whom it rings is the call's, and
// one talk is billed at most.

import { describe, expect, it } from 'vitest';
import { resume } from '../../src/core/advance-call.ts';
import type { CallEvent, RingPlan } from '../../src/core/call-session.ts';
import type { E164 } from '../../src/core/ids.ts';
import { ringEndOf } from '../../src/flow/scenario-talk.ts';
import { answered, callerLeg, ended, key, legOf, second, Table } from './call-table.ts';

const scenario = { scenarioId: 'scn_1', version: 2 };
const ringPlan: RingPlan = {
  ringing: 'in_turn',
  ringSeconds: 20,
  ringStepSeconds: 10,
  callerId: '+33199000101' as E164,
  callerLanguage: 'en',
  talkLimitSeconds: 900,
};
const rings = (
  turn: number,
  candidates: string[] = ['con_1'],
  plan: Partial<RingPlan> = {},
  run: { acceptKey?: boolean } = {},
): CallEvent => ({
  type: 'scenarioRings',
  ring: { id: 'run_1', turn, acceptKey: true, ...run },
  plan: { ...ringPlan, ...plan },
  candidates,
});
const goneWith = 160n * second;
const bridgedAt: CallEvent = { type: 'legsBridged', atUs: 100n * second };
const moreTime = { seconds: 600, times: 2, hold: '20.00' };

/** He has pressed 1. */
function led(plan: ConstructorParameters<typeof Table>[0] = {}): Table {
  const table = new Table({ callerFirst: true, led: scenario, ...plan });
  table.on({ type: 'paymentAuthorized' }).on(answered(callerLeg));
  table.done();
  return table.on(key(callerLeg, '1'));
}
/** Somebody has pressed 1 too, and they talk. */
function talking(plan: ConstructorParameters<typeof Table>[0] = {}, ring = rings(3)): Table {
  const table = led(plan)
    .on(ring)
    .on(answered(legOf(1)))
    .on(key(legOf(1), '1'))
    .on(bridgedAt);
  table.done();
  return table;
}

describe('from his key 1 on', () => {
  it('he is the scenario’s, in one step with it; whoever was kept for him is anybody’s', () => {
    const table = new Table({ callerFirst: true, led: scenario });
    table.on({ type: 'paymentAuthorized' });
    expect(table.done()).toEqual(['ring A']);
    table.on(answered(callerLeg));
    expect(table.done()).toEqual(['ask A caller_offer']);
    table.on(key(callerLeg, '1'));
    const [step] = table.said;
    expect([step?.handOver, step?.free]).toEqual([true, ['con_1', 'con_2', 'con_3']]);
    expect(step?.facts.map(({ name }) => name)).toEqual(['caller_consented']);
    expect(table.done()).toEqual([]);
    expect(table.session).toMatchObject({ state: 'led', candidates: [] });
    expect(resume(table.session)).toEqual([]);
  });

  it.each<[string, CallEvent]>([
    ['what the scenario says', { type: 'played', leg: callerLeg, request: 'hold' }],
    ['what he keys there', key(callerLeg, '3')],
    ['nothing keyed', { type: 'noKeyGiven', leg: callerLeg }],
    ['a consultant who withdrew', { type: 'consultantsWithdrew', consultantIds: ['con_1'] }],
    ['a bridge nobody ordered', bridgedAt],
  ])('%s is none of the call’s business', (_, event) => {
    const table = led();
    const before = table.session;
    expect(table.on(event).session).toEqual(before);
  });

  it.each<[string, CallEvent, string, string[]]>([
    ['he hangs up', ended(callerLeg, 'normal'), 'caller_left', []],
    ['he ends it on his page', { type: 'hangUpRequested', by: 'caller' }, 'caller_left', ['hangUp A normal']],
    ['his merchant ends it', { type: 'hangUpRequested', by: 'merchant' }, 'cancelled', ['hangUp A normal']],
    ['the scenario is over', { type: 'scenarioEnded', failed: false }, 'nobody_took_it', []],
    ['the scenario breaks down', { type: 'scenarioEnded', failed: true }, 'failed', []],
    ['the switch restarts', { type: 'switchRestarted' }, 'failed', []],
  ])('%s: over, and the money is let go', (_, event, outcome, did) => {
    const table = led();
    table.done();
    table.on(event);
    expect([table.session.state, table.session.outcome]).toEqual(['ended', outcome]);
    expect(table.said.some((step) => step.settle)).toBe(true);
    expect(table.done()).toEqual(did);
    expect(table.session.handedOver).toBeUndefined();
  });
});

describe('whom the scenario rings', () => {
  it('once a turn, however often it is wanted; an older turn means nothing', () => {
    const table = led();
    table.done();
    table.on(rings(3));
    expect(table.done()).toEqual(['playMusic A', 'ring B1']);
    const ringing = table.session;
    expect(ringing).toMatchObject({
      state: 'ringing_consultant',
      plan: { ringSeconds: 20, callerLanguage: 'en' },
    });
    expect(table.on(rings(3)).on(rings(4)).session).toEqual(ringing);
    table.on(ended(legOf(1), 'busy'));
    expect(table.session.state).toBe('led');
    table.done();
    expect(table.on(rings(3)).on(rings(2)).done()).toEqual([]);
    expect(table.on(rings(5, ['con_2'])).done()).toEqual(['playMusic A', 'ring B2']);
  });

  it.each<[string, CallEvent[], string, string[]]>([
    ['is busy', [ended(legOf(1), 'busy')], 'busy', []],
    ['does not answer', [ended(legOf(1), 'no_answer')], 'no_answer', []],
    [
      'refuses',
      [answered(legOf(1)), key(legOf(1), '3')],
      'refused',
      ['ask B1 consultant_offer', 'hangUp B1 normal'],
    ],
    [
      'accepts, and is gone before they are joined',
      [answered(legOf(1)), key(legOf(1), '1'), ended(legOf(1), 'normal')],
      'unavailable',
      ['ask B1 consultant_offer', 'bridge'],
    ],
    [
      'accepts, and cannot be joined',
      [answered(legOf(1)), key(legOf(1), '1'), { type: 'bridgeFailed' }],
      'unavailable',
      ['ask B1 consultant_offer', 'bridge', 'hangUp B1 normal'],
    ],
    [
      'withdraws',
      [{ type: 'consultantsWithdrew', consultantIds: ['con_1'] }],
      'unavailable',
      ['hangUp B1 stopped'],
    ],
  ])(
    '%s: free again, nothing is settled, and the scenario goes on with its own words',
    (_, events, end, did) => {
      const table = led().on(rings(3));
      table.done();
      for (const event of events) table.on(event);
      expect(table.session.state).toBe('led');
      expect(table.said.flatMap((step) => step.free)).toContain('con_1');
      expect(table.said.some((step) => step.settle)).toBe(false);
      expect(ringEndOf(table.session)).toBe(end);
      expect(table.done()).toEqual(did);
      // Next time it is as if nothing had been: neither his reasons nor his yes count.
      table.on(rings(4, ['con_2']));
      expect(table.done()).toEqual(['playMusic A', 'ring B2']);
      expect(table.session.endedBy ?? table.session.unbridgedUs).toBeUndefined();
      table.on(ended(legOf(2), 'busy'));
      expect(ringEndOf(table.session)).toBe('busy');
    },
  );

  it.each<[string, CallEvent[], string, string[]]>([
    ['he hangs up while it rings', [ended(callerLeg, 'normal')], 'caller_left', ['hangUp B1 stopped']],
    [
      'he ends it on his page while it rings',
      [{ type: 'hangUpRequested', by: 'caller' }],
      'caller_left',
      ['hangUp B1 stopped', 'hangUp A normal'],
    ],
    [
      'his merchant ends it as both have agreed',
      [
        answered(legOf(1)),
        key(legOf(1), '1'),
        { type: 'hangUpRequested', by: 'merchant' },
        ended(legOf(1), 'normal'),
      ],
      'cancelled',
      ['ask B1 consultant_offer', 'bridge', 'hangUp B1 normal', 'hangUp A normal'],
    ],
  ])('%s: that is the end of the call', (_, events, outcome, did) => {
    const table = led().on(rings(3));
    table.done();
    for (const event of events) table.on(event);
    expect([table.session.state, table.session.outcome]).toEqual(['ended', outcome]);
    expect(table.done()).toEqual(did);
  });

  it('a number that is to press nothing is joined as it answers, and hears the whisper first', () => {
    const table = led();
    table.done();
    table.on(rings(3, ['con_1'], {}, { acceptKey: false }));
    table.on(answered(legOf(1)));
    // A consultant presses 1 whatever the block says.
    expect(table.done()).toEqual(['playMusic A', 'ring B1', 'ask B1 consultant_offer']);
  });
});

describe('how long he may talk', () => {
  it.each<[string, number, number, boolean]>([
    ['the block says nothing shorter', 900, 900, true],
    ['the block says more than he has paid for', 3_600, 900, true],
    ['the block says less', 60, 60, false],
  ])('%s', (_, wanted, limit, offered) => {
    const talk = talking({ moreTime }, rings(3, ['con_1'], { talkLimitSeconds: wanted }));
    expect(talk.session.plan.talkLimitSeconds).toBe(limit);
    expect(talk.session.plan.moreTime !== undefined).toBe(offered);
  });

  it('what a block wanted less holds for its own ring alone', () => {
    const table = led({ moreTime }).on(rings(3, ['con_1'], { talkLimitSeconds: 60 }));
    table.on(ended(legOf(1), 'busy')).on(rings(4, ['con_2']));
    expect(table.session.plan).toMatchObject({ talkLimitSeconds: 900, moreTime });
  });
});

describe('when that talk is over', () => {
  it.each<[string, CallEvent[], string, boolean, string[]]>([
    ['the consultant hangs up', [ended(legOf(1), 'normal', goneWith)], 'talked', true, []],
    [
      'the limit ends it',
      [{ type: 'timerDue', timer: 'limit' }, ended(legOf(1), 'limit_reached', goneWith)],
      'limit_reached',
      true,
      ['hangUp B1 limit_reached'],
    ],
    ['the caller hangs up', [ended(callerLeg, 'normal', goneWith)], 'talked', false, ['hangUp B1 normal']],
    [
      'the caller ends it on his page',
      [{ type: 'hangUpRequested', by: 'caller' }, ended(legOf(1), 'normal', goneWith)],
      'talked',
      false,
      ['hangUp B1 normal', 'hangUp A normal'],
    ],
    [
      'his merchant ends it',
      [{ type: 'hangUpRequested', by: 'merchant' }, ended(legOf(1), 'normal', goneWith)],
      'talked',
      false,
      ['hangUp B1 normal', 'hangUp A normal'],
    ],
  ])('%s', (_, events, outcome, goesOn, did) => {
    const talk = talking();
    for (const event of events) talk.on(event);
    const { state, handedOver } = talk.session;
    expect([state, talk.session.outcome, handedOver === true]).toEqual(['ended', outcome, goesOn]);
    // It has begun long ago.
    expect(talk.said.some((step) => step.handOver)).toBe(false);
    expect(talk.said.filter((step) => step.settle)).toHaveLength(1);
    expect(talk.done()).toEqual(did);
    const over = talk.session;
    talk
      .on({ type: 'played', leg: callerLeg, request: 'last_words' })
      .on(rings(7))
      .on({ type: 'scenarioEnded', failed: false })
      .on(ended(callerLeg, 'normal', goneWith + second));
    expect([talk.session, talk.done()]).toEqual([over, []]);
  });
});
