// Who may command the switch, and what is not lost when that changes hands or the database does not answer: a leg nobody
// rang, a question nobody waits for, a step whose commit nobody confirmed.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Tx } from '../../src/store/database.ts';
import { leaseChannel } from '../../src/store/switches.ts';
import { caller, claire, eventually, hugo, startWorld, type TestWorld } from '../world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
afterEach(() => world.balanced());

async function lease(): Promise<{ number: string; holder: string }> {
  const rows = await world.sql.query<{ number: string; holder: string }>(
    `select lease_number::text as number, lease_holder as holder from switches where lease_expires_at > now()`,
  );
  return rows.rows[0] ?? { number: 'none', holder: 'none' };
}

/** Another gateway, frozen for good, takes the lease and lets it lapse: until then nobody of ours may begin anything. */
async function anotherTakesTheLease(seconds: number): Promise<void> {
  await world.sql.query(
    `update switches set lease_number = lease_number + 1, lease_holder = 'another',
       lease_expires_at = now() + make_interval(secs => $1)`,
    [seconds],
  );
}

/** The next transaction that writes a step is committed, and the connection breaks before anybody is told. */
function loseNextCommit(): void {
  const { db } = world.house;
  const asMerchant = db.asMerchant.bind(db);
  db.asMerchant = async <T>(merchant: string, act: (tx: Tx) => Promise<T>): Promise<T> => {
    const written: string[] = [];
    const answer = await asMerchant(merchant, (tx) =>
      act({
        ...tx,
        raw: (sql: string, bindings?: readonly unknown[]) => {
          if (sql.includes('update call_sessions set state')) written.push(sql);
          return tx.raw(sql, bindings);
        },
      } as Tx),
    );
    if (written.length === 0) return answer;
    db.asMerchant = asMerchant;
    throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
  };
}

async function settledAfterHangUp(id: string): Promise<void> {
  await world.does(claire, 'hangup');
  expect(await world.sessionIs(id, 'settled')).toMatchObject({ outcome: 'talked' });
  await world.phoneIs(caller, 'ended');
}

it('a lease that was another’s for a while: the talk is taken back, and ended by whoever has it then', async () => {
  const { id } = await world.connect();
  const before = await lease();
  await anotherTakesTheLease(2);
  await eventually(async () => {
    const now = await lease();
    expect(now.holder).toBe(before.holder);
    expect(Number(now.number)).toBeGreaterThan(Number(before.number) + 1);
  });
  await settledAfterHangUp(id);
});

it('a gateway that stops lets go, and whoever waits for the lease is told', async () => {
  const other = await world.anotherGateway();
  const { id } = await world.connect();
  const before = await lease();
  const told: (string | undefined)[] = [];
  const listener = await world.sql.connect();
  listener.on('notification', ({ payload }) => told.push(payload));
  await listener.query(`listen ${leaseChannel}`);
  await world.sql.query(`update switches set lease_expires_at = now() + interval '1 hour'`);
  await world.gateway.close();
  await eventually(async () => expect((await lease()).holder).not.toBe(before.holder));
  expect(told).toContain('fs1');
  listener.release(true);
  await world.restartGateway();
  await settledAfterHangUp(id);
  await other.close();
});

it('a leg that was chosen and never ordered is rung by the next gateway', async () => {
  for (const one of world.house.switches.values()) one.ring = () => Promise.resolve({ outcome: 'done' });
  const { id } = await world.order();
  await eventually(async () =>
    expect((await world.sql.query('select from legs where call_session_id = $1', [id])).rowCount).toBe(1),
  );
  await world.restartGateway();
  await world.accept(claire);
  await world.accept(caller);
  await world.sessionIs(id, 'connected');
  await settledAfterHangUp(id);
});

it('an offer that another gateway made is answered to the next one', async () => {
  const { id } = await world.order();
  await world.phoneIs(claire, 'ringing');
  await world.does(claire, 'answer');
  await eventually(async () => expect((await world.phone(claire))!.heard.length).toBeGreaterThan(0));
  await world.restartGateway();
  await eventually(async () => {
    await world.does(claire, 'keys', { digits: '1' });
    expect((await world.phone(caller))?.state).toBe('ringing');
  });
  await world.accept(caller);
  await world.sessionIs(id, 'connected');
  await settledAfterHangUp(id);
});

it('committed, and nobody was told: what was to follow is done all the same, once', async () => {
  const { id } = await world.order();
  await world.phoneIs(claire, 'ringing');
  await world.does(claire, 'answer');
  loseNextCommit();
  await world.does(claire, 'keys', { digits: '1' });
  await world.accept(caller);
  await world.sessionIs(id, 'connected');
  const names = (await world.session(id)).events.map((one) => one.name);
  expect(names.filter((name) => name === 'consultant_accepted')).toHaveLength(1);
  await settledAfterHangUp(id);
});

it('a step that stood in another’s way is taken again', async () => {
  const { id } = await world.connect();
  await world.sql.query(`
    create sequence in_the_way;
    grant usage on sequence in_the_way to ringmeter_app;
    create function in_the_way() returns trigger language plpgsql as $$ begin
      if nextval('in_the_way') < 3 then
        raise exception 'could not serialize access' using errcode = 'serialization_failure'; end if;
      return new; end $$;
    create trigger in_the_way before update on call_sessions for each row when (new.state = 'ended')
      execute function in_the_way()`);
  await settledAfterHangUp(id);
  await world.sql.query('drop function in_the_way cascade');
});

it('a consultant who accepts after his claim has lapsed and another call has him is busy for this one', async () => {
  const { id } = await world.order();
  await world.phoneIs(claire, 'ringing');
  await world.does(claire, 'answer');
  await world.sql.query(
    `update consultants set claimed_by = 'another', claim = 'hard', claimed_until = null where number = $1`,
    [claire],
  );
  await world.does(claire, 'keys', { digits: '1' });
  await world.phoneIs(hugo, 'ringing');
  await world.phoneIs(claire, 'ended');
  await world.sql.query('update consultants set claimed_by = null, claim = null where number = $1', [claire]);
  await world.api('POST', `/v1/call-sessions/${id}/hangup`);
  await world.sessionIs(id, 'settled');
});

it('more time that somebody else wrote down moves the limit in the switch', async () => {
  const { id } = await world.connect();
  const moved: bigint[] = [];
  for (const one of world.house.switches.values()) {
    const moveLimit = one.moveLimit.bind(one);
    one.moveLimit = (leg, untilUs) => {
      moved.push(untilUs);
      // The first answer is lost: it is asked again until the switch says that the limit stands.
      return moved.length === 1 ? Promise.resolve({ outcome: 'unknown' }) : moveLimit(leg, untilUs);
    };
  }
  const rows = await world.sql.query<{ untilUs: string }>(
    `with moved as (
       update call_sessions set version = version + 1, progress = jsonb_set(progress || '{"moreTime":{"state":"granted","granted":1}}',
         '{plan,talkLimitSeconds}', to_jsonb((progress #>> '{plan,talkLimitSeconds}')::int + 600))
       where id = $1 returning *),
     work as (
       insert into switch_work (merchant_id, switch_id, call_session_id, kind)
       select merchant_id, switch_id, id, 'refresh' from moved)
     select (bridged_us + (progress #>> '{plan,talkLimitSeconds}')::bigint * 1000000)::text as "untilUs" from moved`,
    [id],
  );
  const untilUs = BigInt(rows.rows[0]!.untilUs);
  await eventually(() => expect(moved).toEqual([untilUs, untilUs]));
  await eventually(async () => expect((await world.sql.query('select from switch_work')).rowCount).toBe(0));
  await settledAfterHangUp(id);
});
