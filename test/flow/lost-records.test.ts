// The end of a talk that nobody heard: billed by what can be proven, never by the silence after it; and a switch that never
// comes back keeps neither money nor people.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { caller, claire, eventually, startWorld, type TestWorld } from '../world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await startWorld();
  // The consultant's record is lost on its way.
  await world.sql.query(`
    create function lost() returns trigger language plpgsql as $$ begin
      if new.role = 'B' and new.cdr ->> 'late' is null then new.cdr := null; end if;
      return new;
    end $$;
    create trigger lost before update on legs for each row execute function lost();
    insert into switches (id) values ('fs_gone')`);
});
afterAll(() => world.close());
afterEach(() => world.balanced());

async function talkUs(id: string): Promise<string | null> {
  const rows = await world.sql.query<{ us: string | null }>(
    `select talk_us::text as us from call_sessions where id = $1`,
    [id],
  );
  return rows.rows[0]!.us;
}

/** The record of the consultant's leg comes after all: he was on the line for one millisecond. */
async function lateRecord(id: string): Promise<void> {
  await world.sql.query(
    `update legs l set cdr = jsonb_build_object('late', 'yes', 'variables',
       jsonb_build_object('end_uepoch', (s.bridged_us + 1000)::text, 'hangup_cause', 'NORMAL_CLEARING'))
     from call_sessions s where s.id = l.call_session_id and l.call_session_id = $1 and l.role = 'B'`,
    [id],
  );
}

it('the consultant hung up unheard, the caller stayed in the silence: the talk ended with the consultant', async () => {
  const { id } = await world.connect();
  // The sweep that finds her gone is held up, so that his own end is heard first.
  const lock = await world.sql.connect();
  await lock.query('begin');
  await lock.query('lock table switches in exclusive mode');
  world.cutLink();
  await world.does(claire, 'hangup');
  await eventually(() => expect([...world.house.switches.values()][0]!.link().up).toBe(true));
  await world.does(caller, 'hangup');
  // The caller's record is there, and his end was heard; the consultant's is what counts.
  await eventually(async () => {
    const records = await world.sql.query(
      `select 1 from legs where call_session_id = $1 and role = 'A' and cdr is not null`,
      [id],
    );
    expect(records.rows).toHaveLength(1);
  });
  await lock.query('commit');
  lock.release();
  await lateRecord(id);
  await world.sessionIs(id, 'settled');
  expect(await talkUs(id)).toBe('1000');
});

/** The machine its switch ran on is gone for good. */
async function switchIsGone(id: string): Promise<void> {
  await world.sql.query(
    `update call_sessions set switch_id = 'fs_gone', version = version + 1 where id = $1`,
    [id],
  );
}

async function lookedAt(id: string): Promise<void> {
  await world.sql.query(
    `update payments set look_again_at = now() where order_id = (select order_id from call_sessions where id = $1)`,
    [id],
  );
}

it('a switch that is gone while it rings: what was held is let go, the consultant is free', async () => {
  const { id } = await world.order();
  await world.phoneIs(claire, 'ringing');
  await switchIsGone(id);
  await lookedAt(id);
  const settled = await world.sessionIs(id, 'settled');
  expect(settled).toMatchObject({
    outcome: 'failed',
    captured: { amount: '0.00' },
    released: { amount: '25.00' },
  });
  const claimed = await world.sql.query('select id from consultants where claimed_by is not null');
  expect(claimed.rows).toEqual([]);
  expect((await world.sql.query('select 1 from switch_work')).rows).toEqual([]);
  await world.does(claire, 'hangup');
});

it('a switch that is gone while they talk: ended after the limit, by the records there are', async () => {
  const { id } = await world.connect();
  await switchIsGone(id);
  await lookedAt(id);
  // Within its limit it may well be alive, out of our reach.
  await eventually(async () => {
    const later = await world.sql.query(
      `select 1 from payments p join call_sessions s on s.order_id = p.order_id
       where s.id = $1 and p.look_again_at > now()`,
      [id],
    );
    expect(later.rows).toHaveLength(1);
  });
  expect((await world.session(id)).state).toBe('connected');
  await world.sql.query(`update call_sessions set bridged_us = bridged_us - 3600000000 where id = $1`, [id]);
  await lateRecord(id);
  await lookedAt(id);
  const settled = await world.sessionIs(id, 'settled');
  expect(settled).toMatchObject({ outcome: 'talked', captured: { amount: '15.00' } });
  expect(await talkUs(id)).toBe('1000');
  await world.does(claire, 'hangup');
});
