// One incarnation of a gateway process: its clock, its ids, and whether it lives. What it does to the outside goes through
// `act`. Killed, its timers never fire and what it awaits never comes; frozen (SIGSTOP), everything comes when it goes on.

import type { Clock, Ids } from '../../src/flow/ports.ts';
import { idPrefixes, type LegUuid } from '../../src/core/ids.ts';
import type { ActFault, ActKind } from './fault-plan.ts';
import type { Kernel } from './kernel.ts';
import type { Random } from './random.ts';

/** How long an act is on its way there, and its answer back: from, to, in milliseconds. */
const latencyMs: Record<ActKind, readonly [number, number]> = {
  transaction: [1, 4],
  query: [1, 3],
  lease: [1, 3],
  switch: [1, 8],
  processor: [40, 400],
  notice: [10, 200],
  server: [10, 300],
  room: [1, 5],
  mail: [10, 100],
  spool: [1, 5],
};

const never = new Promise<never>(() => undefined);

export class GatewayProcess {
  /** `gw1`: the gateway whose incarnation this is. */
  readonly gateway: string;
  /** `gw1.2`: the second one. */
  readonly name: string;
  readonly clock: Clock;
  readonly ids: Ids;
  alive = true;
  frozen = false;
  /** Told once when it dies. */
  onDeath: (() => void) | undefined;
  readonly #kernel: Kernel;
  readonly #latency: Random;
  readonly #bornAtMs: number;
  readonly #whenThawed: (() => void)[] = [];
  /** Acts of one lane (one connection) arrive, and are answered, in their order. */
  readonly #lanes = new Map<string, { arrivesAtMs: number; answeredAtMs: number }>();

  constructor(kernel: Kernel, gateway: string, incarnation: number) {
    this.#kernel = kernel;
    this.gateway = gateway;
    this.name = `${gateway}.${String(incarnation)}`;
    this.#bornAtMs = kernel.nowMs;
    this.#latency = kernel.random.fork(`${this.name}/latency`);
    const chance = kernel.random.fork(`${this.name}/ids`);
    this.clock = {
      now: () => new Date(kernel.nowMs),
      monotonicMs: () => kernel.nowMs - this.#bornAtMs + 1,
      after: (delayMs, act) => this.at(delayMs, `${this.name} timer`, act),
    };
    let made = 0;
    this.ids = {
      id: (kind) => {
        made += 1;
        return `${idPrefixes[kind]}_${Math.floor(kernel.nowMs).toString(36)}${made.toString(36).padStart(4, '0')}${chance.hex(6)}`;
      },
      legUuid: () => uuid(chance) as LegUuid,
      token: () => chance.hex(16),
      chance: () => chance.next(),
    };
  }

  /** Something happens within this process after so long: a timer, a word from outside. Never once it is dead. */
  at(afterMs: number, label: string, act: () => void): { cancel(): void } {
    let cancelled = false;
    const happen = (): void => {
      if (cancelled || !this.alive) return;
      if (this.frozen) this.#whenThawed.push(happen);
      else act();
    };
    const timer = this.#kernel.at(afterMs, label, happen);
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  /**
   * An outside act: performed wholly at one instant, its answer delivered at a later one. The plan may crash the process
   * before or after it, lose the request or the answer, delay it, or hand `perform` a fault of its own kind. A `perform` that
   * throws is an answer too: it is thrown here. `lost`: what the port answers (or throws) when no answer has come within
   * `deadlineMs`. `lane`: acts of one lane arrive and are answered in their order, as on one connection.
   */
  act<T>(
    kind: ActKind,
    label: string,
    perform: (fault: ActFault | undefined) => T | Promise<T>,
    lost: () => T,
    deadlineMs: number,
    lane?: string,
  ): Promise<T> {
    if (!this.alive) return never;
    const kernel = this.#kernel;
    const fault = kernel.nextAct(kind);
    const nth = kernel.acts[kind];
    const [from, to] = latencyMs[kind];
    const there = this.#latency.int(from, to) / 2 + (fault?.fault === 'slow' ? (fault.ms ?? 2_000) : 0);
    const back = this.#latency.int(from, to) / 2;
    const wire = lane === undefined ? undefined : this.#lane(lane);
    const arrivesInMs = Math.max(there, (wire?.arrivesAtMs ?? 0) - kernel.nowMs);
    if (wire) wire.arrivesAtMs = kernel.nowMs + arrivesInMs;
    if (fault) kernel.trace(`${this.name}  !! ${fault.fault} at ${kind} ${String(nth)}: ${label}`);

    return new Promise<T>((resolve, reject) => {
      let answered = false;
      const answer = (give: () => void): void => {
        if (answered) return;
        answered = true;
        deadline.cancel();
        give();
      };
      const deadline = this.at(deadlineMs, `${this.name} deadline`, () =>
        answer(() => {
          try {
            resolve(lost());
          } catch (error) {
            reject(asError(error));
          }
        }),
      );
      const deliver = (give: () => void): void => {
        if (fault?.fault === 'lose_answer') return;
        const inMs = Math.max(back, (wire?.answeredAtMs ?? 0) - kernel.nowMs);
        if (wire) wire.answeredAtMs = kernel.nowMs + inMs;
        this.at(inMs, `${this.name} answer`, () => answer(give));
      };
      // Once sent it is on the wire: a process that freezes does not stop it; one that dies before it left does.
      kernel.at(arrivesInMs, label, async () => {
        if (!this.alive) return;
        if (fault?.fault === 'crash_before') {
          this.kill();
          return;
        }
        if (fault?.fault === 'lose_request') return;
        try {
          const result = await perform(fault);
          deliver(() => resolve(result));
        } catch (error) {
          deliver(() => reject(asError(error)));
        }
        if (fault?.fault === 'crash_after') this.kill();
      });
    });
  }

  /** kill -9: nothing of it goes on. */
  kill(): void {
    if (!this.alive) return;
    this.alive = false;
    this.#whenThawed.length = 0;
    this.#kernel.trace(`${this.name}  killed`);
    this.onDeath?.();
  }

  freeze(): void {
    if (this.alive) this.frozen = true;
  }

  /** Everything that came meanwhile comes now, in its order. */
  thaw(): void {
    if (!this.frozen) return;
    this.frozen = false;
    const waiting = this.#whenThawed.splice(0);
    for (const happen of waiting) this.#kernel.at(0, `${this.name} thawed`, happen);
  }

  #lane(name: string): { arrivesAtMs: number; answeredAtMs: number } {
    let lane = this.#lanes.get(name);
    if (!lane) this.#lanes.set(name, (lane = { arrivesAtMs: 0, answeredAtMs: 0 }));
    return lane;
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

function uuid(chance: Random): string {
  const hex = chance.hex(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
