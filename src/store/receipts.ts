// What was sold, as the receipt says it: read once at settlement, stored once, never changed. And who is to be mailed: his
// receipt, or that somebody is free now. The mails themselves are flow/mail-people's.

import type { CallOutcome } from '../core/call-session.ts';
import type { Language } from '../core/ids.ts';
import type { AfterSale } from '../core/line-settings.ts';
import type { Tariff } from '../core/tariff.ts';
import { firstRow, rows, type Tx } from './database.ts';
import type { Receipt } from './order-view.ts';

export interface ReceiptFacts {
  language: Language;
  line: string;
  tariff: Tariff;
  merchant: Receipt['merchant'];
  consultant: string | null;
  /** Of a top-up. */
  clientCode: string | null;
  cardBrand: string | null;
  cardLast4: string | null;
  callerEmail: string | null;
  outcome: CallOutcome | null;
  /** What a sale on this line ends in. */
  saleEndsIn: AfterSale['end'];
  saleResource: string | null;
  saleMessage: string | null;
}

export async function readReceiptFacts(tx: Tx, orderId: string): Promise<ReceiptFacts | undefined> {
  return firstRow<ReceiptFacts>(
    tx,
    `select o.language, coalesce(l.name ->> o.language, l.name ->> 'en') as line, o.tariff,
       json_build_object('legalName', m.legal_name, 'address', m.address, 'contactEmail', m.contact_email,
         'contactPhone', m.contact_phone) as merchant,
       c.name as consultant, (select k.code from clients k where k.id = o.client_id) as "clientCode", a.card_brand as "cardBrand", a.card_last4 as "cardLast4",
       o.caller_email as "callerEmail", s.outcome, l.sale_ends_in as "saleEndsIn",
       (select x.slug from access_resources x where x.id = l.sale_resource_id) as "saleResource",
       l.sale_message ->> o.language as "saleMessage"
     from orders o join merchants m on m.id = o.merchant_id join lines l on l.id = o.line_id
     join payments p on p.order_id = o.id join authorizations a on a.payment_id = p.id and a.sequence = 1
     left join call_sessions s on s.order_id = o.id left join consultants c on c.id = s.consultant_id
     where o.id = ?`,
    [orderId],
  );
}

/** The one tariff the order was sold under. */
export async function readOrderTariff(tx: Tx, orderId: string): Promise<Tariff | undefined> {
  const row = await firstRow<{ tariff: Tariff }>(tx, 'select tariff from orders where id = ?', [orderId]);
  return row?.tariff;
}

/**
 * The merchant's next receipt number, `2026-000042`: accountants want no gap, so it is taken in the transaction that
 * issues the receipt, and merchants' settlements wait for each other that long.
 */
export async function nextReceiptNumber(tx: Tx, merchantId: string, at: Date): Promise<string> {
  const row = await firstRow<{ number: string }>(
    tx,
    `update merchants set receipts = receipts + 1 where id = ?
     returning to_char(?::timestamptz at time zone time_zone, 'YYYY') || '-' || lpad(receipts::text, greatest(6, length(receipts::text)), '0') as number`,
    [merchantId, at],
  );
  if (!row) throw new Error(`No merchant ${merchantId} to number a receipt of.`);
  return row.number;
}

export async function insertReceipt(
  tx: Tx,
  receipt: { id: string; merchantId: string; orderId: string; body: Receipt; at: Date },
): Promise<void> {
  await tx.write(
    `insert into receipts (id, merchant_id, order_id, body, created_at) values (?, ?, ?, ?, ?)
     on conflict (order_id) do nothing`,
    [receipt.id, receipt.merchantId, receipt.orderId, JSON.stringify(receipt.body), receipt.at],
  );
}

export interface ReceiptToMail {
  id: string;
  body: Receipt;
  email: string;
  language: Language;
}

export async function readReceiptToMail(tx: Tx, orderId: string): Promise<ReceiptToMail | undefined> {
  return firstRow<ReceiptToMail>(
    tx,
    `select r.id, r.body, o.caller_email as email, o.language from receipts r join orders o on o.id = r.order_id
     where r.order_id = ? and r.mailed_at is null and o.caller_email is not null`,
    [orderId],
  );
}

export async function markMailed(tx: Tx, receiptId: string, at: Date): Promise<void> {
  await tx.write('update receipts set mailed_at = ? where id = ?', [at, receiptId]);
}

/** The session has its price: seconds as the tariff counts them, and the end of its story. */
export async function saveBillableSeconds(tx: Tx, callSessionId: string, seconds: number): Promise<void> {
  await tx.write('update call_sessions set billable_seconds = ? where id = ?', [seconds, callSessionId]);
}

/** Somebody who wants to hear when a line has a free consultant. Asking twice is asking once. */
export async function requestAvailabilityNotice(
  tx: Tx,
  request: { id: string; merchantId: string; lineId: string; email: string; language: Language },
): Promise<void> {
  await tx.write(
    `insert into availability_requests (id, merchant_id, line_id, email, language) values (?, ?, ?, ?, ?)
     on conflict (line_id, email) do update set told_at = null, created_at = now()`,
    [request.id, request.merchantId, request.lineId, request.email, request.language],
  );
}

export interface AvailabilityRequest {
  id: string;
  email: string;
  language: Language;
  slug: string;
  line: string;
  merchant: string;
}

/** Who asked to hear of this line and has not; locked, so that two gateways do not both write. */
export async function takeAvailabilityRequests(
  tx: Tx,
  lineId: string,
  at: Date,
): Promise<AvailabilityRequest[]> {
  return rows<AvailabilityRequest>(
    tx,
    `with told as (
       update availability_requests set told_at = ? where line_id = ? and told_at is null
       returning id, email, language, line_id, merchant_id)
     select told.id, told.email, told.language, l.slug, coalesce(l.name ->> told.language, l.name ->> 'en') as line,
       m.name as merchant
     from told join lines l on l.id = told.line_id join merchants m on m.id = told.merchant_id`,
    [at, lineId],
  );
}
