// A week of hours as the grid draws it: spans of minutes on seven days, and the way from and to the API's schedule. No
// screen in here.

import type { Schedule } from './contract.ts';

/** Minutes since the day began; `to` beyond 1440 is on the next day. */
export interface Span {
  from: number;
  to: number;
}

/** Seven days, Monday first. */
export type Week = readonly (readonly Span[])[];

export const dayMinutes = 1_440;
/** What a drag or a key moves by. */
export const stepMinutes = 15;

export function weekOf(schedule: Schedule | null): Week {
  const week: Span[][] = Array.from({ length: 7 }, () => []);
  for (const { days, from, to } of schedule?.weekly ?? []) {
    const start = minutesOf(from);
    const end = to === '24:00' ? dayMinutes : minutesOf(to);
    for (const day of days) week[day - 1]?.push({ from: start, to: end > start ? end : end + dayMinutes });
  }
  return week.map(tidy);
}

/** Spans that are the same on several days are one entry, days in order; the earliest hours first. */
export function weeklyOf(week: Week): Schedule['weekly'] {
  const entries = new Map<string, { days: number[]; from: string; to: string }>();
  week.forEach((spans, place) => {
    for (const { from, to } of spans) {
      const key = `${timeOf(from)}-${to === dayMinutes ? '24:00' : timeOf(to)}`;
      const entry = entries.get(key);
      if (entry) entry.days.push(place + 1);
      else
        entries.set(key, {
          days: [place + 1],
          from: timeOf(from),
          to: to === dayMinutes ? '24:00' : timeOf(to),
        });
    }
  });
  return [...entries.values()].sort(
    (one, other) => (one.days[0] ?? 0) - (other.days[0] ?? 0) || one.from.localeCompare(other.from),
  );
}

/** In order, and those that touch or overlap are one. */
export function tidy(spans: readonly Span[]): Span[] {
  const whole: Span[] = [];
  for (const span of [...spans].sort((one, other) => one.from - other.from)) {
    const last = whole.at(-1);
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else whole.push({ ...span });
  }
  // A span may reach into the next day, never around it to its own beginning.
  return whole.map(({ from, to }) => ({ from, to: Math.min(to, from + dayMinutes) }));
}

export function withDay(week: Week, place: number, spans: readonly Span[]): Week {
  return week.map((own, day) => (day === place ? tidy(spans) : own));
}

/** The same hours from Monday to Friday as on Monday. */
export function asOnMonday(week: Week): Week {
  return week.map((own, day) => (day > 0 && day < 5 ? (week[0] ?? []) : own));
}

/** Both ends, kept within the day and at least one step apart; the end may lie in the next day where it did before. */
export function moved({ from, to }: Span, byMinutes: number): Span {
  const length = to - from;
  const start = Math.min(Math.max(0, from + byMinutes), dayMinutes - stepMinutes);
  return { from: start, to: start + length };
}

export function lengthened({ from, to }: Span, byMinutes: number): Span {
  return { from, to: Math.min(Math.max(from + stepMinutes, to + byMinutes), from + dayMinutes) };
}

/** From a press at one minute to where the pointer is now, on the grid of steps. */
export function dragged(start: number, now: number): Span {
  const [low, high] = start <= now ? [start, now] : [now, start];
  const from = Math.max(0, Math.floor(low / stepMinutes) * stepMinutes);
  const to = Math.min(dayMinutes, Math.max(from + stepMinutes, Math.ceil(high / stepMinutes) * stepMinutes));
  return { from: Math.min(from, dayMinutes - stepMinutes), to };
}

export function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

/** `24:00` is written `00:00` of the next day here; who means the end of the day says so himself. */
export function timeOf(minutes: number): string {
  const inDay = minutes % dayMinutes;
  return `${String(Math.floor(inDay / 60)).padStart(2, '0')}:${String(inDay % 60).padStart(2, '0')}`;
}

/** `24:00` for the end of the day itself. */
export function endOf({ to }: Span): string {
  return to === dayMinutes ? '24:00' : timeOf(to);
}

export const minutesOfWeek = (week: Week): number =>
  week.flat().reduce((sum, { from, to }) => sum + to - from, 0);

/** `9`, `930` and `9h30` are times: `09:00`, `09:30`; `undefined` where it is none. `24:00` is the end of the day. */
export function readTime(text: string): string | undefined {
  const match = /^\s*(\d{1,2})\s*(?:[:.h]?\s*(\d{2}))?\s*h?\s*$/i.exec(text);
  if (!match) return undefined;
  const [hours, minutes] = [Number(match[1]), Number(match[2] ?? 0)];
  if (hours > 24 || minutes > 59 || (hours === 24 && minutes > 0)) return undefined;
  return `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
}
