// Running the calls of one switch: its events go to the rule, the rule's answer is written down, then done. A commander
// stands over one switch for as long as he holds its lease; the sessions he runs live in memory beside their rows, and a
// row that has moved on wins. Timers make the cut exact; the switch's own task stands behind them (DESIGN 6).

import { advance, resume } from '../core/advance-call.ts';
import {
  type CallCommand,
  type CallEvent,
  type CallSession,
  type TimerName,
  keyWaitMs,
} from '../core/call-session.ts';
import type { LegUuid } from '../core/ids.ts';
import type { Sentence } from '../core/prompt.ts';
import { freeConsultants } from '../store/consultants.ts';
import { readSession, saveCdr, type StoredSession } from '../store/call-sessions.ts';
import { liveSessionsOfSwitch, merchantOfLeg, type SwitchWork, workOfSwitch } from '../store/finders.ts';
import {
  addSwitchWork,
  registerSwitch,
  releaseLease,
  removeSwitchWork,
  takeLease,
} from '../store/switches.ts';
import { giveUpOrder } from './follow-payment.ts';
import { isDurable, narrate, writeStep } from './call-step.ts';
import type { House } from './house.ts';
import type { Commanded, Switch, SwitchEvent, Timer } from './ports.ts';

/** A lease lapses this long after its last renewal; another gateway may then take it. */
const leaseSeconds = 5;
/** We stop beginning things this long after our last renewal, well before anybody else may begin them. */
const selfFenceMs = 3_000;
const renewEveryMs = 1_000;
const startPatienceMs = 3_000;
/** From dialling to the end of both offers with nobody at the gateway: then the switch ends the leg itself. */
const guardAfterRingingSeconds = 60;
/** He hears music while the caller is rung, hears the price twice at most, and decides. */
const guardOnHoldSeconds = 150;

interface LiveCall {
  stored: StoredSession;
  /** One thing at a time happens to a session: each waits for the one before. */
  queue: Promise<void>;
  timers: Map<TimerName, Timer>;
  /** The question or sentence each leg was given last: an answer to an older one is late and means nothing. */
  requests: Map<LegUuid, { request: string; words?: 'wait' | 'hold' | 'last_words' }>;
  endedLegs: Set<LegUuid>;
  work: string[];
  bridgedAtMs?: number;
  endedAtMs?: number;
}

export class SwitchCommander {
  readonly #house: House;
  readonly #switch: Switch;
  readonly #holder: string;
  readonly #live = new Map<string, LiveCall>();
  readonly #sessionOfLeg = new Map<LegUuid, string>();
  readonly #takenWork = new Set<string>();
  #lease: bigint | undefined;
  #renewedAtMs = 0;
  #ticking: Timer | undefined;
  #stopListening: (() => void) | undefined;
  #stopped = false;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #tick: Promise<void> | undefined;
  #started: () => void = () => undefined;

  constructor(house: House, aSwitch: Switch, holder: string) {
    this.#house = house;
    this.#switch = aSwitch;
    this.#holder = holder;
    aSwitch.onEvent((event) => this.#hear(event));
  }

  /** Registers the switch, takes its lease when it is free, adopts what lives on it; goes on doing so until `stop`. */
  async start(): Promise<void> {
    await this.#house.db.asNobody((db) => registerSwitch(db, this.#switch.id));
    this.#stopListening = this.#house.db.listen('ringmeter_switch', (payload) => {
      if (payload === undefined || payload === this.#switch.id) this.#takeWork();
    });
    this.#switch.start();
    // A switch that answers is ours before anybody is told that we serve; one that does not is no reason to wait long.
    await new Promise<void>((resolve) => {
      const patience = this.#house.clock.after(startPatienceMs, resolve);
      this.#started = () => {
        patience.cancel();
        resolve();
      };
      void this.#renewNow();
    });
  }

  /** Lets go of the switch; its calls go on under their limits and whoever takes the lease adopts them. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#ticking?.cancel();
    this.#stopListening?.();
    await this.#tick;
    await this.#looking;
    await Promise.allSettled([...this.#live.values()].map((live) => live.queue));
    for (const live of this.#live.values()) for (const timer of live.timers.values()) timer.cancel();
    if (this.#lease !== undefined) {
      await this.#house.db
        .asNobody((db) => releaseLease(db, this.#switch.id, this.#holder))
        .catch(() => undefined);
    }
    await this.#switch.stop();
  }

  get commands(): boolean {
    return this.#mayBegin();
  }

  /** Sessions in memory: for the metrics. */
  get liveCalls(): number {
    return this.#live.size;
  }

  // --- Lease and work ------------------------------------------------------------------------------------------

  /** Once at a time; the next one is set when this one is through. */
  #renewNow(): Promise<void> {
    this.#ticking?.cancel();
    this.#tick = (this.#tick ?? Promise.resolve()).then(() => this.#renew());
    return this.#tick;
  }

  async #renew(): Promise<void> {
    const { clock, db, log } = this.#house;
    this.#ticking?.cancel();
    const askedAtMs = clock.monotonicMs();
    try {
      // A switch we cannot reach is left to a gateway that can.
      const number = this.#switch.link().up
        ? await db.asNobody((knex) => takeLease(knex, this.#switch.id, this.#holder, leaseSeconds))
        : undefined;
      if (number === undefined) {
        if (this.#lease !== undefined && !this.#mayBegin()) this.#lease = undefined;
      } else {
        const isNew = number !== this.#lease;
        this.#lease = number;
        this.#renewedAtMs = askedAtMs;
        if (isNew) await this.#adoptAll();
        this.#started();
      }
    } catch (error) {
      log.warn({ switch: this.#switch.id, err: error }, 'the lease of a switch was not renewed');
    }
    this.#takeWork();
    if (this.#stopped) return;
    this.#ticking = clock.after(renewEveryMs, () => void this.#renewNow());
  }

  #mayBegin(): boolean {
    return this.#lease !== undefined && this.#house.clock.monotonicMs() - this.#renewedAtMs < selfFenceMs;
  }

  /** Looks for work addressed to our switch; a wake-up while we look means looking once more. */
  #takeWork(): void {
    if (this.#stopped || !this.#mayBegin()) return;
    if (this.#looking) {
      this.#lookAgain = true;
      return;
    }
    this.#looking = this.#readWork()
      .catch((error: unknown) =>
        this.#house.log.warn({ switch: this.#switch.id, err: error }, 'work of a switch was not read'),
      )
      .then(() => {
        this.#looking = undefined;
        if (this.#lookAgain) {
          this.#lookAgain = false;
          this.#takeWork();
        }
      });
  }

  async #readWork(): Promise<void> {
    const work = await this.#house.db.asNobody((db) => workOfSwitch(db, this.#switch.id));
    await Promise.all(work.filter((one) => !this.#takenWork.has(one.id)).map((one) => this.#begin(one)));
  }

  async #begin(work: SwitchWork): Promise<void> {
    this.#takenWork.add(work.id);
    const live = await this.#load(work.merchantId, work.callSessionId);
    if (!live) {
      await this.#house.db.asMerchant(work.merchantId, (tx) => removeSwitchWork(tx, [work.id]));
      this.#takenWork.delete(work.id);
      return;
    }
    live.work.push(work.id);
    if (work.kind === 'begin')
      this.#enqueue(live, async () => this.#doAll(live, resume(live.stored.session)));
    else this.#tell(live, { type: 'hangUpRequested', by: 'merchant' });
  }

  async #load(merchantId: string, id: string): Promise<LiveCall | undefined> {
    const known = this.#live.get(id);
    if (known) return known;
    const stored = await this.#house.db.asMerchant(merchantId, (tx) => readSession(tx, id));
    if (!stored || stored.session.state === 'ended' || stored.session.state === 'settled') return undefined;
    const again = this.#live.get(id);
    if (again) return again;
    const live: LiveCall = {
      stored,
      queue: Promise.resolve(),
      timers: new Map(),
      requests: new Map(),
      endedLegs: new Set(),
      work: [],
    };
    this.#live.set(id, live);
    this.#indexLegs(live);
    return live;
  }

  #indexLegs(live: LiveCall): void {
    const { id, attempts, callerLegUuid } = live.stored.session;
    this.#sessionOfLeg.set(callerLegUuid, id);
    for (const { leg } of attempts) this.#sessionOfLeg.set(leg, id);
  }

  #forget(live: LiveCall): void {
    for (const timer of live.timers.values()) timer.cancel();
    this.#live.delete(live.stored.session.id);
    for (const id of live.work) this.#takenWork.delete(id);
    const { attempts, callerLegUuid } = live.stored.session;
    for (const leg of [callerLegUuid, ...attempts.map((one) => one.leg)]) this.#sessionOfLeg.delete(leg);
  }

  // --- Taking over what lives ----------------------------------------------------------------------------------

  /** On taking the lease and after a lost link: what the database says lives is compared with what the switch knows. */
  async #adoptAll(): Promise<void> {
    const sessions = await this.#house.db.asNobody((db) => liveSessionsOfSwitch(db, this.#switch.id));
    const begun = new Set(
      (await this.#house.db.asNobody((db) => workOfSwitch(db, this.#switch.id)))
        .filter((one) => one.kind === 'begin')
        .map((one) => one.callSessionId),
    );
    for (const { merchantId, callSessionId } of sessions) {
      // Not begun yet: its work row will ring it.
      if (begun.has(callSessionId) && !this.#live.has(callSessionId)) continue;
      const live = await this.#load(merchantId, callSessionId);
      if (live) this.#enqueue(live, () => this.#adopt(live));
    }
  }

  /** One session taken over: its legs are looked at, and what happened to them meanwhile is told to the rule. */
  async #adopt(live: LiveCall): Promise<void> {
    const { session } = live.stored;
    const legs = [
      ...session.attempts
        .filter((one) => one.state === 'ringing' || one.state === 'offered' || one.state === 'accepted')
        .map((one) => one.leg),
      ...(session.caller && session.caller.state !== 'gone' ? [session.caller.leg] : []),
    ];
    const nowUs = BigInt(this.#house.clock.now().getTime()) * 1000n;
    let bridgedUs: bigint | undefined;
    for (const leg of legs) {
      const truth = await this.#switch.look(leg);
      if (truth.state === 'living') {
        bridgedUs = truth.bridgedAtUs ?? bridgedUs;
        if (session.state !== 'connected' && truth.answered && truth.bridgedAtUs === undefined) {
          await this.#step(live, { type: 'legAnswered', leg });
        }
      } else if (truth.state === 'gone' && !live.endedLegs.has(leg)) {
        live.endedLegs.add(leg);
        await this.#step(live, { type: 'legEnded', leg, because: 'failed', endedAtUs: nowUs });
      }
    }
    if (bridgedUs !== undefined && live.stored.session.state === 'ringing_caller') {
      await this.#step(live, { type: 'legsBridged', atUs: bridgedUs });
    }
    if (live.stored.session.state === 'connected' && !live.timers.has('limit')) this.#rearm(live);
  }

  /** The timers of a talk that began before us: what is left of them, by the wall clock they were written with. */
  #rearm(live: LiveCall): void {
    const { session } = live.stored;
    if (session.bridgedUs === undefined) return;
    const elapsedMs = this.#house.clock.now().getTime() - Number(session.bridgedUs / 1000n);
    const fresh = advance(
      { ...session, state: 'ringing_caller' },
      { type: 'legsBridged', atUs: session.bridgedUs },
    );
    for (const command of fresh.commands) {
      if (command.do !== 'startTimer') continue;
      const leftMs = command.afterMs - elapsedMs;
      if (leftMs > 0 || command.timer === 'limit') this.#startTimer(live, command.timer, Math.max(leftMs, 0));
    }
  }

  // --- What the switch tells -----------------------------------------------------------------------------------

  #hear(event: SwitchEvent): void {
    if (event.type === 'linkUp') {
      if (this.#lease === undefined) void this.#renewNow();
      else this.#enqueueAdoption();
      return;
    }
    if (event.type === 'linkDown' || event.type === 'legParked' || event.type === 'legRinging') return;
    if (event.type === 'keyPressed') return;
    const leg = event.type === 'legsBridged' || event.type === 'legsUnbridged' ? event.aLeg : event.leg;
    const id = this.#sessionOfLeg.get(leg);
    const live = id === undefined ? undefined : this.#live.get(id);
    if (!live) return;
    const translated = this.#translate(live, event);
    if (translated) this.#tell(live, translated);
    if (event.type === 'legEnded') {
      live.endedLegs.add(event.leg);
      this.#enqueue(live, () => Promise.resolve(this.#forgetWhenOver(live)));
    }
  }

  #enqueueAdoption(): void {
    this.#adoptAll().catch((error: unknown) =>
      this.#house.log.warn({ switch: this.#switch.id, err: error }, 'calls of a switch were not adopted'),
    );
  }

  /** The switch's event in the rule's words; nothing when it answers a question that is no longer asked. */
  #translate(live: LiveCall, event: SwitchEvent): CallEvent | undefined {
    switch (event.type) {
      case 'legAnswered':
        return { type: 'legAnswered', leg: event.leg };
      case 'keyGiven':
        if (live.requests.get(event.leg)?.request !== event.request) return undefined;
        return { type: 'keyGiven', leg: event.leg, key: event.key };
      case 'noKeyGiven':
        if (live.requests.get(event.leg)?.request !== event.request) return undefined;
        return { type: 'noKeyGiven', leg: event.leg };
      case 'played': {
        const asked = live.requests.get(event.leg);
        if (asked?.request !== event.request || asked.words === undefined) return undefined;
        return { type: 'played', leg: event.leg, request: asked.words };
      }
      case 'legsBridged':
        live.bridgedAtMs = this.#house.clock.monotonicMs();
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

  #forgetWhenOver(live: LiveCall): void {
    const { session } = live.stored;
    if (session.state !== 'ended') return;
    const legs = [...session.attempts.map((one) => one.leg), ...(session.caller ? [session.caller.leg] : [])];
    if (legs.every((leg) => live.endedLegs.has(leg))) this.#forget(live);
  }

  // --- One step ------------------------------------------------------------------------------------------------

  #tell(live: LiveCall, event: CallEvent): void {
    this.#enqueue(live, () => this.#step(live, event));
  }

  #enqueue(live: LiveCall, act: () => Promise<void>): void {
    live.queue = live.queue.then(act).catch((error: unknown) => {
      // A step that failed is a bug or a database away: the call goes on under its limit, and is looked at again.
      this.#house.log.error({ callSessionId: live.stored.session.id, err: error }, 'a step of a call failed');
    });
  }

  async #step(live: LiveCall, event: CallEvent): Promise<void> {
    const { clock, db, metrics } = this.#house;
    const before = live.stored.session.state;
    const step = advance(live.stored.session, event);
    if (step.session === live.stored.session && step.commands.length === 0 && step.free.length === 0) return;
    if (!isDurable(step)) {
      if (step.free.length > 0) {
        const { id } = step.session;
        await db.asMerchant(live.stored.merchantId, (tx) =>
          freeConsultants(tx, id, { only: step.free }, undefined),
        );
      }
      live.stored = { ...live.stored, session: step.session };
      return this.#doAll(live, step.commands);
    }
    const { merchantId } = live.stored;
    const stored = live.stored;
    const lease = this.#lease;
    if (lease === undefined) return;
    const work = live.work;
    const written = await db.asMerchant(merchantId, async (tx) => {
      if (work.length > 0) await removeSwitchWork(tx, work);
      return writeStep(this.#house, tx, stored, step, lease);
    });
    if (!written) {
      await this.#yieldTo(live, event);
      return;
    }
    live.stored = written.stored;
    narrate(this.#house, written);
    for (const id of work) this.#takenWork.delete(id);
    live.work = live.work.filter((id) => !work.includes(id));
    this.#indexLegs(live);
    const { session } = live.stored;
    if (session.state !== before) {
      metrics.count('calls', { state: session.state, ...(session.outcome && { outcome: session.outcome }) });
    }
    if (session.state === 'ended' && before === 'connected')
      this.#measureCut(live, session, clock.monotonicMs());
    await this.#doAll(live, written.commands);
    this.#forgetWhenOver(live);
  }

  /** Our write changed nothing: the row has moved on (then we follow it), or another holds the switch (then he does). */
  async #yieldTo(live: LiveCall, event: CallEvent): Promise<void> {
    const { merchantId, session, version } = live.stored;
    const current = await this.#house.db.asMerchant(merchantId, (tx) => readSession(tx, session.id));
    if (!current || current.version === version) {
      this.#forget(live);
      return;
    }
    live.stored = current;
    this.#indexLegs(live);
    await this.#step(live, event);
  }

  #measureCut(live: LiveCall, session: CallSession, nowMs: number): void {
    if (session.endedBy !== 'limit' || live.bridgedAtMs === undefined) return;
    const late = nowMs - live.bridgedAtMs - session.plan.talkLimitSeconds * 1000;
    this.#house.metrics.observe('cut_distance_seconds', Math.abs(late) / 1000);
  }

  // --- What is done about it -----------------------------------------------------------------------------------

  async #doAll(live: LiveCall, commands: readonly CallCommand[]): Promise<void> {
    await Promise.all(commands.map((command) => this.#do(live, command)));
  }

  async #do(live: LiveCall, command: CallCommand): Promise<void> {
    const { clock, ids } = this.#house;
    switch (command.do) {
      case 'ring': {
        if (!this.#mayBegin()) return;
        const { plan } = live.stored.session;
        const { leg, to } = command;
        this.#prepare(live, leg);
        const done = await this.#switch.ring({
          leg,
          to,
          callerId: plan.callerId,
          ringSeconds: plan.ringSeconds,
          guardSeconds: plan.ringSeconds + guardAfterRingingSeconds,
        });
        // The switch would not even dial: for the rule that is a leg that failed.
        if (done.outcome === 'refused') {
          const nowUs = BigInt(clock.now().getTime()) * 1000n;
          live.endedLegs.add(leg);
          this.#tell(live, { type: 'legEnded', leg, because: 'failed', endedAtUs: nowUs });
        }
        return;
      }
      case 'ask': {
        const request = ids.legUuid();
        live.requests.set(command.leg, { request });
        await this.#switch.ask(command.leg, { request, sentence: command.sentence, waitMs: keyWaitMs });
        return;
      }
      case 'play': {
        const request = ids.legUuid();
        live.requests.set(command.leg, { request, words: command.request });
        this.#hangUpIfUnheard(
          live,
          command.leg,
          await this.#switch.play(command.leg, request, command.sentence),
        );
        return;
      }
      case 'playMusic':
        live.requests.delete(command.leg);
        await this.#switch.guard(command.leg, guardOnHoldSeconds);
        await this.#switch.playMusic(command.leg);
        return;
      case 'announce':
        await this.#switch.announce(command.leg, command.sentence);
        return;
      case 'bridge': {
        const { talkLimitSeconds } = live.stored.session.plan;
        const done = this.#mayBegin()
          ? await this.#switch.bridge(command.aLeg, command.bLeg, talkLimitSeconds)
          : ({ outcome: 'refused', reason: 'the lease is not ours' } satisfies Commanded);
        // `unknown`: it may have been joined; the switch's events or the next look will tell.
        if (done.outcome === 'refused' || done.outcome === 'gone') this.#tell(live, { type: 'bridgeFailed' });
        return;
      }
      case 'hangUp':
        await this.#switch.hangUp(command.leg, command.cause);
        return;
      case 'startTimer':
        this.#startTimer(live, command.timer, command.afterMs);
        return;
      case 'stopTimers':
        for (const timer of live.timers.values()) timer.cancel();
        live.timers.clear();
        return;
    }
  }

  #hangUpIfUnheard(live: LiveCall, leg: LegUuid, done: Commanded): void {
    if (done.outcome !== 'refused') return;
    const words = live.requests.get(leg)?.words;
    if (words !== undefined) this.#tell(live, { type: 'played', leg, request: words });
  }

  #startTimer(live: LiveCall, timer: TimerName, afterMs: number): void {
    live.timers.get(timer)?.cancel();
    live.timers.set(
      timer,
      this.#house.clock.after(afterMs, () => {
        live.timers.delete(timer);
        this.#tell(live, { type: 'timerDue', timer });
      }),
    );
  }

  /** What this party will hear is made ready while his phone rings. */
  #prepare(live: LiveCall, leg: LegUuid): void {
    const { session } = live.stored;
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
    this.#switch.prepare(sentences);
  }
}

/**
 * Ends a call at somebody's wish. A call that has not been paid for is given up; one that rings or talks is ended by
 * whoever commands its switch.
 */
export async function requestHangUp(
  house: House,
  merchantId: string,
  callSessionId: string,
): Promise<'requested' | 'already_ended' | 'unknown_session'> {
  const stored = await house.db.asMerchant(merchantId, async (tx) => {
    const found = await readSession(tx, callSessionId);
    if (found && ['ringing_consultant', 'ringing_caller', 'connected'].includes(found.session.state)) {
      await addSwitchWork(tx, { merchantId, switchId: found.switchId, callSessionId, kind: 'hang_up' });
    }
    return found;
  });
  if (!stored) return 'unknown_session';
  const { state } = stored.session;
  if (state === 'ended' || state === 'settled') return 'already_ended';
  if (state === 'awaiting_payment') await giveUpOrder(house, merchantId, stored.orderId, 'cancelled');
  return 'requested';
}

/** The switch's own record of a leg, posted when it ended. */
export async function recordCdr(
  house: House,
  leg: LegUuid,
  cdr: object,
): Promise<'recorded' | 'unknown_leg'> {
  const found = await house.db.asNobody((db) => merchantOfLeg(db, leg));
  if (!found) return 'unknown_leg';
  await house.db.asMerchant(found.merchantId, (tx) => saveCdr(tx, leg, cdr));
  return 'recorded';
}
