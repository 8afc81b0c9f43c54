// A Postgres that comes with `npm ci`, for a machine that has none: started beside the gateway, kept in DATA_DIR, gone
// when the gateway is. And the same thing thrown away afterwards, for the tests. Nobody asks for it where
// DATABASE_URL is set.

import type { ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { forkModule } from './fork-module.ts';
import { PostgresUnavailable, throwawayRoot } from './postgres-place.ts';
import type { SupervisorOrder, SupervisorReport } from './postgres-supervisor.ts';

export { PostgresUnavailable };

export const ownerRole = 'ringmeter_owner';
export const databaseName = 'ringmeter';

export interface EmbeddedPostgres {
  /** The database `ringmeter` as its owner: not a superuser, may create roles. */
  url: string;
  /** The cluster's superuser on the database `postgres`. For tests and repair, never for the gateway. */
  superuserUrl: string;
  /** The supervisor's pid: what a test kills, and what a note to the reader may name. */
  supervisorPid: number;
  /** Ends Postgres with a checkpoint and resolves when it is gone. Stopping twice is once. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** A folder of its own, made when missing: cluster, log, passwords (mode 600), lock. */
  dataDir: string;
  /** 0 or absent: any free port, another one each time. */
  port?: number;
  /** Told when Postgres fell over and runs again (same port), or when the supervisor itself was lost for good. */
  onTrouble?: (trouble: 'restarted' | 'lost') => void;
}

/**
 * Starts the database kept in `dataDir`, on 127.0.0.1, as whoever may run it (never root). Takes about 2 s the first
 * time, half a second later. Throws `PostgresUnavailable` with a sentence for people.
 */
export function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return start(
    { dataDir: resolve(options.dataDir), port: options.port ?? 0, throwaway: false },
    options.onTrouble,
  );
}

/** A cluster in a temporary folder that promises no durability and is removed by `stop`, or when its owner dies. */
export function startTestPostgres(): Promise<EmbeddedPostgres> {
  return start(
    { dataDir: mkdtempSync(join(throwawayRoot(), 'ringmeter-test-')), port: 0, throwaway: true },
    undefined,
  );
}

async function start(
  order: SupervisorOrder,
  onTrouble: EmbeddedPostgresOptions['onTrouble'],
): Promise<EmbeddedPostgres> {
  const supervisor = forkModule(import.meta.url, 'postgres-supervisor', {
    args: [order.dataDir],
    ownSession: true,
  });
  const exited = new Promise<void>((done) => supervisor.once('exit', () => done()));
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      if (supervisor.connected) supervisor.send('stop');
      await exited;
    })();
    return stopping;
  };
  const ready = await untilReady(supervisor, exited, order);
  supervisor.on('message', (message: SupervisorReport) => {
    if (message.state === 'restarted') onTrouble?.('restarted');
  });
  void exited.then(() => {
    if (stopping === undefined) onTrouble?.('lost');
  });
  const address = `127.0.0.1:${ready.port}`;
  const superuserUrl = `postgres://postgres:${ready.superuserPassword}@${address}/postgres`;
  try {
    await makeOwner(superuserUrl, ready.ownerPassword);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `postgres://${ownerRole}:${ready.ownerPassword}@${address}/${databaseName}`,
    superuserUrl,
    supervisorPid: supervisor.pid ?? 0,
    stop,
  };
}

function untilReady(
  supervisor: ChildProcess,
  exited: Promise<void>,
  order: SupervisorOrder,
): Promise<SupervisorReport & { state: 'ready' }> {
  return new Promise((done, fail) => {
    let reason = 'The embedded Postgres ended before it was ready.';
    supervisor.once('error', fail);
    supervisor.once('message', (message: SupervisorReport) => {
      if (message.state === 'ready') done(message);
      else if (message.state === 'failed') reason = message.reason;
    });
    // Only when it is gone: who is told of the failure may start again at once.
    void exited.then(() => fail(new PostgresUnavailable(reason)));
    supervisor.send(order);
  });
}

/** The gateway's migrations run as this owner; that it is no superuser is what makes row-level security hold for it. */
async function makeOwner(superuserUrl: string, ownerPassword: string): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    const role = await client.query('select 1 from pg_roles where rolname = $1', [ownerRole]);
    // The password is hexadecimal of our own making: DDL takes no parameters.
    const attributes = `login createrole nosuperuser password '${ownerPassword}'`;
    await client.query(`${role.rowCount === 0 ? 'create' : 'alter'} role ${ownerRole} ${attributes}`);
    const database = await client.query('select 1 from pg_database where datname = $1', [databaseName]);
    if (database.rowCount === 0) await client.query(`create database ${databaseName} owner ${ownerRole}`);
  } finally {
    await client.end();
  }
}
