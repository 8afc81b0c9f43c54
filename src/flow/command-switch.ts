// Commanding one switch for as long as its lease is held: its work is taken, what it tells handed to the call it is about.
// Beside it what others want of a switch: an end to a call, no new calls. What a call does with all this is run-call's, how
// what lives is found out sweep-switch's.

import { type CallCommand, ringOf } from '../core/call-session.ts';
import type { LegUuid } from '../core/ids.ts';
import type { RunCommand } from '../core/scenario/run.ts';
import type { ServiceCommand, ServiceEvent } from '../core/service-call.ts';
import { readSession, type StoredSession } from '../store/call-sessions.ts';
import { recordChannel } from '../store/call-records.ts';
import { type SwitchWork, workOfSwitch } from '../store/finders.ts';
import type { StoredServiceCall } from '../store/service-calls.ts';
import {
  addSwitchWork,
  leaseChannel,
  registerSwitch,
  releaseLease,
  removeSwitchWork,
  setDraining,
  takeLease,
} from '../store/switches.ts';
import { giveUpOrder } from './follow-payment.ts';
import type { House } from './house.ts';
import { answerInbound } from './answer-inbound.ts';
import { type Desk, LegDesk, type Swept } from './leg-desk.ts';
import { type CallTaker, offerToTake } from './own-hands.ts';
import type { ParkedLeg, Switch, SwitchEvent, Timer } from './ports.ts';
import { type Commander, LiveCall } from './run-call.ts';
import { requestOfRun, type RunTold, scenarioCalls } from './run-scenario.ts';
import type { KeptRun } from './scenario-row.ts';
import { type CallsHere, handBack, isBack, ringFor } from './scenario-talk.ts';
import { servedCalls } from './serve-consultant.ts';
import { SwitchClock } from './switch-clock.ts';
import { SwitchSweep } from './sweep-switch.ts';

/** A lease lapses this long after its last renewal; another gateway takes it at that moment. */
const leaseSeconds = 5;
/** We stop beginning things this long after our last renewal, well before anybody else may begin them. */
const selfFenceMs = 3_000;
const renewEveryMs = 1_000;
const startPatienceMs = 3_000;
/** Records come within seconds of a leg's end: some minutes of the busiest switch, a megabyte. */
const legsRemembered = 10_000;
const sweepEveryMs = 30_000;
/** After a takeover or a lost link: what the list showed wrongly for its lag is seen soon. */
const sweepAgainMs = 5_000;

export class SwitchCommander implements CallTaker {
  readonly #house: House;
  readonly #switch: Switch;
  readonly #holder: string;
  readonly #clock: SwitchClock;
  readonly #live = new Map<string, LiveCall>();
  readonly #sessionOfLeg = new Map<LegUuid, string>();
  /** Also of calls that are over, whose records are still to come: the newest so many. */
  readonly #merchantOfLeg = new Map<LegUuid, string>();
  readonly #takenWork = new Set<string>();
  /** Calls that wait for the lease to be renewed. */
  readonly #owing = new Set<LiveCall>();
  /** Calls from outside that are being written down. */
  readonly #answering = new Set<LegUuid>();
  readonly #asCommander: Commander;
  readonly #sweep: SwitchSweep;
  /** Consultants who call the service; callers who go through scenarios. */
  readonly #service: LegDesk<StoredServiceCall, ServiceEvent, ServiceCommand>;
  readonly #scenarios: LegDesk<KeptRun, RunTold, RunCommand>;
  readonly #desks: readonly Desk[];
  #lease: bigint | undefined;
  #renewedAtMs = 0;
  /** What lived on the switch when the lease became ours is ours in memory too. */
  #adopted = false;
  /** Events may not have reached us: more is to be looked at than on an ordinary sweep. */
  #missed = true;
  /** The link was lost: what was said and keyed meanwhile was told to nobody. */
  #cut = false;
  #sweeping: Promise<void> | undefined;
  #nextSweep: Timer | undefined;
  /** Work that lay there when the lease became ours: a gateway before us may have begun it. */
  #workOfOthers: ReadonlySet<string> = new Set();
  #ticking: Timer | undefined;
  #stopListening: (() => void)[] = [];
  #stopped = false;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #tick: Promise<void> | undefined;
  #started: () => void = () => undefined;

  /** `holder`: the name this gateway holds leases under, unlike any other's. */
  constructor(house: House, aSwitch: Switch, holder: string) {
    this.#house = house;
    this.#switch = aSwitch;
    this.#holder = holder;
    this.#clock = new SwitchClock(house.clock);
    const atSwitch = {
      house,
      switch: aSwitch,
      clock: this.#clock,
      lease: () => this.#lease,
      mayBegin: () => this.#mayBegin(),
    };
    this.#asCommander = {
      ...atSwitch,
      owes: (call) => this.#owing.add(call),
      changed: (call) => {
        this.#indexLegs(call);
        this.#tellScenario(call);
      },
      handOver: (run) => this.#scenarios.begin(run, false),
      workDone: (ids) => ids.forEach((id) => this.#takenWork.delete(id)),
      forget: (call) => this.#forget(call),
    };
    this.#sweep = new SwitchSweep({
      ...atSwitch,
      calls: () => [...this.#live.values()],
      take: (row) => this.#take(row),
      callOfLeg: (leg) => this.#live.get(this.#sessionOfLeg.get(leg) ?? ''),
      isCaredFor: (leg) => this.#desks.some((desk) => desk.has(leg)),
      hangUp: ({ id, callSessionId }) => {
        const call = this.#live.get(callSessionId);
        if (!call || this.#takenWork.has(id)) return;
        this.#takenWork.add(id);
        call.hangUp(id);
      },
    });
    this.#service = new LegDesk(atSwitch, servedCalls(atSwitch));
    const calls: CallsHere = {
      arrive: (stored, commands) => this.#arrive(stored, commands),
      tell: async ({ merchantId, session }, event) => {
        (await this.#load(merchantId, session.id))?.lead(event);
      },
    };
    this.#scenarios = new LegDesk(
      atSwitch,
      scenarioCalls(
        atSwitch,
        (kept, order) => ringFor(atSwitch, calls, kept, order),
        (stored) => this.#live.get(stored.session.id)?.follow(stored),
      ),
    );
    this.#desks = [this.#service, this.#scenarios];
    aSwitch.onEvent((event) => this.#hear(event));
  }

  get switchId(): string {
    return this.#switch.id;
  }

  mayTake(): boolean {
    return this.#adopted && !this.#stopped && this.#mayBegin();
  }

  /** Should the lease be lost meanwhile, whoever takes it finds the call among those that live. */
  begin(stored: StoredSession): void {
    this.#take(stored)?.begin(undefined, false);
  }

  merchantOfLeg(leg: LegUuid): string | undefined {
    const known = this.#merchantOfLeg.get(leg);
    if (known !== undefined) return known;
    return this.#desks.map((desk) => desk.merchantOfLeg(leg)).find((one) => one !== undefined);
  }

  /** Registers the switch, takes its lease when it is free, adopts what lives on it; goes on doing so until `stop`. */
  async start(): Promise<void> {
    const { db, clock } = this.#house;
    await db.asNobody((nobody) => registerSwitch(nobody, this.#switch.id));
    const isOurs = (payload: string | undefined): boolean =>
      payload === undefined || payload === this.#switch.id;
    this.#stopListening = [
      db.listen('ringmeter_switch', (payload) => {
        if (isOurs(payload)) this.#takeWork();
      }),
      db.listen(leaseChannel, (payload) => {
        if (isOurs(payload) && this.#lease === undefined && !this.#stopped) void this.#renewNow();
      }),
      db.listen(recordChannel, (payload) => this.#recordCame(payload)),
    ];
    this.#stopListening.push(offerToTake(this.#house, this));
    this.#switch.start();
    // A switch that answers is ours before anybody is told that we serve; one that does not is no reason to wait long.
    await new Promise<void>((resolve) => {
      const patience = clock.after(startPatienceMs, resolve);
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
    this.#nextSweep?.cancel();
    for (const stop of this.#stopListening) stop();
    await this.#tick;
    await this.#sweeping;
    await this.#looking;
    await Promise.allSettled([...this.#live.values()].map((call) => call.idle()));
    for (const call of this.#live.values()) call.cancelTimers();
    await Promise.all(this.#desks.map((desk) => desk.stop()));
    if (this.#lease !== undefined) {
      await this.#house.db
        .asNobody((db) => releaseLease(db, this.#switch.id, this.#holder))
        .catch(() => undefined);
    }
    await this.#switch.stop();
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
    if (this.#stopped) return;
    this.#ticking?.cancel();
    let nextMs = renewEveryMs;
    const askedAtMs = clock.monotonicMs();
    try {
      // A switch we cannot reach is left to a gateway that can.
      if (this.#switch.link().up) {
        const asked = await db.ahead((own) => takeLease(own, this.#switch.id, this.#holder, leaseSeconds));
        if (asked.outcome === 'ours') this.#holds(asked.number, askedAtMs);
        else {
          this.#letGo();
          // To the moment: a call must not wait for the next look at the clock.
          nextMs = Math.min(renewEveryMs, Math.ceil(asked.lapsesInMs) + 10);
        }
      } else if (!this.#mayBegin()) {
        this.#lease = undefined;
      }
    } catch (error) {
      log.warn({ switch: this.#switch.id, err: error }, 'the lease of a switch was not renewed');
    }
    this.#takeWork();
    this.#sayCommanded();
    if (this.#stopped as boolean) return;
    this.#ticking = clock.after(nextMs, () => void this.#renewNow());
  }

  #holds(number: bigint, askedAtMs: number): void {
    if (number !== this.#lease) {
      this.#adopted = false;
      this.#missed = true;
      // Rows may have been moved by another.
      for (const desk of this.#desks) desk.forgetAll();
    }
    this.#lease = number;
    this.#renewedAtMs = askedAtMs;
    // Until it has succeeded: else talks under way would go unwritten until the next gateway.
    if (this.#missed) this.#sweepNow();
    for (const call of this.#owing) call.goOn();
    this.#owing.clear();
    for (const desk of this.#desks) desk.goOn();
  }

  #sayCommanded(): void {
    const commanded = this.#lease !== undefined && this.#adopted ? this.#live.size : 0;
    this.#house.metrics.level('commanded_calls', commanded, { switch: this.#switch.id });
  }

  /** Another commands it now, and what we remember of its calls is of the past. */
  #letGo(): void {
    for (const desk of this.#desks) desk.forgetAll();
    if (this.#lease === undefined && this.#live.size === 0) return;
    this.#lease = undefined;
    for (const call of [...this.#live.values()]) this.#forget(call);
  }

  #mayBegin(): boolean {
    return this.#lease !== undefined && this.#house.clock.monotonicMs() - this.#renewedAtMs < selfFenceMs;
  }

  /** Looks for work addressed to our switch; a wake-up while we look means looking once more. */
  #takeWork(): void {
    if (this.#stopped || !this.#adopted || !this.#mayBegin()) return;
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
    const fresh = work.filter((one) => !this.#takenWork.has(one.id));
    // A call that is to end is not begun first.
    await Promise.all(fresh.filter(({ kind }) => kind === 'hang_up').map((one) => this.#begin(one)));
    await Promise.all(fresh.filter(({ kind }) => kind !== 'hang_up').map((one) => this.#begin(one)));
    this.#workOfOthers = new Set();
  }

  async #begin(work: SwitchWork): Promise<void> {
    this.#takenWork.add(work.id);
    let call: LiveCall | undefined;
    try {
      call = await this.#load(work.merchantId, work.callSessionId);
      if (!call) await this.#house.db.asMerchant(work.merchantId, (tx) => removeSwitchWork(tx, [work.id]));
    } catch (error) {
      // Still there: the next look takes it again.
      this.#takenWork.delete(work.id);
      throw error;
    }
    if (!call) {
      this.#takenWork.delete(work.id);
      return;
    }
    switch (work.kind) {
      case 'begin':
        call.begin(work.id, this.#workOfOthers.has(work.callSessionId));
        return;
      case 'hang_up':
        call.hangUp(work.id);
        return;
      case 'refresh':
        call.refresh(work.id);
        return;
      case 'withdraw':
        call.withdraw(work.id);
        return;
    }
  }

  async #load(merchantId: string, id: string): Promise<LiveCall | undefined> {
    const known = this.#live.get(id);
    if (known) return known;
    const stored = await this.#house.db.asMerchant(merchantId, (tx) => readSession(tx, id));
    return stored && this.#take(stored);
  }

  /** `over`: also one that is over already, for the last words of a caller who was sent away as he came. */
  #take(stored: StoredSession, over = false): LiveCall | undefined {
    const { id, state } = stored.session;
    // Another look may have loaded it while we read.
    const known = this.#live.get(id);
    if (known) return known;
    if (!over && (state === 'ended' || state === 'settled')) return undefined;
    const call = new LiveCall(this.#asCommander, stored);
    this.#live.set(id, call);
    this.#indexLegs(call);
    return call;
  }

  #indexLegs(call: LiveCall): void {
    for (const leg of call.legs) {
      this.#sessionOfLeg.set(leg, call.session.id);
      this.#merchantOfLeg.set(leg, call.merchantId);
    }
    for (const [leg] of this.#merchantOfLeg) {
      if (this.#merchantOfLeg.size <= legsRemembered) break;
      this.#merchantOfLeg.delete(leg);
    }
  }

  #forget(call: LiveCall): void {
    call.cancelTimers();
    this.#live.delete(call.session.id);
    this.#owing.delete(call);
    for (const id of call.work) this.#takenWork.delete(id);
    // A caller in a scenario may be in its next talk by now.
    for (const leg of call.legs)
      if (this.#sessionOfLeg.get(leg) === call.session.id) this.#sessionOfLeg.delete(leg);
  }

  /** A talk of a scenario's call, just written. */
  async #arrive(stored: StoredSession, commands: readonly CallCommand[]): Promise<void> {
    const call = this.#take(stored);
    if (!call) return;
    // He may have hung up before anybody here knew of his talk.
    const { state } = await this.#switch.look(stored.session.callerLegUuid);
    call.arrive({ commands, gone: state === 'gone' });
  }

  /** The talk is over, or none has come of it: the caller's leg is his scenario's again. */
  #tellScenario({ session }: LiveCall): void {
    const run = ringOf(session);
    if (!run || !isBack(session)) return;
    const { callerLegUuid } = session;
    void handBack(this.#switch, session).then((rang) =>
      this.#scenarios.answer(callerLegUuid, requestOfRun(run), rang),
    );
  }

  // --- What lives on the switch, and what it tells -------------------------------------------------------------

  /** One sweep at a time; one that failed is done again with the next renewal. */
  #sweepNow(): void {
    if (this.#sweeping || this.#stopped || this.#lease === undefined) return;
    if (!this.#switch.link().up) return; // and the link that comes back brings a sweep
    const taken = !this.#adopted;
    const missed = this.#missed;
    const cut = this.#cut;
    this.#missed = false;
    this.#cut = false;
    this.#nextSweep?.cancel();
    this.#sweeping = this.#sweepOnce({ missed, taken, cut })
      .catch((error: unknown) => {
        this.#missed = true;
        this.#cut ||= cut;
        this.#house.log.warn(
          { switch: this.#switch.id, err: error },
          'calls of a switch were not looked after',
        );
      })
      .then(() => {
        this.#sweeping = undefined;
        if (this.#stopped) return;
        const inMs = Math.min(missed ? sweepAgainMs : sweepEveryMs, this.#sweep.dueInMs() ?? sweepEveryMs);
        this.#nextSweep = this.#house.clock.after(inMs, () => this.#sweepNow());
      });
  }

  /** `taken`: the switch is newly ours. */
  async #sweepOnce({ missed, taken, cut }: Swept & { taken: boolean }): Promise<void> {
    const { clock, metrics } = this.#house;
    const lease = this.#lease;
    const begunMs = clock.monotonicMs();
    const desks = this.#desks.map((desk) => desk.toSweep({ missed, cut }));
    const { toBegin, listed, through } = await this.#sweep.run({ missed, taken });
    if (lease === this.#lease) {
      if (taken) this.#workOfOthers = toBegin;
      this.#adopted = true;
      this.#sayCommanded();
      this.#started();
      this.#takeWork();
    }
    for (const sweep of desks) await sweep(listed);
    await this.#answerParked();
    await through;
    metrics.observe('sweep_seconds', (clock.monotonicMs() - begunMs) / 1000, { sweep: 'switch' });
  }

  /** Calls that came while nobody listened are answered as if they had just come. */
  async #answerParked(): Promise<void> {
    const found = await this.#switch.parked();
    if (found.outcome === 'listed') for (const parked of found.parked) this.#answer(parked);
  }

  #hear(event: SwitchEvent): void {
    this.#clock.hear(event);
    switch (event.type) {
      case 'linkUp':
        this.#missed = true;
        this.#cut = true;
        void this.#renewNow();
        return;
      case 'legParked':
        this.#answer(event);
        return;
      case 'linkDown':
      case 'legRinging':
        return;
      default: {
        const leg = 'aLeg' in event ? event.aLeg : event.leg;
        const id = this.#sessionOfLeg.get(leg);
        if (id !== undefined) this.#live.get(id)?.hear(event);
        for (const desk of this.#desks) desk.hear(leg, event);
      }
    }
  }

  /** A call from outside. Without the lease it is left to whoever has it; nobody has, the switch's own apology ends it. */
  #answer(parked: ParkedLeg): void {
    const lease = this.#lease;
    if (this.#stopped || lease === undefined || !this.#mayBegin()) return;
    if (this.#sessionOfLeg.has(parked.leg)) return;
    if (this.#desks.some((desk) => desk.has(parked.leg))) return;
    if (this.#answering.has(parked.leg)) return;
    this.#answering.add(parked.leg);
    void answerInbound(this.#house, this.#switch, lease, parked)
      .then((arrived) => {
        if (!arrived) return;
        if ('service' in arrived) {
          this.#service.begin(arrived.service, arrived.gone === true);
          return;
        }
        if ('scenario' in arrived) {
          this.#scenarios.begin(arrived.scenario, arrived.gone === true);
          return;
        }
        const { stored, commands } = arrived.written;
        this.#take(stored, true)?.arrive({ commands, gone: arrived.gone === true });
      })
      .catch((error: unknown) => {
        // The apology is gone, so that he rings until our guard ends it. The next renewal of the lease, a second from now,
        // brings a sweep that answers him, or takes up what was written and not answered for.
        this.#house.log.warn({ switch: this.#switch.id, err: error }, 'A call from outside was not taken');
        this.#missed = true;
      })
      .finally(() => this.#answering.delete(parked.leg));
  }

  /** `<switch> <session> <leg>`; nothing: some may have been missed, which the next sweep finds. */
  #recordCame(payload: string | undefined): void {
    const [switchId, id = '', leg = ''] = payload?.split(' ') ?? [];
    if (switchId !== this.#switch.id) return;
    this.#live.get(id)?.recordCame(leg as LegUuid);
    for (const desk of this.#desks) desk.recordCame(leg as LegUuid);
  }
}

// --- What others want of a switch ------------------------------------------------------------------------------

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
    const live = ['recognizing', 'ringing_consultant', 'ringing_caller', 'led', 'connected'];
    if (found && live.includes(found.session.state)) {
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

/** Empties a switch: no new calls from now on, those under way go on. `on` false: it takes calls again. */
export async function drainSwitch(
  house: House,
  switchId: string,
  on: boolean,
): Promise<'draining' | 'serving' | 'unknown_switch'> {
  const known = await house.db.asNobody((db) => setDraining(db, switchId, on));
  if (!known) return 'unknown_switch';
  house.log.info({ switch: switchId }, on ? 'No new calls for this switch' : 'This switch takes calls again');
  return on ? 'draining' : 'serving';
}
