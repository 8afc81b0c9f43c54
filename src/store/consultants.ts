// Consultants and who has claimed them. A claim is taken by one statement that locks what it takes, so that of a hundred
// callers exactly one gets the consultant. Soft claims lapse by themselves; a hard one lasts while he is on the line.

import type { ConsultantAvailability } from '../core/consultant.ts';
import type { E164, Language } from '../core/ids.ts';
import { rows, type Tx } from './database.ts';

export interface ClaimedRow {
  consultantId: string;
  name: string;
  number: E164;
  language: Language;
}

/** Somebody else holds him: hard, or softly and not lapsed at `now`. One placeholder pair, in this order: session, now. */
const freeFor = `c.setting = 'available'
  and (c.claimed_by is null or c.claimed_by = ? or (c.claim = 'soft' and c.claimed_until <= ?))`;

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
       where c.id = any(?::text[]) and c.number is distinct from ? and ${freeFor}
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
      claim.session,
      claim.now,
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

/** What he, or his merchant for him, set: whether he is rung from now on. `false`: there is no such consultant. */
export async function setConsultantSetting(
  tx: Tx,
  consultantId: string,
  setting: ConsultantAvailability['setting'],
): Promise<boolean> {
  const set = await rows(tx, `update consultants set setting = ? where id = ? returning id`, [
    setting,
    consultantId,
  ]);
  if (set.length === 0) return false;
  await tellLines(tx, [consultantId]);
  return true;
}
