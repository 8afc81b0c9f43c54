import { describe, expect, it, test } from 'vitest';
import { reachable, type ConsultantAvailability } from '../../src/core/consultant.ts';

const now = new Date('2026-01-05T12:00:00Z');
const soon = new Date('2026-01-05T12:02:00Z');
const past = new Date('2026-01-05T11:59:59Z');

describe('a consultant may be rung', () => {
  test.each<[string, ConsultantAvailability, string | undefined]>([
    ['when he is available', { setting: 'available' }, undefined],
    [
      'by the session that has him',
      { setting: 'available', claim: 'soft', claimedBy: 'call_a', claimedUntil: soon },
      'call_a',
    ],
    [
      'by the session that he accepted',
      { setting: 'available', claim: 'hard', claimedBy: 'call_a' },
      'call_a',
    ],
    [
      'when a soft claim has lapsed',
      { setting: 'available', claim: 'soft', claimedBy: 'call_b', claimedUntil: past },
      'call_a',
    ],
    [
      'at the very moment it lapses',
      { setting: 'available', claim: 'soft', claimedBy: 'call_b', claimedUntil: now },
      'call_a',
    ],
  ])('%s', (_what, consultant, session) => {
    expect(reachable(consultant, now, session)).toEqual({ reachable: true });
  });
});

describe('a consultant is left alone', () => {
  test.each<[string, ConsultantAvailability, 'break' | 'away' | 'busy']>([
    ['on a break', { setting: 'break' }, 'break'],
    ['when away', { setting: 'away' }, 'away'],
    [
      'while a page or a call holds him',
      { setting: 'available', claim: 'soft', claimedBy: 'call_b', claimedUntil: soon },
      'busy',
    ],
    ['while he talks', { setting: 'available', claim: 'hard', claimedBy: 'call_b' }, 'busy'],
    [
      'while he talks, even past the time his phone could ring',
      { setting: 'available', claim: 'hard', claimedBy: 'call_b', claimedUntil: past },
      'busy',
    ],
    [
      'when nobody knows how long he is held',
      { setting: 'available', claim: 'soft', claimedBy: 'call_b' },
      'busy',
    ],
    [
      'on a break, by the session that held him too',
      { setting: 'break', claim: 'soft', claimedBy: 'call_a', claimedUntil: soon },
      'break',
    ],
    ['on a break, whoever holds him', { setting: 'break', claim: 'hard', claimedBy: 'call_b' }, 'break'],
  ])('%s', (_what, consultant, because) => {
    expect(reachable(consultant, now, 'call_a')).toEqual({ reachable: false, because });
  });

  it('by whoever has no session yet, while he is held', () => {
    const held = { setting: 'available', claim: 'soft', claimedBy: 'call_b', claimedUntil: soon } as const;
    expect(reachable(held, now)).toEqual({ reachable: false, because: 'busy' });
  });
});
