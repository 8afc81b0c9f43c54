// Consultants as they go over the API. The form of each field is checked here; what only shows beside the rest of the house is
// core/consultant-settings'.

import { unreachableBecause } from '../core/consultant.ts';
import { consultantBounds, rungNowhere } from '../core/consultant-settings.ts';
import { parseSipAddress, sipAddressMax } from '../core/sip-address.ts';
import { idParams, moneyShape } from './api-shapes.ts';
import { e164 } from './ddi-shapes.ts';
import { hoursShape } from './line-shapes.ts';
import { z } from './routes.ts';

const bounds = consultantBounds;

/** Ours, and the demo’s, which are words. */
const consultantId = idParams.shape.id.or(z.string().regex(/^con_[a-z_]{1,60}$/));
export const consultantParams = z.object({ id: consultantId });

function within([least, most]: readonly [number, number], unit: string) {
  const error = `Must be a whole number of ${unit} from ${String(least)} to ${String(most)}.`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

/** Of one line: shown on pages, spoken on the telephone. */
export function oneLine(most: number) {
  return (
    z
      .string()
      .trim()
      .min(1, { error: 'Must say something.' })
      .max(most, { error: `Must have at most ${String(most)} characters.` })
      // No pattern of the document's: classes of Unicode are not known to every reader of it.
      .refine((text) => !/\p{C}/u.test(text), { error: 'Must be one line of text.' })
  );
}

export const shortNumber = z.string().regex(/^[0-9]{2,8}$/, { error: 'Must be 2 to 8 digits.' });
const pin = z
  .string()
  .regex(/^[0-9]{4,8}$/, { error: 'Must be 4 to 8 digits.' })
  .nullable()
  .meta({ description: 'Asked for on the telephone and at sign-in. Never shown; null: he has none.' });
const introductionText = z
  .string()
  .trim()
  .max(bounds.introduction, { error: `Must have at most ${String(bounds.introduction)} characters.` });
const language = z.enum(['fr', 'en']);
const share = z
  .string()
  .regex(/^(0(\.\d{1,4})?|1(\.0{1,4})?)$/, { error: 'Must be a share from 0 to 1 such as 0.40, as text.' });

const shortNumberMeaning =
  'What he keys on the telephone to say who he is, and callers to reach him; yours alone.';
const numbersMeaning =
  'Where he is rung, and recognized by: in the order of his preference. May be empty where he has a SIP address.';
const sipMeaning =
  'Where he is rung first: `sip:user@host` or with a port behind it, in a domain the operator lists. His numbers are rung when it ' +
  'does not reach him. null: numbers alone.';
/** What is left when it is made one is judged where the operator’s list is known. */
const sip = z
  .string()
  .min(1)
  .max(sipAddressMax)
  .transform((text, context) => {
    const address = parseSipAddress(text.trim());
    if (address !== undefined) return address;
    context.addIssue({ code: 'custom', message: 'Must be user@host or user@host:port, and nothing else.' });
    return z.NEVER;
  });
const shareMeaning = 'Of what callers pay without VAT: what he earns. null: it is not reckoned here.';
const linesMeaning = 'The lines that ring him by his own name; on a new one he is the last.';
const togglesMeaning =
  'A call from one of his numbers that he hangs up before it is answered puts him on a break, or back to work.';

const fields = {
  name: oneLine(bounds.name),
  shortNumber: shortNumber.nullable().meta({ description: shortNumberMeaning }),
  pin,
  sip: sip.nullable().meta({ description: sipMeaning, example: 'sip:marie@sip.example.com' }),
  numbers: z
    .array(e164)
    .max(bounds.numbers, { error: `Must be at most ${String(bounds.numbers)} numbers.` })
    .refine((all) => new Set(all).size === all.length, { error: 'A number stands here twice.' })
    .meta({ description: numbersMeaning, example: ['+33612345678'] }),
  language: language.meta({ description: 'What is spoken to him.' }),
  languages: z
    .array(language)
    .max(2)
    .refine((all) => new Set(all).size === all.length, { error: 'A language stands here twice.' })
    .meta({ description: 'What he speaks with callers.' }),
  lines: z.array(z.string().min(1).max(63)).max(200).meta({ description: linesMeaning }),
  introduction: z
    .strictObject({ fr: introductionText.optional(), en: introductionText.optional() })
    .meta({ description: 'His text on the page, by language.' }),
  ringSeconds: within(bounds.ringSeconds, 'seconds')
    .nullable()
    .meta({ description: 'How long his telephone rings; null: as long as the line’s.' }),
  fallback: z
    .strictObject({ number: e164, afterSeconds: within(bounds.fallbackSeconds, 'seconds') })
    .nullable()
    .meta({ description: 'Rung beside where he is rung first when he has not answered after so long.' }),
  wrapUpSeconds: within(bounds.wrapUpSeconds, 'seconds').meta({
    description: 'After a talk, before he is rung again.',
  }),
  missLimits: z
    .strictObject({ unanswered: within(bounds.misses, 'calls'), refused: within(bounds.misses, 'calls') })
    .meta({ description: 'So many in a row pause him; 0: never.' }),
  share: share.nullable().meta({ description: shareMeaning, example: '0.40' }),
  missedCallToggles: z.boolean().meta({ description: togglesMeaning }),
};

export const consultantBody = z
  .strictObject({
    name: fields.name,
    shortNumber: fields.shortNumber.default(null),
    pin: fields.pin.default(null),
    sip: fields.sip.default(null),
    numbers: fields.numbers.default([]),
    language: fields.language,
    languages: fields.languages.optional().meta({ description: 'Left out: the one spoken to him.' }),
    lines: fields.lines.default([]),
    introduction: fields.introduction.default({}),
    ringSeconds: fields.ringSeconds.default(null),
    fallback: fields.fallback.default(null),
    wrapUpSeconds: fields.wrapUpSeconds.default(0),
    missLimits: fields.missLimits.default({ unanswered: 3, refused: 5 }),
    share: fields.share.default(null),
    missedCallToggles: fields.missedCallToggles.default(false),
  })
  .refine(({ sip: address, numbers }) => address !== null || numbers.length > 0, {
    path: ['numbers'],
    error: rungNowhere,
  })
  .openapi('ConsultantRequest');

export const consultantChange = z.strictObject(fields).partial().openapi('ConsultantChange');

export const availabilityWord = z.enum(['available', 'break', 'away']).meta({
  description: '`available`: he is rung. `break`: not for now. `away`: not today. A call he is on goes on.',
});
const backAt = z.iso.datetime({ offset: true });
const backAtMeaning =
  'Until then; afterwards he is available by himself. Of `available`: until then he works whatever his hours say.';

export const availabilityBody = z
  .strictObject({
    availability: availabilityWord,
    reason: oneLine(bounds.reason).optional().meta({ description: 'Of a break.', example: 'Lunch' }),
    backAt: backAt.optional().meta({ description: `${backAtMeaning} In the future, within a year.` }),
  })
  .openapi('AvailabilityRequest');

export const stateShape = z
  .object({
    reachable: z.boolean().meta({ description: 'He is rung.' }),
    because: z.enum(unreachableBecause).nullable().meta({ description: 'Why he is not.' }),
    until: z.iso.datetime().nullable().meta({ description: 'When that ends by itself, where it does.' }),
    reason: z.string().nullable().meta({ description: 'Of a break, as he wrote it.' }),
  })
  .openapi('ConsultantState');

export const availabilityShape = z
  .object({
    id: z.string().meta({ example: 'con_01jd0000000000000000000000' }),
    availability: availabilityWord,
    reason: z.string().nullable(),
    backAt: z.iso.datetime().nullable().meta({ description: backAtMeaning }),
    state: stateShape,
  })
  .openapi('Availability');

const callerMeaning = '`card`, your client’s code, or `unknown`. Never his number.';

export const consultantShape = z
  .object({
    id: z.string().meta({ example: 'con_01jd0000000000000000000000' }),
    version: z.int().meta({ description: 'Of his settings: what `If-Match` says, in quotes.' }),
    name: z.string(),
    shortNumber: z.string().nullable().meta({ description: shortNumberMeaning }),
    hasPin: z.boolean(),
    sip: z.string().nullable().meta({ description: sipMeaning }),
    numbers: z.array(z.string()).meta({ description: numbersMeaning }),
    language,
    languages: z.array(language),
    lines: z.array(z.string()).meta({ description: linesMeaning }),
    introduction: z.object({ fr: z.string().optional(), en: z.string().optional() }),
    photoUrl: z.url().nullable(),
    ringSeconds: z.int().nullable(),
    fallback: z.object({ number: z.string(), afterSeconds: z.int() }).nullable(),
    wrapUpSeconds: z.int(),
    missLimits: z.object({ unanswered: z.int(), refused: z.int() }),
    share: z.string().nullable().meta({ description: shareMeaning }),
    missedCallToggles: z.boolean().meta({ description: togglesMeaning }),
    schedule: hoursShape.nullable().meta({
      description: 'His hours, on the clock of your account’s zone; null: he works whenever he says so.',
    }),
    timeZone: z.string().meta({ example: 'Europe/Paris' }),
    availability: availabilityWord,
    backAt: z.iso.datetime().nullable().meta({ description: backAtMeaning }),
    state: stateShape,
    call: z
      .object({
        callSessionId: z.string(),
        since: z.iso.datetime().nullable().meta({ description: 'When both were joined; null: it rings.' }),
        caller: z.string().meta({ description: callerMeaning }),
        line: z.string(),
        minutesPaid: z.int().nullable().meta({
          description:
            'The longest this talk may last; null of a caller nobody recognized, who has paid nothing.',
        }),
        earned: moneyShape.nullable().meta({
          description:
            'What he has earned of it until now, as if it ended now; null without a share, or while it rings.',
        }),
      })
      .nullable()
      .meta({ description: 'The call that rings him or that he is on.' }),
    archivedAt: z.iso.datetime().nullable().meta({ description: 'He is only kept for the calls he took.' }),
  })
  .openapi('Consultant');

export const consultantList = z
  .object({
    data: z.array(consultantShape).meta({ description: 'By name.' }),
    next: z.string().nullable().meta({ description: 'Where the next page begins.' }),
    hasMore: z.boolean(),
  })
  .openapi('ConsultantList');

const idsAtMost = 100;

export const consultantsQuery = z.object({
  after: z.string().max(80).optional().meta({ description: '`next` of the page before.' }),
  limit: z.coerce.number().int().min(1).max(500).default(100).meta({ description: 'How many at most.' }),
  ids: z
    .string()
    .regex(/^[\w-]{1,80}(,[\w-]{1,80})*$/)
    .refine((ids) => ids.split(',').length <= idsAtMost, `At most ${String(idsAtMost)} ids.`)
    .optional()
    .meta({
      description: 'Of these alone, with commas between them: those an event of the stream named, say.',
    }),
});

export const archivedShape = z
  .object({ id: z.string(), archivedAt: z.iso.datetime() })
  .openapi('ConsultantArchived');

export const dayQuery = z.object({
  day: z.iso.date({ error: 'Must be a day such as 2026-11-22.' }).optional().meta({
    description: 'By the clock of your account’s zone; today when left out.',
    example: '2026-11-22',
  }),
});

export const consultantDayShape = z
  .object({
    day: z.string().meta({ example: '2026-11-22' }),
    talkedSeconds: z.int(),
    earned: z
      .array(moneyShape)
      .nullable()
      .meta({ description: 'One sum a currency, of calls whose price is known; null: no share was agreed.' }),
    missed: z.int().meta({ description: 'How often he did not answer.' }),
    data: z
      .array(
        z.object({
          callSessionId: z.string(),
          line: z.string(),
          at: z.iso.datetime().meta({ description: 'When both were joined, else when he was rung.' }),
          outcome: z.string().nullable().meta({
            description:
              'As of the call session; `missed` or `refused` where he did not take it; null while it lasts.',
          }),
          talkedSeconds: z.int(),
          caller: z.string().meta({ description: callerMeaning }),
          earned: moneyShape.nullable().meta({
            description: 'null: missed, no share was agreed, or its price is not settled yet.',
          }),
        }),
      )
      .meta({ description: 'Newest first: calls he took, and those he missed.' }),
  })
  .openapi('ConsultantDay');

export const liveEventShape = z
  .object({
    ids: z.array(z.string()).nullable().meta({ description: 'Of consultants; null: any of them.' }),
  })
  .openapi('ConsultantsEvent', { description: 'The data of an event `consultants`.' });
