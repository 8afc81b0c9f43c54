import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import { NoticeDelivery } from '../../src/merchants/notice-delivery.ts';
import { merchantHttp } from '../../src/merchants/outbound.ts';
import { signingSecret } from '../../src/core/signing-secret.ts';

const secret = signingSecret(Buffer.alloc(32, 1));
const at = new Date('2025-11-21T12:00:00Z');
const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

async function merchant(answer: { status: number; headers?: Record<string, string> }) {
  const received: { headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(pieces).toString() });
      response.writeHead(answer.status, answer.headers).end('said');
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  opened.push({
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(closed));
    },
  });
  const host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const http = merchantHttp({ httpsOnly: false, allowPrivate: new Set([host]) });
  opened.push(http);
  const notice = { url: `http://${host}/notices`, secret, id: 'ntc_1', body: '{"type":"call.ringing"}', at };
  return { notifier: new NoticeDelivery(http), notice, received };
}

describe('one try of a notice', () => {
  it('arrives as it was stored, with a signature the receiver can verify', async () => {
    const { notifier, notice, received } = await merchant({ status: 204 });
    expect(await notifier.deliver({ ...notice, at: new Date() })).toEqual({
      outcome: 'delivered',
      status: 204,
    });
    expect(received).toHaveLength(1);
    const [arrived] = received;
    expect(arrived?.body).toBe(notice.body);
    expect(arrived?.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': 'ntc_1' });
    const headers = arrived?.headers as Record<string, string>;
    expect(new Webhook(secret).verify(arrived?.body ?? '', headers)).toEqual({ type: 'call.ringing' });
  });

  it('made again carries the same id and body and a timestamp of its own', async () => {
    const { notifier, notice, received } = await merchant({ status: 500 });
    await notifier.deliver(notice);
    await notifier.deliver({ ...notice, at: new Date(at.getTime() + 5_000) });
    expect(
      received.map(({ headers, body }) => [headers['webhook-id'], headers['webhook-timestamp'], body]),
    ).toEqual([
      ['ntc_1', '1763726400', notice.body],
      ['ntc_1', '1763726405', notice.body],
    ]);
  });

  it.each([
    [200, { outcome: 'delivered', status: 200 }],
    [202, { outcome: 'delivered', status: 202 }],
    [410, { outcome: 'gone', status: 410 }],
    [301, { outcome: 'refused', status: 301 }],
    [400, { outcome: 'refused', status: 400 }],
    [404, { outcome: 'refused', status: 404 }],
    [500, { outcome: 'refused', status: 500 }],
  ])('answered %i', async (status, delivered) => {
    const { notifier, notice } = await merchant({ status });
    expect(await notifier.deliver(notice)).toEqual(delivered);
  });

  it.each([
    ['seconds', '120', 120],
    ['a date', 'Fri, 21 Nov 2025 12:01:30 GMT', 90],
    ['a date that has passed', 'Fri, 21 Nov 2025 11:00:00 GMT', 0],
  ])('answered with a retry-after in %s', async (_name, retryAfter, retryAfterSeconds) => {
    const { notifier, notice } = await merchant({ status: 429, headers: { 'retry-after': retryAfter } });
    expect(await notifier.deliver(notice)).toEqual({ outcome: 'refused', status: 429, retryAfterSeconds });
  });

  it.each(['soon', '-5', '9'.repeat(40)])(
    'answered with a retry-after of %j says nothing',
    async (retryAfter) => {
      const { notifier, notice } = await merchant({ status: 429, headers: { 'retry-after': retryAfter } });
      expect(await notifier.deliver(notice)).toEqual({ outcome: 'refused', status: 429 });
    },
  );

  it('to a private address is not made', async () => {
    const { notice, received } = await merchant({ status: 200 });
    const http = merchantHttp({ httpsOnly: false });
    opened.push(http);
    expect(await new NoticeDelivery(http).deliver(notice)).toEqual({
      outcome: 'forbidden',
      reason: 'loopback address',
    });
    expect(received).toEqual([]);
  });
});
