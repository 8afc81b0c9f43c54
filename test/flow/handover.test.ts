// A gateway that goes, a link that breaks: the talk goes on, and is settled once, by what the switch knows.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { caller, claire, eventually, startWorld, type TestWorld } from '../world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
afterEach(() => world.balanced());

/** What the switch's own records say of the talk, in milliseconds. */
async function recordedTalkMs(id: string): Promise<number> {
  const ends = await world.sql.query<{ ms: string }>(
    `select ((min((cdr #>> '{variables,end_uepoch}')::bigint) - max((cdr #>> '{variables,bridge_uepoch}')::bigint)) / 1000)::text as ms
     from legs where call_session_id = $1`,
    [id],
  );
  return Number(ends.rows[0]!.ms);
}

it('the link breaks and the caller hangs up meanwhile: ended and billed by the switch’s records', async () => {
  const { id } = await world.connect();
  world.cutLink();
  await world.does(caller, 'hangup');
  const settled = await world.sessionIs(id, 'settled');
  expect(settled).toMatchObject({ outcome: 'talked', captured: { amount: '15.00' } });
  expect(Math.abs(settled.talkTimeSeconds * 1000 - (await recordedTalkMs(id)))).toBeLessThan(1);
});

it('the link breaks and comes back while they talk: nobody notices', async () => {
  const { id } = await world.connect();
  world.cutLink();
  await eventually(() => expect([...world.house.switches.values()][0]!.link().up).toBe(true));
  expect((await world.session(id)).state).toBe('connected');
  await world.does(claire, 'hangup');
  const settled = await world.sessionIs(id, 'settled');
  expect(settled).toMatchObject({ outcome: 'talked' });
  await world.phoneIs(caller, 'ended');
});

it('another gateway takes over a talk, and ends it as the first would have', async () => {
  const { id } = await world.connect();
  const other = await world.anotherGateway();
  await world.gateway.close();
  await eventually(async () => {
    const lease = await world.sql.query<{ n: string }>(
      `select lease_number::text as n from switches where lease_expires_at > now()`,
    );
    expect(lease.rows[0]?.n).toBe('2');
  });
  await world.does(claire, 'hangup');
  await eventually(async () => {
    const session = await world.sql.query<{ state: string; outcome: string; captured: string }>(
      `select s.state, s.outcome, p.captured::text as captured from call_sessions s
       join payments p on p.order_id = s.order_id where s.id = $1`,
      [id],
    );
    expect(session.rows[0]).toEqual({ state: 'settled', outcome: 'talked', captured: '15.0000' });
  });
  // The farewell was said by the one who took over: begun before it settles, heard whenever it is.
  await eventually(async () => {
    expect((await world.phone(caller))!.heard.at(-1)?.text).toMatch(/au revoir/);
  });
  await other.close();
});
