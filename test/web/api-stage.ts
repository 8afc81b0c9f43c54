// A server with the merchant API over a real database, two merchants, and a card processor that answers by the payment
// method's name. No switch commands anything: calls stay where the order left them.

import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { pino } from 'pino';
import { realClock, realIds } from '../../src/clock-and-ids.ts';
import { proofs } from '../../src/proofs.ts';
import { money } from '../../src/core/money.ts';
import { sandboxSipDomain, type SipDomain } from '../../src/core/sip-address.ts';
import { HeldSounds } from '../../src/flow/held-sounds.ts';
import type { House } from '../../src/flow/house.ts';
import type { Authorized, Clock, IntentState, Log } from '../../src/flow/ports.ts';
import { PostgresDatabase } from '../../src/store/database.ts';
import { demoMerchantId, seedDemoMerchant } from '../../src/store/demo-merchant.ts';
import { Seal, sha256 } from '../../src/store/seal.ts';
import { ChildAudioConverter } from '../../src/telephony/audio-converter.ts';
import { registerSwitch, takeLease } from '../../src/store/switches.ts';
import { hooks } from '../../src/web/hooks.ts';
import { merchantApi } from '../../src/web/merchant-api.ts';
import { houseMetrics, operations } from '../../src/web/operations.ts';
import { listen, type WebParts, webServer } from '../../src/web/server.ts';
import { freshDatabase } from '../database.ts';
import { noScripts, noSms, noSpeech } from '../no-merchant-server.ts';

export const demoKey = 'rk_demo_0123456789abcdef0123456789abcdef';
export const otherKey = 'rk_live_fedcba9876543210fedcba9876543210';
export const cdrCredentials = { user: 'switch', password: 'four-words-nobody-guesses' };

export interface LoggedLine {
  level: 'info' | 'warn' | 'error';
  facts: Record<string, unknown>;
  message: string;
}

export class ScriptedProcessor {
  authorizations = 0;
  /** Waited for before each answer: to hold a request in mid-flight. */
  gate: Promise<void> = Promise.resolve();
  /** The same for looking. */
  lookGate: Promise<void> = Promise.resolve();
  lastSeenMs: number | undefined;
  readonly #intents = new Map<string, IntentState>();

  health = () => (this.lastSeenMs === undefined ? {} : { lastSeenMs: this.lastSeenMs });
  minimumCharge = (currency: string) => money('0.50', currency);
  removeCustomer = () => Promise.resolve('gone' as const);

  async authorize(request: Parameters<House['processor']['authorize']>[0]): Promise<Authorized> {
    this.authorizations += 1;
    await this.gate;
    const intentId = `pi_${request.key}`;
    const card = { brand: 'visa', last4: '4242', paymentMethod: 'pm_card_visa' };
    const held = (intent: IntentState): Authorized => {
      this.#intents.set(intentId, intent);
      return { outcome: 'intent', intentId, intent };
    };
    switch (request.paymentMethod) {
      case 'pm_card_visa':
        return held({ state: 'authorized', amount: request.amount, card, chargeId: `ch_${request.key}` });
      case 'pm_card_needs_action':
        return held({ state: 'needs_action', clientSecret: 'secret' });
      case 'pm_card_empty':
        return { outcome: 'declined', intentId, reason: 'insufficient_funds' };
      case 'pm_unknown':
        return { outcome: 'refused', reason: 'resource_missing' };
      case 'pm_silence':
        return { outcome: 'unknown' };
      case 'pm_bug':
        throw new Error('a bug in the adapter');
      default:
        return held({ state: 'needs_card', clientSecret: 'secret' });
    }
  }
  async look(intent: { intentId: string }) {
    await this.lookGate;
    const found = this.#intents.get(intent.intentId);
    return found ? { outcome: 'intent' as const, intent: found } : { outcome: 'unknown' as const };
  }
  /** The caller has authenticated: the amount is held from now on. */
  settle(intentId: string, amount: string): void {
    const card = { brand: 'visa', last4: '4242', paymentMethod: 'pm_card_visa' };
    this.#intents.set(intentId, {
      state: 'authorized',
      amount: money(amount, 'EUR'),
      card,
      chargeId: 'ch_late',
    });
  }
  capture = () => Promise.resolve({ outcome: 'unknown' as const });
  void = () => Promise.resolve({ outcome: 'unknown' as const });
  find = () => Promise.resolve({ outcome: 'unknown' as const });
  refund = () => Promise.resolve({ outcome: 'unknown' as const });
  findRefund = () => Promise.resolve({ outcome: 'unknown' as const });
  lookAtRefund = () => Promise.resolve({ outcome: 'unknown' as const });
  lookAtDispute = () => Promise.resolve({ outcome: 'unknown' as const });
  disputesSince = () => Promise.resolve({ outcome: 'unknown' as const });
}

/** Where telephones with a login register. */
export const sipEdge = 'edge.example.com' as SipDomain;

export type Stage = Awaited<ReturnType<typeof apiStage>>;

export async function apiStage(
  given: {
    hints?: Parameters<typeof hooks>[1]['hints'];
    isCurrent?: () => Promise<boolean>;
    /** Served beside the API. */
    pages?: (house: House) => WebParts['pages'];
    publicUrl?: string;
  } = {},
) {
  const database = await freshDatabase();
  const db = new PostgresDatabase({
    url: database.ownerUrl,
    poolMax: 8,
    after: (ms, act) => realClock.after(ms, act),
  });
  const admin = new pg.Client(database.adminUrl);
  await admin.connect();

  let offsetMs = 0;
  const stage = { timersDueAtOnce: false };
  const clock: Clock = {
    ...realClock,
    now: () => new Date(Date.now() + offsetMs),
    after: (ms, act) => realClock.after(stage.timersDueAtOnce ? 0 : ms, act),
  };
  const logged: LoggedLine[] = [];
  const note = (level: LoggedLine['level']) => (facts: Record<string, unknown>, message: string) =>
    void logged.push({ level, facts, message });
  const log: Log = { info: note('info'), warn: note('warn'), error: note('error') };
  const requestLines: string[] = [];
  const processor = new ScriptedProcessor();
  const metrics = houseMetrics();
  const house: House = {
    db,
    sipDomains: new Set([sandboxSipDomain, sipEdge]),
    sipEdge,
    clock,
    ids: realIds,
    processor,
    switches: new Map(),
    notifier: { deliver: () => Promise.resolve({ outcome: 'no_answer', reason: 'nobody there' }) },
    merchantServer: {
      refusalOf: () => Promise.resolve(undefined),
      ask: () => Promise.reject(new Error('nobody rings in here')),
      report: () => Promise.resolve({ outcome: 'no_answer', reason: 'nobody there' }),
    },
    mailer: { configured: false, send: () => Promise.resolve('failed') },
    audio: new ChildAudioConverter({ log, ffmpeg: '/nowhere/ffmpeg' }),
    longAudio: new ChildAudioConverter({ log, ffmpeg: '/nowhere/ffmpeg' }),
    heldSounds: new HeldSounds(),
    speech: noSpeech,
    scriptServer: noScripts,
    smsSender: noSms,
    log,
    metrics,
    seal: new Seal(randomBytes(32)),
    // A password costs what it costs in test/adapters/proofs.test.ts; here many people sign in.
    proofs: proofs({ kibibytes: 64, passes: 1 }),
    publicUrl: given.publicUrl ?? 'https://ring.example',
  };
  await seedDemoMerchant(db, house.seal, {
    apiKeyHash: sha256(demoKey),
    linkSecret: 'link-secret',
    pageOrigins: ['https://shop.example'],
    notices: { url: 'https://shop.example/notices', secret: `whsec_${randomBytes(32).toString('base64')}` },
  });
  await admin.query(
    `insert into merchants (id, name, legal_name, contact_email, contact_phone, address, country, time_zone)
     values ('mer_other', 'Other', 'Other Ltd', 'o@other.example', '+44', 'London', 'GB', 'Europe/London')`,
  );
  await admin.query(
    `insert into api_keys (id, merchant_id, name, key_hash) values ('key_o', 'mer_other', 'o', $1)`,
    [sha256(otherKey)],
  );
  // Somebody commands a switch, else no call may be ordered.
  await db.asNobody((knex) => registerSwitch(knex, 'fs1'));
  await db.asNobody((knex) => takeLease(knex, 'fs1', 'stage', 3600));

  const app = webServer({
    house,
    operations: operations(house, { metrics, isCurrent: given.isCurrent ?? (() => Promise.resolve(true)) }),
    hooks: hooks(house, { hints: given.hints ?? { read: () => undefined }, cdrCredentials, log }),
    api: merchantApi(house),
    pages: given.pages?.(house) ?? [],
    // Who asks says where from: tests come from many places.
    trustedProxies: 1,
    requests: pino({ base: null }, { write: (line: string) => void requestLines.push(line) }),
  });
  const server = await listen(app, { port: 0, host: '127.0.0.1' });
  const url = `http://127.0.0.1:${String(server.port)}`;

  return Object.assign(stage, {
    house,
    admin,
    db,
    processor,
    logged,
    requestLines,
    url,
    merchantId: demoMerchantId,
    /** Moves the wall clock on; the database's own clock stays. */
    advance(ms: number): void {
      offsetMs += ms;
    },
    /** Every consultant is free again, as after a call. */
    async freeAll(): Promise<void> {
      await admin.query('update consultants set claimed_by = null, claim = null, claimed_until = null');
    },
    async close(): Promise<void> {
      await server.close(100);
      await db.close();
      await admin.end();
      await database.drop();
    },
  });
}

/** What tests look at, of whichever answer it is; what an answer does not have is undefined all the same. */
export interface AnswerBody {
  id: string;
  orderId: string;
  callSessionId: string;
  orderUrl: string;
  outcome: string | null;
  type: string;
  detail: string;
  errors: { pointer: string }[];
  events: { name: string; at: string }[];
  next: string | number | null;
  hasMore: boolean;
  data: Entry[];
}

export interface Entry {
  id: string;
  slug: string;
  orderId: string;
  position: number;
  amount: { amount: string };
  consultants: unknown[];
}

export interface Answer {
  status: number;
  headers: Headers;
  body: AnswerBody;
}

/** One request with the demo key; `body` as JSON unless it is text already. */
export async function ask(
  stage: { url: string },
  method: string,
  path: string,
  given: { body?: unknown; key?: string | null; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const key = given.key === undefined ? demoKey : given.key;
  const response = await fetch(stage.url + path, {
    method,
    headers: {
      ...(given.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...given.headers,
    },
    ...(given.body === undefined
      ? {}
      : { body: typeof given.body === 'string' ? given.body : JSON.stringify(given.body) }),
  });
  const text = await response.text();
  const json = /json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    body: (json ? JSON.parse(text) : text) as AnswerBody,
  };
}
