// Whoever dials a number of ours, and the merchant's system beside him: it may wish the end of his call, and pays into accounts
// under a key it repeats until it is answered.

import type { E164, LegUuid } from '../../src/core/ids.ts';
import type { Cli } from '../../src/core/known-caller.ts';
import { money } from '../../src/core/money.ts';
import { topUp } from '../../src/flow/client-accounts.ts';
import { requestHangUp } from '../../src/flow/command-switch.ts';
import { type Client, request } from './from-outside.ts';
import type { DialledCall, KnownHouse, PaidInto } from './known-calls.ts';
import type { SimDatabase } from './sim-database.ts';
import type { SimSwitch } from './sim-switch.ts';

const triesMax = 12;

export class SimDiallers {
  readonly #client: Client;
  readonly #known: KnownHouse | undefined;
  readonly #switches: readonly SimSwitch[];
  readonly #database: SimDatabase;
  readonly #merchantId: string;
  readonly #currency: string;
  #toCome = 0;

  constructor(
    client: Client,
    known: KnownHouse | undefined,
    {
      switches,
      database,
      merchantId,
      currency,
    }: {
      switches: readonly SimSwitch[];
      database: SimDatabase;
      merchantId: string;
      currency: string;
    },
  ) {
    this.#client = client;
    this.#known = known;
    this.#switches = switches;
    this.#database = database;
    this.#merchantId = merchantId;
    this.#currency = currency;
  }

  /** Nobody is still to dial, or to be answered. */
  get done(): boolean {
    return this.#toCome === 0;
  }

  begin(): void {
    for (const call of this.#known?.calls ?? []) this.#later(call.atMs, () => this.#dial(call));
    for (const [index, paid] of (this.#known?.paidInto ?? []).entries()) {
      this.#later(paid.atMs, () => this.#payIn(paid, `paid-in-${String(index + 1)}`));
    }
  }

  /** Not waited for by the kernel: what it asks is answered in virtual time. */
  #later(afterMs: number, act: () => Promise<void>): void {
    this.#toCome += 1;
    this.#client.kernel.at(afterMs, 'outside', () => {
      void act().finally(() => (this.#toCome -= 1));
    });
  }

  async #dial({ number, trust, ddi, over, hungUpAfterMs }: DialledCall): Promise<void> {
    const cli: Cli = trust === 'withheld' ? { trust } : { trust, number: number as E164 };
    const leg = this.#switches[Math.min(over, this.#switches.length - 1)]?.dial(number, cli, ddi as E164);
    if (leg === undefined) this.#client.kernel.trace(`        ${number} cannot dial`);
    else if (hungUpAfterMs !== undefined) await this.#hangUp(leg, hungUpAfterMs);
  }

  async #hangUp(leg: LegUuid, afterMs: number): Promise<void> {
    await this.#wait(afterMs);
    const [found] = await this.#client.kernel.working(
      this.#database.look<{ id: string }>(
        `select id from call_sessions where progress->>'callerLegUuid' = ?`,
        [leg],
      ),
    );
    if (!found) return;
    await request(this.#client, 'ends the call', (house) => requestHangUp(house, this.#merchantId, found.id));
  }

  async #payIn({ clientCode, amount, twice }: PaidInto, requestKey: string): Promise<void> {
    let answered = 0;
    for (let tries = 0; tries < triesMax && answered < (twice ? 2 : 1); tries += 1) {
      const paid = await request(this.#client, 'pays in', (house) =>
        topUp(house, this.#merchantId, {
          clientCode,
          amount: money(amount, this.#currency),
          requestKey,
        }),
      );
      if (paid) answered += 1;
      await this.#wait(this.#client.random.int(1_000, 5_000));
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#client.kernel.at(ms, 'outside waits', resolve);
    });
  }
}
