// What a gateway finds on taking over, and what it does when the finding itself goes wrong: nobody waits for ever, no talk
// goes unwritten, no order to it is forgotten.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { caller, claire, eventually, startWorld, type TestWorld } from '../world.ts';

let world: TestWorld;
const troubles: string[] = [];
beforeAll(async () => {
  const trouble = (_facts: object, sentence: string): void => void troubles.push(sentence);
  world = await startWorld({ overrides: { log: { info: () => undefined, warn: trouble, error: trouble } } });
});
afterAll(() => world.close());
afterEach(() => world.balanced());

interface Row {
  state: string;
  outcome: string | null;
  captured: string;
}

async function rowOf(id: string): Promise<Row> {
  const rows = await world.sql.query<Row>(
    `select s.state, s.outcome, p.captured::text as captured from call_sessions s
     join payments p on p.order_id = s.order_id where s.id = $1`,
    [id],
  );
  return rows.rows[0]!;
}

async function is(id: string, row: Partial<Row>): Promise<void> {
  await eventually(async () => expect(await rowOf(id)).toMatchObject(row), 20_000);
}

async function leaseNumber(): Promise<string> {
  const rows = await world.sql.query<{ n: string }>('select lease_number::text as n from switches');
  return rows.rows[0]!.n;
}

/** Puts another at the address of the first, once the first is gone. */
async function replace(): Promise<void> {
  const before = await leaseNumber();
  await world.restartGateway();
  await eventually(async () => expect(await leaseNumber()).not.toBe(before));
}

it('two who both agreed, and a gateway that died before it joined them: the next one joins them', async () => {
  const { id } = await world.order();
  await world.accept(claire);
  for (const one of world.house.switches.values()) one.bridge = () => Promise.resolve({ outcome: 'unknown' });
  await world.accept(caller);
  await eventually(async () => {
    const agreed = await world.sql.query(
      `select 1 from call_events where call_session_id = $1 and name = 'caller_consented'`,
      [id],
    );
    expect(agreed.rows).toHaveLength(1);
  });
  await replace();
  await is(id, { state: 'connected' });
  await world.does(claire, 'hangup');
  await is(id, { state: 'settled', outcome: 'talked', captured: '15.0000' });
});

it('a talk that nobody wrote down is one, also where the caller was rung first', async () => {
  await world.sql.query(`update lines set caller_first = true where slug = 'demo'`);
  const { id } = await world.order();
  await world.accept(caller);
  await world.accept(claire);
  await is(id, { state: 'connected' });
  await world.sql.query(
    `update call_sessions set state = 'ringing_consultant', bridged_us = null, connected_at = null where id = $1`,
    [id],
  );
  await replace();
  await is(id, { state: 'connected' });
  await world.does(claire, 'hangup');
  await is(id, { state: 'settled', outcome: 'talked', captured: '15.0000' });
  await world.sql.query(`update lines set caller_first = false where slug = 'demo'`);
});

it('a takeover that goes wrong at first is tried again', async () => {
  const { id } = await world.connect();
  await world.sql.query('alter function live_sessions_of_switch(text) rename to out_of_reach');
  troubles.length = 0;
  await replace();
  await eventually(() => expect(troubles).toContain('calls of a switch were not looked after'));
  await world.sql.query('alter function out_of_reach(text) rename to live_sessions_of_switch');
  await world.does(claire, 'hangup');
  await is(id, { state: 'settled', outcome: 'talked', captured: '15.0000' });
});

it('work that could not be read at first is not forgotten', async () => {
  const ended = await world.sql.query<{ id: string }>(
    `select id from call_sessions where state = 'settled' order by created_at desc limit 1`,
  );
  troubles.length = 0;
  await world.sql.query('revoke select on call_sessions from ringmeter_app');
  await world.sql.query(
    `insert into switch_work (merchant_id, switch_id, call_session_id, kind) values ('mer_demo', 'fs1', $1, 'hang_up')`,
    [ended.rows[0]!.id],
  );
  await eventually(() => expect(troubles).toContain('work of a switch was not read'));
  await world.sql.query('grant select on call_sessions to ringmeter_app');
  await eventually(async () => expect((await world.sql.query('select 1 from switch_work')).rows).toEqual([]));
});
