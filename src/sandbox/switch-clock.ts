// The sandbox switch's own time: microseconds since 1970 on one clock that only grows, as FreeSWITCH stamps its events,
// and the tasks it has put off to a whole second (`sched_api`, `sched_hangup`, `park_timeout`, `originate_timeout`).

import { performance } from 'node:perf_hooks';

/**
 * Wall-clock time read once and carried on monotonically: durations are taken from these stamps, so a corrected system
 * clock must never move them.
 */
export class SwitchClock {
  readonly #anchorUs = Date.now() * 1000;
  readonly #anchorMs = performance.now();

  nowUs(): number {
    return this.#anchorUs + Math.round((performance.now() - this.#anchorMs) * 1000);
  }

  upMs(): number {
    return performance.now() - this.#anchorMs;
  }
}

export function wholeSecond(us: number): number {
  return Math.floor(us / 1_000_000);
}

let textOfSecond = { second: Number.NaN, local: '', gmt: '' };

/** The two ways FreeSWITCH writes a second: `2026-11-21 19:33:22` and `Sat, 21 Nov 2026 19:33:22 GMT`. */
export function dateTexts(us: number): { local: string; gmt: string } {
  const second = wholeSecond(us);
  if (second !== textOfSecond.second) {
    const date = new Date(second * 1000);
    textOfSecond = {
      second,
      local: date.toISOString().slice(0, 19).replace('T', ' '),
      gmt: date.toUTCString(),
    };
  }
  return textOfSecond;
}

export interface SwitchTask {
  readonly id: number;
  readonly group: string;
  readonly description: string;
  /** Whole seconds since 1970. */
  readonly runtime: number;
  readonly act: () => void;
  readonly addedMs: number;
  /** The switch's own timeouts stand in no list and cannot be deleted by group. */
  readonly hidden: boolean;
}

/** `show tasks` reads a table that is written behind the memory: 0.5 to 0.7 s behind (measured). */
const listedAfterMs = 500;

/**
 * FreeSWITCH counts tasks in whole seconds of its clock: `+8` given at 0.54 s fires at 8.00 s, 7.46 s later (measured).
 * One timer, for the next second that has something to do, however many tasks wait.
 */
export class SwitchTasks {
  readonly #clock: SwitchClock;
  readonly #byId = new Map<number, SwitchTask>();
  readonly #bySecond = new Map<number, Set<SwitchTask>>();
  readonly #byGroup = new Map<string, Set<SwitchTask>>();
  /** Gone, but still in the table. */
  readonly #stillListed: { task: SwitchTask; goneMs: number }[] = [];
  #nextId = 1;
  #timer: NodeJS.Timeout | undefined;
  #armedFor = Number.POSITIVE_INFINITY;

  constructor(clock: SwitchClock) {
    this.#clock = clock;
  }

  /** Whole seconds from now, as every `+N` is read. */
  inSeconds(seconds: number): number {
    return wholeSecond(this.#clock.nowUs()) + seconds;
  }

  add(task: {
    group: string;
    description: string;
    runtime: number;
    act: () => void;
    hidden?: boolean;
  }): number {
    const added: SwitchTask = {
      ...task,
      hidden: task.hidden ?? false,
      id: this.#nextId++,
      addedMs: this.#clock.upMs(),
    };
    this.#byId.set(added.id, added);
    let second = this.#bySecond.get(added.runtime);
    if (second === undefined) this.#bySecond.set(added.runtime, (second = new Set()));
    second.add(added);
    if (!added.hidden) {
      let group = this.#byGroup.get(added.group);
      if (group === undefined) this.#byGroup.set(added.group, (group = new Set()));
      group.add(added);
    }
    if (added.runtime < this.#armedFor) this.#arm(added.runtime);
    return added.id;
  }

  deleteId(id: number): boolean {
    const task = this.#byId.get(id);
    if (task === undefined) return false;
    this.#forget(task);
    return true;
  }

  deleteGroup(group: string): number {
    const tasks = this.#byGroup.get(group);
    if (tasks === undefined) return 0;
    const count = tasks.size;
    for (const task of [...tasks]) this.#forget(task);
    return count;
  }

  /** As `show tasks` has it: what was armed or removed a moment ago is not in it, or still in it. */
  list(): SwitchTask[] {
    const asOfMs = this.#clock.upMs() - listedAfterMs;
    this.#dropUnlisted(asOfMs);
    return [...this.#byId.values(), ...this.#stillListed.map((one) => one.task)].filter(
      (task) => !task.hidden && task.addedMs <= asOfMs,
    );
  }

  #dropUnlisted(asOfMs: number): void {
    const first = this.#stillListed.findIndex((one) => one.goneMs > asOfMs);
    this.#stillListed.splice(0, first < 0 ? this.#stillListed.length : first);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#byId.clear();
    this.#bySecond.clear();
    this.#byGroup.clear();
  }

  #forget(task: SwitchTask): void {
    this.#byId.delete(task.id);
    const goneMs = this.#clock.upMs();
    this.#stillListed.push({ task, goneMs });
    if (this.#stillListed.length % 1_000 === 0) this.#dropUnlisted(goneMs - listedAfterMs);
    const second = this.#bySecond.get(task.runtime);
    second?.delete(task);
    if (second?.size === 0) this.#bySecond.delete(task.runtime);
    const group = this.#byGroup.get(task.group);
    group?.delete(task);
    if (group?.size === 0) this.#byGroup.delete(task.group);
  }

  #arm(second: number): void {
    clearTimeout(this.#timer);
    this.#armedFor = second;
    const waitMs = second * 1000 - this.#clock.nowUs() / 1000;
    // A timer may come a millisecond early, and Node reads a delay beyond 2^31 ms as none at all.
    this.#timer = setTimeout(() => this.#run(), Math.min(Math.max(waitMs + 1, 0), 86_400_000));
  }

  #run(): void {
    const now = wholeSecond(this.#clock.nowUs());
    for (const second of [...this.#bySecond.keys()].filter((at) => at <= now).sort((a, b) => a - b)) {
      for (const task of [...(this.#bySecond.get(second) ?? [])]) {
        if (!this.#byId.has(task.id)) continue;
        this.#forget(task);
        task.act();
      }
    }
    this.#armedFor = Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (const second of this.#bySecond.keys()) next = Math.min(next, second);
    if (Number.isFinite(next)) this.#arm(next);
  }
}
