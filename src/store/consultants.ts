// Consultants and who has claimed them. A claim is taken by one statement that locks what it takes, so that of a hundred
// callers exactly one gets the consultant. Soft claims lapse by themselves; a hard one lasts while he is on the line.

import type {
  ConsultantSetting,
  ConsultantState,
  Misses,
  MissLimits,
  ToldState,
} from '../core/consultant.ts';
import type { E164, Language } from '../core/ids.ts';
import { type Schedule, scheduleOf } from '../core/schedule.ts';
import type { PhoneAddress } from '../core/sip-address.ts';
import { type Db, firstRow, rows, type Tx } from './database.ts';
import { type CountedOfConsultant, noticeAddress } from './notices.ts';

export interface ClaimedRow {
  consultantId: string;
  name: string;
  language: Language;
  /** How long his phones ring; null: as the line says. */
  ringSeconds: number | null;
  /** Rings too when he has not answered after so long. */
  fallback: { number: E164; afterSeconds: number } | null;
  /** One at least: his SIP address where he has one, then his numbers in the order of his preference. */
  phones: PhoneAddress[];
}

/** What core/consultant `reachable` asks for, as one JSON object; `stateOf` reads it. `c`: the consultant's row. */
export const stateObject = `json_build_object('setting', c.setting, 'reason', c.setting_reason, 'backAt', c.back_at,
  'pausedAt', c.paused_at, 'keepsHours', c.schedule is not null, 'hoursFrom', c.hours_from, 'hoursTo', c.hours_to,
  'claimedBy', c.claimed_by, 'claim', c.claim, 'claimedUntil', c.claimed_until, 'wrapUpUntil', c.wrap_up_until)`;

/** Every number he may be rung on; none where he is reached at a SIP address alone. */
export const allNumbers = `array_remove(array[c.number, c.fallback_number] || c.more_numbers, null)`;

export interface StateRow {
  setting: ConsultantSetting['is'];
  reason: string | null;
  backAt: string | null;
  pausedAt: string | null;
  keepsHours: boolean;
  hoursFrom: string | null;
  hoursTo: string | null;
  claimedBy: string | null;
  claim: 'soft' | 'hard' | null;
  claimedUntil: string | null;
  wrapUpUntil: string | null;
}

export function stateOf(row: StateRow): ConsultantState {
  const { setting: is, reason, backAt, pausedAt, claimedBy, claim, claimedUntil, wrapUpUntil } = row;
  return {
    setting: {
      is,
      ...(backAt !== null && { backAt: new Date(backAt) }),
      ...(is === 'break' && reason !== null && { reason }),
    },
    hours: hoursOf(row),
    ...(pausedAt !== null && { pausedAt: new Date(pausedAt) }),
    ...(claimedBy !== null && { claimedBy }),
    ...(claim !== null && { claim }),
    ...(claimedUntil !== null && { claimedUntil: new Date(claimedUntil) }),
    ...(wrapUpUntil !== null && { wrapUpUntil: new Date(wrapUpUntil) }),
  };
}

function hoursOf({ keepsHours, hoursFrom, hoursTo }: StateRow): ConsultantState['hours'] {
  if (!keepsHours) return 'always';
  if (hoursFrom === null || hoursTo === null) return 'never';
  return { from: new Date(hoursFrom), to: new Date(hoursTo) };
}

/**
 * Claims up to `atMost` of `candidates`, in their order, for this session until `until`. Who is away, taken, or is the
 * caller himself is passed over; the answer holds only those claimed.
 */
export async function claimConsultants(
  tx: Tx,
  claim: {
    session: string;
    candidates: readonly string[];
    /** Whoever has this number is not rung: he would hear himself. */
    notNumber?: E164;
    atMost: number;
    now: Date;
    until: Date;
    /** His phones are rung, for so long each unless he says otherwise: the claim lasts as long beyond `until` as all of them may. */
    ringing?: { seconds: number };
  },
): Promise<ClaimedRow[]> {
  const claimed = await rows<ClaimedRow>(
    tx,
    `with wanted as (
       select c.id, asked.place from unnest(?::text[]) with ordinality as asked(id, place)
         join consultants c on c.id = asked.id
       where coalesce(?::text <> all(${allNumbers}), true)
         and consultant_is_reachable(c, ?::timestamptz, ?::text)
       order by asked.place limit ? for update of c skip locked),
     taken as (
       update consultants c set claimed_by = ?, claim = 'soft', claimed_until = ?::timestamptz + make_interval(secs =>
         case when ?::int is null then 0 else coalesce(c.ring_seconds, ?::int) * (cardinality(c.more_numbers)
           + num_nonnulls(c.sip, c.number, c.fallback_number)) end)
       from wanted where c.id = wanted.id
       returning c.*, wanted.place)
     select id as "consultantId", name, language, ring_seconds as "ringSeconds",
       array_remove(array[sip, number] || more_numbers, null) as phones,
       case when fallback_number is not null
         then json_build_object('number', fallback_number, 'afterSeconds', fallback_after_seconds) end as fallback
     from taken order by place`,
    [
      claim.candidates,
      claim.notNumber ?? null,
      claim.now,
      claim.session,
      claim.atMost,
      claim.session,
      claim.until,
      claim.ringing?.seconds ?? null,
      claim.ringing?.seconds ?? null,
    ],
  );
  if (claimed.length > 0)
    await tellOfConsultants(
      tx,
      claimed.map((one) => one.consultantId),
    );
  return claimed;
}

/**
 * He has accepted and is on the line: his soft claim becomes a hard one, and what he missed before is forgotten (core/consultant
 * `countRing`). Who is gone by now has the call all the same: it is his last. `false`: his claim lapsed meanwhile and another
 * session holds him.
 */
export async function occupyConsultant(
  tx: Tx,
  session: string,
  consultantId: string,
  now: Date,
): Promise<boolean> {
  const occupied = await rows(
    tx,
    `update consultants set claim = 'hard', claimed_until = null, claimed_by = ?, misses_unanswered = 0,
       misses_refused = 0
     where id = ? and (claimed_by is null or claimed_by = ? or (claim = 'soft' and claimed_until <= ?)) returning id`,
    [session, consultantId, session, now],
  );
  return occupied.length > 0;
}

/** Of these, who is on a break, away or gone by his own or his merchant's word: core/consultant `reachable`, its first row. */
export async function whoWithdrew(tx: Tx, ids: readonly string[], now: Date): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    `select id from consultants where id = any(?::text[]) and (archived_at is not null
       or (setting <> 'available' and (back_at is null or back_at > ?::timestamptz)))`,
    [ids, now],
  );
  return found.map(({ id }) => id);
}

/** He is on the phone for some last words: his claim lapses at `until` should nobody free him before. */
export async function letLinger(tx: Tx, session: string, consultantId: string, until: Date): Promise<void> {
  await tx.write(`update consultants set claim = 'soft', claimed_until = ? where id = ? and claimed_by = ?`, [
    until,
    consultantId,
    session,
  ]);
}

/**
 * Frees what this session holds: all of it, only these, or all but one. `talkedAt`: when he who was on the line has talked;
 * his wrap-up begins with it.
 */
export async function freeConsultants(
  tx: Tx,
  session: string,
  which: { only?: readonly string[]; but?: string },
  talkedAt: Date | undefined,
): Promise<void> {
  await tx.write(
    `with freed as (
       update consultants set claimed_by = null, claim = null, claimed_until = null,
         last_talked_at = case when claim = 'hard' then coalesce(t.at, last_talked_at) else last_talked_at end,
         wrap_up_until = case when claim = 'hard' and wrap_up_seconds > 0
           then coalesce(t.at + make_interval(secs => wrap_up_seconds), wrap_up_until) else wrap_up_until end,
         due_at = case when claim = 'hard' and wrap_up_seconds > 0
           then least(due_at, t.at + make_interval(secs => wrap_up_seconds)) else due_at end
       from (select ?::timestamptz as at) t
       where claimed_by = ? and (?::text[] is null or id = any(?::text[])) and id is distinct from ?
       returning id, merchant_id)
     select 'ringmeter_line' as channel, line_id as hint from (${linesOf('any(select id from freed)')}) lines
     union all select 'ringmeter_consultants', merchant_id || ' ' || id from freed`,
    [talkedAt ?? null, session, which.only ?? null, which.only ?? null, which.but ?? null],
    'ringmeter_line',
  );
}

/** Each once. `which`: what the consultant's id must equal. */
function linesOf(which: string): string {
  return `select line_id from line_consultants where consultant_id = ${which}
    union select l.id from group_members m join lines l on l.group_id = m.group_id where m.consultant_id = ${which}`;
}

/**
 * Pages that show who is free hear of it, once a line; and whoever watches the consultants themselves: `ringmeter_consultants`
 * says merchant and consultant, with a space between.
 */
export async function tellOfConsultants(tx: Tx, consultantIds: readonly string[]): Promise<void> {
  await tx.write(
    `select 'ringmeter_line' as channel, line_id as hint from (${linesOf('any(?::text[])')}) lines
     union all select 'ringmeter_consultants', merchant_id || ' ' || id from consultants where id = any(?::text[])`,
    [consultantIds, consultantIds, consultantIds],
    'ringmeter_line',
  );
}

/** A consultant as whoever changes his state finds him; nobody else changes him until the transaction is over. */
export interface StoredConsultant {
  id: string;
  name: string;
  state: ConsultantState;
  /** When he, or his merchant, said so. */
  settingAt: Date | null;
  told: ToldState;
  /** When his state changes next by the clock alone. */
  dueAt: Date | undefined;
  misses: Misses;
  missLimits: MissLimits;
  /** How many notices were about him, and where the next one goes. */
  notices: CountedOfConsultant;
  schedule: Schedule | undefined;
  timeZone: string;
}

interface StoredConsultantRow extends Misses, CountedOfConsultant {
  missLimits: MissLimits;
  name: string;
  state: StateRow;
  settingAt: Date | null;
  told: ToldState;
  dueAt: Date | number | null;
  schedule: unknown;
  timeZone: string;
}

/** `undefined`: there is none, or he is gone. */
export async function lockConsultant(tx: Tx, consultantId: string): Promise<StoredConsultant | undefined> {
  const row = await firstRow<StoredConsultantRow>(
    tx,
    `select c.name, ${stateObject} as state, c.setting_at as "settingAt", c.told, c.due_at as "dueAt", c.misses_unanswered as unanswered, c.misses_refused as refused,
       json_build_object('unanswered', c.miss_limit_unanswered, 'refused', c.miss_limit_refused) as "missLimits",
       c.notices as last, ${noticeAddress}, c.schedule, m.time_zone as "timeZone"
     from consultants c join merchants m on m.id = c.merchant_id
     where c.id = ? and c.archived_at is null for no key update of c`,
    [consultantId],
  );
  if (!row) return undefined;
  const { name, state, settingAt, told, dueAt, unanswered, refused, missLimits, schedule, timeZone } = row;
  const { last, url, sealed } = row;
  return {
    id: consultantId,
    name,
    state: stateOf(state),
    settingAt,
    told,
    // Postgres' -infinity is a number here: at once.
    dueAt: dueAt instanceof Date ? dueAt : undefined,
    misses: { unanswered, refused },
    missLimits,
    notices: { last, url, sealed },
    schedule: schedule === null ? undefined : scheduleOf(schedule),
    timeZone,
  };
}

export interface Pause {
  pausedAt: Date;
  /** Calls he left unanswered or refused. */
  missed: number;
  name: string;
  merchant: string;
  /** The number consultants call; null: there is none. */
  service: E164 | null;
}

/** The pause he is on, where this person still signs in as him. */
export async function readPause(tx: Tx, consultantId: string, userId: string): Promise<Pause | undefined> {
  return firstRow(
    tx,
    `select c.paused_at as "pausedAt", c.misses_unanswered + c.misses_refused as missed, c.name, m.name as merchant,
       (select d.number from ddis d where d.kind = 'service' and d.active order by d.number limit 1)
         as service
     from consultants c join merchants m on m.id = c.merchant_id
     where c.id = ? and c.paused_at is not null and c.archived_at is null and exists (
       select from memberships b where b.consultant_id = c.id and b.user_id = ? and b.accepted_at is not null)`,
    [consultantId, userId],
  );
}

/** Of a consultant who was locked. `dueAt`: when his state changes next by the clock alone. */
export async function writeConsultant(
  tx: Tx,
  consultant: StoredConsultant,
  at: { settingAt?: Date; dueAt: Date | undefined },
): Promise<void> {
  const { id, state, told, misses, schedule } = consultant;
  const { setting, pausedAt, hours, wrapUpUntil } = state;
  const shift = typeof hours === 'object' ? hours : undefined;
  await tx.write(
    `update consultants set setting = ?, setting_reason = ?, back_at = ?, setting_at = coalesce(?, setting_at),
       paused_at = ?, misses_unanswered = ?, misses_refused = ?, schedule = ?::jsonb, hours_from = ?, hours_to = ?,
       wrap_up_until = ?, due_at = ?, told = ?, notices = ?
     where id = ?`,
    [
      setting.is,
      setting.is === 'break' ? (setting.reason ?? null) : null,
      setting.backAt ?? null,
      at.settingAt ?? null,
      pausedAt ?? null,
      misses.unanswered,
      misses.refused,
      schedule ? JSON.stringify(schedule) : null,
      shift?.from ?? null,
      shift?.to ?? null,
      wrapUpUntil ?? null,
      at.dueAt ?? null,
      told,
      consultant.notices.last,
      id,
    ],
  );
  await tellOfConsultants(tx, [id]);
}

export interface DueConsultant {
  merchantId: string;
  consultantId: string;
  dueAt: Date;
}

/** One look answers with no more. */
export const dueAtMost = 500;

/** Whose state changes by the clock alone until `at`, soonest first. */
export async function consultantsDue(db: Db, at: Date): Promise<DueConsultant[]> {
  return rows(
    db,
    'select merchant_id as "merchantId", consultant_id as "consultantId", due_at as "dueAt" from consultants_due(?)',
    [at],
  );
}
