// Brings a database to the present: our tables by knex, the job queue's by graphile-worker's own migrations as a role of
// its own, and between the two one function through which jobs are enqueued inside our transactions.

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runMigrations } from 'graphile-worker';
import knexLibrary, { type Knex } from 'knex';
import pg from 'pg';
import { defaultDestinations } from '../core/dialling.ts';
import { connectionAs, watchPool } from './connection.ts';

const directory = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../migrations');

/**
 * `url`: the owner's. Safe to run by several processes at once and again: one does it, the others wait and find it done.
 * Answers the names of the migrations it ran.
 */
export async function migrate(url: string): Promise<readonly string[]> {
  // Held by the connection: with a process that dies in the middle it is gone, and the next one goes on.
  const turn = new pg.Client({ connectionString: url });
  // A connection lost while we wait is told by the next statement.
  turn.on('error', () => undefined);
  await turn.connect();
  try {
    await turn.query(`select pg_advisory_lock(hashtext('ringmeter.migrate'))`);
    return await migrateInTurn(url);
  } finally {
    await turn.end();
  }
}

async function migrateInTurn(url: string): Promise<readonly string[]> {
  const owner = knexLibrary({
    client: 'pg',
    connection: { connectionString: url },
    pool: { min: 0, max: 2 },
    migrations: { directory, loadExtensions: ['.js'], disableMigrationsListValidation: false },
  });
  try {
    // It is our turn: whoever is noted there as migrating was killed at it.
    await owner.migrate.forceFreeMigrationsLock();
    const [, ran] = (await owner.migrate.latest()) as [number, string[]];
    const known = await owner.raw<{ rows: { ready: boolean }[] }>(
      `select to_regprocedure('public.enqueue_job(text, json, text, timestamptz)') is not null as ready`,
    );
    if (ran.length === 0 && known.rows[0]?.ready) return ran;
    await seedDestinations(owner);
    await owner.raw(`do $$ begin
      execute format('grant create on database %I to ringmeter_worker', current_database());
    end $$`);
    const worker = new pg.Pool({ ...connectionAs('ringmeter_worker', url), max: 1 });
    try {
      watchPool(worker);
      await runMigrations({ pgPool: worker, logger: quiet() });
      await owner.raw('grant create on schema public to ringmeter_worker');
      await worker.query(enqueueJob);
      await owner.raw('revoke create on schema public from ringmeter_worker');
    } finally {
      await worker.end();
    }
    return ran;
  } finally {
    await owner.destroy();
  }
}

/** Where we may ring and what a minute costs, until an operator changes it: rows he has changed are left alone. */
async function seedDestinations(owner: Knex): Promise<void> {
  await owner.raw(
    `insert into destinations (prefix, allowed, kind, cost_per_minute, currency)
     select d.prefix, d.allowed, d.kind, d."costPerMinute", d.currency
     from jsonb_to_recordset(?::jsonb) as d(prefix text, allowed bool, kind text, "costPerMinute" numeric, currency text)
     on conflict (prefix) do nothing`,
    [JSON.stringify(defaultDestinations)],
  );
}

/** True when every migration we ship has run. */
export async function isCurrent(url: string): Promise<boolean> {
  const owner = knexLibrary({
    client: 'pg',
    connection: { connectionString: url },
    pool: { min: 0, max: 1 },
    migrations: { directory, loadExtensions: ['.js'] },
  });
  try {
    const [, pending] = (await owner.migrate.list()) as [unknown[], unknown[]];
    return pending.length === 0;
  } finally {
    await owner.destroy();
  }
}

// graphile-worker's tables have row-level security without policies: only their owner works in them. The app enqueues
// through this one function, in its own transaction, and can do nothing else there. A key makes a repeat harmless.
const enqueueJob = /* sql */ `
create or replace function public.enqueue_job(task text, payload json, job_key text, due_at timestamptz)
  returns void language sql security definer set search_path = graphile_worker, public as $$
    select graphile_worker.add_job(
      task, payload, run_at => due_at, job_key => job_key, job_key_mode => 'replace', max_attempts => 25::smallint)
  $$;
revoke all on function public.enqueue_job(text, json, text, timestamptz) from public;
grant execute on function public.enqueue_job(text, json, text, timestamptz) to ringmeter_app;
`;

function quiet(): import('graphile-worker').Logger {
  const silent = (): void => undefined;
  return { error: silent, warn: silent, info: silent, debug: silent, scope: quiet } as never;
}
