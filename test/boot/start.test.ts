// `npm start` as the person at the terminal meets it: what is printed, what a copied line does, how it ends.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { throwawayRoot } from '../../src/sandbox/postgres-place.ts';
import { isAlive } from '../../src/sandbox/postgres-process.ts';
import { freePort } from '../free-port.ts';

/** What `npm start` runs: it builds what changed, and becomes the gateway. */
const program = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url));
let scratch: string;

beforeAll(() => {
  scratch = mkdtempSync(join(throwawayRoot(), 'ringmeter start '));
  chmodSync(scratch, 0o755);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Started {
  child: ChildProcess;
  exited: Promise<number | string>;
  /** All that was printed so far, both streams; what the build says of itself is left out. */
  printed: () => string;
  /** Resolves when this was printed; rejects when the process ended instead. */
  says: (pattern: RegExp) => Promise<RegExpExecArray>;
}

function start(
  env: Record<string, string>,
  command: readonly string[] = [process.execPath, program],
): Started {
  const [file = '', ...args] = command;
  // Nothing of the shell that runs the tests: it may name a database, a port, a switch.
  const child = spawn(file, args, {
    cwd: scratch,
    env: { PATH: process.env['PATH'] ?? '', HOME: scratch, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  let tell: () => void = () => undefined;
  const hear = (chunk: Buffer): void => {
    text += chunk.toString();
    tell();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  let gone = false;
  const exited = once(child, 'close').then(([code, signal]: (number | string)[]) => {
    gone = true;
    tell();
    return code ?? signal ?? '';
  });
  const says = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(text);
      if (found !== null) return found;
      if (gone) throw new Error(`ended, having said only: ${text}`);
      await new Promise<void>((resolve) => (tell = resolve));
    }
  };
  return { child, exited, printed: () => text.replaceAll(/^build: .*\n/gm, ''), says };
}

async function freePorts(): Promise<{ PORT: string; SANDBOX_PORT: string }> {
  return { PORT: String(await freePort()), SANDBOX_PORT: String(await freePort()) };
}

/** Every process whose command line names this folder: database and all. */
function processesIn(folder: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 1 && pid !== process.pid && isAlive(pid))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
      } catch {
        return false;
      }
    });
}

describe('a bare machine', () => {
  test('starts, takes a copied order, ends at SIGTERM with everything it started, starts again after kill -9', async () => {
    const dataDir = join(scratch, 'data');
    const ports = await freePorts();
    const env = { ...ports, DATA_DIR: dataDir };
    const first = start(env);
    const [, key] = await first.says(/demo key {3}(rk_demo_\S+)/);
    const printed = first.printed();
    expect(printed).toContain(`http://localhost:${ports.PORT}/pay/demo`);
    expect(printed).toContain(`http://localhost:${ports.SANDBOX_PORT}/demo`);
    expect(printed).toContain(`http://localhost:${ports.PORT}/openapi.json`);

    // The printed line, run by a shell as it stands, with a stand-in for curl that needs nothing installed.
    const line = printed.split('\n').find((candidate) => candidate.trim().startsWith('curl '))!;
    const ordered = await copied(line.trim());
    expect(ordered).toMatchObject({
      id: expect.stringMatching(/^call_/),
      state: 'ringing_consultant',
      paymentUrl: null,
    });
    // A second order is another one: the key in the line is new each time.
    expect((await copied(line.trim()))['id']).not.toBe(ordered['id']);
    const phones = await (await fetch(`http://localhost:${ports.SANDBOX_PORT}/api/phones`)).json();
    expect(phones).toEqual(
      expect.arrayContaining([expect.objectContaining({ number: expect.stringMatching(/^\+331990000/) })]),
    );
    expect(await (await fetch(`http://localhost:${ports.SANDBOX_PORT}/api/demo`)).json()).toMatchObject({
      ready: true,
    });
    expect(statSync(join(dataDir, 'secrets-key')).mode & 0o777).toBe(0o600);

    first.child.kill('SIGTERM');
    expect(await first.exited).toBe(0);
    expect(processesIn(dataDir)).toEqual([]);

    const second = start(env);
    await second.says(/demo key/);
    const orphan = childOf(second.child.pid!, 'gateway-process');
    second.child.kill('SIGKILL');
    await second.exited;
    await vi.waitFor(() => expect(isAlive(orphan)).toBe(false));
    const third = start(env);
    // The same key: what was copied yesterday still works.
    expect((await third.says(/demo key {3}(rk_demo_\S+)/))[1]).toBe(key);
    third.child.kill('SIGINT');
    expect(await third.exited).toBe(0);
    expect(processesIn(dataDir)).toEqual([]);
    // Three whole starts on however slow a machine.
  }, 120_000);
});

test('npm killed with -9 takes everything with it, though its shell outlives it', async () => {
  const dataDir = join(scratch, 'left');
  const script = `"${process.execPath}" "${program}"; true`;
  const npm = `require('node:child_process').spawn('sh', ['-c', process.argv[1]], { stdio: 'inherit' })`;
  const started = start({ ...(await freePorts()), DATA_DIR: dataDir, npm_lifecycle_event: 'start' }, [
    process.execPath,
    '-e',
    npm,
    script,
  ]);
  await started.says(/demo key/);
  started.child.kill('SIGKILL');
  // Its streams are closed when the last who inherited them is gone.
  await started.exited;
  expect(processesIn(dataDir)).toEqual([]);
}, 60_000);

test('a gateway that is killed is started again at its address, and npm start goes on', async () => {
  const dataDir = join(scratch, 'killed');
  const ports = await freePorts();
  const started = start({ ...ports, DATA_DIR: dataDir });
  const [, key] = await started.says(/demo key {3}(rk_demo_\S+)/);
  const gatewayAt = (path: string): Promise<Response> => fetch(`http://localhost:${ports.PORT}${path}`);
  expect((await gatewayAt('/readyz')).status).toBe(200);

  const gateway = childOf(started.child.pid!, 'gateway-process');
  process.kill(gateway, 'SIGKILL');
  await started.says(/The gateway ended unexpectedly \(SIGKILL\) and is started again\.\n/);
  await vi.waitFor(async () => expect((await gatewayAt('/readyz')).status).toBe(200), {
    timeout: 20_000,
    interval: 50,
  });
  expect(childOf(started.child.pid!, 'gateway-process')).not.toBe(gateway);
  const lines = await gatewayAt('/v1/lines').then((answer) => answer.status);
  const asked = await fetch(`http://localhost:${ports.PORT}/v1/lines`, {
    headers: { authorization: `Bearer ${key}` },
  });
  expect([lines, asked.status]).toEqual([401, 200]);
  expect(started.printed().match(/gateway ended/g)).toHaveLength(1);

  started.child.kill('SIGTERM');
  expect(await started.exited).toBe(0);
  expect(processesIn(dataDir)).toEqual([]);
  expect(isAlive(gateway)).toBe(false);
}, 60_000);

/** The child of this process whose command line names this module. */
function childOf(parent: number, name: string): number {
  const found = readdirSync('/proc')
    .map(Number)
    .find((pid) => {
      try {
        const [, ppid] = /^.*\) \S (\d+) /s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
        return (
          Number(ppid) === parent &&
          isAlive(pid) &&
          readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(name)
        );
      } catch {
        return false;
      }
    });
  if (found === undefined) throw new Error(`${parent} has no ${name}`);
  return found;
}

/** What `sh` makes of the line, sent as curl would send it. */
async function copied(line: string): Promise<Record<string, unknown>> {
  const script = `curl() { for word in "$@"; do printf '%s\\0' "$word"; done; }; ${line}`;
  const shell = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let words = '';
  shell.stdout.on('data', (chunk: Buffer) => (words += chunk.toString()));
  await once(shell, 'close');
  const args = words.split('\0');
  const after = (flag: string): string[] => args.filter((_word, index) => args[index - 1] === flag);
  const headers = after('-H').map((header) => header.split(': ', 2) as [string, string]);
  const url = args.find((word) => word.startsWith('http'))!;
  const answer = await fetch(url, { method: after('-X')[0]!, headers, body: after('-d')[0]! });
  expect(answer.status).toBe(201);
  return (await answer.json()) as Record<string, unknown>;
}

describe('what is wrong is one sentence', () => {
  test.each(['PORT', 'SANDBOX_PORT'] as const)('a busy %s', async (variable) => {
    const busy = createServer().listen(0, '127.0.0.1');
    await once(busy, 'listening');
    const { port } = busy.address() as AddressInfo;
    const dataDir = join(scratch, `busy ${variable}`);
    const started = start({ ...(await freePorts()), [variable]: String(port), DATA_DIR: dataDir });
    expect(await started.exited).toBe(1);
    expect(started.printed()).toContain(
      `Port ${port} is in use: stop what listens there, or set ${variable} to another one.`,
    );
    expect(started.printed()).not.toMatch(/\n {4}at /);
    expect(started.printed()).not.toContain('Warning');
    expect(processesIn(dataDir)).toEqual([]);
    busy.close();
  });

  test('a wrong variable, and one that is missing', async () => {
    const started = start({ PORT: 'http', STRIPE_SECRET_KEY: 'sk_test_1' });
    expect(await started.exited).toBe(1);
    expect(started.printed().trim().split('\n')).toEqual([
      'PORT must be a port from 1 to 65535.',
      expect.stringMatching(/^FREESWITCH_URL must be set/),
      expect.stringMatching(/^STRIPE_PUBLISHABLE_KEY must be set/),
    ]);
  });

  test('a folder that cannot be made', async () => {
    const file = join(scratch, 'a file');
    writeFileSync(file, '');
    const dataDir = join(file, 'data');
    const started = start({ ...(await freePorts()), DATA_DIR: dataDir });
    expect(await started.exited).toBe(1);
    expect(started.printed().trim()).toBe(
      `${dataDir} cannot be written (ENOTDIR): set DATA_DIR to a folder of this user.`,
    );
  });

  test('a folder another one uses', async () => {
    const dataDir = join(scratch, 'used');
    const first = start({ ...(await freePorts()), DATA_DIR: dataDir });
    await first.says(/demo key/);
    const second = start({ ...(await freePorts()), DATA_DIR: dataDir });
    expect(await second.exited).toBe(1);
    expect(second.printed()).toContain('is in use by another Ringmeter');
    first.child.kill('SIGTERM');
    expect(await first.exited).toBe(0);
  });
});
