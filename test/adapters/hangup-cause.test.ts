import { describe, expect, test } from 'vitest';
import { hangupCause, hangupCauseOfQ850, switchCauses } from '../../src/telephony/hangup-cause.ts';

describe('why a leg ended', () => {
  test.each([
    ['NORMAL_CLEARING', 'normal'],
    ['USER_BUSY', 'busy'],
    ['NO_ANSWER', 'no_answer'],
    ['NO_USER_RESPONSE', 'no_answer'],
    ['CALL_REJECTED', 'rejected'],
    ['UNALLOCATED_NUMBER', 'unreachable'],
    ['SUBSCRIBER_ABSENT', 'unreachable'],
    ['NORMAL_TEMPORARY_FAILURE', 'congestion'],
    ['SWITCH_CONGESTION', 'congestion'],
    ['ALLOTTED_TIMEOUT', 'limit_reached'],
    ['MEDIA_TIMEOUT', 'media_timeout'],
    ['ORIGINATOR_CANCEL', 'stopped'],
    ['MANAGER_REQUEST', 'stopped'],
    ['LOSE_RACE', 'stopped'],
    ['SYSTEM_SHUTDOWN', 'failed'],
    ['INCOMPATIBLE_DESTINATION', 'failed'],
  ])('%s is %s', (name, cause) => expect(hangupCause(name)).toBe(cause));

  test.each(['', 'user_busy', 'NEVER_HEARD', '17', 'constructor', '__proto__'])(
    'the unknown word %j is failed',
    (name) => {
      expect(hangupCause(name)).toBe('failed');
    },
  );

  // ITU-T Q.850, table 1.
  test.each([
    [1, 'unreachable'],
    [16, 'normal'],
    [17, 'busy'],
    [19, 'no_answer'],
    [21, 'rejected'],
    [34, 'congestion'],
    [0, 'failed'],
    [128, 'failed'],
    [-1, 'failed'],
    [Number.NaN, 'failed'],
  ])('Q.850 %d is %s', (code, cause) => expect(hangupCauseOfQ850(code)).toBe(cause));

  test('every cause has its own number, those of Q.850 below 128', () => {
    const numbers = Object.values(switchCauses).map(([code]) => code);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers.length).toBe(82);
    expect(numbers.filter((code) => code < 128 && code > 0).every((code) => code <= 127)).toBe(true);
  });
});
