// The front's side of a part: forks it, gives it its settings, learns its ports, starts it again on the same ports when
// it dies.

import type { ChildProcess } from 'node:child_process';
import { forkModule } from './fork-module.ts';
import type { PartNews, PartOrder, PartReport, PartStart } from './part-contract.ts';

/** A part that dies this soon after its start is broken: the pause grows, so that a machine is not kept busy with it. */
const restartPausesMs = [0, 250, 1_000, 3_000, 10_000];
/** After this long in one piece earlier deaths are forgotten. */
const soundMs = 30_000;
/** Twice the time a part takes at most to close its sockets. */
const stopMs = 4_000;

export class PartProcess {
  readonly #order: PartStart;
  readonly #say: (sentence: string) => void;
  readonly #hear: (news: PartNews) => void;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #ports: Record<string, number> = {};
  #up = false;
  #stopping = false;
  #deaths = 0;
  #restart: NodeJS.Timeout | undefined;

  /** `say`: one sentence for the terminal about a death and a return. `hear`: what the part tells while it runs. */
  constructor(order: PartStart, say: (sentence: string) => void, hear: (news: PartNews) => void) {
    this.#order = order;
    this.#say = say;
    this.#hear = hear;
  }

  /** The port of this name while the part is up. */
  port(name: string): number | undefined {
    return this.#up ? this.#ports[name] : undefined;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Nothing, while the part is down. */
  tell(order: PartOrder): void {
    if (this.#up && this.#child?.connected === true) this.#child.send(order);
  }

  /** kill -9; it is started again on the same ports. */
  kill(): void {
    this.#deaths = 0;
    this.#child?.kill('SIGKILL');
  }

  /** Resolves when the part listens; throws its own sentence when it cannot. */
  async start(): Promise<void> {
    const settings = { ...this.#order.settings, ports: this.#ports };
    const child = forkModule(import.meta.url, 'part', { args: [this.#order.part] });
    this.#child = child;
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    this.#exited = exited;
    const report = await new Promise<PartReport>((resolve) => {
      child.once('message', (message) => resolve(message as PartReport));
      child.once('error', (error) => resolve({ ready: false, reason: error.message }));
      void exited.then(() => resolve({ ready: false, reason: 'it ended while starting' }));
      child.send({ ...this.#order, settings });
    });
    if (!report.ready) throw new Error(`The sandbox's ${this.#order.part} did not start: ${report.reason}`);
    this.#ports = report.ports;
    this.#up = true;
    child.on('message', (news: PartNews) => this.#hear(news));
    const upSince = performance.now();
    child.once('exit', (code, signal) => {
      this.#up = false;
      if (this.#stopping) return;
      if (performance.now() - upSince > soundMs) this.#deaths = 0;
      this.#say(
        `The sandbox's ${this.#order.part} ended unexpectedly (${signal ?? `code ${code ?? '?'}`}); it is started again.`,
      );
      this.#startAgain();
    });
  }

  #startAgain(): void {
    const pause = restartPausesMs[Math.min(this.#deaths, restartPausesMs.length - 1)] ?? 0;
    this.#deaths += 1;
    this.#restart = setTimeout(() => {
      this.start().then(
        () => this.#say(`The sandbox's ${this.#order.part} runs again.`),
        (error: unknown) => {
          if (this.#stopping) return;
          this.#say(error instanceof Error ? error.message : String(error));
          this.#startAgain();
        },
      );
    }, pause);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), stopMs);
    await this.#exited;
    clearTimeout(late);
  }
}
