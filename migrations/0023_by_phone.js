// What is done by telephone: consultants call a number of their merchant's and set what they are; what people have spoken
// themselves is kept; and a merchant's own words stand for ours on a line of his.

const tables = /* sql */ `
alter table ddis
  alter column line_id drop not null,
  -- what its callers reach: a line, or the consultants' service
  add column kind text not null default 'line' check (kind in ('line', 'service')),
  add constraint ddis_line_check check ((kind = 'line') = (line_id is not null));

-- a caller who is put through to one consultant hears first how he has introduced himself
alter table lines add column introduces boolean not null default false;

-- core/service-call: a consultant on the telephone, as far as whoever takes the call over needs it
create table service_calls (
  id text primary key,
  merchant_id text not null references merchants,
  switch_id text not null references switches,
  leg uuid not null unique,
  ddi text not null,
  consultant_id text references consultants,
  progress jsonb not null,
  version integer not null default 0,
  started_at timestamptz not null,
  ended_at timestamptz
);
create index service_calls_live on service_calls (switch_id) where ended_at is null;

-- What somebody has spoken or sent, named by its digest: kept here, so that any gateway can lay it out for its switches.
create table recordings (
  merchant_id text not null references merchants,
  digest text not null check (digest ~ '^[0-9a-f]{32}$'),
  -- mono, 16 bit, 8 and 16 kHz
  wav8 bytea not null check (length(wav8) <= 1048576),
  wav16 bytea not null check (length(wav16) <= 2097152),
  seconds numeric(6, 2) not null check (seconds > 0 and seconds <= 61),
  created_at timestamptz not null,
  primary key (merchant_id, digest)
);

create table consultant_recordings (
  merchant_id text not null references merchants,
  consultant_id text not null references consultants,
  kind text not null check (kind in ('introduction', 'available', 'busy', 'away')),
  digest text not null,
  -- what it says, where anybody knows
  words text check (char_length(words) <= 300),
  at timestamptz not null,
  primary key (consultant_id, kind),
  foreign key (merchant_id, digest) references recordings
);

-- core/own-words: a sentence of ours as this line says it
create table line_prompts (
  merchant_id text not null references merchants,
  line_id text not null references lines,
  key text not null,
  language text not null check (language in ('fr', 'en')),
  text text check (char_length(text) between 1 and 1000),
  digest text,
  at timestamptz not null,
  primary key (line_id, key, language),
  foreign key (merchant_id, digest) references recordings,
  check (num_nonnulls(text, digest) = 1)
);
`;

const tenantTables = ['service_calls', 'recordings', 'consultant_recordings', 'line_prompts'];

const separation = tenantTables
  .map(
    (table) => /* sql */ `
alter table ${table} enable row level security;
alter table ${table} force row level security;
create policy merchant on ${table}
  using (merchant_id = current_setting('ringmeter.merchant', true))
  with check (merchant_id = current_setting('ringmeter.merchant', true));
create policy finder on ${table} for select to ringmeter_finder using (true);
grant select, insert, update on ${table} to ringmeter_app;
grant select on ${table} to ringmeter_finder;`,
  )
  .join('\n');

const finders = /* sql */ `
grant delete on recordings, consultant_recordings, line_prompts to ringmeter_app;
grant create on schema public to ringmeter_finder;

create function live_service_calls_of_switch(switch text) returns table (merchant_id text, service_call_id text)
  language sql stable security definer set search_path = public
  as $$ select merchant_id, id from service_calls where switch_id = switch and ended_at is null $$;

-- The switch's records of these legs have an owner too; nothing is billed by them.
create or replace function merchant_of_leg(leg uuid) returns table (merchant_id text, call_session_id text)
  language sql stable security definer set search_path = public
  as $$ select l.merchant_id, l.call_session_id from legs l where l.id = merchant_of_leg.leg
        union all select s.merchant_id, s.id from service_calls s where s.leg = merchant_of_leg.leg $$;

alter function live_service_calls_of_switch(text) owner to ringmeter_finder;
revoke all on function live_service_calls_of_switch(text) from public;
grant execute on function live_service_calls_of_switch(text) to ringmeter_app;
revoke create on schema public from ringmeter_finder;
`;

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(tables.replaceAll('?', '\\?'));
  await knex.raw(separation);
  await knex.raw(finders);
}

export async function down() {
  throw new Error('Recordings are not taken back: restore a backup.');
}
