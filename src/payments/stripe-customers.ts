// Stripe's customers, who are nobody's account: a payment method that is to pay more than once has to be kept with one, so one is made for
// the order it first pays for, and removed when it pays for nothing any more. Not here: what is paid (card-processor.ts).

import type Stripe from 'stripe';
import type { AuthorizationRequest, CustomerToRemove } from '../flow/ports.ts';
import { authorizationInMetadata, type NoteFailure, optionsOf } from './stripe-calls.ts';
import { readStripeError } from './stripe-errors.ts';

/** Our clock and Stripe's, and how long after the first request the last by the same key may have been carried out. */
export const clockSlackSeconds = 300;
export const keyLivesSeconds = 25 * 60 * 60;

export class StripeCustomers {
  readonly #stripe: Stripe;
  readonly #note: NoteFailure;

  constructor(stripe: Stripe, note: NoteFailure) {
    this.#stripe = stripe;
    this.#note = note;
  }

  /**
   * A bare payment method pays once: one that is to pay for more time, or in his next call, is kept with a customer, made for this order
   * under a key of its own, so that a repeat finds the same one. Where Stripe has kept a 500 under that key (it keeps it for
   * a day), the next key is tried. Throws what the SDK throws.
   */
  async make(request: AuthorizationRequest): Promise<string> {
    const make = async (suffix: string): Promise<string> => {
      const { id } = await this.#stripe.customers.create(
        { metadata: request.metadata },
        optionsOf(request, `${request.key}-${suffix}`),
      );
      return id;
    };
    try {
      return await make('customer');
    } catch (error) {
      const failure = readStripeError(error);
      if (failure.kind !== 'unknown' || !failure.final) throw error;
      return make('customer-2');
    }
  }

  /**
   * "Deleting customers removes all credit card details and prevents any further operations" (docs.stripe.com/api/customers/delete): its
   * payment methods go with it, what was taken from them stays. A DELETE takes no idempotency key; one that is gone is gone.
   */
  async remove(wanted: CustomerToRemove): Promise<'gone' | 'refused' | 'unknown'> {
    const { authorizationId } = wanted;
    try {
      for (const customer of await this.#customersOf(wanted)) await this.#removeOne(wanted, customer);
      return 'gone';
    } catch (error) {
      const failure = readStripeError(error);
      this.#note('remove', undefined, authorizationId, failure);
      return failure.kind === 'unknown' ? 'unknown' : 'refused';
    }
  }

  async #removeOne(wanted: CustomerToRemove, customer: string): Promise<void> {
    try {
      await this.#stripe.customers.del(customer, {}, optionsOf(wanted));
    } catch (error) {
      const failure = readStripeError(error);
      if (failure.kind !== 'refused' || !failure.reason.startsWith('resource_missing')) throw error;
    }
  }

  /** Known, or named by the intent it was to pay, or found in the list of those made at that time, which does not lag. */
  async #customersOf(wanted: CustomerToRemove): Promise<string[]> {
    const { customer, intentId, authorizationId, createdAt } = wanted;
    if (customer !== undefined) return [customer];
    if (intentId !== undefined) {
      const { customer: of } = await this.#stripe.paymentIntents.retrieve(intentId, {}, optionsOf(wanted));
      const named = typeof of === 'string' ? of : of?.id;
      if (named !== undefined) return [named];
    }
    const from = Math.floor(createdAt.getTime() / 1000);
    const created = { gte: from - clockSlackSeconds, lte: from + keyLivesSeconds };
    const made: string[] = [];
    for await (const one of this.#stripe.customers.list({ created, limit: 100 }, optionsOf(wanted))) {
      if (one.metadata[authorizationInMetadata] === authorizationId) made.push(one.id);
    }
    return made;
  }
}
