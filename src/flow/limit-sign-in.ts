// Who tries passwords, codes and PINs until one fits. A try is counted before it is looked at, so that a hundred at once are a
// hundred, and given back when it was right. What somebody tries from his own address is his own affair; what is counted over
// all addresses (an account that is attacked from everywhere) never keeps out whoever has not missed from his: the first try
// from an address is looked at whatever others did.

import { addressSubject, type Counted, countOneMore, staleAt } from '../core/abuse-limits.ts';
import { lockCounts, writeCounts } from '../store/abuse-limits.ts';
import type { Tx } from '../store/database.ts';
import type { House } from './house.ts';

const windowSeconds = 3_600;

/**
 * Misses in an hour. `own`: at this account from this address; people mistype a password three times and then ask for a new
 * one. `address`: an office behind one. `house`: of one address over all accounts, where somebody tries one password on each.
 * `account`: from all addresses; `letters`: the same of letters, in one mailbox. `merchant`: whose consultants have PINs.
 */
const atMost = { own: 10, address: 60, house: 600, account: 60, letters: 10, merchant: 500 } as const;
type Counter = keyof typeof atMost;

/** What is tried: an e-mail's password, a person's code, a consultant's PIN, a SIP telephone's password; a letter to be sent. */
export interface Try {
  door: 'password' | 'code' | 'pin' | 'sip' | 'letter';
  /** Whoever is meant, whether there is such a one or not. */
  account: string;
  address: string;
  /** Whose consultant. */
  merchantId?: string;
  /** Whoever is meant was signed in from this address lately. */
  isKnownHere?: boolean;
}

interface Subject {
  counter: Counter;
  mark: Buffer;
}

export type Admitted = { outcome: 'admitted' } | { outcome: 'too_often'; retryAfterSeconds: number };

function subjectsOf(house: Pick<House, 'seal'>, { door, account, address, merchantId = '' }: Try): Subject[] {
  const here = address === '' ? 'nowhere' : addressSubject(address);
  const subject = (counter: Counter, who: string): Subject => ({
    counter,
    mark: house.seal.mark(`${counter}\n${door}\n${merchantId}\n${who}`, 'sign-in'),
  });
  return [
    subject('own', `${account}\n${here}`),
    subject('address', here),
    subject('house', here),
    subject(door === 'letter' ? 'letters' : 'account', account),
    ...(merchantId === '' ? [] : [subject('merchant', '')]),
  ];
}

/** One more try, if he may: counted, and to be given back when it was right. */
export async function countTry(house: House, tx: Tx, tried: Try): Promise<Admitted> {
  const now = house.clock.now();
  const subjects = subjectsOf(house, tried);
  const counted = await lockCounts(
    tx,
    subjects.map(({ mark }) => mark),
    staleAt(windowSeconds, now),
  );
  const answers = subjects.map(({ counter, mark }, place) => ({
    counter,
    mark,
    answer: countOneMore(counted[place] ?? [], windowSeconds, atMost[counter], now),
  }));
  const isFirst = countedNow(counted[0] ?? [], now) === 0 && isLooked(tried);
  const full = answers.find(
    ({ counter, answer }) =>
      answer.outcome === 'too_many' && (counter === 'own' || counter === 'house' || !isFirst),
  );
  if (full?.answer.outcome === 'too_many') {
    return { outcome: 'too_often', retryAfterSeconds: full.answer.retryAfterSeconds };
  }
  await writeCounts(
    tx,
    answers.flatMap(({ mark, answer }) =>
      answer.outcome === 'counted' ? [{ subject: mark, counted: answer.counted }] : [],
    ),
  );
  return { outcome: 'admitted' };
}

/**
 * Whether a first try from an address is looked at whatever others did. Not of a letter: ten came within the hour, and each of
 * them holds. Not of a code from where its owner never was: who tries those has his password, and a new one shuts him out.
 */
function isLooked({ door, isKnownHere }: Try): boolean {
  if (door === 'letter') return false;
  return door !== 'code' || isKnownHere === true;
}

/** It was right: his misses here are forgotten, and this try counts nowhere. */
export async function giveTryBack(house: House, tx: Tx, tried: Try): Promise<void> {
  const now = house.clock.now();
  const subjects = subjectsOf(house, tried);
  const counted = await lockCounts(
    tx,
    subjects.map(({ mark }) => mark),
    staleAt(windowSeconds, now),
  );
  await writeCounts(
    tx,
    subjects.map(({ counter, mark }, place) => ({
      subject: mark,
      counted: counter === 'own' ? [] : oneLess(counted[place] ?? []),
    })),
  );
}

function countedNow(counted: Counted, now: Date): number {
  const answer = countOneMore(counted, windowSeconds, 1, now);
  return answer.outcome === 'counted' ? 0 : 1;
}

function oneLess(counted: Counted): Counted {
  const last = counted.at(-1);
  if (!last) return [];
  return last[1] > 1 ? [...counted.slice(0, -1), [last[0], last[1] - 1]] : counted.slice(0, -1);
}
