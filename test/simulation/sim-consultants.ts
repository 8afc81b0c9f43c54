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
  /** Words of his that may still be carried out: by web, by telephone. While there are any nobody knows what he is. */
  readonly #underWay = new Map<string, Set<string>>();
  readonly #lastWord = new Map<string, string>();
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

  /** He keys what he wants to be: `word` names it until he has heard that it is so. */
  wishes(id: string, word: string): void {
    this.#no.delete(id);
    this.#lastWord.set(id, word);
    const others = this.#underWay.get(id) ?? new Set();
    this.#underWay.set(id, others.add(word));
  }

  /** He has heard that he is what he wished, not to be rung until then, for certain if no other word of his was or is under way. */
  isSure(id: string, word: string, untilMs: number | undefined): void {
    const words = this.#underWay.get(id);
    words?.delete(word);
    if (untilMs === undefined || (words?.size ?? 0) > 0 || this.#lastWord.get(id) !== word) return;
    this.#no.set(id, { sinceMs: this.#client.kernel.nowMs, untilMs });
  }

  async #live(id: string, acts: readonly ConsultantAct[]): Promise<void> {
    const { kernel } = this.#client;
    for (const [nth, { atMs, setting: is, forMs }] of acts.entries()) {
      await this.#wait(Math.max(atMs - kernel.elapsedMs, 0));
      // From here on he may be what he says, or what he was.
      const word = `web ${String(nth)}`;
      this.wishes(id, word);
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
      this.isSure(id, word, is === 'available' ? undefined : (backAt?.getTime() ?? Infinity));
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
