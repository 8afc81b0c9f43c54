// The sandbox as a whole: one address, parts that come back, nothing left behind.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partFor } from '../../src/sandbox/front.ts';
import { isAlive } from '../../src/sandbox/postgres-process.ts';
import { startSandbox, type RunningSandbox } from '../../src/sandbox/start-sandbox.ts';

let scratch: string;
let sandbox: RunningSandbox;
let gateway: Server;
let gatewayUrl: string;
const asked: { method: string; url: string; authorization: string | undefined; body: string }[] = [];
const said: string[] = [];
let onSaid: () => void = () => undefined;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'ringmeter-sandbox-'));
  gateway = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      asked.push({
        method: request.method!,
        url: request.url!,
        authorization: request.headers.authorization,
        body,
      });
      response.writeHead(201, { 'content-type': 'application/json' }).end('{"from":"gateway"}');
    });
  });
  gateway.listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  gatewayUrl = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  sandbox = await startSandbox({
    port: 0,
    dataDir: join(scratch, 'sandbox'),
    gatewayUrl,
    onSaid: (sentence) => {
      said.push(sentence);
      onSaid();
    },
  });
});
afterAll(async () => {
  await sandbox.stop();
  await sandbox.stop();
  gateway.closeAllConnections();
  gateway.close();
  rmSync(scratch, { recursive: true, force: true });
});

function at(path: string, init?: RequestInit): Promise<Response> {
  return fetch(`http://127.0.0.1:${new URL(sandbox.addresses.publicUrl).port}${path}`, init);
}

async function ended(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((tick) => setImmediate(tick));
}

async function saying(pattern: RegExp): Promise<void> {
  while (!said.some((sentence) => pattern.test(sentence))) await new Promise<void>((tell) => (onSaid = tell));
}

describe('one address', () => {
  test('says where every far side is, and the secrets both sides share', () => {
    expect(sandbox.addresses).toEqual({
      publicUrl: expect.stringMatching(/^http:\/\/localhost:\d+$/),
      eslUrl: expect.stringMatching(/^esl:\/\/:[0-9a-f]{32}@127\.0\.0\.1:\d+$/),
      cdrCredentials: expect.stringMatching(/^sandbox:[0-9a-f]{32}$/),
      processorUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      secretKey: expect.stringMatching(/^sk_test_sandbox/),
      publishableKey: expect.stringMatching(/^pk_test_sandbox/),
      webhookSecret: expect.stringMatching(/^whsec_/),
      noticesUrl: `${sandbox.addresses.publicUrl}/notices`,
      noticeSecret: expect.stringMatching(/^whsec_/),
    });
  });

  test.each([
    ['/api/phones', 'switch'],
    ['/api/phones/+33612345678/answer', 'switch'],
    ['/api/phones/events', 'switch'],
    ['/api/switch/anything', 'switch'],
    ['/v1/payment_intents', 'processor'],
    ['/api/payments', 'processor'],
    ['/api/faults', 'processor'],
    ['/stripe.js', 'processor'],
    ['/stripe/authenticate/pi_1', 'processor'],
    ['/notices', 'merchant'],
    ['/merchant', 'merchant'],
    ['/api/merchant/notices', 'merchant'],
    ['/', undefined],
    ['/demo', undefined],
    ['/api/demo/play', undefined],
    ['/stripe.json', undefined],
    ['/v1', undefined],
    ['/x/v1/y', undefined],
  ])('%s belongs to %s', (path, part) => {
    expect(partFor(path)).toBe(part);
  });

  test('each part answers through it', async () => {
    expect(await (await at('/api/phones')).json()).toEqual(expect.any(Array));
    expect(await (await at('/api/payments')).json()).toMatchObject({ data: [] });
    expect(await (await at('/api/merchant/notices')).json()).toEqual([]);
  });

  test('the event socket listens where it says', async () => {
    const socket = connect(Number(new URL(sandbox.addresses.eslUrl!).port), '127.0.0.1');
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    expect(greeting.toString()).toMatch(/^Content-Type: auth\/request/);
    socket.destroy();
  });

  test('events pass as they come, and who stops watching is not kept', async () => {
    const stopWatching = new AbortController();
    const stream = await at('/api/merchant/events', { signal: stopWatching.signal });
    expect(stream.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toMatch(/^event: notices/);
    stopWatching.abort();
    await expect(reader.read()).rejects.toThrow();
  });

  test('a body and a status pass unchanged', async () => {
    const answer = await at('/api/merchant/behaviour', { method: 'PUT', body: '{"answer":99}' });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: 'answer must be a whole number from 200 to 599.' });
  });

  test("what is nobody's is not found", async () => {
    expect((await at('/nothing')).status).toBe(404);
    expect((await at('/assets/../secrets.json')).status).toBe(404);
  });
});

describe('the demo', () => {
  test('waits for the gateway, then speaks for the browser with the key that never leaves', async () => {
    expect(await (await at('/api/demo')).json()).toMatchObject({ ready: false });
    expect((await at('/api/demo/ledger')).status).toBe(503);
    sandbox.tellGateway({
      state: 'serving',
      pid: process.pid,
      demo: {
        apiKey: 'rk_demo_secret',
        gatewayUrl,
        consultants: ['+33199000001'],
        caller: '+33612345678',
        ddis: [{ number: '+33199000201', way: 'rest' }],
        scenarios: [],
      },
    });
    while (!((await (await at('/api/demo')).json()) as { ready: boolean }).ready);
    const shown = await (await at('/api/demo')).text();
    expect(JSON.parse(shown)).toMatchObject({
      ready: true,
      consultants: ['+33199000001'],
      lines: ['demo', 'demo-short', 'demo-ticket'],
    });
    expect(shown).not.toContain('rk_demo');

    const played = await at('/api/demo/play', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"line":"demo-short"}',
    });
    expect([played.status, await played.json()]).toEqual([201, { from: 'gateway' }]);
    await at('/api/demo/ledger?after=7');
    await at('/api/demo/calls/call_1');
    expect(asked.map(({ method, url, authorization }) => [method, url, authorization])).toEqual([
      ['POST', '/v1/callbacks', 'Bearer rk_demo_secret'],
      ['GET', '/v1/ledger-entries?limit=500&after=7', 'Bearer rk_demo_secret'],
      ['GET', '/v1/call-sessions/call_1', 'Bearer rk_demo_secret'],
    ]);
    expect(JSON.parse(asked[0]!.body)).toMatchObject({
      line: 'demo-short',
      callerNumber: '+33612345678',
      paymentMethod: 'pm_card_visa',
    });
  });

  test.each([
    ['another line', { 'content-type': 'application/json' }, '{"line":"real"}', 400],
    ['no JSON', { 'content-type': 'application/json' }, 'line=demo', 400],
    ['a form of another page', { 'content-type': 'text/plain' }, '{"line":"demo"}', 415],
  ])('plays nothing for %s', async (_what, headers, body, status) => {
    const before = asked.length;
    const answer = await at('/api/demo/play', { method: 'POST', headers, body });
    expect(answer.status).toBe(status);
    expect(asked.length).toBe(before);
  });

  test('the page frames the gateway and nothing else, under the ribbon', async () => {
    const page = await at('/demo');
    expect(page.headers.get('content-security-policy')).toContain(`frame-src ${gatewayUrl}`);
    const html = await page.text();
    expect(html).toContain('sandbox: no real money, no real calls');
    const [, stylesheet] = /href="(\/assets\/demo\.css\?v=[0-9a-f]{10})"/.exec(html)!;
    expect((await at(stylesheet!)).headers.get('content-type')).toMatch(/^text\/css/);
  });
});

describe('a part that dies', () => {
  test.each(['switch', 'processor', 'merchant'] as const)(
    '%s is started again where it was',
    async (part) => {
      const pid = sandbox.partPids()[part]!;
      process.kill(pid, 'SIGKILL');
      await saying(new RegExp(`${part} ended unexpectedly \\(SIGKILL\\)`));
      await saying(new RegExp(`${part} runs again`));
      expect(sandbox.partPids()[part]).not.toBe(pid);
      const path = { switch: '/api/phones', processor: '/api/payments', merchant: '/api/merchant/notices' }[
        part
      ];
      expect((await at(path)).status).toBe(200);
      if (part === 'switch') {
        const socket = connect(Number(new URL(sandbox.addresses.eslUrl!).port), '127.0.0.1');
        await once(socket, 'data');
        socket.destroy();
      }
    },
  );
});

describe('the end', () => {
  test('a busy port is one sentence naming the variable, and nothing is left running', async () => {
    const { port } = gateway.address() as AddressInfo;
    await expect(
      startSandbox({ port, dataDir: join(scratch, 'busy'), gatewayUrl, parts: ['merchant'] }),
    ).rejects.toThrow(`Port ${port} is in use: stop what listens there, or set SANDBOX_PORT to another one.`);
  });

  test('runs only the parts it is asked for', async () => {
    const merchantOnly = await startSandbox({
      port: 0,
      dataDir: join(scratch, 'merchant only'),
      gatewayUrl,
      parts: ['merchant'],
    });
    const { publicUrl, eslUrl, processorUrl, noticesUrl } = merchantOnly.addresses;
    expect([eslUrl, processorUrl, noticesUrl]).toEqual([undefined, undefined, `${publicUrl}/notices`]);
    const phones = await fetch(`http://127.0.0.1:${new URL(publicUrl).port}/api/phones`);
    expect([phones.status, await phones.json()]).toEqual([
      404,
      { error: 'This sandbox runs without its switch.' },
    ]);
    const { merchant } = merchantOnly.partPids();
    await merchantOnly.stop();
    expect(isAlive(merchant!)).toBe(false);
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)(
    'an owner ended by %s takes front and parts with it',
    async (signal) => {
      const { child, pids } = await startInProcess(join(scratch, `owner ${signal}`));
      expect(pids.every(isAlive)).toBe(true);
      child.kill(signal);
      await Promise.all(pids.map(ended));
    },
  );

  test('a front that is killed takes the parts with it', async () => {
    const { child, pids } = await startInProcess(join(scratch, 'front killed'));
    // An owner with nothing left to own may end by itself before we end him.
    const ownerEnded = once(child, 'exit');
    process.kill(pids[0]!, 'SIGKILL');
    await Promise.all(pids.map(ended));
    child.kill('SIGKILL');
    await ownerEnded;
  });

  test('the secrets are the same the next time', async () => {
    const dataDir = join(scratch, 'twice');
    const options = { port: 0, dataDir, gatewayUrl, parts: ['merchant'] as const };
    const first = await startSandbox(options);
    await first.stop();
    const second = await startSandbox(options);
    await second.stop();
    expect(second.addresses.noticeSecret).toBe(first.addresses.noticeSecret);
  });
});

async function startInProcess(dataDir: string): Promise<{ child: ChildProcess; pids: number[] }> {
  const starter = fileURLToPath(new URL('./start-sandbox-owner.ts', import.meta.url));
  const tsx = createRequire(import.meta.url).resolve('tsx');
  const child = spawn(process.execPath, ['--import', tsx, starter, dataDir], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [message] = (await once(child, 'message')) as [{ pids: number[] } | { failed: string }];
  if ('failed' in message) throw new Error(message.failed);
  return { child, pids: message.pids };
}
