// Customers at the processor that were made so that a payment method could pay more than once: which are needed, and which are to be
// removed. Each stands with the operation that made it.

import { type Db, firstRow, rows, type Tx } from './database.ts';

export interface CustomerRef {
  merchantId: string;
  authorizationId: string;
}

/** Nothing needs them any more, and nobody has removed them; the longest waiting first. */
export async function customersToRemove(db: Db, at: Date, atMost: number): Promise<CustomerRef[]> {
  return rows(
    db,
    'select merchant_id as "merchantId", authorization_id as "authorizationId" from customers_to_remove(?, ?)',
    [at, atMost],
  );
}

/** Some of whose kept cards have expired, or may not be used any more. */
export async function merchantsWithStaleCards(db: Db, at: Date): Promise<string[]> {
  const found = await rows<{ id: string }>(
    db,
    'select merchant_id as id from merchants_with_stale_cards(?)',
    [at],
  );
  return found.map(({ id }) => id);
}

export interface LeavingCustomer {
  customer: string | null;
  intentId: string | null;
  merchantAccount: string | null;
  createdAt: Date;
}

/**
 * Written before the processor is asked: should nobody be heard of again, it is asked after `againAt`. `undefined`: it is gone, or needed
 * again, or still.
 */
export async function beginRemoval(
  tx: Tx,
  authorizationId: string,
  againAt: Date,
): Promise<LeavingCustomer | undefined> {
  return firstRow(
    tx,
    `update processor_operations op set customer_again_at = ?
     from authorizations a join payments p on p.id = a.payment_id
     where op.authorization_id = ? and op.kind = 'authorize' and a.id = op.authorization_id
       and op.customer is null and op.request ->> 'keepForMore' = 'true'
       and p.state in ('captured', 'voided', 'failed')
       and not exists (select from processor_operations used join authorizations b on b.id = used.authorization_id
         join payments q on q.id = b.payment_id
         where used.request ->> 'customer' = a.customer and q.state not in ('captured', 'voided', 'failed'))
     returning a.customer, a.intent_id as "intentId", p.processor_account as "merchantAccount", op.created_at as "createdAt"`,
    [againAt, authorizationId],
  );
}

export async function saveRemoved(tx: Tx, authorizationId: string): Promise<void> {
  await tx.write(
    `update processor_operations set customer = 'gone' where authorization_id = ? and kind = 'authorize'`,
    [authorizationId],
  );
}

/** A caller's card is kept with the customer this order made. */
export async function keepCustomer(tx: Tx, orderId: string): Promise<void> {
  await setCustomers(tx, [orderId], 'kept', null);
}

/** From `at` on no card is kept any more with those that these orders made; answers the authorizations they were made for. */
export async function letCustomersGo(tx: Tx, orderIds: readonly string[], at: Date): Promise<string[]> {
  return setCustomers(tx, orderIds, null, at);
}

async function setCustomers(
  tx: Tx,
  orderIds: readonly string[],
  customer: 'kept' | null,
  at: Date | null,
): Promise<string[]> {
  if (orderIds.length === 0) return [];
  const found = await rows<{ id: string }>(
    tx,
    `update processor_operations op set customer = ?, customer_again_at = ?
     from authorizations a join payments p on p.id = a.payment_id
     where a.id = op.authorization_id and op.kind = 'authorize' and op.request ->> 'keepForMore' = 'true'
       and p.order_id = any(?) and op.customer is distinct from 'gone'
     returning a.id`,
    [customer, at, orderIds] as never[],
  );
  return found.map(({ id }) => id);
}
