import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { apiStage, ask, otherKey, type Stage } from './api-stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await apiStage();
});
afterAll(() => stage.close());
afterEach(() => stage.freeAll());

const wish = {
  line: 'demo',
  callerNumber: '+33612345678',
  paymentMethod: 'pm_card_visa',
  reference: 'basket-1',
};
const order = (body: object = {}, headers: Record<string, string> = {}) =>
  ask(stage, 'POST', '/v1/callbacks', { body: { ...wish, ...body }, headers });
const counted = async (sql: string) => Number((await stage.admin.query<{ n: string }>(sql)).rows[0]?.n);
const orders = () => counted('select count(*) as n from orders');

describe('API keys', () => {
  it.each([
    ['none', null],
    ['a wrong one', 'rk_live_00000000000000000000000000000000'],
    ['half of one', 'rk_demo_0123'],
    ['a secret of somebody else', 'sk_test_0123456789abcdef0123456789abcdef'],
    ['nonsense', "' or 1=1 --"],
  ])('%s: 401 that says what to send', async (_name, key) => {
    const answer = await ask(stage, 'GET', '/v1/call-sessions', { key });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ status: 401, type: 'https://ring.example/problems/not-authorized' });
    expect(answer.body.detail).toContain('Authorization: Bearer');
  });

  it('a revoked one is worth as much as none', async () => {
    await stage.admin.query(`update api_keys set revoked_at = now() where id = 'key_o'`);
    expect((await ask(stage, 'GET', '/v1/lines', { key: otherKey })).status).toBe(401);
    await stage.admin.query(`update api_keys set revoked_at = null where id = 'key_o'`);
    expect((await ask(stage, 'GET', '/v1/lines', { key: otherKey })).status).toBe(200);
  });

  it('are asked for before the body is read', async () => {
    const answer = await ask(stage, 'POST', '/v1/callbacks', { key: null, body: '{"half' });
    expect(answer.status).toBe(401);
  });
});

describe('ordering a callback', () => {
  it('with a card that holds: the consultant is rung, nothing is left to pay', async () => {
    const answer = await order();
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^call_/),
      orderId: expect.stringMatching(/^ord_/),
      state: 'ringing_consultant',
      paymentUrl: null,
      orderUrl: expect.stringMatching(/^https:\/\/ring\.example\/orders\/[\w-]{22}$/),
    });
  });

  it.each([
    ['where the bank wants to see the caller', { paymentMethod: 'pm_card_needs_action' }],
    ['without a card', { paymentMethod: undefined }],
  ])('%s: our page goes on', async (_name, body) => {
    const answer = await order(body);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ state: 'awaiting_payment', paymentUrl: answer.body.orderUrl });
  });

  it('takes consultant, minutes, language, e-mail and return address', async () => {
    const answer = await order({
      consultant: 'con_demo_hugo',
      minutes: 30,
      language: 'en',
      email: 'jane@caller.example',
      returnUrl: 'https://shop.example/thanks?x=1',
    });
    expect(answer.status).toBe(201);
    const { rows } = await stage.admin.query('select * from orders where id = $1', [answer.body.orderId]);
    expect(rows[0]).toMatchObject({
      consultant_id: 'con_demo_hugo',
      chosen_seconds: 1800,
      language: 'en',
      caller_email: 'jane@caller.example',
      return_url: 'https://shop.example/thanks?x=1',
      reference: 'basket-1',
      source: 'api',
    });
  });

  it('a declined card: 402 with the bank’s reason, nobody kept busy', async () => {
    const answer = await order({ paymentMethod: 'pm_card_empty' });
    expect(answer.status).toBe(402);
    expect(answer.body).toMatchObject({
      type: 'https://ring.example/problems/declined',
      title: 'The card was declined',
      status: 402,
      reason: 'insufficient_funds',
      orderId: expect.stringMatching(/^ord_/),
      callSessionId: expect.stringMatching(/^call_/),
    });
    expect(answer.body.detail).toMatch(/Nothing was charged/);
    expect(await counted('select count(*) as n from consultants where claimed_by is not null')).toBe(0);
    const session = await ask(stage, 'GET', `/v1/call-sessions/${answer.body.callSessionId}`);
    expect(session.body.outcome).toBe('payment_failed');
  });

  it.each([
    ['line unknown', { line: 'nowhere' }, 404, 'line-unknown'],
    ['no number', { callerNumber: undefined }, 422, 'number-invalid'],
    ['a number too short', { callerNumber: '+3361' }, 422, 'number-invalid'],
    ['words for a number', { callerNumber: 'call me maybe' }, 422, 'number-invalid'],
    ['a premium number', { callerNumber: '+33899123456' }, 422, 'number-refused'],
    ['a satellite number', { callerNumber: '+881612345678' }, 422, 'number-refused'],
    ['the consultant’s own number', { callerNumber: '+33199000002' }, 422, 'number-is-consultant'],
    ['a duration nobody sells', { minutes: 7 }, 422, 'duration-not-offered'],
    ['a consultant nobody knows', { consultant: 'con_nobody' }, 404, 'consultant-unknown'],
    ['a return address elsewhere', { returnUrl: 'https://evil.example/' }, 422, 'return-not-listed'],
    ['a payment method nobody knows', { paymentMethod: 'pm_unknown' }, 422, 'processor-refused'],
  ])('%s', async (_name, body, status, kind) => {
    const answer = await order(body);
    expect([answer.status, answer.body.type]).toEqual([status, `https://ring.example/problems/${kind}`]);
    expect(answer.body.detail.length).toBeGreaterThan(40);
    expect(await counted('select count(*) as n from consultants where claimed_by is not null')).toBe(0);
  });

  it('nobody free, consultant busy', async () => {
    await stage.admin.query(`update consultants set setting = 'break' where id <> 'con_demo_hugo'`);
    expect((await order()).status).toBe(201);
    expect((await order()).body.type).toMatch(/nobody-free$/);
    expect((await order({ consultant: 'con_demo_hugo' })).body.type).toMatch(/consultant-busy$/);
    await stage.admin.query(`update consultants set setting = 'available'`);
  });

  it('a line and a merchant that are switched off', async () => {
    await stage.admin.query(`update lines set active = false where slug = 'demo'`);
    expect(await order()).toMatchObject({ status: 409 });
    await stage.admin.query(`update lines set active = true; update merchants set active = false`);
    expect(await order()).toMatchObject({ status: 403 });
    await stage.admin.query(`update merchants set active = true`);
  });

  it('no switch: 503, when to come again, nothing written', async () => {
    const before = await orders();
    await stage.admin.query('update switches set draining = true');
    const answer = await order();
    await stage.admin.query('update switches set draining = false');
    expect(answer).toMatchObject({ status: 503, body: { type: expect.stringMatching(/switch-away$/) } });
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(await orders()).toBe(before);
  });

  it('no word from the processor: 503 with the order that stays open', async () => {
    const answer = await order({ paymentMethod: 'pm_silence' });
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ orderId: expect.any(String), callSessionId: expect.any(String) });
    expect(answer.body.detail).toContain('Do not order anew');
    expect(answer.headers.get('retry-after')).toBeNull();
  });

  it('speaks French when asked', async () => {
    const answer = await order({ callerNumber: '+33899123456' }, { 'accept-language': 'fr-FR,fr;q=0.9' });
    expect(answer.headers.get('content-language')).toBe('fr');
    expect(answer.headers.get('vary')).toContain('Accept-Language');
    expect(answer.body).toMatchObject({ title: 'Ce numéro n’est pas appelé', reason: 'premium' });
    expect(answer.body.detail).toContain('surtaxé');
  });
});

describe('what is not a request', () => {
  it.each([
    ['a field too many', { ...wish, colour: 'blue' }, '#/colour'],
    ['a field missing', { callerNumber: '+33612345678' }, '#/line'],
    ['a number as text', { ...wish, minutes: '10' }, '#/minutes'],
    ['half a minute', { ...wish, minutes: 0.5 }, '#/minutes'],
    ['a language nobody speaks here', { ...wish, language: 'de' }, '#/language'],
    ['no e-mail address', { ...wish, email: 'jane' }, '#/email'],
    ['a card number for a payment method', { ...wish, paymentMethod: '4242424242424242' }, '#/paymentMethod'],
    ['a NUL, which no database keeps', { ...wish, reference: 'basket\u0000' }, '#/reference'],
    ['a NUL in a name', { ...wish, line: '\u0000' }, '#/line'],
    ['a NUL in an address', { ...wish, returnUrl: 'https://shop.example/\u0000' }, '#/returnUrl'],
    ['half a character', { ...wish, reference: '\ud83d' }, '#/reference'],
    ['a list', [], '#'],
    ['nothing', undefined, '#/line'],
  ])('%s: 422 that points at it', async (_name, body, pointer) => {
    const answer = await ask(stage, 'POST', '/v1/callbacks', body === undefined ? {} : { body });
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map((error) => error.pointer)).toContain(pointer);
    expect(JSON.stringify(answer.body)).not.toContain('4242424242424242');
  });

  it('half a JSON text is 400', async () => {
    expect(await ask(stage, 'POST', '/v1/callbacks', { body: '{"line": "de' })).toMatchObject({
      status: 400,
      body: { type: expect.stringMatching(/not-json$/) },
    });
  });

  it('a form is 415', async () => {
    const answer = await ask(stage, 'POST', '/v1/callbacks', {
      body: 'line=demo',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(answer).toMatchObject({ status: 415 });
  });

  it('more than 64 kB is 413', async () => {
    const answer = await ask(stage, 'POST', '/v1/callbacks', {
      body: { ...wish, reference: 'x'.repeat(66_000) },
    });
    expect(answer).toMatchObject({ status: 413, body: { type: expect.stringMatching(/too-large$/) } });
  });

  it('another method on a known address is 405 and says which', async () => {
    const answer = await ask(stage, 'DELETE', '/v1/call-sessions/call_1');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await ask(stage, 'GET', '/v1/callbacks')).headers.get('allow')).toBe('POST');
  });

  it('an unknown address is 404, as a problem', async () => {
    const answer = await ask(stage, 'GET', '/v1/nothing', { headers: { accept: 'text/html' } });
    expect(answer).toMatchObject({ status: 404, body: { type: expect.stringMatching(/not-found$/) } });
  });
});

describe('Idempotency-Key', () => {
  const keyed = (key: string, body: object = {}) => order(body, { 'idempotency-key': key });

  it('the same key and body: the same answer, one order', async () => {
    const first = await keyed('k-same');
    const before = await orders();
    const again = await keyed('k-same');
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(await orders()).toBe(before);
  });

  it('fields in another order are the same body', async () => {
    const first = await keyed('k-order');
    const turned = Object.fromEntries(Object.entries(wish).reverse());
    const again = await ask(stage, 'POST', '/v1/callbacks', {
      body: turned,
      headers: { 'idempotency-key': 'k-order' },
    });
    expect(again.body).toEqual(first.body);
  });

  it('another body: 422', async () => {
    await keyed('k-other');
    expect(await keyed('k-other', { reference: 'basket-2' })).toMatchObject({
      status: 422,
      body: { type: expect.stringMatching(/idempotency-key-reused$/) },
    });
  });

  it('another address: 422', async () => {
    const { body } = await keyed('k-path');
    const answer = await ask(stage, 'POST', `/v1/call-sessions/${body.id}/hangup`, {
      headers: { 'idempotency-key': 'k-path' },
    });
    expect(answer.status).toBe(422);
  });

  it('another merchant’s key is another key', async () => {
    await keyed('k-tenant');
    const answer = await ask(stage, 'POST', '/v1/callbacks', {
      key: otherKey,
      body: wish,
      headers: { 'idempotency-key': 'k-tenant' },
    });
    // The line is not his: but that is the answer to his request, not to ours.
    expect(answer.body.type).toMatch(/line-unknown$/);
  });

  it('a declined card stays declined', async () => {
    const first = await keyed('k-declined', { paymentMethod: 'pm_card_empty' });
    const again = await keyed('k-declined', { paymentMethod: 'pm_card_empty' });
    expect(again.status).toBe(402);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('content-type')).toContain('application/problem+json');
  });

  it('a request that did nothing is forgotten: mended, it is carried out', async () => {
    await stage.admin.query('update switches set draining = true');
    expect((await keyed('k-mended')).status).toBe(503);
    await stage.admin.query('update switches set draining = false');
    expect((await keyed('k-mended')).status).toBe(201);
    expect((await keyed('k-form', { minutes: -1 })).status).toBe(422);
    await stage.freeAll();
    expect((await keyed('k-form')).status).toBe(201);
  });

  it('nobody was free: nothing was written, and the same key orders once somebody is', async () => {
    const claim = `update consultants set claimed_by = 'call_other', claim = 'hard'`;
    await stage.admin.query(claim);
    expect((await keyed('k-free')).body.type).toMatch(/nobody-free$/);
    await stage.freeAll();
    expect((await keyed('k-free')).status).toBe(201);
  });

  it('while it is carried out: 409; afterwards its answer', async () => {
    let open: () => void = () => undefined;
    stage.processor.gate = new Promise((resolve) => (open = resolve));
    const asked = stage.processor.authorizations;
    const first = keyed('k-progress');
    await expect.poll(() => stage.processor.authorizations).toBe(asked + 1);
    const meanwhile = await keyed('k-progress');
    expect(meanwhile).toMatchObject({
      status: 409,
      body: { type: expect.stringMatching(/request-in-progress$/) },
    });
    expect(meanwhile.headers.get('retry-after')).toBe('2');
    open();
    stage.processor.gate = Promise.resolve();
    expect((await first).status).toBe(201);
    expect((await keyed('k-progress')).body).toEqual((await first).body);
  });

  it('ten at once: one order', async () => {
    const before = await orders();
    const answers = await Promise.all(Array.from({ length: 10 }, () => keyed('k-ten')));
    expect(await orders()).toBe(before + 1);
    const ids = new Set(answers.filter(({ status }) => status === 201).map(({ body }) => body.id));
    expect(ids.size).toBe(1);
    expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true);
  });

  it('after a crash between: refused for a minute, then carried out', async () => {
    expect((await keyed('k-crash', { paymentMethod: 'pm_bug' })).status).toBe(500);
    expect((await keyed('k-crash', { paymentMethod: 'pm_bug' })).status).toBe(409);
    stage.advance(61_000);
    const asked = stage.processor.authorizations;
    expect((await keyed('k-crash', { paymentMethod: 'pm_bug' })).status).toBe(500);
    expect(stage.processor.authorizations).toBe(asked + 1);
  });

  it('after a day the key is free', async () => {
    const first = await keyed('k-day');
    await stage.freeAll();
    stage.advance(24 * 3600 * 1000 + 1000);
    const next = await keyed('k-day', { reference: 'tomorrow' });
    expect(next.status).toBe(201);
    expect(next.body.id).not.toBe(first.body.id);
  });

  it.each(['', ' ', 'a b', 'é', 'x'.repeat(256)])('%j is no key', async (key) => {
    const headers = { 'idempotency-key': Buffer.from(key).toString('latin1') };
    const answer = await order({}, headers);
    expect(answer).toMatchObject({
      status: 400,
      body: { type: expect.stringMatching(/invalid-idempotency-key$/) },
    });
  });

  it('the kept answer is sealed: the order’s link is not in the database', async () => {
    const { body } = await keyed('k-sealed');
    const token = body.orderUrl.split('/').at(-1) ?? '';
    const { rows } = await stage.admin.query<{ kept: string }>(
      `select response::text as kept from idempotency_keys where key = 'k-sealed'`,
    );
    expect(rows[0]?.kept.length).toBeGreaterThan(100);
    expect(Buffer.from(JSON.parse(rows[0]?.kept ?? '""'), 'base64').toString('latin1')).not.toContain(token);
  });
});

describe('call sessions', () => {
  it('are read with their money and their trace', async () => {
    const { body: made } = await order();
    await stage.admin.query(
      `update call_sessions set state = 'ended', outcome = 'talked', connected_at = '2025-11-21T12:00:00Z',
         ended_at = '2025-11-21T12:01:01.25Z', talk_us = 61250999, billable_us = 61250999, billable_seconds = 62
       where id = $1`,
      [made.id],
    );
    const { status, body } = await ask(stage, 'GET', `/v1/call-sessions/${made.id}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: made.id,
      orderId: made.orderId,
      line: 'demo',
      reference: 'basket-1',
      state: 'ended',
      outcome: 'talked',
      callerNumber: '+33612345678',
      talkTimeSeconds: 61.25,
      billableSeconds: 62,
      authorized: { amount: '25.00', currency: 'EUR' },
      captured: { amount: '0.00', currency: 'EUR' },
      released: { amount: '0.00', currency: 'EUR' },
      connectedAt: '2025-11-21T12:00:00.000Z',
      endedAt: '2025-11-21T12:01:01.250Z',
    });
    expect(body.events.every((event) => event.name !== '' && event.at !== '')).toBe(true);
  });

  it('come in pages, newest first, without gap or repeat', async () => {
    for (let made = 0; made < 5; made += 1) {
      expect((await order({ reference: 'paged' })).status).toBe(201);
      await stage.freeAll();
    }
    const seen: string[] = [];
    let after = '';
    for (let page = 0; page < 5; page += 1) {
      const { body } = await ask(stage, 'GET', `/v1/call-sessions?reference=paged&limit=2${after}`);
      seen.push(...body.data.map((session) => session.id));
      if (body.next === null) break;
      after = `&after=${body.next}`;
    }
    expect(seen).toHaveLength(5);
    expect(new Set(seen).size).toBe(5);
    const { body } = await ask(stage, 'GET', '/v1/call-sessions?reference=paged&limit=200');
    expect(body.data.map((session) => session.id)).toEqual(seen);
    expect(body.next).toBeNull();
  });

  it('are filtered by state, line and time', async () => {
    const { body: made } = await order({ reference: 'filtered', line: 'demo-short' });
    const found = async (query: string) =>
      (await ask(stage, 'GET', `/v1/call-sessions?reference=filtered&${query}`)).body.data.length;
    expect(await found('state=ringing_consultant&line=demo-short')).toBe(1);
    expect(await found('state=settled')).toBe(0);
    expect(await found('line=demo')).toBe(0);
    const { rows } = await stage.admin.query<{ at: Date }>(
      'select created_at as at from call_sessions where id = $1',
      [made.id],
    );
    const at = rows[0]?.at ?? new Date(0);
    expect(await found(`from=${at.toISOString()}`)).toBe(1);
    expect(await found(`to=${at.toISOString()}`)).toBe(0);
    expect(await found(`from=${encodeURIComponent('2020-01-01T00:00:00+02:00')}`)).toBe(1);
  });

  it.each([
    'limit=0',
    'limit=201',
    'limit=x',
    'state=flying',
    'from=yesterday',
    'reference=%00',
    'line=%00',
    'after=%00',
  ])('?%s is no filter', async (query) => {
    expect((await ask(stage, 'GET', `/v1/call-sessions?${query}`)).status).toBe(422);
  });

  it('that ring are hung up once', async () => {
    const { body: made } = await order();
    const path = `/v1/call-sessions/${made.id}/hangup`;
    expect(await ask(stage, 'POST', path)).toMatchObject({
      status: 202,
      body: { id: made.id, requested: true },
    });
    expect(
      await counted(
        `select count(*) as n from switch_work where call_session_id = '${made.id}' and kind = 'hang_up'`,
      ),
    ).toBe(1);
    await stage.admin.query(
      `update call_sessions set state = 'settled', outcome = 'cancelled' where id = $1`,
      [made.id],
    );
    expect(await ask(stage, 'POST', path)).toMatchObject({ status: 409 });
  });

  it('not paid yet are given up', async () => {
    const { body: made } = await order({ paymentMethod: undefined });
    expect((await ask(stage, 'POST', `/v1/call-sessions/${made.id}/hangup`)).status).toBe(202);
    const { body } = await ask(stage, 'GET', `/v1/call-sessions/${made.id}`);
    expect(body.outcome).toBe('cancelled');
  });
});

describe('notices, ledger, lines', () => {
  it('notices come oldest first, go on from a cursor, and are what is posted', async () => {
    const { body: start } = await ask(stage, 'GET', '/v1/notices?limit=200');
    const { body: made } = await order({ reference: 'told' });
    const { body } = await ask(stage, 'GET', `/v1/notices?after=${String(start.next)}&limit=1`);
    expect(body).toMatchObject({ hasMore: expect.any(Boolean), next: body.data[0]?.id });
    expect(body.data[0]).toMatchObject({
      type: 'payment.authorized',
      sequence: 1,
      orderId: made.orderId,
      state: 'pending',
      tries: 0,
      body: { type: 'payment.authorized', data: { orderId: made.orderId, reference: 'told', line: 'demo' } },
    });
  });

  it('asked on from the newest there are none, and the cursor stays', async () => {
    const { rows } = await stage.admin.query<{ id: string }>(
      'select id from notices order by position desc limit 1',
    );
    const last = rows[0]?.id ?? '';
    const { body } = await ask(stage, 'GET', `/v1/notices?after=${last}`);
    expect(body).toEqual({ data: [], next: last, hasMore: false });
  });

  it('a parked notice is sent again on request', async () => {
    await order();
    const { rows } = await stage.admin.query<{ id: string }>(
      `update notices set state = 'parked', next_try_at = null, tries = 10
       where id = (select id from notices order by position desc limit 1) returning id`,
    );
    const id = rows[0]?.id ?? '';
    expect(await ask(stage, 'POST', `/v1/notices/${id}/replay`)).toMatchObject({
      status: 202,
      body: { id, state: 'pending' },
    });
    expect(await counted(`select count(*) as n from notices where id = '${id}' and state = 'pending'`)).toBe(
      1,
    );
  });

  it.each([
    ['without an address', 'notice_url = null'],
    ['whose address answered 410', 'notices_disabled_at = now()'],
  ])('a merchant %s has nowhere to replay to', async (_name, change) => {
    await order();
    await stage.admin.query(`update merchants set ${change} where id = 'mer_demo'`);
    const { rows } = await stage.admin.query<{ id: string }>('select id from notices limit 1');
    const answer = await ask(stage, 'POST', `/v1/notices/${rows[0]?.id ?? ''}/replay`);
    await stage.admin.query(
      `update merchants set notice_url = 'https://shop.example/notices', notices_disabled_at = null where id = 'mer_demo'`,
    );
    expect(answer).toMatchObject({
      status: 409,
      body: { type: expect.stringMatching(/no-notice-address$/) },
    });
  });

  it('the ledger of an order sums to zero, and pages never split a transaction', async () => {
    for (let made = 0; made < 6; made += 1) {
      await order();
      await stage.freeAll();
    }
    const all = (await ask(stage, 'GET', '/v1/ledger-entries?limit=500')).body.data;
    const seen: typeof all = [];
    let after = 0;
    for (;;) {
      const { body } = await ask(stage, 'GET', `/v1/ledger-entries?limit=11&after=${String(after)}`);
      seen.push(...body.data);
      after = Number(body.next);
      if (!body.hasMore) break;
    }
    expect(seen).toEqual(all);
    const orderId = all[0]?.orderId ?? '';
    const { body } = await ask(stage, 'GET', `/v1/ledger-entries?order=${orderId}`);
    expect(body.data.length).toBeGreaterThanOrEqual(2);
    expect(body.data.every((entry) => entry.orderId === orderId)).toBe(true);
    const sum = body.data.reduce((total, entry) => total + Number(entry.amount.amount), 0);
    expect(sum).toBe(0);
  });

  it('lines say what they cost and who is free', async () => {
    await order({ consultant: 'con_demo_claire' });
    const { body } = await ask(stage, 'GET', '/v1/lines', { headers: { 'accept-language': 'fr' } });
    const demo = body.data.find((line) => line.slug === 'demo');
    expect(demo).toMatchObject({
      name: 'Consultation par téléphone',
      currency: 'EUR',
      durationMinutes: [15, 10, 30],
      tariff: { fixedPrice: '15.00' },
      pageUrl: 'https://ring.example/pay/demo',
    });
    expect(demo?.consultants).toEqual([
      {
        id: 'con_demo_claire',
        name: 'Claire',
        free: false,
        because: 'busy',
        until: expect.any(String) as string,
      },
      { id: 'con_demo_hugo', name: 'Hugo', free: true, because: null, until: null },
      { id: 'con_demo_ines', name: 'Inès', free: true, because: null, until: null },
    ]);
  });
});

describe('another merchant’s ids', () => {
  it('are unknown ids, on every route that takes one', async () => {
    const { body: made } = await order();
    const { rows } = await stage.admin.query<{ id: string }>('select id from notices where order_id = $1', [
      made.orderId,
    ]);
    const asOther = (method: string, path: string) => ask(stage, method, path, { key: otherKey });
    for (const [method, path] of [
      ['GET', `/v1/call-sessions/${made.id}`],
      ['POST', `/v1/call-sessions/${made.id}/hangup`],
      ['POST', `/v1/notices/${rows[0]?.id ?? ''}/replay`],
    ] as const) {
      expect(await asOther(method, path)).toMatchObject({
        status: 404,
        body: { type: expect.stringMatching(/unknown-id$/) },
      });
    }
    expect((await ask(stage, 'POST', '/v1/callbacks', { key: otherKey, body: wish })).status).toBe(404);
    for (const path of [
      '/v1/call-sessions',
      `/v1/notices`,
      `/v1/ledger-entries?order=${made.orderId}`,
      '/v1/lines',
    ]) {
      expect((await asOther('GET', path)).body.data).toEqual([]);
    }
    expect(
      await counted(
        `select count(*) as n from switch_work where kind = 'hang_up' and call_session_id = '${made.id}'`,
      ),
    ).toBe(0);
  });

  it.each(['call_nobody', 'ord_1', 'x', '..%2f..', '%00', 'call_' + 'x'.repeat(500)])(
    'nor is %j an id',
    async (id) => {
      const answer = await ask(stage, 'GET', `/v1/call-sessions/${id}`);
      expect(answer).toMatchObject({ status: 404, body: { type: expect.stringMatching(/unknown-id$/) } });
    },
  );
});

describe('an error of ours', () => {
  it('is a 500 with a name, logged once, without a word of what was inside', async () => {
    stage.logged.length = 0;
    const answer = await order({ paymentMethod: 'pm_bug' });
    expect(answer.status).toBe(500);
    const id = answer.headers.get('x-request-id') ?? '';
    expect(answer.body).toMatchObject({ instance: `urn:ringmeter:request:${id}` });
    expect(JSON.stringify(answer.body)).not.toContain('bug in the adapter');
    const told = stage.logged.filter(({ level }) => level === 'error');
    expect(told).toHaveLength(1);
    expect(told[0]?.facts).toMatchObject({ requestId: id, path: '/v1/callbacks' });
  });

  it('takes the request’s name from the sender when it is harmless', async () => {
    const named = await ask(stage, 'GET', '/v1/lines', { headers: { 'x-request-id': 'proxy-0123456789' } });
    expect(named.headers.get('x-request-id')).toBe('proxy-0123456789');
    const evil = await ask(stage, 'GET', '/v1/lines', { headers: { 'x-request-id': '<script>' } });
    expect(evil.headers.get('x-request-id')).toMatch(/^[\w-]{22}$/);
  });

  it('the request log holds paths and statuses, no queries, keys or bodies', async () => {
    stage.requestLines.length = 0;
    await order({ callerNumber: '+33698765432' });
    await ask(stage, 'GET', '/v1/call-sessions?reference=secret-basket');
    await ask(stage, 'GET', '/orders/AbCdEfGhIjKlMnOpQrStUv/receipt', { headers: { accept: 'text/html' } });
    await ask(stage, 'GET', '/v1/clients/73910528/statement');
    await expect.poll(() => stage.requestLines.length).toBe(4);
    const text = stage.requestLines.join('');
    expect(text).toContain('"path":"/v1/callbacks"');
    expect(text).toContain('"status":201');
    for (const secret of ['33698765432', 'secret-basket', 'rk_demo', 'AbCdEfGhIjKlMnOpQrStUv', '73910528']) {
      expect(text).not.toContain(secret);
    }
  });
});
