import { describe, expect, it, test } from 'vitest';
import { alwaysOpen, isDayOff, isOpen, type Schedule, scheduleOf, shiftAt } from '../../src/core/schedule.ts';

const zone = 'Europe/Paris';
const office: Schedule = {
  weekly: [
    { days: [1, 2, 3, 4, 5], from: '09:00', to: '12:30' },
    { days: [1, 2, 3, 4, 5], from: '14:00', to: '18:00' },
    { days: [5, 6], from: '22:00', to: '02:00' },
  ],
  daysOff: ['12-25', '2026-11-11'],
};
const open = (local: string, schedule = office): boolean =>
  isOpen(
    schedule,
    zone,
    new Date(`${local}${local < '2026-03-29T02' || local > '2026-10-25T03' ? '+01:00' : '+02:00'}`),
  );

describe('a line is open', () => {
  test.each([
    ['on Monday at nine', '2026-11-23T09:00:00', true],
    ['a second before', '2026-11-23T08:59:59', false],
    ['in the last second of the morning', '2026-11-23T12:29:59', true],
    ['not at lunch', '2026-11-23T12:30:00', false],
    ['on Friday night', '2026-11-27T23:00:00', true],
    ['past the midnight after it', '2026-11-28T01:59:59', true],
    ['and not past two', '2026-11-28T02:00:00', false],
    ['not on Sunday, but for what began on Saturday', '2026-11-29T01:00:00', true],
    ['not on Sunday', '2026-11-29T10:00:00', false],
    ['not on Christmas, any year', '2029-12-25T10:00:00', false],
    ['not on a day off of this year', '2026-11-11T10:00:00', false],
    ['on that day of another year', '2027-11-11T10:00:00', true],
    ['at nine in summer too', '2026-07-06T09:00:00', true],
  ])('%s', (_when, local, is) => {
    expect(open(local)).toBe(is);
  });

  it('always, without hours; but on days off', () => {
    const always = scheduleOf({ daysOff: ['12-25'] });
    expect(open('2026-11-23T03:00:00', always)).toBe(true);
    expect(open('2026-12-25T03:00:00', always)).toBe(false);
  });

  it('to the end of the day where it says 24:00', () => {
    const late = scheduleOf({ weekly: [{ days: [1], from: '20:00', to: '24:00' }] });
    expect(open('2026-11-23T23:59:59', late)).toBe(true);
    expect(open('2026-11-24T00:00:00', late)).toBe(false);
  });
});

it('what is no schedule is left out', () => {
  const given = {
    weekly: [{ days: [8], from: '09:00', to: '10:00' }, { days: [1], from: '9', to: '10:00' }, 'x'],
    daysOff: ['tomorrow', 7],
  };
  expect(scheduleOf(given)).toEqual({ weekly: [], daysOff: [] });
  expect(scheduleOf('x')).toEqual({ weekly: [], daysOff: [] });
});

describe('a day off', () => {
  test.each(['2026-12-25', '12-25', '02-29', '2028-02-29', '01-01'])('%s', (day) => {
    expect(isDayOff(day)).toBe(true);
    expect(scheduleOf({ daysOff: [day] }).daysOff).toEqual([day]);
  });
  test.each([
    '2026-02-29',
    '02-30',
    '13-01',
    '00-10',
    '1-1',
    '2026-W10-1',
    '2026-359',
    '',
    '25.12.',
    ' 12-25',
  ])('is not %j', (day) => {
    expect(isDayOff(day)).toBe(false);
  });
});

describe('the shift under way, or the next', () => {
  const local = (text: string): Date => new Date(`${text}+01:00`);
  const shift = (at: string, schedule = office): string[] | undefined => {
    const found = shiftAt(schedule, zone, local(at));
    return found && [found.from.toISOString(), found.to.toISOString()];
  };
  const between = (from: string, to: string): string[] => [
    local(from).toISOString(),
    local(to).toISOString(),
  ];

  test.each([
    ['the morning', '2026-11-23T10:00:00', '2026-11-23T09:00:00', '2026-11-23T12:30:00'],
    ['at lunch the afternoon', '2026-11-23T12:30:00', '2026-11-23T14:00:00', '2026-11-23T18:00:00'],
    [
      'past midnight the night that began yesterday',
      '2026-11-28T01:00:00',
      '2026-11-27T22:00:00',
      '2026-11-28T02:00:00',
    ],
    ['on Sunday Monday', '2026-11-29T10:00:00', '2026-11-30T09:00:00', '2026-11-30T12:30:00'],
    [
      'on a day off the next that is none',
      '2026-11-11T10:00:00',
      '2026-11-12T09:00:00',
      '2026-11-12T12:30:00',
    ],
  ])('%s', (_when, at, from, to) => {
    expect(shift(at)).toEqual(between(from, to));
  });

  it('of hours that touch or overlap, is one', () => {
    const long: Schedule = {
      weekly: [
        { days: [1], from: '09:00', to: '12:00' },
        { days: [1], from: '12:00', to: '15:00' },
        { days: [1], from: '14:00', to: '24:00' },
        { days: [2], from: '00:00', to: '01:00' },
      ],
      daysOff: [],
    };
    expect(shift('2026-11-23T10:00:00', long)).toEqual(between('2026-11-23T09:00:00', '2026-11-24T01:00:00'));
  });

  it('ends where we stop looking, when it never closes', () => {
    const found = shiftAt(alwaysOpen, zone, local('2026-11-23T10:00:00'));
    expect(found && found.from <= local('2026-11-23T10:00:00')).toBe(true);
    expect(found && found.to > local('2026-11-28T10:00:00')).toBe(true);
  });

  it('is nowhere when there are no hours for a year', () => {
    const never: Schedule = { weekly: [{ days: [1], from: '09:00', to: '10:00' }], daysOff: everyDay() };
    expect(shift('2026-11-23T10:00:00', never)).toBeUndefined();
  });

  it('is as long by the wall clock on the night the clocks go back', () => {
    const night: Schedule = { weekly: [{ days: [6], from: '22:00', to: '06:00' }], daysOff: [] };
    const found = shiftAt(night, zone, new Date('2026-10-24T21:00:00Z'));
    expect(found && (found.to.getTime() - found.from.getTime()) / 3_600_000).toBe(9);
  });

  it('agrees with whether it is open, minute by minute through a change of clocks', () => {
    for (let at = Date.UTC(2026, 9, 24, 12); at < Date.UTC(2026, 9, 26, 12); at += 600_000) {
      const found = shiftAt(office, zone, new Date(at));
      const within = found !== undefined && found.from.getTime() <= at && at < found.to.getTime();
      expect([new Date(at).toISOString(), within]).toEqual([
        new Date(at).toISOString(),
        isOpen(office, zone, new Date(at)),
      ]);
    }
  });
});

function everyDay(): string[] {
  return Array.from({ length: 366 }, (_, day) =>
    new Date(Date.UTC(2028, 0, 1 + day)).toISOString().slice(5, 10),
  );
}
