// Whether the merchant, or whoever has this telephone, wants no calls of this number. Before the call is answered it costs nobody.

import type { z } from 'zod';
import { type BlockKind, blockFields } from '../block.ts';

const fields = blockFields('blacklist', {});

export const blacklist: BlockKind<z.infer<typeof fields>> = {
  fields,
  silent: true,
  exits: () => [
    { name: 'listed', unset: 'goodbye', needed: true },
    { name: 'then', unset: 'goodbye', needed: true },
  ],
  begin: (at) => at.stay(undefined, { do: 'readBlacklist' }),
  hear(at, event) {
    if (event.type === 'blacklistRead') at.leave(event.listed ? 'listed' : 'then');
    // A list that cannot be read keeps nobody out.
    else if (event.type === 'failed') at.leave('then');
  },
};
