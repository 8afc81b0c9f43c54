// Lines as they go over the API: what is sold there, how it rings and when. The form of each field is checked here; what only
// shows beside the rest of the house is core/line-settings'.

import { unreachableBecause } from '../core/consultant.ts';
import { ringBounds, ringPatterns } from '../core/line-settings.ts';
import { captures } from '../core/order.ts';
import { isDayOff } from '../core/schedule.ts';
import { z } from './routes.ts';

export const lineParams = z.object({ line: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/) });

/** Shown on pages and spoken on the telephone. */
const name = z
  .string()
  .trim()
  .min(1, { error: 'Must say something.' })
  .max(120, { error: 'Must have at most 120 characters.' })
  // No pattern of the document's: classes of Unicode are not known to every reader of it.
  .refine((text) => !/\p{C}/u.test(text), { error: 'Must be one line of text.' });
const names = z.strictObject({ fr: name, en: name });

const pattern = z.enum(ringPatterns).meta({
  description:
    '`in_turn`: one telephone after the other. `all_at_once`. `cumulative`: one more every `stepSeconds`, the others ring on.',
});

function within([least, most]: readonly [number, number]) {
  const error = `Must be a whole number of seconds from ${String(least)} to ${String(most)}.`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

const ringing = z.strictObject({
  pattern: pattern.optional(),
  ringSeconds: within(ringBounds.ringSeconds).optional(),
  stepSeconds: within(ringBounds.stepSeconds).optional(),
});

const introducesMeaning =
  'A caller of yours who is put through to one consultant hears his recorded introduction before it rings.';

const timePattern = /^([01]\d|2[0-3]):[0-5]\d$/;
const weekday = z
  .int({ error: 'Must be 1 (Monday) to 7 (Sunday).' })
  .min(1, { error: 'Must be 1 (Monday) to 7 (Sunday).' })
  .max(7, { error: 'Must be 1 (Monday) to 7 (Sunday).' });
const weekly = z
  .array(
    z.strictObject({
      days: z
        .array(weekday)
        .min(1, { error: 'Must name a weekday: hours of no day are never open.' })
        .max(7, { error: 'A week has seven days.' })
        .meta({ description: 'On which the hours begin: 1 is Monday, 7 Sunday.' }),
      from: z.string().regex(timePattern, { error: 'Must be a time such as 09:00.' }),
      to: z
        .string()
        .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, {
          error: 'Must be a time such as 18:00; 24:00 is midnight.',
        })
        .meta({ description: 'At or before `from`: on the next day.' }),
    }),
  )
  .max(50, { error: 'A week has at most 50 stretches of hours.' })
  .meta({ description: 'May overlap. None: always open, but for days off.' });
const daysOff = z
  .array(
    z.string().refine(isDayOff, {
      error: 'Must be a day there is: 2026-12-25, or 12-25 for every year.',
    }),
  )
  .max(500, { error: 'At most 500 days off.' })
  .meta({ description: 'No hours begin on them. `2026-12-25`, or every year `12-25`.', example: ['12-25'] });

const hoursMeaning = 'On the clock of your account’s time zone.';
const groupMeaning =
  'The group whose members are rung, in its own way; null: the line’s own consultants are.';
const otherLine = z.string().min(1).max(63);
const outsideMeaning =
  'The consultants of this line are rung outside the hours; null: callers are told the hours.';
const overflowMeaning =
  'The consultants of this line are rung when nobody has taken the call; null: it ends with a sentence.';
const topUpMeaning =
  'What a client of yours may pay into his account at `/topup/{line}`, in the line’s currency; none: there is no such page.';
const amount = z
  .string()
  .regex(/^(0|[1-9]\d{0,8})(\.\d{1,4})?$/, { error: 'Must be an amount such as 20.00, as text.' });

const afterSaleMeaning =
  'What a sale without a call ends in, once it is paid. `receipt`: its receipt alone, as every call does. `code`: an access ' +
  'code of a resource. `message`: your words. `return`: the way back to the order’s own `return`, or else to `address`.';
const afterTalkMeaning =
  'The scenario, by its slug, in which a caller goes on who is still there when his paid talk is over; it is part of no bill. ' +
  'null: he hears goodbye. Orders keep the version that was live when they were made.';
const afterPaymentMeaning =
  'The scenario, by its slug, that is the call from the moment its caller has picked up and pressed 1: he is rung first, and whom ' +
  'the scenario joins him to first, he pays for; nothing before that. When that talk is over the scenario goes on with him, and ' +
  '`afterTalk` means nothing. null: consultants are rung as `ringing` says. Orders keep the version that was live when they were made.';
const capture = z.enum(captures);
const captureMeaning =
  'When the price of a talk paid by card is taken. `at_end`: when they have talked. `at_connection`: the whole price, as soon as both ' +
  'are joined, however short the talk; if nobody answers, nothing. Only where every talk costs the same, at every hour: the page and the ' +
  'voice say so before he pays, and no more time is offered. Your accountant finds the capture, and `payment.captured`, at the ' +
  'beginning of the talk; the receipt, with its length, comes at its end.';
const captureNowMeaning =
  'What an order made now would be taken by: `at_end` too while the tariff of the moment depends on the length of the talk, whatever ' +
  '`capture` says. An order keeps what held when it was made.';
const messageText = z
  .string()
  .trim()
  .min(1, { error: 'Must say something.' })
  .max(1000, { error: 'Must have at most 1000 characters.' })
  .refine((text) => !/[^\P{C}\n]/u.test(text), { error: 'Must be text.' });
const afterSaleBody = z.discriminatedUnion('end', [
  z.strictObject({ end: z.literal('receipt') }),
  z.strictObject({ end: z.literal('code'), resource: z.string().min(1).max(63) }),
  z.strictObject({
    end: z.literal('message'),
    message: z.strictObject({ fr: messageText, en: messageText }),
  }),
  z.strictObject({ end: z.literal('return'), address: z.url().max(1000).nullable().default(null) }),
]);
const afterSaleShape = z.discriminatedUnion('end', [
  z.object({ end: z.literal('receipt') }),
  z.object({ end: z.literal('code'), resource: z.string() }),
  z.object({ end: z.literal('message'), message: z.object({ fr: z.string(), en: z.string() }) }),
  z.object({ end: z.literal('return'), address: z.string().nullable() }),
]);

/** Weekly hours and days off, as they are set. */
export const hoursBody = z.strictObject({ weekly, daysOff });
/** The same as they are read. */
export const hoursShape = z.object({
  weekly: z.array(z.object({ days: z.array(z.int()), from: z.string(), to: z.string() })),
  daysOff: z.array(z.string()),
});

export const lineChange = z
  .strictObject({
    names: names.optional().meta({ description: 'In both languages.' }),
    active: z.boolean().optional().meta({ description: '`false`: it takes no calls and no orders.' }),
    ringing: ringing.optional(),
    consultants: z
      .array(z.string().min(1).max(64))
      .max(50, { error: 'A line has at most 50 consultants.' })
      .optional()
      .meta({
        description: 'All of them by id, in the order they are rung; the line is then served by no group.',
      }),
    group: z.string().min(1).max(64).nullable().optional().meta({ description: groupMeaning }),
    introduces: z.boolean().optional().meta({ description: introducesMeaning }),
    hours: hoursBody.optional().meta({ description: hoursMeaning }),
    outsideLine: otherLine.nullable().optional().meta({ description: outsideMeaning }),
    overflowLine: otherLine.nullable().optional().meta({ description: overflowMeaning }),
    topUpAmounts: z
      .array(amount)
      .max(10, { error: 'A page shows at most 10 amounts.' })
      .optional()
      .meta({ description: topUpMeaning, example: ['10.00', '20.00'] }),
    afterSale: afterSaleBody.optional().meta({ description: afterSaleMeaning }),
    afterTalk: z.string().min(1).max(63).nullable().optional().meta({ description: afterTalkMeaning }),
    afterPayment: z.string().min(1).max(63).nullable().optional().meta({ description: afterPaymentMeaning }),
    capture: capture.optional().meta({ description: captureMeaning }),
  })
  .openapi('LineChange');

export const lineShape = z
  .object({
    slug: z.string().meta({ description: 'Its name in links; it never changes.' }),
    name: z.string().meta({ description: 'In the language of `Accept-Language`.' }),
    names: z.object({ fr: z.string(), en: z.string() }).partial(),
    sells: z.enum(['conversation', 'fixed_sale']),
    active: z.boolean(),
    currency: z.string(),
    durationMinutes: z.array(z.number()),
    tariff: z.looseObject({}).meta({ description: 'The tariff that holds now, taxes included.' }),
    tariffVersion: z.int(),
    pageUrl: z.url(),
    topUpUrl: z.url().nullable().meta({
      description: 'Where a client of yours pays credit into his account; null where the line offers none.',
    }),
    topUpAmounts: z.array(z.string()).meta({ description: topUpMeaning }),
    introduces: z.boolean().meta({ description: introducesMeaning }),
    consultants: z
      .array(
        z.object({
          id: z.string(),
          name: z.string(),
          free: z.boolean(),
          because: z.enum(unreachableBecause).nullable(),
          until: z.iso
            .datetime()
            .nullable()
            .meta({ description: 'When that ends by itself, where it does.' }),
        }),
      )
      .meta({ description: 'Who may be rung, in their order.' }),
    group: z.string().nullable().meta({ description: groupMeaning }),
    ringing: z.object({ pattern, ringSeconds: z.int(), stepSeconds: z.int() }),
    timeZone: z.string().meta({ description: 'Of your account.', example: 'Europe/Paris' }),
    hours: hoursShape.meta({ description: hoursMeaning }),
    openNow: z.boolean().meta({ description: 'By its hours.' }),
    outsideLine: z.string().nullable().meta({ description: outsideMeaning }),
    overflowLine: z.string().nullable().meta({ description: overflowMeaning }),
    afterSale: afterSaleShape.meta({ description: afterSaleMeaning }),
    afterTalk: z.string().nullable().meta({ description: afterTalkMeaning }),
    afterPayment: z.string().nullable().meta({ description: afterPaymentMeaning }),
    capture: capture.meta({ description: captureMeaning }),
    captureNow: capture.meta({ description: captureNowMeaning }),
  })
  .openapi('Line');

export const lineList = z.object({ data: z.array(lineShape) }).openapi('LineList');
