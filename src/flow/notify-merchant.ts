// Telling merchants: notices that are due are claimed, posted, and what came of them recorded, many at a time, so that a
// call's six notices cost the database two transactions and not twelve. A wake-up comes with each new notice; a look
// every second finds what is to be tried again, and what another gateway left behind.

import { afterDelivery } from '../core/merchant-notice.ts';
import { merchantsWithDueNotices } from '../store/finders.ts';
import {
  claimDueNotices,
  disableNotices,
  type DueNotice,
  recordTries,
  requeueNotice,
  type TriedNotice,
} from '../store/notices.ts';
import type { House } from './house.ts';
import type { Delivered, Timer } from './ports.ts';

/** One merchant's notices at a time: his server is his, and forty at once would be a load test. */
const atMost = 20;
/** Longer than any try may take (notices are posted with a deadline of 10 s): then it is somebody else's to try. */
const claimedForMs = 30_000;
/** Notices of one moment travel together: a call's end and its capture cost one round instead of two. */
const gatherMs = 100;
const lookEveryMs = 1_000;

export class NoticeDispatcher {
  readonly #house: House;
  readonly #running = new Map<string, Promise<void>>();
  readonly #again = new Set<string>();
  #ticking: Timer | undefined;
  #stopListening: (() => void) | undefined;
  #stopped = false;
  #tick: Promise<void> = Promise.resolve();

  constructor(house: House) {
    this.#house = house;
  }

  start(): void {
    this.#stopListening = this.#house.db.listen('ringmeter_notices', (merchantId) => {
      if (merchantId !== undefined) this.#wake(merchantId);
    });
    this.#look();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#ticking?.cancel();
    this.#stopListening?.();
    await this.#tick;
    await Promise.allSettled([...this.#running.values()]);
  }

  #look(): void {
    const { clock, db, log } = this.#house;
    this.#tick = db
      .asNobody((nobody) => merchantsWithDueNotices(nobody, clock.now()))
      .then((merchants) => merchants.forEach((merchantId) => this.#wake(merchantId)))
      .catch((error: unknown) => log.warn({ err: error }, 'due notices were not read'))
      .then(() => {
        if (!this.#stopped) this.#ticking = clock.after(lookEveryMs, () => this.#look());
      });
  }

  #wake(merchantId: string): void {
    if (this.#stopped) return;
    if (this.#running.has(merchantId)) {
      this.#again.add(merchantId);
      return;
    }
    const { clock, log } = this.#house;
    const gathered = new Promise<void>((resolve) => {
      clock.after(gatherMs, resolve);
    });
    this.#running.set(
      merchantId,
      gathered
        .then(() => this.#deliverDue(merchantId))
        .catch((error: unknown) => {
          log.warn({ merchantId, err: error }, 'notices were not delivered');
          return false;
        })
        .then((more) => {
          this.#running.delete(merchantId);
          if (more || this.#again.delete(merchantId)) this.#wake(merchantId);
        }),
    );
  }

  /** Answers whether there may be more. */
  async #deliverDue(merchantId: string): Promise<boolean> {
    const { db, clock, seal } = this.#house;
    const at = clock.now();
    const until = new Date(at.getTime() + claimedForMs);
    const claimed = await db.asMerchant(merchantId, (tx) => claimDueNotices(tx, { at, until, atMost }));
    if (!claimed || claimed.notices.length === 0) return false;
    const secret = seal.open(claimed.secretSealed, merchantId);
    const tried = await Promise.all(claimed.notices.map((notice) => this.#try(notice, claimed.url, secret)));
    const gone = tried.some((one) => one.gone);
    await db.asMerchant(merchantId, async (tx) => {
      await recordTries(
        tx,
        merchantId,
        tried.map((one) => one.tried),
      );
      if (gone) await disableNotices(tx, merchantId, clock.now());
    });
    return claimed.notices.length === atMost;
  }

  async #try(notice: DueNotice, url: string, secret: string): Promise<{ tried: TriedNotice; gone: boolean }> {
    const { clock, ids, notifier, metrics } = this.#house;
    const at = clock.now();
    const begunMs = clock.monotonicMs();
    const delivered = await notifier.deliver({ url, secret, id: notice.id, body: notice.body, at });
    const count = notice.tries + 1;
    const next = afterDelivery({ tries: count }, delivered, clock.now(), ids.chance());
    metrics.count('notices', { result: delivered.outcome });
    if (delivered.outcome === 'delivered' && notice.type === 'call.ended') {
      const seconds = (clock.now().getTime() - notice.createdAt.getTime()) / 1000;
      metrics.observe('hangup_to_notice_seconds', Math.max(0, seconds));
    }
    return {
      gone: next.state === 'gone',
      tried: {
        id: notice.id,
        try: count,
        at,
        tookMs: Math.round(clock.monotonicMs() - begunMs),
        state: next.state === 'gone' ? 'parked' : next.state,
        ...(next.state === 'pending' && { nextTryAt: next.nextTryAt }),
        ...('status' in delivered && { status: delivered.status }),
        ...problemOf(delivered),
      },
    };
  }
}

function problemOf(delivered: Delivered): { problem?: string } {
  if (delivered.outcome === 'delivered') return {};
  return { problem: 'reason' in delivered ? delivered.reason : delivered.outcome };
}

/** Delivers a notice once more, same id and body, and begins its schedule anew. */
export async function replayNotice(
  house: House,
  merchantId: string,
  noticeId: string,
): Promise<'queued' | 'unknown_notice' | 'no_address'> {
  return house.db.asMerchant(merchantId, (tx) => requeueNotice(tx, noticeId, house.clock.now()));
}
