// A payment intent of Stripe's in our words (IntentState). Pure. Not here: getting one.

import type Stripe from 'stripe';
import type { CardFacts, IntentState } from '../flow/ports.ts';
import { fromMinorUnits } from './stripe-amounts.ts';
import { declineReason } from './stripe-errors.ts';

/**
 * `intent` with `latest_charge` expanded. Throws (a bug) on an intent that no request of ours makes: without a client
 * secret, held or captured without a charge, or in a status that cards do not know.
 */
export function readIntent(intent: Stripe.PaymentIntent): IntentState {
  switch (intent.status) {
    case 'requires_payment_method':
    case 'requires_confirmation': {
      const failed = intent.last_payment_error;
      return {
        state: 'needs_card',
        clientSecret: clientSecretOf(intent),
        ...(failed === null ? {} : { lastDecline: declineReason(failed) }),
      };
    }
    case 'requires_action':
      return { state: 'needs_action', clientSecret: clientSecretOf(intent) };
    case 'processing':
      return { state: 'processing' };
    case 'requires_capture': {
      const charge = chargeOf(intent);
      // When the bank gives the hold back by itself: the network's rule, so the charge says it, not the intent.
      const captureBefore = charge.payment_method_details?.card?.capture_before;
      return {
        state: 'authorized',
        amount: fromMinorUnits(intent.amount_capturable, intent.currency),
        card: cardOf(charge),
        chargeId: charge.id,
        ...(captureBefore === undefined ? {} : { captureBefore: new Date(captureBefore * 1000) }),
      };
    }
    case 'succeeded': {
      const charge = chargeOf(intent);
      return {
        state: 'captured',
        captured: fromMinorUnits(intent.amount_received, intent.currency),
        card: cardOf(charge),
        chargeId: charge.id,
      };
    }
    case 'canceled':
      return { state: 'cancelled' };
    default:
      throw new Error(`Payment intent ${intent.id} has a status cards do not know`);
  }
}

function clientSecretOf(intent: Stripe.PaymentIntent): string {
  if (intent.client_secret === null)
    throw new Error(`Payment intent ${intent.id} came without its client secret`);
  return intent.client_secret;
}

function chargeOf(intent: Stripe.PaymentIntent): Stripe.Charge {
  const charge = intent.latest_charge;
  if (charge === null || typeof charge === 'string') {
    throw new Error(`Payment intent ${intent.id} came without its charge`);
  }
  return charge;
}

function cardOf(charge: Stripe.Charge): CardFacts {
  const customer = typeof charge.customer === 'string' ? charge.customer : charge.customer?.id;
  const card = charge.payment_method_details?.card;
  return {
    brand: card?.brand ?? 'unknown',
    last4: card?.last4 ?? '',
    paymentMethod: charge.payment_method ?? '',
    ...(card?.fingerprint ? { fingerprint: card.fingerprint } : {}),
    ...(customer === undefined ? {} : { customer }),
  };
}
