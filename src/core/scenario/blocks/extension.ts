// Asks for somebody's short number and rings him; who is busy, does not answer or does not exist is said in the block's own words.

import { z } from 'zod';
import { type At, type BlockKind, blockFields } from '../block.ts';
import type { Said } from '../run.ts';
import { words } from '../shape.ts';
import { numberEntry, tries, waitSeconds } from './asking.ts';
import { heardRinging, ring, ringExits, ringFields, type Ringing, ringWords } from './ringing.ts';

const fields = blockFields('extension', {
  say: words,
  waitSeconds: waitSeconds.default(8),
  tries: tries.default(3),
  /** Said before it is asked again: nobody has this number. */
  unknown: words.optional(),
  ...ringFields,
});
type Fields = z.infer<typeof fields>;
interface Progress extends Ringing {
  misses: number;
  rings?: true;
}

export const extension: BlockKind<Fields, Progress> = {
  fields,
  exits: () => [...ringExits, { name: 'unknown', unset: { as: 'unavailable' } }],
  begin: (at) => ask(at, 0, []),
  hear(at, event) {
    const progress = at.progress ?? { misses: 0 };
    if (progress.rings) {
      heardRinging(at, progress, event);
      return;
    }
    switch (event.type) {
      case 'nothingKeyed':
        again(at);
        return;
      case 'keyed':
        if (event.ended === 'restart' || event.digits === '') {
          again(at);
          return;
        }
        at.change({ keyed: event.digits });
        at.stay(progress, { do: 'findExtension', shortNumber: event.digits });
        return;
      case 'extensionFound': {
        const { consultant } = event;
        if (!consultant) again(at);
        // Rung even so where he is not free: how he is not is what the caller is told.
        else
          ring(at, { ...progress, rings: true }, { to: { consultants: [consultant.id] }, acceptKey: true });
        return;
      }
      case 'failed':
        at.leave('unavailable');
        return;
      default:
        return;
    }
  },
  words: (own) => ({ say: own.say, unknown: own.unknown, ...ringWords(own) }),
};

function again(at: At<Fields, Progress>): void {
  const misses = (at.progress?.misses ?? 0) + 1;
  if (misses >= at.fields.tries) at.leave('unknown');
  else ask(at, misses, at.say(at.fields.unknown));
}

function ask(at: At<Fields, Progress>, misses: number, before: readonly Said[]): void {
  const said = [...before, ...at.say(at.fields.say)];
  at.stay({ misses }, { do: 'ask', said, entry: numberEntry(8, at.fields.waitSeconds) });
}
