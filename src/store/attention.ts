// What wants a person. Nearly all of it is seen from the truth itself (the function `attention` of migration 0006): what
// was mended is gone from the list by itself. Only what left no other trace is written down, by `needsAttention`.

import { withoutCardNumbers } from '../core/card.ts';
import { type Db, firstRow, rows, type Tx } from './database.ts';

/** Stable: operators' tools know them. Each has a sentence below. */
export const attentionKinds = [
  'step_failed',
  'payment_parked',
  'refund_parked',
  'operation_unknown',
  'processor_never_answered',
  'call_unsettled',
  'sale_unsettled',
  'notices_parked',
  'notices_disabled',
  'reports_parked',
  'calls_stopped',
  'job_dead',
  'switch_uncommanded',
  'record_quarantined',
  'dispute_open',
  'invariant_violated',
] as const;
export type AttentionKind = (typeof attentionKinds)[number];

export interface AttentionItem {
  kind: AttentionKind;
  /** Of what it is about; with the kind, the item's name. */
  id: string;
  merchantId?: string;
  orderId?: string;
  since: Date;
  /** How many notices or reports, or how often the step failed. */
  many: number;
  /** Somebody said that he knows. What happens again is not seen any more. */
  seen?: { at: Date; by: string };
  /** What happened, and what to do next. */
  sentence: string;
}

interface AttentionRow {
  kind: AttentionKind;
  id: string;
  merchantId: string | null;
  orderId: string | null;
  since: Date;
  many: string;
  seenAt: Date | null;
  seenBy: string | null;
}

/** What wants a person at this instant, oldest first; at most a thousand of a kind. */
export async function listAttention(db: Db, at: Date): Promise<AttentionItem[]> {
  const found = await rows<AttentionRow>(
    db,
    `select a.kind, a.id, a.merchant_id as "merchantId", a.order_id as "orderId", a.since, a.many,
       s.seen_at as "seenAt", s.seen_by as "seenBy"
     from (select * from attention(?)
       union all select 'job_dead', j.id, j.merchant_id, j.order_id, j.since, j.since, 1 from dead_jobs() j) a
     left join attention_seen s on s.kind = a.kind and s.id = a.id and s.seen_at >= a.latest
     order by a.since, a.kind, a.id`,
    [at],
  );
  return found.map((row) => {
    const item = {
      kind: row.kind,
      id: row.id,
      since: row.since,
      many: Number(row.many),
      ...(row.merchantId !== null && { merchantId: row.merchantId }),
      ...(row.orderId !== null && { orderId: row.orderId }),
      ...(row.seenAt !== null && row.seenBy !== null && { seen: { at: row.seenAt, by: row.seenBy } }),
    };
    return { ...item, sentence: sentences[row.kind](item) };
  });
}

type Facts = Omit<AttentionItem, 'sentence'>;

/** `npm run cli -- ...` stands for what an operator does next; the operator API has the same by the same names. */
const sentences: Record<AttentionKind, (item: Facts) => string> = {
  step_failed: ({ id, many }) =>
    `A step of call ${id} failed for a fault of ours${many > 1 ? `, ${String(many)} times` : ''}; the call goes on under its ` +
    'limit. Read its story (order), report the error, then mark it as seen.',
  payment_parked: ({ orderId }) =>
    `The processor refuses to settle order ${String(orderId)}. Mend the cause at the processor, then: settle ${String(orderId)}.`,
  refund_parked: ({ id }) =>
    `What became of refund ${id} is not known: its key is too old to ask by. Ask the merchant, then have it looked for and, ` +
    `where the processor has none of it, made anew: refunds again ${id}; or given up: refunds give-up ${id}.`,
  operation_unknown: ({ id, orderId }) =>
    `The processor has not said for over an hour what became of ${id}. It is asked on; search ${id} there, then look at ` +
    `order ${String(orderId)}.`,
  processor_never_answered: ({ id }) =>
    `The processor never answered for payment ${id}: something may be held there that we do not know of. Search it there ` +
    'by its metadata, release it, then mark this as seen.',
  call_unsettled: ({ id, orderId }) =>
    `Call ${id} ended and is not settled. Look at its jobs and its payment (order ${String(orderId)}), then: settle ${String(orderId)}.`,
  sale_unsettled: ({ id }) =>
    `Order ${id} is paid for and not settled. Look at it (order), then: settle ${id}.`,
  notices_parked: ({ id, many }) =>
    `${String(many)} ${many === 1 ? 'notice' : 'notices'} to merchant ${id} could not be delivered in three days. When his ` +
    `server answers again: notices replay --merchant ${id}.`,
  notices_disabled: ({ id }) =>
    `Merchant ${id} answered 410: he is sent nothing any more. Ask him; when he wants notices again: notices replay ` +
    `--merchant ${id}.`,
  reports_parked: ({ id, many }) =>
    `${String(many)} ${many === 1 ? 'report' : 'reports'} of what callers used could not be told to merchant ${id} in three ` +
    `days. When his server answers again: reports replay --merchant ${id}.`,
  calls_stopped: ({ id }) =>
    id === 'all'
      ? 'All calls are stopped. When they may be made again: resume.'
      : `Calls of merchant ${id} are stopped. When they may be made again: resume --merchant ${id}.`,
  job_dead: ({ id }) =>
    `Job ${id} failed so often that it is not tried any more. Read why (jobs dead), mend that, then: jobs retry ${id}.`,
  switch_uncommanded: ({ id }) =>
    `No gateway commands switch ${id}; its calls talk on under their limits. Look whether the switch answers and a gateway ` +
    'that is linked to it runs.',
  record_quarantined: ({ id }) =>
    `A switch sent the record of leg ${id}, which nobody here has rung. If the database was restored, the call is missing; ` +
    'else: whose switch is it? When the leg is known again: records import.',
  dispute_open: ({ id, orderId }) =>
    `Dispute ${id} wants an answer from the merchant. The evidence is at order ${String(orderId)}.`,
  invariant_violated: ({ id, orderId }) =>
    `What must always hold does not: ${id}. Stop nothing in haste; read ${orderId === undefined ? 'the rows' : `order ${orderId}`}, ` +
    'mend the cause, then: check.',
};

/** How many of each kind nobody has seen yet; kinds with none are in it, as zero. */
export function countByKind(items: readonly AttentionItem[]): Map<AttentionKind, number> {
  const counts = new Map<AttentionKind, number>(attentionKinds.map((kind) => [kind, 0]));
  for (const { kind, seen } of items) if (!seen) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/**
 * Writes down that a person is wanted, where nothing else would show it. Writing it again counts it again. `because`: an
 * error's own words, which carry ids and no more; what looks like a card number is taken out all the same.
 */
export async function needsAttention(
  tx: Tx,
  mark: {
    kind: 'step_failed';
    /** The call session. */
    id: string;
    merchantId: string;
    orderId?: string;
    because: string;
    at: Date;
  },
): Promise<void> {
  await tx.write(
    `insert into attention_marks as m (kind, id, merchant_id, order_id, because, since, latest)
     values (?, ?, ?, ?, ?, ?, ?)
     on conflict (kind, id) do update set because = excluded.because, latest = excluded.latest, lifted_at = null,
       since = case when m.lifted_at is null then m.since else excluded.since end,
       times = case when m.lifted_at is null then m.times + 1 else 1 end`,
    [
      mark.kind,
      mark.id,
      mark.merchantId,
      mark.orderId ?? null,
      withoutCardNumbers(mark.because).slice(0, becauseMax),
      mark.at,
      mark.at,
    ],
  );
}

const becauseMax = 500;

/** What was written down of this order. */
export async function readMarks(
  tx: Tx,
  orderId: string,
): Promise<{ kind: string; id: string; because: string; since: Date; latest: Date; times: number }[]> {
  return rows(
    tx,
    'select kind, id, because, since, latest, times from attention_marks where order_id = ? order by since',
    [orderId],
  );
}

/** Somebody knows of it: it is not counted any more until it happens again. */
export async function markSeen(
  db: Db,
  seen: { kind: AttentionKind; id: string; by: string; at: Date },
): Promise<void> {
  await db.raw(
    `insert into attention_seen (kind, id, seen_at, seen_by) values (?, ?, ?, ?)
     on conflict (kind, id) do update set seen_at = excluded.seen_at, seen_by = excluded.seen_by`,
    [seen.kind, seen.id, seen.at, seen.by],
  );
}

/** A repair by hand: who did it, why, and what came of it. Never changed, never removed. */
export interface OperatorAct {
  at: Date;
  by: string;
  why: string;
  act: string;
  target?: string;
  outcome: string;
}

export async function writeOperatorAct(db: Db, act: OperatorAct): Promise<void> {
  await db.raw('insert into operator_acts (at, by, why, act, target, outcome) values (?, ?, ?, ?, ?, ?)', [
    act.at,
    act.by,
    act.why,
    act.act,
    act.target ?? null,
    act.outcome,
  ]);
}

/** Newest first. `target`: only those about it. */
export async function readOperatorActs(db: Db, atMost: number, target?: string): Promise<OperatorAct[]> {
  const found = await rows<Omit<OperatorAct, 'target'> & { target: string | null }>(
    db,
    `select at, by, why, act, target, outcome from operator_acts where ?::text is null or target = ?
     order by id desc limit ?`,
    [target ?? null, target ?? null, atMost],
  );
  return found.map(({ target: about, ...act }) => ({ ...act, ...(about !== null && { target: about }) }));
}

/** Work of the whole house that one gateway does at a time. */
export type TurnName = 'invariants' | 'disputes';

/** Whose turn it is to do this for the whole house: ours when the answer is not `undefined`. */
export async function takeTurn(
  db: Db,
  name: TurnName,
  turn: { at: Date; everySeconds: number },
): Promise<{ doneUntil: Date | undefined } | undefined> {
  const row = await firstRow<{ doneUntil: Date | null }>(
    db,
    `update house_turns set due_at = ?::timestamptz + make_interval(secs => ?) where name = ? and due_at <= ?
     returning done_until as "doneUntil"`,
    [turn.at, turn.everySeconds, name, turn.at],
  );
  return row && { doneUntil: row.doneUntil ?? undefined };
}

/** Done, for everything that happened until this instant. */
export async function finishTurn(db: Db, name: TurnName, doneUntil: Date): Promise<void> {
  await db.raw('update house_turns set done_until = greatest(done_until, ?) where name = ?', [
    doneUntil,
    name,
  ]);
}
