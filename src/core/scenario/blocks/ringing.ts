// What blocks that ring somebody have in common: how the call ended decides the way on, after the block's own words for it.

import { z } from 'zod';
import type { At, Exit } from '../block.ts';
import { type RingEnd, ringEnds, type RingOrder, type RunEvent } from '../run.ts';
import { words, type Words } from '../shape.ts';

/** Said to the caller when the call came to nothing so; and what whoever is rung hears first. */
export const ringFields = {
  ringSeconds: z.int().min(5).max(120).default(25),
  talkSeconds: z.int().min(10).max(86_400).optional(),
  whisper: words.optional(),
  busy: words.optional(),
  noAnswer: words.optional(),
  refused: words.optional(),
  unavailable: words.optional(),
};

export interface RingFields {
  ringSeconds: number;
  talkSeconds?: number | undefined;
  whisper?: Words | undefined;
  busy?: Words | undefined;
  noAnswer?: Words | undefined;
  refused?: Words | undefined;
  unavailable?: Words | undefined;
}

/** `told`: how it ended, while he is told. */
export interface Ringing {
  told?: RingEnd;
}

/** Nobody was reached: whichever way that was, `unavailable` leads on where its own is not connected. */
export const ringExits: readonly Exit[] = [
  { name: 'talked', unset: 'goodbye' },
  { name: 'limit_reached', unset: { as: 'talked' } },
  { name: 'busy', unset: { as: 'unavailable' } },
  { name: 'no_answer', unset: { as: 'unavailable' } },
  { name: 'refused', unset: { as: 'unavailable' } },
  { name: 'unavailable', unset: 'goodbye' },
];

export function ring<Progress extends Ringing>(
  at: At<RingFields, Progress>,
  progress: Progress,
  order: Pick<RingOrder, 'to' | 'acceptKey'>,
): void {
  const { ringSeconds, whisper } = at.fields;
  // The shorter of what the block and what a script says.
  const limits = [at.fields.talkSeconds, at.run.talkLimitSeconds].filter((one) => one !== undefined);
  const said = at.say(whisper);
  at.stay(progress, {
    do: 'ring',
    order: {
      ...order,
      ringSeconds,
      ...(limits.length > 0 && { talkLimitSeconds: Math.min(...limits) }),
      ...(said.length > 0 && { whisper: said }),
    },
  });
}

/** `true`: the event was one of ringing. */
export function heardRinging<Progress extends Ringing>(
  at: At<RingFields, Progress>,
  progress: Progress,
  event: RunEvent,
): boolean {
  if (event.type === 'played' && progress.told !== undefined) {
    at.leave(progress.told);
    return true;
  }
  const end = event.type === 'rang' ? event.end : event.type === 'failed' ? 'unavailable' : undefined;
  if (end === undefined || progress.told !== undefined) return false;
  at.fact('rang', { end });
  const said = at.say(wordsOf(at.fields, end));
  if (said.length === 0) at.leave(end);
  else at.stay({ ...progress, told: end }, { do: 'play', said });
  return true;
}

export function ringWords({
  whisper,
  busy,
  noAnswer,
  refused,
  unavailable,
}: RingFields): Record<string, Words | undefined> {
  return { whisper, busy, noAnswer, refused, unavailable };
}

function wordsOf({ busy, noAnswer, refused, unavailable }: RingFields, end: RingEnd): Words | undefined {
  const own: Partial<Record<RingEnd, Words | undefined>> = {
    busy,
    no_answer: noAnswer,
    refused,
    unavailable,
  };
  return ringEnds.indexOf(end) < ringEnds.indexOf('busy') ? undefined : (own[end] ?? unavailable);
}
