// Work any gateway may do, carried by graphile-worker: settle an order, hold more for a longer talk, mail a receipt. A job is
// enqueued in the transaction that makes it necessary; its key makes a repeat harmless; a failed one comes again, later and
// later.

import { Logger, parseCronItems, run, type Runner } from 'graphile-worker';
import pg from 'pg';
import { connectionAs, watchPool } from './connection.ts';
import { type Tx } from './database.ts';

export interface JobPayloads {
  settle_order: { merchantId: string; orderId: string };
  authorize_more: { merchantId: string; orderId: string };
  refund_payment: { merchantId: string; refundId: string };
  remove_customer: { merchantId: string; authorizationId: string };
  record_dispute: { merchantId: string; paymentId: string; disputeId: string };
  report_usage: { merchantId: string; reportId: string };
  mail_receipt: { merchantId: string; orderId: string };
  tell_availability: { merchantId: string; lineId: string };
  mail_invitation: { userId: string; linkId: string; invitedBy: string };
  mail_reset: { email: string };
  mail_account_notice: AccountNotice;
  mail_sip_set_up: { merchantId: string; userId: string; letterId: string };
  /** `pausedAt`: which pause, ISO 8601; one that is over is not mailed of any more. */
  mail_paused: { merchantId: string; consultantId: string; userId: string; pausedAt: string };
}

/** What happened to somebody's account. `place`: from where, in words. */
export interface AccountNotice {
  /** The letter's, whichever try sends it. */
  letterId: string;
  userId: string;
  what: 'signed_in' | 'totp_set' | 'totp_changed' | 'totp_removed' | 'password_changed';
  place?: string;
}

/** Of graphile-worker's log: what somebody should hear of. */
const troubleLevels: ReadonlySet<string> = new Set(['error', 'warning']);

export type JobName = keyof JobPayloads;
export type JobTasks = { [Name in JobName]: (payload: JobPayloads[Name]) => Promise<void> };

export async function enqueueJob<Name extends JobName>(
  tx: Tx,
  name: Name,
  payload: JobPayloads[Name],
  key: string,
  dueAt?: Date,
): Promise<void> {
  await tx.write('select enqueue_job(?, ?::json, ?, ?)', [
    name,
    JSON.stringify(payload),
    `${name}:${key}`,
    dueAt ?? null,
  ] as never[]);
}

/** Works until `stop`, which lets running jobs finish. Jobs are fetched in batches: one transaction serves many. */
export async function startJobs(
  url: string,
  tasks: JobTasks,
  onTrouble: (message: string) => void,
  pause: (ms: number) => Promise<void>,
): Promise<{ stop(): Promise<void> }> {
  const pool = new pg.Pool({ ...connectionAs('ringmeter_worker', url), max: 12 });
  watchPool(pool, onTrouble);
  const logger = new Logger(() => (level, message) => {
    if (troubleLevels.has(level)) onTrouble(message);
  });
  const begin = (): Promise<Runner> =>
    run({
      pgPool: pool,
      logger,
      concurrency: 12,
      noHandleSignals: true,
      pollInterval: 1_000,
      parsedCronItems: parseCronItems([]),
      taskList: Object.fromEntries(
        Object.entries(tasks).map(([name, task]) => [
          name,
          async (payload: unknown) => (task as (p: unknown) => Promise<void>)(payload),
        ]),
      ),
      preset: {
        worker: { localQueue: { size: 50, ttl: 5_000 }, completeJobBatchDelay: 50, failJobBatchDelay: 50 },
      },
    });
  let stopped = false;
  let runner: Runner | undefined = await begin();
  // It ends by itself when the database was away for long in the middle of a job (it cannot write down that one is done),
  // and would leave every call after that unsettled. What it had taken is found again by whoever settles what was forgotten.
  const keepRunning = async (first: Runner): Promise<void> => {
    let current = first;
    for (;;) {
      await current.promise.catch(() => undefined);
      runner = undefined;
      if (stopped) return;
      onTrouble('The job queue ended by itself and is started again');
      for (;;) {
        try {
          current = await begin();
          break;
        } catch (error) {
          onTrouble(`The job queue cannot be started: ${error instanceof Error ? error.message : 'unknown'}`);
          await pause(1_000);
          // TypeScript holds `stopped` to be what it was before the wait.
          if (stopped as boolean) return;
        }
      }
      runner = current;
      if (stopped as boolean) await current.stop().catch(() => undefined);
    }
  };
  const kept = keepRunning(runner);
  return {
    async stop() {
      stopped = true;
      await runner?.stop().catch(() => undefined);
      await kept;
      await pool.end();
    },
  };
}
