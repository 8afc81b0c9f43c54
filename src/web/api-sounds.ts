// Routes about the sounds of a merchant's library: what scenarios play by its slug, in each language from a file or from a text.

import type { House } from '../flow/house.ts';
import { speechVoices } from '../flow/ports.ts';
import {
  createSound,
  hearSound,
  libraryOf,
  type LibrarySound,
  nameSound,
  type OfSound,
  previewSpeech,
  recordSound,
  removeSound,
  removeSoundRecording,
  type SoundGone,
  type SoundKept,
  soundOfLibrary,
  speakSound,
} from '../flow/sounds.ts';
import { oneLine } from './consultant-shapes.ts';
import type { ProblemKind } from './problem-kinds.ts';
import { noSound, sound as soundBytes, soundRefused } from './recording-answers.ts';
import { type ApiAnswer, type ApiRoutes, type CallFrom, z } from './routes.ts';
import { slug } from './scenario-shapes.ts';

const area = 'lines' as const;
const params = z.object({ slug });
const language = z.enum(['fr', 'en']);
const inLanguage = params.extend({ language });
const spokenText = z
  .string()
  .trim()
  .min(1, { error: 'Must say something.' })
  .max(1_000, { error: 'Must have at most 1000 characters.' })
  .refine((text) => !/[^\P{Cc}\t\n\r]/u.test(text), { error: 'Holds signs that cannot be spoken.' });

const name = oneLine(80).meta({ description: 'For you.', example: 'Opening hours' });
const soundBody = z.strictObject({ slug, name }).openapi('SoundRequest');
const soundChange = z.strictObject({ name: name.optional() }).openapi('SoundChange');
const voice = z
  .enum(speechVoices)
  .optional()
  .meta({ description: 'Whose voice; left out, the one our own sentences are spoken with.' });
const textBody = z
  .strictObject({ text: spokenText.meta({ description: 'Spoken by our voice.' }), voice })
  .openapi('SoundText');

const soundShape = z
  .object({
    slug: z.string().meta({ description: 'By which scenarios name it.' }),
    name: z.string(),
    version: z.int().meta({ description: 'Counts its changes: what `If-Match` says, in quotes.' }),
    recordings: z
      .array(
        z.object({
          language,
          seconds: z.number(),
          words: z.string().nullable().meta({ description: 'What it says, where anybody knows.' }),
          madeFrom: z.enum(['file', 'text']),
          at: z.iso.datetime(),
        }),
      )
      .meta({
        description: 'What is to be heard, by language. Whose language is not there hears the other.',
      }),
    playedBy: z
      .array(z.string())
      .meta({ description: 'The scenarios whose live versions play it, by their slugs: it is not deleted.' }),
  })
  .openapi('Sound');

const inUse: readonly ProblemKind[] = ['unknown-id', 'sound-in-use'];

export function soundRoutes(routes: ApiRoutes, house: House): void {
  const answer = { status: 200, description: 'As it is now.', shape: soundShape } as const;

  routes.add({
    method: 'get',
    path: '/v1/sounds',
    area,
    name: 'listSounds',
    summary: 'Your library of sounds.',
    answer: {
      status: 200,
      description: 'By name.',
      shape: z.object({ data: z.array(soundShape) }).openapi('SoundList'),
    },
    problems: [],
    act: async ({ merchantId }) => {
      const sounds = await house.db.asMerchant(merchantId, libraryOf);
      return { status: 200, body: { data: sounds.map(entry) } };
    },
  });

  routes.add({
    method: 'post',
    path: '/v1/sounds',
    area,
    name: 'createSound',
    summary: 'A new sound, with nothing to be heard yet.',
    body: soundBody,
    versioned: true,
    answer: { status: 201, description: 'As it was made.', shape: soundShape },
    problems: ['slug-in-use'],
    act: async ({ body, ...from }) => answerOf(201, await createSound(house, of(from, body.slug), body.name)),
  });

  routes.add({
    method: 'get',
    path: '/v1/sounds/{slug}',
    area,
    name: 'readSound',
    summary: 'One sound.',
    params,
    versioned: true,
    answer,
    problems: ['unknown-id'],
    act: ({ merchantId, params: { slug: wanted } }) => read(house, merchantId, wanted),
  });

  routes.add({
    method: 'patch',
    path: '/v1/sounds/{slug}',
    area,
    name: 'renameSound',
    summary: 'Gives a sound another name; its slug stays.',
    params,
    body: soundChange,
    versioned: true,
    answer,
    problems: ['unknown-id'],
    act: async ({ params: { slug: wanted }, body, ...from }) =>
      body.name === undefined
        ? read(house, from.merchantId, wanted)
        : answerOf(200, await nameSound(house, of(from, wanted), body.name)),
  });

  routes.add({
    method: 'delete',
    path: '/v1/sounds/{slug}',
    area,
    name: 'removeSound',
    summary: 'Deletes a sound that no live scenario plays.',
    params,
    versioned: true,
    answer: {
      status: 200,
      description: 'It is gone.',
      shape: z.object({ slug: z.string(), removed: z.literal(true) }).openapi('SoundRemoved'),
    },
    problems: inUse,
    act: async ({ params: { slug: wanted }, ...from }) => {
      const gone = await removeSound(house, of(from, wanted));
      return gone.outcome === 'gone' ? { status: 200, body: { slug: wanted, removed: true } } : refused(gone);
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/sounds/{slug}/{language}',
    area,
    name: 'hearSound',
    summary: 'A sound, to be heard: WAV, mono, 16 kHz.',
    params: inLanguage,
    answer: { status: 200, description: 'The sound itself.', shape: z.string(), sound: true },
    problems: ['unknown-id'],
    act: async ({ merchantId, params: { slug: wanted, language: spoken } }): Promise<ApiAnswer> => {
      const wav = await hearSound(house, merchantId, wanted, spoken);
      return wav ? { status: 200, body: '', sound: wav } : problem('unknown-id');
    },
  });

  routes.add({
    method: 'put',
    path: '/v1/sounds/{slug}/{language}',
    area,
    name: 'recordSound',
    summary: 'Sets what a sound is in a language, by a recording: WAV, MP3, Ogg or WebM.',
    description:
      'The file itself, at most 5 MB and 60 seconds. Telephones hear it mono at 8 or 16 kHz. Anything but WAV needs ffmpeg where ' +
      'the gateway runs. Callers hear the new one from now on.',
    params: inLanguage,
    bytes: soundBytes,
    versioned: true,
    answer,
    problems: ['unknown-id', 'recording-refused'],
    act: async ({ params: { slug: wanted, language: spoken }, bytes, ...from }) =>
      answerOf(200, await recordSound(house, of(from, wanted), spoken, bytes ?? noSound)),
  });

  routes.add({
    method: 'put',
    path: '/v1/sounds/{slug}/{language}/text',
    area,
    name: 'speakSound',
    summary: 'Sets what a sound is in a language, from a text that our voice speaks.',
    description: 'GET /v1/speech lets you listen before.',
    params: inLanguage,
    body: textBody,
    versioned: true,
    answer,
    problems: ['unknown-id', 'recording-refused', 'no-voice'],
    act: async ({ params: { slug: wanted, language: spoken }, body, ...from }) =>
      answerOf(200, await speakSound(house, of(from, wanted), spoken, body.text, body.voice)),
  });

  routes.add({
    method: 'delete',
    path: '/v1/sounds/{slug}/{language}',
    area,
    name: 'removeSoundRecording',
    summary: 'Deletes what a sound is in a language; the last one only while no live scenario plays it.',
    params: inLanguage,
    versioned: true,
    answer,
    problems: inUse,
    act: async ({ params: { slug: wanted, language: spoken }, ...from }) =>
      answerOf(200, await removeSoundRecording(house, of(from, wanted), spoken)),
  });

  routes.add({
    method: 'get',
    path: '/v1/speech',
    area,
    name: 'hearText',
    summary: 'A text in our voice, to listen to before it is kept: WAV, mono, 16 kHz.',
    query: z.object({ text: spokenText, language, voice }),
    answer: { status: 200, description: 'The sound itself.', shape: z.string(), sound: true },
    problems: ['recording-refused', 'no-voice'],
    act: async ({ query }): Promise<ApiAnswer> => {
      const made = await previewSpeech(house, query.text, query.language, query.voice);
      if (made.outcome === 'made') return { status: 200, body: '', sound: made.audio.wav16 };
      return made.outcome === 'refused' ? soundRefused(made.because) : problem('no-voice');
    },
  });
}

async function read(house: House, merchantId: string, wanted: string): Promise<ApiAnswer> {
  const sound = await house.db.asMerchant(merchantId, (tx) => soundOfLibrary(tx, wanted));
  return answerOf(200, sound ? { outcome: 'kept', sound } : { outcome: 'unknown' });
}

function of({ merchantId, by, basedOn }: CallFrom, wanted: string): OfSound {
  return { merchantId, slug: wanted, ...(by && { by }), ...(basedOn !== undefined && { basedOn }) };
}

function entry({ recordings, ...sound }: LibrarySound): object {
  return { ...sound, recordings: recordings.map(({ digest: _named, ...one }) => one) };
}

function answerOf(status: 200 | 201, kept: SoundKept): ApiAnswer {
  if (kept.outcome !== 'kept') return refused(kept);
  return { status, body: entry(kept.sound), version: kept.sound.version };
}

function problem(kind: ProblemKind, members?: Record<string, unknown>): ApiAnswer {
  return { problem: { kind, ...(members && { members }) }, began: false };
}

function refused(
  is: Exclude<SoundKept, { outcome: 'kept' }> | Exclude<SoundGone, { outcome: 'gone' }>,
): ApiAnswer {
  switch (is.outcome) {
    case 'refused':
      return soundRefused(is.because);
    case 'no_voice':
      return problem('no-voice');
    case 'in_use':
      return problem('sound-in-use', { scenarios: is.scenarios });
    case 'changed_meanwhile':
      return problem('changed-meanwhile', { version: is.stands });
    case 'slug_taken':
      return problem('slug-in-use');
    default:
      return problem('unknown-id');
  }
}
