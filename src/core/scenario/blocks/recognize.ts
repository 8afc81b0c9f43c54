// Who calls, by the merchant's own word: his server is asked by the number, by a client code he keys, and by his PIN where the server
// wants it. A PIN is in no progress, so that of a question that carried one nothing is left but to ask for it again.

import { z } from 'zod';
import type { DigitEntry } from '../../call-session.ts';
import type { Recognition } from '../../known-caller.ts';
import { type At, type BlockKind, blockFields } from '../block.ts';
import type { Said } from '../run.ts';
import { words } from '../shape.ts';
import { numberEntry, tries } from './asking.ts';

const fields = blockFields('recognize', {
  by: z.enum(['number', 'code', 'number_then_code']).default('number_then_code'),
  /** Asks for the client code; absent: our own words. */
  say: words.optional(),
  tries: tries.default(3),
});
type Fields = z.infer<typeof fields>;

interface Progress {
  misses: number;
  waitsFor: 'server' | 'code' | 'pin' | 'words';
  asked: 'caller' | 'client_code';
  clientCode?: string;
}

const code: DigitEntry = numberEntry(20, 8);
const pin: DigitEntry = numberEntry(12, 8);

export const recognize: BlockKind<Fields, Progress> = {
  fields,
  exits: () => [
    { name: 'known', unset: 'goodbye', needed: true },
    { name: 'unknown', unset: 'goodbye', needed: true },
    { name: 'refused', unset: { as: 'unknown' } },
    { name: 'away', unset: 'apology' },
  ],
  begin(at) {
    const { progress } = at;
    // Begun anew: the PIN that was on its way is not known any more.
    if (progress?.clientCode !== undefined) askPin(at, progress.misses, progress.clientCode);
    else if (at.fields.by === 'code' || at.run.plan.cli.trust === 'withheld') {
      if (at.fields.by === 'number') at.leave('unknown');
      else askCode(at, progress?.misses ?? 0);
    } else at.stay({ misses: 0, waitsFor: 'server', asked: 'caller' }, { do: 'recognize', ask: 'caller' });
  },
  hear(at, event) {
    const progress = at.progress ?? { misses: 0, waitsFor: 'server', asked: 'caller' };
    switch (event.type) {
      case 'recognized':
        if (progress.waitsFor === 'server') said(at, progress, event.recognition);
        return;
      case 'failed':
        at.fact('server_away', { because: event.because });
        at.leave('away');
        return;
      case 'played':
        if (progress.waitsFor === 'words') at.leave('known');
        return;
      case 'nothingKeyed':
        again(at, progress);
        return;
      case 'keyed':
        if (event.ended === 'restart' || event.digits.length < 2) again(at, progress);
        else keyed(at, progress, event.digits);
        return;
      default:
        return;
    }
  },
  words: ({ say }) => ({ say }),
};

function keyed(at: At<Fields, Progress>, progress: Progress, digits: string): void {
  const asked = { ...progress, waitsFor: 'server' as const, asked: 'client_code' as const };
  if (progress.waitsFor === 'pin' && progress.clientCode !== undefined) {
    const { clientCode } = progress;
    at.stay(asked, { do: 'recognize', ask: 'client_code', clientCode, pin: digits });
  } else if (progress.waitsFor === 'code') {
    at.change({ keyed: digits });
    at.stay(asked, { do: 'recognize', ask: 'client_code', clientCode: digits });
  }
}

function said(at: At<Fields, Progress>, progress: Progress, recognition: Recognition): void {
  if (recognition.language) at.change({ language: recognition.language });
  switch (recognition.outcome) {
    case 'recognized': {
      const { clientCode, talkLimitSeconds, consultants, destination, text } = recognition;
      at.change({
        caller: {
          clientCode,
          ...(talkLimitSeconds !== undefined && { talkLimitSeconds }),
          ...(consultants && { consultants }),
          ...(destination && { destination }),
        },
      });
      at.fact('known', { clientCode, talkLimitSeconds });
      if (talkLimitSeconds === 0) at.leave('refused');
      else if (text === undefined) at.leave('known');
      else at.stay({ ...progress, waitsFor: 'words' }, { do: 'play', said: [{ text }] });
      return;
    }
    case 'proof_wanted':
      if (recognition.proof === 'pin') {
        const clientCode = recognition.clientCode ?? progress.clientCode ?? at.run.keyed;
        if (clientCode === undefined) at.leave('away');
        else askPin(at, progress.misses, clientCode, recognition.text);
      } else if (at.fields.by === 'number') at.leave('unknown');
      else askCode(at, progress.misses, recognition.text);
      return;
    case 'refused': {
      const { reason } = recognition;
      at.fact('refused', { reason });
      // What he keyed was wrong: he may key it again. What is known of him and not wanted is said no twice.
      const mayTry = reason === 'unknown' || reason === 'wrong_pin';
      if (!mayTry) at.leave('refused');
      else if (progress.asked === 'caller') {
        if (at.fields.by === 'number') at.leave('unknown');
        else askCode(at, 0, recognition.text);
      } else again(at, { ...progress, waitsFor: reason === 'wrong_pin' ? 'pin' : 'code' });
      return;
    }
  }
}

function again(at: At<Fields, Progress>, progress: Progress): void {
  const misses = progress.misses + 1;
  if (misses >= at.fields.tries) at.leave('unknown');
  else if (progress.waitsFor === 'pin' && progress.clientCode !== undefined)
    askPin(at, misses, progress.clientCode);
  else askCode(at, misses);
}

function askCode(at: At<Fields, Progress>, misses: number, text?: string): void {
  const own = at.say(at.fields.say);
  const { merchantName: merchant } = at.run.plan;
  const wanted: Said[] =
    own.length > 0 && misses === 0
      ? own
      : [{ house: { key: 'code_wanted', merchant, ...(misses > 0 && { again: true }) } }];
  const before: Said[] = text === undefined ? [] : [{ text }];
  at.stay(
    { misses, waitsFor: 'code', asked: 'client_code' },
    { do: 'ask', said: [...before, ...wanted], entry: code },
  );
}

function askPin(at: At<Fields, Progress>, misses: number, clientCode: string, text?: string): void {
  const wanted: Said = { house: { key: 'pin_wanted', ...(misses > 0 && { again: true }) } };
  const before: Said[] = text === undefined ? [] : [{ text }];
  at.stay(
    { misses, waitsFor: 'pin', asked: 'client_code', clientCode },
    { do: 'ask', said: [...before, wanted], entry: pin, secret: true },
  );
}
