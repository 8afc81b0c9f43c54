// Who tries codes and PINs until one fits. What led to nothing is counted by the number it came from (on a page, by the address),
// by the number that was dialled, by the merchant and by the account it was aimed at; whoever has tried too often hears what any wrong code hears,
// and the merchant's server is not asked. An honest client is never locked out by somebody else's tries: what is counted for
// all (DDI, merchant, account) keeps out only those who hide their number or have missed themselves. Access codes are counted
// likewise, apart from the others: by address, or by the number of whoever keys them, by the code that was tried, by what it should
// open, and by the merchant.

import { addressSubject, type Counted, countOneMore, staleAt } from '../core/abuse-limits.ts';
import type { CallerQuestion, Cli } from '../core/known-caller.ts';
import { lockCounts, writeCounts } from '../store/abuse-limits.ts';
import type { Tx } from '../store/database.ts';
import type { House } from './house.ts';

const windowSeconds = 3_600;

/** Misses in an hour. People mistype a code twice, and call again; who tries all of four digits needs thousands. */
const atMost = {
  cli: 10,
  address: 10,
  account: 20,
  ddi: 100,
  merchant: 500,
  // Of access codes. One that is used up is tried by everybody it was passed on to: that says nothing about the others.
  code: 20,
  resource: 300,
  doors: 500,
} as const;
type Counter = keyof typeof atMost;

/** A code keyed on the telephone, or given on a page by a visitor from this address; an access code, wherever it was given. */
export type Guess =
  Pick<CallerQuestion, 'cli' | 'ddi' | 'clientCode'> | { ip: string; clientCode: string } | AccessGuess;

export interface AccessGuess {
  /** Where he comes from; empty: nobody knows. On the telephone: who calls. */
  from: { ip: string } | { cli: Cli };
  /** What it should open, by its id. */
  resource: string;
  accessCode: string;
}

interface Subject {
  counter: Counter;
  mark: Buffer;
}

function subjectsOf(house: House, merchantId: string, guess: Guess): Subject[] {
  const subject = (counter: Counter, who: string): Subject => ({
    counter,
    mark: house.seal.mark(`${counter}\n${merchantId}\n${who}`, 'guess'),
  });
  const own = (from: { ip: string } | { cli: Cli }): Subject[] => {
    if ('cli' in from) return from.cli.trust === 'withheld' ? [] : [subject('cli', from.cli.number)];
    return from.ip === '' ? [] : [subject('address', addressSubject(from.ip))];
  };
  if ('accessCode' in guess) {
    const { resource, accessCode, from } = guess;
    return [
      ...own(from),
      subject('code', `${resource}\n${accessCode}`),
      subject('resource', resource),
      subject('doors', ''),
    ];
  }
  const { clientCode } = guess;
  return [
    ...own(guess),
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
  return (await guessAgainIn(house, tx, merchantId, guess)) === undefined;
}

/** Seconds until he may try again; `undefined`: he may now. */
export async function guessAgainIn(
  house: House,
  tx: Tx,
  merchantId: string,
  guess: Guess,
): Promise<number | undefined> {
  if (isNone(guess)) return undefined;
  const now = house.clock.now();
  const counts = await countsOf(house, tx, merchantId, guess, now);
  const isHis = (counter: Counter): boolean => counter === 'cli' || counter === 'address';
  const own = counts.find((one) => isHis(one.counter));
  const missedHimself = own === undefined || own.counted.length > 0;
  const waits = counts.flatMap(({ counter, counted }) => {
    const answer = countOneMore(counted, windowSeconds, atMost[counter], now);
    const counts = isHis(counter) || missedHimself;
    return answer.outcome === 'too_many' && counts ? [answer.retryAfterSeconds] : [];
  });
  return waits.length === 0 ? undefined : Math.max(...waits);
}

function isNone(guess: Guess): boolean {
  return !('accessCode' in guess) && guess.clientCode === undefined;
}

/** What he keyed led to nothing. */
export async function countGuess(house: House, tx: Tx, merchantId: string, guess: Guess): Promise<void> {
  if (isNone(guess)) return;
  const now = house.clock.now();
  const more: { subject: Buffer; counted: Counted }[] = [];
  for (const { counter, mark, counted } of await countsOf(house, tx, merchantId, guess, now)) {
    const one = countOneMore(counted, windowSeconds, atMost[counter], now);
    if (one.outcome === 'counted') more.push({ subject: mark, counted: one.counted });
  }
  await writeCounts(tx, more);
}
