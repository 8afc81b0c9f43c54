import { describe, expect, it, test } from 'vitest';
import {
  countRing,
  type ConsultantState,
  reachable,
  type Reachable,
  usualMissLimits,
} from '../../src/core/consultant.ts';

const now = new Date('2026-01-05T12:00:00Z');
const soon = new Date('2026-01-05T12:02:00Z');
const later = new Date('2026-01-05T18:00:00Z');
const past = new Date('2026-01-05T11:59:59Z');

const there: ConsultantState = { setting: { is: 'available' }, hours: 'always' };
const open = { from: past, to: later };
const closed = { from: soon, to: later };
const soft = (by: string, claimedUntil?: Date): Partial<ConsultantState> => ({
  claim: 'soft',
  claimedBy: by,
  ...(claimedUntil && { claimedUntil }),
});
const hard = (by: string): Partial<ConsultantState> => ({ claim: 'hard', claimedBy: by });

describe('a consultant may be rung', () => {
  test.each<[string, Partial<ConsultantState>]>([
    ['when he is available', {}],
    ['within his hours', { hours: open }],
    ['at the very moment they begin', { hours: { from: now, to: later } }],
    [
      'outside them, when he said that he works until later',
      { hours: closed, setting: { is: 'available', backAt: soon } },
    ],
    [
      'without any hours ahead, when he said so',
      { hours: 'never', setting: { is: 'available', backAt: soon } },
    ],
    ['when his break is over by itself', { setting: { is: 'break', backAt: now } }],
    ['when he said when he would be back, and it is then', { setting: { is: 'away', backAt: past } }],
    ['by the session that has him', soft('call_a', soon)],
    ['by the session that he accepted', hard('call_a')],
    ['when a soft claim has lapsed', soft('call_b', past)],
    ['at the very moment it lapses', soft('call_b', now)],
    ['when he has written down what he had to', { wrapUpUntil: now }],
    ['in his wrap-up, by the session that has him', { ...hard('call_a'), wrapUpUntil: soon }],
  ])('%s', (_what, state) => {
    expect(reachable({ ...there, ...state }, now, 'call_a')).toEqual({ reachable: true });
  });
});

describe('a consultant is left alone', () => {
  test.each<[string, Partial<ConsultantState>, Omit<Reachable & { reachable: false }, 'reachable'>]>([
    ['on a break', { setting: { is: 'break' } }, { because: 'break' }],
    ['on a break until later', { setting: { is: 'break', backAt: soon } }, { because: 'break', until: soon }],
    ['when away', { setting: { is: 'away' } }, { because: 'away' }],
    ['after too many calls he missed', { pausedAt: past }, { because: 'paused' }],
    ['before his hours', { hours: closed }, { because: 'off_hours', until: soon }],
    ['at the very moment they end', { hours: { from: past, to: now } }, { because: 'off_hours' }],
    ['without any hours ahead', { hours: 'never' }, { because: 'off_hours' }],
    [
      'outside his hours, once what he said is over',
      { hours: closed, setting: { is: 'available', backAt: now } },
      { because: 'off_hours', until: soon },
    ],
    ['while a page or a call holds him', soft('call_b', soon), { because: 'busy', until: soon }],
    ['while he talks', hard('call_b'), { because: 'busy' }],
    [
      'while he talks, even past the time his phone could ring',
      { ...hard('call_b'), claimedUntil: past },
      { because: 'busy' },
    ],
    ['when nobody knows how long he is held', soft('call_b'), { because: 'busy' }],
    ['after a talk', { wrapUpUntil: soon }, { because: 'wrap_up', until: soon }],
  ])('%s', (_what, state, expected) => {
    expect(reachable({ ...there, ...state }, now, 'call_a')).toEqual({ reachable: false, ...expected });
  });

  it('by whoever has no session yet, while he is held or writes', () => {
    expect(reachable({ ...there, ...soft('call_b', soon) }, now)).toMatchObject({ because: 'busy' });
    expect(reachable({ ...there, wrapUpUntil: soon }, now)).toMatchObject({ because: 'wrap_up' });
  });
});

describe('of several reasons the first is told', () => {
  // In the order of the rule: each with all that come after it.
  const reasons: [string, Partial<ConsultantState>][] = [
    ['away', { setting: { is: 'away' } }],
    ['paused', { pausedAt: past }],
    ['off_hours', { hours: 'never' }],
    ['busy', hard('call_b')],
    ['wrap_up', { wrapUpUntil: soon }],
  ];
  test.each(reasons.map(([because], place) => [because, place] as const))('%s', (because, place) => {
    const state = Object.assign({}, there, ...reasons.slice(place).map(([, one]) => one)) as ConsultantState;
    expect(reachable(state, now, 'call_a')).toMatchObject({ because });
  });

  it('his own word too, by the session that held him', () => {
    const state = { ...there, ...soft('call_a', soon), setting: { is: 'break' } } as const;
    expect(reachable(state, now, 'call_a')).toEqual({ reachable: false, because: 'break' });
  });
});

describe('calls he misses', () => {
  const none = { unanswered: 0, refused: 0 };
  const after = (...rings: Parameters<typeof countRing>[1][]): { pause: boolean } =>
    rings.reduce<ReturnType<typeof countRing>>(
      (counted, rung) => countRing(counted.misses, rung, usualMissLimits),
      { misses: none, pause: false },
    );

  it('pause him when they were so many in a row', () => {
    expect(after('unanswered', 'unanswered').pause).toBe(false);
    expect(after('unanswered', 'unanswered', 'unanswered').pause).toBe(true);
    expect(after('refused', 'refused', 'refused', 'refused').pause).toBe(false);
    expect(after('refused', 'refused', 'refused', 'refused', 'refused').pause).toBe(true);
  });

  it('are forgotten with the next that he takes', () => {
    expect(after('unanswered', 'unanswered', 'accepted', 'unanswered').pause).toBe(false);
  });

  it('are none while he talks to somebody else', () => {
    expect(after('busy', 'busy', 'busy', 'busy').pause).toBe(false);
    expect(after('unanswered', 'unanswered', 'busy', 'unanswered').pause).toBe(true);
  });

  it('never pause him where the merchant wants it so', () => {
    const limits = { unanswered: 0, refused: 0 };
    expect(countRing({ unanswered: 99, refused: 99 }, 'unanswered', limits).pause).toBe(false);
  });
});
