// What nobody else remembers: payments whose time to be looked at has come, ended calls nobody settled, call records nobody
// could post, cards that nobody is to pay by any more. Everything here would happen by itself on a good day; this makes it happen on
// the others. (Taking over the calls of a switch is command-switch's, at each lease and each reconnect.)

import { duePayments, linesToTell, unsettledOrders } from '../store/finders.ts';
import { enqueueJob } from '../store/jobs.ts';
import { lookAgain } from '../store/payments.ts';
import { lookAfterQuarantine, takeSpooledRecords } from './call-records.ts';
import { findDisputes } from './find-disputes.ts';
import { lookAtPayment } from './follow-payment.ts';
import type { House } from './house.ts';
import { forgetOldCounts } from './limit-abuse.ts';
import { later } from './payment-deadlines.ts';
import type { Timer } from './ports.ts';
import { removeWhatNobodyNeeds } from './remove-customers.ts';
import { lookAfterReports } from './report-usage.ts';

const paymentsEveryMs = 1_000;
const ordersEveryMs = 30_000;
const recordsEveryMs = 30_000;
const availabilityEveryMs = 5_000;
/** A thousand at a time (store/abuse-limits): more than a busy house makes subjects in a minute. */
const countsEveryMs = 60_000;
/** How often a gateway asks whether it is its turn, which comes once an hour. */
const disputesEveryMs = 5 * 60_000;
/** Nobody waits for what is removed; what was asked for is a job of its own. */
const customersEveryMs = 5 * 60_000;
/** Whoever ended the call has had his chance by then. */
const unsettledAfterMs = 20_000;

/** What could not be looked at for a fault of ours is not cured by the next second. */
const brokenAgainSeconds = 60;

export class Recovery {
  readonly #house: House;
  /** The next run of each sweep. */
  readonly #timers = new Map<() => Promise<void>, Timer>();
  #stopped = false;
  readonly #running = new Set<Promise<void>>();

  constructor(house: House) {
    this.#house = house;
  }

  start(): void {
    this.#every('payments', paymentsEveryMs, () => this.#lookAtDuePayments());
    // At once: whoever was to settle them may have died with the gateway before us.
    this.#every('orders', ordersEveryMs, () => this.#settleForgotten(), 0);
    this.#every('reports', ordersEveryMs, () => lookAfterReports(this.#house), 0);
    this.#every('quarantine', recordsEveryMs, () => lookAfterQuarantine(this.#house));
    this.#every('counts', countsEveryMs, async () => {
      await forgetOldCounts(this.#house);
    });
    this.#every('disputes', disputesEveryMs, async () => {
      await findDisputes(this.#house);
    });
    this.#every('customers', customersEveryMs, () => removeWhatNobodyNeeds(this.#house));
    // At once: what could not be posted while nobody was here may be all that is known of a talk.
    if (this.#house.cdrSpool) this.#every('spool', recordsEveryMs, () => takeSpooledRecords(this.#house), 0);
    if (this.#house.mailer.configured)
      this.#every('availability', availabilityEveryMs, () => this.#tellWhoWaits());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
    await Promise.allSettled(this.#running);
  }

  #every(sweep: string, ms: number, act: () => Promise<void>, firstMs = ms): void {
    const { clock, log, metrics } = this.#house;
    const run = (): void => {
      const begunMs = clock.monotonicMs();
      const running = act()
        .then(() => metrics.observe('sweep_seconds', (clock.monotonicMs() - begunMs) / 1000, { sweep }))
        .catch((error: unknown) => log.warn({ err: error }, 'a recovery sweep failed'))
        .then(() => {
          this.#running.delete(running);
          if (!this.#stopped) this.#timers.set(act, clock.after(ms, run));
        });
      this.#running.add(running);
    };
    this.#timers.set(act, clock.after(firstMs, run));
  }

  async #lookAtDuePayments(): Promise<void> {
    const { db, clock, log } = this.#house;
    const due = await db.asNobody((nobody) => duePayments(nobody, clock.now(), 50));
    await Promise.all(
      due.map(({ merchantId, paymentId }) =>
        lookAtPayment(this.#house, merchantId, paymentId).catch(async (error: unknown) => {
          log.error({ paymentId, err: error }, 'a payment could not be looked at');
          // Else it would come every second, before all whose time came later.
          await db.asMerchant(merchantId, (tx) =>
            lookAgain(tx, paymentId, later(clock.now(), brokenAgainSeconds)),
          );
        }),
      ),
    );
  }

  async #settleForgotten(): Promise<void> {
    const { db, clock } = this.#house;
    const before = new Date(clock.now().getTime() - unsettledAfterMs);
    for (const { merchantId, orderId } of await db.asNobody((nobody) => unsettledOrders(nobody, before))) {
      await db.asMerchant(merchantId, (tx) =>
        enqueueJob(tx, 'settle_order', { merchantId, orderId }, orderId),
      );
    }
  }

  async #tellWhoWaits(): Promise<void> {
    const { db, clock } = this.#house;
    for (const job of await db.asNobody((nobody) => linesToTell(nobody, clock.now()))) {
      await db.asMerchant(job.merchantId, (tx) => enqueueJob(tx, 'tell_availability', job, job.lineId));
    }
  }
}
