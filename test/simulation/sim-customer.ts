// Whoever orders: a merchant's system by the API, which repeats what was not answered under the same key, or a caller on the
// page, who presses the button again. What they see of us is what a browser and an HTTP client see: an answer, or none.

import { money } from '../../src/core/money.ts';
import { requestHangUp } from '../../src/flow/command-switch.ts';
import type { House } from '../../src/flow/house.ts';
import { requestMoreTime } from '../../src/flow/more-time.ts';
import { orderCallback, type Ordered } from '../../src/flow/order-callback.ts';
import { agreeToOrder, cancelOrder, pageSaysPaid } from '../../src/flow/pay-on-page.ts';
import { type RefundMade, refundPayment } from '../../src/flow/refund-payment.ts';
import { request } from './from-outside.ts';
import { fixedLineSlug } from './house-names.ts';
import { type Kernel, type Random, Violation } from './kernel.ts';
import type { GivenBack, SimOrder } from './scenario.ts';
import type { SimGateway } from './sim-gateway.ts';
import type { SimProcessor } from './sim-processor.ts';

const triesMax = 12;
/** The page is looked at this often, for as long as a call may take. */
const pageEveryMs = 2_000;
const pageLooksMax = 25;
/** What is not captured by then hardly will be. */
const afterwardsEveryMs = 6_000;
const afterwardsTriesMax = 6;

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
      const { orderId, accessToken } = ordered;
      const { givesBack = [], disputedAfterMs } = this.order;
      await Promise.all([
        this.#goThroughPage(accessToken, ordered.needsPage),
        ...givesBack.map((one, index) =>
          this.#giveBack(orderId, one, `${this.#name}-refund-${String(index + 1)}`),
        ),
        disputedAfterMs === undefined ? undefined : this.#dispute(orderId, disputedAfterMs),
      ]);
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
          line: order.fixedSale === true ? fixedLineSlug : line,
          source: order.source,
          language: 'fr',
          ...(order.fixedSale !== true && {
            callerNumber: order.callerNumber,
            chosenSeconds: order.chosenSeconds,
            moreTime: order.moreTime,
            ...(consultantId !== undefined && { consultantId }),
          }),
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

  #ask<T>(what: string, act: (house: House) => Promise<T>): Promise<T | undefined> {
    const { kernel, gateways } = this.#world;
    return request({ name: this.#name, random: this.#random, kernel, gateways }, what, act);
  }

  async #goThroughPage(token: string, needsPage: boolean): Promise<void> {
    if (needsPage) await this.#pay(token);
    if (this.order.asksOnPage !== true) return;
    for (let looks = 0; looks < pageLooksMax; looks += 1) {
      await this.#wait(pageEveryMs);
      const asked = await this.#ask('asks for more time', (house) => requestMoreTime(house, token));
      if (asked === 'asked' || asked === 'unknown_order') return;
    }
  }

  // --- The merchant's system, and the cardholder's bank ----------------------------------------------------------------

  async #giveBack(orderId: string, { afterMs, amount, twice }: GivenBack, requestKey: string): Promise<void> {
    const { kernel, merchantId } = this.#world;
    const ask = (): Promise<RefundMade | undefined> =>
      this.#ask('gives back', (house) =>
        refundPayment(house, merchantId, {
          orderId,
          requestKey,
          ...(amount !== undefined && { amount: money(amount, 'EUR') }),
        }),
      );
    await this.#wait(afterMs);
    let first: string | undefined;
    for (let tries = 0; tries < afterwardsTriesMax; tries += 1) {
      const made = await ask();
      if (made?.outcome === 'made') {
        if (first !== undefined && made.refund.id !== first) {
          kernel.fail(new Violation(`two refunds of one request: ${first} ${made.refund.id}`));
        }
        if (!twice || first !== undefined) return;
        first = made.refund.id;
      } else if (made && made.outcome !== 'nothing_captured') return;
      await this.#wait(afterwardsEveryMs);
    }
  }

  async #dispute(orderId: string, afterMs: number): Promise<void> {
    const { processor } = this.#world;
    await this.#wait(afterMs);
    for (let tries = 0; tries < afterwardsTriesMax; tries += 1) {
      const taken = processor
        .intents()
        .find(({ status, metadata }) => status === 'succeeded' && metadata['order'] === orderId);
      if (taken) {
        processor.openDispute(taken.id);
        return;
      }
      await this.#wait(afterwardsEveryMs);
    }
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
