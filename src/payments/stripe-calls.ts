// What every call to Stripe has: its key and account, and a line in the log when it did not do as asked.

import type Stripe from 'stripe';
import type { Log } from '../flow/ports.ts';
import type { StripeFailure } from './stripe-errors.ts';

/** Under this name what we make at Stripe carries the key that made it: how it is found when its id never reached us. */
export const keyInMetadata = 'operation';
/** Under this name the flow's metadata says which authorization an intent is, or a customer was made for. */
export const authorizationInMetadata = 'authorization';

export function optionsOf(
  { merchantAccount }: { merchantAccount?: string },
  key?: string,
): Stripe.RequestOptions {
  return {
    ...(key === undefined ? {} : { idempotencyKey: key }),
    ...(merchantAccount === undefined ? {} : { stripeAccount: merchantAccount }),
  };
}

/** `id`: of the intent, refund or dispute it was about, or of our own where it has none. */
export type NoteFailure = (
  act: 'authorize' | 'capture' | 'void' | 'refund' | 'look' | 'search' | 'remove',
  key: string | undefined,
  id: string | undefined,
  failure: StripeFailure,
) => void;

export function notingFailures(log: Log): NoteFailure {
  return (act, key, id, failure) => {
    const facts = { act, key, id, failure };
    // A refused card is a day's work; the other three mean that we or Stripe did something the other did not expect.
    if (failure.kind === 'declined') log.info(facts, 'The card was declined');
    else log.warn(facts, 'Stripe did not do as asked');
  };
}
