// Routes about the consultants: who they are, whether they are rung, their hours, and what they did on a day. What a
// consultant does himself is api-me's.

import { type ConsultantSetting, sayState } from '../core/consultant.ts';
import type { Schedule } from '../core/schedule.ts';
import { photoBytesMax, photoTypes } from '../core/photo.ts';
import { changePhoto, type PhotoKept } from '../flow/consultant-photo.ts';
import { type ChangedBy, setAvailability } from '../flow/consultant-state.ts';
import {
  type BasedOn,
  changeConsultant,
  changeSchedule,
  type ConsultantChange,
  type ConsultantKept,
  type ConsultantRefused,
  type ConsultantWish,
  createConsultant,
  letConsultantGo,
} from '../flow/consultants.ts';

import type { House } from '../flow/house.ts';
import { listConsultants, readConsultant, readConsultantDay } from '../store/consultant-records.ts';
import { consultantAnswer, dayAnswer } from './consultant-answers.ts';
import {
  archivedShape,
  availabilityBody,
  availabilityShape,
  consultantBody,
  consultantChange,
  consultantDayShape,
  consultantList,
  consultantParams,
  consultantShape,
  consultantsQuery,
  dayQuery,
  liveEventShape,
} from './consultant-shapes.ts';
import { hoursBody } from './line-shapes.ts';
import type { ProblemKind } from './problem-kinds.ts';
import { type ApiAnswer, type ApiCall, type ApiRoutes, type SentBytes, z } from './routes.ts';
import { wrongFields } from './wrong-fields.ts';

const settingProblems: readonly ProblemKind[] = [
  'unknown-id',
  'consultant-archived',
  'short-number-taken',
  'number-not-rung',
  'line-not-yours',
];

export const scheduleBody = z
  .strictObject({ schedule: hoursBody.nullable() })
  .openapi('ConsultantScheduleRequest');

export function consultantRoutes(routes: ApiRoutes, house: House): void {
  readRoutes(routes, house);
  keepRoutes(routes, house);
  photoRoutes(routes, house);

  routes.add({
    method: 'post',
    path: '/v1/consultants/{id}/availability',
    area: 'consultants',
    name: 'setConsultantAvailability',
    summary: 'Whether a consultant is rung: available, on a break, away; until when.',
    description: 'A pause ends with it, whatever is set. The last word counts; a call he is on goes on.',
    params: consultantParams,
    body: availabilityBody,
    answer: { status: 200, description: 'It holds from now on.', shape: availabilityShape },
    problems: ['unknown-id', 'consultant-archived'],
    act: ({ merchantId, params, body }) =>
      answerAvailability(house, { merchantId, consultantId: params.id, by: 'merchant' }, body),
  });

  routes.add({
    method: 'put',
    path: '/v1/consultants/{id}/schedule',
    area: 'consultants',
    name: 'setConsultantSchedule',
    summary: 'The hours a consultant keeps, on the clock of your account’s zone; null: none.',
    description:
      'All of them. Nine is nine on the days the clocks change too. Outside his hours he is not rung, unless he says that he is ' +
      'available until an instant.',
    params: consultantParams,
    body: scheduleBody,
    versioned: true,
    answer: { status: 200, description: 'As he is now.', shape: consultantShape },
    problems: ['unknown-id', 'consultant-archived'],
    act: ({ merchantId, by: actor, params, basedOn, body }) =>
      answerSchedule(house, { ...of(merchantId, params.id, basedOn, actor), by: 'merchant' }, body.schedule),
  });
}

function readRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'get',
    path: '/v1/consultants',
    area: 'consultants',
    name: 'listConsultants',
    summary: 'Your consultants, whether each is rung now and why not, and who is calling him.',
    query: consultantsQuery,
    answer: { status: 200, description: 'A page of all but those removed.', shape: consultantList },
    problems: [],
    act: async ({ merchantId, query: { after, limit, ids } }) => {
      const wanted = { limit: limit + 1, after, ids: ids?.split(',') };
      const found = await house.db.asMerchant(merchantId, (tx) => listConsultants(tx, wanted));
      const now = house.clock.now();
      const page = found.slice(0, limit);
      const next = page.at(-1)?.id ?? after ?? null;
      const data = page.map((one) => consultantAnswer(house, one, now));
      return { status: 200, body: { data, next, hasMore: found.length > limit } };
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/live',
    area: 'consultants',
    name: 'followConsultants',
    summary: 'A stream of events (server-sent): whose state has changed, as it changes.',
    description:
      'Events `consultants` say whose state, settings or call is another one: read those again. Read them too when the stream ' +
      'opens, and again: what happened while you were not listening is not told.',
    answer: { status: 200, description: 'For as long as you stay.', shape: liveEventShape, live: true },
    problems: [],
    act: ({ merchantId }) => Promise.resolve({ status: 200, body: null, live: { merchantId } }),
  });

  routes.add({
    method: 'get',
    path: '/v1/consultants/{id}',
    area: 'consultants',
    name: 'readConsultant',
    summary: 'One consultant, also one who was removed.',
    params: consultantParams,
    versioned: true,
    answer: { status: 200, description: 'As he is now.', shape: consultantShape },
    problems: ['unknown-id'],
    act: ({ merchantId, params }) => answerConsultant(house, merchantId, params.id),
  });

  routes.add({
    method: 'get',
    path: '/v1/consultants/{id}/calls',
    area: 'consultants',
    name: 'listConsultantCalls',
    summary: 'What a consultant did on a day: the calls he took, those he missed, what he earned.',
    params: consultantParams,
    query: dayQuery,
    answer: { status: 200, description: 'That day.', shape: consultantDayShape },
    problems: ['unknown-id'],
    act: ({ merchantId, params, query }) => answerDay(house, merchantId, params.id, query.day),
  });
}

function keepRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'post',
    path: '/v1/consultants',
    area: 'consultants',
    name: 'createConsultant',
    summary: 'A new consultant. He is available at once.',
    description: 'Send an Idempotency-Key: a repeat with it finds the same one.',
    body: consultantBody,
    versioned: true,
    answer: { status: 201, description: 'As he was made.', shape: consultantShape },
    problems: settingProblems,
    act: async ({ merchantId, by: actor, body, requestKey }) => {
      const { languages = [body.language], ...rest } = body;
      const wish = { ...rest, languages } as unknown as ConsultantWish;
      return answerOf(house, 201, await createConsultant(house, { merchantId, actor }, wish, requestKey));
    },
  });

  routes.add({
    method: 'patch',
    path: '/v1/consultants/{id}',
    area: 'consultants',
    stepUp: ['pin', 'share'],
    name: 'changeConsultant',
    summary: 'Changes a consultant. What is left out stays; a list is replaced as a whole.',
    description:
      'Who is signed in shows once more who he is where it changes the PIN or the share of what he earns.',
    params: consultantParams,
    body: consultantChange,
    versioned: true,
    answer: { status: 200, description: 'As he is now.', shape: consultantShape },
    problems: settingProblems,
    act: async ({ merchantId, by: actor, params, basedOn, body }) => {
      const change = defined(body) as ConsultantChange;
      const based = of(merchantId, params.id, basedOn, actor);
      return answerOf(house, 200, await changeConsultant(house, based, change));
    },
  });

  routes.add({
    method: 'delete',
    path: '/v1/consultants/{id}',
    area: 'consultants',
    name: 'archiveConsultant',
    summary: 'Removes a consultant: nobody rings him any more. A call he is on goes on.',
    description: 'What he did stays readable by his id. His short number is free again.',
    params: consultantParams,
    versioned: true,
    answer: { status: 200, description: 'He is removed.', shape: archivedShape },
    problems: ['unknown-id'],
    act: async ({ merchantId, by: actor, params: { id }, basedOn }) => {
      const gone = await letConsultantGo(house, of(merchantId, id, basedOn, actor));
      if (gone.outcome !== 'archived') return refusedAnswer(gone);
      return { status: 200, body: { id, archivedAt: gone.at } };
    },
  });
}

function photoRoutes(routes: ApiRoutes, house: House): void {
  const answer = { status: 200, description: 'As he is now.', shape: consultantShape } as const;
  routes.add({
    method: 'put',
    path: '/v1/consultants/{id}/photo',
    area: 'consultants',
    name: 'setConsultantPhoto',
    summary: 'The photo of a consultant, as a page shows it: PNG, JPEG or WebP.',
    description:
      'The file itself, at most 512 kB and 4096 pixels a side. `photoUrl` leads to it for everybody, for as long as it is his ' +
      'photo; another photo has another address.',
    params: consultantParams,
    bytes: { types: photoTypes, maxBytes: photoBytesMax, tooLarge: 'photo-too-large' },
    answer,
    problems: ['unknown-id', 'consultant-archived', 'photo-refused'],
    act: async ({ merchantId, by: actor, params, bytes }) =>
      photoAnswer(
        house,
        await changePhoto(house, of(merchantId, params.id, undefined, actor), bytes ?? nothing),
      ),
  });

  routes.add({
    method: 'delete',
    path: '/v1/consultants/{id}/photo',
    area: 'consultants',
    name: 'removeConsultantPhoto',
    summary: 'Takes a consultant’s photo away. Its address leads nowhere any more.',
    params: consultantParams,
    answer,
    problems: ['unknown-id', 'consultant-archived'],
    act: async ({ merchantId, by: actor, params }) =>
      photoAnswer(house, await changePhoto(house, of(merchantId, params.id, undefined, actor), undefined)),
  });
}

const nothing: SentBytes = { mediaType: '', bytes: Buffer.alloc(0) };

function photoAnswer(house: House, kept: PhotoKept): ApiAnswer {
  return kept.outcome === 'no_photo'
    ? { problem: { kind: 'photo-refused' }, began: false }
    : answerOf(house, 200, kept);
}

export function of(
  merchantId: string,
  consultantId: string,
  basedOn: BasedOn['basedOn'],
  actor: BasedOn['actor'],
): BasedOn {
  return { merchantId, actor, consultantId, ...(basedOn !== undefined && { basedOn }) };
}

export async function answerConsultant(house: House, merchantId: string, id: string): Promise<ApiAnswer> {
  const found = await house.db.asMerchant(merchantId, (tx) => readConsultant(tx, id));
  return found
    ? answerOf(house, 200, { outcome: 'kept', consultant: found })
    : refusedAnswer({ outcome: 'unknown' });
}

export async function answerDay(
  house: House,
  merchantId: string,
  id: string,
  day: string | undefined,
): Promise<ApiAnswer> {
  const found = await house.db.asMerchant(merchantId, (tx) =>
    readConsultantDay(tx, id, house.clock.now(), day),
  );
  return found ? { status: 200, body: dayAnswer(found) } : refusedAnswer({ outcome: 'unknown' });
}

type AvailabilityWish = ApiCall<undefined, undefined, typeof availabilityBody>['body'];
/** Further off it is no plan but a slip of the year. */
const backAtMaxMs = 366 * 24 * 60 * 60 * 1000;

export async function answerAvailability(
  house: House,
  { merchantId, consultantId, by }: { merchantId: string; consultantId: string; by: ChangedBy },
  { availability, reason, backAt }: AvailabilityWish,
): Promise<ApiAnswer> {
  const now = house.clock.now();
  const until = backAt === undefined ? undefined : new Date(backAt);
  const wrong = [
    ...(until && until <= now ? [{ field: 'backAt', sentence: 'Must be in the future.' }] : []),
    ...(until && until.getTime() > now.getTime() + backAtMaxMs
      ? [{ field: 'backAt', sentence: 'Must be within a year.' }]
      : []),
    ...(reason !== undefined && availability !== 'break'
      ? [{ field: 'reason', sentence: 'Only a break has a reason.' }]
      : []),
  ];
  if (wrong.length > 0) return wrongFields(wrong);
  const setting = {
    is: availability,
    ...(until && { backAt: until }),
    ...(reason !== undefined && { reason }),
  } as ConsultantSetting;
  const set = await house.db.asMerchant(merchantId, async (tx) => {
    const state = await setAvailability(house, tx, { merchantId, consultantId, setting, by });
    if (state) return { outcome: 'set' as const, state };
    const known = await readConsultant(tx, consultantId);
    return { outcome: known ? ('archived' as const) : ('unknown' as const) };
  });
  if (set.outcome !== 'set') return refusedAnswer(set);
  const { setting: is } = set.state;
  return {
    status: 200,
    body: {
      id: consultantId,
      availability: is.is,
      reason: is.is === 'break' ? (is.reason ?? null) : null,
      backAt: is.backAt?.toISOString() ?? null,
      state: sayState(set.state, now),
    },
  };
}

export async function answerSchedule(
  house: House,
  { by, ...based }: BasedOn & { by: 'merchant' | 'consultant' },
  schedule: Schedule | null,
): Promise<ApiAnswer> {
  return answerOf(house, 200, await changeSchedule(house, based, schedule, by));
}

function answerOf(house: House, status: 200 | 201, kept: ConsultantKept): ApiAnswer {
  if (kept.outcome !== 'kept') return refusedAnswer(kept);
  const { consultant } = kept;
  const body = consultantAnswer(house, consultant, house.clock.now());
  return { status, body, version: consultant.version };
}

const refusedKinds = {
  unknown: 'unknown-id',
  archived: 'consultant-archived',
  short_number_taken: 'short-number-taken',
  changed_meanwhile: 'changed-meanwhile',
  number_not_rung: 'number-not-rung',
  line_not_yours: 'line-not-yours',
} as const satisfies Record<ConsultantRefused['outcome'], ProblemKind>;

export function refusedAnswer(refused: ConsultantRefused): ApiAnswer {
  const kind = refusedKinds[refused.outcome];
  if ('stands' in refused) return { problem: { kind, members: { version: refused.stands } }, began: false };
  if (!('wrong' in refused)) return { problem: { kind }, began: false };
  const { problem } = wrongFields(refused.wrong);
  return { problem: { ...problem, kind }, began: false };
}

/** What was not given is not there, rather than there and undefined. */
export function defined(given: object): object {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]: [string, unknown]) => value !== undefined),
  );
}
