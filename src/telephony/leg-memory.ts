// What a gateway happens to remember of the legs it commands. All of it may be lost at any time and is found out again from
// the switch; none of it is needed to read an event. Bounded: a leg is forgotten when it ends, or when its guard is long due.

import type { LegUuid } from '../core/ids.ts';
import type { Clock } from '../flow/ports.ts';
import type { askDigits, kill } from './dial-string.ts';

interface ArmedTask {
  task: string;
  dueMs: number;
}

export type EntryQuestion = Omit<Parameters<typeof askDigits>[1], 'turn'>;

export interface NumberEntry {
  /** Tells one asking from another of the same request. */
  turn: string;
  over: boolean;
  /** It was ended by its greatest length: a terminator may still be on its way. */
  endedFull: boolean;
  /** Asked once more if nothing comes but a terminator, which then belongs to the number before. */
  question?: EntryQuestion;
}

export interface LegMemory {
  /** `dueMs`: our own monotonic time at which the switch ends the leg. One long due is dead. */
  guard?: ArmedTask;
  /** No answer said that a guard was set, or that the one before was taken away: another may stand. */
  guardUnanswered?: boolean;
  /** Of B: what ends its talk at the limit, and what stands behind that. */
  limit?: ArmedTask;
  behind?: ArmedTask;
  /** Of B: a limit was armed and no answer came: it may stand. */
  limitUnanswered?: boolean;
  /** Of A: when the limit of its newest talk is due. */
  talkDueMs?: number;
  /** We had it rung, or took it as the first, so nobody armed anything for it before us. */
  ours?: boolean;
  music?: { turn: number; broken: boolean };
  /** Music of the gateway before us was looked for. */
  lookedForMusic?: boolean;
  /** The number last asked for. */
  entry?: NumberEntry;
  /** He was told to speak: `turn` tells one order from another of the same request. */
  speech?: { turn: string; over: boolean };
  /** Its originate is under way: no BACKGROUND_JOB yet. */
  job?: string;
  /** CHANNEL_CREATE was seen: from here on CHANNEL_HANGUP_COMPLETE tells its end. */
  created: boolean;
  /** Hung up before the switch had made it. */
  killOnCreation?: Parameters<typeof kill>[1];
}

const prunedAt = 10_000;
/** The switch fires within 2 s of the due time; the end of the leg is heard at once after that. */
const longDueMs = 10_000;

export class KnownLegs {
  readonly #clock: Clock;
  readonly #legs = new Map<LegUuid, LegMemory>();
  readonly #jobs = new Map<string, LegUuid>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `undefined`: a leg of the gateway before us, or none at all. */
  get(leg: LegUuid): LegMemory | undefined {
    return this.#legs.get(leg);
  }

  /** A leg that lives, as far as we know. */
  recall(leg: LegUuid): LegMemory {
    let memory = this.#legs.get(leg);
    if (memory === undefined) {
      // Legs whose end we missed (link down) or that were dead when commanded would stay for ever.
      if (this.#legs.size % prunedAt === prunedAt - 1) this.prune();
      memory = { created: true };
      this.#legs.set(leg, memory);
    }
    return memory;
  }

  /** A leg the switch is about to make, by this job. */
  expect(leg: LegUuid, job: string): void {
    const memory = this.recall(leg);
    memory.job = job;
    memory.created = false;
    memory.ours = true;
  }

  /** The job is under way: its end must find the leg. */
  beginJob(job: string, leg: LegUuid): void {
    this.#jobs.set(job, leg);
  }

  endJob(job: string): LegUuid | undefined {
    const leg = this.#jobs.get(job);
    this.#jobs.delete(job);
    const memory = leg === undefined ? undefined : this.#legs.get(leg);
    if (memory?.job === job) delete memory.job;
    return leg;
  }

  /** The link is down: their ends will not be heard. */
  endAllJobs(): void {
    for (const job of [...this.#jobs.keys()]) this.endJob(job);
  }

  forget(leg: LegUuid): void {
    this.#legs.delete(leg);
  }

  forgetAll(): void {
    this.#legs.clear();
  }

  prune(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [leg, { guard, behind, limit, talkDueMs }] of this.#legs) {
      const due = [guard?.dueMs, limit?.dueMs, behind?.dueMs, talkDueMs].filter((ms) => ms !== undefined);
      if (due.length > 0 && Math.max(...due) + longDueMs < nowMs) this.#legs.delete(leg);
    }
  }
}

/** Commands for one leg go out one after the other, whatever each of them waits for; legs do not wait for each other. */
export class LegTurns {
  readonly #last = new Map<LegUuid, Promise<void>>();

  /** `act` runs when everything ordered earlier for any of these legs has its answer. */
  take<T>(legs: readonly LegUuid[], act: () => Promise<T>): Promise<T> {
    const turn = Promise.all(legs.map((leg) => this.#last.get(leg) ?? Promise.resolve())).then(act);
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    for (const leg of legs) this.#last.set(leg, settled);
    void settled.then(() => {
      for (const leg of legs) if (this.#last.get(leg) === settled) this.#last.delete(leg);
    });
    return turn;
  }
}
