// Puts the call through to a number: one of those the merchant may forward to.

import { z } from 'zod';
import { parsePhone } from '../../dialling.ts';
import { type BlockKind, blockFields } from '../block.ts';
import { template } from '../shape.ts';
import { heardRinging, ring, ringExits, ringFields, type Ringing, ringWords } from './ringing.ts';

const fields = blockFields('forward', {
  /** As people write it, or a variable that holds one. */
  number: template,
  /** Whoever answers presses 1: no voicemail takes the call. */
  acceptKey: z.boolean().default(false),
  ...ringFields,
});

export const forward: BlockKind<z.infer<typeof fields>, Ringing> = {
  fields,
  exits: () => ringExits,
  begin(at) {
    const read = parsePhone(at.fill(at.fields.number), at.run.plan.country);
    if (read.outcome === 'number') {
      ring(at, {}, { to: { number: read.number }, acceptKey: at.fields.acceptKey });
    } else {
      at.fact('no_number', { because: read.reason });
      at.leave('unavailable');
    }
  },
  hear: (at, event) => void heardRinging(at, at.progress ?? {}, event),
  words: ringWords,
  templates: ({ number }) => [number],
  rings: ({ number }) => [number],
};
