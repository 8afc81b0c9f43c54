// The job queue under virtual time: graphile-worker's own table, its own enqueueing and its own schedule of repeats, carried out
// by whichever gateway lives. Its runner is not here, because it reads the real clock. What it promises is kept: at least
// once, a job of a worker who died stays locked (for 4 hours), a failed one comes again after exp(tries) seconds.

import type { JobName, JobPayloads, JobTasks } from '../../src/store/jobs.ts';
import type { GatewayProcess, Kernel } from './kernel.ts';
import type { SimDatabase } from './sim-database.ts';

/** A worker hears of a new job at once; of one whose time comes, within its poll. */
const heardMs = 3;
const pollMs = 1_000;

export interface Worker {
  process: GatewayProcess;
  tasks: JobTasks;
}

interface Job {
  id: string;
  task: JobName;
  payload: unknown;
  attempts: number;
}

export class SimJobs {
  readonly #kernel: Kernel;
  readonly #database: SimDatabase;
  readonly #workers: () => readonly Worker[];
  #looking: { cancel(): void; atMs: number } | undefined;

  constructor(kernel: Kernel, database: SimDatabase, workers: () => readonly Worker[]) {
    this.#kernel = kernel;
    this.#database = database;
    this.#workers = workers;
    database.onNotification = (channel) => {
      if (channel === 'jobs:insert') this.#lookIn(heardMs);
    };
  }

  #lookIn(ms: number): void {
    const atMs = this.#kernel.nowMs + ms;
    if (this.#looking && this.#looking.atMs <= atMs) return;
    this.#looking?.cancel();
    const timer = this.#kernel.at(ms, 'jobs', () => {
      this.#looking = undefined;
      return this.#look();
    });
    this.#looking = { cancel: () => timer.cancel(), atMs };
  }

  async #look(): Promise<void> {
    const free = this.#workers().filter(({ process }) => process.alive && !process.frozen);
    if (free.length === 0 || this.#database.away) {
      this.#lookIn(pollMs);
      return;
    }
    const due = await this.#database.look<{ id: string }>(
      `select id from graphile_worker._private_jobs where is_available and run_at <= now() order by priority, run_at, id`,
    );
    for (const { id } of due) await this.#fetch(id, this.#kernel.random.pick(free));
    const [next] = await this.#database.look<{ in_ms: string | null }>(
      `select extract(epoch from min(run_at) - now()) * 1000 as in_ms from graphile_worker._private_jobs where is_available`,
    );
    const inMs = next?.in_ms ?? undefined;
    if (inMs !== undefined) this.#lookIn(Math.max(Number(inMs), pollMs));
  }

  async #fetch(id: string, worker: Worker): Promise<void> {
    const [job] = await this.#database.look<Job & { [column: string]: unknown }>(
      `update graphile_worker._private_jobs j set attempts = attempts + 1, locked_by = ?, locked_at = now()
       from graphile_worker._private_tasks t where j.id = ? and t.id = j.task_id
       returning j.id, t.identifier as task, j.payload, j.attempts`,
      [worker.process.name, id],
    );
    if (!job) return;
    worker.process.at(1, `job ${job.task}`, () => void this.#carryOut(job, worker));
  }

  async #carryOut(job: Job, { process, tasks }: Worker): Promise<void> {
    this.#kernel.trace(`${process.name}  job ${job.task} (try ${String(job.attempts)})`);
    let problem: string | undefined;
    try {
      await (tasks[job.task] as (payload: JobPayloads[JobName]) => Promise<void>)(job.payload as never);
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      this.#kernel.trace(`${process.name}  job ${job.task} failed: ${problem}`);
    }
    this.#writeDown(job, process, problem);
  }

  /** Its own connections write it down; with the database away it is tried until the process dies. */
  #writeDown(job: Job, process: GatewayProcess, problem: string | undefined): void {
    this.#kernel.at(2, 'job done', async () => {
      if (!process.alive) return;
      if (this.#database.away || process.frozen) {
        process.at(pollMs, 'job done', () => this.#writeDown(job, process, problem));
        return;
      }
      if (problem === undefined) {
        await this.#database.look('delete from graphile_worker._private_jobs where id = ?', [job.id]);
        return;
      }
      await this.#database.look(
        `update graphile_worker._private_jobs set last_error = ?, locked_by = null, locked_at = null,
           run_at = greatest(now(), run_at) + exp(least(attempts, 10)) * interval '1 second'
         where id = ? and locked_by = ?`,
        [problem, job.id, process.name],
      );
      this.#lookIn(pollMs);
    });
  }
}
