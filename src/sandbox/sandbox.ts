// The sandbox's process: the far side of every protocol the gateway speaks, on one machine, behind one address. Starts
// the parts, keeps them running, serves the front, goes when its owner goes. Started by start-sandbox.ts; talks to it
// over IPC only.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BreakSomething } from './break-something.ts';
import { createDemoApi } from './demo-api.ts';
import { DemoProof } from './demo-proof.ts';
import { demoReach } from './demo-reach.ts';
import { createFront } from './front.ts';
import { closeServer, listenOnLoopback } from './http-exchange.ts';
import type { DemoFacts, PartName, PartStart } from './part-contract.ts';
import { PartProcess } from './part-process.ts';

/** What the owner sends first. */
export interface SandboxOrder {
  /** 0: any free port. */
  port: number;
  /** DATA_DIR/sandbox: each part gets a folder in it. */
  dataDir: string;
  gatewayUrl: string;
  parts: readonly PartName[];
  /** Paths of the gateway's hooks, so that only one place knows them. */
  cdrUrl: string;
  stripeWebhookUrl: string;
  /** Its owner keeps the gateway as a child, and starts it again when it dies. */
  mayKillGateway: boolean;
}

/** Where the far sides are, and the secrets both sides share. Absent: that part is not run here. */
export interface SandboxAddresses {
  publicUrl: string;
  eslUrl?: string;
  /** `user:password` with which CDRs are posted. */
  cdrCredentials?: string;
  processorUrl?: string;
  secretKey?: string;
  publishableKey?: string;
  webhookSecret?: string;
  noticesUrl?: string;
  noticeSecret?: string;
}

export type SandboxReport =
  | { state: 'ready'; addresses: SandboxAddresses; pids: Partial<Record<PartName, number>> }
  | { state: 'failed'; reason: string }
  /** A sentence for the terminal: a part ended or runs again. */
  | { state: 'said'; sentence: string; pids: Partial<Record<PartName, number>> }
  | { state: 'kill_gateway' };

/** How the gateway's process is: the demo page's key comes with it, and stays good while it is gone. */
export type GatewayLife = { state: 'serving'; pid: number; demo: DemoFacts } | { state: 'gone' };

export type SandboxMessage = { order: SandboxOrder } | { gateway: GatewayLife } | { stop: true };

interface Secrets {
  eslPassword: string;
  cdrPassword: string;
  secretKey: string;
  publishableKey: string;
  webhookSecret: string;
  noticeSecret: string;
}

const parts = new Map<PartName, PartProcess>();
let demo: DemoFacts | undefined;
let gatewayPid = 0;
let breaking: BreakSomething | undefined;
let closeFront: (() => Promise<void>) | undefined;
let ending: Promise<void> | undefined;

function report(message: SandboxReport): void {
  if (process.connected) process.send?.(message);
}

function pids(): Partial<Record<PartName, number>> {
  return Object.fromEntries([...parts].map(([name, part]) => [name, part.pid]));
}

async function run(order: SandboxOrder): Promise<void> {
  mkdirSync(order.dataDir, { recursive: true });
  const secrets = keepSecrets(join(order.dataDir, 'secrets.json'));
  // The front listens before the parts run: their links name its port, and a busy port is said before anything starts.
  const facts = (): DemoFacts | undefined => demo;
  const proof = new DemoProof({ demo: facts, processorPort: () => parts.get('processor')?.port('http') });
  const { gatewayUrl, mayKillGateway } = order;
  breaking = new BreakSomething(
    demoReach({
      part: (name) => parts.get(name),
      demo: facts,
      gatewayUrl,
      ...(mayKillGateway && { killGateway }),
    }),
  );
  const front = createFront({
    portOf: (name) => (parts.has(name) ? parts.get(name)?.port('http') : 'absent'),
    own: createDemoApi({ gatewayUrl, facts, breaking, proof }),
  });
  let port: number;
  try {
    // After kill -9 the sandbox of the run before takes a moment to notice; whoever else is there stays.
    port = await listenOnLoopback(front, order.port, 15);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new Error(
      `Port ${order.port} is in use: stop what listens there, or set SANDBOX_PORT to another one.`,
      { cause: error },
    );
  }
  closeFront = () => closeServer(front);
  const publicUrl = `http://localhost:${port}`;
  const say = (sentence: string): void => report({ state: 'said', sentence, pids: pids() });
  for (const name of order.parts)
    parts.set(
      name,
      new PartProcess(startOf(name, order, secrets, publicUrl), say, ({ record }) => proof.hear(record)),
    );
  await Promise.all([...parts.values()].map((part) => part.start()));
  report({ state: 'ready', addresses: addresses(secrets, publicUrl), pids: pids() });
}

/** Its keeper does it, who also starts it again. Returns the process that dies. */
function killGateway(): number {
  report({ state: 'kill_gateway' });
  return gatewayPid;
}

function startOf(part: PartName, order: SandboxOrder, secrets: Secrets, publicUrl: string): PartStart {
  const dataDir = join(order.dataDir, part);
  mkdirSync(dataDir, { recursive: true });
  const common = { dataDir, publicUrl, gatewayUrl: order.gatewayUrl };
  switch (part) {
    case 'switch':
      return {
        part,
        settings: {
          ...common,
          eslPassword: secrets.eslPassword,
          cdrUrl: order.cdrUrl,
          cdrCredentials: cdrCredentials(secrets),
        },
      };
    case 'processor': {
      const { secretKey, publishableKey, webhookSecret } = secrets;
      const webhookUrl = order.stripeWebhookUrl;
      return { part, settings: { ...common, secretKey, publishableKey, webhookUrl, webhookSecret } };
    }
    case 'merchant':
      return { part, settings: { ...common, noticeSecret: secrets.noticeSecret } };
  }
}

function addresses(secrets: Secrets, publicUrl: string): SandboxAddresses {
  const esl = parts.get('switch')?.port('esl');
  const processor = parts.get('processor')?.port('http');
  return {
    publicUrl,
    ...(esl === undefined
      ? {}
      : {
          eslUrl: `esl://:${secrets.eslPassword}@127.0.0.1:${esl}`,
          cdrCredentials: cdrCredentials(secrets),
        }),
    ...(processor === undefined
      ? {}
      : {
          processorUrl: `http://127.0.0.1:${processor}`,
          secretKey: secrets.secretKey,
          publishableKey: secrets.publishableKey,
          webhookSecret: secrets.webhookSecret,
        }),
    ...(parts.has('merchant')
      ? { noticesUrl: `${publicUrl}/notices`, noticeSecret: secrets.noticeSecret }
      : {}),
  };
}

function cdrCredentials(secrets: Secrets): string {
  return `sandbox:${secrets.cdrPassword}`;
}

/** Made once: what the gateway stored under one secret is still good after `npm start`. */
function keepSecrets(file: string): Secrets {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Secrets;
  const random = (bytes: number): string => randomBytes(bytes).toString('hex');
  const secrets: Secrets = {
    eslPassword: random(16),
    cdrPassword: random(16),
    secretKey: `sk_test_sandbox${random(16)}`,
    publishableKey: `pk_test_sandbox${random(16)}`,
    webhookSecret: `whsec_${random(16)}`,
    noticeSecret: `whsec_${randomBytes(24).toString('base64')}`,
  };
  writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 });
  return secrets;
}

function end(code: number): void {
  ending ??= (async () => {
    breaking?.close();
    await closeFront?.();
    await Promise.all([...parts.values()].map((part) => part.stop()));
  })();
  void ending.then(() => process.exit(code));
}

process.on('message', (message: SandboxMessage) => {
  if ('stop' in message) {
    end(0);
    return;
  }
  if ('gateway' in message) {
    if (message.gateway.state === 'serving') {
      demo = message.gateway.demo;
      gatewayPid = message.gateway.pid;
      breaking?.gatewayServes();
    }
    return;
  }
  run(message.order).catch((error: unknown) => {
    report({ state: 'failed', reason: error instanceof Error ? error.message : String(error) });
    end(1);
  });
});
process.on('disconnect', () => end(0));
process.on('SIGTERM', () => end(0));
// Ctrl-C reaches the whole terminal group; the owner decides when the sandbox goes.
process.on('SIGINT', () => undefined);
