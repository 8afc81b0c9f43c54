// The demo merchant: believes signatures only, counts a notice once, behaves as badly as a test asks.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startMerchant, type ReceivedNotice } from '../../src/sandbox/merchant.ts';
import type { RunningPart } from '../../src/sandbox/part-contract.ts';

const secret = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
let merchant: RunningPart;
let url: string;
let dataDir: string;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'ringmeter-merchant-'));
  merchant = await startMerchant({
    dataDir,
    publicUrl: 'http://localhost:3001',
    gatewayUrl: 'http://localhost:3000',
    noticeSecret: secret,
  });
  url = `http://127.0.0.1:${merchant.ports['http']}`;
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

  test.each([
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
