// What became of a call to Stripe that did not answer with an object: the one place where the SDK's errors are read.
// Not here: what is done about it (card-processor.ts).

import Stripe from 'stripe';
import type { DeclineReason } from '../flow/ports.ts';

export type StripeFailure =
  /** The bank or the network said no. Nothing is held. */
  | { kind: 'declined'; reason: DeclineReason; intentId?: string }
  /** The object was not in a state for this request: somebody was faster. Look, then answer what is true. */
  | { kind: 'other_state'; code: string }
  /** Stripe refused the request itself and did nothing. `reason` is codes and parameter names only, never values. */
  | { kind: 'refused'; reason: string }
  /**
   * It may have been carried out. `final`: Stripe has stored this answer under the key and will give nothing else for
   * it (a 500 is kept like any other answer, https://docs.stripe.com/error-low-level#idempotency): look instead.
   */
  | { kind: 'unknown'; final: boolean; code: string };

/** https://docs.stripe.com/declines/codes, by what the caller can do about it. Unlisted: `declined`. */
const reasonByDeclineCode: Readonly<Record<string, DeclineReason>> = {
  insufficient_funds: 'insufficient_funds',
  withdrawal_count_limit_exceeded: 'insufficient_funds',
  expired_card: 'expired_card',
  incorrect_cvc: 'wrong_security_code',
  invalid_cvc: 'wrong_security_code',
  incorrect_number: 'wrong_number',
  invalid_number: 'wrong_number',
  invalid_account: 'wrong_number',
  invalid_expiry_month: 'expired_card',
  invalid_expiry_year: 'expired_card',
  lost_card: 'lost_or_stolen',
  stolen_card: 'lost_or_stolen',
  pickup_card: 'lost_or_stolen',
  restricted_card: 'lost_or_stolen',
  authentication_required: 'authentication_failed',
  authentication_not_handled: 'authentication_failed',
  mobile_device_authentication_required: 'authentication_failed',
  payment_intent_authentication_failure: 'authentication_failed',
  processing_error: 'processing_error',
  issuer_not_available: 'processing_error',
  reenter_transaction: 'processing_error',
  try_again_later: 'processing_error',
  approve_with_id: 'processing_error',
  card_not_supported: 'card_not_supported',
  currency_not_supported: 'card_not_supported',
  not_permitted: 'card_not_supported',
  service_not_allowed: 'card_not_supported',
  transaction_not_allowed: 'card_not_supported',
  invalid_amount: 'card_not_supported',
  testmode_decline: 'card_not_supported',
  test_mode_live_card: 'card_not_supported',
  live_mode_test_card: 'card_not_supported',
  card_velocity_exceeded: 'too_many_attempts',
  card_decline_rate_limit_exceeded: 'too_many_attempts',
  pin_try_exceeded: 'too_many_attempts',
  duplicate_transaction: 'too_many_attempts',
  fraudulent: 'suspected_fraud',
  highest_risk_level: 'suspected_fraud',
  merchant_blacklist: 'suspected_fraud',
  security_violation: 'suspected_fraud',
};

/**
 * `fraudulent` and `lost_card` must not be told to the person holding the card (Stripe, "presenting declines"): whoever
 * words the page says "refused" for `suspected_fraud` and `lost_or_stolen`.
 */
export function declineReason(error: {
  decline_code?: string | undefined;
  code?: string | undefined;
}): DeclineReason {
  const byDecline = error.decline_code === undefined ? undefined : reasonByDeclineCode[error.decline_code];
  const byCode = error.code === undefined ? undefined : reasonByDeclineCode[error.code];
  return byDecline ?? byCode ?? 'declined';
}

/** Codes that say "not in that state", whatever was asked (https://docs.stripe.com/error-codes). */
const otherStateCodes = new Set([
  'payment_intent_unexpected_state',
  'charge_already_captured',
  'charge_already_refunded',
  'charge_expired_for_capture',
  'intent_invalid_state',
]);

/** Reads what the SDK threw. Throws it again when it is not Stripe's: that is a bug of ours. */
export function readStripeError(error: unknown): StripeFailure {
  if (!(error instanceof Stripe.errors.StripeError)) throw error;
  const code = error.code ?? error.rawType ?? error.type;
  const status = error.statusCode;

  // No status: no whole answer came. 409: the first request under this key still runs. 429 (or 400 rate_limit), a lock
  // that was waited for included: Stripe promises nothing about what was begun.
  if (status === undefined || status === 409 || status === 429 || error.code === 'rate_limit') {
    return { kind: 'unknown', final: false, code };
  }
  if (status >= 500) {
    return { kind: 'unknown', final: error.headers?.['idempotent-replayed'] === 'true', code };
  }
  if (error.code !== undefined && otherStateCodes.has(error.code)) {
    return { kind: 'other_state', code: error.code };
  }
  if (error.rawType === 'card_error') {
    const intentId = error.payment_intent?.id;
    return {
      kind: 'declined',
      reason: declineReason(error),
      ...(intentId === undefined ? {} : { intentId }),
    };
  }
  return { kind: 'refused', reason: error.param === undefined ? code : `${code}: ${error.param}` };
}
