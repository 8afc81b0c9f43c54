// Settling an order in the process that ended its call, as soon as that is committed: the queue would cost three transactions
// and some tens of milliseconds. What does not succeed at once goes to the queue, which asks again later and later; what
// dies with this process is found by whoever settles what was forgotten (recover).

import { enqueueJob } from '../store/jobs.ts';
import type { House } from './house.ts';
import { offerToSettle, type OrderSettler } from './own-hands.ts';
import { settleOrder } from './settle-order.ts';

/** As many as the queue works on: each waits for the processor, and a thousand calls of a dead switch end at once. */
const atMost = 12;

export class SettlingNow implements OrderSettler {
  readonly #house: House;
  readonly #underWay = new Set<Promise<void>>();
  readonly #takeBack: () => void;

  constructor(house: House) {
    this.#house = house;
    this.#takeBack = offerToSettle(house, this);
  }

  hasRoom(): boolean {
    return this.#underWay.size < atMost;
  }

  settle(job: { merchantId: string; orderId: string }): void {
    const { db, log } = this.#house;
    const settling = settleOrder(this.#house, job)
      .catch(() =>
        // Why, the queue will say, which comes to the same.
        db.asMerchant(job.merchantId, (tx) => enqueueJob(tx, 'settle_order', job, job.orderId)),
      )
      .catch((error: unknown) => log.warn({ orderId: job.orderId, err: error }, 'an order was not settled'))
      .then(() => {
        this.#underWay.delete(settling);
      });
    this.#underWay.add(settling);
  }

  async stop(): Promise<void> {
    this.#takeBack();
    await Promise.all(this.#underWay);
  }
}
