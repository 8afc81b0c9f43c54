// The real thing as processes, for the bench: a Postgres kept on disk as a person has it, the sandbox, and as many gateways
// over them as wanted, behind one address; all in a temporary folder and on free ports of 127.0.0.1. Not here: who sells
// and who calls (scene.ts), what is measured (measured-database.ts, process-times.ts).

import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { GatewayOrder } from '../../src/gateway-process.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/sandbox/embedded-postgres.ts';
import type { RunningSandbox, startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { type FrontDoor, openFrontDoor } from './front-door.ts';
import { freePort } from '../free-port.ts';

export interface RunningHouse {
  /** Whichever gateway lives; orders, records and webhooks come in here. */
  gatewayUrl: string;
  sandboxUrl: string;
  /** The house's own database as superuser: to make a scene and to look behind row-level security. */
  adminUrl: string;
  /** The cluster's `postgres` database, where nothing of ours is. */
  clusterUrl: string;
  secretsKey: Buffer;
  /** Those that live. */
  gatewayPids(): number[];
  sandboxPid: number;
  postgresPid: number;
  sandboxSecrets: SandboxSecrets;
  /** kill -9 of the one that commands the switch; answers how many are left. */
  killCommander(pid: number): Promise<number>;
  /** What the gateways said so far. */
  log(): string;
  /** Ends all of it and removes the folder. Stopping twice is once. */
  stop(): Promise<void>;
}

interface SandboxSecrets {
  secretKey: string;
  noticeSecret: string;
}

export interface HouseOptions {
  /** So many times faster than people speak: prompts last some tens of milliseconds. */
  speechSpeed: number;
  /** 1 when absent. */
  gateways?: number;
  /** A merchant's server beside the sandbox's: the one private address the gateways may call instead of that. */
  merchantUrl?: string;
  /** Where the gateways write a CPU profile when they end. */
  profileDir?: string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const readyMs = 30_000;
/** The gateway lets requests finish for 8 s at most when it is asked to end. */
const endMs = 12_000;
const tmpfs = 0x01021994;

interface RunningGateway {
  child: ChildProcess;
  url: string;
}

export async function startHouse(options: HouseOptions): Promise<RunningHouse> {
  const dir = newFolder();
  const secretsKey = randomBytes(32);
  const gateways: RunningGateway[] = [];
  let postgres: EmbeddedPostgres | undefined;
  let sandbox: RunningSandbox | undefined;
  let door: FrontDoor | undefined;
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      await Promise.all(gateways.map(({ child }) => end(child)));
      await sandbox?.stop();
      await door?.close();
      await postgres?.stop();
      rmSync(dir, { recursive: true, force: true });
    })();
    return stopping;
  };
  try {
    door = await openFrontDoor();
    postgres = await startEmbeddedPostgres({ dataDir: join(dir, 'postgres') });
    sandbox = await startBuiltSandbox(dir, door.url, options.speechSpeed);
    const world = {
      databaseUrl: postgres.url,
      secretsKeyBase64: secretsKey.toString('base64'),
      sandbox: {
        ...sandbox.addresses,
        ...(options.merchantUrl !== undefined && { noticesUrl: options.merchantUrl }),
      },
    };
    const logFile = join(dir, 'gateways.log');
    const said = (): string => readFileSync(logFile, 'utf8');
    for (let nth = 0; nth < (options.gateways ?? 1); nth += 1) {
      gateways.push(await startGatewayProcess(dir, logFile, door.url, { world }, options.profileDir));
    }
    await Promise.all(gateways.map((one) => untilReady(one, said)));
    const living = (): RunningGateway[] => gateways.filter(({ child }) => !isOver(child));
    door.leadTo(() => living().map((one) => one.url));
    const adminUrl = new URL(postgres.superuserUrl);
    adminUrl.pathname = new URL(postgres.url).pathname;
    return {
      gatewayUrl: door.url,
      sandboxUrl: sandbox.addresses.publicUrl,
      adminUrl: adminUrl.href,
      clusterUrl: postgres.superuserUrl,
      secretsKey,
      gatewayPids: () => living().map(({ child }) => child.pid ?? 0),
      sandboxPid: sandbox.pid,
      postgresPid: postgres.supervisorPid,
      sandboxSecrets: JSON.parse(
        readFileSync(join(dir, 'sandbox', 'secrets.json'), 'utf8'),
      ) as SandboxSecrets,
      async killCommander(pid) {
        const one = gateways.find(({ child }) => child.pid === pid);
        if (!one) throw new Error(`No gateway has the pid ${String(pid)}.`);
        const exited = new Promise<void>((resolve) => one.child.once('exit', () => resolve()));
        one.child.kill('SIGKILL');
        await exited;
        return living().length;
      },
      log: said,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The built one: read through a loader, its processes would cost more than they do. */
async function startBuiltSandbox(
  dir: string,
  gatewayUrl: string,
  speechSpeed: number,
): Promise<RunningSandbox> {
  const built = (await import(pathToFileURL(join(root, 'dist/sandbox/start-sandbox.js')).href)) as {
    startSandbox: typeof startSandbox;
  };
  // Its parts read it from the environment they inherit.
  process.env['SANDBOX_SPEECH_SPEED'] = String(speechSpeed);
  return built.startSandbox({ port: 0, dataDir: join(dir, 'sandbox'), gatewayUrl });
}

async function startGatewayProcess(
  dir: string,
  logFile: string,
  publicUrl: string,
  order: GatewayOrder,
  profileDir: string | undefined,
): Promise<RunningGateway> {
  const port = await freePort();
  const log = openSync(logFile, 'a');
  const child = fork(join(root, 'dist', 'gateway-process.js'), [], {
    execArgv: profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`],
    // Nothing of the shell decides how the house runs: a DATABASE_URL or FREESWITCH_URL of a person stays outside.
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      PORT: String(port),
      PUBLIC_URL: publicUrl,
      DATA_DIR: dir,
    },
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  child.send(order);
  return { child, url: `http://127.0.0.1:${String(port)}` };
}

function isOver(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** On a disk, because a commit in memory costs nothing: where /tmp is memory, beside the data of `npm start`. */
function newFolder(): string {
  if (statfsSync(tmpdir()).type !== tmpfs) return mkdtempSync(join(tmpdir(), 'ringmeter-bench-'));
  mkdirSync(join(root, '.data'), { recursive: true });
  return mkdtempSync(join(root, '.data', 'bench-'));
}

/** Ready: database reachable, and the switch's link up (`/readyz` names it). */
async function untilReady({ child, url }: RunningGateway, said: () => string): Promise<void> {
  const deadline = performance.now() + readyMs;
  while (performance.now() < deadline && !isOver(child)) {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    const body = (await answer?.json().catch(() => undefined)) as
      { status: string; switches: { up: boolean }[] } | undefined;
    if (body?.status === 'ready' && body.switches.every((one) => one.up)) return;
    await delay(50);
  }
  throw new Error(`The gateway did not become ready. It said:\n${said()}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (isOver(child)) return;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), endMs);
  await exited;
  clearTimeout(late);
}
