// The merchant who knows the callers of the bench: a server of his own, as his line's settings name it, that answers every
// question the same way and notes when it came and when it was answered. Beside the bench and not in the sandbox, whose
// merchant keeps books, shows them and is asked nothing by the microsecond.

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What came of one call, by the merchant's own clock; milliseconds since 1970. */
export interface Heard {
  questions: number;
  askedAtMs: number;
  answeredAtMs: number;
  /** Of the report, and how often it came. */
  reports: number;
  billableSeconds: number;
  talkMilliseconds: number;
}

export interface KnownMerchant {
  url: string;
  /** How he answers from now on: so late, and so long a talk he allows. */
  answers(how: { afterMs: number; talkLimitSeconds: number }): void;
  /** By the id of the call session. */
  heard: ReadonlyMap<string, Readonly<Heard>>;
  close(): Promise<void>;
}

/** So many people call him, again and again: what is said about each is rendered once, as it is in a line's life. */
export const clients = 40;

export async function openKnownMerchant(): Promise<KnownMerchant> {
  let how = { afterMs: 0, talkLimitSeconds: 600 };
  let turn = 0;
  const heard = new Map<string, Heard>();
  const noted = (id: string): Heard => {
    const known = heard.get(id);
    if (known) return known;
    const fresh = {
      questions: 0,
      askedAtMs: 0,
      answeredAtMs: 0,
      reports: 0,
      billableSeconds: -1,
      talkMilliseconds: -1,
    };
    heard.set(id, fresh);
    return fresh;
  };
  const server = createServer((request, response) => {
    const cameAtMs = nowMs();
    void bodyOf(request).then((text) => {
      const body = JSON.parse(text) as Record<string, unknown>;
      const call = noted(String(body['callSessionId']));
      if (request.url?.endsWith('/report-usage') === true) {
        call.reports += 1;
        call.billableSeconds = Number(body['billableSeconds']);
        call.talkMilliseconds = Number(body['talkMilliseconds']);
        response.writeHead(204).end();
        return;
      }
      call.questions += 1;
      call.askedAtMs = cameAtMs;
      turn += 1;
      const answer = JSON.stringify({
        outcome: 'recognized',
        clientCode: `K${String(turn % clients).padStart(3, '0')}`,
        talkLimitSeconds: how.talkLimitSeconds,
      });
      setTimeout(() => {
        call.answeredAtMs = nowMs();
        response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
      }, how.afterMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}/known`,
    answers: (next) => (how = next),
    heard,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Finer than Date.now(), which is a twentieth of what is aimed at. */
const nowMs = (): number => performance.timeOrigin + performance.now();

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}
