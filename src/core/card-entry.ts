// A caller keys his card: what he is asked, what becomes of what he keys, and when it is over. Pure; it knows of what he keyed no
// more than whether it fits and of which brand it is. The digits are in the card room, which wipes them.
//
//            fits            fits          fits              1               the processor takes it
//   number ------> expiry ------> code ------> confirm ------> making -----------------------------> over (taken)
//     ^              ^              ^             |  |            |
//     |              |              |        `*`  |  |  0         | it refuses one of them: asked again from there,
//     +--------------+--------------+-------------+  |            | the third time over (refused)
//     ^   wrong, silence or `*`: the same again      |            | it does not answer: over (unknown)
//     |   0 `#` instead of a number                  |            |
//     +--> over (gave_up) <--------------------------+            v
//
// number, expiry, code, confirm   he hears the question and may key over it; nothing was asked of anybody yet.
// making                          the processor has it; he waits, and no key of his means anything.
// over                            nothing of his digits is kept anywhere.
//
// In each step the third thing that is wrong ends it (gave_up), the third silence too (timed_out). His hanging up ends it in every
// step (hung_up), and so does losing sight of him (away).
//
// The questions up to the next decision lie ready in the switch, one behind the other (`ask.ahead`), so that no key of somebody who
// types faster than he is asked falls between two of them. What was typed ahead of a step that went wrong is thrown away.

import {
  isSecurityCode,
  readCardExpiry,
  readCardNumber,
  securityCodeLength,
  type CardBrand,
} from './card-digits.ts';
import type { CardSound, KeyedCard } from './keyed-card.ts';

export type CardQuestion = 'number' | 'expiry' | 'code' | 'confirm';
export type CardStep = CardQuestion | 'making' | 'over';

export interface CardEntry {
  step: CardStep;
  /** Of the step it is in: what was wrong, and what was nothing. */
  wrong: number;
  silent: number;
  /** `*` in all steps together. */
  restarts: number;
  /** How often the processor was asked, and how often it refused. */
  attempts: number;
  refusals: number;
  brand?: CardBrand;
  /** The entry before ended by its length: the `#` behind it may still be on its way. */
  hashMayFollow: boolean;
}

/** How an entry ended: by `#`, by its greatest length, by a pause, by `*`. */
export type EntryEnd = 'hash' | 'full' | 'pause' | 'star';

/** What the digits of one entry are, as far as anybody but the card room may know. */
export type EntryReading =
  | { is: 'number'; brand: CardBrand }
  | { is: 'expiry' | 'code' | 'confirmed' | 'given_up' }
  | { is: 'wrong' | 'nothing' };

export type CardEntryEvent =
  | { type: 'begun' }
  | { type: 'keyed'; at: CardQuestion; ended: EntryEnd; reading: EntryReading }
  | { type: 'made'; card: KeyedCard }
  /** `card`: it does not say what is wrong with it. */
  | { type: 'refused'; wrong: 'number' | 'expiry' | 'code' | 'card' }
  | { type: 'unanswered' }
  /** The processor takes no card here as it is keyed, whichever. */
  | { type: 'notPermitted' }
  | { type: 'hungUp'; endedAtUs?: bigint }
  | { type: 'lost' };

/** `last_four`: the four last digits, one by one. */
export type CardSaid = CardSound | 'last_four';

export interface AskedCardQuestion {
  step: CardQuestion;
  /** Nothing: the room waits in silence until it can say what he has keyed. */
  said: readonly CardSaid[];
}

export type CardEntryEnd =
  | { outcome: 'taken'; card: KeyedCard }
  | { outcome: 'gave_up' | 'timed_out' | 'refused' | 'unknown' | 'not_permitted' | 'away' }
  | { outcome: 'hung_up'; endedAtUs?: bigint };

export type CardEntryCommand =
  /** `ahead`: what follows if it fits. `continues`: it lies ready already, and what he typed ahead counts. */
  | { do: 'ask'; question: AskedCardQuestion; ahead: readonly AskedCardQuestion[]; continues: boolean }
  /** `attempt`: from 1. */
  | { do: 'make'; attempt: number }
  | { do: 'end'; end: CardEntryEnd };

/** In each step; and how often the processor may refuse. */
export const cardTriesMax = 3;
/** A caller who is in doubt begins anew a few times; a key that is stuck does so for ever. */
const restartsMax = 10;

/** One more than fits: then his `#` ends it, and is not left over for the question behind. */
export const cardEntryKeysMax: Readonly<Record<CardQuestion, number>> = {
  number: 20,
  expiry: 5,
  code: 5,
  confirm: 1,
};
/** Before the first key: he has to find the card, turn it over. Between two: people read four digits at a time. */
export const cardEntryWaits: Readonly<Record<CardQuestion, { firstMs: number; betweenMs: number }>> = {
  number: { firstMs: 20_000, betweenMs: 8_000 },
  expiry: { firstMs: 15_000, betweenMs: 6_000 },
  code: { firstMs: 15_000, betweenMs: 6_000 },
  confirm: { firstMs: 15_000, betweenMs: 6_000 },
};

export const newCardEntry: CardEntry = {
  step: 'number',
  wrong: 0,
  silent: 0,
  restarts: 0,
  attempts: 0,
  refusals: 0,
  hashMayFollow: false,
};

/** `keys`: without what ended them; of `confirm` the one key. `brand`: of the number he has keyed before. */
export function readCardEntry(
  at: CardQuestion,
  keys: Uint8Array,
  brand: CardBrand | undefined,
  now: Date,
): EntryReading {
  const [first] = keys;
  if (first === undefined) return { is: 'nothing' };
  const isOnly = (digit: number): boolean => keys.length === 1 && first === 0x30 + digit;
  switch (at) {
    case 'number': {
      if (isOnly(0)) return { is: 'given_up' };
      const read = readCardNumber(keys);
      return read === undefined ? { is: 'wrong' } : { is: 'number', brand: read };
    }
    case 'expiry':
      return { is: readCardExpiry(keys, now) === undefined ? 'wrong' : 'expiry' };
    case 'code':
      return { is: brand !== undefined && isSecurityCode(keys, brand) ? 'code' : 'wrong' };
    case 'confirm':
      return { is: isOnly(1) ? 'confirmed' : isOnly(0) ? 'given_up' : 'wrong' };
  }
}

interface Step {
  entry: CardEntry;
  commands: readonly CardEntryCommand[];
}

/** What comes next. An event that belongs to another step than the one it is in changes nothing. */
export function cardEntryStep(entry: CardEntry, event: CardEntryEvent): Step {
  if (entry.step === 'over') return { entry, commands: [] };
  switch (event.type) {
    case 'begun':
      return ask(entry, 'number', ['amount', 'number']);
    case 'hungUp':
      return over(entry, {
        outcome: 'hung_up',
        ...(event.endedAtUs !== undefined && { endedAtUs: event.endedAtUs }),
      });
    case 'lost':
      return over(entry, { outcome: 'away' });
    case 'keyed':
      return event.at === entry.step ? keyed(entry, entry.step, event) : { entry, commands: [] };
    case 'made':
    case 'refused':
    case 'unanswered':
    case 'notPermitted':
      return entry.step === 'making' ? answered(entry, event) : { entry, commands: [] };
  }
}

function keyed(
  entry: CardEntry,
  at: CardQuestion,
  { ended, reading }: { ended: EntryEnd; reading: EntryReading },
): Step {
  if (ended === 'star') return begunAnew(entry, at);
  const { hashMayFollow } = entry;
  const next = { ...entry, hashMayFollow: ended === 'full' && at !== 'confirm' };
  switch (reading.is) {
    case 'number':
      return goOn({ ...next, brand: reading.brand }, 'expiry');
    case 'expiry':
      return goOn(next, 'code');
    case 'code':
      return askAnew(next, 'confirm', saidFor('confirm'));
    case 'confirmed':
      return {
        entry: { ...next, step: 'making', wrong: 0, silent: 0, attempts: entry.attempts + 1 },
        commands: [{ do: 'make', attempt: entry.attempts + 1 }],
      };
    case 'given_up':
      return over(entry, { outcome: 'gave_up' });
    case 'wrong':
      return again({ ...next, wrong: entry.wrong + 1 }, at, true);
    case 'nothing':
      // The `#` of the entry before, which ended by its length.
      if (ended === 'hash' && hashMayFollow) return ask(next, at, saidFor(at, entry.brand));
      return again({ ...next, silent: entry.silent + 1 }, at, false);
  }
}

/** What he typed before `*` is no answer; in `confirm` it is the number he doubts. */
function begunAnew(entry: CardEntry, at: CardQuestion): Step {
  const next = { ...entry, restarts: entry.restarts + 1, hashMayFollow: false };
  if (next.restarts > restartsMax) return over(next, { outcome: 'gave_up' });
  if (at === 'confirm') return askAnew(next, 'number', saidFor('number'));
  return ask(next, at, saidFor(at, entry.brand));
}

function again(entry: CardEntry, at: CardQuestion, wasWrong: boolean): Step {
  if (entry.silent >= cardTriesMax) return over(entry, { outcome: 'timed_out' });
  if (entry.wrong + entry.silent >= cardTriesMax)
    return over(entry, { outcome: wasWrong ? 'gave_up' : 'timed_out' });
  const complaint: CardSound[] = wasWrong && at !== 'confirm' ? [`${at}_wrong`] : [];
  return ask(entry, at, [...complaint, ...saidFor(at, entry.brand)]);
}

function answered(
  entry: CardEntry,
  event: Extract<CardEntryEvent, { type: 'made' | 'refused' | 'unanswered' | 'notPermitted' }>,
): Step {
  if (event.type === 'made') return over(entry, { outcome: 'taken', card: event.card });
  if (event.type === 'unanswered') return over(entry, { outcome: 'unknown' });
  if (event.type === 'notPermitted') return over(entry, { outcome: 'not_permitted' });
  const next = { ...entry, refusals: entry.refusals + 1, hashMayFollow: false };
  if (next.refusals >= cardTriesMax) return over(next, { outcome: 'refused' });
  const from = event.wrong === 'card' ? 'number' : event.wrong;
  return askAnew(next, from, ['not_accepted', ...saidFor(from, entry.brand)]);
}

/** On to a question that lies ready. */
function goOn(entry: CardEntry, step: 'expiry' | 'code'): Step {
  const question = { step, said: saidFor(step) };
  return {
    entry: { ...entry, step, wrong: 0, silent: 0 },
    commands: [{ do: 'ask', question, ahead: aheadOf(step), continues: true }],
  };
}

const askAnew = (entry: CardEntry, step: CardQuestion, said: readonly CardSaid[]): Step =>
  ask({ ...entry, wrong: 0, silent: 0 }, step, said);

const ask = (entry: CardEntry, step: CardQuestion, said: readonly CardSaid[]): Step => ({
  entry: { ...entry, step },
  commands: [{ do: 'ask', question: { step, said }, ahead: aheadOf(step), continues: false }],
});

/** `brand`: where it is known how long the code is. The question that lies ready names both lengths. */
function saidFor(step: CardQuestion, brand?: CardBrand): readonly CardSaid[] {
  if (step === 'confirm') return ['ends_in', 'last_four', 'confirm'];
  if (step === 'code' && brand !== undefined && securityCodeLength(brand) === 4) return ['code_four'];
  return [step];
}

const order = ['number', 'expiry', 'code'] as const;
function aheadOf(step: CardQuestion): readonly AskedCardQuestion[] {
  if (step === 'confirm') return [];
  const rest = order.slice(order.indexOf(step) + 1);
  // What he keyed is not known yet: whoever types ahead is taken at his word, everybody else hears it before he confirms.
  return [...rest.map((one) => ({ step: one, said: saidFor(one) })), { step: 'confirm', said: [] }];
}

const over = (entry: CardEntry, end: CardEntryEnd): Step => ({
  entry: { ...entry, step: 'over' },
  commands: [{ do: 'end', end }],
});
