// A process of its own around the embedded Postgres, so that the database ends when its owner does, in whatever way the
// owner ends: asked to stop, ended by a signal, or killed with -9 (the IPC channel closes). Started by
// embedded-postgres.ts; talks to it over IPC only.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findPlace, PostgresUnavailable, type PostgresPlace } from './postgres-place.ts';
import {
  isAlive,
  makeCluster,
  startPostmaster,
  stopOrphan,
  stopPostmaster,
  type Postmaster,
} from './postgres-process.ts';

/** What the owner sends first; the second message, `stop`, ends everything. */
export interface SupervisorOrder {
  dataDir: string;
  port: number;
  /** No durability, and the folder is removed at the end. */
  throwaway: boolean;
}

export type SupervisorReport =
  | { state: 'ready'; port: number; superuserPassword: string; ownerPassword: string }
  | { state: 'failed'; reason: string }
  /** Postgres ended by itself and runs again on the same port: connections were lost, nothing else. */
  | { state: 'restarted' };

interface Passwords {
  superuser: string;
  owner: string;
}

/** A supervisor that has just lost its owner is still writing the last checkpoint; it gets this long. */
const otherSupervisorMs = 12_000;
/** A database that falls over this often in a row is broken, not unlucky. */
const restartsMax = 3;
/** After this long in one piece what came before is not in a row with what comes. */
const soundMs = 5_000;

let running: Postmaster | undefined;
/** While Postgres comes up: who ends us meanwhile waits for it, so that it is not left behind. */
let starting: Promise<void> | undefined;
let ending: Promise<void> | undefined;
let order: SupervisorOrder | undefined;
let lockHeld: string | undefined;

function report(message: SupervisorReport): void {
  if (process.connected) process.send?.(message);
}

async function supervise(asked: SupervisorOrder): Promise<void> {
  order = asked;
  mkdirSync(asked.dataDir, { recursive: true });
  // The true path: the orphan's command line and the place derived from it must not depend on how it was spelled.
  const dataDir = realpathSync(asked.dataDir);
  await takeLock(dataDir);
  const place = findPlace(dataDir);
  await stopOrphan(place);
  const passwords = keepPasswords(dataDir, place);
  makeCluster(place, passwords.superuser, asked.throwaway);
  const logFile = join(dataDir, 'postgres.log');
  const start = (port: number): Promise<Postmaster> => startPostmaster(place, logFile, port, asked.throwaway);
  running = await noted(start(asked.port));
  const { port } = running;
  report({ state: 'ready', port, superuserPassword: passwords.superuser, ownerPassword: passwords.owner });
  for (let restarts = 0; restarts < restartsMax; restarts += 1) {
    const since = performance.now();
    await running.exited;
    if (isEnding()) return;
    if (performance.now() - since > soundMs) restarts = 0;
    running = await noted(start(port));
    report({ state: 'restarted' });
  }
  await running.exited;
  if (!isEnding())
    throw new PostgresUnavailable(`The embedded Postgres keeps ending by itself; its log is ${logFile}.`);
}

function noted(postmaster: Promise<Postmaster>): Promise<Postmaster> {
  starting = postmaster.then(
    (started) => {
      running = started;
    },
    () => undefined,
  );
  return postmaster;
}

function isEnding(): boolean {
  return ending !== undefined;
}

/**
 * One supervisor a folder. The lock names us and our owner. An owner that lives is in use and said so at once; one that
 * is gone leaves a supervisor that is just ending, which is waited for. Two that start in the same instant both believe
 * the lock free: Postgres's own lock file then refuses the second.
 */
async function takeLock(dataDir: string): Promise<void> {
  const lock = join(dataDir, 'supervisor.pid');
  const deadline = performance.now() + otherSupervisorMs;
  for (;;) {
    const [pid = 0, owner = 0] = existsSync(lock) ? readFileSync(lock, 'utf8').split(' ').map(Number) : [];
    if (pid === 0 || pid === process.pid || !isAlive(pid) || !isSupervisor(pid)) break;
    if (isAlive(owner) || performance.now() > deadline) {
      throw new PostgresUnavailable(
        `${dataDir} is in use by another Ringmeter (process ${owner}): stop it, or choose another DATA_DIR.`,
      );
    }
    await delay(20);
  }
  writeFileSync(lock, `${process.pid} ${process.ppid}`, { mode: 0o644 });
  lockHeld = lock;
}

/** A pid is given again to somebody else after a restart of the machine. */
function isSupervisor(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres-supervisor');
  } catch {
    return false;
  }
}

/** Random, made once with the cluster, readable by us alone. */
function keepPasswords(dataDir: string, place: PostgresPlace): Passwords {
  const file = join(dataDir, 'passwords.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Passwords;
  if (existsSync(join(place.cluster, 'PG_VERSION'))) {
    throw new PostgresUnavailable(
      `${file} is gone, and with it the passwords of the database in ${place.cluster}: put it back, or move the folder away to start afresh.`,
    );
  }
  const made = { superuser: randomBytes(24).toString('hex'), owner: randomBytes(24).toString('hex') };
  writeFileSync(file, JSON.stringify(made), { mode: 0o600 });
  return made;
}

/** Stops Postgres in order; a second call waits for the first. */
function end(): Promise<void> {
  ending ??= (async () => {
    await starting;
    if (running !== undefined) await stopPostmaster(running);
    if (lockHeld === undefined) return;
    rmSync(lockHeld, { force: true });
    if (order?.throwaway === true) rmSync(order.dataDir, { recursive: true, force: true });
  })();
  return ending;
}

async function endAndExit(code: number): Promise<void> {
  await end();
  process.exit(code);
}

process.on('message', (message: SupervisorOrder | 'stop') => {
  if (message === 'stop') return void endAndExit(0);
  supervise(message).catch((error: unknown) => {
    const reason =
      error instanceof PostgresUnavailable ? error.message : `The embedded Postgres failed: ${String(error)}`;
    report({ state: 'failed', reason });
    void endAndExit(1);
  });
});
process.on('disconnect', () => void endAndExit(0));
process.on('SIGTERM', () => void endAndExit(0));
process.on('SIGHUP', () => void endAndExit(0));
// Ctrl-C reaches the whole group; the owner decides when its database goes.
process.on('SIGINT', () => undefined);
