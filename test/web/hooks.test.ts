import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ProcessorHint } from '../../src/flow/ports.ts';
import { apiStage, ask, cdrCredentials, type Stage } from './api-stage.ts';

let stage: Stage;
const read: { raw: string; signature: string }[] = [];
let hint: ProcessorHint | 'ignored' = 'ignored';
beforeAll(async () => {
  stage = await apiStage({
    hints: {
      read: (raw, signature) => {
        read.push({ raw: raw.toString(), signature });
        return signature === 'good' ? hint : undefined;
      },
    },
  });
});
afterAll(() => stage.close());
afterEach(() => stage.freeAll());

const post = (path: string, body: string, headers: Record<string, string>) =>
  fetch(stage.url + path, { method: 'POST', body, headers });

describe('events of the card processor', () => {
  const event = (signature: string, body = '{"id": "evt_1",  "spaces":   true}') =>
    post('/hooks/stripe', body, { 'content-type': 'application/json', 'stripe-signature': signature });

  it('are read from the raw bytes', async () => {
    expect((await event('good')).status).toBe(200);
    expect(read.at(-1)).toEqual({ raw: '{"id": "evt_1",  "spaces":   true}', signature: 'good' });
  });

  it('with a signature that does not hold: 400, and noted without its body', async () => {
    stage.logged.length = 0;
    expect((await event('bad', '{"secret":"evt_body"}')).status).toBe(400);
    expect(stage.logged).toHaveLength(1);
    expect(JSON.stringify(stage.logged)).not.toContain('evt_body');
  });

  it('without a signature: 400, not even read', async () => {
    const before = read.length;
    expect((await post('/hooks/stripe', '{}', { 'content-type': 'application/json' })).status).toBe(400);
    expect(read).toHaveLength(before);
  });

  it('larger than any event: refused', async () => {
    expect((await event('good', 'x'.repeat(600_000))).status).toBe(413);
  });

  it('make us look, as often as they come; the call begins once', async () => {
    const { body: made } = await ask(stage, 'POST', '/v1/callbacks', {
      body: { line: 'demo', callerNumber: '+33612345678', paymentMethod: 'pm_card_needs_action' },
    });
    const { rows } = await stage.admin.query<{ intent: string; key: string }>(
      `select a.intent_id as intent from authorizations a join payments p on p.id = a.payment_id where p.order_id = $1`,
      [made.orderId],
    );
    const intentId = rows[0]?.intent ?? '';
    hint = { eventId: 'evt_2', type: 'payment_intent.amount_capturable_updated', intentId };
    // What is true is what the processor says when asked, whatever the event claims.
    await event('good');
    expect((await ask(stage, 'GET', `/v1/call-sessions/${made.id}`)).body).toMatchObject({
      state: 'awaiting_payment',
    });
    stage.processor.settle(intentId, '25.00');
    const answers = await Promise.all(Array.from({ length: 5 }, () => event('good')));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await ask(stage, 'GET', `/v1/call-sessions/${made.id}`)).body).toMatchObject({
      state: 'ringing_consultant',
    });
    const told = await stage.admin.query(
      `select from notices where order_id = $1 and type = 'payment.authorized'`,
      [made.orderId],
    );
    expect(told.rowCount).toBe(1);
  });

  it('about an intent nobody knows change nothing', async () => {
    hint = { eventId: 'evt_3', type: 'x', intentId: 'pi_nobody' };
    expect((await event('good')).status).toBe(200);
  });

  it('are answered before what they lead to is done, when that takes long', async () => {
    const { body: made } = await ask(stage, 'POST', '/v1/callbacks', {
      body: { line: 'demo', callerNumber: '+33612345678', paymentMethod: 'pm_card_needs_action' },
    });
    const { rows } = await stage.admin.query<{ intent: string }>(
      `select a.intent_id as intent from authorizations a join payments p on p.id = a.payment_id where p.order_id = $1`,
      [made.orderId],
    );
    hint = { eventId: 'evt_4', type: 'x', intentId: rows[0]?.intent ?? '' };
    let open: () => void = () => undefined;
    stage.processor.lookGate = new Promise((resolve) => (open = resolve));
    stage.timersDueAtOnce = true;
    expect((await event('good')).status).toBe(200);
    stage.timersDueAtOnce = false;
    open();
    stage.processor.lookGate = Promise.resolve();
  });

  it('that cannot be followed are to be repeated', async () => {
    hint = { eventId: 'evt_5', type: 'payment_intent.payment_failed', intentId: 'pi_x' };
    stage.logged.length = 0;
    const asNobody = stage.db.asNobody.bind(stage.db);
    stage.db.asNobody = () => Promise.reject(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }));
    const answer = await event('good');
    stage.db.asNobody = asNobody;
    expect(answer.status).toBe(503);
    expect(stage.logged).toHaveLength(1);
  });
});

describe('call records of the switch', () => {
  const basic = (user: string, password: string) =>
    `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const good = basic(cdrCredentials.user, cdrCredentials.password);
  const cdr = (body: string, type = 'application/json', authorization = good) =>
    post('/hooks/freeswitch/cdr', body, { 'content-type': type, authorization });
  const record = readFileSync(new URL('../fixtures/freeswitch/busy.json', import.meta.url), 'utf8');
  const leg = '6efb9b2f-9810-463e-a20f-018d972167e7';

  async function withLeg(): Promise<void> {
    const { body: made } = await ask(stage, 'POST', '/v1/callbacks', {
      body: { line: 'demo', callerNumber: '+33612345678', paymentMethod: 'pm_card_visa' },
    });
    await stage.admin.query(
      `insert into legs (id, merchant_id, call_session_id, role) values ($1, 'mer_demo', $2, 'B')
       on conflict (id) do update set cdr = null`,
      [leg, made.id],
    );
  }
  const kept = async () =>
    (
      await stage.admin.query<{ cdr: { variables?: { uuid?: string } } | null }>(
        'select cdr from legs where id = $1',
        [leg],
      )
    ).rows[0]?.cdr?.variables?.uuid;

  it.each([
    ['as JSON', 'application/json', (text: string) => text],
    ['as a form', 'application/x-www-form-urlencoded', (text: string) => `cdr=${encodeURIComponent(text)}`],
    [
      'as a form in base64',
      'application/x-www-form-base64-encoded',
      (text: string) => `cdr=${Buffer.from(text).toString('base64')}`,
    ],
  ])('%s are kept with their leg, and posted twice once', async (_name, type, encode) => {
    await withLeg();
    expect((await cdr(encode(record), type)).status).toBe(200);
    expect(await kept()).toBe(leg);
    expect((await cdr(encode(record), type)).status).toBe(200);
  });

  it('with what no database keeps in a name somebody sent are kept without it', async () => {
    await withLeg();
    const odd = String.raw`"variables": {"odd\u0000name": "a\u0000b\ud83d c\ude00 \ud83d\ude00 \\u0000",`;
    expect((await cdr(record.replace(/"variables"\s*:\s*\{/, odd))).status).toBe(200);
    const { rows } = await stage.admin.query<{ odd: string }>(
      `select cdr #>> '{variables,oddname}' as odd from legs where id = $1`,
      [leg],
    );
    expect(rows).toEqual([{ odd: String.raw`ab c 😀 \u0000` }]);
  });

  it('of a leg nobody knows are taken, and noted by the leg alone', async () => {
    stage.logged.length = 0;
    const unknown = record.replaceAll(leg, '00000000-0000-4000-8000-000000000000');
    expect((await cdr(unknown)).status).toBe(200);
    expect(stage.logged.map(({ facts }) => facts)).toEqual([
      { leg: '00000000-0000-4000-8000-000000000000', source: 'posted' },
    ]);
  });

  it.each([
    ['no JSON', 'hello'],
    ['half of one', record.slice(0, 500)],
    ['nothing', ''],
    ['a list', '[]'],
    ['null', 'null'],
    ['without variables', '{"core-uuid":"x"}'],
    ['without uuid', '{"variables":{}}'],
    ['a uuid that is none', '{"variables":{"uuid":"1; drop table legs"}}'],
    ['a uuid that is a number', '{"variables":{"uuid":1}}'],
    ['a form without cdr', 'record={}'],
  ])('that are %s: 400', async (_name, body) => {
    expect((await cdr(body)).status).toBe(400);
  });

  it('may have a megabyte and no more', async () => {
    const padded = (bytes: number) => JSON.stringify({ variables: { uuid: leg, pad: 'x'.repeat(bytes) } });
    expect((await cdr(padded(900_000))).status).toBe(200);
    expect((await cdr(padded(1_100_000))).status).toBe(413);
  });

  it.each([
    ['none', ''],
    ['another password', basic(cdrCredentials.user, 'wrong')],
    ['another user', basic('root', cdrCredentials.password)],
    ['the start of the password', basic(cdrCredentials.user, cdrCredentials.password.slice(0, -1))],
    ['a bearer', 'Bearer x'],
    ['no colon', `Basic ${Buffer.from('switch').toString('base64')}`],
  ])('with credentials that are %s: 401', async (_name, authorization) => {
    const answer = await cdr(record, 'application/json', authorization);
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('Basic'),
    ]);
  });
});
