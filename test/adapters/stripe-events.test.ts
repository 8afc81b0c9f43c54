import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/flow/ports.ts';
import { StripeHints } from '../../src/payments/stripe-events.ts';

const secret = 'whsec_one';
const now = new Date('2026-03-01T12:00:00Z');
const seconds = now.getTime() / 1000;
const clock: Clock = {
  now: () => now,
  monotonicMs: () => 0,
  after: () => {
    throw new Error('No timer is needed');
  },
};
const hints = new StripeHints({ webhookSecrets: ['whsec_rolled', secret], clock });

function signed(payload: string, { key = secret, at = seconds } = {}): [Buffer, string] {
  const header = Stripe.webhooks.generateTestHeaderString({ payload, secret: key, timestamp: at });
  return [Buffer.from(payload), header];
}

function event(type: string, object: object, more: object = {}): string {
  return JSON.stringify({ id: 'evt_1', object: 'event', type, data: { object }, ...more });
}

const intent = { id: 'pi_1', object: 'payment_intent' };
const charge = { id: 'ch_1', object: 'charge', payment_intent: 'pi_1' };

describe('A webhook that was really Stripe’s', () => {
  it.each([
    ['payment_intent.amount_capturable_updated', intent],
    ['payment_intent.canceled', intent],
    ['charge.captured', charge],
    ['charge.expired', charge],
    ['charge.refunded', { ...charge, payment_intent: intent }],
  ])('says where to look: %s', (type, object) => {
    expect(hints.read(...signed(event(type, object)))).toEqual({ eventId: 'evt_1', type, intentId: 'pi_1' });
  });

  it.each([
    ['charge.dispute.created', 'dispute', { disputeId: 'dp_1' }],
    ['charge.dispute.closed', 'dispute', { disputeId: 'dp_1' }],
    ['refund.failed', 'refund', { refundId: 'dp_1' }],
    ['charge.refund.updated', 'refund', { refundId: 'dp_1' }],
  ])('and at which one of what can happen several times: %s', (type, object, subject) => {
    const hint = hints.read(...signed(event(type, { id: 'dp_1', object, payment_intent: 'pi_1' })));
    expect(hint).toEqual({ eventId: 'evt_1', type, intentId: 'pi_1', ...subject });
  });

  it('names the connected account it is about', () => {
    const body = event('payment_intent.succeeded', intent, { account: 'acct_1' });
    expect(hints.read(...signed(body))).toMatchObject({ merchantAccount: 'acct_1' });
  });

  it('is read with any of our secrets, while one is being rolled', () => {
    const body = event('payment_intent.succeeded', intent);
    expect(hints.read(...signed(body, { key: 'whsec_rolled' }))).toMatchObject({ intentId: 'pi_1' });
  });

  it.each([
    ['about something else', event('customer.created', { id: 'cus_1' })],
    ['about a charge without an intent', event('charge.succeeded', { id: 'ch_1', payment_intent: null })],
    ['without an object', JSON.stringify({ id: 'evt_1', type: 'payment_intent.created', data: {} })],
    [
      'a thin event',
      JSON.stringify({ id: 'evt_1', object: 'v2.core.event', type: 'v1.payment_intent.created' }),
    ],
    ['no event at all', '[]'],
    ['no JSON', 'hello'],
  ])('is ignored when it is %s', (_, body) => {
    expect(hints.read(...signed(body))).toBe('ignored');
  });

  it('may be five minutes old, and not older', () => {
    const body = event('payment_intent.succeeded', intent);
    expect(hints.read(...signed(body, { at: seconds - 300 }))).toMatchObject({ intentId: 'pi_1' });
    expect(hints.read(...signed(body, { at: seconds - 301 }))).toBeUndefined();
  });
});

describe('A webhook that was not', () => {
  const body = event('payment_intent.succeeded', intent);

  it.each([
    ['signed with another secret', signed(body, { key: 'whsec_other' })],
    ['signed for another body', [Buffer.from(body.replace('pi_1', 'pi_2')), signed(body)[1]]],
    ['written anew', [Buffer.from(JSON.stringify(JSON.parse(body), null, 1)), signed(body)[1]]],
    ['not signed', [Buffer.from(body), '']],
    ['signed with nonsense', [Buffer.from(body), 't=1,v1=00']],
    ['signed by another scheme', [Buffer.from(body), signed(body)[1].replace('v1=', 'v0=')]],
  ] as [string, [Buffer, string]][])('is nothing: %s', (_, [given, signature]) => {
    expect(hints.read(given, signature)).toBeUndefined();
  });

  it('cannot be read without any secret', () => {
    expect(() => new StripeHints({ webhookSecrets: [], clock })).toThrow('secret');
  });
});
