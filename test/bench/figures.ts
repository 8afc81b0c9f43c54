// From what happened to what is printed: quantiles, whether a rate was held, whether everybody got his money's worth.

import type { CallInstants } from './measured-database.ts';
import type { Begun } from './order-load.ts';
import { price } from './scene.ts';

export interface Spread {
  p50: number;
  p95: number;
  p99: number;
  /** How many were measured. */
  of: number;
}

/** Nearest rank; nothing measured is NaN. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), of: sorted.length };
}

/** Milliseconds between two instants of each call that has both. */
export function between(
  calls: readonly CallInstants[],
  from: keyof CallInstants & `${string}AtMs`,
  until: keyof CallInstants & `${string}AtMs`,
): Spread {
  return spread(
    calls.flatMap((call) => {
      const [began, ended] = [call[from], call[until]];
      return began === null || ended === null ? [] : [ended - began];
    }),
  );
}

/** How far from its limit each talk that had one was cut, ms, to either side. */
export function cutDistance(calls: readonly CallInstants[]): Spread {
  return spread(
    calls
      .filter((call) => call.outcome === 'limit_reached')
      .map((call) => Math.abs(call.talkUs / 1000 - call.talkLimitSeconds * 1000)),
  );
}

/** The price of a talk by this bench's own arithmetic: every second begun, up to the limit. */
export function expectedCents(call: CallInstants): number {
  const limitUs = call.talkLimitSeconds * 1_000_000;
  const seconds = Math.ceil(Math.min(call.talkUs, limitUs) / 1_000_000);
  return price.fixedCents + price.perSecondCents * seconds;
}

/** As it should be: talked to the end expected of it, settled, captured to the cent, every notice delivered. */
export function isCorrect(call: CallInstants, outcome: 'talked' | 'limit_reached'): boolean {
  return (
    call.state === 'settled' &&
    call.outcome === outcome &&
    call.talkUs > 0 &&
    call.capturedCents === expectedCents(call) &&
    call.notices > 0 &&
    call.noticesDelivered === call.notices
  );
}

/**
 * Whether calls ended as fast as they came: as many in progress in the last third of the load as in the second one. A
 * fifth more, and four calls, are chance.
 */
export function backlogGrew(
  placed: readonly (Begun & { reference: string })[],
  calls: readonly { reference: string; settledAtMs: number | null }[],
): boolean {
  const sent = placed.map((one) => one.sentAtMs);
  const [from, until] = [Math.min(...sent), Math.max(...sent)];
  const settledAt = new Map(calls.map((call) => [call.reference, call.settledAtMs]));
  const inProgress = (atMs: number): number =>
    placed.filter((one) => {
      const settled = settledAt.get(one.reference) ?? Number.POSITIVE_INFINITY;
      return one.sentAtMs <= atMs && settled > atMs;
    }).length;
  const mean = (began: number, ended: number): number => {
    const moments = Array.from({ length: 20 }, (_, place) => began + ((ended - began) * place) / 19);
    return moments.reduce((sum, moment) => sum + inProgress(moment), 0) / moments.length;
  };
  const third = (until - from) / 3;
  return mean(from + 2 * third, until) > 1.2 * mean(from + third, from + 2 * third) + 4;
}
