// What a merchant's server said about a caller, checked: the same for both languages once it is no longer JSON or XML.

import { z } from 'zod';
import { parsePhone } from '../core/dialling.ts';
import type { E164 } from '../core/ids.ts';
import {
  clientCodePattern,
  consultantsMax,
  refusalReasons,
  spokenTextMax,
  talkLimitSecondsMax,
  unspeakable,
  type CallerQuestion,
  type Recognition,
} from '../core/known-caller.ts';

export type ReadRecognition = { recognition: Recognition } | { wrong: string };

const clientCode = z
  .string({ error: 'must be text' })
  .regex(clientCodePattern, { error: 'must be 1 to 40 letters, digits, dots, dashes or underscores' });

const limitSentence = `must be a whole number from 0 to ${talkLimitSecondsMax}`;
const talkLimitSeconds = z
  .int({ error: limitSentence })
  .min(0, { error: limitSentence })
  .max(talkLimitSecondsMax, { error: limitSentence });

const language = z.enum(['fr', 'en'], { error: 'must be fr or en' });

/** As core/known-caller says what can be spoken. */
const text = z
  .string({ error: 'must be text' })
  .refine((said) => Array.from(said).length <= spokenTextMax, {
    error: `must be at most ${spokenTextMax} characters long`,
  })
  .refine((said) => !unspeakable.test(said), {
    error: 'must hold no control characters',
  })
  // Generated code writes an empty text where there is none.
  .transform((said) => (said.trim() === '' ? undefined : said));

const consultantSentence = 'must be the id of a consultant';
const consultants = z
  .array(
    z.string({ error: consultantSentence }).regex(/^[0-9A-Za-z._:-]{1,100}$/, { error: consultantSentence }),
    {
      error: 'must be a list',
    },
  )
  .max(consultantsMax, { error: `must be at most ${consultantsMax}` });

const destination = z.string({ error: 'must be text' }).transform((given, check): E164 => {
  const parsed = /^\+[1-9]\d{4,14}$/.test(given) ? parsePhone(given, '') : undefined;
  if (parsed?.outcome === 'number') return parsed.number;
  check.issues.push({
    code: 'custom',
    input: given,
    message: 'must be a telephone number such as +33612345678',
  });
  return z.NEVER;
});

const answer = z.discriminatedUnion(
  'outcome',
  [
    z.object({
      outcome: z.literal('recognized'),
      clientCode,
      talkLimitSeconds: talkLimitSeconds.optional(),
      language: language.optional(),
      consultants: consultants.optional(),
      destination: destination.optional(),
      text: text.optional(),
    }),
    z.object({
      outcome: z.literal('proof_wanted'),
      proof: z.enum(['client_code', 'pin'], { error: 'must be client_code or pin' }),
      clientCode: clientCode.optional(),
      language: language.optional(),
      text: text.optional(),
    }),
    z.object({
      outcome: z.literal('refused'),
      reason: z.enum(refusalReasons, { error: `must be one of ${refusalReasons.join(', ')}` }),
      language: language.optional(),
      text: text.optional(),
    }),
  ],
  { error: 'must be recognized, proof_wanted or refused' },
);

/**
 * `wrong`: which field must be what, never what was sent. Fields nobody asked for are passed over; null and an empty list
 * are a field that is not there, which is how some languages write one.
 */
export function readRecognition(question: CallerQuestion, given: unknown): ReadRecognition {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return { wrong: 'it must be one object' };
  }
  const read = answer.safeParse(withoutNulls(given));
  if (!read.success) return { wrong: sentenceOf(read.error.issues[0]) };
  const said = read.data;
  if (said.outcome === 'proof_wanted' && said.proof === 'pin') {
    // Whose PIN: the one named now, or the one whose code was keyed.
    const whose = said.clientCode ?? question.clientCode;
    if (whose === undefined) return { wrong: 'clientCode must be there where a PIN is wanted' };
    return { recognition: present({ ...said, clientCode: whose }) };
  }
  return { recognition: present(said) };
}

function withoutNulls(given: object): object {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
}

/** Without what is absent: exact optional properties are not there, rather than undefined. */
function present(said: z.output<typeof answer>): Recognition {
  const kept = Object.entries(said).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(kept) as unknown as Recognition;
}

function sentenceOf(issue: z.core.$ZodIssue | undefined): string {
  const [first, ...deeper] = issue?.path ?? [];
  if (!issue || first === undefined) return `the answer ${issue?.message ?? 'cannot be read'}`;
  return `${[first, ...deeper].map(String).join('/')} ${issue.message}`;
}
