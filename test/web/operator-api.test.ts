// The operator's API: who may, what it answers, that its document is true, and that nobody's number or card is in it.

import express from 'express';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { houseMetrics, operations } from '../../src/web/operations.ts';
import { listen, type Listening, webServer } from '../../src/web/server.ts';
import { apiStage, ask, demoKey, otherKey, type Stage } from './api-stage.ts';

const key = 'operator-key-of-at-least-24-characters';
const ana = { by: 'ana', why: 'his server is back' };
let stage: Stage;
let server: Listening;
let url: string;
let orderId: string;
const opened: Listening[] = [];

async function serve(operatorKey?: string): Promise<Listening> {
  const none = express.Router();
  const app = webServer({
    house: stage.house,
    operations: operations(stage.house, {
      metrics: houseMetrics(),
      isCurrent: () => Promise.resolve(true),
      ...(operatorKey !== undefined && { operatorKey }),
    }),
    hooks: none,
    api: none,
    pages: [],
    requests: pino({ level: 'silent' }),
  });
  const listening = await listen(app, { port: 0, host: '127.0.0.1' });
  opened.push(listening);
  return listening;
}

beforeAll(async () => {
  stage = await apiStage();
  server = await serve(key);
  url = `http://127.0.0.1:${String(server.port)}`;
  const made = await ask(stage, 'POST', '/v1/callbacks', {
    body: {
      line: 'demo',
      callerNumber: '+33612345678',
      paymentMethod: 'pm_card_visa',
      email: 'jane@example.org',
    },
  });
  orderId = made.body.orderId;
});
afterAll(async () => {
  for (const one of opened) await one.close(50);
  await stage.close();
});

interface Answer {
  status: number;
  type: string;
  body: {
    type: string;
    title: string;
    detail: string;
    outcome: string;
    many: number | null;
    data: Record<string, unknown>[];
    order: { id: string };
    [more: string]: unknown;
  };
}

async function operate(
  method: string,
  path: string,
  given: { body?: unknown; key?: string | null; at?: string; language?: string } = {},
): Promise<Answer> {
  const response = await fetch(`${given.at ?? url}/ops/v1${path}`, {
    method,
    headers: {
      ...(given.key === null ? {} : { authorization: `Bearer ${given.key ?? key}` }),
      ...(given.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(given.language === undefined ? {} : { 'accept-language': given.language }),
    },
    ...(given.body === undefined ? {} : { body: JSON.stringify(given.body) }),
  });
  return {
    status: response.status,
    type: (response.headers.get('content-type') ?? '').split(';')[0] ?? '',
    body: (await response.json()) as Answer['body'],
  };
}

describe('who may', () => {
  it('is nobody without the key, with a wrong one, or with a merchant’s', async () => {
    for (const wrong of [null, '', 'x', key.slice(0, -1), `${key}x`, demoKey]) {
      const answer = await operate('GET', '/attention', { key: wrong });
      expect([answer.status, answer.type]).toEqual([401, 'application/problem+json']);
      expect(answer.body.detail).toContain('OPERATOR_KEY');
    }
    expect((await operate('GET', '/attention', { key: null, language: 'fr' })).body.detail).toMatch(
      /^Envoyez/,
    );
  });

  it('is nobody at all where no key was set, and the answer says what to do', async () => {
    const off = await serve();
    const at = `http://127.0.0.1:${String(off.port)}`;
    for (const path of ['/attention', '/openapi.json', '/nowhere']) {
      const answer = await operate('GET', path, { at });
      expect([answer.status, answer.body.title]).toEqual([404, 'The operator API is off']);
      expect(answer.body.detail).toContain('OPERATOR_KEY');
    }
    const metrics = await fetch(`${at}/metrics`);
    expect(metrics.status).toBe(200);
  });

  it('no key opens what is not there, and a wrong method is told', async () => {
    expect((await operate('GET', '/nowhere')).status).toBe(404);
    expect((await operate('POST', '/attention', { body: ana })).status).toBe(405);
  });
});

describe('what is so', () => {
  it('what wants a person, with a sentence', async () => {
    await stage.admin.query(
      `update notices set state = 'parked', last_problem = 'refused', next_try_at = null where order_id = $1 and sequence = 1`,
      [orderId],
    );
    const { body } = await operate('GET', '/attention?kind=notices_parked');
    expect(body.data).toEqual([
      {
        kind: 'notices_parked',
        id: stage.merchantId,
        merchantId: stage.merchantId,
        orderId: null,
        since: expect.any(String),
        many: 1,
        seen: null,
        sentence: expect.stringContaining('notices replay --merchant'),
      },
    ]);
    expect((await operate('GET', '/attention?kind=nonsense')).status).toBe(422);
    expect((await operate('GET', '/attention?kind=job_dead')).body.data).toEqual([]);
  });

  it('one order’s story, by any id of it, with nothing of the people', async () => {
    const { body, status } = await operate('GET', `/orders/${orderId}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      order: { id: orderId, merchantId: stage.merchantId },
      payment: { state: 'authorized' },
      session: { state: 'ringing_consultant', switchId: 'fs1' },
      acts: [],
    });
    expect(JSON.stringify(body)).not.toMatch(/612345678|jane@|4242/);
    const payment = (body['payment'] as { id: string }).id;
    expect((await operate('GET', `/orders/${payment}`)).body.order.id).toBe(orderId);
    for (const nobody of ['ord_x', 'mer_other', '%27%20or%20true', 'a'.repeat(81)]) {
      expect((await operate('GET', `/orders/${nobody}`)).status, nobody).toBe(404);
    }
  });

  it('switches with lease and link', async () => {
    const { body } = await operate('GET', '/switches');
    expect(body.data).toMatchObject([
      { id: 'fs1', commander: 'stage', draining: false, calls: 1, linkUp: null, lastSeenSecondsAgo: null },
    ]);
  });

  it('parked notices, of all and of one', async () => {
    const [parked] = (await operate('GET', '/notices/parked')).body.data;
    expect(parked).toMatchObject({ merchantId: stage.merchantId, orderId, type: 'payment.authorized' });
    expect((await operate('GET', '/notices/parked?merchant=mer_other')).body.data).toEqual([]);
    expect((await operate('GET', '/notices/parked?limit=0')).status).toBe(422);
  });

  it('dead jobs', async () => {
    expect((await operate('GET', '/jobs/dead')).body.data).toEqual([]);
  });
});

describe('repairs', () => {
  it('say who and why, or are refused', async () => {
    for (const body of [{}, { by: 'ana' }, { ...ana, by: '  ' }, { ...ana, more: 1 }]) {
      expect((await operate('POST', `/orders/${orderId}/settle`, { body })).status).toBe(422);
    }
    const answer = await fetch(`${url}/ops/v1/records/import`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: '{"half',
    });
    expect(answer.status).toBe(400);
  });

  it('replay what is parked, and twice is once', async () => {
    const path = `/merchants/${stage.merchantId}/replay`;
    expect((await operate('POST', path, { body: ana })).body).toEqual({ outcome: 'done', many: 1 });
    expect((await operate('POST', path, { body: ana })).body).toEqual({ outcome: 'not_needed', many: null });
    const refused = await operate('POST', '/merchants/mer_other/replay', { body: ana });
    expect([refused.status, refused.body.type]).toEqual([409, expect.stringMatching(/repair-refused$/)]);
    expect(refused.body.detail).toContain('no address');
    expect((await operate('POST', '/merchants/mer_nobody/replay', { body: ana })).status).toBe(404);
  });

  it('confirm a number a merchant may forward to, and twice is once', async () => {
    const wish = { ...ana, merchant: 'mer_demo', number: '+33 1 40 50 60 70' };
    expect((await operate('POST', '/forward-numbers', { body: wish })).status).toBe(404);
    const path = '/v1/forward-numbers/+33140506070';
    await ask(stage, 'PUT', path, { body: { label: 'Shop' } });
    for (const outcome of ['done', 'not_needed']) {
      expect((await operate('POST', '/forward-numbers', { body: wish })).body).toMatchObject({ outcome });
    }
    const { rows } = await stage.admin.query('select confirmed_by from forward_numbers');
    expect(rows).toEqual([{ confirmed_by: 'ana' }]);
    const elsewhere = { ...wish, merchant: 'mer_other' };
    expect((await operate('POST', '/forward-numbers', { body: elsewhere })).status).toBe(404);
  });

  it.each([
    ['/switches/fs1/drain', ana, 'done'],
    ['/switches/fs1/undrain', ana, 'done'],
    ['/calls/stop', ana, 'done'],
    ['/calls/resume', ana, 'done'],
    ['/records/import', ana, 'not_needed'],
    ['/numbers/allow', { ...ana, number: '+33612345678' }, 'not_needed'],
    ['/attention/seen', { ...ana, kind: 'switch_uncommanded', id: 'fs1' }, 'done'],
    ['/ddis', { ...ana, merchant: 'mer_demo', line: 'demo-known', number: '+33199000260' }, 'done'],
    ['/ddis', { ...ana, merchant: 'mer_demo', line: 'demo', number: '+33199000260' }, 'not_needed'],
  ])('%s', async (path, body, outcome) => {
    const answer = await operate('POST', path, { body });
    expect([answer.status, answer.body.outcome]).toEqual([200, outcome]);
  });

  it.each([
    ['/switches/fs9/drain', ana, 404],
    ['/jobs/12/retry', ana, 404],
    ['/notices/ntc_x/replay', ana, 404],
    ['/usage-reports/use_x/replay', ana, 404],
    ['/merchants/mer_nobody/replay-reports', ana, 404],
    ['/orders/ord_x/look', ana, 404],
    ['/calls/stop', { ...ana, merchant: 'mer_nobody' }, 404],
    ['/numbers/allow', { ...ana, number: 'nonsense' }, 409],
    ['/ddis', { ...ana, merchant: 'mer_nobody', line: 'demo', number: '+33199000261' }, 404],
    ['/ddis', { ...ana, merchant: 'mer_other', line: 'demo', number: '+33199000261' }, 409],
  ])('%s of nothing', async (path, body, status) => {
    expect((await operate('POST', path, { body })).status).toBe(status);
  });

  it('a number of one merchant is given to no other, and the answer says whose it is', async () => {
    await stage.admin.query(`insert into lines (id, merchant_id, slug, sells, name, currency)
      values ('lin_o', 'mer_other', 'others', 'conversation', '{}', 'EUR')`);
    const body = { ...ana, merchant: 'mer_other', line: 'others', number: '+33199000201' };
    const refused = await operate('POST', '/ddis', { body });
    expect([refused.status, refused.body['merchant']]).toEqual([409, 'mer_demo']);
    expect(refused.body.detail).toContain('has this number already');
  });

  it('cards on the keypad: off until it is said, with who, when and why; the merchant reads all but who', async () => {
    const path = '/merchants/mer_other/keypad';
    const read = async (): Promise<unknown> => (await operate('GET', path)).body;
    const asMerchant = async (): Promise<unknown> => {
      const { status, body } = await ask(stage, 'GET', '/v1/keypad', { key: otherKey });
      expect(status).toBe(200);
      return body;
    };
    const set = async (allowed: boolean, why: string): Promise<string> => {
      const answer = await operate('PUT', path, { body: { by: 'ana', why, allowed } });
      expect(answer.status).toBe(200);
      return answer.body.outcome;
    };
    expect(await read()).toEqual({ allowed: false, history: [] });
    // This house has no card room.
    expect(await asMerchant()).toEqual({ allowed: false, served: false, history: [] });
    expect(await set(true, 'Stripe’s letter')).toBe('done');
    expect(await set(true, 'again')).toBe('not_needed');
    expect(await asMerchant()).toMatchObject({ allowed: true });
    expect(await set(false, 'his wish')).toBe('done');
    const at = expect.stringMatching(/^\d{4}-.*Z$/) as string;
    const said = [
      { allowed: false, why: 'his wish', at },
      { allowed: true, why: 'Stripe’s letter', at },
    ];
    expect(await read()).toEqual({ allowed: false, history: said.map((one) => ({ ...one, by: 'ana' })) });
    expect(await asMerchant()).toEqual({ allowed: false, served: false, history: said });
    const { body } = await operate('GET', '/acts?limit=3');
    expect(body.data.map(({ act, target }) => [act, target])).toEqual([
      ['withdraw_keypad', 'mer_other'],
      ['allow_keypad', 'mer_other'],
      ['allow_keypad', 'mer_other'],
    ]);
    expect((await operate('GET', '/merchants/mer_nobody/keypad')).status).toBe(404);
    const nobody = await operate('PUT', '/merchants/mer_nobody/keypad', { body: { ...ana, allowed: true } });
    expect(nobody.status).toBe(404);
    for (const wrong of [{ allowed: true }, { ...ana }, { ...ana, why: ' ', allowed: true }])
      expect((await operate('PUT', path, { body: wrong })).status, JSON.stringify(wrong)).toBe(422);
    expect((await operate('PUT', path, { key: otherKey, body: { ...ana, allowed: true } })).status).toBe(401);
  });

  it('look at a payment, settle it, check the house; all of it is kept', async () => {
    expect((await operate('POST', `/orders/${orderId}/look`, { body: ana })).body.outcome).toBe('done');
    expect((await operate('POST', `/orders/${orderId}/settle`, { body: ana })).body.outcome).toBe('done');
    expect((await operate('POST', '/check', { body: { hours: 1 } })).body.data).toEqual([]);
    const { body } = await operate('GET', '/acts?limit=2');
    expect(body.data).toMatchObject([
      { act: 'settle', target: orderId, ...ana, outcome: 'done' },
      { act: 'look_at_payment', target: orderId },
    ]);
    expect(stage.logged).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        facts: expect.objectContaining({ act: 'settle', ...ana }) as object,
      }),
    );
  });
});

describe('/ops/v1/openapi.json', () => {
  interface Operation {
    operationId: string;
    security: object[];
    parameters?: { in: string; name: string }[];
    responses: Record<string, { content: Record<string, { schema: object }> }>;
  }
  interface Document {
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, object> };
  }

  it('describes every route, and what they answer', async () => {
    const document = (await operate('GET', '/openapi.json')).body as unknown as Document;
    const operationsOf = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    );
    expect(operationsOf.length).toBeGreaterThan(15);
    expect(new Set(operationsOf.map(({ operation }) => operation.operationId)).size).toBe(
      operationsOf.length,
    );
    for (const { operation, path } of operationsOf) {
      expect(path).toMatch(/^\/ops\/v1\//);
      expect(operation.security).toEqual([{ apiKey: [] }, { session: [] }]);
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['200', '401', '500', '503']));
      // Each repair is harmless to repeat: no key names it.
      expect((operation.parameters ?? []).filter((one) => one.in === 'header')).toEqual([]);
    }
    for (const { path, method, operation } of operationsOf) {
      if (method !== 'get' || path.includes('{')) continue;
      const { body } = await operate('GET', path.replace('/ops/v1', ''));
      const schema = operation.responses['200']?.content['application/json']?.schema ?? {};
      const text = JSON.stringify({ ...schema, $defs: document.components.schemas });
      const published = z.fromJSONSchema(
        JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')) as never,
      );
      expect(() => published.parse(body), path).not.toThrow();
    }
  });

  it('is not in the merchants’ document', async () => {
    const merchants = await (await fetch(`${stage.url}/openapi.json`)).text();
    expect(merchants).not.toContain('/ops/');
  });
});
