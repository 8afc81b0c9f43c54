// Asks about what is known of the call, or about the clock: yes or no.

import { DateTime } from 'luxon';
import { z } from 'zod';
import { type At, type BlockKind, blockFields } from '../block.ts';
import { isOpen } from '../../schedule.ts';
import { template } from '../shape.ts';

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);
const test = z.union([
  z.strictObject({ value: template, equals: template }),
  z.strictObject({ value: template, startsWith: template }),
  z.strictObject({ value: template, contains: template }),
  z.strictObject({ value: template, oneOf: z.array(template).min(1).max(100) }),
  /** As numbers; what is none is neither more nor less. */
  z.strictObject({ value: template, moreThan: template }),
  z.strictObject({ value: template, lessThan: template }),
  z.strictObject({ value: template, isEmpty: z.literal(true) }),
  /** ISO weekdays, 1 is Monday. */
  z.strictObject({ weekday: z.array(z.int().min(1).max(7)).min(1) }),
  /** By the merchant's clock; `to` at or before `from` is on the next day. */
  z.strictObject({ from: clockTime, to: clockTime }),
  /** `2026-12-25`, or every year `12-25`: dates, holidays. */
  z.strictObject({
    date: z
      .array(z.string().regex(/^(\d{4}-)?\d{2}-\d{2}$/))
      .min(1)
      .max(200),
  }),
]);

const fields = blockFields('condition', { test });
type Fields = z.infer<typeof fields>;

export const condition: BlockKind<Fields> = {
  fields,
  silent: true,
  exits: () => [
    { name: 'yes', unset: 'goodbye', needed: true },
    { name: 'no', unset: 'goodbye', needed: true },
  ],
  begin: (at) => at.leave(holds(at) ? 'yes' : 'no'),
  hear: () => undefined,
  templates: ({ test: asked }) => ('value' in asked ? [asked.value, ...comparedWith(asked)] : []),
};

function comparedWith(asked: Fields['test']): string[] {
  if ('oneOf' in asked) return asked.oneOf;
  return Object.entries(asked).flatMap(([name, value]) =>
    name !== 'value' && typeof value === 'string' ? [value] : [],
  );
}

function holds(at: At<Fields, unknown>): boolean {
  const { now } = at;
  const { timeZone } = at.run.plan;
  const asked = at.fields.test;
  const fill = (text: string): string => at.fill(text);
  if ('weekday' in asked) {
    return asked.weekday.includes(DateTime.fromJSDate(now, { zone: timeZone }).weekday);
  }
  if ('from' in asked) {
    return isOpen({ weekly: [{ days: [1, 2, 3, 4, 5, 6, 7], ...asked }], daysOff: [] }, timeZone, now);
  }
  if ('date' in asked) return !isOpen({ weekly: [], daysOff: asked.date }, timeZone, now);
  const value = fill(asked.value);
  if ('isEmpty' in asked) return value.trim() === '';
  if ('equals' in asked) return same(value, fill(asked.equals));
  if ('startsWith' in asked) return value.startsWith(fill(asked.startsWith));
  if ('contains' in asked) return value.includes(fill(asked.contains));
  if ('oneOf' in asked) return asked.oneOf.some((one) => same(value, fill(one)));
  const number = numberOf(value);
  const bound = numberOf(fill('moreThan' in asked ? asked.moreThan : asked.lessThan));
  if (number === undefined || bound === undefined) return false;
  return 'moreThan' in asked ? number > bound : number < bound;
}

/** What scripts answer differs in blanks and capitals from what people write. */
function same(one: string, other: string): boolean {
  return one.trim().toLowerCase() === other.trim().toLowerCase();
}

function numberOf(text: string): number | undefined {
  return /^\s*-?\d{1,15}(\.\d{1,6})?\s*$/.test(text) ? Number(text) : undefined;
}
