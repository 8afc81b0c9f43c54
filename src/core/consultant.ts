// Whether a consultant may be rung now. Here: the rule alone; claims are made and released in the store, by
// compare-and-set, so that two callers never win the same consultant, and the same rule stands there as a condition
// (store/consultants), held to this one by a test.

import type { Shift } from './schedule.ts';

/**
 * What he, or his merchant for him, has set. `backAt`: it holds until then, and he is available by himself afterwards. Of
 * `available`: until then he works whatever his hours say; afterwards his hours decide again.
 */
export type ConsultantSetting =
  | { is: 'available'; backAt?: Date }
  | { is: 'break'; reason?: string; backAt?: Date }
  | { is: 'away'; backAt?: Date };

export interface ConsultantState {
  setting: ConsultantSetting;
  /** Calls he left unanswered, or refused, in a row: too many, and he is left alone until he says that he is there. */
  pausedAt?: Date;
  /** His hours: those under way, or the next. `always`: he has none. `never`: none ahead. */
  hours: Shift | 'always' | 'never';
  /** The call session or order that has him. */
  claimedBy?: string;
  /** When a soft claim lapses. */
  claimedUntil?: Date;
  /** `soft`: a page is open or his phone rings; it expires. `hard`: he accepted; only the end of the call releases it. */
  claim?: 'soft' | 'hard';
  /** After a talk he writes down what he has to. */
  wrapUpUntil?: Date;
}

export const unreachableBecause = ['away', 'break', 'paused', 'off_hours', 'busy', 'wrap_up'] as const;
export type UnreachableBecause = (typeof unreachableBecause)[number];

/** `until`: when that ends by itself, where it does. */
export type Reachable = { reachable: true } | { reachable: false; because: UnreachableBecause; until?: Date };

/**
 * `forSession`: who asks; his own claim is no obstacle. What comes first decides:
 *
 *   1  his own word        away, a break: until `backAt`. Who went on a break while a page held him is not rung.
 *   2  a pause             he missed too many calls; only he ends it, or his merchant.
 *   3  his hours           unless he said that he works in spite of them.
 *   4  somebody has him    a claim without an end holds until it is released: an unclear claim must never ring a phone in
 *                          the middle of a talk.
 *   5  the wrap-up         after a talk.
 */
export function reachable(consultant: ConsultantState, now: Date, forSession?: string): Reachable {
  const { setting, pausedAt, wrapUpUntil } = consultant;
  const isAhead = (instant: Date | undefined): instant is Date =>
    instant !== undefined && instant.getTime() > now.getTime();
  const not = (because: UnreachableBecause, until?: Date): Reachable => ({
    reachable: false,
    because,
    ...(isAhead(until) && { until }),
  });

  if (setting.is !== 'available' && (setting.backAt === undefined || isAhead(setting.backAt))) {
    return not(setting.is, setting.backAt);
  }
  if (pausedAt) return not('paused');
  const inSpiteOfHours = setting.is === 'available' && isAhead(setting.backAt);
  if (!inSpiteOfHours) {
    const { hours } = consultant;
    if (hours === 'never') return not('off_hours');
    if (hours !== 'always' && !(hours.from.getTime() <= now.getTime() && isAhead(hours.to))) {
      return not('off_hours', hours.from);
    }
  }
  const { claimedBy, claim, claimedUntil } = consultant;
  const isHis = claimedBy !== undefined && claimedBy === forSession;
  if (isHis) return { reachable: true };
  if (claimedBy !== undefined) {
    const lapsed = claim !== 'hard' && claimedUntil !== undefined && !isAhead(claimedUntil);
    if (!lapsed) return claim === 'hard' ? not('busy') : not('busy', claimedUntil);
  }
  return isAhead(wrapUpUntil) ? not('wrap_up', wrapUpUntil) : { reachable: true };
}

/** Whether he works now, whoever has him: worth waiting for. */
export function isAtWork(consultant: ConsultantState, now: Date): boolean {
  const { setting, pausedAt, hours } = consultant;
  return reachable({ setting, hours, ...(pausedAt && { pausedAt }) }, now).reachable;
}

/** What lasts of his state: calls that come and go, and the minutes after one, are told to nobody. */
export const toldStates = ['at_work', 'away', 'break', 'paused', 'off_hours'] as const;
export type ToldState = (typeof toldStates)[number];

export function toldStateOf({ setting, hours, pausedAt }: ConsultantState, now: Date): ToldState {
  const { reachable: isReachable, ...not } = reachable(
    { setting, hours, ...(pausedAt && { pausedAt }) },
    now,
  );
  const because = !isReachable && 'because' in not ? not.because : undefined;
  return because === undefined || because === 'busy' || because === 'wrap_up' ? 'at_work' : because;
}

/** His setting as it holds now: a break or an absence he has come back from is over, and so is work in spite of his hours. */
export function settingNow(setting: ConsultantSetting, now: Date): ConsultantSetting {
  return setting.backAt !== undefined && setting.backAt.getTime() <= now.getTime()
    ? { is: 'available' }
    : setting;
}

/** Whoever has no hours ahead is looked at again then: days off that recur, and a year we did not look beyond. */
const neverAgainLookedAtMs = 30 * 24 * 60 * 60 * 1000;

/** When his state changes next by the clock alone; `undefined`: it does not. */
export function changesAt({ setting, hours, wrapUpUntil }: ConsultantState, now: Date): Date | undefined {
  const ahead = [
    setting.backAt,
    ...(typeof hours === 'object' ? [hours.from, hours.to] : []),
    wrapUpUntil,
    hours === 'never' ? new Date(now.getTime() + neverAgainLookedAtMs) : undefined,
  ].filter((instant) => instant !== undefined && instant.getTime() > now.getTime());
  return ahead.reduce((first, one) => (first === undefined || (one && one < first) ? one : first), undefined);
}

/** His state as everybody is told it: pages, notices, the API. Instants ISO 8601 in UTC. */
export interface SaidState {
  reachable: boolean;
  because: UnreachableBecause | null;
  until: string | null;
  /** Of a break, as he wrote it. */
  reason: string | null;
}

export function sayState(consultant: ConsultantState, now: Date): SaidState {
  const is = reachable(consultant, now);
  const { setting } = consultant;
  if (is.reachable) return { reachable: true, because: null, until: null, reason: null };
  return {
    reachable: false,
    because: is.because,
    until: is.until?.toISOString() ?? null,
    reason: is.because === 'break' && setting.is === 'break' ? (setting.reason ?? null) : null,
  };
}

/** How one ring of his phone ended, as far as it says something of him. */
export type Rung = 'accepted' | 'unanswered' | 'refused' | 'busy';

/**
 * `because` of a call session's `consultant_missed`. Who picks up and hangs up on the offer has refused it; a voicemail presses
 * no key. What the network could not bring to his phone says nothing of him: a trunk that is down would else pause everybody.
 */
export function rungOf(because: string): Rung | undefined {
  switch (because) {
    case 'no_answer':
    case 'no_key':
      return 'unanswered';
    case 'refused':
    case 'rejected':
    case 'hung_up':
      return 'refused';
    case 'busy':
      return 'busy';
    default:
      return undefined;
  }
}

/** Of why each of his phones did not reach him: what says most of him. There is one at least. */
export function mostTelling(reasons: readonly string[]): string {
  const says: readonly (Rung | undefined)[] = ['refused', 'busy', 'unanswered', undefined];
  return says.flatMap((rung) => reasons.filter((because) => rungOf(because) === rung))[0] ?? 'failed';
}

export interface MissLimits {
  /** So many in a row pause him; 0: never. */
  unanswered: number;
  refused: number;
}

export const usualMissLimits: MissLimits = { unanswered: 3, refused: 5 };

export interface Misses {
  unanswered: number;
  refused: number;
}

/**
 * Counts what became of a ring. A phone that is busy has its owner on it: that is no miss. `pause`: he has missed so many
 * in a row that callers should not wait for him.
 */
export function countRing(
  misses: Misses,
  rung: Rung,
  limits: MissLimits,
): { misses: Misses; pause: boolean } {
  switch (rung) {
    case 'accepted':
      return { misses: { unanswered: 0, refused: 0 }, pause: false };
    case 'busy':
      return { misses, pause: false };
    case 'unanswered':
    case 'refused': {
      const counted = { ...misses, [rung]: misses[rung] + 1 };
      return { misses: counted, pause: limits[rung] > 0 && counted[rung] >= limits[rung] };
    }
  }
}
