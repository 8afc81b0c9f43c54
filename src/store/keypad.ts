// Cards keyed on the telephone, as far as tables know of them: who permitted a merchant's callers to, and the cards they agreed to be
// kept. No digit of one but the last four.

import type { Language } from '../core/ids.ts';
import type { Tariff } from '../core/tariff.ts';
import { firstRow, rows, type Tx } from './database.ts';

export interface KeypadPermission {
  allowed: boolean;
  by: string;
  why: string;
  at: Date;
}

/** What was said of the merchant of this transaction, the last first. */
export async function readKeypadPermissions(tx: Tx): Promise<KeypadPermission[]> {
  return rows(tx, 'select allowed, by, why, at from keypad_permissions order by number desc limit 200');
}

export async function mayKeyCards(tx: Tx): Promise<boolean> {
  const [last] = await rows<{ allowed: boolean }>(
    tx,
    'select allowed from keypad_permissions order by number desc limit 1',
  );
  return last?.allowed === true;
}

/** `false`: it is so already, and nothing was written. */
export async function insertKeypadPermission(
  tx: Tx,
  merchantId: string,
  { allowed, by, why, at }: KeypadPermission,
): Promise<boolean> {
  // Two operators at once are two rows, one behind the other.
  await firstRow(tx, 'select id from merchants where id = ? for no key update', [merchantId]);
  if ((await mayKeyCards(tx)) === allowed) return false;
  await tx.write(
    `insert into keypad_permissions (merchant_id, number, allowed, by, why, at)
     select ?, coalesce(max(number), 0) + 1, ?, ?, ?, ? from keypad_permissions`,
    [merchantId, allowed, by, why, at],
  );
  return true;
}

export interface KeptCard {
  id: string;
  brand: string;
  last4: string;
  /** `MM/YY`. */
  expiry: string;
  customer: string;
  paymentMethod: string;
}

/**
 * Of this caller, at the account the merchant's payments go to now. Also those that have expired. Nobody has them forgotten before this
 * transaction is over: what one of them is to pay is written by then, and its customer not removed from under it.
 */
export async function keptCardsOf(
  tx: Tx,
  mark: Buffer,
  processorAccount: string | undefined,
): Promise<KeptCard[]> {
  return rows(
    tx,
    `select id, brand, last4, expiry, customer, payment_method as "paymentMethod" from kept_cards
     where mark = ? and processor_account is not distinct from ? order by agreed_at desc, id for share`,
    [mark, processorAccount ?? null],
  );
}

/** Keyed again it is the same card, kept anew. Answers the order he agreed in before. */
export async function saveKeptCard(
  tx: Tx,
  card: KeptCard & {
    merchantId: string;
    mark: Buffer;
    processorAccount: string | undefined;
    orderId: string;
    agreedAt: Date;
  },
): Promise<string | undefined> {
  // Of two calls of his that keep it at once the second knows of the first.
  await tx.raw(`select pg_advisory_xact_lock(hashtextextended(encode(?::bytea, 'hex'), 0))`, [card.mark]);
  const before = await firstRow<{ orderId: string }>(
    tx,
    'select order_id as "orderId" from kept_cards where mark = ? and last4 = ? and expiry = ?',
    [card.mark, card.last4, card.expiry],
  );
  await tx.write(
    `insert into kept_cards (id, merchant_id, mark, brand, last4, expiry, processor_account, customer, payment_method, order_id,
       agreed_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (merchant_id, mark, last4, expiry) do update set brand = excluded.brand,
       processor_account = excluded.processor_account, customer = excluded.customer,
       payment_method = excluded.payment_method, order_id = excluded.order_id, agreed_at = excluded.agreed_at`,
    [
      card.id,
      card.merchantId,
      card.mark,
      card.brand,
      card.last4,
      card.expiry,
      card.processorAccount ?? null,
      card.customer,
      card.paymentMethod,
      card.orderId,
      card.agreedAt,
    ] as never[],
  );
  return before?.orderId;
}

/** Of this caller; answers the orders he agreed in. */
export async function deleteKeptCards(tx: Tx, mark: Buffer): Promise<string[]> {
  return ordersOf(await rows(tx, 'delete from kept_cards where mark = ? returning order_id as id', [mark]));
}

/** Those that have expired by then; all, where none may be used any more. Answers the orders in which they were agreed to. */
export async function deleteStaleCards(tx: Tx, at: Date): Promise<string[]> {
  const all = !(await mayKeyCards(tx));
  return ordersOf(
    await rows(
      tx,
      `delete from kept_cards where ? or to_date(expiry, 'MM/YY') + interval '1 month 1 day' <= ? returning order_id as id`,
      [all, at],
    ),
  );
}

const ordersOf = (found: readonly Record<string, unknown>[]): string[] => found.map(({ id }) => id as string);

// --- Orders of a scenario's call ---------------------------------------------------------------------------------

/** Nobody ends it before this transaction does; `false`: it is over. */
export async function holdLiveRun(tx: Tx, runId: string): Promise<boolean> {
  const row = await firstRow(tx, 'select id from scenario_runs where id = ? and ended_at is null for share', [
    runId,
  ]);
  return row !== undefined;
}

/** What was ordered in it and waits for a card, or for the processor's word. */
export async function unpaidOrdersOfRun(tx: Tx, runId: string): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    `select o.id from orders o join payments p on p.order_id = o.id
     where o.run_id = ? and p.state = 'awaiting_card' and p.outcome_reason is null order by o.created_at, o.id`,
    [runId],
  );
  return found.map(({ id }) => id);
}

/** Paid calls it leads. */
export async function ledSessionsOfRun(tx: Tx, runId: string): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    `select s.id from orders o join call_sessions s on s.order_id = o.id where o.run_id = ? and s.state = 'led'`,
    [runId],
  );
  return found.map(({ id }) => id);
}

export interface KeyedOrder {
  orderId: string;
  kind: 'conversation' | 'fixed_sale';
  state: string;
  /** Why it is over, or nobody wants it any more. */
  reason: string | null;
}

/** How it stands with what was ordered in this call; `undefined`: it was not ordered in it. */
export async function readKeyedOrder(
  tx: Tx,
  runId: string,
  orderId: string,
): Promise<KeyedOrder | undefined> {
  return firstRow(
    tx,
    `select o.id as "orderId", o.kind, p.state, p.outcome_reason as reason
     from orders o join payments p on p.order_id = o.id where o.id = ? and o.run_id = ?`,
    [orderId, runId],
  );
}

export interface SoldInCall {
  line: Record<Language, string>;
  tariff: Tariff;
  /** Of a conversation. */
  talkLimitSeconds: number | null;
  capture: 'at_connection' | null;
}

/** What was sold in it, as it is said: the line's name and the tariff it was sold under. */
export async function readSoldInCall(
  tx: Tx,
  runId: string,
  orderId: string,
): Promise<SoldInCall | undefined> {
  return firstRow(
    tx,
    `select l.name as line, o.tariff, (s.progress #>> '{plan,talkLimitSeconds}')::int as "talkLimitSeconds",
       s.progress #>> '{plan,capture}' as capture
     from orders o join lines l on l.id = o.line_id left join call_sessions s on s.order_id = o.id
     where o.id = ? and o.run_id = ?`,
    [orderId, runId],
  );
}
