// Clock times in the merchant's zone, which need not be the browser's: a consultant who travels keeps his merchant's hours.

/** The zone's offset at this instant, in milliseconds east of UTC. */
function offsetAt(timeZone: string, at: number): number {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(at);
  const of = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((part) => part.type === type)?.value ?? 0);
  const wall = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  return wall - Math.floor(at / 1_000) * 1_000;
}

/** `2026-11-22` there. */
export function dayIn(timeZone: string, at: number): string {
  return new Date(at + offsetAt(timeZone, at)).toISOString().slice(0, 10);
}

/** `14:30` there. */
export function timeIn(timeZone: string, at: number): string {
  return new Date(at + offsetAt(timeZone, at)).toISOString().slice(11, 16);
}

/** ISO weekday there, 1 is Monday. */
export function weekdayIn(timeZone: string, at: number): number {
  return new Date(at + offsetAt(timeZone, at)).getUTCDay() || 7;
}

/** When clocks there show this, on that day. */
export function instantAt(timeZone: string, day: string, time: string): number {
  const wall = Date.parse(`${day}T${time}:00Z`);
  // Two looks: the first may use the offset of the other side of a change of the clocks.
  const first = wall - offsetAt(timeZone, wall);
  return wall - offsetAt(timeZone, first);
}

/** The next instant at which clocks there show this time. */
export function nextTimeIn(timeZone: string, time: string, now: number): Date {
  const day = dayIn(timeZone, now);
  const today = instantAt(timeZone, day, time);
  return new Date(today > now ? today : instantAt(timeZone, dayAfter(day), time));
}

/** Of calendar days: a day on which the clocks change has 23 or 25 hours. */
export function dayAfter(day: string, days = 1): string {
  return new Date(Date.parse(`${day}T12:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

export const browserZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;
