// What a merchant reads of what has happened: call sessions, notices, the ledger, each in pages. Nothing is written here, and
// what one order looks like to its caller is order-view's.

import { type CallOutcome, type CallState, secondsOf } from '../core/call-session.ts';
import { type Money, money } from '../core/money.ts';
import { firstRow, rows, type Tx } from './database.ts';

export interface CallSessionView {
  id: string;
  orderId: string;
  line: string;
  reference?: string;
  state: CallState;
  outcome?: CallOutcome;
  consultantId?: string;
  callerNumber?: string;
  source: 'page' | 'api' | 'phone';
  talkTimeSeconds: number;
  billableSeconds: number;
  authorized: Money;
  captured: Money;
  released: Money;
  createdAt: Date;
  connectedAt?: Date;
  endedAt?: Date;
  events: { name: string; at: Date; facts: Record<string, unknown> }[];
}

interface CallSessionRow {
  id: string;
  orderId: string;
  line: string;
  reference: string | null;
  state: CallState;
  outcome: CallOutcome | null;
  consultantId: string | null;
  callerNumber: string | null;
  source: 'page' | 'api' | 'phone';
  talkUs: string | null;
  billableSeconds: number | null;
  currency: string;
  authorized: string;
  captured: string;
  released: string;
  createdAt: Date;
  connectedAt: Date | null;
  endedAt: Date | null;
  events: { name: string; at: string; facts: Record<string, unknown> }[];
}

const sessionSelect = `select s.id, s.order_id as "orderId", l.slug as line, o.reference, s.state, s.outcome,
    s.consultant_id as "consultantId", o.caller_number as "callerNumber", o.source, s.talk_us::text as "talkUs",
    s.billable_seconds as "billableSeconds", o.currency,
    coalesce((select sum(a.amount) from authorizations a where a.payment_id = p.id
      and a.state in ('authorized', 'captured', 'voided', 'expired')), 0)::text as authorized,
    (select coalesce(sum(a.captured), 0)::text from authorizations a where a.payment_id = p.id) as captured,
    (p.released + p.expired)::text as released, s.created_at as "createdAt",
    s.connected_at as "connectedAt", s.ended_at as "endedAt",
    coalesce((select json_agg(json_build_object('name', e.name, 'at', e.at, 'facts', e.facts) order by e.sequence)
      from call_events e where e.call_session_id = s.id), '[]') as events
  from call_sessions s join orders o on o.id = s.order_id join payments p on p.order_id = o.id
  join lines l on l.id = s.line_id`;

function sessionView(row: CallSessionRow): CallSessionView {
  const { currency } = row;
  return {
    id: row.id,
    orderId: row.orderId,
    line: row.line,
    source: row.source,
    state: row.state,
    createdAt: row.createdAt,
    talkTimeSeconds: row.talkUs === null ? 0 : secondsOf(BigInt(row.talkUs)),
    billableSeconds: row.billableSeconds ?? 0,
    authorized: money(row.authorized, currency),
    captured: money(row.captured, currency),
    released: money(row.released, currency),
    events: row.events.map((event) => ({ ...event, at: new Date(event.at) })),
    ...(row.reference !== null && { reference: row.reference }),
    ...(row.outcome !== null && { outcome: row.outcome }),
    ...(row.consultantId !== null && { consultantId: row.consultantId }),
    ...(row.callerNumber !== null && { callerNumber: row.callerNumber }),
    ...(row.connectedAt !== null && { connectedAt: row.connectedAt }),
    ...(row.endedAt !== null && { endedAt: row.endedAt }),
  };
}

export async function readCallSession(tx: Tx, id: string): Promise<CallSessionView | undefined> {
  const row = await firstRow<CallSessionRow>(tx, `${sessionSelect} where s.id = ?`, [id]);
  return row && sessionView(row);
}

export interface SessionFilter {
  /** Id of the last one seen: older ones follow. */
  after?: string;
  limit: number;
  state?: CallState;
  line?: string;
  reference?: string;
  from?: Date;
  to?: Date;
}

/** Newest first. */
export async function listCallSessions(tx: Tx, filter: SessionFilter): Promise<CallSessionView[]> {
  const found = await rows<CallSessionRow>(
    tx,
    `${sessionSelect}
     where (?::text is null or (s.created_at, s.id) < (select c.created_at, c.id from call_sessions c where c.id = ?))
       and s.state = coalesce(?, s.state) and l.slug = coalesce(?, l.slug)
       and (?::text is null or o.reference = ?) and s.created_at >= coalesce(?::timestamptz, '-infinity')
       and s.created_at < coalesce(?::timestamptz, 'infinity')
     order by s.created_at desc, s.id desc limit ?`,
    [
      filter.after ?? null,
      filter.after ?? null,
      filter.state ?? null,
      filter.line ?? null,
      filter.reference ?? null,
      filter.reference ?? null,
      filter.from ?? null,
      filter.to ?? null,
      filter.limit,
    ],
  );
  return found.map(sessionView);
}

export interface NoticeView {
  id: string;
  type: string;
  sequence: number;
  /** What it is about: an order, or a consultant. */
  orderId?: string;
  callSessionId?: string;
  consultantId?: string;
  state: 'pending' | 'delivered' | 'parked';
  tries: number;
  nextTryAt?: Date;
  lastStatus?: number;
  lastProblem?: string;
  createdAt: Date;
  body: Record<string, unknown>;
}

interface NoticeRow {
  id: string;
  type: string;
  sequence: number;
  orderId: string | null;
  callSessionId: string | null;
  consultantId: string | null;
  state: NoticeView['state'];
  tries: number;
  nextTryAt: Date | null;
  lastStatus: number | null;
  lastProblem: string | null;
  createdAt: Date;
  body: string;
}

/** Oldest first, from after this notice on. */
export async function listNotices(tx: Tx, filter: { after?: string; limit: number }): Promise<NoticeView[]> {
  const found = await rows<NoticeRow>(
    tx,
    `select id, type, sequence, order_id as "orderId", call_session_id as "callSessionId",
       consultant_id as "consultantId", state, tries, next_try_at as "nextTryAt", last_status as "lastStatus", last_problem as "lastProblem",
       created_at as "createdAt", body
     from notices where position > coalesce((select n.position from notices n where n.id = ?), 0)
     order by position limit ?`,
    [filter.after ?? null, filter.limit],
  );
  return found.map((row) => ({
    id: row.id,
    type: row.type,
    sequence: row.sequence,
    state: row.state,
    tries: row.tries,
    createdAt: row.createdAt,
    body: JSON.parse(row.body) as Record<string, unknown>,
    ...(row.orderId !== null && { orderId: row.orderId }),
    ...(row.callSessionId !== null && { callSessionId: row.callSessionId }),
    ...(row.consultantId !== null && { consultantId: row.consultantId }),
    ...(row.nextTryAt !== null && { nextTryAt: row.nextTryAt }),
    ...(row.lastStatus !== null && { lastStatus: row.lastStatus }),
    ...(row.lastProblem !== null && { lastProblem: row.lastProblem }),
  }));
}

export interface LedgerLine {
  position: number;
  transactionId: string;
  orderId: string;
  kind: string;
  account: string;
  amount: Money;
  at: Date;
}

/** Oldest first, from after this position on; both sides of each transaction. */
export async function listLedger(
  tx: Tx,
  filter: { after?: number; limit: number; orderId?: string },
): Promise<LedgerLine[]> {
  const found = await rows<
    Omit<LedgerLine, 'amount' | 'position'> & { amount: string; currency: string; position: string }
  >(
    tx,
    `select t.position, t.id as "transactionId", t.order_id as "orderId", t.kind, e.account, e.amount::text as amount,
       e.currency, t.created_at as at
     from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
     where t.position > ? and t.order_id = coalesce(?, t.order_id)
     order by t.position, e.amount limit ?`,
    [filter.after ?? 0, filter.orderId ?? null, filter.limit],
  );
  return found.map(({ amount, currency, position, ...row }) => ({
    ...row,
    position: Number(position),
    amount: money(amount, currency),
  }));
}
