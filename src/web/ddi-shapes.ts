// The numbers people dial, as they go over the API. Bounds are those of core/inbound-settings: what a call would leave out is
// refused here, with its field.

import { inboundBounds, usualInboundSettings } from '../core/inbound-settings.ts';
import { speakable, spokenTextMax } from '../core/known-caller.ts';
import { lineSlug } from './api-shapes.ts';
import { z } from './routes.ts';
import { serverBody, serverFactsShape, signingSecret } from './server-shapes.ts';

export const e164 = z.string().regex(/^\+[1-9]\d{4,14}$/, { error: 'Must be E.164, such as +33199000201.' });
export const ddiNumber = e164.meta({
  description: 'The number that is dialled, in E.164.',
  example: '+33199000201',
});
export const ddiParams = z.object({ number: ddiNumber });

function within([least, most]: readonly [number, number], unit = '') {
  const error = `Must be a whole number from ${String(least)} to ${String(most)}${unit}.`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

const seconds = ' seconds';
const milliseconds = ' milliseconds';
const terminator = z.enum(['#', 'none'], { error: 'Must be # or none.' });
const usual = usualInboundSettings;

function digitEntry(otherwise: typeof usual.code) {
  const { maxDigits, tries, waitMs, betweenMs } = inboundBounds;
  return z
    .strictObject({
      maxDigits: within(maxDigits).default(otherwise.maxDigits),
      terminator: terminator.default(otherwise.terminator),
      tries: within(tries).default(otherwise.tries),
      waitMs: within(waitMs, milliseconds)
        .default(otherwise.waitMs)
        .meta({ description: 'Silence before the first digit.' }),
      betweenMs: within(betweenMs, milliseconds)
        .default(otherwise.betweenMs)
        .meta({ description: 'Silence between two digits; then what was keyed counts.' }),
    })
    .default(otherwise);
}

const digitEntryShape = z.object({
  maxDigits: z.int(),
  terminator,
  tries: z.int(),
  waitMs: z.int().meta({ description: 'Silence before the first digit.' }),
  betweenMs: z.int().meta({ description: 'Silence between two digits; then what was keyed counts.' }),
});

const kind = z.enum(['line', 'service', 'scenario'], { error: 'Must be line, service or scenario.' }).meta({
  description:
    'What its callers reach: a line, the service your consultants set their state by, or a scenario. Of the service ' +
    'nothing below counts but `active`; of a scenario what its blocks ask for: who knows its callers, how long anybody talks.',
});
const lineMeaning =
  'The line it leads to, by its name in links. Of a scenario the line its talks are counted under, whose tariff, caller ID and ' +
  'settings they have: without one it rings only by the lines its blocks name. None of the service.';
const scenarioMeaning =
  'The scenario it leads to, by its slug; calls begin in the version that is live then. None where it leads to anything else.';
const active = z.boolean();
const recognizedBy = z.enum(['server', 'accounts']).meta({
  description: 'Who says whether a caller is known: your own server, or the accounts kept here.',
});
const withheld = z.enum(['code', 'refuse']).meta({
  description: 'A caller without a number: asked for his client code, or refused.',
});
const fallbackMeaning = 'When your server gives no answer: he is refused, or may talk a little.';
const codeMeaning = 'How a client code is keyed.';
const pinMeaning = 'How a PIN is keyed.';
const limitMeaning = 'The longest talk of anybody.';
const atOnceMeaning = 'Calls of one client under way together.';

const words = z.string().refine((text) => speakable(text) !== undefined, {
  error: `Must be words to speak, at most ${String(spokenTextMax)} characters.`,
});
const wordsMeaning =
  'Spoken to a caller who is refused, in his language, where your server sent no words. What is not about him (a call under ' +
  'way, closed, your server away, a hidden number) is said as it is.';
const ringMeaning =
  'Then the consultants of this line are rung, and he may talk that long: as nobody’s client, without a client code in the ' +
  'report. Not for who tried codes, is blocked, has a call under way or hides his number.';
const refusedMeaning = 'What a refused caller gets before he is hung up.';
const ringBack = z.enum(['tone', 'music']).meta({
  description: 'What a caller hears while consultants are rung: ringing, or music.',
});

export const ddiBody = z
  .strictObject({
    kind: kind.default('line'),
    line: lineSlug.optional().meta({ description: lineMeaning }),
    scenario: z.string().min(1).max(63).optional().meta({ description: scenarioMeaning }),
    recognizedBy: recognizedBy.optional(),
    active: active.default(true).meta({ description: '`false`: a call to it is ended at once.' }),
    clientCode: digitEntry(usual.code).meta({ description: codeMeaning }),
    pin: digitEntry(usual.pin).meta({ description: pinMeaning }),
    withheld: withheld.default(usual.withheld),
    fallback: z
      .discriminatedUnion('do', [
        z.strictObject({ do: z.literal('refuse') }),
        z.strictObject({
          do: z.literal('trial'),
          talkLimitSeconds: within(inboundBounds.unrecognizedTalkSeconds, seconds),
        }),
      ])
      .default(usual.fallback)
      .meta({ description: fallbackMeaning }),
    talkLimitMaxSeconds: within(inboundBounds.talkLimitMaxSeconds, seconds)
      .default(usual.talkLimitMaxSeconds)
      .meta({ description: limitMeaning }),
    callsAtOnce: within(inboundBounds.callsAtOnce)
      .default(usual.callsAtOnce)
      .meta({ description: atOnceMeaning }),
    refused: z
      .strictObject({
        text: z
          .strictObject({ fr: words.optional(), en: words.optional() })
          .default({})
          .meta({ description: wordsMeaning }),
        ring: z
          .strictObject({
            line: lineSlug,
            talkLimitSeconds: within(inboundBounds.unrecognizedTalkSeconds, seconds),
          })
          .optional()
          .meta({ description: ringMeaning }),
      })
      .default({ text: {} })
      .meta({ description: refusedMeaning }),
    ringBack: ringBack.default(usual.ringBack),
    ownServer: serverBody.nullable().default(null).meta({
      description: 'Asked for this number instead of `/v1/merchant-server`; null: that one is.',
    }),
  })
  .superRefine(({ kind: reaches, line, scenario, recognizedBy: by }, context) => {
    const wrong = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (reaches !== 'scenario' && scenario !== undefined) {
      wrong('scenario', 'Only a number that leads to a scenario has one.');
    }
    if (reaches === 'service') {
      if (line !== undefined) wrong('line', 'The service has no line.');
      return;
    }
    if (reaches === 'scenario') {
      if (scenario === undefined) wrong('scenario', 'Say which scenario it leads to.');
      return;
    }
    if (line === undefined) wrong('line', 'Say which line it leads to.');
    if (by === undefined) wrong('recognizedBy', 'Say who knows its callers: server or accounts.');
  })
  .openapi('DdiRequest');

export const ddiShape = z
  .object({
    id: z.string().meta({ example: 'ddi_demo_rest' }),
    number: ddiNumber,
    kind,
    line: z.string().nullable().meta({ description: lineMeaning }),
    scenario: z.string().nullable().meta({ description: scenarioMeaning }),
    active,
    recognizedBy,
    server: z
      .object({ protocol: z.enum(['rest', 'soap']), url: z.string(), timeoutMs: z.int() })
      .nullable()
      .meta({
        description: 'Who is asked; null where nobody is, or where accounts kept here are looked at.',
      }),
    ownServer: serverFactsShape.nullable().meta({
      description: 'The server of this number alone; null where that of all your numbers is asked.',
    }),
    clientCode: digitEntryShape.meta({ description: codeMeaning }),
    pin: digitEntryShape.meta({ description: pinMeaning }),
    withheld,
    fallback: z
      .object({ do: z.enum(['refuse', 'trial']), talkLimitSeconds: z.int().optional() })
      .meta({ description: fallbackMeaning }),
    talkLimitMaxSeconds: z.int().meta({ description: limitMeaning }),
    callsAtOnce: z.int().meta({ description: atOnceMeaning }),
    refused: z
      .object({
        text: z
          .object({ fr: z.string().optional(), en: z.string().optional() })
          .meta({ description: wordsMeaning }),
        ring: z
          .object({ line: z.string(), talkLimitSeconds: z.int() })
          .optional()
          .meta({ description: ringMeaning }),
      })
      .meta({ description: refusedMeaning }),
    ringBack,
  })
  .openapi('Ddi');

export const ddiSetShape = ddiShape.extend({ signingSecret }).openapi('DdiSet');

export const ddiList = z
  .object({ data: z.array(ddiShape).meta({ description: 'By number.' }) })
  .openapi('DdiList');
