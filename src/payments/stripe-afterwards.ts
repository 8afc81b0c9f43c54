// What happens to a charge after it was taken: refunds, and disputes of the caller's bank. Not here: taking it
// (card-processor.ts), when to do which (flow).

import type Stripe from 'stripe';
import type { Money } from '../core/money.ts';
import type { Dispute, IntentReference, ListedDisputes, LookedAtDispute, Refunded } from '../flow/ports.ts';
import { chargeable, fromMinorUnits, toMinorUnits } from './stripe-amounts.ts';
import { keyInMetadata, type NoteFailure, optionsOf } from './stripe-calls.ts';
import { readStripeError } from './stripe-errors.ts';

export class StripeAfterwards {
  readonly #stripe: Stripe;
  readonly #note: NoteFailure;

  constructor(stripe: Stripe, note: NoteFailure) {
    this.#stripe = stripe;
    this.#note = note;
  }

  /**
   * Our fee goes back in proportion, where there was one: Stripe refuses to give back none. The amount is rounded down where
   * Stripe cannot take the third decimal; what was really given back is in the answer.
   */
  async refund(request: IntentReference & { key: string; amount: Money }): Promise<Refunded> {
    try {
      const charged = await this.#stripe.paymentIntents.retrieve(
        request.intentId,
        { expand: ['latest_charge'] },
        optionsOf(request),
      );
      const charge = charged.latest_charge;
      const hasFee = typeof charge === 'object' && (charge?.application_fee_amount ?? 0) > 0;
      const refund = await this.#stripe.refunds.create(
        {
          payment_intent: request.intentId,
          amount: toMinorUnits(chargeable(request.amount, 'down')),
          metadata: { [keyInMetadata]: request.key },
          ...(hasFee ? { refund_application_fee: true } : {}),
        },
        optionsOf(request, request.key),
      );
      return refundedAs(refund);
    } catch (error) {
      const failure = readStripeError(error);
      this.#note('refund', request.key, request.intentId, failure);
      switch (failure.kind) {
        case 'refused':
        case 'declined':
          return this.#refundOr(request, failure.reason);
        case 'other_state':
          return this.#refundOr(request, failure.code);
        case 'unknown':
          // Answered for good with a 500: where nothing was made, another key may try.
          return failure.final ? this.#refundOr(request, 'processing_error') : { outcome: 'unknown' };
      }
    }
  }

  /**
   * A refusal, or a 500 that is kept under the key, may be of a repeat, and the first request have given the money back: the
   * list of refunds says so. A refund told to have failed would be made anew. `because`: why, where nothing was made.
   */
  async #refundOr(request: IntentReference & { key: string }, because: string): Promise<Refunded> {
    const found = await this.findRefund(request);
    return found.outcome === 'none' ? { outcome: 'refused', reason: because } : found;
  }

  async findRefund(request: IntentReference & { key: string }): Promise<Refunded | { outcome: 'none' }> {
    try {
      const listed = this.#stripe.refunds.list(
        { payment_intent: request.intentId, limit: 100 },
        optionsOf(request),
      );
      for await (const refund of listed) {
        if (refund.metadata?.[keyInMetadata] === request.key) return refundedAs(refund);
      }
      return { outcome: 'none' };
    } catch (error) {
      this.#note('search', request.key, request.intentId, readStripeError(error));
      return { outcome: 'unknown' };
    }
  }

  async lookAtRefund({
    refundId,
    merchantAccount,
  }: {
    refundId: string;
    merchantAccount?: string;
  }): Promise<
    { outcome: 'refund'; state: 'pending' | 'refunded' | 'failed'; reason?: string } | { outcome: 'unknown' }
  > {
    try {
      const options = optionsOf(merchantAccount === undefined ? {} : { merchantAccount });
      return {
        outcome: 'refund',
        ...readRefundState(await this.#stripe.refunds.retrieve(refundId, {}, options)),
      };
    } catch (error) {
      this.#note('look', undefined, refundId, readStripeError(error));
      return { outcome: 'unknown' };
    }
  }

  async lookAtDispute({
    disputeId,
    merchantAccount,
  }: {
    disputeId: string;
    merchantAccount?: string;
  }): Promise<LookedAtDispute> {
    try {
      const options = optionsOf(merchantAccount === undefined ? {} : { merchantAccount });
      return {
        outcome: 'dispute',
        dispute: readDispute(await this.#stripe.disputes.retrieve(disputeId, {}, options)),
      };
    } catch (error) {
      this.#note('look', undefined, disputeId, readStripeError(error));
      return { outcome: 'unknown' };
    }
  }

  /** A charge without a payment intent was made by the merchant's other means: its dispute is none of ours. */
  async disputesSince({
    since,
    merchantAccount,
  }: {
    since: Date;
    merchantAccount?: string;
  }): Promise<ListedDisputes> {
    try {
      const listed = this.#stripe.disputes.list(
        { created: { gte: Math.floor(since.getTime() / 1000) }, limit: 100 },
        optionsOf(merchantAccount === undefined ? {} : { merchantAccount }),
      );
      const disputes: { disputeId: string; intentId: string }[] = [];
      for await (const dispute of listed) {
        const intentId = intentOf(dispute);
        if (intentId !== undefined) disputes.push({ disputeId: dispute.id, intentId });
      }
      return { outcome: 'listed', disputes };
    } catch (error) {
      this.#note('search', undefined, merchantAccount, readStripeError(error));
      return { outcome: 'unknown' };
    }
  }
}

const intentOf = ({ payment_intent: intent }: Stripe.Dispute): string | undefined =>
  typeof intent === 'string' ? intent : intent?.id;

/** One that failed gave nothing back. */
function refundedAs(refund: Stripe.Refund): Refunded {
  const { state, reason } = readRefundState(refund);
  if (state === 'failed') return { outcome: 'refused', reason: reason ?? 'refund_failed' };
  return {
    outcome: 'refunded',
    refundId: refund.id,
    amount: fromMinorUnits(refund.amount, refund.currency),
    pending: state === 'pending',
  };
}

/** A refund that wants something of the caller (`requires_action`) waits like one the bank has not taken yet. */
function readRefundState(refund: Stripe.Refund): {
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
function readDispute(dispute: Stripe.Dispute): Dispute {
  const intentId = intentOf(dispute);
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
