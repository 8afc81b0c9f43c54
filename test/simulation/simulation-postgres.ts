// The Postgres of a simulation: a real one without durability, in which `now()` is virtual. The builtin is renamed before the
// first migration, and its name given to a function that reads a setting: so every default, every function of ours and all
// of graphile-worker's take the run's time without knowing it.

import pg from 'pg';
import { type EmbeddedPostgres, startTestPostgres } from '../../src/sandbox/embedded-postgres.ts';
import { migrate } from '../../src/store/migrate.ts';

const template = 'simulation';

export interface SimulationPostgres {
  /** Makes a migrated database; answers its address as a user who may do anything. */
  database(name: string): Promise<string>;
  stop(): Promise<void>;
}

const virtualNow = /* sql */ `
alter function pg_catalog.now() rename to now_really;
create function pg_catalog.now() returns timestamptz language sql stable parallel safe
  return coalesce(nullif(current_setting('simulation.now', true), '')::timestamptz, pg_catalog.now_really());
`;

export async function startSimulationPostgres(): Promise<SimulationPostgres> {
  const server = await startTestPostgres();
  try {
    await makeTemplate(server);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    async database(name) {
      await asAdmin(server.superuserUrl, `create database ${name} template ${template}`);
      return inDatabase(server.superuserUrl, name);
    },
    stop: () => server.stop(),
  };
}

async function makeTemplate(server: EmbeddedPostgres): Promise<void> {
  const owner = new URL(server.url).username;
  await asAdmin(server.superuserUrl, `create database ${template} owner ${owner}`);
  await asAdmin(inDatabase(server.superuserUrl, template), virtualNow);
  await migrate(inDatabase(server.url, template));
}

async function asAdmin(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function inDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
