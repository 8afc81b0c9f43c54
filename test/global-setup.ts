// One Postgres for the whole run, with one migrated database that every test file clones (test/database.ts). Its own
// unless TEST_DATABASE_URL or DATABASE_URL names one whose user may create databases.

import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startTestPostgres } from '../src/sandbox/embedded-postgres.ts';

/** What a test file needs to make a database of its own. */
export interface TestDatabaseServer {
  /** May create and drop databases. */
  adminUrl: string;
  /** Owns what is created: no superuser, or row-level security would hold for nobody. Database name to be replaced. */
  ownerUrl: string;
  owner: string;
  template: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    testDatabaseServer: TestDatabaseServer;
    /** What tests import of src/ is what was built of it (vitest.config.ts). */
    built: boolean;
    /** A folder for sentences that houses say: what one has had spoken another need not (test/world.ts). */
    spokenDir: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['TEST_DATABASE_URL'] ?? process.env['DATABASE_URL'];
  const own = given === undefined ? await startTestPostgres() : undefined;
  const server =
    own === undefined ? await onGivenServer(given ?? '') : onOwnServer(own.superuserUrl, own.url);
  const drop = async (): Promise<void> => {
    if (own !== undefined) return own.stop();
    await asAdmin(server.adminUrl, `drop database if exists ${server.template} with (force)`);
  };
  try {
    await asAdmin(server.adminUrl, `create database ${server.template} owner ${server.owner}`);
    await migrateTemplate(server);
  } catch (error) {
    await drop();
    throw error;
  }
  project.provide('testDatabaseServer', server);
  project.provide('built', project.vite.config.mode === 'built');
  const spokenDir = mkdtempSync(join(tmpdir(), 'ringmeter-test-spoken-'));
  project.provide('spokenDir', spokenDir);
  return async () => {
    rmSync(spokenDir, { recursive: true, force: true });
    await drop();
  };
}

function onOwnServer(adminUrl: string, ownerUrl: string): TestDatabaseServer {
  return { adminUrl, ownerUrl, owner: new URL(ownerUrl).username, template: 'ringmeter_template' };
}

async function onGivenServer(adminUrl: string): Promise<TestDatabaseServer> {
  const template = `ringmeter_template_${process.pid}`;
  const admin = new URL(adminUrl);
  const [self] = await asAdmin<{ rolsuper: boolean }>(
    adminUrl,
    'select rolsuper from pg_roles where rolname = current_user',
  );
  if (self?.rolsuper !== true) {
    return { adminUrl, ownerUrl: adminUrl, owner: decodeURIComponent(admin.username), template };
  }
  const owner = 'ringmeter_test_owner';
  // Derived, so that two runs on one server agree on it.
  const password = createHash('sha256').update(adminUrl).digest('hex').slice(0, 32);
  await asAdmin(
    adminUrl,
    `do $$ begin
       create role ${owner} login createrole nosuperuser password '${password}';
     exception when duplicate_object then
       alter role ${owner} login createrole nosuperuser password '${password}';
     end $$`,
  );
  const ownerUrl = new URL(adminUrl);
  ownerUrl.username = owner;
  ownerUrl.password = password;
  return { adminUrl, ownerUrl: ownerUrl.href, owner, template };
}

async function migrateTemplate(server: TestDatabaseServer): Promise<void> {
  const path = fileURLToPath(new URL('../src/store/migrate.ts', import.meta.url));
  // While the house is being built there may be nothing to migrate yet; tests of pure rules run all the same.
  if (!existsSync(path)) return;
  const url = new URL(server.ownerUrl);
  url.pathname = `/${server.template}`;
  const { migrate } = (await import(path)) as { migrate: (url: string) => Promise<unknown> };
  await migrate(url.href);
}

async function asAdmin<Row>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end();
  }
}
