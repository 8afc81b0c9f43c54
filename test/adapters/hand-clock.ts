// A clock turned by hand: deadlines of seconds are reached without waiting for them.
import type { Clock, Timer } from '../../src/flow/ports.ts';

export class HandClock implements Clock {
  #nowMs = 1_000;
  readonly #due = new Set<{ atMs: number; act: () => void }>();

  now(): Date {
    return new Date(1_795_292_217_000 + this.#nowMs);
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, act: () => void): Timer {
    const timer = { atMs: this.#nowMs + delayMs, act };
    this.#due.add(timer);
    return { cancel: () => void this.#due.delete(timer) };
  }

  /** How far away the next timer is; `undefined` when none waits. */
  nextInMs(): number | undefined {
    const times = [...this.#due].map((timer) => timer.atMs - this.#nowMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Time passes; what falls due acts at its own time, in order, also what was set meanwhile. */
  turn(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const next = [...this.#due].filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#due.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.act();
    }
    this.#nowMs = untilMs;
  }
}
