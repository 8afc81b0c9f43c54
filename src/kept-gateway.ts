// Keeps a gateway running in a process of its own: starts it, starts it again when it dies, ends it. Its calls stand in the
// switch and its state in Postgres, so whoever is started next finds both (DESIGN 2.4, 2.5).

import type { ChildProcess } from 'node:child_process';
import type { GatewayFacts, GatewayOrder, GatewayReport } from './gateway-process.ts';
import { forkModule } from './sandbox/fork-module.ts';

export class GatewayUnavailable extends Error {}

/** One that dies this soon after it came is broken: the pause grows, so that the machine is not kept busy with it. */
const restartPausesMs = [0, 250, 1_000, 3_000, 10_000];
/** After this long in one piece earlier deaths are forgotten. */
const soundMs = 30_000;
/** It lets requests and jobs under way finish; the calls themselves need nobody. */
const stopMs = 7_000;

export type GatewayLife = { state: 'serving'; pid: number; facts: GatewayFacts } | { state: 'gone' };

export interface KeptGatewayOptions {
  /** A sentence for the terminal: it died and is started again, or why it could not be. */
  say: (sentence: string) => void;
  /** It serves so long after it was told to end. */
  drainMs: number;
  /** At every death and every return. */
  onLife: (life: GatewayLife) => void;
}

export class KeptGateway {
  readonly #options: KeptGatewayOptions;
  #child: ChildProcess;
  #order: GatewayOrder | undefined;
  #exited: Promise<void>;
  #deaths = 0;
  #stopping = false;
  #killed = false;
  #restart: NodeJS.Timeout | undefined;

  /** Its process starts at once and loads while its keeper prepares what it needs. */
  constructor(options: KeptGatewayOptions) {
    this.#options = options;
    [this.#child, this.#exited] = fork();
  }

  /** Resolves when it serves. Throws `GatewayUnavailable` with what it said when it cannot. */
  async serve(order: GatewayOrder): Promise<GatewayFacts> {
    this.#order = order;
    const child = this.#child;
    let reason = 'The gateway ended before it was ready.';
    const facts = await new Promise<GatewayFacts>((resolve, reject) => {
      child.once('error', reject);
      child.on('message', (message: GatewayReport) => {
        if (message.state === 'ready') resolve(message.facts);
        else ({ reason } = message);
      });
      void this.#exited.then(() => reject(new GatewayUnavailable(reason)));
      child.send(order, () => undefined);
    });
    this.#options.onLife({ state: 'serving', pid: child.pid ?? 0, facts });
    const since = performance.now();
    const died = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (this.#stopping) return;
      this.#options.onLife({ state: 'gone' });
      if (performance.now() - since > soundMs || this.#killed) this.#deaths = 0;
      this.#killed = false;
      const how = signal ?? `code ${code ?? '?'}`;
      this.#options.say(`The gateway ended unexpectedly (${how}) and is started again.`);
      this.#serveAgain(order);
    };
    if (child.exitCode !== null || child.signalCode !== null) died(child.exitCode, child.signalCode);
    else child.once('exit', died);
    return facts;
  }

  #serveAgain(order: GatewayOrder): void {
    const pause = restartPausesMs[Math.min(this.#deaths, restartPausesMs.length - 1)] ?? 0;
    this.#deaths += 1;
    this.#restart = setTimeout(() => {
      [this.#child, this.#exited] = fork();
      this.serve(order).catch((error: unknown) => {
        if (this.#stopping) return;
        this.#options.say(error instanceof Error ? error.message : String(error));
        this.#serveAgain(order);
      });
    }, pause);
  }

  /** kill -9, as an operator or the kernel would: nothing is finished, nobody is told. */
  kill(): void {
    this.#killed = this.#order !== undefined;
    this.#child.kill('SIGKILL');
  }

  /** Takes no new calls, finishes what is being written, leaves live calls to the switch. Stopping twice is once. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), this.#options.drainMs + stopMs);
    await this.#exited;
    clearTimeout(late);
  }
}

function fork(): [child: ChildProcess, exited: Promise<void>] {
  // Who asked for a profile of the house wants that of its working half.
  const nodeFlags = process.execArgv.filter((flag) => flag.startsWith('--cpu-prof'));
  const child = forkModule(import.meta.url, 'gateway-process', { nodeFlags });
  return [child, new Promise((resolve) => child.once('exit', () => resolve()))];
}
