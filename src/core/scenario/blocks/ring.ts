// Rings consultants, a group, the consultants of a line, whom the caller has chosen, or a SIP telephone, and joins both: with consultants
// once one has pressed 1.

import { z } from 'zod';
import { parseSipAddress, sipAddressMax } from '../../sip-address.ts';
import { type At, type BlockKind, blockFields } from '../block.ts';
import type { RungBy } from '../run.ts';
import { heardRinging, ring as ringFor, ringExits, ringFields, type Ringing, ringWords } from './ringing.ts';

const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);
/** `sip:user@host`, perhaps with a port; nothing else is taken. */
const sipAddress = z
  .string()
  .max(sipAddressMax)
  .regex(/^[sS][iI][pP]:[^\s@]+@[^\s@]+$/)
  .refine((text) => parseSipAddress(text) !== undefined, {
    error: 'Must be sip:user@host, with no more than a port to it.',
  });
const fields = blockFields('ring', {
  to: z.union([
    z.strictObject({
      consultants: z
        .array(z.string().regex(/^con_[a-z0-9_]{1,60}$/))
        .min(1)
        .max(50),
    }),
    z.strictObject({ group: z.string().regex(/^grp_[a-z0-9_]{1,60}$/) }),
    z.strictObject({ line: slug }),
    z.strictObject({ sip: sipAddress }),
    /** Whom he chose; or whom the merchant's server named for him. */
    z.literal('chosen'),
  ]),
  /** Of a SIP telephone; consultants always press 1. */
  acceptKey: z.boolean().default(false),
  ...ringFields,
});
type Fields = z.infer<typeof fields>;

export const ring: BlockKind<Fields, Ringing> = {
  fields,
  exits: () => ringExits,
  begin(at) {
    const to = rungBy(at);
    if (to) ringFor(at, {}, { to, acceptKey: !('sip' in to) || at.fields.acceptKey });
    else at.leave('unavailable');
  },
  hear: (at, event) => void heardRinging(at, at.progress ?? {}, event),
  words: ringWords,
  refers: ({ to }) =>
    to === 'chosen'
      ? []
      : 'group' in to
        ? [{ to: 'group', name: to.group }]
        : 'line' in to
          ? [{ to: 'line', name: to.line }]
          : 'sip' in to
            ? []
            : to.consultants.map((name) => ({ to: 'consultant' as const, name })),
  rings: ({ to }) => (to !== 'chosen' && 'sip' in to ? [to.sip] : []),
};

function rungBy({ fields: { to }, run }: At<Fields, Ringing>): RungBy | undefined {
  if (to !== 'chosen') {
    if (!('sip' in to)) return to;
    const sip = parseSipAddress(to.sip);
    return sip && { sip };
  }
  if (run.chosen !== undefined) return { consultants: [run.chosen] };
  if (run.caller?.consultants) return { consultants: run.caller.consultants };
  return run.caller?.destination && { number: run.caller.destination };
}
