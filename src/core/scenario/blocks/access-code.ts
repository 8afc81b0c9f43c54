// Gives the caller a code that opens a page of the merchant's, or asks for one he has. A code is in no progress.

import { z } from 'zod';
import { type At, type BlockKind, blockFields } from '../block.ts';
import type { Said } from '../run.ts';
import { words } from '../shape.ts';
import { keyEntry, numberEntry, tries, waitSeconds } from './asking.ts';

const resource = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);

const giving = blockFields('give_access_code', {
  resource,
  /** Said before the code and after it. */
  say: words.optional(),
  then: words.optional(),
  /** How often he hears it, with `*` once more each time. */
  times: z.int().min(1).max(5).default(2),
});

export const giveAccessCode: BlockKind<z.infer<typeof giving>> = {
  fields: giving,
  exits: () => [
    { name: 'then', unset: 'goodbye' },
    { name: 'failed', unset: 'apology' },
  ],
  // Asked for again, the same call at the same block is given the same code.
  begin: (at) => at.stay(undefined, { do: 'issueAccessCode', resource: at.fields.resource }),
  hear(at, event) {
    switch (event.type) {
      case 'accessCodeIssued': {
        const code: Said = { house: { key: 'access_code', code: event.code } };
        const heard = Array.from({ length: at.fields.times }, () => code);
        const said = [...at.say(at.fields.say), ...heard, ...at.say(at.fields.then)];
        at.stay(undefined, { do: 'ask', said, entry: keyEntry(4) });
        return;
      }
      case 'keyed':
        if (event.ended === 'restart')
          at.stay(undefined, { do: 'issueAccessCode', resource: at.fields.resource });
        else at.leave('then');
        return;
      case 'nothingKeyed':
        at.leave('then');
        return;
      case 'failed':
        at.leave('failed');
        return;
      default:
        return;
    }
  },
  words: ({ say, then }) => ({ say, then }),
  refers: ({ resource: name }) => [{ to: 'resource', name }],
};

const asking = blockFields('ask_access_code', {
  resource,
  say: words,
  wrong: words.optional(),
  maxDigits: z.int().min(4).max(20).default(10),
  waitSeconds: waitSeconds.default(8),
  tries: tries.default(3),
});
type Asking = z.infer<typeof asking>;

export const askAccessCode: BlockKind<Asking, { misses: number }> = {
  fields: asking,
  exits: () => [
    { name: 'right', unset: 'goodbye', needed: true },
    { name: 'wrong', unset: 'goodbye', needed: true },
  ],
  begin: (at) => ask(at, at.progress?.misses ?? 0, []),
  hear(at, event) {
    switch (event.type) {
      case 'keyed':
        if (event.ended === 'restart') again(at);
        else {
          const { resource: of } = at.fields;
          const progress = at.progress ?? { misses: 0 };
          at.stay(progress, { do: 'checkAccessCode', resource: of, code: event.digits });
        }
        return;
      case 'accessCodeChecked':
        if (event.fits) at.leave('right');
        else again(at);
        return;
      case 'nothingKeyed':
      case 'failed':
        again(at);
        return;
      default:
        return;
    }
  },
  words: ({ say, wrong }) => ({ say, wrong }),
  refers: ({ resource: name }) => [{ to: 'resource', name }],
  asksCodes: ({ resource: of, maxDigits }) => [{ resource: of, maxDigits }],
};

function again(at: At<Asking, { misses: number }>): void {
  const misses = (at.progress?.misses ?? 0) + 1;
  if (misses >= at.fields.tries) at.leave('wrong');
  else ask(at, misses, at.say(at.fields.wrong));
}

function ask(at: At<Asking, { misses: number }>, misses: number, before: readonly Said[]): void {
  const { maxDigits, waitSeconds: seconds } = at.fields;
  const said = [...before, ...at.say(at.fields.say)];
  at.stay({ misses }, { do: 'ask', said, entry: numberEntry(maxDigits, seconds), secret: true });
}
