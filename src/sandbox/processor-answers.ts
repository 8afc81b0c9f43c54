// Reading a request's body and sending a whole answer: plain node:http, bounded. Not here: what is answered.

import type { IncomingMessage, ServerResponse } from 'node:http';

/** Far above any request of Stripe's API. */
const bodyMaxBytes = 256 * 1024;

/** `undefined`: it was too large, which has been answered. */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > bodyMaxBytes) {
      sendText(response, 413, 'text/plain', 'Too large');
      return undefined;
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  sendText(response, status, 'application/json', JSON.stringify(body));
}

export function sendText(response: ServerResponse, status: number, type: string, text: string): void {
  const body = Buffer.from(text);
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-length': body.length,
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}
