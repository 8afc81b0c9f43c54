// Asks for a number and keeps it in a variable. In secret it leaves no trace but for the merchant's script.

import { z } from 'zod';
import { type At, type BlockKind, blockFields } from '../block.ts';
import type { Said } from '../run.ts';
import { variableName, words } from '../shape.ts';
import { type Asking, numberEntry, tries, waitSeconds } from './asking.ts';

const fields = blockFields('collect', {
  say: words,
  variable: variableName,
  minDigits: z.int().min(1).max(20).default(1),
  maxDigits: z.int().min(1).max(20).default(12),
  waitSeconds: waitSeconds.default(8),
  tries: tries.default(3),
  secret: z.boolean().default(false),
  /** Said before it is asked again: after too few digits, or none. */
  again: words.optional(),
});
type Fields = z.infer<typeof fields>;

export const collect: BlockKind<Fields, Asking> = {
  fields,
  exits: () => [
    { name: 'then', unset: 'goodbye', needed: true },
    { name: 'none', unset: 'goodbye' },
  ],
  begin: (at) => ask(at, 0, []),
  hear(at, event) {
    if (event.type === 'nothingKeyed') again(at);
    if (event.type !== 'keyed') return;
    // `*`: he begins anew. It counts, or he would hold the line for ever.
    if (event.ended === 'restart' || event.digits.length < at.fields.minDigits) {
      again(at);
      return;
    }
    if (at.fields.secret) at.setSecret(at.fields.variable, event.digits);
    else {
      at.set(at.fields.variable, event.digits);
      at.change({ keyed: event.digits });
    }
    at.leave('then');
  },
  words: ({ say, again: more }) => ({ say, again: more }),
  sets: ({ variable }) => [variable],
};

function again(at: At<Fields, Asking>): void {
  const misses = (at.progress?.misses ?? 0) + 1;
  if (misses >= at.fields.tries) at.leave('none');
  else ask(at, misses, at.say(at.fields.again));
}

function ask(at: At<Fields, Asking>, misses: number, before: readonly Said[]): void {
  const { maxDigits, waitSeconds: seconds, secret } = at.fields;
  const said = [...before, ...at.say(at.fields.say)];
  at.stay(
    { misses },
    { do: 'ask', said, entry: numberEntry(maxDigits, seconds), ...(secret && { secret: true as const }) },
  );
}
