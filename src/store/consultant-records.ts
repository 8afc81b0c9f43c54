// Consultants as their merchant reads and keeps them: each with his settings, his state and who is calling him, in one
// statement however many they are. Claims, settings of availability and hours are consultants'.

import { type ConsultantSettings, shareText } from '../core/consultant-settings.ts';
import type { Schedule } from '../core/schedule.ts';
import type { Tariff } from '../core/tariff.ts';
import { stateObject, type StateRow, tellOfConsultants } from './consultants.ts';
import { firstRow, rows, type Tx } from './database.ts';
import { tellWhoRingsHim } from './switches.ts';

/** The call that rings him or that he is on. */
export interface CurrentCall {
  callSessionId: string;
  /** When both were joined; null while telephones ring. */
  connectedAt: string | null;
  source: 'card' | 'client' | 'unknown';
  clientCode: string | null;
  line: string;
  talkLimitSeconds: number;
  tariff: Tariff;
}

export interface ConsultantRecord extends ConsultantSettings {
  id: string;
  version: number;
  hasPin: boolean;
  photoToken: string | null;
  schedule: Schedule | null;
  timeZone: string;
  state: StateRow;
  call: CurrentCall | null;
  archivedAt: Date | null;
}

interface RecordRow extends Omit<ConsultantRecord, 'missLimits' | 'fallback'> {
  fallbackNumber: NonNullable<ConsultantSettings['fallback']>['number'] | null;
  fallbackAfterSeconds: number | null;
  unanswered: number;
  refused: number;
}

const columns = `c.id, c.version, c.name, c.short_number as "shortNumber", c.pin_mark is not null as "hasPin",
  c.sip, array_remove(array[c.number] || c.more_numbers, null) as numbers, c.language, c.languages,
  coalesce((select json_agg(l.slug order by l.slug) from line_consultants lc join lines l on l.id = lc.line_id
    where lc.consultant_id = c.id), '[]') as lines,
  c.introduction, (select p.token from consultant_photos p where p.consultant_id = c.id) as "photoToken",
  c.ring_seconds as "ringSeconds", c.fallback_number as "fallbackNumber",
  c.fallback_after_seconds as "fallbackAfterSeconds", c.wrap_up_seconds as "wrapUpSeconds",
  c.miss_limit_unanswered as unanswered, c.miss_limit_refused as refused, c.share::text as share,
  c.missed_call_toggles as "missedCallToggles", c.schedule, m.time_zone as "timeZone", ${stateObject} as state,
  c.archived_at as "archivedAt",
  (select json_build_object('callSessionId', s.id, 'connectedAt', s.connected_at,
      'source', case when o.kind <> 'known_call' then 'card' when k.client_code is not null then 'client' else 'unknown' end,
      'clientCode', k.client_code, 'line', l.slug,
      'talkLimitSeconds', (s.progress -> 'plan' ->> 'talkLimitSeconds')::int, 'tariff', o.tariff)
    from call_sessions s join orders o on o.id = s.order_id join lines l on l.id = s.line_id
    left join known_calls k on k.call_session_id = s.id
    where s.id = c.claimed_by and s.state in ('ringing_consultant', 'ringing_caller', 'led', 'connected')) as call`;

function recordOf(row: RecordRow): ConsultantRecord {
  const { fallbackNumber, fallbackAfterSeconds, unanswered, refused, ...rest } = row;
  return {
    ...rest,
    share: rest.share && shareText(rest.share),
    fallback:
      fallbackNumber === null || fallbackAfterSeconds === null
        ? null
        : { number: fallbackNumber, afterSeconds: fallbackAfterSeconds },
    missLimits: { unanswered, refused },
  };
}

export interface ConsultantPage {
  limit: number;
  /** The id of the last one before it. */
  after?: string | undefined;
  /** Of these alone. */
  ids?: readonly string[] | undefined;
}

/** Those who are there, by name. */
export async function listConsultants(
  tx: Tx,
  { limit, after, ids }: ConsultantPage,
): Promise<ConsultantRecord[]> {
  const found = await rows<RecordRow>(
    tx,
    `select ${columns} from consultants c join merchants m on m.id = c.merchant_id where c.archived_at is null
       ${after === undefined ? '' : 'and (c.name, c.id) > (select b.name, b.id from consultants b where b.id = ?)'}
       ${ids === undefined ? '' : 'and c.id = any(?::text[])'}
     order by c.name, c.id limit ?`,
    [...(after === undefined ? [] : [after]), ...(ids === undefined ? [] : [ids]), limit],
  );
  return found.map(recordOf);
}

/** Also one who was archived. `lock`: nobody else changes him until this transaction is over. */
export async function readConsultant(
  tx: Tx,
  id: string,
  lock = false,
): Promise<ConsultantRecord | undefined> {
  if (lock) await tx.write('select 1 from consultants where id = ? for no key update', [id]);
  const row = await firstRow<RecordRow>(
    tx,
    `select ${columns} from consultants c join merchants m on m.id = c.merchant_id where c.id = ?`,
    [id],
  );
  return row && recordOf(row);
}

/** Whom this request made, whenever that was. */
export async function consultantOfRequest(tx: Tx, requestKey: string): Promise<string | undefined> {
  const row = await firstRow<{ id: string }>(tx, 'select id from consultants where request_key = ?', [
    requestKey,
  ]);
  return row?.id;
}

/**
 * Whether another consultant or group of this merchant is reached by it. `besides`: the id of whose it is to be. Two who ask for one at once wait for each other until the first is
 * written.
 */
export async function isShortNumberTaken(tx: Tx, shortNumber: string, besides: string): Promise<boolean> {
  await tx.write(
    `select pg_advisory_xact_lock(hashtextextended('ringmeter.short ' || current_setting('ringmeter.merchant'), 0))`,
    [],
  );
  const found = await firstRow(
    tx,
    `select 1 as one from consultants where short_number = ? and id <> ? and archived_at is null
     union all select 1 from consultant_groups where short_number = ? and id <> ?`,
    [shortNumber, besides, shortNumber, besides],
  );
  return found !== undefined;
}

export interface ConsultantRow extends ConsultantSettings {
  id: string;
  merchantId: string;
  pinMark: Buffer | null;
}

function bindingsOf(one: ConsultantRow): unknown[] {
  return [
    one.name,
    one.shortNumber,
    one.sip,
    one.numbers[0] ?? null,
    one.numbers.slice(1),
    one.language,
    one.languages,
    JSON.stringify(one.introduction),
    one.ringSeconds,
    one.fallback?.number ?? null,
    one.fallback?.afterSeconds ?? null,
    one.wrapUpSeconds,
    one.missLimits.unanswered,
    one.missLimits.refused,
    one.share,
    one.missedCallToggles,
    one.pinMark,
  ];
}

export async function insertConsultant(tx: Tx, one: ConsultantRow, requestKey: string | null): Promise<void> {
  await tx.write(
    `insert into consultants (name, short_number, sip, number, more_numbers, language, languages, introduction, ring_seconds,
       fallback_number, fallback_after_seconds, wrap_up_seconds, miss_limit_unanswered, miss_limit_refused, share,
       missed_call_toggles, pin_mark, id, merchant_id, request_key)
     values (?, ?, ?, ?, ?::text[], ?, ?::text[], ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [...bindingsOf(one), one.id, one.merchantId, requestKey],
  );
  await setLines(tx, one);
}

/** All his settings. A wrap-up that is under way lasts as long as it was to. */
export async function updateConsultant(tx: Tx, one: ConsultantRow): Promise<void> {
  await tx.write(
    `update consultants set name = ?, short_number = ?, sip = ?, number = ?, more_numbers = ?::text[], language = ?,
       languages = ?::text[], introduction = ?, ring_seconds = ?, fallback_number = ?, fallback_after_seconds = ?,
       wrap_up_seconds = ?, miss_limit_unanswered = ?, miss_limit_refused = ?, share = ?, missed_call_toggles = ?, pin_mark = ?,
       wrap_up_until = case when wrap_up_seconds > 0 then wrap_up_until end, version = version + 1
     where id = ?`,
    [...bindingsOf(one), one.id],
  );
  await setLines(tx, one);
}

/** Of a line he is new on he is the last to be rung. Pages of all lines he was or is on are told. */
async function setLines(tx: Tx, { id, merchantId, lines }: ConsultantRow): Promise<void> {
  await tellOfConsultants(tx, [id]);
  await tx.write(
    `delete from line_consultants lc using lines l where lc.consultant_id = ? and l.id = lc.line_id
       and l.slug <> all(?::text[])`,
    [id, lines],
  );
  await tx.write(
    `insert into line_consultants (merchant_id, line_id, consultant_id, position)
     select ?, l.id, ?, coalesce((select max(o.position) from line_consultants o where o.line_id = l.id), 0) + 1
     from lines l where l.slug = any(?::text[]) on conflict (line_id, consultant_id) do nothing`,
    [merchantId, id, lines],
  );
  await tellOfConsultants(tx, [id]);
}

/** Nobody rings him any more, a phone of his that rings is told to stop, no page shows him; what he took stays his, and a call he is on goes on. */
export async function archiveConsultant(tx: Tx, id: string, at: Date): Promise<void> {
  await tellOfConsultants(tx, [id]);
  await tx.write('delete from line_consultants where consultant_id = ?', [id]);
  await tx.write('delete from group_members where consultant_id = ?', [id]);
  await tx.write('delete from consultant_photos where consultant_id = ?', [id]);
  await tx.write('delete from sip_logins where consultant_id = ?', [id]);
  await tx.write(
    'update consultants set archived_at = ?, pin_mark = null, version = version + 1 where id = ?',
    [at, id],
  );
  await tellWhoRingsHim(tx, id);
}

/** Something of his settings that is kept elsewhere was changed. */
export async function countChange(tx: Tx, id: string): Promise<void> {
  await tx.write('update consultants set version = version + 1 where id = ?', [id]);
}

/** The mark his PIN is compared by. */
export async function readPinMark(tx: Tx, id: string): Promise<Buffer | null> {
  const row = await firstRow<{ mark: Buffer | null }>(
    tx,
    'select pin_mark as mark from consultants where id = ?',
    [id],
  );
  return row?.mark ?? null;
}

/** One ring of his on a day, and what became of it. */
export interface DayCall {
  callSessionId: string;
  line: string;
  at: Date;
  state: string;
  outcome: string | null;
  /** He took it. */
  taken: boolean;
  /** Why his telephone did not: core/call-ringing `consultant_missed`. */
  missedBecause: string | null;
  source: CurrentCall['source'];
  clientCode: string | null;
  talkUs: string | null;
  billableUs: string | null;
  currency: string;
  tariff: Tariff;
  paymentState: string | null;
  captured: string | null;
  /** What his client’s account was charged for it: negative. */
  moved: string | null;
  /** His share when he was rung. */
  share: string | null;
}

export interface ConsultantDay {
  /** `2026-11-22`, by the merchant's clock. */
  day: string;
  share: string | null;
  calls: DayCall[];
}

/** Newest first; `day`: today when absent. */
export async function readConsultantDay(
  tx: Tx,
  id: string,
  now: Date,
  day: string | undefined,
): Promise<ConsultantDay | undefined> {
  const row = await firstRow<{ day: string; share: string | null; calls: (DayCall & { at: string })[] }>(
    tx,
    `with asked as (
       select m.time_zone, coalesce(?::date, (?::timestamptz at time zone m.time_zone)::date) as day from merchants m),
     bounds as (
       select day, day::timestamp at time zone time_zone as first,
         (day + 1)::timestamp at time zone time_zone as after from asked),
     rung as (
       select g.call_session_id, min(g.created_at) as at from legs g, bounds b
       where g.consultant_id = ? and g.role = 'B' and g.created_at >= b.first and g.created_at < b.after
       group by g.call_session_id)
     select b.day::text as day, c.share::text as share, coalesce((select json_agg(row_to_json(found) order by found.at desc) from (
       select s.id as "callSessionId", l.slug as line, coalesce(s.connected_at, rung.at) as at, s.state, s.outcome,
         s.consultant_id is not distinct from c.id as taken,
         (select e.facts ->> 'because' from call_events e where e.call_session_id = s.id
           and e.name = 'consultant_missed' and e.facts ->> 'consultantId' = c.id order by e.sequence desc limit 1)
           as "missedBecause",
         case when o.kind <> 'known_call' then 'card' when k.client_code is not null then 'client' else 'unknown' end
           as source,
         k.client_code as "clientCode", s.talk_us::text as "talkUs", s.billable_us::text as "billableUs", o.currency,
         o.tariff, p.state as "paymentState", p.captured::text as captured, v.amount::text as moved,
         coalesce(after.share, jsonb_build_object('from', c.share::text)) ->> 'from' as share
       from rung join call_sessions s on s.id = rung.call_session_id join orders o on o.id = s.order_id
         join lines l on l.id = s.line_id
         left join known_calls k on k.call_session_id = s.id
         left join payments p on p.order_id = o.id and o.kind <> 'known_call'
         left join client_movements v on v.call_session_id = s.id
         left join lateral (
           select h.changes -> 'share' as share from settings_changes h
           where h.merchant_id = c.merchant_id and h.setting = 'consultant' and h.of = c.id and h.at > rung.at
             and h.changes -> 'share' is not null
           order by h.at, h.position limit 1) after on true) found), '[]') as calls
     from consultants c, bounds b where c.id = ?`,
    [day ?? null, now, id, id],
  );
  return row && { ...row, calls: row.calls.map((one) => ({ ...one, at: new Date(one.at) })) };
}
