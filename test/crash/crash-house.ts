// One house for one death: the gateway as a process of its own, with the taps on its wires; switch, processor and merchant
// here in the test, so that they live on when it dies; people whose telephones follow scripts. A gateway that dies is
// followed at once by another, as its keeper would see to; one house sees many deaths, one after the other.

import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { expect, vi } from 'vitest';
import type { GatewayOrder, GatewayReport } from '../../src/gateway-process.ts';
import type { SwitchRecord } from '../../src/sandbox/part-contract.ts';
import { startSandboxSwitch } from '../../src/sandbox/switch.ts';
import { freshDatabase } from '../database.ts';
import { readJson, sandboxTelephones, type Phone } from '../telephones.ts';
import { tapEventSocket, tapHttp, tapPostgres, type Moment } from './taps.ts';
import { freePort } from '../free-port.ts';
import { startOutsideParts } from '../outside-parts.ts';

export const caller = '+33612345678';
export const consultants = ['+33199000001', '+33199000002', '+33199000003'];

/** The instant at which it is killed: the `nth` (from 1) time such an act passes. */
export interface Death {
  act: RegExp;
  nth?: number;
  moment: Moment;
}

export interface Passed {
  act: string;
  moment: Moment;
}

export interface ApiAnswer {
  status: number;
  json: Record<string, unknown>;
}

export interface CrashHouse {
  /** What has passed on the wires since it was last armed, in order. */
  readonly passed: readonly Passed[];
  /** Deaths so far. */
  readonly deaths: number;
  /** To be called before what is to be killed is begun. Absent: nobody is, and what passes is only noted. */
  arm(death?: Death): void;
  /**
   * Everybody answers and agrees, and the caller hangs up when he has talked, `talkative` only shortly before half a minute;
   * or no consultant can be had. A caller with a `code` keys it when he is asked.
   */
  people(are: 'answering' | 'talkative' | 'absent', code?: string): Promise<void>;
  dials(number: string, ddi: string): Promise<void>;
  press(number: string, digits: string): Promise<void>;
  /** Repeated for as long as nobody answers or the one who was asked died: as a merchant's server does, with the same key. */
  api(method: string, path: string, body?: object, key?: string): Promise<ApiAnswer>;
  sql: pg.Client;
  everyPhone(): Promise<Phone[]>;
  records(): readonly SwitchRecord[];
  processorPayments(): Promise<ProcessorPayment[]>;
  /** By the processor's own list of refunds. */
  refundedCents(intentId: string): Promise<number>;
  notices(): Promise<MerchantNotice[]>;
  /** What the merchant's own server was told of calls that somebody dialled, each once, however often it came. */
  reports(): Promise<MerchantReport[]>;
  close(): Promise<void>;
}

export interface ProcessorPayment {
  id: string;
  status: string;
  amount_received: number;
  metadata: Record<string, string>;
}

export interface MerchantNotice {
  id: string;
  type: string;
  verified: boolean;
  answers: number[];
  body: { data: Record<string, unknown> };
}

export interface MerchantReport {
  id: string;
  report: Record<string, unknown>;
  deliveries: number;
}

export interface CrashHouseOptions {
  /** Of bundled-gateway.ts. */
  gateway: string;
  /** Where spoken sentences are kept: said once for all houses. */
  promptsDir: string;
  talkMs: number;
}

export function eventually<T>(check: () => Promise<T> | T, withinMs: number): Promise<T> {
  return vi.waitFor(check, { timeout: withinMs, interval: 300 });
}

export async function openCrashHouse({
  gateway,
  promptsDir,
  talkMs,
}: CrashHouseOptions): Promise<CrashHouse> {
  const database = await freshDatabase();
  const dir = mkdtempSync(join(tmpdir(), 'ringmeter-crash-'));
  const port = await freePort();
  const gatewayUrl = `http://localhost:${String(port)}`;
  const outside = await startOutsideParts({ dir, gatewayUrl });
  const records: SwitchRecord[] = [];
  let passed: Passed[] = [];
  let armed: (Death & { left: number }) | undefined;
  let current: ChildProcess | undefined;
  let deaths = 0;

  const watch = (act: string, moment: Moment): boolean => {
    passed.push({ act, moment });
    if (armed?.moment !== moment || !armed.act.test(act)) return false;
    armed.left -= 1;
    if (armed.left > 0) return false;
    armed = undefined;
    current?.kill('SIGKILL');
    return true;
  };

  const aSwitch = await startSandboxSwitch({
    eslPort: 0,
    httpPort: 0,
    ...outside.forSwitch,
    spoolDir: join(dir, 'sandbox', 'switch', 'spool'),
    speechSpeed: 100,
    onRecord: (record) => records.push(record),
  });
  const taps = {
    postgres: await tapPostgres(database.ownerUrl, watch),
    eventSocket: await tapEventSocket(aSwitch.eslPort, watch),
    processor: await tapHttp('processor', outside.processorUrl, watch),
    merchant: await tapHttp('merchant', outside.merchantUrl, watch),
  };
  const databaseUrl = new URL(database.ownerUrl);
  databaseUrl.port = String(taps.postgres.port);
  const order: GatewayOrder = {
    world: {
      databaseUrl: databaseUrl.href,
      secretsKeyBase64: randomBytes(32).toString('base64'),
      sandbox: {
        ...outside.forGateway,
        eslUrl: outside.eslUrl(taps.eventSocket.port),
        cdrCredentials: outside.cdrCredentials,
        processorUrl: `http://127.0.0.1:${String(taps.processor.port)}`,
        noticesUrl: `http://127.0.0.1:${String(taps.merchant.port)}/notices`,
      },
    },
  };

  const sql = new pg.Client(database.adminUrl);
  await sql.connect();
  // The next one loads while this one lives: what a keeper does in half a second takes less here.
  // What a dead process had begun is taken over by another when a minute has passed. Here it has.
  const aMinuteLater = async (): Promise<void> => {
    await sql.query(
      `update idempotency_keys set created_at = created_at - interval '1 minute' where status is null;
       update call_sessions set ended_at = ended_at - interval '1 minute' where state = 'ended';
       update usage_reports set next_try_at = next_try_at - interval '1 minute' where state = 'pending'`,
    );
  };
  const loadNext = (): ChildProcess =>
    load(gateway, { PORT: String(port), DATA_DIR: dir, PROMPTS_DIR: promptsDir });
  let next: ChildProcess | undefined = loadNext();
  let closing = false;
  let apiKey = '';
  let serving = Promise.resolve();
  const serve = async (): Promise<void> => {
    const child = next ?? loadNext();
    next = undefined;
    current = child;
    let saysItCannot = false;
    child.once('exit', () => {
      if (closing || saysItCannot) return;
      deaths += 1;
      serving = aMinuteLater().then(serve);
    });
    const facts = await ready(child, order).catch((error: unknown) => {
      saysItCannot = true;
      throw error;
    });
    apiKey = facts?.demo?.apiKey ?? apiKey;
  };
  serving = serve();
  await serving;
  const phones = sandboxTelephones(`http://127.0.0.1:${String(aSwitch.httpPort)}/api/phones`);
  const people: CrashHouse['people'] = async (are, code) => {
    const answers = { behaviour: 'answers', answerAfterMs: 20, keys: '1' };
    const consultant = are === 'absent' ? { behaviour: 'unreachable' } : answers;
    const hangUpAfterTalkMs = are === 'talkative' ? 27_000 : talkMs;
    await Promise.all([
      phones.behaves(caller, { ...answers, hangUpAfterTalkMs, ...(code !== undefined && { keys: code }) }),
      ...consultants.map((number) => phones.behaves(number, consultant)),
    ]);
  };

  const ask = async (method: string, path: string, body?: object, key?: string): Promise<ApiAnswer> => {
    const answer = await fetch(`${gatewayUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, json: JSON.parse(text === '' ? '{}' : text) as Record<string, unknown> };
  };

  return {
    get passed() {
      return passed;
    },
    get deaths() {
      return deaths;
    },
    arm(death) {
      passed = [];
      armed = death && { ...death, left: death.nth ?? 1 };
      next ??= loadNext();
    },
    people,
    press: (number, digits) => phones.does(number, 'keys', { digits }),
    dials: (number, ddi) => phones.dials(number, ddi),
    api: (method, path, body, key) =>
      eventually(async () => {
        const answer = await ask(method, path, body, key);
        expect(answer.status, JSON.stringify(answer.json)).not.toBe(409);
        expect(answer.status, JSON.stringify(answer.json)).toBeLessThan(500);
        return answer;
      }, 90_000),
    sql,
    everyPhone: async () =>
      (await readJson(`http://127.0.0.1:${String(aSwitch.httpPort)}/api/phones`)) as Phone[],
    records: () => records,
    processorPayments: async () =>
      ((await readJson(`${outside.processorUrl}/api/payments`)) as { data: ProcessorPayment[] }).data,
    async refundedCents(intentId) {
      const list = (await readJson(`${outside.processorUrl}/v1/refunds?payment_intent=${intentId}`, {
        headers: { authorization: `Bearer ${outside.forGateway.secretKey}` },
      })) as { data: { amount: number; status: string }[] };
      return list.data
        .filter(({ status }) => status === 'succeeded')
        .reduce((sum, one) => sum + one.amount, 0);
    },
    notices: async () => (await readJson(`${outside.merchantUrl}/api/merchant/notices`)) as MerchantNotice[],
    reports: async () => (await readJson(`${outside.merchantUrl}/api/merchant/reports`)) as MerchantReport[],
    async close() {
      closing = true;
      await serving.catch(() => undefined);
      await Promise.all([current, next].filter((child) => child !== undefined).map(end));
      await sql.end();
      await Promise.all(Object.values(taps).map((tap) => tap.close()));
      await Promise.all([outside.close(), aSwitch.close()]);
      await database.drop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function load(path: string, env: Record<string, string>): ChildProcess {
  return fork(path, [], {
    // A dependency of the event socket's calls Buffer(): Node keeps silent about that in node_modules, and the bundle is not there.
    execArgv: ['--disable-warning=DEP0005'],
    env: {
      PATH: process.env['PATH'],
      ...env,
      LOG_LEVEL: process.env['CRASH_LOG'] ?? 'error',
    },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

/** What it told of itself when it served; `undefined` when it was killed before. */
function ready(
  child: ChildProcess,
  order: GatewayOrder,
): Promise<(GatewayReport & { state: 'ready' })['facts'] | undefined> {
  return new Promise((resolve, reject) => {
    child.once('message', (report: GatewayReport) => {
      if (report.state === 'ready') resolve(report.facts);
      else reject(new Error(report.reason));
    });
    child.once('exit', () => resolve(undefined));
    child.send(order, () => undefined);
  });
}

/** No farewell: everything it wrote is judged by now. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  await exited;
}
