// The demo merchant: believes signatures only, counts a notice once, behaves as badly as a test asks.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startMerchant, type ReceivedNotice } from '../../src/sandbox/merchant.ts';
import type { SeenRequest } from '../../src/sandbox/merchant-server.ts';
import type { RunningPart } from '../../src/sandbox/part-contract.ts';

const secret = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
let merchant: RunningPart;
let url: string;
let dataDir: string;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'ringmeter-merchant-'));
  merchant = await startMerchant(settings());
  url = `http://127.0.0.1:${merchant.ports['http']}`;
});
const settings = () => ({
  dataDir,
  publicUrl: 'http://localhost:3001',
  gatewayUrl: 'http://localhost:3000',
  noticeSecret: secret,
});
afterEach(async () => {
  await merchant.close();
  rmSync(dataDir, { recursive: true });
});

function deliver(id: string, body: unknown, signedWith = secret, at = new Date()): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(`${url}/notices`, {
    method: 'POST',
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(signedWith).sign(id, at, text),
    },
    body: text,
  });
}

async function notices(): Promise<ReceivedNotice[]> {
  return (await (await fetch(`${url}/api/merchant/notices`)).json()) as ReceivedNotice[];
}

function behave(behaviour: unknown): Promise<Response> {
  return fetch(`${url}/api/merchant/behaviour`, { method: 'PUT', body: JSON.stringify(behaviour) });
}

describe('a notice', () => {
  test('that is signed is acknowledged and shown, the newest first', async () => {
    expect((await deliver('ntc_1', { type: 'call.ringing' })).status).toBe(204);
    expect((await deliver('ntc_2', { type: 'call.connected', reference: 'é' })).status).toBe(204);
    expect(await notices()).toMatchObject([
      {
        id: 'ntc_2',
        type: 'call.connected',
        verified: true,
        body: { type: 'call.connected', reference: 'é' },
      },
      { id: 'ntc_1', type: 'call.ringing', verified: true, answers: [204] },
    ]);
  });

  test('that comes twice is one notice', async () => {
    await deliver('ntc_1', { type: 'call.ended' });
    await deliver('ntc_1', { type: 'call.ended' });
    expect(await notices()).toMatchObject([{ id: 'ntc_1', answers: [204, 204] }]);
  });

  test.each([
    [
      'another secret',
      () => deliver('ntc_1', { type: 'x' }, `whsec_${Buffer.alloc(24, 2).toString('base64')}`),
    ],
    ['an old time', () => deliver('ntc_1', { type: 'x' }, secret, new Date(Date.now() - 3_600_000))],
    ['no signature', () => fetch(`${url}/notices`, { method: 'POST', body: '{"type":"x"}' })],
  ])('with %s is refused and shown as such', async (_what, send) => {
    expect((await send()).status).toBe(401);
    expect(await notices()).toMatchObject([{ verified: false, type: 'x', answers: [401] }]);
  });

  test('that was forged does not replace the true one of the same id', async () => {
    await deliver('ntc_1', { type: 'true' });
    await deliver('ntc_1', { type: 'forged' }, `whsec_${Buffer.alloc(24, 2).toString('base64')}`);
    expect(await notices()).toMatchObject([{ type: 'true', verified: true, answers: [204, 401] }]);
  });

  test('that is no JSON, or none at all', async () => {
    await deliver('ntc_1', 'not json');
    await deliver('ntc_2', '');
    expect(await notices()).toMatchObject([
      { id: 'ntc_2', body: '', type: '' },
      { id: 'ntc_1', body: 'not json', type: '' },
    ]);
  });

  test('of two megabytes is refused', async () => {
    const answer = await deliver('ntc_1', 'x'.repeat(2_000_000)).then(
      (response) => response.status,
      () => 'closed',
    );
    expect([413, 'closed']).toContain(answer);
    expect(await notices()).toEqual([]);
  });

  test('only the last thousand are kept', async () => {
    for (let batch = 0; batch < 41; batch += 1) {
      await Promise.all(
        Array.from({ length: 25 }, (_, index) => deliver(`ntc_${batch}_${index}`, { type: 'x' })),
      );
    }
    const kept = await notices();
    expect(kept).toHaveLength(1000);
    expect(kept.some((notice) => notice.id.startsWith('ntc_0_'))).toBe(false);
  });
});

describe('behaviour', () => {
  test('answers what it is told, for as long as it is told', async () => {
    await behave({ answer: 503, retryAfter: 7, times: 2 });
    const first = await deliver('ntc_1', { type: 'x' });
    expect([first.status, first.headers.get('retry-after')]).toEqual([503, '7']);
    expect((await deliver('ntc_1', { type: 'x' })).status).toBe(503);
    expect((await deliver('ntc_1', { type: 'x' })).status).toBe(204);
    expect(await notices()).toMatchObject([{ answers: [503, 503, 204] }]);
    await behave({ answer: 410 });
    expect((await deliver('ntc_2', { type: 'x' })).status).toBe(410);
    await behave({});
    expect((await deliver('ntc_3', { type: 'x' })).status).toBe(204);
  });

  test('drops the connection', async () => {
    await behave({ answer: 'drop', times: 1 });
    await expect(deliver('ntc_1', { type: 'x' })).rejects.toThrow();
    expect(await notices()).toMatchObject([{ answers: [0] }]);
  });

  test('answers late', async () => {
    await behave({ delayMs: 120_000 });
    const sending = request(`${url}/notices`, { method: 'POST' });
    sending.on('error', () => undefined);
    sending.end('x');
    await once(sending, 'finish');
    // Others are not held up, and closing does not wait for it (afterEach).
    expect((await behave({ delayMs: 0 })).status).toBe(200);
    sending.destroy();
  });

  test('may be of notices, of questions or of reports alone', async () => {
    await behave({ answer: 503, to: 'reports' });
    expect((await deliver('ntc_1', { type: 'x' })).status).toBe(204);
    expect((await askRest('recognize-caller', question)).status).toBe(200);
    expect((await askRest('report-usage', { callSessionId: 'call_1' }, 'use_1')).status).toBe(503);
    await behave({ answer: 500, retryAfter: 3, times: 1 });
    expect((await askRest('recognize-caller', question)).status).toBe(500);
    expect((await askRest('recognize-caller', question)).status).toBe(200);
  });

  test.each([
    { to: 'everybody' },
    { answer: 99 },
    { answer: 'x' },
    { delayMs: -1 },
    { retryAfter: 1.5 },
    { times: 0 },
    [],
    'x',
    null,
  ])('refuses %j', async (behaviour) => {
    const answer = await behave(behaviour);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: expect.any(String) });
  });
});

const question = {
  requestId: 'call_1_1',
  callSessionId: 'call_1',
  cliTrust: 'network',
  cli: '+33612345678',
  ddi: '+33199000201',
  line: 'demo-known',
  at: '2026-11-22T10:00:00.000Z',
  callsInProgress: 0,
  secondsNotYetReported: 0,
};

function askRest(path: string, body: unknown, id = 'call_1_1', signedWith = secret): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const at = new Date();
  return fetch(`${url}/server/${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(signedWith).sign(id, at, text),
    },
    body: text,
  });
}

const namespaces =
  'xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:ringmeter:merchant-server:1" ' +
  'xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" ' +
  'xmlns:wsu="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"';

function usernameToken(given: { password?: string; nonce?: string; created?: string } = {}): string {
  const { password = secret, nonce = Math.random().toString(), created = new Date().toISOString() } = given;
  const digest = createHash('sha1').update(nonce).update(created).update(password).digest('base64');
  const type =
    'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest';
  return (
    `<wsse:Security><wsse:UsernameToken><wsse:Username>ringmeter</wsse:Username>` +
    `<wsse:Password Type="${type}">${digest}</wsse:Password>` +
    `<wsse:Nonce>${Buffer.from(nonce).toString('base64')}</wsse:Nonce>` +
    `<wsu:Created>${created}</wsu:Created></wsse:UsernameToken></wsse:Security>`
  );
}

async function askSoap(
  message: string,
  header = usernameToken(),
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${url}/server/soap`, {
    method: 'POST',
    headers: { 'content-type': 'text/xml; charset=utf-8', ...headers },
    body: `<?xml version="1.0"?>\n<e:Envelope ${namespaces}><e:Header>${header}</e:Header><e:Body>${message}</e:Body></e:Envelope>`,
  });
  return { status: answer.status, text: await answer.text() };
}

function questionXml(operation: string, more: Record<string, string> = {}): string {
  const fields = Object.entries({ ...question, ...more }).map(
    ([name, value]) => `<${name}>${String(value)}</${name}>`,
  );
  return `<${operation}><question>${fields.join('')}</question></${operation}>`;
}

async function edit(change: (book: Book) => unknown): Promise<Response> {
  const book = (await (await fetch(`${url}/api/merchant/clients`)).json()) as Book;
  const changed = change(book) ?? book;
  return fetch(`${url}/api/merchant/clients`, { method: 'PUT', body: JSON.stringify(changed) });
}
interface Book {
  clients: Record<string, unknown>[];
  strangers: Record<string, unknown>;
}

async function seen(): Promise<SeenRequest[]> {
  return (await (await fetch(`${url}/api/merchant/requests`)).json()) as SeenRequest[];
}

describe('who calls', () => {
  const { cli: _cli, ...withheld } = { ...question, cliTrust: 'withheld' };
  test.each([
    ['known by his number', 'recognize-caller', {}, { outcome: 'recognized', clientCode: '4711' }],
    ['unknown', 'recognize-caller', { cli: '+33699999999' }, { outcome: 'refused', reason: 'unknown' }],
    [
      'by his code, with a PIN',
      'recognize-client-code',
      { clientCode: '2024', pin: '1234' },
      { outcome: 'recognized', language: 'en' },
    ],
    [
      'by his code, PIN wanted',
      'recognize-client-code',
      { clientCode: '2024' },
      { outcome: 'proof_wanted', proof: 'pin', clientCode: '2024' },
    ],
    [
      'a wrong PIN',
      'recognize-client-code',
      { clientCode: '2024', pin: '9' },
      { outcome: 'refused', reason: 'wrong_pin' },
    ],
    [
      'a code nobody has',
      'recognize-client-code',
      { clientCode: '1' },
      { outcome: 'refused', reason: 'unknown' },
    ],
    [
      'nothing left',
      'recognize-client-code',
      { clientCode: '4004' },
      { outcome: 'recognized', talkLimitSeconds: 0 },
    ],
    ['blocked', 'recognize-caller', { cli: '+33612345680' }, { outcome: 'refused', reason: 'blocked' }],
  ])('%s: the same in both languages', async (_what, path, more, said) => {
    const rest = await askRest(path, { ...question, ...more });
    expect(rest.status).toBe(200);
    const answer = (await rest.json()) as Record<string, unknown>;
    expect(answer).toMatchObject(said);
    const operation = path === 'recognize-caller' ? 'recognizeCaller' : 'recognizeClientCode';
    const soap = await askSoap(questionXml(operation, more));
    expect(soap.status).toBe(200);
    for (const [name, value] of Object.entries(answer)) {
      for (const one of [value].flat()) {
        expect(soap.text).toContain(`<m:${name.replace(/s$/, '')}`);
        expect(soap.text).toContain(`>${String(one)}<`);
      }
    }
  });

  test('a number that is withheld is nobody', async () => {
    expect(await (await askRest('recognize-caller', withheld)).json()).toMatchObject({ outcome: 'refused' });
    const lying = { ...question, cliTrust: 'withheld' };
    expect(await (await askRest('recognize-caller', lying)).json()).toMatchObject({ outcome: 'refused' });
  });

  test('strangers may be asked for a code instead', async () => {
    await edit(() => ({ strangers: { answer: 'proof_wanted', text: 'Votre code ?', language: 'fr' } }));
    expect(await (await askRest('recognize-caller', withheld)).json()).toEqual({
      outcome: 'proof_wanted',
      proof: 'client_code',
      language: 'fr',
      text: 'Votre code ?',
    });
  });

  test('what is asked is kept with its verdict and its answer, a PIN never', async () => {
    await askRest('recognize-client-code', { ...question, clientCode: '2024', pin: '1234' });
    await askSoap(
      questionXml('recognizeClientCode', { requestId: 'call_2_1', clientCode: '2024', pin: '1234' }),
    );
    const kept = await seen();
    expect(kept).toMatchObject([
      {
        id: 'call_2_1',
        protocol: 'soap',
        provenBy: 'username_token',
        verified: true,
        client: 'Bruno Keller',
      },
      {
        id: 'call_1_1',
        protocol: 'rest',
        operation: 'recognizeClientCode',
        provenBy: 'signature',
        verified: true,
        fields: { clientCode: '2024', pin: '***', callsInProgress: 0 },
        answer: { status: 200, body: expect.stringContaining('recognized') },
        tookMs: expect.any(Number),
      },
    ]);
    expect(kept[0]?.fields).toMatchObject({ callsInProgress: 0, cli: '+33612345678' });
    expect(JSON.stringify(kept)).not.toContain('1234"');
    expect(kept.map(({ body }) => body).join()).not.toMatch(/1234(?!5678)/);
    expect(kept.map(({ body }) => body).join()).not.toContain(secret);
  });

  test('a question that comes again is seen as a repeat', async () => {
    await askRest('recognize-caller', question);
    await askRest('recognize-caller', question);
    expect((await seen()).map(({ repeats }) => repeats)).toEqual([1, 0]);
  });

  test('whoever is not the gateway learns nothing, in either language', async () => {
    const other = `whsec_${Buffer.alloc(24, 2).toString('base64')}`;
    expect((await askRest('recognize-caller', question, 'call_1_1', other)).status).toBe(401);
    const unsigned = await fetch(`${url}/server/recognize-caller`, {
      method: 'POST',
      body: JSON.stringify(question),
    });
    expect(unsigned.status).toBe(401);
    const once = usernameToken();
    expect((await askSoap(questionXml('recognizeCaller'), once)).status).toBe(200);
    for (const header of [
      once,
      '',
      usernameToken({ password: 'other' }),
      usernameToken({ created: new Date(Date.now() - 3_600_000).toISOString() }),
      usernameToken({ created: 'yesterday' }),
      usernameToken().replace('#PasswordDigest', '#PasswordText'),
    ]) {
      const answer = await askSoap(questionXml('recognizeCaller'), header);
      expect(answer.status).toBe(500);
      expect(answer.text).toContain('<m:code>not_authorized</m:code>');
      expect(answer.text).not.toContain('recognized');
    }
    const basic = `Basic ${Buffer.from(`ringmeter:${secret}`).toString('base64')}`;
    expect((await askSoap(questionXml('recognizeCaller'), '', { authorization: basic })).status).toBe(200);
    const wrong = `Basic ${Buffer.from('ringmeter:x').toString('base64')}`;
    expect((await askSoap(questionXml('recognizeCaller'), '', { authorization: wrong })).status).toBe(500);
    expect((await seen()).map(({ verified }) => verified).filter(Boolean)).toHaveLength(2);
  });

  test.each([
    '',
    'no xml',
    '<a>',
    '<a></b>',
    '<!DOCTYPE a [<!ENTITY x "y">]><a/>',
    '<a/><b/>',
    '<Envelope/>',
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>',
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><x/></e:Body></e:Envelope>',
  ])('of %j a fault is made', async (body) => {
    const answer = await fetch(`${url}/server/soap`, { method: 'POST', body });
    expect(answer.status).toBe(500);
    expect(answer.headers.get('content-type')).toBe('text/xml; charset=utf-8');
    expect(await answer.text()).toContain('<faultcode>soapenv:Client</faultcode>');
  });

  test('prefixes, comments, CDATA and entities are read as what they mean', async () => {
    const answer = await askSoap(
      `<!-- he --><x:recognizeClientCode xmlns:x="urn:ringmeter:merchant-server:1"><x:question>` +
        `<x:cliTrust>withheld</x:cliTrust><x:clientCode><![CDATA[47]]>&#49;&#x31;</x:clientCode></x:question></x:recognizeClientCode>`,
    );
    expect(answer.text).toContain('<m:clientCode>4711</m:clientCode>');
  });
});

describe('the books', () => {
  test('what is edited is what is answered, and survives the end of the part', async () => {
    const answer = await edit(({ clients }) => {
      clients[0] = {
        ...clients[0],
        talkLimitSeconds: 42,
        language: 'fr',
        consultants: ['con_b', 'con_a'],
        destination: '+33123456789',
        text: 'Bonjour <Alice> & les autres',
      };
    });
    expect(answer.status).toBe(200);
    const said = {
      outcome: 'recognized',
      clientCode: '4711',
      talkLimitSeconds: 42,
      language: 'fr',
      consultants: ['con_b', 'con_a'],
      destination: '+33123456789',
      text: 'Bonjour <Alice> & les autres',
    };
    expect(await (await askRest('recognize-caller', question)).json()).toEqual(said);
    const xml = (await askSoap(questionXml('recognizeCaller'))).text;
    expect(xml).toContain(
      '<m:consultant>con_b</m:consultant><m:consultant>con_a</m:consultant><m:destination>',
    );
    expect(xml).toContain('Bonjour &lt;Alice&gt; &amp; les autres');
    await merchant.close();
    merchant = await startMerchant(settings());
    url = `http://127.0.0.1:${merchant.ports['http']}`;
    expect(await (await askRest('recognize-caller', question)).json()).toEqual(said);
    await fetch(`${url}/api/merchant/clients`, { method: 'DELETE' });
    expect(await (await askRest('recognize-caller', question)).json()).toMatchObject({
      talkLimitSeconds: 900,
    });
  });

  test.each([
    [503, 503, /told to answer 503/],
    [302, 302, /./],
    ['html', 200, /<h1>/],
    ['nonsense', 200, /plenty/],
  ])('a client whose question goes wrong: %s', async (error, status, body) => {
    await edit(({ clients }) => void (clients[0] = { ...clients[0], error }));
    const text = JSON.stringify(question);
    const at = new Date();
    const answer = await fetch(`${url}/server/recognize-caller`, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'webhook-id': 'x',
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': new Webhook(secret).sign('x', at, text),
      },
      body: text,
    });
    expect(answer.status).toBe(status);
    expect(await answer.text()).toMatch(body);
    // Others are answered as ever, and his reports too.
    expect((await askRest('recognize-client-code', { ...question, clientCode: '5005' })).status).toBe(200);
    expect((await askRest('report-usage', { clientCode: '4711' }, 'use_1')).status).toBe(204);
  });

  test('a client who is dropped, and one who is answered by the byte', async () => {
    await edit(({ clients }) => void (clients[0] = { ...clients[0], error: 'drop' }));
    await expect(askRest('recognize-caller', question)).rejects.toThrow();
    expect(await seen()).toMatchObject([{ answer: { status: 0 } }]);
    await edit(({ clients }) => void (clients[0] = { ...clients[0], error: 'drip' }));
    const answer = await askRest('recognize-caller', question);
    const reader = answer.body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('{');
    await reader.cancel();
  });

  test.each([
    { clients: 'all' },
    { clients: [{}] },
    { clients: [null] },
    { clients: [{ clientCode: 'a b' }] },
    { clients: [{ clientCode: 4711 }] },
    { clients: [{ clientCode: '1' }, { clientCode: '1' }] },
    {
      clients: [
        { clientCode: '1', clis: ['+33612345678'] },
        { clientCode: '2', clis: ['+33612345678'] },
      ],
    },
    { clients: [{ clientCode: '1', clis: ['0612345678'] }] },
    { clients: [{ clientCode: '1', clis: '+33612345678' }] },
    { clients: [{ clientCode: '1', pin: 'abcd' }] },
    { clients: [{ clientCode: '1', talkLimitSeconds: 1.5 }] },
    { clients: [{ clientCode: '1', talkLimitSeconds: '60' }] },
    { clients: [{ clientCode: '1', language: 'de' }] },
    { clients: [{ clientCode: '1', delayMs: -1 }] },
    { clients: [{ clientCode: '1', error: 99 }] },
    { clients: [{ clientCode: '1', error: 'slow' }] },
    { clients: [{ clientCode: '1', blocked: 'yes' }] },
    { clients: Array.from({ length: 201 }, (_, index) => ({ clientCode: String(index) })) },
    { strangers: { answer: 'recognized' } },
    { strangers: 7 },
    [],
  ])('%j is not written into them', async (body) => {
    const before = await (await fetch(`${url}/api/merchant/clients`)).text();
    const answer = await fetch(`${url}/api/merchant/clients`, { method: 'PUT', body: JSON.stringify(body) });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: expect.any(String) });
    expect(await (await fetch(`${url}/api/merchant/clients`)).text()).toBe(before);
  });
});

describe('a report of what was used', () => {
  const report = {
    callSessionId: 'call_1',
    clientCode: '4711',
    sequence: 1,
    billableSeconds: 61,
    talkMilliseconds: 60_400,
    outcome: 'talked',
  };
  test('is kept once, however often it comes and in whichever language', async () => {
    await behave({ answer: 503, to: 'reports', times: 1 });
    expect((await askRest('report-usage', report, 'use_1')).status).toBe(503);
    expect((await askRest('report-usage', report, 'use_1')).status).toBe(204);
    const fields = Object.entries({ ...report, sequence: 2, billableSeconds: 10 }).map(
      ([name, value]) => `<${name}>${String(value)}</${name}>`,
    );
    const soap = await askSoap(
      `<reportUsage><id>use_2</id><report>${fields.join('')}</report></reportUsage>`,
    );
    expect(soap).toMatchObject({ status: 200, text: expect.stringContaining('reportUsageResponse') });
    expect(await (await fetch(`${url}/api/merchant/reports`)).json()).toMatchObject([
      { id: 'use_2', deliveries: 1, answers: [200], report: { sequence: 2, billableSeconds: 10 } },
      { id: 'use_1', deliveries: 2, answers: [503, 204], report },
    ]);
    const { clients } = (await (await fetch(`${url}/api/merchant/clients`)).json()) as Book;
    expect(clients[0]).toMatchObject({ clientCode: '4711', used: { calls: 2, seconds: 71 } });
  });

  test('that nobody signed is seen, and not kept', async () => {
    const forged = await askRest(
      'report-usage',
      report,
      'use_1',
      `whsec_${Buffer.alloc(24, 2).toString('base64')}`,
    );
    expect(forged.status).toBe(401);
    expect(await (await fetch(`${url}/api/merchant/reports`)).json()).toEqual([]);
    expect(await seen()).toMatchObject([
      { operation: 'reportUsage', verified: false, answer: { status: 401 } },
    ]);
  });
});

test('requests are told as they come', async () => {
  const stream = await fetch(`${url}/api/merchant/requests/events`);
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader.read()).value).toBe('event: requests\ndata: []\n\n');
  await askRest('recognize-caller', question);
  expect((await reader.read()).value).toMatch(/^event: requests\ndata: \[\{"id":"call_1_1"/);
  await reader.cancel();
  await fetch(`${url}/api/merchant/requests`, { method: 'DELETE' });
  expect(await seen()).toEqual([]);
});

test('events tell what is there on connecting, and every change', async () => {
  await deliver('ntc_1', { type: 'one' });
  const stream = await fetch(`${url}/api/merchant/events`);
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader.read()).value).toMatch(/^event: notices\ndata: \[\{"id":"ntc_1".*\n\n$/);
  await deliver('ntc_2', { type: 'two' });
  expect((await reader.read()).value).toMatch(/^event: notices\ndata: \[\{"id":"ntc_2".*"ntc_1"/);
  await reader.cancel();
});

test('the page wears the ribbon and runs nothing from a notice', async () => {
  const page = await fetch(`${url}/merchant`);
  expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'/);
  expect(await page.text()).toContain('sandbox: no real money, no real calls');
});

test('anything else is not here', async () => {
  expect((await fetch(`${url}/nothing`)).status).toBe(404);
  expect((await fetch(`${url}/notices`)).status).toBe(404);
});
