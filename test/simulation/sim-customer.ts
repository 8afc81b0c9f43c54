// Whoever orders: a merchant's system by the API, which repeats what was not answered under the same key, or a caller on the
// page, who presses the button again. What they see of us is what a browser and an HTTP client see: an answer, or none.

import { requestHangUp } from '../../src/flow/command-switch.ts';
import type { House } from '../../src/flow/house.ts';
import { orderCallback, type Ordered } from '../../src/flow/order-callback.ts';
import { agreeToOrder, cancelOrder, pageSaysPaid } from '../../src/flow/pay-on-page.ts';
import type { Kernel, Random } from './kernel.ts';
import type { SimOrder } from './scenario.ts';
import { type SimGateway, wordOf } from './sim-gateway.ts';
import type { SimProcessor } from './sim-processor.ts';

/** An HTTP client waits no longer. */
const patienceMs = 15_000;
const triesMax = 12;

export interface CustomerWorld {
  kernel: Kernel;
  gateways: readonly SimGateway[];
  processor: SimProcessor;
  merchantId: string;
  line: string;
  consultants: readonly string[];
}

export class SimCustomer {
  readonly order: SimOrder;
  readonly #world: CustomerWorld;
  readonly #name: string;
  readonly #random: Random;
  /** Nothing more is to come of him. */
  done = false;

  constructor(world: CustomerWorld, order: SimOrder, index: number) {
    this.#world = world;
    this.order = order;
    this.#name = `customer ${String(index + 1)}`;
    this.#random = world.kernel.random.fork(this.#name);
  }

  begin(): void {
    this.#world.kernel.at(this.order.atMs, `${this.#name} orders`, () => void this.#live());
  }

  async #live(): Promise<void> {
    try {
      const ordered = await this.#place();
      if (ordered?.outcome !== 'ordered') return;
      const { hungUpAfterMs } = this.order;
      const { callSessionId } = ordered;
      if (hungUpAfterMs !== undefined && callSessionId !== undefined) {
        this.#world.kernel.at(hungUpAfterMs, `${this.#name} ends it`, () => {
          void this.#ask('ends the call', (house) =>
            requestHangUp(house, this.#world.merchantId, callSessionId),
          );
        });
      }
      if (ordered.needsPage) await this.#pay(ordered.accessToken);
    } finally {
      this.done = true;
    }
  }

  async #place(): Promise<Ordered | undefined> {
    const { order } = this;
    const { line, consultants, processor, merchantId } = this.#world;
    const consultantId = order.consultant === undefined ? undefined : consultants[order.consultant];
    for (let tries = 0; tries < triesMax; tries += 1) {
      const ordered = await this.#ask('orders', (house) =>
        orderCallback(house, merchantId, {
          line,
          source: order.source,
          language: 'fr',
          callerNumber: order.callerNumber,
          chosenSeconds: order.chosenSeconds,
          moreTime: order.moreTime,
          ...(consultantId !== undefined && { consultantId }),
          ...(order.source === 'api' && {
            paymentMethod: processor.paymentMethod(order.card),
            requestKey: `${this.#name}-request`,
          }),
        }),
      );
      if (ordered) {
        const { outcome } = ordered;
        this.#say(outcome === 'refused' ? `is refused: ${ordered.refusal.because}` : 'has ordered');
        if (outcome === 'ordered') return ordered;
        if (!['switch_away', 'processor_away', 'nobody_free'].includes(ordered.refusal.because))
          return ordered;
      }
      await this.#wait(this.#random.int(2_000, 6_000));
    }
    return undefined;
  }

  async #pay(token: string): Promise<void> {
    const { order } = this;
    const { kernel, processor } = this.#world;
    if (order.givesUpAfterMs !== undefined) {
      kernel.at(order.givesUpAfterMs, `${this.#name} gives up`, () => {
        void this.#ask('gives up', (house) => cancelOrder(house, token));
      });
    }
    for (let tries = 0; tries < triesMax; tries += 1) {
      await this.#wait(this.#random.int(1_000, 4_000));
      const agreed = await this.#ask('agrees', (house) =>
        agreeToOrder(house, token, { texts: ['I agree to pay.'], ip: '192.0.2.7', userAgent: 'simulated' }),
      );
      if (agreed === undefined || agreed.outcome === 'processor_away') continue;
      if (agreed.outcome !== 'card') {
        this.#say(`cannot pay: ${agreed.outcome}`);
        return;
      }
      await this.#wait(this.#random.int(500, 3_000));
      const confirmed = await processor.confirm(agreed.clientSecret, order.card);
      this.#say(`confirms the card: ${confirmed}`);
      if (!order.saysPaid) return;
      await this.#ask('says paid', (house) => pageSaysPaid(house, token));
      return;
    }
  }

  /** One HTTP request to any gateway that answers; `undefined`: none did, or it answered with an error. */
  #ask<T>(what: string, act: (house: House) => Promise<T>): Promise<T | undefined> {
    const { kernel, gateways } = this.#world;
    const answering = gateways.filter((one) => one.answers);
    if (answering.length === 0) {
      this.#say(`${what}: nobody answers`);
      return Promise.resolve(undefined);
    }
    const gateway = this.#random.pick(answering);
    const { house, process } = gateway;
    if (!house || !process) return Promise.resolve(undefined);
    this.#say(`${what} at ${process.name}`);
    return new Promise((resolve) => {
      const patience = kernel.at(patienceMs, 'patience', () => {
        this.#say(`${what}: no answer`);
        resolve(undefined);
      });
      const answer = (value: T | undefined): void => {
        patience.cancel();
        resolve(value);
      };
      process.at(this.#random.int(1, 30), what, () => {
        act(house).then(
          (value) => answer(value),
          (error: unknown) => {
            this.#say(`${what}: an error (${wordOf(error)})`);
            answer(undefined);
          },
        );
      });
    });
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#world.kernel.at(ms, `${this.#name} waits`, resolve);
    });
  }

  #say(what: string): void {
    this.#world.kernel.trace(`        ${this.#name} ${what}`);
  }
}
