// A simulated card processor by Stripe's rules (sandbox/processor-* has them with their sources): one answer a key for 24
// hours, a 500 included; intents with manual capture, the first capture final; holds that expire; a search that runs behind;
// events that are lost, doubled, late. Each request is carried out wholly at one instant. Here: the truth. How our adapter
// asks and reads is sim-processor-port's.

import { createHash } from 'node:crypto';
import { type Money, money, zero } from '../../src/core/money.ts';
import type { DeclineReason, Dispute, ProcessorHint } from '../../src/flow/ports.ts';
import { minimumCharge } from '../../src/payments/stripe-amounts.ts';
import type { GatewayProcess, Kernel, Random } from './kernel.ts';
import { type BankHost, SimBank } from './sim-bank.ts';
import { motoUnknown, type SimCard, type SimIntent, type SimRefund, stateOf } from './sim-intent.ts';
import { type Answer, SimProcessorPort } from './sim-processor-port.ts';

export type { SimCard, SimIntent, SimRefund } from './sim-intent.ts';

/** A request that changes something, as it arrived. */
export interface Write {
  kind: 'authorize' | 'capture' | 'void' | 'refund';
  key: string;
  account: string;
  /** Of everything in the request. */
  bodyHash: string;
  body: string;
  atMs: number;
  /** Which process sent it. */
  by: string;
  /** `done`: carried out. `again`: the stored answer was given. `refused`: nothing happened. `silence`: it arrived nowhere. */
  became: 'done' | 'again' | 'refused' | 'silence';
}

export interface ProcessorSettings {
  /** An event arrives at the house; false: nobody there took it, so it is sent again later. */
  onHint: (hint: ProcessorHint) => boolean | Promise<boolean>;
  /** A request has arrived, before anything is done about it. What it throws ends the run. */
  onWrite?: (write: Write) => void | Promise<void>;
  /** How often a bank refuses more of what it held before. */
  offSessionDeclines?: number;
}

const ownAccount = 'acct_own';
const keysLastMs = 24 * 3_600_000;
const dayMs = 24 * 3_600_000;
/** A server that has not acknowledged an event by then is sent it again. */
const hintPatienceMs = 20_000;

export class SimProcessor implements BankHost {
  readonly kernel: Kernel;
  readonly #settings: ProcessorSettings;
  readonly #random: Random;
  readonly #intents = new Map<string, SimIntent>();
  readonly #bank: SimBank;
  readonly #keys = new Map<string, { bodyHash: string; answer: Answer; atMs: number }>();
  readonly #refunds: SimRefund[] = [];
  readonly #disputes = new Map<string, Dispute & { openedAtMs: number }>();
  readonly #writes: Write[] = [];
  /** Customers that were removed, by their id. */
  readonly #removed = new Set<string>();
  /** When the search knows of an intent. */
  readonly #indexedAtMs = new Map<string, number>();
  #silentUntilMs = 0;
  #saved500s: { kind: Write['kind'] | 'any'; done: boolean }[] = [];
  #made = 0;

  constructor(kernel: Kernel, settings: ProcessorSettings) {
    this.kernel = kernel;
    this.#settings = settings;
    this.#random = kernel.random.fork('processor');
    this.#bank = new SimBank(this, settings.offSessionDeclines ?? 0.15);
  }

  // --- For the house -----------------------------------------------------------------------------------------------

  portOf(process: GatewayProcess): SimProcessorPort {
    return new SimProcessorPort(process, this);
  }

  // --- For the scenario: people and what goes wrong ------------------------------------------------------------------

  /** A payment method a merchant's system has collected. */
  paymentMethod(card: SimCard, last4?: string): string {
    return this.#bank.newMethod(card, last4).id;
  }

  /**
   * The caller confirms on the page with this card, or answers the bank where it has asked. What his browser shows him:
   * resolves in virtual time, and never reaches the gateways.
   */
  confirm(
    clientSecret: string,
    card: SimCard,
  ): Promise<'authorized' | 'declined' | 'asked_by_bank' | 'too_late' | 'no_answer'> {
    return new Promise((resolve) => {
      this.kernel.at(this.#random.int(100, 1_500), 'card confirmed', () => {
        if (this.silent) {
          resolve('no_answer');
          return;
        }
        const intent = [...this.#intents.values()].find((one) => one.clientSecret === clientSecret);
        if (!intent) {
          resolve('too_late');
          return;
        }
        if (intent.status === 'requires_payment_method')
          this.#bank.attach(intent, this.#bank.newMethod(card), false);
        if (intent.status === 'requires_action') {
          if (card === 'authentication') this.#bank.answer(intent);
          resolve('asked_by_bank');
          return;
        }
        resolve(
          intent.status === 'requires_capture'
            ? 'authorized'
            : intent.status === 'requires_payment_method'
              ? 'declined'
              : 'too_late',
        );
      });
    });
  }

  /** For so long nothing is answered; some requests are carried out all the same. */
  fallSilent(ms: number): void {
    this.#silentUntilMs = Math.max(this.#silentUntilMs, this.kernel.nowMs + ms);
    this.kernel.trace(`processor  silent for ${String(ms)} ms`);
  }

  get silent(): boolean {
    return this.kernel.nowMs < this.#silentUntilMs;
  }

  /** The next request of this kind is answered 500, and that answer kept under its key. `done`: although it was carried out. */
  saved500(kind: Write['kind'] | 'any', { done = false } = {}): void {
    this.#saved500s.push({ kind, done });
  }

  /** The next card that is asked is refused for this. */
  declineNext(reason: DeclineReason = 'declined'): void {
    this.#bank.declines.push(reason);
  }

  /** As if 24 hours had passed for every key: the same key is a new request. */
  pruneKeys(): void {
    this.#keys.clear();
    this.kernel.trace('processor  forgets all keys');
  }

  /** Holds made from now on last so long instead of a week. */
  holdsLast(ms: number): void {
    this.#bank.holdMs = ms;
  }

  /** The banks give back all that is held now. */
  expireHolds(): void {
    for (const intent of this.#intents.values()) this.#bank.expire(intent);
  }

  /** The cardholder's bank takes it back. */
  openDispute(intentId: string, reason = 'fraudulent'): string {
    const intent = this.#intents.get(intentId);
    if (intent?.status !== 'succeeded') throw new Error('Only what was captured is disputed');
    const disputeId = this.id('dp');
    const evidenceDueBy = new Date(this.kernel.nowMs + 7 * dayMs);
    this.#disputes.set(disputeId, {
      ...{ disputeId, intentId, reason, evidenceDueBy },
      amount: intent.captured,
      state: 'needs_response',
      openedAtMs: this.kernel.nowMs,
    });
    this.tell('charge.dispute.created', intent, { disputeId });
    return disputeId;
  }

  // --- For the invariants: the truth -------------------------------------------------------------------------------

  intents(): readonly SimIntent[] {
    this.expireDue();
    return [...this.#intents.values()];
  }

  /** Intents that still hold money of somebody. */
  held(): string[] {
    return this.intents()
      .filter((one) => one.status === 'requires_capture')
      .map((one) => one.id);
  }

  writes(): readonly Write[] {
    return this.#writes;
  }

  /** Nothing pays with them any more. */
  removedCustomers(): ReadonlySet<string> {
    return this.#removed;
  }

  /** The customer a payment method is kept with; `undefined`: it is kept with none. */
  keptWith(paymentMethod: string): string | undefined {
    return this.#bank.method(paymentMethod)?.customer;
  }

  refunds(): readonly SimRefund[] {
    return this.#refunds;
  }

  // --- Requests, each carried out at one instant -----------------------------------------------------------------------

  /**
   * One request under its key: carried out once, and from then on answered as it was then. `save`: the answer is a 500
   * whatever comes of it, and kept; `execute` false: and nothing comes of it.
   */
  async write(
    request: { kind: Write['kind']; key: string; account: string | undefined; body: object; by: string },
    planned: 'refused' | 'saved_500' | 'saved_500_done' | undefined,
    carryOut: (account: string) => Answer,
  ): Promise<Answer | 'silence'> {
    this.expireDue();
    const { kind, key, by } = request;
    const account = request.account ?? ownAccount;
    const body = JSON.stringify({ kind, ...request.body });
    const bodyHash = createHash('sha256').update(body).digest('hex').slice(0, 16);
    const write: Write = {
      kind,
      key,
      account,
      body,
      bodyHash,
      atMs: this.kernel.nowMs,
      by,
      became: 'refused',
    };
    this.#writes.push(write);
    this.kernel.changed();
    try {
      await this.#settings.onWrite?.(write);
    } catch (error) {
      this.kernel.fail(error);
      return 'silence';
    }
    const carriedOutInSilence = this.silent && this.#random.chance(0.3);
    if (this.silent && !carriedOutInSilence) {
      write.became = 'silence';
      return 'silence';
    }
    const kept = this.#keys.get(`${account}/${key}`);
    if (kept && kept.atMs + keysLastMs > this.kernel.nowMs) {
      if (kept.bodyHash !== bodyHash) return { status: 400, code: 'idempotency_error' };
      write.became = 'again';
      return carriedOutInSilence ? 'silence' : { ...kept.answer, replayed: true };
    }
    if (planned === 'refused') return { status: 500, code: 'api_error' };
    const saved = this.#saved500(kind, planned);
    let answer: Answer = saved === 'not_done' ? { status: 500, code: 'api_error' } : carryOut(account);
    write.became = answer.status === 200 || answer.status === 402 ? 'done' : 'refused';
    if (saved !== undefined) answer = { status: 500, code: 'api_error' };
    // What was refused before anything was begun is kept by nobody.
    if (answer.status !== 404)
      this.#keys.set(`${account}/${key}`, { bodyHash, answer, atMs: this.kernel.nowMs });
    this.kernel.trace(
      `processor  ${kind} ${key.slice(-6)}: ${String(answer.status)} ${answer.code ?? answer.intent?.state ?? ''}`,
    );
    return carriedOutInSilence ? 'silence' : answer;
  }

  #saved500(
    kind: Write['kind'],
    planned: 'saved_500' | 'saved_500_done' | undefined,
  ): 'done' | 'not_done' | undefined {
    if (planned !== undefined) return planned === 'saved_500_done' ? 'done' : 'not_done';
    const place = this.#saved500s.findIndex((one) => one.kind === kind || one.kind === 'any');
    const [found] = place < 0 ? [] : this.#saved500s.splice(place, 1);
    return found && (found.done ? 'done' : 'not_done');
  }

  /** `method` absent: the page confirms. */
  create(
    account: string,
    asked: {
      amount: Money;
      metadata: Readonly<Record<string, string>>;
      method: string | undefined;
      keep: boolean;
      customer: string | undefined;
      byTelephone: boolean;
    },
  ): Answer {
    const { amount, metadata, keep, customer, byTelephone } = asked;
    if (amount.amount.lt(minimumCharge(amount.currency).amount))
      return { status: 400, code: 'amount_too_small' };
    const method = asked.method === undefined ? undefined : this.#bank.method(asked.method);
    if (asked.method !== undefined && !method)
      return { status: 400, code: 'resource_missing: payment_method' };
    const kept = method?.customer !== undefined && method.customer === customer;
    if (customer !== undefined && !kept) return { status: 400, code: 'payment_method_customer_mismatch' };
    if (method?.usedBy !== undefined && !kept)
      return { status: 400, code: 'payment_method_unexpected_state' };
    if (byTelephone && method?.card === 'not_by_telephone') return { status: 400, code: motoUnknown };
    const id = this.id('pi');
    const none = zero(amount.currency);
    const intent: SimIntent = {
      ...{ id, clientSecret: `${id}_secret_${this.#random.hex(4)}`, account, metadata, amount, keep },
      createdMs: this.kernel.nowMs,
      status: 'requires_payment_method',
      ...{ held: none, captured: none, released: none, expired: none, refunded: none },
    };
    this.#intents.set(id, intent);
    this.#indexedAtMs.set(id, this.kernel.nowMs + this.#random.int(0, 60_000));
    this.tell('payment_intent.created', intent);
    if (!method) return this.#shown(intent);
    const declined = this.#bank.attach(intent, method, byTelephone ? 'by_telephone' : customer !== undefined);
    return declined === undefined
      ? this.#shown(intent)
      : { status: 402, code: 'card_declined', decline: declined, intentId: id };
  }

  capture(account: string, intentId: string, amount: Money): Answer {
    const intent = this.#find(account, intentId);
    if (!intent) return { status: 404, code: 'resource_missing: intent' };
    if (intent.status !== 'requires_capture') return { status: 400, code: 'payment_intent_unexpected_state' };
    if (amount.amount.gt(intent.held.amount))
      return { status: 400, code: 'amount_too_large: amount_to_capture' };
    if (amount.amount.lt(minimumCharge(amount.currency).amount))
      return { status: 400, code: 'amount_too_small' };
    intent.status = 'succeeded';
    intent.captured = amount;
    intent.released = money(intent.held.amount.minus(amount.amount), amount.currency);
    this.tell('payment_intent.succeeded', intent);
    return this.#shown(intent);
  }

  cancel(account: string, intentId: string): Answer {
    const intent = this.#find(account, intentId);
    if (!intent) return { status: 404, code: 'resource_missing: intent' };
    if (intent.status === 'succeeded' || intent.status === 'canceled') {
      return { status: 400, code: 'payment_intent_unexpected_state' };
    }
    if (intent.status === 'requires_capture') intent.released = intent.held;
    intent.status = 'canceled';
    this.tell('payment_intent.canceled', intent);
    return this.#shown(intent);
  }

  refund(account: string, intentId: string, key: string, amount: Money): Answer {
    const intent = this.#find(account, intentId);
    if (!intent) return { status: 404, code: 'resource_missing: intent' };
    const left = intent.captured.amount.minus(intent.refunded.amount);
    if (left.isZero()) return { status: 400, code: 'charge_already_refunded' };
    if (amount.amount.gt(left)) return { status: 400, code: 'amount_too_large: amount' };
    const pending = this.#random.chance(0.1);
    const refund: SimRefund = {
      id: this.id('re'),
      intentId,
      key,
      amount,
      state: pending ? 'pending' : 'refunded',
    };
    intent.refunded = money(intent.refunded.amount.plus(amount.amount), amount.currency);
    this.#refunds.push(refund);
    this.tell('charge.refunded', intent);
    if (pending)
      this.kernel.at(this.#random.int(2_000, 60_000), 'refund decided', () => this.#decide(refund, intent));
    return { status: 200, refund: { ...refund } };
  }

  /** The bank of a refund that was pending. */
  #decide(refund: SimRefund, intent: SimIntent): void {
    refund.state = this.#random.chance(0.7) ? 'refunded' : 'failed';
    if (refund.state === 'failed') {
      intent.refunded = money(intent.refunded.amount.minus(refund.amount.amount), refund.amount.currency);
    }
    this.tell(`refund.${refund.state === 'failed' ? 'failed' : 'updated'}`, intent, { refundId: refund.id });
  }

  /** Of one nobody was told of there is nothing to know but that it goes. */
  removeCustomer(authorizationId: string, customer: string | undefined): { gone: true } {
    this.kernel.trace(`processor  forgets the customer of ${authorizationId.slice(-6)}`);
    this.kernel.changed();
    if (customer === undefined) return { gone: true };
    this.#removed.add(customer);
    this.#bank.forget(customer);
    return { gone: true };
  }

  retrieve(account: string | undefined, intentId: string): Answer {
    this.expireDue();
    const intent = this.#find(account ?? ownAccount, intentId);
    return intent ? this.#shown(intent) : { status: 404, code: 'resource_missing: intent' };
  }

  /** Whose metadata says so. The search index runs up to a minute behind; the list does not. */
  search(how: 'search' | 'list', account: string | undefined, name: string, value: string): Answer {
    this.expireDue();
    const found = [...this.#intents.values()].find(
      (one) =>
        one.account === (account ?? ownAccount) &&
        one.metadata[name] === value &&
        (how === 'list' || (this.#indexedAtMs.get(one.id) ?? 0) <= this.kernel.nowMs),
    );
    return found ? this.#shown(found) : { status: 200 };
  }

  dispute(disputeId: string): Dispute | undefined {
    return this.#disputes.get(disputeId);
  }

  disputesSince(since: Date, account: string = ownAccount): Dispute[] {
    return [...this.#disputes.values()].filter(
      (one) => one.openedAtMs >= since.getTime() && this.#intents.get(one.intentId)?.account === account,
    );
  }

  // --- What is told ------------------------------------------------------------------------------------------------

  tell(type: string, intent: SimIntent, subject: Pick<ProcessorHint, 'disputeId' | 'refundId'> = {}): void {
    this.kernel.trace(`processor  ${type} ${intent.id.slice(-4)} ${intent.amount.amount.toFixed(2)}`);
    this.kernel.changed();
    if (this.kernel.happens('hint_lost')) return;
    const hint: ProcessorHint = {
      ...{ eventId: this.id('evt'), type, intentId: intent.id },
      ...subject,
      ...(intent.account !== ownAccount && { merchantAccount: intent.account }),
    };
    this.#send(hint, this.kernel.happens('hint_late') ? this.#lateMs() : this.#random.int(30, 3_000), 1);
    if (this.kernel.happens('hint_doubled')) this.#send(hint, this.#random.int(30, 60_000), 1);
  }

  #lateMs(): number {
    return this.#random.pick([20_000, 90_000, 300_000, 700_000, 2 * dayMs]);
  }

  #send(hint: ProcessorHint, inMs: number, nth: number): void {
    this.kernel.at(inMs, `event ${hint.type}`, () => {
      let answered = false;
      const again = (taken: boolean): void => {
        if (answered) return;
        answered = true;
        if (!taken && nth < 5) this.#send(hint, 20_000 * nth, nth + 1);
      };
      this.kernel.at(hintPatienceMs, 'event unanswered', () => again(false));
      // Its answer comes in virtual time: the kernel must not wait for it.
      void Promise.resolve(this.#settings.onHint(hint)).then(again, () => again(false));
    });
  }

  expireDue(): void {
    for (const intent of this.#intents.values()) {
      if ((intent.captureBeforeMs ?? Infinity) <= this.kernel.nowMs) this.#bank.expire(intent);
    }
  }

  #find(account: string, intentId: string): SimIntent | undefined {
    const intent = this.#intents.get(intentId);
    return intent?.account === account ? intent : undefined;
  }

  /** As it stands now: what is kept under a key stays as it was then. */
  #shown(intent: SimIntent): Answer {
    return { status: 200, intentId: intent.id, intent: stateOf(intent) };
  }

  id(prefix: string): string {
    this.#made += 1;
    return `${prefix}_sim${String(this.#made).padStart(6, '0')}${this.#random.hex(4)}`;
  }
}
