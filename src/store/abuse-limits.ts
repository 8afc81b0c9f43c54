// What was counted of whom, and what a merchant has under way. A subject is a mark (seal.ts): no number, card or address is
// ever written. The rows of a count are locked until the transaction ends, so that of a hundred orders at once each counts
// after the one before; they are always locked in the order of their marks, or two orders would wait for each other.

import type { Counted } from '../core/abuse-limits.ts';
import { type Db, firstRow, rows, type Tx } from './database.ts';

/** Locks these counts, made where there were none, and reads them. The answer is in the order of `subjects`. */
export async function lockCounts(tx: Tx, subjects: readonly Buffer[], staleAt: Date): Promise<Counted[]> {
  const found = await rows<{ subject: Buffer; counted: Counted }>(
    tx,
    `insert into abuse_counts (subject, stale_at) select s, ? from unnest(?::bytea[]) s order by s
     on conflict (subject) do update set stale_at = greatest(abuse_counts.stale_at, excluded.stale_at)
     returning subject, counted`,
    [staleAt, subjects],
  );
  return subjects.map((subject) => found.find((row) => row.subject.equals(subject))?.counted ?? []);
}

/** Writes locked counts back. */
export async function writeCounts(
  tx: Tx,
  counts: readonly { subject: Buffer; counted: Counted }[],
): Promise<void> {
  await tx.write(
    `update abuse_counts c set counted = n.counted
     from unnest(?::bytea[], ?::jsonb[]) as n(subject, counted) where c.subject = n.subject`,
    [counts.map((one) => one.subject), counts.map((one) => JSON.stringify(one.counted))],
  );
}

/** Counts in which nothing counts any more are removed, at most a thousand at a time; how many there were. */
export async function pruneCounts(db: Db, now: Date): Promise<number> {
  const gone = await rows(
    db,
    // Whoever counts on one at this moment holds its lock and keeps it.
    `delete from abuse_counts where subject in (
       select subject from abuse_counts where stale_at < ? order by stale_at limit 1000 for update skip locked)
     returning subject`,
    [now],
  );
  return gone.length;
}

/** The numbers in the merchant's own row, as they were written there. */
export async function readOwnLimits(tx: Tx): Promise<unknown> {
  const row = await firstRow<{ limits: unknown }>(
    tx,
    `select abuse_limits as limits from merchants where id = current_setting('ringmeter.merchant')`,
  );
  return row?.limits;
}

/** Calls this merchant has under way; an order that waits for its card counts while it keeps a consultant. */
export async function callsUnderWay(tx: Tx, merchantId: string, unpaidSince: Date): Promise<number> {
  const row = await firstRow<{ n: number }>(
    tx,
    `select count(*)::int as n from call_sessions where merchant_id = ?
       and state in ('awaiting_payment', 'ringing_consultant', 'ringing_caller', 'led', 'connected')
       and (state <> 'awaiting_payment' or created_at > ?)`,
    [merchantId, unpaidSince],
  );
  return row?.n ?? 0;
}

export interface UnpaidOrder {
  orderId: string;
  createdAt: Date;
  sameNumber: boolean;
  sameVisitor: boolean;
}

/**
 * Orders of this merchant that wait for somebody to give a card on our page, by the same number, visitor or address, made
 * after `since`; oldest first. One whose card came with the order is none: it is the processor who is waited for.
 */
export async function unpaidOrdersOf(
  tx: Tx,
  who: { merchantId: string; number?: string; visitor?: Buffer; address?: Buffer; since: Date },
): Promise<UnpaidOrder[]> {
  return rows<UnpaidOrder>(
    tx,
    `select o.id as "orderId", o.created_at as "createdAt", coalesce(o.caller_number = ?, false) as "sameNumber",
       coalesce(o.visitor_mark = ?, false) as "sameVisitor"
     from payments p join orders o on o.id = p.order_id
     where p.merchant_id = ? and p.state = 'awaiting_card' and p.outcome_reason is null and o.created_at > ?
       and (o.caller_number = ? or o.visitor_mark = ? or o.address_mark = ?)
       and not exists (select from authorizations a join processor_operations op on op.authorization_id = a.id
         where a.payment_id = p.id and op.request ->> 'paymentMethod' is not null)
     order by o.created_at, o.id`,
    [
      who.number ?? null,
      who.visitor ?? null,
      who.merchantId,
      who.since,
      who.number ?? null,
      who.visitor ?? null,
      who.address ?? null,
    ],
  );
}
