// Who tries codes and PINs until one fits. What led to nothing is counted by the number it came from (on a page, by the address),
// by the number that was dialled, by the merchant and by the account it was aimed at; whoever has tried too often hears what any wrong code hears,
// and the merchant's server is not asked. An honest client is never locked out by somebody else's tries: what is counted for
// all (DDI, merchant, account) keeps out only those who hide their number or have missed themselves.

import { addressSubject, type Counted, countOneMore, staleAt } from '../core/abuse-limits.ts';
import type { CallerQuestion } from '../core/known-caller.ts';
import { lockCounts, writeCounts } from '../store/abuse-limits.ts';
import type { Tx } from '../store/database.ts';
import type { House } from './house.ts';

const windowSeconds = 3_600;

/** Misses in an hour. People mistype a code twice, and call again; who tries all of four digits needs thousands. */
const atMost = { cli: 10, address: 10, account: 20, ddi: 100, merchant: 500 } as const;
type Counter = keyof typeof atMost;

/** A code keyed on the telephone, or given on a page by a visitor from this address. */
export type Guess = Pick<CallerQuestion, 'cli' | 'ddi' | 'clientCode'> | { ip: string; clientCode: string };

interface Subject {
  counter: Counter;
  mark: Buffer;
}

function subjectsOf(house: House, merchantId: string, guess: Guess): Subject[] {
  const { clientCode } = guess;
  const subject = (counter: Counter, who: string): Subject => ({
    counter,
    mark: house.seal.mark(`${counter}\n${merchantId}\n${who}`, 'guess'),
  });
  const own = (): Subject[] => {
    if ('cli' in guess) return guess.cli.trust === 'withheld' ? [] : [subject('cli', guess.cli.number)];
    return guess.ip === '' ? [] : [subject('address', addressSubject(guess.ip))];
  };
  return [
    ...own(),
    ...(clientCode === undefined ? [] : [subject('account', clientCode)]),
    ...('ddi' in guess ? [subject('ddi', guess.ddi)] : []),
    subject('merchant', ''),
  ];
}

/** What was counted so far of everything this guess counts as; nobody else counts on it until the transaction ends. */
async function countsOf(
  house: House,
  tx: Tx,
  merchantId: string,
  guess: Guess,
  now: Date,
): Promise<(Subject & { counted: Counted })[]> {
  const subjects = subjectsOf(house, merchantId, guess);
  const marks = subjects.map((one) => one.mark);
  const counted = await lockCounts(tx, marks, staleAt(windowSeconds, now));
  return subjects.map((one, place) => ({ ...one, counted: counted[place] ?? [] }));
}

/** Whether this caller may try one more; what he keyed is not looked at when he may not. */
export async function mayGuess(house: House, tx: Tx, merchantId: string, guess: Guess): Promise<boolean> {
  if (guess.clientCode === undefined) return true;
  const now = house.clock.now();
  const counts = await countsOf(house, tx, merchantId, guess, now);
  const full = (counter: Counter): boolean =>
    counts.some(
      (one) =>
        one.counter === counter &&
        countOneMore(one.counted, windowSeconds, atMost[counter], now).outcome === 'too_many',
    );
  if (full('cli') || full('address')) return false;
  const own = counts.find((one) => one.counter === 'cli' || one.counter === 'address');
  const missedHimself = own === undefined || own.counted.length > 0;
  return !missedHimself || !(full('account') || full('ddi') || full('merchant'));
}

/** What he keyed led to nothing. */
export async function countGuess(house: House, tx: Tx, merchantId: string, guess: Guess): Promise<void> {
  if (guess.clientCode === undefined) return;
  const now = house.clock.now();
  const more: { subject: Buffer; counted: Counted }[] = [];
  for (const { counter, mark, counted } of await countsOf(house, tx, merchantId, guess, now)) {
    const one = countOneMore(counted, windowSeconds, atMost[counter], now);
    if (one.outcome === 'counted') more.push({ subject: mark, counted: one.counted });
  }
  await writeCounts(tx, more);
}
