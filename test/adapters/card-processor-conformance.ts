// What every CardProcessor does, whoever stands behind it: the sandbox's processor and Stripe's own test mode sit the same
// examination. Only what both can do is asked here; faults are asked of the sandbox in card-processor.test.ts.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { amountText, money, type Money } from '../../src/core/money.ts';
import type { AuthorizationRequest, CardProcessor, DeclineReason } from '../../src/flow/ports.ts';

export interface ProcessorUnderTest {
  processor: CardProcessor;
  /** A connected account, where there is one to try with. */
  merchantAccount?: string;
  /** The bank of a charge takes it back; answers the dispute's name. Stripe's own test mode has no such button. */
  dispute?(intentId: string): Promise<string>;
  /** Of those that live, the ones made for this authorization. */
  customersOf(authorizationId: string): Promise<string[]>;
  close(): Promise<void>;
}

export const newKey = (): string => `op_${randomUUID()}`;

export function request(overrides: Partial<AuthorizationRequest> = {}): AuthorizationRequest {
  return {
    key: newKey(),
    amount: money('25.00', 'EUR'),
    paymentMethod: 'pm_card_visa',
    returnUrl: 'https://example.com/orders/1',
    description: 'Conversation',
    metadata: { order: 'ord_1' },
    ...overrides,
  };
}

/** Declines as Stripe publishes them (https://docs.stripe.com/testing#declined-payments). */
const declines: readonly [string, DeclineReason][] = [
  ['pm_card_visa_chargeDeclined', 'declined'],
  ['pm_card_visa_chargeDeclinedInsufficientFunds', 'insufficient_funds'],
  ['pm_card_visa_chargeDeclinedLostCard', 'lost_or_stolen'],
  ['pm_card_visa_chargeDeclinedStolenCard', 'lost_or_stolen'],
  ['pm_card_chargeDeclinedExpiredCard', 'expired_card'],
  ['pm_card_chargeDeclinedIncorrectCvc', 'wrong_security_code'],
  ['pm_card_chargeDeclinedProcessingError', 'processing_error'],
  ['pm_card_visa_chargeDeclinedVelocityLimitExceeded', 'too_many_attempts'],
];

export function cardProcessorConformance(name: string, start: () => Promise<ProcessorUnderTest>): void {
  describe(name, () => {
    let under: ProcessorUnderTest;
    beforeAll(async () => {
      under = await start();
    });
    afterAll(() => under.close());

    const authorize = async (overrides: Partial<AuthorizationRequest> = {}) => {
      const authorized = await under.processor.authorize(request(overrides));
      if (authorized.outcome !== 'intent') throw new Error(`authorize: ${JSON.stringify(authorized)}`);
      return authorized;
    };
    const text = (amount: Money): string => `${amountText(amount)} ${amount.currency}`;

    it('holds the amount on a card that pays', async () => {
      const { intent, intentId } = await authorize();
      expect(intentId).toMatch(/^pi_/);
      if (intent.state !== 'authorized') throw new Error(intent.state);
      expect(text(intent.amount)).toBe('25.00 EUR');
      expect(intent.card).toMatchObject({ brand: 'visa', last4: '4242' });
      expect(intent.card.paymentMethod).toMatch(/^pm_/);
      expect(intent.chargeId).toMatch(/^ch_/);
      const days = ((intent.captureBefore?.getTime() ?? 0) - Date.now()) / 86_400_000;
      expect(days).toBeGreaterThan(4);
      expect(days).toBeLessThan(32);
      expect(under.processor.health().lastSeenMs).toBeTypeOf('number');
    });

    it('answers a client secret when the card is still to come', async () => {
      const { paymentMethod: _, ...withoutCard } = request();
      const authorized = await under.processor.authorize(withoutCard);
      if (authorized.outcome !== 'intent' || authorized.intent.state !== 'needs_card') {
        throw new Error(JSON.stringify(authorized));
      }
      expect(authorized.intent.clientSecret).toMatch(new RegExp(`^${authorized.intentId}_secret_`));
      expect(authorized.intent.lastDecline).toBeUndefined();
      const intent = { intentId: authorized.intentId };
      expect(await under.processor.capture({ ...intent, key: newKey(), amount: money(5, 'EUR') })).toEqual({
        outcome: 'nothing_held',
      });
      expect(await under.processor.void({ ...intent, key: newKey() })).toEqual({ outcome: 'voided' });
    });

    it('asks for authentication where the bank does', async () => {
      const { intent } = await authorize({ paymentMethod: 'pm_card_authenticationRequired' });
      expect(intent).toMatchObject({
        state: 'needs_action',
        clientSecret: expect.stringMatching(/_secret_/),
      });
    });

    it.each(declines)('%s is declined: %s', async (paymentMethod, reason) => {
      const declined = await under.processor.authorize(request({ paymentMethod }));
      expect(declined).toEqual({ outcome: 'declined', reason, intentId: expect.stringMatching(/^pi_/) });
      if (declined.outcome !== 'declined') return;
      const looked = await under.processor.look({ intentId: declined.intentId ?? '' });
      expect(looked).toMatchObject({ intent: { state: 'needs_card', lastDecline: reason } });
    });

    it('refuses what it cannot do, naming the parameter and no value', async () => {
      const refused = await under.processor.authorize(request({ paymentMethod: 'pm_nobody' }));
      expect(refused).toEqual({ outcome: 'refused', reason: 'resource_missing: payment_method' });
    });

    it('gives the same answer to the same key, and no second hold', async () => {
      const asked = request();
      const first = await under.processor.authorize(asked);
      expect(await under.processor.authorize(asked)).toEqual(first);
    });

    it('refuses the same key for something else', async () => {
      const asked = request();
      await under.processor.authorize(asked);
      expect(await under.processor.authorize({ ...asked, amount: money('26.00', 'EUR') })).toEqual({
        outcome: 'refused',
        reason: 'idempotency_error',
      });
    });

    it('captures a part, finally: the rest is released and nothing more can be taken', async () => {
      const { intentId } = await authorize();
      const captured = await under.processor.capture({
        intentId,
        key: newKey(),
        amount: money('12.34', 'EUR'),
      });
      if (captured.outcome !== 'captured') throw new Error(JSON.stringify(captured));
      expect(text(captured.amount)).toBe('12.34 EUR');
      const looked = await under.processor.look({ intentId });
      if (looked.outcome !== 'intent' || looked.intent.state !== 'captured') throw new Error('not captured');
      expect(text(looked.intent.captured)).toBe('12.34 EUR');
    });

    it('answers what was captured when asked to capture it again, by the same key and by another', async () => {
      const { intentId } = await authorize();
      const key = newKey();
      const first = await under.processor.capture({ intentId, key, amount: money(10, 'EUR') });
      expect(await under.processor.capture({ intentId, key, amount: money(10, 'EUR') })).toEqual(first);
      expect(await under.processor.capture({ intentId, key: newKey(), amount: money(20, 'EUR') })).toEqual(
        first,
      );
    });

    it('refuses to capture more than is held', async () => {
      const { intentId } = await authorize();
      const refused = await under.processor.capture({
        intentId,
        key: newKey(),
        amount: money('25.01', 'EUR'),
      });
      expect(refused).toMatchObject({
        outcome: 'refused',
        reason: expect.stringMatching(/amount_to(o|_cap)/),
      });
      expect(await under.processor.look({ intentId })).toMatchObject({ intent: { state: 'authorized' } });
    });

    it('voids what is held, and says so again', async () => {
      const { intentId } = await authorize();
      expect(await under.processor.void({ intentId, key: newKey() })).toEqual({ outcome: 'voided' });
      expect(await under.processor.void({ intentId, key: newKey() })).toEqual({ outcome: 'voided' });
      expect(await under.processor.look({ intentId })).toEqual({
        outcome: 'intent',
        intent: { state: 'cancelled' },
      });
    });

    it('finds nothing held when asked to capture what was voided', async () => {
      const { intentId } = await authorize();
      await under.processor.void({ intentId, key: newKey() });
      expect(await under.processor.capture({ intentId, key: newKey(), amount: money(5, 'EUR') })).toEqual({
        outcome: 'nothing_held',
      });
    });

    it('answers captured when asked to void what was captured', async () => {
      const { intentId } = await authorize();
      await under.processor.capture({ intentId, key: newKey(), amount: money(7, 'EUR') });
      const voided = await under.processor.void({ intentId, key: newKey() });
      if (voided.outcome !== 'captured') throw new Error(JSON.stringify(voided));
      expect(text(voided.amount)).toBe('7.00 EUR');
    });

    it('takes currencies without a minor unit as they are', async () => {
      const { intentId, intent } = await authorize({ amount: money(2500, 'JPY') });
      expect(intent.state === 'authorized' && text(intent.amount)).toBe('2500 JPY');
      const captured = await under.processor.capture({ intentId, key: newKey(), amount: money(1200, 'JPY') });
      expect(captured.outcome === 'captured' && text(captured.amount)).toBe('1200 JPY');
    });

    it('refuses, asked for less than the minimum charge', async () => {
      const least = under.processor.minimumCharge('EUR');
      expect(text(least)).toBe('0.50 EUR');
      expect(await under.processor.authorize(request({ amount: money('0.49', 'EUR') }))).toMatchObject({
        outcome: 'refused',
        reason: expect.stringContaining('amount_too_small'),
      });
    });

    it('does not know an intent that never was', async () => {
      const nobody = { intentId: 'pi_0000000000000000000000' };
      expect(await under.processor.look(nobody)).toEqual({ outcome: 'unknown' });
      expect(await under.processor.void({ ...nobody, key: newKey() })).toMatchObject({ outcome: 'refused' });
      expect(
        await under.processor.capture({ ...nobody, key: newKey(), amount: money(5, 'EUR') }),
      ).toMatchObject({ outcome: 'refused' });
    });

    it('charges on the connected account of the merchant, with our fee at the capture', async (context) => {
      const { merchantAccount } = under;
      if (merchantAccount === undefined) return context.skip('No connected account was given');
      const { intentId } = await authorize({ merchantAccount });
      expect(await under.processor.look({ intentId })).toEqual({ outcome: 'unknown' });
      const captured = await under.processor.capture({
        intentId,
        merchantAccount,
        key: newKey(),
        amount: money(10, 'EUR'),
        applicationFee: money('1.50', 'EUR'),
      });
      expect(captured.outcome === 'captured' && text(captured.amount)).toBe('10.00 EUR');
    });

    const keep = async (paymentMethod = 'pm_card_visa', overrides: Partial<AuthorizationRequest> = {}) => {
      const { intent } = await authorize({ paymentMethod, keepForMore: true, ...overrides });
      if (intent.state !== 'authorized' || intent.card.customer === undefined) throw new Error(intent.state);
      const { customer, paymentMethod: kept } = intent.card;
      return { paymentMethod: kept, offSession: { customer }, amount: money('10.00', 'EUR') };
    };

    it('a bare card pays once: more can be held only of one that was kept for it', async () => {
      const { intent } = await authorize();
      if (intent.state !== 'authorized') throw new Error(intent.state);
      expect(intent.card.customer).toBeUndefined();
      expect(intent.card.fingerprint).toMatch(/^\w{8,}$/);
      const again = await under.processor.authorize(request({ paymentMethod: intent.card.paymentMethod }));
      expect(again.outcome).toBe('refused');
    });

    it('holds more of a kept card without its holder, the same by the same key', async () => {
      const more = request(await keep());
      const held = await under.processor.authorize(more);
      if (held.outcome !== 'intent' || held.intent.state !== 'authorized')
        throw new Error(JSON.stringify(held));
      expect(text(held.intent.amount)).toBe('10.00 EUR');
      expect(await under.processor.authorize(more)).toEqual(held);
    });

    it('keeping a card is the same request by the same key', async () => {
      const asked = request({ keepForMore: true });
      const first = await under.processor.authorize(asked);
      expect(await under.processor.authorize(asked)).toEqual(first);
    });

    it('keeps a card on the connected account it pays on', async () => {
      if (under.merchantAccount === undefined) return;
      const { merchantAccount } = under;
      const more = await keep('pm_card_visa', { merchantAccount });
      expect(await under.processor.authorize(request({ ...more, merchantAccount }))).toMatchObject({
        outcome: 'intent',
        intent: { state: 'authorized' },
      });
    });

    it('a card whose bank wants its holder is declined without him', async () => {
      const { paymentMethod: _, ...bare } = request({ keepForMore: true });
      const waiting = await under.processor.authorize(bare);
      expect(waiting).toMatchObject({ outcome: 'intent', intent: { state: 'needs_card' } });
      const { offSession } = await keep();
      const declined = await under.processor.authorize(
        request({ paymentMethod: 'pm_card_authenticationRequired', offSession }),
      );
      expect(declined).toMatchObject({ outcome: 'declined', reason: 'authentication_failed' });
    });

    it('holds the amount on a card keyed by telephone: nobody authenticates, and what would have to is declined', async () => {
      const { intent } = await authorize({ moto: true });
      expect(intent).toMatchObject({ state: 'authorized', card: { last4: '4242' } });
      const declined = await under.processor.authorize(
        request({ paymentMethod: 'pm_card_authenticationRequired', moto: true }),
      );
      expect(declined).toMatchObject({ outcome: 'declined', reason: 'authentication_failed' });
    });

    it('keeps a card keyed by telephone, which pays there again', async () => {
      const { intent } = await authorize({ moto: true, keepForMore: true });
      if (intent.state !== 'authorized') throw new Error(intent.state);
      const { customer, paymentMethod } = intent.card;
      if (customer === undefined) throw new Error('Nobody keeps it.');
      const again = await authorize({ paymentMethod, moto: { customer } });
      expect(again.intent).toMatchObject({ state: 'authorized', card: { customer, last4: '4242' } });
    });

    it('removes what a card was kept with: it pays no more, what it has paid is taken, and what is gone is gone', async () => {
      const createdAt = new Date();
      const authorizationId = `aut_${randomUUID()}`;
      const { intentId, intent } = await authorize({
        keepForMore: true,
        metadata: { authorization: authorizationId },
      });
      if (intent.state !== 'authorized' || intent.card.customer === undefined) throw new Error(intent.state);
      const { customer, paymentMethod } = intent.card;
      const wanted = { authorizationId, createdAt, customer };
      expect(await under.processor.removeCustomer(wanted)).toBe('gone');
      expect(await under.processor.removeCustomer(wanted)).toBe('gone');
      const again = await under.processor.authorize(request({ paymentMethod, moto: { customer } }));
      expect(again.outcome).toBe('refused');
      const captured = await under.processor.capture({
        intentId,
        key: newKey(),
        amount: money('15.00', 'EUR'),
      });
      expect(captured.outcome).toBe('captured');
    });

    it.each(['its intent', 'nothing but its authorization'])(
      'removes what a declined card was to be kept with, known by %s',
      async (by) => {
        const createdAt = new Date();
        const authorizationId = `aut_${randomUUID()}`;
        const declined = await under.processor.authorize(
          request({
            paymentMethod: 'pm_card_visa_chargeDeclined',
            keepForMore: true,
            metadata: { authorization: authorizationId },
          }),
        );
        if (declined.outcome !== 'declined') throw new Error(declined.outcome);
        expect(await under.customersOf(authorizationId)).toHaveLength(1);
        const { intentId } = declined;
        const known = by === 'its intent' && intentId !== undefined ? { intentId } : {};
        expect(await under.processor.removeCustomer({ authorizationId, createdAt, ...known })).toBe('gone');
        expect(await under.customersOf(authorizationId)).toHaveLength(0);
      },
    );

    it('finds what a request made by the authorization it names, or says that there is nothing', async () => {
      const authorizationId = `aut_${randomUUID()}`;
      const createdAt = new Date();
      const wanted = { authorizationId, createdAt };
      expect(await under.processor.find(wanted)).toEqual({ outcome: 'none' });
      const { intentId } = await authorize({ metadata: { authorization: authorizationId } });
      expect(await under.processor.find(wanted)).toMatchObject({
        outcome: 'intent',
        intentId,
        intent: { state: 'authorized' },
      });
    });

    const taken = async (): Promise<string> => {
      const { intentId } = await authorize();
      const capture = { intentId, key: newKey(), amount: money('15.00', 'EUR') };
      expect(await under.processor.capture(capture)).toMatchObject({ outcome: 'captured' });
      return intentId;
    };

    it('gives back a part, the same by the same key, then the rest, and no more', async () => {
      const intentId = await taken();
      const part = { intentId, key: newKey(), amount: money('4.00', 'EUR') };
      const refunded = await under.processor.refund(part);
      if (refunded.outcome !== 'refunded') throw new Error(JSON.stringify(refunded));
      expect(text(refunded.amount)).toBe('4.00 EUR');
      expect(await under.processor.refund(part)).toEqual(refunded);
      const { refundId } = refunded;
      expect(await under.processor.lookAtRefund({ refundId })).toMatchObject({ outcome: 'refund' });
      const tooMuch = { intentId, key: newKey(), amount: money('11.01', 'EUR') };
      expect(await under.processor.refund(tooMuch)).toMatchObject({ outcome: 'refused' });
      const rest = { intentId, key: newKey(), amount: money('11.00', 'EUR') };
      expect(await under.processor.refund(rest)).toMatchObject({ outcome: 'refunded' });
    });

    it('finds a refund by the key it was asked with, or says that there is none', async () => {
      const intentId = await taken();
      const part = { intentId, key: newKey(), amount: money('4.00', 'EUR') };
      expect(await under.processor.findRefund(part)).toEqual({ outcome: 'none' });
      const refunded = await under.processor.refund(part);
      expect(await under.processor.findRefund(part)).toEqual(refunded);
      expect(await under.processor.findRefund({ intentId, key: newKey() })).toEqual({ outcome: 'none' });
    });

    it('lists the disputes since then, all of them, of one account', async () => {
      const since = new Date(Date.now() - 60_000);
      expect(await under.processor.disputesSince({ since: new Date(Date.now() + 86_400_000) })).toEqual({
        outcome: 'listed',
        disputes: [],
      });
      if (!under.dispute) return;
      const made: { disputeId: string; intentId: string }[] = [];
      // More than Stripe gives at once where nobody says how many.
      for (let charge = 0; charge < 12; charge += 1) {
        const intentId = await taken();
        made.unshift({ disputeId: await under.dispute(intentId), intentId });
      }
      expect(await under.processor.disputesSince({ since })).toEqual({ outcome: 'listed', disputes: made });
      const { merchantAccount = '' } = under;
      expect(await under.processor.disputesSince({ since, merchantAccount })).toEqual({
        outcome: 'listed',
        disputes: [],
      });
    });

    it('a refund of what was never taken is refused', async () => {
      const { intentId } = await authorize();
      const refund = { intentId, key: newKey(), amount: money('1.00', 'EUR') };
      expect(await under.processor.refund(refund)).toMatchObject({ outcome: 'refused' });
    });

    it('what does not exist is unknown, never a fact', async () => {
      expect(await under.processor.lookAtDispute({ disputeId: 'du_nobody' })).toEqual({ outcome: 'unknown' });
      expect(await under.processor.lookAtRefund({ refundId: 're_nobody' })).toEqual({ outcome: 'unknown' });
    });
  });
}
