// Takes a message, of two minutes at most. Who says nothing is asked once more; who hangs up having spoken has left his message.

import { z } from 'zod';
import { type At, type BlockKind, blockFields } from '../block.ts';
import type { Said } from '../run.ts';
import { words } from '../shape.ts';
import { tries } from './asking.ts';

const fields = blockFields('voicemail', {
  /** Where it is found by those who listen to it: `shop`, `after-hours`. */
  box: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  say: words,
  maxSeconds: z.int().min(5).max(120).default(120),
  tries: tries.default(2),
  /** Said when it is kept; when nothing was said. */
  kept: words.optional(),
  empty: words.optional(),
});
type Fields = z.infer<typeof fields>;

interface Progress {
  misses: number;
  is: 'speaking' | 'keeping' | 'told';
}

/** Shorter is a cough. */
const secondsMin = 1;

export const voicemail: BlockKind<Fields, Progress> = {
  fields,
  exits: () => [
    { name: 'then', unset: 'goodbye' },
    { name: 'empty', unset: { as: 'then' } },
    { name: 'failed', unset: 'apology' },
  ],
  begin: (at) => record(at, at.progress?.misses ?? 0, []),
  hear(at, event) {
    const progress = at.progress ?? { misses: 0, is: 'speaking' };
    switch (event.type) {
      case 'recorded': {
        if (event.seconds >= secondsMin) {
          at.stay({ ...progress, is: 'keeping' }, { do: 'keepMessage', box: at.fields.box });
          return;
        }
        nothingSaid(at, progress);
        return;
      }
      case 'kept': {
        at.fact('message_kept', { box: at.fields.box });
        const said = at.say(at.fields.kept);
        if (said.length === 0) at.leave('then');
        else at.stay({ ...progress, is: 'told' }, { do: 'play', said });
        return;
      }
      case 'played':
        if (progress.is === 'told') at.leave('then');
        return;
      case 'failed':
        // He was silent, if for longer: without its silence nothing is left of it.
        if (progress.is === 'keeping' && event.because === 'too_short') nothingSaid(at, progress);
        else at.leave('failed');
        return;
      default:
        return;
    }
  },
  left({ fields: { box }, progress }, { recordedSeconds = 0 }) {
    const spoken = progress?.is === 'speaking' && recordedSeconds >= secondsMin;
    return spoken || progress?.is === 'keeping' ? [{ do: 'keepMessage', box }] : [];
  },
  words: ({ say, kept, empty }) => ({ say, kept, empty }),
};

function nothingSaid(at: At<Fields, Progress>, progress: Progress): void {
  const misses = progress.misses + 1;
  if (misses >= at.fields.tries) at.leave('empty');
  else record(at, misses, at.say(at.fields.empty));
}

function record(at: At<Fields, Progress>, misses: number, before: readonly Said[]): void {
  const said = [...before, ...at.say(at.fields.say)];
  at.stay({ misses, is: 'speaking' }, { do: 'record', said, maxSeconds: at.fields.maxSeconds });
}
