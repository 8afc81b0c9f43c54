// A database that is brought to the present by several gateways at once, as a new release of two of them does.

import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { isCurrent, migrate } from '../../src/store/migrate.ts';

const server = inject('testDatabaseServer');
let admin: pg.Client;
let url: string;
let name: string;

beforeAll(async () => {
  admin = new pg.Client({ connectionString: server.adminUrl });
  await admin.connect();
});
afterAll(() => admin.end());
beforeEach(async () => {
  name = `ringmeter_empty_${randomBytes(6).toString('hex')}`;
  await admin.query(`create database ${name} owner ${server.owner}`);
  const own = new URL(server.ownerUrl);
  own.pathname = `/${name}`;
  url = own.href;
  return () => admin.query(`drop database ${name} with (force)`);
});

it('four at once: one does it, the others find it done', async () => {
  const ran = await Promise.all([migrate(url), migrate(url), migrate(url), migrate(url)]);
  expect(ran.filter((names) => names.length > 0)).toHaveLength(1);
  expect(await isCurrent(url)).toBe(true);
});

it('after one that was killed in the middle, and left its mark as if it were still at it', async () => {
  await migrate(url);
  const owner = new pg.Client({ connectionString: url });
  await owner.connect();
  await owner.query('update knex_migrations_lock set is_locked = 1');
  await owner.end();
  await migrate(url);
  expect(await isCurrent(url)).toBe(true);
});
