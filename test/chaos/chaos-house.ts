// The house that is ill-treated: two gateways as processes behind one address, each on wires of its own that can be cut; an
// embedded Postgres that keeps what it has promised; switch, processor and merchant as processes that nobody touches, for
// they are who the house is compared with.

import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { GatewayOrder, GatewayReport } from '../../src/gateway-process.ts';
import { startEmbeddedPostgres } from '../../src/sandbox/embedded-postgres.ts';
import type { PartStart, SwitchRecord } from '../../src/sandbox/part-contract.ts';
import { PartProcess } from '../../src/sandbox/part-process.ts';
import { openFrontDoor } from '../bench/front-door.ts';
import { bundleGateway } from '../crash/bundled-gateway.ts';
import { type Tap, tapEventSocket, tapPostgres } from '../crash/taps.ts';
import { freePort } from '../free-port.ts';

export interface ChaosGateway {
  readonly name: string;
  readonly pid: number;
  readonly up: boolean;
  readonly url: string;
  /** kill -9; it is started again at once, as its keeper would. */
  kill(): void;
  /** SIGSTOP, and SIGCONT. */
  freeze(): void;
  thaw(): void;
  cutEventSocket(): void;
  cutDatabase(): void;
}

export interface ChaosHouse {
  url: string;
  gateways: readonly ChaosGateway[];
  secretsKey: Buffer;
  adminUrl: string;
  switchUrl: string;
  processorUrl: string;
  processorKey: string;
  merchantUrl: string;
  noticeSecret: string;
  /** By leg: what the switch recorded itself. */
  records: ReadonlyMap<string, SwitchRecord>;
  /** As superuser, again and again until the database is there. */
  rows<Row>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** `pg_ctl restart -m immediate`: whoever keeps it starts it again. */
  crashPostgres(): Promise<void>;
  log(): string;
  stop(): Promise<void>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

export async function startChaosHouse(options: { speechSpeed: number }): Promise<ChaosHouse> {
  mkdirSync(join(root, '.data'), { recursive: true });
  // On a disk: a commit in memory promises nothing.
  const dir = mkdtempSync(join(root, '.data', 'chaos-'));
  const logFile = join(dir, 'gateways.log');
  const log = openSync(logFile, 'a');
  const secret = (prefix: string): string => `${prefix}${randomBytes(18).toString('hex')}`;
  const secrets = {
    esl: secret(''),
    secretKey: secret('sk_test_'),
    publishableKey: secret('pk_test_'),
    webhook: secret('whsec_'),
    notice: `whsec_${randomBytes(24).toString('base64')}`,
    seal: randomBytes(32),
  };
  process.env['SANDBOX_SPEECH_SPEED'] = String(options.speechSpeed);
  const records = new Map<string, SwitchRecord>();
  const bundle = await bundleGateway('chaos');
  const door = await openFrontDoor();
  const postgres = await startEmbeddedPostgres({ dataDir: join(dir, 'postgres') });
  const part = async (start: PartStart): Promise<PartProcess> => {
    mkdirSync(start.settings.dataDir, { recursive: true });
    const made = new PartProcess(
      start,
      (sentence) => process.stderr.write(`${sentence}\n`),
      ({ record }) => records.set(record.leg, record),
    );
    await made.start();
    return made;
  };
  const settingsOf = (name: string): { dataDir: string; publicUrl: string; gatewayUrl: string } => ({
    dataDir: join(dir, 'sandbox', name),
    publicUrl: door.url,
    gatewayUrl: door.url,
  });
  const [aSwitch, processor, merchant] = await Promise.all([
    part({
      part: 'switch',
      settings: {
        ...settingsOf('switch'),
        eslPassword: secrets.esl,
        cdrUrl: `${door.url}/hooks/freeswitch/cdr`,
        cdrCredentials: 'switch:chaos',
      },
    }),
    part({
      part: 'processor',
      settings: {
        ...settingsOf('processor'),
        secretKey: secrets.secretKey,
        publishableKey: secrets.publishableKey,
        webhookUrl: `${door.url}/hooks/stripe`,
        webhookSecret: secrets.webhook,
      },
    }),
    part({ part: 'merchant', settings: { ...settingsOf('merchant'), noticeSecret: secrets.notice } }),
  ]);
  const httpOf = (one: PartProcess): string => `http://localhost:${String(one.port('http'))}`;

  const gateways: KeptForChaos[] = [];
  for (const name of ['one', 'two']) {
    const nobodyWatches = (): boolean => false;
    const taps = {
      database: await tapPostgres(postgres.url, nobodyWatches),
      eventSocket: await tapEventSocket(aSwitch.port('esl') ?? 0, nobodyWatches),
    };
    const databaseUrl = new URL(postgres.url);
    databaseUrl.port = String(taps.database.port);
    const order: GatewayOrder = {
      world: {
        databaseUrl: databaseUrl.href,
        secretsKeyBase64: secrets.seal.toString('base64'),
        sandbox: {
          publicUrl: httpOf(processor),
          eslUrl: `esl://:${secrets.esl}@127.0.0.1:${String(taps.eventSocket.port)}`,
          cdrCredentials: 'switch:chaos',
          processorUrl: httpOf(processor),
          secretKey: secrets.secretKey,
          publishableKey: secrets.publishableKey,
          webhookSecret: secrets.webhook,
          noticesUrl: `${httpOf(merchant)}/notices`,
          noticeSecret: secrets.notice,
        },
      },
    };
    const environment = { PORT: String(await freePort()), PUBLIC_URL: door.url, DATA_DIR: dir };
    gateways.push(new KeptForChaos(name, { path: bundle.path, environment, order, log, taps }));
  }
  await Promise.all(gateways.map((one) => one.start()));
  door.leadTo(() => gateways.filter((one) => one.up).map((one) => one.url));

  const adminUrl = new URL(postgres.superuserUrl);
  adminUrl.pathname = new URL(postgres.url).pathname;
  return {
    url: door.url,
    gateways,
    secretsKey: secrets.seal,
    adminUrl: adminUrl.href,
    switchUrl: httpOf(aSwitch),
    processorUrl: httpOf(processor),
    processorKey: secrets.secretKey,
    merchantUrl: httpOf(merchant),
    noticeSecret: secrets.notice,
    records,
    rows: <Row>(sql: string, values: unknown[] = []) => rowsOf<Row>(adminUrl.href, sql, values),
    async crashPostgres() {
      const [row] = await rowsOf<{ folder: string }>(adminUrl.href, 'show data_directory', [], 'folder');
      const pid = Number(readFileSync(join(row?.folder ?? '', 'postmaster.pid'), 'utf8').split('\n')[0]);
      // Immediate shutdown (PostgreSQL documentation, 18.5): no checkpoint, recovery at the next start.
      process.kill(pid, 'SIGQUIT');
    },
    log: () => readFileSync(logFile, 'utf8'),
    async stop() {
      await Promise.all(gateways.map((one) => one.end()));
      await Promise.all([aSwitch.stop(), processor.stop(), merchant.stop()]);
      await door.close();
      await postgres.stop();
      await bundle.remove();
      closeSync(log);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

interface KeptSettings {
  path: string;
  environment: Record<string, string>;
  order: GatewayOrder;
  log: number;
  taps: { database: Tap; eventSocket: Tap };
}

class KeptForChaos implements ChaosGateway {
  readonly name: string;
  readonly #settings: KeptSettings;
  #child: ChildProcess | undefined;
  #up = false;
  #ending = false;

  constructor(name: string, settings: KeptSettings) {
    this.name = name;
    this.#settings = settings;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** It serves as far as anybody can see: a frozen one seems to. */
  get up(): boolean {
    return this.#up;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#settings.environment['PORT'] ?? ''}`;
  }

  async start(): Promise<void> {
    const { path, environment, order, log } = this.#settings;
    const child = fork(path, [], {
      execArgv: [],
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['ignore', log, log, 'ipc'],
    });
    this.#child = child;
    child.once('exit', () => {
      this.#up = false;
      if (!this.#ending) void this.start();
    });
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('message', (report: GatewayReport) => {
        this.#up = report.state === 'ready';
        resolve();
      });
      child.send(order, () => undefined);
    });
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  cutEventSocket(): void {
    this.#settings.taps.eventSocket.cut();
  }

  cutDatabase(): void {
    this.#settings.taps.database.cut();
  }

  async end(): Promise<void> {
    this.#ending = true;
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await exited;
      clearTimeout(late);
    }
    await Promise.all(Object.values(this.#settings.taps).map((tap) => tap.close()));
  }
}

const databasePatienceMs = 60_000;

async function rowsOf<Row>(url: string, sql: string, values: unknown[], alias?: string): Promise<Row[]> {
  const deadline = performance.now() + databasePatienceMs;
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = (await client.query(sql, values)) as { rows: Record<string, unknown>[] };
      // `show` names its column after what it shows.
      return (alias === undefined
        ? rows
        : rows.map((row) => ({ [alias]: Object.values(row)[0] }))) as unknown as Row[];
    } catch (error) {
      const code = (error as { code?: string }).code ?? '';
      // 57P0x, 08xxx and refused connections: it is away or just coming. Anything else is our mistake.
      if (!/^(57P|08|ECONN)/.test(code) && !/terminated|ended/i.test(String(error))) throw error;
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
