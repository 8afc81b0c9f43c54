// Those who are free introduce themselves, one after the other, each in his own voice; a key pressed while one speaks chooses him, `*`
// passes him over. After so many of them a key brings the others. Whom he chose is rung by the next block.

import { z } from 'zod';
import { type At, type BlockKind, blockFields } from '../block.ts';
import type { FoundConsultant } from '../run.ts';
import { words } from '../shape.ts';
import { keyEntry, waitSeconds } from './asking.ts';

const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);
const fields = blockFields('choose_consultant', {
  of: z.union([
    z.strictObject({
      consultants: z
        .array(z.string().regex(/^con_[a-z0-9_]{1,60}$/))
        .min(1)
        .max(50),
    }),
    z.strictObject({ group: z.string().regex(/^grp_[a-z0-9_]{1,60}$/) }),
    z.strictObject({ line: slug }),
  ]),
  /** Said once before the first. */
  say: words.optional(),
  /** After so many he is asked whether he wants to hear the others. */
  atOnce: z.int().min(1).max(20).default(5),
  more: words.optional(),
  /** How long he may still choose when an introduction is over. */
  waitSeconds: waitSeconds.default(2),
});
type Fields = z.infer<typeof fields>;

interface Progress {
  /** As they were found; the one at `place` speaks, or `asked`: whether he wants the others. */
  free: readonly Pick<FoundConsultant, 'id' | 'name'>[];
  place: number;
  asked?: true;
}

export const chooseConsultant: BlockKind<Fields, Progress> = {
  fields,
  exits: () => [
    { name: 'chosen', unset: 'apology', needed: true },
    { name: 'nobody', unset: 'goodbye', needed: true },
    { name: 'none', unset: { as: 'nobody' } },
  ],
  begin: (at) => at.stay({ free: [], place: 0 }, { do: 'findConsultants', of: at.fields.of }),
  hear(at, event) {
    const progress = at.progress ?? { free: [], place: 0 };
    if (event.type === 'consultantsFound') {
      const free = event.consultants.filter((one) => one.reachable).map(({ id, name }) => ({ id, name }));
      if (free.length === 0) at.leave('nobody');
      else introduce(at, { free, place: 0 });
      return;
    }
    if (event.type === 'failed') {
      at.leave('nobody');
      return;
    }
    if (event.type !== 'keyed' && event.type !== 'nothingKeyed') return;
    const speaking = progress.free[progress.place];
    const passes = event.type === 'nothingKeyed' || event.ended === 'restart';
    if (progress.asked) {
      if (event.type === 'nothingKeyed') at.leave('none');
      else introduce(at, { free: progress.free, place: progress.place });
    } else if (passes || !speaking) next(at, progress);
    else {
      at.change({ chosen: speaking.id });
      at.fact('chosen', { consultantId: speaking.id });
      at.leave('chosen');
    }
  },
  words: ({ say, more }) => ({ say, more }),
  refers: ({ of }) =>
    'group' in of
      ? [{ to: 'group', name: of.group }]
      : 'line' in of
        ? [{ to: 'line', name: of.line }]
        : of.consultants.map((name) => ({ to: 'consultant' as const, name })),
};

function introduce(at: At<Fields, Progress>, progress: Progress): void {
  const speaking = progress.free[progress.place];
  if (!speaking) {
    at.leave('none');
    return;
  }
  const before = progress.place === 0 ? at.say(at.fields.say) : [];
  const said = [...before, { introduction: speaking.id, name: speaking.name }];
  at.stay(progress, { do: 'ask', said, entry: keyEntry(at.fields.waitSeconds) });
}

function next(at: At<Fields, Progress>, { free, place }: Progress): void {
  const further = { free, place: place + 1 };
  if (further.place >= free.length) at.leave('none');
  else if (further.place % at.fields.atOnce !== 0) introduce(at, further);
  else {
    const own = at.say(at.fields.more);
    const said = own.length > 0 ? own : [{ house: { key: 'more_consultants' } as const }];
    at.stay({ ...further, asked: true }, { do: 'ask', said, entry: keyEntry(5) });
  }
}
