// Time as the house has it. A phone's clock may be minutes off; a call's seconds are counted from an instant the house
// named, so they are counted on the house's clock, as far as the dates of its answers tell it.

import { useSyncExternalStore } from 'react';

/** What the house's clock shows when ours of the page shows zero. */
let houseStart = Number.NEGATIVE_INFINITY;

/**
 * `date`: of an answer that has just come. It was cut to the second and was on its way: what it tells is at most a little too
 * early, never too late, and the latest of all is the nearest. On the page's own clock, which nobody sets.
 */
export function clockHeard(date: string | null): void {
  const theirs = date === null ? Number.NaN : Date.parse(date);
  if (!Number.isNaN(theirs)) houseStart = Math.max(houseStart, theirs - performance.now());
}

/** Devices that are right are believed to the millisecond. */
const rightWithinMs = 3_000;

export function houseNow(): number {
  const own = Date.now();
  const theirs = houseStart + performance.now();
  return Math.abs(theirs - own) < rightWithinMs || houseStart === Number.NEGATIVE_INFINITY ? own : theirs;
}

// One beat for everything that counts, so that two clocks on a page never disagree.
const hearers = new Set<() => void>();
let beat: number | undefined;
let shown = Math.floor(houseNow() / 1_000);

function hear(act: () => void): () => void {
  hearers.add(act);
  if (beat === undefined) {
    const look = (): void => {
      shown = Math.floor(houseNow() / 1_000);
      for (const hearer of hearers) hearer();
    };
    beat = window.setInterval(look, 1_000);
    // What was shown last is as old as the last clock on this page.
    look();
  }
  return () => {
    hearers.delete(act);
    if (hearers.size === 0) {
      window.clearInterval(beat);
      beat = undefined;
    }
  };
}

/** Milliseconds since 1970 on the house's clock, once a second. */
export function useNow(): number {
  return useSyncExternalStore(hear, () => shown) * 1_000;
}
