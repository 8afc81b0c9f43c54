// What ends a leg when no gateway is left, as tasks of the switch: until the bridge its guard (group `guard-<leg>`); in the
// talk the limit (group `limit-<B>`) ends A, and B with it, and `behind-<B>` stands a minute behind, for a B whose A ended
// without taking it along. Whatever is moved, the new task stands before the old one goes: no moment is without an end.
//
// Both bear B's name, though one ends A: A may talk again on the same leg, B never does. So whoever hears that B has ended,
// however late and whatever he knows of the call, takes away the limit of that talk and of no other, a bridge that never came
// about included.
//
// The numbers of our own tasks are remembered; those of a gateway before us are read from the switch's list, which lags
// behind its memory by up to 0.7 s (tried), or removed by their group, which does not.

import { parseLegUuid, type LegUuid } from '../core/ids.ts';
import type { Clock, Commanded } from '../flow/ports.ts';
import * as say from './dial-string.ts';
import type { EslLink } from './esl-link.ts';
import type { KnownLegs, LegMemory } from './leg-memory.ts';
import { clockOf, readTasks, taskOf } from './switch-answers.ts';

// The switch counts its tasks in whole seconds from the one that has begun, and looks at them twice a second: what is due at a
// second is done up to half a second later. Set for +N, a task fires N - 0.5 s after the command in the second half of a second,
// N s after it in the first, and N + 0.5 s after it at its very beginning (tried). So +2 would stand up to 2.5 s behind the
// limit. In the first half of a second +1 stands 1 s behind it, in the second half +2 stands 1.5 s behind it; who comes just
// before a second begins waits for it. Always after our own cut, which comes some ms after the limit.
const limitSlackSeconds = 2;
const halfSecondUs = 500_000n;
const nearNextSecondUs = 950_000;
const intoSecondMs = 20;
/** Bridging this long after arming might let the switch's cut come before the limit: it is then armed anew. */
const armedAnewAfterMs = 300;
const guardBehindLimitSeconds = 60;
/**
 * Nearer than this a moved limit is set relative to now: the switch would add a second that has passed to the present and
 * never cut, and a command may wait for its deadline (5 s) on its way.
 */
const absoluteFromSeconds = 10;
const taskListLagMs = 2_000;

const unknown = { outcome: 'unknown' } as const;
const done = { outcome: 'done' } as const;
/** A's and B's part in the end of a talk. */
type OfTalk = 'limit' | 'behind';
interface Talk {
  aLeg: LegUuid;
  bLeg: LegUuid;
}
const why = { limit: 'ALLOTTED_TIMEOUT', behind: 'MANAGER_REQUEST' } as const;

export interface ArmedLimit {
  outcome: 'armed';
  /** They are joined: a limit that was armed too long before is armed anew. */
  bridged(): Promise<void>;
}

/**
 * One guard by its number. All of a leg where others may stand: of the gateway before us, whose newest stood in no list yet, or
 * of ours where an answer is missing. Any that stayed would cut a talk.
 */
function liftingOf(leg: LegUuid, memory: LegMemory | undefined): say.ApiCommand {
  const { guard, ours, guardUnanswered } = memory ?? {};
  const isOnly = guard !== undefined && ours === true && guardUnanswered !== true;
  return isOnly ? say.unschedule(guard.task) : say.unscheduleGroup('guard', leg);
}

export class LegTasks {
  readonly #link: EslLink;
  readonly #legs: KnownLegs;
  readonly #clock: Clock;

  constructor(link: EslLink, legs: KnownLegs, clock: Clock) {
    this.#link = link;
    this.#legs = legs;
    this.#clock = clock;
  }

  // --- Guards -----------------------------------------------------------------------------------------------------

  async moveGuard(leg: LegUuid, seconds: number): Promise<Commanded> {
    const memory = this.#legs.get(leg);
    const earlier =
      memory === undefined
        ? ((await this.#listed('guard', leg)) ?? [])
        : memory.guard === undefined
          ? []
          : [memory.guard.task];
    const reply = await this.#link.api(say.scheduleKill('guard', leg, Math.ceil(seconds), 'MANAGER_REQUEST'));
    const task = taskOf(reply);
    if (!reply.answered && memory !== undefined) memory.guardUnanswered = true;
    if (task === undefined) return reply.answered ? { outcome: 'refused', reason: reply.text } : unknown;
    this.#legs.recall(leg).guard = { task, dueMs: this.#clock.monotonicMs() + seconds * 1_000 };
    for (const old of earlier) void this.#removeGuard(leg, old);
    return done;
  }

  async #removeGuard(leg: LegUuid, task: string): Promise<void> {
    const removed = await this.#link.api(say.unschedule(task));
    const memory = this.#legs.get(leg);
    if (!removed.answered && memory !== undefined) memory.guardUnanswered = true;
  }

  async liftGuard(leg: LegUuid): Promise<void> {
    const memory = this.#legs.recall(leg);
    const lift = liftingOf(leg, memory);
    delete memory.guard;
    const lifted = await this.#link.api(lift);
    if (!lifted.answered) memory.guardUnanswered = true;
  }

  // --- The limit of a talk ----------------------------------------------------------------------------------------

  /** Both tasks of a talk that is about to begin. */
  async armLimit(
    aLeg: LegUuid,
    bLeg: LegUuid,
    talkLimitSeconds: number,
  ): Promise<ArmedLimit | { outcome: 'refused'; reason: string } | { outcome: 'unknown' }> {
    if (this.#mayHaveLimit(bLeg) && !(await this.#dropLimit(bLeg))) return unknown;
    // From before the switch was asked for its clock: whatever that took, the half of the second may have passed since.
    const armedAtMs = this.#clock.monotonicMs();
    const limitSeconds = Math.ceil(talkLimitSeconds);
    const talk = { aLeg, bLeg };
    const replies = await Promise.all([
      this.#slackSeconds().then((slack) => this.#arm('limit', talk, limitSeconds + slack)),
      this.#arm('behind', talk, limitSeconds + limitSlackSeconds + guardBehindLimitSeconds),
    ]);
    const hindrance = replies.find((outcome) => outcome.outcome !== 'armed');
    if (hindrance !== undefined) return hindrance;
    return {
      outcome: 'armed',
      bridged: async () => {
        if (this.#clock.monotonicMs() - armedAtMs <= armedAnewAfterMs) return;
        const first = this.#legs.get(bLeg)?.limit?.task;
        const anew = await this.#arm('limit', talk, limitSeconds + (await this.#slackSeconds()));
        if (anew.outcome === 'armed' && first !== undefined) void this.#link.api(say.unschedule(first));
        void this.#dropIfOver(bLeg);
      },
    };
  }

  /** By how much a task set now is to stand behind the limit, in the switch's way of counting. */
  async #slackSeconds(): Promise<number> {
    const nowUs = clockOf(await this.#link.api(say.microEpoch));
    if (nowUs === undefined) return limitSlackSeconds;
    const partUs = Number(nowUs % 1_000_000n);
    if (partUs > nearNextSecondUs) {
      const leftMs = (1_000_000 - partUs) / 1_000 + intoSecondMs;
      await new Promise<void>((resolve) => this.#clock.after(leftMs, resolve));
      return limitSlackSeconds - 1;
    }
    return partUs < Number(halfSecondUs) ? limitSlackSeconds - 1 : limitSlackSeconds;
  }

  /**
   * A limit armed for a bridge that never came about would cut the talk early: by the gateway before us, or by ourselves
   * where no answer came.
   */
  #mayHaveLimit(bLeg: LegUuid): boolean {
    const { ours, limit, behind, limitUnanswered } = this.#legs.get(bLeg) ?? {};
    return ours !== true || limit !== undefined || behind !== undefined || limitUnanswered === true;
  }

  /**
   * By group, because the list lags; nothing is without an end, both legs carry their guards until they are joined. `false`:
   * no answer came.
   */
  async #dropLimit(bLeg: LegUuid): Promise<boolean> {
    const dropped = await Promise.all([
      this.#link.api(say.unscheduleGroup('limit', bLeg)),
      this.#link.api(say.unscheduleGroup('behind', bLeg)),
    ]);
    if (!dropped.every((reply) => reply.answered)) return false;
    const memory = this.#legs.get(bLeg);
    delete memory?.limit;
    delete memory?.behind;
    delete memory?.limitUnanswered;
    return true;
  }

  /** B may have ended while its limit was set anew: what everybody took away by then was the one before. */
  async #dropIfOver(bLeg: LegUuid): Promise<void> {
    const alive = await this.#link.api(say.exists(bLeg));
    if (alive.answered && alive.text === 'false') await this.#dropLimit(bLeg);
  }

  async #arm(
    group: OfTalk,
    { aLeg, bLeg }: Talk,
    inSeconds: number,
    atSecond?: number,
  ): Promise<{ outcome: 'armed' } | { outcome: 'refused'; reason: string } | { outcome: 'unknown' }> {
    const leg = group === 'limit' ? aLeg : bLeg;
    const reply = await this.#link.api(
      atSecond === undefined
        ? say.scheduleKill(group, leg, inSeconds, why[group], bLeg)
        : say.scheduleKillAt(group, leg, atSecond, why[group], bLeg),
    );
    const task = taskOf(reply);
    if (!reply.answered) this.#legs.recall(bLeg).limitUnanswered = true;
    if (task === undefined) return reply.answered ? { outcome: 'refused', reason: reply.text } : unknown;
    const dueMs = this.#clock.monotonicMs() + inSeconds * 1_000;
    this.#legs.recall(bLeg)[group] = { task, dueMs };
    if (group === 'limit') this.#legs.recall(aLeg).talkDueMs = dueMs;
    return { outcome: 'armed' };
  }

  async disarmLimit(bLeg: LegUuid): Promise<void> {
    const memory = this.#legs.recall(bLeg);
    delete memory.limit;
    delete memory.behind;
    // Until the switch says that it is gone, it stands.
    memory.limitUnanswered = true;
    await this.#dropLimit(bLeg);
  }

  /** The two of a talk under way, moved to this instant of the switch's clock. */
  async moveLimit(aLeg: LegUuid, bLeg: LegUuid, untilUs: bigint): Promise<Commanded> {
    const nowUs = clockOf(await this.#link.api(say.microEpoch));
    if (nowUs === undefined) return unknown;
    // Due 0.5 to 1.5 s behind it, done up to half a second later.
    const cutAt = Number((untilUs + halfSecondUs) / 1_000_000n) + limitSlackSeconds - 1;
    const nowSecond = Number(nowUs / 1_000_000n);
    const talk = { aLeg, bLeg };
    const outcomes = await Promise.all([
      this.#move('limit', talk, cutAt, nowSecond),
      this.#move('behind', talk, cutAt + guardBehindLimitSeconds, nowSecond),
    ]);
    void this.#dropIfOver(bLeg);
    return outcomes.find((outcome) => outcome.outcome !== 'done') ?? done;
  }

  async #move(group: OfTalk, talk: Talk, atSecond: number, nowSecond: number): Promise<Commanded> {
    const { bLeg } = talk;
    const inSeconds = Math.max(atSecond - nowSecond, 1);
    const known = this.#legs.get(bLeg)?.[group];
    const earlier = known === undefined ? await this.#listed(group, bLeg) : [known.task];
    if (earlier === undefined) return unknown;
    const near = inSeconds < absoluteFromSeconds;
    const armed = await this.#arm(group, talk, inSeconds, near ? undefined : atSecond);
    if (armed.outcome !== 'armed') return armed;
    const removed = await Promise.all(earlier.map((old) => this.#link.api(say.unschedule(old))));
    // What we knew of is not there: another gateway has moved it since, and his stands.
    const isOutdated = removed.some((one) => one.answered && !one.text.startsWith('+OK'));
    if (isOutdated) void this.#removeOthers(group, bLeg);
    if (known === undefined || isOutdated)
      this.#clock.after(taskListLagMs, () => void this.#removeOthers(group, bLeg));
    return removed.every((one) => one.answered) ? done : unknown;
  }

  /** One armed by the gateway before us just before we looked stood in no list yet: it would cut the talk early. */
  async #removeOthers(group: OfTalk, bLeg: LegUuid): Promise<void> {
    const ours = this.#legs.get(bLeg)?.[group]?.task;
    if (ours === undefined) return;
    for (const task of (await this.#listed(group, bLeg)) ?? []) {
      if (task !== ours) void this.#link.api(say.unschedule(task));
    }
  }

  // --- What is left over ------------------------------------------------------------------------------------------

  /**
   * Nothing of an ended leg stays in the switch's list of tasks, which it walks twice a second. Where it was B, the limit must not
   * cut A's farewell, nor what A does next; a leg that was never answered was nobody's B.
   */
  ended(leg: LegUuid, memory: LegMemory | undefined, wasAnswered: boolean): void {
    if (memory?.guard !== undefined || memory === undefined) void this.#link.api(liftingOf(leg, memory));
    if (!wasAnswered) return;
    void this.#link.api(say.unscheduleGroup('limit', leg));
    void this.#link.api(say.unscheduleGroup('behind', leg));
  }

  /**
   * Limits of talks that ended while nobody listened would stand until they are due, hours perhaps, and then cut what A does by
   * then. (Guards are not looked at: one may stand for a leg that is only about to be made.)
   */
  async tidyLimits(): Promise<void> {
    const shown = await this.#link.api(say.showTasks);
    if (!shown.answered) return;
    const groups = new Set(readTasks(shown.text).map((one) => one.group));
    for (const group of groups) {
      const [, kind, uuid = ''] = /^(limit|behind)-(.*)$/.exec(group) ?? [];
      const leg = parseLegUuid(uuid);
      if (leg === undefined) continue;
      const alive = await this.#link.api(say.exists(leg));
      if (!alive.answered) return;
      if (alive.text === 'false')
        void this.#link.api(say.unscheduleGroup(kind === 'limit' ? kind : 'behind', leg));
    }
  }

  /** `undefined`: the switch did not say. */
  async #listed(group: say.TaskGroup, leg: LegUuid): Promise<string[] | undefined> {
    const shown = await this.#link.api(say.showTasks);
    if (!shown.answered) return undefined;
    const wanted = say.taskGroup(group, leg);
    return readTasks(shown.text).flatMap((one) => (one.group === wanted ? [one.task] : []));
  }
}
