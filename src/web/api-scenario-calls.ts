// Routes about what calls in scenarios leave behind: the messages callers have spoken, and what each call passed.

import type { House } from '../flow/house.ts';
import { listRuns, readRunView, type RunSummary, type RunView } from '../store/scenario-runs.ts';
import {
  countUnheard,
  deleteVoicemail,
  listenTo,
  listVoicemails,
  markVoicemail,
  readVoicemail,
  type Voicemail,
} from '../store/voicemails.ts';
import { idParams } from './api-shapes.ts';
import { e164 } from './ddi-shapes.ts';
import { type ApiAnswer, type ApiRoutes, z } from './routes.ts';
import { slug } from './scenario-shapes.ts';

const area = 'calls' as const;
const unknown: ApiAnswer = { problem: { kind: 'unknown-id' }, began: false };

const limit = z.coerce.number().int().min(1).max(200).default(50).meta({ description: 'How many at most.' });
const after = z.string().max(64).optional().meta({ description: 'The cursor `next` of the page before.' });
const next = z.string().nullable().meta({ description: 'Cursor of the next page; null on the last.' });

const voicemailShape = z
  .object({
    id: z.string(),
    box: z.string().meta({ description: 'The box of the block that took it.' }),
    scenario: z.string().meta({ description: 'The scenario its call ended in, by its slug.' }),
    scenarioRunId: z.string().meta({ description: 'The call it was left in: GET /v1/scenario-runs/{id}.' }),
    ddi: e164,
    callerNumber: z.string().nullable().meta({ description: 'null: withheld.' }),
    seconds: z.number(),
    words: z.string().nullable().meta({ description: 'What it says, where anybody knows.' }),
    createdAt: z.iso.datetime(),
    listenedAt: z.iso.datetime().nullable().meta({ description: 'When it was listened to first.' }),
  })
  .openapi('Voicemail');

const runShape = z.object({
  id: z.string(),
  ddi: e164.meta({ description: 'The number he dialled; after a paid talk the one that he was shown.' }),
  callerNumber: z.string().nullable().meta({ description: 'null: withheld.' }),
  scenario: z.string().meta({ description: 'The scenario it is in, or ended in, by its slug.' }),
  version: z.int(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  outcome: z.enum(['completed', 'caller_left', 'refused', 'too_long', 'failed']).nullable(),
  afterCallSession: z.string().nullable().meta({
    description: 'The paid talk it followed: GET /v1/call-sessions/{id}. null: he dialled a number.',
  }),
});
const runSummary = runShape.openapi('ScenarioRunSummary');
const runView = runShape
  .extend({
    events: z
      .array(
        z.object({
          scenarioId: z.string(),
          version: z.int(),
          scenario: z.string().meta({ description: 'By its slug: a call may go on in another scenario.' }),
          block: z.string(),
          name: z.string(),
          at: z.iso.datetime({ offset: true }),
          facts: z.looseObject({}),
        }),
      )
      .meta({ description: 'The blocks it passed, in order, and what happened in each.' }),
    variables: z.record(z.string(), z.string()).meta({
      description:
        'What it has come to know: keyed, set, or said by your script. What was keyed in secret is not kept.',
    }),
    voicemails: z.array(z.string()).meta({ description: 'Messages left in it: GET /v1/voicemails/{id}.' }),
    talks: z.array(z.string()).meta({ description: 'Its talks: GET /v1/call-sessions/{id}.' }),
  })
  .openapi('ScenarioRun');

export function scenarioCallRoutes(routes: ApiRoutes, house: House): void {
  voicemailRoutes(routes, house);

  routes.add({
    method: 'get',
    path: '/v1/scenario-runs',
    area,
    name: 'listScenarioRuns',
    summary: 'Calls that went through your scenarios, the newest first.',
    query: z.object({ ddi: e164.optional(), scenario: slug.optional(), after, limit }),
    answer: {
      status: 200,
      description: 'The newest first.',
      shape: z.object({ data: z.array(runSummary), next }).openapi('ScenarioRunPage'),
    },
    problems: [],
    act: async ({ merchantId, query }) => {
      const { limit: atMost, ddi, scenario, after: seen } = query;
      const found = await house.db.asMerchant(merchantId, (tx) =>
        listRuns(tx, {
          limit: atMost + 1,
          ...(ddi !== undefined && { ddi }),
          ...(scenario !== undefined && { scenario }),
          ...(seen !== undefined && { after: seen }),
        }),
      );
      return { status: 200, body: pageOf(found, atMost, runAnswer) };
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/scenario-runs/{id}',
    area,
    name: 'readScenarioRun',
    summary: 'One call in a scenario: the blocks it passed, and what happened in each.',
    params: idParams,
    answer: { status: 200, description: 'As far as it has come.', shape: runView },
    problems: ['unknown-id'],
    act: async ({ merchantId, params: { id } }) => {
      const found = await house.db.asMerchant(merchantId, (tx) => readRunView(tx, id));
      return found ? { status: 200, body: { ...runAnswer(found), ...partsOf(found) } } : unknown;
    },
  });
}

function voicemailRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'get',
    path: '/v1/voicemails',
    area,
    name: 'listVoicemails',
    summary: 'Messages callers have left, the newest first.',
    query: z.object({
      box: slug.optional(),
      listened: z
        .enum(['true', 'false'])
        .optional()
        .meta({ description: 'Only those that were listened to, or were not.' }),
      after,
      limit,
    }),
    answer: {
      status: 200,
      description: 'The newest first.',
      shape: z
        .object({
          data: z.array(voicemailShape),
          next,
          unheard: z.int().meta({ description: 'How many nobody has listened to, of all boxes.' }),
        })
        .openapi('VoicemailPage'),
    },
    problems: [],
    act: async ({ merchantId, query }) => {
      const { limit: atMost, box, listened, after: seen } = query;
      const [found, unheard] = await house.db.asMerchant(merchantId, async (tx) => [
        await listVoicemails(tx, {
          limit: atMost + 1,
          ...(box !== undefined && { box }),
          ...(listened !== undefined && { listened: listened === 'true' }),
          ...(seen !== undefined && { after: seen }),
        }),
        await countUnheard(tx),
      ]);
      return { status: 200, body: { ...pageOf(found, atMost, messageAnswer), unheard } };
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/voicemails/{id}',
    area,
    name: 'readVoicemail',
    summary: 'One message.',
    params: idParams,
    answer: { status: 200, description: 'As it was left.', shape: voicemailShape },
    problems: ['unknown-id'],
    act: async ({ merchantId, params: { id } }) => {
      const found = await house.db.asMerchant(merchantId, (tx) => readVoicemail(tx, id));
      return found ? { status: 200, body: messageAnswer(found) } : unknown;
    },
  });

  routes.add({
    method: 'patch',
    path: '/v1/voicemails/{id}',
    area,
    name: 'markVoicemail',
    summary: 'Marks a message as listened to, or as not.',
    params: idParams,
    body: z.strictObject({ listened: z.boolean() }).openapi('VoicemailChange'),
    answer: { status: 200, description: 'As it is marked now.', shape: voicemailShape },
    problems: ['unknown-id'],
    act: async ({ merchantId, params: { id }, body }) => {
      const at = body.listened ? house.clock.now() : null;
      const found = await house.db.asMerchant(merchantId, async (tx) =>
        (await markVoicemail(tx, id, at)) ? readVoicemail(tx, id) : undefined,
      );
      return found ? { status: 200, body: messageAnswer(found) } : unknown;
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/voicemails/{id}/recording',
    area,
    name: 'hearVoicemail',
    summary: 'A message, to be heard: WAV, mono, 8 kHz. It counts as listened to from then on.',
    params: idParams,
    answer: { status: 200, description: 'The sound itself.', shape: z.string(), sound: true },
    problems: ['unknown-id'],
    act: async ({ merchantId, params: { id } }): Promise<ApiAnswer> => {
      const at = house.clock.now();
      const wav = await house.db.asMerchant(merchantId, (tx) => listenTo(tx, id, at));
      return wav ? { status: 200, body: '', sound: wav } : unknown;
    },
  });

  routes.add({
    method: 'delete',
    path: '/v1/voicemails/{id}',
    area,
    name: 'deleteVoicemail',
    summary: 'Deletes a message.',
    params: idParams,
    answer: {
      status: 200,
      description: 'It is gone.',
      shape: z.object({ id: z.string(), removed: z.literal(true) }).openapi('VoicemailRemoved'),
    },
    problems: ['unknown-id'],
    act: async ({ merchantId, params: { id } }) => {
      const gone = await house.db.asMerchant(merchantId, (tx) => deleteVoicemail(tx, id));
      return gone ? { status: 200, body: { id, removed: true } } : unknown;
    },
  });
}

/** `found`: one more than a page holds, where there is another. */
function pageOf<T extends { id: string }>(
  found: readonly T[],
  atMost: number,
  answer: (one: T) => object,
): object {
  const data = found.slice(0, atMost);
  return { data: data.map(answer), next: found.length > atMost ? (data.at(-1)?.id ?? null) : null };
}

function messageAnswer({ runId, createdAt, listenedAt, ...message }: Voicemail): object {
  return {
    ...message,
    scenarioRunId: runId,
    createdAt: createdAt.toISOString(),
    listenedAt: listenedAt?.toISOString() ?? null,
  };
}

function runAnswer({ id, ddi, callerNumber, scenario, version, outcome, ...more }: RunSummary): object {
  const { startedAt, endedAt, afterCallSession } = more;
  return {
    id,
    ddi,
    callerNumber,
    scenario,
    version,
    outcome,
    startedAt: startedAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    afterCallSession,
  };
}

function partsOf({ events, variables, voicemails, talks }: RunView): object {
  return { events, variables, voicemails, talks };
}
