// Consultants and who has claimed them. A claim is taken by one statement that locks what it takes, so that of a hundred
// callers exactly one gets the consultant. Soft claims lapse by themselves; a hard one lasts while he is on the line.

import type { ConsultantSetting, ConsultantState } from '../core/consultant.ts';
import type { E164, Language } from '../core/ids.ts';
import type { Schedule, Shift } from '../core/schedule.ts';
import { type Db, firstRow, rows, type Tx } from './database.ts';

export interface ClaimedRow {
  consultantId: string;
  name: string;
  number: E164;
  language: Language;
}

/** What core/consultant `reachable` asks for, as one JSON object; `stateOf` reads it. `c`: the consultant's row. */
export const stateObject = `json_build_object('setting', c.setting, 'reason', c.setting_reason, 'backAt', c.back_at,
  'pausedAt', c.paused_at, 'keepsHours', c.schedule is not null, 'hoursFrom', c.hours_from, 'hoursTo', c.hours_to,
  'claimedBy', c.claimed_by, 'claim', c.claim, 'claimedUntil', c.claimed_until, 'wrapUpUntil', c.wrap_up_until)`;

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
    } as ConsultantSetting,
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
  },
): Promise<ClaimedRow[]> {
  const claimed = await rows<ClaimedRow>(
    tx,
    `with wanted as (
       select c.id, array_position(?::text[], c.id) as place from consultants c
       where c.id = any(?::text[]) and c.number is distinct from ?
         and consultant_is_reachable(c, ?::timestamptz, ?::text)
       order by 2 limit ? for update skip locked),
     taken as (
       update consultants c set claimed_by = ?, claim = 'soft', claimed_until = ?
       from wanted where c.id = wanted.id
       returning c.id, c.name, c.number, c.language, wanted.place)
     select id as "consultantId", name, number, language from taken order by place`,
    [
      claim.candidates,
      claim.candidates,
      claim.notNumber ?? null,
      claim.now,
      claim.session,
      claim.atMost,
      claim.session,
      claim.until,
    ],
  );
  if (claimed.length > 0)
    await tellLines(
      tx,
      claimed.map((one) => one.consultantId),
    );
  return claimed;
}

/**
 * He has accepted and is on the line: his soft claim becomes a hard one. `false`: his claim lapsed meanwhile and another
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
    `update consultants set claim = 'hard', claimed_until = null, claimed_by = ? where id = ?
       and (claimed_by is null or claimed_by = ? or (claim = 'soft' and claimed_until <= ?)) returning id`,
    [session, consultantId, session, now],
  );
  return occupied.length > 0;
}

/** He is on the phone for some last words: his claim lapses at `until` should nobody free him before. */
export async function letLinger(tx: Tx, session: string, consultantId: string, until: Date): Promise<void> {
  await tx.write(`update consultants set claim = 'soft', claimed_until = ? where id = ? and claimed_by = ?`, [
    until,
    consultantId,
    session,
  ]);
}

/** Frees what this session holds: all of it, only these, or all but one. */
export async function freeConsultants(
  tx: Tx,
  session: string,
  which: { only?: readonly string[]; but?: string },
  talkedAt: Date | undefined,
): Promise<void> {
  await tx.write(
    `with freed as (
       update consultants set claimed_by = null, claim = null, claimed_until = null,
         last_talked_at = case when claim = 'hard' then coalesce(?::timestamptz, last_talked_at) else last_talked_at end
       where claimed_by = ? and (?::text[] is null or id = any(?::text[])) and id is distinct from ? returning id)
     select distinct l.line_id as hint from line_consultants l join freed on freed.id = l.consultant_id`,
    [talkedAt ?? null, session, which.only ?? null, which.only ?? null, which.but ?? null],
    'ringmeter_line',
  );
}

/** Pages that show who is free hear of it, once a line. */
async function tellLines(tx: Tx, consultantIds: readonly string[]): Promise<void> {
  await tx.write(
    'select distinct line_id as hint from line_consultants where consultant_id = any(?::text[])',
    [consultantIds],
    'ringmeter_line',
  );
}

/** What he, or his merchant for him, has set; a pause ends with it. `false`: there is no such consultant. */
export async function setConsultantSetting(
  tx: Tx,
  consultantId: string,
  setting: ConsultantSetting,
  at: Date,
): Promise<boolean> {
  const set = await rows(
    tx,
    `update consultants set setting = ?, setting_reason = ?, back_at = ?, setting_at = ?, paused_at = null,
       misses_unanswered = 0, misses_refused = 0
     where id = ? and archived_at is null returning id`,
    [
      setting.is,
      setting.is === 'break' ? (setting.reason ?? null) : null,
      setting.backAt ?? null,
      at,
      consultantId,
    ],
  );
  if (set.length === 0) return false;
  await tellLines(tx, [consultantId]);
  return true;
}

export interface ConsultantHours {
  schedule: Schedule | undefined;
  timeZone: string;
}

export async function readConsultantHours(
  tx: Tx,
  consultantId: string,
): Promise<ConsultantHours | undefined> {
  const row = await firstRow<{ schedule: Schedule | null; timeZone: string }>(
    tx,
    `select c.schedule, m.time_zone as "timeZone" from consultants c join merchants m on m.id = c.merchant_id
     where c.id = ? and c.archived_at is null for update of c`,
    [consultantId],
  );
  return row && { schedule: row.schedule ?? undefined, timeZone: row.timeZone };
}

/** His hours, and the shift that is under way or next by them; `until`: when that is to be worked out again. */
export async function setConsultantHours(
  tx: Tx,
  consultantId: string,
  hours: { schedule: Schedule | undefined; shift: Shift | undefined; until: Date },
): Promise<void> {
  const { schedule, shift, until } = hours;
  await tx.write(
    `update consultants set schedule = ?::jsonb, hours_from = ?, hours_to = ?, hours_until = ? where id = ?`,
    [schedule ? JSON.stringify(schedule) : null, shift?.from ?? null, shift?.to ?? null, until, consultantId],
  );
  await tellLines(tx, [consultantId]);
}

export async function consultantsWithOldHours(
  db: Db,
  at: Date,
): Promise<{ merchantId: string; consultantId: string }[]> {
  return rows(
    db,
    'select merchant_id as "merchantId", consultant_id as "consultantId" from consultants_with_old_hours(?)',
    [at],
  );
}
