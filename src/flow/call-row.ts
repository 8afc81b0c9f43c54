// A live call's row and the steps written to it: each event goes to the rule, and the rule's answer is written under the
// lease before anything is done about it. Here too what makes that hold when the database does not answer: events wait in
// their order, a commit nobody answered is recognized, a row somebody else has moved is followed. What is done after a step
// is call-commands'; which events there are is run-call's.

import { isDeepStrictEqual } from 'node:util';
import { advance } from '../core/advance-call.ts';
import type { CallCommand, CallEvent, CallSession } from '../core/call-session.ts';
import type { LegUuid } from '../core/ids.ts';
import { readSession, type StoredSession } from '../store/call-sessions.ts';
import { freeConsultants } from '../store/consultants.ts';
import { isDatabaseAway } from '../store/database-away.ts';
import { removeSwitchWork } from '../store/switches.ts';
import { ConsultantTaken, isDurable, narrate, writeStep, type WrittenStep } from './call-step.ts';
import type { House } from './house.ts';
import type { KeptRun } from './scenario-row.ts';

/** By what right it is written, and who acts on it. */
export interface RowKeeper {
  readonly house: House;
  /** The number every write is made under; `undefined` while the switch is not ours. */
  lease(): bigint | undefined;
  doAll(commands: readonly CallCommand[]): Promise<void>;
  /** The row has changed, by us or another; `from` is the session as it was. */
  changed(from: CallSession): void;
  /** These work rows are carried out and gone. */
  workDone(ids: readonly string[]): void;
  /** The talk is over: this has the caller's leg from here on. */
  handedOver(run: KeptRun): void;
  /** Another holds the switch. */
  lost(): void;
  /** The consultant on this leg accepted too late: another call has him. */
  taken(leg: LegUuid): Promise<void>;
}

/** `unwritten`: the database is away; it is kept, and `catchUp` takes it. `dropped`: nobody will ever take it. */
export type Taken = 'taken' | 'unwritten' | 'dropped';

/** Gives up a transaction: the session or the lease has moved on, and what was claimed for the step goes back. */
class MovedOn extends Error {}

/** "One minute left" is true for so long; a limit's own timer needs no writing and never waits. */
const warningHoldsMs = 5_000;

/** A step whose commit nobody answered: it may have been written. */
interface Uncertain {
  event: CallEvent;
  written: WrittenStep;
  work: readonly string[];
}

export class CallRow {
  readonly #keeper: RowKeeper;
  #stored: StoredSession;
  /** Work rows taken; they go with the next step that is written. */
  #work: readonly string[] = [];
  /** Told while the database was away, oldest first: the switch tells nothing twice. */
  readonly #unwritten: CallEvent[] = [];
  /** When the talk's last warning fell due (monotonic). */
  #warnedAtMs = 0;
  #uncertain: Uncertain | undefined;

  constructor(keeper: RowKeeper, stored: StoredSession) {
    this.#keeper = keeper;
    this.#stored = stored;
  }

  /** As it was last written or read, with what needed no writing since. */
  get stored(): StoredSession {
    return this.#stored;
  }

  get session(): CallSession {
    return this.#stored.session;
  }

  get work(): readonly string[] {
    return this.#work;
  }

  addWork(id: string): void {
    this.#work = [...this.#work, id];
  }

  /** It is gone from the database, or to be taken again. */
  dropWork(ids: readonly string[]): void {
    this.#work = this.#work.filter((id) => !ids.includes(id));
    this.#keeper.workDone(ids);
  }

  get isBehind(): boolean {
    return this.#unwritten.length > 0;
  }

  /**
   * One event. What cannot be written now waits in its order; a timer does not: the cut at the limit needs no writing. Throws
   * for bugs, and when the database is away (the first time: then `isBehind`).
   */
  async take(event: CallEvent): Promise<Taken> {
    if (isWarning(event)) this.#warnedAtMs = this.#keeper.house.clock.monotonicMs();
    if (this.isBehind && event.type !== 'timerDue') {
      this.#unwritten.push(event);
      return 'unwritten';
    }
    try {
      return await this.#step(event);
    } catch (error) {
      if (isDatabaseAway(error)) this.#unwritten.push(event);
      throw error;
    }
  }

  /** What waited, in its order; `isBehind` after it: the database is still away. */
  async catchUp(): Promise<void> {
    for (let event = this.#unwritten[0]; event; event = this.#unwritten[0]) {
      if (isWarning(event) && this.#uncertain?.event !== event && this.#tooLateToWarn()) {
        this.#unwritten.shift();
        continue;
      }
      try {
        await this.#step(event);
      } catch (error) {
        // Said once already, when it was first told.
        if (isDatabaseAway(error)) return;
        this.#unwritten.shift();
        throw error;
      }
      if (this.#unwritten[0] === event) this.#unwritten.shift();
    }
  }

  #tooLateToWarn(): boolean {
    return this.#keeper.house.clock.monotonicMs() - this.#warnedAtMs > warningHoldsMs;
  }

  /** The row as somebody else may have written it. */
  follow(row: StoredSession): void {
    if (row.version <= this.#stored.version) return;
    const from = this.session;
    // What is known of a talk's end and not written yet stays known.
    const { unbridgedUs, endedBy, state } = from;
    const talking = state === 'connected' && row.session.state === 'connected';
    // Nor does more time that was granted after the cut began make billable what ran past the limit it was cut at.
    const { plan } = row.session;
    const cutAt = { plan: { ...plan, talkLimitSeconds: from.plan.talkLimitSeconds } };
    const known = {
      ...(unbridgedUs !== undefined && { unbridgedUs }),
      ...(endedBy && { endedBy }),
      ...(endedBy === 'limit' && cutAt),
    };
    this.#stored = talking ? { ...row, session: { ...row.session, ...known } } : row;
    this.#keeper.changed(from);
  }

  /** Reads it again; `undefined` where it is gone. */
  async readAgain(): Promise<StoredSession | undefined> {
    const { merchantId, session } = this.#stored;
    return this.#keeper.house.db.asMerchant(merchantId, (tx) => readSession(tx, session.id));
  }

  // --- One step ------------------------------------------------------------------------------------------------

  async #step(event: CallEvent): Promise<Taken> {
    const { house } = this.#keeper;
    if (this.#uncertain && (await this.#wasWritten(event))) return 'taken';
    // Only who has agreed is joined: his consent was told to another gateway, which has written it down.
    if (event.type === 'legsBridged' && isRinging(this.session) && !hasAgreed(this.session)) {
      const row = await this.readAgain();
      if (row) this.follow(row);
    }
    const stored = this.#stored;
    const step = advance(stored.session, event);
    if (step.session === stored.session && step.commands.length === 0 && step.free.length === 0) {
      return 'taken';
    }
    if (!isDurable(step)) {
      if (step.free.length > 0) {
        await house.db.asMerchant(stored.merchantId, (tx) =>
          freeConsultants(tx, step.session.id, { only: step.free }, undefined),
        );
      }
      this.#stored = { ...stored, session: step.session };
      await this.#keeper.doAll(step.commands);
      return 'taken';
    }
    const lease = this.#keeper.lease();
    if (lease === undefined) return 'dropped';
    const work = this.#work;
    let written: WrittenStep | undefined;
    try {
      await house.db.asMerchant(stored.merchantId, async (tx) => {
        written = await writeStep(house, tx, stored, step, lease);
        if (!written) throw new MovedOn();
        if (work.length > 0) await removeSwitchWork(tx, work);
      });
    } catch (error) {
      if (error instanceof MovedOn) return this.#yieldTo(event);
      if (error instanceof ConsultantTaken) {
        await this.#keeper.taken(error.leg);
        return 'taken';
      }
      if (written) this.#uncertain = { event, written, work };
      throw error;
    }
    if (written) await this.#carryOut({ event, written, work });
    return 'taken';
  }

  /**
   * Whether the step whose commit nobody answered was written after all: then the row is what we meant to write, and what was
   * to follow from it is done now. Answers whether `event` was what it was about, and needs no step of its own.
   */
  async #wasWritten(event: CallEvent): Promise<boolean> {
    const uncertain = this.#uncertain;
    if (!uncertain) return false;
    const row = await this.readAgain();
    this.#uncertain = undefined;
    const { session, version } = uncertain.written.stored;
    if (row?.version !== version || !isDeepStrictEqual(row.session, session)) return false;
    await this.#carryOut(uncertain);
    if (uncertain.event === event) return true;
    const waiting = this.#unwritten.indexOf(uncertain.event);
    if (waiting >= 0) this.#unwritten.splice(waiting, 1);
    return false;
  }

  async #carryOut({ written, work }: Uncertain): Promise<void> {
    const from = this.session;
    this.#stored = written.stored;
    narrate(this.#keeper.house, written);
    this.dropWork(work);
    this.#keeper.changed(from);
    if (written.handedOver) this.#keeper.handedOver(written.handedOver);
    await this.#keeper.doAll(written.commands);
  }

  /** Our write changed nothing: the row has moved on (then we follow it), or another holds the switch (then he does). */
  async #yieldTo(event: CallEvent): Promise<Taken> {
    const row = await this.readAgain();
    if (!row || row.version === this.#stored.version) {
      this.#keeper.lost();
      return 'dropped';
    }
    this.follow(row);
    return this.#step(event);
  }
}

function isWarning(event: CallEvent): boolean {
  return event.type === 'timerDue' && event.timer === 'warning';
}

function isRinging({ state }: CallSession): boolean {
  return state === 'ringing_consultant' || state === 'ringing_caller';
}

function hasAgreed({ caller }: CallSession): boolean {
  return caller?.state === 'consented';
}
