// What may never be of cards that are keyed on the telephone: two of anything where one is meant, a caller who is asked again before he
// knows, or told what is not so, or left with the card room's mark where no room cares for him. What is captured and held, and at which
// price, is safety's, as of every payment.

import type { LegUuid } from '../../src/core/ids.ts';
import { type Keeper, KeptSafety } from './kept-safety.ts';
import { type Kernel, Violation } from './kernel.ts';
import { paidWords } from './keyed-cards.ts';
import type { SimCardRooms } from './sim-card-room.ts';
import type { SimDatabase } from './sim-database.ts';
import type { Outside } from './sim-gateway.ts';
import type { SimProcessor } from './sim-processor.ts';
import type { SimSwitch } from './sim-switch.ts';

/** A room that died is asked again by then, or given up, or its gateway's switch is another's. */
const forsakenMs = 35_000;
/** So does whoever finds that a caller hears nothing any more. */
const silenceMs = 40_000;

const books = /* sql */ `
select 'two orders of one call wait for a card' as what, o.run_id as about from orders o join payments p on p.order_id = o.id
  where o.run_id is not null and p.state = 'awaiting_card' and p.outcome_reason is null
  group by o.run_id having count(*) > 1
union all
select 'an order waits for a card in a call that is over', o.id from orders o join payments p on p.order_id = o.id
  join scenario_runs r on r.id = o.run_id
  where r.ended_at is not null and p.state = 'awaiting_card' and p.outcome_reason is null
union all
select 'an order paid by a keyed card has two holds', o.id from orders o join payments p on p.order_id = o.id
  join authorizations a on a.payment_id = p.id where o.run_id is not null and a.state = 'authorized'
  group by o.id having count(*) > 1
union all
select 'a talk paid by a keyed card is led by another call', s.id from call_sessions s join orders o on o.id = s.order_id
  where o.run_id is not null and s.progress #>> '{plan,paidInRun}' is distinct from o.run_id
union all
select 'settled by two', payment_id from (
  select a.payment_id, op.id from processor_operations op join authorizations a on a.id = op.authorization_id
    join payments p on p.id = a.payment_id join orders o on o.id = p.order_id
    where o.run_id is not null and op.kind in ('capture', 'void') and op.state = 'done') settled
  group by payment_id having count(*) > 1
union all
select 'sold', id from orders where run_id is not null`;

/** Of the call on this leg: what a card may have been sent for to the processor, where nobody knows what came of it. */
const unknownOf = /* sql */ `
select op.id, p.outcome_reason is not null as "givenUp" from scenario_runs r join orders o on o.run_id = r.id join payments p on p.order_id = o.id
  join authorizations a on a.payment_id = p.id join processor_operations op on op.authorization_id = a.id
  where r.leg = ?::uuid and op.kind = 'authorize' and p.state = 'awaiting_card'`;

interface OrderOfLeg {
  [column: string]: unknown;
  id: string;
  kind: string;
  state: string;
  captured: string;
  run: string;
  outcome: string | null;
}

export class KeyedSafety {
  readonly #kernel: Kernel;
  readonly #database: SimDatabase;
  readonly #switches: readonly SimSwitch[];
  readonly #processor: SimProcessor;
  readonly #rooms: SimCardRooms;
  #entriesSeen = 0;
  /** Orders made in a call: more time is sold in none of these. */
  readonly #sold = new Set<string>();
  readonly #questionsSeen = new Map<LegUuid, number>();
  readonly #heardSeen = new Map<LegUuid, number>();
  readonly #silentSinceMs = new Map<LegUuid, number>();
  readonly #kept: KeptSafety;
  readonly #forsakenSinceMs = new Map<LegUuid, number>();

  constructor(outside: Outside) {
    const { kernel, database, switches, processor, cardRooms } = outside;
    this.#kept = new KeptSafety(outside);
    this.#kernel = kernel;
    this.#database = database;
    this.#switches = switches;
    this.#processor = processor;
    this.#rooms = cardRooms;
  }

  /** After every change of the rows. */
  async rows(): Promise<void> {
    const found = await this.#database.look<{ what: string; about: string }>(books);
    for (const { about } of found.filter(({ what }) => what === 'sold')) this.#sold.add(about);
    const wrong = found.find(({ what }) => what !== 'sold');
    if (wrong) throw new Violation(`${wrong.what}: ${wrong.about}`);
    await this.#kept.rows();
  }

  /** Kept cards that were asked to pay. */
  get keptNamed(): number {
    return this.#kept.named;
  }

  keptFor(keeper: Keeper): Promise<string[]> {
    return this.#kept.keptFor(keeper);
  }

  forgotten(paymentMethods: readonly string[]): Promise<void> {
    return this.#kept.forgotten(paymentMethods);
  }

  /** After every change at all. */
  async told(): Promise<void> {
    this.#holds();
    await this.#kept.charged();
    await this.#askedInIgnorance();
    await this.#toldPaid();
    this.#forsaken();
    this.#silence();
  }

  /** "At most one PaymentIntent with money on it an order." */
  #holds(): void {
    const ofOrder = new Map<string, string>();
    for (const { id, status, metadata } of this.#processor.intents()) {
      if (status !== 'requires_capture' && status !== 'succeeded') continue;
      const order = metadata['order'] ?? '';
      const other = ofOrder.get(order);
      if (other !== undefined && this.#sold.has(order))
        throw new Violation(`two holds for one order: ${order} ${other} ${id}`);
      ofOrder.set(order, id);
    }
  }

  /** Whoever has sent his card away is asked for no digit before it is known what became of it. */
  async #askedInIgnorance(): Promise<void> {
    const asked = this.#rooms.asked();
    const legs = new Map<LegUuid, 'card' | 'key'>();
    for (; this.#entriesSeen < asked.length; this.#entriesSeen += 1) {
      const entry = asked[this.#entriesSeen];
      if (entry) legs.set(entry.leg, 'card');
    }
    for (const leg of this.#switches.flatMap((one) => one.dialledLegs())) {
      const asked = leg.told.length > (this.#questionsSeen.get(leg.uuid) ?? 0);
      if (asked && !legs.has(leg.uuid)) legs.set(leg.uuid, 'key');
      this.#questionsSeen.set(leg.uuid, leg.told.length);
    }
    if (legs.size === 0) return;
    const sent = new Set(this.#processor.writes().map(({ key }) => key));
    for (const [leg, wanted] of legs) {
      const unknown = await this.#database.look<{ id: string; givenUp: boolean }>(unknownOf, [leg]);
      // What is given up is let go, whatever comes of it: for anything but another card that is an outcome.
      const found = unknown.find(({ id, givenUp }) => sent.has(id) && (wanted === 'card' || !givenUp));
      if (found) throw new Violation(`asked again while his card is with the bank: ${leg} ${found.id}`);
    }
  }

  /** Nobody hears that he has paid who has not. */
  async #toldPaid(): Promise<void> {
    for (const leg of this.#switches.flatMap((one) => one.dialledLegs())) {
      const seen = this.#heardSeen.get(leg.uuid) ?? 0;
      if (leg.heard.length === seen) continue;
      this.#heardSeen.set(leg.uuid, leg.heard.length);
      if (!leg.heard.slice(seen).some(isPaid)) continue;
      const orders = await this.#ordersOf(leg.uuid);
      const paid = orders.some(({ state }) => !['awaiting_card', 'failed'].includes(state));
      if (!paid) throw new Violation(`told that he has paid, who has not: ${leg.uuid}`);
    }
  }

  /** No leg is left in the room. */
  #forsaken(): void {
    const { nowMs, disturbedUntilMs } = this.#kernel;
    const now = this.#rooms.forsaken();
    for (const leg of this.#forsakenSinceMs.keys()) if (!now.includes(leg)) this.#forsakenSinceMs.delete(leg);
    for (const leg of now) {
      const since = this.#forsakenSinceMs.get(leg);
      if (since === undefined) this.#forsakenSinceMs.set(leg, nowMs);
      else if (nowMs - Math.max(since, disturbedUntilMs) > forsakenMs)
        throw new Violation(`left in the card room, where nobody is: ${leg}`);
    }
  }

  #silence(): void {
    const { nowMs, disturbedUntilMs } = this.#kernel;
    const legs = this.#switches.flatMap((one) => one.dialledLegs());
    for (const leg of legs.filter(({ behaviour }) => behaviour.keysCards)) {
      const since = this.#silentSinceMs.get(leg.uuid);
      if (!leg.isInSilence) this.#silentSinceMs.delete(leg.uuid);
      else if (since === undefined) this.#silentSinceMs.set(leg.uuid, nowMs);
      else if (nowMs - Math.max(since, disturbedUntilMs) > silenceMs)
        throw new Violation(`left in silence: ${leg.uuid}`);
    }
  }

  /** At the end: who stayed to the end of his scenario has heard of all he has paid. */
  async exact(): Promise<void> {
    this.#kept.exact();
    for (const leg of this.#switches.flatMap((one) => one.dialledLegs())) {
      if (leg.left || leg.cause === 'CRASH' || leg.cause === 'SYSTEM_SHUTDOWN') continue;
      const orders = await this.#ordersOf(leg.uuid);
      const taken = orders.filter(
        ({ kind, state, captured, outcome }) =>
          outcome === 'completed' &&
          (state === 'captured' || kind === 'conversation') &&
          Number(captured) > 0,
      );
      const heard = leg.heard.filter(isPaid).length;
      if (heard < taken.length) throw new Violation(`has paid and was not told: ${leg.uuid}`);
    }
  }

  async #ordersOf(leg: LegUuid): Promise<OrderOfLeg[]> {
    return this.#database.look<OrderOfLeg>(
      `select o.id, o.kind, p.state, p.captured::text, r.id as run, r.progress ->> 'outcome' as outcome
       from scenario_runs r join orders o on o.run_id = r.id join payments p on p.order_id = o.id where r.leg = ?::uuid`,
      [leg],
    );
  }
}

const isPaid = ({ said }: { said: string }): boolean => said.includes(paidWords);
