// More time, the call's side: offered at the warning, asked for by key or page, granted or not, and never in the way of a
// talk that is ending.

import { describe, expect, it } from 'vitest';
import {
  type CallEvent,
  type CallStep,
  mayOfferMoreTime,
  nextWarningSecondsBefore,
  talkTimers,
} from '../../src/core/call-session.ts';
import { callerLeg, ended, legOf, second, type Table, talking } from './call-table.ts';

const agreed = { moreTime: { seconds: 300, times: 2, hold: '10.00' } };
const warning: CallEvent = { type: 'timerDue', timer: 'warning' };
const limit: CallEvent = { type: 'timerDue', timer: 'limit' };
const pressed = (leg: typeof callerLeg, key: string): CallEvent => ({ type: 'keyPressed', leg, key });
const five = pressed(callerLeg, '5');
const granted: CallEvent = { type: 'moreTimeAnswered', granted: true, talkLimitSeconds: 1200 };
const refused: CallEvent = { type: 'moreTimeAnswered', granted: false };

const last = (table: Table): CallStep => table.said.at(-1)!;
const factsOf = (table: Table): string[] => table.said.flatMap((step) => step.facts.map((fact) => fact.name));

describe('more time', () => {
  it('is offered with the warning, with its price, where it was agreed to', () => {
    const table = talking(agreed).on(warning);
    expect(table.session.moreTime).toEqual({ state: 'offered', granted: 0 });
    expect(last(table).commands).toEqual([
      {
        do: 'announce',
        leg: callerLeg,
        sentence: {
          key: 'limit_near',
          language: 'fr',
          secondsLeft: 60,
          more: { seconds: 300, hold: '10.00', currency: 'EUR' },
        },
      },
    ]);
    expect(last(table).notices).toMatchObject([
      { type: 'call.limit_near', data: { secondsLeft: 60, moreTimeOffered: true } },
    ]);
    expect(last(table).facts).toEqual([
      { name: 'limit_near', facts: { secondsLeft: 60, moreTimeOffered: true } },
    ]);
  });

  it('is not offered where it was not', () => {
    const table = talking().on(warning);
    expect(table.session.moreTime).toBeUndefined();
    expect(last(table).notices).toMatchObject([{ data: { moreTimeOffered: false } }]);
    expect(last(table).commands).toEqual([
      {
        do: 'announce',
        leg: callerLeg,
        sentence: { key: 'limit_near', language: 'fr', secondsLeft: 60 },
      },
    ]);
    table.done();
    table.on(five);
    expect(table.session.moreTime).toBeUndefined();
    expect(table.done()).toEqual([]);
  });

  it.each([
    ['by key 5', five, 'key'],
    ['on his page', { type: 'moreTimeAsked' } as const, 'page'],
  ])('is asked for %s: written down, asked of his bank, and he hears so', (_, event, by) => {
    const table = talking(agreed).on(warning);
    table.done();
    table.on(event);
    expect(table.session.moreTime).toEqual({ state: 'asked', granted: 0 });
    expect(last(table).askForMore).toBe(true);
    expect(last(table).facts).toEqual([{ name: 'more_time_asked', facts: { by } }]);
    expect(table.done()).toEqual(['announce A more_time_asked']);
    table.on(event).on(five);
    expect(table.done(), 'asked once').toEqual([]);
  });

  it.each([
    ['another key', pressed(callerLeg, '4')],
    ['the consultant’s key 5', pressed(legOf(1), '5')],
    ['an answer nobody asked for', granted],
  ])('%s changes nothing', (_, event) => {
    const table = talking(agreed).on(warning);
    const before = table.session;
    table.done();
    table.on(event);
    expect(table.session).toBe(before);
    expect(last(table).askForMore).toBeUndefined();
    expect(table.done()).toEqual([]);
  });

  it.each([
    ['key 5', five],
    ['the page', { type: 'moreTimeAsked' } as const],
  ])('%s before the offer changes nothing', (_, event) => {
    const table = talking(agreed).on(event);
    expect(table.session.moreTime).toBeUndefined();
    expect(factsOf(table)).toEqual([]);
  });

  it('granted: the limit moves, here and in the switch, and everybody is told', () => {
    const table = talking(agreed).on(warning).on(five);
    table.done();
    table.on(granted);
    expect(table.session).toMatchObject({
      state: 'connected',
      plan: { talkLimitSeconds: 1200 },
      moreTime: { state: 'granted', granted: 1 },
    });
    expect(last(table).commands).toEqual([
      { do: 'moveLimit', aLeg: callerLeg, talkLimitSeconds: 1200 },
      {
        do: 'announce',
        leg: callerLeg,
        sentence: { key: 'more_time_granted', language: 'fr', seconds: 300 },
      },
    ]);
    expect(last(table).notices).toMatchObject([
      { type: 'call.limit_moved', data: { talkLimitSeconds: 1200 } },
    ]);
    expect(last(table).facts).toEqual([{ name: 'more_time', facts: { talkLimitSeconds: 1200, granted: 1 } }]);
    table.on(granted);
    expect(table.session.plan.talkLimitSeconds, 'told twice').toBe(1200);
    expect(last(table).commands).toEqual([]);
  });

  it('granted without a word on how long: as much as was offered', () => {
    const table = talking(agreed).on(warning).on(five).on({ type: 'moreTimeAnswered', granted: true });
    expect(table.session.plan.talkLimitSeconds).toBe(1200);
  });

  it('granted less than there was: nobody is cut early', () => {
    const table = talking(agreed).on(warning).on(five);
    table.on({ type: 'moreTimeAnswered', granted: true, talkLimitSeconds: 800 });
    expect(table.session).toMatchObject({ plan: { talkLimitSeconds: 900 }, moreTime: { state: 'refused' } });
  });

  it('is offered again at the next warning, as often as was agreed, and then no more', () => {
    const table = talking(agreed).on(warning).on(five).on(granted).on(warning);
    expect(table.session.moreTime).toEqual({ state: 'offered', granted: 1 });
    table.on(five).on({ type: 'moreTimeAnswered', granted: true, talkLimitSeconds: 1500 });
    expect(table.session).toMatchObject({ plan: { talkLimitSeconds: 1500 }, moreTime: { granted: 2 } });
    expect(mayOfferMoreTime(table.session)).toBe(false);
    table.on(warning);
    expect(last(table).notices).toMatchObject([{ data: { moreTimeOffered: false } }]);
    table.done();
    table.on(five);
    expect(table.done()).toEqual([]);
  });

  it('refused: he hears it, the old limit stands and ends the talk, nothing is offered again', () => {
    const table = talking(agreed).on(warning).on(five);
    table.done();
    table.on(refused);
    expect(table.session).toMatchObject({
      state: 'connected',
      plan: { talkLimitSeconds: 900 },
      moreTime: { state: 'refused', granted: 0 },
    });
    expect(table.done()).toEqual(['announce A more_time_refused']);
    table.on(five).on(granted);
    expect(table.done()).toEqual([]);
    table.on(warning);
    expect(last(table).notices).toMatchObject([{ data: { moreTimeOffered: false } }]);
    expect(table.session.moreTime?.state).toBe('refused');
    table.done();
    table.on(limit);
    expect(table.done()).toEqual(['hangUp B1 limit_reached']);
  });

  it('not answered when the limit comes: the cut stands, a grant that comes now changes nothing', () => {
    const table = talking(agreed).on(warning).on(five).on(limit);
    expect(table.done().at(-1)).toBe('hangUp B1 limit_reached');
    table.on(granted);
    expect(table.done()).toEqual([]);
    expect(table.session.plan.talkLimitSeconds).toBe(900);
    table.on(ended(legOf(1), 'limit_reached', 1_000n * second));
    expect(table.session).toMatchObject({ outcome: 'limit_reached', endedBy: 'limit' });
  });

  it.each([
    ['over', ended(callerLeg, 'normal', 200n * second)],
    ['parted, by whom is not told yet', { type: 'legsUnbridged', atUs: 200n * second } as const],
    ['being hung up', { type: 'hangUpRequested', by: 'merchant' } as const],
  ])('answered when the talk is %s: nothing', (_, event) => {
    const table = talking(agreed).on(warning).on(five).on(event);
    table.done();
    table.on(granted).on(refused);
    expect(table.done()).toEqual([]);
    expect(table.session.plan.talkLimitSeconds).toBe(900);
  });

  it('asked for when the talk is being ended: nothing is held for it', () => {
    const table = talking(agreed).on(warning).on(limit);
    table.done();
    table.on(five).on({ type: 'moreTimeAsked' });
    expect(table.said.some((step) => step.askForMore)).toBe(false);
    expect(table.done()).toEqual([]);
  });
});

describe('the timers of a talk', () => {
  it('are counted from its bridge', () => {
    expect(talkTimers(talking().session)).toEqual([
      { timer: 'limit', afterBridgeMs: 900_000 },
      { timer: 'warning', afterBridgeMs: 840_000 },
    ]);
  });

  it('have no warning where no whole second would be left to warn of', () => {
    const { session } = talking({ talkLimitSeconds: 2 });
    expect(talkTimers(session)).toEqual([{ timer: 'limit', afterBridgeMs: 2_000 }]);
    expect(talking({ talkLimitSeconds: 2 }).on(warning).done()).toEqual([]);
  });

  it('move with the limit', () => {
    const { session } = talking(agreed).on(warning).on(five).on(granted);
    expect(talkTimers(session)).toEqual([
      { timer: 'limit', afterBridgeMs: 1_200_000 },
      { timer: 'warning', afterBridgeMs: 1_140_000 },
    ]);
  });

  it('after a short extension the warning still comes after the old limit', () => {
    const table = talking({ moreTime: { seconds: 30, times: 1, hold: '1.00' } })
      .on(warning)
      .on(five);
    table.on({ type: 'moreTimeAnswered', granted: true });
    expect(table.session.plan.talkLimitSeconds).toBe(930);
    expect(nextWarningSecondsBefore(table.session)).toBe(10);
  });
});
