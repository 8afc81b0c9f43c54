// What may never be of calls that somebody dialled: who is let in and for how long, by what the merchant said or an account
// had; what is kept back until the switch itself has ended the talk; what is reported, once, of no more than was talked.

import { exact, money, minimum, type Money } from '../../src/core/money.ts';
import { countedSeconds, priceOfSeconds, rate } from '../../src/core/rating.ts';
import type { Recognition } from '../../src/core/known-caller.ts';
import type { Tariff } from '../../src/core/tariff.ts';
import { Violation } from './kernel.ts';
import type { KnownHouse } from './known-calls.ts';
import { talkUs } from './safety.ts';
import type { SimDatabase } from './sim-database.ts';
import type { SimMerchantServer } from './sim-merchant-server.ts';
import type { SimSwitch, Talk } from './sim-switch.ts';

const books = /* sql */ `
select 'a balance is spent twice' as what, id as about from clients where kind = 'balance' and balance < reserved
union all
select 'a month is talked beyond its ceiling', c.id from clients c where c.kind = 'monthly' and c.ceiling is not null
  and c.reserved - c.balance > c.ceiling
union all
select 'a balance is not the sum of its movements', c.id from clients c
  where c.balance <> coalesce((select sum(m.amount) from client_movements m where m.client_id = c.id), 0)
union all
select 'what is kept back is not what its calls keep back', c.id from clients c
  where c.reserved <> coalesce((select sum(r.amount) from client_reservations r
    where r.client_id = c.id and r.released_at is null), 0)
union all
select 'paid in twice', request_key from client_movements where request_key is not null
  group by request_key having count(*) > 1
union all
select 'more calls of a client than his line allows', min(k.call_session_id)
  from known_calls k join call_sessions s on s.id = k.call_session_id
  where k.ended_at is null and k.client_code is not null group by k.client_code
  having count(*) > max((s.progress #>> '{plan,inbound,callsAtOnce}')::int)
union all
select 'reports of a client with a gap', coalesce(client_code, 'nobody') from usage_reports
  group by client_code having min(sequence) <> 1 or max(sequence) <> count(*)
union all
select 'a call is reported twice', call_session_id from usage_reports group by call_session_id having count(*) > 1
union all
select 'it is over and not reported', k.call_session_id
  from known_calls k join call_sessions s on s.id = k.call_session_id left join usage_reports u using (call_session_id)
  where s.state = 'settled' and u.id is null`;

/** A call as far as it is known where it talks: fixed by then. */
export interface KnownTalk {
  [column: string]: unknown;
  session: string;
  order_id: string;
  state: string;
  limit_seconds: number;
  client_code: string | null;
  /** What the merchant's server was asked about: the call session, or the scenario's call it belongs to. */
  asked_as: string;
  composed: boolean;
  recognized_by: 'server' | 'accounts';
  calls_at_once: number;
  longest_seconds: number;
  trial_seconds: number | null;
  tariff: Tariff;
}

interface ReportRow {
  [column: string]: unknown;
  id: string;
  body: string;
  session: string;
  client_code: string | null;
  leg: string;
  /** Of those it rang: a caller in a scenario may have several talks on his. */
  rung: string[] | null;
  limit_seconds: number;
  tariff: Tariff;
  moved: string | null;
  reserved: string | null;
}

interface Body {
  callSessionId: string;
  clientCode?: string;
  sequence: number;
  billableSeconds: number;
  talkMilliseconds: number;
}

const reports = /* sql */ `
select u.id, u.body, u.call_session_id as session, u.client_code, s.progress->>'callerLegUuid' as leg,
  (select array_agg(l.id::text) from legs l where l.call_session_id = s.id and l.role = 'B') as rung,
  (s.progress #>> '{plan,talkLimitSeconds}')::int as limit_seconds, o.tariff,
  (select sum(-m.amount)::text from client_movements m where m.call_session_id = s.id) as moved,
  (select r.amount::text from client_reservations r where r.call_session_id = s.id) as reserved
from usage_reports u join call_sessions s on s.id = u.call_session_id join orders o on o.id = u.order_id`;

export class KnownSafety {
  readonly #known: KnownHouse;
  readonly #database: SimDatabase;
  readonly #switches: readonly SimSwitch[];
  readonly #server: SimMerchantServer;
  readonly #talks = new Map<Talk, KnownTalk>();
  readonly #reported = new Map<string, string>();
  readonly #idOfCall = new Map<string, string>();
  #heardSeen = 0;

  constructor(
    known: KnownHouse,
    {
      database,
      switches,
      server,
    }: { database: SimDatabase; switches: readonly SimSwitch[]; server: SimMerchantServer },
  ) {
    this.#known = known;
    this.#database = database;
    this.#switches = switches;
    this.#server = server;
  }

  /** After every change of the rows. */
  async rows(): Promise<void> {
    const [wrong] = await this.#database.look<{ what: string; about: string }>(books);
    if (wrong) throw new Violation(`${wrong.what}: ${wrong.about}`);
    await this.#newReports();
    await this.#keptBack();
  }

  /** After every change at all. */
  async heard(): Promise<void> {
    const heard = this.#server.heard();
    for (const { id, otherBodies } of heard)
      if (otherBodies.length > 0) throw new Violation(`a report came with two bodies: ${id}`);
    for (; this.#heardSeen < heard.length; this.#heardSeen += 1) {
      const report = heard[this.#heardSeen];
      if (!report) continue;
      if (!this.#reported.has(report.id)) await this.#newReports();
      if (this.#reported.get(report.id) !== report.body)
        throw new Violation(`a report nobody wrote down came: ${report.id}`);
      const { callSessionId } = JSON.parse(report.body) as Body;
      const earlier = this.#idOfCall.get(callSessionId);
      if (earlier !== undefined) throw new Violation(`one call under two ids: ${earlier} ${report.id}`);
      this.#idOfCall.set(callSessionId, report.id);
    }
  }

  /** What this talk is, where somebody dialled it; judged when it is first seen. */
  async talk(aSwitch: SimSwitch, talk: Talk): Promise<KnownTalk | undefined> {
    const seen = this.#talks.get(talk);
    if (seen) return seen;
    const [found] = await this.#database.look<KnownTalk>(
      `select s.id as session, s.order_id, s.state, (s.progress #>> '{plan,talkLimitSeconds}')::int as limit_seconds,
         k.client_code, coalesce(k.run_id, s.id) as asked_as, k.run_id is not null as composed,
         coalesce(d.recognized_by, 'server') as recognized_by, (s.progress #>> '{plan,inbound,callsAtOnce}')::int as calls_at_once,
         (s.progress #>> '{plan,inbound,talkLimitMaxSeconds}')::int as longest_seconds,
         (s.progress #>> '{plan,inbound,fallback,talkLimitSeconds}')::int as trial_seconds, o.tariff
       from call_sessions s join known_calls k on k.call_session_id = s.id left join ddis d on d.number = k.ddi
       join orders o on o.id = s.order_id where s.progress->>'callerLegUuid' = ?
         and exists (select from legs l where l.call_session_id = s.id and l.id = ?::uuid)`,
      [talk.aLeg, talk.bLeg],
    );
    if (!found) return undefined;
    this.#talks.set(talk, found);
    this.#mayTalk(found);
    this.#proven(aSwitch, talk, found);
    this.#oneAtATime(found);
    if (found.recognized_by === 'accounts') await this.#keptBack();
    return found;
  }

  /** At the end: what was talked is what is reported and taken, wherever the switch's records say all there is to say. */
  async exact(lostRecords: ReadonlySet<string>): Promise<void> {
    for (const row of await this.#database.look<ReportRow>(reports)) {
      const talk = this.#talkOf(row);
      if (!talk || talk.byCrash || lostRecords.has(talk.aLeg) || lostRecords.has(talk.bLeg)) continue;
      const { billableSeconds, talkMilliseconds } = JSON.parse(row.body) as Body;
      const due = dueOf(row, talk);
      if (billableSeconds !== due.seconds || talkMilliseconds !== due.ms) {
        throw new Violation(
          `reported less than was talked: ${row.session} ${String(billableSeconds)} s, ${String(talkMilliseconds)} ms of ${String(due.seconds)} s, ${String(due.ms)} ms`,
        );
      }
      if (row.reserved !== null && !due.price.amount.eq(row.moved ?? '0'))
        throw new Violation(
          `taken of an account: ${row.moved ?? '0'} of ${due.price.amount.toFixed()}, ${row.session}`,
        );
    }
    const [wrong] = await this.#database.look<{ name: string; id: string }>(
      `select name, id from violated_accounts('-infinity', now())
       union all select name, id from violated_call_reports('-infinity', now())`,
    );
    if (wrong) throw new Violation(`${wrong.name}: ${wrong.id}`);
  }

  // --- Who talks -------------------------------------------------------------------------------------------------------

  /** By what the merchant's server said of this call, or on trial where his line has one. */
  #mayTalk(call: KnownTalk): void {
    if (call.recognized_by === 'accounts') return;
    // In a scenario nobody needs to be known.
    if (call.composed && call.client_code === null) return;
    const said = this.#server
      .saidOf(call.asked_as)
      .find(
        (one): one is Recognition & { outcome: 'recognized' } =>
          one.outcome === 'recognized' && one.clientCode === call.client_code,
      );
    const allowed =
      said === undefined
        ? (call.trial_seconds ?? 0)
        : Math.max(
            Math.min(said.talkLimitSeconds ?? call.longest_seconds, call.longest_seconds),
            call.trial_seconds ?? 0,
          );
    if (call.limit_seconds > allowed) {
      throw new Violation(
        `let in for ${String(call.limit_seconds)} s, the merchant allowed ${String(allowed)}: ${call.session}`,
      );
    }
  }

  /** Whose account has a PIN has keyed it. */
  #proven(aSwitch: SimSwitch, talk: Talk, { recognized_by, client_code, session }: KnownTalk): void {
    if (recognized_by !== 'accounts') return;
    const pin = this.#known.accounts.find(({ code }) => code === client_code)?.pin;
    if (pin !== undefined && !aSwitch.numbersEntered(talk.aLeg).includes(pin))
      throw new Violation(`let in without his PIN: ${session}`);
  }

  #oneAtATime({ client_code, calls_at_once, composed }: KnownTalk): void {
    if (composed && client_code === null) return;
    const talking = [...this.#talks].filter(
      ([talk, one]) => talk.endedUs === undefined && one.client_code === client_code,
    );
    if (talking.length > calls_at_once)
      throw new Violation(`${String(talking.length)} talks of one client: ${client_code ?? 'nobody'}`);
  }

  /** While they talk, by the switch's own truth, what it may cost is kept back. */
  async #keptBack(): Promise<void> {
    const talking = [...this.#talks].filter(
      ([talk, one]) => talk.endedUs === undefined && one.recognized_by === 'accounts',
    );
    if (talking.length === 0) return;
    const kept = new Map(
      (
        await this.#database.look<{ id: string; amount: string }>(
          'select call_session_id as id, amount::text from client_reservations where released_at is null',
        )
      ).map(({ id, amount }) => [id, amount]),
    );
    for (const [, { session, tariff, limit_seconds }] of talking) {
      const amount = kept.get(session);
      if (amount === undefined) throw new Violation(`they talk and nothing is kept back: ${session}`);
      const needed = priceOfSeconds(tariff, limit_seconds);
      if (needed.amount.gt(exact(amount)))
        throw new Violation(`less is kept back than their talk may cost: ${session}`);
    }
  }

  // --- What is reported ------------------------------------------------------------------------------------------------

  async #newReports(): Promise<void> {
    const count = await this.#database.look<{ count: number }>(
      'select count(*)::int as count from usage_reports',
    );
    if (count[0]?.count === this.#reported.size) return;
    for (const row of await this.#database.look<ReportRow>(reports)) {
      if (this.#reported.has(row.id)) continue;
      this.#reported.set(row.id, row.body);
      this.#judge(row);
    }
  }

  #judge(row: ReportRow): void {
    const body = JSON.parse(row.body) as Body;
    if (body.callSessionId !== row.session || (body.clientCode ?? null) !== row.client_code)
      throw new Violation(`a report of another call: ${row.id}`);
    const talk = this.#talkOf(row);
    if (talk && talk.endedUs === undefined) throw new Violation(`reported while they talk: ${row.session}`);
    const due = dueOf(row, talk);
    if (body.billableSeconds > due.seconds || body.talkMilliseconds > due.ms) {
      throw new Violation(
        `reported more than was talked: ${row.session} ${String(body.billableSeconds)} s, ${String(body.talkMilliseconds)} ms of ${String(due.seconds)} s, ${String(due.ms)} ms`,
      );
    }
    if (due.price.amount.lt(row.moved ?? '0'))
      throw new Violation(`taken of an account more than was talked: ${row.session}`);
  }

  #talkOf({ leg, rung }: ReportRow): Talk | undefined {
    return this.#switches
      .flatMap((one) => [...one.talks()])
      .findLast(({ aLeg, bLeg }) => aLeg === leg && rung?.includes(bLeg) === true);
  }
}

/** By the switch's truth. */
function dueOf(row: ReportRow, talk: Talk | undefined): { seconds: number; ms: number; price: Money } {
  const { tariff, limit_seconds, reserved } = row;
  if (!talk) return { seconds: 0, ms: 0, price: money('0', tariff.currency) };
  const limitUs = BigInt(limit_seconds) * 1_000_000n;
  const talked = talkUs(talk);
  const us = talked < limitUs ? talked : limitUs;
  const price = reserved === null ? money('0', tariff.currency) : rate(tariff, us).total;
  return {
    seconds: Math.min(countedSeconds(tariff, us), limit_seconds),
    ms: Number(us / 1000n),
    price: minimum(price, money(reserved ?? '0', tariff.currency)),
  };
}
