// Who calls while the house is ill-treated: orders at a steady rate, each repeated with its key until it is taken or refused
// for good, as a merchant's server does; telephones that answer, agree and hang up after a talk of known length.

import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import type { RunningHouse } from '../bench/running-house.ts';
import { callerNumber, makeScene, type Scene, scriptPhones } from '../bench/scene.ts';
import type { ChaosHouse } from './chaos-house.ts';

export interface Placed {
  reference: string;
  /** How long he wants to talk. */
  talkMs: number;
  outcome: 'taken' | 'refused' | 'not_taken';
  tries: number;
  /** Of the answer that decided. */
  status: number;
}

const answerAfterMs = 100;
/** Longer than any outage here: who is not let in by then is told so. */
const patienceMs = 90_000;
const tryMs = 8_000;

export class Callers {
  readonly #house: ChaosHouse;
  readonly #scene: Scene;
  readonly #pool: Pool;
  readonly #chance: () => number;
  #count = 0;

  private constructor(house: ChaosHouse, scene: Scene, chance: () => number) {
    this.#house = house;
    this.#scene = scene;
    this.#chance = chance;
    this.#pool = new Pool(house.url, { connections: 32 });
  }

  static async meet(house: ChaosHouse, chance: () => number): Promise<Callers> {
    const { adminUrl, secretsKey, merchantUrl: sandboxUrl, noticeSecret } = house;
    const sandboxSecrets = { secretKey: house.processorKey, noticeSecret };
    const scene = await makeScene({ adminUrl, secretsKey, sandboxUrl, sandboxSecrets } as RunningHouse, {
      merchants: 3,
      linesPerMerchant: 2,
      consultantsPerLine: 12,
    });
    const callers = new Callers(house, scene, chance);
    await callers.#script(
      scene.consultantNumbers.map((number) => [number, { behaviour: 'answers', answerAfterMs, keys: '1' }]),
    );
    return callers;
  }

  /** One order every so often until `until` (performance.now()); resolves when each has its answer. */
  async call(perSecond: number, until: number): Promise<Placed[]> {
    const placed: Promise<Placed>[] = [];
    while (performance.now() < until) {
      placed.push(this.#one());
      await delay(1000 / perSecond);
    }
    return Promise.all(placed);
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #one(): Promise<Placed> {
    const place = (this.#count += 1);
    const number = callerNumber(place);
    const talkMs = Math.round(4_000 + 20_000 * this.#chance());
    await this.#script([
      [number, { behaviour: 'answers', answerAfterMs, keys: '1', hangUpAfterTalkMs: talkMs }],
    ]);
    const seller = this.#scene.sellers[place % this.#scene.sellers.length];
    const line = seller?.talkLines[Math.floor(place / 3) % seller.talkLines.length] ?? '';
    const placed: Placed = {
      reference: `chaos-${String(place)}`,
      talkMs,
      outcome: 'not_taken',
      tries: 0,
      status: 0,
    };
    const deadline = performance.now() + patienceMs;
    while (performance.now() < deadline) {
      placed.tries += 1;
      placed.status = await this.#order(seller?.apiKey ?? '', line, number, placed.reference);
      if (placed.status === 201) return { ...placed, outcome: 'taken' };
      // Nobody is free, or it may not be: the same request would be refused again.
      const final =
        placed.status >= 400 && placed.status < 500 && ![408, 409, 425, 429].includes(placed.status);
      if (final) return { ...placed, outcome: 'refused' };
      await delay(500);
    }
    return placed;
  }

  /** 0: no answer. */
  async #order(apiKey: string, line: string, callerNumber: string, reference: string): Promise<number> {
    try {
      const answer = await this.#pool.request({
        method: 'POST',
        path: '/v1/callbacks',
        headers: {
          authorization: `Bearer ${apiKey}`,
          'content-type': 'application/json',
          'idempotency-key': reference,
        },
        body: JSON.stringify({ line, callerNumber, reference, paymentMethod: 'pm_card_visa' }),
        headersTimeout: tryMs,
        bodyTimeout: tryMs,
      });
      const text = await answer.body.text();
      // Everybody of this line talks: the key stays good for when somebody is free.
      if (answer.statusCode === 409 && text.includes('nobody')) return 422;
      return answer.statusCode;
    } catch {
      return 0;
    }
  }

  async #script(scripts: Parameters<typeof scriptPhones>[1]): Promise<void> {
    await scriptPhones({ sandboxUrl: this.#house.switchUrl } as RunningHouse, scripts);
  }
}
