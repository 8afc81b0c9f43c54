// Telling merchants: notices that are due are claimed, posted, and what came of them recorded, many at a time, so that a
// call's six notices cost the database two transactions and not twelve. A wake-up comes with each new notice; a look
// every second finds what is to be tried again, and what another gateway left behind.
//
// Who was away has everything within a quarter of an hour of his return: while he is away one notice knocks every ten
// minutes, and the first he takes brings all others forward. Neither uses up a notice's own schedule.

import { afterDelivery } from '../core/merchant-notice.ts';
import { merchantsWithDueNotices } from '../store/finders.ts';
import {
  bringForward,
  claimDueNotices,
  disableNotices,
  type DueNotice,
  knockAgain,
  recordTries,
  requeueNotice,
  type TriedNotice,
} from '../store/notices.ts';
import type { House } from './house.ts';
import { later } from './payment-deadlines.ts';
import type { Delivered, Timer } from './ports.ts';

/** One merchant's notices at a time: his server is his, and forty at once would be a load test. */
const atMost = 20;
/** Longer than any try may take (notices are posted with a deadline of 10 s): then it is somebody else's to try. */
const claimedForMs = 30_000;
/** Notices of one moment travel together: a call's end and its capture cost one round instead of two. */
const gatherMs = 100;
const lookEveryMs = 1_000;
/** Between two tries of one notice out of turn; with the time a backlog takes, a quarter of an hour after his return. */
const knockEverySeconds = 600;
/** He takes hundreds a minute: what waits is looked through once in this time, not with each. */
const bringForwardEveryMs = 30_000;

export class NoticeDispatcher {
  readonly #house: House;
  readonly #running = new Map<string, Promise<void>>();
  readonly #again = new Set<string>();
  /** When what waits of a merchant was last brought forward (Clock.monotonicMs). */
  readonly #broughtForwardAtMs = new Map<string, number>();
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
    const tries = await Promise.all(
      claimed.notices.map((notice) => this.#try(notice, until, claimed.url, secret)),
    );
    const ended = (...outcomes: Delivered['outcome'][]): boolean =>
      tries.some((one) => outcomes.includes(one.delivered.outcome));
    const askedForQuiet = tries.some(
      ({ delivered }) => delivered.outcome === 'refused' && delivered.retryAfterSeconds !== undefined,
    );
    const bring = ended('delivered') && this.#mayBringForward(merchantId);
    await db.asMerchant(merchantId, async (tx) => {
      const now = clock.now();
      await recordTries(
        tx,
        merchantId,
        tries.map((one) => one.tried),
      );
      if (ended('gone')) return disableNotices(tx, merchantId, now);
      if (bring) {
        const claimedByThen = new Date(now.getTime() + claimedForMs);
        return bringForward(tx, now, claimedByThen, knockEverySeconds);
      }
      if (!ended('delivered') && !askedForQuiet) await knockAgain(tx, later(now, knockEverySeconds));
    });
    return claimed.notices.length === atMost;
  }

  #mayBringForward(merchantId: string): boolean {
    const nowMs = this.#house.clock.monotonicMs();
    const lastMs = this.#broughtForwardAtMs.get(merchantId);
    if (lastMs !== undefined && nowMs - lastMs < bringForwardEveryMs) return false;
    this.#broughtForwardAtMs.set(merchantId, nowMs);
    return true;
  }

  async #try(
    notice: DueNotice,
    claimedUntil: Date,
    url: string,
    secret: string,
  ): Promise<{ tried: TriedNotice; delivered: Delivered }> {
    const { clock, ids, notifier, metrics } = this.#house;
    const at = clock.now();
    const begunMs = clock.monotonicMs();
    const delivered = await notifier.deliver({ url, secret, id: notice.id, body: notice.body, at });
    const count = notice.tries + 1;
    const scheduled = afterDelivery({ tries: count }, delivered, clock.now(), ids.chance());
    // Out of turn: only a success or a 410 changes anything.
    const turn = notice.scheduledAt;
    const next =
      turn !== null && (scheduled.state === 'pending' || scheduled.state === 'parked')
        ? { state: 'pending' as const, nextTryAt: turn, tries: notice.tries }
        : { ...scheduled, tries: count };
    metrics.count('notices', { result: delivered.outcome });
    if (delivered.outcome === 'delivered' && notice.type === 'call.ended') {
      const seconds = (clock.now().getTime() - notice.createdAt.getTime()) / 1000;
      metrics.observe('hangup_to_notice_seconds', Math.max(0, seconds));
    }
    return {
      delivered,
      tried: {
        id: notice.id,
        claimedUntil,
        tries: next.tries,
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
  house: Pick<House, 'db' | 'clock'>,
  merchantId: string,
  noticeId: string,
): Promise<'queued' | 'unknown_notice' | 'no_address'> {
  return house.db.asMerchant(merchantId, (tx) => requeueNotice(tx, noticeId, house.clock.now()));
}
