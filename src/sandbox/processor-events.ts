// What happened, told to whoever listens: the list of events, signed webhooks (https://docs.stripe.com/webhooks) and the
// demo page's stream. Not here: what happens (processor-intents.ts).

import { createHmac } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { newId } from './processor-records.ts';
import { apiVersion, type StripeObject } from './processor-shapes.ts';

export interface EventCause {
  requestId: string | null;
  idempotencyKey: string | null;
}

interface KeptEvent {
  id: string;
  account: string;
  type: string;
  created: number;
  payload: string;
}

/** Stripe keeps events for 30 days; a load test makes a hundred a second. */
const keptMax = 10_000;

/** Seconds until the next try. Stripe goes on for hours in test mode; nobody restarts a gateway for longer than this. */
const retrySeconds = [1, 5, 30, 120, 600, 3600];

/** An endpoint that has not answered by now will get the event again. */
const answerMs = 10_000;

export type WebhookMode = 'sent' | 'dropped' | 'twice';

export interface EventsSettings {
  webhookUrl?: string | undefined;
  webhookSecret: string;
  ownAccount: string;
  nowMs: () => number;
}

export class Events {
  readonly #settings: EventsSettings;
  readonly #kept: KeptEvent[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #retries = new Set<NodeJS.Timeout>();
  #closed = false;
  // Few connections: a slow gateway must not be met with hundreds.
  readonly #agents = {
    'http:': new Agent({ keepAlive: true, maxSockets: 6 }),
    'https:': new HttpsAgent({ keepAlive: true, maxSockets: 6 }),
  };
  mode: WebhookMode = 'sent';

  constructor(settings: EventsSettings) {
    this.#settings = settings;
  }

  /** The object as it is now: an event shows the past, however late it arrives. */
  emit(type: string, account: string, object: StripeObject, cause: EventCause): void {
    const created = Math.floor(this.#settings.nowMs() / 1000);
    const id = newId('evt');
    const payload = JSON.stringify({
      id,
      object: 'event',
      ...(account === this.#settings.ownAccount ? {} : { account }),
      api_version: apiVersion,
      created,
      data: { object },
      livemode: false,
      pending_webhooks: this.#settings.webhookUrl === undefined ? 0 : 1,
      request: { id: cause.requestId, idempotency_key: cause.idempotencyKey },
      type,
    });
    this.#kept.push({ id, account, type, created, payload });
    if (this.#kept.length > keptMax) this.#kept.splice(0, keptMax / 10);
    for (const listener of this.#listeners) listener();
    if (this.mode === 'dropped') return;
    this.#deliver(payload, 0);
    if (this.mode === 'twice') this.#deliver(payload, 0);
  }

  /** Newest first, as JSON texts. */
  list(account: string, types: readonly string[]): { id: string; payload: string }[] {
    return this.#kept
      .filter((event) => event.account === account && (types.length === 0 || types.includes(event.type)))
      .reverse();
  }

  find(account: string, id: string): string | undefined {
    return this.#kept.find((event) => event.id === id && event.account === account)?.payload;
  }

  /** Called after every event; the returned function ends it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#retries) clearTimeout(timer);
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  #deliver(payload: string, tries: number): void {
    const { webhookUrl } = this.#settings;
    if (webhookUrl === undefined || this.#closed) return;
    const url = new URL(webhookUrl);
    const secure = url.protocol === 'https:';
    const body = Buffer.from(payload);
    let settled = false;
    const failed = (): void => {
      if (settled) return;
      settled = true;
      this.#tryLater(payload, tries);
    };
    const posted = (secure ? httpsRequest : httpRequest)(
      url,
      {
        method: 'POST',
        agent: secure ? this.#agents['https:'] : this.#agents['http:'],
        timeout: answerMs,
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'content-length': body.length,
          'stripe-signature': this.#signature(payload),
          'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
        },
      },
      (answer) => {
        answer.resume();
        const status = answer.statusCode ?? 0;
        if (status < 200 || status > 299) failed();
        else settled = true;
      },
    );
    posted.on('timeout', () => posted.destroy());
    posted.on('error', failed);
    posted.end(body);
  }

  #tryLater(payload: string, tries: number): void {
    const seconds = retrySeconds[tries];
    if (seconds === undefined || this.#closed) return;
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      this.#deliver(payload, tries + 1);
    }, seconds * 1000);
    timer.unref();
    this.#retries.add(timer);
  }

  /** Signed at every try, so that a late one is as fresh as the first (https://docs.stripe.com/webhooks/signature). */
  #signature(payload: string): string {
    const at = Math.floor(this.#settings.nowMs() / 1000);
    const mac = createHmac('sha256', this.#settings.webhookSecret).update(`${at}.${payload}`).digest('hex');
    return `t=${at},v1=${mac}`;
  }
}
