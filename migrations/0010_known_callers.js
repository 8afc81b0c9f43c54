// Callers the merchant knows: numbers people dial, how the merchant's own server is asked, which of his clients has a call
// under way, and what each call used until the merchant has acknowledged it.

const tables = /* sql */ `
alter table merchants
  add column server_protocol text check (server_protocol in ('rest', 'soap')),
  add column server_url text,
  add column server_timeout_ms integer not null default 4000 check (server_timeout_ms between 500 and 5000),
  -- signs each request (REST)
  add column server_secret_sealed bytea,
  -- {"basic":{user,password},"usernameToken":{user,password}}, as far as they are used
  add column server_credentials_sealed bytea;

create table ddis (
  id text primary key,
  merchant_id text not null references merchants,
  line_id text not null references lines,
  number text not null unique check (number ~ '^\\+[1-9][0-9]{4,14}$'),
  -- who says whether a caller is known: the merchant's own server, or accounts kept here
  recognized_by text not null default 'server' check (recognized_by in ('server', 'accounts')),
  -- core/inbound-settings: what differs from the usual ones
  settings jsonb not null default '{}',
  -- asked instead of the merchant's own server where it is another; the same columns
  server_protocol text check (server_protocol in ('rest', 'soap')),
  server_url text,
  server_timeout_ms integer not null default 4000 check (server_timeout_ms between 500 and 5000),
  server_secret_sealed bytea,
  server_credentials_sealed bytea,
  check ((server_protocol is null) = (server_url is null)),
  active boolean not null default true,
  created_at timestamptz not null default now()
);

create table known_calls (
  call_session_id text primary key references call_sessions,
  merchant_id text not null references merchants,
  order_id text not null unique references orders,
  line_id text not null references lines,
  ddi text not null,
  cli text,
  cli_trust text not null check (cli_trust in ('network', 'unverified', 'withheld')),
  client_code text,
  started_at timestamptz not null,
  ended_at timestamptz
);
create index known_calls_of_client on known_calls (merchant_id, client_code) where ended_at is null;
create index known_calls_of_cli on known_calls (merchant_id, cli) where ended_at is null;

-- How many calls of each client were reported: the next report's number, without a gap.
create table reported_clients (
  merchant_id text not null references merchants,
  client_code text not null,
  reports integer not null default 0,
  primary key (merchant_id, client_code)
);

create table usage_reports (
  id text primary key,
  merchant_id text not null references merchants,
  order_id text not null unique references orders,
  call_session_id text not null references call_sessions,
  client_code text,
  sequence integer not null,
  billable_seconds integer not null check (billable_seconds >= 0),
  -- core/known-caller usageBody: the same on every try
  body text not null,
  state text not null default 'pending' check (state in ('pending', 'delivered', 'parked')),
  tries integer not null default 0,
  next_try_at timestamptz,
  last_status integer,
  last_problem text,
  created_at timestamptz not null,
  delivered_at timestamptz,
  position bigint generated always as identity unique
);
create unique index usage_reports_of_client on usage_reports (merchant_id, client_code, sequence);
create index usage_reports_open on usage_reports (merchant_id, client_code) where state <> 'delivered';
create index usage_reports_due on usage_reports (next_try_at) where state = 'pending';

alter table orders drop constraint orders_kind_check, add constraint orders_kind_check
  check (kind in ('conversation', 'fixed_sale', 'known_call'));
alter table orders drop constraint orders_source_check, add constraint orders_source_check
  check (source in ('page', 'api', 'phone'));
alter table call_sessions drop constraint call_sessions_state_check, add constraint call_sessions_state_check
  check (state in ('recognizing', 'awaiting_payment', 'ringing_consultant', 'ringing_caller', 'connected', 'ended', 'settled'));
create index call_sessions_recognizing on call_sessions (switch_id) where state = 'recognizing';
`;

const tenantTables = ['ddis', 'known_calls', 'reported_clients', 'usage_reports'];

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
grant create on schema public to ringmeter_finder;

create function merchant_of_ddi(dialled text) returns table (merchant_id text, ddi_id text)
  language sql stable security definer set search_path = public
  as $$ select merchant_id, id from ddis where number = dialled and active $$;

create or replace function live_sessions_of_switch(switch text) returns table (merchant_id text, call_session_id text)
  language sql stable security definer set search_path = public
  as $$ select merchant_id, id from call_sessions
        where switch_id = switch and state in ('ringing_consultant', 'ringing_caller', 'connected')
        union all
        select merchant_id, id from call_sessions where switch_id = switch and state = 'recognizing' $$;

create function due_usage_reports(at timestamptz) returns table (merchant_id text, report_id text)
  language sql stable security definer set search_path = public
  as $$ select merchant_id, id from usage_reports where state = 'pending' and next_try_at <= at
        order by next_try_at limit 200 $$;

alter function merchant_of_ddi(text) owner to ringmeter_finder;
alter function due_usage_reports(timestamptz) owner to ringmeter_finder;
revoke all on function merchant_of_ddi(text), due_usage_reports(timestamptz) from public;
grant execute on function merchant_of_ddi(text), due_usage_reports(timestamptz) to ringmeter_app;
revoke create on schema public from ringmeter_finder;
`;

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(tables.replaceAll('?', '\\?'));
  await knex.raw(separation);
  await knex.raw(finders);
}

export async function down() {
  throw new Error('Calls that were reported cannot be taken back: restore a backup.');
}
