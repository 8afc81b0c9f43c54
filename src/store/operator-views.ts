// What an operator reads: one order's whole story, the switches, the queue, notices that wait for him. Ids, states, instants
// and amounts; no number, address, name or card, which nobody needs to see what became of an order.

import { amountText, money } from '../core/money.ts';
import { type Database, type Db, firstRow, rows, type Tx } from './database.ts';

export interface Owner {
  kind: string;
  merchantId: string;
  /** Absent: a merchant, who is of no order. */
  orderId?: string;
}

/** Whose this is: the id of an order, or of anything that belongs to one (payment, call, leg, notice, receipt, intent...). */
export async function ownerOfId(db: Db, id: string): Promise<Owner | undefined> {
  const row = await firstRow<{ kind: string; merchantId: string; orderId: string | null }>(
    db,
    'select kind, merchant_id as "merchantId", order_id as "orderId" from owner_of_id(?)',
    [id],
  );
  if (!row) return undefined;
  const { orderId, ...owner } = row;
  return { ...owner, ...(orderId !== null && { orderId }) };
}

export interface OrderStory {
  order: Record<string, unknown> & { id: string; merchantId: string; currency: string };
  /** Nothing where nobody pays us: a caller the merchant knows. */
  payment: Record<string, unknown> | null;
  authorizations: (Record<string, unknown> & { operations: Record<string, unknown>[] })[];
  refunds: Record<string, unknown>[];
  disputes: Record<string, unknown>[];
  session: Record<string, unknown> | null;
  events: { sequence: number; name: string; at: string; facts: Record<string, unknown> }[];
  legs: Record<string, unknown>[];
  work: Record<string, unknown>[];
  notices: (Record<string, unknown> & { deliveries: Record<string, unknown>[] })[];
  /** What a known caller used, and how telling it goes. */
  usageReport: Record<string, unknown> | null;
  receipt: Record<string, unknown> | null;
  ledger: Record<string, unknown>[];
  marks: Record<string, unknown>[];
}

/** Everything that is written of one order, each list in the order it happened. */
export async function readOrderStory(tx: Tx, orderId: string): Promise<OrderStory | undefined> {
  const row = await firstRow<{ story: OrderStory; currency: string }>(tx, storySelect, [orderId]);
  return row && (withDecimalsOf(row.currency, row.story) as OrderStory);
}

const list = (select: string): string => `coalesce((select json_agg(${select}), '[]')`;

const storySelect = `select o.currency, json_build_object(
  'order', json_build_object('id', o.id, 'merchantId', o.merchant_id, 'line', l.slug, 'kind', o.kind, 'source', o.source,
    'reference', o.reference, 'language', o.language, 'tariffId', o.tariff_id, 'chosenSeconds', o.chosen_seconds,
    'hold', o.hold::text, 'currency', o.currency, 'notices', o.notices, 'createdAt', o.created_at),
  'payment', case when p.id is not null then json_build_object('id', p.id, 'state', p.state, 'reason', p.outcome_reason, 'captured', p.captured::text,
    'released', p.released::text, 'expired', p.expired::text, 'writtenOff', p.written_off::text,
    'lookAgainAt', p.look_again_at, 'settleRefusals', p.settle_refusals, 'settleAgainAt', p.settle_again_at,
    'parkedAt', p.parked_at, 'parkedReason', p.parked_reason, 'createdAt', p.created_at, 'settledAt', p.settled_at) end,
  'authorizations', ${list(`json_build_object('id', a.id, 'sequence', a.sequence, 'state', a.state,
    'amount', a.amount::text, 'captured', a.captured::text, 'intentId', a.intent_id, 'chargeId', a.charge_id,
    'declineReason', a.decline_reason, 'heldAt', a.held_at, 'captureBefore', a.capture_before, 'createdAt', a.created_at,
    'operations', ${list(`json_build_object('id', op.id, 'kind', op.kind, 'number', op.number, 'state', op.state,
      'amount', op.amount::text, 'refundId', op.refund_id, 'createdAt', op.created_at, 'answeredAt', op.answered_at)
      order by op.created_at) from processor_operations op where op.authorization_id = a.id`)})
    order by a.sequence) from authorizations a where a.payment_id = p.id`)},
  'refunds', ${list(`json_build_object('id', r.id, 'state', r.state, 'amount', r.amount::text,
    'refunded', r.refunded::text, 'failure', r.failure, 'parkedAt', r.parked_at, 'createdAt', r.created_at,
    'settledAt', r.settled_at) order by r.position) from refunds r where r.order_id = o.id`)},
  'disputes', ${list(`json_build_object('id', d.id, 'processorId', d.processor_id, 'state', d.state,
    'amount', d.amount::text, 'reason', d.reason, 'evidenceDueBy', d.evidence_due_by, 'createdAt', d.created_at,
    'updatedAt', d.updated_at) order by d.position) from disputes d where d.order_id = o.id`)},
  'session', case when s.id is not null then json_build_object('id', s.id, 'state', s.state, 'outcome', s.outcome,
    'switchId', s.switch_id, 'consultantId', s.consultant_id, 'version', s.version,
    'talkLimitSeconds', (s.progress -> 'plan' ->> 'talkLimitSeconds')::int,
    'capture', case when p.id is not null then coalesce(s.progress -> 'plan' ->> 'capture', 'at_end') end, 'consentedAt', s.consented_at,
    'connectedAt', s.connected_at, 'endedAt', s.ended_at, 'talkSeconds', (s.talk_us / 1000)::numeric / 1000,
    'billableSeconds', s.billable_seconds, 'createdAt', s.created_at) end,
  'events', ${list(`json_build_object('sequence', e.sequence, 'name', e.name, 'at', e.at, 'facts', e.facts)
    order by e.sequence) from call_events e where e.call_session_id = s.id`)},
  'legs', ${list(`json_build_object('id', g.id, 'role', g.role, 'consultantId', g.consultant_id,
    'createdAt', g.created_at, 'recorded', g.cdr is not null, 'cause', g.cdr #>> '{variables,hangup_cause}',
    'answeredUs', g.cdr #>> '{variables,answer_uepoch}', 'endedUs', g.cdr #>> '{variables,end_uepoch}')
    order by g.created_at, g.id) from legs g where g.call_session_id = s.id`)},
  'work', ${list(`json_build_object('id', w.id::text, 'switchId', w.switch_id, 'kind', w.kind, 'createdAt', w.created_at)
    order by w.id) from switch_work w where w.call_session_id = s.id`)},
  'notices', ${list(`json_build_object('id', n.id, 'type', n.type, 'sequence', n.sequence, 'state', n.state,
    'tries', n.tries, 'nextTryAt', n.next_try_at, 'lastStatus', n.last_status, 'lastProblem', n.last_problem,
    'createdAt', n.created_at,
    'deliveries', ${list(`json_build_object('try', y.try, 'at', y.at, 'status', y.status, 'problem', y.problem,
      'tookMs', y.took_ms) order by y.at) from deliveries y where y.notice_id = n.id`)})
    order by n.sequence) from notices n where n.order_id = o.id`)},
  'usageReport', (select json_build_object('id', u.id, 'state', u.state, 'sequence', u.sequence,
    'billableSeconds', u.billable_seconds, 'tries', u.tries, 'nextTryAt', u.next_try_at, 'triedAt', u.tried_at,
    'lastStatus', u.last_status, 'lastProblem', u.last_problem, 'createdAt', u.created_at, 'deliveredAt', u.delivered_at)
    from usage_reports u where u.order_id = o.id),
  'receipt', (select json_build_object('id', r.id, 'number', r.body ->> 'number', 'total', r.body ->> 'total',
    'createdAt', r.created_at, 'mailedAt', r.mailed_at) from receipts r where r.order_id = o.id),
  'ledger', ${list(`json_build_object('transactionId', t.id, 'kind', t.kind, 'authorizationId', t.authorization_id,
    'account', y.account, 'amount', y.amount::text, 'at', t.created_at) order by t.position, y.amount)
    from ledger_transactions t join ledger_entries y on y.transaction_id = t.id where t.order_id = o.id`)},
  'marks', ${list(`json_build_object('kind', k.kind, 'id', k.id, 'because', k.because, 'since', k.since,
    'latest', k.latest, 'times', k.times) order by k.since) from attention_marks k where k.order_id = o.id`)}
  ) as story
  from orders o join lines l on l.id = o.line_id left join payments p on p.order_id = o.id
  left join call_sessions s on s.order_id = o.id where o.id = ?`;

const amounts: ReadonlySet<string> = new Set([
  'amount',
  'captured',
  'released',
  'expired',
  'writtenOff',
  'hold',
  'refunded',
  'total',
]);

/** Rows keep four decimals; people read as many as the currency has. */
function withDecimalsOf(currency: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => withDecimalsOf(currency, one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      amounts.has(name) && typeof inner === 'string'
        ? amountText(money(inner, currency))
        : withDecimalsOf(currency, inner),
    ]),
  );
}

// --- The house -------------------------------------------------------------------------------------------------

export interface SwitchView {
  id: string;
  /** The gateway that commands it; absent: none does. */
  commander?: string;
  leaseNumber: string;
  /** Until the lease lapses, negative since it has; absent: there never was one. */
  leaseSecondsLeft?: number;
  draining: boolean;
  coreUuid?: string;
  /** Calls that ring or talk. */
  calls: number;
}

export async function readSwitchViews(db: Db, at: Date): Promise<SwitchView[]> {
  const found = await rows<{
    id: string;
    commander: string | null;
    leaseNumber: string;
    leaseSecondsLeft: number | null;
    draining: boolean;
    coreUuid: string | null;
    calls: number;
  }>(
    db,
    `select s.id, case when s.lease_expires_at > ?::timestamptz then s.lease_holder end as commander,
       s.lease_number::text as "leaseNumber",
       round(extract(epoch from s.lease_expires_at - ?::timestamptz), 1)::float8 as "leaseSecondsLeft",
       s.draining, s.core_uuid as "coreUuid",
       (select count(*)::int from live_sessions_of_switch(s.id)) as calls
     from switches s order by s.id`,
    [at, at],
  );
  return found.map(({ commander, leaseSecondsLeft, coreUuid, ...one }) => ({
    ...one,
    ...(commander !== null && { commander }),
    ...(leaseSecondsLeft !== null && { leaseSecondsLeft }),
    ...(coreUuid !== null && { coreUuid }),
  }));
}

export interface DeadJob {
  id: string;
  name: string;
  merchantId?: string;
  orderId?: string;
  since: Date;
  /** Of the last try, in the error's own words. */
  because: string;
}

/** Jobs that were tried as often as they may be, oldest first. */
export async function readDeadJobs(db: Db): Promise<DeadJob[]> {
  const found = await rows<{
    id: string;
    name: string;
    merchantId: string | null;
    orderId: string | null;
    since: Date;
    because: string | null;
  }>(
    db,
    `select id, name, merchant_id as "merchantId", order_id as "orderId", since, why_job_failed(id) as because
     from dead_jobs()`,
  );
  return found.map(({ merchantId, orderId, because, ...job }) => ({
    ...job,
    because: because ?? '',
    ...(merchantId !== null && { merchantId }),
    ...(orderId !== null && { orderId }),
  }));
}

/** Its tries begin anew; `false`: there is no such job, or it runs at this moment. */
export async function retryJob(db: Db, jobId: string, at: Date): Promise<boolean> {
  const row = await firstRow<{ id: string | null }>(db, 'select retry_job(?, ?) as id', [jobId, at]);
  return row?.id !== null && row?.id !== undefined;
}

export interface ParkedNotice {
  id: string;
  merchantId: string;
  /** Absent: it is about a consultant. */
  orderId?: string;
  type: string;
  tries: number;
  lastStatus?: number;
  lastProblem?: string;
  createdAt: Date;
}

async function parkedNoticeIds(
  db: Db,
  atMost: number,
  merchantId?: string,
): Promise<{ id: string; merchantId: string }[]> {
  return rows(db, 'select id, merchant_id as "merchantId" from parked_notices(?, ?)', [
    merchantId ?? null,
    atMost,
  ]);
}

async function readParkedNotices(
  tx: Tx,
  merchantId: string,
  ids: readonly string[],
): Promise<ParkedNotice[]> {
  const found = await rows<
    Omit<ParkedNotice, 'merchantId' | 'orderId' | 'lastStatus' | 'lastProblem'> & {
      orderId: string | null;
      lastStatus: number | null;
      lastProblem: string | null;
    }
  >(
    tx,
    `select id, order_id as "orderId", type, tries, last_status as "lastStatus", last_problem as "lastProblem",
       created_at as "createdAt"
     from notices where id = any(?) order by created_at`,
    [ids],
  );
  return found.map(({ orderId, lastStatus, lastProblem, ...notice }) => ({
    ...notice,
    merchantId,
    ...(orderId !== null && { orderId }),
    ...(lastStatus !== null && { lastStatus }),
    ...(lastProblem !== null && { lastProblem }),
  }));
}

/** Found across merchants by their ids, read merchant by merchant. Oldest first. */
export async function listParkedNotices(
  db: Database,
  atMost: number,
  merchantId?: string,
): Promise<ParkedNotice[]> {
  const found = await db.asNobody((nobody) => parkedNoticeIds(nobody, atMost, merchantId));
  const notices: ParkedNotice[] = [];
  for (const merchant of new Set(found.map((one) => one.merchantId))) {
    const ids = found.filter((one) => one.merchantId === merchant).map((one) => one.id);
    notices.push(...(await db.asMerchant(merchant, (tx) => readParkedNotices(tx, merchant, ids))));
  }
  return notices.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}

/** A payment that is not over is looked at by whichever gateway comes first, within a second. `false`: it is over. */
export async function lookNow(tx: Tx, orderId: string, at: Date): Promise<boolean> {
  const row = await firstRow(
    tx,
    `update payments set look_again_at = ?
     where order_id = ? and state in ('awaiting_card', 'authorized', 'capturing', 'voiding') returning id`,
    [at, orderId],
  );
  return row !== undefined;
}

export type Settling = 'unsettled' | 'settled';

/** How far an order's money is; nothing where there is no such order. */
export async function settlingOf(tx: Tx, orderId: string): Promise<Settling | undefined> {
  const row = await firstRow<{ over: boolean }>(
    tx,
    `select p.state in ('captured', 'voided', 'failed') and coalesce(s.state, 'settled') <> 'ended' as over
     from payments p left join call_sessions s on s.order_id = p.order_id where p.order_id = ?`,
    [orderId],
  );
  return row && (row.over ? 'settled' : 'unsettled');
}

// --- Figures ---------------------------------------------------------------------------------------------------

export interface Figure {
  name:
    | 'live_calls'
    | 'notices'
    | 'notices_oldest_seconds'
    | 'usage_reports'
    | 'usage_reports_oldest_seconds'
    | 'unknown_operations';
  kind: string;
  id: string;
  value: number;
}

export async function readFigures(db: Db, at: Date): Promise<Figure[]> {
  return rows(db, 'select name, kind, id, value from operating_figures(?)', [at]);
}

export interface JobFigure {
  name: string;
  kind: 'waiting' | 'running' | 'later' | 'dead';
  many: number;
  /** When the first of them was due, or will be. */
  since: Date;
}

export async function readJobFigures(db: Db, at: Date): Promise<JobFigure[]> {
  return rows(db, 'select name, kind, many::int, since from job_figures(?)', [at]);
}
