// Who tries cards by telephone until one fits. Refused cards are counted by the number they came from, by the number that was dialled
// and by the merchant, in the transaction that writes the refusal down. Whoever has had too many goes through the same steps and hears
// the same refusal, and the processor is not asked. Who calls from a number of his own that was refused nothing is never kept out by
// what others tried.

import { type Counted, countOneMore, staleAt } from '../core/abuse-limits.ts';
import type { E164 } from '../core/ids.ts';
import type { Cli } from '../core/known-caller.ts';
import { lockCounts, writeCounts } from '../store/abuse-limits.ts';
import type { Tx } from '../store/database.ts';
import type { House } from './house.ts';

const windowSeconds = 3_600;

/**
 * Refused cards in an hour. Three in a call are a mistyped number, a second card, a bank that says no; nobody needs more than two such
 * calls. What tests stolen cards needs hundreds.
 */
const atMost = { cli: 6, ddi: 40, merchant: 120 } as const;
type Counter = keyof typeof atMost;

/** Kept with what is asked of the processor, so that whoever writes down the refusal counts it. */
export type CardTries = readonly { counter: Counter; mark: string }[];

export function triesOf(house: House, merchantId: string, { cli, ddi }: { cli: Cli; ddi: E164 }): CardTries {
  const one = (counter: Counter, who: string): CardTries[number] => ({
    counter,
    mark: house.seal.mark(`${counter}\n${merchantId}\n${who}`, 'refused card').toString('base64url'),
  });
  return [
    ...(cli.trust === 'withheld' ? [] : [one('cli', cli.number)]),
    one('ddi', ddi),
    one('merchant', ''),
  ];
}

async function counted(house: House, tx: Tx, tries: CardTries): Promise<readonly Counted[]> {
  const marks = tries.map(({ mark }) => Buffer.from(mark, 'base64url'));
  const found = await lockCounts(tx, marks, staleAt(windowSeconds, house.clock.now()));
  return tries.map((_, place) => found[place] ?? []);
}

export async function mayTryCard(house: House, tx: Tx, tries: CardTries): Promise<boolean> {
  const counts = await counted(house, tx, tries);
  const now = house.clock.now();
  const own = tries.findIndex(({ counter }) => counter === 'cli');
  const wasRefused = own < 0 || (counts[own] ?? []).length > 0;
  return tries.every(({ counter }, place) => {
    const answer = countOneMore(counts[place] ?? [], windowSeconds, atMost[counter], now);
    return answer.outcome === 'counted' || (counter !== 'cli' && !wasRefused);
  });
}

export async function countRefusedCard(house: House, tx: Tx, tries: CardTries): Promise<void> {
  const counts = await counted(house, tx, tries);
  const now = house.clock.now();
  await writeCounts(
    tx,
    tries.flatMap(({ counter, mark }, place) => {
      const one = countOneMore(counts[place] ?? [], windowSeconds, atMost[counter], now);
      return one.outcome === 'counted'
        ? [{ subject: Buffer.from(mark, 'base64url'), counted: one.counted }]
        : [];
    }),
  );
}
