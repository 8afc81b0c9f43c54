// Disputes: a caller's bank asks for what was taken, or has taken it back. What they are is the processor's word; with what
// they are answered is read here, of everything that was written down when it happened.

import { amountText, type Money, money } from '../core/money.ts';
import { firstRow, rows, type Tx } from './database.ts';
import type { Receipt } from './order-view.ts';

export type DisputeState = 'needs_response' | 'under_review' | 'won' | 'lost' | 'warning';

export interface StoredDispute {
  id: string;
  orderId: string;
  authorizationId: string;
  /** The processor's own name for it. */
  processorId: string;
  amount: Money;
  reason: string;
  state: DisputeState;
  evidenceDueBy?: Date;
  createdAt: Date;
  updatedAt: Date;
}

interface DisputeRow {
  id: string;
  orderId: string;
  authorizationId: string;
  processorId: string;
  amount: string;
  currency: string;
  reason: string;
  state: DisputeState;
  evidenceDueBy: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

const select = `select id, order_id as "orderId", authorization_id as "authorizationId", processor_id as "processorId",
    amount::text as amount, currency, reason, state, evidence_due_by as "evidenceDueBy", created_at as "createdAt",
    updated_at as "updatedAt" from disputes`;

function fromRow({ currency, evidenceDueBy, ...row }: DisputeRow): StoredDispute {
  return {
    ...row,
    amount: money(row.amount, currency),
    ...(evidenceDueBy !== null && { evidenceDueBy }),
  };
}

/** By the processor's name, locked: one step at a time moves it. */
export async function lockDispute(tx: Tx, processorId: string): Promise<StoredDispute | undefined> {
  const row = await firstRow<DisputeRow>(tx, `${select} where processor_id = ? for update`, [processorId]);
  return row && fromRow(row);
}

export async function readDispute(tx: Tx, id: string): Promise<StoredDispute | undefined> {
  const row = await firstRow<DisputeRow>(tx, `${select} where id = ?`, [id]);
  return row && fromRow(row);
}

/** Newest first. `after`: the id of the last one seen; older ones follow. */
export async function listDisputes(
  tx: Tx,
  filter: { after?: string; limit: number; orderId?: string },
): Promise<StoredDispute[]> {
  const found = await rows<DisputeRow>(
    tx,
    `${select} where order_id = coalesce(?, order_id)
       and (?::text is null or position < (select d.position from disputes d where d.id = ?))
     order by position desc limit ?`,
    [filter.orderId ?? null, filter.after ?? null, filter.after ?? null, filter.limit] as never[],
  );
  return found.map(fromRow);
}

export async function insertDispute(tx: Tx, merchantId: string, dispute: StoredDispute): Promise<void> {
  await tx.write(
    `insert into disputes (id, merchant_id, order_id, authorization_id, processor_id, amount, currency, reason, state,
       evidence_due_by, created_at, updated_at)
     values (?, ?, ?, ?, ?, ?::numeric, ?, ?, ?, ?, ?, ?)`,
    [
      dispute.id,
      merchantId,
      dispute.orderId,
      dispute.authorizationId,
      dispute.processorId,
      amountText(dispute.amount),
      dispute.amount.currency,
      dispute.reason,
      dispute.state,
      dispute.evidenceDueBy ?? null,
      dispute.createdAt,
      dispute.updatedAt,
    ] as never[],
  );
}

export async function saveDispute(
  tx: Tx,
  id: string,
  change: { state: DisputeState; reason: string; evidenceDueBy?: Date; updatedAt: Date },
): Promise<void> {
  await tx.write(
    'update disputes set state = ?, reason = ?, evidence_due_by = coalesce(?, evidence_due_by), updated_at = ? where id = ?',
    [change.state, change.reason, change.evidenceDueBy ?? null, change.updatedAt, id] as never[],
  );
}

/** Everything that was written down of an order while it happened, in the order it happened. Instants are ISO 8601. */
export interface OrderEvidence {
  order: {
    id: string;
    createdAt: string;
    source: 'page' | 'api' | 'phone';
    reference: string | null;
    line: string;
    merchant: string;
    callerNumber: string | null;
    callerEmail: string | null;
    consultant: string | null;
    chosenSeconds: number | null;
    tariff: unknown;
  };
  /** What was shown and agreed to, word for word, with address, browser and time. */
  agreed: Record<string, unknown>[];
  holds: {
    authorizedAt: string | null;
    amount: string;
    captured: string;
    currency: string;
    state: string;
    cardBrand: string | null;
    cardLast4: string | null;
    chargeId: string | null;
  }[];
  call: {
    id: string;
    outcome: string | null;
    consentedAt: string | null;
    connectedAt: string | null;
    endedAt: string | null;
    talkSeconds: number | null;
    billableSeconds: number | null;
  } | null;
  /** What happened on the call, key presses among it. */
  events: { at: string; name: string; facts: Record<string, unknown> }[];
  /** The switch's own records, of the caller's leg (A) and each consultant's (B). */
  legs: {
    leg: string;
    role: 'A' | 'B';
    answeredAt: string | null;
    endedAt: string | null;
    cause: string | null;
    record: unknown;
  }[];
  receipt: Receipt | null;
  refunds: { id: string; amount: string; state: string; createdAt: string }[];
  /** What the merchant was told, and when. */
  notices: { id: string; type: string; createdAt: string; state: string; body: unknown }[];
}

const cdrInstant = (name: string): string =>
  `case when g.cdr #>> '{variables,${name}}' ~ '^[0-9]{10,18}$' and g.cdr #>> '{variables,${name}}' !~ '^0+$'
     then to_timestamp((g.cdr #>> '{variables,${name}}')::numeric / 1000000) end`;

export async function readOrderEvidence(tx: Tx, orderId: string): Promise<OrderEvidence | undefined> {
  const row = await firstRow<{ pack: OrderEvidence }>(
    tx,
    `select json_build_object(
       'order', json_build_object('id', o.id, 'createdAt', o.created_at, 'source', o.source, 'reference', o.reference,
         'line', coalesce(l.name ->> o.language, l.name ->> 'en'), 'merchant', m.legal_name,
         'callerNumber', o.caller_number, 'callerEmail', o.caller_email, 'consultant', c.name,
         'chosenSeconds', o.chosen_seconds, 'tariff', o.tariff),
       'agreed', o.evidence,
       'holds', (select json_agg(json_build_object('authorizedAt', a.held_at, 'amount', a.amount::text,
           'captured', a.captured::text, 'currency', p.currency, 'state', a.state, 'cardBrand', a.card_brand,
           'cardLast4', a.card_last4, 'chargeId', a.charge_id) order by a.sequence)
         from authorizations a where a.payment_id = p.id),
       'call', case when s.id is not null then json_build_object('id', s.id, 'outcome', s.outcome,
         'consentedAt', s.consented_at, 'connectedAt', s.connected_at, 'endedAt', s.ended_at,
         'talkSeconds', (s.talk_us / 1000)::numeric / 1000, 'billableSeconds', s.billable_seconds) end,
       'events', coalesce((select json_agg(json_build_object('at', e.at, 'name', e.name, 'facts', e.facts)
           order by e.sequence) from call_events e where e.call_session_id = s.id), '[]'),
       'legs', coalesce((select json_agg(json_build_object('leg', g.id, 'role', g.role,
           'answeredAt', ${cdrInstant('answer_uepoch')}, 'endedAt', ${cdrInstant('end_uepoch')},
           'cause', g.cdr #>> '{variables,hangup_cause}', 'record', g.cdr) order by g.created_at, g.id)
         from legs g where g.call_session_id = s.id), '[]'),
       'receipt', r.body,
       'refunds', coalesce((select json_agg(json_build_object('id', f.id, 'amount', f.refunded::text, 'state', f.state,
           'createdAt', f.created_at) order by f.position) from refunds f where f.order_id = o.id), '[]'),
       'notices', coalesce((select json_agg(json_build_object('id', n.id, 'type', n.type, 'createdAt', n.created_at,
           'state', n.state, 'body', n.body::json) order by n.sequence) from notices n where n.order_id = o.id), '[]')
     ) as pack
     from orders o join merchants m on m.id = o.merchant_id join lines l on l.id = o.line_id
     join payments p on p.order_id = o.id left join call_sessions s on s.order_id = o.id
     left join consultants c on c.id = coalesce(s.consultant_id, o.consultant_id)
     left join receipts r on r.order_id = o.id
     where o.id = ?`,
    [orderId],
  );
  return row?.pack;
}
