// Commanding one switch for as long as its lease is held: its work is taken, what lives on it adopted, what it tells handed
// to the call it is about. Beside it what others want of a switch: an end to a call, a record kept. What a call does with
// all this is run-call's.

import type { LegUuid } from '../core/ids.ts';
import { readSession, saveCdr } from '../store/call-sessions.ts';
import { liveSessionsOfSwitch, merchantOfLeg, type SwitchWork, workOfSwitch } from '../store/finders.ts';
import {
  addSwitchWork,
  registerSwitch,
  releaseLease,
  removeSwitchWork,
  takeLease,
} from '../store/switches.ts';
import { giveUpOrder } from './follow-payment.ts';
import type { House } from './house.ts';
import type { Switch, SwitchEvent, Timer } from './ports.ts';
import { type Commander, LiveCall } from './run-call.ts';

/** A lease lapses this long after its last renewal; another gateway may then take it. */
const leaseSeconds = 5;
/** We stop beginning things this long after our last renewal, well before anybody else may begin them. */
const selfFenceMs = 3_000;
const renewEveryMs = 1_000;
const startPatienceMs = 3_000;

export class SwitchCommander {
  readonly #house: House;
  readonly #switch: Switch;
  readonly #holder: string;
  readonly #live = new Map<string, LiveCall>();
  readonly #sessionOfLeg = new Map<LegUuid, string>();
  readonly #takenWork = new Set<string>();
  readonly #asCommander: Commander;
  #lease: bigint | undefined;
  #renewedAtMs = 0;
  /** What lives on the switch is ours in memory too. */
  #adopted = false;
  #ticking: Timer | undefined;
  #stopListening: (() => void) | undefined;
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
    this.#asCommander = {
      house,
      switch: aSwitch,
      lease: () => this.#lease,
      mayBegin: () => this.#mayBegin(),
      changed: (call) => this.#indexLegs(call),
      workDone: (ids) => ids.forEach((id) => this.#takenWork.delete(id)),
      forget: (call) => this.#forget(call),
    };
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
    await Promise.allSettled([...this.#live.values()].map((call) => call.idle()));
    for (const call of this.#live.values()) call.cancelTimers();
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
    this.#ticking?.cancel();
    const askedAtMs = clock.monotonicMs();
    try {
      // A switch we cannot reach is left to a gateway that can.
      const number = this.#switch.link().up
        ? await db.ahead((own) => takeLease(own, this.#switch.id, this.#holder, leaseSeconds))
        : undefined;
      if (number === undefined) {
        if (this.#lease !== undefined && !this.#mayBegin()) this.#lease = undefined;
      } else {
        if (number !== this.#lease) this.#adopted = false;
        this.#lease = number;
        this.#renewedAtMs = askedAtMs;
        // Until it has succeeded once: else talks under way would go unwritten until the next gateway.
        if (!this.#adopted) await this.#adoptAll();
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
    if (work.kind === 'begin') call.begin(work.id);
    else call.hangUp(work.id);
  }

  async #load(merchantId: string, id: string): Promise<LiveCall | undefined> {
    const known = this.#live.get(id);
    if (known) return known;
    const stored = await this.#house.db.asMerchant(merchantId, (tx) => readSession(tx, id));
    if (!stored || stored.session.state === 'ended' || stored.session.state === 'settled') return undefined;
    // Another look may have loaded it while we read.
    const again = this.#live.get(id);
    if (again) return again;
    const call = new LiveCall(this.#asCommander, stored);
    this.#live.set(id, call);
    this.#indexLegs(call);
    return call;
  }

  #indexLegs(call: LiveCall): void {
    for (const leg of call.legs) this.#sessionOfLeg.set(leg, call.session.id);
  }

  #forget(call: LiveCall): void {
    call.cancelTimers();
    this.#live.delete(call.session.id);
    for (const id of call.work) this.#takenWork.delete(id);
    for (const leg of call.legs) this.#sessionOfLeg.delete(leg);
  }

  // --- What lives on the switch, and what it tells -------------------------------------------------------------

  /** On taking the lease and after a lost link: what the database says lives is compared with what the switch knows. */
  async #adoptAll(): Promise<void> {
    const inMemory = [...this.#live.values()];
    const sessions = await this.#house.db.asNobody((db) => liveSessionsOfSwitch(db, this.#switch.id));
    const begun = new Set(
      (await this.#house.db.asNobody((db) => workOfSwitch(db, this.#switch.id)))
        .filter((one) => one.kind === 'begin')
        .map((one) => one.callSessionId),
    );
    for (const { merchantId, callSessionId } of sessions) {
      // Not begun yet: its work row will ring it.
      if (begun.has(callSessionId) && !this.#live.has(callSessionId)) continue;
      const call = await this.#load(merchantId, callSessionId);
      call?.adopt();
    }
    // Over by now, here or under another's hands: nothing will be told of them that would make us forget them.
    const living = new Set(sessions.map((one) => one.callSessionId));
    for (const call of inMemory) if (!living.has(call.session.id)) call.adopt();
    this.#adopted = true;
  }

  #hear(event: SwitchEvent): void {
    switch (event.type) {
      case 'linkUp':
        if (this.#lease === undefined) void this.#renewNow();
        else this.#adoptAgain();
        return;
      case 'linkDown':
      case 'legParked':
      case 'legRinging':
      case 'keyPressed':
        return;
      default: {
        const leg = 'aLeg' in event ? event.aLeg : event.leg;
        const id = this.#sessionOfLeg.get(leg);
        if (id !== undefined) this.#live.get(id)?.hear(event);
      }
    }
  }

  #adoptAgain(): void {
    this.#adopted = false;
    this.#adoptAll().catch((error: unknown) =>
      this.#house.log.warn({ switch: this.#switch.id, err: error }, 'calls of a switch were not adopted'),
    );
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
