// Who tries codes and PINs until one fits. What led to nothing is counted by the number it came from, by the number that was
// dialled, by the merchant and by the account it was aimed at; whoever has tried too often hears what any wrong code hears,
// and the merchant's server is not asked. An honest client is never locked out by somebody else's tries: what is counted for
// all (DDI, merchant, account) keeps out only those who hide their number or have missed themselves.

import { type Counted, countOneMore, staleAt } from '../core/abuse-limits.ts';
import type { CallerQuestion } from '../core/known-caller.ts';
import { lockCounts, writeCounts } from '../store/abuse-limits.ts';
import type { Tx } from '../store/database.ts';
import type { House } from './house.ts';

const windowSeconds = 3_600;

/** Misses in an hour. People mistype a code twice, and call again; who tries all of four digits needs thousands. */
const atMost = { cli: 10, account: 20, ddi: 100, merchant: 500 } as const;
type Counter = keyof typeof atMost;

interface Subject {
  counter: Counter;
  mark: Buffer;
}

function subjectsOf(house: House, merchantId: string, question: CallerQuestion): Subject[] {
  const { cli, ddi, clientCode } = question;
  const subject = (counter: Counter, who: string): Subject => ({
    counter,
    mark: house.seal.mark(`${counter}\n${merchantId}\n${who}`, 'guess'),
  });
  return [
    ...(cli.trust === 'withheld' ? [] : [subject('cli', cli.number)]),
    ...(clientCode === undefined ? [] : [subject('account', clientCode)]),
    subject('ddi', ddi),
    subject('merchant', ''),
  ];
}

/** Whether this caller may try one more; what he keyed is not looked at when he may not. */
export async function mayGuess(
  house: House,
  tx: Tx,
  merchantId: string,
  question: CallerQuestion,
): Promise<boolean> {
  if (question.clientCode === undefined) return true;
  const subjects = subjectsOf(house, merchantId, question);
  const now = house.clock.now();
  const counted = await lockCounts(
    tx,
    subjects.map((one) => one.mark),
    staleAt(windowSeconds, now),
  );
  const full = (counter: Counter): boolean =>
    subjects.some(
      (one, place) =>
        one.counter === counter &&
        countOneMore(counted[place] ?? [], windowSeconds, atMost[counter], now).outcome === 'too_many',
    );
  if (full('cli')) return false;
  const own = subjects.findIndex((one) => one.counter === 'cli');
  const missedHimself = own < 0 || (counted[own]?.length ?? 0) > 0;
  return !missedHimself || !(full('account') || full('ddi') || full('merchant'));
}

/** What he keyed led to nothing. */
export async function countGuess(
  house: House,
  tx: Tx,
  merchantId: string,
  question: CallerQuestion,
): Promise<void> {
  if (question.clientCode === undefined) return;
  const subjects = subjectsOf(house, merchantId, question);
  const now = house.clock.now();
  const counted = await lockCounts(
    tx,
    subjects.map((one) => one.mark),
    staleAt(windowSeconds, now),
  );
  const more: { subject: Buffer; counted: Counted }[] = [];
  for (const [place, { counter, mark }] of subjects.entries()) {
    const one = countOneMore(counted[place] ?? [], windowSeconds, atMost[counter], now);
    if (one.outcome === 'counted') more.push({ subject: mark, counted: one.counted });
  }
  await writeCounts(tx, more);
}
