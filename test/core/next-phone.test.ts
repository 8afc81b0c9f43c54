// A consultant of several phones: which rings when, who stops, and that he is missed once.

import { describe, expect, it } from 'vitest';
import { resume } from '../../src/core/advance-call.ts';
import type { FurtherPhone } from '../../src/core/call-session.ts';
import type { E164, LegUuid } from '../../src/core/ids.ts';
import { answered, ended, key, legOf, nextLegOf, paid, silence, Table } from './call-table.ts';

const first = legOf(1);
const next = nextLegOf(1);
const third = nextLegOf(9);
const phone = (leg: LegUuid, afterSeconds?: number): FurtherPhone => ({
  number: '+33612345679' as E164,
  leg,
  ...(afterSeconds !== undefined && { afterSeconds }),
});
const table = (more: FurtherPhone[], plan = {}): Table => {
  const made = new Table(plan, [], new Map([[1, { ringSeconds: 9, more }]])).on(paid);
  made.done();
  return made;
};
const joins = { type: 'timerDue', timer: `next_phone ${first}` } as const;
const missed = (of: Table) =>
  of.said.flatMap((step) =>
    step.facts.filter(({ name }) => name === 'consultant_missed').map(({ facts }) => facts),
  );

describe('forwarded after some seconds', () => {
  it('the mobile rings too, whoever presses 1 on either talks, and the other stops', () => {
    for (const [one, other] of [
      [first, next],
      [next, first],
    ] as const) {
      const of = table([phone(next, 5)]).on(joins);
      expect(of.done()).toEqual(['ring B11']);
      of.on(answered(one)).on(key(one, '1'));
      const loser = other === first ? 'B1' : 'B11';
      expect(of.done().filter((word) => word.startsWith('hangUp'))).toEqual([`hangUp ${loser} stopped`]);
      expect(of.session.state).toBe('ringing_caller');
    }
  });

  it('stays his: the phone that lost the race does not free him', () => {
    const of = table([phone(next, 5)])
      .on(joins)
      .on(answered(next))
      .on(key(next, '1'));
    expect(of.said.flatMap((step) => step.free)).toEqual([]);
  });

  it('is not, where he has picked up or is lost already', () => {
    expect(
      table([phone(next, 5)])
        .on(answered(first))
        .on(joins)
        .done(),
    ).not.toContain('ring B11');
    const of = table([phone(next, 5)]).on(ended(first, 'busy'));
    expect(of.done()).toEqual(['ring B11']);
    expect(of.on(joins).done()).toEqual([]);
  });

  it('is missed once, when both phones are through, by what says most', () => {
    const of = table([phone(next, 5)])
      .on(joins)
      .on(ended(first, 'no_answer'));
    expect(missed(of)).toEqual([]);
    of.on(ended(next, 'unreachable'));
    expect(missed(of)).toEqual([{ consultantId: 'con_1', because: 'no_answer' }]);
    expect(of.done()).toEqual(['ring B11', 'ring B2']);
    expect(of.said.flatMap((step) => step.free)).toEqual([]);
  });

  it('who refuses on one phone has refused on both', () => {
    const of = table([phone(next, 5)])
      .on(joins)
      .on(answered(first))
      .on(key(first, '3'));
    expect(missed(of)).toEqual([{ consultantId: 'con_1', because: 'refused' }]);
    expect(of.done()).toEqual([
      'ring B11',
      'ask B1 consultant_offer',
      'hangUp B1 normal',
      'hangUp B11 stopped',
      'ring B2',
    ]);
    // What is told of it late changes nothing.
    of.on(ended(next, 'stopped')).on(ended(first, 'normal'));
    expect(missed(of)).toEqual([]);
    expect(of.done()).toEqual([]);
  });
});

it('whom another call has by now is rung on no phone of his any more', () => {
  const of = table([phone(next)])
    .on(answered(first))
    .on(ended(first, 'busy'));
  expect(missed(of)).toEqual([{ consultantId: 'con_1', because: 'busy' }]);
  expect(of.done()).toEqual(['ask B1 consultant_offer', 'ring B2']);
});

it('his phones are tried in their order, then the next consultant; silence on one is no word for all', () => {
  const of = table([phone(next), phone(third)]).on(ended(first, 'unreachable'));
  expect(of.done()).toEqual(['ring B11']);
  of.on(answered(next)).on(silence(next)).on(silence(next));
  expect(of.done().filter((word) => !word.startsWith('ask'))).toEqual(['hangUp B11 normal', 'ring B19']);
  of.on(ended(third, 'busy'));
  expect(missed(of)).toEqual([{ consultantId: 'con_1', because: 'busy' }]);
  expect(of.done()).toEqual(['ring B2']);
});

it('all at once: nobody has taken it only when every phone of everybody is through', () => {
  const of = table([phone(next)], { ringing: 'all_at_once' });
  of.on(ended(legOf(2), 'busy'))
    .on(ended(legOf(3), 'busy'))
    .on(ended(first, 'no_answer'));
  expect(of.session.state).toBe('ringing_consultant');
  of.on(ended(next, 'no_answer'));
  expect(of.session).toMatchObject({ state: 'ended', outcome: 'nobody_took_it' });
});

it('whoever takes the call over rings what rings, and knows of the phone that is to join', () => {
  const of = table([phone(next, 5)]);
  expect(resume(of.session)).toEqual([
    { do: 'ring', leg: first, to: '+33199000001' },
    { do: 'startTimer', timer: `next_phone ${first}`, afterMs: 5_000 },
  ]);
  expect(resume(of.on(joins).session).map((one) => one.do)).toEqual(['ring', 'ring']);
});

describe('on a break, away or gone while he is rung', () => {
  const withdrew = { type: 'consultantsWithdrew', consultantIds: ['con_1'] } as const;

  it('all his phones stop, also one he has picked up; he has missed nothing, is free, and the next one rings', () => {
    const of = table([phone(next, 5)])
      .on(joins)
      .on(answered(next));
    of.done();
    of.on(withdrew);
    expect(missed(of)).toEqual([]);
    expect(of.said.flatMap((step) => step.free)).toEqual(['con_1']);
    expect(of.done()).toEqual(['hangUp B1 stopped', 'hangUp B11 stopped', 'ring B2']);
    // Their ends are told behind it, and say nothing more.
    expect(
      of.on(ended(first, 'stopped')).on(ended(next, 'normal')).on(key(next, '1')).on(joins).done(),
    ).toEqual([]);
    expect(of.session.attempts.filter(({ state }) => state === 'ringing').map(({ leg }) => leg)).toEqual([
      legOf(2),
    ]);
  });

  it('was the last one: nobody took it', () => {
    const of = table([], { ringing: 'all_at_once' });
    of.on({ type: 'consultantsWithdrew', consultantIds: ['con_1', 'con_2', 'con_3'] });
    expect(of.session).toMatchObject({ state: 'ended', outcome: 'nobody_took_it' });
    expect(missed(of)).toEqual([]);
  });

  it('of several who ring at once only he stops', () => {
    const of = table([], { ringing: 'all_at_once' }).on(withdrew);
    expect(of.done()).toEqual(['hangUp B1 stopped']);
    expect(of.session.state).toBe('ringing_consultant');
  });

  it('once he has pressed 1 the call is his', () => {
    const of = table([]).on(answered(first)).on(key(first, '1'));
    of.done();
    expect(of.on(withdrew).done()).toEqual([]);
    expect(of.session.state).toBe('ringing_caller');
  });
});
