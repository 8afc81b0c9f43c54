// What goes wrong in one run, written down: a seed draws a plan, a plan is JSON, a failure is shrunk by taking faults out of
// its plan, and a fixture is a scenario with its plan.

import type { LinkLoss } from './sim-switch-wire.ts';

/** What a gateway does to the outside. One transaction of the database is one act. `server`: the merchant's own is asked, or told. `room`: a card room. */
export type ActKind =
  | 'transaction'
  | 'query'
  | 'lease'
  | 'switch'
  | 'processor'
  | 'notice'
  | 'server'
  | 'room'
  | 'mail'
  | 'spool';

/**
 * What becomes of one act. Those before the line are the kernel's doing and mean the same for every kind; the others are
 * handed to whoever performs the act (`perform(fault)`), who knows what they mean there.
 */
export type ActFaultName =
  | 'crash_before'
  | 'crash_after'
  /** Carried out, but no answer comes until the deadline. */
  | 'lose_answer'
  /** Never arrives; no answer comes until the deadline. */
  | 'lose_request'
  /** Carried out only after `ms`. */
  | 'slow'
  // ---------------------------------------------------------------------------------------------------------------
  /** transaction: 40001 or 40P01 at its end, nothing written. */
  | 'conflict'
  /** switch: refused (`-ERR`); processor: 500 answered, nothing done, not kept under the key; server: 500. */
  | 'refused'
  /** processor: 500 answered and kept under the key for 24 h; `_done`: although it was carried out. */
  | 'saved_500'
  | 'saved_500_done';

export interface ActFault {
  /** The nth act of this kind by any gateway, from 1. */
  act: ActKind;
  nth: number;
  fault: ActFaultName;
  ms?: number;
}

/** Something that befalls the world at an instant, and ends after `forMs` where it is a state. */
export interface WorldFault {
  /** After the start of the run; with `ofTalk`, after the beginning of that talk. */
  atMs: number;
  /** The nth talk of the run, from 1, on whichever switch. Where it never comes about, nothing befalls. */
  ofTalk?: number;
  fault: WorldFaultName;
  /** `gw1`, `fs1`; absent where there is one of it. */
  target?: string;
  forMs?: number;
  /** Of a lost link: what becomes of its events, and whether anybody is told that it is cut (sim-switch-link). */
  how?: LinkLoss;
}

export type WorldFaultName =
  | 'gateway_killed' // comes back after forMs
  | 'gateway_frozen' // SIGSTOP for forMs
  | 'leases_unanswered' // of a gateway, whose other connections to the database work: it believes longer than it should, for forMs
  | 'database_away' // for forMs
  | 'link_lost' // every gateway's event socket to `target` for forMs, or one's (`fs1/gw1`); what happens meanwhile is not told
  | 'switch_crashed' // legs and their records gone, a new core uuid after forMs
  | 'switch_stopped' // a clean stop: legs hung up, records lost; back after forMs
  | 'processor_silent' // for forMs
  | 'processor_keys_pruned' // as if 24 h had passed for them
  | 'merchant_down' // for forMs
  | 'card_room_died'; // of a gateway, in the midst of its entries; another is there after forMs

/** By these odds something of the world goes wrong whenever it could, until the world is healed. */
export type ChanceName =
  | 'event_dropped'
  | 'event_doubled'
  | 'event_late'
  | 'cdr_spooled' // its post was not answered: it lies in the spool
  | 'cdr_lost'
  | 'cdr_doubled'
  | 'hint_lost'
  | 'hint_doubled'
  | 'hint_late' // up to days
  | 'notify_lost' // a notification of the database
  | 'list_lags' // `show channels` knows less, or more, than there is
  | 'merchant_refuses' // 5xx, or no answer
  | 'merchant_gone' // 410
  | 'card_room_dies'; // in the midst of an entry

export interface FaultPlan {
  acts: readonly ActFault[];
  world: readonly WorldFault[];
  chances: Readonly<Partial<Record<ChanceName, number>>>;
}

export const noFaults: FaultPlan = { acts: [], world: [], chances: {} };
