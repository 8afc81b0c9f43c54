// Routes about what consultants have spoken themselves: heard, sent as a file, deleted. By telephone they do the same at the service
// (core/service-call).

import { recordingKinds } from '../core/sentence.ts';
import { deleteRecording, keepRecording } from '../flow/recordings.ts';
import type { House } from '../flow/house.ts';
import { readConsultant } from '../store/consultant-records.ts';
import { readConsultantRecording, readRecording, recordingsOfConsultants } from '../store/recordings.ts';
import { consultantParams } from './consultant-shapes.ts';
import { noSound, sound, soundRefused } from './recording-answers.ts';
import { type ApiAnswer, type ApiRoutes, type SentBytes, z } from './routes.ts';

const unknown: ApiAnswer = { problem: { kind: 'unknown-id' }, began: false };

export const recordingKind = z.enum(recordingKinds).meta({
  description:
    '`introduction`: who he is. `available`, `busy`, `away`: said for him while he is free, on a call, or away.',
});
const params = consultantParams.extend({ kind: recordingKind });

export const recordingShape = z
  .object({
    kind: recordingKind,
    recorded: z.boolean(),
    words: z.string().nullable().meta({ description: 'What it says, where anybody knows.' }),
  })
  .openapi('Recording');

export type RecordingKindSent = z.output<typeof recordingKind>;

export function recordingRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'get',
    path: '/v1/consultants/{id}/recordings',
    area: 'consultants',
    name: 'listRecordings',
    summary: 'Which recordings a consultant has.',
    params: consultantParams,
    answer: {
      status: 200,
      description: 'All kinds.',
      shape: z.object({ data: z.array(recordingShape) }).openapi('RecordingList'),
    },
    problems: ['unknown-id'],
    act: ({ merchantId, params: { id } }) => listRecordings(house, merchantId, id),
  });

  routes.add({
    method: 'get',
    path: '/v1/consultants/{id}/recordings/{kind}',
    area: 'consultants',
    name: 'hearRecording',
    summary: 'A recording of a consultant, to be heard: WAV, mono, 16 kHz.',
    params,
    answer: { status: 200, description: 'The sound itself.', shape: z.string(), sound: true },
    problems: ['unknown-id'],
    act: ({ merchantId, params: { id, kind } }) => hearRecording(house, merchantId, id, kind),
  });

  routes.add({
    method: 'put',
    path: '/v1/consultants/{id}/recordings/{kind}',
    area: 'consultants',
    name: 'setRecording',
    summary: 'Sets a recording of a consultant: WAV, MP3, Ogg or WebM.',
    description:
      'The file itself, at most 5 MB and 60 seconds. Telephones hear it mono at 8 or 16 kHz. Anything but WAV needs ffmpeg where ' +
      'the gateway runs.',
    params,
    bytes: sound,
    answer: { status: 200, description: 'It is kept.', shape: recordingShape },
    problems: ['unknown-id', 'recording-refused'],
    act: ({ merchantId, params: { id, kind }, bytes }) => setRecording(house, merchantId, id, kind, bytes),
  });

  routes.add({
    method: 'delete',
    path: '/v1/consultants/{id}/recordings/{kind}',
    area: 'consultants',
    name: 'deleteRecording',
    summary: 'Deletes a recording of a consultant. Deleting none is done already.',
    params,
    answer: { status: 200, description: 'There is none now.', shape: recordingShape },
    problems: ['unknown-id'],
    act: ({ merchantId, params: { id, kind } }) => removeRecording(house, merchantId, id, kind),
  });
}

const own = { area: 'own', consultant: true } as const;
const ownParams = z.object({ kind: recordingKind });
const nobody: ApiAnswer = { problem: { kind: 'no-right' }, began: false };

/** The same of his own, for a consultant who is signed in. */
export function ownRecordingRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    ...own,
    method: 'get',
    path: '/v1/me/recordings',
    name: 'listOwnRecordings',
    summary: 'Which recordings he has.',
    answer: {
      status: 200,
      description: 'All kinds.',
      shape: z.object({ data: z.array(recordingShape) }).openapi('RecordingList'),
    },
    problems: ['unknown-id'],
    act: async ({ merchantId, consultantId }) =>
      consultantId === undefined ? nobody : listRecordings(house, merchantId, consultantId),
  });

  routes.add({
    ...own,
    method: 'get',
    path: '/v1/me/recordings/{kind}',
    name: 'hearOwnRecording',
    summary: 'A recording of his, to be heard: WAV, mono, 16 kHz.',
    params: ownParams,
    answer: { status: 200, description: 'The sound itself.', shape: z.string(), sound: true },
    problems: ['unknown-id'],
    act: async ({ merchantId, consultantId, params: { kind } }) =>
      consultantId === undefined ? nobody : hearRecording(house, merchantId, consultantId, kind),
  });

  routes.add({
    ...own,
    method: 'put',
    path: '/v1/me/recordings/{kind}',
    name: 'setOwnRecording',
    summary: 'Sets a recording of his: WAV, MP3, Ogg or WebM, at most 5 MB and 60 seconds.',
    params: ownParams,
    bytes: sound,
    answer: { status: 200, description: 'It is kept.', shape: recordingShape },
    problems: ['unknown-id', 'recording-refused'],
    act: async ({ merchantId, consultantId, params: { kind }, bytes }) =>
      consultantId === undefined ? nobody : setRecording(house, merchantId, consultantId, kind, bytes),
  });

  routes.add({
    ...own,
    method: 'delete',
    path: '/v1/me/recordings/{kind}',
    name: 'deleteOwnRecording',
    summary: 'Deletes a recording of his. Deleting none is done already.',
    params: ownParams,
    answer: { status: 200, description: 'There is none now.', shape: recordingShape },
    problems: ['unknown-id'],
    act: async ({ merchantId, consultantId, params: { kind } }) =>
      consultantId === undefined ? nobody : removeRecording(house, merchantId, consultantId, kind),
  });
}

export async function listRecordings(
  house: House,
  merchantId: string,
  consultantId: string,
): Promise<ApiAnswer> {
  const found = await house.db.asMerchant(merchantId, async (tx) =>
    (await readConsultant(tx, consultantId)) ? recordingsOfConsultants(tx, [consultantId]) : undefined,
  );
  if (!found) return unknown;
  const data = recordingKinds.map((kind) => {
    const one = found.find((recording) => recording.kind === kind);
    return { kind, recorded: one !== undefined, words: one?.words ?? null };
  });
  return { status: 200, body: { data } };
}

export async function hearRecording(
  house: House,
  merchantId: string,
  consultantId: string,
  kind: RecordingKindSent,
): Promise<ApiAnswer> {
  const found = await house.db.asMerchant(merchantId, async (tx) => {
    const kept = await readConsultantRecording(tx, consultantId, kind);
    return kept && readRecording(tx, kept.digest);
  });
  return found ? { status: 200, body: '', sound: found.wav16 } : unknown;
}

export async function setRecording(
  house: House,
  merchantId: string,
  consultantId: string,
  kind: RecordingKindSent,
  bytes: SentBytes | undefined,
): Promise<ApiAnswer> {
  const of = { consultantId, kind };
  const known = await house.db.asMerchant(merchantId, (tx) => readConsultant(tx, consultantId));
  if (!known) return unknown;
  const kept = await keepRecording(house, merchantId, of, bytes ?? noSound);
  if (kept.outcome === 'unknown_consultant') return unknown;
  if (kept.outcome === 'refused') return soundRefused(kept.because);
  return { status: 200, body: { kind, recorded: true, words: null } };
}

export async function removeRecording(
  house: House,
  merchantId: string,
  consultantId: string,
  kind: RecordingKindSent,
): Promise<ApiAnswer> {
  const known = await house.db.asMerchant(merchantId, (tx) => readConsultant(tx, consultantId));
  if (!known) return unknown;
  await deleteRecording(house, merchantId, { consultantId, kind });
  return { status: 200, body: { kind, recorded: false, words: null } };
}
