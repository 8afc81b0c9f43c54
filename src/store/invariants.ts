// What must hold at any moment (DESIGN 5, 9), asked of the database: the rules themselves are the functions
// `violated_invariants` of migration 0006 (with those of accounts, 0013), `violated_call_reports` of 0015
// `violated_disputes` of 0018, `violated_access_codes` of 0040 and `violated_captures` of 0050. Here: asking, and keeping what
// was found until it is right again.

import { rows, type Db } from './database.ts';

/** Every name the function may give. A name is said in metrics and alerts: it never changes its meaning. */
export const invariantNames = [
  'ledger_unbalanced',
  'held_after_the_end',
  'hold_overdrawn',
  'payment_unlike_ledger',
  'payment_unlike_holds',
  'captured_without_receipt',
  'captured_above_price',
  'refunded_above_captured',
  'settled_twice',
  'asked_without_a_key',
  'settled_without_its_payment',
  'live_without_money',
  'connected_without_consent',
  'billed_beyond_limit',
  'talked_beyond_limit',
  'never_cut',
  'two_caller_legs',
  'notices_with_a_gap',
  'receipt_number_missing',
  'foreign_row',
  'busy_without_a_call',
  'work_left_over',
  'table_not_separated',
  'ended_without_report',
  'reported_beyond_limit',
  'client_let_in_twice',
  'account_unlike_movements',
  'account_unlike_reservations',
  'reservation_left_over',
  'captured_without_credit',
  'disputed_credit_unlike_dispute',
  'account_unlike_disputes',
  'sold_without_code',
  'code_unlike_uses',
  'captured_without_a_talk',
  'captured_before_the_end',
  'not_taken_at_connection',
  'taken_at_connection_twice',
] as const;
export type InvariantName = (typeof invariantNames)[number];

export interface Violation {
  name: InvariantName;
  /** Of the row that is wrong. */
  id: string;
  merchantId: string | null;
  orderId: string | null;
}

/** Looks at every order that is not over and at all that was settled or posted since `since`; changes nothing. */
export async function findViolations(db: Db, since: Date | '-infinity', at: Date): Promise<Violation[]> {
  return rows(
    db,
    `select distinct name, id, merchant_id as "merchantId", order_id as "orderId" from (
       select * from violated_invariants(?, ?) union all select * from violated_call_reports(?, ?)
       union all select * from violated_disputes(?, ?) union all select * from violated_access_codes(?, ?)
       union all select * from violated_captures(?, ?)) v
     order by name, id`,
    [since, at, since, at, since, at, since, at, since, at],
  );
}

/**
 * Keeps what was found, and marks as gone what was wrong before and is not any more. Answers what is new: each violation is
 * told once, however often it is found.
 */
export async function recordViolations(db: Db, found: readonly Violation[], at: Date): Promise<Violation[]> {
  const fresh = await rows<{ name: InvariantName; id: string }>(
    db,
    `with found as (
       select * from jsonb_to_recordset(?::jsonb) as f(name text, id text, "merchantId" text, "orderId" text)),
     gone as (
       update invariant_violations v set gone_at = ? where v.gone_at is null
         and not exists (select from found f where f.name = v.name and f.id = v.id)),
     before as (
       select v.name, v.id from invariant_violations v join found f on f.name = v.name and f.id = v.id
       where v.gone_at is null),
     kept as (
       insert into invariant_violations as v (name, id, merchant_id, order_id, first_seen_at, last_seen_at)
       select f.name, f.id, f."merchantId", f."orderId", ?, ? from found f
       on conflict (name, id) do update set last_seen_at = excluded.last_seen_at, gone_at = null,
         first_seen_at = case when v.gone_at is null then v.first_seen_at else excluded.first_seen_at end)
     select f.name, f.id from found f
     where not exists (select from before b where b.name = f.name and b.id = f.id)`,
    [JSON.stringify(found), at, at, at],
  );
  return found.filter((one) => fresh.some((row) => row.name === one.name && row.id === one.id));
}

/** How many of each are wrong by now, by what was found last; names with none are in it, as zero. */
export async function countViolations(db: Db): Promise<Map<string, number>> {
  const found = await rows<{ name: string; many: string }>(
    db,
    'select name, count(*) as many from invariant_violations where gone_at is null group by name',
  );
  const counts = new Map<string, number>(invariantNames.map((name) => [name, 0]));
  for (const { name, many } of found) counts.set(name, Number(many));
  return counts;
}
