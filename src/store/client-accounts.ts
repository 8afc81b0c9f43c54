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
  /** What banks have taken back of his top-ups and not given again. The balance is without it. */
  disputed: Money;
}

export interface ClientRow extends Omit<StoredClient, 'account' | 'disputed'> {
  kind: 'balance' | 'monthly';
  currency: string;
  balance: string;
  reserved: string;
  disputed: string;
  ceiling: string | null;
}

/** Of a monthly account what counts is this month, by the merchant's calendar. */
export const clientColumns = `c.id, c.code, c.name, c.pin_mark as "pinMark", c.language, c.active, c.tariff_plan as "tariffPlan", c.kind,
  c.currency, c.reserved, c.disputed, c.ceiling,
  case when c.kind = 'balance' then c.balance else (
    select coalesce(sum(m.amount), 0) from client_movements m join merchants on merchants.id = m.merchant_id
    where m.client_id = c.id and m.at >= date_trunc('month', ?::timestamptz at time zone merchants.time_zone)
      at time zone merchants.time_zone) end as balance`;

export function clientFromRow({
  kind,
  currency,
  balance,
  reserved,
  disputed,
  ceiling,
  ...row
}: ClientRow): StoredClient {
  return {
    ...row,
    disputed: money(disputed, currency),
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
    `select ${clientColumns} from client_numbers n join clients c on c.id = n.client_id where n.number = ?`,
    [at, number],
  );
  return row && clientFromRow(row);
}

/** `lock`: nobody else takes anything of his account until this transaction is over. */
export async function clientOfCode(
  tx: Tx,
  code: string,
  at: Date,
  lock = false,
): Promise<StoredClient | undefined> {
  if (lock) await tx.write('select 1 from clients where code = ? for update', [code]);
  const row = await firstRow<ClientRow>(tx, `select ${clientColumns} from clients c where c.code = ?`, [
    at,
    code,
  ]);
  return row && clientFromRow(row);
}

/** Whether any client of this merchant has a PIN. */
export async function anyPin(tx: Tx): Promise<boolean> {
  return (
    (await firstRow(tx, 'select 1 as one from clients where pin_mark is not null limit 1')) !== undefined
  );
}

/** Whose account an order tops up; `undefined`: it tops up none. */
export async function clientOfOrder(
  tx: Tx,
  orderId: string,
): Promise<{ id: string; code: string } | undefined> {
  return firstRow(
    tx,
    'select c.id, c.code from orders o join clients c on c.id = o.client_id where o.id = ?',
    [orderId],
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
  await tx.write('update clients set reserved = reserved + ? where id = ?', [amount, clientId]);
  await tx.write(
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
  /** `refund`: given back, or credit again where that came to nothing. `dispute`: taken by a bank, or given again. */
  kind: 'top_up' | 'call' | 'adjustment' | 'refund' | 'dispute';
  amount: Money;
  at: Date;
  orderId?: string;
  callSessionId?: string;
  refundId?: string;
  disputeId?: string;
  seconds?: number;
  reference?: string;
  requestKey?: string;
}

export interface MovementRow {
  id: string;
  kind: Movement['kind'];
  amount: string;
  balanceAfter: string;
  at: Date;
  orderId: string | null;
  callSessionId: string | null;
  refundId: string | null;
  disputeId: string | null;
  seconds: number | null;
  reference: string | null;
  position: number;
}

export const movementColumns = `m.id, m.kind, m.amount::text as amount, m.balance_after::text as "balanceAfter", m.at,
  m.order_id as "orderId", m.call_session_id as "callSessionId", m.refund_id as "refundId",
  m.dispute_id as "disputeId", m.seconds, m.reference, m.position::int as position`;

/** What this key moved, whenever that was. */
export async function movementOfRequest(tx: Tx, requestKey: string): Promise<MovementRow | undefined> {
  return firstRow(tx, `select ${movementColumns} from client_movements m where m.request_key = ?`, [
    requestKey,
  ]);
}

/** `repeated`: this key or call was written before, and nothing is moved. `movement`: the one that stands. */
export async function move(
  tx: Tx,
  movement: Movement,
): Promise<{ outcome: 'moved' | 'repeated'; movement: MovementRow }> {
  const amount = amountText(movement.amount);
  await tx.write('select 1 from clients where id = ? for update', [movement.clientId]);
  const before = await firstRow<MovementRow>(
    tx,
    `select ${movementColumns} from client_movements m where m.request_key = ? or m.call_session_id = ?`,
    [movement.requestKey ?? null, movement.callSessionId ?? null] as never[],
  );
  if (before) return { outcome: 'repeated', movement: before };
  const moved = await firstRow<MovementRow>(
    tx,
    `with moved as (
       update clients set balance = balance + ?, disputed = disputed - ? where id = ? returning balance)
     insert into client_movements as m (id, merchant_id, client_id, kind, amount, balance_after, order_id,
       call_session_id, refund_id, dispute_id, seconds, reference, request_key, at)
     select ?, ?, ?, ?, ?, balance, ?, ?, ?, ?, ?, ?, ?, ? from moved returning ${movementColumns}`,
    [
      amount,
      movement.kind === 'dispute' ? amount : '0',
      movement.clientId,
      movement.id,
      movement.merchantId,
      movement.clientId,
      movement.kind,
      amount,
      movement.orderId ?? null,
      movement.callSessionId ?? null,
      movement.refundId ?? null,
      movement.disputeId ?? null,
      movement.seconds ?? null,
      movement.reference ?? null,
      movement.requestKey ?? null,
      movement.at,
    ] as never[],
  );
  if (!moved) throw new Error('A movement of a client who is not there.');
  return { outcome: 'moved', movement: moved };
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
  /** The request that opens the account. */
  requestKey?: string;
}

/** What this request opened, whenever that was. */
export async function clientOfRequest(
  tx: Tx,
  requestKey: string,
): Promise<{ id: string; createdAt: Date } | undefined> {
  return firstRow(tx, 'select id, created_at as "createdAt" from clients where request_key = ?', [
    requestKey,
  ]);
}

/** `taken`: the code, or one of the numbers, is another client's; the transaction is to be given up. */
export async function insertClient(tx: Tx, client: NewClient): Promise<'inserted' | 'taken'> {
  const inserted = await firstRow(
    tx,
    `insert into clients (id, merchant_id, code, name, pin_mark, kind, currency, ceiling, tariff_plan, language,
       request_key)
     select ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
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
      client.requestKey ?? null,
      client.numbers as string[],
    ] as never[],
  );
  if (!inserted) return 'taken';
  return (await addNumbers(tx, client)) === 'added' ? 'inserted' : 'taken';
}

async function addNumbers(
  tx: Tx,
  { merchantId, id, numbers }: Pick<NewClient, 'merchantId' | 'id' | 'numbers'>,
): Promise<'added' | 'taken'> {
  const added = await rows(
    tx,
    `insert into client_numbers (merchant_id, client_id, number) select ?, ?, n from unnest(?::text[]) n
     on conflict do nothing returning number`,
    [merchantId, id, numbers as string[]] as never[],
  );
  return added.length === numbers.length ? 'added' : 'taken';
}

export interface ClientChange {
  name?: string | null;
  pinMark?: Buffer | null;
  ceiling?: string | null;
  tariffPlan?: TariffPlan | null;
  language?: Language | null;
  active?: boolean;
  /** All of them, in place of those he had. */
  numbers?: readonly string[];
}

const changed = {
  name: 'name',
  pinMark: 'pin_mark',
  ceiling: 'ceiling',
  tariffPlan: 'tariff_plan',
  language: 'language',
  active: 'active',
} as const;

/** `taken`: one of the numbers is another client's; the transaction is to be given up. */
export async function updateClient(
  tx: Tx,
  { merchantId, id }: Pick<NewClient, 'merchantId' | 'id'>,
  change: ClientChange,
): Promise<'updated' | 'taken'> {
  const fields = Object.entries(changed).flatMap(([field, column]) => {
    const value = change[field as keyof typeof changed];
    if (value === undefined) return [];
    const plain = field === 'tariffPlan' && value !== null ? JSON.stringify(value) : value;
    return [{ column, value: plain }];
  });
  if (fields.length > 0) {
    await tx.write(
      `update clients set ${fields.map(({ column }) => `${column} = ?`).join(', ')} where id = ?`,
      [...fields.map(({ value }) => value), id] as never[],
    );
  }
  if (!change.numbers) return 'updated';
  await tx.write('delete from client_numbers where client_id = ?', [id]);
  return (await addNumbers(tx, { merchantId, id, numbers: change.numbers })) === 'added'
    ? 'updated'
    : 'taken';
}
