// What may never be, looked at after every change: the books by SQL, the talks and legs by the switch's own truth, which no
// gateway's belief can bend.

import { affordableSeconds, rate } from '../../src/core/rating.ts';
import { money } from '../../src/core/money.ts';
import type { Tariff } from '../../src/core/tariff.ts';
import { type Availability, mobileNumber, thirdNumber } from './availability.ts';
import { AvailabilitySafety } from './availability-safety.ts';
import { CaptureSafety } from './capture-safety.ts';
import { ComposedSafety } from './composed-safety.ts';
import { consultantIds, fixedPrice } from './house-names.ts';
import { type Kernel, Violation } from './kernel.ts';
import { KnownSafety } from './known-safety.ts';
import type { KnownHouse } from './known-calls.ts';
import { consultantNumber } from './scenario.ts';
import type { ServiceHouse } from './service-calls.ts';
import { KeyedSafety } from './keyed-safety.ts';
import { ServiceSafety } from './service-safety.ts';
import type { SimConsultants } from './sim-consultants.ts';
import type { SimDatabase } from './sim-database.ts';
import type { Outside } from './sim-gateway.ts';
import type { SimMerchant } from './sim-merchant.ts';
import type { SimOperator } from './sim-operator.ts';
import type { SimProcessor } from './sim-processor.ts';
import type { SimSwitch, Talk } from './sim-switch.ts';

/** The switch's task stands at most this far behind a limit, and has ended the talk by then too. */
const behindUs = 2_000_000n;
const firesWithinUs = 50_000n;
/** A bridge is stamped with the instant of the switch's 20 ms grid before it; its tasks are not. */
const gridUs = 20_000n;
/** A resync comes every 30 s; and what it needs to look and write. */
const resyncMs = 35_000;
/** The kill switch has stopped everything by then. */
const stopWithinMs = 2_000;
/**
 * A talk whose end nobody heard waits for the switch's own records of it: posted, they are there; those in the spool are read
 * every 30 s; for lost ones a minute is waited in vain.
 */
const recordsMs = { posted: 5_000, posting: 10_000, spooled: 35_000, lost: 65_000 } as const;

const books = /* sql */ `
select 'the ledger does not sum to zero' as what, t.order_id as about
  from ledger_entries e join ledger_transactions t on t.id = e.transaction_id
  group by t.order_id having sum(e.amount) <> 0
union all
select 'captured + released + expired is not what was authorized', p.id from payments p
  where p.state in ('captured', 'voided') and p.captured + p.released + p.expired <> coalesce(
    (select sum(e.amount) from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
     where t.order_id = p.order_id and t.kind = 'authorize' and e.account = 'held'), 0)
union all
select 'something is still held of a payment that is over', p.id from payments p
  where p.state in ('captured', 'voided', 'failed') and 0 <> coalesce(
    (select sum(e.amount) from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
     where t.order_id = p.order_id and e.account = 'held'), 0)
union all
select 'more captured than authorized', id from authorizations where captured > amount
union all
select 'settled twice', authorization_id from processor_operations
  where kind in ('capture', 'void') and state = 'done' group by authorization_id having count(*) > 1
union all
select 'more was given back than was taken', p.id from payments p
  where p.captured < (select coalesce(sum(r.refunded), 0) from refunds r where r.payment_id = p.id)
union all
select 'a fixed sale took something else than its price', p.id from payments p join orders o on o.id = p.order_id
  where o.kind = 'fixed_sale' and p.state = 'captured' and p.captured <> ${fixedPrice}
union all
select 'billed more than was talked', id from call_sessions where billable_us > talk_us
union all
select 'billed past the limit', id from call_sessions
  where billable_us > (progress #>> '{plan,talkLimitSeconds}')::numeric * 1000000
union all
select 'claim', id || ' ' || claim from consultants where claim is not null
union all
select 'captured', p.id || ' ' || p.state from payments p
  where exists (select from authorizations a where a.payment_id = p.id and a.captured > 0)`;

interface SettledRow {
  [column: string]: unknown;
  payment: string;
  state: string;
  captured: string;
  tariff: Tariff;
  held: string;
  legs: string[] | null;
}

interface OrderOfLeg {
  [column: string]: unknown;
  order_id: string;
  chosen_seconds: number;
  tariff: Tariff;
  held: string;
  /** What a block that rang for it let them talk; null: no scenario leads it. */
  led_limit: number | null;
  /** Ordered in the call he is in. */
  dialled: boolean;
}

/** How long it may last at most, and what was bought or allowed at first: nobody is cut before that. */
interface OrderOfTalk {
  order_id: string;
  limitSeconds: number;
  boughtSeconds: number;
  dialled: boolean;
}

const heldOf = `coalesce((select sum(e.amount) from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
  where t.order_id = o.id and t.kind = 'authorize' and e.account = 'held'), 0)::text as held`;

export class Safety {
  readonly #kernel: Kernel;
  readonly #database: SimDatabase;
  readonly #switches: readonly SimSwitch[];
  #writesSeen = -1;
  /** Payments of which something was taken, each with its state then: while they talk, and when they have. */
  readonly #settled = new Set<string>();
  readonly #joined = new Set<Talk>();
  /** Since when what the house says of a consultant and what his phone does have not agreed. */
  readonly #disagreeSinceMs = new Map<number, number>();
  #claims: ReadonlyMap<string, string> = new Map();

  readonly #processor: SimProcessor;
  readonly #merchant: SimMerchant;
  #processorWrites = 0;
  readonly #bodyOfKey = new Map<string, string>();

  /** Some order is ended by its merchant's wish: then a gateway parts who talks, and may. */
  readonly #merchantHangsUp: boolean;
  readonly #legsSeen = new Map<SimSwitch, number>();
  readonly #orderOfLeg = new Map<string, string>();

  readonly #operator: SimOperator;
  /** Of calls somebody dialled, in a house where somebody does. */
  readonly #known: KnownSafety | undefined;
  /** Of consultants, in a house where they work. */
  readonly #working: AvailabilitySafety | undefined;
  /** Of their calls to the service, in a house where they have one. */
  readonly #served: ServiceSafety | undefined;
  /** Of calls in scenarios, in a house that has some. */
  readonly #composed: ComposedSafety | undefined;
  /** Of when money is taken. */
  readonly #captures: CaptureSafety;
  /** Of cards that are keyed, in a house that sells by them. */
  readonly keyed: KeyedSafety | undefined;

  constructor(
    outside: Outside,
    operator: SimOperator,
    {
      merchantHangsUp,
      known,
      availability,
      service,
      consultants,
      composed,
      sells,
    }: {
      merchantHangsUp: boolean;
      known?: KnownHouse | undefined;
      availability?: Availability | undefined;
      service?: ServiceHouse | undefined;
      consultants: SimConsultants;
      composed: boolean;
      sells: boolean;
    },
  ) {
    const { kernel, database, switches, processor, merchant } = outside;
    this.#known = known && new KnownSafety(known, outside);
    this.#working = availability && new AvailabilitySafety(availability, consultants, outside);
    this.#served = service && new ServiceSafety(service, consultants, outside);
    this.#composed = composed ? new ComposedSafety(outside) : undefined;
    this.#captures = new CaptureSafety(outside);
    this.keyed = sells ? new KeyedSafety(outside) : undefined;
    this.#operator = operator;
    this.#merchantHangsUp = merchantHangsUp;
    this.#kernel = kernel;
    this.#database = database;
    this.#switches = switches;
    this.#processor = processor;
    this.#merchant = merchant;
  }

  async check(): Promise<void> {
    await this.#newLegs();
    this.#legsOfCallers();
    this.#notices();
    await this.#keys();
    if (this.#writesSeen !== this.#database.writes) {
      this.#writesSeen = this.#database.writes;
      await this.#books();
      await this.#captures.rows();
      await this.#known?.rows();
      await this.#working?.rows();
      await this.#served?.rows();
      await this.#composed?.rows();
      await this.keyed?.rows();
    }
    this.#captures.waiting();
    await this.#composed?.asked();
    await this.keyed?.told();
    this.#served?.told();
    await this.#known?.heard();
    await this.#talks();
    this.#consultants();
  }

  async #books(): Promise<void> {
    const claims = new Map<string, string>();
    let unseen = false;
    for (const { what, about } of await this.#database.look<{ what: string; about: string }>(books)) {
      if (what === 'claim') claims.set(...(about.split(' ') as [string, string]));
      else if (what === 'captured') unseen ||= !this.#settled.has(about);
      else throw new Violation(`${what}: ${about}`);
    }
    this.#claims = claims;
    if (unseen) await this.#prices();
  }

  // --- What is sent --------------------------------------------------------------------------------------------------

  /** "No Stripe write without a stored key, no key with two bodies." What is not committed is not there. */
  async #keys(): Promise<void> {
    const writes = this.#processor.writes();
    for (; this.#processorWrites < writes.length; this.#processorWrites += 1) {
      const write = writes[this.#processorWrites];
      if (!write) continue;
      const found = await this.#database.look('select 1 from processor_operations where id = ?', [write.key]);
      if (found.length === 0)
        throw new Violation(`${write.kind} at the processor under a key nobody stored: ${write.key}`);
      const known = this.#bodyOfKey.get(write.key);
      if (known !== undefined && known !== write.body) {
        throw new Violation(`one key with two bodies: ${write.key} ${known} ${write.body}`);
      }
      this.#bodyOfKey.set(write.key, write.body);
    }
    const intents = new Map<string, string>();
    for (const { id, status, metadata } of this.#processor.intents()) {
      const authorization = metadata['authorization'] ?? '';
      if (status !== 'requires_capture' && status !== 'succeeded') continue;
      if (intents.has(authorization))
        throw new Violation(`two holds for one authorization: ${authorization} ${id}`);
      intents.set(authorization, id);
    }
  }

  /** "Notices keep id and body." */
  #notices(): void {
    for (const { id, otherBodies } of this.#merchant.heard()) {
      if (otherBodies.length > 0) throw new Violation(`a notice came with two bodies: ${id}`);
    }
  }

  // --- Money against the switch's truth ------------------------------------------------------------------------------

  async #prices(): Promise<void> {
    const settled = await this.#database.look<SettledRow>(
      `select p.id as payment, p.state, (select sum(a.captured) from authorizations a where a.payment_id = p.id)::text as captured, o.tariff, ${heldOf},
         (select array_agg(l.id::text) from legs l join call_sessions s on s.id = l.call_session_id where s.order_id = o.id) as legs
       from payments p join orders o on o.id = p.order_id
       where o.kind = 'conversation' and exists (select from authorizations a where a.payment_id = p.id and a.captured > 0)`,
    );
    for (const row of settled) {
      const seen = `${row.payment} ${row.state}`;
      if (this.#settled.has(seen)) continue;
      this.#settled.add(seen);
      const legs = new Set(row.legs ?? []);
      const talks = this.allTalks().filter((talk) => legs.has(talk.bLeg));
      if (talks.length === 0) throw new Violation(`captured without a talk: ${row.payment}`);
      const dueMax = priceAtMost(row.tariff, row.held, talks);
      if (money(row.captured, row.tariff.currency).amount.gt(dueMax)) {
        throw new Violation(
          `captured more than was talked: ${row.payment} took ${row.captured}, the switch's truth allows ${dueMax}`,
        );
      }
    }
  }

  /**
   * At the end: where the switch's records say all there is to say, exactly what was talked is captured, not a cent less. Where a
   * record was lost, or the switch died, nobody can know, and the caller pays for what is proven.
   */
  async exact(): Promise<void> {
    const lost = new Set(
      this.#switches.flatMap((one) =>
        one
          .cdrs()
          .filter(({ fate }) => fate === 'lost')
          .map(({ leg }) => leg),
      ),
    );
    await this.#known?.exact(lost);
    await this.keyed?.exact();
    const rows = await this.#database.look<SettledRow & { limit: string }>(
      `select p.id as payment, p.state, p.captured::text, o.tariff, ${heldOf}, s.progress #>> '{plan,talkLimitSeconds}' as limit,
         (select array_agg(l.id::text) from legs l where l.call_session_id = s.id) as legs
       from payments p join orders o on o.id = p.order_id join call_sessions s on s.order_id = o.id
       where s.state = 'settled' and p.state in ('captured', 'voided') and p.expired = 0`,
    );
    for (const row of rows) {
      const legs = new Set(row.legs ?? []);
      const talks = this.allTalks().filter((talk) => legs.has(talk.bLeg));
      if (talks.length === 0) continue;
      if (talks.some((talk) => talk.byCrash || lost.has(talk.aLeg) || lost.has(talk.bLeg))) continue;
      const limitUs = BigInt(row.limit) * 1_000_000n;
      const talkedUs = talks.reduce((total, talk) => total + talkUs(talk), 0n);
      const due = rate(row.tariff, talkedUs < limitUs ? talkedUs : limitUs).total;
      const wanted = due.amount.lt('0.5') ? '0' : due.amount.toFixed();
      if (!money(row.captured, due.currency).amount.eq(wanted)) {
        throw new Violation(
          `captured less than was talked: ${row.payment} took ${row.captured}, ${wanted} was due`,
        );
      }
    }
  }

  /** At the end: what was given back by the processor stands in the books, and the other way round. */
  async refundsAgree(): Promise<void> {
    const written = new Set(
      (
        await this.#database.look<{ id: string }>(
          `select id from processor_operations where kind = 'refund' and state = 'done'`,
        )
      ).map(({ id }) => id),
    );
    const made = this.#processor.refunds();
    const unwritten = made.find(({ key, state }) => state === 'refunded' && !written.has(key));
    if (unwritten) throw new Violation(`given back and not written down: ${unwritten.id} ${unwritten.key}`);
    for (const id of written) {
      if (!made.some(({ key }) => key === id))
        throw new Violation(`written down and never given back: ${id}`);
    }
  }

  async toldOnce(): Promise<void> {
    await this.#captures.toldOnce();
    await this.#working?.toldOnce();
  }

  allTalks(): Talk[] {
    return this.#switches.flatMap((one) => [...one.talks()]);
  }

  // --- Talks ---------------------------------------------------------------------------------------------------------

  async #talks(): Promise<void> {
    for (const aSwitch of this.#switches) {
      for (const talk of aSwitch.talks()) {
        if (this.#joined.has(talk)) continue;
        const order = await this.#orderOf(aSwitch, talk);
        const latestUs = talk.bridgedUs + BigInt(order.limitSeconds) * 1_000_000n + behindUs;
        this.#agreed(aSwitch, talk, order.dialled);
        if (talk.endedUs === undefined) {
          if (talk.limitUntilUs === undefined) {
            throw new Violation(`a talk without a limit armed in the switch: ${order.order_id}`);
          }
          if (talk.limitUntilUs > latestUs + gridUs) {
            throw new Violation(
              `the armed limit of ${order.order_id} stands ${seconds(talk.limitUntilUs - latestUs + behindUs)} behind what is paid for`,
            );
          }
        } else {
          this.#joined.add(talk);
          this.#notCutEarly(order, talk);
          if (!talk.byCrash && talk.endedUs > latestUs + firesWithinUs) {
            throw new Violation(
              `${order.order_id} talked ${seconds(talk.endedUs - latestUs)} past what is paid for`,
            );
          }
        }
      }
    }
  }

  /** "Nobody is cut early": neither as a leg of no use, nor by a limit before the time that was bought. */
  #notCutEarly(order: OrderOfTalk, talk: Talk): void {
    const { cause, endedUs, byGateway } = talk;
    if (endedUs === undefined || cause === undefined) return;
    const boughtUs = BigInt(order.boughtSeconds) * 1_000_000n;
    const early = endedUs - talk.bridgedUs < boughtUs - 2n * gridUs;
    const byOurs = ['ORIGINATOR_CANCEL', 'MANAGER_REQUEST', 'ALLOTTED_TIMEOUT'].includes(cause);
    // They were still to be joined when calls were stopped: what rings ends, though its end comes after the joining.
    const rangAtStop = this.#operator.endsWhatRings(Number(talk.bridgedUs / 1000n));
    if (early && (byOurs || (byGateway && !this.#merchantHangsUp && !rangAtStop))) {
      throw new Violation(
        `cut early: ${order.order_id} was parted (${cause}) after ${seconds(endedUs - talk.bridgedUs)} of ${seconds(boughtUs)}`,
      );
    }
  }

  /** Both have pressed 1 on the leg that is joined, before it was; who dialled us has agreed by that, or by paying. */
  #agreed(aSwitch: SimSwitch, talk: Talk, dialled: boolean): void {
    const bridgedMs = Number(talk.bridgedUs / 1000n) + 21;
    for (const [who, leg] of [
      ['caller', talk.aLeg],
      ['consultant', talk.bLeg],
    ] as const) {
      if (dialled && who === 'caller') continue;
      const consented = aSwitch
        .keysPressed(leg)
        .some(({ key, request, atMs }) => key === '1' && request !== undefined && atMs <= bridgedMs);
      if (!consented) throw new Violation(`joined without the ${who}'s consent: ${leg}`);
    }
  }

  async #orderOf(aSwitch: SimSwitch, talk: Talk): Promise<OrderOfTalk> {
    const call = await this.#known?.talk(aSwitch, talk);
    if (call) {
      const { order_id, limit_seconds } = call;
      return { order_id, limitSeconds: limit_seconds, boughtSeconds: limit_seconds, dialled: true };
    }
    const [order] = await this.#database.look<OrderOfLeg>(
      `select o.id as order_id, o.chosen_seconds, o.tariff, o.run_id is not null as dialled, ${heldOf},
         case when s.progress -> 'led' is not null then (s.progress #>> '{plan,talkLimitSeconds}')::int end as led_limit
       from call_sessions s join orders o on o.id = s.order_id
       where s.progress->>'callerLegUuid' = ?
         and exists (select from legs l where l.call_session_id = s.id and l.id = ?::uuid)`,
      [talk.aLeg, talk.bLeg],
    );
    if (!order) throw new Violation(`joined legs that belong to no session: ${talk.aLeg}`);
    const { order_id, chosen_seconds, tariff, held, led_limit, dialled } = order;
    const affordable = affordableSeconds(tariff, money(held, tariff.currency));
    if (affordable === undefined) throw new Violation(`joined without money: ${order_id}`);
    const boughtSeconds = Math.min(chosen_seconds, led_limit ?? chosen_seconds);
    return {
      order_id,
      limitSeconds: Math.min(affordable, led_limit ?? affordable),
      boughtSeconds,
      dialled,
    };
  }

  // --- Legs ----------------------------------------------------------------------------------------------------------

  #legsOfCallers(): void {
    const living = new Set<string>();
    for (const aSwitch of this.#switches) {
      for (const { leg, role } of aSwitch.livingLegs()) {
        const order = role === 'caller' ? this.#orderOfLeg.get(leg) : undefined;
        if (order === undefined) continue;
        if (living.has(order)) throw new Violation(`two live legs to the caller of ${order}`);
        living.add(order);
      }
    }
  }

  /**
   * As with the processor's keys: what was not written down before it rang, nobody finds again who comes after. And nobody is
   * rung once calls have been stopped.
   */
  async #newLegs(): Promise<void> {
    for (const aSwitch of this.#switches) {
      const ever = aSwitch.legsEver();
      for (const { leg, number, sinceMs, inbound } of ever.slice(this.#legsSeen.get(aSwitch) ?? 0)) {
        if (inbound) continue;
        const [found] = await this.#database.look<{ order_id: string }>(
          'select s.order_id from legs l join call_sessions s on s.id = l.call_session_id where l.id = ?',
          [leg],
        );
        if (!found) throw new Violation(`${number} is rung on a leg nobody wrote down: ${leg}`);
        this.#orderOfLeg.set(leg, found.order_id);
        await this.#working?.rings(leg);
        const { stoppedSinceMs = Infinity } = this.#operator;
        if (sinceMs > Math.max(stoppedSinceMs, this.#kernel.disturbedUntilMs) + stopWithinMs) {
          throw new Violation(`${number} is rung though calls were stopped: ${leg}`);
        }
      }
      this.#legsSeen.set(aSwitch, ever.length);
    }
  }

  #consultants(): void {
    const now = this.#kernel.nowMs;
    const lives = new Set(
      this.#switches.flatMap((one) => one.livingLegs().flatMap((leg) => (leg.inbound ? [] : [leg.number]))),
    );
    for (const [index, id] of consultantIds.entries()) {
      const claim = this.#claims.get(id);
      const onThePhone = phonesOf(index).some((number) => lives.has(number));
      const agrees = onThePhone ? claim !== undefined : claim !== 'hard';
      if (agrees) {
        this.#disagreeSinceMs.delete(index);
        continue;
      }
      const since = this.#disagreeSinceMs.get(index);
      if (since === undefined) this.#disagreeSinceMs.set(index, now);
      else if (
        now - Math.max(since, this.#kernel.disturbedUntilMs) >
        (onThePhone ? resyncMs : resyncMs + this.#recordsComeWithinMs(phonesOf(index)))
      ) {
        throw new Violation(
          `${id} is ${claim ?? 'free'} for ${seconds(BigInt(Math.round(now - since)) * 1000n)} while ${onThePhone ? 'a leg of his lives' : 'no leg of his lives'}`,
        );
      }
    }
  }

  /** Of the last talk, or the last leg, of this consultant. */
  #recordsComeWithinMs(numbers: readonly string[]): number {
    const within = this.#switches.map((one) => {
      const last = one.legsEver().findLast((leg) => numbers.includes(leg.number))?.leg;
      if (last === undefined) return 0;
      const talk = one.talkOf(last);
      const legs = talk ? [talk.aLeg, talk.bLeg] : [last];
      const fates = one
        .cdrs()
        .filter(({ leg }) => legs.includes(leg))
        .map(({ fate }) => fate);
      return Math.max(...fates.map((fate) => recordsMs[fate]), 0);
    });
    return Math.max(...within);
  }
}

function phonesOf(index: number): string[] {
  return [consultantNumber(index), mobileNumber(index), thirdNumber(index)];
}

/** What a talk was worth at most: to its end by the switch, or to the last packet of who fell silent, and never past the money. */
export function priceAtMost(tariff: Tariff, held: string, talks: readonly Talk[]): string {
  const talkedUs = talks.reduce((total, talk) => total + talkUs(talk), 0n);
  const affordable = affordableSeconds(tariff, money(held, tariff.currency)) ?? 0;
  const limitUs = BigInt(affordable) * 1_000_000n;
  return rate(tariff, talkedUs < limitUs ? talkedUs : limitUs).total.amount.toFixed();
}

export function talkUs(talk: Talk): bigint {
  const endUs = talk.silentFromUs ?? talk.endedUs;
  if (endUs === undefined) return 0n;
  return endUs > talk.bridgedUs ? endUs - talk.bridgedUs : 0n;
}

function seconds(us: bigint): string {
  return `${(Number(us) / 1_000_000).toFixed(1)} s`;
}
