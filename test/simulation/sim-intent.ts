// A payment intent and a refund of the simulated processor, as they are, and what a request that reads one is shown.

import type { Money } from '../../src/core/money.ts';
import type { CardFacts, DeclineReason, IntentState } from '../../src/flow/ports.ts';

export type SimCard =
  | 'good'
  /** Pays once; then its bank says no. */
  | 'good_once'
  | 'declined'
  /** The bank asks, and he answers, now or too late. */
  | 'authentication'
  /** The bank asks, and he never answers. */
  | 'authentication_abandoned'
  /** Its account may take none by telephone. */
  | 'not_by_telephone';

/** To an account that may take no card by telephone there is no such parameter. */
export const motoUnknown = 'parameter_unknown: moto';

type Status = 'requires_payment_method' | 'requires_action' | 'requires_capture' | 'succeeded' | 'canceled';

/** An intent as it is, whatever anybody was told. */
export interface SimIntent {
  readonly id: string;
  readonly clientSecret: string;
  readonly account: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly amount: Money;
  readonly createdMs: number;
  /** Its card is to be kept with a customer. */
  readonly keep: boolean;
  status: Status;
  /** What was ever held on it; zero: never authorized. */
  held: Money;
  captured: Money;
  /** Given back because we captured less, or voided. */
  released: Money;
  /** Given back by the bank. */
  expired: Money;
  refunded: Money;
  card?: CardFacts;
  chargeId?: string;
  captureBeforeMs?: number;
  lastDecline?: DeclineReason;
}

export interface SimRefund {
  id: string;
  intentId: string;
  /** Our operation id, kept in its metadata. */
  key: string;
  amount: Money;
  state: 'pending' | 'refunded' | 'failed';
}

/** What our adapter reads of it (payments/stripe-intent). */
export function stateOf(intent: SimIntent): IntentState {
  const { status, clientSecret, lastDecline, card, chargeId, captureBeforeMs } = intent;
  switch (status) {
    case 'requires_payment_method':
      return { state: 'needs_card', clientSecret, ...(lastDecline && { lastDecline }) };
    case 'requires_action':
      return { state: 'needs_action', clientSecret };
    case 'canceled':
      return { state: 'cancelled' };
    default: {
      if (!card || chargeId === undefined) throw new Error(`${intent.id} holds money without a charge`);
      if (status === 'succeeded') return { state: 'captured', captured: intent.captured, card, chargeId };
      const captureBefore = captureBeforeMs === undefined ? {} : { captureBefore: new Date(captureBeforeMs) };
      return { state: 'authorized', amount: intent.held, card, chargeId, ...captureBefore };
    }
  }
}
