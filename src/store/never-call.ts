// Numbers that are never called again, for all merchants, as marks: who reads the table learns no number.

import { type Db, firstRow } from './database.ts';

export interface NeverCall {
  since: Date;
  wishedBy: 'key' | 'page';
  orderMark: Buffer;
}

/** Notes the wish. One that stands already stands on as it was first said. */
export async function insertNeverCall(
  db: Db,
  wish: { number: Buffer; at: Date; wishedBy: 'key' | 'page'; orderMark: Buffer },
): Promise<void> {
  await db.raw(
    `insert into never_call_numbers (number, since, wished_by, order_mark) values (?, ?, ?, ?)
     on conflict (number) do update set since = excluded.since, wished_by = excluded.wished_by,
       order_mark = excluded.order_mark, lifted_at = null, lifted_because = null
     where never_call_numbers.lifted_at is not null
       -- Said again on the phone itself: now it is nobody's to undo from a page.
       or (never_call_numbers.wished_by = 'page' and excluded.wished_by = 'key')`,
    [wish.number, wish.at, wish.wishedBy, wish.orderMark],
  );
}

export async function readNeverCall(db: Db, number: Buffer): Promise<NeverCall | undefined> {
  return firstRow<NeverCall>(
    db,
    `select since, wished_by as "wishedBy", order_mark as "orderMark" from never_call_numbers
     where number = ? and lifted_at is null`,
    [number],
  );
}

/** `page`: only what was wished on this order's page, and not before `since`. Answers whether anything was lifted. */
export async function liftNeverCall(
  db: Db,
  number: Buffer,
  lift: { at: Date; because: string; page?: { orderMark: Buffer; since: Date } },
): Promise<boolean> {
  const lifted = await firstRow(
    db,
    `update never_call_numbers set lifted_at = ?, lifted_because = ?
     where number = ? and lifted_at is null
       and (?::bytea is null or (wished_by = 'page' and order_mark = ? and since >= ?))
     returning since`,
    [
      lift.at,
      lift.because,
      number,
      lift.page?.orderMark ?? null,
      lift.page?.orderMark ?? null,
      lift.page?.since ?? null,
    ],
  );
  return lifted !== undefined;
}
