// Consultants who say what they are by web: each says it again until somebody has taken it, and only then believes it.

import { setAvailability } from '../../src/flow/consultant-state.ts';
import { archiveConsultant } from '../../src/store/consultant-records.ts';
import type { ConsultantSetting } from '../../src/core/consultant.ts';
import type { Availability, ConsultantAct } from './availability.ts';
import { type Client, request } from './from-outside.ts';

const againMs = 3_000;

/** He is not to be rung, for certain: since he was told so, until he next says something, or until he is back. */
interface No {
  sinceMs: number;
  untilMs: number;
}

export class SimConsultants {
  readonly #client: Client;
  readonly #merchantId: string;
  readonly #ids: readonly string[];
  readonly #no = new Map<string, No>();
  /** Who left, since when for certain. */
  readonly #leftMs = new Map<string, number>();
  #toCome = 0;

  constructor(client: Client, merchantId: string, ids: readonly string[]) {
    this.#client = client;
    this.#merchantId = merchantId;
    this.#ids = ids;
  }

  get done(): boolean {
    return this.#toCome === 0;
  }

  begin({ lives }: Availability): void {
    for (const [index, { acts, leavesAtMs }] of lives.entries()) {
      const id = this.#ids[index] ?? '';
      const turns = [...acts].sort((one, other) => one.atMs - other.atMs);
      if (turns.length > 0) {
        this.#toCome += 1;
        void this.#live(id, turns);
      }
      if (leavesAtMs !== undefined) {
        this.#toCome += 1;
        this.#client.kernel.at(leavesAtMs, `${id} leaves`, () => void this.#leave(id));
      }
    }
  }

  /** He had said no, or was gone, before this instant, and nothing has been said since. */
  saidNoBefore(id: string, atMs: number): boolean {
    const no = this.#no.get(id);
    if (no && no.sinceMs < atMs && atMs < no.untilMs) return true;
    return (this.#leftMs.get(id) ?? Infinity) < atMs;
  }

  async #live(id: string, acts: readonly ConsultantAct[]): Promise<void> {
    const { kernel } = this.#client;
    for (const { atMs, setting: is, forMs } of acts) {
      await this.#wait(Math.max(atMs - kernel.elapsedMs, 0));
      // From here on he may be what he says, or what he was.
      this.#no.delete(id);
      const backAt = forMs === undefined ? undefined : new Date(kernel.nowMs + forMs);
      const setting: ConsultantSetting = { is, ...(backAt && { backAt }) };
      await this.#untilTaken(`${id} says ${is}`, (tx, house) =>
        setAvailability(house, tx, {
          merchantId: this.#merchantId,
          consultantId: id,
          setting,
          by: 'consultant',
        }),
      );
      if (is === 'available') continue;
      this.#no.set(id, { sinceMs: kernel.nowMs, untilMs: backAt?.getTime() ?? Infinity });
    }
    this.#toCome -= 1;
  }

  async #leave(id: string): Promise<void> {
    await this.#untilTaken(`${id} is taken off`, (tx, house) => archiveConsultant(tx, id, house.clock.now()));
    this.#leftMs.set(id, this.#client.kernel.nowMs);
    this.#toCome -= 1;
  }

  async #untilTaken(
    what: string,
    act: (
      tx: Parameters<typeof archiveConsultant>[0],
      house: Parameters<typeof setAvailability>[0],
    ) => Promise<unknown>,
  ): Promise<void> {
    const taken = (): Promise<true | undefined> =>
      request(this.#client, what, async (house) => {
        await house.db.asMerchant(this.#merchantId, (tx) => act(tx, house));
        return true as const;
      });
    while ((await taken()) === undefined) await this.#wait(againMs);
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#client.kernel.at(ms, 'a consultant waits', resolve);
    });
  }
}
