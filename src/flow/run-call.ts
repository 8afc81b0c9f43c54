// One live call of a switch: what the switch tells of its legs goes to the rule, the rule's answer is written down, then
// done. It lives in memory beside its row. Timers make the cut exact; the switch's own task stands behind them (DESIGN 6).
// Who may command the switch, and which calls live on it, is command-switch's; how a step is written call-row's, how it is
// done call-commands', and what became of a call while nobody listened take-over's.

import { advance, resume } from '../core/advance-call.ts';
import {
  type Attempt,
  type CallCommand,
  type CallEvent,
  type CallSession,
  isOver,
  isScenarios,
  keyWaitMs,
  type TimerName,
} from '../core/call-session.ts';
import type { LegUuid } from '../core/ids.ts';
import type { StoredSession } from '../store/call-sessions.ts';
import { whoWithdrew } from '../store/consultants.ts';
import { isDatabaseAway, isInTheWay } from '../store/database-away.ts';
import { removeSwitchWork } from '../store/switches.ts';
import { type AtSwitch, CallCommands, holdSeconds, legState } from './call-commands.ts';
import { CallRow } from './call-row.ts';
import type { SwitchEvent, Timer } from './ports.ts';
import { recognize } from './recognize-caller.ts';
import type { KeptRun } from './scenario-row.ts';
import { findOut, livingLegs } from './take-over.ts';
import { noteFailedStep } from './watch-house.ts';

/** Records follow the end of a leg within a second; one that could not be posted is found by the next sweep of the spool. */
const lookAgainMs = 2_000;
/** A database that restarts is back within seconds; the people on the line notice less than this. */
const takeAgainMs = 1_000;
/** A record and the event of the same end come side by side; only where the event is missing the record is to tell. */
const eventBeforeRecordMs = 1_000;
/** The longest sentence takes some twelve seconds: by then a question another gateway asked has its answer. */
const askedBeforeUsMs = 12_000 + keyWaitMs;

/** Whoever commands the switch, as a call needs him. */
export interface Commander extends AtSwitch {
  /** The number every write is made under; `undefined` while the switch is not ours. */
  lease(): bigint | undefined;
  /** Something could not be done now: `goOn` is to be called when the lease is renewed. */
  owes(call: LiveCall): void;
  /** The session has changed: its legs may be new ones. */
  changed(call: LiveCall): void;
  /** The talk is over: this has the caller's leg from here on. */
  handOver(run: KeptRun): void;
  /** These work rows are carried out and gone. */
  workDone(ids: readonly string[]): void;
  /** Nothing more is to come of this call, or it is not ours any longer. */
  forget(call: LiveCall): void;
}

export class LiveCall {
  readonly #commander: Commander;
  readonly #row: CallRow;
  /** One thing at a time happens to a session: each waits for the one before. */
  #queue: Promise<void> = Promise.resolve();
  readonly #commands: CallCommands;
  readonly #endedLegs = new Set<LegUuid>();
  /** Its work row is still there: nothing was written since the money was held. */
  #begun = false;
  #bridgedAtMs: number | undefined;
  /** Legs that ended while nobody listened, until the switch's records tell when. */
  #unheard: readonly LegUuid[] = [];
  #looks = 0;
  #restarted = false;
  /** The merchant's server was asked by us and has not answered yet. */
  #recognizing = false;
  /** Legs whose end was told and waits for those records. */
  readonly #setAside = new Set<LegUuid>();
  #looking: Timer | undefined;
  /** Something happened to it since the last sweep. */
  #stirred = true;
  #takeAgain: Timer | undefined;
  readonly #asking = new Map<LegUuid, Timer>();

  constructor(commander: Commander, stored: StoredSession) {
    this.#commander = commander;
    this.#row = new CallRow(
      {
        house: commander.house,
        lease: () => commander.lease(),
        doAll: (commands) => this.#commands.doAll(commands),
        changed: (from) => this.#changed(from),
        handedOver: (run) => commander.handOver(run),
        workDone: (ids) => commander.workDone(ids),
        lost: () => commander.forget(this),
        taken: (leg) => this.#consultantTaken(leg),
      },
      stored,
    );
    this.#commands = new CallCommands(commander, {
      session: () => this.session,
      line: () => this.#row.stored,
      hasEnded: (leg) => this.#endedLegs.has(leg),
      tell: (event) => this.#tell(event),
      due: (timer, isDue) => this.#enqueue(() => this.#timerDue(timer, isDue)),
      neverBegan: (leg) => {
        this.#endedLegs.add(leg);
        this.#tell({ type: 'legEnded', leg, because: 'failed', endedAtUs: commander.clock.nowUs() });
      },
      lookAgain: () => this.#lookAgain(),
      owes: () => commander.owes(this),
      recognize: (command) => this.#recognize(command),
    });
  }

  get merchantId(): string {
    return this.#row.stored.merchantId;
  }

  /** As it was last written, or read. */
  get session(): CallSession {
    return this.#row.session;
  }

  /** Every leg it has or may have. */
  get legs(): LegUuid[] {
    const { attempts, callerLegUuid } = this.session;
    return [callerLegUuid, ...attempts.map((one) => one.leg)];
  }

  /** Work rows taken and not yet carried out. */
  get work(): readonly string[] {
    return this.#row.work;
  }

  // Nothing below throws for what the world does: a step that fails is logged, and the call goes on under its limit.

  /**
   * The money is held, the first phone is to ring: by a work row, or handed over by this process itself. `byOther`: a gateway
   * before us may have begun already, so that its legs are looked at first.
   */
  begin(workId: string | undefined, byOther: boolean): void {
    if (workId !== undefined) this.#row.addWork(workId);
    this.#begun = true;
    if (byOther) void this.adopt();
    else this.#enqueue(() => this.#commands.doAll(resume(this.session)));
  }

  /** A call from outside whose first step was written as it was taken. */
  arrive({ commands, gone }: { commands: readonly CallCommand[]; gone: boolean }): void {
    const { caller } = this.session;
    if (gone && caller) {
      this.#endedLegs.add(caller.leg);
      this.#tell({
        type: 'legEnded',
        leg: caller.leg,
        because: 'normal',
        endedAtUs: this.#commander.clock.nowUs(),
      });
    } else this.#enqueue(() => this.#commands.doAll(commands));
  }

  /** By the scenario that leads it. */
  lead(event: CallEvent & { type: 'scenarioRings' }): void {
    this.#tell(event);
  }

  /** A work row: somebody wishes the end. */
  hangUp(workId: string): void {
    this.#row.addWork(workId);
    this.#tell({ type: 'hangUpRequested', by: 'merchant' });
  }

  /** A work row: the session was moved by somebody else, and something is to be done about it at the switch. */
  refresh(workId: string): void {
    this.#row.addWork(workId);
    this.#enqueue(() => this.#refresh(workId));
  }

  /** A work row: somebody who is rung may have gone on a break, away or altogether meanwhile. */
  withdraw(workId: string): void {
    this.#row.addWork(workId);
    this.#enqueue(() => this.#withdraw(workId));
  }

  /**
   * Takes the call over as it is: its legs are looked at, and what happened meanwhile is told to the rule. Resolves with
   * whether that went through: `false`, something is not known or not written yet.
   */
  adopt(restarted = false): Promise<boolean> {
    this.#restarted ||= restarted;
    return new Promise((resolve) =>
      this.#enqueue(async () => {
        let through = false;
        try {
          through = await this.#adopt();
        } catch (error) {
          if (isDatabaseAway(error)) this.#lookAgain();
          throw error;
        } finally {
          resolve(through);
        }
      }),
    );
  }

  /**
   * What the switch lists as living, beside what we know. Legs are looked at only where the two disagree, where nothing was
   * heard of a call that rings, or where events may have been missed; in a talk whose legs both live none was.
   */
  async compare(
    listed: ReadonlySet<LegUuid> | undefined,
    missed: boolean,
    restarted: boolean,
  ): Promise<boolean> {
    const { session } = this;
    const quiet = missed || !this.#stirred;
    this.#stirred = false;
    if (listed && isOver(session)) {
      for (const leg of this.legs) if (!listed.has(leg)) this.#endedLegs.add(leg);
      this.#forgetWhenOver();
      return true;
    }
    const allLive = listed !== undefined && livingLegs(session).every((leg) => listed.has(leg));
    if (!allLive || restarted || (session.state !== 'connected' && quiet)) return this.adopt(restarted);
    if (session.state === 'connected' && !this.#commands.isArmed('limit'))
      this.#enqueue(() => this.#takeOverTalk());
    return true;
  }

  /** Whether this leg is to live; one that is not, and does all the same, is to be ended. */
  wants(leg: LegUuid): boolean {
    return livingLegs(this.session).includes(leg);
  }

  /** The row as somebody else may have written it. */
  follow(row: StoredSession): void {
    this.#row.follow(row);
  }

  /** An event of one of its legs. */
  hear(event: SwitchEvent): void {
    this.#stirred = true;
    const translated = this.#translate(event);
    if (translated) this.#tell(translated);
    if (event.type !== 'legEnded') return;
    this.#endedLegs.add(event.leg);
    this.#enqueue(() => {
      this.#forgetWhenOver();
      return Promise.resolve();
    });
  }

  /** The switch's record of one of its legs has come: where its end was not heard, it is told by that. */
  recordCame(leg: LegUuid): void {
    if (this.#unheard.includes(leg)) void this.adopt();
    else if (!this.#endedLegs.has(leg)) this.#lookAgain(eventBeforeRecordMs);
  }

  /** The lease is renewed: what could not be done without it is done now, where it is still meant. */
  goOn(): void {
    this.#enqueue(() => this.#commands.payOff());
  }

  /** Resolves when everything asked of it so far is through. */
  async idle(): Promise<void> {
    await this.#queue;
  }

  cancelTimers(): void {
    this.#looking?.cancel();
    this.#takeAgain?.cancel();
    for (const timer of this.#asking.values()) timer.cancel();
    this.#commands.stopTimers();
  }

  // --- Taking over ---------------------------------------------------------------------------------------------

  async #adopt(): Promise<boolean> {
    await this.#catchUp();
    if (this.#row.isBehind) return false;
    if (isOver(this.session)) {
      await this.#lookForEnds();
      return true;
    }
    const { house, switch: aSwitch } = this.#commander;
    const found = await findOut(house, aSwitch, this.#row.stored, {
      ended: (leg) => this.#endedLegs.has(leg) && !this.#setAside.has(leg),
      ordered: (leg) => this.#commands.wasOrdered(leg),
      begun: this.#begun,
      looks: this.#looks,
      restarted: this.#restarted,
    });
    this.#unheard = found.unheard;
    this.#looks = found.unheard.length > 0 ? this.#looks + 1 : 0;
    if (found.unheard.length > 0) this.#lookAgain();
    else this.#restarted = false;
    for (const leg of found.gone) this.#endedLegs.add(leg);
    for (const event of found.events) await this.#take(event);
    await this.#goOnRinging(found.toRing, found.certain);
    if (this.session.state === 'connected' && !this.#commands.isArmed('limit')) await this.#takeOverTalk();
    return found.certain;
  }

  /** What a gateway that died left undone: a leg to ring, two to join, a question nobody waits for the answer of. */
  async #goOnRinging(toRing: readonly LegUuid[], certain: boolean): Promise<void> {
    const { session } = this;
    if (session.state === 'recognizing') {
      // What the gateway before us had asked, the merchant or the caller, is asked again; what we asked ourselves stands.
      const { caller } = session;
      const waits = caller && (this.#recognizing || this.#commands.hasSpoken(caller.leg));
      if (!waits) await this.#commands.doAll(resume(session));
      return;
    }
    if (session.state !== 'ringing_caller' && session.state !== 'ringing_consultant') return;
    await this.#commands.doAll(
      resume(session).filter((command) => {
        if (command.do === 'ring') return toRing.includes(command.leg);
        if (command.do === 'bridge') return certain && !this.#commands.joined && this.#unheard.length === 0;
        return command.do === 'startTimer' && !this.#commands.isArmed(command.timer);
      }),
    );
    const asked = [...session.attempts, ...(session.caller ? [session.caller] : [])];
    for (const { leg, state } of asked) {
      if (this.#commands.hasSpoken(leg)) continue;
      if (state === 'offered') this.#askAgainLater(leg);
      if (state === 'accepted' || state === 'consented') {
        await this.#commander.switch.guard(leg, holdSeconds(session));
      }
    }
  }

  /** Asked by the gateway before us. Its answer is heard; where it came before us, the question comes again. */
  #askAgainLater(leg: LegUuid): void {
    const tries = legState(this.session, leg)?.tries;
    const again = (): void => {
      this.#asking.delete(leg);
      const now = legState(this.session, leg);
      if (now?.state !== 'offered' || now.tries !== tries || this.#commands.hasSpoken(leg)) return;
      this.#tell({ type: 'noKeyGiven', leg });
    };
    if (!this.#asking.has(leg)) {
      this.#asking.set(leg, this.#commander.house.clock.after(askedBeforeUsMs, again));
    }
  }

  /** A talk that began before us: its timers, and the limit as it was moved, should that have been left undone. */
  async #takeOverTalk(): Promise<void> {
    const { session } = this;
    this.#commands.rearm();
    if (session.caller && (session.moreTime?.granted ?? 0) > 0) {
      const { talkLimitSeconds } = session.plan;
      await this.#commands.doAll([{ do: 'moveLimit', aLeg: session.caller.leg, talkLimitSeconds }]);
    }
  }

  /** The ends of its legs may have been told while nobody listened: it would be kept in memory for ever. */
  async #lookForEnds(): Promise<void> {
    for (const leg of this.legs) {
      if (this.#endedLegs.has(leg)) continue;
      if ((await this.#commander.switch.look(leg)).state === 'gone') this.#endedLegs.add(leg);
    }
    this.#forgetWhenOver();
  }

  /**
   * The caller's end, told now, may be up to a farewell later than the talk's: the consultant's was not heard. That has been
   * found already, or his own end says so: somebody was gone before him, and nobody told us that they parted.
   */
  #mayBeLate(event: CallEvent): boolean {
    const { attempts, caller, state, unbridgedUs } = this.session;
    if (event.type !== 'legEnded' || event.leg !== caller?.leg || isOver(this.session)) return false;
    const accepted = attempts.find((one) => one.state === 'accepted');
    if (!accepted) return false;
    if (this.#unheard.includes(accepted.leg)) return true;
    return state === 'connected' && event.otherBecause !== undefined && unbridgedUs === undefined;
  }

  /** Not waited for: he may hang up, or be ended, while the merchant's server thinks. */
  #recognize(command: CallCommand & { do: 'recognize' }): void {
    const { house } = this.#commander;
    this.#recognizing = true;
    void recognize(house, this.#row.stored, command)
      .catch((error: unknown): CallEvent => {
        if (!isDatabaseAway(error)) void noteFailedStep(house, this.#row.stored, error);
        return { type: 'merchantFailed', question: command.question, because: 'ours' };
      })
      .then((event) => {
        this.#recognizing = false;
        this.#tell(event);
      });
  }

  #lookAgain(afterMs = lookAgainMs): void {
    this.#looking?.cancel();
    this.#looking = this.#commander.house.clock.after(afterMs, () => void this.adopt());
  }

  /** Somebody else has moved the session, and leaves to us what follows from it at the switch. */
  async #refresh(workId: string): Promise<void> {
    const before = this.session;
    const { house } = this.#commander;
    try {
      const row = await this.#row.readAgain();
      if (row) this.#row.follow(row);
      const missed = commandsBetween(before, this.session);
      if (missed) await this.#commands.doAll(missed);
      else if (this.session.state === 'connected') await this.#takeOverTalk();
      await house.db.asMerchant(this.#row.stored.merchantId, (tx) => removeSwitchWork(tx, [workId]));
    } finally {
      // Where that did not go through its row is still there, and is taken again.
      this.#row.dropWork([workId]);
    }
  }

  /** What they are now decides, not what they were when the row was written: who is back by now rings on. */
  async #withdraw(workId: string): Promise<void> {
    const { house } = this.#commander;
    const { merchantId } = this.#row.stored;
    const rung = this.session.attempts.map((one) => one.consultantId);
    try {
      const gone = await house.db.asMerchant(merchantId, (tx) => whoWithdrew(tx, rung, house.clock.now()));
      if (gone.length > 0) await this.#take({ type: 'consultantsWithdrew', consultantIds: gone });
      // Not written: the switch is another's by now, who finds the row.
      const isRung = ({ consultantId, state }: Attempt): boolean =>
        gone.includes(consultantId) && (state === 'ringing' || state === 'offered');
      if (this.session.attempts.some(isRung)) return;
      await house.db.asMerchant(merchantId, (tx) => removeSwitchWork(tx, [workId]));
    } finally {
      this.#row.dropWork([workId]);
    }
  }

  // --- What the switch tells -----------------------------------------------------------------------------------

  /** The switch's event in the rule's words; nothing when it answers a question that is no longer asked. */
  #translate(event: SwitchEvent): CallEvent | undefined {
    switch (event.type) {
      case 'legAnswered':
        return { type: 'legAnswered', leg: event.leg };
      case 'digitsGiven':
        return this.#commands.isAnswer(event)
          ? { type: 'digitsGiven', leg: event.leg, digits: event.digits, ended: event.ended }
          : undefined;
      case 'keyGiven':
        return this.#commands.isAnswer(event)
          ? { type: 'keyGiven', leg: event.leg, key: event.key }
          : undefined;
      case 'noKeyGiven':
        return this.#commands.isAnswer(event) ? { type: 'noKeyGiven', leg: event.leg } : undefined;
      case 'played': {
        const words = this.#commands.isAnswer(event) ? this.#commands.wordsOn(event.leg) : undefined;
        return words && { type: 'played', leg: event.leg, request: words };
      }
      case 'keyPressed':
        return this.session.state === 'connected'
          ? { type: 'keyPressed', leg: event.leg, key: event.key }
          : undefined;
      case 'legsBridged':
        if (!this.#isOurTalk(event)) return undefined;
        this.#bridgedAtMs = this.#commander.house.clock.monotonicMs();
        return { type: 'legsBridged', atUs: event.atUs };
      case 'legsUnbridged':
        if (!this.#isOurTalk(event)) return undefined;
        return {
          type: 'legsUnbridged',
          atUs: event.atUs,
          ...(event.left && { left: { leg: event.left.leg, because: event.left.cause } }),
        };
      case 'legEnded':
        return {
          type: 'legEnded',
          leg: event.leg,
          because: event.cause,
          endedAtUs: event.endedAtUs,
          ...(event.bridgedAtUs !== undefined && { bridgedAtUs: event.bridgedAtUs }),
          ...(event.otherCause !== undefined && { otherBecause: event.otherCause }),
        };
      default:
        return undefined;
    }
  }

  /** A caller in a scenario may have talked before: what is told late of that is no news of this call. */
  #isOurTalk({ aLeg, bLeg }: { aLeg: LegUuid; bLeg: LegUuid }): boolean {
    return this.session.attempts.some(({ leg }) => leg === aLeg || leg === bLeg);
  }

  #forgetWhenOver(): void {
    const { session } = this;
    if (!isOver(session)) return;
    const caller = isScenarios(session) ? undefined : session.caller;
    const legs = [...session.attempts.map((one) => one.leg), ...(caller ? [caller.leg] : [])];
    if (legs.every((leg) => this.#endedLegs.has(leg))) this.#commander.forget(this);
  }

  // --- One step ------------------------------------------------------------------------------------------------

  #tell(event: CallEvent): void {
    this.#enqueue(() => this.#take(event));
  }

  /** A limit that was moved while its timer waited behind the step that moved it is no limit any more. */
  async #timerDue(timer: TimerName, isDue: () => boolean): Promise<void> {
    if (isDue()) await this.#take({ type: 'timerDue', timer });
    else if (!this.#commands.isArmed(timer)) this.#commands.rearm();
  }

  async #take(event: CallEvent): Promise<void> {
    if ('leg' in event && this.#mayBeLate(event)) {
      this.#setAside.add(event.leg);
      if (this.#unheard.length === 0) this.#lookAgain(eventBeforeRecordMs);
      return;
    }
    let taken = 'dropped';
    try {
      taken = await this.#row.take(event);
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      taken = 'unwritten';
      this.#takeLater(isInTheWay(error) ? 0 : takeAgainMs);
      throw error;
    } finally {
      // Nobody will hear of this end again: it must be found like one that was never told.
      if (taken === 'dropped' && event.type === 'legEnded') this.#endedLegs.delete(event.leg);
    }
  }

  async #catchUp(): Promise<void> {
    await this.#row.catchUp();
    if (this.#row.isBehind) this.#takeLater();
  }

  #takeLater(afterMs = takeAgainMs): void {
    this.#takeAgain?.cancel();
    this.#takeAgain = this.#commander.house.clock.after(afterMs, () => this.#enqueue(() => this.#catchUp()));
  }

  /** He pressed 1 after his claim had lapsed, and another call has him: for this one he is busy. */
  async #consultantTaken(leg: LegUuid): Promise<void> {
    await this.#commands.doAll([{ do: 'hangUp', leg, cause: 'stopped' }]);
    await this.#take({ type: 'legEnded', leg, because: 'busy', endedAtUs: this.#commander.clock.nowUs() });
  }

  #enqueue(act: () => Promise<void>): void {
    // A step that failed is a bug or a database away: the call goes on under its limit, and is looked at again.
    this.#queue = this.#queue
      .then(act)
      .catch((error: unknown) => noteFailedStep(this.#commander.house, this.#row.stored, error));
  }

  #changed(from: CallSession): void {
    const { house } = this.#commander;
    const { session } = this;
    this.#begun = false;
    this.#commander.changed(this);
    if (session.state === from.state) return;
    const labels = { state: session.state, ...(session.outcome && { outcome: session.outcome }) };
    house.metrics.count('calls', labels);
    if (!isOver(session) || isOver(from)) return;
    if (from.state === 'connected') this.#measureCut(house.clock.monotonicMs());
    this.#enqueue(() => {
      this.#forgetWhenOver();
      return Promise.resolve();
    });
  }

  #measureCut(nowMs: number): void {
    const { endedBy, plan } = this.session;
    if (endedBy !== 'limit' || this.#bridgedAtMs === undefined) return;
    const late = nowMs - this.#bridgedAtMs - plan.talkLimitSeconds * 1000;
    this.#commander.house.metrics.observe('cut_distance_seconds', Math.abs(late) / 1000);
  }
}

/** What the rule does about a session that went from one to the other by somebody else's hand: more time asked for, answered. */
function commandsBetween(before: CallSession, now: CallSession): readonly CallCommand[] | undefined {
  const [from, to] = [before.moreTime, now.moreTime];
  if (!from || !to || from.state === to.state) return undefined;
  const asked = advance(before, { type: 'moreTimeAsked' });
  if (to.state === 'asked') return asked.commands;
  const granted = to.granted > from.granted;
  const { talkLimitSeconds } = now.plan;
  const waiting = from.state === 'asked' ? before : asked.session;
  return advance(waiting, { type: 'moreTimeAnswered', granted, talkLimitSeconds }).commands;
}
