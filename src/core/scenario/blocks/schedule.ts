// Open or closed, by weekly hours and days off on the merchant's clock.

import { z } from 'zod';
import { type BlockKind, blockFields } from '../block.ts';
import { isOpen } from '../../schedule.ts';

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);
const fields = blockFields('schedule', {
  weekly: z
    .array(
      z.strictObject({
        days: z.array(z.int().min(1).max(7)).min(1),
        from: clockTime,
        to: z.union([clockTime, z.literal('24:00')]),
      }),
    )
    .max(50),
  daysOff: z
    .array(z.string().regex(/^(\d{4}-)?\d{2}-\d{2}$/))
    .max(200)
    .default([]),
});

export const schedule: BlockKind<z.infer<typeof fields>> = {
  fields,
  silent: true,
  exits: () => [
    { name: 'open', unset: 'goodbye', needed: true },
    { name: 'closed', unset: 'goodbye', needed: true },
  ],
  begin: (at) => at.leave(isOpen(at.fields, at.run.plan.timeZone, at.now) ? 'open' : 'closed'),
  hear: () => undefined,
};
