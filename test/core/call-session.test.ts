// The call session's rule, step by step in the words of the people on the line, then with everything that can happen at
// any moment (fast-check): whatever order events come in, it ends cleanly and nobody is joined without his key.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advance, resume } from '../../src/core/advance-call.ts';
import {
  billableUs,
  type CallEvent,
  type CallStep,
  type FurtherPhone,
  mayOfferMoreTime,
  talkUs,
  warningSecondsBefore,
} from '../../src/core/call-session.ts';
import type { E164 } from '../../src/core/ids.ts';
import {
  answered,
  callerLeg,
  ended,
  key,
  legOf,
  nextLegOf,
  paid,
  second,
  silence,
  Table,
  talking,
} from './call-table.ts';

describe('a call as it should go', () => {
  it('rings the consultant, then the caller, joins them, and ends with the farewell', () => {
    const table = new Table().on(paid);
    expect(table.session.state).toBe('ringing_consultant');
    expect(table.done()).toEqual(['ring B1']);
    table.on(answered(legOf(1)));
    expect(table.done()).toEqual(['ask B1 consultant_offer']);
    table.on(key(legOf(1), '1'));
    expect(table.session.state).toBe('ringing_caller');
    expect(table.done()).toEqual(['play B1 consultant_wait', 'ring A']);
    table.on({ type: 'played', leg: legOf(1), request: 'wait' });
    expect(table.done()).toEqual(['playMusic B1']);
    table.on(answered(callerLeg));
    expect(table.done()).toEqual(['ask A caller_offer']);
    table.on(key(callerLeg, '1'));
    expect(table.session.state).toBe('ringing_caller');
    expect(table.done()).toEqual(['bridge']);
    table.on({ type: 'legsBridged', atUs: 100n * second });
    expect(table.session.state).toBe('connected');
    table.on(ended(legOf(1), 'normal', 400n * second));
    expect(table.session).toMatchObject({ state: 'ended', outcome: 'talked', endedBy: 'consultant' });
    expect(talkUs(table.session)).toBe(300n * second);
    expect(table.done()).toEqual(['play A caller_farewell']);
    table.on({ type: 'played', leg: callerLeg, request: 'last_words' });
    expect(table.done()).toEqual(['hangUp A normal']);
  });

  it('tells the merchant each thing once, and frees and settles at the end', () => {
    const table = new Table();
    const all: CallStep[] = [];
    for (const event of [
      paid,
      answered(legOf(1)),
      key(legOf(1), '1'),
      answered(callerLeg),
      key(callerLeg, '1'),
      { type: 'legsBridged', atUs: 100n * second } as const,
      { type: 'timerDue', timer: 'warning' } as const,
      ended(callerLeg, 'normal', 130n * second),
      ended(legOf(1), 'normal', 130n * second),
    ]) {
      table.on(event);
      all.push(...table.said);
      table.said = [];
    }
    expect(all.flatMap((step) => step.notices.map((notice) => notice.type))).toEqual([
      'call.ringing',
      'call.ringing',
      'call.connected',
      'call.limit_near',
      'call.ended',
    ]);
    expect(all.filter((step) => step.settle)).toHaveLength(1);
    expect(all.find((step) => step.occupy)?.occupy).toBe('con_1');
    expect(all.find((step) => step.settle)?.free).toContain('con_1');
  });

  it('ends at the limit: the consultant goes first, the caller hears why', () => {
    const table = talking().on({ type: 'timerDue', timer: 'limit' });
    expect(table.done()).toEqual(['hangUp B1 limit_reached']);
    table.on(ended(legOf(1), 'limit_reached', 1_000n * second + 42_000n));
    expect(table.session).toMatchObject({ outcome: 'limit_reached', endedBy: 'limit' });
    expect(table.done()).toEqual(['play A caller_farewell']);
    expect(billableUs(talkUs(table.session), 900)).toBe(900n * second);
  });

  it('is parted before anybody knows by whom: the first leg’s end tells, the earlier instant counts', () => {
    const table = talking().on({ type: 'legsUnbridged', atUs: 160n * second });
    expect(table.session.state).toBe('connected');
    expect(table.done()).toEqual([]);
    table.on(ended(callerLeg, 'normal', 160n * second + 20_000n));
    expect(table.session).toMatchObject({ state: 'ended', outcome: 'talked', endedBy: 'caller' });
    expect(talkUs(table.session)).toBe(60n * second);
  });

  it('is parted and no leg’s end is told in time: the unbridge stands alone', () => {
    const table = talking()
      .on({ type: 'legsUnbridged', atUs: 160n * second })
      .on({ type: 'timerDue', timer: 'limit' })
      .on({ type: 'timerDue', timer: 'unbridged' });
    expect(table.session).toMatchObject({ state: 'ended', outcome: 'talked', endedBy: 'switch' });
    expect(talkUs(table.session)).toBe(60n * second);
  });

  it('falls silent: what the switch waited for the last packet is not billed', () => {
    const table = talking()
      .on({ type: 'legsUnbridged', atUs: 190n * second })
      .on(ended(callerLeg, 'media_timeout', 190n * second));
    expect(talkUs(table.session)).toBe(60n * second);
    const atOnce = talking().on(ended(callerLeg, 'media_timeout', 110n * second));
    expect(talkUs(atOnce.session)).toBe(0n);
  });

  it('is ended by the switch’s own task when the gateway was away: also the limit', () => {
    const table = talking().on(ended(callerLeg, 'limit_reached', 1_001n * second + 900_000n));
    expect(table.session).toMatchObject({ outcome: 'limit_reached', endedBy: 'limit' });
    expect(billableUs(talkUs(table.session), 900)).toBe(900n * second);
  });

  it('rings the caller first where the line says so', () => {
    const table = new Table({ callerFirst: true }).on(paid);
    expect(table.session.state).toBe('ringing_caller');
    table.on(answered(callerLeg)).on(key(callerLeg, '1'));
    expect(table.session.state).toBe('ringing_consultant');
    expect(table.done()).toEqual(['ring A', 'ask A caller_offer', 'play A caller_hold', 'ring B1']);
    table.on(answered(legOf(1))).on(key(legOf(1), '1'));
    expect(table.done()).toEqual(['ask B1 consultant_offer', 'bridge']);
  });
});

describe('the consultant', () => {
  it.each([
    ['is busy', 'busy'],
    ['does not answer', 'no_answer'],
    ['rejects on his phone', 'rejected'],
    ['has a number out of service', 'unreachable'],
    ['hangs up during the offer', 'normal'],
  ] as const)('%s: the next one rings', (_, cause) => {
    const table = new Table().on(paid);
    if (cause === 'normal') table.on(answered(legOf(1)));
    table.done();
    table.on(ended(legOf(1), cause));
    expect(table.done()).toEqual(['ring B2']);
    expect(table.session.state).toBe('ringing_consultant');
  });

  it('presses 3: his leg goes, the next one rings', () => {
    const table = new Table().on(paid).on(answered(legOf(1)));
    table.done();
    table.on(key(legOf(1), '3'));
    expect(table.done()).toEqual(['hangUp B1 normal', 'ring B2']);
  });

  it('presses another key or nothing: asked once more, then the next one (a voicemail never presses 1)', () => {
    const table = new Table().on(paid).on(answered(legOf(1)));
    table.done();
    table.on(key(legOf(1), '7'));
    expect(table.done()).toEqual(['ask B1 consultant_offer']);
    table.on(silence(legOf(1)));
    expect(table.done()).toEqual(['hangUp B1 normal', 'ring B2']);
  });

  it('is taken by another call meanwhile: passed over', () => {
    const table = new Table({}, ['con_2']).on(paid);
    table.done();
    table.on(ended(legOf(1), 'busy'));
    expect(table.done()).toEqual(['ring B3']);
  });

  it('nobody takes it: ended, to be settled, nobody left on the line', () => {
    const table = new Table().on(paid);
    for (const n of [1, 2, 3]) table.on(ended(legOf(n), 'no_answer'));
    expect(table.session).toMatchObject({ state: 'ended', outcome: 'nobody_took_it' });
  });

  it('all are taken at the moment of payment: ended at once', () => {
    const table = new Table({}, ['con_1', 'con_2', 'con_3']).on(paid);
    expect(table.session).toMatchObject({ state: 'ended', outcome: 'nobody_took_it' });
  });

  it('leaves while the caller is rung: the caller’s phone stops', () => {
    const table = new Table()
      .on(paid)
      .on(answered(legOf(1)))
      .on(key(legOf(1), '1'));
    table.done();
    table.on(ended(legOf(1), 'normal'));
    expect(table.session).toMatchObject({ state: 'ended', outcome: 'consultant_left' });
    expect(table.done()).toEqual(['hangUp A stopped']);
  });

  it('all at once: the first key 1 wins, the others stop; a second key 1 changes nothing', () => {
    const table = new Table({ ringing: 'all_at_once' }).on(paid);
    expect(table.done()).toEqual(['ring B1', 'ring B2', 'ring B3']);
    table
      .on(answered(legOf(2)))
      .on(answered(legOf(3)))
      .on(key(legOf(3), '1'));
    expect(table.done()).toEqual([
      'ask B2 consultant_offer',
      'ask B3 consultant_offer',
      'hangUp B1 stopped',
      'hangUp B2 stopped',
      'play B3 consultant_wait',
      'ring A',
    ]);
    table.on(key(legOf(2), '1'));
    expect(table.done()).toEqual([]);
  });

  it('cumulative: the next one joins after the step, the first rings on', () => {
    const table = new Table({ ringing: 'cumulative' }).on(paid).on({ type: 'timerDue', timer: 'step' });
    expect(table.done()).toEqual(['ring B1', 'ring B2']);
    table.on(ended(legOf(1), 'busy'));
    expect(table.done()).toEqual(['ring B3']);
    expect(table.session.state).toBe('ringing_consultant');
  });
});

describe('the caller', () => {
  const ringing = (): Table => {
    const table = new Table()
      .on(paid)
      .on(answered(legOf(1)))
      .on(key(legOf(1), '1'));
    table.done();
    return table;
  };
  it.each([
    ['is busy', 'busy', 'caller_unreachable'],
    ['does not answer', 'no_answer', 'caller_unreachable'],
    ['rejects', 'rejected', 'caller_refused'],
  ] as const)('%s: nothing is charged, the consultant hears it and is free', (_, cause, outcome) => {
    const table = ringing().on(ended(callerLeg, cause));
    expect(table.session).toMatchObject({ state: 'ended', outcome });
    expect(table.done()).toEqual(['play B1 consultant_caller_lost']);
    expect(talkUs(table.session)).toBe(0n);
  });
  it('is lost: the consultant is free when her phone is, not while she hears why', () => {
    const table = ringing().on(ended(callerLeg, 'busy'));
    expect(table.said.at(-1)).toMatchObject({ linger: 'con_1', free: [] });
    table.on(ended(legOf(1), 'normal'));
    expect(table.said.at(-1)).toMatchObject({ free: ['con_1'], settle: false });
  });
  it('presses nothing (or it is his voicemail): asked twice, then hung up', () => {
    const table = ringing().on(answered(callerLeg)).on(silence(callerLeg));
    expect(table.done()).toEqual(['ask A caller_offer', 'ask A caller_reminder']);
    table.on(silence(callerLeg));
    expect(table.session.outcome).toBe('caller_unreachable');
    expect(table.done()).toEqual(['play B1 consultant_caller_lost', 'hangUp A normal']);
  });
  it('hangs up while he hears the price', () => {
    const table = ringing().on(answered(callerLeg)).on(ended(callerLeg, 'normal'));
    expect(table.session.outcome).toBe('caller_left');
  });
  it('refuses by key 3', () => {
    const table = ringing().on(answered(callerLeg)).on(key(callerLeg, '3'));
    expect(table.session.outcome).toBe('caller_refused');
  });
  it('wants never to be called again, key 9: refused, kept, told that it is so', () => {
    const table = ringing().on(answered(callerLeg)).on(key(callerLeg, '9'));
    expect(table.session).toMatchObject({ outcome: 'caller_refused', endedBy: 'caller' });
    const step = table.said.at(-1);
    expect(step?.neverAgain).toBe('+33612345678');
    expect(step?.facts.map((fact) => fact.name)).toEqual(['never_again', 'ended']);
    expect(table.done()).toEqual([
      'ask A caller_offer',
      'play B1 consultant_caller_lost',
      'play A caller_never_again',
    ]);
    table.on({ type: 'played', leg: callerLeg, request: 'last_words' });
    expect(table.done()).toEqual(['hangUp A normal']);
  });
  it('is the only one who can: the consultant’s key 9 is another key', () => {
    const table = new Table()
      .on(paid)
      .on(answered(legOf(1)))
      .on(key(legOf(1), '9'));
    expect(table.said.some((step) => step.neverAgain !== undefined)).toBe(false);
    expect(table.done()).toEqual(['ring B1', 'ask B1 consultant_offer', 'ask B1 consultant_offer']);
  });
  it('key 9 before or after the offer is nothing', () => {
    const agreed = ringing().on(key(callerLeg, '9')).on(answered(callerLeg)).on(key(callerLeg, '1'));
    agreed.on(key(callerLeg, '9')).on({ type: 'legsBridged', atUs: 100n * second });
    agreed.on({ type: 'keyPressed', leg: callerLeg, key: '9' });
    expect(agreed.session.state).toBe('connected');
    expect(agreed.said.some((step) => step.neverAgain !== undefined)).toBe(false);
  });
  it('agrees while the other still hears a sentence: joining cuts it short, and no music is put over the talk', () => {
    const table = ringing().on(answered(callerLeg)).on(key(callerLeg, '1'));
    expect(table.done()).toEqual(['ask A caller_offer', 'bridge']);
    table.on({ type: 'played', leg: legOf(1), request: 'wait' });
    expect(table.done()).toEqual([]);
    table.on({ type: 'legsBridged', atUs: 100n * second });
    table.on({ type: 'played', leg: legOf(1), request: 'wait' });
    expect(table.done()).toEqual([]);

    const callerFirst = new Table({ callerFirst: true })
      .on(paid)
      .on(answered(callerLeg))
      .on(key(callerLeg, '1'));
    callerFirst.on(answered(legOf(1))).on(key(legOf(1), '1'));
    expect(callerFirst.done().at(-1)).toBe('bridge');
    callerFirst.on({ type: 'played', leg: callerLeg, request: 'hold' });
    expect(callerFirst.done()).toEqual([]);
  });
  it('cannot be joined: both are told, nothing is charged', () => {
    const table = ringing().on(answered(callerLeg)).on(key(callerLeg, '1'));
    table.done();
    table.on({ type: 'bridgeFailed' });
    expect(table.session.outcome).toBe('failed');
    expect(table.done()).toEqual(['play B1 consultant_caller_lost', 'play A caller_consultant_lost']);
  });
});

describe('asked from outside', () => {
  it('hangs up a talk: the consultant’s leg goes, the rest follows as always', () => {
    const table = talking().on({ type: 'hangUpRequested', by: 'merchant' });
    expect(table.done()).toEqual(['hangUp B1 normal']);
    table.on(ended(legOf(1), 'normal', 160n * second));
    expect(table.session).toMatchObject({ outcome: 'talked', endedBy: 'merchant' });
  });
  it('two who are being joined may talk already: the consultant’s end tells', () => {
    const joining = (): Table => {
      const table = new Table()
        .on(paid)
        .on(answered(legOf(1)))
        .on(key(legOf(1), '1'));
      table.on(answered(callerLeg)).on(key(callerLeg, '1'));
      table.done();
      table.on({ type: 'hangUpRequested', by: 'merchant' });
      expect(table.done()).toEqual(['hangUp B1 normal']);
      return table;
    };
    const [talked, told] = [joining(), joining()];
    const end = { type: 'legEnded', leg: legOf(1), because: 'normal', endedAtUs: 160n * second } as const;
    talked.on({ ...end, bridgedAtUs: 100n * second });
    told.on({ type: 'legsBridged', atUs: 100n * second }).on(end);
    for (const { session } of [talked, told]) {
      expect(session).toMatchObject({ outcome: 'talked', endedBy: 'merchant' });
      expect(talkUs(session)).toBe(60n * second);
    }
    const left = { ...end, leg: callerLeg };
    for (const event of [end, left, { type: 'bridgeFailed' } as const]) {
      expect(joining().on(event).session).toMatchObject({ outcome: 'cancelled', endedBy: 'merchant' });
    }
  });
  it('ends what rings', () => {
    const table = new Table().on(paid).on({ type: 'hangUpRequested', by: 'merchant' });
    expect(table.session.outcome).toBe('cancelled');
    expect(table.done()).toEqual(['ring B1', 'hangUp B1 stopped']);
  });
  it('a leg that answers after the end is hung up at once', () => {
    const table = new Table().on(paid).on({ type: 'hangUpRequested', by: 'merchant' });
    table.done();
    table.on(answered(legOf(1)));
    expect(table.done()).toEqual(['hangUp B1 stopped']);
  });
  it('a payment given up ends the session', () => {
    const table = new Table().on({ type: 'paymentGivenUp', outcome: 'payment_abandoned' });
    expect(table.session).toMatchObject({ state: 'ended', outcome: 'payment_abandoned' });
  });
});

it('resumes by ringing again, by name, exactly the legs that ring', () => {
  const table = new Table().on(paid);
  expect(resume(table.session)).toEqual([{ do: 'ring', leg: legOf(1), to: '+33199000001' }]);
  table.on(answered(legOf(1))).on(key(legOf(1), '1'));
  expect(resume(table.session)).toEqual([{ do: 'ring', leg: callerLeg, to: '+33612345678' }]);
});

it.each([
  [900, 60],
  [120, 60],
  [119, 39],
  [60, 20],
  [3, 1],
  [2, undefined],
  [1, undefined],
])('a limit of %i s warns %s s before', (limit, before) => {
  expect(warningSecondsBefore(limit)).toBe(before);
});

it('resumes by joining two who both agreed', () => {
  const table = new Table()
    .on(paid)
    .on(answered(legOf(1)))
    .on(key(legOf(1), '1'))
    .on(answered(callerLeg))
    .on(key(callerLeg, '1'));
  expect(resume(table.session)).toEqual([{ do: 'bridge', aLeg: callerLeg, bLeg: legOf(1) }]);
});

it('rings nobody more once somebody has accepted, though the step fell due at that moment', () => {
  const table = new Table({ ringing: 'cumulative', callerFirst: true })
    .on(paid)
    .on(answered(callerLeg))
    .on(key(callerLeg, '1'))
    .on(answered(legOf(1)))
    .on(key(legOf(1), '1'));
  table.done();
  table.on({ type: 'timerDue', timer: 'step' });
  expect(table.done()).toEqual([]);
});

describe('whatever happens, in whatever order', () => {
  const legs = fc.constantFrom(callerLeg, legOf(1), legOf(2), legOf(3), nextLegOf(1));
  const phones: FurtherPhone[] = [{ number: '+33612345679' as E164, leg: nextLegOf(1), afterSeconds: 5 }];
  const events: fc.Arbitrary<CallEvent> = fc.oneof(
    fc.record({ type: fc.constant('legAnswered' as const), leg: legs }),
    fc.record({
      type: fc.constant('keyGiven' as const),
      leg: legs,
      key: fc.constantFrom('1', '1', '3', '9'),
    }),
    fc.record({ type: fc.constant('noKeyGiven' as const), leg: legs }),
    fc.record({
      type: fc.constant('legEnded' as const),
      leg: legs,
      because: fc.constantFrom('normal', 'busy', 'limit_reached', 'failed'),
      endedAtUs: fc.bigInt(100_000_000n, 2_000_000_000n),
    }),
    fc.record({
      type: fc.constant('timerDue' as const),
      timer: fc.constantFrom('step', 'warning', 'limit', 'unbridged', `next_phone ${legOf(1)}`),
    }),
    fc.record({ type: fc.constant('legsUnbridged' as const), atUs: fc.bigInt(100_000_000n, 2_000_000_000n) }),
    fc.record({ type: fc.constant('hangUpRequested' as const), by: fc.constantFrom('caller', 'merchant') }),
    fc.record({
      type: fc.constant('played' as const),
      leg: legs,
      request: fc.constantFrom('wait', 'last_words'),
    }),
    fc.record({
      type: fc.constant('keyPressed' as const),
      leg: legs,
      key: fc.constantFrom('5', '9'),
    }),
    fc.constant({ type: 'moreTimeAsked' as const }),
    fc.record({ type: fc.constant('moreTimeAnswered' as const), granted: fc.boolean() }),
    fc.record({
      type: fc.constant('switchRestarted' as const),
      provenUs: fc.bigInt(50_000_000n, 2_000_000_000n),
    }),
    fc.constant(paid),
    fc.constant({ type: 'bridgeFailed' as const }),
  );

  it('settles once, joins only who agreed, commands only what is there', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('in_turn', 'all_at_once', 'cumulative'),
        fc.boolean(),
        fc.array(events, { maxLength: 40 }),
        (ringing, callerFirst, happened) => {
          const moreTime = { seconds: 300, times: 2, hold: '10.00' };
          const plan = { ringing: ringing as 'in_turn', callerFirst, moreTime };
          const table = new Table(plan, [], new Map([[1, { more: phones }]]));
          const steps: CallStep[] = [];
          for (const event of [paid, ...happened]) {
            table.on(event);
            for (const step of table.said) {
              const bridge = step.commands.find((command) => command.do === 'bridge');
              if (bridge) {
                // The switch does as told, now.
                expect(step.session.caller?.state).toBe('consented');
                expect(step.session.attempts.filter((one) => one.state === 'accepted')).toHaveLength(1);
                table.session = advance(table.session, { type: 'legsBridged', atUs: 100_000_000n }).session;
              }
            }
            // More is asked for one at a time, and the limit never moves but by what was granted.
            const { granted = 0 } = table.session.moreTime ?? {};
            expect(table.session.plan.talkLimitSeconds).toBe(900 + granted * 300);
            expect(granted <= 2).toBe(true);
            if (mayOfferMoreTime(table.session)) expect(granted < 2).toBe(true);
            steps.push(...table.said);
            table.said = [];
            if (table.session.state === 'connected') expect(table.session.caller?.state).toBe('consented');
          }
          const settled = steps.filter((step) => step.settle).length;
          expect(settled).toBe(table.session.state === 'ended' ? 1 : 0);
          expect(talkUs(table.session) >= 0n).toBe(true);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
