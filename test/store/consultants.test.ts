// A claim is one statement, and asks the database what core/consultant `reachable` asks: both must say the same.

import { afterAll, beforeAll, expect, it } from 'vitest';
import pg from 'pg';
import { reachable } from '../../src/core/consultant.ts';
import { stateObject, stateOf, type StateRow } from '../../src/store/consultants.ts';
import { type FreshDatabase, freshDatabase } from '../database.ts';

const now = new Date('2026-01-05T12:00:00Z');
const instants = [null, '2026-01-05T11:59:59Z', '2026-01-05T12:00:00Z', '2026-01-05T12:00:01Z'];

let database: FreshDatabase;
let sql: pg.Client;
beforeAll(async () => {
  database = await freshDatabase();
  sql = new pg.Client({ connectionString: database.adminUrl });
  await sql.connect();
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

it('the rule and the condition agree on every state there is', async () => {
  const { rows } = await sql.query<{ state: StateRow; is: boolean; session: string | null }>(
    `with t as (select unnest($1::timestamptz[]) as t),
       c as (select jsonb_populate_record(null::consultants, jsonb_build_object('setting', setting, 'back_at', back.t,
           'paused_at', paused.t, 'schedule', hours.schedule, 'hours_from', hours.f, 'hours_to', hours.t,
           'claimed_by', claim.by, 'claim', claim.claim, 'claimed_until', claim.until, 'wrap_up_until', wrap.t)) as c
         from unnest(array['available', 'break', 'away']) setting, t back,
           (select t from t where t is null or t = $2) paused, t wrap,
           (select null::jsonb as schedule, null::timestamptz as f, null::timestamptz as t
            union all select '{}', null, null
            union all select '{}', f.t, t.t from t f, t t where f.t < t.t) hours,
           (select null as by, null as claim, null::timestamptz as until
            union all select 'call_a', 'hard', null
            union all select 'call_a', 'soft', t from t where t is not null) claim)
     select ${stateObject} as state, consultant_is_reachable(c, $2, session) as is, session
     from (select (c).* from c) c, unnest(array[null, 'call_a', 'call_b']) session`,
    [instants, now],
  );
  expect(rows.length).toBeGreaterThan(5_000);
  const differ = rows.filter(
    ({ state, is, session }) => reachable(stateOf(state), now, session ?? undefined).reachable !== is,
  );
  expect(differ.slice(0, 3)).toEqual([]);
});
