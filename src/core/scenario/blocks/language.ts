// Which language he wants: each is offered in its own, and who presses nothing keeps the one he has.

import { z } from 'zod';
import { type BlockKind, blockFields } from '../block.ts';
import type { Said } from '../run.ts';
import { keyEntry, waitSeconds } from './asking.ts';

const fields = blockFields('language', {
  waitSeconds: waitSeconds.default(5),
  /** What each key, from 1 on, stands for. */
  languages: z
    .array(z.enum(['fr', 'en']))
    .min(1)
    .max(9)
    .default(['fr', 'en']),
});

const offers = {
  fr: (key: number) => `Pour le français, tapez ${String(key)}.`,
  en: (key: number) => `For English, press ${String(key)}.`,
};

export const language: BlockKind<z.infer<typeof fields>> = {
  fields,
  exits: () => [{ name: 'then', unset: 'goodbye', needed: true }],
  begin(at) {
    const said: Said[] = at.fields.languages.map((wanted, place) => ({
      text: offers[wanted](place + 1),
      language: wanted,
    }));
    at.stay(undefined, { do: 'ask', said, entry: keyEntry(at.fields.waitSeconds) });
  },
  hear(at, event) {
    if (event.type !== 'keyed' && event.type !== 'nothingKeyed') return;
    const wanted = event.type === 'keyed' ? at.fields.languages[Number(event.digits) - 1] : undefined;
    if (wanted) at.change({ language: wanted });
    at.leave('then');
  },
};
