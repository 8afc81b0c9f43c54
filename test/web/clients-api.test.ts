// Accounts kept here as a merchant's server meets them: opened, topped up, set right, read month by month.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { money } from '../../src/core/money.ts';
import { pinMark } from '../../src/flow/client-accounts.ts';
import { move } from '../../src/store/client-accounts.ts';
import { apiStage, otherKey, type Stage } from './api-stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await apiStage();
});
afterAll(() => stage.close());

interface Answer {
  status: number;
  headers: Headers;
  text: string;
  json: Body;
}

interface Amount {
  amount: string;
  currency: string;
}
/** What these tests look at, of whichever answer it is; what an answer does not have is undefined all the same. */
interface Body {
  type: string;
  errors: { pointer: string }[];
  data: { code: string; amount: Amount }[];
  movements: { balance: Amount }[];
  next: number | null;
  hasMore: boolean;
  balance: Amount;
  spendable: Amount | null;
  tariffPlan: { standard: { bands: object[] } };
}

async function ask(method: string, path: string, body?: object, headers: object = {}): Promise<Answer> {
  const response = await fetch(stage.url + path, {
    method,
    headers: {
      authorization: 'Bearer rk_demo_0123456789abcdef0123456789abcdef',
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  const json = (isJson ? JSON.parse(text) : {}) as Body;
  return { status: response.status, headers: response.headers, text, json };
}
const kindOf = ({ json }: Answer): string | undefined => json.type.split('/').at(-1);
const euros = (amount: string) => ({ amount, currency: 'EUR' });

let codes = 3000;
async function opened(more: object = {}): Promise<string> {
  const code = String((codes += 1));
  const answer = await ask('POST', '/v1/clients', { code, kind: 'balance', currency: 'EUR', ...more });
  expect(answer.status, answer.text).toBe(201);
  return code;
}
const topUp = (code: string, amount: string, more: object = {}, headers: object = {}) =>
  ask('POST', `/v1/clients/${code}/top-ups`, { ...euros(amount), ...more }, headers);
const clientId = async (code: string): Promise<string> => {
  const { rows } = await stage.admin.query<{ id: string }>('select id from clients where code = $1', [code]);
  return rows[0]!.id;
};

describe('POST /v1/clients', () => {
  it('opens an account, which never shows its PIN again', async () => {
    const wish = {
      code: '2101',
      name: 'Anne Blanc',
      pin: '4711',
      numbers: ['+33612340001', '+33612340002'],
      kind: 'monthly',
      currency: 'EUR',
      ceiling: euros('50.00'),
      language: 'fr',
    };
    const made = await ask('POST', '/v1/clients', wish, { 'idempotency-key': 'client-2101' });
    expect(made.status, made.text).toBe(201);
    expect(made.json).toMatchObject({
      code: '2101',
      name: 'Anne Blanc',
      kind: 'monthly',
      active: true,
      hasPin: true,
      balance: euros('0.00'),
      reserved: euros('0.00'),
      spendable: euros('50.00'),
      ceiling: euros('50.00'),
      numbers: ['+33612340001', '+33612340002'],
      language: 'fr',
    });
    expect(made.text).not.toContain('4711');
    const again = await ask('POST', '/v1/clients', wish, { 'idempotency-key': 'client-2101' });
    expect(again.text).toBe(made.text);
    const { rows } = await stage.admin.query<{ id: string; pin_mark: Buffer; kept: string }>(
      `select id, pin_mark, row_to_json(c)::text as kept from clients c where code = '2101'`,
    );
    expect(rows[0]!.pin_mark).toEqual(pinMark(stage.house, rows[0]!.id, '4711'));
    expect(rows[0]!.kept).not.toContain('4711');
  });

  it('answers a repeat as it would have answered the first, had we not died before', async () => {
    const wish = {
      code: '2105',
      name: 'Anne Blanc',
      pin: '4711',
      numbers: ['+33612340009', '+33612340008', '+33612340009'],
      kind: 'balance',
      currency: 'EUR',
      language: 'fr',
    };
    const headers = { 'idempotency-key': 'client-2105' };
    const first = await ask('POST', '/v1/clients', wish, headers);
    expect(first.status, first.text).toBe(201);
    const died = () =>
      stage.admin.query(
        `update idempotency_keys set status = null, response = null, created_at = created_at - interval '2 minutes'
         where key = 'client-2105'`,
      );
    await died();
    const again = await ask('POST', '/v1/clients', wish, headers);
    expect([again.status, again.text]).toEqual([201, first.text]);
    // Whatever has become of it since.
    await topUp('2105', '20.00');
    await ask('PATCH', '/v1/clients/2105', { name: null, pin: null, numbers: [], active: false });
    await died();
    expect((await ask('POST', '/v1/clients', wish, headers)).text).toBe(first.text);
    expect((await ask('GET', '/v1/clients/2105')).json).toMatchObject({ active: false, numbers: [] });
    // Another request is another, under whatever key.
    expect(kindOf(await ask('POST', '/v1/clients', { ...wish, name: 'Eve' }, headers))).toBe(
      'idempotency-key-reused',
    );
    expect(kindOf(await ask('POST', '/v1/clients', wish, { 'idempotency-key': 'other' }))).toBe(
      'client-taken',
    );
    expect(kindOf(await ask('POST', '/v1/clients', wish))).toBe('client-taken');
  });

  it('keeps no hash by which the PIN of a request could be guessed', async () => {
    const wish = { code: '2102', pin: '4711', kind: 'balance', currency: 'EUR' };
    await ask('POST', '/v1/clients', wish, { 'idempotency-key': 'client-2102' });
    const { requestHash } = await import('../../src/web/idempotency.ts');
    const { rows } = await stage.admin.query<{ request_hash: Buffer }>(
      `select request_hash from idempotency_keys where key = 'client-2102'`,
    );
    expect(rows[0]!.request_hash).not.toEqual(requestHash('POST', '/v1/clients', wish));
    const other = await ask(
      'POST',
      '/v1/clients',
      { ...wish, pin: '4712' },
      { 'idempotency-key': 'client-2102' },
    );
    expect(kindOf(other)).toBe('idempotency-key-reused');
  });

  it('gives nobody a code or number of another client, even of two at once', async () => {
    const code = await opened({ numbers: ['+33612340010'] });
    expect(kindOf(await ask('POST', '/v1/clients', { code, kind: 'balance', currency: 'EUR' }))).toBe(
      'client-taken',
    );
    const both = await Promise.all(
      ['2110', '2111'].map((one) =>
        ask('POST', '/v1/clients', {
          code: one,
          kind: 'balance',
          currency: 'EUR',
          numbers: ['+33612340011'],
        }),
      ),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
    const taken = both[0]!.status === 409 ? '2110' : '2111';
    expect((await ask('GET', `/v1/clients/${taken}`)).status).toBe(404);
  });

  it.each([
    ['a code of letters', { code: 'abc' }, '#/code'],
    ['a PIN of three digits', { pin: '123' }, '#/pin'],
    ['a number that is not E.164', { numbers: ['0612345678'] }, '#/numbers/0'],
    ['a ceiling on a balance', { ceiling: euros('5.00') }, '#/ceiling'],
    ['a tariff without a price', { tariffPlan: { timeZone: 'Europe/Paris', standard: {} } }, '#/tariffPlan'],
    ['a field nobody knows', { balance: '5.00' }, '#/balance'],
  ])('refuses %s and names the field', async (_what, more, pointer) => {
    const answer = await ask('POST', '/v1/clients', {
      code: '2199',
      kind: 'balance',
      currency: 'EUR',
      ...more,
    });
    expect(answer.status, answer.text).toBe(422);
    expect(answer.json.errors[0]?.pointer).toBe(pointer);
  });

  it('refuses a currency nobody knows, and a tariff of another', async () => {
    const wish = { code: '2198', kind: 'balance', currency: 'XXQ' };
    expect(kindOf(await ask('POST', '/v1/clients', wish))).toBe('account-currency');
    const standard = {
      currency: 'CHF',
      fixedPrice: '0',
      includedSeconds: 0,
      bands: [{ fromSecond: 0, pricePerMinute: '1.00' }],
      increment: { first: 1, next: 1 },
      freeSeconds: 0,
      vatRate: '0.2',
    };
    const plan = { timeZone: 'Europe/Paris', standard };
    const given = { ...wish, currency: 'EUR', tariffPlan: plan };
    expect(kindOf(await ask('POST', '/v1/clients', given))).toBe('account-currency');
    const own = { ...given, tariffPlan: { ...plan, standard: { ...standard, currency: 'EUR' } } };
    const made = await ask('POST', '/v1/clients', own);
    expect(made.json.tariffPlan.standard.bands).toEqual(standard.bands);
  });
});

describe('a client', () => {
  it('is listed by code, and is nobody to another merchant', async () => {
    const code = await opened();
    const { json } = await ask('GET', `/v1/clients?limit=1&after=${String(Number(code) - 1)}`);
    expect(json.data.map((one) => one.code)).toEqual([code]);
    const key = { authorization: `Bearer ${otherKey}` };
    expect((await ask('GET', `/v1/clients/${code}`, undefined, key)).status).toBe(404);
    expect((await ask('GET', `/v1/clients/${code}/statement`, undefined, key)).status).toBe(404);
    expect((await ask('POST', `/v1/clients/${code}/top-ups`, euros('5.00'), key)).status).toBe(404);
    expect((await ask('GET', '/v1/clients', undefined, key)).json.data).toEqual([]);
  });

  it('is changed field by field; null takes away', async () => {
    const code = await opened({ name: 'Old', pin: '1234', numbers: ['+33612340020'] });
    const path = `/v1/clients/${code}`;
    const first = await ask('PATCH', path, { active: false, name: null, numbers: ['+33612340021'] });
    expect(first.status, first.text).toBe(200);
    expect(first.json).toMatchObject({ active: false, name: null, hasPin: true, numbers: ['+33612340021'] });
    const second = await ask('PATCH', path, { pin: null, active: true, language: 'en' });
    expect(second.json).toMatchObject({
      active: true,
      hasPin: false,
      language: 'en',
      numbers: ['+33612340021'],
    });
    await opened({ numbers: ['+33612340022'] });
    expect(kindOf(await ask('PATCH', path, { name: 'New', numbers: ['+33612340022'] }))).toBe('client-taken');
    expect((await ask('GET', path)).json).toMatchObject({ name: null, numbers: ['+33612340021'] });
    expect((await ask('PATCH', '/v1/clients/999999', { active: true })).status).toBe(404);
    expect((await ask('PATCH', path, { kind: 'monthly' })).status).toBe(422);
  });

  it('loses his ceiling by null', async () => {
    const code = await opened({ kind: 'monthly', ceiling: euros('20.00') });
    const { json } = await ask('PATCH', `/v1/clients/${code}`, { ceiling: null });
    expect(json).toMatchObject({ ceiling: null, spendable: null });
  });
});

describe('money on an account', () => {
  it('is there once, however often the same request is sent', async () => {
    const code = await opened();
    const headers = { 'idempotency-key': 'paid-1' };
    const [first, ...rest] = await Promise.all(
      Array.from({ length: 5 }, () => topUp(code, '20.00', { reference: 'bank 77' }, headers)),
    );
    expect([201, 409]).toContain(first!.status);
    expect(rest.every(({ status }) => status === 201 || status === 409)).toBe(true);
    const again = await topUp(code, '20.00', { reference: 'bank 77' }, headers);
    expect(again.json).toMatchObject({
      kind: 'top_up',
      amount: euros('20.00'),
      balanceAfter: euros('20.00'),
      reference: 'bank 77',
    });
    expect((await ask('GET', `/v1/clients/${code}`)).json.balance).toEqual(euros('20.00'));
  });

  it('is there once also when we died before we answered', async () => {
    const code = await opened();
    const headers = { 'idempotency-key': 'paid-2' };
    const first = await topUp(code, '15.00', {}, headers);
    // As a crash leaves it: the money moved, the answer was never kept.
    await stage.admin.query(
      `update idempotency_keys set status = null, response = null, created_at = created_at - interval '2 minutes'
       where key = 'paid-2'`,
    );
    const again = await topUp(code, '15.00', {}, headers);
    expect(again.status, again.text).toBe(201);
    expect(again.json).toEqual(first.json);
    expect((await ask('GET', `/v1/clients/${code}/movements`)).json.data).toHaveLength(1);
    // Much later, when the key's answer is forgotten.
    stage.advance(25 * 60 * 60 * 1000);
    expect((await topUp(code, '15.00', {}, headers)).json).toEqual(first.json);
    expect((await ask('GET', `/v1/clients/${code}`)).json.balance).toEqual(euros('15.00'));
  });

  it.each([
    ['nothing', euros('0.00'), 'account-currency'],
    ['less than nothing', euros('-5.00'), 'account-currency'],
    ['a third of a cent', euros('5.001'), 'account-currency'],
    ['another currency', { amount: '5.00', currency: 'CHF' }, 'account-currency'],
    ['more than an account holds', euros('1000000000.00'), 'amount-too-large'],
    ['a number without end', euros('9'.repeat(400)), 'account-currency'],
  ])('is not topped up by %s', async (_what, amount, kind) => {
    const code = await opened();
    expect(kindOf(await ask('POST', `/v1/clients/${code}/top-ups`, amount))).toBe(kind);
    expect((await ask('GET', `/v1/clients/${code}/movements`)).json.data).toEqual([]);
  });

  it('is set right, never below what calls under way may cost', async () => {
    const code = await opened();
    await topUp(code, '10.00');
    await stage.admin.query('update clients set reserved = 4 where code = $1', [code]);
    const path = `/v1/clients/${code}/adjustments`;
    const tooMuch = await ask('POST', path, { ...euros('-6.01'), reason: 'typo' });
    expect(kindOf(tooMuch)).toBe('balance-too-low');
    expect(tooMuch.json.spendable).toEqual(euros('6.00'));
    const headers = { 'idempotency-key': 'adjust-1' };
    const done = await ask('POST', path, { ...euros('-6.00'), reason: 'typo' }, headers);
    expect(done.json).toMatchObject({
      kind: 'adjustment',
      amount: euros('-6.00'),
      balanceAfter: euros('4.00'),
    });
    // Its answer lost, it is asked again, though nothing is left to take.
    await stage.admin.query(`delete from idempotency_keys where key = 'adjust-1'`);
    expect((await ask('POST', path, { ...euros('-6.00'), reason: 'typo' }, headers)).json).toEqual(done.json);
    expect((await ask('GET', `/v1/clients/${code}`)).json).toMatchObject({
      balance: euros('4.00'),
      spendable: euros('0.00'),
    });
    expect(kindOf(await ask('POST', path, { ...euros('0.00'), reason: 'none' }))).toBe('account-currency');
  });

  it('is read on from where one was', async () => {
    const code = await opened();
    for (const amount of ['1.00', '2.00', '3.00']) await topUp(code, amount);
    const first = await ask('GET', `/v1/clients/${code}/movements?limit=2`);
    expect(first.json).toMatchObject({ hasMore: true, next: expect.any(Number) as number });
    const rest = await ask('GET', `/v1/clients/${code}/movements?after=${String(first.json.next)}`);
    expect(rest.json.data.map((one) => one.amount)).toEqual([euros('3.00')]);
    expect(rest.json.hasMore).toBe(false);
  });
});

describe('a statement', () => {
  /** Movements at chosen instants, as calls and payments would have left them. */
  async function history(kind: 'balance' | 'monthly'): Promise<string> {
    const code = await opened({ kind });
    const id = await clientId(code);
    const at = (
      instant: string,
      what: 'top_up' | 'call' | 'adjustment',
      amount: string,
      reference?: string,
    ) =>
      stage.db.asMerchant(stage.merchantId, (tx) =>
        move(tx, {
          id: `mov_${code}_${instant}`,
          merchantId: stage.merchantId,
          clientId: id,
          kind: what,
          amount: money(amount, 'EUR'),
          at: new Date(instant),
          ...(what === 'call' && { seconds: 60 }),
          ...(reference !== undefined && { reference }),
        }),
      );
    await at('2026-03-10T12:00:00Z', 'top_up', '30.00');
    // Paris is two hours ahead of UTC by then: this is April already there.
    await at('2026-03-31T22:00:00Z', 'call', '-0.10');
    await at('2026-04-15T12:00:00Z', 'call', '-0.20', '=cmd|"/c calc"!A1');
    await at('2026-04-20T12:00:00Z', 'adjustment', '0.03', 'rounding, "ours"\nas agreed');
    await at('2026-04-30T22:30:00Z', 'call', '-7.77');
    return code;
  }

  it('sums to the cent by the merchant’s calendar', async () => {
    const code = await history('balance');
    const { json } = await ask('GET', `/v1/clients/${code}/statement?month=2026-04`);
    expect(json).toMatchObject({
      code,
      month: '2026-04',
      timeZone: 'Europe/Paris',
      opening: euros('30.00'),
      toppedUp: euros('0.00'),
      talked: euros('-0.30'),
      adjusted: euros('0.03'),
      closing: euros('29.73'),
      seconds: 120,
    });
    expect(json.movements.map((one) => one.balance.amount)).toEqual(['29.90', '29.70', '29.73']);
    const may = await ask('GET', `/v1/clients/${code}/statement?month=2026-05`);
    expect(may.json).toMatchObject({ opening: euros('29.73'), closing: euros('21.96') });
    const empty = await ask('GET', `/v1/clients/${code}/statement?month=2027-01`);
    expect(empty.json).toMatchObject({ opening: euros('21.96'), closing: euros('21.96'), movements: [] });
    expect((await ask('GET', `/v1/clients/${code}/statement?month=2026-13`)).status).toBe(422);
  });

  it('of a monthly account begins with nothing', async () => {
    const code = await history('monthly');
    const { json } = await ask('GET', `/v1/clients/${code}/statement?month=2026-04`);
    expect(json).toMatchObject({ opening: euros('0.00'), closing: euros('-0.27') });
  });

  it('comes as a table that no spreadsheet runs', async () => {
    const code = await history('balance');
    const path = `/v1/clients/${code}/statement?month=2026-04`;
    const asked = await ask('GET', path, undefined, { accept: 'text/csv' });
    expect(asked.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(asked.headers.get('content-disposition')).toBe(
      `attachment; filename=statement-${code}-2026-04.csv`,
    );
    expect(asked.text.split('\r\n')).toEqual([
      'at,kind,amount,balance,currency,seconds,reference,orderId,callSessionId,refundId,disputeId',
      ',opening,,30.00,EUR,,,,,,',
      '2026-03-31T22:00:00.000Z,call,-0.10,29.90,EUR,60,,,,,',
      `2026-04-15T12:00:00.000Z,call,-0.20,29.70,EUR,60,"'=cmd|""/c calc""!A1",,,,`,
      '2026-04-20T12:00:00.000Z,adjustment,0.03,29.73,EUR,,"rounding, ""ours""\nas agreed",,,,',
      ',closing,,29.73,EUR,,,,,,',
      '',
    ]);
    expect((await ask('GET', `${path}&format=csv`)).text).toBe(asked.text);
    const json = await ask('GET', `${path}&format=json`, undefined, { accept: 'text/csv' });
    expect(json.headers.get('content-type')).toContain('application/json');
  });
});
