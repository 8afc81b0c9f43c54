// How long this conversation may last: the smallest of what the caller chose, what the merchant allows on the line, what
// the tariff allows and what the authorized money pays for. And the inverse, what must be held on a card for it.

import type { Money } from './money.ts';
import { affordableSeconds, longestTalkSeconds, priceOfSeconds } from './rating.ts';
import type { Tariff } from './tariff.ts';

export interface TalkWanted {
  tariff: Tariff;
  /** What the caller chose, whole seconds, at least 1. */
  chosenSeconds: number;
  /** The merchant's longest talk on this line, whole seconds, at least 1. */
  lineMaximumSeconds?: number;
  /** What may be taken at the end, in the tariff's currency. */
  authorized: Money;
}

export type TalkLimit = { outcome: 'limit'; seconds: number } | { outcome: 'not_affordable' };

/**
 * The talk limit in whole seconds, at least 1. `not_affordable`: the money does not pay for one second of talk, no bridge.
 * Throws (a bug) on another currency than the tariff's and on wishes that are not whole seconds.
 */
export function talkLimit({ tariff, chosenSeconds, lineMaximumSeconds, authorized }: TalkWanted): TalkLimit {
  assertSeconds(chosenSeconds);
  if (lineMaximumSeconds !== undefined) assertSeconds(lineMaximumSeconds);
  const affordable = affordableSeconds(tariff, authorized);
  if (affordable === undefined || affordable === 0) return { outcome: 'not_affordable' };
  return { outcome: 'limit', seconds: Math.min(chosenSeconds, lineMaximumSeconds ?? Infinity, affordable) };
}

/**
 * What must be authorized so that `chosenSeconds` may be talked, or as many of them as the tariff allows. No shorter talk
 * costs more, so this covers every way the call can end. Zero where the talk is free.
 */
export function holdFor(tariff: Tariff, chosenSeconds: number): Money {
  assertSeconds(chosenSeconds);
  return priceOfSeconds(
    tariff,
    Math.min(chosenSeconds, tariff.maximumSeconds ?? Infinity, longestTalkSeconds),
  );
}

function assertSeconds(seconds: number): void {
  if (!Number.isSafeInteger(seconds) || seconds < 1) {
    throw new Error(`A talk is limited to whole seconds from 1, not ${seconds}`);
  }
}
