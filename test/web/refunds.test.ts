// Refunds and disputes as a merchant's server meets them: over HTTP, with keys, in words.

import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { followHint } from '../../src/flow/follow-payment.ts';
import { merchantApi } from '../../src/web/merchant-api.ts';
import { listen } from '../../src/web/server.ts';
import { money } from '../../src/core/money.ts';
import { orderCallback } from '../../src/flow/order-callback.ts';
import { euros, merchantId, moneyStage, type MoneyStage } from '../flow/money-stage.ts';

const key = 'rk_demo_0123456789abcdef0123456789abcdef';
const otherKey = 'rk_live_fedcba9876543210fedcba9876543210';
let stage: MoneyStage;
let server: Awaited<ReturnType<typeof listen>>;
let orderId: string;

beforeAll(async () => {
  stage = await moneyStage();
  server = await listen(express().use(merchantApi(stage.house)), { port: 0, host: '127.0.0.1' });
  orderId = await captured();
});
afterAll(async () => {
  await server.close(100);
  await stage.close();
});

async function captured(): Promise<string> {
  const made = await stage.order();
  await stage.connect(made);
  await stage.hangUp(made, 60);
  await stage.settle(made);
  return made;
}

interface Answer {
  status: number;
  type: string;
  text: string;
  json: Record<string, unknown>;
}

async function ask(method: string, path: string, body?: object, headers: object = {}): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${String(server.port)}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  const json = (type.includes('json') ? JSON.parse(text) : {}) as Record<string, unknown>;
  return { status: response.status, type, text, json };
}

const kindOf = ({ json }: Answer): string | undefined => String(json['type']).split('/').at(-1);

describe('the refund of a top-up', () => {
  it('takes back what is left of the balance, and says how much that is', async () => {
    const code = '5001';
    expect((await ask('POST', '/v1/clients', { code, kind: 'balance', currency: 'EUR' })).status).toBe(201);
    const [client] = await stage.sql<{ id: string }>('select id from clients where code = $1', [code]);
    const made = await orderCallback(stage.house, merchantId, {
      line: 'demo-known',
      source: 'page',
      language: 'en',
      topUp: { clientId: client!.id, amount: money('20.00', 'EUR') },
      paymentMethod: 'pm_card_visa',
    });
    await stage.workOff();
    const path = `/v1/orders/${made.orderId!}/refunds`;
    const adjustment = { amount: '-12.00', currency: 'EUR', reason: 'lost a bet' };
    expect((await ask('POST', `/v1/clients/${code}/adjustments`, adjustment)).status).toBe(201);
    const tooMuch = await ask('POST', path, { amount: euros('9.00') });
    expect(kindOf(tooMuch)).toBe('top-up-spent');
    expect(tooMuch.json).toMatchObject({ status: 409, left: euros('8.00') });
    expect((await ask('POST', path, {})).json).toMatchObject({ state: 'refunded', refunded: euros('8.00') });
    expect((await ask('GET', `/v1/clients/${code}`)).json).toMatchObject({ balance: euros('0.00') });
  });
});

describe('POST /v1/orders/{id}/refunds', () => {
  it('gives back a part, once however often it is asked with one key', async () => {
    const body = { amount: euros('4.00'), reason: 'bad line' };
    const headers = { 'idempotency-key': 'refund-1' };
    const first = await ask('POST', `/v1/orders/${orderId}/refunds`, body, headers);
    expect(first.status, first.text).toBe(201);
    expect(first.json).toMatchObject({
      orderId,
      state: 'refunded',
      amount: euros('4.00'),
      refunded: euros('4.00'),
      reason: 'bad line',
      failure: null,
    });
    const again = await ask('POST', `/v1/orders/${orderId}/refunds`, body, headers);
    expect(again.json).toEqual(first.json);
    const other = { amount: euros('5.00') };
    expect(kindOf(await ask('POST', `/v1/orders/${orderId}/refunds`, other, headers))).toBe(
      'idempotency-key-reused',
    );
    const { json } = await ask('GET', `/v1/orders/${orderId}/refunds`);
    expect(json['data']).toEqual([first.json]);
  });

  it('a gateway that died before it kept its answer: the repeat goes on with the refund', async () => {
    const headers = { 'idempotency-key': 'refund-2' };
    const body = { amount: euros('1.00') };
    const first = await ask('POST', `/v1/orders/${orderId}/refunds`, body, headers);
    await stage.sql(`update idempotency_keys set status = null, response = null where key = 'refund-2'`);
    stage.clock.turn(61_000);
    const again = await ask('POST', `/v1/orders/${orderId}/refunds`, body, headers);
    expect(again.json['id']).toBe(first.json['id']);
  });

  it.each([
    ['more than is left', { amount: euros('10.01') }, 409, 'refund-too-much'],
    ['nothing', { amount: euros('0.00') }, 422, 'other-currency'],
    ['less than nothing', { amount: euros('-1.00') }, 422, 'other-currency'],
    ['part of a cent', { amount: euros('1.001') }, 422, 'other-currency'],
    ['yen', { amount: { amount: '5', currency: 'JPY' } }, 422, 'other-currency'],
    ['of no currency', { amount: { amount: '5', currency: 'ZZZ' } }, 422, 'other-currency'],
    ['an amount in words', { amount: 'all' }, 422, 'invalid-request'],
    ['a field there is not', { whole: true }, 422, 'invalid-request'],
  ])('%s is refused', async (_, body, status, kind) => {
    const answer = await ask('POST', `/v1/orders/${orderId}/refunds`, body);
    expect([answer.status, kindOf(answer)]).toEqual([status, kind]);
  });

  it('says how much is left', async () => {
    const answer = await ask('POST', `/v1/orders/${orderId}/refunds`, { amount: euros('10.01') });
    expect(answer.json['left']).toEqual(euros('10.00'));
  });

  it('of an order nothing was taken for', async () => {
    const held = await stage.order();
    expect(kindOf(await ask('POST', `/v1/orders/${held}/refunds`, {}))).toBe('nothing-captured');
  });

  it('of a talk whose price was taken when they were joined: when it is over', async () => {
    const made = await stage.order();
    await stage.sql(
      `update call_sessions set progress = jsonb_set(progress, '{plan,capture}', '"at_connection"') where order_id = $1`,
      [made],
    );
    await stage.connect(made);
    await stage.work('settle_order');
    const answer = await ask('POST', `/v1/orders/${made}/refunds`, {});
    expect([answer.status, kindOf(answer)]).toEqual([409, 'talk-not-over']);
    expect(answer.json['detail']).toContain('end the call, or wait for call.ended, then ask again');
    await stage.hangUp(made, 60);
    await stage.settle(made);
    expect((await ask('POST', `/v1/orders/${made}/refunds`, {})).status).toBe(201);
  });

  it('the processor refuses it', async () => {
    const disputed = await captured();
    const [intent] = await stage.intents(disputed);
    await stage.control('POST', `/api/payments/${intent!.id}/dispute`, {});
    const answer = await ask('POST', `/v1/orders/${disputed}/refunds`, {});
    expect([answer.status, kindOf(answer)]).toEqual([409, 'refund-refused']);
    expect(answer.json['refund']).toMatchObject({ state: 'failed', failure: 'charge_disputed' });
  });
});

describe('disputes', () => {
  let disputeId: string;
  beforeAll(async () => {
    const disputed = await captured();
    await stage.sql(
      `update orders set evidence = '[{"texts": ["I agree <b>to pay</b>"], "ip": "192.0.2.1"}]' where id = $1`,
      [disputed],
    );
    const [intent] = await stage.intents(disputed);
    const { id } = (await stage.control('POST', `/api/payments/${intent!.id}/dispute`, {})) as { id: string };
    const type = 'charge.dispute.created';
    await followHint(stage.house, { eventId: 'evt_1', type, intentId: intent!.id, disputeId: id });
    await stage.work('record_dispute');
  });

  it('are listed, newest first', async () => {
    const { json } = await ask('GET', '/v1/disputes');
    const [dispute] = json['data'] as { id: string }[];
    disputeId = dispute!.id;
    expect(dispute).toMatchObject({ state: 'needs_response', amount: euros('15.00') });
    expect(json['next']).toBeNull();
    expect((await ask('GET', `/v1/disputes?after=${disputeId}`)).json['data']).toEqual([]);
    expect((await ask('GET', '/v1/disputes?order=ord_nobody')).json['data']).toEqual([]);
  });

  it('bring their evidence as JSON, and as a page in which nothing is markup but ours', async () => {
    const path = `/v1/disputes/${disputeId}/evidence`;
    const json = await ask('GET', path);
    expect(json.type).toMatch(/json/);
    expect(json.json['dispute']).toMatchObject({ id: disputeId });
    expect(json.json['agreed']).toEqual([{ texts: ['I agree <b>to pay</b>'], ip: '192.0.2.1' }]);
    const page = await ask('GET', path, undefined, { accept: 'text/html' });
    expect(page.type).toMatch(/text\/html/);
    expect(page.text).toContain('I agree &lt;b&gt;to pay&lt;/b&gt;');
    expect(page.text).toContain('caller_consented');
    expect(page.text).not.toMatch(/<script|<b>/);
  });

  it('another merchant’s are unknown', async () => {
    await stage.sql(
      `insert into merchants (id, name, legal_name, contact_email, contact_phone, address, country, time_zone)
       values ('mer_other', 'Other', 'Other Ltd', 'o@other.example', '+44', 'London', 'GB', 'Europe/London')`,
    );
    await stage.sql(
      `insert into api_keys (id, merchant_id, name, key_hash) values ('key_o', 'mer_other', 'o', sha256($1::bytea))`,
      [otherKey],
    );
    const headers = { authorization: `Bearer ${otherKey}` };
    for (const path of [`/v1/disputes/${disputeId}/evidence`, `/v1/orders/${orderId}/refunds`]) {
      const answer = await ask('GET', path, undefined, headers);
      expect([answer.status, kindOf(answer)]).toEqual([404, 'unknown-id']);
    }
    expect((await ask('GET', '/v1/disputes', undefined, headers)).json['data']).toEqual([]);
    const refund = await ask('POST', `/v1/orders/${orderId}/refunds`, {}, headers);
    expect([refund.status, kindOf(refund)]).toEqual([404, 'unknown-id']);
  });
});
