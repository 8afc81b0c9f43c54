// Whose state has changed, of one merchant's consultants: told to whoever keeps an eye on them, who then reads what he wants
// to know. Nothing is read here: a hint names the consultant, and many hints of a moment are one event.

import type { Response } from 'express';
import type { Clock, Timer } from '../flow/ports.ts';

export interface WatchedConsultants {
  merchantId: string;
  /** Only this one’s. */
  only?: string;
}

/** A call that begins writes its consultant several times, and whoever hears of it reads a whole list. */
const gatherMs = 300;
/** Whose line is so slow that this much waits for it is better served by reconnecting. */
const waitingBytesMax = 262_144;

/** Everybody who keeps an eye on the consultants of one merchant. */
export class Audience {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #viewers = new Map<Response, string | undefined>();
  /** Not told yet; `all`: some hints may have been missed. */
  #changed: Set<string> | 'all' = new Set();
  #timer: Timer | undefined;

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#viewers.size;
  }

  join(response: Response, only: string | undefined): void {
    this.#viewers.set(response, only);
  }

  leave(response: Response): void {
    this.#viewers.delete(response);
    if (this.size === 0) this.#timer?.cancel();
  }

  /** `undefined`: nobody knows whose. */
  hear(consultantId: string | undefined): void {
    if (consultantId === undefined) this.#changed = 'all';
    else if (this.#changed !== 'all') this.#changed.add(consultantId);
    this.#timer ??= this.#clock.after(gatherMs, () => {
      this.#timer = undefined;
      this.#tell();
    });
  }

  beat(): void {
    for (const viewer of this.#viewers.keys()) viewer.write(':\n\n');
  }

  end(): void {
    this.#timer?.cancel();
    for (const viewer of [...this.#viewers.keys()]) viewer.end();
  }

  #tell(): void {
    const changed = this.#changed;
    this.#changed = new Set();
    for (const [viewer, only] of [...this.#viewers]) {
      if (changed !== 'all' && only !== undefined && !changed.has(only)) continue;
      if (viewer.writableLength > waitingBytesMax) {
        viewer.destroy();
        continue;
      }
      const ids = changed === 'all' ? null : only === undefined ? [...changed] : [only];
      viewer.write(`event: consultants\ndata: ${JSON.stringify({ ids })}\n\n`);
    }
  }
}
