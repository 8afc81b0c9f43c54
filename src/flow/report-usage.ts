// What a known caller used, told to the merchant until he has acknowledged it. The report is written in the step that ends
// the call, together with it or not at all; a job carries it, again and again by its own schedule, and none waits for
// another. Parked, it waits for somebody to send it again.

import { billableUs, type CallSession, talkUs } from '../core/call-session.ts';
import { usageBody } from '../core/known-caller.ts';
import { afterDelivery, reportDelaysSeconds } from '../core/merchant-notice.ts';
import { countedSeconds } from '../core/rating.ts';
import type { StoredSession } from '../store/call-sessions.ts';
import type { Tx } from '../store/database.ts';
import { enqueueJob } from '../store/jobs.ts';
import { readKnownCall, readMerchantServer } from '../store/known-calls.ts';
import {
  addressedReports,
  dueUsageReports,
  insertUsageReport,
  nextReportOf,
  readReport,
  type ReportRecord,
  readUsageReport,
  recordReportTry,
  requeueReports,
} from '../store/usage-reports.ts';
import { settleAccount } from './client-accounts.ts';
import type { House } from './house.ts';
import type { Delivered } from './ports.ts';
import { addressOf } from './recognize-caller.ts';

/** The call is over: writes what it used, and that it is to be told. A repeat of the step writes nothing twice. */
export async function writeUsage(
  house: House,
  tx: Tx,
  stored: StoredSession,
  ended: CallSession,
  at: Date,
): Promise<void> {
  const [known, server] = await Promise.all([
    readKnownCall(tx, ended.id),
    ended.plan.inbound && readMerchantServer(tx, ended.plan.inbound.ddi),
  ]);
  if (!known || known.endedAt !== null) return;
  const talked = talkUs(ended);
  const billable = billableUs(talked, ended.plan.talkLimitSeconds);
  const connected = ended.bridgedUs !== undefined;
  // Never above what the merchant's server allowed, whatever the increments say.
  const counted = connected ? countedSeconds(known.tariff, billable) : 0;
  const billableSeconds = Math.min(counted, ended.plan.talkLimitSeconds);
  const clientCode = ended.clientCode ?? null;
  const sequence = await nextReportOf(tx, stored.merchantId, clientCode);
  const id = house.ids.id('usageReport');
  const endedAt = ended.unbridgedUs === undefined ? at : instant(ended.unbridgedUs);
  const consultantId = ended.attempts.find((one) => one.state === 'accepted')?.consultantId;
  const body = usageBody({
    callSessionId: ended.id,
    ...(clientCode !== null && { clientCode }),
    sequence,
    ...(known.cli !== null && { cli: known.cli }),
    ddi: known.ddi,
    line: known.slug,
    startedAt: known.startedAt,
    ...(ended.bridgedUs !== undefined && { connectedAt: instant(ended.bridgedUs) }),
    endedAt,
    billableSeconds,
    talkMilliseconds: Number(billable / 1000n),
    ...(consultantId !== undefined && { consultantId }),
    outcome: ended.outcome ?? 'failed',
  });
  await settleAccount(house, tx, stored, ended, known.tariff, at);
  const { merchantId, orderId } = stored;
  await insertUsageReport(tx, {
    id,
    merchantId,
    orderId,
    callSessionId: ended.id,
    clientCode,
    sequence,
    billableSeconds,
    body,
    ddi: known.ddi,
    at,
    endedAt,
    nobodyToTell: server === undefined,
  });
  if (server) await enqueueJob(tx, 'report_usage', { merchantId, reportId: id }, id);
}

const instant = (us: bigint): Date => new Date(Number(us / 1000n));

/** One try. Whatever comes of it is written down, and the next one is a job of its own. */
export async function reportUsage(
  house: House,
  { merchantId, reportId }: { merchantId: string; reportId: string },
): Promise<void> {
  const { report, server } = await house.db.asMerchant(merchantId, async (tx) => {
    const found = await readUsageReport(tx, reportId);
    return { report: found, server: found && (await readMerchantServer(tx, found.ddi)) };
  });
  if (report?.state !== 'pending') return;
  const delivered: Delivered = server
    ? await house.merchantServer.report(addressOf(house, merchantId, server), {
        id: report.id,
        body: report.body,
        at: house.clock.now(),
      })
    : { outcome: 'no_answer', reason: 'no_address' };
  const at = house.clock.now();
  const tries = report.tries + 1;
  const after = afterDelivery({ tries }, delivered, at, house.ids.chance(), reportDelaysSeconds);
  house.metrics.count('notices', { result: delivered.outcome });
  await house.db.asMerchant(merchantId, async (tx) => {
    await recordReportTry(tx, {
      id: report.id,
      tries,
      // 410 is no answer to a report that is owed: it waits for somebody like one whose schedule is spent.
      state: after.state === 'gone' ? 'parked' : after.state,
      at,
      ...('nextTryAt' in after && { nextTryAt: after.nextTryAt }),
      ...('status' in delivered && { status: delivered.status }),
      ...(after.state !== 'delivered' && { problem: problemOf(delivered) }),
    });
    if (after.state === 'pending')
      await enqueueJob(tx, 'report_usage', { merchantId, reportId }, report.id, after.nextTryAt);
  });
}

function problemOf(delivered: Delivered): string {
  return 'reason' in delivered ? delivered.reason : delivered.outcome;
}

/**
 * Reports whose job was lost or given up: found by their due time, and sent on their way again. And those nobody was there to
 * be told of when they were written: somebody is by now, whoever has set his server.
 */
export async function lookAfterReports(house: House): Promise<void> {
  // A job that runs at this moment is not overtaken: it is due for some seconds already.
  const before = new Date(house.clock.now().getTime() - 60_000);
  const due = await house.db.asNobody((db) => dueUsageReports(db, before));
  for (const { merchantId, reportId } of due) {
    await house.db.asMerchant(merchantId, (tx) =>
      enqueueJob(tx, 'report_usage', { merchantId, reportId }, reportId),
    );
  }
  const addressed = await house.db.asNobody(addressedReports);
  for (const merchantId of new Set(addressed.map((one) => one.merchantId))) {
    const ids = addressed.filter((one) => one.merchantId === merchantId).map((one) => one.reportId);
    await house.db.asMerchant(merchantId, (tx) => tellAgain(house, tx, merchantId, ids));
  }
}

async function tellAgain(
  { clock }: Pick<House, 'clock'>,
  tx: Tx,
  merchantId: string,
  only?: readonly string[],
): Promise<number> {
  const ids = await requeueReports(tx, clock.now(), only);
  for (const reportId of ids) await enqueueJob(tx, 'report_usage', { merchantId, reportId }, reportId);
  return ids.length;
}

/**
 * All parked reports of a merchant are told again, same ids and bodies, their schedule begun anew; how many. Those nobody can
 * be told of stay parked: they follow by themselves when a server is set.
 */
export async function replayReports(house: Pick<House, 'db' | 'clock'>, merchantId: string): Promise<number> {
  return house.db.asMerchant(merchantId, (tx) => tellAgain(house, tx, merchantId));
}

export type Replayed =
  /** It is on its way, or was acknowledged: nothing is to be done. */
  | { outcome: 'queued' | 'not_parked'; report: ReportRecord }
  | { outcome: 'unknown_report' }
  /** Neither its DDI nor the merchant has a server. */
  | { outcome: 'no_server' };

/** The same of one. */
export async function replayReport(
  house: Pick<House, 'db' | 'clock'>,
  merchantId: string,
  id: string,
): Promise<Replayed> {
  return house.db.asMerchant(merchantId, async (tx) => {
    const queued = await tellAgain(house, tx, merchantId, [id]);
    const report = await readReport(tx, id);
    if (!report) return { outcome: 'unknown_report' };
    if (queued > 0) return { outcome: 'queued', report };
    return report.state === 'parked' ? { outcome: 'no_server' } : { outcome: 'not_parked', report };
  });
}
