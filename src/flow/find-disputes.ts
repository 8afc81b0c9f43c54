// Disputes nobody told us of. A webhook may be lost for good, and a dispute that is not answered in time is lost with it: so
// once an hour one gateway of all reads the processor's own list, and looks again at what the bank had not decided. What is
// true of each dispute is record-dispute's.

import { finishTurn, takeTurn } from '../store/attention.ts';
import { accountsCharged, merchantOfCharge, undecidedDisputes } from '../store/finders.ts';
import { enqueueJob, type JobPayloads } from '../store/jobs.ts';
import type { House } from './house.ts';
import { later } from './payment-deadlines.ts';

/** A merchant has a week or more to answer: an hour of it may pass. */
const everySeconds = 60 * 60;
/** The processor's clock and ours, and what its list does not show at once. */
const overlapSeconds = 10 * 60;
const daySeconds = 24 * 60 * 60;
/** The first time of all; and how far back is read at most where one account has not answered since. */
const backMaxSeconds = 60 * daySeconds;
/** Banks decide within a quarter of a year; inquiries, which end without a decision, are not asked about for ever. */
const undecidedMaxSeconds = 120 * daySeconds;

/** Finds what there is since the last time, when it is somebody's turn; answers how many, `undefined`: it is not yet. */
export async function findDisputes(house: House): Promise<number | undefined> {
  const { db, clock, log, processor } = house;
  const at = clock.now();
  const turn = await db.asNobody((nobody) => takeTurn(nobody, 'disputes', { at, everySeconds }));
  if (!turn) return undefined;
  const farthest = later(at, -backMaxSeconds);
  const from = turn.doneUntil && turn.doneUntil > farthest ? turn.doneUntil : farthest;
  const since = later(from, -overlapSeconds);

  const jobs = new Map<string, JobPayloads['record_dispute']>();
  const undecided = await db.asNobody((nobody) => undecidedDisputes(nobody, later(at, -undecidedMaxSeconds)));
  for (const job of undecided) jobs.set(job.disputeId, job);
  let isWhole = true;
  for (const account of [undefined, ...(await db.asNobody(accountsCharged))]) {
    const listed = await processor.disputesSince({
      since,
      ...(account !== undefined && { merchantAccount: account }),
    });
    if (listed.outcome === 'unknown') {
      isWhole = false;
      log.warn({ account }, 'the disputes of an account were not told');
      continue;
    }
    for (const { disputeId, intentId } of listed.disputes) {
      const charge = await db.asNobody((nobody) => merchantOfCharge(nobody, intentId));
      if (charge) jobs.set(disputeId, { ...charge, disputeId });
    }
  }
  for (const job of jobs.values()) {
    await db.asMerchant(job.merchantId, (tx) => enqueueJob(tx, 'record_dispute', job, job.disputeId));
  }
  // What was not told is read again from the same instant on.
  if (isWhole) await db.asNobody((nobody) => finishTurn(nobody, 'disputes', at));
  return jobs.size;
}
