// A menu: one key, and each key its way. A wrong key and silence are said and asked again, so often; the last of them is a way too.

import { z } from 'zod';
import { type At, type BlockKind, blockFields } from '../block.ts';
import type { Said } from '../run.ts';
import { words } from '../shape.ts';
import { type Asking, keyEntry, tries, waitSeconds } from './asking.ts';

const key = z.enum(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#']);
const fields = blockFields('menu', {
  say: words,
  keys: z.array(key).min(1).max(12),
  waitSeconds: waitSeconds.default(5),
  tries: tries.default(3),
  /** Said before it is asked again: after a key that is not offered, after none. */
  wrong: words.optional(),
  none: words.optional(),
});
type Fields = z.infer<typeof fields>;

export const menu: BlockKind<Fields, Asking> = {
  fields,
  exits: ({ keys }) => [
    ...keys.map((one) => ({ name: exitOfKey(one), unset: { as: 'otherwise' }, needed: true as const })),
    { name: 'otherwise', unset: 'goodbye' },
    { name: 'none', unset: { as: 'otherwise' } },
  ],
  begin: (at) => ask(at, 0, []),
  hear(at, event) {
    if (event.type === 'nothingKeyed') again(at, 'none');
    if (event.type !== 'keyed') return;
    const pressed = event.ended === 'restart' ? '*' : event.digits === '' ? '#' : event.digits;
    at.change({ keyed: pressed });
    const offered = at.fields.keys.find((one) => one === pressed);
    if (offered === undefined) again(at, 'wrong');
    else at.leave(exitOfKey(offered));
  },
  words: ({ say, wrong, none }) => ({ say, wrong, none }),
};

/** `*` and `#` are no names of exits people would type. */
export function exitOfKey(pressed: string): string {
  return pressed === '*' ? 'key_star' : pressed === '#' ? 'key_hash' : `key_${pressed}`;
}

function again(at: At<Fields, Asking>, because: 'wrong' | 'none'): void {
  const misses = (at.progress?.misses ?? 0) + 1;
  if (misses >= at.fields.tries) at.leave(because === 'none' ? 'none' : 'otherwise');
  else ask(at, misses, at.say(at.fields[because]));
}

function ask(at: At<Fields, Asking>, misses: number, before: readonly Said[]): void {
  const said = [...before, ...at.say(at.fields.say)];
  at.stay({ misses }, { do: 'ask', said, entry: keyEntry(at.fields.waitSeconds) });
}
