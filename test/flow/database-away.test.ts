// The database is away for a moment: what is sold waits, what is talked goes on, and what was told meanwhile is not lost.

import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { caller, eventually, startWorld, type TestWorld } from '../world.ts';

let world: TestWorld;
/** Sentences the house complained in. */
const troubles: string[] = [];
beforeAll(async () => {
  const trouble = (_facts: object, sentence: string): void => void troubles.push(sentence);
  world = await startWorld({ overrides: { log: { info: () => undefined, warn: trouble, error: trouble } } });
});
afterAll(() => world.close());
afterEach(() => world.balanced());

/** No connection but the test's stays, and nobody gets a new one (a superuser always may, which the gateway never is). */
async function databaseIs(away: 'away' | 'back'): Promise<void> {
  const { rows } = await world.sql.query<{ name: string }>('select current_database() as name');
  const name = pg.escapeIdentifier(rows[0]?.name ?? '');
  await world.sql.query(`alter database ${name} connection limit ${away === 'away' ? '0' : '-1'}`);
  if (away === 'back') return;
  await world.sql.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()`,
  );
}

it('who hangs up meanwhile has hung up, and is settled later; who comes is told to come again', async () => {
  const { id } = await world.connect();
  await databaseIs('away');
  const told: string[] = [];
  for (const one of world.house.switches.values()) one.onEvent(({ type }) => told.push(type));
  await world.does(caller, 'hangup');
  // All that the switch will ever tell of this call was told to a gateway that cannot write.
  await eventually(() => expect(told.filter((type) => type === 'legEnded')).toHaveLength(2));
  await eventually(() => expect(troubles).toContain('a step of a call failed'));

  const refused = await world.api('POST', '/v1/callbacks', { line: 'demo', callerNumber: caller });
  expect(refused).toMatchObject({ status: 503, json: { type: expect.stringMatching(/database-away$/) } });
  const page = await fetch(`${world.url}/pay/demo`);
  expect([page.status, page.headers.get('retry-after')]).toEqual([503, '2']);
  expect((await fetch(`${world.url}/readyz`)).status).toBe(503);
  expect((await fetch(`${world.url}/healthz`)).status).toBe(200);

  await databaseIs('back');
  const settled = await world.sessionIs(id, 'settled');
  expect(settled).toMatchObject({ outcome: 'talked', captured: { amount: '15.00' } });
  const held = await world.sql.query('select id from consultants where claimed_by is not null');
  expect(held.rows).toEqual([]);
  await eventually(async () => expect((await fetch(`${world.url}/readyz`)).status).toBe(200));
  expect((await fetch(`${world.url}/pay/demo`)).status).toBe(200);
});
