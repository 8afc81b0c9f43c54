import { describe, expect, it } from 'vitest';
import {
  addressSubject,
  countOneMore,
  type Counted,
  limitsOf,
  staleAt,
  usualLimits,
} from '../../src/core/abuse-limits.ts';

const at = (seconds: number): Date => new Date(Date.UTC(2026, 2, 12, 12, 0, 0) + seconds * 1000);

/** Counts at these seconds; how many were let in, and what the last one was told. */
function countAt(seconds: readonly number[], atMost: number, window = 3600) {
  let counted: Counted = [];
  const refused: { second: number; retryAfterSeconds: number }[] = [];
  for (const second of seconds) {
    const answer = countOneMore(counted, window, atMost, at(second));
    if (answer.outcome === 'counted') ({ counted } = answer);
    else refused.push({ second, retryAfterSeconds: answer.retryAfterSeconds });
  }
  return { counted, refused };
}

describe('counting in a window', () => {
  it('lets in as many as are allowed, and says when to come again', () => {
    const { refused } = countAt([0, 1, 2, 3], 3);
    expect(refused).toHaveLength(1);
    // All three lie in the first slot of five minutes: it is over an hour and five minutes after it began.
    expect(refused[0]).toEqual({ second: 3, retryAfterSeconds: 3900 - 3 });
  });

  it('is true to what it said: a second before nobody is let in, then one is', () => {
    const { counted, refused } = countAt([0, 1, 2, 3], 3);
    const when = 3 + (refused[0]?.retryAfterSeconds ?? 0);
    expect(countOneMore(counted, 3600, 3, at(when - 1)).outcome).toBe('too_many');
    expect(countOneMore(counted, 3600, 3, at(when)).outcome).toBe('counted');
  });

  it('never lets more than allowed into any stretch of the window, wherever it begins', () => {
    const tries = Array.from({ length: 600 }, (_, place) => place * 37);
    let counted: Counted = [];
    const letIn: number[] = [];
    for (const second of tries) {
      const answer = countOneMore(counted, 3600, 5, at(second));
      if (answer.outcome !== 'counted') continue;
      ({ counted } = answer);
      letIn.push(second);
    }
    for (const from of letIn) {
      expect(letIn.filter((one) => one >= from && one < from + 3600).length).toBeLessThanOrEqual(5);
    }
    expect(letIn.length).toBeGreaterThan(20);
  });

  it('does not count what it refused: who waits is let in', () => {
    const { counted } = countAt([0, 10, 20, 30, 40, 50], 2);
    expect(counted.reduce((sum, [, count]) => sum + count, 0)).toBe(2);
  });

  it('forgets what lies behind the window, and stays small', () => {
    const { counted } = countAt(
      Array.from({ length: 1000 }, (_, place) => place * 60),
      10_000,
    );
    expect(counted.length).toBeLessThanOrEqual(13);
  });

  it('nought allowed is nobody, ever', () => {
    expect(countOneMore([], 3600, 0, at(0))).toEqual({ outcome: 'too_many', retryAfterSeconds: 3600 });
  });

  it('is not let open by a clock that was set back', () => {
    const { counted } = countAt([7200, 7201], 2);
    expect(countOneMore(counted, 3600, 2, at(0)).outcome).toBe('too_many');
  });

  it('is stale only when nothing in it counts any more', () => {
    const { counted } = countAt([299], 1);
    const stale = staleAt(3600, at(299));
    expect(countOneMore(counted, 3600, 1, stale).outcome).toBe('counted');
  });
});

describe('a merchant’s own numbers', () => {
  it('replace the usual ones, lower or higher, one by one', () => {
    const own = limitsOf({ numberHour: 2, merchantHour: 50_000 });
    expect(own).toEqual({ ...usualLimits, numberHour: 2, merchantHour: 50_000 });
  });

  it.each([
    [null],
    ['8'],
    [[]],
    [{ numberHour: '5' }],
    [{ numberHour: -1 }],
    [{ numberHour: 1.5 }],
    [{ numberHour: null, other: 3 }],
    [{ __proto__: { numberHour: 3 } }],
  ])('%j changes nothing', (row) => {
    expect(limitsOf(row)).toEqual(usualLimits);
  });

  it('the usual ones keep a stranger from being rung twenty times by twenty merchants', () => {
    expect(usualLimits.numberEverywhereDay).toBeLessThan(20);
    expect(usualLimits.numberEverywhereHour).toBeGreaterThanOrEqual(usualLimits.numberHour);
    expect(usualLimits.numberDay).toBeLessThanOrEqual(usualLimits.numberEverywhereDay);
  });
});

describe('an address as one subject', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002:ffff::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', ''],
    ['nonsense', 'nonsense'],
  ])('%s is %s', (address, subject) => {
    expect(addressSubject(address)).toBe(subject);
  });
});
