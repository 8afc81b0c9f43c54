// What known callers used, each call's report stored until the merchant has acknowledged it: written once with the end of the
// call, told again by any gateway, parked where nobody takes it, and read and sent again by whoever wants it told.

import type { E164 } from '../core/ids.ts';
import { type Database, type Db, firstRow, rows, type Tx } from './database.ts';

/** The number of this client's next report. Reports of callers nobody knows count together. */
export async function nextReportOf(tx: Tx, merchantId: string, clientCode: string | null): Promise<number> {
  const row = await firstRow<{ reports: number }>(
    tx,
    `insert into reported_clients as r (merchant_id, client_code, reports) values (?, ?, 1)
     on conflict (merchant_id, client_code) do update set reports = r.reports + 1 returning reports`,
    [merchantId, clientCode ?? ''],
  );
  if (!row) throw new Error('A report without a number.');
  return row.reports;
}

export async function insertUsageReport(
  tx: Tx,
  report: {
    id: string;
    merchantId: string;
    orderId: string;
    callSessionId: string;
    clientCode: string | null;
    sequence: number;
    billableSeconds: number;
    body: string;
    ddi: E164;
    at: Date;
    endedAt: Date;
    /** Nobody is there to be told: it waits like a parked one. */
    nobodyToTell: boolean;
  },
): Promise<void> {
  await tx.write('update known_calls set ended_at = ? where call_session_id = ?', [
    report.endedAt,
    report.callSessionId,
  ]);
  await tx.write(
    `insert into usage_reports (id, merchant_id, order_id, call_session_id, client_code, sequence, billable_seconds, body,
       ddi, state, next_try_at, last_problem, created_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      report.id,
      report.merchantId,
      report.orderId,
      report.callSessionId,
      report.clientCode,
      report.sequence,
      report.billableSeconds,
      report.body,
      report.ddi,
      report.nobodyToTell ? 'parked' : 'pending',
      report.nobodyToTell ? null : report.at,
      report.nobodyToTell ? 'no_address' : null,
      report.at,
    ],
  );
}

export interface StoredUsageReport {
  id: string;
  body: string;
  ddi: E164;
  tries: number;
  state: 'pending' | 'delivered' | 'parked';
}

export async function readUsageReport(tx: Tx, id: string): Promise<StoredUsageReport | undefined> {
  return firstRow(tx, 'select id, body, ddi, tries, state from usage_reports where id = ?', [id]);
}

/** What came of a try. A report that was delivered meanwhile stays so. */
export async function recordReportTry(
  tx: Tx,
  tried: {
    id: string;
    tries: number;
    state: 'pending' | 'delivered' | 'parked';
    nextTryAt?: Date;
    status?: number;
    problem?: string;
    at: Date;
  },
): Promise<void> {
  await tx.write(
    `update usage_reports set state = ?, tries = ?, next_try_at = ?, last_status = ?, last_problem = ?, tried_at = ?,
       delivered_at = case when ? then ?::timestamptz end
     where id = ? and state = 'pending'`,
    [
      tried.state,
      tried.tries,
      tried.nextTryAt ?? null,
      tried.status ?? null,
      tried.problem ?? null,
      tried.at,
      tried.state === 'delivered',
      tried.at,
      tried.id,
    ] as never[],
  );
}

/** Somebody is there to be told of it: known-calls readMerchantServer would find a server. */
const isAddressed = `(exists (select from ddis d where d.number = u.ddi and d.server_url is not null)
       or exists (select from merchants m where m.server_url is not null and m.server_protocol is not null))`;

/** Parked reports of this merchant (or those named) somebody can be told of are tried again from the start; their ids. */
export async function requeueReports(tx: Tx, at: Date, only?: readonly string[]): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    `update usage_reports u set state = 'pending', tries = 0, next_try_at = ?, last_problem = null
     where state = 'parked' and (?::text[] is null or id = any(?::text[])) and ${isAddressed} returning id`,
    [at, only ?? null, only ?? null] as never[],
  );
  return found.map((one) => one.id);
}

export async function dueUsageReports(db: Db, at: Date): Promise<{ merchantId: string; reportId: string }[]> {
  return rows(db, 'select merchant_id as "merchantId", report_id as "reportId" from due_usage_reports(?)', [
    at,
  ]);
}

/** Written when nobody was there to be told of it; somebody is by now. */
export async function addressedReports(db: Db): Promise<{ merchantId: string; reportId: string }[]> {
  return rows(db, 'select merchant_id as "merchantId", report_id as "reportId" from addressed_reports()');
}

// --- As they are read ------------------------------------------------------------------------------------------

export interface ReportRecord {
  id: string;
  callSessionId: string;
  orderId: string;
  clientCode: string | null;
  sequence: number;
  billableSeconds: number;
  state: StoredUsageReport['state'];
  tries: number;
  nextTryAt: Date | null;
  triedAt: Date | null;
  lastStatus: number | null;
  lastProblem: string | null;
  createdAt: Date;
  deliveredAt: Date | null;
  /** What is told, as it was written. */
  body: string;
}

const record = `select u.id, u.call_session_id as "callSessionId", u.order_id as "orderId", u.client_code as "clientCode",
     u.sequence, u.billable_seconds as "billableSeconds", u.state, u.tries, u.next_try_at as "nextTryAt",
     u.tried_at as "triedAt", u.last_status as "lastStatus", u.last_problem as "lastProblem", u.created_at as "createdAt",
     u.delivered_at as "deliveredAt", u.body
   from usage_reports u`;

/** Oldest first, after the one named. */
export async function listReports(
  tx: Tx,
  filter: { after?: string; limit: number; state?: StoredUsageReport['state']; clientCode?: string },
): Promise<ReportRecord[]> {
  return rows(
    tx,
    `${record} where (?::text is null or u.state = ?) and (?::text is null or u.client_code = ?)
       and (?::text is null or u.position > (select a.position from usage_reports a where a.id = ?))
     order by u.position limit ?`,
    [
      ...[filter.state ?? null, filter.state ?? null, filter.clientCode ?? null, filter.clientCode ?? null],
      ...[filter.after ?? null, filter.after ?? null, filter.limit],
    ] as never[],
  );
}

export async function readReport(tx: Tx, id: string): Promise<ReportRecord | undefined> {
  return firstRow(tx, `${record} where u.id = ?`, [id]);
}

/** Without what it says of whom: for an operator. */
export type ParkedReport = Pick<
  ReportRecord,
  | 'id'
  | 'orderId'
  | 'callSessionId'
  | 'billableSeconds'
  | 'tries'
  | 'lastStatus'
  | 'lastProblem'
  | 'createdAt'
> & { merchantId: string };

/** Found across merchants by their ids, read merchant by merchant. Oldest first. */
export async function listParkedReports(
  db: Database,
  atMost: number,
  merchantId?: string,
): Promise<ParkedReport[]> {
  const found = await db.asNobody((nobody) =>
    rows<{ id: string; merchantId: string }>(
      nobody,
      'select id, merchant_id as "merchantId" from parked_reports(?, ?)',
      [merchantId ?? null, atMost],
    ),
  );
  const reports: ParkedReport[] = [];
  for (const merchant of new Set(found.map((one) => one.merchantId))) {
    const ids = found.filter((one) => one.merchantId === merchant).map((one) => one.id);
    reports.push(
      ...(await db.asMerchant(merchant, (tx) =>
        rows<ParkedReport>(
          tx,
          `select merchant_id as "merchantId", id, order_id as "orderId", call_session_id as "callSessionId",
             billable_seconds as "billableSeconds", tries, last_status as "lastStatus", last_problem as "lastProblem",
             created_at as "createdAt"
           from usage_reports where id = any(?) order by created_at`,
          [ids],
        ),
      )),
    );
  }
  return reports.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}
