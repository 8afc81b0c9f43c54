// Clock times as people on the telephone key them and hear them, in their merchant's zone.

import { DateTime } from 'luxon';

/** An instant as it is said: its day as seen from now, and the time on the wall. */
export interface SpokenInstant {
  /** `today`, `tomorrow`; the ISO weekday within the next six days; beyond them the date, `12-25`. */
  day: number | string;
  hour: number;
  minute: number;
}

/** Throws (a bug) on a zone nobody knows: zones are checked where they come in. */
export function spokenInstant(at: Date, now: Date, timeZone: string): SpokenInstant {
  const local = inZone(at, timeZone);
  const days = Math.round(local.startOf('day').diff(inZone(now, timeZone).startOf('day'), 'days').days);
  const { hour, minute } = local;
  if (days <= 0) return { day: 'today', hour, minute };
  if (days === 1) return { day: 'tomorrow', hour, minute };
  return { day: days < 7 ? local.weekday : local.toFormat('MM-dd'), hour, minute };
}

/**
 * The next time it is so late by the wall clock: `1430`, `830`, `14` (the full hour), `2400` for midnight; what has passed today
 * is meant for tomorrow. `undefined`: that is no time. An hour the clock leaves out in spring is the one behind it.
 */
export function nextTimeKeyed(digits: string, now: Date, timeZone: string): Date | undefined {
  const [, hours, minutes = '00'] = /^(\d{1,2}?)(\d{2})?$/.exec(digits) ?? [];
  if (hours === undefined || digits.length > 4) return undefined;
  const [hour, minute] = digits.length <= 2 ? [Number(digits), 0] : [Number(hours), Number(minutes)];
  if (minute > 59 || hour > 24 || (hour === 24 && minute > 0)) return undefined;
  const local = inZone(now, timeZone);
  const on = (days: number): DateTime =>
    local
      .startOf('day')
      .plus({ days })
      .set({ hour: hour % 24, minute });
  const next = [0, 1, 2].map(on).find((one) => one > local);
  return next?.toJSDate();
}

function inZone(at: Date, timeZone: string): DateTime {
  const local = DateTime.fromJSDate(at, { zone: timeZone });
  if (!local.isValid) throw new Error(`No such time zone: ${timeZone}`);
  return local;
}
