// Scenarios as they go over the API. The graph itself is checked by the very shape that is published at /schemas/scenario.json.

import {
  clientCodePattern,
  consultantsMax,
  refusalReasons,
  spokenTextMax,
  talkLimitSecondsMax,
} from '../core/known-caller.ts';
import { type Scenario, scenarioShape } from '../core/scenario/blocks.ts';
import { ringEnds } from '../core/scenario/run.ts';
import { scriptBounds } from '../core/scenario/script-program.ts';
import { templateNames } from '../core/scenario/templates.ts';
import { cardWorks } from '../core/scenario/try-scenario.ts';
import { actorKinds } from '../store/audit.ts';
import { oneLine } from './consultant-shapes.ts';
import { e164 } from './ddi-shapes.ts';
import { z } from './routes.ts';
import { faultShape } from './scenario-faults.ts';

/** A body with a graph in it: two hundred blocks of texts in two languages. */
export const scenarioBytesMax = 512 * 1024;

export const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, {
  error: 'Must be small letters, digits and hyphens, at most 63.',
});
export const slugMeaning = 'Its name in links and for other scenarios; it stays the same.';
export const scenarioParams = z.object({ slug });
export const versionParams = scenarioParams.extend({ number: z.coerce.number().int().min(1).max(1_000_000) });

const graph = scenarioShape;
const note = oneLine(300)
  .nullable()
  .default(null)
  .meta({ description: 'What is new in it, for whoever looks later.' });
const whose = 'By its slug: ';

const made = {
  slug: slug.meta({ description: slugMeaning, example: 'shop' }),
  name: oneLine(80).meta({ example: 'Shop hours' }),
};
export const scenarioBody = z
  .strictObject({
    ...made,
    // No words of its own: the document names the shape instead of repeating it.
    draft: graph.optional(),
    template: z
      .enum(templateNames)
      .optional()
      .meta({ description: 'To begin with, instead of `draft`: one of GET /v1/scenario-templates.' }),
    with: z
      .strictObject({
        line: slug.optional().meta({ description: `${whose}a line that sells conversations.` }),
        sale: slug.optional().meta({ description: `${whose}a line whose sale needs no call.` }),
        resource: slug.optional().meta({ description: `${whose}a page that access codes open.` }),
        payment: z.enum(['link', 'keypad']).optional().meta({
          description:
            'How callers pay: by a link, or by a card they key, where that is enabled for you; left out: by a link.',
        }),
        number: e164.optional().meta({ description: 'One of your /v1/forward-numbers.' }),
        url: z
          .url({ protocol: /^https?$/ })
          .max(2_000)
          .optional()
          .meta({ description: 'Of your script.' }),
      })
      .default({})
      .meta({
        description:
          'What the template is made with; of what is left out your first is taken, and where you have none the check says so.',
      }),
  })
  .superRefine(({ draft, template }, context) => {
    if (draft !== undefined && template !== undefined) {
      context.addIssue({ code: 'custom', path: ['template'], message: 'Either a draft or a template.' });
    }
  })
  .openapi('ScenarioRequest');
export const scenarioChange = z.strictObject({ name: made.name.optional() }).openapi('ScenarioChange');
export const draftBody = z.strictObject({ draft: graph }).openapi('ScenarioDraft');
export const publishBody = z
  .strictObject({
    note,
    basedOn: z.int().min(1).optional().meta({
      description: 'The `version` of the scenario you looked at: refused where it has changed since.',
    }),
  })
  .openapi('ScenarioPublication');
export const liveBody = z.strictObject({ version: z.int().min(1) }).openapi('ScenarioLive');
const which = {
  version: z.int().min(1).optional().meta({ description: 'A published version instead of the draft.' }),
  graph: graph.optional(),
};
export const checkBody = z.strictObject(which).openapi('ScenarioCheck');

// --- What is answered --------------------------------------------------------------------------------------------

const instant = z.iso.datetime();
const summary = {
  id: z.string().meta({ example: 'scn_01jd0000000000000000000000' }),
  slug: z.string().meta({ description: slugMeaning }),
  name: z.string(),
  version: z.int().meta({ description: 'Counts its changes: what `If-Match` says, in quotes.' }),
  live: z.int().nullable().meta({
    description: 'The published version calls begin in; null: none was published yet.',
  }),
  changed: z.boolean().meta({ description: 'The draft is not what is live.' }),
  ddis: z.array(z.string()).meta({ description: 'The numbers that lead to it.' }),
  lines: z
    .array(z.string())
    .meta({ description: 'The lines whose paid talks it follows, by their names in links.' }),
  createdAt: instant,
  changedAt: instant,
};
export const scenarioSummaryShape = z.object(summary).openapi('ScenarioSummary');
export const scenarioListShape = z
  .object({ data: z.array(scenarioSummaryShape).meta({ description: 'By name.' }) })
  .openapi('ScenarioList');
export const scenarioRecordShape = z.object({ ...summary, draft: graph }).openapi('ScenarioRecord');

const versionSummary = {
  version: z.int(),
  note: z.string().nullable(),
  publishedAt: instant,
  publishedBy: z
    .object({ kind: z.enum(actorKinds), id: z.string(), name: z.string().nullable() })
    .nullable()
    .meta({ description: 'Who; null: nobody we know.' }),
  live: z.boolean(),
};
export const versionListShape = z
  .object({ data: z.array(z.object(versionSummary)).meta({ description: 'Newest first.' }) })
  .openapi('ScenarioVersionList');
export const versionShape = z.object({ ...versionSummary, graph }).openapi('ScenarioVersion');
const faults = z.array(faultShape).meta({ description: 'In the order of the blocks.' });
export const publishedShape = z.object({ ...versionSummary, graph, faults }).openapi('ScenarioPublished');
export const checkedShape = z
  .object({
    publishable: z.boolean().meta({ description: 'It has no errors.' }),
    faults,
  })
  .openapi('ScenarioChecked');
export const archivedScenarioShape = z
  .object({ slug: z.string(), archived: z.literal(true) })
  .openapi('ScenarioArchived');

const inBoth = z.object({ fr: z.string(), en: z.string() });
export const templateListShape = z
  .object({
    data: z.array(
      z.object({
        name: z.enum(templateNames),
        title: inBoth,
        description: inBoth,
        needs: z
          .array(z.enum(['line', 'sale', 'url', 'resource', 'payment', 'number']))
          .meta({ description: 'What to send in `with`.' }),
      }),
    ),
  })
  .openapi('ScenarioTemplateList');

// --- Trying one out ----------------------------------------------------------------------------------------------

const language = z.enum(['fr', 'en']);
const text = z.string().max(spokenTextMax).optional();
const recognition = z.union([
  z.literal('away'),
  z.discriminatedUnion('outcome', [
    z.strictObject({
      outcome: z.literal('recognized'),
      clientCode: z.string().regex(clientCodePattern),
      talkLimitSeconds: z.int().min(0).max(talkLimitSecondsMax).optional(),
      language: language.optional(),
      consultants: z.array(z.string().max(64)).max(consultantsMax).optional(),
      destination: e164.optional(),
      text,
    }),
    z.strictObject({
      outcome: z.literal('proof_wanted'),
      proof: z.enum(['client_code', 'pin']),
      clientCode: z.string().regex(clientCodePattern).optional(),
      language: language.optional(),
      text,
    }),
    z.strictObject({
      outcome: z.literal('refused'),
      reason: z.enum(refusalReasons),
      language: language.optional(),
      text,
    }),
  ]),
]);
const script = z.union([
  z.enum(['call', 'away']),
  z.strictObject({ body: z.string().max(scriptBounds.bytes), contentType: z.string().max(200).optional() }),
]);
const many = <Shape extends z.ZodType>(shape: Shape) => z.array(shape).max(200).default([]);

export const simulateBody = z
  .strictObject({
    ...which,
    cli: e164.nullable().default(null).meta({ description: 'Who calls; null: his number is withheld.' }),
    cliTrust: z.enum(['network', 'unverified']).default('network'),
    ddi: e164
      .optional()
      .meta({ description: 'What he dialled; left out: the first number that leads to it.' }),
    at: z.iso.datetime({ offset: true }).optional().meta({ description: 'When he calls; left out: now.' }),
    language: language.optional(),
    keys: many(
      z.string().regex(/^[0-9]{0,40}[*#]?$/, { error: 'Must be digits, perhaps with # at their end; or *.' }),
    ).meta({
      description: 'What he keys at each question, one after the other; an empty text is silence.',
      example: ['1', '', '12345#'],
    }),
    recognitions: many(recognition).meta({
      description: 'What your server says of him, each time it is asked.',
    }),
    rings: many(z.enum(ringEnds)).meta({
      description: 'How each ringing ends; when they are used up: `no_answer`.',
    }),
    scripts: z
      .union([z.literal('call'), z.array(script).max(200)])
      .default([])
      .meta({
        description:
          'What your script answers, each time it is asked: the text it would send, `away`, or `call`: it is really asked. ' +
          '`call` for all: each time. When they are used up: `away`.',
      }),
    consultants: z
      .array(
        z.strictObject({ id: z.string().max(64), name: z.string().min(1).max(80), reachable: z.boolean() }),
      )
      .max(200)
      .optional()
      .meta({ description: 'Who is there; left out: all of yours, free.' }),
    speaks: many(z.number().min(0).max(600)).meta({ description: 'Seconds he speaks at each recording.' }),
    blacklisted: z.boolean().default(false),
    codes: many(z.boolean()).meta({ description: 'Whether each access code he keys is right.' }),
    pays: z.boolean().default(false).meta({ description: 'Whether he pays on the page he is sent.' }),
    keysCard: z.boolean().default(false).meta({ description: 'Whether he keys a card when he is asked.' }),
    cardWorks: many(z.enum(cardWorks)).meta({
      description: 'What his bank says of it, each time it is asked; when they are used up: `declined`.',
    }),
    after: z.enum(['talked', 'limit_reached']).optional().meta({
      description: 'He has not dialled: a paid talk of his has just ended so (`afterTalk` of a line).',
    }),
    paid: z.boolean().default(false).meta({
      description: 'He has not dialled: it is the call he has paid for (`afterPayment` of a line).',
    }),
  })
  .superRefine(({ version, graph: given }, context) => {
    if (version !== undefined && given !== undefined) {
      context.addIssue({ code: 'custom', path: ['version'], message: 'Either a version or a graph.' });
    }
  })
  .openapi('ScenarioSimulation');

export const trialShape = z
  .object({
    steps: z
      .array(
        z.object({
          scenario: z
            .string()
            .optional()
            .meta({ description: 'Another scenario he has come into, by its slug.' }),
          block: z.string(),
          kind: z.string(),
          heard: z.array(z.string()).meta({ description: 'What he hears in it; sounds in square brackets.' }),
          did: z
            .array(
              z.object({
                what: z.string().meta({ description: 'What was asked or done.', example: 'ask' }),
                heard: z
                  .array(z.string())
                  .optional()
                  .meta({ description: 'What he hears meanwhile; absent: nothing.' }),
                came: z.string().optional().meta({ description: 'What came of it.', example: '1' }),
                exchange: z
                  .object({
                    url: z.string(),
                    requestBody: z.string(),
                    status: z.int().optional(),
                    answerBody: z.string().optional(),
                    tookMs: z.number(),
                  })
                  .optional()
                  .meta({ description: 'With your script, where it was really asked.' }),
              }),
            )
            .meta({ description: 'In this order.' }),
          exit: z
            .string()
            .optional()
            .meta({ description: 'The way out he took; absent: the call ended in it.' }),
        }),
      )
      .meta({ description: 'The blocks he passed.' }),
    outcome: z.enum(['completed', 'caller_left', 'refused', 'too_long', 'failed', 'still_waiting']).meta({
      description: 'How the call ended. `failed`: he heard that something went wrong.',
    }),
    endedIn: z.string(),
    variables: z.record(z.string(), z.string()).meta({ description: 'As they are at the end.' }),
  })
  .openapi('ScenarioTrial');

/** Where nothing was said of it: there is something to begin with, and it makes sense. */
export const emptyScenario: Scenario = scenarioShape.parse({
  start: 'end',
  blocks: { end: { kind: 'hang_up' } },
});
