// StripeCardProcessor against the sandbox's processor and, when a key is given, against Stripe's own test mode; and what
// becomes of a call when the processor answers badly, late or not at all (sandbox only: Stripe cannot be told to fail).

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { amountText, money } from '../../src/core/money.ts';
import type { Clock, Log } from '../../src/flow/ports.ts';
import { StripeCardProcessor } from '../../src/payments/card-processor.ts';
import { startSandboxProcessor, type SandboxProcessor } from '../../src/sandbox/processor.ts';
import { cardProcessorConformance, newKey, request } from './card-processor-conformance.ts';

const secretKey = 'sk_test_sandbox_1';
const publishableKey = 'pk_test_sandbox_1';

const clock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  after: () => {
    throw new Error('The processor needs no timer of ours');
  },
};

class KeptLog implements Log {
  readonly lines: string[] = [];
  info(facts: Record<string, unknown>, message: string): void {
    this.lines.push(`${message} ${JSON.stringify(facts)}`);
  }
  warn = this.info.bind(this);
  error = this.info.bind(this);
}

const customersAt =
  (apiBase: string, key: string) =>
  async (authorizationId: string): Promise<string[]> => {
    const answer = await fetch(`${apiBase}/v1/customers?limit=100`, {
      headers: { authorization: `Bearer ${key}` },
    });
    const { data } = (await answer.json()) as { data: { id: string; metadata: Record<string, string> }[] };
    return data.filter(({ metadata }) => metadata['authorization'] === authorizationId).map(({ id }) => id);
  };

cardProcessorConformance('The processor, with the sandbox behind it', async () => {
  const sandbox = await startSandboxProcessor({ port: 0, secretKey, publishableKey });
  return {
    processor: new StripeCardProcessor({ secretKey, apiBase: sandbox.url, clock, log: new KeptLog() }),
    merchantAccount: 'acct_merchant',
    customersOf: customersAt(sandbox.url, secretKey),
    dispute: async (intentId) => {
      const answer = await fetch(`${sandbox.url}/api/payments/${intentId}/dispute`, { method: 'POST' });
      return ((await answer.json()) as { id: string }).id;
    },
    close: () => sandbox.close(),
  };
});

const stripeKey = process.env['STRIPE_SECRET_KEY'];
const stripeAccount = process.env['STRIPE_CONNECTED_ACCOUNT'];
describe.runIf(stripeKey?.startsWith('sk_test_'))('with a Stripe test account', () => {
  cardProcessorConformance('The processor, with Stripe behind it', async () => {
    return Promise.resolve({
      processor: new StripeCardProcessor({ secretKey: stripeKey ?? '', clock, log: new KeptLog() }),
      ...(stripeAccount === undefined ? {} : { merchantAccount: stripeAccount }),
      customersOf: customersAt('https://api.stripe.com', stripeKey ?? ''),
      close: () => Promise.resolve(),
    });
  });
});

describe('When the processor does not answer as it should', () => {
  let sandbox: SandboxProcessor;
  let log: KeptLog;
  let processor: StripeCardProcessor;
  // Short, because only the requests that are never answered wait for it.
  const timeoutMs = 150;

  beforeEach(async () => {
    sandbox = await startSandboxProcessor({ port: 0, secretKey, publishableKey });
    log = new KeptLog();
    processor = new StripeCardProcessor({ secretKey, apiBase: sandbox.url, clock, log, timeoutMs });
  });
  afterEach(() => sandbox.close());

  const fault = async (fault: object): Promise<void> => {
    const answer = await fetch(`${sandbox.url}/api/faults`, { method: 'POST', body: JSON.stringify(fault) });
    expect(answer.status).toBe(204);
  };
  const intents = async (): Promise<{ id: string; status: string }[]> =>
    ((await (await fetch(`${sandbox.url}/api/payments`)).json()) as { data: never[] }).data;
  const held = async (): Promise<string> => {
    const authorized = await processor.authorize(request());
    if (authorized.outcome !== 'intent') throw new Error(authorized.outcome);
    return authorized.intentId;
  };

  it.each(['timeout', 'answer_lost', 'error_500', 'error_500_executed'])(
    'a customer to keep the card with, met by %s: unknown, and one hold by the same key after it',
    async (next) => {
      const asked = request({ keepForMore: true });
      await fault({ next, on: 'customer' });
      expect(await processor.authorize(asked)).toEqual({ outcome: 'unknown' });
      expect(await processor.authorize(asked)).toMatchObject({
        outcome: 'intent',
        intent: { state: 'authorized', card: { customer: expect.stringMatching(/^cus_/) } },
      });
      expect(await intents()).toHaveLength(1);
    },
  );

  it.each(['timeout', 'rate_limited', 'error_500'])(
    'a customer that is to be removed, met by %s: unknown, and gone when it is asked again',
    async (next) => {
      const asked = await processor.authorize(request({ keepForMore: true }));
      if (asked.outcome !== 'intent' || asked.intent.state !== 'authorized') throw new Error(asked.outcome);
      const { customer = '' } = asked.intent.card;
      const wanted = { authorizationId: 'aut_1', createdAt: new Date(), customer };
      await fault({ next, on: 'customer' });
      expect(await processor.removeCustomer(wanted)).toBe('unknown');
      expect(await processor.removeCustomer(wanted)).toBe('gone');
    },
  );

  it.each(['search', 'list'])('what cannot be looked for (%s) is never said not to be there', async (on) => {
    const metadata = { authorization: 'aut_lost' };
    await processor.authorize(request({ metadata }));
    const wanted = { authorizationId: 'aut_lost', createdAt: new Date() };
    await fault({ next: 'rate_limited', on });
    // The search lags or fails; the list has the last word.
    expect((await processor.find(wanted)).outcome).toBe('intent');
    await fault({ next: 'rate_limited', on: 'list' });
    await fault({ next: 'rate_limited', on: 'search' });
    expect((await processor.find({ ...wanted, authorizationId: 'aut_none' })).outcome).toBe('unknown');
  });

  it('an account that may take no card by telephone is told so, and nothing is held', async () => {
    await fetch(`${sandbox.url}/api/payments/moto`, { method: 'PUT', body: '{"allowed":false}' });
    expect(await processor.authorize(request({ moto: true }))).toEqual({
      outcome: 'declined',
      reason: 'moto_not_allowed',
    });
    expect(await intents()).toEqual([]);
  });

  it('a refund or a dispute that cannot be looked for is never said not to be there', async () => {
    const intentId = await held();
    await fault({ next: 'rate_limited', on: 'list', times: 2 });
    expect(await processor.findRefund({ intentId, key: newKey() })).toEqual({ outcome: 'unknown' });
    expect(await processor.disputesSince({ since: new Date(0) })).toEqual({ outcome: 'unknown' });
  });

  it.each(['timeout', 'answer_lost', 'answer_never', 'error_500_executed'])(
    'a refund met by %s is unknown, and one by the same key after it',
    async (next) => {
      const intentId = await held();
      await processor.capture({ intentId, key: newKey(), amount: money('15.00', 'EUR') });
      const asked = { intentId, key: newKey(), amount: money('5.00', 'EUR') };
      await fault({ next, on: 'refund' });
      expect(await processor.refund(asked)).toEqual({ outcome: 'unknown' });
      expect(await processor.refund(asked)).toMatchObject({ outcome: 'refunded' });
      const rest = { intentId, key: newKey(), amount: money('10.01', 'EUR') };
      expect(await processor.refund(rest)).toMatchObject({ outcome: 'refused' });
    },
  );

  it('that the repeat of a refund is refused does not say that nothing was given back', async () => {
    const intentId = await held();
    await processor.capture({ intentId, key: newKey(), amount: money('15.00', 'EUR') });
    const asked = { intentId, key: newKey(), amount: money('5.00', 'EUR') };
    await fault({ next: 'answer_lost', on: 'refund' });
    expect(await processor.refund(asked)).toEqual({ outcome: 'unknown' });
    const wrong = { secretKey: 'sk_test_withdrawn', apiBase: sandbox.url, clock, log, timeoutMs };
    expect(await new StripeCardProcessor(wrong).refund(asked)).toEqual({ outcome: 'unknown' });
    // The same key with another body: refused by Stripe, and found all the same.
    const other = { ...asked, amount: money('6.00', 'EUR') };
    expect(await processor.refund(other)).toMatchObject({
      outcome: 'refunded',
      amount: money('5.00', 'EUR'),
    });
  });

  it.each(['timeout', 'answer_never', 'answer_lost', 'error_500', 'rate_limited'])(
    'an authorization met by %s is unknown',
    async (next) => {
      await fault({ next });
      expect(await processor.authorize(request())).toEqual({ outcome: 'unknown' });
    },
  );

  it.each(['answer_lost', 'answer_never'])(
    'the same key finds the hold whose answer was lost (%s)',
    async (next) => {
      const asked = request();
      await fault({ next });
      expect(await processor.authorize(asked)).toEqual({ outcome: 'unknown' });
      expect(await processor.authorize(asked)).toMatchObject({
        outcome: 'intent',
        intent: { state: 'authorized' },
      });
      expect(await intents()).toHaveLength(1);
    },
  );

  it('the same key makes the hold that was never made', async () => {
    const asked = request();
    await fault({ next: 'timeout' });
    expect(await processor.authorize(asked)).toEqual({ outcome: 'unknown' });
    expect(await intents()).toHaveLength(0);
    expect(await processor.authorize(asked)).toMatchObject({ outcome: 'intent' });
    expect(await intents()).toHaveLength(1);
  });

  it('finds by search the hold behind a 500 that is kept under its key', async () => {
    const asked = request();
    await fault({ next: 'error_500_executed' });
    expect(await processor.authorize(asked)).toEqual({ outcome: 'unknown' });
    const [made] = await intents();
    expect(await processor.authorize(asked)).toMatchObject({
      outcome: 'intent',
      intentId: made?.id,
      intent: { state: 'authorized' },
    });
  });

  it('stays unknown behind a kept 500 when nothing was made', async () => {
    const asked = request();
    await fault({ next: 'error_500' });
    await processor.authorize(asked);
    expect(await processor.authorize(asked)).toEqual({ outcome: 'unknown', spent: true });
    expect(await intents()).toHaveLength(0);
  });

  it('a broken connection is tried once more by the same key, and only once', async () => {
    await fault({ next: 'connection_cut', times: 1 });
    expect(await processor.authorize(request())).toMatchObject({ outcome: 'intent' });
    await fault({ next: 'connection_cut', times: 2 });
    expect(await processor.authorize(request())).toEqual({ outcome: 'unknown' });
  });

  it.each(['timeout', 'answer_lost', 'error_500', 'rate_limited'])(
    'a capture met by %s is unknown',
    async (next) => {
      const intentId = await held();
      await fault({ next, on: 'capture' });
      expect(await processor.capture({ intentId, key: newKey(), amount: money(5, 'EUR') })).toEqual({
        outcome: 'unknown',
      });
    },
  );

  it('a capture behind a kept 500 is resolved by looking', async () => {
    const intentId = await held();
    const asked = { intentId, key: newKey(), amount: money(5, 'EUR') };
    await fault({ next: 'error_500_executed', on: 'capture' });
    expect(await processor.capture(asked)).toEqual({ outcome: 'unknown' });
    const captured = await processor.capture(asked);
    expect(captured.outcome === 'captured' && amountText(captured.amount)).toBe('5.00');
  });

  it('a capture behind a kept 500 that did nothing is refused, and another key takes it', async () => {
    const intentId = await held();
    const asked = { intentId, key: newKey(), amount: money(5, 'EUR') };
    await fault({ next: 'error_500', on: 'capture' });
    await processor.capture(asked);
    expect(await processor.capture(asked)).toEqual({ outcome: 'refused', reason: 'still_authorized' });
    expect(await processor.look({ intentId })).toMatchObject({ intent: { state: 'authorized' } });
    expect(await processor.capture({ ...asked, key: newKey() })).toMatchObject({ outcome: 'captured' });
  });

  it('a void and a look without an answer are unknown', async () => {
    const intentId = await held();
    await fault({ next: 'timeout', times: 2 });
    expect(await processor.void({ intentId, key: newKey() })).toEqual({ outcome: 'unknown' });
    expect(await processor.look({ intentId })).toEqual({ outcome: 'unknown' });
  });

  it('a second request under a key that still runs is unknown', async () => {
    const asked = request();
    await fault({ next: 'delay_ms', delayMs: 100 });
    const [first, second] = await Promise.all([processor.authorize(asked), processor.authorize(asked)]);
    expect([first.outcome, second.outcome].sort()).toEqual(['intent', 'unknown']);
    expect(await intents()).toHaveLength(1);
  });

  it('an expired hold is nothing held', async () => {
    const intentId = await held();
    await fetch(`${sandbox.url}/api/payments/${intentId}/expire`, { method: 'POST' });
    expect(await processor.capture({ intentId, key: newKey(), amount: money(5, 'EUR') })).toEqual({
      outcome: 'nothing_held',
    });
  });

  it('an unknown key of ours is refused, not unknown', async () => {
    const stranger = new StripeCardProcessor({
      secretKey: 'sk_test_other',
      apiBase: sandbox.url,
      clock,
      log,
    });
    expect(await stranger.authorize(request())).toMatchObject({ outcome: 'refused' });
  });

  it('nobody there is unknown, and no sign of life', async () => {
    const nowhere = new StripeCardProcessor({ secretKey, apiBase: 'http://127.0.0.1:1', clock, log });
    expect(await nowhere.authorize(request())).toEqual({ outcome: 'unknown' });
    expect(nowhere.health()).toEqual({});
  });

  it('rounds three decimals up for the hold and down for the capture', async () => {
    const authorized = await processor.authorize(request({ amount: money('5.124', 'KWD') }));
    if (authorized.outcome !== 'intent' || authorized.intent.state !== 'authorized')
      throw new Error('not held');
    expect(amountText(authorized.intent.amount)).toBe('5.130');
    const { intentId } = authorized;
    const captured = await processor.capture({ intentId, key: newKey(), amount: money('5.124', 'KWD') });
    expect(captured.outcome === 'captured' && amountText(captured.amount)).toBe('5.120');
  });

  it('throws on an amount that was never rounded: a bug, not an outcome', async () => {
    await expect(processor.authorize(request({ amount: money('5.001', 'EUR') }))).rejects.toThrow(/exactly/);
  });

  it('logs ids and codes, never what was sent', async () => {
    await processor.authorize(request({ paymentMethod: 'pm_nobody', description: 'A secret description' }));
    await processor.authorize(request({ paymentMethod: 'pm_card_visa_chargeDeclined' }));
    const said = log.lines.join('\n');
    expect(said).toContain('resource_missing');
    expect(said).not.toMatch(/pm_nobody|secret|sk_test/);
  });
});
