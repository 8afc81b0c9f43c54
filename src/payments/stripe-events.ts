// Stripe's webhooks, read as hints: who asks us to look at which payment intent. A hint is never acted upon as a fact
// (the object may have moved on since): flow looks. Not here: the route, and remembering which event was seen.

import Stripe from 'stripe';
import type { Clock, ProcessorHint, ProcessorHints } from '../flow/ports.ts';

/**
 * How old a signed event may be, in seconds. Stripe signs every delivery afresh, retries included, so that only clocks
 * and the way count; its own libraries use five minutes. Past it a captured request could be played again.
 */
const toleranceSeconds = 300;

export class StripeHints implements ProcessorHints {
  readonly #secrets: readonly string[];
  readonly #clock: Clock;

  /**
   * `webhookSecrets`: `whsec_...` of every endpoint that posts here. More than one where events of connected accounts
   * come from an endpoint of their own, and for the day a secret is rolled.
   */
  constructor({ webhookSecrets, clock }: { webhookSecrets: readonly string[]; clock: Clock }) {
    if (webhookSecrets.length === 0) throw new Error('A webhook without a secret cannot be verified');
    this.#secrets = webhookSecrets;
    this.#clock = clock;
  }

  /** `rawBody` must be the bytes as they came: parsed and written again, no signature holds. */
  read(rawBody: Buffer, signature: string): ProcessorHint | 'ignored' | undefined {
    const event = this.#verified(rawBody, signature);
    if (event === undefined || event === 'ignored') return event;
    const intentId = intentOf(event);
    if (intentId === undefined) return 'ignored';
    return {
      eventId: event.id,
      type: event.type,
      intentId,
      ...subjectOf(event),
      ...(event.account === undefined ? {} : { merchantAccount: event.account }),
    };
  }

  #verified(rawBody: Buffer, signature: string): Stripe.Event | 'ignored' | undefined {
    const receivedAtMs = this.#clock.now().getTime();
    for (const secret of this.#secrets) {
      try {
        return Stripe.webhooks.constructEvent(
          rawBody,
          signature,
          secret,
          toleranceSeconds,
          undefined,
          receivedAtMs,
        );
      } catch (error) {
        // Only after the signature held can anything else be wrong: a thin event, or a body that is no event at all.
        if (!(error instanceof Stripe.errors.StripeSignatureVerificationError)) return 'ignored';
      }
    }
    return undefined;
  }
}

/** Which dispute or refund, of an event about one. */
function subjectOf(event: Stripe.Event): { disputeId?: string; refundId?: string } {
  const { type, data } = event as { type: string; data: { object: { id?: unknown } } };
  const { id } = data.object;
  if (typeof id !== 'string') return {};
  if (type.startsWith('charge.dispute.')) return { disputeId: id };
  if (type.startsWith('refund.') || type.startsWith('charge.refund.')) return { refundId: id };
  return {};
}

/** The payment intent an event is about; `undefined` for events about anything else, thin ones included. */
function intentOf(event: Stripe.Event): string | undefined {
  // Read as data, not by the SDK's union: an event Stripe adds tomorrow comes through the same way.
  const { type, data } = event as { type?: unknown; data?: { object?: unknown } };
  const subject = data?.object;
  if (typeof subject !== 'object' || subject === null || typeof type !== 'string') return undefined;
  const { id, payment_intent: intent } = subject as { id?: unknown; payment_intent?: unknown };
  if (type.startsWith('payment_intent.')) return typeof id === 'string' ? id : undefined;
  if (!type.startsWith('charge.') && !type.startsWith('refund.')) return undefined;
  if (typeof intent === 'string') return intent;
  const expanded = (intent as { id?: unknown } | null | undefined)?.id;
  return typeof expanded === 'string' ? expanded : undefined;
}
