// The operations of Stripe's API that change something: parameters in, an object out. Not here: keys and connections
// (processor-api.ts, processor-http.ts), the intent's own rules (processor-intents.ts), the JSON (processor-shapes.ts).

import { browserParameters, intentOf, shown, type Call, type Route, type World } from './processor-call.ts';
import { amountIn, currencyOf } from './processor-currencies.ts';
import { missing, parameterInvalid, refused, StripeRefusal } from './processor-errors.ts';
import {
  flag,
  group,
  integer,
  list,
  mergeMetadata,
  refuseUnknown,
  requiredText,
  text,
  type Parameters,
} from './processor-form.ts';
import { customerOf } from './processor-customers.ts';
import type { Confirmation } from './processor-intents.ts';
import { createPaymentMethod, givenPaymentMethod } from './processor-payment-methods.ts';
import { newId } from './processor-records.ts';
import type { IntentRecord, PaymentMethodRecord } from './processor-records.ts';
import { intentShape, refundShape, type StripeObject } from './processor-shapes.ts';

const confirmParameters = [
  'error_on_requires_action',
  'expand',
  'off_session',
  'payment_method',
  'payment_method_data',
  'payment_method_options',
  'receipt_email',
  'return_url',
  'use_stripe_sdk',
];
const intentParameters = [
  'allowed_payment_method_types',
  'amount',
  'application_fee_amount',
  'capture_method',
  'currency',
  'customer',
  'description',
  'metadata',
  'payment_method_types',
  'setup_future_usage',
  'statement_descriptor_suffix',
];

export const intentRoutes: readonly Route[] = [
  { method: 'POST', path: /^\/v1\/payment_intents$/, target: 'create', act: createIntent },
  {
    method: 'GET',
    path: /^\/v1\/payment_intents\/(pi_\w+)$/,
    target: 'retrieve',
    act: (world, call, id) => shown(world, call, intentOf(world, call, id)),
    publishable: true,
  },
  { method: 'POST', path: /^\/v1\/payment_intents\/(pi_\w+)$/, target: 'update', act: updateIntent },
  {
    method: 'POST',
    path: /^\/v1\/payment_intents\/(pi_\w+)\/confirm$/,
    target: 'confirm',
    act: confirmIntent,
    publishable: true,
  },
  {
    method: 'POST',
    path: /^\/v1\/payment_intents\/(pi_\w+)\/capture$/,
    target: 'capture',
    act: captureIntent,
  },
  { method: 'POST', path: /^\/v1\/payment_intents\/(pi_\w+)\/cancel$/, target: 'cancel', act: cancelIntent },
  {
    method: 'POST',
    path: /^\/v1\/payment_methods$/,
    target: 'payment_method',
    act: createPaymentMethod,
    publishable: true,
  },
  { method: 'POST', path: /^\/v1\/refunds$/, target: 'refund', act: createRefund },
];

function createIntent(world: World, call: Call): StripeObject {
  const { parameters } = call;
  refuseUnknown(parameters, [
    ...intentParameters,
    ...confirmParameters,
    'confirm',
    'confirmation_method',
    'automatic_payment_methods',
  ]);
  const confirming = flag(parameters, 'confirm');
  if (!confirming) refuseWithoutConfirm(parameters);
  const currency = currencyOf(requiredText(parameters, 'currency'));
  const id = newId('pi');
  const method = givenPaymentMethod(world, call);
  const intent: IntentRecord = {
    id,
    account: call.account,
    created: world.intents.now,
    clientSecret: newId(`${id}_secret`),
    amount: requiredAmount(parameters, currency),
    currency,
    status: method === undefined ? 'requires_payment_method' : 'requires_confirmation',
    captureMethod: oneOf(parameters, 'capture_method', ['automatic_async', 'automatic', 'manual']),
    confirmationMethod: oneOf(parameters, 'confirmation_method', ['automatic', 'manual']),
    amountCapturable: 0,
    amountReceived: 0,
    applicationFee: applicationFee(world, call) ?? null,
    allowedTypes: allowedTypes(call),
    description: text(parameters, 'description') ?? null,
    metadata: mergeMetadata({}, parameters),
    receiptEmail: text(parameters, 'receipt_email') ?? null,
    statementDescriptorSuffix: text(parameters, 'statement_descriptor_suffix') ?? null,
    paymentMethod: method?.id ?? null,
    customer: customerOf(world, call) ?? null,
    setupFutureUsage:
      'setup_future_usage' in parameters
        ? oneOf(parameters, 'setup_future_usage', ['off_session', 'on_session'] as const)
        : null,
    latestCharge: null,
    lastError: null,
    action: null,
    canceledAt: null,
    cancellationReason: null,
  };
  const confirmation = confirming ? confirmationOf(world, parameters, method) : undefined;
  world.intents.create(intent, call.cause);
  if (confirmation !== undefined) world.intents.confirm(intent, confirmation, call.cause);
  return shown(world, call, intent);
}

function updateIntent(world: World, call: Call, id: string): StripeObject {
  const { parameters } = call;
  refuseUnknown(parameters, [
    ...intentParameters,
    'expand',
    'payment_method',
    'payment_method_data',
    'receipt_email',
  ]);
  const intent = intentOf(world, call, id);
  const waiting = ['requires_payment_method', 'requires_confirmation', 'requires_action'];
  const touchesMoney = ['amount', 'currency', 'payment_method', 'payment_method_data', 'capture_method'];
  if (!waiting.includes(intent.status) && touchesMoney.some((name) => name in parameters)) {
    throw refused(
      'payment_intent_unexpected_state',
      `This PaymentIntent's amount and payment method could not be updated because it has a status of ${intent.status}.`,
      { payment_intent: intentShape(intent, world.base.publicUrl) },
    );
  }
  const currency = text(parameters, 'currency');
  if (currency !== undefined) intent.currency = currencyOf(currency);
  if ('amount' in parameters) intent.amount = requiredAmount(parameters, intent.currency);
  const method = givenPaymentMethod(world, call);
  if (method !== undefined) {
    intent.paymentMethod = method.id;
    intent.status = 'requires_confirmation';
    intent.action = null;
  }
  if ('capture_method' in parameters) {
    intent.captureMethod = oneOf(parameters, 'capture_method', ['automatic_async', 'automatic', 'manual']);
  }
  const fee = applicationFee(world, call);
  if (fee !== undefined) intent.applicationFee = fee;
  if ('description' in parameters) intent.description = text(parameters, 'description') ?? null;
  if ('receipt_email' in parameters) intent.receiptEmail = text(parameters, 'receipt_email') ?? null;
  if ('metadata' in parameters) intent.metadata = mergeMetadata(intent.metadata, parameters);
  world.intents.save(intent);
  return shown(world, call, intent);
}

function confirmIntent(world: World, call: Call, id: string): StripeObject {
  const { parameters } = call;
  refuseUnknown(parameters, [...confirmParameters, ...(call.publishable ? browserParameters : [])]);
  const intent = intentOf(world, call, id);
  const given = givenPaymentMethod(world, call);
  const attached =
    intent.paymentMethod === null ? undefined : world.records.get('method', intent.paymentMethod);
  return changed(world, call, intent, () =>
    world.intents.confirm(intent, confirmationOf(world, parameters, given ?? attached), call.cause),
  );
}

function captureIntent(world: World, call: Call, id: string): StripeObject {
  const { parameters } = call;
  refuseUnknown(parameters, [
    'amount_to_capture',
    'application_fee_amount',
    'expand',
    'final_capture',
    'metadata',
    'statement_descriptor_suffix',
  ]);
  if ('final_capture' in parameters && !flag(parameters, 'final_capture')) {
    throw parameterInvalid('final_capture', 'Multicapture is not available for this PaymentIntent.');
  }
  const intent = intentOf(world, call, id);
  const fee = applicationFee(world, call) ?? null;
  const asked = amountIn(parameters, 'amount_to_capture', intent.currency, 'charge');
  return changed(world, call, intent, () => {
    world.intents.capture(intent, asked ?? intent.amountCapturable, fee, call.cause);
  });
}

function cancelIntent(world: World, call: Call, id: string): StripeObject {
  const { parameters } = call;
  refuseUnknown(parameters, ['cancellation_reason', 'expand']);
  const reasons = ['abandoned', 'duplicate', 'fraudulent', 'requested_by_customer'] as const;
  const reason =
    'cancellation_reason' in parameters ? oneOf(parameters, 'cancellation_reason', reasons) : null;
  const intent = intentOf(world, call, id);
  return changed(world, call, intent, () => world.intents.cancel(intent, reason, call.cause));
}

/** Refusals of the intent's own machine carry the intent, so that the client need not ask again. */
function changed(world: World, call: Call, intent: IntentRecord, act: () => void): StripeObject {
  try {
    act();
  } catch (error) {
    if (!(error instanceof StripeRefusal)) throw error;
    const payment_intent = shown(world, call, intent);
    throw new StripeRefusal(error.status, { ...error.body, payment_intent }, { kept: error.kept });
  }
  return shown(world, call, intent);
}

function confirmationOf(
  world: World,
  parameters: Parameters,
  method: PaymentMethodRecord | undefined,
): Confirmation {
  if (method === undefined) {
    throw refused(
      'payment_intent_unexpected_state',
      "You cannot confirm this PaymentIntent because it's missing a payment method. Update it with a payment method, " +
        'or provide one when confirming.',
    );
  }
  const returnUrl = text(parameters, 'return_url') ?? null;
  if (returnUrl !== null && !/^https?:\/\/\S+$/.test(returnUrl)) {
    throw parameterInvalid('return_url', 'Not a valid URL', 'url_invalid');
  }
  return {
    method,
    inPage: flag(parameters, 'use_stripe_sdk'),
    returnUrl,
    offSession: flag(parameters, 'off_session'),
    moto: isMoto(world, parameters),
    errorOnAction: flag(parameters, 'error_on_requires_action'),
  };
}

/**
 * An account Stripe has not permitted to is told that there is no such parameter
 * (https://docs.stripe.com/payments/more-payment-scenarios/charge-moto).
 */
function isMoto(world: World, parameters: Parameters): boolean {
  const options = group(parameters, 'payment_method_options');
  if (options === undefined) return false;
  refuseUnknown(options, ['card']);
  const card = group(options, 'card') ?? {};
  const known = world.intents.motoAllowed ? ['moto'] : [];
  const unknown = Object.keys(card).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const name = `payment_method_options[card][${unknown}]`;
    throw parameterInvalid(name, `Received unknown parameter: ${name}`, 'parameter_unknown');
  }
  return flag(card, 'moto');
}

function requiredAmount(parameters: Parameters, currency: string): number {
  const amount = amountIn(parameters, 'amount', currency, 'charge');
  if (amount === undefined)
    throw parameterInvalid('amount', 'Missing required param: amount.', 'parameter_missing');
  return amount;
}

function refuseWithoutConfirm(parameters: Parameters): void {
  const early = ['return_url', 'use_stripe_sdk', 'off_session', 'error_on_requires_action'].find(
    (name) => name in parameters,
  );
  if (early !== undefined) {
    throw parameterInvalid(
      early,
      `The parameter ${early} cannot be passed when creating a PaymentIntent unless confirm is set to true.`,
    );
  }
}

/** https://docs.stripe.com/changelog/endive/2026-09-30: `payment_method_types` is no parameter any more. */
function allowedTypes(call: Call): string[] | null {
  const { parameters } = call;
  const old = list(parameters, 'payment_method_types');
  if (old.length > 0 && call.version >= '2026-09-30') {
    throw new StripeRefusal(
      400,
      {
        type: 'invalid_request_error',
        code: 'payment_method_types_no_longer_supported',
        message: 'payment_method_types is no longer supported. Use allowed_payment_method_types.',
        param: 'payment_method_types',
      },
      { kept: false },
    );
  }
  const types = [...old, ...list(parameters, 'allowed_payment_method_types')];
  if (types.length > 0 && !types.includes('card')) {
    throw parameterInvalid('allowed_payment_method_types', 'The sandbox takes cards only.');
  }
  return types.length === 0 ? null : types;
}

/** A fee for the platform exists only where the payment is somebody else's. */
function applicationFee(world: World, call: Call): number | undefined {
  const fee = integer(call.parameters, 'application_fee_amount', 0);
  if (fee !== undefined && call.account === world.ownAccount) {
    throw parameterInvalid(
      'application_fee_amount',
      'Can only apply an application_fee_amount when the PaymentIntent was attempted as a direct payment (using the ' +
        'Stripe-Account header) or destination payment.',
    );
  }
  return fee;
}

function createRefund(world: World, call: Call): StripeObject {
  const { parameters } = call;
  refuseUnknown(parameters, [
    'amount',
    'charge',
    'expand',
    'metadata',
    'payment_intent',
    'reason',
    'refund_application_fee',
  ]);
  const intentId = text(parameters, 'payment_intent');
  const chargeId =
    intentId === undefined
      ? requiredText(parameters, 'charge')
      : intentOf(world, call, intentId).latestCharge;
  const charge = chargeId === null ? undefined : world.records.get('charge', chargeId);
  if (charge?.account !== call.account) throw missing('charge', chargeId ?? '', 'charge');
  if (flag(parameters, 'refund_application_fee') && charge.applicationFee === null) {
    throw parameterInvalid('refund_application_fee', 'This charge has no application fee to refund.');
  }
  const refund = {
    id: newId('re'),
    account: call.account,
    created: world.intents.now,
    charge: charge.id,
    intent: charge.intent,
    amount:
      amountIn(parameters, 'amount', charge.currency, 'refund') ??
      charge.amountCaptured - world.intents.refundedOf(charge),
    currency: charge.currency,
    reason:
      'reason' in parameters
        ? oneOf(parameters, 'reason', ['duplicate', 'fraudulent', 'requested_by_customer'])
        : null,
    metadata: mergeMetadata({}, parameters),
    status: world.intents.refundsPend ? ('pending' as const) : ('succeeded' as const),
    failureReason: null,
  };
  world.intents.refund(charge, refund, call.cause);
  return refundShape(refund);
}

/** The first is the default. */
function oneOf<T extends string>(parameters: Parameters, name: string, allowed: readonly [T, ...T[]]): T {
  const value = text(parameters, name);
  if (value === undefined) return allowed[0];
  const found = allowed.find((each) => each === value);
  if (found === undefined) {
    throw parameterInvalid(name, `Invalid ${name}: must be one of ${allowed.join(', ')}`);
  }
  return found;
}
