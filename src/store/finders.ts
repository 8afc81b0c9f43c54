// Finding the tenant: the only questions that may be asked without naming a merchant, each answered by one of the
// SECURITY DEFINER functions the first migration lists. They return ids and nothing else.

import type { LegUuid } from '../core/ids.ts';
import { type Db, firstRow, rows } from './database.ts';
import type { SwitchWorkKind } from './switches.ts';

export async function merchantOfApiKey(db: Db, hash: Buffer): Promise<string | undefined> {
  const row = await firstRow<{ id: string | null }>(db, 'select merchant_of_api_key(?) as id', [hash]);
  return row?.id ?? undefined;
}

export interface KnownApiKey {
  id: string;
  merchantId: string;
}

export async function apiKeyOf(db: Db, hash: Buffer): Promise<KnownApiKey | undefined> {
  return firstRow(db, 'select id, merchant_id as "merchantId" from api_key_of(?)', [hash]);
}

/** By the user name of a SOAP password. */
export async function merchantOfSoapUser(db: Db, userName: string): Promise<string | undefined> {
  const row = await firstRow<{ id: string | null }>(db, 'select merchant_of_soap_user(?) as id', [userName]);
  return row?.id ?? undefined;
}

export async function merchantOfLine(
  db: Db,
  slug: string,
): Promise<{ merchantId: string; lineId: string } | undefined> {
  return firstRow(db, 'select merchant_id as "merchantId", line_id as "lineId" from merchant_of_line(?)', [
    slug,
  ]);
}

/** By its name in links; not of one that was removed. */
export async function merchantOfAccessResource(
  db: Db,
  slug: string,
): Promise<{ merchantId: string; resourceId: string } | undefined> {
  return firstRow(
    db,
    'select merchant_id as "merchantId", id as "resourceId" from merchant_of_access_resource(?)',
    [slug],
  );
}

export async function merchantOfOrderLink(
  db: Db,
  hash: Buffer,
): Promise<{ merchantId: string; orderId: string } | undefined> {
  return firstRow(
    db,
    'select merchant_id as "merchantId", order_id as "orderId" from merchant_of_order_link(?)',
    [hash],
  );
}

export interface SessionRef {
  merchantId: string;
  callSessionId: string;
}

export async function merchantOfLeg(db: Db, leg: LegUuid): Promise<SessionRef | undefined> {
  return firstRow(
    db,
    'select merchant_id as "merchantId", call_session_id as "callSessionId" from merchant_of_leg(?)',
    [leg],
  );
}

export interface PaymentRef {
  merchantId: string;
  paymentId: string;
}

/** Of a payment that waits for its card; nothing for any other. */
export async function merchantOfIntent(db: Db, intentId: string): Promise<PaymentRef | undefined> {
  return firstRow(
    db,
    'select merchant_id as "merchantId", payment_id as "paymentId" from merchant_of_intent(?)',
    [intentId],
  );
}

/** Whose charge this is, whatever has become of its payment: for what is told of it afterwards. */
export async function merchantOfCharge(db: Db, intentId: string): Promise<PaymentRef | undefined> {
  return firstRow(
    db,
    'select merchant_id as "merchantId", payment_id as "paymentId" from merchant_of_charge(?)',
    [intentId],
  );
}

/** Payments whose time to be looked at has come, oldest first. */
export async function duePayments(db: Db, at: Date, atMost: number): Promise<PaymentRef[]> {
  return rows(db, 'select merchant_id as "merchantId", payment_id as "paymentId" from due_payments(?, ?)', [
    at,
    atMost,
  ]);
}

export interface SwitchWork extends SessionRef {
  id: string;
  kind: SwitchWorkKind;
}

export async function workOfSwitch(db: Db, switchId: string): Promise<SwitchWork[]> {
  return rows(
    db,
    `select id::text, merchant_id as "merchantId", call_session_id as "callSessionId", kind from work_of_switch(?)`,
    [switchId],
  );
}

export async function liveSessionsOfSwitch(db: Db, switchId: string): Promise<SessionRef[]> {
  return rows(
    db,
    'select merchant_id as "merchantId", call_session_id as "callSessionId" from live_sessions_of_switch(?)',
    [switchId],
  );
}

export async function merchantsWithDueNotices(db: Db, at: Date): Promise<string[]> {
  const found = await rows<{ id: string }>(
    db,
    'select merchant_id as id from merchants_with_due_notices(?)',
    [at],
  );
  return found.map((row) => row.id);
}

/** Orders that ended, or were paid without a call, before this instant and are not settled yet. */
export async function unsettledOrders(
  db: Db,
  endedBefore: Date,
): Promise<{ merchantId: string; orderId: string }[]> {
  return rows(db, 'select merchant_id as "merchantId", order_id as "orderId" from unsettled_orders(?)', [
    endedBefore,
  ]);
}

/** Lines somebody waits for where a consultant is free by now. */
export async function linesToTell(db: Db, at: Date): Promise<{ merchantId: string; lineId: string }[]> {
  return rows(db, 'select merchant_id as "merchantId", line_id as "lineId" from lines_to_tell(?)', [at]);
}

/** The connected accounts charges were made on, whoever uses them by now. */
export async function accountsCharged(db: Db): Promise<string[]> {
  return (await rows<{ id: string }>(db, 'select id from accounts_charged()', [])).map((row) => row.id);
}

/** Disputes opened after this instant that the bank has not decided, as far as we know. `disputeId`: the processor's name. */
export async function undecidedDisputes(
  db: Db,
  openedAfter: Date,
): Promise<(PaymentRef & { disputeId: string })[]> {
  return rows(
    db,
    'select merchant_id as "merchantId", payment_id as "paymentId", id as "disputeId" from undecided_disputes(?)',
    [openedAfter],
  );
}
