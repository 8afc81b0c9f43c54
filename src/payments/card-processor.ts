// Stripe as our card processor: authorize, capture, void, refund, look. Direct charges on the merchant's connected account (he is
// the seller); our fee is taken at the capture. Not here: when to do which (flow), Stripe's errors (stripe-errors.ts),
// minor units (stripe-amounts.ts), webhooks (stripe-events.ts).
//
// Every write carries the caller's key as Stripe's idempotency key, so that asking again is asking the same. We never
// retry by ourselves: `unknown` is the answer, and flow decides. (One exception is the SDK's own and cannot be switched
// off: a connection found closed, usually a stale keep-alive socket, is tried once more with the same key.)

import Stripe from 'stripe';
import type { Money } from '../core/money.ts';
import type {
  AuthorizationRequest,
  Authorized,
  CardProcessor,
  Clock,
  CustomerToRemove,
  IntentReference,
  IntentState,
  Log,
  Refunded,
  Settled,
} from '../flow/ports.ts';
import { chargeable, minimumCharge, toMinorUnits } from './stripe-amounts.ts';
import { readStripeError, type StripeFailure } from './stripe-errors.ts';
import { StripeAfterwards } from './stripe-afterwards.ts';
import {
  authorizationInMetadata,
  keyInMetadata,
  type NoteFailure,
  notingFailures,
  optionsOf,
} from './stripe-calls.ts';
import { clockSlackSeconds, keyLivesSeconds, StripeCustomers } from './stripe-customers.ts';
import { readIntent } from './stripe-intent.ts';

/**
 * To an account Stripe has not permitted to take cards by telephone there is no such parameter
 * (https://docs.stripe.com/payments/more-payment-scenarios/charge-moto).
 */
const motoUnknown = 'parameter_unknown: payment_method_options[card][moto]';

export interface StripeCardProcessorSettings {
  secretKey: string;
  /** `http://127.0.0.1:port` of the sandbox; absent: Stripe itself. */
  apiBase?: string;
  clock: Clock;
  log: Log;
  /**
   * Until a request counts as unanswered. Ten seconds: a confirmation with the bank behind it takes two to four, and a
   * caller does not look at a spinner longer than this.
   */
  timeoutMs?: number;
}

export class StripeCardProcessor implements CardProcessor {
  readonly #stripe: Stripe;
  readonly #note: NoteFailure;
  readonly #afterwards: StripeAfterwards;
  readonly #customers: StripeCustomers;
  readonly #clock: Clock;
  #lastSeenMs: number | undefined;

  constructor({ secretKey, apiBase, clock, log, timeoutMs = 10_000 }: StripeCardProcessorSettings) {
    this.#clock = clock;
    this.#note = notingFailures(log);
    this.#stripe = new Stripe(secretKey, {
      maxNetworkRetries: 0,
      timeout: timeoutMs,
      telemetry: false,
      ...(apiBase === undefined ? {} : baseOf(apiBase)),
    });
    this.#afterwards = new StripeAfterwards(this.#stripe, this.#note);
    this.#customers = new StripeCustomers(this.#stripe, this.#note);
    // Any answer is a sign of life, a refusal and a 500 too. (A connection that fails emits nothing.)
    const on = this.#stripe.on as (event: 'response', listener: () => void) => void;
    on('response', () => {
      this.#lastSeenMs = this.#clock.monotonicMs();
    });
  }

  health(): { lastSeenMs?: number } {
    return this.#lastSeenMs === undefined ? {} : { lastSeenMs: this.#lastSeenMs };
  }

  minimumCharge(currency: string): Money {
    return minimumCharge(currency);
  }

  /**
   * A payment intent with manual capture. With a payment method it is confirmed at once: `declined` then holds nothing.
   * The amount held is rounded up where Stripe cannot take the third decimal of a dinar.
   */
  async authorize(request: AuthorizationRequest): Promise<Authorized> {
    const amount = chargeable(request.amount, 'up');
    try {
      const customer =
        keptWith(request) ?? (request.keepForMore === true ? await this.#customers.make(request) : undefined);
      const intent = await this.#stripe.paymentIntents.create(
        {
          amount: toMinorUnits(amount),
          currency: amount.currency.toLowerCase(),
          capture_method: 'manual',
          allowed_payment_method_types: ['card'],
          description: request.description,
          metadata: { ...request.metadata, [keyInMetadata]: request.key },
          expand: ['latest_charge'],
          ...(request.receiptEmail === undefined ? {} : { receipt_email: request.receiptEmail }),
          ...(customer === undefined ? {} : { customer }),
          ...(request.keepForMore === true ? { setup_future_usage: 'off_session' } : {}),
          ...(request.paymentMethod === undefined
            ? {}
            : request.offSession !== undefined
              ? { payment_method: request.paymentMethod, confirm: true, off_session: true }
              : request.moto !== undefined
                ? {
                    payment_method: request.paymentMethod,
                    confirm: true,
                    payment_method_options: { card: { moto: true } },
                  }
                : {
                    payment_method: request.paymentMethod,
                    confirm: true,
                    return_url: request.returnUrl,
                    // Else the next action is a redirect only, which our page could not show in place.
                    use_stripe_sdk: true,
                  }),
        },
        optionsOf(request, request.key),
      );
      return { outcome: 'intent', intentId: intent.id, intent: readIntent(intent) };
    } catch (error) {
      return await this.#authorizeFailed(request, readStripeError(error));
    }
  }

  async #authorizeFailed(request: AuthorizationRequest, failure: StripeFailure): Promise<Authorized> {
    this.#note('authorize', request.key, undefined, failure);
    switch (failure.kind) {
      case 'declined':
        return {
          outcome: 'declined',
          reason: failure.reason,
          ...(failure.intentId === undefined ? {} : { intentId: failure.intentId }),
        };
      case 'refused':
        return failure.reason === motoUnknown
          ? { outcome: 'declined', reason: 'moto_not_allowed' }
          : { outcome: 'refused', reason: failure.reason };
      case 'other_state':
        return { outcome: 'refused', reason: failure.code };
      case 'unknown':
        return failure.final ? await this.#findByKey(request) : { outcome: 'unknown' };
    }
  }

  /**
   * Stripe keeps a 500 under the key, and may have made the intent all the same: by the key we will never learn its id,
   * so it is searched. Not found proves nothing (the search index runs up to a minute behind).
   */
  async #findByKey(request: AuthorizationRequest): Promise<Authorized> {
    try {
      const found = await this.#stripe.paymentIntents.search(
        { query: `metadata['${keyInMetadata}']:'${request.key}'`, limit: 1, expand: ['data.latest_charge'] },
        optionsOf(request),
      );
      const intent = found.data[0];
      if (intent === undefined) return { outcome: 'unknown', spent: true };
      return { outcome: 'intent', intentId: intent.id, intent: readIntent(intent) };
    } catch (error) {
      this.#note('search', request.key, undefined, readStripeError(error));
      return { outcome: 'unknown', spent: true };
    }
  }

  /**
   * Searched first, which is quick and lags up to a minute behind; what is not found there is looked for in the list, which
   * does not lag, within the time the key could have been asked by. A day of a busy merchant is some hundred pages.
   */
  async find({
    authorizationId,
    createdAt,
    merchantAccount,
  }: {
    authorizationId: string;
    createdAt: Date;
    merchantAccount?: string;
  }): Promise<
    | { outcome: 'intent'; intentId: string; intent: IntentState }
    | { outcome: 'none' }
    | { outcome: 'unknown' }
  > {
    const options = optionsOf(merchantAccount === undefined ? {} : { merchantAccount });
    try {
      const searched = await this.#stripe.paymentIntents.search(
        {
          query: `metadata['${authorizationInMetadata}']:'${authorizationId}'`,
          limit: 1,
          expand: ['data.latest_charge'],
        },
        options,
      );
      const [intent] = searched.data;
      if (intent) return { outcome: 'intent', intentId: intent.id, intent: readIntent(intent) };
    } catch (error) {
      // Some countries have no search: the list has the last word anyway.
      this.#note('search', authorizationId, undefined, readStripeError(error));
    }
    try {
      const from = Math.floor(createdAt.getTime() / 1000);
      const created = { gte: from - clockSlackSeconds, lte: from + keyLivesSeconds };
      const listed = this.#stripe.paymentIntents.list(
        { created, limit: 100, expand: ['data.latest_charge'] },
        options,
      );
      for await (const intent of listed) {
        if (intent.metadata[authorizationInMetadata] === authorizationId) {
          return { outcome: 'intent', intentId: intent.id, intent: readIntent(intent) };
        }
      }
      return { outcome: 'none' };
    } catch (error) {
      this.#note('search', authorizationId, undefined, readStripeError(error));
      return { outcome: 'unknown' };
    }
  }

  removeCustomer(wanted: CustomerToRemove): Promise<'gone' | 'refused' | 'unknown'> {
    return this.#customers.remove(wanted);
  }

  refund(request: IntentReference & { key: string; amount: Money }): Promise<Refunded> {
    return this.#afterwards.refund(request);
  }

  findRefund(wanted: Parameters<CardProcessor['findRefund']>[0]): ReturnType<CardProcessor['findRefund']> {
    return this.#afterwards.findRefund(wanted);
  }

  lookAtRefund(
    refund: Parameters<CardProcessor['lookAtRefund']>[0],
  ): ReturnType<CardProcessor['lookAtRefund']> {
    return this.#afterwards.lookAtRefund(refund);
  }

  lookAtDispute(
    dispute: Parameters<CardProcessor['lookAtDispute']>[0],
  ): ReturnType<CardProcessor['lookAtDispute']> {
    return this.#afterwards.lookAtDispute(dispute);
  }

  disputesSince(
    asked: Parameters<CardProcessor['disputesSince']>[0],
  ): ReturnType<CardProcessor['disputesSince']> {
    return this.#afterwards.disputesSince(asked);
  }

  /**
   * Captures once and finally. `final_capture` is not sent: true is its default, and Stripe takes the parameter only
   * where several captures are possible. The amount is rounded down where Stripe cannot take the third decimal; what was
   * really captured is in the answer.
   */
  async capture(
    request: IntentReference & { key: string; amount: Money; applicationFee?: Money },
  ): Promise<Settled> {
    const amount = toMinorUnits(chargeable(request.amount, 'down'));
    const fee = request.applicationFee && toMinorUnits(chargeable(request.applicationFee, 'down'));
    return await this.#settle('capture', request, async () =>
      this.#stripe.paymentIntents.capture(
        request.intentId,
        {
          amount_to_capture: amount,
          expand: ['latest_charge'],
          ...(fee === undefined || fee === 0 ? {} : { application_fee_amount: fee }),
        },
        optionsOf(request, request.key),
      ),
    );
  }

  /** Cancels the intent, whatever it is waiting for; what it holds is released. */
  async void(request: IntentReference & { key: string }): Promise<Settled> {
    return await this.#settle('void', request, async () =>
      this.#stripe.paymentIntents.cancel(
        request.intentId,
        { expand: ['latest_charge'] },
        optionsOf(request, request.key),
      ),
    );
  }

  async #settle(
    act: 'capture' | 'void',
    request: IntentReference & { key: string },
    send: () => Promise<Stripe.PaymentIntent>,
  ): Promise<Settled> {
    try {
      return settledAs(act, readIntent(await send()));
    } catch (error) {
      const failure = readStripeError(error);
      this.#note(act, request.key, request.intentId, failure);
      switch (failure.kind) {
        case 'refused':
          return { outcome: 'refused', reason: failure.reason };
        case 'unknown':
          // The stored answer will not change: only looking helps now.
          return failure.final ? await this.#settledByLooking(act, request) : { outcome: 'unknown' };
        case 'declined':
        case 'other_state':
          return await this.#settledByLooking(act, request);
      }
    }
  }

  /**
   * The intent was already elsewhere, or the answer under this key is spent: what is true decides. One that still holds was
   * not touched by what was asked, and will not be: `refused`, so that another key may try.
   */
  async #settledByLooking(act: 'capture' | 'void', request: IntentReference): Promise<Settled> {
    const looked = await this.look(request);
    if (looked.outcome === 'unknown') return { outcome: 'unknown' };
    return settledAs(act, looked.intent);
  }

  async look(
    intent: IntentReference,
  ): Promise<{ outcome: 'intent'; intent: IntentState } | { outcome: 'unknown' }> {
    try {
      const found = await this.#stripe.paymentIntents.retrieve(
        intent.intentId,
        { expand: ['latest_charge'] },
        optionsOf(intent),
      );
      return { outcome: 'intent', intent: readIntent(found) };
    } catch (error) {
      this.#note('look', undefined, intent.intentId, readStripeError(error));
      return { outcome: 'unknown' };
    }
  }
}

/** What an intent in this state means for somebody who wanted it captured or void. */
function settledAs(act: 'capture' | 'void', intent: IntentState): Settled {
  switch (intent.state) {
    case 'captured':
      return { outcome: 'captured', amount: intent.captured, chargeId: intent.chargeId };
    case 'cancelled':
      return { outcome: act === 'void' ? 'voided' : 'nothing_held' };
    case 'needs_card':
    case 'needs_action':
      // Never confirmed: nothing to take. A void that left it so was refused.
      return act === 'capture' ? { outcome: 'nothing_held' } : { outcome: 'refused', reason: intent.state };
    case 'processing':
    case 'authorized':
      return { outcome: 'refused', reason: `still_${intent.state}` };
  }
}

function baseOf(apiBase: string): { protocol: 'http' | 'https'; host: string; port: number } {
  const url = new URL(apiBase);
  const protocol = url.protocol === 'http:' ? 'http' : 'https';
  return {
    protocol,
    host: url.hostname,
    port: url.port === '' ? (protocol === 'http' ? 80 : 443) : Number(url.port),
  };
}

/** Whose kept card this is. */
function keptWith({ offSession, moto }: AuthorizationRequest): string | undefined {
  return offSession?.customer ?? (typeof moto === 'object' ? moto.customer : undefined);
}
