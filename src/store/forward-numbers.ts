// The numbers a merchant's scenarios may put a call through to, beside his consultants'. He names them; an operator confirms each.

import type { E164 } from '../core/ids.ts';
import { firstRow, rows, type Tx } from './database.ts';

export interface ForwardNumber {
  number: E164;
  label: string;
  /** null: nobody has confirmed it yet, and nobody is put through to it. */
  confirmedAt: Date | null;
}

const columns = 'number, label, confirmed_at as "confirmedAt"';

export async function listForwardNumbers(tx: Tx): Promise<ForwardNumber[]> {
  return rows<ForwardNumber>(tx, `select ${columns} from forward_numbers order by label, number`);
}

/** `lock`: nobody else changes it until this transaction is over. */
export async function readForwardNumber(
  tx: Tx,
  number: E164,
  lock = false,
): Promise<ForwardNumber | undefined> {
  return firstRow<ForwardNumber>(
    tx,
    `select ${columns} from forward_numbers where number = ?${lock ? ' for update' : ''}`,
    [number],
  );
}

/** Confirmed it stays, whatever it is called. */
export async function writeForwardNumber(
  tx: Tx,
  merchantId: string,
  { number, label }: Pick<ForwardNumber, 'number' | 'label'>,
  at: Date,
): Promise<void> {
  await tx.write(
    `insert into forward_numbers (merchant_id, number, label, created_at) values (?, ?, ?, ?)
     on conflict (merchant_id, number) do update set label = excluded.label`,
    [merchantId, number, label, at],
  );
}

export async function confirmForwardNumber(tx: Tx, number: E164, by: string, at: Date): Promise<void> {
  await tx.write('update forward_numbers set confirmed_at = ?, confirmed_by = ? where number = ?', [
    at,
    by,
    number,
  ]);
}

export async function deleteForwardNumber(tx: Tx, number: E164): Promise<void> {
  await tx.write('delete from forward_numbers where number = ?', [number]);
}

/** Whether a call may be put through to it: asked again when one is. */
export async function mayForwardTo(tx: Tx, number: E164): Promise<boolean> {
  const found = await firstRow(
    tx,
    'select 1 from forward_numbers where number = ? and confirmed_at is not null',
    [number],
  );
  return found !== undefined;
}
