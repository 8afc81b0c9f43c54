// The CardProcessor port of one gateway process to the simulated processor. It asks and reads as payments/card-processor
// does: by a key, no repeats of its own, `unknown` where no answer came, and a look where the answer under a key is spent.

import type { Money } from '../../src/core/money.ts';
import type {
  AuthorizationRequest,
  Authorized,
  CardProcessor,
  CustomerToRemove,
  DeclineReason,
  IntentReference,
  IntentState,
  ListedDisputes,
  LookedAtDispute,
  Refunded,
  Settled,
} from '../../src/flow/ports.ts';
import { minimumCharge } from '../../src/payments/stripe-amounts.ts';
import type { ActFault, GatewayProcess } from './kernel.ts';
import { motoUnknown } from './sim-intent.ts';
import type { SimProcessor, SimRefund, Write } from './sim-processor.ts';

/** What is sent back, as far as our adapter reads it. */
export interface Answer {
  status: 200 | 400 | 402 | 404 | 500;
  code?: string;
  intentId?: string;
  intent?: IntentState;
  decline?: DeclineReason;
  refund?: SimRefund;
  /** The stored answer: it will not change. */
  replayed?: true;
}

/** The adapter's own. */
const deadlineMs = 10_000;
const unknown = { outcome: 'unknown' } as const;
/** Codes that say "not in that state": somebody was faster, or it was done before. */
const otherState = new Set(['payment_intent_unexpected_state', 'charge_already_refunded']);

interface Wanted {
  kind: Write['kind'];
  key: string;
  merchantAccount?: string;
}

export class SimProcessorPort implements CardProcessor {
  readonly #process: GatewayProcess;
  readonly #world: SimProcessor;
  #lastSeenMs: number | undefined;

  constructor(process: GatewayProcess, world: SimProcessor) {
    this.#process = process;
    this.#world = world;
  }

  health(): { lastSeenMs?: number } {
    return this.#lastSeenMs === undefined ? {} : { lastSeenMs: this.#lastSeenMs };
  }

  minimumCharge(currency: string): Money {
    return minimumCharge(currency);
  }

  async authorize(request: AuthorizationRequest): Promise<Authorized> {
    const { key, amount, metadata, paymentMethod, offSession, moto, keepForMore, merchantAccount } = request;
    const asked = { amount, metadata: { ...metadata, operation: key }, method: paymentMethod };
    const customer = offSession?.customer ?? (typeof moto === 'object' ? moto.customer : undefined);
    const { description, returnUrl, receiptEmail } = request;
    const body = {
      ...wordsOf(amount),
      metadata,
      paymentMethod,
      customer,
      moto: moto !== undefined,
      keepForMore,
      description,
      returnUrl,
      receiptEmail,
    };
    const answer = await this.#write(wanted('authorize', key, merchantAccount), body, (account) =>
      this.#world.create(account, {
        ...asked,
        ...{ keep: keepForMore === true, customer, byTelephone: moto !== undefined },
      }),
    );
    if (answer === undefined) return unknown;
    if (answer.intent && answer.intentId !== undefined) {
      return { outcome: 'intent', intentId: answer.intentId, intent: answer.intent };
    }
    if (answer.status === 402) {
      const { intentId } = answer;
      return {
        outcome: 'declined',
        reason: answer.decline ?? 'declined',
        ...(intentId !== undefined && { intentId }),
      };
    }
    if (answer.code === motoUnknown) return { outcome: 'declined', reason: 'moto_not_allowed' };
    if (answer.status !== 500) return { outcome: 'refused', reason: answer.code ?? 'refused' };
    if (answer.replayed !== true) return unknown;
    const found = await this.#search('search', merchantAccount, 'operation', key);
    return found === undefined || found === 'none' ? { outcome: 'unknown', spent: true } : found;
  }

  async capture(
    request: IntentReference & { key: string; amount: Money; applicationFee?: Money },
  ): Promise<Settled> {
    const { key, intentId, amount, applicationFee, merchantAccount } = request;
    const body = { intentId, ...wordsOf(amount), fee: applicationFee && wordsOf(applicationFee) };
    const answer = await this.#write(wanted('capture', key, merchantAccount), body, (account) =>
      this.#world.capture(account, intentId, amount),
    );
    return this.#settled('capture', request, answer);
  }

  async void(request: IntentReference & { key: string }): Promise<Settled> {
    const { key, intentId, merchantAccount } = request;
    const answer = await this.#write(wanted('void', key, merchantAccount), { intentId }, (account) =>
      this.#world.cancel(account, intentId),
    );
    return this.#settled('void', request, answer);
  }

  async #settled(
    act: 'capture' | 'void',
    request: IntentReference,
    answer: Answer | undefined,
  ): Promise<Settled> {
    if (answer === undefined) return unknown;
    if (answer.intent) return settledAs(act, answer.intent);
    const spent = answer.status === 500 && answer.replayed === true;
    if (answer.status === 500 && !spent) return unknown;
    if (!spent && !otherState.has(answer.code ?? ''))
      return { outcome: 'refused', reason: answer.code ?? 'refused' };
    const looked = await this.look(request);
    if (looked.outcome === 'unknown') return unknown;
    return settledAs(act, looked.intent);
  }

  async look({
    intentId,
    merchantAccount,
  }: IntentReference): Promise<{ outcome: 'intent'; intent: IntentState } | { outcome: 'unknown' }> {
    const answer = await this.#read(`look ${intentId.slice(-4)}`, () =>
      this.#world.retrieve(merchantAccount, intentId),
    );
    return answer?.intent ? { outcome: 'intent', intent: answer.intent } : unknown;
  }

  async find(looked: {
    authorizationId: string;
    createdAt: Date;
    merchantAccount?: string;
  }): Promise<
    | { outcome: 'intent'; intentId: string; intent: IntentState }
    | { outcome: 'none' }
    | { outcome: 'unknown' }
  > {
    // The search alone would prove nothing: the list has the last word.
    const found = await this.#search('list', looked.merchantAccount, 'authorization', looked.authorizationId);
    if (found === undefined) return unknown;
    return found === 'none' ? { outcome: 'none' } : found;
  }

  async refund(request: IntentReference & { key: string; amount: Money }): Promise<Refunded> {
    const { key, intentId, amount, merchantAccount } = request;
    const answer = await this.#write(
      wanted('refund', key, merchantAccount),
      { intentId, ...wordsOf(amount) },
      (account) => this.#world.refund(account, intentId, key, amount),
    );
    if (answer === undefined) return unknown;
    if (answer.status !== 500) return refundedBy(answer);
    if (answer.replayed !== true) return unknown;
    const found = await this.findRefund(request);
    return found.outcome === 'none' ? { outcome: 'refused', reason: 'processing_error' } : found;
  }

  async removeCustomer(leaving: CustomerToRemove): Promise<'gone' | 'refused' | 'unknown'> {
    const { authorizationId, customer } = leaving;
    const answer = await this.#ask(`processor.remove ${authorizationId.slice(-6)}`, (fault) =>
      this.#world.silent || plannedOf(fault) !== undefined
        ? 'silence'
        : this.#world.removeCustomer(authorizationId, customer),
    );
    return answer === undefined ? 'unknown' : 'gone';
  }

  async findRefund({ key }: IntentReference & { key: string }): Promise<Refunded | { outcome: 'none' }> {
    const found = await this.#ask(`processor.refunds ${key.slice(-6)}`, () =>
      this.#world.silent ? 'silence' : { refund: this.#world.refunds().find((one) => one.key === key) },
    );
    if (found === undefined) return unknown;
    return found.refund ? refundedBy({ status: 200, refund: found.refund }) : { outcome: 'none' };
  }

  async lookAtRefund({
    refundId,
  }: {
    refundId: string;
    merchantAccount?: string;
  }): Promise<
    { outcome: 'refund'; state: 'pending' | 'refunded' | 'failed'; reason?: string } | { outcome: 'unknown' }
  > {
    const found = await this.#ask(`processor.refund ${refundId}`, () => {
      const refund = this.#world.refunds().find((one) => one.id === refundId);
      return this.#world.silent || !refund ? 'silence' : { state: refund.state };
    });
    return found === undefined ? unknown : { outcome: 'refund', state: found.state };
  }

  async lookAtDispute({
    disputeId,
  }: {
    disputeId: string;
    merchantAccount?: string;
  }): Promise<LookedAtDispute> {
    const dispute = await this.#ask(
      `dispute ${disputeId}`,
      () => this.#world.dispute(disputeId) ?? 'silence',
    );
    return dispute === undefined ? unknown : { outcome: 'dispute', dispute };
  }

  async disputesSince({
    since,
    merchantAccount,
  }: {
    since: Date;
    merchantAccount?: string;
  }): Promise<ListedDisputes> {
    const disputes = await this.#ask('processor.disputes', () =>
      this.#world.silent ? 'silence' : this.#world.disputesSince(since, merchantAccount),
    );
    return disputes === undefined ? unknown : { outcome: 'listed', disputes };
  }

  // --- One request ---------------------------------------------------------------------------------------------------

  async #search(
    how: 'search' | 'list',
    account: string | undefined,
    name: string,
    value: string,
  ): Promise<{ outcome: 'intent'; intentId: string; intent: IntentState } | 'none' | undefined> {
    const answer = await this.#read(`${how} ${name}`, () => this.#world.search(how, account, name, value));
    if (answer === undefined) return undefined;
    const { intent, intentId } = answer;
    return intent && intentId !== undefined ? { outcome: 'intent', intentId, intent } : 'none';
  }

  #write(request: Wanted, body: object, carryOut: (account: string) => Answer): Promise<Answer | undefined> {
    const { kind, key, merchantAccount } = request;
    const by = this.#process.name;
    return this.#ask(`processor.${kind} ${key.slice(-6)}`, (fault) =>
      this.#world.write({ kind, key, account: merchantAccount, body, by }, plannedOf(fault), carryOut),
    );
  }

  /** `undefined` also for a 500: nothing was learned. */
  #read(label: string, perform: () => Answer): Promise<Answer | undefined> {
    return this.#ask(`processor.${label}`, (fault) => {
      if (this.#world.silent) return 'silence';
      return plannedOf(fault) === undefined ? perform() : 'silence';
    });
  }

  /** `undefined`: no answer came. */
  async #ask<T extends object>(
    label: string,
    perform: (fault: ActFault | undefined) => T | 'silence' | Promise<T | 'silence'>,
  ): Promise<T | undefined> {
    const { clock } = this.#process;
    const askedAtMs = clock.monotonicMs();
    const answer = await this.#process.act<T | 'silence'>(
      'processor',
      label,
      perform,
      () => 'silence',
      deadlineMs,
    );
    if (answer !== 'silence') {
      this.#lastSeenMs = clock.monotonicMs();
      return answer;
    }
    const leftMs = askedAtMs + deadlineMs - clock.monotonicMs();
    if (leftMs > 0) await new Promise<void>((resolve) => clock.after(leftMs, resolve));
    return undefined;
  }
}

function refundedBy({ refund, code }: Answer): Refunded {
  if (!refund || refund.state === 'failed') return { outcome: 'refused', reason: code ?? 'refund_failed' };
  const { id, amount, state } = refund;
  return { outcome: 'refunded', refundId: id, amount, pending: state === 'pending' };
}

const wanted = (kind: Write['kind'], key: string, merchantAccount: string | undefined): Wanted => ({
  kind,
  key,
  ...(merchantAccount !== undefined && { merchantAccount }),
});

const wordsOf = ({ amount, currency }: Money): { amount: string; currency: string } => ({
  amount: amount.toFixed(),
  currency,
});

function plannedOf(fault: ActFault | undefined): 'refused' | 'saved_500' | 'saved_500_done' | undefined {
  const name = fault?.fault;
  return name === 'refused' || name === 'saved_500' || name === 'saved_500_done' ? name : undefined;
}

function settledAs(act: 'capture' | 'void', intent: IntentState): Settled {
  switch (intent.state) {
    case 'captured':
      return { outcome: 'captured', amount: intent.captured, chargeId: intent.chargeId };
    case 'cancelled':
      return { outcome: act === 'void' ? 'voided' : 'nothing_held' };
    case 'needs_card':
    case 'needs_action':
      return act === 'capture' ? { outcome: 'nothing_held' } : { outcome: 'refused', reason: intent.state };
    case 'processing':
    case 'authorized':
      return { outcome: 'refused', reason: `still_${intent.state}` };
  }
}
