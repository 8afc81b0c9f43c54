// The records as Stripe writes them: every field of its published fixtures (stripe/openapi, fixtures3.json) and of the
// API version below, with null where we have nothing. Pure. Not here: what changes them.

import { behaviourOf } from './processor-cards.ts';
import type {
  AccountOwned,
  ChargeRecord,
  CustomerRecord,
  DisputeRecord,
  IntentRecord,
  PaymentMethodRecord,
  RefundRecord,
} from './processor-records.ts';

/** The version our gateway's SDK pins; a request without a `Stripe-Version` gets it too. */
export const apiVersion = '2026-10-28.endive';

export type StripeObject = Record<string, unknown>;

export function intentShape(intent: IntentRecord, publicUrl: string): StripeObject {
  return {
    id: intent.id,
    object: 'payment_intent',
    allowed_payment_method_types: intent.allowedTypes,
    amount: intent.amount,
    amount_capturable: intent.amountCapturable,
    amount_details: { tip: {} },
    amount_received: intent.amountReceived,
    application: null,
    application_fee_amount: intent.applicationFee,
    automatic_payment_methods: null,
    canceled_at: intent.canceledAt,
    cancellation_reason: intent.cancellationReason,
    capture_method: intent.captureMethod,
    client_secret: intent.clientSecret,
    confirmation_method: intent.confirmationMethod,
    created: intent.created,
    currency: intent.currency,
    customer: intent.customer,
    customer_account: null,
    description: intent.description,
    excluded_payment_method_types: null,
    last_payment_error: intent.lastError,
    latest_charge: intent.latestCharge,
    livemode: false,
    managed_payments: null,
    metadata: intent.metadata,
    next_action: nextAction(intent, publicUrl),
    on_behalf_of: null,
    payment_method: intent.paymentMethod,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: { installments: null, mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    },
    payment_method_types: ['card'],
    payment_record: null,
    processing: null,
    receipt_email: intent.receiptEmail,
    review: null,
    setup_future_usage: intent.setupFutureUsage,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: intent.statementDescriptorSuffix,
    status: intent.status,
    transfer_data: null,
    transfer_group: null,
  };
}

function nextAction(intent: IntentRecord, publicUrl: string): StripeObject | null {
  if (intent.action === null) return null;
  const url = `${publicUrl}/stripe/authenticate/${intent.action.source}`;
  return intent.action.inPage
    ? {
        type: 'use_stripe_sdk',
        use_stripe_sdk: { type: 'three_d_secure_redirect', source: intent.action.source, stripe_js: url },
      }
    : { type: 'redirect_to_url', redirect_to_url: { url, return_url: intent.action.returnUrl } };
}

/** What a holder of the publishable key and the client secret may see: Stripe leaves the rest out for browsers. */
const publicIntentFields = [
  'id',
  'object',
  'amount',
  'automatic_payment_methods',
  'canceled_at',
  'cancellation_reason',
  'capture_method',
  'client_secret',
  'confirmation_method',
  'created',
  'currency',
  'description',
  'last_payment_error',
  'livemode',
  'next_action',
  'payment_method',
  'payment_method_configuration_details',
  'payment_method_types',
  'processing',
  'receipt_email',
  'setup_future_usage',
  'shipping',
  'source',
  'status',
] as const;

export function publicIntentShape(intent: IntentRecord, publicUrl: string): StripeObject {
  const whole = intentShape(intent, publicUrl);
  return Object.fromEntries(publicIntentFields.map((field) => [field, whole[field]]));
}

export function paymentMethodShape(method: PaymentMethodRecord): StripeObject {
  const { card } = method;
  return {
    id: method.id,
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: { ...method.billing, tax_id: null },
    card: {
      brand: card.brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: card.cvcCheck },
      country: card.country,
      display_brand: card.brand,
      exp_month: card.expMonth,
      exp_year: card.expYear,
      fingerprint: card.fingerprint,
      funding: card.funding,
      generated_from: null,
      last4: card.last4,
      networks: { available: [card.brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: behaviourOf(card).authentication !== 'not_supported' },
      wallet: null,
    },
    created: method.created,
    customer: method.customer ?? null,
    customer_account: null,
    livemode: false,
    metadata: method.metadata,
    type: 'card',
  };
}

export function chargeShape(charge: ChargeRecord, refunds: readonly RefundRecord[]): StripeObject {
  return {
    id: charge.id,
    object: 'charge',
    amount: charge.amount,
    amount_captured: charge.amountCaptured,
    amount_refunded: charge.amountRefunded,
    application: null,
    application_fee: charge.applicationFee?.id ?? null,
    application_fee_amount: charge.applicationFee?.amount ?? null,
    balance_transaction: charge.balanceTransaction,
    billing_details: { ...charge.billing, tax_id: null },
    calculated_statement_descriptor: 'SANDBOX',
    captured: charge.captured,
    created: charge.created,
    currency: charge.currency,
    customer: charge.customer ?? null,
    description: charge.description,
    disputed: charge.disputed ?? false,
    failure_balance_transaction: null,
    failure_code: charge.failure?.code ?? null,
    failure_message: charge.failure?.message ?? null,
    fraud_details: {},
    livemode: false,
    metadata: charge.metadata,
    on_behalf_of: null,
    outcome: outcomeOf(charge),
    paid: charge.status === 'succeeded',
    payment_intent: charge.intent,
    payment_method: charge.paymentMethod,
    payment_method_details: { card: cardDetails(charge), type: 'card' },
    receipt_email: charge.receiptEmail,
    receipt_number: null,
    receipt_url: null,
    refunded: charge.status === 'succeeded' && charge.amountRefunded === charge.amount,
    refunds: listShape(`/v1/charges/${charge.id}/refunds`, refunds.map(refundShape), false),
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: charge.status,
    transfer_data: null,
    transfer_group: null,
  };
}

function outcomeOf(charge: ChargeRecord): StripeObject {
  const { risk } = behaviourOf(charge.card);
  const blocked = risk === 'highest';
  const failure = charge.failure;
  return {
    advice_code: failure === null ? null : 'try_again_later',
    network_advice_code: null,
    network_decline_code: null,
    network_status:
      failure === null ? 'approved_by_network' : blocked ? 'not_sent_to_network' : 'declined_by_network',
    reason: failure === null ? null : blocked ? 'highest_risk_level' : (failure.declineCode ?? failure.code),
    risk_level: risk,
    risk_score: { normal: 12, elevated: 70, highest: 95 }[risk],
    seller_message: failure === null ? 'Payment complete.' : 'The bank did not return any further details.',
    type: failure === null ? 'authorized' : blocked ? 'blocked' : 'issuer_declined',
  };
}

function cardDetails(charge: ChargeRecord): StripeObject {
  const { card } = charge;
  return {
    amount_authorized: charge.status === 'succeeded' ? charge.amount : null,
    authorization_code: charge.status === 'succeeded' ? '123456' : null,
    brand: card.brand,
    ...(charge.captureBefore === null ? {} : { capture_before: charge.captureBefore }),
    checks: {
      address_line1_check: null,
      address_postal_code_check: null,
      cvc_check: card.cvcCheck === null ? null : charge.failure?.code === 'incorrect_cvc' ? 'fail' : 'pass',
    },
    country: card.country,
    electronic_commerce_indicator: charge.authenticated ? '05' : null,
    exp_month: card.expMonth,
    exp_year: card.expYear,
    extended_authorization: { status: 'disabled' },
    fingerprint: card.fingerprint,
    funding: card.funding,
    incremental_authorization: { status: 'unavailable' },
    installments: null,
    last4: card.last4,
    mandate: null,
    multicapture: { status: 'unavailable' },
    network: card.brand,
    network_token: { used: false },
    network_transaction_id: null,
    overcapture: { maximum_amount_capturable: charge.amount, status: 'unavailable' },
    regulated_status: 'unregulated',
    three_d_secure: charge.authenticated
      ? {
          authentication_flow: 'challenge',
          electronic_commerce_indicator: '05',
          exemption_indicator: null,
          result: 'authenticated',
          result_reason: null,
          transaction_id: null,
          version: '2.2.0',
        }
      : null,
    transaction_link_id: null,
    wallet: null,
  };
}

export function refundShape(refund: RefundRecord): StripeObject {
  return {
    id: refund.id,
    object: 'refund',
    amount: refund.amount,
    balance_transaction: null,
    charge: refund.charge,
    created: refund.created,
    currency: refund.currency,
    customer: null,
    customer_account: null,
    destination_details: { card: { type: 'refund' }, type: 'card' },
    ...(refund.failureReason === null ? {} : { failure_reason: refund.failureReason }),
    metadata: refund.metadata,
    payment_intent: refund.intent,
    payment_method: null,
    reason: refund.reason,
    receipt_number: null,
    source_transfer_reversal: null,
    status: refund.status,
    transfer_reversal: null,
  };
}

export function customerShape(customer: CustomerRecord): StripeObject {
  return {
    id: customer.id,
    object: 'customer',
    address: null,
    balance: 0,
    created: customer.created,
    currency: null,
    default_source: null,
    delinquent: false,
    description: null,
    email: customer.email,
    invoice_prefix: null,
    livemode: false,
    metadata: customer.metadata,
    name: null,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  };
}

export function disputeShape(dispute: DisputeRecord): StripeObject {
  const isOpen = dispute.status !== 'won' && dispute.status !== 'lost';
  return {
    id: dispute.id,
    object: 'dispute',
    amount: dispute.amount,
    balance_transactions: [],
    charge: dispute.charge,
    created: dispute.created,
    currency: dispute.currency,
    enhanced_eligibility_types: [],
    evidence: {},
    evidence_details: {
      due_by: isOpen ? dispute.evidenceDueBy : null,
      has_evidence: false,
      past_due: false,
      submission_count: 0,
    },
    is_charge_refundable: false,
    livemode: false,
    metadata: {},
    payment_intent: dispute.intent,
    reason: dispute.reason,
    status: dispute.status,
  };
}

/** The part of an account that says whether it may take cards. */
export function accountShape(account: AccountOwned): StripeObject {
  return {
    id: account.id,
    object: 'account',
    business_profile: { mcc: null, name: 'Sandbox', support_email: null, support_phone: null, url: null },
    business_type: null,
    capabilities: { card_payments: 'active', transfers: 'active' },
    charges_enabled: true,
    country: 'FR',
    created: account.created,
    default_currency: 'eur',
    details_submitted: true,
    email: null,
    livemode: false,
    metadata: {},
    payouts_enabled: true,
    requirements: { currently_due: [], disabled_reason: null, errors: [], eventually_due: [], past_due: [] },
    type: 'standard',
  };
}

export function listShape(url: string, data: readonly unknown[], hasMore: boolean): StripeObject {
  return { object: 'list', data, has_more: hasMore, url };
}
