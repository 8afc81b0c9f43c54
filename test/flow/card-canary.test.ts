// The canary (DESIGN 8): the whole house, its gateway a process of its own that says all it has to say, with the card room it starts.
// Callers key cards and hang up after each digit and in each later step, others go on to the end. Afterwards no seven digits of those
// cards in a row, and no code, are anywhere but in the card room and at the processor.

import { fork, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  createWriteStream,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createServer as httpServer } from 'node:http';
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { GatewayOrder, GatewayReport } from '../../src/gateway-process.ts';
import { type SandboxSwitch, startSandboxSwitch } from '../../src/sandbox/switch.ts';
import { eventOf, framesIn } from '../adapters/raw-event-socket.ts';
import { type FreshDatabase, freshDatabase } from '../database.ts';
import { freePort } from '../free-port.ts';
import { startOutsideParts } from '../outside-parts.ts';
import { readJson, sandboxTelephones, sendJson } from '../telephones.ts';
import { eventually } from '../world.ts';
import { words } from './keypad-stage.ts';

/** The first pays at the sandbox's processor; the second is no test card, and is declined there. */
const canary = '4000056655665556';
const declined = '4917382605941737';
const code = '739';
const typed = `${canary}#1130#${code}#1`;

// --- Where it must not be ----------------------------------------------------------------------------------------

const sevens = [canary, declined].flatMap((number) =>
  Array.from({ length: number.length - 6 }, (_, at) => number.slice(at, at + 7)),
);
/** Instants in milli- and microseconds, whole: by chance any seven digits stand in one. */
const instants = /(?<![0-9])1[789][0-9]{11}(?:[0-9]{3})?(?![0-9])/g;
/** Names of legs and the like, which hold any digits. */
const uuids = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;
/** The code where it is all of a value, and the value is no time that passed. */
const codes = new RegExp(
  `(?<!(?:sec|ms|time|duration)"?\\s*[:=]\\s*"?)(?<=[:=]\\s*"?|")${code}(?:[#*]|%23)?(?=["\\s,}&]|$)|${code}#`,
  'gim',
);

function leaksIn(text: string): string[] {
  const rest = text.replaceAll(uuids, '').replaceAll(instants, '');
  return [...sevens.filter((one) => rest.includes(one)), ...(rest.match(codes) ?? [])];
}

it('what is looked for would be found', () => {
  for (const text of [
    `x${canary.slice(3, 10)}y`,
    `{"code":"${code}"}`,
    `cvc=${code}&a=b`,
    `${code}#`,
    `a: ${code}\n`,
  ])
    expect(leaksIn(text), text).not.toEqual([]);
  for (const text of ['1763848904000566', `{"billmsec":"${code}"}`, `a${code}b`, `{"responseTime":${code}}`])
    expect(leaksIn(text), text).toEqual([]);
});

// --- The house ---------------------------------------------------------------------------------------------------

/** Between the house and the switch: what was sent to each connection. The room's are told apart by how they subscribe. */
class EventSocketTap {
  readonly #connections: { asked: Buffer[]; told: Buffer[] }[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(switchPort: number) {
    this.#server = createServer((client) => {
      const connection = { asked: [] as Buffer[], told: [] as Buffer[] };
      this.#connections.push(connection);
      const toSwitch = connect(switchPort, '127.0.0.1');
      client.on('data', (chunk: Buffer) => {
        connection.asked.push(chunk);
        toSwitch.write(chunk);
      });
      toSwitch.on('data', (chunk: Buffer) => {
        connection.told.push(chunk);
        client.write(chunk);
      });
      for (const one of [client, toSwitch]) {
        this.#sockets.add(one);
        one.on('error', () => undefined);
        one.on('close', () => {
          client.destroy();
          toSwitch.destroy();
        });
      }
    });
  }

  static async before(switchPort: number): Promise<EventSocketTap> {
    const tap = new EventSocketTap(switchPort);
    await new Promise<void>((resolve) => tap.#server.listen(0, '127.0.0.1', resolve));
    return tap;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** What connections were told that subscribed in this format. */
  told(format: 'json' | 'plain'): Buffer[] {
    return this.#connections
      .filter(({ asked }) =>
        new RegExp(`^event ${format} `, 'm').test(Buffer.concat(asked).toString('latin1')),
      )
      .map(({ told }) => Buffer.concat(told));
  }

  async close(): Promise<void> {
    for (const one of this.#sockets) one.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** As it was built where all tests are run, and so is the room it starts; else read through a loader. */
const gatewayAt = inject('built')
  ? { path: fileURLToPath(new URL('../../dist/gateway-process.js', import.meta.url)), flags: [] }
  : {
      path: fileURLToPath(new URL('../../src/gateway-process.ts', import.meta.url)),
      flags: ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href],
    };

let database: FreshDatabase;
let dir: string;
let outside: Awaited<ReturnType<typeof startOutsideParts>>;
let aSwitch: SandboxSwitch;
let tap: EventSocketTap;
let gateway: ChildProcess;
let gatewayUrl: string;
let sql: pg.Pool;
const posted: string[] = [];
const cdrPost = httpServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    posted.push(`${request.url ?? ''}\n${body.toString('utf8')}`);
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(
        ([name, value]) => typeof value === 'string' && !/^(host|connection|content-length)$/.test(name),
      ),
    ) as Record<string, string>;
    fetch(new URL(request.url ?? '', gatewayUrl), { method: 'POST', headers, body }).then(
      ({ status }) => response.writeHead(status).end(),
      () => response.writeHead(503).end(),
    );
  });
});

beforeAll(async () => {
  database = await freshDatabase();
  dir = mkdtempSync(join(tmpdir(), 'ringmeter-canary-'));
  mkdirSync(join(dir, 'heap'));
  const port = await freePort();
  gatewayUrl = `http://127.0.0.1:${String(port)}`;
  outside = await startOutsideParts({ dir, gatewayUrl });
  await new Promise<void>((resolve) => cdrPost.listen(0, '127.0.0.1', resolve));
  aSwitch = await startSandboxSwitch({
    eslPort: 0,
    httpPort: 0,
    ...outside.forSwitch,
    cdrUrl: `http://127.0.0.1:${String((cdrPost.address() as AddressInfo).port)}/hooks/freeswitch/cdr`,
    spoolDir: join(dir, 'spool'),
    speechSpeed: 100,
  });
  tap = await EventSocketTap.before(aSwitch.eslPort);
  const order: GatewayOrder = {
    world: {
      databaseUrl: database.ownerUrl,
      secretsKeyBase64: randomBytes(32).toString('base64'),
      sandbox: {
        ...outside.forGateway,
        eslUrl: outside.eslUrl(tap.port),
        cdrCredentials: outside.cdrCredentials,
      },
    },
  };
  const log = createWriteStream(join(dir, 'gateway.log'));
  gateway = fork(gatewayAt.path, [], {
    // What writes down its memory: the room it starts must have none of it.
    execArgv: [...gatewayAt.flags, '--heapsnapshot-signal=SIGUSR2', `--diagnostic-dir=${join(dir, 'heap')}`],
    env: {
      PATH: process.env['PATH'],
      PORT: String(port),
      PUBLIC_URL: gatewayUrl,
      DATA_DIR: join(dir, 'data'),
      CDR_SPOOL_DIR: join(dir, 'spool'),
      LOG_LEVEL: 'debug',
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  gateway.stdout?.pipe(log);
  gateway.stderr?.pipe(log);
  await new Promise<void>((resolve, reject) => {
    gateway.once('message', (report: GatewayReport) =>
      report.state === 'ready' ? resolve() : reject(new Error(report.reason)),
    );
    gateway.once('exit', () => reject(new Error(readFileSync(join(dir, 'gateway.log'), 'utf8'))));
    gateway.send(order);
  });
  sql = new pg.Pool({ connectionString: database.adminUrl, max: 2 });
});

afterAll(async () => {
  await ended();
  await sql.end();
  await tap.close();
  await Promise.all([outside.close(), aSwitch.close()]);
  await new Promise((resolve) => cdrPost.close(resolve));
  await database.drop();
  rmSync(dir, { recursive: true, force: true });
});

async function ended(): Promise<void> {
  if (gateway.exitCode !== null || gateway.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => gateway.once('exit', () => resolve()));
  gateway.kill('SIGTERM');
  await gone;
}

const goodbye = (text: string): object => ({ kind: 'hang_up', say: words(text) });
const scenarios: Record<string, { ddi: string; graph: object }> = {
  card: {
    ddi: '+33199002990',
    graph: {
      start: 'card',
      blocks: {
        card: {
          kind: 'card_payment',
          line: 'demo-ticket',
          next: { paid: 'paid', refused: 'refused', not_taken: 'not' },
        },
        paid: goodbye('Payé, merci.'),
        refused: goodbye('Votre carte est refusée.'),
        not: goodbye('Pas de carte.'),
      },
    },
  },
  // While somebody keys what is secret to the house alone, its link is told of keys that no log is to hold.
  secret: {
    ddi: '+33199002991',
    graph: {
      start: 'secret',
      blocks: {
        secret: {
          kind: 'collect',
          say: words('Votre secret ?'),
          variable: 'mot',
          secret: true,
          maxDigits: 8,
          waitSeconds: 60,
          next: { then: 'end', none: 'end' },
        },
        end: goodbye('Merci.'),
      },
    },
  },
};

async function publish(): Promise<void> {
  for (const [slug, { ddi, graph }] of Object.entries(scenarios)) {
    const id = `scn_${slug}`;
    await sql.query(
      `insert into scenarios (id, merchant_id, slug, name, draft, created_at, changed_at)
       values ($1, 'mer_demo', $2, 'x', '{}', now(), now())`,
      [id, `canary-${slug}`],
    );
    await sql.query(
      `insert into scenario_versions (merchant_id, scenario_id, number, graph, published_at)
       values ('mer_demo', $1, 1, $2, now())`,
      [id, JSON.stringify(graph)],
    );
    await sql.query('update scenarios set live = 1 where id = $1', [id]);
    await sql.query(
      `insert into ddis (id, merchant_id, kind, line_id, scenario_id, number)
       values ($1, 'mer_demo', 'scenario', 'lin_demo_known', $2, $3)`,
      [`ddi_${slug}`, id, ddi],
    );
  }
}

// --- The callers -------------------------------------------------------------------------------------------------

interface Caller {
  number: string;
  /** Heard so often. */
  hears(words: string, times?: number): Promise<void>;
  keys(digits: string): Promise<void>;
  hangUp(): Promise<void>;
}

let callers = 0;
/** He has been asked: for his card, or a secret of his. */
async function caller(dialled: 'card' | 'secret' = 'card'): Promise<Caller> {
  const phones = sandboxTelephones(`http://127.0.0.1:${String(aSwitch.httpPort)}/api/phones`);
  callers += 1;
  const number = `+336${String(30_000_000 + callers)}`;
  const self: Caller = {
    number,
    hears: (text, times = 1) =>
      eventually(async () => {
        const heard = (await phones.phone(number))?.heard.map((one) => one.text) ?? [];
        const many = heard.filter((one) => one.includes(text)).length;
        expect(many, `${text} in\n${heard.join('\n')}`).toBeGreaterThanOrEqual(times);
      }),
    keys: (digits) => phones.does(number, 'keys', { digits }),
    hangUp: () => phones.does(number, 'hangup'),
  };
  await phones.dials(number, scenarios[dialled]?.ddi ?? '');
  await self.hears(dialled === 'card' ? 'Le prix est de' : 'Votre secret ?');
  return self;
}

/** He hangs up once the processor has been asked this, and before it answers. */
async function leavesWhileAsked(on: 'payment_method' | 'create'): Promise<void> {
  const faults = `${outside.processorUrl}/api/faults`;
  await sendJson(faults, 'POST', { next: 'delay_ms', on, delayMs: 1_000 });
  const one = await caller();
  await one.keys(typed);
  await eventually(async () => expect(await readJson(faults)).toMatchObject({ data: [] }));
  await one.hangUp();
}

function roomPid(): number {
  const pid = String(gateway.pid);
  const [room] = readdirSync('/proc').filter((one) => {
    try {
      const status = readFileSync(`/proc/${one}/status`, 'utf8');
      return (
        status.includes(`PPid:\t${pid}\n`) && /card-room/.test(readFileSync(`/proc/${one}/cmdline`, 'utf8'))
      );
    } catch {
      return false;
    }
  });
  return Number(room);
}

async function allRows(): Promise<string> {
  const { rows: tables } = await sql.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema')`,
  );
  expect(tables.length).toBeGreaterThan(50);
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await sql.query<{ row: string }>(`select to_json(t)::text as row from ${name} t`);
    found.push(...rows.map(({ row }) => row));
  }
  return found.join('\n');
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name));
}

/** Its last few signs: what is looked at again and again has a hundred megabytes. */
function endOf(path: string): string {
  const file = openSync(path, 'r');
  try {
    const end = Buffer.alloc(8);
    const length = readSync(file, end, 0, end.length, Math.max(fstatSync(file).size - end.length, 0));
    return end.toString('latin1', 0, length);
  } finally {
    closeSync(file);
  }
}

/** The strings of its snapshot: numbers beside them are places in it. */
async function heapStrings(): Promise<string> {
  const folder = join(dir, 'heap');
  gateway.kill('SIGUSR2');
  const path = await eventually(() => {
    const [name = ''] = readdirSync(folder).filter((one) => one.endsWith('.heapsnapshot'));
    // It is whole.
    expect(endOf(join(folder, name)).trimEnd().endsWith(']}')).toBe(true);
    return join(folder, name);
  }, 30_000);
  const bytes = readFileSync(path);
  rmSync(path);
  const strings = bytes.subarray(bytes.lastIndexOf('"strings":[')).toString('latin1');
  // Programs hold every three digits somewhere: the code is looked for as it was keyed, or sent to the processor.
  return strings.replaceAll(new RegExp(`(?<!cvc\\]?=)${code}(?!#)`, 'g'), '');
}

it('callers hang up after each digit and in each later step, others go on to the end: no digit of a card is anywhere', async () => {
  await publish();
  const other = await caller('secret');
  // Each digit of the number, half of the expiry, half of the code, and asked whether it is right.
  const stops = [...Array.from({ length: 16 }, (_, at) => at + 1), 19, 24, 26];
  await Promise.all(
    stops.map(async (keys) => {
      const one = await caller();
      await one.keys(typed.slice(0, keys));
      if (keys === 26) await one.hears('5. 5. 5. 6');
      await one.hangUp();
    }),
  );
  for (const on of ['payment_method', 'create'] as const) await leavesWhileAsked(on);
  const refused = await caller();
  await refused.keys(`${declined}#1130#${code}#1`);
  await refused.hears('Le prix est de', 2);
  await refused.keys(`${canary}#11`);
  await refused.hangUp();
  const paid = await caller();
  await paid.keys(typed);
  await paid.hears('Payé, merci.');
  const room = roomPid();
  await other.hangUp();

  await eventually(async () => {
    const { rows } = await sql.query(
      `select id, progress ->> 'at' from scenario_runs where ended_at is null
       union all select id, state from payments where state not in ('captured', 'voided', 'failed')`,
    );
    expect(rows).toEqual([]);
  });
  const { rows: orders } = await sql.query<{ state: string; count: number }>(
    `select p.state, count(*)::int from orders o join payments p on p.order_id = o.id where o.run_id is not null
     group by p.state`,
  );
  expect(Object.fromEntries(orders.map(({ state, count }) => [state, count]))).toMatchObject({ captured: 1 });
  const entries = (): string[] =>
    readFileSync(join(dir, 'gateway.log'), 'utf8').match(/A card entry ended\./g) ?? [];
  // One an entry: who was declined had two.
  await eventually(() => expect(entries()).toHaveLength(stops.length + 5));

  // The room has none of the gateway's flags, and none of its environment.
  expect(room).toBeGreaterThan(0);
  expect(readFileSync(`/proc/${String(room)}/cmdline`, 'utf8')).not.toMatch(/heap|diagnostic/);
  expect(readFileSync(`/proc/${String(room)}/environ`, 'utf8')).not.toMatch(/DATA_DIR|DATABASE|LOG_LEVEL/);

  const metrics = await fetch(`${gatewayUrl}/metrics`);
  expect(metrics.status).toBe(200);
  const places: Record<string, string> = {
    metrics: await metrics.text(),
    'a heap snapshot of the gateway': await heapStrings(),
    'the database': await allRows(),
    'what the merchant was told': JSON.stringify(
      await readJson(`${outside.merchantUrl}/api/merchant/notices`),
    ),
  };
  await ended();
  places['the log of gateway and room'] = readFileSync(join(dir, 'gateway.log'), 'utf8');
  const links = tap.told('json');
  expect(links.length).toBeGreaterThan(0);
  places['what the gateway was told by the switch'] = links.map(String).join('\n');
  places['the keys the gateway was told of'] = links
    .flatMap((bytes) => framesIn(bytes).frames)
    .map((frame) => eventOf(frame)?.headers['DTMF-Digit'] ?? '')
    .join('');
  places['call records as they were posted'] = posted.join('\n');
  for (const path of filesUnder(dir)) places[path] = readFileSync(path, 'latin1');

  const leaks = Object.entries(places).flatMap(([place, text]) => leaksIn(text).map((leak) => [place, leak]));
  expect(leaks).toEqual([]);
  expect(places['the keys the gateway was told of']).toBe('');
  // They were there to be looked through; and the cards were there to be seen, where the room was told of them.
  expect(posted.length).toBeGreaterThan(0);
  expect(statSync(join(dir, 'gateway.log')).size).toBeGreaterThan(1_000);
  expect(places['a heap snapshot of the gateway']?.length).toBeGreaterThan(1_000_000);
  expect(places['the database']).toContain('scn_card');
  expect(leaksIn(tap.told('plain').map(String).join('\n'))).toEqual(expect.arrayContaining(sevens));
});
