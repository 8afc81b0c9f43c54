// Payment methods: a card somebody typed, or one of Stripe's test tokens, made into an object that can pay. Not here: what
// the cards do (processor-cards.ts).

import { browserParameters, type Call, type World } from './processor-call.ts';
import { cardFromEntry, cardFromToken } from './processor-cards.ts';
import { missing, parameterInvalid } from './processor-errors.ts';
import {
  group,
  integer,
  mergeMetadata,
  refuseUnknown,
  requiredText,
  text,
  type Parameters,
} from './processor-form.ts';
import { newId, type Billing, type PaymentMethodRecord } from './processor-records.ts';
import { paymentMethodShape, type StripeObject } from './processor-shapes.ts';

export function createPaymentMethod(world: World, call: Call): StripeObject {
  refuseUnknown(call.parameters, [
    'billing_details',
    'card',
    'expand',
    'metadata',
    'type',
    ...(call.publishable ? browserParameters : []),
  ]);
  return paymentMethodShape(makePaymentMethod(world, call.account, call.parameters));
}

function makePaymentMethod(world: World, account: string, parameters: Parameters): PaymentMethodRecord {
  const type = requiredText(parameters, 'type');
  if (type !== 'card')
    throw parameterInvalid('type', `The payment method type "${type.slice(0, 40)}" is not available.`);
  const entry = group(parameters, 'card');
  if (entry === undefined)
    throw parameterInvalid('card', 'Missing required param: card.', 'parameter_missing');
  const now = new Date(world.intents.now * 1000);
  const token = text(entry, 'token');
  const card =
    token === undefined
      ? cardFromEntry(
          {
            number: requiredText(entry, 'number'),
            expMonth: integer(entry, 'exp_month', 0) ?? 0,
            expYear: integer(entry, 'exp_year', 0) ?? 0,
            cvc: text(entry, 'cvc'),
          },
          now,
        )
      : cardFromToken(token, now);
  if (card === undefined) throw missing('token', token ?? '', 'card[token]');
  return storePaymentMethod(world, account, card, billingOf(parameters), mergeMetadata({}, parameters));
}

function storePaymentMethod(
  world: World,
  account: string,
  card: PaymentMethodRecord['card'],
  billing: Billing,
  metadata: Record<string, string>,
): PaymentMethodRecord {
  const method = { id: newId('pm'), account, created: world.intents.now, card, billing, metadata };
  world.records.put('method', method);
  return method;
}

function billingOf(parameters: Parameters): Billing {
  const billing = group(parameters, 'billing_details') ?? {};
  const address = group(billing, 'address') ?? {};
  return {
    name: text(billing, 'name') ?? null,
    email: text(billing, 'email') ?? null,
    phone: text(billing, 'phone') ?? null,
    address: {
      city: text(address, 'city') ?? null,
      country: text(address, 'country') ?? null,
      line1: text(address, 'line1') ?? null,
      line2: text(address, 'line2') ?? null,
      postal_code: text(address, 'postal_code') ?? null,
      state: text(address, 'state') ?? null,
    },
  };
}

/** `payment_method` (an id, or a `pm_card_...` which makes a new one) or `payment_method_data`. */
export function givenPaymentMethod(world: World, call: Call): PaymentMethodRecord | undefined {
  const typed = group(call.parameters, 'payment_method_data');
  if (typed !== undefined) return makePaymentMethod(world, call.account, typed);
  const id = text(call.parameters, 'payment_method');
  if (id === undefined) return undefined;
  const test = cardFromToken(id, new Date(world.intents.now * 1000));
  if (test !== undefined && id.startsWith('pm_')) {
    return storePaymentMethod(world, call.account, test, billingOf({}), {});
  }
  const method = world.records.get('method', id);
  if (method?.account !== call.account) throw missing('PaymentMethod', id, 'payment_method');
  return method;
}
