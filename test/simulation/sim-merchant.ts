// The merchant's server in the simulation: hears notices, remembers each word of them, and answers well, badly or not at all.

import type { Delivered, MerchantNotifier } from '../../src/flow/ports.ts';
import type { GatewayProcess, Kernel, Random } from './kernel.ts';

/** The HTTP client's to merchants. */
const deadlineMs = 10_000;

export interface HeardNotice {
  id: string;
  /** As it first came. */
  body: string;
  /** Every other body that came under this id: there must be none. */
  otherBodies: string[];
  /** When it arrived, each time, milliseconds since 1970. */
  times: number[];
  /** Answered 2xx at least once. */
  acknowledged: boolean;
}

export class SimMerchant {
  readonly #kernel: Kernel;
  readonly #random: Random;
  readonly #heard = new Map<string, HeardNotice>();
  #downUntilMs = 0;
  #goneUntilMs = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#random = kernel.random.fork('merchant');
  }

  portOf(process: GatewayProcess): MerchantNotifier {
    return {
      deliver: async (notice) => {
        const { clock } = process;
        const askedAtMs = clock.monotonicMs();
        const answer = await process.act<Delivered>(
          'notice',
          `notice ${notice.id.slice(-6)}`,
          (fault) =>
            fault?.fault === 'refused'
              ? { outcome: 'refused', status: 500 }
              : this.#hear(notice.id, notice.body),
          () => ({ outcome: 'no_answer', reason: 'timeout' }),
          deadlineMs,
        );
        if (answer.outcome === 'no_answer') {
          const leftMs = askedAtMs + deadlineMs - clock.monotonicMs();
          if (leftMs > 0) await new Promise<void>((resolve) => clock.after(leftMs, resolve));
        }
        return answer;
      },
    };
  }

  // --- For the scenario ----------------------------------------------------------------------------------------------

  /** Nothing arrives for so long. */
  goDown(ms: number): void {
    this.#downUntilMs = Math.max(this.#downUntilMs, this.#kernel.nowMs + ms);
    this.#kernel.trace(`merchant  down for ${String(ms)} ms`);
  }

  /** Answers 410 for so long: wants nothing more at this address. */
  gone(ms: number): void {
    this.#goneUntilMs = Math.max(this.#goneUntilMs, this.#kernel.nowMs + ms);
  }

  // --- For the invariants --------------------------------------------------------------------------------------------

  /** In the order they first came. */
  heard(): readonly HeardNotice[] {
    return [...this.#heard.values()];
  }

  #hear(id: string, body: string): Delivered {
    const { nowMs } = this.#kernel;
    if (nowMs < this.#downUntilMs) return { outcome: 'no_answer', reason: 'connection refused' };
    const known = this.#heard.get(id);
    const notice = known ?? { id, body, otherBodies: [], times: [], acknowledged: false };
    this.#heard.set(id, notice);
    if (body !== notice.body) notice.otherBodies.push(body);
    notice.times.push(nowMs);
    this.#kernel.changed();
    if (nowMs < this.#goneUntilMs || this.#kernel.happens('merchant_gone'))
      return { outcome: 'gone', status: 410 };
    if (this.#kernel.happens('merchant_refuses')) return this.#refusal();
    notice.acknowledged = true;
    return { outcome: 'delivered', status: 200 };
  }

  /** What it has heard it may have taken in, whatever it answers. */
  #refusal(): Delivered {
    const drawn = this.#random.int(1, 4);
    if (drawn === 1) return { outcome: 'no_answer', reason: 'silence' };
    if (drawn === 2) return { outcome: 'refused', status: 503, retryAfterSeconds: this.#random.int(1, 30) };
    return { outcome: 'refused', status: this.#random.pick([500, 502, 404]) };
  }
}
