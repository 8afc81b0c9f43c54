// The sandbox's processor, driven with Stripe's official SDK as the gateway drives it, and with plain HTTP where the SDK
// would be too well-behaved.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startProcessor, startSandboxProcessor, type SandboxProcessor } from '../../src/sandbox/processor.ts';

const secretKey = 'sk_test_sandbox_1';
const publishableKey = 'pk_test_sandbox_1';
const webhookSecret = 'whsec_1';

let processor: SandboxProcessor;
let stripe: Stripe;
let nowMs: number;

const sdk = (url: string, key = secretKey): Stripe =>
  new Stripe(key, { host: '127.0.0.1', port: new URL(url).port, protocol: 'http', maxNetworkRetries: 0 });

beforeEach(async () => {
  nowMs = Date.now();
  processor = await startSandboxProcessor({ port: 0, secretKey, publishableKey, nowMs: () => nowMs });
  stripe = sdk(processor.url);
});
afterEach(() => processor.close());

const hold = (more: Partial<Stripe.PaymentIntentCreateParams> = {}, options: Stripe.RequestOptions = {}) =>
  stripe.paymentIntents.create(
    {
      amount: 2500,
      currency: 'eur',
      capture_method: 'manual',
      allowed_payment_method_types: ['card'],
      payment_method: 'pm_card_visa',
      confirm: true,
      ...more,
    },
    options,
  );

const refusal = async (asked: Promise<unknown>): Promise<Stripe.errors.StripeError> => {
  const error: unknown = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Stripe.errors.StripeError)) throw new Error('It was not refused');
  return error;
};

/** As much of an answer as is looked at here. */
interface Json {
  data: { id: string }[];
  error: { code: string };
}
const http = async (
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; headers: Headers; json: Json }> => {
  const answer = await fetch(`${processor.url}${path}`, init);
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    json: (text === '' ? {} : JSON.parse(text)) as Json,
  };
};
const form = (
  key: string,
  values: Record<string, string>,
  headers: Record<string, string> = {},
): RequestInit => ({
  method: 'POST',
  headers: { authorization: `Bearer ${key}`, ...headers },
  body: new URLSearchParams(values),
});
const control = (method: string, path: string, body?: object) =>
  http(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });

describe('A payment intent', () => {
  it('is held, captured in part and released for the rest', async () => {
    const held = await hold({ expand: ['latest_charge'] });
    expect(held).toMatchObject({ status: 'requires_capture', amount_capturable: 2500, amount_received: 0 });
    const captured = await stripe.paymentIntents.capture(held.id, {
      amount_to_capture: 1000,
      expand: ['latest_charge'],
    });
    expect(captured).toMatchObject({
      status: 'succeeded',
      amount: 2500,
      amount_capturable: 0,
      amount_received: 1000,
      latest_charge: { captured: true, amount_captured: 1000, amount_refunded: 1500 },
    });
    expect((await refusal(stripe.paymentIntents.capture(held.id))).code).toBe(
      'payment_intent_unexpected_state',
    );
  });

  it('refuses to capture more than it holds, and holds on', async () => {
    const held = await hold();
    const refused = await refusal(stripe.paymentIntents.capture(held.id, { amount_to_capture: 2501 }));
    expect(refused).toMatchObject({ code: 'amount_too_large', param: 'amount_to_capture', statusCode: 400 });
    expect((await stripe.paymentIntents.retrieve(held.id)).status).toBe('requires_capture');
  });

  it('is cancelled once; a second time says what state it is in', async () => {
    const held = await hold();
    const cancelled = await stripe.paymentIntents.cancel(held.id, { cancellation_reason: 'abandoned' });
    expect(cancelled).toMatchObject({
      status: 'canceled',
      cancellation_reason: 'abandoned',
      amount_capturable: 0,
    });
    const refused = await refusal(stripe.paymentIntents.cancel(held.id));
    expect(refused.code).toBe('payment_intent_unexpected_state');
    expect(refused.payment_intent?.status).toBe('canceled');
  });

  it('is made first and confirmed later, with what was typed', async () => {
    const made = await hold({ payment_method: undefined as never, confirm: false });
    expect(made.status).toBe('requires_payment_method');
    const updated = await stripe.paymentIntents.update(made.id, {
      amount: 3000,
      metadata: { order: 'ord_1' },
    });
    expect(updated).toMatchObject({ amount: 3000, metadata: { order: 'ord_1' } });
    const method = await stripe.paymentMethods.create({
      type: 'card',
      card: { number: '5555555555554444', exp_month: 12, exp_year: 2040, cvc: '123' },
    });
    expect(method.card).toMatchObject({ brand: 'mastercard', last4: '4444' });
    const confirmed = await stripe.paymentIntents.confirm(made.id, { payment_method: method.id });
    expect(confirmed).toMatchObject({ status: 'requires_capture', amount_capturable: 3000 });
    const second = await refusal(hold({ payment_method: method.id }));
    expect(second.message).toContain('may not be used again');
  });

  it('is taken at once where capture is automatic', async () => {
    const paid = await hold({ capture_method: 'automatic' });
    expect(paid).toMatchObject({ status: 'succeeded', amount_received: 2500 });
  });

  it('has every field of Stripe’s published fixtures', async () => {
    const held = await hold({ expand: ['latest_charge', 'payment_method'] });
    expect(Object.keys(held)).toEqual(expect.arrayContaining(fixtureFields.paymentIntent));
    expect(Object.keys(held.latest_charge ?? {})).toEqual(expect.arrayContaining(fixtureFields.charge));
    expect(Object.keys(held.payment_method ?? {})).toEqual(
      expect.arrayContaining(fixtureFields.paymentMethod),
    );
    await stripe.paymentIntents.capture(held.id);
    const refund = await stripe.refunds.create({ payment_intent: held.id, amount: 1 });
    expect(Object.keys(refund)).toEqual(expect.arrayContaining(fixtureFields.refund));
    const events = await stripe.events.list({ limit: 1 });
    expect(Object.keys(events.data[0] ?? {})).toEqual(expect.arrayContaining(fixtureFields.event));
  });

  it.each([
    ['amount', { amount: 49 }, 'amount_too_small'],
    ['amount', { amount: 100_000_000 }, 'amount_too_large'],
    ['amount', { amount: 1.5 }, 'parameter_invalid_integer'],
    ['amount', { amount: 5124, currency: 'kwd' }, 'parameter_invalid_integer'],
    ['amount', { amount: 550, currency: 'isk' }, 'invalid_charge_amount_no_decimal_compatible'],
    ['currency', { currency: 'xxy' }, undefined],
    ['payment_method', { payment_method: 'pm_nobody' }, 'resource_missing'],
    ['payment_method_types', { payment_method_types: ['card'] }, 'payment_method_types_no_longer_supported'],
    ['colour', { colour: 'red' }, 'parameter_unknown'],
    ['return_url', { return_url: 'javascript:alert(1)' }, 'url_invalid'],
    ['use_stripe_sdk', { confirm: false, use_stripe_sdk: true }, undefined],
    ['application_fee_amount', { application_fee_amount: 100 }, undefined],
    ['expand', { expand: ['nonsense'] }, undefined],
  ])('refuses a wrong %s: %j', async (param, wrong, code) => {
    const refused = await refusal(hold(wrong as never));
    expect(refused).toMatchObject({ type: 'StripeInvalidRequestError', param });
    expect(refused.code).toBe(code);
    expect(refused.requestId).toMatch(/^req_/);
  });

  it('is listed newest first, by pages, and found by its metadata', async () => {
    const ids: string[] = [];
    for (const order of ['a', 'b', 'c']) ids.unshift((await hold({ metadata: { order } })).id);
    const first = await stripe.paymentIntents.list({ limit: 2 });
    expect(first.data.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    expect(first.has_more).toBe(true);
    const rest = await stripe.paymentIntents.list({ limit: 2, starting_after: ids[1] ?? '' });
    expect(rest.data.map(({ id }) => id)).toEqual(ids.slice(2));
    const found = await stripe.paymentIntents.search({ query: "metadata['order']:'b'" });
    expect(found.data.map(({ id }) => id)).toEqual([ids[1]]);
  });
});

describe('Cards', () => {
  it.each([
    ['4000000000000002', 'card_declined', 'generic_decline'],
    ['4000000000009995', 'card_declined', 'insufficient_funds'],
    ['4000000000009987', 'card_declined', 'lost_card'],
    ['4000000000009979', 'card_declined', 'stolen_card'],
    ['4000000000000069', 'expired_card', 'expired_card'],
    ['4000000000000127', 'incorrect_cvc', 'incorrect_cvc'],
    ['4000000000000119', 'processing_error', 'processing_error'],
    ['4100000000000019', 'card_declined', 'fraudulent'],
    // No test card at all: nobody's money is taken here.
    ['4111111111111111', 'card_declined', 'test_mode_live_card'],
  ])('%s is declined: %s, %s', async (number, code, declineCode) => {
    const { id } = await stripe.paymentMethods.create({
      type: 'card',
      card: { number, exp_month: 1, exp_year: 2040, cvc: '123' },
    });
    const declined = await refusal(hold({ payment_method: id }));
    expect(declined).toMatchObject({
      type: 'StripeCardError',
      statusCode: 402,
      code,
      decline_code: declineCode,
    });
    expect(declined.payment_intent).toMatchObject({
      status: 'requires_payment_method',
      payment_method: null,
    });
    expect(declined.charge).toMatch(/^ch_/);
    const charge = await stripe.charges.retrieve(declined.charge ?? '');
    expect(charge).toMatchObject({ status: 'failed', paid: false, failure_code: code });
  });

  it.each([
    [{ number: '4242424242424241' }, 'incorrect_number', 'number'],
    [{ number: 'hello' }, 'invalid_number', 'number'],
    [{ exp_month: 13 }, 'invalid_expiry_month', 'exp_month'],
    [{ exp_year: 2020 }, 'invalid_expiry_year', 'exp_year'],
    [{ cvc: '12' }, 'invalid_cvc', 'cvc'],
  ])('that cannot be are refused: %j', async (wrong, code, param) => {
    const card = { number: '4242424242424242', exp_month: 12, exp_year: 2040, cvc: '123', ...wrong };
    expect(await refusal(stripe.paymentMethods.create({ type: 'card', card }))).toMatchObject({
      code,
      param,
    });
  });

  it('pass though the risk is elevated, and say so', async () => {
    const held = await hold({ payment_method: 'pm_card_riskLevelElevated', expand: ['latest_charge'] });
    expect(held).toMatchObject({
      status: 'requires_capture',
      latest_charge: { outcome: { risk_level: 'elevated' } },
    });
  });

  it('leave no number behind, in memory or on disk', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'processor-'));
    try {
      const kept = await startSandboxProcessor({ port: 0, secretKey, publishableKey, dataDir });
      const card = { number: '4242424242424242', exp_month: 12, exp_year: 2040, cvc: '987' };
      const method = await sdk(kept.url).paymentMethods.create({ type: 'card', card });
      expect(JSON.stringify(method)).not.toMatch(/4242424242424242|987/);
      await kept.close();
      const file = readFileSync(join(dataDir, 'processor.jsonl'), 'utf8');
      expect(file).toContain(method.id);
      expect(file).not.toMatch(/42424242|"987"/);
    } finally {
      rmSync(dataDir, { recursive: true });
    }
  });
});

describe('Authentication', () => {
  const open = async (
    more: Partial<Stripe.PaymentIntentCreateParams> = {},
  ): Promise<[Stripe.PaymentIntent, string]> => {
    const intent = await hold({
      payment_method: 'pm_card_threeDSecure2Required',
      return_url: 'https://shop.example/back?order=1',
      ...more,
    });
    const action = intent.next_action;
    const url =
      action?.redirect_to_url?.url ?? (action?.use_stripe_sdk as { stripe_js?: string }).stripe_js ?? '';
    return [intent, url];
  };
  const answer = (url: string, outcome: string) =>
    fetch(url, { method: 'POST', body: new URLSearchParams({ outcome }), redirect: 'manual' });

  it('holds when the cardholder completes it, and leads back to the shop', async () => {
    const [intent, url] = await open();
    expect(intent).toMatchObject({ status: 'requires_action', next_action: { type: 'redirect_to_url' } });
    const page = await (await fetch(url)).text();
    expect(page).toContain('€25.00');
    expect(page).toContain('no real money');
    const back = new URL((await answer(url, 'complete')).headers.get('location') ?? '');
    expect(back.origin).toBe('https://shop.example');
    expect(Object.fromEntries(back.searchParams)).toMatchObject({
      order: '1',
      payment_intent: intent.id,
      redirect_status: 'succeeded',
    });
    const held = await stripe.paymentIntents.retrieve(intent.id, { expand: ['latest_charge'] });
    expect(held).toMatchObject({ status: 'requires_capture', next_action: null });
    expect((held.latest_charge as Stripe.Charge).payment_method_details?.card?.three_d_secure).toMatchObject({
      result: 'authenticated',
    });
  });

  it('wants another card when the cardholder fails it', async () => {
    const [intent, url] = await open({ use_stripe_sdk: true });
    expect(intent.next_action?.type).toBe('use_stripe_sdk');
    await answer(url, 'fail');
    expect(await stripe.paymentIntents.retrieve(intent.id)).toMatchObject({
      status: 'requires_payment_method',
      last_payment_error: { code: 'payment_intent_authentication_failure' },
    });
    expect((await answer(url, 'complete')).status).toBe(410);
  });

  it('may be followed by a decline', async () => {
    const [intent, url] = await open({ payment_method: 'pm_card_threeDSecureRequiredChargeDeclined' });
    await answer(url, 'complete');
    expect(await stripe.paymentIntents.retrieve(intent.id)).toMatchObject({
      status: 'requires_payment_method',
      last_payment_error: { code: 'card_declined' },
    });
  });

  it('cannot happen with nobody there', async () => {
    const refused = await refusal(open({ off_session: true }));
    expect(refused).toMatchObject({ type: 'StripeCardError', decline_code: 'authentication_required' });
  });

  it('does nothing after the intent was cancelled', async () => {
    const [intent, url] = await open();
    await stripe.paymentIntents.cancel(intent.id);
    expect((await answer(url, 'complete')).status).toBe(410);
    expect((await stripe.paymentIntents.retrieve(intent.id)).status).toBe('canceled');
  });
});

describe('Idempotency keys', () => {
  const key = { idempotencyKey: 'op_1' };

  it('give the same answer, told as a repetition', async () => {
    const first = await hold({}, key);
    const second = await hold({}, key);
    expect(second).toEqual(first);
    expect(second.lastResponse.headers['idempotent-replayed']).toBe('true');
    expect(second.lastResponse.headers['original-request']).toBe(first.lastResponse.requestId);
    expect((await stripe.paymentIntents.list()).data).toHaveLength(1);
  });

  it('refuse other parameters', async () => {
    await hold({}, key);
    const refused = await refusal(hold({ amount: 2600 }, key));
    expect(refused).toMatchObject({ type: 'StripeIdempotencyError', statusCode: 400 });
  });

  it('keep a decline, and a failure of the server', async () => {
    const declined = await refusal(hold({ payment_method: 'pm_card_chargeDeclined' }, key));
    expect(await refusal(hold({ payment_method: 'pm_card_chargeDeclined' }, key))).toMatchObject({
      code: 'card_declined',
      charge: declined.charge,
    });
    await control('POST', '/api/faults', { next: 'error_500' });
    for (let tries = 0; tries < 2; tries += 1) {
      expect((await refusal(hold({}, { idempotencyKey: 'op_2' }))).statusCode).toBe(500);
    }
    expect((await stripe.paymentIntents.list()).data).toHaveLength(1);
  });

  it('forget a request that never began', async () => {
    expect((await refusal(hold({ amount: 1 }, key))).code).toBe('amount_too_small');
    expect(await hold({}, key)).toMatchObject({ status: 'requires_capture' });
  });

  it('are of one account each', async () => {
    const ours = await hold({}, key);
    const theirs = await hold({}, { ...key, stripeAccount: 'acct_1' });
    expect(theirs.id).not.toBe(ours.id);
  });

  it('refuse a second request while the first runs', async () => {
    await control('POST', '/api/faults', { next: 'delay_ms', delayMs: 100 });
    const [first, second] = await Promise.allSettled([hold({}, key), hold({}, key)]);
    const failed = [first, second].filter((each) => each.status === 'rejected');
    expect(failed).toHaveLength(1);
    expect(failed[0]?.reason).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' });
  });

  it('are forgotten after a day', async () => {
    const first = await hold({}, key);
    nowMs += 24 * 3600 * 1000 - 1000;
    expect((await hold({}, key)).id).toBe(first.id);
    nowMs += 2000;
    expect((await hold({}, key)).id).not.toBe(first.id);
  });
});

describe('Holds', () => {
  it('are given back after seven days', async () => {
    const held = await hold({ expand: ['latest_charge'] });
    const before = (held.latest_charge as Stripe.Charge).payment_method_details?.card?.capture_before ?? 0;
    expect(before - Math.floor(nowMs / 1000)).toBe(7 * 24 * 3600);
    nowMs = before * 1000 - 1000;
    expect((await stripe.paymentIntents.retrieve(held.id)).status).toBe('requires_capture');
    nowMs += 1000;
    const expired = await stripe.paymentIntents.retrieve(held.id, { expand: ['latest_charge'] });
    expect(expired).toMatchObject({ status: 'canceled', cancellation_reason: 'automatic' });
    expect((await refusal(stripe.paymentIntents.capture(held.id))).code).toBe(
      'payment_intent_unexpected_state',
    );
    const types = (await stripe.events.list()).data.map(({ type }) => type);
    expect(types.slice(0, 2)).toEqual(['payment_intent.canceled', 'charge.expired']);
  });

  it('last as long as a test says, or until it says now', async () => {
    expect((await control('PUT', '/api/payments/holds', { seconds: 60 })).status).toBe(204);
    const short = await hold();
    nowMs += 61_000;
    expect((await stripe.paymentIntents.retrieve(short.id)).status).toBe('canceled');
    const ended = await hold();
    expect((await control('POST', `/api/payments/${ended.id}/expire`)).status).toBe(204);
    expect((await control('POST', `/api/payments/${ended.id}/expire`)).status).toBe(409);
    expect((await control('POST', '/api/payments/pi_nobody/expire')).status).toBe(404);
    expect((await control('PUT', '/api/payments/holds', { seconds: 'long' })).status).toBe(400);
  });
});

describe('Accounts', () => {
  const merchant = { stripeAccount: 'acct_merchant' };

  it('do not see what belongs to another', async () => {
    const theirs = await hold({}, merchant);
    const method = theirs.payment_method as string;
    for (const asked of [
      stripe.paymentIntents.retrieve(theirs.id),
      stripe.paymentIntents.capture(theirs.id),
      stripe.paymentIntents.cancel(theirs.id),
      stripe.charges.retrieve(theirs.latest_charge as string),
      stripe.paymentMethods.retrieve(method),
      hold({ payment_method: method }),
      stripe.refunds.create({ payment_intent: theirs.id }),
    ]) {
      expect((await refusal(asked)).code).toBe('resource_missing');
    }
    expect((await stripe.paymentIntents.list()).data).toEqual([]);
    expect((await stripe.paymentIntents.list({}, merchant)).data).toHaveLength(1);
  });

  it('give the platform its fee at the capture, no more than was captured', async () => {
    const { id } = await hold({}, merchant);
    const captured = await stripe.paymentIntents.capture(
      id,
      { amount_to_capture: 1000, application_fee_amount: 1200, expand: ['latest_charge'] },
      merchant,
    );
    expect(captured.latest_charge).toMatchObject({ application_fee_amount: 1000 });
  });

  it('that cannot be are refused', async () => {
    expect((await refusal(hold({}, { stripeAccount: '../acct' }))).statusCode).toBe(403);
  });

  it('refund what was captured, and no more', async () => {
    const { id } = await hold();
    expect((await refusal(stripe.refunds.create({ payment_intent: id }))).code).toBe('charge_not_captured');
    await stripe.paymentIntents.capture(id, { amount_to_capture: 1000 });
    expect((await refusal(stripe.refunds.create({ payment_intent: id, amount: 1001 }))).code).toBe(
      'amount_too_large',
    );
    await stripe.refunds.create({ payment_intent: id, amount: 400 });
    expect(await stripe.refunds.create({ payment_intent: id })).toMatchObject({
      amount: 600,
      status: 'succeeded',
    });
    expect((await refusal(stripe.refunds.create({ payment_intent: id }))).code).toBe(
      'charge_already_refunded',
    );
    expect((await stripe.refunds.list({ payment_intent: id })).data).toHaveLength(2);
  });
});

describe('The key of a browser', () => {
  it('confirms with the client secret and sees little', async () => {
    const { id, client_secret } = await hold({
      confirm: false,
      payment_method: undefined as never,
      metadata: { a: 'b' },
    });
    const confirmed = await http(
      `/v1/payment_intents/${id}/confirm`,
      form(publishableKey, { client_secret: client_secret ?? '', payment_method: 'pm_card_visa' }),
    );
    expect(confirmed.json).toMatchObject({ id, status: 'requires_capture' });
    for (const field of ['metadata', 'latest_charge', 'amount_capturable', 'application_fee_amount']) {
      expect(confirmed.json).not.toHaveProperty(field);
    }
    expect(confirmed.headers.get('access-control-allow-origin')).toBe('*');
  });

  it.each([
    ['POST', '/v1/payment_intents'],
    ['POST', '/v1/payment_intents/pi_1/capture'],
    ['POST', '/v1/payment_intents/pi_1/cancel'],
    ['GET', '/v1/payment_intents'],
    ['GET', '/v1/events'],
    ['POST', '/v1/refunds'],
  ])('may not %s %s', async (method, path) => {
    const answer = await http(path, { method, headers: { authorization: `Bearer ${publishableKey}` } });
    expect(answer).toMatchObject({ status: 403, json: { error: { code: 'secret_key_required' } } });
  });

  it('is nothing without the client secret of the intent', async () => {
    const [mine, other] = [await hold(), await hold()];
    for (const secret of ['', other.client_secret ?? '']) {
      const path = `/v1/payment_intents/${mine.id}?client_secret=${secret}&key=${publishableKey}`;
      expect((await http(path)).status).toBe(403);
    }
  });

  it.each([
    ['no key', {}],
    ['another key', { authorization: 'Bearer sk_test_other' }],
    ['nonsense', { authorization: 'Digest x' }],
  ])('%s is not let in', async (_, headers) => {
    expect((await http('/v1/payment_intents', { headers })).status).toBe(401);
  });

  it('of the server may come as basic authentication too', async () => {
    const authorization = `Basic ${Buffer.from(`${secretKey}:`).toString('base64')}`;
    expect((await http('/v1/payment_intents', { headers: { authorization } })).status).toBe(200);
  });
});

describe('Odd requests', () => {
  it.each([
    ['/v1/nowhere', 404],
    ['/v1/payment_intents/pi_nobody', 404],
    ['/v1/payment_intents?limit=0', 400],
    ['/v1/payment_intents/search?query=amount>5', 400],
  ])('%s is answered %i', async (path, status) => {
    const answer = await http(path, { headers: { authorization: `Bearer ${secretKey}` } });
    expect(answer).toMatchObject({ status, json: { error: { type: 'invalid_request_error' } } });
  });

  it('do not reach the prototype of anything', async () => {
    const answer = await http(
      '/v1/payment_intents',
      form(secretKey, {
        amount: '2500',
        currency: 'eur',
        '__proto__[polluted]': '1',
        'metadata[__proto__]': 'x',
      }),
    );
    expect(answer.json.error.code).toBe('parameter_unknown');
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });

  it('too large are not read', async () => {
    const answer = await fetch(
      `${processor.url}/v1/payment_intents`,
      form(secretKey, { x: 'y'.repeat(300_000) }),
    ).then(
      ({ status }) => status,
      () => 413,
    );
    expect(answer).toBe(413);
  });

  it('from pages of strangers may not play with the faults', async () => {
    const answer = await http('/api/faults', {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
      body: '{"next":"timeout"}',
    });
    expect(answer.status).toBe(403);
    expect((await http('/api/faults')).json.data).toEqual([]);
  });

  it.each([
    { next: 'earthquake' },
    { next: 'timeout', on: 'moon' },
    { next: 'timeout', times: 0 },
    {},
    { webhooks: 'x' },
  ])('for faults nobody knows are refused: %j', async (fault) => {
    expect((await control('POST', '/api/faults', fault)).status).toBe(400);
  });
});

describe('Webhooks', () => {
  let endpoint: Server;
  let received: { body: string; signature: string }[];
  let statuses: number[];
  let arrived: () => void;
  let listening: SandboxProcessor;
  let merchant: Stripe;

  beforeEach(async () => {
    received = [];
    statuses = [];
    arrived = () => undefined;
    endpoint = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        received.push({
          body: Buffer.concat(parts).toString(),
          signature: String(request.headers['stripe-signature']),
        });
        response.writeHead(statuses.shift() ?? 200).end();
        arrived();
      });
    });
    await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
    listening = await startSandboxProcessor({
      port: 0,
      secretKey,
      publishableKey,
      webhookSecret,
      webhookUrl: `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/hooks/stripe`,
    });
    merchant = sdk(listening.url);
  });
  afterEach(async () => {
    await listening.close();
    endpoint.closeAllConnections();
    await new Promise((resolve) => endpoint.close(resolve));
  });

  const count = (wanted: number): Promise<void> =>
    new Promise((resolve) => {
      arrived = () => {
        if (received.length >= wanted) resolve();
      };
      arrived();
    });
  const create = (options: Stripe.RequestOptions = {}) =>
    merchant.paymentIntents.create(
      {
        amount: 2500,
        currency: 'eur',
        capture_method: 'manual',
        payment_method: 'pm_card_visa',
        confirm: true,
      },
      options,
    );

  it('are signed as Stripe signs, and tell the account and the request', async () => {
    const intent = await create({ stripeAccount: 'acct_1', idempotencyKey: 'op_1' });
    await count(3);
    const events = received.map(({ body, signature }) =>
      Stripe.webhooks.constructEvent(body, signature, webhookSecret),
    );
    expect(events.map(({ type }) => type).sort()).toEqual([
      'charge.succeeded',
      'payment_intent.amount_capturable_updated',
      'payment_intent.created',
    ]);
    const held = events.find(({ type }) => type === 'payment_intent.amount_capturable_updated');
    expect(held).toMatchObject({
      account: 'acct_1',
      request: { id: intent.lastResponse.requestId, idempotency_key: 'op_1' },
      data: { object: { id: intent.id, status: 'requires_capture' } },
    });
    expect(() =>
      Stripe.webhooks.constructEvent(received[0]?.body ?? '', received[0]?.signature ?? '', 'whsec_other'),
    ).toThrow();
  });

  it('come again when they were not taken', async () => {
    statuses = [500, 500, 500];
    await create();
    await count(6);
    const ids = received.map(({ body }) => (JSON.parse(body) as { id: string }).id);
    expect(new Set(ids).size).toBe(3);
  });

  it('can be dropped or sent twice, and are listed all the same', async () => {
    const set = (webhooks: string) =>
      fetch(`${listening.url}/api/faults`, { method: 'POST', body: JSON.stringify({ webhooks }) });
    await set('dropped');
    await create();
    expect((await merchant.events.list()).data).toHaveLength(3);
    await set('twice');
    await create();
    await count(6);
    const ids = received.map(({ body }) => (JSON.parse(body) as { id: string }).id);
    expect(new Set(ids).size).toBe(3);
  });
});

describe('What the demo page asks', () => {
  it('payments as Stripe shows them, newest first, of all accounts', async () => {
    const older = await hold();
    const newer = await hold({}, { stripeAccount: 'acct_1' });
    const { json } = await http('/api/payments');
    expect(json.data.map(({ id }) => id)).toEqual([newer.id, older.id]);
    expect(json.data[0]).toMatchObject({ object: 'payment_intent', amount_capturable: 2500 });
  });

  it('a stream that says so at every change', async () => {
    const stop = new AbortController();
    const stream = await fetch(`${processor.url}/api/payments/events`, { signal: stop.signal });
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    const decoder = new TextDecoder();
    const reader = (stream.body as ReadableStream<Uint8Array>).getReader();
    const read = async (): Promise<string> => decoder.decode((await reader.read()).value);
    expect(await read()).toBe('event: payments\ndata: {"data":[]}\n\n');
    const { id } = await hold();
    const value = await read();
    const told = JSON.parse(value.split('data: ')[1] ?? '') as Json;
    expect(told.data[0]).toMatchObject({
      id,
      status: 'requires_capture',
    });
    stop.abort();
  });
});

describe('After a restart', () => {
  it('holds, keys and refunds are as they were, on the same port', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'processor-'));
    const settings = {
      dataDir,
      secretKey,
      publishableKey,
      webhookSecret,
      publicUrl: 'http://localhost:3001',
      gatewayUrl: 'http://localhost:3000',
    };
    try {
      const before = await startProcessor(settings);
      const port = before.ports['http'] ?? 0;
      stripe = sdk(`http://127.0.0.1:${port}`);
      const held = await hold({}, { idempotencyKey: 'op_1', stripeAccount: 'acct_1' });
      await before.close();
      const after = await startProcessor({ ...settings, ports: { http: port } });
      expect(after.ports['http']).toBe(port);
      stripe = sdk(`http://127.0.0.1:${port}`);
      const again = await hold({}, { idempotencyKey: 'op_1', stripeAccount: 'acct_1' });
      expect(again.id).toBe(held.id);
      const captured = await stripe.paymentIntents.capture(held.id, {}, { stripeAccount: 'acct_1' });
      expect(captured.status).toBe('succeeded');
      await after.close();
    } finally {
      rmSync(dataDir, { recursive: true });
    }
  });
});

/** Top-level fields of `resources` in openapi/fixtures3.json of stripe/openapi. */
const fixtureFields = {
  paymentIntent:
    'amount amount_capturable amount_details amount_received application application_fee_amount automatic_payment_methods canceled_at cancellation_reason capture_method client_secret confirmation_method created currency customer description id last_payment_error latest_charge livemode metadata next_action object on_behalf_of payment_method payment_method_configuration_details payment_method_options payment_method_types processing receipt_email review setup_future_usage shipping statement_descriptor statement_descriptor_suffix status transfer_data transfer_group source excluded_payment_method_types customer_account managed_payments'.split(
      ' ',
    ),
  charge:
    'amount amount_captured amount_refunded application application_fee application_fee_amount balance_transaction billing_details calculated_statement_descriptor captured created currency customer description disputed failure_balance_transaction failure_code failure_message fraud_details id livemode metadata object on_behalf_of outcome paid payment_intent payment_method payment_method_details receipt_email receipt_number receipt_url refunded refunds review shipping source_transfer statement_descriptor statement_descriptor_suffix status transfer_data transfer_group source'.split(
      ' ',
    ),
  paymentMethod:
    'allow_redisplay billing_details card created customer id livemode metadata object type customer_account'.split(
      ' ',
    ),
  refund:
    'amount balance_transaction charge created currency destination_details id metadata object payment_intent reason receipt_number source_transfer_reversal status transfer_reversal customer customer_account payment_method'.split(
      ' ',
    ),
  event: 'api_version created data id livemode object pending_webhooks request type'.split(' '),
};
