// The sweep of one switch: what it lists as living beside what was written as under way. On taking the lease and after a lost
// link for everything that may have been missed, every 30 s for the rest. One list for all calls: a call costs something only
// where the two disagree.

import type { LegUuid } from '../core/ids.ts';
import { readSessions, type StoredSession } from '../store/call-sessions.ts';
import { liveSessionsOfSwitch, type SessionRef, type SwitchWork, workOfSwitch } from '../store/finders.ts';
import { legsLeftOver, markSwept, rememberCore } from '../store/switches.ts';
import type { AtSwitch } from './call-commands.ts';
import type { LiveCall } from './run-call.ts';

/**
 * What must not be ended too soon: a leg whose call is over may hear its farewell (the switch itself ends it after 20 s), and
 * the list lags. Found twice, this far apart, it is one that nobody will end.
 */
const leftOverForMs = 25_000;
/** The list lags behind what lives by some seconds on a switch that is very busy: so much less is proven by it. */
const listLagUs = 5_000_000n;

/** The commander's side. */
export interface Swept extends AtSwitch {
  lease(): bigint | undefined;
  calls(): readonly LiveCall[];
  /** The call of this row, taken into memory where it lives and is not there yet. */
  take(row: StoredSession): LiveCall | undefined;
  callOfLeg(leg: LegUuid): LiveCall | undefined;
  /** It goes through a machine of ours, whatever sessions it had a part in. */
  isCaredFor(leg: LegUuid): boolean;
  /** A wish that a call in memory ends; one that is known already changes nothing. */
  hangUp(work: SwitchWork): void;
}

export class SwitchSweep {
  readonly #of: Swept;
  /** Legs that live and should not, since when (monotonic). */
  #leftOver = new Map<LegUuid, number>();
  #restarted = false;

  constructor(of: Swept) {
    this.#of = of;
  }

  /**
   * `missed`: events may not have reached us, so that more is looked at; `taken`: the lease is newly ours, so that rows may
   * have been moved by another. Resolves when every call is in memory; `toBegin` are those left to their work rows, and
   * `through` resolves when each of the others has been seen to. Throws when the database does: nothing is lost then, it is
   * to be done again. `listed`: what lives, where the switch told.
   */
  async run(how: { missed: boolean; taken: boolean }): Promise<{
    toBegin: ReadonlySet<string>;
    listed: ReadonlySet<LegUuid> | undefined;
    through: Promise<void>;
  }> {
    const { house, switch: aSwitch, clock } = this.#of;
    const { coreUuid } = aSwitch.link();
    if (coreUuid !== undefined) {
      const before = await house.db.asNobody((db) => rememberCore(db, aSwitch.id, coreUuid));
      if (before !== undefined) {
        this.#restarted = true;
        house.log.warn({ switch: aSwitch.id }, 'The switch has restarted: its calls of before are over');
      }
    }
    const askedAtUs = clock.nowUs();
    const answer = await aSwitch.legs();
    if (answer.outcome === 'listed' && answer.atUs !== undefined) clock.read(answer.atUs);
    const listedAtUs = answer.outcome === 'listed' ? (answer.atUs ?? askedAtUs) : askedAtUs;
    const atUs = listedAtUs - listLagUs;
    const listed = answer.outcome === 'listed' ? new Set(answer.legs) : undefined;
    const living = await house.db.asNobody((db) => liveSessionsOfSwitch(db, aSwitch.id));
    const work = await house.db.asNobody((db) => workOfSwitch(db, aSwitch.id));
    const toBegin = new Set(work.filter((one) => one.kind === 'begin').map((one) => one.callSessionId));
    await this.#load(living, toBegin, how.taken);
    // Wished while nobody commanded: told before anything goes on, or people would be rung for a call that is to end.
    for (const one of work) if (one.kind === 'hang_up') this.#of.hangUp(one);

    const restarted = this.#restarted;
    // Also those over by now, here or under another's hands: nothing will be told of them that would make us forget them.
    const seen = this.#of.calls().map((call) => call.compare(listed, how.missed, restarted));
    const through = Promise.all(seen).then(async (went) => {
      if (!went.every(Boolean)) return;
      this.#restarted &&= !restarted;
      const lease = this.#of.lease();
      // Only now: what was missing from the list is marked, or it would seem to have lived until this moment.
      if (listed && lease !== undefined) {
        await house.db.asNobody((db) => markSwept(db, aSwitch.id, lease, atUs));
      }
    });
    if (listed) await this.#endLeftOver(listed);
    return { toBegin, listed, through };
  }

  /** When a leg nobody wants will have lived so long without anybody that it is to be ended, in ms; nothing: there is none. */
  dueInMs(): number | undefined {
    const nowMs = this.#of.house.clock.monotonicMs();
    const waits = [...this.#leftOver.values()].map((sinceMs) => sinceMs + leftOverForMs - nowMs);
    // Those that are due by now were looked at, and are strangers'.
    const ahead = waits.filter((ms) => ms > 0);
    return ahead.length === 0 ? undefined : Math.min(...ahead);
  }

  async #load(living: readonly SessionRef[], toBegin: ReadonlySet<string>, all: boolean): Promise<void> {
    const known = new Set(this.#of.calls().map((call) => call.session.id));
    const wanted = living.filter(({ callSessionId: id }) => (known.has(id) ? all : !toBegin.has(id)));
    const byMerchant = new Map<string, string[]>();
    for (const { merchantId, callSessionId } of wanted) {
      byMerchant.set(merchantId, [...(byMerchant.get(merchantId) ?? []), callSessionId]);
    }
    for (const [merchantId, ids] of byMerchant) {
      const rows = await this.#of.house.db.asMerchant(merchantId, (tx) => readSessions(tx, ids));
      for (const row of rows) this.#of.take(row)?.follow(row);
    }
  }

  /** Legs nobody wants: of calls that are over, or that were to be hung up and nobody answered. Strangers are left alone. */
  async #endLeftOver(listed: ReadonlySet<LegUuid>): Promise<void> {
    const { house, switch: aSwitch } = this.#of;
    const nowMs = house.clock.monotonicMs();
    const before = this.#leftOver;
    this.#leftOver = new Map();
    const due: LegUuid[] = [];
    for (const leg of listed) {
      if (this.#of.isCaredFor(leg) || this.#of.callOfLeg(leg)?.wants(leg) === true) continue;
      const sinceMs = before.get(leg) ?? nowMs;
      this.#leftOver.set(leg, sinceMs);
      if (nowMs - sinceMs >= leftOverForMs) due.push(leg);
    }
    if (due.length === 0) return;
    const ours = new Set(await house.db.asNobody((db) => legsLeftOver(db, due)));
    for (const leg of due) if (this.#of.callOfLeg(leg) !== undefined) ours.add(leg);
    for (const leg of ours) {
      house.log.warn({ switch: aSwitch.id, leg }, 'A leg of a call that is over still lives: it is ended');
      await aSwitch.hangUp(leg, 'stopped');
    }
  }
}
