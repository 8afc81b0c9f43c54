// One live call of a switch: what the switch tells of its legs goes to the rule, the rule's answer is written down, then
// done. It lives in memory beside its row, and a row that has moved on wins. Timers make the cut exact; the switch's own
// task stands behind them (DESIGN 6). Who may command the switch, and which calls live on it, is command-switch's.

import { advance, resume } from '../core/advance-call.ts';
import {
  type CallCommand,
  type CallEvent,
  type CallSession,
  keyWaitMs,
  provenEndUs,
  type TimerName,
} from '../core/call-session.ts';
import type { LegUuid } from '../core/ids.ts';
import type { Sentence } from '../core/prompt.ts';
import { readLegEnds, readSession, type StoredSession } from '../store/call-sessions.ts';
import { freeConsultants } from '../store/consultants.ts';
import { isDatabaseAway } from '../store/database-away.ts';
import { removeSwitchWork } from '../store/switches.ts';
import { isDurable, narrate, writeStep } from './call-step.ts';
import type { House } from './house.ts';
import type { Commanded, Switch, SwitchEvent, Timer } from './ports.ts';

/** From dialling to the end of both offers with nobody at the gateway: then the switch ends the leg itself. */
const guardAfterRingingSeconds = 60;
/** He hears music while the caller is rung, hears the price twice at most, and decides. */
const guardOnHoldSeconds = 150;
/** The switch posts its records at once, or again within seconds; after a minute they are not coming. */
const recordLookMs = 2_000;
const recordLooksMax = 30;
/** A database that restarts is back within seconds; the people on the line notice less than this. */
const takeAgainMs = 1_000;

/** Whoever commands the switch, as a call needs him. */
export interface Commander {
  readonly house: House;
  readonly switch: Switch;
  /** The number every write is made under; `undefined` while the switch is not ours. */
  lease(): bigint | undefined;
  /** Whether something may be begun (a leg rung, two joined): only well within the lease. */
  mayBegin(): boolean;
  /** The session has changed: its legs may be new ones. */
  changed(call: LiveCall): void;
  /** These work rows are carried out and gone. */
  workDone(ids: readonly string[]): void;
  /** Nothing more is to come of this call, or it is not ours any longer. */
  forget(call: LiveCall): void;
}

export class LiveCall {
  readonly #commander: Commander;
  #stored: StoredSession;
  /** One thing at a time happens to a session: each waits for the one before. */
  #queue: Promise<void> = Promise.resolve();
  readonly #timers = new Map<TimerName, Timer>();
  /** The question or sentence each leg was given last: an answer to an older one is late and means nothing. */
  readonly #requests = new Map<LegUuid, { request: string; words?: 'wait' | 'hold' | 'last_words' }>();
  readonly #endedLegs = new Set<LegUuid>();
  /** We have ordered the two to be joined: what came of it the switch's events or a look tell. */
  #joined = false;
  #work: string[] = [];
  #bridgedAtMs: number | undefined;
  #recordLooks = 0;
  /** Legs that ended while nobody listened, until the switch's records tell when. */
  #unheard: readonly LegUuid[] = [];
  /** Legs whose end was told and waits for those records. */
  readonly #setAside = new Set<LegUuid>();
  #lookForRecords: Timer | undefined;
  /** Told while the database was away, oldest first: the switch tells nothing twice. */
  readonly #unwritten: CallEvent[] = [];
  #takeAgain: Timer | undefined;

  constructor(commander: Commander, stored: StoredSession) {
    this.#commander = commander;
    this.#stored = stored;
  }

  /** As it was last written, or read. */
  get session(): CallSession {
    return this.#stored.session;
  }

  /** Every leg it has or may have. */
  get legs(): LegUuid[] {
    const { attempts, callerLegUuid } = this.session;
    return [callerLegUuid, ...attempts.map((one) => one.leg)];
  }

  /** Work rows taken and not yet carried out. */
  get work(): readonly string[] {
    return this.#work;
  }

  // Nothing below throws for what the world does: a step that fails is logged, and the call goes on under its limit.

  /** A work row: the money is held, the first phone is to ring. */
  begin(workId: string): void {
    this.#work.push(workId);
    this.#enqueue(() => this.#doAll(resume(this.session)));
  }

  /** A work row: somebody wishes the end. */
  hangUp(workId: string): void {
    this.#work.push(workId);
    this.#tell({ type: 'hangUpRequested', by: 'merchant' });
  }

  /** Takes the call over as it is: its legs are looked at, and what happened meanwhile is told to the rule. */
  adopt(): void {
    this.#enqueue(() =>
      this.#adopt().catch((error: unknown) => {
        if (isDatabaseAway(error)) this.#lookAgain();
        throw error;
      }),
    );
  }

  /** An event of one of its legs. */
  hear(event: SwitchEvent): void {
    const translated = this.#translate(event);
    if (translated) this.#tell(translated);
    if (event.type !== 'legEnded') return;
    this.#endedLegs.add(event.leg);
    this.#enqueue(() => {
      this.#forgetWhenOver();
      return Promise.resolve();
    });
  }

  /** Resolves when everything asked of it so far is through. */
  async idle(): Promise<void> {
    await this.#queue;
  }

  cancelTimers(): void {
    this.#lookForRecords?.cancel();
    this.#takeAgain?.cancel();
    for (const timer of this.#timers.values()) timer.cancel();
  }

  // --- Taking over ---------------------------------------------------------------------------------------------

  async #adopt(): Promise<void> {
    const { house, switch: aSwitch } = this.#commander;
    const { session } = this;
    if (session.state === 'ended') return this.#lookForEnds();
    const legs = [
      ...session.attempts
        .filter((one) => one.state === 'ringing' || one.state === 'offered' || one.state === 'accepted')
        .map((one) => one.leg),
      ...(session.caller && session.caller.state !== 'gone' ? [session.caller.leg] : []),
    ];
    const nowUs = BigInt(house.clock.now().getTime()) * 1000n;
    let bridgedUs: bigint | undefined;
    const gone: LegUuid[] = [];
    for (const leg of legs) {
      const truth = await aSwitch.look(leg);
      if (truth.state === 'living') {
        bridgedUs = truth.bridgedAtUs ?? bridgedUs;
        if (session.state !== 'connected' && truth.answered && truth.bridgedAtUs === undefined) {
          await this.#take({ type: 'legAnswered', leg });
        }
      } else if (truth.state === 'gone' && (!this.#endedLegs.has(leg) || this.#setAside.has(leg))) {
        if (session.state === 'connected') {
          gone.push(leg);
          continue;
        }
        this.#endedLegs.add(leg);
        await this.#take({ type: 'legEnded', leg, because: 'failed', endedAtUs: nowUs });
      }
    }
    if (gone.length > 0) return this.#endByRecords(gone);
    if (this.session.state === 'ringing_caller' || this.session.state === 'ringing_consultant') {
      if (bridgedUs !== undefined) await this.#take({ type: 'legsBridged', atUs: bridgedUs });
      // Both agreed, and whoever was to join them is gone.
      else if (!this.#joined) await this.#doAll(resume(this.session).filter((one) => one.do === 'bridge'));
    }
    if (this.session.state === 'connected' && !this.#timers.has('limit')) this.#rearm();
  }

  /** The ends of its legs may have been told while nobody listened: it would be kept in memory for ever. */
  async #lookForEnds(): Promise<void> {
    const { session } = this;
    const legs = [...session.attempts.map((one) => one.leg), ...(session.caller ? [session.caller.leg] : [])];
    for (const leg of legs) {
      if (this.#endedLegs.has(leg)) continue;
      if ((await this.#commander.switch.look(leg)).state === 'gone') this.#endedLegs.add(leg);
    }
    this.#forgetWhenOver();
  }

  /**
   * A talk that ended while nobody listened ends when the switch's own records say. They are given a minute to come; then
   * nothing after the bridge is proven, and nothing after it is billed.
   */
  async #endByRecords(gone: readonly LegUuid[]): Promise<void> {
    const { house } = this.#commander;
    const { session } = this;
    const [leg] = gone;
    if (session.state !== 'connected' || leg === undefined) return;
    const records = await house.db.asMerchant(this.#stored.merchantId, (tx) => readLegEnds(tx, gone));
    if (records.length < gone.length && this.#recordLooks < recordLooksMax) {
      this.#recordLooks += 1;
      this.#unheard = gone;
      this.#lookAgain();
      return;
    }
    // The other leg may still live, and hears the farewell.
    for (const one of gone) this.#endedLegs.add(one);
    this.#unheard = [];
    await this.#take({
      type: 'legEnded',
      leg,
      because: records.some((one) => one.cause === 'ALLOTTED_TIMEOUT') ? 'limit_reached' : 'normal',
      endedAtUs: provenEndUs(session, gone, records),
    });
  }

  /** The consultant's end was not heard: the caller's, told now, may be up to a farewell later than the talk's. */
  #mayBeLate(event: CallEvent): boolean {
    const { attempts, caller, state } = this.session;
    return (
      state === 'connected' &&
      event.type === 'legEnded' &&
      event.leg === caller?.leg &&
      attempts.some((one) => one.state === 'accepted' && this.#unheard.includes(one.leg))
    );
  }

  #lookAgain(): void {
    this.#lookForRecords?.cancel();
    this.#lookForRecords = this.#commander.house.clock.after(recordLookMs, () => this.adopt());
  }

  /** The timers of a talk that began before us: what is left of them, by the wall clock they were written with. */
  #rearm(): void {
    const { session } = this;
    if (session.bridgedUs === undefined) return;
    const elapsedMs = this.#commander.house.clock.now().getTime() - Number(session.bridgedUs / 1000n);
    const fresh = advance(
      { ...session, state: 'ringing_caller' },
      { type: 'legsBridged', atUs: session.bridgedUs },
    );
    for (const command of fresh.commands) {
      if (command.do !== 'startTimer') continue;
      const leftMs = command.afterMs - elapsedMs;
      if (leftMs > 0 || command.timer === 'limit') this.#startTimer(command.timer, Math.max(leftMs, 0));
    }
  }

  // --- What the switch tells -----------------------------------------------------------------------------------

  /** The switch's event in the rule's words; nothing when it answers a question that is no longer asked. */
  #translate(event: SwitchEvent): CallEvent | undefined {
    switch (event.type) {
      case 'legAnswered':
        return { type: 'legAnswered', leg: event.leg };
      case 'keyGiven':
        if (this.#requests.get(event.leg)?.request !== event.request) return undefined;
        return { type: 'keyGiven', leg: event.leg, key: event.key };
      case 'noKeyGiven':
        if (this.#requests.get(event.leg)?.request !== event.request) return undefined;
        return { type: 'noKeyGiven', leg: event.leg };
      case 'played': {
        const asked = this.#requests.get(event.leg);
        if (asked?.request !== event.request || asked.words === undefined) return undefined;
        return { type: 'played', leg: event.leg, request: asked.words };
      }
      case 'legsBridged':
        this.#bridgedAtMs = this.#commander.house.clock.monotonicMs();
        return { type: 'legsBridged', atUs: event.atUs };
      case 'legsUnbridged':
        return { type: 'legsUnbridged', atUs: event.atUs };
      case 'legEnded':
        return {
          type: 'legEnded',
          leg: event.leg,
          because: event.cause,
          endedAtUs: event.endedAtUs,
          ...(event.bridgedAtUs !== undefined && { bridgedAtUs: event.bridgedAtUs }),
        };
      default:
        return undefined;
    }
  }

  #forgetWhenOver(): void {
    const { session } = this;
    if (session.state !== 'ended') return;
    const legs = [...session.attempts.map((one) => one.leg), ...(session.caller ? [session.caller.leg] : [])];
    if (legs.every((leg) => this.#endedLegs.has(leg))) this.#commander.forget(this);
  }

  // --- One step ------------------------------------------------------------------------------------------------

  #tell(event: CallEvent): void {
    this.#enqueue(() => this.#take(event));
  }

  /** What cannot be written now waits in its order; a timer does not: the cut at the limit needs no writing. */
  async #take(event: CallEvent): Promise<void> {
    if ('leg' in event && this.#mayBeLate(event)) {
      this.#setAside.add(event.leg);
      return;
    }
    if (this.#unwritten.length > 0 && event.type !== 'timerDue') {
      this.#unwritten.push(event);
      return;
    }
    try {
      await this.#step(event);
    } catch (error) {
      if (isDatabaseAway(error)) {
        this.#unwritten.push(event);
        this.#takeLater();
      }
      throw error;
    }
  }

  #takeLater(): void {
    this.#takeAgain?.cancel();
    this.#takeAgain = this.#commander.house.clock.after(takeAgainMs, () =>
      this.#enqueue(() => this.#takeUnwritten()),
    );
  }

  async #takeUnwritten(): Promise<void> {
    for (let event = this.#unwritten[0]; event; event = this.#unwritten[0]) {
      try {
        await this.#step(event);
      } catch (error) {
        // Said once already, when it was first told.
        if (isDatabaseAway(error)) {
          this.#takeLater();
          return;
        }
        this.#unwritten.shift();
        throw error;
      }
      this.#unwritten.shift();
    }
  }

  #enqueue(act: () => Promise<void>): void {
    this.#queue = this.#queue.then(act).catch((error: unknown) => {
      // A step that failed is a bug or a database away: the call goes on under its limit, and is looked at again.
      this.#commander.house.log.error(
        { callSessionId: this.session.id, err: error },
        'a step of a call failed',
      );
    });
  }

  async #step(event: CallEvent): Promise<void> {
    const { house } = this.#commander;
    const { clock, db, metrics } = house;
    const stored = this.#stored;
    const before = stored.session.state;
    const step = advance(stored.session, event);
    if (step.session === stored.session && step.commands.length === 0 && step.free.length === 0) return;
    if (!isDurable(step)) {
      if (step.free.length > 0) {
        await db.asMerchant(stored.merchantId, (tx) =>
          freeConsultants(tx, step.session.id, { only: step.free }, undefined),
        );
      }
      this.#stored = { ...stored, session: step.session };
      return this.#doAll(step.commands);
    }
    const lease = this.#commander.lease();
    if (lease === undefined) return;
    const work = [...this.#work];
    const written = await db.asMerchant(stored.merchantId, async (tx) => {
      if (work.length > 0) await removeSwitchWork(tx, work);
      return writeStep(house, tx, stored, step, lease);
    });
    if (!written) {
      await this.#yieldTo(event);
      return;
    }
    this.#stored = written.stored;
    narrate(house, written);
    this.#commander.workDone(work);
    this.#work = this.#work.filter((id) => !work.includes(id));
    this.#commander.changed(this);
    const { session } = this;
    if (session.state !== before) {
      metrics.count('calls', { state: session.state, ...(session.outcome && { outcome: session.outcome }) });
    }
    if (session.state === 'ended' && before === 'connected') this.#measureCut(clock.monotonicMs());
    await this.#doAll(written.commands);
    this.#forgetWhenOver();
  }

  /** Our write changed nothing: the row has moved on (then we follow it), or another holds the switch (then he does). */
  async #yieldTo(event: CallEvent): Promise<void> {
    const { merchantId, session, version } = this.#stored;
    const { db } = this.#commander.house;
    const current = await db.asMerchant(merchantId, (tx) => readSession(tx, session.id));
    if (!current || current.version === version) {
      this.#commander.forget(this);
      return;
    }
    this.#stored = current;
    this.#commander.changed(this);
    await this.#step(event);
  }

  #measureCut(nowMs: number): void {
    const { endedBy, plan } = this.session;
    if (endedBy !== 'limit' || this.#bridgedAtMs === undefined) return;
    const late = nowMs - this.#bridgedAtMs - plan.talkLimitSeconds * 1000;
    this.#commander.house.metrics.observe('cut_distance_seconds', Math.abs(late) / 1000);
  }

  // --- What is done about it -----------------------------------------------------------------------------------

  async #doAll(commands: readonly CallCommand[]): Promise<void> {
    await Promise.all(commands.map((command) => this.#do(command)));
  }

  async #do(command: CallCommand): Promise<void> {
    const { house, switch: aSwitch } = this.#commander;
    switch (command.do) {
      case 'ring':
        await this.#ring(command);
        return;
      case 'ask': {
        const request = house.ids.legUuid();
        this.#requests.set(command.leg, { request });
        await aSwitch.ask(command.leg, { request, sentence: command.sentence, waitMs: keyWaitMs });
        return;
      }
      case 'play': {
        const request = house.ids.legUuid();
        this.#requests.set(command.leg, { request, words: command.request });
        const done = await aSwitch.play(command.leg, request, command.sentence);
        if (done.outcome === 'refused') this.#goOnUnheard(command.leg);
        return;
      }
      case 'playMusic':
        this.#requests.delete(command.leg);
        await aSwitch.guard(command.leg, guardOnHoldSeconds);
        await aSwitch.playMusic(command.leg);
        return;
      case 'announce':
        await aSwitch.announce(command.leg, command.sentence);
        return;
      case 'bridge': {
        this.#joined = true;
        const done = this.#commander.mayBegin()
          ? await aSwitch.bridge(command.aLeg, command.bLeg, this.session.plan.talkLimitSeconds)
          : ({ outcome: 'refused', reason: 'the lease is not ours' } satisfies Commanded);
        // `unknown`: it may have been joined; the switch's events or the next look will tell.
        if (done.outcome === 'refused' || done.outcome === 'gone') this.#tell({ type: 'bridgeFailed' });
        return;
      }
      case 'hangUp':
        await aSwitch.hangUp(command.leg, command.cause);
        return;
      case 'startTimer':
        this.#startTimer(command.timer, command.afterMs);
        return;
      case 'stopTimers':
        this.cancelTimers();
        this.#timers.clear();
        return;
    }
  }

  async #ring({ leg, to }: CallCommand & { do: 'ring' }): Promise<void> {
    if (!this.#commander.mayBegin()) return;
    const { plan } = this.session;
    this.#prepare(leg);
    const done = await this.#commander.switch.ring({
      leg,
      to,
      callerId: plan.callerId,
      ringSeconds: plan.ringSeconds,
      guardSeconds: plan.ringSeconds + guardAfterRingingSeconds,
    });
    if (done.outcome !== 'refused') return;
    // The switch would not even dial: for the rule that is a leg that failed.
    const nowUs = BigInt(this.#commander.house.clock.now().getTime()) * 1000n;
    this.#endedLegs.add(leg);
    this.#tell({ type: 'legEnded', leg, because: 'failed', endedAtUs: nowUs });
  }

  /** The switch would not say it: what was to follow the words follows without them. */
  #goOnUnheard(leg: LegUuid): void {
    const words = this.#requests.get(leg)?.words;
    if (words !== undefined) this.#tell({ type: 'played', leg, request: words });
  }

  #startTimer(timer: TimerName, afterMs: number): void {
    this.#timers.get(timer)?.cancel();
    this.#timers.set(
      timer,
      this.#commander.house.clock.after(afterMs, () => {
        this.#timers.delete(timer);
        this.#tell({ type: 'timerDue', timer });
      }),
    );
  }

  /** What this party will hear is made ready while his phone rings. */
  #prepare(leg: LegUuid): void {
    const { session } = this;
    const answered = advance(session, { type: 'legAnswered', leg });
    const sentences: Sentence[] = answered.commands.flatMap((one) =>
      one.do === 'ask' ? [one.sentence] : [],
    );
    const language = session.attempts.find((one) => one.leg === leg)?.language;
    if (language) {
      sentences.push({ key: 'consultant_wait', language }, { key: 'consultant_caller_lost', language });
    } else {
      const { callerLanguage } = session.plan;
      sentences.push(
        { key: 'caller_reminder', language: callerLanguage },
        { key: 'caller_farewell', language: callerLanguage, because: 'limit' },
        { key: 'caller_farewell', language: callerLanguage, because: 'consultant_left' },
      );
    }
    this.#commander.switch.prepare(sentences);
  }
}
