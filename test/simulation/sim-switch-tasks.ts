// What a simulated switch does by the clock, whoever commands it or nobody: it ends legs when their guard or limit is due.
// Tasks belong to a group and are never replaced: each that is added stands until it is removed.

import type { LegUuid } from '../../src/core/ids.ts';
import type { Timer } from '../../src/flow/ports.ts';
import type { TaskGroup } from '../../src/telephony/dial-string.ts';
import type { Kernel, Random } from './kernel.ts';

/** Tasks are looked at twice a second: what is due is done up to so much later (tried). */
const looksEveryMs = 500;
/** `show tasks` knows a new task only after up to this long (tried). */
const listLagsMs = 700;

export function isTaskGroup(text: string): text is TaskGroup {
  return text === 'guard' || text === 'limit' || text === 'behind';
}

export interface Task {
  id: number;
  /** `<group>-<of>` is its name, by which it is removed with all the others of that name. */
  group: TaskGroup;
  of: LegUuid;
  /** Whom it ends. */
  leg: LegUuid;
  /** The whole second it is due at, in microseconds of the switch. */
  dueUs: bigint;
  cause: string;
}

type NewTask = Omit<Task, 'id' | 'dueUs'>;

export class SwitchTasks {
  readonly #switch: { readonly id: string; readonly kernel: Kernel; readonly nowUs: bigint };
  readonly #isDue: (task: Task) => void;
  readonly #random: Random;
  readonly #tasks = new Map<number, Task & { timer: Timer; addedAtMs: number }>();
  #last = 0;

  constructor(
    ofSwitch: { readonly id: string; readonly kernel: Kernel; readonly nowUs: bigint },
    isDue: (task: Task) => void,
  ) {
    this.#switch = ofSwitch;
    this.#isDue = isDue;
    this.#random = ofSwitch.kernel.random.fork(`${ofSwitch.id}/tasks`);
  }

  /** `sched_api +N`: the switch counts whole seconds from the one that is running, so it comes up to a second early. */
  inSeconds(task: NewTask, seconds: number): number {
    return this.atSecond(task, this.#switch.nowUs / 1_000_000n + BigInt(seconds));
  }

  /**
   * `sched_api second`. Fires when the switch next looks, whether or not the leg lives then; one that has passed already is added to the
   * present, and so is as good as never.
   */
  atSecond(task: NewTask, second: bigint): number {
    const { group, leg } = task;
    const { id: name, kernel, nowUs } = this.#switch;
    const id = (this.#last += 1);
    const dueUs = second * 1_000_000n;
    const lateMs = this.#random.int(0, looksEveryMs);
    const inMs = Number(dueUs <= nowUs ? dueUs : dueUs - nowUs) / 1_000 + lateMs;
    const due = dueUs <= nowUs ? nowUs + dueUs : dueUs;
    const timer = kernel.at(inMs, `${name} task ${group}`, () => {
      kernel.trace(`${name}  task ${String(id)} (${group} ${leg.slice(0, 4)}) is due`);
      // It stands until it has done its work: a leg it ends was never without it.
      this.#isDue({ id, ...task, dueUs: due });
      this.#tasks.delete(id);
      kernel.changed();
    });
    this.#tasks.set(id, { id, ...task, dueUs: due, timer, addedAtMs: kernel.nowMs });
    kernel.changed();
    return id;
  }

  idsOf(group: Task['group'], of: LegUuid): number[] {
    return this.#of(group, of).map((one) => one.id);
  }

  dueOf(group: Task['group'], of: LegUuid): bigint[] {
    return this.#of(group, of).map((one) => one.dueUs);
  }

  all(): Task[] {
    return [...this.#tasks.values()].map(({ timer: _timer, addedAtMs: _added, ...task }) => task);
  }

  /** `show tasks`: without the newest. */
  listed(): Task[] {
    const sinceMs = this.#switch.kernel.nowMs - this.#random.int(0, listLagsMs);
    return [...this.#tasks.values()].filter((one) => one.addedAtMs <= sinceMs);
  }

  /** Answers how many of them there were. */
  remove(...ids: readonly number[]): number {
    let removed = 0;
    for (const id of ids) {
      this.#tasks.get(id)?.timer.cancel();
      if (this.#tasks.delete(id)) removed += 1;
    }
    this.#switch.kernel.changed();
    return removed;
  }

  clear(): void {
    this.remove(...this.#tasks.keys());
  }

  #of(group: Task['group'], of: LegUuid): Task[] {
    return [...this.#tasks.values()].filter((one) => one.group === group && one.of === of);
  }
}
