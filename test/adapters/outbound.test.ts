import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { merchantHttp, refusalOfAddress } from '../../src/merchants/outbound.ts';
import type { MerchantHttp, OutboundOptions, ResolvedAddress } from '../../src/merchants/outbound.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

function client(options: Partial<OutboundOptions> = {}): MerchantHttp {
  const http = merchantHttp({ httpsOnly: false, ...options });
  opened.push(http);
  return http;
}

/** A receiver on this machine and the client that may reach it, and only it. */
async function receiver(
  answer: RequestListener,
  bounds: OutboundOptions['bounds'] = {},
): Promise<{ url: string; http: MerchantHttp; server: Server }> {
  const server = createServer(answer);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  opened.push({
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(closed));
    },
  });
  const host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    url: `http://${host}/notices`,
    http: client({ allowPrivate: new Set([host]), bounds }),
    server,
  };
}

const post = (http: MerchantHttp, url: string) =>
  http.post({ url, headers: { 'content-type': 'application/json' }, body: '{}' });

const named =
  (...addresses: string[]) =>
  (): Promise<ResolvedAddress[]> =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));

describe('hosts a merchant may not aim us at', () => {
  it.each([
    ['loopback', '127.0.0.1'],
    ['the rest of loopback', '127.8.8.8'],
    ['loopback in short', '127.1'],
    ['loopback in decimal', '2130706433'],
    ['loopback in hexadecimal', '0x7f000001'],
    ['loopback in octal', '0177.0.0.1'],
    ['loopback in full-width digits', '１２７.０.０.１'],
    ['this host', '0.0.0.0'],
    ['this host in short', '0'],
    ['private, ten', '10.1.2.3'],
    ['private, 172', '172.16.0.1'],
    ['private, 192', '192.168.1.1'],
    ['link-local', '169.254.10.10'],
    ['metadata of most clouds', '169.254.169.254'],
    ['metadata at Alibaba', '100.100.100.200'],
    ['metadata at Oracle', '192.0.0.192'],
    ['carrier-grade NAT', '100.64.0.1'],
    ['multicast', '224.0.0.251'],
    ['broadcast', '255.255.255.255'],
    ['benchmarks', '198.18.0.1'],
    ['documentation', '203.0.113.5'],
    ['class E', '240.0.0.1'],
    ['IPv6 loopback', '[::1]'],
    ['IPv6 unspecified', '[::]'],
    ['IPv6 link-local', '[fe80::1]'],
    ['IPv6 private', '[fd12:3456::1]'],
    ['IPv6 metadata at Amazon', '[fd00:ec2::254]'],
    ['IPv6 site-local', '[fec0::1]'],
    ['IPv6 multicast', '[ff02::1]'],
    ['IPv4-mapped', '[::ffff:127.0.0.1]'],
    ['IPv4-mapped in hexadecimal', '[::ffff:a9fe:a9fe]'],
    ['IPv4-compatible', '[::127.0.0.1]'],
    ['NAT64', '[64:ff9b::7f00:1]'],
    ['NAT64 of a local prefix', '[64:ff9b:1::a00:1]'],
    ['6to4', '[2002:7f00:1::1]'],
    ['Teredo', '[2001:0:7f00:1::1]'],
    ['IPv6 documentation', '[2001:db8::1]'],
  ])('%s: %s', async (_name, host) => {
    const resolve = () => Promise.reject(new Error('an address is not looked up'));
    expect(await post(client({ resolve }), `http://${host}/`)).toMatchObject({ outcome: 'forbidden' });
    expect(await post(client({ resolve }), `https://${host}:8443/`)).toMatchObject({ outcome: 'forbidden' });
  });

  it.each([
    ['a private address', ['10.0.0.1']],
    ['a public and then a private one', ['8.8.8.8', '10.0.0.1']],
    ['loopback in IPv6', ['2606:4700::1', '::1']],
    ['a mapped metadata address', ['::ffff:169.254.169.254']],
  ])('a name that stands for %s', async (_name, addresses) => {
    const http = client({ resolve: named(...addresses) });
    expect(await post(http, 'https://merchant.example/')).toMatchObject({ outcome: 'forbidden' });
  });

  it('the name of this machine', async () => {
    expect(await post(client(), 'http://localhost:1/')).toEqual({
      outcome: 'forbidden',
      reason: 'loopback address',
    });
  });

  it('a name that was public a moment ago: the address is looked at when connecting, each time', async () => {
    const answers = [['10.0.0.1'], ['127.0.0.1']];
    const http = client({ resolve: () => named(...(answers.shift() ?? []))() });
    expect(await post(http, 'http://rebinding.example/')).toMatchObject({ outcome: 'forbidden' });
    expect(await post(http, 'http://rebinding.example/')).toMatchObject({ outcome: 'forbidden' });
    expect(answers).toEqual([]);
  });

  it.each(['8.8.8.8', '93.184.216.34', '2606:4700:4700::1111', '2a00:1450:4007::200e'])(
    'and none of them is %s',
    (address) => {
      expect(refusalOfAddress(address)).toBeUndefined();
    },
  );

  it.each([
    ['not a URL', 'merchant.example'],
    ['not an http address', 'ftp://merchant.example/'],
    ['not an http address', 'file:///etc/passwd'],
    ['a name and password in the address', 'https://user:word@merchant.example/'],
  ])('%s: %s', async (reason, url) => {
    expect(await post(client(), url)).toEqual({ outcome: 'forbidden', reason });
  });

  it('plain http in production', async () => {
    expect(await post(client({ httpsOnly: true }), 'http://merchant.example/')).toEqual({
      outcome: 'forbidden',
      reason: 'not https',
    });
  });

  it('another port of the host that is allowed', async () => {
    const { url, server } = await receiver((_, answer) => answer.end());
    const port = (server.address() as AddressInfo).port;
    const http = client({
      allowPrivate: new Set([`127.0.0.1:${String(port - 1)}`, `localhost:${String(port)}`]),
    });
    expect(await post(http, url)).toMatchObject({ outcome: 'forbidden' });
  });
});

describe('answers', () => {
  it('come back with status, retry-after and body', async () => {
    const seen: unknown[] = [];
    const { url, http } = await receiver((request, answer) => {
      seen.push(request.method, request.headers['content-type']);
      answer.writeHead(503, { 'retry-after': '120' }).end('later');
    });
    expect(await post(http, url)).toEqual({
      outcome: 'answered',
      status: 503,
      retryAfter: '120',
      body: 'later',
      packed: false,
      wholeText: true,
    });
    expect(seen).toEqual(['POST', 'application/json']);
  });

  it('are not followed elsewhere', async () => {
    let requests = 0;
    const { url, http } = await receiver((_, answer) => {
      requests += 1;
      answer.writeHead(307, { location: '/elsewhere' }).end();
    });
    expect(await post(http, url)).toMatchObject({ outcome: 'answered', status: 307 });
    expect(requests).toBe(1);
  });

  it('may not be larger than 64 kB', async () => {
    const { url, http } = await receiver((_, answer) => answer.end(Buffer.alloc(64 * 1024 + 1, 'x')));
    expect(await post(http, url)).toEqual({
      outcome: 'forbidden',
      reason: 'the answer is larger than 65536 bytes',
    });
    const { url: fitting, http: other } = await receiver((_, answer) =>
      answer.end(Buffer.alloc(64 * 1024, 'x')),
    );
    expect(await post(other, fitting)).toMatchObject({ outcome: 'answered', status: 200 });
  });

  it('may not have headers without end', async () => {
    const { url, http } = await receiver((_, answer) => {
      answer.writeHead(200, { 'x-much': 'y'.repeat(20_000) }).end();
    });
    expect(await post(http, url)).toMatchObject({ outcome: 'forbidden' });
  });

  it('that drip for ever end at the deadline', async () => {
    let dripping: NodeJS.Timeout | undefined;
    const { url, http } = await receiver(
      (_, answer) => {
        answer.writeHead(200);
        dripping = setInterval(() => answer.write('.'), 10);
      },
      { totalMs: 150 },
    );
    expect(await post(http, url)).toEqual({ outcome: 'no_answer', reason: 'deadline' });
    clearInterval(dripping);
  });

  it('that never begin end in silence', async () => {
    const { url, http } = await receiver(() => undefined, { silenceMs: 50, totalMs: 10_000 });
    expect(await post(http, url)).toEqual({ outcome: 'no_answer', reason: 'silence' });
  });

  it('that are no HTTP are no answer', async () => {
    const sockets = new Set<Socket>();
    const server = createTcpServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      socket.end('220 mail.example ESMTP\r\n');
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    opened.push({ close: () => new Promise((closed) => server.close(closed)) });
    const host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const answer = await post(client({ allowPrivate: new Set([host]) }), `http://${host}/`);
    expect(answer).toMatchObject({ outcome: 'no_answer' });
    for (const socket of sockets) socket.destroy();
  });

  it('cannot come from where nobody listens, and the reason says so', async () => {
    const { url, http, server } = await receiver((_, answer) => answer.end());
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    expect(await post(http, url)).toEqual({ outcome: 'no_answer', reason: 'ECONNREFUSED' });
  });

  it('cannot come from a name that does not exist', async () => {
    const resolve = () => Promise.reject(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }));
    expect(await post(client({ resolve }), 'https://gone.example/')).toEqual({
      outcome: 'no_answer',
      reason: 'ENOTFOUND',
    });
    expect(await post(client({ resolve: named() }), 'https://gone.example/')).toMatchObject({
      reason: 'ENOTFOUND',
    });
  });
});

describe('an address that is only set', () => {
  const refusal = (url: string, options: Partial<OutboundOptions> = {}) =>
    client({ resolve: named('93.184.216.34'), ...options }).refusalOf(url);

  it.each([
    ['nothing like one', 'merchant', 'not a URL'],
    ['another scheme', 'ftp://a.example', 'not an http address'],
    ['a password in it', 'https://us:hush@a.example', 'a name and password in the address'],
    ['loopback', 'https://127.0.0.1/', 'loopback address'],
    ['loopback in decimal', 'https://2130706433/', 'loopback address'],
    ['mapped loopback', 'https://[::ffff:127.0.0.1]/', 'IPv4-mapped address'],
    ['metadata', 'http://169.254.169.254/', 'link-local address'],
  ])('is refused as it would be called: %s', async (_what, url, reason) => {
    expect(await refusal(url)).toBe(reason);
    expect(await post(client(), url)).toEqual({ outcome: 'forbidden', reason });
  });

  it('is refused where its name leads inside, by whichever of its addresses', async () => {
    const resolve = named('93.184.216.34', '10.0.0.1');
    expect(await refusal('https://a.example/', { resolve })).toBe('private address');
  });

  it('is refused without encryption where nothing leaves unencrypted', async () => {
    expect(await refusal('http://a.example/', { httpsOnly: true })).toBe('not https');
    expect(await refusal('https://a.example/', { httpsOnly: true })).toBeUndefined();
  });

  it('is taken where its name is not found yet, or not in time', async () => {
    expect(await refusal('https://a.example/', { resolve: () => Promise.reject(new Error('none')) })).toBe(
      undefined,
    );
    const never = { resolve: () => new Promise<never>(() => undefined), bounds: { connectMs: 20 } };
    expect(await refusal('https://a.example/', never)).toBeUndefined();
  });

  it('may be the one private address there is', async () => {
    const options = { allowPrivate: new Set(['127.0.0.1:8080']) };
    expect(await refusal('http://127.0.0.1:8080/x', options)).toBeUndefined();
    expect(await refusal('http://127.0.0.1:8081/x', options)).toBe('loopback address');
  });
});
