// Access codes over the API: what they open, making, listing, revoking, and trying one at a merchant's own door. And the tokens
// our form sends a visitor on with, checked as a merchant would check them, by nothing of ours.

import { createPublicKey, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { issueAccessCode, tryAccessCode } from '../../src/flow/access-codes.ts';
import { publishedKeys } from '../../src/flow/access-tokens.ts';
import { enter } from '../../src/flow/enter.ts';
import { requestHash } from '../../src/web/idempotency.ts';
import { apiStage, ask as askApi, otherKey, type Stage } from './api-stage.ts';
import { somebody } from './signed-in.ts';

interface Said {
  status: number;
  headers: Headers;
  body: Record<string, unknown> & {
    id: string;
    code: string;
    type: string;
    data: Record<string, unknown>[];
    errors: { pointer: string; detail: string }[];
  };
}

let stage: Stage;
beforeAll(async () => {
  stage = await apiStage();
});
afterAll(() => stage.close());

const ask = (method: string, path: string, given: Parameters<typeof askApi>[3] = {}): Promise<Said> =>
  askApi(stage, method, path, given) as unknown as Promise<Said>;
const kindOf = ({ body }: Said): string | undefined => body.type.split('/').at(-1);

const club = {
  slug: 'club',
  name: { fr: 'Le club', en: 'The club' },
  address: 'https://club.example/in?door=1',
};
const path = '/v1/access-resources/club';

let ips = 0;
/** Everybody from an address of his own, unless he says which. */
const freshIp = (): string => `198.51.${String((ips += 1) >> 8)}.${String(ips & 255)}`;
const make = async (more: object = {}, headers: Record<string, string> = {}) =>
  ask('POST', '/v1/access-codes', { body: { resource: 'club', ...more }, headers });
const tries = (code: string, more: object = {}, headers: Record<string, string> = {}) =>
  ask('POST', '/v1/access-codes/verify', {
    body: { resource: 'club', code, visitorIp: freshIp(), ...more },
    headers,
  });

beforeAll(async () => {
  const made = await ask('POST', '/v1/access-resources', { body: club });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
});

describe('/v1/access-resources', () => {
  it('are made, read, changed and removed, each change written down once', async () => {
    const body = { ...club, slug: 'salon', alphabet: 'digits', uses: null, validForSeconds: 3600 };
    const made = await ask('POST', '/v1/access-resources', { body });
    expect(made.body).toEqual({
      ...body,
      id: expect.stringMatching(/^acr_/) as string,
      version: 1,
      codeLength: 10,
      active: true,
      pageUrl: 'https://ring.example/access/salon',
      scriptUrl: 'https://ring.example/access.js',
      keysUrl: 'https://ring.example/.well-known/jwks.json',
      lines: [],
    });
    const changed = await ask('PATCH', '/v1/access-resources/salon', { body: { codeLength: 12, uses: 2 } });
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"']);
    expect((await ask('GET', '/v1/access-resources/salon')).body).toEqual({
      ...made.body,
      codeLength: 12,
      uses: 2,
      version: 2,
    });
    expect((await ask('GET', '/v1/access-resources')).body.data.map((one) => one['slug'])).toEqual([
      'club',
      'salon',
    ]);
    const gone = await ask('DELETE', '/v1/access-resources/salon');
    expect(gone.body).toEqual({ slug: 'salon', removed: true });
    expect((await ask('GET', '/v1/access-resources/salon')).status).toBe(404);
    // Tokens that named it must never mean another's.
    expect(kindOf(await ask('POST', '/v1/access-resources', { body }))).toBe('slug-taken');
    const written = (await ask('GET', '/v1/settings-changes?limit=500')).body.data;
    expect(written.filter((one) => one['of'] === 'salon')).toMatchObject([
      {
        setting: 'access_resource',
        by: 'merchant',
        actor: { kind: 'api_key', id: 'key_demo', name: null },
        changes: { address: { from: null, to: club.address } },
      },
      { changes: { codeLength: { from: 10, to: 12 }, uses: { from: null, to: 2 } } },
      { changes: { removed: { to: null } } },
    ]);
  });

  it('of two tabs the second is told; a repeat is no change; a request is made once', async () => {
    const one = await ask('PATCH', path, { body: { uses: 3 }, headers: { 'if-match': '"1"' } });
    expect(one.status).toBe(200);
    const second = await ask('PATCH', path, { body: { uses: 4 }, headers: { 'if-match': '"1"' } });
    expect([second.status, kindOf(second)]).toEqual([412, 'changed-meanwhile']);
    expect((await ask('PATCH', path, { body: { uses: 3 }, headers: { 'if-match': '"1"' } })).status).toBe(
      200,
    );
    expect((await ask('DELETE', path, { headers: { 'if-match': '"1"' } })).status).toBe(412);
    await ask('PATCH', path, { body: { uses: 1 } });
    const headers = { 'idempotency-key': 'acr-1' };
    const body = { ...club, slug: 'twice' };
    const made = await ask('POST', '/v1/access-resources', { body, headers });
    await stage.admin.query(`delete from idempotency_keys where key = 'acr-1'`);
    expect((await ask('POST', '/v1/access-resources', { body, headers })).body).toEqual(made.body);
    await ask('DELETE', '/v1/access-resources/twice');
  });

  test.each([
    ['a slug with capitals', { slug: 'Club' }, '#/slug'],
    ['nine digits', { alphabet: 'digits', codeLength: 9 }, '#/codeLength'],
    ['an address that is none', { address: 'club.example' }, '#/address'],
    ['an address without https', { address: 'http://club.example/' }, '#/address'],
    ['an address with a user', { address: 'https://us@club.example/' }, '#/address'],
    ['a script', { address: 'javascript:alert(1)' }, '#/address'],
    ['a validity of a second', { validForSeconds: 1 }, '#/validForSeconds'],
    ['no use', { uses: 0 }, '#/uses'],
    ['one language', { name: { fr: 'Club' } }, '#/name/en'],
    ['an unknown field', { colour: 'red' }, '#/colour'],
  ])('refuse %s with its field', async (_what, more, pointer) => {
    const answer = await ask('POST', '/v1/access-resources', { body: { ...club, slug: 'wrong', ...more } });
    expect([answer.status, answer.body.errors[0]?.pointer]).toEqual([422, pointer]);
  });

  it('of another merchant are none, and so are their codes', async () => {
    const { body } = await make();
    for (const [method, at, given] of [
      ['GET', path],
      ['PATCH', path, { uses: 9 }],
      ['DELETE', path],
      ['GET', `/v1/access-codes/${body.id}`],
      ['POST', `/v1/access-codes/${body.id}/revoke`],
    ] as const) {
      expect((await ask(method, at, { body: given, key: otherKey })).status, `${method} ${at}`).toBe(404);
    }
    for (const at of ['/v1/access-resources', '/v1/access-codes', '/v1/access-codes?resource=club']) {
      expect((await ask('GET', at, { key: otherKey })).body.data).toEqual([]);
    }
    for (const at of ['/v1/access-codes', '/v1/access-codes/verify']) {
      const given = { resource: 'club', ...(at.endsWith('verify') && { code: body.code }) };
      const answer = await ask('POST', at, { body: given, key: otherKey });
      expect([answer.status, answer.body.errors[0]?.pointer]).toEqual([422, '#/resource']);
    }
    expect((await tries(body.code)).body['valid']).toBe(true);
  });
});

describe('/v1/access-codes', () => {
  it('shows a code once, and lists it without', async () => {
    const made = await make({ reference: 'basket 7', uses: 2 });
    expect(made.status).toBe(201);
    expect(made.body.code).toMatch(/^[2345679FHKMRTWXY]{4}-[2345679FHKMRTWXY]{3}-[2345679FHKMRTWXY]{3}$/);
    const { code, ...rest } = made.body;
    expect(rest).toMatchObject({
      state: 'valid',
      madeBy: 'api',
      uses: 0,
      usesLeft: 2,
      reference: 'basket 7',
      orderId: null,
    });
    expect((await ask('GET', `/v1/access-codes/${rest.id}`)).body).toEqual(rest);
    const page = await ask('GET', '/v1/access-codes?resource=club&limit=500');
    expect(page.body.data.find((one) => one['id'] === rest.id)).toEqual(rest);
    expect(JSON.stringify(page.body)).not.toContain(code.replaceAll('-', ''));
  });

  it('are listed page by page', async () => {
    const ids = [];
    for (const _ of [1, 2, 3]) ids.push((await make()).body.id);
    const first = (await ask('GET', '/v1/access-codes?limit=2')).body;
    expect(first.data).toHaveLength(2);
    const rest = (await ask('GET', `/v1/access-codes?limit=500&after=${String(first['next'])}`)).body;
    expect(rest['next']).toBeNull();
    const all = [...first.data, ...rest.data].map((one) => String(one['id']));
    expect(all).toEqual([...all].sort());
    expect(all).toEqual(expect.arrayContaining(ids));
  });

  it('the same request again has the same code, even after its answer was lost', async () => {
    const headers = { 'idempotency-key': 'code-1' };
    const made = await make({}, headers);
    expect((await make({}, headers)).body).toEqual(made.body);
    await stage.admin.query(`delete from idempotency_keys where key = 'code-1'`);
    expect((await make({}, headers)).body).toEqual(made.body);
  });

  it('open once, and say afterwards why they do not', async () => {
    const { body } = await make();
    const first = await tries(body.code.toLowerCase().replaceAll('-', ' '));
    expect(first.body).toMatchObject({
      valid: true,
      because: null,
      useId: expect.stringMatching(/^acu_/) as string,
      code: { id: body.id, state: 'used_up', uses: 1, usesLeft: 0 },
    });
    const second = await tries(body.code);
    expect(second.body).toMatchObject({
      valid: false,
      because: 'used_up',
      useId: null,
      code: { id: body.id },
    });
    expect((await tries('9999999999')).body).toEqual({
      valid: false,
      because: 'unknown',
      code: null,
      useId: null,
    });
    expect((await tries('')).body['because']).toBe('unknown');
  });

  it('open as often as they are good for', async () => {
    const thrice = (await make({ uses: 3 })).body.code;
    const always = (await make({ uses: null })).body.code;
    const came: unknown[] = [];
    for (const _ of [1, 2, 3, 4])
      came.push((await tries(thrice)).body['valid'], (await tries(always)).body['valid']);
    expect(came).toEqual([true, true, true, true, true, true, false, true]);
  });

  it('end with their time, with a word, and with what they open', async () => {
    const brief = (await make({ validForSeconds: 60 })).body.code;
    const revoked = (await make()).body;
    const again = await ask('POST', `/v1/access-codes/${revoked.id}/revoke`);
    expect(again.body).toMatchObject({ state: 'revoked', revokedAt: expect.any(String) as string });
    expect((await ask('POST', `/v1/access-codes/${revoked.id}/revoke`)).body).toEqual(again.body);
    expect((await tries(revoked.code)).body['because']).toBe('revoked');
    stage.advance(61_000);
    expect((await tries(brief)).body['because']).toBe('expired');
    const kept = (await make()).body.code;
    await ask('PATCH', path, { body: { active: false } });
    expect((await tries(kept)).body).toEqual({ valid: false, because: 'closed', code: null, useId: null });
    await ask('PATCH', path, { body: { active: true } });
    expect((await tries(kept)).body['valid']).toBe(true);
  });

  it('open nothing but what they were made for', async () => {
    await ask('POST', '/v1/access-resources', { body: { ...club, slug: 'other-door' } });
    const { code } = (await make()).body;
    expect((await tries(code, { resource: 'other-door' })).body['because']).toBe('unknown');
    expect((await tries(code)).body['valid']).toBe(true);
  });

  it('keep what they were made with when the resource is changed', async () => {
    const { code } = (await make()).body;
    await ask('PATCH', path, { body: { alphabet: 'digits', codeLength: 16 } });
    const digits = (await make()).body.code;
    expect(digits).toMatch(/^\d{4}-\d{4}-\d{4}-\d{4}$/);
    expect((await tries(code)).body['valid']).toBe(true);
    expect((await tries(digits)).body['valid']).toBe(true);
    await ask('PATCH', path, { body: { alphabet: 'digits_and_letters', codeLength: 10 } });
  });

  it('a hundred at once on a code of one use: one has it', async () => {
    const { body } = await make();
    const came = await Promise.all(
      Array.from({ length: 100 }, () =>
        tryAccessCode(stage.house, stage.merchantId, {
          resource: 'club',
          typed: body.code,
          from: { ip: freshIp() },
          door: 'page',
        }),
      ),
    );
    const admitted = came.filter(({ outcome }) => outcome === 'admitted');
    expect(admitted).toHaveLength(1);
    const { rows } = await stage.admin.query<{ uses: number; written: number }>(
      `select uses, (select count(*)::int from access_uses u where u.access_code_id = c.id) as written
       from access_codes c where id = $1`,
      [body.id],
    );
    expect(rows).toEqual([{ uses: 1, written: 1 }]);
  });

  it('a try that is repeated under its key is the same use, even after its answer was lost', async () => {
    const { code } = (await make()).body;
    const visitorIp = freshIp();
    const headers = { 'idempotency-key': 'try-1' };
    const first = await tries(code, { visitorIp }, headers);
    expect(first.body['valid']).toBe(true);
    expect((await tries(code, { visitorIp }, headers)).body).toEqual(first.body);
    await stage.admin.query(`delete from idempotency_keys where key = 'try-1'`);
    expect((await tries(code, { visitorIp }, headers)).body).toEqual(first.body);
    expect((await tries('4T7KX3M9RW', { visitorIp }, headers)).status).toBe(422);
  });

  it('two rows of a resource never have the same code', async () => {
    // The second of two equal draws: whatever its id gives first is taken already.
    const { house } = stage;
    const marks = new Map<string, Buffer>();
    const seal = Object.create(house.seal) as typeof house.seal;
    seal.mark = (text, about) => {
      const drawn = about === 'access code drawn' && text.endsWith('\n0');
      if (!drawn) return house.seal.mark(text, about);
      const same = marks.get('first') ?? house.seal.mark(text, about);
      marks.set('first', same);
      return same;
    };
    const wish = { merchantId: stage.merchantId, resource: 'club', madeBy: 'scenario' } as const;
    const twice = [];
    for (const _ of [1, 2]) {
      twice.push(
        await house.db.asMerchant(stage.merchantId, (tx) => issueAccessCode({ ...house, seal }, tx, wish)),
      );
    }
    const texts = twice.map((one) => (one.outcome === 'issued' ? one.text : ''));
    expect(new Set(texts).size).toBe(2);
    for (const text of texts) expect((await tries(text)).body['valid']).toBe(true);
  });
});

describe('who guesses', () => {
  it('is not looked at any more from his address; others are', async () => {
    const { code } = (await make({ uses: null })).body;
    const visitorIp = '203.0.113.9';
    const statuses: number[] = [];
    for (let guess = 0; guess < 12; guess += 1) {
      statuses.push((await tries(`55555${String(guess).padStart(5, '0')}`, { visitorIp })).status);
    }
    expect(statuses).toEqual([...Array<number>(10).fill(200), 429, 429]);
    const his = await tries(code, { visitorIp });
    expect([his.status, kindOf(his)]).toEqual([429, 'too-many-tries']);
    expect(Number(his.headers.get('retry-after'))).toBeGreaterThan(60);
    expect((await tries(code)).body['valid']).toBe(true);
    stage.advance(2 * 3_600_000);
    expect((await tries((await make()).body.code, { visitorIp })).body['valid']).toBe(true);
  });

  it('of one code from everywhere leaves the others alone; without an address he is stopped with all like him', async () => {
    const { code } = (await make({ uses: null })).body;
    const used = (await make()).body.code;
    await tries(used);
    for (let guess = 0; guess < 20; guess += 1) expect((await tries(used)).body['because']).toBe('used_up');
    const unknownPlace = { visitorIp: undefined };
    expect((await tries(used, unknownPlace)).status).toBe(429);
    // Honest, and never missed: looked at whatever others did.
    expect((await tries(used)).body['because']).toBe('used_up');
    expect((await tries(code, unknownPlace)).body['valid']).toBe(true);
    stage.advance(2 * 3_600_000);
  });
});

describe('what a visitor is sent on with', () => {
  /** As a merchant's server does it: the published keys, node:crypto, and the claims. */
  const checked = async (
    token: string,
  ): Promise<{ header: Record<string, string>; claims: Record<string, unknown> }> => {
    const [head = '', body = '', signature = ''] = token.split('.');
    const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, string>;
    expect(header['alg']).toBe('EdDSA');
    const jwk = (await publishedKeys(stage.house)).find(({ kid }) => kid === header['kid']);
    if (!jwk) throw new Error('No published key has this name.');
    const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    const holds = verify(null, Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'));
    if (!holds) throw new Error('The signature does not hold.');
    return {
      header,
      claims: JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>,
    };
  };
  const sentOn = async (code: string): Promise<URL> => {
    const came = await enter(stage.house, stage.merchantId, { resource: 'club', typed: code, ip: freshIp() });
    if (came.outcome !== 'sent_on') throw new Error(came.outcome);
    return new URL(came.to);
  };

  it('is a token of a minute for this resource, this code and this one use, to the stored address alone', async () => {
    const { body } = await make({ uses: 2 });
    const [one, two] = [await sentOn(body.code), await sentOn(body.code)];
    expect(one.origin + one.pathname).toBe('https://club.example/in');
    expect([...one.searchParams.keys()]).toEqual(['door', 'access_token']);
    const { claims, header } = await checked(one.searchParams.get('access_token') ?? '');
    expect(header).toEqual({ alg: 'EdDSA', typ: 'JWT', kid: header['kid'] });
    expect(claims).toEqual({
      iss: 'https://ring.example',
      aud: 'club',
      sub: body.id,
      jti: expect.stringMatching(/^acu_/) as string,
      iat: expect.any(Number) as number,
      exp: Number(claims['iat']) + 60,
    });
    expect((await checked(two.searchParams.get('access_token') ?? '')).claims['jti']).not.toBe(claims['jti']);
  });

  it('does not hold when a letter of it is changed', async () => {
    const token = (await sentOn((await make()).body.code)).searchParams.get('access_token') ?? '';
    const [head = '', body = '', signature = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object;
    const forged = Buffer.from(JSON.stringify({ ...claims, aud: 'other-door' })).toString('base64url');
    await expect(checked(`${head}.${forged}.${signature}`)).rejects.toThrow('does not hold');
    await checked(token);
  });

  it('is signed by another key next month, whose predecessor is known as long as a token of it lives', async () => {
    const day = 86_400_000;
    const before = (await sentOn((await make()).body.code)).searchParams.get('access_token') ?? '';
    const kid = (await checked(before)).header['kid'];
    stage.advance(29 * day);
    // Published before it signs: whoever keeps our keys has it by then.
    expect(await publishedKeys(stage.house)).toHaveLength(2);
    const still = (await sentOn((await make()).body.code)).searchParams.get('access_token') ?? '';
    expect((await checked(still)).header['kid']).toBe(kid);
    stage.advance(day + 1_000);
    const after = (await sentOn((await make()).body.code)).searchParams.get('access_token') ?? '';
    expect((await checked(after)).header['kid']).not.toBe(kid);
    await checked(still);
    stage.advance(day);
    const left = await publishedKeys(stage.house);
    expect(left.map((one) => one.kid)).toEqual([(await checked(after)).header['kid']]);
  });

  it('of gateways that begin at once there is one key', async () => {
    await stage.admin.query('delete from signing_keys');
    const seen = await Promise.all(Array.from({ length: 8 }, () => publishedKeys(stage.house)));
    expect(new Set(seen.map((keys) => keys.map(({ kid }) => kid).join())).size).toBe(1);
    const { rows } = await stage.admin.query<{ row: string }>(
      'select row_to_json(k)::text as row from signing_keys k',
    );
    expect(rows).toHaveLength(1);
    // The private half is sealed: neither PEM nor JWK stands there.
    expect(rows[0]?.row).not.toMatch(/PRIVATE|"d"/);
    expect(JSON.stringify(seen[0])).not.toContain('"d"');
  });
});

describe('no code', () => {
  it('is in any row, log line or notice', async () => {
    const codes: string[] = [];
    for (const uses of [1, 2, null]) {
      const { code } = (
        await make({ uses, reference: 'looked for' }, { 'idempotency-key': `leak-${String(uses)}` })
      ).body;
      codes.push(code, code.replaceAll('-', ''));
      await tries(code, {}, { 'idempotency-key': `leak-try-${String(uses)}` });
      await tries(`${code}9`);
      await enter(stage.house, stage.merchantId, { resource: 'club', typed: code, ip: freshIp() });
    }
    const { rows: tables } = await stage.admin.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`,
    );
    let looked = 0;
    for (const { name } of tables) {
      const { rows } = await stage.admin.query<{ row: string }>(
        `select row_to_json(t)::text as row from ${name} t`,
      );
      for (const { row } of rows) {
        looked += 1;
        for (const code of codes) expect(row.includes(code), `${name}: ${row}`).toBe(false);
      }
    }
    expect(looked).toBeGreaterThan(100);
    const said = [...stage.requestLines, JSON.stringify(stage.logged)].join('\n');
    expect(stage.requestLines.length).toBeGreaterThan(20);
    for (const code of codes) expect(said).not.toContain(code);
  });

  it('is given away by the kept hash of a request to whoever tries all of them', async () => {
    const { code } = (await make()).body;
    const body = { resource: 'club', code, visitorIp: freshIp() };
    await tries(code, body, { 'idempotency-key': 'hash-1' });
    const { rows } = await stage.admin.query<{ hash: Buffer }>(
      `select request_hash as hash from idempotency_keys where key = 'hash-1'`,
    );
    expect(rows).toHaveLength(1);
    // What a thief of the database would reckon of each code there can be.
    const reckoned = requestHash('POST', '/v1/access-codes/verify', body);
    expect(rows[0]?.hash.equals(reckoned)).toBe(false);
  });
});

describe('somebody who is signed in', () => {
  it('tries codes from his own address: what he mistypes is counted against nobody else', async () => {
    const rights = { clients: 'write' };
    const { browser } = await somebody(stage, { email: 'desk@shop.example', role: 'staff', rights });
    const attempt = () =>
      browser.ask('POST', '/v1/access-codes/verify', { resource: 'club', code: 'nothing' });
    for (let miss = 0; miss < 10; miss += 1) expect((await attempt()).status).toBe(200);
    expect((await attempt()).kind).toBe('too-many-tries');
    expect((await tries('nothing')).status).toBe(200);
  });
});
