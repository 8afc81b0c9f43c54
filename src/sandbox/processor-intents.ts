// The payment intent at the sandbox's processor: one machine, moved by the API, by the bank's page and by time.
//
//   requires_payment_method --pm--> requires_confirmation
//        ^    \______________confirm______________/
//        |            |                    |
//        | declined   | bank asks          | bank agrees
//        |            v                    v
//        +---- requires_action --ok--> requires_capture --capture--> succeeded
//        |            |                    |   (automatic capture goes to succeeded at once)
//        +--- failed -+                    |
//   every state but succeeded --cancel / hold expired--> canceled
//
// Money is held in `requires_capture` only, and taken in `succeeded` only. Not here: parameters (processor-api.ts), the
// JSON (processor-shapes.ts).

import { behaviourOf, type Decline } from './processor-cards.ts';
import { refused, StripeRefusal, type StripeErrorBody } from './processor-errors.ts';
import type { EventCause, Events } from './processor-events.ts';
import { newId, type Records } from './processor-records.ts';
import type { ChargeRecord, IntentRecord, PaymentMethodRecord, RefundRecord } from './processor-records.ts';
import { chargeShape, intentShape, paymentMethodShape, refundShape } from './processor-shapes.ts';

export interface Confirmation {
  method: PaymentMethodRecord;
  /** Stripe.js is there to show the bank's page in place. */
  inPage: boolean;
  returnUrl: string | null;
  /** Nobody is there to authenticate. */
  offSession: boolean;
  /** He is on the telephone, and nothing of 3-D Secure is done. */
  moto: boolean;
  errorOnAction: boolean;
}

/** Where browsers reach the processor. Filled once it listens. */
export interface PublicBase {
  publicUrl: string;
}

export interface IntentsSettings {
  records: Records;
  events: Events;
  base: PublicBase;
  nowMs: () => number;
}

/** Seven days: what Visa gives for a hold made by the cardholder online, and Stripe's default. */
export const defaultHoldSeconds = 7 * 24 * 3600;

const noCause: EventCause = { requestId: null, idempotencyKey: null };

export class Intents {
  readonly #records: Records;
  readonly #events: Events;
  readonly #base: PublicBase;
  readonly #nowMs: () => number;
  /** For holds made from now on. */
  holdSeconds = defaultHoldSeconds;
  #nextExpiry = 0;
  /** Refunds made from now on wait for the bank. */
  refundsPend = false;
  /** Whether accounts may say that a card was given by telephone. */
  motoAllowed = true;

  constructor({ records, events, base, nowMs }: IntentsSettings) {
    this.#records = records;
    this.#events = events;
    this.#base = base;
    this.#nowMs = nowMs;
  }

  get now(): number {
    return Math.floor(this.#nowMs() / 1000);
  }

  create(intent: IntentRecord, cause: EventCause): void {
    this.#records.put('intent', intent);
    this.#tell('payment_intent.created', intent, cause);
  }

  save(intent: IntentRecord): void {
    this.#records.put('intent', intent);
  }

  /** Throws the decline as Stripe answers it (402, with the intent in it); else the intent has moved on. */
  confirm(intent: IntentRecord, confirmation: Confirmation, cause: EventCause): void {
    refuseUnless(intent, 'confirmed', [
      'requires_payment_method',
      'requires_confirmation',
      'requires_action',
    ]);
    const { method } = confirmation;
    if (method.customer !== undefined && method.customer !== intent.customer) {
      throw refused(
        'payment_method_unexpected_state',
        'The payment method supplied belongs to a different Customer. Include the Customer in the `customer` parameter.',
      );
    }
    if (method.customer === undefined && method.usedBy !== undefined && method.usedBy !== intent.id) {
      throw refused(
        'payment_method_unexpected_state',
        'The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, and may not ' +
          'be used again.',
      );
    }
    intent.paymentMethod = method.id;
    intent.lastError = null;
    intent.action = null;
    const nobodyIsThere = confirmation.offSession || confirmation.moto;
    if (!wantsAuthentication(method, nobodyIsThere)) {
      this.#charge(intent, method, false, cause);
      return;
    }
    if (nobodyIsThere || confirmation.errorOnAction) {
      const decline: Decline = {
        code: 'authentication_required',
        declineCode: 'authentication_required',
        message: 'Your card was declined. This transaction requires authentication.',
      };
      this.#decline(intent, method, decline, null, cause);
    }
    intent.status = 'requires_action';
    intent.action = {
      source: newId('src'),
      inPage: confirmation.inPage,
      returnUrl: confirmation.returnUrl,
    };
    this.#records.put('intent', intent);
    this.#tell('payment_intent.requires_action', intent, cause);
  }

  /** The person answered at the bank. Nothing happens when the intent waits for nobody any more. */
  authenticated(intent: IntentRecord, passed: boolean): void {
    const method =
      intent.paymentMethod === null ? undefined : this.#records.get('method', intent.paymentMethod);
    if (intent.status !== 'requires_action' || method === undefined) return;
    intent.action = null;
    try {
      if (passed) this.#charge(intent, method, true, noCause);
      else this.#authenticationFailed(intent, method);
    } catch (error) {
      // A refusal after authentication has no request to be answered in: it stays in `last_payment_error`.
      if (!(error instanceof StripeRefusal)) throw error;
    }
  }

  #authenticationFailed(intent: IntentRecord, method: PaymentMethodRecord): void {
    intent.status = 'requires_payment_method';
    intent.paymentMethod = null;
    intent.lastError = {
      type: 'invalid_request_error',
      code: 'payment_intent_authentication_failure',
      message:
        'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
      payment_method: paymentMethodShape(method),
    };
    this.#records.put('intent', intent);
    this.#tell('payment_intent.payment_failed', intent, noCause);
  }

  #charge(
    intent: IntentRecord,
    method: PaymentMethodRecord,
    authenticated: boolean,
    cause: EventCause,
  ): void {
    const { decline } = behaviourOf(method.card);
    const manual = intent.captureMethod === 'manual';
    const charge: ChargeRecord = {
      id: newId('ch'),
      account: intent.account,
      created: this.now,
      intent: intent.id,
      paymentMethod: method.id,
      card: method.card,
      billing: method.billing,
      amount: intent.amount,
      currency: intent.currency,
      description: intent.description,
      receiptEmail: intent.receiptEmail,
      metadata: intent.metadata,
      status: decline === undefined ? 'succeeded' : 'failed',
      failure: decline ?? null,
      captured: false,
      amountCaptured: 0,
      amountRefunded: 0,
      applicationFee: null,
      captureBefore: decline === undefined && manual ? this.now + this.holdSeconds : null,
      authenticated,
      balanceTransaction: null,
      customer: intent.customer,
    };
    intent.latestCharge = charge.id;
    if (decline !== undefined) this.#decline(intent, method, decline, charge, cause);
    method.usedBy = intent.id;
    if (intent.customer !== null && intent.setupFutureUsage !== null) method.customer = intent.customer;
    this.#records.put('method', method);
    if (!manual) {
      this.#take(intent, charge, intent.amount, cause);
      return;
    }
    intent.status = 'requires_capture';
    intent.amountCapturable = intent.amount;
    this.#records.put('charge', charge);
    this.#records.put('intent', intent);
    this.#nextExpiry = Math.min(this.#nextExpiry, charge.captureBefore ?? 0);
    this.#tellCharge('charge.succeeded', charge, cause);
    this.#tell('payment_intent.amount_capturable_updated', intent, cause);
  }

  #decline(
    intent: IntentRecord,
    method: PaymentMethodRecord,
    decline: Decline,
    charge: ChargeRecord | null,
    cause: EventCause,
  ): never {
    intent.status = 'requires_payment_method';
    intent.paymentMethod = null;
    const error: StripeErrorBody = {
      type: 'card_error',
      code: decline.code,
      ...(decline.declineCode === undefined ? {} : { decline_code: decline.declineCode }),
      message: decline.message,
      ...(decline.code === 'incorrect_cvc' ? { param: 'cvc' } : {}),
      ...(charge === null ? {} : { charge: charge.id }),
      payment_method: paymentMethodShape(method),
    };
    intent.lastError = error;
    if (charge !== null) {
      this.#records.put('charge', charge);
      this.#tellCharge('charge.failed', charge, cause);
    }
    this.#records.put('intent', intent);
    this.#tell('payment_intent.payment_failed', intent, cause);
    throw new StripeRefusal(402, { ...error, payment_intent: intentShape(intent, this.#base.publicUrl) });
  }

  /** `amount` in minor units; what is not taken is given back at once. */
  capture(intent: IntentRecord, amount: number, applicationFee: number | null, cause: EventCause): void {
    refuseUnless(intent, 'captured', ['requires_capture']);
    const charge = this.chargeOf(intent);
    if (amount > intent.amountCapturable) {
      throw refused(
        'amount_too_large',
        'The amount to capture is greater than the amount this PaymentIntent can capture.',
        { param: 'amount_to_capture' },
      );
    }
    if (applicationFee !== null) intent.applicationFee = applicationFee;
    this.#take(intent, charge, amount, cause);
  }

  #take(intent: IntentRecord, charge: ChargeRecord, amount: number, cause: EventCause): void {
    const held = intent.status === 'requires_capture';
    charge.captured = true;
    charge.amountCaptured = amount;
    charge.amountRefunded = charge.amount - amount;
    charge.captureBefore = null;
    charge.balanceTransaction = newId('txn');
    // "Capped at the total amount captured."
    if (intent.applicationFee !== null) {
      charge.applicationFee = { id: newId('fee'), amount: Math.min(intent.applicationFee, amount) };
    }
    intent.status = 'succeeded';
    intent.amountCapturable = 0;
    intent.amountReceived = amount;
    this.#records.put('charge', charge);
    this.#records.put('intent', intent);
    this.#tellCharge(held ? 'charge.captured' : 'charge.succeeded', charge, cause);
    this.#tell('payment_intent.succeeded', intent, cause);
  }

  cancel(intent: IntentRecord, reason: string | null, cause: EventCause): void {
    refuseUnless(intent, 'canceled', [
      'requires_payment_method',
      'requires_confirmation',
      'requires_action',
      'requires_capture',
    ]);
    this.#end(intent, reason, 'charge.refunded', cause);
  }

  /** The bank gives the hold back by itself. */
  expire(intent: IntentRecord): void {
    if (intent.status === 'requires_capture') this.#end(intent, 'automatic', 'charge.expired', noCause);
  }

  #end(intent: IntentRecord, reason: string | null, chargeEvent: string, cause: EventCause): void {
    const held = intent.status === 'requires_capture';
    intent.status = 'canceled';
    intent.canceledAt = this.now;
    intent.cancellationReason = reason;
    intent.amountCapturable = 0;
    intent.action = null;
    this.#records.put('intent', intent);
    if (held) {
      const charge = this.chargeOf(intent);
      charge.amountRefunded = charge.amount;
      charge.captureBefore = null;
      this.#records.put('charge', charge);
      this.#tellCharge(chargeEvent, charge, cause);
    }
    this.#tell('payment_intent.canceled', intent, cause);
  }

  /** Gives back what is over its time. Cheap while nothing is due, so it may be asked before every request. */
  expireDue(): void {
    const now = this.now;
    if (now < this.#nextExpiry) return;
    let next = Number.MAX_SAFE_INTEGER;
    for (const intent of this.#records.all('intent')) {
      if (intent.status !== 'requires_capture') continue;
      const due = this.chargeOf(intent).captureBefore ?? now;
      if (due <= now) this.expire(intent);
      else next = Math.min(next, due);
    }
    this.#nextExpiry = next;
  }

  refund(charge: ChargeRecord, refund: RefundRecord, cause: EventCause): void {
    if (charge.disputed === true) {
      throw refused('charge_disputed', `Charge ${charge.id} has been charged back; cannot issue a refund.`);
    }
    const left = charge.amountCaptured - this.refundedOf(charge);
    if (!charge.captured) {
      throw refused('charge_not_captured', 'This charge is not captured. Cancel its PaymentIntent instead.');
    }
    if (left === 0)
      throw refused('charge_already_refunded', `Charge ${charge.id} has already been refunded.`);
    if (refund.amount > left) {
      throw refused('amount_too_large', 'The refund is greater than what is left on the charge.', {
        param: 'amount',
      });
    }
    charge.amountRefunded += refund.amount;
    this.#records.put('refund', refund);
    this.#records.put('charge', charge);
    this.#events.emit('refund.created', refund.account, refundShape(refund), cause);
    this.#tellCharge('charge.refunded', charge, cause);
  }

  /** A bank sends a refund back, or takes it at last. */
  endRefund(refund: RefundRecord, status: 'succeeded' | 'failed'): void {
    refund.status = status;
    if (status === 'failed') {
      refund.failureReason = 'expired_or_canceled_card';
      const charge = this.#records.get('charge', refund.charge);
      if (charge !== undefined) {
        charge.amountRefunded -= refund.amount;
        this.#records.put('charge', charge);
      }
    }
    this.#records.put('refund', refund);
    const type = status === 'failed' ? 'refund.failed' : 'refund.updated';
    this.#events.emit(type, refund.account, refundShape(refund), noCause);
  }

  refundsOf(charge: ChargeRecord): RefundRecord[] {
    if (charge.amountRefunded === 0) return [];
    return [...this.#records.all('refund')].filter((refund) => refund.charge === charge.id).reverse();
  }

  refundedOf(charge: ChargeRecord): number {
    return this.refundsOf(charge).reduce(
      (sum, refund) => sum + (refund.status === 'failed' ? 0 : refund.amount),
      0,
    );
  }

  chargeOf(intent: IntentRecord): ChargeRecord {
    const charge =
      intent.latestCharge === null ? undefined : this.#records.get('charge', intent.latestCharge);
    if (charge === undefined) throw new Error(`${intent.id} holds money without a charge`);
    return charge;
  }

  #tell(type: string, intent: IntentRecord, cause: EventCause): void {
    this.#events.emit(type, intent.account, intentShape(intent, this.#base.publicUrl), cause);
  }

  #tellCharge(type: string, charge: ChargeRecord, cause: EventCause): void {
    this.#events.emit(type, charge.account, chargeShape(charge, this.refundsOf(charge)), cause);
  }
}

/** A card that was set up for it, by this processor or before, pays without its holder; some never do. */
function wantsAuthentication(method: PaymentMethodRecord, offSession: boolean): boolean {
  const { authentication } = behaviourOf(method.card);
  if (!offSession)
    return ['required', 'required_unless_set_up', 'required_on_session'].includes(authentication);
  if (authentication === 'required_unless_set_up') return method.customer === undefined;
  return authentication === 'required';
}

function refuseUnless(intent: IntentRecord, done: string, allowed: readonly IntentRecord['status'][]): void {
  if (allowed.includes(intent.status)) return;
  throw refused(
    'payment_intent_unexpected_state',
    `This PaymentIntent could not be ${done} because it has a status of ${intent.status}. Only a PaymentIntent with ` +
      `one of the following statuses may be ${done}: ${allowed.join(', ')}.`,
  );
}
