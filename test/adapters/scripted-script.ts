// A merchant's script that answers as a test wants it, and the port that asks it.

import { createServer } from 'node:http';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { realClock } from '../../src/clock-and-ids.ts';
import type { ScriptFacts, ScriptQuestion } from '../../src/core/scenario/script-request.ts';
import type { AudioConverter, Clock, ScriptRequest } from '../../src/flow/ports.ts';
import { merchantHttp } from '../../src/merchants/outbound.ts';
import { HttpScriptServer } from '../../src/merchants/script-server.ts';
import { e164, listening, opening, secret } from './scripted-merchant.ts';

export const facts: ScriptFacts = {
  requestId: 'req_01jd0000000000000000000001',
  callId: 'call_01jd0000000000000000000001',
  merchantId: 'mer_01jd0000000000000000000002',
  block: 'ask-shop',
  attempt: 1,
  status: 'answered',
  cli: { trust: 'network', number: e164('+33612345678') },
  ddi: e164('+33199000009'),
  language: 'fr',
  digits: '4711',
  variables: { name: 'Zoë' },
};

export interface ReceivedByScript {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

const noAudio: AudioConverter = { convert: () => Promise.reject(new Error('Nothing is played here.')) };

/** `answer`: its body as text/plain, or all of it. */
export async function scriptThat(
  answer: string | RequestListener,
  given: { audio?: AudioConverter; clock?: Pick<Clock, 'now' | 'monotonicMs'> } = {},
) {
  const received: ReceivedByScript[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      received.push({ method, url, headers, body: Buffer.concat(pieces).toString() });
      if (typeof answer === 'function') answer(request, response);
      else response.writeHead(200, { 'content-type': 'text/plain' }).end(answer);
    });
  });
  const host = await listening(server, new Set());
  return { received, ...portTo(host, given) };
}

export function portTo(
  host: string,
  given: { audio?: AudioConverter; clock?: Pick<Clock, 'now' | 'monotonicMs'> } = {},
) {
  const http = opening(
    merchantHttp({
      httpsOnly: false,
      allowPrivate: new Set([host]),
      // Beyond any test: only the question's own deadline can end it.
      bounds: { silenceMs: 300_000, totalMs: 300_000 },
    }),
  );
  const scripts = new HttpScriptServer({ http, clock: realClock, audio: noAudio, ...given });
  const url = `http://${host}/start.php`;
  const asking = (
    more: Partial<Omit<ScriptRequest, 'question'>> & { question?: Partial<ScriptQuestion> } = {},
  ): ScriptRequest => ({
    secret,
    timeoutMs: 5_000,
    ...more,
    question: { dialect: 'json', address: { url }, facts, ...more.question },
  });
  return { scripts, asking, url, host };
}
