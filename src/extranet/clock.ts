// Time as the house has it. A phone's clock may be minutes off; a call's seconds are counted from an instant the house
// named, so they are counted on the house's clock, as far as the dates of its answers tell it.

import { useSyncExternalStore } from 'react';

let offsetMs = 0;

/** `date` of an answer that took so long; whole seconds, so that less than two apart means nothing. */
export function clockHeard(date: string | null, tookMs: number): void {
  if (date === null) return;
  const theirs = Date.parse(date) + 500;
  if (Number.isNaN(theirs) || tookMs > 3_000) return;
  const apart = theirs - (Date.now() - tookMs / 2);
  offsetMs = Math.abs(apart) < 2_000 ? 0 : apart;
}

export function houseNow(): number {
  return Date.now() + offsetMs;
}

// One beat for everything that counts, so that two clocks on a page never disagree.
const hearers = new Set<() => void>();
let beat: number | undefined;
let shown = Math.floor(houseNow() / 1_000);

function hear(act: () => void): () => void {
  hearers.add(act);
  beat ??= window.setInterval(() => {
    shown = Math.floor(houseNow() / 1_000);
    for (const hearer of hearers) hearer();
  }, 1_000);
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
