// A script on the merchant's server decides: it is sent what is known of the call, and what it answers is done, step by step. What it
// asks or dials is put to it again with what came of that, for as long as it goes on. No answer, or one that cannot be carried out, is
// the block's own way on: never a dropped caller.

import { z } from 'zod';
import { type At, type BlockKind, blockFields } from '../block.ts';
import type { RingEnd, RunEvent, Said } from '../run.ts';
import type {
  ScriptAddress,
  ScriptProgram,
  ScriptPrompt,
  ScriptStep,
  ScriptTexts,
} from '../script-program.ts';
import { scriptDialects, scriptTimeoutMs } from '../script-request.ts';
import { variableName } from '../shape.ts';

const exitName = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/);
const fields = blockFields('get_url', {
  url: z.url({ protocol: /^https?$/ }).max(2_000),
  /** `json`: our own words; `query`, `twiml`: in Twilio's, as a GET or a form. */
  dialect: z.enum(scriptDialects).default('json'),
  timeoutSeconds: z
    .number()
    .min(scriptTimeoutMs.least / 1_000)
    .max(scriptTimeoutMs.most / 1_000)
    .default(scriptTimeoutMs.usual / 1_000),
  /** Variables it is sent, those keyed in secret too. */
  send: z.array(variableName).max(50).default([]),
  /** Exits of its own, which an answer names as its `next`. */
  exits: z.array(exitName).max(20).default([]),
});
type Fields = z.infer<typeof fields>;

interface Progress {
  /** How many questions there were. */
  attempt: number;
  program?: ScriptProgram;
  /** The step that is being carried out. */
  place: number;
}

/** No conversation with a script is longer: it goes round in circles. */
const attemptsMax = 100;

export const getUrl: BlockKind<Fields, Progress> = {
  fields,
  exits: ({ exits: own }) => [
    ...own.map((name) => ({ name, unset: { as: 'then' } })),
    { name: 'then', unset: 'goodbye' },
    { name: 'failed', unset: 'apology' },
  ],
  begin: (at) => ask(at, { attempt: 0, place: 0 }, { url: at.fields.url }, {}),
  hear(at, event) {
    const progress = at.progress ?? { attempt: 0, place: 0 };
    if (!progress.program) answered(at, progress, event);
    else carriedOut(at, { ...progress, program: progress.program }, event);
  },
  setsAnything: true,
};

function answered(at: At<Fields, Progress>, progress: Progress, event: RunEvent): void {
  if (event.type === 'failed') {
    at.fact('script_failed', { because: event.because });
    at.leave('failed');
  } else if (event.type === 'scriptAnswered') {
    const { program } = event;
    for (const [variable, value] of Object.entries(program.set)) at.set(variable, value);
    if (program.limitSeconds !== undefined) at.change({ talkLimitSeconds: program.limitSeconds });
    goOn(at, { ...progress, program, place: 0 });
  }
}

type Carrying = Progress & { program: ScriptProgram };

/** What came of the step that was being carried out. */
function carriedOut(at: At<Fields, Progress>, progress: Carrying, event: RunEvent): void {
  const step = progress.program.steps[progress.place];
  const further = { ...progress, place: progress.place + 1 };
  switch (step?.do) {
    case 'say':
    case 'play':
    case 'pause':
      // Several of them are said in one go: the last one's place is kept.
      if (event.type === 'played') goOn(at, further);
      else if (event.type === 'failed') at.leave('failed');
      return;
    case 'collect': {
      if (event.type !== 'keyed' && event.type !== 'nothingKeyed') return;
      const digits = event.type === 'keyed' && event.ended !== 'restart' ? event.digits : '';
      at.change({ keyed: digits });
      if (step.then && (digits !== '' || step.onEmpty === 'then')) ask(at, progress, step.then, { digits });
      else goOn(at, further);
      return;
    }
    case 'dial': {
      if (event.type !== 'rang' && event.type !== 'failed') return;
      const end: RingEnd = event.type === 'rang' ? event.end : 'unavailable';
      const seconds = event.type === 'rang' ? event.talkedSeconds : 0;
      at.fact('rang', { end });
      if (step.then) ask(at, progress, step.then, { dial: { end, seconds } });
      else goOn(at, further);
      return;
    }
    default:
      return;
  }
}

function goOn(at: At<Fields, Progress>, progress: Carrying): void {
  const { program } = progress;
  const step = program.steps[progress.place];
  switch (step?.do) {
    case undefined:
      at.leave(program.next !== undefined && at.fields.exits.includes(program.next) ? program.next : 'then');
      return;
    case 'say':
    case 'play':
    case 'pause': {
      const rest = program.steps.slice(progress.place);
      const upTo = rest.findIndex((one) => !isPrompt(one));
      const prompts = rest.slice(0, upTo === -1 ? undefined : upTo).filter(isPrompt);
      const place = progress.place + prompts.length - 1;
      at.stay(
        { ...progress, place },
        { do: 'play', said: prompts.flatMap((one) => saidOf(one, at.run.language)) },
      );
      return;
    }
    case 'collect': {
      const { maxDigits, terminator, waitMs } = step;
      const said = step.prompts.flatMap((one) => saidOf(one, at.run.language));
      const entry = { maxDigits, terminator, tries: 1, waitMs, betweenMs: waitMs };
      at.stay(progress, { do: 'ask', said, entry });
      return;
    }
    case 'dial': {
      const { to, ringSeconds, limitSeconds, callerId } = step;
      at.stay(progress, {
        do: 'ring',
        order: {
          to,
          ringSeconds,
          acceptKey: false,
          ...(limitSeconds !== undefined && { talkLimitSeconds: limitSeconds }),
          ...(callerId && { callerId }),
        },
      });
      return;
    }
    case 'redirect':
      ask(at, progress, step, {});
      return;
    case 'hangUp':
      at.end(step.cause === 'normal' ? 'completed' : 'refused', step.cause);
      return;
  }
}

function ask(
  at: At<Fields, Progress>,
  { attempt: before }: Pick<Progress, 'attempt' | 'place'>,
  { url, method }: ScriptAddress,
  came: { digits?: string; dial?: { end: RingEnd; seconds: number } },
): void {
  const attempt = before + 1;
  if (attempt > attemptsMax) {
    at.fact('script_failed', { because: 'circles' });
    at.leave('failed');
    return;
  }
  const { dialect, send, timeoutSeconds } = at.fields;
  at.stay(
    { attempt, place: 0 },
    {
      do: 'askScript',
      dialect,
      address: { url, ...(method && { method }) },
      attempt,
      send,
      timeoutMs: timeoutSeconds * 1_000,
      ...came,
    },
  );
}

function isPrompt(step: ScriptStep): step is ScriptPrompt {
  return step.do === 'say' || step.do === 'play' || step.do === 'pause';
}

/** `loop="0"` of TwiML is many times; nobody listens to so many. */
const timesMax = 20;

function saidOf(prompt: ScriptPrompt, language: 'fr' | 'en'): Said[] {
  if (prompt.do === 'pause') return [{ pause: prompt.seconds }];
  const once: Said = prompt.do === 'play' ? { url: prompt.url } : textOf(prompt.texts, language);
  return Array.from({ length: Math.min(prompt.times, timesMax) }, () => once);
}

/** In his language, else in the first it is known in, and then by a voice of that one. */
function textOf(texts: ScriptTexts, language: 'fr' | 'en'): Said {
  if ('any' in texts) return { text: texts.any };
  const own = texts[language];
  if (own !== undefined) return { text: own };
  const [other] = Object.entries(texts) as ['fr' | 'en', string][];
  return other ? { text: other[1], language: other[0] } : { text: '' };
}
