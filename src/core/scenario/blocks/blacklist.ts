// Whether the merchant, or whoever has this telephone, wants no calls of this number. Before the call is answered it costs nobody. Whom
// it is about hears the merchant's words or goes his way, or is told by the house that his call cannot be taken.

import type { z } from 'zod';
import { type BlockKind, blockFields } from '../block.ts';
import { words } from '../shape.ts';

const fields = blockFields('blacklist', {
  say: words.optional(),
});

export const blacklist: BlockKind<z.infer<typeof fields>> = {
  fields,
  silent: true,
  exits: () => [
    { name: 'listed', unset: 'goodbye' },
    { name: 'then', unset: 'goodbye', needed: true },
  ],
  begin: (at) => at.stay(undefined, { do: 'readBlacklist' }),
  hear(at, event) {
    // He has heard why not. A list that cannot be read keeps nobody out.
    if (event.type === 'played') at.leave('listed');
    else if (event.type === 'failed') at.leave('then');
    if (event.type !== 'blacklistRead') return;
    const said = at.say(at.fields.say);
    const goesOn = Object.hasOwn(at.fields.next, 'listed');
    if (!event.listed) at.leave('then');
    else if (goesOn && said.length === 0) at.leave('listed');
    else if (goesOn) at.stay(undefined, { do: 'play', said });
    else {
      const merchant = at.run.plan.merchantName;
      const standard = { house: { key: 'known_refused', merchant, because: 'other' } } as const;
      at.end('refused', 'normal', said.length > 0 ? said : [standard]);
    }
  },
  words: ({ say }) => ({ say }),
};
