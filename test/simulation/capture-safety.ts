// What may never be of money that is taken as soon as two are joined: taken of a talk whose price may grow, twice or never, or told so.
// That it is never taken without a talk, and never more or less than that cost, is safety's, as of every payment.

import { type Kernel, Violation } from './kernel.ts';
import type { SimDatabase } from './sim-database.ts';
import type { Outside } from './sim-gateway.ts';

/** Where nothing goes wrong the queue has begun it by then: whoever works on it hears of it at once, or looks within a second. */
const begunWithinMs = 10_000;
/** What costs less than the processor charges is held as this, and never taken. */
const smallestHold = '0.50';

const books = /* sql */ `
select case
    when s.state = 'connected' and b.captured > 0 and s.progress #>> '{plan,capture}' is null
      then 'taken while they talk, at a price of which nobody knows yet'
    when s.state not in ('connected', 'ended', 'settled') and b.captured > 0 then 'taken before they are joined'
    when s.state = 'settled' and s.progress #>> '{plan,capture}' is not null and p.state = 'captured' and b.captured <> 1
      then 'to be taken at connection, and not taken once'
    when s.state = 'connected' and s.progress #>> '{plan,capture}' is not null and b.asked = 0 and b.held > 0
      and o.hold > ${smallestHold} then 'waits'
  end as what, s.id as about
from call_sessions s join orders o on o.id = s.order_id join payments p on p.order_id = o.id
join lateral (select count(op.id) filter (where op.kind = 'capture' and op.state = 'done' and a.captured > 0) as captured,
    count(op.id) filter (where op.kind in ('capture', 'void')) as asked, count(a.id) filter (where a.state = 'authorized') as held
  from authorizations a left join processor_operations op on op.authorization_id = a.id where a.payment_id = p.id) b on true`;

const notTold = /* sql */ `
select 'taken, and told ' || b.captured || ' times, its receipt ' || b.receipts as what, p.order_id as about
from payments p join orders o on o.id = p.order_id
join lateral (select count(*) filter (where n.type = 'payment.captured') as captured,
    count(*) filter (where n.body::jsonb #> '{data,receiptId}' is not null) as receipts
  from notices n where n.order_id = p.order_id) b on true
where p.state = 'captured' and p.captured > 0 and (b.captured <> 1 or b.receipts <> 1)`;

interface Found {
  [column: string]: unknown;
  what: string | null;
  about: string;
}

export class CaptureSafety {
  readonly #kernel: Kernel;
  readonly #database: SimDatabase;
  /** Joined, and nobody has asked for their money yet: since when. */
  readonly #waitsSinceMs = new Map<string, number>();

  constructor({ kernel, database }: Outside) {
    this.#kernel = kernel;
    this.#database = database;
  }

  /** After every change of the rows. */
  async rows(): Promise<void> {
    const found = (await this.#database.look<Found>(books)).filter(({ what }) => what !== null);
    const wrong = found.find(({ what }) => what !== 'waits');
    if (wrong) throw new Violation(`${String(wrong.what)}: ${wrong.about}`);
    const waiting = new Set(found.map(({ about }) => about));
    for (const session of this.#waitsSinceMs.keys())
      if (!waiting.has(session)) this.#waitsSinceMs.delete(session);
    for (const session of waiting)
      if (!this.#waitsSinceMs.has(session)) this.#waitsSinceMs.set(session, this.#kernel.nowMs);
  }

  /** After every change at all. */
  waiting(): void {
    const { nowMs, disturbedUntilMs } = this.#kernel;
    for (const [session, sinceMs] of this.#waitsSinceMs) {
      // Whatever went wrong meanwhile may have cost a worker his life; then it is found by whoever looks after holds.
      if (disturbedUntilMs < sinceMs && nowMs - sinceMs > begunWithinMs)
        throw new Violation(`to be taken at connection, and forgotten: ${session}`);
    }
  }

  /** At the end. */
  async toldOnce(): Promise<void> {
    const [wrong] = await this.#database.look<Found>(notTold);
    if (wrong) throw new Violation(`${String(wrong.what)}: ${wrong.about}`);
  }
}
