// A whole house for one test file: the real gateway over its own database, with the sandbox's switch, processor and
// merchant on the far side of the real protocols; or with a switch that stands already (test/live). People are operated as
// they operate themselves: by their telephones.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { expect, inject } from 'vitest';
import { type Config, type Environment, readConfig } from '../src/config.ts';
import type { House } from '../src/flow/house.ts';
import type { GatewayOrder } from '../src/gateway-process.ts';
import { type Gateway, startGateway } from '../src/gateway.ts';
import { type SandboxSwitch, startSandboxSwitch } from '../src/sandbox/switch.ts';
import { migrate } from '../src/store/migrate.ts';
import { type FreshDatabase, freshDatabase } from './database.ts';
import {
  type Dialling,
  type Phone,
  type PhoneAct,
  readJson,
  sandboxTelephones,
  sendJson,
  telephonesOfAll,
  type Telephones,
} from './telephones.ts';
import { freePort } from './free-port.ts';
import { startOutsideParts } from './outside-parts.ts';

export const caller = '+33612345678';
export const claire = '+33199000001';
export const hugo = '+33199000002';
export const ines = '+33199000003';

export type { Phone } from './telephones.ts';

export interface SessionView {
  id: string;
  orderId: string;
  state: string;
  outcome?: string;
  talkTimeSeconds: number;
  billableSeconds: number;
  authorized: { amount: string; currency: string };
  captured: { amount: string; currency: string };
  released: { amount: string; currency: string };
  events: { name: string }[];
  [more: string]: unknown;
}

export interface MerchantNotice {
  id: string;
  type: string;
  verified: boolean;
  body: { type: string; data: Record<string, unknown> };
}

/** What tests look at, of whichever answer it is; what an answer does not have is undefined all the same. */
export interface ApiAnswer {
  status: number;
  json: {
    id: string;
    orderId: string;
    paymentUrl: string;
    orderUrl: string;
    type: string;
    detail: string;
    data: { account: string; amount: { amount: string; currency: string } }[];
  };
}

/** A payment intent as the processor's own list shows it, in the smallest unit of its currency. */
export interface ProcessorPayment {
  id: string;
  status: string;
  amount: number;
  amount_received: number;
  metadata: Record<string, string>;
}

export interface TestWorld {
  url: string;
  apiKey: string;
  /** Of the gateway that serves now. */
  readonly house: House;
  readonly gateway: Gateway;
  /** What a gateway in a process of its own is told to be this world's (src/gateway-process). */
  readonly asProcess: { environment: Environment; order: GatewayOrder };
  /** The sandbox's, in the order of their names: fs1, fs2. */
  readonly switches: readonly SandboxSwitch[];
  /** Of their event sockets. */
  readonly switchPassword: string;
  /** Cuts the event socket as a network does; a new connection is welcome at once. */
  cutLink(): void;
  /** The first switch dies with its calls; another run of it is at its place. */
  crashSwitch(): Promise<void>;
  /** Sees all merchants' rows; statements asked at once wait for each other. */
  sql: pg.Pool;
  /** Another gateway over the same database and switches, at an address of its own; the caller closes it. */
  anotherGateway(): Promise<Gateway>;
  /** Ends the gateway and starts another at its address, as a new release is put in place. */
  restartGateway(): Promise<void>;
  api(method: string, path: string, body?: object, headers?: Record<string, string>): Promise<ApiAnswer>;
  /** Orders a callback for `caller` on the demo line, paid by a good card; `body` changes or adds. */
  order(body?: object): Promise<{ id: string; orderId: string }>;
  /** Waits until he rings; then he answers and presses 1. */
  accept(number: string): Promise<void>;
  /** Orders, and both accept: they talk. `consultant`: who will be rung. */
  connect(body?: object, consultant?: string): Promise<{ id: string; orderId: string }>;
  phone(number: string): Promise<Phone | undefined>;
  /** Waits until this phone is in this state; the failure says what it was instead. */
  phoneIs(number: string, state: Phone['state']): Promise<Phone>;
  does(number: string, act: PhoneAct, body?: object): Promise<void>;
  /** Calls one of the merchant's numbers. */
  dials(number: string, ddi: string, options?: Dialling): Promise<void>;
  behaves(number: string, behaviour: object): Promise<void>;
  session(id: string): Promise<SessionView>;
  sessionIs(id: string, state: string, withinMs?: number): Promise<SessionView>;
  payments(): Promise<ProcessorPayment[]>;
  notices(orderId: string): Promise<MerchantNotice[]>;
  /** Waits until the merchant has heard exactly these of the order, in sequence. */
  heard(orderId: string, types: string[]): Promise<MerchantNotice[]>;
  faults(body: object): Promise<void>;
  merchantAnswers(behaviour: object): Promise<void>;
  /** The invariants that hold at any moment: ledger sums, holds, claims. */
  balanced(): Promise<void>;
  close(): Promise<void>;
}

export interface WorldOptions {
  speechSpeed?: number;
  silenceSpeed?: number;
  /** How many of the sandbox's switches; one when absent. */
  switches?: number;
  overrides?: Partial<House>;
  /** Told to end, the gateway serves on for so long; not at all when absent. */
  drainSeconds?: number;
  /** Absent: the sandbox's switch. */
  switchAt?: GivenSwitch;
}

/** A switch that stands already, with the telephones it reaches. */
export interface GivenSwitch {
  /** FREESWITCH_URL and what a gateway is told beside it. */
  environment: Environment;
  /** Where it posts its call records on this machine: the gateway is put there. */
  gatewayPort: number;
  telephones: Telephones;
  cutLink(): void;
  /** Leaves the switch as it was found. */
  close(): Promise<void>;
}

/**
 * Waits for something another process is about to do; the last failure is the test's. What takes long is looked at more seldom:
 * a look costs what an answer of the house does.
 */
export async function eventually<T>(check: () => Promise<T> | T, withinMs = 20_000): Promise<T> {
  const since = performance.now();
  for (;;) {
    try {
      return await check();
    } catch (error) {
      const waitedMs = performance.now() - since;
      if (waitedMs > withinMs) throw error;
      await delay(Math.min(Math.max(40, waitedMs / 10), 160));
    }
  }
}

export async function startWorld(options: WorldOptions = {}): Promise<TestWorld> {
  const database: FreshDatabase = await freshDatabase();
  const dir = mkdtempSync(join(tmpdir(), 'ringmeter-world-'));
  const port = options.switchAt?.gatewayPort ?? (await freePort());
  const gatewayUrl = `http://127.0.0.1:${String(port)}`;
  const outside = await startOutsideParts({ dir, gatewayUrl });
  const given = options.switchAt;
  const spoolDir = join(dir, 'spool');
  // Of this process: sentences are spoken once, not in every house anew; what callers say lies among them for a while.
  const promptsDir = join(inject('spokenDir'), String(process.pid));
  const startSwitch = (eslPort: number, httpPort: number): Promise<SandboxSwitch> =>
    startSandboxSwitch({
      eslPort,
      httpPort,
      ...outside.forSwitch,
      spoolDir,
      speechSpeed: options.speechSpeed ?? 40,
      silenceSpeed: options.silenceSpeed ?? 1,
    });
  const switches: SandboxSwitch[] = [];
  while (!given && switches.length < (options.switches ?? 1))
    switches.push(await startSwitch(await freePort(), await freePort()));
  await migrate(database.ownerUrl);
  const config: Config = {
    ...readConfig({ DATA_DIR: dir, PROMPTS_DIR: promptsDir, ...switchEnvironment(given) }),
    port,
    publicUrl: gatewayUrl,
    cdrSpoolDir: given?.environment['CDR_SPOOL_DIR'] ?? spoolDir,
    logLevel: 'error',
    drainSeconds: options.drainSeconds ?? 0,
  };
  const secretsKey = randomBytes(32);
  const world = {
    databaseUrl: database.ownerUrl,
    secretsKey,
    sandbox: {
      ...outside.forGateway,
      ...(!given && {
        eslUrl: switches.map((one) => outside.eslUrl(one.eslPort)).join(','),
        cdrCredentials: outside.cdrCredentials,
      }),
    },
  };
  let gateway = await startGateway(config, world, options.overrides);
  const sql = new pg.Pool({ connectionString: database.adminUrl, max: 2 });
  // Where a test takes the database away an idle connection of ours may go with it; the pool makes another.
  sql.on('error', () => undefined);
  const apiKey = gateway.demo?.apiKey ?? '';

  const telephones =
    given?.telephones ??
    telephonesOfAll(
      switches.map((one) => sandboxTelephones(`http://127.0.0.1:${String(one.httpPort)}/api/phones`)),
    );

  /** The farewell of the call before is over. */
  const isFree = async (number: string): Promise<void> => {
    if (await telephones.phone(number)) await self.phoneIs(number, 'ended');
  };
  const self: TestWorld = {
    url: gatewayUrl,
    apiKey,
    get house() {
      return gateway.house;
    },
    get gateway() {
      return gateway;
    },
    asProcess: {
      environment: {
        PORT: String(port),
        PUBLIC_URL: gatewayUrl,
        DATA_DIR: dir,
        PROMPTS_DIR: promptsDir,
        CDR_SPOOL_DIR: spoolDir,
        LOG_LEVEL: 'error',
        ...switchEnvironment(given),
      },
      order: {
        world: {
          databaseUrl: world.databaseUrl,
          sandbox: world.sandbox,
          secretsKeyBase64: secretsKey.toString('base64'),
        },
      },
    },
    cutLink() {
      if (given) given.cutLink();
      else for (const one of switches) one.cutConnections();
    },
    switches,
    switchPassword: outside.forSwitch.password,
    async crashSwitch() {
      const [first] = switches;
      if (!first) throw new Error('No switch of ours.');
      await first.crash();
      switches[0] = await startSwitch(first.eslPort, first.httpPort);
    },
    sql,
    async anotherGateway() {
      const other = await freePort();
      const gateway = await startGateway({ ...config, port: other }, world, options.overrides);
      return { ...gateway, url: `http://127.0.0.1:${String(other)}` };
    },
    async restartGateway() {
      await gateway.close();
      gateway = await startGateway(config, world, options.overrides);
    },
    async api(method, path, body, headers = {}) {
      const response = await fetch(`${gatewayUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, json: JSON.parse(text === '' ? '{}' : text) as ApiAnswer['json'] };
    },
    async order(body = {}) {
      const callerNumber = 'callerNumber' in body ? String(body.callerNumber) : caller;
      await isFree(callerNumber);
      const made = await self.api('POST', '/v1/callbacks', {
        line: 'demo',
        callerNumber,
        paymentMethod: 'pm_card_visa',
        ...body,
      });
      expect(made.status, JSON.stringify(made.json)).toBe(201);
      return { id: made.json.id, orderId: made.json.orderId };
    },
    async accept(number) {
      await self.phoneIs(number, 'ringing');
      await self.does(number, 'answer');
      await self.does(number, 'keys', { digits: '1' });
    },
    async connect(body = {}, consultant = claire) {
      await isFree(consultant);
      const made = await self.order(body);
      await self.accept(consultant);
      await self.accept(caller);
      await self.sessionIs(made.id, 'connected');
      return made;
    },
    phone: (number) => telephones.phone(number),
    async phoneIs(number, state) {
      return eventually(async () => {
        const phone = await self.phone(number);
        expect(phone?.state, `phone ${number}`).toBe(state);
        return phone!;
      });
    },
    does: (number, act, body) => telephones.does(number, act, body),
    dials: (number, ddi, options) => telephones.dials(number, ddi, options),
    behaves: (number, behaviour) => telephones.behaves(number, behaviour),
    async session(id) {
      const answer = await self.api('GET', `/v1/call-sessions/${id}`);
      if (answer.status !== 200) throw new Error(`session ${id}: ${JSON.stringify(answer)}`);
      return answer.json as unknown as SessionView;
    },
    sessionIs: (id, state, withinMs = 20_000) =>
      eventually(async () => {
        const view = await self.session(id);
        expect(view.state).toBe(state);
        return view;
      }, withinMs),
    async payments() {
      return ((await readJson(`${outside.processorUrl}/api/payments`)) as { data: ProcessorPayment[] }).data;
    },
    async notices(orderId) {
      const all = (await readJson(`${outside.merchantUrl}/api/merchant/notices`)) as MerchantNotice[];
      return all
        .filter((one) => one.body.data['orderId'] === orderId)
        .sort((a, b) => Number(a.body.data['sequence']) - Number(b.body.data['sequence']));
    },
    heard: (orderId, types) =>
      eventually(async () => {
        const heard = await self.notices(orderId);
        expect(heard.map((one) => one.type)).toEqual(types);
        expect(heard.every((one) => one.verified)).toBe(true);
        return heard;
      }),
    async faults(body) {
      await sendJson(`${outside.processorUrl}/api/faults`, 'POST', body);
    },
    async merchantAnswers(behaviour) {
      await sendJson(`${outside.merchantUrl}/api/merchant/behaviour`, 'PUT', behaviour);
    },
    async balanced() {
      const wrong = await sql.query(`
        select 'ledger' as what, transaction_id as id from ledger_entries group by transaction_id, currency having sum(amount) <> 0
        union all
        select 'authorization', a.id from authorizations a join payments p on p.id = a.payment_id
          where p.state in ('captured', 'voided') and a.state in ('captured', 'voided', 'expired')
            and exists (select from ledger_transactions t where t.authorization_id = a.id)
            and (select coalesce(sum(e.amount), 0) from ledger_entries e
              join ledger_transactions t on t.id = e.transaction_id
              where t.authorization_id = a.id and e.account = 'held') <> 0
        union all
        select 'claim', c.id from consultants c where c.claim = 'hard' and not exists (
          select from call_sessions s where s.id = c.claimed_by and s.state in ('ringing_consultant', 'ringing_caller', 'connected'))`);
      expect(wrong.rows).toEqual([]);
      const violated = await sql.query(`select name, id from violated_invariants('-infinity', now())`);
      expect(violated.rows).toEqual([]);
    },
    async close() {
      await gateway.close(); // closing twice is once
      await sql.end();
      await Promise.all([outside.close(), ...switches.map((one) => one.close()), given?.close()]);
      await database.drop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return self;
}

/** With a real switch only the people of these tests are rung. */
function switchEnvironment(given: GivenSwitch | undefined): Environment {
  if (!given) return {};
  return {
    SANDBOX: 'processor,merchant',
    SANDBOX_NUMBERS: [caller, claire, hugo, ines].join(','),
    ...given.environment,
  };
}
