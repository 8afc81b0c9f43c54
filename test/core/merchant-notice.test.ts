import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterDelivery, noticeBody, retryDelaysSeconds } from '../../src/core/merchant-notice.ts';
import type { DeliveryOutcome } from '../../src/core/merchant-notice.ts';

const now = new Date('2025-11-21T12:00:00.000Z');
const inSeconds = (seconds: number) => new Date(now.getTime() + seconds * 1000);
const silence: DeliveryOutcome = { outcome: 'no_answer', reason: 'connect timeout' };

describe('the body of a notice', () => {
  it('is type, timestamp and data, in these exact bytes', () => {
    expect(
      noticeBody(
        { type: 'call.ended', data: { outcome: 'talked', talkTimeSeconds: 61.25 } },
        {
          at: now,
          sequence: 4,
          orderId: 'ord_1',
          callSessionId: 'call_1',
          reference: 'basket 7',
          line: 'demo',
        },
      ),
    ).toBe(
      '{"type":"call.ended","timestamp":"2025-11-21T12:00:00.000Z","data":{"outcome":"talked","talkTimeSeconds":61.25,' +
        '"sequence":4,"orderId":"ord_1","callSessionId":"call_1","reference":"basket 7","line":"demo"}}',
    );
  });

  it('leaves out what the order does not have', () => {
    const body = noticeBody(
      { type: 'payment.captured', data: {} },
      { at: now, sequence: 1, orderId: 'ord_1', line: 'x' },
    );
    expect(JSON.parse(body)).toEqual({
      type: 'payment.captured',
      timestamp: '2025-11-21T12:00:00.000Z',
      data: { sequence: 1, orderId: 'ord_1', line: 'x' },
    });
  });

  it('never lets a draft speak for another order', () => {
    const body = noticeBody(
      { type: 'payment.captured', data: { orderId: 'ord_other', sequence: 99, line: 'other' } },
      { at: now, sequence: 1, orderId: 'ord_1', line: 'demo' },
    );
    expect(JSON.parse(body)).toMatchObject({ data: { orderId: 'ord_1', sequence: 1, line: 'demo' } });
  });
});

describe('after a try', () => {
  it.each([
    [1, 5],
    [2, 5 * 60],
    [3, 30 * 60],
    [4, 2 * 3600],
    [5, 5 * 3600],
    [6, 10 * 3600],
    [7, 14 * 3600],
    [8, 20 * 3600],
    [9, 24 * 3600],
  ])('number %i without an answer, the next comes %i seconds later', (tries, seconds) => {
    expect(afterDelivery({ tries }, silence, now, 0)).toEqual({
      state: 'pending',
      nextTryAt: inSeconds(seconds),
    });
  });

  it.each<[DeliveryOutcome, string]>([
    [silence, 'no answer: connect timeout'],
    [{ outcome: 'refused', status: 500 }, 'the receiver answered 500'],
    [{ outcome: 'refused', status: 503, retryAfterSeconds: 5 }, 'the receiver answered 503'],
    [{ outcome: 'forbidden', reason: 'loopback address' }, 'the address may not be called: loopback address'],
  ])('number ten, it is parked with its reason: %j', (delivered, reason) => {
    expect(afterDelivery({ tries: 10 }, delivered, now, 0)).toEqual({ state: 'parked', reason });
  });

  it.each([1, 5, 10, 40])('number %i delivered, it is over', (tries) => {
    expect(afterDelivery({ tries }, { outcome: 'delivered' }, now, 0.5)).toEqual({ state: 'delivered' });
  });

  it.each([1, 10])('number %i answered 410, the address is to be disabled', (tries) => {
    expect(afterDelivery({ tries }, { outcome: 'gone' }, now, 0.5)).toEqual({ state: 'gone' });
  });

  it.each([
    ['longer than the schedule counts', 1, 120, 120],
    ['shorter than the schedule does not hurry us', 2, 10, 300],
    ['of a week is cut to a day', 1, 7 * 24 * 3600, 24 * 3600],
    ['of nothing is the schedule', 1, 0, 5],
  ])('a retry-after %s', (_name, tries, retryAfterSeconds, seconds) => {
    expect(afterDelivery({ tries }, { outcome: 'refused', status: 429, retryAfterSeconds }, now, 0)).toEqual({
      state: 'pending',
      nextTryAt: inSeconds(seconds),
    });
  });

  it('chance spreads repeats by at most a tenth, and never brings one forward', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: retryDelaysSeconds.length }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (tries, chance) => {
          const after = afterDelivery({ tries }, silence, now, chance);
          if (after.state !== 'pending') throw new Error(after.state);
          const seconds = (after.nextTryAt.getTime() - now.getTime()) / 1000;
          const scheduled = retryDelaysSeconds[tries - 1] ?? 0;
          expect(seconds).toBeGreaterThanOrEqual(scheduled);
          expect(seconds).toBeLessThanOrEqual(scheduled * 1.1);
        },
      ),
    );
  });

  it.each([0, -1, 1.5])('a count of %d tries is a bug', (tries) => {
    expect(() => afterDelivery({ tries }, silence, now, 0)).toThrow('at least one try');
  });

  it.each([-0.1, 1, Number.NaN])('a chance of %d is a bug', (chance) => {
    expect(() => afterDelivery({ tries: 1 }, silence, now, chance)).toThrow('Chance');
  });
});
