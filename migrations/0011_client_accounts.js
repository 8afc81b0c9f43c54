// Accounts kept here for merchants without a server of their own: who a client is, what he has, what his calls under way
// keep of it. His money is with the merchant, so it is no entry of our ledger: a movement is written once and never changed,
// and a balance is their sum.

const tables = /* sql */ `
create table clients (
  id text primary key,
  merchant_id text not null references merchants,
  code text not null check (code ~ '^[0-9]{2,20}$'),
  name text,
  -- HMAC under a key the database never sees: four digits would be guessed from any hash that can be computed without it
  pin_mark bytea check (length(pin_mark) = 32),
  kind text not null check (kind in ('balance', 'monthly')),
  currency char(3) not null,
  balance numeric(14,4) not null default 0,
  -- what calls under way may still cost
  reserved numeric(14,4) not null default 0 check (reserved >= 0),
  -- of a monthly account: what may be talked in a month of the merchant's zone; null: no ceiling
  ceiling numeric(14,4) check (ceiling >= 0),
  -- core/tariff TariffPlan where his is not the line's
  tariff_plan jsonb,
  language text check (language in ('fr', 'en')),
  active boolean not null default true,
  created_at timestamptz not null default now(),
  unique (merchant_id, code),
  -- a balance is never spent twice, whatever the code above it believes
  check (kind <> 'balance' or balance >= reserved)
);

create table client_numbers (
  merchant_id text not null references merchants,
  client_id text not null references clients,
  number text not null check (number ~ '^\\+[1-9][0-9]{4,14}$'),
  primary key (merchant_id, number)
);
create index on client_numbers (client_id);

create table client_movements (
  id text primary key,
  merchant_id text not null references merchants,
  client_id text not null references clients,
  kind text not null check (kind in ('top_up', 'call', 'adjustment')),
  amount numeric(14,4) not null,
  balance_after numeric(14,4) not null,
  order_id text references orders,
  -- of a call: what it was
  call_session_id text references call_sessions,
  seconds integer,
  -- the merchant's own word for it, and his key: a repeat finds the first one
  reference text,
  request_key text,
  at timestamptz not null,
  position bigint generated always as identity unique,
  unique (merchant_id, request_key),
  unique (call_session_id)
);
create index on client_movements (client_id, at);
create trigger append_only before update or delete or truncate on client_movements
  for each statement execute function refuse_change();

create table client_reservations (
  call_session_id text primary key references call_sessions,
  merchant_id text not null references merchants,
  client_id text not null references clients,
  amount numeric(14,4) not null check (amount >= 0),
  made_at timestamptz not null,
  released_at timestamptz
);
create index on client_reservations (client_id) where released_at is null;
`;

const separation = ['clients', 'client_numbers', 'client_movements', 'client_reservations']
  .map(
    (table) => /* sql */ `
alter table ${table} enable row level security;
alter table ${table} force row level security;
create policy merchant on ${table}
  using (merchant_id = current_setting('ringmeter.merchant', true))
  with check (merchant_id = current_setting('ringmeter.merchant', true));
create policy finder on ${table} for select to ringmeter_finder using (true);
grant select on ${table} to ringmeter_finder;`,
  )
  .join('\n');

const grants = /* sql */ `
grant select, insert, update on clients, client_reservations to ringmeter_app;
grant select, insert, delete on client_numbers to ringmeter_app;
grant select, insert on client_movements to ringmeter_app;
`;

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(tables);
  await knex.raw(separation);
  await knex.raw(grants);
}

export async function down() {
  throw new Error('What clients paid in is not forgotten: restore a backup.');
}
