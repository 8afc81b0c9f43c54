// When a line is open: weekly hours and days off, on the clock of the merchant's zone. A call is judged by the instant it
// comes in; what happens to it outside the hours is the line's choice (flow/answer-inbound).

import { DateTime } from 'luxon';

/** `from` and `to` as wall-clock times `09:00`; `to` at or before `from` is on the next day, `24:00` the end of this one. */
export interface OpenHours {
  /** ISO weekdays, 1 is Monday; the day the hours begin on. */
  days: readonly number[];
  from: string;
  to: string;
}

/** No weekly hours at all: always open but on days off. */
export interface Schedule {
  weekly: readonly OpenHours[];
  /** Days on which no hours begin: `2026-12-25`, or every year `12-25`. */
  daysOff: readonly string[];
}

export const alwaysOpen: Schedule = { weekly: [], daysOff: [] };

/** Throws (a bug) on a zone nobody knows: zones are checked where they come in. */
export function isOpen(schedule: Schedule, timeZone: string, at: Date): boolean {
  const now = DateTime.fromJSDate(at, { zone: timeZone });
  if (!now.isValid) throw new Error(`No such time zone: ${timeZone}`);
  const today = now.startOf('day');
  if (schedule.weekly.length === 0) return !isOff(schedule, today);
  // Hours that began yesterday may last past midnight; whether they began at all yesterday decides.
  return [today.minus({ days: 1 }), today].some(
    (day) =>
      !isOff(schedule, day) &&
      schedule.weekly.some((hours) => hours.days.includes(day.weekday) && lies(now, day, hours)),
  );
}

function isOff({ daysOff }: Schedule, day: DateTime): boolean {
  return daysOff.includes(day.toFormat('yyyy-MM-dd')) || daysOff.includes(day.toFormat('MM-dd'));
}

/** By the wall clock, so that nine is nine on the days the clocks change. */
function lies(now: DateTime, day: DateTime, hours: OpenHours): boolean {
  const { begins, ends } = onDayOf(day, hours);
  return now >= begins && now < ends;
}

function onDayOf(day: DateTime, { from, to }: OpenHours): { begins: DateTime; ends: DateTime } {
  return { begins: onDay(day, from), ends: onDay(to <= from ? day.plus({ days: 1 }) : day, to) };
}

function onDay(day: DateTime, time: string): DateTime {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return hour === 24 ? day.plus({ days: 1 }) : day.set({ hour, minute });
}

/** Whether there is such a day: `2026-12-25`, or `12-25` of every year (`02-29` of some). */
export function isDayOff(text: string): boolean {
  const day = /^\d{2}-\d{2}$/.test(text) ? `2024-${text}` : text;
  return /^\d{4}-\d{2}-\d{2}$/.test(day) && DateTime.fromISO(day).isValid;
}

/** From `from` on and before `to`: hours that run on into the next, over a midnight too, are one shift. */
export interface Shift {
  from: Date;
  to: Date;
}

/** Hours that are not closed for so long are looked at again then. */
const aheadDays = 8;
/** Who has no hours within a year has none. */
const aheadDaysMax = 370;

/**
 * The shift this instant lies in, or else the next one; nothing where none is ahead within a year. One that lasts beyond a
 * week (open day and night) ends where we stop looking: whoever keeps it asks again then.
 */
export function shiftAt(schedule: Schedule, timeZone: string, at: Date): Shift | undefined {
  const now = DateTime.fromJSDate(at, { zone: timeZone });
  if (!now.isValid) throw new Error(`No such time zone: ${timeZone}`);
  const today = now.startOf('day');
  for (let until = aheadDays; ; until = aheadDaysMax) {
    const found = shiftsOf(schedule, today.minus({ days: 1 }), until).find(({ to }) => to > at);
    if (found || until === aheadDaysMax) return found;
  }
}

function shiftsOf(schedule: Schedule, first: DateTime, days: number): Shift[] {
  const hours = Array.from({ length: days }, (_, place) => first.plus({ days: place }))
    .filter((day) => !isOff(schedule, day))
    .flatMap((day) => hoursOn(schedule, day))
    .sort((one, other) => one.from.getTime() - other.from.getTime());
  const shifts: Shift[] = [];
  for (const { from, to } of hours) {
    const last = shifts.at(-1);
    if (!last || from > last.to) shifts.push({ from, to });
    else if (to > last.to) last.to = to;
  }
  return shifts;
}

function hoursOn({ weekly }: Schedule, day: DateTime): Shift[] {
  if (weekly.length === 0) return [{ from: day.toJSDate(), to: day.plus({ days: 1 }).toJSDate() }];
  return weekly
    .filter(({ days }) => days.includes(day.weekday))
    .map((hours) => {
      const { begins, ends } = onDayOf(day, hours);
      return { from: begins.toJSDate(), to: ends.toJSDate() };
    })
    .filter(({ from, to }) => from < to);
}

/** What a merchant wrote, as far as it is a schedule; anything else is left out, and nothing at all is always open. */
export function scheduleOf(own: unknown): Schedule {
  if (typeof own !== 'object' || own === null) return alwaysOpen;
  const { weekly, daysOff } = own as { weekly?: unknown; daysOff?: unknown };
  return {
    weekly: Array.isArray(weekly) ? weekly.filter(isOpenHours) : [],
    daysOff: Array.isArray(daysOff)
      ? daysOff.filter((day): day is string => typeof day === 'string' && /^(\d{4}-)?\d{2}-\d{2}$/.test(day))
      : [],
  };
}

function isOpenHours(value: unknown): value is OpenHours {
  if (typeof value !== 'object' || value === null) return false;
  const { days, from, to } = value as Partial<Record<keyof OpenHours, unknown>>;
  return (
    Array.isArray(days) &&
    days.length > 0 &&
    days.every((day) => Number.isInteger(day) && day >= 1 && day <= 7) &&
    isTime(from) &&
    (isTime(to) || to === '24:00')
  );
}

const isTime = (value: unknown): boolean =>
  typeof value === 'string' && /^([01]\d|2[0-3]):[0-5]\d$/.test(value);
