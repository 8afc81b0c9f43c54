// A leg is left over when its call is over and it lives all the same. Of a caller in a scenario nobody was rung for, and of a
// consultant who calls the service, no session says so: their own calls do.

const finder = /* sql */ `
create or replace function legs_left_over(asked uuid[]) returns table (id uuid)
  language sql stable security definer set search_path = public
  as $$
    with over as (
      select l.id from legs l join call_sessions s on s.id = l.call_session_id
      where l.id = any(asked) and s.state in ('ended', 'settled')
      union select r.leg from scenario_runs r where r.leg = any(asked) and r.ended_at is not null
      union select c.leg from service_calls c where c.leg = any(asked) and c.ended_at is not null)
    select o.id from over o
    -- A caller whose talk is over may be in his scenario still, and one whose scenario is over in a talk.
    where not exists (select from scenario_runs r where r.leg = o.id and r.ended_at is null)
      and not exists (select from legs l join call_sessions s on s.id = l.call_session_id
                      where l.id = o.id and s.state not in ('ended', 'settled')) $$;
`;

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(finder);
}

export async function down() {
  throw new Error('An older house leaves such a leg to its guard: restore a backup.');
}
