// A merchant's own server that answers by a script, in either language, and the port that asks it.

import { createServer } from 'node:http';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import { realClock } from '../../src/clock-and-ids.ts';
import { parsePhone } from '../../src/core/dialling.ts';
import type { E164 } from '../../src/core/ids.ts';
import type { CallerQuestion, UsageReport } from '../../src/core/known-caller.ts';
import type { MerchantServerAddress } from '../../src/flow/ports.ts';
import { HttpMerchantServer } from '../../src/merchants/merchant-server.ts';
import { merchantHttp } from '../../src/merchants/outbound.ts';
import { signingSecret } from '../../src/core/signing-secret.ts';

export const secret = signingSecret(Buffer.alloc(32, 1));
export const namespace = 'urn:ringmeter:merchant-server:1';
export const chance = (bytes: number) => Buffer.alloc(bytes, 7);

export function e164(text: string): E164 {
  const parsed = parsePhone(text, '');
  if (parsed.outcome !== 'number') throw new Error(text);
  return parsed.number;
}

export const byNumber: CallerQuestion = {
  ask: 'caller',
  requestId: 'req_01jd0000000000000000000001',
  callSessionId: 'call_01jd0000000000000000000001',
  cli: { trust: 'network', number: e164('+33612345678') },
  ddi: e164('+33199000009'),
  line: 'demo',
  at: new Date('2025-11-21T12:00:00.250Z'),
  callsInProgress: 1,
  secondsNotYetReported: 90,
};
export const byCode: CallerQuestion = {
  ...byNumber,
  ask: 'client_code',
  cli: { trust: 'withheld' },
  clientCode: 'C-1001',
  pin: '4711',
};
export const usage: UsageReport = {
  callSessionId: 'call_01jd0000000000000000000001',
  clientCode: 'C-1001',
  sequence: 3,
  cli: e164('+33612345678'),
  ddi: e164('+33199000009'),
  line: 'demo',
  startedAt: new Date('2025-11-21T12:00:00.000Z'),
  connectedAt: new Date('2025-11-21T12:00:20.000Z'),
  endedAt: new Date('2025-11-21T12:01:21.250Z'),
  billableSeconds: 120,
  talkMilliseconds: 61_250,
  consultantId: 'con_1',
  outcome: 'talked',
};

const opened: { close(): unknown }[] = [];

/** Is closed after the test. */
export function opening<T extends { close(): unknown }>(thing: T): T {
  opened.push(thing);
  return thing;
}

/** After each test: what it opened is closed. */
export async function closeAll(): Promise<void> {
  for (const thing of opened.splice(0).reverse()) await thing.close();
}

export async function listening(server: Server, sockets: Set<Socket>): Promise<string> {
  server.on('connection', (socket) => {
    sockets.add(socket.on('error', () => undefined));
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
  opened.push({
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((closed) => server.close(closed));
    },
  });
  return `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

export function asking(host: string, protocol: 'rest' | 'soap', given: Partial<MerchantServerAddress> = {}) {
  const http = merchantHttp({
    httpsOnly: false,
    allowPrivate: new Set([host]),
    // Beyond any test: only the question's own deadline can end it.
    bounds: { silenceMs: 300_000, totalMs: 300_000 },
  });
  opened.push(http);
  const server: MerchantServerAddress = {
    protocol,
    url: `http://${host}/ringmeter`,
    secret,
    timeoutMs: 5_000,
    ...given,
  };
  return { merchant: new HttpMerchantServer({ http, clock: realClock, chance }), server };
}

export interface Received {
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A merchant's server that answers by a script, and the port that asks it. */
export async function scripted(
  protocol: 'rest' | 'soap',
  answer: string | RequestListener,
  given: Partial<MerchantServerAddress> = {},
) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      received.push({
        url: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(pieces).toString(),
      });
      if (typeof answer === 'function') answer(request, response);
      else {
        const type = protocol === 'rest' ? 'application/json' : 'text/xml; charset=utf-8';
        response.writeHead(200, { 'content-type': type }).end(answer);
      }
    });
  });
  const host = await listening(server, new Set());
  return { received, ...asking(host, protocol, given) };
}

export const envelope = (body: string) =>
  `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${body}</s:Body></s:Envelope>`;
export const recognition = (fields: string, operation = 'recognizeCaller') =>
  envelope(
    `<m:${operation}Response xmlns:m="${namespace}"><m:recognition>${fields}</m:recognition></m:${operation}Response>`,
  );
/** `{ outcome: 'refused' }` as XML in the namespace's prefix m. */
export const xmlOf = (fields: Record<string, unknown>) =>
  Object.entries(fields)
    .flatMap(([name, value]) =>
      name === 'consultants' ? (value as string[]).map((id) => ['consultant', id]) : [[name, value]],
    )
    .map(([name, value]) => `<m:${String(name)}>${String(value)}</m:${String(name)}>`)
    .join('');
export const said = (protocol: 'rest' | 'soap', fields: Record<string, unknown>, operation?: string) =>
  protocol === 'rest' ? JSON.stringify(fields) : recognition(xmlOf(fields), operation);

export const both = ['rest', 'soap'] as const;
