// The processes that carry out runs, and the Postgres under them.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { type SimulationPostgres, startSimulationPostgres } from './simulation-postgres.ts';
import type { Order, Report } from './worker.ts';

/** Time stands still for it whenever it waits: it computes when those do not whose clocks go on. */
const behindOthers = 10;

export class WorkerPool {
  readonly #postgres: SimulationPostgres;
  readonly #workers: readonly ChildProcess[];

  private constructor(postgres: SimulationPostgres, workers: readonly ChildProcess[]) {
    this.#postgres = postgres;
    this.#workers = workers;
  }

  static async start(bundle: string, count: number): Promise<WorkerPool> {
    const postgres = await startSimulationPostgres();
    try {
      const workers: ChildProcess[] = [];
      for (let index = 0; index < count; index += 1) {
        const url = await postgres.database(`simulation_${String(index)}`);
        workers.push(fork(bundle, [url], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
      }
      for (const { pid } of workers) if (pid !== undefined) setPriority(pid, behindOthers);
      await Promise.all(workers.map((worker) => once(worker, 'message')));
      return new WorkerPool(postgres, workers);
    } catch (error) {
      await postgres.stop();
      throw error;
    }
  }

  /** Each order by whichever process is free. `onReport` answers whether to go on. A process that dies is a fault of ours. */
  async carryOut(orders: readonly Order[], onReport: (report: Report) => boolean): Promise<void> {
    let next = 0;
    let goOn = true;
    await Promise.all(
      this.#workers.map(async (worker) => {
        while (goOn) {
          const order = orders[next];
          next += 1;
          if (!order) return;
          const report = await ask(worker, order);
          goOn = onReport(report) && goOn;
        }
      }),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#workers.map(async (worker) => {
        if (worker.exitCode !== null || !worker.connected) return;
        const exited = once(worker, 'exit');
        worker.disconnect();
        await exited;
      }),
    );
    await this.#postgres.stop();
  }
}

function ask(worker: ChildProcess, order: Order): Promise<Report> {
  return new Promise((resolve, reject) => {
    const died = (): void => reject(new Error(`A process died over ${JSON.stringify(order).slice(0, 200)}`));
    worker.once('exit', died);
    worker.once('message', (report: Report) => {
      worker.off('exit', died);
      resolve(report);
    });
    worker.send(order);
  });
}
