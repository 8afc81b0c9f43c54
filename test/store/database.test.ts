// What the database layer says when something goes wrong, and what it holds on to.

import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { isDatabaseAway } from '../../src/store/database-away.ts';
import { type Database, PostgresDatabase, rows } from '../../src/store/database.ts';
import { type FreshDatabase, freshDatabase } from '../database.ts';

let database: FreshDatabase;
let db: Database;
beforeAll(async () => {
  database = await freshDatabase();
  db = new PostgresDatabase({ url: database.ownerUrl, poolMax: 2, after: (ms, act) => setTimeout(act, ms) });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

it('an error never carries the values of its statement: they are numbers and addresses of people', async () => {
  const failed = db.asMerchant('mer_one', (tx) =>
    tx.raw('insert into availability_requests (id, email) values (?, ?)', ['avr_1', 'somebody@example.org']),
  );
  await expect(failed).rejects.toThrow();
  const error: unknown = await failed.catch((caught: unknown) => caught);
  expect((error as Error).message).not.toContain('somebody@example.org');
  expect((error as Error).stack).not.toContain('somebody@example.org');
});

it('a transaction nobody goes on with is ended by the database: its locks hold up nobody for ever', async () => {
  const limit = await db.asMerchant('mer_one', async (tx) => {
    const answer = await tx.raw<{ rows: { limit: string }[] }>(
      `select current_setting('idle_in_transaction_session_timeout') as limit`,
    );
    return answer.rows[0]!.limit;
  });
  expect(limit).not.toBe('0');
});

it('a transaction that was given up while this process stood still may be asked again', async () => {
  const given = db.asMerchant('mer_one', async (tx) => {
    await tx.raw(`set local idle_in_transaction_session_timeout = '10ms'`);
    const [own] = await rows<{ pid: number }>(tx, 'select pg_backend_pid() as pid');
    await vi.waitFor(async () => {
      const left = await db.asNobody((nobody) =>
        rows(nobody, 'select 1 from pg_stat_activity where pid = ?', [own?.pid]),
      );
      expect(left).toEqual([]);
    });
    await rows(tx, 'select 1');
  });
  expect(isDatabaseAway(await given.catch((caught: unknown) => caught))).toBe(true);
});

it('a statement whose answer does not come is given up, and its connection with it', async () => {
  const after = (ms: number, act: () => void): unknown => setTimeout(act, ms);
  const impatient = new PostgresDatabase({ url: database.ownerUrl, poolMax: 1, after, answerMs: 200 });
  try {
    const pid = 'select pg_backend_pid() as pid';
    const first = await impatient.asMerchant('mer_one', (tx) => tx.raw<{ rows: { pid: number }[] }>(pid));
    const silent: unknown = await impatient
      .asMerchant('mer_one', (tx) => tx.raw('select pg_sleep(60)'))
      .catch((error: unknown) => error);
    expect(isDatabaseAway(silent)).toBe(true);
    const alone: unknown = await impatient
      .asNobody((nobody) => nobody.raw('select pg_sleep(60)'))
      .catch((error: unknown) => error);
    expect(isDatabaseAway(alone)).toBe(true);
    const next = await impatient.asMerchant('mer_one', (tx) => tx.raw<{ rows: { pid: number }[] }>(pid));
    expect(next.rows[0]!.pid).not.toBe(first.rows[0]!.pid);
  } finally {
    await impatient.close();
  }
});
