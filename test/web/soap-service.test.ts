// What we serve over SOAP, as programs of other makers send it (test/fixtures/soap: PHP), and as nobody should.

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import express from 'express';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { House } from '../../src/flow/house.ts';
import { passwordDigest, readEnvelope, faultOf } from '../../src/soap/envelope.ts';
import { wsdlText } from '../../src/soap/wsdl-file.ts';
import { readWsdl } from '../../src/soap/xml-shapes.ts';
import { readValue, type XmlValue } from '../../src/soap/xml-values.ts';
import type { Database } from '../../src/store/database.ts';
import { putSoapPassword } from '../../src/store/soap-passwords.ts';
import { merchantApi } from '../../src/web/merchant-api.ts';
import { listen, type Listening } from '../../src/web/server.ts';
import { merchantId, moneyStage, type MoneyStage } from '../flow/money-stage.ts';

const key = 'rk_demo_0123456789abcdef0123456789abcdef';
const otherKey = 'rk_live_fedcba9876543210fedcba9876543210';
const namespace = 'urn:ringmeter:service:1';
const wsdl = readWsdl(wsdlText('ringmeter'));
const soapPassword = 'soap-password-of-the-merchant';
const soapUser = 'soap_01jd0000000000000000000000';

let stage: MoneyStage;
let url: string;
let captured: string;
const servers: Listening[] = [];

async function serve(house: House): Promise<string> {
  const server = await listen(express().use(merchantApi(house)), { port: 0, host: '127.0.0.1' });
  servers.push(server);
  return `http://127.0.0.1:${String(server.port)}`;
}

beforeAll(async () => {
  stage = await moneyStage();
  url = await serve(stage.house);
  captured = await stage.order();
  await stage.connect(captured);
  await stage.hangUp(captured, 60);
  await stage.settle(captured);
});
afterEach(() =>
  stage.sql(
    `update consultants set setting = 'available', claimed_by = null, claim = null, claimed_until = null`,
  ),
);
afterAll(async () => {
  for (const server of servers) await server.close(100);
  await stage.close();
});

const basic = (password: string, user = 'api') => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const php = (name: string) =>
  readFileSync(new URL(`../fixtures/soap/php-client-${name}.xml`, import.meta.url), 'utf8');
const envelope = (body: string, header = '') =>
  `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">${header && `<s:Header>${header}</s:Header>`}<s:Body>${body}</s:Body></s:Envelope>`;
const message = (name: string, inside: string) =>
  envelope(`<${name} xmlns="${namespace}">${inside}</${name}>`);
const session = (id: string, header = '') =>
  envelope(`<getCallSession xmlns="${namespace}"><id>${id}</id></getCallSession>`, header);

interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** By the WSDL, or this fails. */
  value: Record<string, XmlValue>;
  fault?: { side: string; code: string; sentence: string };
}

async function send(
  body: string | Buffer,
  headers: Record<string, string> = basic(key),
  to = url,
): Promise<Answer> {
  const response = await fetch(`${to}/soap/v1`, {
    method: 'POST',
    headers: { 'content-type': 'text/xml; charset=utf-8', ...headers },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
  const text = await response.text();
  const answer: Answer = { status: response.status, headers: response.headers, text, value: {} };
  expect(text).not.toMatch(/node_modules|\.ts\b|\n\s+at /);
  if (!/xml/.test(response.headers.get('content-type') ?? '')) return answer;
  const read = readEnvelope(text);
  if ('refused' in read) throw new Error(read.refused);
  const fault = faultOf(read.message);
  if (fault) {
    expect(response.status).toBe(500);
    return { ...answer, fault: { side: fault.code, code: '', sentence: '', ...fault.detail } };
  }
  expect(response.status).toBe(200);
  const value = readValue(read.message, namespace, wsdl.shape(read.message.name));
  if ('wrong' in value) throw new Error(value.wrong);
  return { ...answer, value: value.value as Record<string, XmlValue> };
}

const rest = async (path: string, method = 'GET', body?: object, headers: object = {}) => {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  return (await response.json()) as Record<string, unknown>;
};
const ordered = async (body = php('order').replace('php-key-1', crypto.randomUUID())) =>
  (await send(body)).value['callback'] as Record<string, string>;

describe('the WSDL', () => {
  it.each(['?wsdl', '?WSDL', '?wsdl=1'])('is served at %s, with our own address', async (query) => {
    const answer = await fetch(`${url}/soap/v1${query}`);
    expect(answer.headers.get('content-type')).toBe('text/xml; charset=utf-8');
    const text = await answer.text();
    expect(text).toContain('<soap:address location="https://ring.example/soap/v1"/>');
    expect(text).toContain('https://ring.example/problems/{code}');
    expect(readWsdl(text).operations).toEqual(wsdl.operations);
  });
  it('that a merchant implements is served too', async () => {
    const answer = await fetch(`${url}/soap/v1/merchant-server.wsdl`);
    expect(await answer.text()).toBe(wsdlText('merchant-server'));
  });
  it.each(['GET', 'PUT', 'DELETE'])('is pointed to where somebody tries %s', async (method) => {
    const answer = await fetch(`${url}/soap/v1`, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
    expect(await answer.text()).toContain('https://ring.example/soap/v1?wsdl');
  });
});

describe('as PHP sends it', () => {
  it('a callback is ordered', async () => {
    const callback = await ordered();
    expect(callback).toEqual({
      id: expect.stringMatching(/^call_/),
      orderId: expect.stringMatching(/^ord_/),
      state: 'ringing_consultant',
      orderUrl: expect.stringContaining('https://ring.example/orders/'),
    });
    expect(await rest(`/v1/call-sessions/${callback['id'] ?? ''}`)).toMatchObject({
      reference: 'panier <4711> & é',
      line: 'demo',
    });
  });

  it('a session is read, and says what the REST API says, decimals as decimals', async () => {
    const found = await stage.sql<{ id: string }>('select id from call_sessions where order_id = $1', [
      captured,
    ]);
    const id = found[0]?.id ?? '';
    const { value, text } = await send(php('session').replace(/call_\w+/, id));
    const said = await rest(`/v1/call-sessions/${id}`);
    const events = (said['events'] as { name: string; at: string }[]).map(({ name, at }) => ({ name, at }));
    const { events: _events, ...facts } = said;
    const present = Object.fromEntries(Object.entries(facts).filter(([, fact]) => fact !== null));
    expect(value['callSession']).toEqual({
      ...present,
      talkTimeSeconds: String(said['talkTimeSeconds']),
      event: events,
    });
    expect(text).toMatch(/<captured><amount>\d+\.\d\d<\/amount><currency>EUR<\/currency><\/captured>/);
  });

  it('a part is refunded', async () => {
    const { value } = await send(php('refund').replace(/ord_\w+/, captured));
    expect(value['refund']).toMatchObject({
      orderId: captured,
      amount: { amount: '5.00', currency: 'EUR' },
      refunded: { amount: '5.00', currency: 'EUR' },
      state: 'refunded',
      reason: 'Mauvaise ligne',
    });
  });

  it('a consultant goes on a break, and is not free', async () => {
    expect((await send(php('availability'))).value).toEqual({ availability: 'break' });
    const { data } = (await rest('/v1/lines')) as {
      data: { consultants: { id: string; because: string }[] }[];
    };
    const hugo = data.flatMap(({ consultants }) => consultants).find(({ id }) => id === 'con_demo_hugo');
    expect(hugo).toMatchObject({ free: false, because: 'break' });
  });

  it('who asks is told by a UsernameToken with the key as its text', async () => {
    const { id = '' } = await ordered();
    const answer = await send(php('by-text').replace(/call_\w+/, id), {});
    expect(answer.value['callSession']).toMatchObject({ id });
  });

  it('what cannot be done is a fault with the problem’s code and sentence', async () => {
    expect((await send(php('fault'))).fault).toEqual({
      side: 'Client',
      code: 'line-unknown',
      sentence: expect.stringContaining('no line of this name'),
    });
    expect((await send(php('bad-enum'))).fault).toMatchObject({
      code: 'invalid-request',
      sentence: expect.stringContaining('one of available, break, away'),
    });
  });
});

describe('a request that names itself', () => {
  it('is carried out once, over whichever language it comes again', async () => {
    const body = php('order').replace('php-key-1', 'once-1');
    const first = await ordered(body);
    expect(await ordered(body)).toEqual(first);
    const json = {
      line: 'demo',
      callerNumber: '+33612345678',
      paymentMethod: 'pm_card_visa',
      reference: 'panier <4711> & é',
      minutes: 30,
      language: 'fr',
      moreTime: true,
    };
    const repeated = await rest('/v1/callbacks', 'POST', json, { 'idempotency-key': 'once-1' });
    expect(repeated).toMatchObject({ id: first['id'], orderId: first['orderId'] });
    const other = await send(body.replace('4711', '4712'));
    expect(other.fault).toMatchObject({ side: 'Client', code: 'idempotency-key-reused' });
  });

  it('is refused again as it was refused', async () => {
    const body = php('order')
      .replace('php-key-1', 'once-2')
      .replace('pm_card_visa', 'pm_card_chargeDeclined');
    const first = await send(body);
    expect(first.fault).toMatchObject({ code: 'declined' });
    expect((await send(body)).fault).toEqual(first.fault);
  });
});

describe('who asks', () => {
  it.each<[string, Record<string, string>]>([
    ['nobody', {}],
    ['a key that is none', basic('rk_live_00000000000000000000000000000000')],
    ['half a key', basic('rk_demo_0123')],
    ['a key as the user', basic('', key)],
    ['a bearer', { authorization: `Bearer ${key}` }],
    ['no base64', { authorization: 'Basic ***' }],
    ['nonsense', { authorization: "Digest ' or 1=1" }],
  ])('%s: 401 that says what to send', async (_name, headers) => {
    const answer = await send(session('call_1'), headers);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('Basic');
    expect(answer.text).toContain('API key as the password');
  });

  it('another merchant does not see what is ours', async () => {
    const { id = '' } = await ordered();
    await stage.sql(
      `insert into merchants (id, name, legal_name, contact_email, contact_phone, address, country, time_zone)
       values ('mer_other', 'Other', 'Other Ltd', 'o@other.example', '+44', 'London', 'GB', 'Europe/London')`,
    );
    await stage.sql(
      `insert into api_keys (id, merchant_id, name, key_hash) values ('key_soap', 'mer_other', 'o', sha256($1::bytea))`,
      [otherKey],
    );
    expect((await send(session(id), basic(otherKey))).fault).toMatchObject({ code: 'unknown-id' });
    const away = php('availability');
    expect((await send(away, basic(otherKey))).fault).toMatchObject({ code: 'unknown-id' });
    expect((await send(session(id), basic(key))).value['callSession']).toMatchObject({ id });
  });

  const wsse = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
  const wsu = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
  const profile = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0';
  const token = (inside: string) =>
    `<w:Security xmlns:w="${wsse}" xmlns:u="${wsu}" s:mustUnderstand="1"><w:UsernameToken>${inside}</w:UsernameToken></w:Security>`;
  /** The one the fixtures of PHP were made with: ours are never chosen. */
  const keepPassword = (): Promise<string> =>
    stage.house.db.asMerchant(merchantId, (tx) =>
      putSoapPassword(tx, {
        userName: soapUser,
        merchantId,
        passwordSealed: stage.house.seal.close(soapPassword, `soap password ${merchantId}`),
        at: stage.house.clock.now(),
      }),
    );
  const digested = (given: { user?: string; password?: string; ageMs?: number; nonce?: string } = {}) => {
    const nonce = Buffer.from(given.nonce ?? crypto.randomUUID());
    const created = new Date(stage.house.clock.now().getTime() - (given.ageMs ?? 0)).toISOString();
    const digest = passwordDigest({ nonce, created, password: given.password ?? soapPassword });
    return token(
      `<w:Username>${given.user ?? soapUser}</w:Username><w:Password Type="${profile}#PasswordDigest">${digest}</w:Password><w:Nonce>${nonce.toString('base64')}</w:Nonce><u:Created>${created}</u:Created>`,
    );
  };

  it('is told by a digest of his SOAP password, as PHP makes it', async () => {
    await keepPassword();
    const body = php('by-digest').replace('>shop<', `>${soapUser}<`);
    const created = /<wsu:Created>([^<]*)</.exec(body)?.[1] ?? '';
    const then: House = {
      ...stage.house,
      clock: { ...stage.house.clock, now: () => new Date(created), monotonicMs: () => 0 },
    };
    const there = await serve(then);
    const { id = '' } = await ordered();
    const asked = body.replace(/call_\w+/, id);
    expect((await send(asked, {}, there)).value['callSession']).toMatchObject({ id });
    // The same nonce again: somebody listened.
    expect((await send(asked, {}, there)).fault).toMatchObject({ side: 'FailedAuthentication' });
  });

  it.each<[string, () => string]>([
    ['a wrong password', () => digested({ password: 'guess' })],
    ['a user nobody is', () => digested({ user: `${soapUser}x` })],
    ['a user that cannot be one', () => digested({ user: "' or 1=1" })],
    ['a user without a name', () => digested({ user: '' })],
    ['an old one', () => digested({ ageMs: 301_000 })],
    ['one from the future', () => digested({ ageMs: -301_000 })],
    ['no nonce', () => digested({ nonce: '' })],
    ['no instant', () => digested().replace(/<u:Created>.*<\/u:Created>/, '')],
    ['an instant that is none', () => digested().replace(/(<u:Created>)[^<]*/, '$1yesterday')],
    ['no password', () => token('<w:Username>shop</w:Username>')],
    ['another kind of password', () => token(`<w:Password Type="${profile}#Other">${key}</w:Password>`)],
    ['a key that is none', () => token('<w:Password>rk_live_00000000000000000000000000000000</w:Password>')],
    [
      'the SOAP password in plain',
      () => token(`<w:Username>${soapUser}</w:Username><w:Password>${soapPassword}</w:Password>`),
    ],
  ])('is not told by %s', async (_name, header) => {
    await keepPassword();
    expect((await send(session('call_1', digested()), {})).fault).toMatchObject({ code: 'unknown-id' });
    expect((await send(session('call_1', header()), {})).fault).toMatchObject({
      side: 'FailedAuthentication',
      code: 'not-authorized',
    });
  });

  describe('by a SOAP password of ours', () => {
    const made = async (headers: object = {}) =>
      (await rest('/v1/soap-password', 'POST', undefined, headers)) as { userName: string; password: string };
    const told = async (by: { userName: string; password: string }): Promise<string | undefined> => {
      const { userName: user, password } = by;
      return (await send(session('call_1', digested({ user, password })), {})).fault?.code;
    };

    it('is told by it, by the newest alone, and by none once it is taken away', async () => {
      const first = await made();
      expect(first).toEqual({
        userName: expect.stringMatching(/^soap_/),
        password: expect.stringMatching(/^[0-9A-Za-z_-]{22}$/),
      });
      expect(await told(first)).toBe('unknown-id');
      const second = await made();
      expect(second.userName).toBe(first.userName);
      expect(second.password).not.toBe(first.password);
      expect([await told(first), await told(second)]).toEqual(['not-authorized', 'unknown-id']);
      expect(await rest('/v1/soap-password', 'DELETE')).toEqual({ dropped: true });
      expect(await told(second)).toBe('not-authorized');
      expect(await rest('/v1/soap-password', 'DELETE')).toEqual({ dropped: false });
      expect((await made()).userName).not.toBe(first.userName);
    });

    it('is whose it is: another merchant sees nothing of ours by his', async () => {
      const theirs = (await rest('/v1/soap-password', 'POST', undefined, {
        authorization: `Bearer ${otherKey}`,
      })) as { userName: string; password: string };
      const ours = await made();
      const { id = '' } = await ordered();
      const asked = async ({ userName: user, password }: typeof ours) =>
        send(session(id, digested({ user, password })), {});
      expect((await asked(ours)).value['callSession']).toMatchObject({ id });
      expect((await asked(theirs)).fault).toMatchObject({ code: 'unknown-id' });
      expect(await told({ userName: theirs.userName, password: ours.password })).toBe('not-authorized');
      // Somebody who writes to the database puts his sealed password in our row: it does not open.
      await stage.sql(
        `update soap_passwords set password_sealed = (select password_sealed from soap_passwords where user_name = $1)
         where user_name = $2`,
        [theirs.userName, ours.userName],
      );
      expect(await told({ userName: ours.userName, password: theirs.password })).toBe('unexpected');
      await made();
    });

    it('lies nowhere in plain, not even in the answer kept for a repeat', async () => {
      const { password } = await made({ 'idempotency-key': 'soap-password-1' });
      const kept = await stage.sql<{ text: string }>(
        `select row_to_json(p)::text as text from soap_passwords p
         union all select row_to_json(k)::text from idempotency_keys k`,
      );
      expect(kept.length).toBeGreaterThan(1);
      for (const { text } of kept) {
        expect(text).not.toContain(password);
        expect(text).not.toContain(Buffer.from(password).toString('hex'));
      }
    });

    it('is no API key', async () => {
      const { userName, password } = await made();
      expect((await send(session('call_1'), basic(password, userName))).status).toBe(401);
      const answer = await fetch(`${url}/v1/lines`, { headers: { authorization: `Bearer ${password}` } });
      expect(answer.status).toBe(401);
    });
  });
});

describe('a request that cannot be read', () => {
  const laughs = `<!DOCTYPE s [<!ENTITY a0 "ha">${Array.from({ length: 9 }, (_, at) => `<!ENTITY a${String(at + 1)} "${`&a${String(at)};`.repeat(10)}">`).join('')}]>`;
  it.each<[string, string, string]>([
    ['nothing', '', 'no element'],
    ['words', 'hello', 'not well-formed'],
    ['JSON', '{"line":"demo"}', 'not well-formed'],
    ['a bomb of entities', session('&a9;').replace('<s:Env', `${laughs}<s:Env`), 'DOCTYPE'],
    [
      'a file of ours',
      session('&a;').replace('<s:Env', '<!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/passwd">]><s:Env'),
      'DOCTYPE',
    ],
    ['half an envelope', session('call_1').slice(0, -20), 'not well-formed'],
    [
      'SOAP 1.2',
      session('call_1').replace(
        'http://schemas.xmlsoap.org/soap/envelope/',
        'http://www.w3.org/2003/05/soap-envelope',
      ),
      'SOAP 1.2',
    ],
    ['no body', '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>', 'one body'],
    ['an empty body', envelope(''), 'one element'],
    [
      'two messages',
      envelope(`<getCallSession xmlns="${namespace}"/><getCallSession xmlns="${namespace}"/>`),
      'one element',
    ],
    ['ten thousand elements', message('getCallSession', '<id/>'.repeat(10_000)), 'more than 5000'],
    ['nesting without end', message('getCallSession', '<id>'.repeat(3_000) + '</id>'.repeat(3_000)), 'deep'],
    ['a NUL', session('&#0;'), 'not well-formed'],
    [
      'a style sheet',
      session('call_1').replace('<s:Env', '<?xml-stylesheet href="x"?><s:Env'),
      'processing instruction',
    ],
    ['a field that is missing', message('getCallSession', ''), 'has no id'],
    ['a field too many', message('getCallSession', '<id>call_1</id><x>1</x>'), 'does not have in the WSDL'],
    ['a field twice', message('getCallSession', '<id>call_1</id><id>call_2</id>'), 'more than once'],
    ['a field of nobody’s', message('getCallSession', '<id xmlns="">call_1</id>'), 'namespace'],
    ['an id that is none', session("' or 1=1"), 'as its type'],
    [
      'minutes in words',
      message('orderCallback', '<order><line>demo</line><minutes>ten</minutes></order>'),
      'whole number from 1 to 1440',
    ],
    [
      'no minutes',
      message('orderCallback', '<order><line>demo</line><minutes>0</minutes></order>'),
      'whole number from 1 to 1440',
    ],
    [
      'maybe',
      message('orderCallback', '<order><line>demo</line><moreTime>maybe</moreTime></order>'),
      'true or false',
    ],
    [
      'a language nobody speaks',
      message('orderCallback', '<order><line>demo</line><language>tlh</language></order>'),
      'one of fr, en',
    ],
  ])('%s', async (_name, body, sentence) => {
    const { fault } = await send(body);
    expect(fault).toMatchObject({ side: 'Client', code: 'invalid-request' });
    expect(fault?.sentence).toContain(sentence);
  });

  it.each(['-1.00', '1e3', '0x10', 'NaN', 'INF', '', '1,00', '5.0001', '9'.repeat(16), '1 000', '--1', '.'])(
    'an amount of %j',
    async (amount) => {
      const inside = `<orderId>${captured}</orderId><amount><amount>${amount}</amount><currency>EUR</currency></amount>`;
      expect((await send(message('refundPayment', inside))).fault).toMatchObject({ code: 'invalid-request' });
    },
  );

  it.each([
    ['+0.010', '0.01'],
    ['.01', '0.01'],
    ['0000.01', '0.01'],
    ['0.010000000000000000000000000000', '0.01'],
  ])('but an amount of %s is %s', async (amount, expected) => {
    const inside = `<orderId>${captured}</orderId><amount><amount>${amount}</amount><currency>EUR</currency></amount>`;
    const { value } = await send(message('refundPayment', inside));
    expect(value['refund']).toMatchObject({ amount: { amount: expected, currency: 'EUR' } });
  });

  it.each([
    ['an operation nobody has', message('dropTables', '')],
    ['one of Object’s own', message('constructor', '')],
    ['one in another namespace', session('call_1').replaceAll(namespace, 'urn:other')],
    ['one in none', session('call_1').replace(` xmlns="${namespace}"`, '')],
    ['an answer', message('getCallSessionResponse', '')],
  ])('%s', async (_name, body) => {
    expect((await send(body)).fault).toMatchObject({ side: 'Client', code: 'not-found' });
  });

  it('a header that must be understood, by somebody else', async () => {
    const header = '<t:Transaction xmlns:t="urn:t" s:mustUnderstand="1">5</t:Transaction>';
    expect((await send(session('call_1', header))).fault).toMatchObject({ side: 'MustUnderstand' });
    const free = header.replace(' s:mustUnderstand="1"', '');
    expect((await send(session('call_1', free))).fault).toMatchObject({ code: 'unknown-id' });
  });

  it.each<[number, string, string | Buffer, Record<string, string>]>([
    [413, 'more than 1 MB', Buffer.alloc(1_100_000, ' '), {}],
    [415, 'JSON', '{}', { 'content-type': 'application/json' }],
    [415, 'SOAP 1.2’s type', session('call_1'), { 'content-type': 'application/soap+xml' }],
    [415, 'another charset', session('call_1'), { 'content-type': 'text/xml; charset=iso-8859-1' }],
    [400, 'packed', gzipSync(session('call_1')), { 'content-encoding': 'gzip' }],
  ])('%i for %s', async (status, _name, body, headers) => {
    const answer = await send(body, { ...basic(key), ...headers });
    expect(answer.status).toBe(status);
  });

  it('bytes that are not UTF-8', async () => {
    const { fault } = await send(Buffer.from(session('é'), 'latin1'));
    expect(fault).toMatchObject({ code: 'invalid-request', sentence: expect.stringContaining('UTF-8') });
  });
});

describe('when something breaks inside', () => {
  it('the fault says so, and nothing of what it was', async () => {
    const db = {
      asNobody: stage.house.db.asNobody.bind(stage.house.db),
      asMerchant: () => Promise.reject(new Error('password of the database at /srv/x.ts')),
    } as unknown as Database;
    const there = await serve({ ...stage.house, db });
    const answer = await send(session('call_1'), basic(key), there);
    expect(answer.fault).toMatchObject({ side: 'Server', code: 'unexpected' });
    expect(answer.text).not.toContain('password');
  });
});
