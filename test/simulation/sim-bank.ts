// Cards and the banks behind them: what a card does when it is asked for money, how its holder answers his bank, when a hold is
// given back. Not here: requests and keys (sim-processor).

import type { DeclineReason } from '../../src/flow/ports.ts';
import type { Kernel, Random } from './kernel.ts';
import type { SimCard, SimIntent } from './sim-intent.ts';

export interface PaymentMethod {
  id: string;
  card: SimCard;
  fingerprint: string;
  last4: string;
  customer?: string;
  usedBy?: string;
}

export interface BankHost {
  readonly kernel: Kernel;
  id(prefix: string): string;
  tell(type: string, intent: SimIntent): void;
  /** Holds whose time has come. */
  expireDue(): void;
}

const hour = 3_600_000;
/** What Visa gives for a hold made by the cardholder online. */
const weekMs = 7 * 24 * hour;

export class SimBank {
  readonly #host: BankHost;
  readonly #random: Random;
  readonly #offSessionDeclines: number;
  readonly #methods = new Map<string, PaymentMethod>();
  /** What the next cards that are asked are refused for. */
  readonly declines: DeclineReason[] = [];
  /** How long holds made from now on last. */
  holdMs = weekMs;

  /** `offSessionDeclines`: how often more is refused of what was held before. */
  constructor(host: BankHost, offSessionDeclines: number) {
    this.#host = host;
    this.#random = host.kernel.random.fork('banks');
    this.#offSessionDeclines = offSessionDeclines;
  }

  method(id: string): PaymentMethod | undefined {
    return this.#methods.get(id);
  }

  /** What was kept with it pays nothing any more. */
  forget(customer: string): void {
    for (const method of this.#methods.values()) {
      if (method.customer !== customer) continue;
      delete method.customer;
      method.usedBy ??= customer;
    }
  }

  newMethod(card: SimCard, last4 = '4242'): PaymentMethod {
    const id = this.#host.id('pm');
    const method: PaymentMethod = { id, card, fingerprint: `fp_${card}`, last4 };
    this.#methods.set(id, method);
    return method;
  }

  /** The reason the bank refused it for; nothing where it holds the amount or asks the cardholder. */
  attach(
    intent: SimIntent,
    method: PaymentMethod,
    offSession: boolean | 'by_telephone',
  ): DeclineReason | undefined {
    const refusal = this.#refusal(method, offSession);
    if (refusal !== undefined) {
      intent.lastDecline = refusal;
      this.#host.tell('payment_intent.payment_failed', intent);
      return refusal;
    }
    method.usedBy = intent.id;
    if (intent.keep) method.customer ??= this.#host.id('cus');
    intent.card = {
      ...{ brand: 'visa', last4: method.last4, paymentMethod: method.id, fingerprint: method.fingerprint },
      ...(method.customer !== undefined && { customer: method.customer }),
    };
    const asks = method.card === 'authentication' || method.card === 'authentication_abandoned';
    if (asks && offSession !== true) {
      intent.status = 'requires_action';
      this.#host.tell('payment_intent.requires_action', intent);
    } else {
      this.#hold(intent);
    }
    return undefined;
  }

  #refusal(method: PaymentMethod, offSession: boolean | 'by_telephone'): DeclineReason | undefined {
    const planned = this.declines.shift();
    if (planned !== undefined) return planned;
    if (method.card === 'declined') return 'insufficient_funds';
    if (method.card === 'good_once' && method.usedBy !== undefined) return 'insufficient_funds';
    if (offSession === 'by_telephone')
      // Nobody can answer his bank: most say no at once, some ask all the same.
      return method.card === 'authentication' ? 'authentication_failed' : undefined;
    if (!offSession) return undefined;
    if (method.card !== 'good') return 'authentication_failed';
    const odds = this.#offSessionDeclines;
    return this.#random.chance(odds) ? 'insufficient_funds' : undefined;
  }

  /** He answers his bank: mostly soon, sometimes when nobody waits any more. */
  answer(intent: SimIntent): void {
    const inMs = this.#random.chance(0.15)
      ? this.#random.int(60_000, 400_000)
      : this.#random.int(2_000, 20_000);
    const passes = this.#random.chance(0.85);
    this.#host.kernel.at(inMs, 'bank answered', () => {
      if (intent.status !== 'requires_action') return;
      if (passes) {
        this.#hold(intent);
        return;
      }
      intent.status = 'requires_payment_method';
      intent.lastDecline = 'authentication_failed';
      this.#host.tell('payment_intent.payment_failed', intent);
    });
  }

  #hold(intent: SimIntent): void {
    intent.status = 'requires_capture';
    intent.held = intent.amount;
    intent.chargeId = this.#host.id('ch');
    intent.captureBeforeMs = this.#host.kernel.nowMs + this.holdMs;
    this.#host.tell('payment_intent.amount_capturable_updated', intent);
    // One of days is found out when somebody asks; one within the run happens by itself.
    if (this.holdMs < hour) this.#host.kernel.at(this.holdMs, 'hold expires', () => this.#host.expireDue());
  }

  expire(intent: SimIntent): void {
    if (intent.status !== 'requires_capture') return;
    intent.status = 'canceled';
    intent.expired = intent.held;
    this.#host.tell('payment_intent.canceled', intent);
  }
}
