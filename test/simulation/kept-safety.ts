// What may never be of cards that were kept: one pays in another's call, or under another's code, or though he never agreed, or without
// being named; or after it was forgotten. What he keyed and said is the simulated people's truth, whose code he has is the run's.

import type { E164, LegUuid } from '../../src/core/ids.ts';
import { type Kernel, Violation } from './kernel.ts';
import type { SimCardRooms } from './sim-card-room.ts';
import type { SimDatabase } from './sim-database.ts';
import type { Outside } from './sim-gateway.ts';
import type { SimLeg } from './sim-leg.ts';
import type { SimProcessor } from './sim-processor.ts';
import type { SimSwitch } from './sim-switch.ts';

export interface Keeper {
  number: E164;
  clientCode: string;
}

interface Asked {
  metadata: Readonly<Record<string, string>>;
  paymentMethod?: string;
}

export class KeptSafety {
  readonly #kernel: Kernel;
  readonly #database: SimDatabase;
  readonly #switches: readonly SimSwitch[];
  readonly #processor: SimProcessor;
  readonly #rooms: SimCardRooms;
  #writesSeen = 0;
  /** Kept cards that were asked to pay. */
  #named = 0;
  /** By payment method that was forgotten: what had been asked with it by then. */
  readonly #forgotten = new Map<string, ReadonlySet<string>>();

  constructor({ kernel, database, switches, processor, cardRooms }: Outside) {
    this.#kernel = kernel;
    this.#database = database;
    this.#switches = switches;
    this.#processor = processor;
    this.#rooms = cardRooms;
  }

  get named(): number {
    return this.#named;
  }

  /** Payment methods that are kept for him at this moment. */
  async keptFor({ number, clientCode }: Keeper): Promise<string[]> {
    const kept = await this.#database.look<{ method: string; order: string }>(
      'select payment_method as method, order_id as "order" from kept_cards',
    );
    const his: string[] = [];
    for (const { method, order } of kept) {
      const call = await this.#callOf(order);
      if (call?.leg.number === number && call.clientCode === clientCode) his.push(method);
    }
    return his;
  }

  /** Whoever has had these forgotten has been answered. */
  async forgotten(methods: readonly string[]): Promise<void> {
    for (const method of methods) {
      this.#kernel.trace(`        ${method} is forgotten`);
      this.#forgotten.set(method, new Set(await this.#operationsWith([method])));
    }
  }

  /** After every change of the rows. */
  async rows(): Promise<void> {
    const [lost] = await this.#database.look<{ id: string }>(
      `select id from kept_cards where customer = any(?)
       union all
       select op.id from processor_operations op join authorizations a on a.id = op.authorization_id
         join payments p on p.id = a.payment_id
         where op.request ->> 'customer' = any(?) and p.state not in ('captured', 'voided', 'failed')`,
      [[...this.#processor.removedCustomers()], [...this.#processor.removedCustomers()]],
    );
    if (lost) throw new Violation(`removed from under what it is to pay: ${lost.id}`);
    if (this.#forgotten.size === 0) return;
    for (const [method, before] of this.#forgotten) {
      const asked = await this.#operationsWith([method]);
      const after = asked.find((id) => !before.has(id));
      if (after !== undefined) throw new Violation(`a card that was forgotten pays: ${method} ${after}`);
    }
  }

  /** At the end: what was forgotten here is so at the processor. */
  exact(): void {
    for (const method of this.#forgotten.keys()) {
      if (this.#processor.keptWith(method) !== undefined)
        throw new Violation(`a card that was forgotten is kept at the processor: ${method}`);
    }
  }

  async #operationsWith(methods: readonly string[]): Promise<string[]> {
    const found = await this.#database.look<{ id: string }>(
      `select id from processor_operations where kind = 'authorize' and request ->> 'paymentMethod' = any(?)`,
      [methods],
    );
    return found.map(({ id }) => id);
  }

  /** After every change at all: whatever the processor was asked to take from a card that was keyed. */
  async charged(): Promise<void> {
    const writes = this.#processor.writes();
    for (; this.#writesSeen < writes.length; this.#writesSeen += 1) {
      const write = writes[this.#writesSeen];
      if (write?.kind !== 'authorize') continue;
      const { paymentMethod, metadata } = JSON.parse(write.body) as Asked;
      const card = paymentMethod === undefined ? undefined : this.#rooms.taken(paymentMethod);
      if (card) await this.#mayPay(card, metadata['order'] ?? '');
    }
  }

  async #mayPay(
    { leg: keyedOn, paymentMethod, last4 }: { leg: LegUuid; paymentMethod: string; last4: string },
    order: string,
  ): Promise<void> {
    const call = await this.#callOf(order);
    if (call?.leg.uuid === keyedOn) return;
    const wrong = (what: string): Violation => new Violation(`${what}: ${paymentMethod} ${order}`);
    const keyed = await this.#callOn(keyedOn);
    if (!call || !keyed) throw wrong('a card pays where nobody called');
    if (call.leg.number !== keyed.leg.number || !isVouchedFor(call.leg) || !isVouchedFor(keyed.leg))
      throw wrong('a kept card pays for another number');
    if (call.clientCode === null || call.clientCode !== keyed.clientCode)
      throw wrong('a kept card pays for another client');
    if (!said(keyed.leg, 'card_keep_question').includes('1'))
      throw wrong('a card pays that nobody agreed to be kept');
    if (!said(call.leg, 'card_kept_question').includes(last4))
      throw wrong('a kept card pays that he has not named');
    this.#named += 1;
  }

  async #callOf(order: string): Promise<{ leg: SimLeg; clientCode: string | null } | undefined> {
    const [found] = await this.#database.look<{ leg: LegUuid; clientCode: string | null }>(
      `select r.leg::text, r.progress #>> '{caller,clientCode}' as "clientCode"
       from orders o join scenario_runs r on r.id = o.run_id where o.id = ?`,
      [order],
    );
    const leg = found && this.#legOf(found.leg);
    return leg && { leg, clientCode: found.clientCode };
  }

  async #callOn(leg: LegUuid): Promise<{ leg: SimLeg; clientCode: string | null } | undefined> {
    const [found] = await this.#database.look<{ clientCode: string | null }>(
      `select progress #>> '{caller,clientCode}' as "clientCode" from scenario_runs where leg = ?::uuid`,
      [leg],
    );
    const one = this.#legOf(leg);
    return found && one && { leg: one, clientCode: found.clientCode };
  }

  #legOf(uuid: LegUuid): SimLeg | undefined {
    return this.#switches.flatMap((one) => one.dialledLegs()).find((leg) => leg.uuid === uuid);
  }
}

const isVouchedFor = (leg: SimLeg): boolean => leg.inbound?.cli.trust === 'network';

/** What he keyed whenever this was asked. */
function said(leg: SimLeg, question: string): string[] {
  return leg.told
    .filter(
      ({ sentence }) => sentence.key === 'in_turn' && sentence.parts.some(({ key }) => key === question),
    )
    .flatMap(({ keyed }) => (keyed ? [keyed.digits] : []));
}
