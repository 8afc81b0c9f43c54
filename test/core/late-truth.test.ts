// What is told late or by records alone: talks nobody heard begin or end, a switch that came back as a new one, silence.

import { describe, expect, it } from 'vitest';
import { type CallEvent, provenEndUs, talkUs } from '../../src/core/call-session.ts';
import type { LegUuid } from '../../src/core/ids.ts';
import { answered, callerLeg, ended, key, legOf, paid, second, Table, talking } from './call-table.ts';

const bothAgreed = (): Table => {
  const table = new Table()
    .on(paid)
    .on(answered(legOf(1)))
    .on(key(legOf(1), '1'))
    .on(answered(callerLeg))
    .on(key(callerLeg, '1'));
  table.done();
  return table;
};
const endedBridged = (leg: LegUuid, because: 'normal' | 'limit_reached' | 'media_timeout', endS: bigint) =>
  ({
    type: 'legEnded',
    leg,
    because,
    bridgedAtUs: 100n * second,
    endedAtUs: endS * second,
  }) satisfies CallEvent;

describe('a talk nobody heard begin', () => {
  it('is told by the leg that ended: connected, ended and billed', () => {
    const table = bothAgreed().on(endedBridged(legOf(1), 'normal', 160n));
    expect(table.session).toMatchObject({ state: 'ended', outcome: 'talked', endedBy: 'consultant' });
    expect(talkUs(table.session)).toBe(60n * second);
    const [step] = table.said;
    expect(step?.facts.map((fact) => fact.name)).toEqual(['connected', 'ended']);
    expect(step?.notices.map((notice) => notice.type)).toEqual(['call.connected', 'call.ended']);
    expect(step?.settle).toBe(true);
    expect(step?.commands.filter((one) => one.do === 'startTimer')).toEqual([]);
    expect(table.done()).toEqual(['play A caller_farewell']);
  });

  it('the caller’s leg tells it as well', () => {
    const table = bothAgreed().on(endedBridged(callerLeg, 'limit_reached', 160n));
    expect(table.session).toMatchObject({ state: 'ended', outcome: 'limit_reached', endedBy: 'limit' });
    expect(table.done()).toEqual(['hangUp B1 normal']);
  });

  it('the parting was heard: it ends there, not with a farewell’s wait', () => {
    const table = bothAgreed()
      .on({ type: 'legsUnbridged', atUs: 140n * second })
      .on(endedBridged(callerLeg, 'normal', 160n));
    expect(talkUs(table.session)).toBe(40n * second);
  });

  it('told the wrong way round, parting first: the same talk', () => {
    const table = bothAgreed()
      .on({ type: 'legsUnbridged', atUs: 140n * second })
      .on({ type: 'legsBridged', atUs: 100n * second });
    expect(table.session.state).toBe('connected');
    table.on({ type: 'timerDue', timer: 'unbridged' });
    expect(table.session).toMatchObject({ state: 'ended', outcome: 'talked' });
    expect(talkUs(table.session)).toBe(40n * second);
  });

  it('without both agreements no bridge is believed: nothing is billed', () => {
    const table = new Table()
      .on(paid)
      .on(answered(legOf(1)))
      .on(key(legOf(1), '1'))
      .on(answered(callerLeg));
    table.on({ type: 'legsUnbridged', atUs: 140n * second }).on(endedBridged(callerLeg, 'normal', 160n));
    expect(table.session).toMatchObject({ state: 'ended', outcome: 'caller_left' });
    expect(table.session.bridgedUs).toBeUndefined();
    expect(talkUs(table.session)).toBe(0n);
  });
});

describe('silence, as a FreeSWITCH told it', () => {
  const legEnd = (
    leg: LegUuid,
    because: 'normal' | 'media_timeout' | 'limit_reached',
    endS: bigint,
    otherBecause?: 'normal' | 'media_timeout' | 'limit_reached',
  ): CallEvent => ({ ...endedBridged(leg, because, endS), ...(otherBecause && { otherBecause }) });
  const unbridged = (atS: bigint, leg?: LegUuid, because: 'normal' | 'media_timeout' = 'media_timeout') =>
    ({
      type: 'legsUnbridged',
      atUs: atS * second,
      ...(leg && { left: { leg, because } }),
    }) satisfies CallEvent;

  it.each<[string, CallEvent[], string, bigint]>([
    [
      'the caller’s phone fell silent, the consultant’s leg is told first, as an ordinary end',
      [unbridged(190n), legEnd(legOf(1), 'normal', 190n, 'media_timeout')],
      'caller',
      160n,
    ],
    ['the same without the parting', [legEnd(legOf(1), 'normal', 190n, 'media_timeout')], 'caller', 160n],
    [
      'the same, and the parting says why',
      [unbridged(190n, callerLeg), legEnd(legOf(1), 'normal', 190n, 'media_timeout')],
      'caller',
      160n,
    ],
    [
      'the parting says why and no leg’s end is told',
      [unbridged(190n, legOf(1)), { type: 'timerDue', timer: 'unbridged' }],
      'consultant',
      160n,
    ],
    ['the consultant’s phone fell silent', [legEnd(legOf(1), 'media_timeout', 190n)], 'consultant', 160n],
    [
      'both fell silent, hers first, his is told first',
      [legEnd(callerLeg, 'media_timeout', 190n, 'media_timeout')],
      'consultant',
      140n,
    ],
    [
      'his fell silent in the farewell: that was after the talk',
      [unbridged(150n, legOf(1), 'normal'), legEnd(callerLeg, 'media_timeout', 190n, 'normal')],
      'consultant',
      150n,
    ],
    [
      'only his end is heard, after a farewell: how long he waited nobody knows',
      [legEnd(callerLeg, 'normal', 190n, 'normal')],
      'consultant',
      170n,
    ],
    [
      'his phone hung up, the consultant’s end is told first',
      [legEnd(legOf(1), 'normal', 190n, 'normal')],
      'caller',
      190n,
    ],
    ['silent from the beginning', [legEnd(legOf(1), 'normal', 120n, 'media_timeout')], 'caller', 100n],
  ])('%s', (_, events, by, endS) => {
    const table = talking();
    for (const event of events) table.on(event);
    expect(table.session).toMatchObject({ state: 'ended', outcome: 'talked', endedBy: by });
    expect(table.session.unbridgedUs).toBe(endS * second);
  });

  it('the switch’s own limit ended his leg, hers is told first: the limit', () => {
    const table = talking().on(legEnd(legOf(1), 'normal', 1_001n, 'limit_reached'));
    expect(table.session).toMatchObject({ outcome: 'limit_reached', endedBy: 'limit' });
  });

  it.each(['failed', 'stopped'] as const)(
    'a talk the switch ended itself (%s) was ended by nobody',
    (why) => {
      const table = talking().on({ ...endedBridged(callerLeg, 'normal', 160n), because: why });
      expect(table.session).toMatchObject({ outcome: 'talked', endedBy: 'switch' });
    },
  );

  it('a talk nobody heard begin, parted in silence', () => {
    const table = bothAgreed()
      .on(unbridged(190n, callerLeg))
      .on(legEnd(legOf(1), 'normal', 190n));
    expect(table.session.unbridgedUs).toBe(160n * second);
  });
});

describe('a switch that came back as a new one', () => {
  const restarted = (provenS?: bigint): CallEvent => ({
    type: 'switchRestarted',
    ...(provenS !== undefined && { provenUs: provenS * second }),
  });

  it.each([
    ['is heard until 160 s', 160n, 60n],
    ['was heard only before the bridge', 90n, 0n],
    ['was not heard at all', undefined, 0n],
  ])('the talk %s: billed so far and no further', (_, proven, talked) => {
    const table = talking().on(restarted(proven));
    expect(table.session).toMatchObject({ state: 'ended', outcome: 'talked', endedBy: 'switch' });
    expect(talkUs(table.session)).toBe(talked * second);
    expect(table.session.unbridgedUs).toBe((100n + talked) * second);
    expect(table.said.at(-1)).toMatchObject({ settle: true, free: ['con_1'] });
    expect(table.done()).toEqual([]);
  });

  it('they had parted before: the parting counts', () => {
    const table = talking()
      .on({ type: 'legsUnbridged', atUs: 120n * second })
      .on(restarted(160n));
    expect(talkUs(table.session)).toBe(20n * second);
  });

  it.each([
    ['the first consultant rings', new Table().on(paid)],
    [
      'the caller rings',
      new Table()
        .on(paid)
        .on(answered(legOf(1)))
        .on(key(legOf(1), '1')),
    ],
    ['both have agreed', bothAgreed()],
  ])('%s: it has failed, everybody is free, nobody is there to be told', (_, table) => {
    table.done();
    table.on(restarted(160n));
    expect(table.session).toMatchObject({ state: 'ended', outcome: 'failed', endedBy: 'switch' });
    const step = table.said.at(-1);
    expect(step).toMatchObject({ settle: true, free: ['con_1'] });
    expect(step).not.toHaveProperty('linger');
    expect(table.done()).toEqual([]);
    expect(talkUs(table.session)).toBe(0n);
  });

  it.each([
    ['nothing rings yet', new Table()],
    ['all is over', talking().on(ended(callerLeg, 'normal', 160n * second))],
  ])('%s: nothing', (_, table) => {
    const before = table.session;
    table.on(restarted(200n));
    expect(table.session).toBe(before);
  });
});

describe('the end by the switch’s records', () => {
  const both = [callerLeg, legOf(1)];
  const { session } = talking();
  const record = (leg: LegUuid, endS: bigint, cause = 'NORMAL_CLEARING', otherCause?: string) => ({
    leg,
    endedUs: endS * second,
    cause,
    ...(otherCause && { otherCause }),
  });

  it.each([
    ['both legs: the first end', [record(callerLeg, 165n), record(legOf(1), 160n)], 160n],
    ['the consultant’s alone', [record(legOf(1), 160n)], 160n],
    ['the caller’s alone: he may have waited for a farewell', [record(callerLeg, 160n)], 140n],
    ['none: nothing after the bridge is proven', [], 100n],
    ['the caller fell silent', [record(callerLeg, 160n, 'MEDIA_TIMEOUT'), record(legOf(1), 160n)], 130n],
    [
      'the consultant fell silent, the caller stayed for the farewell',
      [record(legOf(1), 160n, 'MEDIA_TIMEOUT'), record(callerLeg, 168n)],
      130n,
    ],
    [
      'both fell silent: the first',
      [record(callerLeg, 160n, 'MEDIA_TIMEOUT'), record(legOf(1), 158n, 'MEDIA_TIMEOUT')],
      128n,
    ],
    [
      'the caller fell silent and only the consultant’s record came',
      [record(legOf(1), 160n, 'NORMAL_CLEARING', 'MEDIA_TIMEOUT')],
      130n,
    ],
    ['silent from the beginning: never before the bridge', [record(callerLeg, 120n, 'MEDIA_TIMEOUT')], 100n],
  ])('%s', (_, records, endS) => {
    expect(provenEndUs(session, both, records)).toBe(endS * second);
  });
});
