import { describe, expect, it, test } from 'vitest';
import { nextTimeKeyed, spokenInstant } from '../../src/core/spoken-clock.ts';

const paris = 'Europe/Paris';
// A Monday, noon in Paris.
const now = new Date('2026-01-05T11:00:00Z');

describe('a time that is keyed', () => {
  test.each([
    ['1430', '2026-01-05T13:30:00Z'],
    ['830', '2026-01-06T07:30:00Z'], // has passed: tomorrow
    ['0830', '2026-01-06T07:30:00Z'],
    ['14', '2026-01-05T13:00:00Z'],
    ['9', '2026-01-06T08:00:00Z'],
    ['1200', '2026-01-06T11:00:00Z'], // this very minute is over
    ['1201', '2026-01-05T11:01:00Z'],
    ['2400', '2026-01-05T23:00:00Z'],
    ['0000', '2026-01-05T23:00:00Z'],
    ['0', '2026-01-05T23:00:00Z'],
  ])('%s is %s', (digits, at) => {
    expect(nextTimeKeyed(digits, now, paris)?.toISOString()).toBe(new Date(at).toISOString());
  });

  test.each(['', '2460', '1275', '2401', '25', '99', '12345', '960'])('%s is none', (digits) => {
    expect(nextTimeKeyed(digits, now, paris)).toBeUndefined();
  });

  it('keeps to the wall clock where that is put forward or back', () => {
    // 29 March 2026: two o'clock is three.
    const spring = new Date('2026-03-28T20:00:00Z');
    expect(nextTimeKeyed('0230', spring, paris)?.toISOString()).toBe('2026-03-29T01:30:00.000Z');
    expect(nextTimeKeyed('0900', spring, paris)?.toISOString()).toBe('2026-03-29T07:00:00.000Z');
    const autumn = new Date('2026-10-24T20:00:00Z');
    expect(nextTimeKeyed('0900', autumn, paris)?.toISOString()).toBe('2026-10-25T08:00:00.000Z');
  });
});

describe('an instant that is said', () => {
  test.each([
    ['2026-01-05T13:30:00Z', { day: 'today', hour: 14, minute: 30 }],
    ['2026-01-05T23:00:00Z', { day: 'tomorrow', hour: 0, minute: 0 }],
    ['2026-01-08T08:00:00Z', { day: 4, hour: 9, minute: 0 }],
    ['2026-01-11T08:00:00Z', { day: 7, hour: 9, minute: 0 }],
    ['2026-01-12T08:00:00Z', { day: '01-12', hour: 9, minute: 0 }],
  ])('%s', (at, said) => {
    expect(spokenInstant(new Date(at), now, paris)).toEqual(said);
  });
});
