// One running postmaster: makes its cluster, starts it on a free port, ends what an earlier run left behind, stops it.
// Used by postgres-supervisor.ts only.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { commandAs, giveTo, PostgresUnavailable, type PostgresPlace } from './postgres-place.ts';

const majorVersion = '18';
/** A shutdown writes a checkpoint; a laptop disk has needed 3 s. After this long we take the crash recovery instead. */
const fastStopMs = 8_000;
/** Crash recovery of a demo database is under a second; a slow shared disk gets the rest. */
const startMs = 60_000;

/** How a throwaway database for tests trades durability for speed: nothing in it has to survive anything. */
const throwawaySettings = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  max_connections: '300',
  max_wal_size: '512MB',
  autovacuum: 'off',
};
const keptSettings = { max_connections: '100' };

/** Makes the cluster if there is none. A run killed in the middle leaves a `.partial` folder, never half a cluster. */
export function makeCluster(place: PostgresPlace, superuserPassword: string, throwaway: boolean): void {
  const versionFile = join(place.cluster, 'PG_VERSION');
  if (existsSync(versionFile)) {
    const version = readFileSync(versionFile, 'utf8').trim();
    if (version === majorVersion) return;
    throw new PostgresUnavailable(
      `${place.cluster} was made by Postgres ${version}, this is ${majorVersion}: move the folder away to start afresh, or set DATABASE_URL.`,
    );
  }
  const partial = `${place.cluster}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { mode: 0o700 });
  const passwordFile = `${place.cluster}.password`;
  writeFileSync(passwordFile, superuserPassword, { mode: 0o600 });
  giveTo(place.runAs, passwordFile);
  giveTo(place.runAs, partial);
  try {
    const command = commandAs(place.runAs, join(place.installation, 'bin', 'initdb'), [
      '--pgdata',
      partial,
      '--username=postgres',
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      // Of the password's thousands of rounds every connection would reckon through all.
      ...(throwaway ? ['--no-sync', '--set=scram_iterations=1'] : []),
    ]);
    const made = spawnSync(command.file, command.args, {
      ...command.options,
      encoding: 'utf8',
      env: bareEnvironment,
    });
    if (made.status !== 0) {
      throw new PostgresUnavailable(
        `The embedded Postgres could not make its files in ${place.cluster}: ${lastLine(made.stderr)}`,
      );
    }
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(partial, place.cluster);
}

/** Nothing of ours changes how Postgres behaves by accident: PGPORT, PGDATA, LC_ALL of the shell stay outside. */
const bareEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

export interface Postmaster {
  port: number;
  process: ChildProcess;
  exited: Promise<void>;
}

/** Starts on `port`, or on any free one when 0. Resolves when connections are accepted. */
export async function startPostmaster(
  place: PostgresPlace,
  logFile: string,
  port: number,
  throwaway: boolean,
): Promise<Postmaster> {
  for (let attempt = 1; ; attempt += 1) {
    const chosen = port === 0 ? await freePort() : port;
    const started = await tryPostmaster(place, logFile, chosen, throwaway);
    if (typeof started !== 'string') return started;
    // The port was free when we looked and taken when Postgres bound it a moment later; or the children of a postmaster
    // that was killed have not noticed yet. Both pass by themselves within seconds.
    if (attempt < 50 && /could not (bind|create any TCP)|is still in use/.test(started)) await delay(100);
    else
      throw new PostgresUnavailable(
        `The embedded Postgres did not start (log: ${logFile}): ${lastLine(started)}`,
      );
  }
}

async function tryPostmaster(
  place: PostgresPlace,
  logFile: string,
  port: number,
  throwaway: boolean,
): Promise<Postmaster | string> {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    // A socket's path is limited to 107 bytes, which a checkout's path easily exceeds.
    unix_socket_directories: '',
    log_min_messages: 'warning',
    timezone: 'UTC',
    ...(throwaway ? throwawaySettings : keptSettings),
  };
  const command = commandAs(place.runAs, join(place.installation, 'bin', 'postgres'), [
    '-D',
    place.cluster,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]);
  // Straight into a file: Postgres goes on writing when we are gone, and a closed pipe would swallow why it failed.
  const log = openSync(logFile, 'w', 0o600);
  const child = spawn(command.file, command.args, {
    ...command.options,
    env: bareEnvironment,
    stdio: ['ignore', log, log],
    // Ctrl-C belongs to the gateway, which still wants to write when it ends.
    detached: true,
  });
  closeSync(log);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const deadline = performance.now() + startMs;
  while (!isReady(place, child.pid)) {
    const gone = child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
    if (gone) return readFileSync(logFile, 'utf8');
    if (performance.now() > deadline) {
      await stopPostmaster({ port, process: child, exited });
      return `no answer within ${startMs / 1000} s`;
    }
    await delay(20);
  }
  return { port, process: child, exited };
}

/** The postmaster writes its state on the eighth line of its pid file, padded with blanks. */
function isReady(place: PostgresPlace, pid: number | undefined): boolean {
  const lines = pidFileLines(place);
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}

function pidFileLines(place: PostgresPlace): string[] {
  try {
    return readFileSync(join(place.cluster, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return [];
  }
}

/** Ends sessions and writes a checkpoint (SIGINT, "fast"); gives up politeness after 8 s (SIGQUIT, "immediate"). */
export async function stopPostmaster(postmaster: Postmaster): Promise<void> {
  postmaster.process.kill('SIGINT');
  const late = setTimeout(() => postmaster.process.kill('SIGQUIT'), fastStopMs);
  await postmaster.exited;
  clearTimeout(late);
}

/**
 * Ends the postmaster an earlier run left on this cluster (both we and it had been killed with -9). Whose parent still
 * lives is excluded by the supervisor's lock. A pid file naming some other program is Postgres's own to judge, except
 * that it refuses to start over any living process of the same user: then the file goes.
 */
export async function stopOrphan(place: PostgresPlace): Promise<'none' | 'stopped'> {
  const pid = Number(pidFileLines(place)[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !isAlive(pid)) return 'none';
  if (!isPostmasterOf(pid, place.cluster)) {
    rmSync(join(place.cluster, 'postmaster.pid'), { force: true });
    return 'none';
  }
  process.kill(pid, 'SIGINT');
  const hurryAt = performance.now() + fastStopMs;
  let hurried = false;
  while (isAlive(pid) && isPostmasterOf(pid, place.cluster)) {
    if (!hurried && performance.now() > hurryAt) {
      process.kill(pid, 'SIGQUIT');
      hurried = true;
    }
    await delay(20);
  }
  return 'stopped';
}

/** A zombie counts as gone: it holds nothing any more, and in a container nobody may ever reap it. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !['Z', 'X'].includes(stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3));
  } catch {
    return false;
  }
}

function isPostmasterOf(pid: number, cluster: string): boolean {
  try {
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return args.some((arg) => arg.endsWith('/postgres')) && args[args.indexOf('-D') + 1] === cluster;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address !== null && typeof address === 'object'
          ? resolve(address.port)
          : reject(new Error('no port')),
      );
    });
  });
}

function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.findLast((line) => /FATAL|ERROR|error/.test(line)) ?? lines.at(-1) ?? 'no reason given';
}
