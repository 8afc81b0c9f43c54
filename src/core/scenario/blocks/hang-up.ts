// The end. Before anything was said the network is told why: a number that is busy, or that does not want this call.

import { z } from 'zod';
import { type BlockKind, blockFields } from '../block.ts';
import { words } from '../shape.ts';

const fields = blockFields('hang_up', {
  say: words.optional(),
  cause: z.enum(['normal', 'busy', 'rejected']).default('normal'),
});

export const hangUp: BlockKind<z.infer<typeof fields>> = {
  fields,
  exits: () => [],
  begin(at) {
    const { cause } = at.fields;
    at.end(cause === 'normal' ? 'completed' : 'refused', cause, at.say(at.fields.say));
  },
  hear: () => undefined,
  words: ({ say }) => ({ say }),
};
