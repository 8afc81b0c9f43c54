// The card processor of the sandbox: a separate process that speaks Stripe's API, so that the gateway uses the same SDK and
// the page the same Stripe.js as with the real one. Tells apart what Stripe tells apart: accounts, keys, idempotency,
// declines, 3-D Secure, holds that expire, signed webhooks. Takes no real card and keeps no card number.
//
//   processor-http        server: /v1, /stripe, /api         processor-pages      card field and bank, as HTML
//   processor-api         key, account, idempotency, faults  processor-control    /api: demo page and tests
//   processor-operations  what changes, by Stripe's names    processor-lists      what only reads
//   processor-intents     the payment intent's machine       processor-records    memory and file
//   processor-events      events, webhooks, listeners        processor-shapes     the JSON

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ProcessorSettings, RunningPart } from './part-contract.ts';
import { ProcessorApi } from './processor-api.ts';
import { ProcessorControl } from './processor-control.ts';
import { Events } from './processor-events.ts';
import { Faults } from './processor-faults.ts';
import { createProcessorServer } from './processor-http.ts';
import { IdempotencyKeys } from './processor-idempotency.ts';
import { Intents } from './processor-intents.ts';
import { Records } from './processor-records.ts';

/** The platform's own account: what no `Stripe-Account` header names. */
const ownAccount = 'acct_sandbox';

/** How often holds that are over are given back when nobody asks. */
const expiryLookMs = 1000;

/** The front's contract (part-contract.ts): ports `{ http }`, objects kept in `dataDir`. */
export async function startProcessor(settings: ProcessorSettings): Promise<RunningPart> {
  const running = await startSandboxProcessor({
    port: settings.ports?.['http'] ?? 0,
    secretKey: settings.secretKey,
    publishableKey: settings.publishableKey,
    webhookSecret: settings.webhookSecret,
    publicBase: settings.publicUrl,
    dataDir: settings.dataDir,
    origins: [settings.gatewayUrl, settings.publicUrl],
    ...(settings.webhookUrl === undefined ? {} : { webhookUrl: settings.webhookUrl }),
  });
  return { ports: { http: running.port }, close: () => running.close() };
}

export interface SandboxProcessorSettings {
  /** 0: any free one. Always on 127.0.0.1. */
  port: number;
  secretKey: string;
  publishableKey: string;
  webhookUrl?: string;
  webhookSecret?: string;
  /** Where browsers reach this server: links to the bank's page start with it. Absent: its own address. */
  publicBase?: string;
  /** Absent: nothing outlives `close`. */
  dataDir?: string;
  /** Origins whose pages may use /api. */
  origins?: readonly string[];
  /** For tests that turn the clock. Milliseconds since 1970. */
  nowMs?: () => number;
}

export interface SandboxProcessor {
  port: number;
  /** `http://127.0.0.1:port`: the SDK's base, and where /api is. */
  url: string;
  close(): Promise<void>;
}

export async function startSandboxProcessor(settings: SandboxProcessorSettings): Promise<SandboxProcessor> {
  const { secretKey, publishableKey, nowMs = () => Date.now() } = settings;
  const records = new Records(settings.dataDir);
  const faults = new Faults();
  const events = new Events({
    webhookUrl: settings.webhookUrl,
    webhookSecret: settings.webhookSecret ?? 'whsec_sandbox',
    ownAccount,
    nowMs,
  });
  // The port is known only once the server listens, and intents name their links when they are shown.
  const base = { publicUrl: settings.publicBase ?? '' };
  const intents = new Intents({ records, events, base, nowMs });
  const world = { records, intents, events, base, ownAccount };
  const waits = new Waits();
  const api = new ProcessorApi({
    world,
    keys: new IdempotencyKeys({ records, nowMs }),
    faults,
    secretKey,
    publishableKey,
    wait: (ms) => waits.wait(ms),
  });
  const control = new ProcessorControl({
    records,
    intents,
    events,
    faults,
    base,
    origins: (settings.origins ?? []).map((origin) => new URL(origin).origin),
  });
  const server = createProcessorServer({ api, control, intents, records });
  const port = await listen(server, settings.port);
  const url = `http://127.0.0.1:${port}`;
  if (settings.publicBase === undefined) base.publicUrl = url;
  const expiry = setInterval(() => intents.expireDue(), expiryLookMs).unref();

  return {
    port,
    url,
    close: async () => {
      clearInterval(expiry);
      waits.end();
      control.close();
      events.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      records.close();
    },
  };
}

/** The port of before may still be held by the process that died: a second of trying is enough on one machine. */
async function listen(server: Server, port: number): Promise<number> {
  const triesMax = 20;
  for (let tries = 1; ; tries += 1) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, '127.0.0.1', () => {
          server.off('error', reject);
          resolve();
        });
      });
      return (server.address() as AddressInfo).port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries === triesMax) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Delays somebody asked for, which must not outlive the server. */
class Waits {
  readonly #waiting = new Map<NodeJS.Timeout, () => void>();

  async wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(timer);
        resolve();
      }, ms);
      this.#waiting.set(timer, resolve);
    });
  }

  end(): void {
    for (const [timer, resolve] of this.#waiting) {
      clearTimeout(timer);
      resolve();
    }
    this.#waiting.clear();
  }
}
