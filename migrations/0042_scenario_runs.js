// Scenarios run: calls that go through one, what each of them passed, the messages callers leave, and the talks that belong to such a
// call. And a number that leads to a scenario names the line its talks are counted under.

const tables = /* sql */ `
-- core/scenario ScenarioRun: one call, as far as whoever takes it over needs it
create table scenario_runs (
  id text primary key,
  merchant_id text not null references merchants,
  switch_id text not null references switches,
  leg uuid not null unique,
  ddi text not null,
  -- the version it goes through now; another scenario's once a block has led there. Version 0: no version was live
  scenario_id text not null references scenarios,
  scenario_version integer not null check (scenario_version >= 0),
  progress jsonb not null check (not progress ? 'secrets'),
  -- what was keyed in secret, sealed; null: nothing
  secrets_sealed bytea,
  version integer not null default 0,
  started_at timestamptz not null,
  ended_at timestamptz,
  outcome text check (outcome in ('completed', 'caller_left', 'refused', 'too_long', 'failed')),
  check ((ended_at is null) = (outcome is null)),
  -- nothing secret outlives its call
  check (ended_at is null or secrets_sealed is null)
);
create index scenario_runs_live on scenario_runs (switch_id) where ended_at is null;
create index on scenario_runs (merchant_id, started_at desc);

create table scenario_run_events (
  merchant_id text not null references merchants,
  run_id text not null references scenario_runs,
  sequence integer not null,
  scenario_id text not null,
  scenario_version integer not null,
  block text not null,
  name text not null,
  at timestamptz not null,
  facts jsonb not null,
  primary key (run_id, sequence)
);

-- What callers have said into a box of their merchant's.
create table voicemails (
  id text primary key,
  merchant_id text not null references merchants,
  box text not null check (box ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  run_id text not null references scenario_runs,
  -- which of the call's messages: kept once, however often it is tried
  run_turn integer not null,
  ddi text not null,
  -- null: withheld
  caller_number text,
  seconds numeric(6, 2) not null check (seconds > 0 and seconds <= 130),
  -- mono, 16 bit, 8 kHz
  wav bytea not null check (length(wav) <= 2200000),
  -- what it says, where anybody knows
  words text check (char_length(words) <= 300),
  created_at timestamptz not null,
  listened_at timestamptz,
  unique (run_id, run_turn)
);
create index on voicemails (merchant_id, created_at desc, id);

alter table known_calls
  -- the talk of a call that goes through a scenario, and which of its turns rang: a repeat finds it
  add column run_id text references scenario_runs,
  add column run_turn integer,
  add constraint known_calls_run_check check ((run_id is null) = (run_turn is null)),
  add constraint known_calls_run_key unique (run_id, run_turn);

-- What is told of a call that goes through a scenario, beside orders and consultants.
alter table notices
  add column run_id text references scenario_runs,
  add unique (run_id, sequence),
  drop constraint notices_about_check,
  add constraint notices_about_check check (num_nonnulls(order_id, consultant_id, run_id) = 1);

alter table ddis
  drop constraint ddis_line_check,
  add constraint ddis_line_check check (case kind when 'line' then line_id is not null when 'service' then line_id is null else true end);
`;

const separation = [
  ['scenario_runs', 'select, insert, update'],
  ['scenario_run_events', 'select, insert'],
  ['voicemails', 'select, insert, update, delete'],
]
  .map(
    ([table, rights]) => /* sql */ `
alter table ${table} enable row level security;
alter table ${table} force row level security;
create policy merchant on ${table}
  using (merchant_id = (select current_setting('ringmeter.merchant', true)))
  with check (merchant_id = (select current_setting('ringmeter.merchant', true)));
create policy finder on ${table} for select to ringmeter_finder using (true);
grant ${rights} on ${table} to ringmeter_app;
grant select on ${table} to ringmeter_finder;`,
  )
  .join('\n');

const finders = /* sql */ `
grant create on schema public to ringmeter_finder;

create function live_scenario_runs_of_switch(switch text) returns table (merchant_id text, run_id text)
  language sql stable security definer set search_path = public
  as $$ select merchant_id, id from scenario_runs where switch_id = switch and ended_at is null $$;

create or replace function merchant_of_leg(leg uuid) returns table (merchant_id text, call_session_id text)
  language sql stable security definer set search_path = public
  as $$ select l.merchant_id, l.call_session_id from legs l where l.id = merchant_of_leg.leg
        union all select s.merchant_id, s.id from service_calls s where s.leg = merchant_of_leg.leg
        union all select r.merchant_id, r.id from scenario_runs r where r.leg = merchant_of_leg.leg $$;

-- A caller whose talk is over may be in his scenario still.
create or replace function legs_left_over(asked uuid[]) returns table (id uuid)
  language sql stable security definer set search_path = public
  as $$ select l.id from legs l join call_sessions s on s.id = l.call_session_id
        where l.id = any(asked) and s.state in ('ended', 'settled')
          and not exists (select from scenario_runs r where r.leg = l.id and r.ended_at is null) $$;

alter function live_scenario_runs_of_switch(text) owner to ringmeter_finder;
revoke all on function live_scenario_runs_of_switch(text) from public;
grant execute on function live_scenario_runs_of_switch(text) to ringmeter_app;
revoke create on schema public from ringmeter_finder;
`;

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(tables.replaceAll('?', '\\?'));
  await knex.raw(separation);
  await knex.raw(finders);
}

export async function down() {
  throw new Error('Calls and messages are not taken back: restore a backup.');
}
