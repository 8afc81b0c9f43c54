// The composition root: what the house is made of, put together by plain `new`.
//
//   web/        page, API and hooks: people and merchants come in here
//     │
//   flow/       order-callback ─▶ run-call ─▶ settle-order ─▶ notify-merchant, and recover behind them all
//     │    ╲
//   store/  core/   Postgres, and the rules it all obeys
//
//   telephony/  FreeSWITCH by its event socket    ┐
//   payments/   Stripe by its SDK                 ├ behind flow/ports.ts
//   merchants/  the merchants' own servers        ┘
//
// A gateway holds nothing that is not also in Postgres: several stand side by side, any may die.

import { createHmac, randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { Registry } from 'prom-client';
import { realClock, realIds } from './clock-and-ids.ts';
import type { E164 } from './core/ids.ts';
import type { House } from './flow/house.ts';
import { mailReceipt, tellAvailability } from './flow/mail-people.ts';
import { NoticeDispatcher } from './flow/notify-merchant.ts';
import type { Log, Switch } from './flow/ports.ts';
import { Recovery } from './flow/recover.ts';
import { SwitchCommander } from './flow/run-call.ts';
import { settleOrder } from './flow/settle-order.ts';
import { NoticeDelivery } from './merchants/notice-delivery.ts';
import { MerchantHttp } from './merchants/outbound.ts';
import { StripeCardProcessor } from './payments/card-processor.ts';
import { StripeHints } from './payments/stripe-events.ts';
import { smtpMailer } from './smtp-mailer.ts';
import { Database } from './store/database.ts';
import { seedDemoMerchant } from './store/demo-merchant.ts';
import { startJobs } from './store/jobs.ts';
import { isCurrent } from './store/migrate.ts';
import { Seal, sha256 } from './store/seal.ts';
import { FreeSwitch } from './telephony/freeswitch.ts';
import type { CarrierRoute } from './telephony/dial-string.ts';

export interface GatewayOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  /** Without a slash at the end; absent: where the server listens. */
  publicUrl?: string;
  databaseUrl: string;
  /** 32 bytes. */
  secretsKey: Buffer;
  switches: readonly { id: string; host: string; port: number; password: string }[];
  carrier: CarrierRoute;
  prompts: { dir: string; dirAtSwitch: string; engine?: string; voices?: Partial<Record<'fr' | 'en', string>> };
  processor: {
    secretKey: string;
    publishableKey: string;
    webhookSecrets: readonly string[];
    /** Absent: Stripe itself. */
    apiBase?: string;
    stripeJsUrl?: string;
  };
  cdrCredentials?: { user: string; password: string };
  mail?: { smtpUrl: string; from: string };
  onlyNumbers?: readonly E164[];
  production: boolean;
  demo?: {
    notices?: { url: string; secret: string };
    /** Where pages may frame ours and callers may be sent back to. */
    pageOrigins: readonly string[];
    /** Where the demonstration is shown; absent where there is no sandbox. */
    demoUrl?: string;
  };
  log: Log;
  requestLog: import('pino').Logger;
  /** For tests: parts of the house replaced by others of the same shape. */
  overrides?: Partial<House>;
}

export interface Gateway {
  url: string;
  demo?: { apiKey: string };
  house: House;
  /** Stops taking calls and lets go of the switches; running calls go on under their limits. */
  close(): Promise<void>;
}
