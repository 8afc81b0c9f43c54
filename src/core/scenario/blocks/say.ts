// Says something, and goes on.

import type { z } from 'zod';
import { type BlockKind, blockFields } from '../block.ts';
import { words } from '../shape.ts';

const fields = blockFields('say', { say: words });

export const say: BlockKind<z.infer<typeof fields>> = {
  fields,
  exits: () => [{ name: 'then', unset: 'goodbye' }],
  begin(at) {
    const said = at.say(at.fields.say);
    // A text whose values are all empty is nothing to wait for.
    if (said.length === 0) at.leave('then');
    else at.stay(undefined, { do: 'play', said });
  },
  hear(at, event) {
    if (event.type === 'played') at.leave('then');
  },
  words: ({ say: said }) => ({ say: said }),
};
