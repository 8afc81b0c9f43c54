// Accounts of a merchant's clients: found by number or code, locked while something is taken of them. A movement is written
// once; the balance beside it is their sum, kept under the same lock.

import type { ClientAccount } from '../core/client-account.ts';
import type { Language } from '../core/ids.ts';
import { amountText, money, type Money } from '../core/money.ts';
import type { TariffPlan } from '../core/tariff.ts';
import { firstRow, rows, type Tx } from './database.ts';

export interface StoredClient {
  id: string;
  code: string;
  name: string | null;
  pinMark: Buffer | null;
  language: Language | null;
  active: boolean;
  tariffPlan: TariffPlan | null;
  account: ClientAccount;
}

interface ClientRow extends Omit<StoredClient, 'account'> {
  kind: 'balance' | 'monthly';
  currency: string;
  balance: string;
  reserved: string;
  ceiling: string | null;
}

/** Of a monthly account what counts is this month, by the merchant's calendar. */
const columns = `c.id, c.code, c.name, c.pin_mark as "pinMark", c.language, c.active, c.tariff_plan as "tariffPlan", c.kind,
  c.currency, c.reserved, c.ceiling,
  case when c.kind = 'balance' then c.balance else (
    select coalesce(sum(m.amount), 0) from client_movements m join merchants on merchants.id = m.merchant_id
    where m.client_id = c.id and m.at >= date_trunc('month', ?::timestamptz at time zone merchants.time_zone)
      at time zone merchants.time_zone) end as balance`;

function fromRow({ kind, currency, balance, reserved, ceiling, ...row }: ClientRow): StoredClient {
  return {
    ...row,
    account: {
      kind,
      balance: money(balance, currency),
      reserved: money(reserved, currency),
      ...(ceiling !== null && { ceiling: money(ceiling, currency) }),
    },
  };
}

export async function clientOfNumber(tx: Tx, number: string, at: Date): Promise<StoredClient | undefined> {
  const row = await firstRow<ClientRow>(
    tx,
    `select ${columns} from client_numbers n join clients c on c.id = n.client_id where n.number = ?`,
    [at, number],
  );
  return row && fromRow(row);
}

/** `lock`: nobody else takes anything of his account until this transaction is over. */
export async function clientOfCode(
  tx: Tx,
  code: string,
  at: Date,
  lock = false,
): Promise<StoredClient | undefined> {
  if (lock) await tx.raw('select 1 from clients where code = ? for update', [code]);
  const row = await firstRow<ClientRow>(tx, `select ${columns} from clients c where c.code = ?`, [at, code]);
  return row && fromRow(row);
}

/** Whether any client of this merchant has a PIN. */
export async function anyPin(tx: Tx): Promise<boolean> {
  return (
    (await firstRow(tx, 'select 1 as one from clients where pin_mark is not null limit 1')) !== undefined
  );
}

export async function numbersOfClient(tx: Tx, clientId: string): Promise<string[]> {
  const found = await rows<{ number: string }>(
    tx,
    'select number from client_numbers where client_id = ? order by number',
    [clientId],
  );
  return found.map((one) => one.number);
}

/** Keeps back what this call may cost. The client is locked by the caller of this. */
export async function reserve(
  tx: Tx,
  reservation: { merchantId: string; clientId: string; callSessionId: string; amount: Money; at: Date },
): Promise<void> {
  const { merchantId, clientId, callSessionId, at } = reservation;
  const amount = amountText(reservation.amount);
  await tx.raw('update clients set reserved = reserved + ? where id = ?', [amount, clientId]);
  await tx.raw(
    `insert into client_reservations (call_session_id, merchant_id, client_id, amount, made_at) values (?, ?, ?, ?, ?)`,
    [callSessionId, merchantId, clientId, amount, at] as never[],
  );
}

export interface Reservation {
  clientId: string;
  amount: string;
  currency: string;
}

/** What is kept back for this call, once: whoever reads it releases it. The client is locked from here on. */
export async function releaseReservation(
  tx: Tx,
  callSessionId: string,
  at: Date,
): Promise<Reservation | undefined> {
  return firstRow<Reservation>(
    tx,
    `with released as (
       update client_reservations set released_at = ? where call_session_id = ? and released_at is null
       returning client_id, amount),
     freed as (
       update clients c set reserved = c.reserved - r.amount from released r where c.id = r.client_id
       returning c.id, c.currency)
     select r.client_id as "clientId", r.amount, f.currency from released r join freed f on f.id = r.client_id`,
    [at, callSessionId] as never[],
  );
}

export interface Movement {
  id: string;
  merchantId: string;
  clientId: string;
  kind: 'top_up' | 'call' | 'adjustment';
  amount: Money;
  at: Date;
  orderId?: string;
  callSessionId?: string;
  seconds?: number;
  reference?: string;
  requestKey?: string;
}

/**
 * Writes a movement and moves the balance by it; answers the balance after it. `repeated`: this key or call was written
 * before, and nothing is moved.
 */
export async function move(
  tx: Tx,
  movement: Movement,
): Promise<{ outcome: 'moved' | 'repeated'; balanceAfter: string }> {
  const amount = amountText(movement.amount);
  await tx.raw('select 1 from clients where id = ? for update', [movement.clientId]);
  const before = await firstRow<{ balanceAfter: string }>(
    tx,
    `select balance_after as "balanceAfter" from client_movements where request_key = ? or call_session_id = ?`,
    [movement.requestKey ?? null, movement.callSessionId ?? null] as never[],
  );
  if (before) return { outcome: 'repeated', ...before };
  const moved = await firstRow<{ balanceAfter: string }>(
    tx,
    `with moved as (update clients set balance = balance + ? where id = ? returning balance)
     insert into client_movements (id, merchant_id, client_id, kind, amount, balance_after, order_id, call_session_id,
       seconds, reference, request_key, at)
     select ?, ?, ?, ?, ?, balance, ?, ?, ?, ?, ?, ? from moved returning balance_after as "balanceAfter"`,
    [
      amount,
      movement.clientId,
      movement.id,
      movement.merchantId,
      movement.clientId,
      movement.kind,
      amount,
      movement.orderId ?? null,
      movement.callSessionId ?? null,
      movement.seconds ?? null,
      movement.reference ?? null,
      movement.requestKey ?? null,
      movement.at,
    ] as never[],
  );
  if (!moved) throw new Error('A movement of a client who is not there.');
  return { outcome: 'moved', ...moved };
}

export interface NewClient {
  id: string;
  merchantId: string;
  code: string;
  name?: string;
  pinMark?: Buffer;
  kind: 'balance' | 'monthly';
  currency: string;
  ceiling?: string;
  tariffPlan?: TariffPlan;
  language?: Language;
  numbers: readonly string[];
}

/** `taken`: the code, or one of the numbers, is another client's. */
export async function insertClient(tx: Tx, client: NewClient): Promise<'inserted' | 'taken'> {
  const inserted = await firstRow(
    tx,
    `insert into clients (id, merchant_id, code, name, pin_mark, kind, currency, ceiling, tariff_plan, language)
     select ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
     where not exists (select from client_numbers where number = any(?::text[]))
     on conflict (merchant_id, code) do nothing returning 1 as one`,
    [
      client.id,
      client.merchantId,
      client.code,
      client.name ?? null,
      client.pinMark ?? null,
      client.kind,
      client.currency,
      client.ceiling ?? null,
      client.tariffPlan ? JSON.stringify(client.tariffPlan) : null,
      client.language ?? null,
      client.numbers as string[],
    ] as never[],
  );
  if (!inserted) return 'taken';
  await tx.raw(
    `insert into client_numbers (merchant_id, client_id, number) select ?, ?, n from unnest(?::text[]) n`,
    [client.merchantId, client.id, client.numbers as string[]] as never[],
  );
  return 'inserted';
}

export interface MovementRow {
  id: string;
  kind: Movement['kind'];
  amount: string;
  balanceAfter: string;
  at: Date;
  callSessionId: string | null;
  seconds: number | null;
  reference: string | null;
}

/** A month's movements by the merchant's calendar, oldest first. `month`: `2026-11`. */
export async function movementsOfMonth(tx: Tx, clientId: string, month: string): Promise<MovementRow[]> {
  return rows<MovementRow>(
    tx,
    `select m.id, m.kind, m.amount, m.balance_after as "balanceAfter", m.at, m.call_session_id as "callSessionId",
       m.seconds, m.reference
     from client_movements m join merchants on merchants.id = m.merchant_id
     where m.client_id = ? and to_char(m.at at time zone merchants.time_zone, 'YYYY-MM') = ?
     order by m.position`,
    [clientId, month],
  );
}
