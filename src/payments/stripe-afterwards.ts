// What happens to a charge after it was taken, of Stripe's objects in our words: refunds and disputes. Pure. Not here:
// getting them (card-processor.ts).

import type Stripe from 'stripe';
import type { Dispute } from '../flow/ports.ts';
import { fromMinorUnits } from './stripe-amounts.ts';

/** A refund that wants something of the caller (`requires_action`) waits like one the bank has not taken yet. */
export function readRefundState(refund: Stripe.Refund): {
  state: 'pending' | 'refunded' | 'failed';
  reason?: string;
} {
  switch (refund.status) {
    case 'succeeded':
      return { state: 'refunded' };
    case 'failed':
    case 'canceled':
      return { state: 'failed', reason: refund.failure_reason ?? refund.status };
    default:
      return { state: 'pending' };
  }
}

const disputeStates: Readonly<Record<string, Dispute['state']>> = {
  needs_response: 'needs_response',
  under_review: 'under_review',
  won: 'won',
  lost: 'lost',
  // Asked about before money is taken (an inquiry), or stopped by a refund in time: nothing is lost yet, or any more.
  prevented: 'won',
  warning_needs_response: 'warning',
  warning_under_review: 'warning',
  warning_closed: 'warning',
};

/** Throws (a bug) on a dispute without a payment intent: we make no charges without one. */
export function readDispute(dispute: Stripe.Dispute): Dispute {
  const intent = dispute.payment_intent;
  const intentId = typeof intent === 'string' ? intent : intent?.id;
  if (intentId === undefined) throw new Error(`Dispute ${dispute.id} names no payment intent`);
  const dueBy = dispute.evidence_details.due_by;
  return {
    disputeId: dispute.id,
    intentId,
    amount: fromMinorUnits(dispute.amount, dispute.currency),
    reason: dispute.reason,
    state: disputeStates[dispute.status] ?? 'under_review',
    ...(dueBy === null ? {} : { evidenceDueBy: new Date(dueBy * 1000) }),
  };
}
