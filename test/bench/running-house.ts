// The real thing as processes, for the bench: a Postgres kept on disk as a person has it, `node dist/main.js` over it
// with the sandbox beside, all in a temporary folder and on free ports of 127.0.0.1. Not here: who sells and who calls
// (scene.ts), what is measured (measure.ts).

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/sandbox/embedded-postgres.ts';

export interface RunningHouse {
  gatewayUrl: string;
  sandboxUrl: string;
  /** The gateway's own database as superuser: to make a scene and to look behind row-level security. */
  adminUrl: string;
  /** The cluster's `postgres` database, where nothing of ours is. */
  clusterUrl: string;
  secretsKey: Buffer;
  gatewayPid: number;
  postgresPid: number;
  sandboxSecrets: SandboxSecrets;
  /** What the gateway said so far. */
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
  /** Where the gateway writes a CPU profile when it ends. */
  profileDir?: string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const readyMs = 30_000;
/** The gateway lets requests finish for 8 s at most when it is asked to end. */
const endMs = 12_000;
const tmpfs = 0x01021994;

export async function startHouse(options: HouseOptions): Promise<RunningHouse> {
  const dir = newFolder();
  const secretsKey = randomBytes(32);
  let postgres: EmbeddedPostgres | undefined;
  let gateway: ChildProcess | undefined;
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      if (gateway) await end(gateway);
      await postgres?.stop();
      rmSync(dir, { recursive: true, force: true });
    })();
    return stopping;
  };
  try {
    postgres = await startEmbeddedPostgres({ dataDir: join(dir, 'postgres') });
    const [port, sandboxPort] = await Promise.all([freePort(), freePort()]);
    const logFile = join(dir, 'gateway.log');
    const log = openSync(logFile, 'a');
    const profile =
      options.profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profileDir}`];
    gateway = spawn(process.execPath, [...profile, join(root, 'dist', 'main.js')], {
      // Nothing of the shell decides how the house runs: a DATABASE_URL or FREESWITCH_URL of a person stays outside.
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        PORT: String(port),
        SANDBOX_PORT: String(sandboxPort),
        DATA_DIR: dir,
        DATABASE_URL: postgres.url,
        SECRETS_KEY: secretsKey.toString('base64'),
        SANDBOX_SPEECH_SPEED: String(options.speechSpeed),
      },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    const gatewayUrl = `http://127.0.0.1:${String(port)}`;
    const said = (): string => readFileSync(logFile, 'utf8');
    await untilReady(gateway, gatewayUrl, said);
    const adminUrl = new URL(postgres.superuserUrl);
    adminUrl.pathname = new URL(postgres.url).pathname;
    return {
      gatewayUrl,
      sandboxUrl: `http://127.0.0.1:${String(sandboxPort)}`,
      adminUrl: adminUrl.href,
      clusterUrl: postgres.superuserUrl,
      secretsKey,
      gatewayPid: gateway.pid ?? 0,
      postgresPid: postgres.supervisorPid,
      sandboxSecrets: JSON.parse(
        readFileSync(join(dir, 'sandbox', 'secrets.json'), 'utf8'),
      ) as SandboxSecrets,
      log: said,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** On a disk, because a commit in memory costs nothing: where /tmp is memory, beside the data of `npm start`. */
function newFolder(): string {
  if (statfsSync(tmpdir()).type !== tmpfs) return mkdtempSync(join(tmpdir(), 'ringmeter-bench-'));
  mkdirSync(join(root, '.data'), { recursive: true });
  return mkdtempSync(join(root, '.data', 'bench-'));
}

/** Ready: database reachable, and the switch's link up (`/readyz` names it). */
async function untilReady(gateway: ChildProcess, url: string, said: () => string): Promise<void> {
  const deadline = performance.now() + readyMs;
  while (performance.now() < deadline) {
    if (gateway.exitCode !== null || gateway.signalCode !== null) break;
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    const body = (await answer?.json().catch(() => undefined)) as
      { status: string; switches: { up: boolean }[] } | undefined;
    if (body?.status === 'ready' && body.switches.every((one) => one.up)) return;
    await delay(50);
  }
  throw new Error(`The gateway did not become ready. It said:\n${said()}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), endMs);
  await exited;
  clearTimeout(late);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
