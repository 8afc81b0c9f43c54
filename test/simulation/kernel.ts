// The kernel of the simulation: virtual time, seeded chance, the queue of what happens next, the trace. One thing happens at a
// time and wholly at one instant; then everything it set in motion runs until the processes wait again; then the next one.
// So a seed replays exactly. What happens is the business of the world (people, switch, processor, merchant, database) and
// of the gateways; what may never happen is safety.ts's.

import { createHash } from 'node:crypto';
import type { Timer } from '../../src/flow/ports.ts';
import type { ActFault, ActKind, ChanceName, FaultPlan } from './fault-plan.ts';
import { Random } from './random.ts';

export { GatewayProcess } from './gateway-process.ts';
export { Random } from './random.ts';
export type { ActFault, ActKind, ChanceName, FaultPlan, WorldFault } from './fault-plan.ts';
export { noFaults } from './fault-plan.ts';

/** A Monday morning: every run begins here. */
export const startMs = Date.UTC(2026, 2, 2, 9, 0, 0);

/** Statements take a millisecond; who is not through after this awaits something that is not an act. */
const realPatienceMs = 20_000;
/** A run of three calls that go wrong has some hundreds. */
const transactionsMax = 5_000;

/** What may never happen has. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

interface Happening {
  atMs: number;
  order: number;
  label: string;
  act: () => void | Promise<void>;
  cancelled: boolean;
}

export class Kernel {
  readonly seed: string;
  readonly random: Random;
  readonly plan: FaultPlan;
  readonly lines: string[] = [];
  /** Told after every happening that changed something, once all is quiet. Throws what it finds. */
  afterChange: (() => void | Promise<void>) | undefined;
  /** Told of every error a gateway logs: some are the world's doing, others are bugs. */
  onFault: ((error: unknown, process: string) => void) | undefined;
  /** From here on nothing goes wrong any more. */
  healed = false;
  /** The last misfortune is over since then: what must be right again within so long counts from here. */
  disturbedUntilMs = startMs;
  /** How many acts of each kind there were: an exhaustive run takes its places from it. */
  readonly acts: Record<ActKind, number> = {
    transaction: 0,
    query: 0,
    lease: 0,
    switch: 0,
    processor: 0,
    notice: 0,
    server: 0,
    room: 0,
    mail: 0,
    spool: 0,
  };
  readonly #chances = new Map<ChanceName, Random>();
  #nowMs = startMs;
  #order = 0;
  #changed = false;
  readonly #queue: Happening[] = [];
  readonly #atWork = new Set<Promise<unknown>>();
  #failure: { error: unknown } | undefined;

  constructor(seed: number | string, plan: FaultPlan) {
    this.seed = String(seed);
    this.random = new Random(seed);
    this.plan = plan;
  }

  /** The virtual wall clock, milliseconds since 1970. Stands still while anything happens. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** The same in microseconds: what a switch stamps its events with. */
  get nowUs(): bigint {
    return BigInt(Math.round(this.#nowMs * 1000));
  }

  get elapsedMs(): number {
    return this.#nowMs - startMs;
  }

  /** Something of the world happens after this long. Dies with nobody. */
  at(afterMs: number, label: string, act: () => void | Promise<void>): Timer {
    const happening: Happening = {
      atMs: this.#nowMs + Math.max(afterMs, 0),
      order: (this.#order += 1),
      label,
      act,
      cancelled: false,
    };
    push(this.#queue, happening);
    return {
      cancel: () => {
        happening.cancelled = true;
      },
    };
  }

  trace(line: string): void {
    this.lines.push(`+${(this.elapsedMs / 1000).toFixed(3)} s  ${line}`);
  }

  traceHash(): string {
    return createHash('sha256').update(this.lines.join('\n')).digest('hex');
  }

  /** Whether this misfortune of the world befalls here; drawn from a stream of its own, never once the world is healed. */
  happens(name: ChanceName): boolean {
    const odds = this.plan.chances[name];
    if (odds === undefined || this.healed) return false;
    let stream = this.#chances.get(name);
    if (!stream) this.#chances.set(name, (stream = this.random.fork(`chance/${name}`)));
    if (!stream.chance(odds)) return false;
    this.disturb(0);
    return true;
  }

  /** Something goes wrong, for this long. */
  disturb(forMs: number): void {
    this.disturbedUntilMs = Math.max(this.disturbedUntilMs, this.#nowMs + forMs);
  }

  /** Counts one more act of this kind and says what the plan has for it. */
  nextAct(kind: ActKind): ActFault | undefined {
    const nth = (this.acts[kind] += 1);
    if (kind === 'transaction' && nth > transactionsMax) {
      this.fail(new Violation(`the gateways go round in circles: ${String(nth)} transactions`));
    }
    if (this.healed) return undefined;
    const fault = this.plan.acts.find((one) => one.act === kind && one.nth === nth);
    if (fault) this.disturb(fault.ms ?? 0);
    return fault;
  }

  /** Something was committed, or the switch has changed: what must always hold is looked at when all is quiet. */
  changed(): void {
    this.#changed = true;
  }

  /** The kernel waits for this before anything else happens: a statement of the real database, never anything else. */
  async working<T>(work: Promise<T>): Promise<T> {
    this.#atWork.add(work);
    try {
      return await work;
    } finally {
      this.#atWork.delete(work);
    }
  }

  /** A violation or a bug: the run ends with it after what happens now. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /** Lets things happen until `until` holds or this much virtual time has passed (false then). Throws what was violated. */
  async run(until: () => boolean, maxMs: number): Promise<boolean> {
    const endMs = this.#nowMs + maxMs;
    await this.#quiet();
    while (!until()) {
      const next = pop(this.#queue);
      if (!next || next.atMs > endMs) {
        if (next) push(this.#queue, next);
        this.#nowMs = endMs;
        return false;
      }
      if (next.cancelled) continue;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      try {
        const acting = next.act();
        if (acting) void this.working(acting.catch((error: unknown) => this.fail(error)));
      } catch (error) {
        this.fail(error);
      }
      await this.#quiet();
    }
    return true;
  }

  /** Until every promise that can go on has gone on, and no statement is under way. */
  async #quiet(): Promise<void> {
    do {
      await turn();
      while (this.#atWork.size > 0) {
        await inTime(Promise.allSettled([...this.#atWork]));
        await turn();
      }
    } while (this.#atWork.size > 0);
    if (this.#changed && !this.#failure) {
      this.#changed = false;
      try {
        await this.afterChange?.();
      } catch (error) {
        this.fail(error);
      }
    }
    if (this.#failure) throw this.#failure.error;
  }
}

/** One turn of the event loop: all microtasks are through after it. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function inTime(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error('An act did not end: within a transaction only statements may be awaited')),
      realPatienceMs,
    );
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

// A binary heap by instant, then by the order things were put in.

function before(one: Happening, other: Happening): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}

function push(heap: Happening[], happening: Happening): void {
  heap.push(happening);
  let at = heap.length - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!before(heap[at] as Happening, heap[parent] as Happening)) return;
    [heap[at], heap[parent]] = [heap[parent] as Happening, heap[at] as Happening];
    at = parent;
  }
}

function pop(heap: Happening[]): Happening | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  heap[0] = last;
  let at = 0;
  for (;;) {
    let least = at;
    for (const child of [2 * at + 1, 2 * at + 2]) {
      if (child < heap.length && before(heap[child] as Happening, heap[least] as Happening)) least = child;
    }
    if (least === at) return first;
    [heap[at], heap[least]] = [heap[least] as Happening, heap[at] as Happening];
    at = least;
  }
}
