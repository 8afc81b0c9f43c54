// What a switch's own clock shows now, as far as we can tell: asked, it says so, and every event says when it happened by
// that clock; we know when that arrived. Durations of money never come from here (they are differences of the switch's own
// stamps); what is left of a limit after a takeover does, and until when a talk is known to have lived.

import type { Clock, SwitchEvent } from './ports.ts';

export class SwitchClock {
  readonly #clock: Clock;
  /** The switch's clock minus our monotonic one, in microseconds; before the first event the wall clock must do. */
  #aheadUs: bigint | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Never ahead of the switch: an event arrives after it happened, by some milliseconds. */
  nowUs(): bigint {
    if (this.#aheadUs === undefined) return BigInt(this.#clock.now().getTime()) * 1000n;
    return this.#monotonicUs() + this.#aheadUs;
  }

  /** What it said when it was asked: that holds, also where somebody has set it back. */
  read(atUs: bigint): void {
    this.#aheadUs = atUs - this.#monotonicUs();
  }

  /** Events may be late: of two, the one that came sooner after it happened is nearer to the truth. */
  hear(event: SwitchEvent): void {
    const atUs = 'atUs' in event ? event.atUs : 'endedAtUs' in event ? event.endedAtUs : undefined;
    if (atUs === undefined || atUs <= 0n) return;
    const aheadUs = atUs - this.#monotonicUs();
    if (this.#aheadUs === undefined || aheadUs > this.#aheadUs) this.#aheadUs = aheadUs;
  }

  #monotonicUs(): bigint {
    return BigInt(Math.floor(this.#clock.monotonicMs() * 1000));
  }
}
