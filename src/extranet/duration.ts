// A length of time in one unit.

export const unitSeconds = { minutes: 60, hours: 3_600, days: 86_400 } as const;
export type DurationUnit = keyof typeof unitSeconds;
export const unitNames = Object.keys(unitSeconds) as DurationUnit[];

/** In the largest unit of which it is a whole number; what is no whole number of minutes is rounded up to one. */
export function durationParts(seconds: number): { count: number; unit: DurationUnit } {
  const unit = [...unitNames].reverse().find((name) => seconds % unitSeconds[name] === 0) ?? 'minutes';
  return { count: Math.max(1, Math.ceil(seconds / unitSeconds[unit])), unit };
}
