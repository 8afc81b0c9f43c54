// Values as people read them: clocks, money, instants, numbers.

import type { Amount, Language } from './contract.ts';

const locales: Record<Language, string> = { fr: 'fr-FR', en: 'en-GB' };

/** `4:07`, `1:02:09`. */
export function showClock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

export function showMoney({ amount, currency }: Amount, language: Language): string {
  return new Intl.NumberFormat(locales[language], { style: 'currency', currency }).format(Number(amount));
}

/** The time, with its day where that is not today. */
export function showInstant(
  instant: string | number,
  language: Language,
  timeZone: string,
  now: number,
): string {
  const at = new Date(instant);
  const time = new Intl.DateTimeFormat(locales[language], { timeZone, hour: '2-digit', minute: '2-digit' });
  const day = new Intl.DateTimeFormat(locales[language], { timeZone, dateStyle: 'short' });
  if (day.format(at) === day.format(now)) return time.format(at);
  const isNear = Math.abs(at.getTime() - now) < 6 * 86_400_000;
  const date = new Intl.DateTimeFormat(
    locales[language],
    isNear ? { timeZone, weekday: 'long' } : { timeZone, day: 'numeric', month: 'short', year: 'numeric' },
  );
  return `${date.format(at)} ${time.format(at)}`;
}

/** `22 November 2026`, of a calendar day. */
export function showDay(day: string, language: Language): string {
  const everyYear = day.length === 5;
  return new Intl.DateTimeFormat(locales[language], {
    timeZone: 'UTC',
    day: 'numeric',
    month: 'long',
    ...(everyYear ? {} : { year: 'numeric', weekday: 'short' }),
  }).format(new Date(`${everyYear ? `2024-${day}` : day}T12:00:00Z`));
}

/** ISO weekday, 1 is Monday. */
export function showWeekday(weekday: number, language: Language, style: 'long' | 'short' = 'long'): string {
  const name = new Intl.DateTimeFormat(locales[language], { timeZone: 'UTC', weekday: style }).format(
    // 2024-01-01 was a Monday.
    new Date(Date.UTC(2024, 0, weekday)),
  );
  return name.slice(0, 1).toLocaleUpperCase(locales[language]) + name.slice(1);
}

/** French numbers in pairs, others as they are. */
export function showNumber(number: string): string {
  const french = /^\+33(\d)(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(number);
  return french ? `+33 ${french.slice(1).join(' ')}` : number;
}

/** Up to two letters of a name. */
export function initialsOf(name: string): string {
  const parts = name.trim().split(/\s+/);
  return [parts[0], parts.length > 1 ? parts.at(-1) : undefined]
    .map((part) => String.fromCodePoint(...[part?.codePointAt(0) ?? []].flat()))
    .join('')
    .toLocaleUpperCase();
}
