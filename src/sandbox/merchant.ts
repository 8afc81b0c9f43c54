// The demo merchant: takes notices at POST /notices, verifies them with an independent implementation of the Standard
// Webhooks specification, keeps the last thousand, shows them; says below /server/ who calls (merchant-server.ts), by the
// books anybody may edit (merchant-clients.ts). A test makes all of it slow, broken or gone with PUT /api/merchant/behaviour.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import {
  closeServer,
  EventStream,
  listenOnLoopback,
  readBody,
  readJson,
  Refusal,
  sendJson,
} from './http-exchange.ts';
import { ClientBook } from './merchant-clients.ts';
import { MerchantClub } from './merchant-club.ts';
import { merchantPage } from './merchant-page.ts';
import { MerchantServer } from './merchant-server.ts';
import type { MerchantSettings, RunningPart } from './part-contract.ts';

/** One notice as this merchant knows it. Repeated deliveries of one id are one notice. */
export interface ReceivedNotice {
  /** The `webhook-id` header. */
  id: string;
  /** `type` of the body; empty when the body has none. */
  type: string;
  /** The `webhook-timestamp` header as ISO 8601, or null when there is none. */
  timestamp: string | null;
  /** Whether signature and age held, in the judgement of the `standardwebhooks` package. */
  verified: boolean;
  /** The parsed body, or its text where it is no JSON. */
  body: unknown;
  receivedAt: string;
  /** How often it was delivered, and what was answered each time (0: the connection was dropped). */
  answers: number[];
}

/** What of it a behaviour is about. */
const parts = ['notices', 'questions', 'reports'] as const;

interface Behaviour {
  /** Absent: all of them. */
  to?: (typeof parts)[number];
  /** HTTP status, or `drop`: the connection is closed without an answer. 204: questions and reports are answered as usual. */
  answer: number | 'drop';
  delayMs: number;
  /** Sent as `retry-after`, in seconds. */
  retryAfter?: number;
  /** For this many deliveries; then 204 again. Absent: until changed. */
  times?: number;
}

const wellBehaved: Behaviour = { answer: 204, delayMs: 0 };
const keptMax = 1_000;

/**
 * Serves `POST /notices`, `GET /merchant`, `GET /merchant/club` (what an access code opens), `GET|DELETE /api/merchant/notices` (newest first), `GET /api/merchant/events`
 * and
 * `/api/merchant/requests/events` (SSE), `GET|PUT /api/merchant/behaviour`; `POST /server/recognize-caller`,
 * `/server/recognize-client-code`, `/server/report-usage`, `/server/soap`, `/server/member` (a scenario's script), `/server/sms` (his provider of SMS); `GET|PUT|DELETE /api/merchant/clients` (the demo's
 * own again), `GET|DELETE /api/merchant/requests`, `GET /api/merchant/reports` (both newest first). Ports: `{ http }`.
 */
export async function startMerchant(settings: MerchantSettings): Promise<RunningPart> {
  const webhook = new Webhook(settings.noticeSecret);
  // Insertion order is order of arrival.
  const notices = new Map<string, ReceivedNotice>();
  let behaviour = wellBehaved;
  const newestFirst = (): ReceivedNotice[] => [...notices.values()].reverse();
  const events = new EventStream('notices', () => newestFirst().slice(0, 50));
  const clients = new ClientBook(settings.dataDir);
  const club = new MerchantClub(settings.gatewayUrl);
  const merchantServer = new MerchantServer({
    secret: settings.noticeSecret,
    clients,
    acting: takeBehaviour,
    changed: () => requestEvents.changed(),
  });
  const requestEvents = new EventStream('requests', () => merchantServer.requests().slice(0, 50));
  const book = (): object => ({
    clients: clients.clients.map((one) => ({ ...one, used: merchantServer.usedBy(one.clientCode) })),
    strangers: clients.strangers,
  });

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const notice = read(webhook, request, body);
    const acting = takeBehaviour('notices');
    if (acting.delayMs > 0) await delay(acting.delayMs);
    // Who cannot prove to be the gateway is refused however the merchant behaves.
    const answer = !notice.verified ? 401 : acting.answer;
    const known = notices.get(notice.id);
    const kept = known?.verified === true ? known : notice;
    kept.answers = [...(known?.answers ?? []), answer === 'drop' ? 0 : answer];
    notices.set(kept.id, kept);
    for (const oldest of notices.keys()) {
      if (notices.size <= keptMax) break;
      notices.delete(oldest);
    }
    events.changed();
    if (answer === 'drop') {
      request.socket.destroy();
      return;
    }
    const retryAfter = acting.retryAfter === undefined ? {} : { 'retry-after': String(acting.retryAfter) };
    response.writeHead(answer, retryAfter).end();
  }

  function takeBehaviour(part: (typeof parts)[number]): Behaviour {
    const acting = behaviour;
    if (acting.to !== undefined && acting.to !== part) return wellBehaved;
    if (acting.times !== undefined) {
      behaviour = acting.times <= 1 ? wellBehaved : { ...acting, times: acting.times - 1 };
    }
    return acting;
  }

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', settings.publicUrl).pathname.replace(/(.)\/$/, '$1');
    if (request.method === 'POST' && path.startsWith('/server/')) {
      return merchantServer.serve(request, response, path);
    }
    switch (`${request.method ?? 'GET'} ${path}`) {
      case 'POST /notices':
        return receive(request, response);
      case 'GET /merchant/club':
        return club.serve(request, response);
      case 'GET /merchant': {
        merchantPage(response);
        return;
      }
      case 'GET /api/merchant/notices': {
        sendJson(response, 200, newestFirst());
        return;
      }
      case 'DELETE /api/merchant/notices':
        notices.clear();
        events.changed();
        return void response.writeHead(204).end();
      case 'GET /api/merchant/events': {
        events.open(response);
        return;
      }
      case 'GET /api/merchant/requests/events': {
        requestEvents.open(response);
        return;
      }
      case 'GET /api/merchant/requests': {
        sendJson(response, 200, merchantServer.requests());
        return;
      }
      case 'DELETE /api/merchant/requests':
        merchantServer.forgetRequests();
        return void response.writeHead(204).end();
      case 'GET /api/merchant/reports': {
        sendJson(response, 200, merchantServer.reports());
        return;
      }
      case 'GET /api/merchant/clients': {
        sendJson(response, 200, book());
        return;
      }
      case 'PUT /api/merchant/clients':
        clients.replace(await readJson(request));
        {
          sendJson(response, 200, book());
          return;
        }
      case 'DELETE /api/merchant/clients':
        clients.reset();
        {
          sendJson(response, 200, book());
          return;
        }
      case 'GET /api/merchant/behaviour': {
        sendJson(response, 200, behaviour);
        return;
      }
      case 'PUT /api/merchant/behaviour':
        behaviour = parseBehaviour(await readJson(request));
        {
          sendJson(response, 200, behaviour);
          return;
        }
      default:
        throw new Refusal(404, 'The demo merchant has no such page.');
    }
  }

  const server = createServer((request, response) => {
    route(request, response).catch((error: unknown) => {
      if (response.headersSent) return void response.destroy();
      const refusal = error instanceof Refusal ? error : new Refusal(500, 'The demo merchant failed.');
      sendJson(response, refusal.status, { error: refusal.message });
    });
  });
  const port = await listenOnLoopback(server, settings.ports?.['http'] ?? 0);
  return {
    ports: { http: port },
    close: () => {
      events.close();
      requestEvents.close();
      return closeServer(server);
    },
  };
}

function read(webhook: Webhook, request: IncomingMessage, raw: Buffer): ReceivedNotice {
  const header = (name: string): string => {
    const value = request.headers[name];
    return typeof value === 'string' ? value : '';
  };
  const signed = {
    'webhook-id': header('webhook-id'),
    'webhook-timestamp': header('webhook-timestamp'),
    'webhook-signature': header('webhook-signature'),
  };
  const text = raw.toString('utf8');
  let verified = true;
  try {
    webhook.verify(text, signed);
  } catch {
    verified = false;
  }
  let body: unknown = text;
  try {
    body = JSON.parse(text);
  } catch {
    // Shown as it came.
  }
  const type =
    typeof body === 'object' && body !== null && 'type' in body && typeof body.type === 'string'
      ? body.type
      : '';
  const seconds = Number(signed['webhook-timestamp']);
  const dated = signed['webhook-timestamp'] !== '' && Number.isSafeInteger(seconds) && seconds < 1e11;
  return {
    id: signed['webhook-id'],
    type,
    timestamp: dated ? new Date(seconds * 1000).toISOString() : null,
    verified,
    body,
    receivedAt: new Date().toISOString(),
    answers: [],
  };
}

function parseBehaviour(input: Record<string, unknown>): Behaviour {
  const whole = (name: string, from: number, until: number): number | undefined => {
    const value = input[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= from && value <= until) return value;
    throw new Refusal(400, `${name} must be a whole number from ${from} to ${until}.`);
  };
  const retryAfter = whole('retryAfter', 0, 86_400);
  const times = whole('times', 1, 1_000);
  const to = parts.find((part) => part === input['to']);
  if (to === undefined && input['to'] !== undefined && input['to'] !== null) {
    throw new Refusal(400, `to must be one of ${parts.join(', ')}.`);
  }
  return {
    ...(to && { to }),
    answer: input['answer'] === 'drop' ? 'drop' : (whole('answer', 200, 599) ?? 204),
    delayMs: whole('delayMs', 0, 120_000) ?? 0,
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(times === undefined ? {} : { times }),
  };
}
