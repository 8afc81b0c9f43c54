// What may never be of consultants who work: rung after they said no, or while they are paused, out of their hours, gone or
// writing down; paused at anything but their limit; told of twice.

import { type Availability, hoursTurnAtMs } from './availability.ts';
import { consultantIds } from './house-names.ts';
import { type Kernel, Violation } from './kernel.ts';
import type { SimConsultants } from './sim-consultants.ts';
import type { SimDatabase } from './sim-database.ts';

/** Of the causes a consultant is missed by, those that are his doing. */
const his = `('no_answer', 'no_key', 'refused', 'rejected', 'hung_up')`;

/**
 * Each consultant's misses beside the calls that were missed by him since he last said something or took one: a call counts
 * once, whoever commanded it. What happened in the very instant of that may stand on either side.
 */
const rows = /* sql */ `
select c.id, c.misses_unanswered + c.misses_refused as misses, c.paused_at as "pausedAt",
  c.paused_at is not null as paused,
  (c.miss_limit_unanswered > 0 and c.misses_unanswered >= c.miss_limit_unanswered)
    or (c.miss_limit_refused > 0 and c.misses_refused >= c.miss_limit_refused) as "atLimit",
  m.most, m.least,
  (select count(*)::int from notices n where n.consultant_id = c.id and n.type = 'consultant.paused') as told,
  (select count(*)::int from notices n where n.consultant_id = c.id) = c.notices as "counted"
from consultants c cross join lateral (
  select greatest(c.setting_at, max(e.at)) as at from call_events e
  where e.name = 'consultant_accepted' and e.facts ->> 'consultantId' = c.id) reset
cross join lateral (
  select count(distinct e.call_session_id)::int as most,
    (count(distinct e.call_session_id) filter (where e.at > coalesce(reset.at, '-infinity')))::int as least
  from call_events e where e.name = 'consultant_missed' and e.facts ->> 'consultantId' = c.id
    and e.facts ->> 'because' in ${his} and e.at >= coalesce(reset.at, '-infinity')) m`;

interface MissesRow {
  [column: string]: unknown;
  id: string;
  misses: number;
  pausedAt: Date | null;
  paused: boolean;
  atLimit: boolean;
  most: number;
  least: number;
  told: number;
  counted: boolean;
}

/** The first leg of this call to him; the next ones are the same ring. */
const ring = /* sql */ `
select c.id, extract(epoch from l.created_at) * 1000 as "atMs", c.setting, c.back_at as "backAt",
  coalesce(c.paused_at < l.created_at, false) as paused,
  coalesce(c.wrap_up_until > l.created_at
    and c.wrap_up_until - make_interval(secs => c.wrap_up_seconds) < l.created_at, false) as "wrapsUp"
from legs l join consultants c on c.id = l.consultant_id
where l.id = ? and not exists (select from legs o where o.call_session_id = l.call_session_id
  and o.consultant_id = l.consultant_id and o.id <> l.id and o.created_at < l.created_at)`;

interface RingRow {
  [column: string]: unknown;
  id: string;
  atMs: string;
  setting: string;
  backAt: Date | null;
  paused: boolean;
  wrapsUp: boolean;
}

export class AvailabilitySafety {
  readonly #availability: Availability;
  readonly #consultants: SimConsultants;
  readonly #database: SimDatabase;
  readonly #pauses = new Map<string, Set<number>>(consultantIds.map((id) => [id, new Set()]));

  constructor(
    availability: Availability,
    consultants: SimConsultants,
    { database }: { kernel: Kernel; database: SimDatabase },
  ) {
    this.#availability = availability;
    this.#consultants = consultants;
    this.#database = database;
  }

  async rows(): Promise<void> {
    for (const one of await this.#database.look<MissesRow>(rows)) {
      const { id, misses, most, least } = one;
      if (misses > most || misses < least)
        throw new Violation(
          `${id} has ${String(misses)} misses of ${String(least)} to ${String(most)} calls`,
        );
      if (one.paused !== one.atLimit)
        throw new Violation(`${id} is ${one.paused ? '' : 'not '}paused at ${String(misses)} misses`);
      const pauses = this.#pauses.get(id) ?? new Set();
      if (one.pausedAt) pauses.add(one.pausedAt.getTime());
      if (one.told !== pauses.size)
        throw new Violation(`${String(one.told)} notices of ${String(pauses.size)} pauses: ${id}`);
      if (!one.counted) throw new Violation(`the notices about ${id} have a gap`);
    }
  }

  /** A phone begins to ring on this leg. */
  async rings(leg: string): Promise<void> {
    const [row] = await this.#database.look<RingRow>(ring, [leg]);
    if (!row) return;
    const { id } = row;
    const atMs = Number(row.atMs);
    if (row.paused) throw new Violation(`${id} is rung while he is paused: ${leg}`);
    if (row.wrapsUp) throw new Violation(`${id} is rung in his wrap-up: ${leg}`);
    if (this.#consultants.saidNoBefore(id, atMs))
      throw new Violation(`${id} is rung though he had said no: ${leg}`);
    const { hours } = this.#availability.lives[consultantIds.indexOf(id)] ?? {};
    const works = row.setting === 'available' && row.backAt === null;
    const closed = hours === 'begin' ? atMs < hoursTurnAtMs : hours === 'end' && atMs >= hoursTurnAtMs;
    if (works && closed) throw new Violation(`${id} is rung out of his hours: ${leg}`);
  }

  /** At the end: what the clock or a pause did was told once, and was news. */
  async toldOnce(): Promise<void> {
    const told = await this.#database.look<{ about: string; body: string }>(
      `select consultant_id as about, body from notices where type = 'consultant.availability_changed' order by consultant_id, sequence`,
    );
    let before: { about: string; because: unknown } | undefined;
    for (const { about, body } of told) {
      const { data } = JSON.parse(body) as { data: { by: string; state: { because: string | null } } };
      // Calls that come and go are not told, and are no change.
      const { because: said } = data.state;
      const because = said === 'busy' || said === 'wrap_up' ? null : said;
      const isFirst = before?.about !== about;
      if (['schedule', 'pause'].includes(data.by) && !isFirst && before?.because === because)
        throw new Violation(`told twice that ${about} is ${because ?? 'at work'}`);
      before = { about, because };
    }
  }
}
