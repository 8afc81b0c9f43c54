// What recovering needs: until when a switch is known to have carried its talks, work that says "read your session again",
// and a place for records of legs nobody knows.

const quarantine = /* sql */ `
-- A record whose leg is unknown belongs to no merchant yet: nobody reads this table, only the functions below do.
create table quarantined_call_records (
  id bigint generated always as identity primary key,
  received_at timestamptz not null,
  leg uuid not null unique,
  body jsonb not null,
  source text not null check (source in ('posted', 'spooled'))
);
create index on quarantined_call_records (received_at);
alter table quarantined_call_records enable row level security;
alter table quarantined_call_records force row level security;
create policy keeper on quarantined_call_records to ringmeter_finder using (true) with check (true);
grant select, insert, delete on quarantined_call_records to ringmeter_finder;
-- and brings a record to the leg it is of
grant update (cdr) on legs to ringmeter_finder;
create policy keeper on legs for update to ringmeter_finder using (true);
grant usage, create on schema public to ringmeter_finder;

-- The first record of a leg counts. At most 5000 are kept, the newest: whoever has the credentials and posts nonsense fills
-- some megabytes, not the disk.
create function quarantine_record(leg uuid, body jsonb, source text, at timestamptz) returns bigint
  language sql security definer set search_path = public
  as $$ delete from quarantined_call_records q
          where q.id <= (select k.id from quarantined_call_records k order by k.id desc offset 4999 limit 1);
        insert into quarantined_call_records (leg, body, source, received_at) values (leg, body, source, at)
          on conflict do nothing returning id $$;

create function assign_quarantined() returns table (merchant_id text, call_session_id text, id uuid)
  language sql security definer set search_path = public
  as $$ with taken as (
          delete from quarantined_call_records q using legs l where l.id = q.leg returning q.leg, q.body)
        update legs l set cdr = coalesce(l.cdr, taken.body) from taken where l.id = taken.leg
          returning l.merchant_id, l.call_session_id, l.id $$;

create function prune_quarantined(before timestamptz) returns bigint
  language sql security definer set search_path = public
  as $$ with pruned as (delete from quarantined_call_records q where q.received_at < before returning 1)
        select count(*) from pruned $$;

create function count_quarantined() returns bigint
  language sql stable security definer set search_path = public
  as $$ select count(*) from quarantined_call_records $$;

-- Of these legs, those we rang for a call that is over.
create function legs_left_over(asked uuid[]) returns table (id uuid)
  language sql stable security definer set search_path = public
  as $$ select l.id from legs l join call_sessions s on s.id = l.call_session_id
        where l.id = any(asked) and s.state in ('ended', 'settled') $$;
`;

const finders = [
  'quarantine_record(uuid, jsonb, text, timestamptz)',
  'assign_quarantined()',
  'prune_quarantined(timestamptz)',
  'count_quarantined()',
  'legs_left_over(uuid[])',
];

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(/* sql */ `
    alter table switch_work drop constraint switch_work_kind_check;
    alter table switch_work add constraint switch_work_kind_check check (kind in ('begin', 'hang_up', 'refresh'));

    -- Every talk that was written as under way and not as missing lived until then, by the switch's own clock.
    alter table switches add column swept_us bigint;
    -- Of a talk found to be over unheard: until when it is known to have lived. Nothing after it is billed without a record.
    alter table call_sessions add column proven_alive_us bigint;
  `);
  await knex.raw(quarantine);
  for (const name of finders) {
    await knex.raw(`
      alter function ${name} owner to ringmeter_finder;
      revoke all on function ${name} from public;
      grant execute on function ${name} to ringmeter_app;`);
  }
  await knex.raw('revoke create on schema public from ringmeter_finder');
}

export async function down() {
  throw new Error('Records that wait for their call are not thrown away: restore a backup.');
}
