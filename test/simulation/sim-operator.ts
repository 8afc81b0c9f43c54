// Whoever operates the house: pulls the kill switch, asks again until somebody has said that it is pulled, and lets calls be
// made again later.

import { resumeCalls, stopCalls } from '../../src/flow/kill-switch.ts';
import { type Client, request } from './from-outside.ts';
import type { Stop } from './scenario.ts';

const againMs = 3_000;

export class SimOperator {
  readonly #client: Client;
  readonly #merchantId: string;
  readonly #stop: Stop | undefined;
  /** Since when calls are stopped for certain; absent: they are not, or may be allowed again. */
  stoppedSinceMs: number | undefined;
  /** From when he first asked for that until he let calls go on: what rings ends. */
  #asked: { fromMs: number; toMs: number } | undefined;
  done: boolean;

  constructor(client: Client, merchantId: string, stop: Stop | undefined) {
    this.#client = client;
    this.#merchantId = merchantId;
    this.#stop = stop;
    this.done = stop === undefined;
  }

  begin(): void {
    const stop = this.#stop;
    if (stop) this.#client.kernel.at(stop.atMs, 'the operator stops calls', () => void this.#live(stop));
  }

  /** What rang at this instant may have been ended. */
  endsWhatRings(atMs: number): boolean {
    return this.#asked !== undefined && this.#asked.fromMs <= atMs && atMs <= this.#asked.toMs;
  }

  async #live({ forMs, alsoTalks, wholeHouse }: Stop): Promise<void> {
    const { kernel } = this.#client;
    const whose = wholeHouse ? {} : { merchantId: this.#merchantId };
    const asked = { fromMs: kernel.nowMs, toMs: Infinity };
    this.#asked = asked;
    await this.#untilDone('stops calls', (house) =>
      stopCalls(house, { ...whose, alsoTalks, reason: 'simulated' }),
    );
    this.stoppedSinceMs = kernel.nowMs;
    await this.#wait(forMs);
    this.stoppedSinceMs = undefined;
    asked.toMs = kernel.nowMs;
    await this.#untilDone('lets calls go on', async (house) => {
      await resumeCalls(house, whose);
      return true;
    });
    this.done = true;
  }

  async #untilDone<T>(what: string, act: Parameters<typeof request<T>>[2]): Promise<void> {
    while ((await request(this.#client, what, act)) === undefined) await this.#wait(againMs);
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#client.kernel.at(ms, 'the operator waits', resolve);
    });
  }
}
