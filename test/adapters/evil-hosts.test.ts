// Merchants' servers at their worst. Each gives an outcome, the caller on the line waits no longer than the deadline, and a
// word to the developer says what was wrong. Deadlines are short where the host lets them run out.

import { createServer as createTcpServer } from 'node:net';
import type { RequestListener, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { usageBody } from '../../src/core/known-caller.ts';
import { HttpMerchantServer } from '../../src/merchants/merchant-server.ts';
import { merchantHttp } from '../../src/merchants/outbound.ts';
import { realClock } from '../../src/clock-and-ids.ts';
import {
  asking,
  both,
  byCode,
  byNumber,
  closeAll,
  envelope,
  listening,
  opening,
  recognition,
  said,
  scripted,
  secret,
  usage,
} from './scripted-merchant.ts';

afterEach(closeAll);

type Protocol = (typeof both)[number];
const typeOf = (protocol: Protocol) => (protocol === 'rest' ? 'application/json' : 'text/xml');
const fine = (protocol: Protocol) => said(protocol, { outcome: 'recognized', clientCode: 'C-1001' });
/** An answer of this body, and of the right type unless it is given. */
const sends =
  (body: string | Buffer, headers: Record<string, string> = {}, status = 200) =>
  (protocol: Protocol): RequestListener =>
  (_, response) => {
    response.writeHead(status, { 'content-type': typeOf(protocol), ...headers }).end(body);
  };
const sendsFine =
  (headers: Record<string, string>, status = 200) =>
  (protocol: Protocol) =>
    sends(fine(protocol), headers, status)(protocol);
const drips =
  (first: string) =>
  (protocol: Protocol): RequestListener =>
  (_, response) => {
    response.writeHead(200, { 'content-type': typeOf(protocol) });
    response.write(first);
    const dripping = setInterval(() => response.write(' '), 5);
    response.once('close', () => clearInterval(dripping));
  };

type Script = (protocol: Protocol) => RequestListener;
type Because = 'no_answer' | 'forbidden' | 'status' | 'fault' | 'nonsense';
/** The last member: the deadline, where it is to run out. */
const hosts: [string, Script, Because, string, number?][] = [
  ['says nothing', () => () => undefined, 'no_answer', 'within 0.2 s', 200],
  [
    'sends headers and nothing more',
    () => (_, response) => response.writeHead(200).flushHeaders(),
    'no_answer',
    'within 0.2 s',
    200,
  ],
  ['drips a byte at a time', drips('{'), 'no_answer', 'within 0.2 s', 200],
  [
    'drips after a whole answer',
    (protocol) => drips(fine(protocol))(protocol),
    'no_answer',
    'within 0.2 s',
    200,
  ],
  ['closes without a word', () => (_, response) => response.destroy(), 'no_answer', 'No answer'],
  [
    'closes in the middle',
    () => (_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"outcome"', () => response.destroy());
    },
    'no_answer',
    'No answer',
  ],
  ['breaks off its chunks', () => (_, response) => breakOff(response), 'no_answer', 'No answer'],
  ['fails with 500', sends('oops', { 'content-type': 'text/plain' }, 500), 'status', 'HTTP 500'],
  ['fails with 500 and what looks like an answer', sendsFine({}, 500), 'status', 'HTTP 500'],
  [
    'knows no such page',
    sends('<h1>Not found</h1>', { 'content-type': 'text/html' }, 404),
    'status',
    'HTTP 404',
  ],
  ['does not take the password', sends('', {}, 401), 'status', 'HTTP 401'],
  ['redirects', sends('', { location: 'https://elsewhere.example/' }, 302), 'status', 'redirect'],
  [
    'redirects to a private address',
    sends('', { location: 'http://169.254.169.254/' }, 307),
    'status',
    'redirect',
  ],
  ['has nothing to say', sends(''), 'nonsense', 'empty answer'],
  ['says 204', sends('', {}, 204), 'nonsense', 'Your server'],
  [
    'sends a page of HTML',
    sends('<!doctype html><title>Welcome</title>', { 'content-type': 'text/html' }),
    'nonsense',
    'text/html',
  ],
  [
    'sends a page of HTML under the right type',
    sends('<!doctype html><p>Welcome<br>'),
    'nonsense',
    'Your server',
  ],
  [
    'sends the answer under a wrong type',
    sendsFine({ 'content-type': 'text/plain' }),
    'nonsense',
    'text/plain',
  ],
  [
    'sends a type that is a sentence',
    sendsFine({ 'content-type': 'my password is 4711' }),
    'nonsense',
    'no content type',
  ],
  [
    'sends another charset',
    (protocol) => sendsFine({ 'content-type': `${typeOf(protocol)}; charset=utf-16` })(protocol),
    'nonsense',
    'UTF-8',
  ],
  [
    'sends Latin-1 for UTF-8',
    (protocol) =>
      sends(Buffer.from(said(protocol, { outcome: 'refused', reason: 'other', text: 'é' }), 'latin1'))(
        protocol,
      ),
    'nonsense',
    'not UTF-8',
  ],
  [
    'sends random bytes',
    sends(Buffer.from(Array.from({ length: 999 }, (_, at) => (at * 197) % 256))),
    'nonsense',
    'not UTF-8',
  ],
  [
    'packs its answer',
    (protocol) => sends(gzipSync(fine(protocol)), { 'content-encoding': 'gzip' })(protocol),
    'nonsense',
    'packed',
  ],
  [
    'sends a bomb of gzip',
    sends(gzipSync(Buffer.alloc(20_000_000)), { 'content-encoding': 'gzip' }),
    'nonsense',
    'packed',
  ],
  ['sends a megabyte', sends('x'.repeat(1_000_000)), 'forbidden', 'larger than 65536 bytes'],
  ['sends without end', () => (_, response) => flood(response), 'forbidden', 'larger than 65536 bytes'],
  ['floods with headers', sendsFine({ 'x-much': 'y'.repeat(20_000) }), 'forbidden', 'headers'],
  [
    'floods with many headers',
    (protocol) =>
      sendsFine(
        Object.fromEntries(Array.from({ length: 900 }, (_, at) => [`x-${String(at)}`, 'y'.repeat(30)])),
      )(protocol),
    'forbidden',
    'headers',
  ],
  [
    'truncates its answer',
    (protocol) => sends(fine(protocol).slice(0, -9))(protocol),
    'nonsense',
    'Your server',
  ],
  [
    'says it twice',
    (protocol) => sends(fine(protocol) + fine(protocol))(protocol),
    'nonsense',
    'Your server',
  ],
  [
    'answers another question',
    (protocol) => sends(protocol === 'rest' ? '{"received":true}' : recognition('', 'reportUsage'))(protocol),
    'nonsense',
    'Your server',
  ],
  [
    'nests without end',
    (protocol) => sends(protocol === 'rest' ? '['.repeat(30_000) : '<a>'.repeat(20_000))(protocol),
    'nonsense',
    'Your server',
  ],
  [
    'nests within its answer',
    (protocol) =>
      sends(
        protocol === 'rest'
          ? `{"outcome":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
          : recognition('<m:outcome>' + '<a>'.repeat(5_000) + '</a>'.repeat(5_000) + '</m:outcome>'),
      )(protocol),
    'nonsense',
    'Your server',
  ],
  [
    'switches protocols',
    () => (request) =>
      void request.socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
      ),
    'no_answer',
    'No answer',
    300,
  ],
];

function breakOff(response: ServerResponse): void {
  response.writeHead(200, { 'transfer-encoding': 'chunked' }).flushHeaders();
  response.socket?.write('ffff\r\n{"outcome"', () => response.destroy());
}
function flood(response: ServerResponse): void {
  response.writeHead(200);
  const pour = (): void => {
    while (!response.destroyed && response.write('z'.repeat(16_384))) continue;
    if (!response.destroyed) response.once('drain', pour);
  };
  pour();
}

describe.each(both)('a %s server that', (protocol) => {
  it.each(hosts)('%s', async (_name, script, because, sentence, timeoutMs = 5_000) => {
    const { merchant, server } = await scripted(protocol, script(protocol), { timeoutMs });
    const asked = await merchant.ask(server, byNumber);
    expect(asked).toMatchObject({ outcome: 'failed', because });
    expect(asked.outcome === 'failed' && asked.detail).toContain(sentence);
    // What is told the merchant's developer is one sentence, and none of the answer's.
    expect(asked.outcome === 'failed' && asked.detail).toMatch(/^[^<>{}\n]{10,300}\.$/);
  });

  it('is no HTTP server at all', async () => {
    const server = createTcpServer((socket) => void socket.end('220 mail.example ESMTP\r\n'));
    const { merchant, server: address } = asking(await listening(server, new Set()), protocol);
    expect(await merchant.ask(address, byNumber)).toMatchObject({ outcome: 'failed', because: 'no_answer' });
  });

  it('is not there', async () => {
    const { merchant, server } = await scripted(protocol, fine(protocol));
    await closeAll();
    const there = opening(
      merchantHttp({ httpsOnly: false, allowPrivate: new Set([new URL(server.url).host]) }),
    );
    const asked = await new HttpMerchantServer({ http: there, clock: realClock }).ask(server, byNumber);
    expect(asked).toMatchObject({
      because: 'no_answer',
      detail: 'No answer of your server could be had (ECONNREFUSED).',
    });
    expect(merchant).toBeDefined();
  });

  it.each([
    ['loopback', 'http://127.0.0.1:1/'],
    ['a cloud’s metadata', 'http://169.254.169.254/latest'],
    ['a private network', 'https://192.168.0.1/'],
    ['loopback in IPv6', 'http://[::1]:8080/'],
    ['no URL', 'merchant.example'],
    ['not http', 'gopher://merchant.example/'],
    ['a password in the address', 'https://user:word@merchant.example/'],
  ])('is at a place that is not spoken to: %s', async (_name, url) => {
    const http = opening(merchantHttp({ httpsOnly: false }));
    const server = { protocol, url, secret, timeoutMs: 1_000 };
    const asked = await new HttpMerchantServer({ http, clock: realClock }).ask(server, byNumber);
    expect(asked).toMatchObject({ outcome: 'failed', because: 'forbidden' });
  });

  it('is at a name that stands for a private address', async () => {
    const resolve = () => Promise.resolve([{ address: '10.0.0.1', family: 4 as const }]);
    const http = opening(merchantHttp({ httpsOnly: true, resolve }));
    const server = { protocol, url: 'https://merchant.example/', secret, timeoutMs: 1_000 };
    const merchant = new HttpMerchantServer({ http, clock: realClock });
    expect(await merchant.ask(server, byNumber)).toMatchObject({ because: 'forbidden' });
    expect(await merchant.ask({ ...server, url: 'http://merchant.example/' }, byNumber)).toMatchObject({
      because: 'forbidden',
      detail: 'Your server is not spoken to: not https.',
    });
  });

  it('closed the connection we had kept is asked once more, and no third time', async () => {
    let asked = 0;
    const script: RequestListener = (_, response) => {
      asked += 1;
      if (asked === 1) response.destroy();
      else response.writeHead(200, { 'content-type': typeOf(protocol) }).end(fine(protocol));
    };
    const { merchant, server, received } = await scripted(protocol, script);
    expect(await merchant.ask(server, byNumber)).toMatchObject({ outcome: 'answered' });
    expect(received).toHaveLength(2);
    expect(received[1]?.body).toBe(received[0]?.body);

    const dead = await scripted(protocol, (_, response) => response.destroy());
    expect(await dead.merchant.ask(dead.server, byNumber)).toMatchObject({ because: 'no_answer' });
    expect(dead.received).toHaveLength(2);
  });

  it('lets its reports hang is asked all the same', async () => {
    let hanging = 0;
    const script: RequestListener = (request, response) => {
      const isReport = /report-usage|reportUsage/.test(
        `${request.url ?? ''} ${String(request.headers['soapaction'])}`,
      );
      if (isReport) hanging += 1;
      else response.writeHead(200, { 'content-type': typeOf(protocol) }).end(fine(protocol));
    };
    const { merchant, server } = await scripted(protocol, script);
    const report = { id: 'rep_1', body: usageBody(usage), at: new Date() };
    const reports = Array.from({ length: 20 }, () => merchant.report(server, report));
    expect(await merchant.ask(server, byNumber)).toMatchObject({ outcome: 'answered' });
    await closeAll();
    expect((await Promise.all(reports)).every(({ outcome }) => outcome === 'no_answer')).toBe(true);
    expect(hanging).toBeLessThanOrEqual(8);
  });
});

describe('XML that is a weapon', () => {
  const doctype = (inside: string) =>
    recognition('<m:outcome>&a;</m:outcome>').replace(
      '<s:Envelope',
      `<!DOCTYPE s:Envelope [${inside}]><s:Envelope`,
    );
  const laughs = Array.from(
    { length: 9 },
    (_, at) => `<!ENTITY a${String(at + 1)} "${`&a${String(at)};`.repeat(10)}">`,
  );
  it.each([
    ['a billion laughs', doctype(`<!ENTITY a0 "ha">${laughs.join('')}<!ENTITY a "&a9;">`), 'DOCTYPE'],
    ['a file of ours', doctype('<!ENTITY a SYSTEM "file:///etc/passwd">'), 'DOCTYPE'],
    ['an address of ours', doctype('<!ENTITY % p SYSTEM "http://169.254.169.254/">%p;'), 'DOCTYPE'],
    ['a DOCTYPE that does nothing', doctype(''), 'DOCTYPE'],
    ['a DOCTYPE in small letters', '<!doctype html><p/>', 'cannot be read'],
    ['a DOCTYPE without end', '<!DOCTYPE a [<!ENTITY b "c', 'cannot be read'],
    ['an entity nobody declared', recognition('<m:outcome>&xxe;</m:outcome>'), 'not well-formed'],
    ['an entity of HTML', recognition('<m:outcome>ref&nbsp;used</m:outcome>'), 'not well-formed'],
    [
      'a style sheet',
      recognition('').replace('<s:Env', '<?xml-stylesheet href="http://evil.example"?><s:Env'),
      'processing instruction',
    ],
    ['elements without bottom', recognition('<m:text>'.repeat(99) + '</m:text>'.repeat(99)), '24 deep'],
    ['ten thousand elements', recognition('<m:text/>'.repeat(6_000)), 'more than 5000 elements'],
    [
      'a thousand attributes',
      recognition(`<m:text ${Array.from({ length: 999 }, (_, at) => `a${String(at)}=""`).join(' ')}/>`),
      'attributes',
    ],
    ['a NUL by reference', recognition('<m:text>&#0;</m:text>'), 'cannot be read'],
    ['half a character by reference', recognition('<m:text>&#xD800;</m:text>'), 'cannot be read'],
    ['a comment without end', `${envelope('')}<!--`, 'cannot be read'],
    ['a prefix of nobody', recognition('<evil:outcome/>'), 'not well-formed'],
    ['UTF-7', recognition('').replace('version="1.0"', 'version="1.0" encoding="UTF-7"'), 'other than UTF-8'],
    ['two documents', envelope('') + envelope('').replace(/^.*\?>/, ''), 'more than one element at its top'],
  ])('%s', async (_name, text, sentence) => {
    const { merchant, server } = await scripted('soap', text);
    const asked = await merchant.ask(server, byNumber);
    expect(asked).toMatchObject({ outcome: 'failed', because: 'nonsense' });
    expect(asked.outcome === 'failed' && asked.detail).toContain(sentence);
  });
});

describe.each(both)('what is kept of a %s exchange', (protocol) => {
  const credentials = {
    basic: { user: 'ringmeter', password: 'b4sic"p<w&' },
    usernameToken: { user: 'ringmeter', password: 't0ken"p<w&' },
  };
  const basic = Buffer.from('ringmeter:b4sic"p<w&').toString('base64');

  it('holds no password, secret or PIN, even where the answer sends them back', async () => {
    const script: RequestListener = (request, response) => {
      response
        .writeHead(200, { 'content-type': 'text/plain' })
        .end(
          `${String(request.headers.authorization)} b4sic"p<w& t0ken"p<w& t0ken&quot;p&lt;w&amp; ${secret} PIN 4711`,
        );
    };
    const { merchant, server, received } = await scripted(protocol, script, credentials);
    const asked = await merchant.ask(server, byCode);
    expect(received[0]?.body).toContain('4711');
    expect(received[0]?.headers.authorization).toBe(`Basic ${basic}`);
    const kept = JSON.stringify(asked);
    for (const hidden of ['4711', 'b4sic', 't0ken', basic, secret.slice(6)])
      expect(kept).not.toContain(hidden);
    expect(asked.exchange.requestHeaders['authorization']).toBe('Basic ***');
    const digest = /<wsse:Password [^>]*>([^<]+)</.exec(received[0]?.body ?? '')?.[1];
    if (protocol === 'soap') expect(kept).not.toContain(digest);
    else expect(asked.exchange.requestHeaders['webhook-signature']).toMatch(/^v1,/);
  });

  it('shows the rest as it was', async () => {
    const { merchant, server, received } = await scripted(protocol, fine(protocol));
    const { exchange } = await merchant.ask(server, byNumber);
    expect(exchange).toMatchObject({
      status: 200,
      requestBody: received[0]?.body,
      answerBody: fine(protocol),
    });
    expect(exchange.url).toBe(new URL(received[0]?.url ?? '', server.url).href);
    expect(Number.isInteger(exchange.tookMs)).toBe(true);
  });

  it('is there for an answer that never came', async () => {
    const { merchant, server, received } = await scripted(protocol, () => undefined, { timeoutMs: 100 });
    const { exchange } = await merchant.ask(server, byNumber);
    expect(exchange.requestBody).toBe(received[0]?.body);
    expect(exchange).not.toHaveProperty('status');
  });
});

describe.each(both)('a report to a %s server', (protocol) => {
  const report = { id: 'rep_01jd', body: usageBody(usage), at: new Date('2025-11-21T12:02:00Z') };
  const kept =
    protocol === 'rest' ? '' : envelope('<reportUsageResponse xmlns="urn:ringmeter:merchant-server:1"/>');

  it('is the same bytes on every try, and delivered once it is kept', async () => {
    const { merchant, server, received } = await scripted(protocol, sends(kept)(protocol));
    expect(await merchant.report(server, report)).toEqual({ outcome: 'delivered', status: 200 });
    await merchant.report(server, { ...report, at: new Date('2025-11-21T12:03:00Z') });
    expect(received[1]?.body).toBe(received[0]?.body);
    if (protocol === 'rest') {
      expect(received[0]).toMatchObject({ url: '/ringmeter/report-usage', body: report.body });
      expect(received[0]?.headers['webhook-id']).toBe('rep_01jd');
    } else {
      expect(received[0]?.headers['soapaction']).toBe('"urn:ringmeter:merchant-server:1#reportUsage"');
      for (const [name, value] of Object.entries(JSON.parse(report.body) as object)) {
        expect(received[0]?.body).toContain(`<${name}>${String(value)}</${name}>`);
      }
    }
  });

  it('of a call that got nowhere', async () => {
    const { merchant, server, received } = await scripted(protocol, sends(kept)(protocol));
    const { clientCode: _code, cli: _cli, connectedAt: _at, consultantId: _who, ...nowhere } = usage;
    const body = usageBody({ ...nowhere, billableSeconds: 0, talkMilliseconds: 0, outcome: 'caller_left' });
    expect(await merchant.report(server, { ...report, body })).toMatchObject({ outcome: 'delivered' });
    expect(received[0]?.body).not.toMatch(/clientCode|connectedAt/);
  });

  it.each<[string, Script, object]>([
    ['500', sends('', {}, 500), { outcome: 'refused', status: 500 }],
    ['a redirect', sends('', { location: '/' }, 301), { outcome: 'refused', status: 301 }],
    [
      '503 and later',
      sends('', { 'retry-after': '30' }, 503),
      { outcome: 'refused', status: 503, retryAfterSeconds: 30 },
    ],
    ['too much', sends('x'.repeat(70_000)), { outcome: 'forbidden' }],
    ['nothing', () => (_, response) => response.destroy(), { outcome: 'no_answer' }],
  ])('answered with %s stays to be told', async (_name, script, delivered) => {
    const { merchant, server } = await scripted(protocol, script(protocol));
    expect(await merchant.report(server, report)).toMatchObject(delivered);
  });
});

describe('a report to a SOAP server', () => {
  const report = { id: 'rep_01jd', body: usageBody(usage), at: new Date() };
  it.each([
    ['a page that says OK', 'OK', 'text/plain'],
    [
      'a fault',
      envelope('<s:Fault><faultcode>s:Server</faultcode><faultstring>no</faultstring></s:Fault>'),
      'text/xml',
    ],
    ['the answer to something else', recognition('<m:outcome>refused</m:outcome>'), 'text/xml'],
  ])('is not kept by %s with 200', async (_name, text, type) => {
    const { merchant, server } = await scripted('soap', sends(text, { 'content-type': type })('soap'));
    expect(await merchant.report(server, report)).toEqual({ outcome: 'refused', status: 200 });
  });
});
