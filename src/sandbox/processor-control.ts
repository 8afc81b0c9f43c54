// What tests and the demo page ask the sandbox's processor, beside Stripe's API:
//
//   GET  /api/payments?limit=20            payment intents as Stripe shows them, newest first, of all accounts
//   GET  /api/payments/events              server-sent events: `payments` with the newest 20, now and at every change
//   POST /api/payments/{id}/expire         the bank gives this hold back now                                      204
//   PUT  /api/payments/holds {"seconds"}   how long holds made from now on last                                   204
//   PUT  /api/payments/refunds {"pend"}    whether refunds made from now on wait for the bank                     204
//   PUT  /api/payments/moto {"allowed"}    whether accounts may take cards by telephone                             204
//   POST /api/payments/refunds/{id}/{succeeded|failed}   the bank has decided about a refund                      204
//   POST /api/payments/{id}/dispute {"reason"}           the caller's bank takes what was paid back               {id}
//   POST /api/payments/disputes/{id}/{won|lost|under_review}   and decides                                       204
//   GET  /api/faults                       the faults that wait
//   POST /api/faults {"next": ...}         one more (processor-faults.ts), or {"webhooks": "sent|dropped|twice"}   204
//   DELETE /api/faults                     none any more; webhooks are sent                                       204
//
// Problems are answered as {"error": "one sentence"}. Not here: doing it.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson } from './processor-answers.ts';
import type { Events, WebhookMode } from './processor-events.ts';
import { readFault, type Faults } from './processor-faults.ts';
import { defaultHoldSeconds, type Intents, type PublicBase } from './processor-intents.ts';
import { newId, type ChargeRecord, type DisputeRecord, type Records } from './processor-records.ts';
import { disputeShape, intentShape } from './processor-shapes.ts';

/** Changes within this time are told together: under load nobody reads 200 lists a second. */
const gatherMs = 40;
/** Proxies end what is silent for longer than this. */
const pulseMs = 15_000;
const listed = 20;

const webhookModes: readonly WebhookMode[] = ['sent', 'dropped', 'twice'];

export interface ProcessorControlSettings {
  records: Records;
  intents: Intents;
  events: Events;
  faults: Faults;
  base: PublicBase;
  /** Pages of these origins may read and act. */
  origins: readonly string[];
}

export class ProcessorControl {
  readonly #settings: ProcessorControlSettings;
  readonly #streams = new Set<ServerResponse>();
  readonly #pulse: NodeJS.Timeout;
  readonly #unlisten: () => void;
  #gathering: NodeJS.Timeout | undefined;

  constructor(settings: ProcessorControlSettings) {
    this.#settings = settings;
    this.#unlisten = settings.events.listen(() => this.#tellSoon());
    this.#pulse = setInterval(() => {
      for (const stream of this.#streams) stream.write(': still here\n\n');
    }, pulseMs).unref();
  }

  serve(request: IncomingMessage, response: ServerResponse, url: URL, body: string): void {
    if (!this.#admit(request, response)) return;
    const asked = `${request.method ?? ''} ${url.pathname}`;
    if (asked === 'GET /api/payments/events') {
      this.#stream(response);
      return;
    }
    const { status, json } = this.#reply(asked, url, body);
    if (json === undefined) response.writeHead(status).end();
    else sendJson(response, status, json);
  }

  #reply(asked: string, url: URL, body: string): Reply {
    const { faults, intents, events } = this.#settings;
    const expired = /^POST \/api\/payments\/(pi_\w+)\/expire$/.exec(asked);
    if (expired !== null) return this.#expire(expired[1] ?? '');
    const ended = /^POST \/api\/payments\/refunds\/(re_\w+)\/(succeeded|failed)$/.exec(asked);
    if (ended !== null) return this.#endRefund(ended[1] ?? '', ended[2] as 'succeeded' | 'failed');
    const disputed = /^POST \/api\/payments\/(pi_\w+)\/dispute$/.exec(asked);
    if (disputed !== null) return this.#dispute(disputed[1] ?? '', body);
    const decided = /^POST \/api\/payments\/disputes\/(du_\w+)\/(won|lost|under_review)$/.exec(asked);
    if (decided !== null)
      return this.#decide(decided[1] ?? '', decided[2] as 'won' | 'lost' | 'under_review');
    switch (asked) {
      case 'PUT /api/payments/refunds':
        intents.refundsPend = (parsed(body) as { pend?: unknown } | undefined)?.pend === true;
        return done;
      case 'PUT /api/payments/moto':
        intents.motoAllowed = (parsed(body) as { allowed?: unknown } | undefined)?.allowed !== false;
        return done;
      case 'GET /api/payments':
        intents.expireDue();
        return { status: 200, json: this.#payments(Number(url.searchParams.get('limit') ?? 100)) };
      case 'PUT /api/payments/holds':
        return this.#setHolds(body);
      case 'GET /api/faults':
        return { status: 200, json: { data: faults.waiting, webhooks: events.mode } };
      case 'POST /api/faults':
        return this.#addFault(body);
      case 'DELETE /api/faults':
        faults.clear();
        intents.motoAllowed = true;
        events.mode = 'sent';
        return done;
      default:
        return problem(404, 'There is nothing here.');
    }
  }

  close(): void {
    clearInterval(this.#pulse);
    clearTimeout(this.#gathering);
    this.#unlisten();
    for (const stream of this.#streams) stream.end();
  }

  /** A page of any other origin must not play with the developer's sandbox behind his back. */
  #admit(request: IncomingMessage, response: ServerResponse): boolean {
    const { origin } = request.headers;
    if (origin === undefined) return true;
    if (!this.#settings.origins.includes(origin)) {
      sendJson(response, 403, { error: 'This origin may not ask the sandbox.' });
      return false;
    }
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('vary', 'origin');
    if (request.method !== 'OPTIONS') return true;
    response.setHeader('access-control-allow-methods', 'GET, POST, PUT, DELETE');
    response.setHeader('access-control-allow-headers', 'content-type');
    response.writeHead(204).end();
    return false;
  }

  #payments(limit: number): { object: 'list'; data: unknown[]; has_more: boolean; url: string } {
    const { records, base } = this.#settings;
    const intents = records.newest('intent');
    const count = Number.isInteger(limit) && limit > 0 ? Math.min(limit, 1000) : 100;
    return {
      object: 'list',
      data: intents.slice(0, count).map((intent) => intentShape(intent, base.publicUrl)),
      has_more: intents.length > count,
      url: '/api/payments',
    };
  }

  #stream(response: ServerResponse): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    });
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
    response.write(this.#message());
  }

  #message(): string {
    return `event: payments\ndata: ${JSON.stringify({ data: this.#payments(listed).data })}\n\n`;
  }

  #tellSoon(): void {
    if (this.#streams.size === 0 || this.#gathering !== undefined) return;
    this.#gathering = setTimeout(() => {
      this.#gathering = undefined;
      const message = this.#message();
      for (const stream of this.#streams) stream.write(message);
    }, gatherMs).unref();
  }

  #expire(id: string): Reply {
    const { intents, records } = this.#settings;
    const intent = records.get('intent', id);
    if (intent === undefined) return problem(404, 'No such payment intent.');
    if (intent.status !== 'requires_capture') return problem(409, 'It holds nothing.');
    intents.expire(intent);
    return done;
  }

  #endRefund(id: string, status: 'succeeded' | 'failed'): Reply {
    const refund = this.#settings.records.get('refund', id);
    if (refund === undefined) return problem(404, 'No such refund.');
    this.#settings.intents.endRefund(refund, status);
    return done;
  }

  #dispute(intentId: string, body: string): Reply {
    const { intents, records, events } = this.#settings;
    const intent = records.get('intent', intentId);
    if (intent?.status !== 'succeeded') return problem(409, 'It took nothing.');
    const { reason = 'fraudulent' } = (parsed(body) ?? {}) as { reason?: string };
    const dispute = disputeOf(intents.chargeOf(intent), reason, intents.now);
    records.put('dispute', dispute);
    events.emit('charge.dispute.created', dispute.account, disputeShape(dispute), nobody);
    return { status: 200, json: { id: dispute.id } };
  }

  #decide(id: string, status: DisputeRecord['status']): Reply {
    const { records, events } = this.#settings;
    const dispute = records.get('dispute', id);
    if (dispute === undefined) return problem(404, 'No such dispute.');
    dispute.status = status;
    records.put('dispute', dispute);
    const type = status === 'under_review' ? 'charge.dispute.updated' : 'charge.dispute.closed';
    events.emit(type, dispute.account, disputeShape(dispute), nobody);
    return done;
  }

  #setHolds(body: string): Reply {
    const { seconds = defaultHoldSeconds } = (parsed(body) ?? {}) as { seconds?: unknown };
    if (typeof seconds !== 'number' || !Number.isInteger(seconds) || seconds < 1) {
      return problem(400, 'seconds is a whole number from 1.');
    }
    this.#settings.intents.holdSeconds = seconds;
    return done;
  }

  #addFault(body: string): Reply {
    const asked = parsed(body);
    const webhooks = (asked as { webhooks?: unknown } | null | undefined)?.webhooks;
    if (webhooks !== undefined) {
      const mode = webhookModes.find((known) => known === webhooks);
      if (mode === undefined) return problem(400, `webhooks is one of ${webhookModes.join(', ')}.`);
      this.#settings.events.mode = mode;
      return done;
    }
    const fault = readFault(asked);
    if (typeof fault === 'string') return problem(400, `${fault}.`);
    this.#settings.faults.add(fault);
    return done;
  }
}

const nobody = { requestId: null, idempotencyKey: null };
/** Networks give a merchant one to three weeks to answer. */
const evidenceSeconds = 14 * 24 * 3600;

/** What was taken of the charge and not given back, taken back by the bank. */
function disputeOf(charge: ChargeRecord, reason: string, now: number): DisputeRecord {
  charge.disputed = true;
  return {
    id: newId('du'),
    account: charge.account,
    created: now,
    charge: charge.id,
    intent: charge.intent,
    amount: charge.amountCaptured,
    currency: charge.currency,
    reason,
    status: 'needs_response',
    evidenceDueBy: now + evidenceSeconds,
  };
}

interface Reply {
  status: number;
  json?: unknown;
}

const done: Reply = { status: 204 };

function problem(status: number, error: string): Reply {
  return { status, json: { error } };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
