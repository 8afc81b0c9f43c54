// A merchant's own server as he sets it: its address is held against what we speak to, its secrets are sealed and shown to
// nobody, and what he sets is what the next question goes by.

import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { otherKey } from './api-stage.ts';
import { settingsStage, type SettingsStage } from './settings-stage.ts';

const path = '/v1/merchant-server';
const rotation = `${path}/signing-secret`;
const ddi = '+33199000201';
const password = 'four-words-nobody-guesses';

let stage: SettingsStage;
beforeAll(async () => {
  stage = await settingsStage();
});
afterEach(async () => {
  await stage.ask('DELETE', path);
  stage.server.asked.length = 0;
});
afterAll(() => stage.close());

const put = (more: object = {}, headers: object = {}) =>
  stage.ask('PUT', path, { body: { protocol: 'rest', url: stage.server.url, ...more }, headers });

describe('PUT /v1/merchant-server', () => {
  it('sets it, shows its signing secret this once, and its passwords never', async () => {
    expect((await stage.ask('GET', path)).body.type).toMatch(/no-server$/);
    const made = await put({ timeoutMs: 500, basic: { user: 'us', password } });
    expect(made.status, made.text).toBe(200);
    const facts = {
      protocol: 'rest',
      url: stage.server.url,
      timeoutMs: 500,
      hasBasic: true,
      hasUsernameToken: false,
      hasSigningSecret: true,
    };
    expect(made.body).toEqual({
      ...facts,
      signingSecret: expect.stringMatching(/^whsec_[\w+/]{43}=$/) as string,
    });
    expect((await stage.ask('GET', path)).body).toEqual(facts);
    expect((await put({ timeoutMs: 5_000 })).body).toEqual({
      ...facts,
      timeoutMs: 5_000,
      signingSecret: null,
    });
    const { rows } = await stage.admin.query<{ row: string }>(
      `select row_to_json(m)::text as row from merchants m where id = 'mer_demo'`,
    );
    expect(rows[0]?.row).not.toMatch(
      new RegExp(`${password}|${Buffer.from(password).toString('hex')}|whsec`),
    );
  });

  it('is asked from the next question on, signed and by name', async () => {
    expect((await stage.experience(ddi)).at(-1)).toBe('The call is ended.');
    const { body: made } = await put({ basic: { user: 'us', password } });
    expect((await stage.experience(ddi)).at(-1)).toBe('Rung one after the other: Claire, Hugo, Inès.');
    const [asked] = stage.server.asked;
    expect(asked?.url).toBe('/recognize-caller');
    expect(asked?.headers.authorization).toBe(`Basic ${Buffer.from(`us:${password}`).toString('base64')}`);
    const webhook = new Webhook(made.signingSecret ?? '');
    expect(() => webhook.verify(asked?.body ?? '', asked?.headers as Record<string, string>)).not.toThrow();

    await put({ url: `${stage.server.url}/moved`, basic: null });
    await stage.experience(ddi);
    expect(stage.server.asked[0]).toMatchObject({ url: '/moved/recognize-caller' });
    expect(stage.server.asked[0]?.headers.authorization).toBeUndefined();
    await put({ protocol: 'soap', usernameToken: { user: 'us', password } });
    await stage.experience(ddi);
    expect(stage.server.asked[0]?.body).toContain('<wsse:Username>us</wsse:Username>');
    expect(stage.server.asked[0]?.body).not.toContain(password);
    await stage.ask('DELETE', path);
    expect((await stage.experience(ddi)).at(-1)).toBe('The call is ended.');
  });

  it('sends a password to the host it was given for and to no other', async () => {
    await put({ url: 'https://a.example/calls', basic: { user: 'us', password } });
    expect((await put({ url: 'https://a.example/other' })).body['hasBasic']).toBe(true);
    for (const url of ['https://b.example/calls', 'http://a.example/calls', 'https://a.example:444/calls']) {
      const answer = await put({ url });
      expect(answer.status).toBe(422);
      expect(answer.body.errors).toMatchObject([
        { pointer: '#/basic', detail: expect.stringContaining('another host') as string },
      ]);
    }
    expect((await put({ url: 'https://b.example/calls', basic: null })).body['hasBasic']).toBe(false);
  });

  it.each([
    ['no address', { url: 'merchant' }, '#/url'],
    ['another scheme', { url: 'ftp://a.example' }, '#/url'],
    ['a file', { url: 'file:///etc/passwd' }, '#/url'],
    ['this machine', { url: 'https://127.0.0.1/' }, '#/url'],
    ['this machine in decimal', { url: 'https://2130706433/' }, '#/url'],
    ['this machine in IPv6', { url: 'https://[::1]/' }, '#/url'],
    ['metadata of a cloud', { url: 'http://169.254.169.254/latest' }, '#/url'],
    ['a name that leads inside', { url: 'https://inside.example/' }, '#/url'],
    ['a password in the address', { url: 'https://us:hush@a.example/' }, '#/url'],
    ['another language', { protocol: 'grpc' }, '#/protocol'],
    ['too little time', { timeoutMs: 499 }, '#/timeoutMs'],
    ['too much time', { timeoutMs: 5_001 }, '#/timeoutMs'],
    ['a token over REST', { usernameToken: { user: 'us', password } }, '#/usernameToken'],
    ['a name with a colon', { basic: { user: 'u:s', password } }, '#/basic/user'],
    ['a name of two lines', { basic: { user: 'u\r\ns', password } }, '#/basic/user'],
    ['no password', { basic: { user: 'us' } }, '#/basic/password'],
    ['an empty password', { basic: { user: 'us', password: '' } }, '#/basic/password'],
    ['a secret of his own', { secret: 'whsec_x' }, '#/secret'],
  ])('refuses %s, and nothing is set', async (_what, more, pointer) => {
    const answer = await put(more);
    expect(answer.status, answer.text).toBe(422);
    expect(answer.body.errors[0]?.pointer).toBe(pointer);
    expect(answer.text).not.toContain(password);
    expect((await stage.ask('GET', path)).status).toBe(409);
  });

  it('with an Idempotency-Key shows the same secret again, and leaves no hash of a password', async () => {
    const headers = { 'idempotency-key': 'server-1' };
    const wish = { basic: { user: 'us', password: '1234' } };
    const made = await put(wish, headers);
    expect((await put(wish, headers)).text).toBe(made.text);
    const other = await put({ basic: { user: 'us', password: '1235' } }, headers);
    expect(other.body.type).toMatch(/idempotency-key-reused$/);
    const { requestHash } = await import('../../src/web/idempotency.ts');
    const body = { protocol: 'rest', url: stage.server.url, ...wish };
    const { rows } = await stage.admin.query<{ request_hash: Buffer }>(
      `select request_hash from idempotency_keys where key = 'server-1'`,
    );
    expect(rows[0]?.request_hash).not.toEqual(requestHash('PUT', path, body));
  });

  it('is his alone', async () => {
    await put();
    const theirs = { protocol: 'rest', url: 'https://other.example/' };
    expect((await stage.ask('GET', path, { key: otherKey })).status).toBe(409);
    await stage.ask('PUT', path, { key: otherKey, body: theirs });
    expect((await stage.ask('GET', path)).body['url']).toBe(stage.server.url);
    await stage.ask('DELETE', path, { key: otherKey });
    expect((await stage.ask('POST', rotation, { key: otherKey })).status).toBe(409);
    expect((await stage.ask('GET', path)).body).toMatchObject({
      url: stage.server.url,
      hasSigningSecret: true,
    });
  });
});

describe('POST /v1/merchant-server/signing-secret', () => {
  it('makes a new one; the old one signs beside it for a day', async () => {
    const old = (await put()).body.signingSecret ?? '';
    const rotated = await stage.ask('POST', rotation);
    expect(rotated.status, rotated.text).toBe(201);
    const fresh = rotated.body.signingSecret ?? '';
    expect(fresh).toMatch(/^whsec_/);
    expect(fresh).not.toBe(old);
    const holds = (secret: string): boolean => {
      const [asked] = stage.server.asked;
      try {
        new Webhook(secret).verify(asked?.body ?? '', asked?.headers as Record<string, string>);
        return true;
      } catch {
        return false;
      }
    };
    await stage.experience(ddi);
    expect([holds(fresh), holds(old)]).toEqual([true, true]);
    // As a day later.
    await stage.admin.query(`update merchants set server_old_secret_until = now() - interval '1 second'`);
    await stage.experience(ddi);
    expect([holds(fresh), holds(old)]).toEqual([true, false]);
  });

  it('repeated with its key shows the same one', async () => {
    await put();
    const headers = { 'idempotency-key': 'rotate-1' };
    const first = await stage.ask('POST', rotation, { headers });
    expect((await stage.ask('POST', rotation, { headers })).text).toBe(first.text);
  });

  it('is written down without the secret', async () => {
    const before = (await stage.ask('GET', '/v1/settings-changes?limit=500')).body.data.length;
    const { body } = await put();
    await stage.ask('POST', rotation);
    await stage.ask('DELETE', path);
    await stage.ask('DELETE', path);
    const after = await stage.ask('GET', '/v1/settings-changes?limit=500');
    expect(after.body.data.slice(before)).toMatchObject([
      { setting: 'merchant_server', of: null, changes: { url: { from: null, to: stage.server.url } } },
      { changes: { signingSecret: { from: 'set', to: 'set anew' } } },
      { changes: { url: { to: null }, hasSigningSecret: { from: true, to: false } } },
    ]);
    expect(after.text).not.toContain(body.signingSecret?.slice('whsec_'.length, 20));
  });
});
