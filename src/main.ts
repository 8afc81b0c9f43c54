// The process: starts what the gateway needs on this machine, then the gateway, says where everything is, and ends it all
// together. With an embedded database or a sandbox it keeps the gateway as a child beside them, and starts it again when it
// dies; with everything real it is the gateway. What that is made of is gateway.ts; what may be set is config.ts.

import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError, readConfig, type Config } from './config.ts';
import type { World } from './gateway.ts';
import type { GatewayFacts } from './gateway-process.ts';
import { GatewayUnavailable, KeptGateway } from './kept-gateway.ts';
import { PostgresUnavailable, startEmbeddedPostgres } from './sandbox/embedded-postgres.ts';
import { SandboxUnavailable, startSandbox, type RunningSandbox } from './sandbox/start-sandbox.ts';

/** A sentence for the person at the terminal; the process ends with code 1. */
class CannotStart extends Error {}
class PortBusy extends CannotStart {}

/** Nothing of ours takes longer to end than this; what does is left to end with the process. */
const closeMs = 8_000;
/** How soon we notice that who started us is gone without a word: npm forwards no signal when it is killed with -9. */
const parentLookMs = 500;
const portTries = 5;
const portWaitMs = 100;

const startedAt = performance.now();
/** What runs, in the order it was started; ended in the opposite order. */
const running: { name: string; stop: () => Promise<void> }[] = [];
let ending: Promise<void> | undefined;
/** Still serving before it ends (DRAIN_SECONDS): no part of what ending takes. */
let drainMs = 0;
let sandbox: RunningSandbox | undefined;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function complain(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function start(): Promise<void> {
  const config = readConfig();
  drainMs = config.drainSeconds * 1000;
  if (config.followParent) followParent();
  await assertPortFree(config);
  makeDataDir(config.dataDir);
  const secretsKey = config.secretsKey ?? keepSecretsKey(config.dataDir);
  // Side by side: each takes about a second, and neither needs the other. Both have ended or run when one has failed.
  const hasParts = config.databaseUrl === undefined || config.sandbox !== undefined;
  const kept = hasParts ? keepGateway() : undefined;
  const [database, started] = await Promise.allSettled([
    startDatabase(config),
    startSandboxParts(config, kept),
  ]);
  if (kept) running.push({ name: 'gateway', stop: () => kept.stop() });
  if (database.status === 'rejected') throw database.reason;
  if (started.status === 'rejected') throw started.reason;
  if (ending !== undefined) return;
  sandbox = started.value;
  const world = {
    databaseUrl: database.value,
    ...(sandbox === undefined ? {} : { sandbox: sandbox.addresses }),
  };
  const facts = kept
    ? await kept.serve({ world: { ...world, secretsKeyBase64: secretsKey.toString('base64') } })
    : await becomeGateway(config, { ...world, secretsKey });
  announce(config, facts, sandbox);
}

/** The gateway in a process of its own, which loads while the database starts. What becomes of it the demo page shows. */
function keepGateway(): KeptGateway {
  return new KeptGateway({
    say: complain,
    drainMs,
    onLife: (life) => {
      if (life.state === 'gone') sandbox?.tellGateway({ state: 'gone' });
      else if (life.facts.demo)
        sandbox?.tellGateway({ state: 'serving', pid: life.pid, demo: life.facts.demo });
    },
  });
}

/** Loaded only now, so that a wrong variable or a busy port is said at once. */
async function becomeGateway(config: Config, world: World): Promise<GatewayFacts> {
  const { startGateway } = await import('./gateway.ts');
  const gateway = await startGateway(config, world);
  running.push({ name: 'gateway', stop: () => gateway.close() });
  return gateway;
}

/**
 * Before anything is started: the port is what is most often wrong, and costs the reader nothing to be told first. After
 * kill -9 the gateway of the run before takes a moment to notice that its keeper is gone; whoever else is there stays.
 */
async function assertPortFree(config: Config): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await probePort(config);
      return;
    } catch (error) {
      if (!(error instanceof PortBusy) || tries >= portTries) throw error;
      await delay(portWaitMs);
    }
  }
}

async function probePort(config: Config): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const sentences: Record<string, string> = {
        EADDRINUSE: `Port ${config.port} is in use: stop what listens there, or set PORT to another one.`,
        EACCES: `Port ${config.port} may not be used by this user: set PORT to one above 1023.`,
        EADDRNOTAVAIL: `This machine has no address ${config.host}: set HOST to one it has, or to 0.0.0.0.`,
      };
      const sentence =
        sentences[error.code ?? ''] ?? `Port ${config.port} cannot be opened: ${error.message}`;
      reject(error.code === 'EADDRINUSE' ? new PortBusy(sentence) : new CannotStart(sentence));
    });
    probe.listen({ port: config.port, host: config.host }, () => probe.close(() => resolve()));
  });
}

function makeDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true });
    accessSync(dataDir, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CannotStart(
      `${dataDir} cannot be written (${code ?? String(error)}): set DATA_DIR to a folder of this user.`,
    );
  }
}

/** With the embedded database the key lies beside it: whoever may read one may read the other, and both move together. */
function keepSecretsKey(dataDir: string): Buffer {
  const file = join(dataDir, 'secrets-key');
  if (existsSync(file)) {
    const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64');
    if (key.length === 32) return key;
    throw new CannotStart(
      `${file} does not hold 32 bytes in base64: put back the one this database was used with.`,
    );
  }
  const key = randomBytes(32);
  writeFileSync(file, `${key.toString('base64')}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  return key;
}

async function startDatabase(config: Config): Promise<string> {
  if (config.databaseUrl !== undefined) {
    say('database   the one DATABASE_URL names');
    return config.databaseUrl;
  }
  const dataDir = join(config.dataDir, 'postgres');
  const began = performance.now();
  if (!existsSync(join(dataDir, 'cluster'))) say('database   making one (a few seconds, this time only)');
  const database = await startEmbeddedPostgres({
    dataDir,
    onTrouble: (trouble) => {
      if (trouble === 'restarted') {
        complain('The embedded Postgres ended unexpectedly and runs again.');
        return;
      }
      complain(`The embedded Postgres ended unexpectedly; its log is ${join(dataDir, 'postgres.log')}.`);
      void endAndExit(1);
    },
  });
  running.push({ name: 'database', stop: () => database.stop() });
  say(`database   embedded Postgres in ${shown(dataDir)} (${since(began)})`);
  return database.url;
}

async function startSandboxParts(
  config: Config,
  kept: KeptGateway | undefined,
): Promise<RunningSandbox | undefined> {
  if (config.sandbox === undefined) return undefined;
  const began = performance.now();
  const parts = await startSandbox({
    port: config.sandbox.port,
    dataDir: join(config.dataDir, 'sandbox'),
    gatewayUrl: config.publicUrl,
    parts: config.sandbox.parts,
    onSaid: complain,
    ...(kept && { onKillGateway: () => kept.kill() }),
    onLost: () => {
      complain('The sandbox ended unexpectedly.');
      void endAndExit(1);
    },
  });
  running.push({ name: 'sandbox', stop: () => parts.stop() });
  say(`sandbox    ${config.sandbox.parts.join(', ')} on port ${config.sandbox.port} (${since(began)})`);
  return parts;
}

function announce(config: Config, gateway: GatewayFacts, parts: RunningSandbox | undefined): void {
  say(`gateway    ${gateway.url} (ready after ${since(startedAt)})`);
  const { demo } = gateway;
  if (demo === undefined) return;
  const url = config.publicUrl;
  const body = {
    line: 'demo',
    callerNumber: demo.caller,
    paymentMethod: 'pm_card_visa',
    reference: 'my-first-call',
  };
  const curl = [
    `curl -X POST ${url}/v1/callbacks`,
    `-H 'Authorization: Bearer ${demo.apiKey}'`,
    `-H 'Content-Type: application/json'`,
    // A new one each time: the same key would give the same call again.
    `-H "Idempotency-Key: $(date +%s%N)"`,
    `-d '${JSON.stringify(body)}'`,
  ].join(' ');
  say('');
  say(`  The page   ${url}/pay/demo`);
  if (parts !== undefined) say(`  The demo   ${parts.addresses.publicUrl}/demo`);
  say(`  The API    ${url}/openapi.json`);
  say('');
  say(`  ${curl}`);
  say('');
  say(`  demo key   ${demo.apiKey}`);
  say('');
  say(`  ${url}/extranet  ${demo.owner.email}, password ${demo.owner.password}`);
  say(
    `  ${url}/extranet/c/demo  a consultant: short number ${demo.consultant.shortNumber}, PIN ${demo.consultant.pin}`,
  );
  say('');
  for (const { number, way } of demo.ddis) say(`  ${number}  known callers, ${ways[way]}`);
  const [first, ...others] = demo.scenarios.map(({ number }) => number);
  say(`  ${first ?? ''} … ${others.at(-1)?.slice(-3) ?? ''}  a scenario each`);
  if (parts !== undefined) say(`  to be dialled on ${parts.addresses.publicUrl}/demo`);
  say(`  ${url}/topup/demo-known?code=${demo.clientCode}  credit for the account kept here`);
  say('');
}

const ways = {
  rest: "recognized by the merchant's server (REST)",
  soap: "recognized by the merchant's server (SOAP)",
  accounts: 'recognized by accounts kept here',
};

function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : `./${near}`;
}

function since(began: number): string {
  return `${((performance.now() - began) / 1000).toFixed(1)} s`;
}

// --- The end -----------------------------------------------------------------------------------------------------

/** The gateway first, which still writes; then what it writes to. */
function end(): Promise<void> {
  ending ??= (async () => {
    for (const part of running.toReversed()) {
      await part
        .stop()
        .catch((error: unknown) => complain(`The ${part.name} did not end in order: ${String(error)}`));
    }
  })();
  return ending;
}

async function endAndExit(code: number): Promise<void> {
  // Children notice that we are gone and end by themselves.
  setTimeout(() => process.exit(code), drainMs + closeMs).unref();
  await end();
  process.exit(code);
}

let asked = 0;
function askedToEnd(): void {
  asked += 1;
  // Somebody presses ctrl-C again: he knows.
  if (asked > 1) process.exit(130);
  void endAndExit(0);
}

function followParent(): void {
  const parent = process.ppid;
  // npm runs a script by `sh -c`, and that shell outlives it: who started us is then the shell's parent.
  const starter = isScriptShell(parent) ? parentOf(parent) : undefined;
  setInterval(() => {
    const isLeft = process.ppid !== parent || (starter !== undefined && parentOf(parent) !== starter);
    if (isLeft && asked === 0) askedToEnd();
  }, parentLookMs).unref();
}

/** Where there is no /proc nobody is looked for behind the shell, as if there were none. */
function isScriptShell(pid: number): boolean {
  const [program = '', flag] = readProcess(pid, 'cmdline').split('\0');
  return /(^|\/)(ba|da|a)?sh$/.test(program) && flag === '-c';
}

/** proc(5): the fourth field of `stat`; the second is the program's name in brackets and may hold anything. */
function parentOf(pid: number): number | undefined {
  const [, parent] = /^.*\) \S (\d+) /s.exec(readProcess(pid, 'stat')) ?? [];
  return parent === undefined ? undefined : Number(parent);
}

function readProcess(pid: number, file: 'cmdline' | 'stat'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

process.on('SIGTERM', askedToEnd);
process.on('SIGINT', askedToEnd);
process.on('SIGHUP', askedToEnd);
start().catch((error: unknown) => {
  if (error instanceof ConfigError) for (const problem of error.problems) complain(problem);
  else if (
    error instanceof CannotStart ||
    error instanceof PostgresUnavailable ||
    error instanceof GatewayUnavailable ||
    error instanceof SandboxUnavailable
  ) {
    complain(error.message);
  } else complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
  void endAndExit(1);
});
