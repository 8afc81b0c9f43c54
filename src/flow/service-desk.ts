// Consultants who call the service, on one switch: their calls in memory beside their rows, taken over with the switch. One call is
// serve-consultant's; how a call from outside comes here, answer-inbound's.

import type { LegUuid } from '../core/ids.ts';
import { liveServiceCallsOfSwitch, readServiceCall, type StoredServiceCall } from '../store/service-calls.ts';
import type { SwitchEvent } from './ports.ts';
import { ServedCall, type ServiceDeskSide } from './serve-consultant.ts';

export class ServiceDesk {
  readonly #side: ServiceDeskSide;
  readonly #calls = new Map<LegUuid, ServedCall>();

  constructor(side: Omit<ServiceDeskSide, 'forget'>) {
    this.#side = { ...side, forget: (call) => this.#forget(call) };
  }

  has(leg: LegUuid): boolean {
    return this.#calls.has(leg);
  }

  merchantOfLeg(leg: LegUuid): string | undefined {
    return this.#calls.get(leg)?.merchantId;
  }

  /** A call whose row was just written. `gone`: he hung up before we could take it. */
  begin(stored: StoredServiceCall, gone: boolean): void {
    // A sweep may have found its row before us.
    if (this.has(stored.call.leg)) return;
    const call = this.#take(stored);
    if (gone) void call.adopt(false);
    else call.begin();
  }

  hear(leg: LegUuid, event: SwitchEvent): void {
    this.#calls.get(leg)?.hear(event);
  }

  recordCame(leg: LegUuid): void {
    this.#calls.get(leg)?.recordCame();
  }

  /**
   * Rows beside memory: `taken`, the switch is newly ours, and they may have been moved by another; `missed`, ends may not have
   * reached us. Throws when the database does.
   */
  async sweep({ taken, missed }: { taken: boolean; missed: boolean }): Promise<void> {
    const { house, switch: aSwitch } = this.#side;
    if (taken) this.forgetAll();
    const refs = await house.db.asNobody((db) => liveServiceCallsOfSwitch(db, aSwitch.id));
    const known = new Set([...this.#calls.values()].map((call) => call.id));
    // Not waited for: one of them may be keeping a recording, and callers wait to be answered behind this.
    if (missed) for (const call of this.#calls.values()) void call.adopt(false);
    for (const { merchantId, serviceCallId } of refs) {
      if (known.has(serviceCallId)) continue;
      const stored = await house.db.asMerchant(merchantId, (tx) => readServiceCall(tx, serviceCallId));
      if (stored && !this.#calls.has(stored.call.leg)) void this.#take(stored).adopt(true);
    }
  }

  /** The lease is renewed. */
  goOn(): void {
    for (const call of this.#calls.values()) call.goOn();
  }

  /** Another commands the switch now. */
  forgetAll(): void {
    for (const call of [...this.#calls.values()]) this.#forget(call);
  }

  async stop(): Promise<void> {
    for (const call of this.#calls.values()) call.stop();
    await Promise.all([...this.#calls.values()].map((call) => call.idle()));
  }

  #take(stored: StoredServiceCall): ServedCall {
    const call = new ServedCall(this.#side, stored);
    this.#calls.set(call.leg, call);
    return call;
  }

  #forget(call: ServedCall): void {
    call.stop();
    if (this.#calls.get(call.leg) === call) this.#calls.delete(call.leg);
  }
}
