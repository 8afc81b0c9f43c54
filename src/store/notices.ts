// Notices: written in the transaction of the change that caused them, delivered by any gateway. A try is claimed by
// moving its due time ahead of the attempt, so that a gateway that dies in mid-try delays the notice and loses nothing; the
// first try is claimed as the notice is written, by the gateway that writes it.
// That due time is the claim's name: what came of a try is written only while it still stands there.
//
// Each notice has a schedule of its own (core/merchant-notice). A merchant who was away may be tried out of turn, when he
// takes something or simply every few minutes: such a try uses nothing of the schedule, which `scheduled_at` keeps.

import { type NoticeDraft, type NoticeOfOrder, noticeBody } from '../core/merchant-notice.ts';
import { firstRow, rows, type Tx } from './database.ts';

/**
 * What a notice is about: it is counted there. Of a consultant, who is locked and written by whoever tells of him, it has been
 * counted already.
 */
export type NoticeAbout = { merchantId: string } & (
  | { orderId: string; callSessionId?: string }
  | { consultantId: string; counted: CountedOfConsultant }
  | { runId: string }
);

/** Where the merchant's notices go and how they are signed; `last`: the sequence of the last of these. */
export interface CountedOfConsultant {
  last: number;
  url: string | null;
  sealed: Buffer | null;
}

/** Where the merchant's notices go, how they are signed, and how many were about the same by now. */
interface Counted extends CountedOfConsultant {
  reference: string | null;
  slug: string | null;
}

/**
 * Writes what a merchant is to be told. With `claimedUntil` the notices are the writer's to send, and nobody else takes them
 * before that instant: the answer is what he sends them by, nothing where there is no address. Without it they are due at
 * once, for whoever is woken first.
 */
export async function writeNotices(
  tx: Tx,
  about: NoticeAbout,
  drafts: readonly (NoticeDraft & { id: string })[],
  at: Date,
  claimedUntil?: Date,
): Promise<ClaimedNotices | undefined> {
  if (drafts.length === 0) return undefined;
  const counted = await countNotices(tx, about, drafts.length);
  const { url, sealed } = counted;
  const first = counted.last - drafts.length + 1;
  const claim = url !== null && sealed !== null ? claimedUntil : undefined;
  const due = url === null ? null : (claim ?? at);
  const written = drafts.map((draft, place) => {
    const sequence = first + place;
    const body = noticeBody(draft, { at, sequence, ...belongsTo(about, counted) });
    return { id: draft.id, type: draft.type, sequence, body };
  });
  await tx.write(
    `insert into notices (id, merchant_id, order_id, call_session_id, consultant_id, run_id, type, sequence, body, state,
       next_try_at, last_problem, created_at)
     select n.id, ?, ?, ?, ?, ?, n.type, n.sequence, n.body, ?, ?::timestamptz, ?, ?
     from jsonb_to_recordset(?::jsonb) as n(id text, type text, sequence int, body text)`,
    [
      about.merchantId,
      'orderId' in about ? about.orderId : null,
      'orderId' in about ? (about.callSessionId ?? null) : null,
      'consultantId' in about ? about.consultantId : null,
      'runId' in about ? about.runId : null,
      due ? 'pending' : 'parked',
      due,
      due ? null : 'no_address',
      at,
      JSON.stringify(written),
    ],
  );
  if (due && !claim) tx.hint('ringmeter_notices', about.merchantId);
  if (!claim || url === null || sealed === null) return undefined;
  const notices = written.map(({ id, type, body }) => {
    return { id, type, body, tries: 0, createdAt: at, scheduledAt: null, claimedUntil: claim };
  });
  return { url, secretSealed: sealed, notices };
}

/** Of merchant `m`: where his notices go, nowhere once they are disabled, and what signs them. */
export const noticeAddress = `m.notice_secret_sealed as sealed,
       case when m.notices_disabled_at is null then m.notice_url end as url`;

async function countNotices(tx: Tx, about: NoticeAbout, many: number): Promise<Counted> {
  if ('consultantId' in about) return { ...about.counted, reference: null, slug: null };
  if ('runId' in about) return countOfRun(tx, about.runId, many);
  const counted = await firstRow<Counted>(
    tx,
    `update orders o set notices = o.notices + ? from lines l, merchants m
     where o.id = ? and l.id = o.line_id and m.id = o.merchant_id
     returning o.notices as last, o.reference, l.slug, ${noticeAddress}`,
    [many, about.orderId],
  );
  if (!counted) throw new Error('A notice without its order.');
  return counted;
}

/** A call that goes through a scenario leaves a message or two: they are counted where they lie. */
async function countOfRun(tx: Tx, runId: string, many: number): Promise<Counted> {
  await tx.raw('select 1 from scenario_runs where id = ? for no key update', [runId]);
  const counted = await firstRow<Counted>(
    tx,
    `select (select coalesce(max(n.sequence), 0) from notices n where n.run_id = r.id) + ?::int as last,
       null as reference, null as slug, ${noticeAddress}
     from scenario_runs r join merchants m on m.id = r.merchant_id where r.id = ?`,
    [many, runId],
  );
  if (!counted) throw new Error('A notice without its call.');
  return counted;
}

function belongsTo(
  about: NoticeAbout,
  { reference, slug }: Counted,
): NoticeOfOrder | { consultantId: string } | { scenarioRunId: string } {
  if ('runId' in about) return { scenarioRunId: about.runId };
  if ('consultantId' in about) return { consultantId: about.consultantId };
  const { orderId, callSessionId } = about;
  return {
    orderId,
    ...(callSessionId !== undefined && { callSessionId }),
    ...(reference !== null && { reference }),
    line: slug ?? '',
  };
}

export interface DueNotice {
  id: string;
  type: string;
  body: string;
  tries: number;
  createdAt: Date;
  /** This try is out of turn: if it fails, the notice waits for this instant as before. */
  scheduledAt: Date | null;
  /** Until then nobody else tries it. */
  claimedUntil: Date;
}

/** Notices of one merchant that are the claimer's to try, and what they are sent by. */
export interface ClaimedNotices {
  url: string;
  secretSealed: Buffer;
  notices: readonly DueNotice[];
}

/** Takes up to `atMost` due notices for one try each; nobody else takes them before `until`. */
export async function claimDueNotices(
  tx: Tx,
  claim: { at: Date; until: Date; atMost: number },
): Promise<ClaimedNotices | undefined> {
  const address = await firstRow<{ url: string | null; sealed: Buffer | null }>(
    tx,
    `select case when notices_disabled_at is null then notice_url end as url, notice_secret_sealed as sealed
     from merchants`,
  );
  if (!address?.url || !address.sealed) return undefined;
  const notices = await rows<DueNotice>(
    tx,
    `update notices set next_try_at = ? where id in (
       select id from notices where state = 'pending' and next_try_at <= ? order by next_try_at, position limit ?
       for update skip locked)
     returning id, type, body, tries, created_at as "createdAt", next_try_at as "claimedUntil",
       case when scheduled_at > ? then scheduled_at end as "scheduledAt"`,
    [claim.until, claim.at, claim.atMost, claim.at],
  );
  return { url: address.url, secretSealed: address.sealed, notices };
}

export interface TriedNotice {
  id: string;
  /** The claim it was tried under. */
  claimedUntil: Date;
  /** How far its schedule has come with this try. */
  tries: number;
  try: number;
  at: Date;
  tookMs: number;
  state: 'pending' | 'delivered' | 'parked';
  nextTryAt?: Date;
  status?: number;
  problem?: string;
}

/** What came of the tries, all at once. A notice replayed, or claimed by another since, keeps its state and its schedule. */
export async function recordTries(tx: Tx, merchantId: string, tried: readonly TriedNotice[]): Promise<void> {
  await tx.write(
    `with tried as (
       select * from jsonb_to_recordset(?::jsonb) as t(id text, "claimedUntil" timestamptz, tries int, try int,
         at timestamptz, "tookMs" int, state text, "nextTryAt" timestamptz, status int, problem text)),
     moved as (
       update notices n set state = t.state, tries = t.tries, next_try_at = t."nextTryAt", scheduled_at = null,
         tried_at = t.at, last_status = t.status, last_problem = t.problem
       from tried t where n.id = t.id and n.state = 'pending' and n.next_try_at = t."claimedUntil")
     insert into deliveries (merchant_id, notice_id, try, at, status, problem, took_ms)
     select ?, t.id, t.try, t.at, t.status, t.problem, t."tookMs" from tried t on conflict do nothing`,
    [JSON.stringify(tried), merchantId],
  );
}

/** Claimed and not tried after all: due now, for whoever is woken first. */
export async function letGoOfNotices(
  tx: Tx,
  merchantId: string,
  ids: readonly string[],
  at: Date,
): Promise<void> {
  await tx.write(
    `update notices set next_try_at = ? where id = any(?) and state = 'pending' and next_try_at > ?`,
    [at, ids, at],
  );
  tx.hint('ringmeter_notices', merchantId);
}

/**
 * He takes what we send: all that waits for him comes at once, but nothing sooner than this long after its last try, or
 * what he refuses alone would be tried with everything he takes. `claimedUntil`: what is due before is due soon enough, and
 * may be on its way at this moment.
 */
export async function bringForward(
  tx: Tx,
  at: Date,
  claimedUntil: Date,
  sinceLastTrySeconds: number,
): Promise<void> {
  await tx.write(
    `update notices set scheduled_at = coalesce(scheduled_at, next_try_at),
       next_try_at = greatest(?::timestamptz, tried_at + make_interval(secs => ?))
     where state = 'pending' and next_try_at > ?
       and greatest(?::timestamptz, tried_at + make_interval(secs => ?)) < next_try_at`,
    [at, sinceLastTrySeconds, claimedUntil, at, sinceLastTrySeconds],
  );
}

/** Nobody answers: one notice, the one whose turn comes first, is tried at `at` unless something is by then anyway. */
export async function knockAgain(tx: Tx, at: Date): Promise<void> {
  await tx.write(
    `update notices set scheduled_at = coalesce(scheduled_at, next_try_at), next_try_at = ?
     where id = (select id from notices where state = 'pending' order by next_try_at limit 1)
       and state = 'pending' and next_try_at > ?`,
    [at, at],
  );
}

/** 410: the receiver wants no more. What waits is parked until somebody gives an address and replays. */
export async function disableNotices(tx: Tx, merchantId: string, at: Date): Promise<void> {
  await tx.write(
    `with off as (update merchants set notices_disabled_at = coalesce(notices_disabled_at, ?) where id = ?)
     update notices set state = 'parked', next_try_at = null, scheduled_at = null, last_problem = 'gone'
     where state = 'pending'`,
    [at, merchantId],
  );
}

export async function requeueNotice(
  tx: Tx,
  noticeId: string,
  at: Date,
): Promise<'queued' | 'unknown_notice' | 'no_address'> {
  const row = await firstRow<{ url: string | null; merchantId: string }>(
    tx,
    `select case when m.notices_disabled_at is null then m.notice_url end as url, m.id as "merchantId"
     from notices n join merchants m on m.id = n.merchant_id
     where n.id = ? for update of n`,
    [noticeId],
  );
  if (!row) return 'unknown_notice';
  if (row.url === null) return 'no_address';
  // The schedule begins anew; id and body stay, so that a receiver who had it after all recognizes it.
  await tx.write(
    `update notices set state = 'pending', tries = 0, next_try_at = ?, scheduled_at = null, tried_at = null,
       last_problem = null
     where id = ?`,
    [at, noticeId],
  );
  tx.hint('ringmeter_notices', row.merchantId);
  return 'queued';
}

/**
 * All that was parked on its way to this merchant, its schedule begun anew; how many. After a 410 notices are sent again
 * from here on. What was never to be sent, because there was no address then, stays where it is.
 */
export async function requeueParked(
  tx: Tx,
  merchantId: string,
  at: Date,
): Promise<{ outcome: 'queued'; notices: number } | { outcome: 'no_address' }> {
  const merchant = await firstRow<{ url: string | null; disabledAt: Date | null }>(
    tx,
    'select notice_url as url, notices_disabled_at as "disabledAt" from merchants where id = ? for update',
    [merchantId],
  );
  if (!merchant?.url) return { outcome: 'no_address' };
  await tx.write('update merchants set notices_disabled_at = null where id = ?', [merchantId]);
  const queued = await firstRow<{ notices: number }>(
    tx,
    `with queued as (
       update notices set state = 'pending', tries = 0, next_try_at = ?, scheduled_at = null, tried_at = null,
         last_problem = null
       where state = 'parked' and (last_problem is distinct from 'no_address' or created_at >= ?) returning id)
     select count(*)::int as notices from queued`,
    [at, merchant.disabledAt],
  );
  tx.hint('ringmeter_notices', merchantId);
  return { outcome: 'queued', notices: queued?.notices ?? 0 };
}
