// The login of a consultant's telephone: made over the API, proved by digest at the registrar, taken away.

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mailSipSetUp } from '../../src/flow/mail-sign-in.ts';
import { phoneRegistry } from '../../src/flow/register-phone.ts';
import type { Mail, PhoneRegistry, RegisterAnswer, RegisterRequest } from '../../src/flow/ports.ts';
import { sipEdge } from './api-stage.ts';
import { type ConsultantStage, consultantStage } from './consultant-stage.ts';

let stage: ConsultantStage;
let registry: PhoneRegistry;
let id: string;
let login: { userName: string; password: string; server: string; address: string };
const ask = (method: string, path: string, body?: object) =>
  stage.ask(method, `/v1/consultants/${path}`, body && { body });
const path = () => `${id}/sip-login`;

beforeAll(async () => {
  stage = await consultantStage();
  registry = phoneRegistry(stage.house);
  const made = await stage.ask('POST', '/v1/consultants', {
    body: { name: 'Nadia', numbers: ['+33612345678'], language: 'fr', shortNumber: '77' },
  });
  id = made.body.id;
  login = (await ask('POST', path())).body as unknown as typeof login;
});
afterAll(() => stage.close());

const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const uri = `sip:${sipEdge}`;

interface Knock {
  userName?: string;
  password?: string;
  nonce?: string;
  nc?: string;
  algorithm?: 'MD5' | 'SHA-256';
  contact?: string;
  expires?: string;
  from?: string;
  to?: string;
}

async function knock(more: Knock = {}): Promise<RegisterAnswer> {
  const {
    userName = login.userName,
    password = login.password,
    nc = '00000001',
    algorithm = 'SHA-256',
  } = more;
  const nonce = more.nonce ?? (await challenge());
  const hash = algorithm === 'MD5' ? md5 : sha256;
  const response = hash(
    `${hash(`${userName}:ringmeter:${password}`)}:${nonce}:${nc}:c:auth:${hash(`REGISTER:${uri}`)}`,
  );
  return registry.register({
    ...request(more),
    authorization:
      `Digest username="${userName}", realm="ringmeter", nonce="${nonce}", uri="${uri}", algorithm=${algorithm}, ` +
      `response="${response}", cnonce="c", qop=auth, nc=${nc}`,
  });
}

function request({ contact, expires, from = '192.0.2.7', to, userName }: Knock = {}): RegisterRequest {
  const contacts = contact === '*' ? '*' : [{ uri: contact ?? `sip:nadia@${from}:5062` }];
  const source = { address: from, port: 5062 };
  return {
    user: to ?? userName ?? login.userName,
    uri,
    contacts,
    source,
    ...(expires !== undefined && { expires }),
  };
}

async function challenge(): Promise<string> {
  const asked = await registry.register(request());
  if (asked.outcome !== 'challenged') throw new Error(asked.outcome);
  return asked.nonce;
}

describe('a login', () => {
  it('is made of merchant and short number, shown once, and is where he is rung first', async () => {
    expect(login).toEqual({
      userName: 'demo-77',
      password: expect.stringMatching(/^[\w-]{20,}$/) as string,
      server: sipEdge,
      address: `sip:demo-77@${sipEdge}`,
    });
    const read = await stage.ask('GET', `/v1/consultants/${id}`);
    expect(read.body).toMatchObject({ sip: login.address, numbers: ['+33612345678'] });
    expect((await ask('GET', path())).body).toEqual({ userName: 'demo-77', server: sipEdge, telephones: 0 });
    const everything = await stage.admin.query<{ all: string }>(
      `select (select json_agg(l)::text from sip_logins l) || (select json_agg(s)::text from settings_changes s)
         || coalesce((select json_agg(a)::text from audit_entries a), '') as all`,
    );
    expect(everything.rows[0]?.all).not.toContain(login.password);
    expect(everything.rows[0]?.all).not.toContain(md5(`${login.userName}:ringmeter:${login.password}`));
  });

  it('is on record with who truly made it: an operator may act for the merchant', async () => {
    const made = await stage.admin.query(
      `select by, by_kind from settings_changes where of = $1 and changes ? 'sipLogin'`,
      [id],
    );
    expect(made.rows).toEqual([{ by: 'merchant', by_kind: 'api_key' }]);
  });

  it('needs a short number; another consultant cannot take its address', async () => {
    const { body } = await stage.ask('POST', '/v1/consultants', {
      body: { name: 'Otto', numbers: ['+33612345678'], language: 'fr' },
    });
    expect((await ask('POST', `${body.id}/sip-login`)).body.type).toMatch(/short-number-needed$/);
    const stolen = await ask('PATCH', body.id, { sip: login.address });
    expect([stolen.status, stolen.body.errors[0]?.pointer]).toEqual([422, '#/sip']);
    expect((await ask('PATCH', id, { sip: login.address, name: 'Nadia B.' })).status).toBe(200);
    expect((await ask('POST', `${id}/sip-login/letter`)).body.type).toMatch(/nobody-to-mail$/);
  });
});

describe('a letter', () => {
  it('goes to who signs in as him, leads to where a login is made, and holds no secret', async () => {
    await stage.admin.query(`
      insert into users (id, email, email_key, name, language, created_at) values ('usr_n', 'n@x.example', 'n@x.example', 'Nadia', 'fr', now());
      insert into memberships (user_id, merchant_id, role, consultant_id, invited_at, accepted_at)
        select 'usr_n', merchant_id, 'consultant', id, now(), now() from consultants where id = '${id}'`);
    const asked = await ask('POST', `${path()}/letter`);
    expect([asked.status, asked.body]).toEqual([202, { letters: 1 }]);
    const sent: Mail[] = [];
    const mailer = {
      configured: true,
      send: (mail: Mail) => Promise.resolve((sent.push(mail), 'sent' as const)),
    };
    const { rows } = await stage.admin.query<{ payload: Parameters<typeof mailSipSetUp>[1] }>(
      `select payload from graphile_worker._private_jobs where payload ->> 'userId' = 'usr_n'`,
    );
    const [{ payload } = { payload: undefined }] = rows;
    if (!payload) throw new Error('No letter was asked for.');
    // The second time as when the mail server did not answer the first.
    for (const _try of [1, 2]) await mailSipSetUp({ ...stage.house, mailer }, payload);
    const letter = { to: 'n@x.example', language: 'fr', key: payload.letterId };
    expect(sent).toMatchObject([letter, letter]);
    expect(sent[0]?.text).toMatch(/\/extranet\/account$/);
    expect(JSON.stringify(sent)).not.toContain(login.password);
  });
});

describe('a telephone registers', () => {
  it('by either digest, and is called there until it says otherwise', async () => {
    for (const algorithm of ['MD5', 'SHA-256'] as const) {
      const contacts = [{ uri: 'sip:nadia@192.0.2.7:5062', expiresSeconds: 120 }];
      expect(await knock({ algorithm, expires: '120' })).toEqual({ outcome: 'registered', contacts });
    }
    const second = { from: '203.0.113.5', contact: 'sip:nadia@10.0.0.9:5060' };
    expect(await knock(second)).toMatchObject({ outcome: 'registered' });
    expect(await registry.phonesOf('demo-77')).toMatchObject([
      { uri: 'sip:nadia@192.0.2.7:5062', address: '192.0.2.7', port: 5062, isBehindNat: false },
      { uri: 'sip:nadia@10.0.0.9:5060', address: '203.0.113.5', port: 5062, isBehindNat: true },
    ]);
    expect((await ask('GET', path())).body).toMatchObject({ telephones: 2 });
    await knock({ expires: '0' });
    expect(await registry.phonesOf('demo-77')).toHaveLength(1);
    await knock({ contact: '*', expires: '0' });
    expect(await registry.phonesOf('demo-77')).toEqual([]);
    expect(await knock({ expires: '30' })).toEqual({ outcome: 'too_brief', minSeconds: 60 });
  });

  it('with a nonce once for each count, within five minutes, and only ours', async () => {
    const nonce = await challenge();
    expect(await knock({ nonce })).toMatchObject({ outcome: 'registered' });
    expect(await knock({ nonce })).toMatchObject({ outcome: 'challenged', stale: true });
    expect(await knock({ nonce, nc: '00000003' })).toMatchObject({ outcome: 'registered' });
    expect(await knock({ nonce, nc: '00000002' })).toMatchObject({ outcome: 'challenged', stale: true });
    stage.advance(301_000);
    expect(await knock({ nonce, nc: '00000004' })).toMatchObject({ outcome: 'challenged', stale: true });
    expect(await knock({ nonce: 'of.some.other' })).toMatchObject({ outcome: 'challenged', stale: false });
  });

  it('a wrong password, nobody’s name and another’s name sound alike; too many tries are not looked at', async () => {
    const from = '198.51.100.1';
    const wrong = { outcome: 'refused' };
    expect(await knock({ from, password: 'x' })).toEqual(wrong);
    expect(await knock({ from, userName: 'demo-99' })).toEqual(wrong);
    expect(await knock({ from, userName: `${login.userName}'--` })).toEqual(wrong);
    expect(await knock({ from, to: 'demo-99' })).toEqual(wrong);
    expect(await knock({ from })).toMatchObject({ outcome: 'registered' });
    for (let tries = 0; tries < 10; tries += 1) expect(await knock({ from, password: 'x' })).toEqual(wrong);
    expect(await knock({ from })).toEqual(wrong);
    // Where he registers himself he is not kept out.
    expect(await knock()).toMatchObject({ outcome: 'registered' });
  });

  it('made anew, the old password holds no more; taken away, none does', async () => {
    await knock();
    const old = login;
    login = (await ask('POST', path())).body as unknown as typeof login;
    expect(login.userName).toBe(old.userName);
    expect(await registry.phonesOf('demo-77')).toEqual([]);
    expect(await knock({ password: old.password, from: '192.0.2.8' })).toEqual({ outcome: 'refused' });
    expect(await knock({ from: '192.0.2.8' })).toMatchObject({ outcome: 'registered' });
    expect((await ask('DELETE', path())).body).toEqual({ dropped: true });
    expect((await ask('DELETE', path())).body).toEqual({ dropped: false });
    expect(await knock({ from: '192.0.2.9' })).toEqual({ outcome: 'refused' });
    expect(await registry.phonesOf('demo-77')).toBeUndefined();
    expect((await stage.ask('GET', `/v1/consultants/${id}`)).body).toMatchObject({ sip: null });
  });
});
