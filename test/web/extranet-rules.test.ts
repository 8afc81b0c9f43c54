// What of the application needs no browser: its two languages, hours and the clock of a zone.

import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  asOnMonday,
  dragged,
  lengthened,
  minutesOf,
  moved,
  readTime,
  tidy,
  weeklyOf,
  weekOf,
} from '../../src/extranet/week.ts';
import { type Key, sayIn } from '../../src/extranet/words.ts';
import { words as english } from '../../src/extranet/words-en.ts';
import { words as french } from '../../src/extranet/words-fr.ts';
import { durationParts } from '../../src/extranet/duration.ts';
import { slugOf } from '../../src/extranet/slug.ts';
import { wayOf } from '../../src/extranet/way.ts';
import { withChanged } from '../../src/extranet/changed-rows.ts';
import { stands, type Told } from '../../src/extranet/told.ts';
import type { House } from '../../src/flow/house.ts';
import { merchantRoutes } from '../../src/web/merchant-api.ts';
import { dayAfter, dayIn, nextTimeIn, timeIn, weekdayIn } from '../../src/extranet/zone.ts';

const keys = Object.keys(french) as (keyof typeof french)[];
const placeholders = (sentence: string): string[] =>
  [...sentence.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').sort();

describe('the sentences', () => {
  test('are the same in both languages, with the same names to fill in', () => {
    expect(Object.keys(english).sort()).toEqual([...keys].sort());
    for (const key of keys) expect(placeholders(english[key]), key).toEqual(placeholders(french[key]));
  });

  test.each([
    ['French', french as Record<string, string>],
    ['English', english as Record<string, string>],
  ])('are whole and tidy in %s', (_, words) => {
    for (const [key, sentence] of Object.entries(words)) {
      expect(sentence.trim(), key).toBe(sentence);
      expect(sentence, key).not.toBe('');
      expect(sentence, key).not.toMatch(/ {2}|'|"|\.\.\./);
    }
  });

  test('have the form the language gives a count, and what they do not know stays as it stands', () => {
    const said = { minutes_one: '{count} one', minutes_other: '{count} several', plain: '{name}: {code}' };
    const [en, fr] = [sayIn('en', said), sayIn('fr', said)];
    const minutes = 'minutes' as Key;
    expect([0, 1, 2].map((count) => en(minutes, { count }))).toEqual(['0 several', '1 one', '2 several']);
    expect([0, 1.5, 2, 1e6].map((count) => fr(minutes, { count }))).toEqual([
      '0 one',
      '1.5 one',
      '2 several',
      '1000000 several',
    ]);
    expect(en('plain' as Key, { name: '$& {code}' })).toBe('$& {code}: {code}');
    expect(en('plain' as Key, { name: 'Ana', count: 3 })).toBe('Ana: {code}');
  });

  test('none is left in the other language', () => {
    const same = keys.filter((key) => french[key] === english[key]);
    expect(same.sort()).toEqual([
      'access.tab.codes',
      'area.clients',
      'call.client',
      'call.minutes',
      'code.code',
      'consultants.title',
      'duration.count.minutes_one',
      'duration.count.minutes_other',
      'duration.minutes',
      'messages.title',
      'nav.consultants',
      'nav.label',
      'nav.messages',
      'photo.title',
      'role.consultant',
      'run.version',
      'stepUp.code',
      'until.minutes',
      'users.consultant',
    ]);
  });
});

test('what it asks of the API is there, by the same method', () => {
  const folder = fileURLToPath(new URL('../../src/extranet', import.meta.url));
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  const plain = (path: string): string => path.replace(/\?.*/, '').replace(/\$?\{[^}]*\}+/g, '*');
  const asked = [...sources.matchAll(/\bask(?:<[^(]*>)?\(\s*'([A-Z]+)',\s*[`'](\/v1[^`']*)[`']/g)].map(
    ([, method = '', path = '']) => `${method} ${plain(path)}`,
  );
  // No route acts here: what they are is enough.
  const known = merchantRoutes({} as House).routes.map(
    ({ method, path }) => `${method.toUpperCase()} ${plain(path)}`,
  );
  expect(asked.length).toBeGreaterThan(30);
  expect(asked.filter((one) => !known.includes(one))).toEqual([]);
});

describe('a week of hours', () => {
  const working = { days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' };

  test.each([
    ['the same hours on several days', [working]],
    [
      'a lunch break',
      [
        { days: [1], from: '09:00', to: '12:30' },
        { days: [1], from: '14:00', to: '18:00' },
      ],
    ],
    ['a night into the next day', [{ days: [6], from: '20:00', to: '02:00' }]],
    ['the whole day', [{ days: [7], from: '00:00', to: '24:00' }]],
  ])('comes back as it went in: %s', (_, weekly) => {
    expect(weeklyOf(weekOf({ weekly, daysOff: [] }))).toEqual(weekly);
  });

  test('is as on Monday from Tuesday to Friday, and the weekend is left alone', () => {
    const week = weekOf({
      weekly: [
        { days: [1], from: '10:00', to: '16:00' },
        { days: [6], from: '08:00', to: '12:00' },
      ],
      daysOff: [],
    });
    expect(weeklyOf(asOnMonday(week))).toEqual([
      { days: [1, 2, 3, 4, 5], from: '10:00', to: '16:00' },
      { days: [6], from: '08:00', to: '12:00' },
    ]);
  });

  test('hours that touch or overlap are one', () => {
    expect(
      tidy([
        { from: 840, to: 1_080 },
        { from: 540, to: 700 },
        { from: 690, to: 840 },
      ]),
    ).toEqual([{ from: 540, to: 1_080 }]);
  });

  test('whatever is pulled and pressed, hours begin in their day, last at least a quarter of an hour and at most a day', () => {
    const minute = fc.integer({ min: -200, max: 1_700 });
    fc.assert(
      fc.property(
        minute,
        minute,
        fc.array(fc.tuple(fc.boolean(), fc.constantFrom(-15, 15, 60, -600, 2_000))),
        (start, now, acts) => {
          let span = dragged(Math.max(0, Math.min(start, 1_440)), Math.max(0, Math.min(now, 1_440)));
          for (const [move, by] of acts) span = move ? moved(span, by) : lengthened(span, by);
          expect(span.from).toBeGreaterThanOrEqual(0);
          expect(span.from).toBeLessThan(1_440);
          expect(span.to - span.from).toBeGreaterThanOrEqual(15);
          expect(span.to - span.from).toBeLessThanOrEqual(1_440);
        },
      ),
    );
  });

  test.each([
    ['9', '09:00'],
    ['930', '09:30'],
    ['0930', '09:30'],
    ['9h30', '09:30'],
    ['18:05', '18:05'],
    ['7.15', '07:15'],
    ['24:00', '24:00'],
    ['24:01', undefined],
    ['25:00', undefined],
    ['12:60', undefined],
    ['noon', undefined],
    ['', undefined],
  ])('%j is typed for %j', (typed, time) => {
    expect(readTime(typed)).toBe(time);
  });

  test('minutes of the day', () => {
    expect(minutesOf('09:30')).toBe(570);
  });
});

describe('the clock of the merchant’s zone', () => {
  const paris = 'Europe/Paris';

  test('names day, time and weekday there, whatever the browser’s own', () => {
    const at = Date.parse('2026-11-22T23:30:00Z');
    expect([dayIn(paris, at), timeIn(paris, at), weekdayIn(paris, at)]).toEqual(['2026-11-23', '00:30', 1]);
    expect(dayIn('America/New_York', at)).toBe('2026-11-22');
  });

  test.each([
    ['later today', '2026-11-22T10:00:00Z', '14:30', '2026-11-22T13:30:00.000Z'],
    ['already past: tomorrow', '2026-11-22T15:00:00Z', '14:30', '2026-11-23T13:30:00.000Z'],
    [
      'over the night in which the clocks go forward',
      '2026-03-28T22:00:00Z',
      '08:00',
      '2026-03-29T06:00:00.000Z',
    ],
    ['over the night in which they go back', '2026-10-24T22:30:00Z', '08:00', '2026-10-25T07:00:00.000Z'],
    [
      'from the first minutes of a day of 25 hours',
      '2026-10-24T22:20:00Z',
      '00:15',
      '2026-10-25T23:15:00.000Z',
    ],
  ])('the next time it is so late: %s', (_, now, time, next) => {
    expect(nextTimeIn(paris, time, Date.parse(now)).toISOString()).toBe(next);
  });

  test('the day after is a day of the calendar', () => {
    expect([dayAfter('2026-02-28'), dayAfter('2026-10-25'), dayAfter('2026-03-01', -1)]).toEqual([
      '2026-03-01',
      '2026-10-26',
      '2026-02-28',
    ]);
  });
});

describe('what is told', () => {
  const say = (...news: [string, Told['kind']][]) =>
    news
      .reduce<readonly Told[]>((told, [text, kind], id) => stands(told, { id, text, kind }), [])
      .map(({ text }) => text);

  test('of what was saved the newest alone; bad news stand beside it', () => {
    expect(say(['Saved', 'good'], ['The hours are saved.', 'good'])).toEqual(['The hours are saved.']);
    expect(say(['Not reached', 'bad'], ['Saved', 'good'])).toEqual(['Not reached', 'Saved']);
    expect(say(['Saved', 'good'], ['Not reached', 'bad'])).toEqual(['Saved', 'Not reached']);
    expect(say(['A', 'bad'], ['B', 'bad'], ['C', 'bad'], ['A', 'bad'], ['D', 'bad'])).toEqual([
      'C',
      'A',
      'D',
    ]);
  });
});

test('of a list only what changed is read again: places stay, who is gone goes, who is new comes last', () => {
  const row = (id: string, n = 0) => ({ id, n });
  const known = [row('a'), row('b'), row('c')];
  expect(withChanged(known, ['b', 'c', 'd'], [row('d', 1), row('b', 1)])).toEqual([
    row('a'),
    row('b', 1),
    row('d', 1),
  ]);
  // More than was asked for is no news.
  expect(withChanged(known, ['b'], [row('a', 1), row('b', 1)])).toEqual([row('a'), row('b', 1), row('c')]);
});

test.each([
  ['Horaires d’été', 'horaires-d-ete'],
  ['  Ça & là !', 'ca-la'],
  ['2e étage', '2e-etage'],
  ['日本', ''],
  [`${'a'.repeat(62)} b`, 'a'.repeat(62)],
])('%j is %j in a link', (name, slug) => {
  expect(slugOf(name)).toBe(slug);
});

test.each([
  [60, 1, 'minutes'],
  [5_400, 90, 'minutes'],
  [7_200, 2, 'hours'],
  [86_400, 1, 'days'],
  [2_592_000, 30, 'days'],
  [90, 2, 'minutes'],
])('%i seconds are %i %s', (seconds, count, unit) => {
  expect(durationParts(seconds)).toEqual({ count, unit });
});

test('the way of a call has a step for each time a block was entered, with what happened in it', () => {
  const event = (block: string, name: string, facts = {}, scenario = 'shop') => ({
    scenario,
    version: 1,
    block,
    name,
    at: '2026-11-22T15:00:00Z',
    facts,
  });
  const steps = wayOf([
    event('menu', 'entered', { kind: 'menu' }),
    event('menu', 'left', { exit: 'key_1' }),
    event('shop', 'entered', { kind: 'ring' }),
    event('shop', 'rang', { end: 'busy' }),
    event('shop', 'left', { exit: 'busy' }),
    event('menu', 'entered', { kind: 'menu' }, 'other'),
    event('menu', 'caller_left', {}, 'other'),
    event('menu', 'ended', { outcome: 'caller_left' }, 'other'),
  ]);
  expect(
    steps.map(({ scenario, block, kind, exit, did }) => [scenario, block, kind, exit, did.length]),
  ).toEqual([
    ['shop', 'menu', 'menu', 'key_1', 0],
    ['shop', 'shop', 'ring', 'busy', 1],
    ['other', 'menu', 'menu', undefined, 1],
  ]);
  // A call whose scenario had no live version has entered nothing.
  expect(wayOf([event('', 'failed', { because: 'not live' })])).toMatchObject([{ kind: undefined }]);
});
