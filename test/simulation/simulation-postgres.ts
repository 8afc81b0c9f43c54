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

/**
 * "Fencing": a call that lives on a switch is written by whoever holds that switch's lease and by nobody else, unless nobody has
 * held it for a minute. The run names the writer in `simulation.process`.
 */
const fence = /* sql */ `
create function simulation_fence() returns trigger language plpgsql security definer set search_path = public as $$
declare holder text; lapsed boolean;
begin
  select lease_holder, lease_expires_at is null or lease_expires_at < now() - interval '55 seconds' into holder, lapsed
    from switches where id = old.switch_id;
  if not lapsed and holder is distinct from current_setting('simulation.process', true) then
    raise exception '% wrote a call of %, whose lease % holds',
      current_setting('simulation.process', true), old.switch_id, holder using errcode = 'SIM01';
  end if;
  return new;
end $$;
create trigger simulation_fence before update on call_sessions for each row
  when (old.state in ('recognizing', 'ringing_consultant', 'ringing_caller', 'connected')
    -- more time is asked for on the page and answered by a job, at any gateway, under the lock of the row: it moves nobody's leg,
    -- and whoever commands the switch is told to move the limit there
    and (old.state <> new.state
      or (old.progress #- '{plan,talkLimitSeconds}') - 'moreTime' <> (new.progress #- '{plan,talkLimitSeconds}') - 'moreTime'
      or row(old.bridged_us, old.unbridged_us) is distinct from row(new.bridged_us, new.unbridged_us)))
  execute function simulation_fence();
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
  await asAdmin(inDatabase(server.superuserUrl, template), fence);
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
