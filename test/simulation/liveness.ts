// What must come to be once nothing goes wrong any more: everything over, everything settled, everything told. Answers what is
// still missing; a run is quiet when nothing is.

import { type Kernel, Violation } from './kernel.ts';
import type { SimDatabase } from './sim-database.ts';
import type { Outside } from './sim-gateway.ts';
import type { SimMerchant } from './sim-merchant.ts';
import type { SimMerchantServer } from './sim-merchant-server.ts';
import type { SimProcessor } from './sim-processor.ts';
import type { SimSwitch } from './sim-switch.ts';

/** "No orphan leg over 60 s." */
const orphanMs = 60_000;
/** An order nobody pays is given up after half an hour: it holds nothing, and nobody. */
const abandoned = `p.state = 'awaiting_card' and p.created_at > now() - interval '31 minutes'
  and not exists (select from orders k where k.id = p.order_id and k.run_id is not null)`;

const unfinished = /* sql */ `
select 'a call is not over: ' || s.state as what, s.order_id as about
  from call_sessions s join payments p on p.order_id = s.order_id
  where s.state <> 'settled' and not (s.state = 'awaiting_payment' and ${abandoned})
union all
select 'a payment is not over: ' || p.state, p.id from payments p
  where p.state not in ('captured', 'voided', 'failed') and not (${abandoned})
union all
select 'a notice is neither delivered nor parked', id from notices
  where state = 'pending' and (next_try_at is null or next_try_at <= now())
union all
select 'a card is forgotten, and kept at the processor', authorization_id from processor_operations
  where request ->> 'keepForMore' = 'true' and customer is null and customer_again_at is not null
union all
select 'a refund is not over', id from refunds where state = 'pending' and parked_at is null
union all
select 'a consultant is not free', id from consultants
  where claim = 'hard' or (claim = 'soft' and claimed_until > now()
    and not exists (select from call_sessions s where s.id = claimed_by and s.state = 'awaiting_payment'))
union all
select 'the clock was not followed for a consultant', id from consultants
  where archived_at is null and due_at <= now() - interval '20 seconds'
union all
select 'work of a switch lies undone', id::text from switch_work
union all
select 'a call somebody dialled is not over: ' || s.state, k.call_session_id
  from known_calls k join call_sessions s on s.id = k.call_session_id
  where s.state <> 'settled' or k.ended_at is null
union all
select 'a call somebody dialled is not reported', k.call_session_id
  from known_calls k left join usage_reports u using (call_session_id) where k.ended_at is not null and u.id is null
union all
select 'a report is neither delivered nor parked', id from usage_reports
  where state = 'pending' and (next_try_at is null or next_try_at <= now())
union all
select 'money is still kept back', call_session_id from client_reservations where released_at is null
union all
select 'money is still kept back', id from clients where reserved <> 0
union all
select 'a call to the service is not over: ' || (progress #>> '{state,is}'), id from service_calls where ended_at is null
union all
select 'a call in a scenario is not over: ' || (progress ->> 'at'), id from scenario_runs where ended_at is null`;

export interface Pending {
  what: string;
  about: string;
}

export class Liveness {
  readonly #kernel: Kernel;
  readonly #database: SimDatabase;
  readonly #switches: readonly SimSwitch[];
  readonly #processor: SimProcessor;
  readonly #merchant: SimMerchant;
  readonly #server: SimMerchantServer;

  constructor({ kernel, database, switches, processor, merchant, server }: Outside) {
    this.#server = server;
    this.#merchant = merchant;
    this.#kernel = kernel;
    this.#database = database;
    this.#switches = switches;
    this.#processor = processor;
  }

  /** What is still to come. Throws what must not even be on the way to it. */
  async pending(): Promise<Pending[]> {
    const [orphan] = await this.#orphans();
    const undisturbedMs = this.#kernel.nowMs - this.#kernel.disturbedUntilMs;
    // Whoever is to find it needs his wits about him for that long: a minute counts from the end of the last misfortune.
    if (orphan && undisturbedMs > orphanMs) throw new Violation(`${orphan.what}: ${orphan.about}`);
    const pending: Pending[] = await this.#database.look<Pending & { [column: string]: unknown }>(unfinished);
    for (const intent of this.#processor.intents()) {
      if (intent.status !== 'requires_capture') continue;
      pending.push({ what: 'the processor still holds money', about: intent.id });
    }
    for (const aSwitch of this.#switches) {
      for (const leg of aSwitch.livingLegs()) pending.push({ what: 'a leg lives', about: leg.leg });
    }
    pending.push(...(await this.#records()));
    return pending;
  }

  /** "Every notice delivered": what stands as delivered the merchant has answered for; so it is with reports. */
  async undelivered(): Promise<Pending | undefined> {
    const heard = [...this.#merchant.heard(), ...this.#server.heard()];
    const answered = new Set(heard.filter(({ acknowledged }) => acknowledged).map(({ id }) => id));
    const delivered = await this.#database.look<{ id: string; what: string }>(
      `select id, 'notice' as what from notices where state = 'delivered'
       union all select id, 'report' from usage_reports where state = 'delivered'`,
    );
    const lost = delivered.find(({ id }) => !answered.has(id));
    return (
      lost && { what: `a ${lost.what} stands as delivered that the merchant never took`, about: lost.id }
    );
  }

  /** Legs nobody's session knows any more. */
  async #orphans(): Promise<Pending[]> {
    if (this.#switches.every((one) => one.livingLegs().length === 0)) return [];
    const known = new Set(
      (
        await this.#database.look<{ id: string }>(
          `select l.id::text from legs l join call_sessions s on s.id = l.call_session_id
           where s.state not in ('ended', 'settled') or s.ended_at > now() - interval '60 seconds'
           union all select leg::text from scenario_runs
           where ended_at is null or ended_at > now() - interval '60 seconds'
           union all select leg::text from service_calls
           where ended_at is null or ended_at > now() - interval '60 seconds'`,
        )
      ).map(({ id }) => id),
    );
    return this.#switches.flatMap((one) =>
      one
        .livingLegs()
        .filter((leg) => !known.has(leg.leg) && this.#kernel.nowMs - leg.sinceMs > orphanMs)
        .map((leg) => ({ what: 'an orphan leg', about: leg.leg })),
    );
  }

  async #records(): Promise<Pending[]> {
    const written = this.#switches
      .flatMap((one) => one.cdrs())
      .filter(({ fate }) => fate !== 'lost')
      .map(({ leg }) => leg);
    if (written.length === 0) return [];
    const missing = await this.#database.look<{ id: string }>(
      // The leg of a caller in a scenario is written as one of a talk's when he is in one: he may be gone by then.
      `select id::text from legs where id = any(?::uuid[]) and cdr is null
         and not exists (select from scenario_runs r where r.leg = legs.id and r.after_session_id is null)`,
      [written],
    );
    return missing.map(({ id }) => ({ what: 'a call record is not imported', about: id }));
  }

  /** When the next notice is tried again, where that is all that is left. */
  async nextNoticeInMs(): Promise<number | undefined> {
    const [next] = await this.#database.look<{ in_ms: string | null }>(
      `select extract(epoch from min(next_try_at) - now()) * 1000 as in_ms from (
         select next_try_at from notices where state = 'pending'
         union all select next_try_at from usage_reports where state = 'pending') waiting`,
    );
    const inMs = next?.in_ms ?? undefined;
    return inMs === undefined ? undefined : Number(inMs);
  }
}
