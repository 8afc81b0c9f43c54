// Telling merchants. Whoever writes a notice has claimed its first try and posts it as soon as it is committed; what came of
// the tries is recorded many at a time, so that a call's six notices cost the database less than two transactions. A look
// every second finds what is to be tried again, and what a gateway that died had claimed.
//
// Who was away has everything within a quarter of an hour of his return: while he is away one notice knocks every ten
// minutes, and the first he takes brings all others forward. Neither uses up a notice's own schedule.

import type { NoticeDraft } from '../core/merchant-notice.ts';
import { afterDelivery } from '../core/merchant-notice.ts';
import type { Tx } from '../store/database.ts';
import { merchantsWithDueNotices } from '../store/finders.ts';
import {
  bringForward,
  claimDueNotices,
  type ClaimedNotices,
  disableNotices,
  type DueNotice,
  knockAgain,
  letGoOfNotices,
  type NoticeAbout,
  recordTries,
  requeueNotice,
  type TriedNotice,
  writeNotices,
} from '../store/notices.ts';
import type { House } from './house.ts';
import { later } from './payment-deadlines.ts';
import type { Delivered, Timer } from './ports.ts';

/** One merchant's notices at a time: his server is his, and forty at once would be a load test. */
const atMost = 20;
/** Longer than any try may take (notices are posted with a deadline of 10 s): then it is somebody else's to try. */
const claimedForMs = 30_000;
/** Less than this left of a claim: the try might outlast it, and another would try it too. */
const tryMs = 12_000;
/** What came of tries is recorded together. Until then their claims keep others away, and they stand for longer. */
const recordTogetherMs = 1_000;
const lookEveryMs = 1_000;
/** Between two tries of one notice out of turn; with the time a backlog takes, a quarter of an hour after his return. */
const knockEverySeconds = 600;
/** He takes hundreds a minute: what waits is looked through once in this time, not with each. */
const bringForwardEveryMs = 30_000;

/** Who sends notices in this process: a terminal has nobody, and leaves them to the gateways. */
const dispatchers = new WeakMap<House, NoticeDispatcher>();

/**
 * Writes down what the merchant of an order, or of a consultant, is to be told; it is sent once this is committed, by us or, should we die, by
 * another within half a minute.
 */
export async function tellMerchant(
  house: House,
  tx: Tx,
  about: NoticeAbout,
  drafts: readonly NoticeDraft[],
  at: Date,
): Promise<void> {
  const dispatcher = dispatchers.get(house);
  const claimed = await writeNotices(
    tx,
    about,
    drafts.map((draft) => ({ ...draft, id: house.ids.id('notice') })),
    at,
    dispatcher && new Date(at.getTime() + claimedForMs),
  );
  if (claimed) tx.committed(() => dispatcher?.send(about.merchantId, claimed));
}

type Try = { tried: TriedNotice; delivered: Delivered };

/** One merchant's notices that are ours to try, and what came of those that were. */
interface Outbox {
  waiting: { notice: DueNotice; url: string; secret: string }[];
  underWay: number;
  tries: Try[];
  recording: Promise<void> | undefined;
  /** Called when nothing of it waits or is under way, and everything is recorded. */
  whenEmpty: (() => void)[];
}

export class NoticeDispatcher {
  readonly #house: House;
  readonly #outboxes = new Map<string, Outbox>();
  readonly #taking = new Map<string, Promise<void>>();
  readonly #again = new Set<string>();
  /** When what waits of a merchant was last brought forward (Clock.monotonicMs). */
  readonly #broughtForwardAtMs = new Map<string, number>();
  /** Cut short when we are to stop. */
  readonly #gathering = new Set<() => void>();
  #ticking: Timer | undefined;
  #stopListening: (() => void) | undefined;
  #stopped = false;
  #tick: Promise<void> = Promise.resolve();

  constructor(house: House) {
    this.#house = house;
  }

  start(): void {
    dispatchers.set(this.#house, this);
    this.#stopListening = this.#house.db.listen('ringmeter_notices', (merchantId) => {
      if (merchantId !== undefined) this.#wake(merchantId);
    });
    this.#look();
  }

  /** What is under way is finished and recorded; what only waits is left to others at once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (dispatchers.get(this.#house) === this) dispatchers.delete(this.#house);
    this.#ticking?.cancel();
    this.#stopListening?.();
    await this.#tick;
    for (const [merchantId, outbox] of this.#outboxes) await this.#letGo(merchantId, outbox);
    for (const cutShort of this.#gathering) cutShort();
    await Promise.allSettled([...this.#outboxes.values()].map((outbox) => this.#emptied(outbox)));
    await Promise.allSettled([...this.#taking.values()]);
  }

  /** Notices claimed by this process: tried as soon as his server has room for them. */
  send(merchantId: string, { url, secretSealed, notices }: ClaimedNotices): void {
    const secret = this.#house.seal.open(secretSealed, merchantId);
    const outbox = this.#outboxOf(merchantId);
    outbox.waiting.push(...notices.map((notice) => ({ notice, url, secret })));
    if (this.#stopped) void this.#letGo(merchantId, outbox);
    this.#pump(merchantId, outbox);
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

  /** Takes what is due of a merchant, once at a time. */
  #wake(merchantId: string): void {
    if (this.#stopped) return;
    if (this.#taking.has(merchantId)) {
      this.#again.add(merchantId);
      return;
    }
    this.#taking.set(
      merchantId,
      this.#takeDue(merchantId)
        .catch((error: unknown) => {
          this.#house.log.warn({ merchantId, err: error }, 'notices were not delivered');
          return false;
        })
        .then((more) => {
          this.#taking.delete(merchantId);
          if (more || this.#again.delete(merchantId)) this.#wake(merchantId);
        }),
    );
  }

  /** Answers whether there may be more. */
  async #takeDue(merchantId: string): Promise<boolean> {
    const { db, clock } = this.#house;
    const at = clock.now();
    const until = new Date(at.getTime() + claimedForMs);
    const claimed = await db.asMerchant(merchantId, (tx) => claimDueNotices(tx, { at, until, atMost }));
    if (!claimed || claimed.notices.length === 0) return false;
    this.send(merchantId, claimed);
    await this.#emptied(this.#outboxOf(merchantId));
    return claimed.notices.length === atMost;
  }

  // --- One merchant's ------------------------------------------------------------------------------------------

  #outboxOf(merchantId: string): Outbox {
    const known = this.#outboxes.get(merchantId);
    if (known) return known;
    const outbox: Outbox = { waiting: [], underWay: 0, tries: [], recording: undefined, whenEmpty: [] };
    this.#outboxes.set(merchantId, outbox);
    return outbox;
  }

  #pump(merchantId: string, outbox: Outbox): void {
    while (outbox.underWay < atMost) {
      const next = outbox.waiting.shift();
      if (!next) break;
      // He is slow, and its claim has all but lapsed: it is found again when it has.
      if (next.notice.claimedUntil.getTime() - this.#house.clock.now().getTime() < tryMs) continue;
      outbox.underWay += 1;
      void this.#try(next.notice, next.url, next.secret)
        .then((came) => {
          outbox.tries.push(came);
          this.#record(merchantId, outbox);
        })
        .finally(() => {
          outbox.underWay -= 1;
          this.#pump(merchantId, outbox);
        });
    }
    this.#sayWhenEmpty(merchantId, outbox);
  }

  #emptied(outbox: Outbox): Promise<void> {
    return new Promise((resolve) => {
      if (isEmpty(outbox)) resolve();
      else outbox.whenEmpty.push(resolve);
    });
  }

  #sayWhenEmpty(merchantId: string, outbox: Outbox): void {
    if (!isEmpty(outbox)) return;
    this.#outboxes.delete(merchantId);
    for (const say of outbox.whenEmpty.splice(0)) say();
  }

  async #letGo(merchantId: string, outbox: Outbox): Promise<void> {
    const ids = outbox.waiting.splice(0).map(({ notice }) => notice.id);
    if (ids.length === 0) return;
    const { db, clock, log } = this.#house;
    await db
      .asMerchant(merchantId, (tx) => letGoOfNotices(tx, merchantId, ids, clock.now()))
      .catch((error: unknown) => log.warn({ merchantId, err: error }, 'notices were not let go of'));
  }

  /** What came of the tries, a moment later and together with what else has come by then. */
  #record(merchantId: string, outbox: Outbox): void {
    outbox.recording ??= this.#gathered()
      .then(() => this.#recordTries(merchantId, outbox.tries.splice(0)))
      .catch((error: unknown) => {
        this.#house.log.warn({ merchantId, err: error }, 'what came of notices was not recorded');
      })
      .then(() => {
        outbox.recording = undefined;
        if (outbox.tries.length > 0) this.#record(merchantId, outbox);
        this.#sayWhenEmpty(merchantId, outbox);
      });
  }

  #gathered(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#gathering.delete(done);
        timer.cancel();
        resolve();
      };
      const timer = this.#house.clock.after(recordTogetherMs, done);
      this.#gathering.add(done);
    });
  }

  async #recordTries(merchantId: string, tries: readonly Try[]): Promise<void> {
    const { db, clock } = this.#house;
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
  }

  #mayBringForward(merchantId: string): boolean {
    const nowMs = this.#house.clock.monotonicMs();
    const lastMs = this.#broughtForwardAtMs.get(merchantId);
    if (lastMs !== undefined && nowMs - lastMs < bringForwardEveryMs) return false;
    this.#broughtForwardAtMs.set(merchantId, nowMs);
    return true;
  }

  async #try(notice: DueNotice, url: string, secret: string): Promise<Try> {
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
        claimedUntil: notice.claimedUntil,
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

function isEmpty(outbox: Outbox): boolean {
  return (
    outbox.waiting.length === 0 &&
    outbox.underWay === 0 &&
    outbox.tries.length === 0 &&
    outbox.recording === undefined
  );
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
