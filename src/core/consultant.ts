// Whether a consultant may be rung now. Here: the rule alone; claims are made and released in the store, by
// compare-and-set, so that two callers never win the same consultant.

export interface ConsultantAvailability {
  /** What the consultant set himself. */
  setting: 'available' | 'break' | 'away';
  /** The call session or order that has him. */
  claimedBy?: string;
  /** When a soft claim lapses. */
  claimedUntil?: Date;
  /** `soft`: a page is open or his phone rings; it expires. `hard`: he accepted; only the end of the call releases it. */
  claim?: 'soft' | 'hard';
}

export type Reachable = { reachable: true } | { reachable: false; because: 'break' | 'away' | 'busy' };

/**
 * `forSession`: who asks; his own claim is no obstacle. The consultant's own setting comes first: who went on a break while
 * a page held him is not rung.
 *
 * A claim without an end holds until it is released: an unclear claim must never ring a phone in the middle of a talk.
 */
export function reachable(c: ConsultantAvailability, now: Date, forSession?: string): Reachable {
  if (c.setting !== 'available') return { reachable: false, because: c.setting };
  if (c.claimedBy === undefined || c.claimedBy === forSession) return { reachable: true };
  const lapsed =
    c.claim !== 'hard' && c.claimedUntil !== undefined && c.claimedUntil.getTime() <= now.getTime();
  return lapsed ? { reachable: true } : { reachable: false, because: 'busy' };
}
