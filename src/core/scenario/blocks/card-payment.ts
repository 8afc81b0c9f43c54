// Sells what a line sells, and has it paid by a card he keys on his telephone, in the card room. Each attempt is an order of its own,
// because a card that was declined ends its order. Of a conversation the run leads the paid call from then on: whom a later block joins
// him to first, he pays for.
//
// What may be known of a card stands in the progress: a token, never a digit. The last four digits by which he names a card that was
// kept are among the run's secrets until it is known whether that pays, so that he is asked for nothing twice meanwhile.

import { z } from 'zod';
import type { DigitEntry } from '../../call-session.ts';
import type { KeyedCard } from '../../keyed-card.ts';
import type { SentenceFacts } from '../../sentence.ts';
import { type At, type BlockKind, blockFields } from '../block.ts';
import type { RunCommand, RunEvent, Said } from '../run.ts';
import { words } from '../shape.ts';
import { keyEntry } from './asking.ts';

const fields = blockFields('card_payment', {
  /** What is sold: a sale, or conversations, whose talk a later block rings for. */
  line: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  /** So long a talk is sold: one of those the line offers. */
  seconds: z.int().min(1).max(86_400).optional(),
  say: words.optional(),
  /** Cards that may be refused, or one card so often. More are a stranger's who tries cards. */
  tries: z.int().min(1).max(3).default(3),
  /** Asks a caller who is known whether his card is to be kept for his next calls. */
  offerToKeep: z.boolean().default(false),
  /** Said after a refusal, before the next try. */
  declined: words.optional(),
});
type Fields = z.infer<typeof fields>;

/** By a card he has keyed, or by one that was kept, whose last four digits are among the secrets. */
type By = { card: KeyedCard; keep?: true } | 'kept';

type Step =
  /** He hears what stands before it all; or why another card is wanted. */
  | { is: 'words' | 'declined_words' }
  | { is: 'order' }
  /** He is to name a card that was kept. */
  | { is: 'kept_question'; misses: number }
  | { is: 'not_kept_words' }
  | { is: 'entry' }
  | { is: 'keep_question'; card: KeyedCard }
  /** He hears that his bank is asked; then it is. */
  | { is: 'wait_words' | 'payment'; by: By }
  /** He hears that it goes no further, while the order is given up, and goes on by this exit. */
  | { is: 'last_words'; exit: 'refused' | 'given_up' | 'not_taken' | 'needs_page' };

interface Progress {
  step: Step;
  /** Orders that ended with a card that was refused. */
  refusals: number;
  /** The attempt that is under way. `callSessionId`: of the talk it is for. */
  orderId?: string;
  callSessionId?: string;
}

type Here = At<Fields, Progress>;

/** No name a merchant could give to anything of his. */
const keptSecret = 'card.last4';
const lastFour: DigitEntry = {
  maxDigits: 4,
  terminator: '#',
  tries: 1,
  // He looks for his card first.
  waitMs: 15_000,
  betweenMs: 5_000,
};
/** Then the card itself is asked for. */
const keptQuestionsMax = 3;

export const cardPayment: BlockKind<Fields, Progress> = {
  fields,
  exits: () => [
    { name: 'paid', unset: 'goodbye', needed: true },
    { name: 'refused', unset: 'goodbye', needed: true },
    { name: 'needs_page', unset: { as: 'refused' } },
    { name: 'given_up', unset: { as: 'refused' } },
    { name: 'not_taken', unset: { as: 'refused' } },
  ],
  begin(at) {
    const before = at.say(at.fields.say);
    go(at, at.progress ?? { step: { is: before.length > 0 ? 'words' : 'order' }, refusals: 0 });
  },
  hear(at, event) {
    const { progress } = at;
    if (!progress) return;
    const { step } = progress;
    switch (step.is) {
      case 'words':
      case 'declined_words':
        if (isSaid(event)) go(at, { ...progress, step: { is: 'order' } });
        return;
      case 'order':
        if (event.type === 'cardOrdered') ordered(at, progress, event);
        else if (event.type === 'failed') notTaken(at, progress, event.because);
        return;
      case 'kept_question':
        keptAnswered(at, progress, step.misses, event);
        return;
      case 'not_kept_words':
        if (isSaid(event)) go(at, { ...progress, step: { is: 'entry' } });
        return;
      case 'entry':
        if (event.type === 'cardTaken') taken(at, progress, event.card);
        else if (event.type === 'cardNotTaken') noCard(at, progress, event.because);
        else if (event.type === 'failed') notTaken(at, progress, event.because);
        return;
      case 'keep_question': {
        if (!isSaid(event) && event.type !== 'keyed' && event.type !== 'nothingKeyed') return;
        const keep = event.type === 'keyed' && event.digits === '1';
        pay(at, progress, { card: step.card, ...(keep && { keep }) });
        return;
      }
      case 'wait_words':
        if (isSaid(event)) go(at, { ...progress, step: { is: 'payment', by: step.by } });
        return;
      case 'payment':
        if (event.type === 'cardPaid') {
          forgetKept(at);
          at.fact('card_paid');
          at.leave('paid');
        } else if (event.type === 'cardDeclined') declined(at, progress, event.because);
        else if (event.type === 'failed') notTaken(at, progress, event.because);
        return;
      case 'last_words':
        if (isSaid(event)) at.leave(step.exit);
        return;
    }
  },
  words: ({ say, declined: after }) => ({ say, declined: after }),
  refers: ({ line }) => [{ to: 'line', name: line }],
  takesCards: ({ line, seconds }) => ({ line, ...(seconds !== undefined && { seconds }) }),
};

/** Into this step, or into it once more: what it is to do is all in it. */
function go(at: Here, progress: Progress): void {
  const stay = (...commands: RunCommand[]): void => at.stay(progress, ...commands);
  const { step, orderId = '' } = progress;
  switch (step.is) {
    case 'words':
      stay({ do: 'play', said: at.say(at.fields.say) });
      return;
    case 'declined_words':
      stay({ do: 'play', said: own(at.say(at.fields.declined), { key: 'card_declined' }) });
      return;
    case 'order': {
      const { line, seconds } = at.fields;
      const { chosen } = at.run;
      stay({
        do: 'orderByCard',
        line,
        ...(seconds !== undefined && { seconds }),
        ...(chosen !== undefined && { consultant: chosen }),
      });
      return;
    }
    case 'kept_question': {
      const said: Said[] = [
        { house: { key: 'card_kept_question', ...(step.misses > 0 && { again: true }) } },
      ];
      stay({ do: 'ask', said, entry: lastFour, secret: true });
      return;
    }
    case 'not_kept_words':
      stay({ do: 'play', said: [{ house: { key: 'card_not_kept' } }] });
      return;
    case 'entry':
      stay({ do: 'takeCard', orderId });
      return;
    case 'keep_question':
      stay({ do: 'ask', said: [{ house: { key: 'card_keep_question' } }], entry: keyEntry(6) });
      return;
    case 'wait_words':
      stay({ do: 'play', said: [{ house: { key: 'card_wait' } }] });
      return;
    case 'payment':
      if (step.by === 'kept') stay({ do: 'payByCard', orderId, keptLast4: at.run.secrets[keptSecret] ?? '' });
      else stay({ do: 'payByCard', orderId, ...step.by });
      return;
    case 'last_words': {
      // Whoever gave up or was refused in the card room has paid nothing; of other ends that is not always known.
      const key = step.exit === 'not_taken' ? ('card_not_taken' as const) : ('card_not_charged' as const);
      const said: Said[] = [{ house: { key } }];
      // Both again, where somebody takes the call over: an order that was given up is given up.
      if (progress.orderId === undefined) stay({ do: 'play', said });
      else stay({ do: 'giveUpCardOrder', orderId }, { do: 'play', said });
      return;
    }
  }
}

/** Heard, or not to be had: words keep nobody from going on. */
function isSaid(event: RunEvent): boolean {
  return event.type === 'played' || event.type === 'failed';
}

function own(said: readonly Said[], house: SentenceFacts): readonly Said[] {
  return said.length > 0 ? said : [{ house }];
}

function ordered(at: Here, before: Progress, event: RunEvent & { type: 'cardOrdered' }): void {
  const { orderId, callSessionId, mayUseKept } = event;
  const { line } = at.fields;
  at.fact('card_ordered', { orderId });
  const { paid } = at.run.plan;
  if (callSessionId !== undefined && paid && paid.callSessionId !== callSessionId) {
    // One talk is held on a card already, and one is all a call leads.
    notTaken(at, { ...before, orderId }, 'leads_a_paid_call');
    return;
  }
  if (callSessionId !== undefined) at.lead({ callSessionId, line });
  const progress = { ...before, orderId, ...(callSessionId !== undefined && { callSessionId }) };
  const asks = mayUseKept === true && before.refusals === 0;
  go(at, { ...progress, step: asks ? { is: 'kept_question', misses: 0 } : { is: 'entry' } });
}

function keptAnswered(at: Here, progress: Progress, misses: number, event: RunEvent): void {
  const another = (): void => go(at, { ...progress, step: { is: 'entry' } });
  if (event.type === 'nothingKeyed' || event.type === 'failed') another();
  if (event.type !== 'keyed') return;
  if (event.ended === 'restart') another();
  else if (event.digits.length === 4) {
    at.setSecret(keptSecret, event.digits);
    pay(at, progress, 'kept');
  } else if (misses + 1 >= keptQuestionsMax) another();
  else go(at, { ...progress, step: { is: 'kept_question', misses: misses + 1 } });
}

function taken(at: Here, progress: Progress, card: KeyedCard): void {
  at.fact('card_taken', { brand: card.brand, last4: card.last4 });
  const { caller, plan } = at.run;
  // It is kept for the number his carrier vouches for and his client code.
  const mayKeep = at.fields.offerToKeep && caller !== undefined && plan.cli.trust === 'network';
  if (mayKeep) go(at, { ...progress, step: { is: 'keep_question', card } });
  else pay(at, progress, { card });
}

function pay(at: Here, progress: Progress, by: By): void {
  go(at, { ...progress, step: { is: 'wait_words', by } });
}

function noCard(
  at: Here,
  progress: Progress,
  because: (RunEvent & { type: 'cardNotTaken' })['because'],
): void {
  switch (because) {
    case 'gave_up':
    case 'timed_out':
      end(at, progress, 'given_up');
      return;
    case 'refused':
      // As often as he may, and he has heard so in the card room. What follows is the merchant's word.
      at.fact('card_declined', { because: 'declined' });
      end(at, progress, 'refused');
      return;
    case 'not_permitted':
      // Whichever he keyed; on the page he types it to the processor itself.
      at.fact('card_declined', { because: 'needs_page' });
      end(at, progress, 'needs_page');
      return;
    case 'unknown':
    case 'away':
      notTaken(at, progress, because);
  }
}

function declined(
  at: Here,
  progress: Progress,
  because: (RunEvent & { type: 'cardDeclined' })['because'],
): void {
  forgetKept(at);
  if (because === 'not_kept') {
    // Nothing was asked of anybody: the order waits for a card still.
    go(at, { ...progress, step: { is: 'not_kept_words' } });
    return;
  }
  at.fact('card_declined', { because });
  leadNoMore(at, progress);
  const refusals = progress.refusals + 1;
  if (because === 'needs_page') at.leave('needs_page');
  else if (refusals >= at.fields.tries) at.leave('refused');
  else go(at, { step: { is: 'declined_words' }, refusals });
}

function notTaken(at: Here, progress: Progress, because: string): void {
  forgetKept(at);
  at.fact('card_not_taken', { because });
  end(at, progress, 'not_taken');
}

function end(at: Here, progress: Progress, exit: (Step & { is: 'last_words' })['exit']): void {
  leadNoMore(at, progress);
  go(at, { ...progress, step: { is: 'last_words', exit } });
}

/** A talk that is not paid is not led. */
function leadNoMore(at: Here, { callSessionId }: Progress): void {
  if (callSessionId !== undefined && at.run.plan.paid?.callSessionId === callSessionId) at.lead(undefined);
}

function forgetKept(at: Here): void {
  if (at.run.secrets[keptSecret] !== undefined) at.setSecret(keptSecret, '');
}
