// What a consultant keys, state by state. Who he is, is asked before anything is told of him; what he keyed is done though he hangs up.

import { describe, expect, it, test } from 'vitest';
import type { LegUuid } from '../../src/core/ids.ts';
import {
  advanceService,
  newServiceCall,
  resumeService,
  type ServiceCall,
  type ServiceCommand,
  type ServiceEvent,
  type ServiceState,
} from '../../src/core/service-call.ts';
import type { SpokenState } from '../../src/core/sentence.ts';

const at = new Date('2026-01-05T11:00:00Z');
const keyed = (digits: string): ServiceEvent => ({
  type: 'digitsGiven',
  digits,
  ended: digits.length === 1 ? 'full' : 'terminator',
  at,
});
const star: ServiceEvent = { type: 'digitsGiven', digits: '', ended: 'restart', at };
const nothing: ServiceEvent = { type: 'noKeyGiven' };
const maria = { id: 'con_maria', name: 'Maria', language: 'fr' as const };
const hungUp: ServiceEvent = { type: 'legEnded', missed: true };
const available: SpokenState = { is: 'available' };
const stateRead = (state = available, availability: 'available' | 'break' = 'available'): ServiceEvent => ({
  type: 'read',
  read: {
    what: 'state',
    state,
    setting: { availability, ...(availability === 'break' && { reason: 'lunch' }) },
  },
});

const fresh = newServiceCall({
  id: 'svc_1',
  leg: '00000000-0000-4000-8000-000000000001' as LegUuid,
  language: 'en',
  plan: { merchantName: 'Voyance Clara', timeZone: 'Europe/Paris', cli: { trust: 'withheld' } },
});

function play(
  call: ServiceCall,
  ...events: ServiceEvent[]
): { call: ServiceCall; commands: readonly ServiceCommand[] } {
  let step: { call: ServiceCall; commands: readonly ServiceCommand[] } = { call, commands: [] };
  for (const event of events) step = advanceService(step.call, event);
  // As it is written down and read again.
  expect(JSON.parse(JSON.stringify(step.call))).toEqual(step.call);
  return step;
}

const asked = (commands: readonly ServiceCommand[]): string[] =>
  commands.flatMap((one) => ('sentence' in one ? [one.sentence.key] : []));
const done = (commands: readonly ServiceCommand[]): string[] => commands.map((one) => one.do);

const toPin: ServiceEvent[] = [{ type: 'callArrived' }, { type: 'numberLookedUp', byNumber: [maria.id] }];
const inMenu = play(fresh, ...toPin, keyed('4711'), { type: 'checked', consultant: maria }, stateRead()).call;

describe('who he is', () => {
  it('by his own number and his PIN', () => {
    const rung = play(fresh, ...toPin);
    expect(done(rung.commands)).toEqual(['answer', 'ask']);
    expect(rung.commands[1]).toMatchObject({
      sentence: { key: 'service_pin', byNumber: true },
      entry: { secret: true },
    });
    const checking = play(rung.call, keyed('4711'));
    expect(checking.commands).toEqual([{ do: 'check', pin: '4711' }]);
    // Not in what is written down.
    expect(JSON.stringify(checking.call)).not.toContain('4711');
    const known = play(checking.call, { type: 'checked', consultant: maria });
    expect(known.call).toMatchObject({ state: { is: 'menu' }, consultant: { id: maria.id }, language: 'fr' });
    expect(known.commands).toEqual([{ do: 'read', reading: 'state' }]);
    expect(play(known.call, stateRead()).commands).toMatchObject([
      {
        do: 'ask',
        sentence: { key: 'service_menu', name: 'Maria', language: 'fr', state: { is: 'available' } },
      },
    ]);
  });

  it('by his short number and his PIN, asked for whether or not there is such a number', () => {
    const rung = play(fresh, { type: 'callArrived' }, { type: 'numberLookedUp', byNumber: [] });
    expect(asked(rung.commands)).toEqual(['service_short_number']);
    const named = play(rung.call, keyed('12'));
    expect(named.call.shortNumber).toBe('12');
    expect(named.commands).toMatchObject([{ do: 'ask', sentence: { key: 'service_pin' } }]);
  });

  it('whatever was wrong, he hears the same, and is sent away after three', () => {
    const rung = play(fresh, { type: 'callArrived' }, { type: 'numberLookedUp', byNumber: [] });
    const wrong = [keyed('12'), keyed('9999'), { type: 'checked' }] as ServiceEvent[];
    const again = play(rung.call, ...wrong);
    expect(again.commands).toMatchObject([{ sentence: { key: 'service_short_number', again: true } }]);
    const third = play(again.call, ...wrong, ...wrong);
    expect(third.call.state).toEqual({ is: 'leaving', words: 'refused' });
    const left = play(third.call, { type: 'played' });
    expect([left.call.state.is, done(left.commands)]).toEqual(['over', ['hangUp']]);
  });

  it('a star leads from the PIN of a number to the short number, and begins that anew', () => {
    const other = play(fresh, ...toPin, star);
    expect(asked(other.commands)).toEqual(['service_short_number']);
    const anew = play(other.call, keyed('12'), star);
    expect(anew.call.shortNumber).toBeUndefined();
    expect(anew.commands).toMatchObject([{ sentence: { key: 'service_short_number' }, typedAhead: true }]);
  });

  it('a state that hears of a question nobody asked does nothing', () => {
    expect(play(inMenu, { type: 'checked', consultant: { ...maria, id: 'con_other' } }).call).toEqual(inMenu);
    expect(play(fresh, keyed('1')).commands).toEqual([]);
  });
});

describe('what he keys', () => {
  test.each<[string, ServiceState]>([
    ['1', { is: 'setting', wish: { availability: 'available' } }],
    ['2', { is: 'setting', wish: { availability: 'break' } }],
    ['3', { is: 'setting', wish: { availability: 'away' } }],
    ['4', { is: 'hour' }],
    ['5', { is: 'recording', kind: 'introduction' }],
    ['6', { is: 'messages' }],
    ['7', { is: 'telling', what: 'today' }],
    ['9', { is: 'telling', what: 'schedule' }],
    ['0', { is: 'menu', news: 'wrong_key' }],
    ['8', { is: 'menu', news: 'wrong_key' }],
  ])('%s', (digit, state) => {
    expect(play(inMenu, keyed(digit)).call.state).toEqual(state);
  });

  it('what is set is said, and the menu comes again', () => {
    const set = play(inMenu, keyed('3'));
    expect(set.commands).toEqual([{ do: 'set', consultantId: maria.id, wish: { availability: 'away' } }]);
    const back = play(set.call, { type: 'done' }, stateRead({ is: 'away' }));
    expect(back.commands).toMatchObject([
      { sentence: { key: 'service_menu', news: 'set', state: { is: 'away' } } },
    ]);
    // He was greeted by name once.
    expect(back.commands[0]).not.toHaveProperty('sentence.name');
  });

  it('a time: who is at work leaves until then, who is on a break stays on it, and a wrong one is asked again', () => {
    expect(play(inMenu, keyed('4'), keyed('1430')).call.state).toEqual({
      is: 'setting',
      wish: { availability: 'away', backAt: '2026-01-05T13:30:00.000Z' },
    });
    const onBreak = play(inMenu, keyed('2'), { type: 'done' }, stateRead({ is: 'break' }, 'break')).call;
    expect(play(onBreak, keyed('4'), keyed('0900')).call.state).toEqual({
      is: 'setting',
      wish: { availability: 'break', reason: 'lunch', backAt: '2026-01-06T08:00:00.000Z' },
    });
    expect(play(inMenu, keyed('4'), keyed('2575')).commands).toMatchObject([
      { sentence: { key: 'service_hour', again: true } },
    ]);
    expect(play(inMenu, keyed('4'), star).call.state).toEqual({ is: 'menu' });
  });

  it('what he is told may be interrupted by the next key, and silence behind it is the menu', () => {
    const told = play(inMenu, keyed('7'), {
      type: 'read',
      read: { what: 'today', facts: { key: 'service_today', calls: 1, seconds: 60, missed: 0 } },
    });
    expect(asked(told.commands)).toEqual(['service_today']);
    expect(play(told.call, keyed('1')).call.state.is).toBe('setting');
    expect(play(told.call, nothing).call).toMatchObject({ state: { is: 'menu' }, silences: 0 });
  });

  it('silence: asked once more, then goodbye; a key between the two begins the count anew', () => {
    expect(play(inMenu, nothing).commands).toEqual([{ do: 'read', reading: 'state' }]);
    expect(asked(play(inMenu, nothing, nothing).commands)).toEqual(['service_goodbye']);
    const between = play(inMenu, nothing, keyed('0'), stateRead(), nothing);
    expect(between.call.state.is).toBe('menu');
  });

  it('a machine that presses keys for ever is let go', () => {
    let call = inMenu;
    for (let n = 0; n < 200 && call.state.is === 'menu'; n++) call = play(call, keyed('0')).call;
    expect(call.state).toMatchObject({ is: 'leaving' });
  });
});

describe('what he says', () => {
  const speaking = play(inMenu, keyed('5'), { type: 'read', read: { what: 'recording' } });
  const recorded: ServiceEvent = { type: 'recorded', seconds: 7.6, back: false };

  it('where nothing is recorded he speaks at once; he listens, begins anew, keeps', () => {
    expect(speaking.commands).toMatchObject([{ do: 'record', sentence: { key: 'service_speak' } }]);
    const taken = play(speaking.call, recorded);
    expect(taken.commands).toMatchObject([{ sentence: { key: 'service_take', seconds: 8 } }]);
    expect(done(play(taken.call, keyed('1')).commands)).toEqual(['playTake', 'ask']);
    expect(done(play(taken.call, keyed('3')).commands)).toEqual(['record']);
    const keeping = play(taken.call, keyed('2'));
    expect(keeping.commands).toEqual([{ do: 'keepTake', kind: 'introduction', seconds: 8 }]);
    const kept = play(keeping.call, { type: 'done' });
    expect(kept.call.state).toEqual({ is: 'menu', news: 'kept' });
    expect(done(kept.commands)).toEqual(['dropTake', 'read']);
  });

  it('thrown away by a star, by hanging up before it was kept, by silence', () => {
    const taken = play(speaking.call, recorded).call;
    for (const last of [star, { type: 'legEnded', missed: false } as const]) {
      const step = play(taken, last);
      expect(done(step.commands)).toContain('dropTake');
      expect(done(step.commands)).not.toContain('keepTake');
    }
    expect(done(play(speaking.call, { type: 'legEnded', missed: false }).commands)).toEqual(['dropTake']);
    expect(done(play(taken, nothing, nothing).commands)).toContain('dropTake');
    expect(play(speaking.call, { type: 'recorded', seconds: 4, back: true }).call.state.is).toBe('menu');
  });

  it('a cough is no recording: asked once more, then goodbye', () => {
    const cough: ServiceEvent = { type: 'recorded', seconds: 0.4, back: false };
    const again = play(speaking.call, cough);
    expect(again.commands).toMatchObject([{ do: 'record', sentence: { again: true } }]);
    expect(play(again.call, cough).call.state.is).toBe('leaving');
  });

  it('what is there is heard, recorded anew, or deleted', () => {
    const kept = { key: 'recording', merchantId: 'mer_x', digest: 'd', words: 'It is Maria.' } as const;
    const read: ServiceEvent = { type: 'read', read: { what: 'recording', recording: kept } };
    const there = play(inMenu, keyed('6'), keyed('3'), read);
    expect(there.call.state).toEqual({ is: 'recording', kind: 'away' });
    expect(asked(there.commands)).toEqual(['service_recording']);
    expect(asked(play(there.call, keyed('1'), read).commands)).toEqual(['recording', 'service_recording']);
    expect(play(there.call, keyed('2')).call.state).toEqual({ is: 'speaking', kind: 'away' });
    const deleting = play(there.call, keyed('3'));
    expect(deleting.commands).toEqual([{ do: 'deleteRecording', kind: 'away' }]);
    expect(play(deleting.call, { type: 'done' }).call.state).toEqual({ is: 'menu', news: 'deleted' });
  });
});

describe('he hangs up', () => {
  const toggle = { consultantId: maria.id, wish: { availability: 'away' as const } };
  const rings = play(
    fresh,
    { type: 'callArrived' },
    { type: 'numberLookedUp', byNumber: [maria.id], toggle },
  );

  it('while it rings, where that is allowed: his state changes, and nothing is said', () => {
    expect(rings.commands).toEqual([{ do: 'waitForMissedCall' }]);
    const missed = play(rings.call, hungUp);
    expect(missed.commands).toEqual([{ do: 'set', ...toggle }]);
    expect(resumeService(missed.call)).toEqual(missed.commands);
    expect(play(missed.call, { type: 'done' }).call.state.is).toBe('over');
  });

  it('ended by anything but himself, or not allowed: nothing changes', () => {
    expect(play(rings.call, { type: 'legEnded', missed: false }).commands).toEqual([]);
    expect(play(fresh, { type: 'callArrived' }, hungUp).commands).toEqual([]);
    const answered = play(rings.call, { type: 'rungLongEnough' });
    expect(done(answered.commands)).toEqual(['answer', 'ask']);
    expect(play(answered.call, hungUp).call.state.is).toBe('over');
  });

  it('right behind a key: what he keyed is carried out all the same', () => {
    const gone = play(inMenu, keyed('2'), hungUp).call;
    expect(gone.state.is).toBe('setting');
    expect(done(resumeService(gone))).toEqual(['set']);
    expect(play(gone, { type: 'done' })).toMatchObject({ call: { state: { is: 'over' } }, commands: [] });
    expect(play(gone, { type: 'failed' }).call.state.is).toBe('over');
  });
});

it('what could not be done is said, and he may try again; what cannot even be read ends with an apology', () => {
  expect(play(inMenu, keyed('3'), { type: 'failed' }).call.state).toEqual({ is: 'menu', news: 'failed' });
  expect(asked(play(inMenu, { type: 'failed' }).commands)).toEqual(['apology']);
});

it('whoever takes over asks again; of a PIN that was being checked nothing is left', () => {
  const checking = play(fresh, ...toPin, keyed('4711')).call;
  expect(asked(resumeService(checking))).toEqual(['service_pin']);
  expect(resumeService(inMenu)).toEqual([{ do: 'read', reading: 'state' }]);
  expect(resumeService(fresh)).toEqual([{ do: 'lookUpNumber' }]);
});
