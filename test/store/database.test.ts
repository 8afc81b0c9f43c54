// What the database layer says when something goes wrong, and what it holds on to.

import { connect, createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isDatabaseAway } from '../../src/store/database-away.ts';
import { type Database, PostgresDatabase, rows, type Tx } from '../../src/store/database.ts';
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

describe('a transaction whose statements are asked at once', () => {
  const slow = (n: number): string => `select pg_sleep(0.02), ${String(n)} as n`;
  const read = (tx: Tx, n: number): Promise<{ n: number }[]> => rows(tx, slow(n));

  it('is one journey, and two where they are waited for', async () => {
    const line = await countedLine(database.ownerUrl);
    const over = new PostgresDatabase({ url: line.url, poolMax: 1, after: (ms, act) => setTimeout(act, ms) });
    try {
      const both = (tx: Tx): Promise<{ n: number }[][]> => Promise.all([read(tx, 1), read(tx, 2)]);
      await over.asMerchant('mer_one', both);
      const from = line.journeys();
      expect(await over.atOnce('mer_one', both)).toEqual([
        [expect.objectContaining({ n: 1 })],
        [expect.objectContaining({ n: 2 })],
      ]);
      expect(line.journeys() - from).toBe(1);
      await over.asMerchant('mer_one', both);
      expect(line.journeys() - from).toBe(3);
    } finally {
      await over.close();
      await line.close();
    }
  });

  it('writes nothing where one of them fails, and says what it failed with', async () => {
    const id = 'swi_at_once';
    const failed = db.atOnce('mer_one', (tx) =>
      Promise.all([
        tx.raw('create temporary table at_once (id text)'),
        tx.raw('insert into at_once values (?)', [id]),
        tx.raw('select 1 / 0'),
      ]),
    );
    await expect(failed).rejects.toThrow(/division by zero/);
    const [left] = await db.asMerchant('mer_one', (tx) =>
      rows<{ there: string | null }>(tx, `select to_regclass('pg_temp.at_once') as there`),
    );
    expect(left?.there).toBeNull();
  });

  it('takes nothing behind its commit: it would be outside', async () => {
    const late = db.atOnce('mer_one', async (tx) => {
      await read(tx, 1);
      return read(tx, 2);
    });
    await expect(late).rejects.toThrow(/behind the commit/);
  });
});

/** Lets everything through, and counts how often something was asked after something was answered. */
async function countedLine(
  url: string,
): Promise<{ url: string; journeys(): number; close(): Promise<void> }> {
  const at = new URL(url);
  const [host, port] = [at.hostname, Number(at.port)];
  let journeys = 0;
  const server = createServer((near) => {
    let waits = false;
    const far = connect({ host, port, noDelay: true });
    near.setNoDelay(true);
    near.on('data', (bytes) => {
      if (!waits) journeys += 1;
      waits = true;
      far.write(bytes);
    });
    far.on('data', (bytes) => {
      waits = false;
      near.write(bytes);
    });
    for (const end of [near, far]) end.on('error', () => undefined);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  at.port = String((server.address() as AddressInfo).port);
  at.hostname = '127.0.0.1';
  return {
    url: at.href,
    journeys: () => journeys,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
