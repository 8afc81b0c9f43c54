// Routes about a line's own words: which sentences there are, how we say them, and what this line says instead.

import { languages, type Language } from '../core/ids.ts';
import {
  exampleOf,
  type OwnTextProblem,
  ownTextMax,
  placeholdersOf,
  sayableKeys,
  sayables,
} from '../core/own-words.ts';
import type { House } from '../flow/house.ts';
import {
  type OwnTexts,
  type PromptSet,
  setLinePrompt,
  setLinePromptRecording,
} from '../flow/line-prompts.ts';
import { listLinePrompts, type LinePrompt } from '../store/line-prompts.ts';
import { readLine } from '../store/lines.ts';
import { lineParams } from './line-shapes.ts';
import { noSound, sound, soundRefused } from './recording-answers.ts';
import { type ApiAnswer, type ApiRoutes, z } from './routes.ts';
import { wrongFields } from './wrong-fields.ts';

const unknownLine: ApiAnswer = { problem: { kind: 'line-unknown' }, began: false };
const unknownKey: ApiAnswer = { problem: { kind: 'unknown-id' }, began: false };

const key = z
  .string()
  .regex(/^[a-z_]+(\.[a-z_]+)?$/)
  .meta({
    description: 'Of the sentence, as GET /v1/lines/{line}/prompts lists them.',
    example: 'caller_offer',
  });
const keyParams = lineParams.extend({ key });
const recordingParams = keyParams.extend({ language: z.enum(['fr', 'en']) });

const text = z
  .string()
  .max(ownTextMax * 2)
  .nullable()
  .optional()
  .meta({ description: 'With placeholders such as {price}; null: as we say it. Left out: as it is.' });
const promptBody = z.strictObject({ fr: text, en: text }).openapi('PromptRequest');

const inEachLanguage = <Shape extends z.ZodType>(shape: Shape) => z.object({ fr: shape, en: shape });
const promptShape = z
  .object({
    key,
    placeholders: z.array(z.string()).meta({ description: 'What a text may hold.' }),
    required: z
      .array(z.string())
      .meta({ description: 'What a text must hold; then no recording stands for it.' }),
    standard: inEachLanguage(z.string()).meta({ description: 'As we say it, with facts of an example.' }),
    own: inEachLanguage(z.object({ text: z.string().nullable(), recorded: z.boolean() }).nullable()).meta({
      description: 'As this line says it; null: as we do.',
    }),
  })
  .openapi('Prompt');

export function promptRoutes(routes: ApiRoutes, house: House): void {
  const answer = { status: 200, description: 'As it is now.', shape: promptShape } as const;
  routes.add({
    method: 'get',
    path: '/v1/lines/{line}/prompts',
    area: 'lines',
    name: 'listPrompts',
    summary: 'Every sentence a line can say in your own words, and which it does.',
    params: lineParams,
    answer: {
      status: 200,
      description: 'All of them.',
      shape: z.object({ data: z.array(promptShape) }).openapi('PromptList'),
    },
    problems: ['line-unknown'],
    act: async ({ merchantId, params: { line } }): Promise<ApiAnswer> => {
      const own = await read(house, merchantId, line);
      return own ? { status: 200, body: { data: sayableKeys.map((one) => entry(one, own)) } } : unknownLine;
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/lines/{line}/prompts/{key}',
    area: 'lines',
    name: 'readPrompt',
    summary: 'One sentence: how we say it, and how this line does.',
    params: keyParams,
    answer,
    problems: ['line-unknown', 'unknown-id'],
    act: async ({ merchantId, params: { line, key: one } }): Promise<ApiAnswer> => {
      if (!sayableKeys.includes(one)) return unknownKey;
      const own = await read(house, merchantId, line);
      return own ? { status: 200, body: entry(one, own) } : unknownLine;
    },
  });

  routes.add({
    method: 'put',
    path: '/v1/lines/{line}/prompts/{key}',
    area: 'lines',
    name: 'setPrompt',
    summary: 'Sets what this line says for a sentence, by text.',
    description: 'Holds for calls that begin from now on; those under way go on as they began.',
    params: keyParams,
    body: promptBody,
    answer,
    problems: ['line-unknown', 'unknown-id'],
    act: async ({ merchantId, by: actor, params: { line, key: one }, body }) =>
      answerOf(one, await setLinePrompt(house, { merchantId, actor }, line, one, given(body))),
  });

  routes.add({
    method: 'put',
    path: '/v1/lines/{line}/prompts/{key}/recordings/{language}',
    area: 'lines',
    name: 'setPromptRecording',
    summary: 'Sets what this line says for a sentence in a language, by a recording: WAV, MP3, Ogg or WebM.',
    description: 'At most 5 MB and 60 seconds. Not for sentences that must hold facts of the call.',
    params: recordingParams,
    bytes: sound,
    answer,
    problems: ['line-unknown', 'unknown-id', 'recording-refused'],
    act: async ({ merchantId, by: actor, params: { line, key: one, language }, bytes }) =>
      answerOf(
        one,
        await setLinePromptRecording(
          house,
          { merchantId, actor },
          line,
          { key: one, language },
          bytes ?? noSound,
        ),
      ),
  });

  routes.add({
    method: 'delete',
    path: '/v1/lines/{line}/prompts/{key}',
    area: 'lines',
    name: 'deletePrompt',
    summary: 'A sentence is said as we say it again, in every language.',
    params: keyParams,
    answer,
    problems: ['line-unknown', 'unknown-id'],
    act: async ({ merchantId, by: actor, params: { line, key: one } }) =>
      answerOf(one, await setLinePrompt(house, { merchantId, actor }, line, one, { fr: null, en: null })),
  });
}

function read(house: House, merchantId: string, line: string): Promise<readonly LinePrompt[] | undefined> {
  return house.db.asMerchant(merchantId, async (tx) => {
    const found = await readLine(tx, line);
    return found && listLinePrompts(tx, found.id);
  });
}

function given({ fr, en }: z.output<typeof promptBody>): OwnTexts {
  return { ...(fr !== undefined && { fr }), ...(en !== undefined && { en }) };
}

function entry(one: string, prompts: readonly LinePrompt[]): object {
  const own = (language: Language): object | null => {
    const found = prompts.find((prompt) => prompt.key === one && prompt.language === language);
    return found ? { text: found.text, recorded: found.digest !== null } : null;
  };
  return {
    key: one,
    placeholders: placeholdersOf(one),
    required: sayables[one]?.required ?? [],
    standard: exampleOf(one),
    own: Object.fromEntries(languages.map((language) => [language, own(language)])),
  };
}

function answerOf(one: string, set: PromptSet): ApiAnswer {
  switch (set.outcome) {
    case 'set':
      return { status: 200, body: entry(one, set.prompts) };
    case 'unknown_line':
      return unknownLine;
    case 'unknown_key':
      return unknownKey;
    case 'wrong':
      return wrongFields([{ field: set.language, sentence: sentenceOf(one, set.problem) }]);
    case 'not_by_recording':
      return {
        problem: {
          kind: 'recording-refused',
          detail: {
            en: 'This sentence tells facts of the call, which a recording cannot. Send a text with its placeholders.',
            fr: 'Cette phrase dit des faits de l’appel, ce qu’un enregistrement ne peut pas. Envoyez un texte avec ses variables.',
          },
        },
        began: false,
      };
    case 'refused':
      return soundRefused(set.because);
  }
}

function sentenceOf(one: string, found: OwnTextProblem): string {
  const names = placeholdersOf(one).map((name) => `{${name}}`);
  const list = names.length === 0 ? 'This sentence has none.' : `This sentence has ${names.join(', ')}.`;
  switch (found.problem) {
    case 'empty':
      return 'Must say something; null says it as we do.';
    case 'too_long':
      return `Must have at most ${String(ownTextMax)} characters.`;
    case 'unspeakable':
      return 'Holds signs that cannot be spoken.';
    case 'stray_brace':
      return `A brace belongs to a placeholder. ${list}`;
    case 'unknown_placeholder':
      return `There is no {${found.name}} here. ${list}`;
    case 'missing_placeholder':
      return `Must hold {${found.name}}: whoever hears it has to know that.`;
  }
}
