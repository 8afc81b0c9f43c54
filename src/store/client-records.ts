// Accounts as their merchant reads them: the list of his clients, each with his numbers, and what moved on an account, whole
// or by the month of his calendar.

import { amountText, money, type Money, plus, zero } from '../core/money.ts';
import {
  clientColumns,
  clientFromRow,
  movementColumns,
  type ClientRow,
  type MovementRow,
  type StoredClient,
} from './client-accounts.ts';
import { firstRow, rows, type Tx } from './database.ts';

export interface ClientRecord extends StoredClient {
  numbers: string[];
  createdAt: Date;
}

interface RecordRow extends ClientRow {
  numbers: string[];
  createdAt: Date;
}

const columns = `${clientColumns}, c.created_at as "createdAt",
  coalesce((select json_agg(n.number order by n.number) from client_numbers n where n.client_id = c.id), '[]') as numbers`;

const recordOf = (row: RecordRow): ClientRecord => clientFromRow(row) as ClientRecord;

/** By code, after the one named. */
export async function listClients(
  tx: Tx,
  at: Date,
  { after, limit }: { after?: string; limit: number },
): Promise<ClientRecord[]> {
  const found = await rows<RecordRow>(
    tx,
    `select ${columns} from clients c where ?::text is null or c.code collate "C" > ? order by c.code collate "C" limit ?`,
    [at, after ?? null, after ?? null, limit],
  );
  return found.map(recordOf);
}

export async function readClient(tx: Tx, code: string, at: Date): Promise<ClientRecord | undefined> {
  const row = await firstRow<RecordRow>(tx, `select ${columns} from clients c where c.code = ?`, [at, code]);
  return row && recordOf(row);
}

/** Oldest first, after the position named. */
export async function listMovements(
  tx: Tx,
  clientId: string,
  { after, limit }: { after?: number; limit: number },
): Promise<MovementRow[]> {
  return rows(
    tx,
    `select ${movementColumns} from client_movements m where m.client_id = ? and m.position > ? order by m.position limit ?`,
    [clientId, after ?? 0, limit],
  );
}

export interface Statement {
  /** `2026-11`, by the merchant's calendar. */
  month: string;
  timeZone: string;
  currency: string;
  /** What all movements before the month come to; of a monthly account nothing: it begins anew with each. */
  opening: Money;
  closing: Money;
  /** Each kind's sum within the month. */
  sums: Record<MovementRow['kind'], Money>;
  /** Billed in the month. */
  seconds: number;
  /** Oldest first. `balance`: after it, reckoned from the opening. */
  movements: (MovementRow & { balance: Money })[];
}

/** `month`: `2026-11`; the one that runs when absent. Every sum is of the very movements shown. */
export async function readStatement(
  tx: Tx,
  { id, account }: Pick<StoredClient, 'id' | 'account'>,
  at: Date,
  month?: string,
): Promise<Statement> {
  const { currency } = account.balance;
  const found = await firstRow<{
    month: string;
    timeZone: string;
    opening: string;
    movements: (Omit<MovementRow, 'at'> & { at: string })[];
  }>(
    tx,
    // One statement, so that what stands before the month and what is in it are of one moment.
    `with bounds as (
       select time_zone, coalesce(?::text, to_char(?::timestamptz at time zone time_zone, 'YYYY-MM')) as month from merchants),
     edges as (
       select time_zone, month, (month || '-01')::timestamp at time zone time_zone as first,
         ((month || '-01')::timestamp + interval '1 month') at time zone time_zone as after from bounds)
     select e.month, e.time_zone as "timeZone",
       (select coalesce(sum(m.amount), 0)::text from client_movements m where m.client_id = ? and m.at < e.first) as opening,
       coalesce((select json_agg(row_to_json(found) order by found.at, found.position) from (
         select ${movementColumns} from client_movements m
         where m.client_id = ? and m.at >= e.first and m.at < e.after) found), '[]') as movements
     from edges e`,
    [month ?? null, at, id, id],
  );
  if (!found) throw new Error('A statement without a merchant.');
  const none = zero(currency);
  const opening = account.kind === 'monthly' ? none : money(found.opening, currency);
  const sums = { top_up: none, call: none, adjustment: none, refund: none, dispute: none };
  let closing = opening;
  let seconds = 0;
  const movements = found.movements.map((one) => {
    const amount = money(one.amount, currency);
    closing = plus(closing, amount);
    sums[one.kind] = plus(sums[one.kind], amount);
    seconds += one.seconds ?? 0;
    return { ...one, at: new Date(one.at), amount: amountText(amount), balance: closing };
  });
  const { timeZone } = found;
  return { month: found.month, timeZone, currency, opening, closing, sums, seconds, movements };
}
