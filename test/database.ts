// A migrated database of one's own for a test file: a clone of the template made once per run (test/global-setup.ts).

import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import type {} from './global-setup.ts';

export interface FreshDatabase {
  /** As the owner: what DATABASE_URL would be. */
  ownerUrl: string;
  /** As a user who may do anything, in the same database: to look behind row-level security. */
  adminUrl: string;
  /** Ends whatever is still connected and removes it. Dropping twice is once. */
  drop(): Promise<void>;
}

/** Takes some 50 ms. Call it in `beforeAll` (or per test where rows of another test would matter), `drop` in `afterAll`. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const server = inject('testDatabaseServer');
  const name = `ringmeter_test_${randomBytes(6).toString('hex')}`;
  await run(
    server.adminUrl,
    `create database ${name} template ${server.template} owner ${server.owner} strategy file_copy`,
  );
  return {
    ownerUrl: inDatabase(server.ownerUrl, name),
    adminUrl: inDatabase(server.adminUrl, name),
    drop: () => run(server.adminUrl, `drop database if exists ${name} with (force)`),
  };
}

function inDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
