// The tables a paid call needs, forced apart by merchant from the first one on (DESIGN 9).
//
// Roles: the owner runs migrations; `ringmeter_app` does everything else and sees only the merchant named in its
// transaction; `ringmeter_worker` owns graphile-worker's schema and nothing of ours. Both are group roles the owner may
// become (`SET ROLE`), so one connection string is enough.
// Money is numeric with the currency beside it; instants of the switch are bigint microseconds; ids are text that say
// their kind. Functions marked SECURITY DEFINER find a tenant and return ids only: the list below is the whole list.

/** Tables that belong to one merchant: row-level security is forced on each, by `merchant_id`. */
const tenantTables = [
  'api_keys',
  'tariffs',
  'lines',
  'caller_ids',
  'consultants',
  'line_consultants',
  'orders',
  'payments',
  'authorizations',
  'processor_operations',
  'call_sessions',
  'call_events',
  'legs',
  'receipts',
  'ledger_transactions',
  'ledger_entries',
  'notices',
  'deliveries',
  'idempotency_keys',
  'availability_requests',
  'switch_work',
];

const tables = /* sql */ `
create table merchants (
  id text primary key,
  name text not null,
  legal_name text not null,
  contact_email text not null,
  contact_phone text not null,
  address text not null,
  country char(2) not null,
  time_zone text not null,
  active boolean not null default true,
  brand jsonb not null default '{}',
  -- the connected account a direct charge is made on; null: the platform's own account (the demo)
  processor_account text,
  application_fee_rate numeric(6,5) not null default 0 check (application_fee_rate >= 0 and application_fee_rate < 1),
  notice_url text,
  notice_secret_sealed bytea,
  notices_disabled_at timestamptz,
  link_secret_sealed bytea,
  page_origins text[] not null default '{}',
  -- how many receipts were issued: the next one's number, without a gap
  receipts integer not null default 0,
  created_at timestamptz not null default now()
);

create table api_keys (
  id text primary key,
  merchant_id text not null references merchants,
  name text not null,
  -- sha-256 of a key with 128 bits of chance: nothing slower is needed, nothing shorter is stored
  key_hash bytea not null unique,
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);

create table lines (
  id text primary key,
  merchant_id text not null references merchants,
  slug text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  sells text not null check (sells in ('conversation', 'fixed_sale')),
  name jsonb not null,
  description jsonb not null default '{}',
  currency char(3) not null,
  active boolean not null default true,
  ringing text not null default 'in_turn' check (ringing in ('in_turn', 'all_at_once', 'cumulative')),
  ring_seconds integer not null default 25 check (ring_seconds between 5 and 120),
  ring_step_seconds integer not null default 10 check (ring_step_seconds between 1 and 60),
  caller_first boolean not null default false,
  duration_choices integer[] not null default '{600,1200,1800}',
  created_at timestamptz not null default now()
);

create table tariffs (
  id text primary key,
  merchant_id text not null references merchants,
  line_id text not null references lines,
  version integer not null,
  -- core/tariff TariffPlan
  plan jsonb not null,
  created_at timestamptz not null default now(),
  unique (line_id, version)
);

create table caller_ids (
  id text primary key,
  merchant_id text not null references merchants,
  number text not null check (number ~ '^\\+[1-9][0-9]{4,14}$'),
  verified_at timestamptz,
  verified_by text,
  unique (merchant_id, number)
);
alter table lines add column caller_id_id text references caller_ids;

create table consultants (
  id text primary key,
  merchant_id text not null references merchants,
  name text not null,
  number text not null check (number ~ '^\\+[1-9][0-9]{4,14}$'),
  language text not null default 'fr' check (language in ('fr', 'en')),
  introduction jsonb not null default '{}',
  setting text not null default 'available' check (setting in ('available', 'break', 'away')),
  claimed_by text,
  claim text check (claim in ('soft', 'hard')),
  claimed_until timestamptz,
  last_talked_at timestamptz,
  created_at timestamptz not null default now(),
  check ((claimed_by is null) = (claim is null)),
  check (claim is distinct from 'soft' or claimed_until is not null)
);

create table line_consultants (
  merchant_id text not null references merchants,
  line_id text not null references lines,
  consultant_id text not null references consultants,
  position integer not null,
  primary key (line_id, consultant_id)
);

create table destinations (
  prefix text primary key check (prefix ~ '^\\+[1-9][0-9]{0,14}$'),
  allowed boolean not null,
  kind text not null,
  cost_per_minute numeric(10,5) not null,
  currency char(3) not null
);

create table orders (
  id text primary key,
  merchant_id text not null references merchants,
  line_id text not null references lines,
  kind text not null check (kind in ('conversation', 'fixed_sale')),
  source text not null check (source in ('page', 'api')),
  reference text,
  language text not null check (language in ('fr', 'en')),
  tariff_id text not null references tariffs,
  -- the one tariff chosen from the plan when the order was made, for the whole call
  tariff jsonb not null,
  chosen_seconds integer,
  hold numeric(14,4) not null check (hold >= 0),
  currency char(3) not null,
  caller_number text,
  caller_email text,
  consultant_id text references consultants,
  return_url text,
  access_hash bytea not null unique,
  -- the merchant's Idempotency-Key: a repeat after a crash finds the order it made instead of making another
  request_key text,
  -- what was shown and agreed, word for word, with the time: what a dispute is answered with
  evidence jsonb not null default '[]',
  -- how many notices this order has caused: the next one's sequence
  notices integer not null default 0,
  created_at timestamptz not null default now()
);
create index on orders (merchant_id, created_at desc);
create unique index on orders (merchant_id, request_key);

create table payments (
  id text primary key,
  merchant_id text not null references merchants,
  order_id text not null unique references orders,
  state text not null check (state in
    ('awaiting_card', 'authorized', 'capturing', 'captured', 'voiding', 'voided', 'failed')),
  outcome_reason text,
  currency char(3) not null,
  captured numeric(14,4) not null default 0,
  released numeric(14,4) not null default 0,
  expired numeric(14,4) not null default 0,
  written_off numeric(14,4) not null default 0,
  created_at timestamptz not null default now(),
  -- when an order still without a card is given up and its claim lapses
  look_again_at timestamptz,
  settled_at timestamptz
);
create index on payments (look_again_at) where look_again_at is not null;

create table authorizations (
  id text primary key,
  merchant_id text not null references merchants,
  payment_id text not null references payments,
  sequence integer not null,
  state text not null check (state in
    ('intended', 'needs_card', 'needs_action', 'authorized', 'captured', 'voided', 'expired', 'failed', 'unknown')),
  amount numeric(14,4) not null check (amount > 0),
  captured numeric(14,4) not null default 0 check (captured >= 0 and captured <= amount),
  intent_id text unique,
  charge_id text,
  card_brand text,
  card_last4 text check (card_last4 ~ '^[0-9]{4}$'),
  payment_method text,
  decline_reason text,
  capture_before timestamptz,
  created_at timestamptz not null default now(),
  unique (payment_id, sequence)
);

create table processor_operations (
  -- is the idempotency key: stored before the first byte is sent
  id text primary key,
  merchant_id text not null references merchants,
  authorization_id text not null references authorizations,
  kind text not null check (kind in ('authorize', 'capture', 'void', 'refund')),
  amount numeric(14,4),
  request jsonb not null default '{}',
  state text not null default 'intended' check (state in ('intended', 'done', 'refused', 'unknown')),
  answer jsonb,
  created_at timestamptz not null default now(),
  answered_at timestamptz
);
-- one capture and one void at most an authorization: a second settlement cannot even be written down
create unique index on processor_operations (authorization_id, kind) where kind in ('capture', 'void');

create table switches (
  id text primary key,
  lease_number bigint not null default 0,
  lease_holder text,
  lease_expires_at timestamptz,
  core_uuid text,
  draining boolean not null default false
);

create table call_sessions (
  id text primary key,
  merchant_id text not null references merchants,
  order_id text not null unique references orders,
  line_id text not null references lines,
  switch_id text not null references switches,
  state text not null check (state in
    ('awaiting_payment', 'ringing_consultant', 'ringing_caller', 'connected', 'ended', 'settled')),
  outcome text,
  consultant_id text references consultants,
  -- core/call-session: attempts, legs, tries. Everything a takeover needs to go on
  progress jsonb not null,
  version integer not null default 0,
  consented_at timestamptz,
  connected_at timestamptz,
  ended_at timestamptz,
  bridged_us bigint,
  unbridged_us bigint,
  talk_us bigint check (talk_us >= 0),
  billable_us bigint check (billable_us >= 0 and billable_us <= talk_us),
  billable_seconds integer,
  created_at timestamptz not null default now()
);
create index on call_sessions (merchant_id, created_at desc, id desc);
create index on call_sessions (switch_id) where state in ('ringing_consultant', 'ringing_caller', 'connected');

create table call_events (
  merchant_id text not null references merchants,
  call_session_id text not null references call_sessions,
  sequence integer not null,
  name text not null,
  at timestamptz not null,
  facts jsonb not null default '{}',
  primary key (call_session_id, sequence)
);

create table legs (
  id uuid primary key,
  merchant_id text not null references merchants,
  call_session_id text not null references call_sessions,
  role char(1) not null check (role in ('A', 'B')),
  consultant_id text references consultants,
  created_at timestamptz not null default now(),
  cdr jsonb
);
create index on legs (call_session_id);

create table switch_work (
  id bigint generated always as identity primary key,
  merchant_id text not null references merchants,
  switch_id text not null references switches,
  call_session_id text not null references call_sessions,
  kind text not null check (kind in ('begin', 'hang_up')),
  created_at timestamptz not null default now()
);
create index on switch_work (switch_id, id);

create table receipts (
  id text primary key,
  merchant_id text not null references merchants,
  order_id text not null unique references orders,
  body jsonb not null,
  created_at timestamptz not null default now(),
  mailed_at timestamptz
);

create table ledger_transactions (
  id text primary key,
  merchant_id text not null references merchants,
  order_id text not null references orders,
  kind text not null check (kind in ('authorize', 'capture', 'release', 'expire', 'fee', 'refund', 'write_off')),
  authorization_id text not null references authorizations,
  created_at timestamptz not null default now(),
  position bigint generated always as identity unique,
  unique (authorization_id, kind)
);
create table ledger_entries (
  merchant_id text not null references merchants,
  transaction_id text not null references ledger_transactions,
  account text not null check (account in ('card', 'held', 'merchant', 'platform', 'written_off')),
  amount numeric(14,4) not null check (amount <> 0),
  currency char(3) not null,
  primary key (transaction_id, account)
);

create table notices (
  id text primary key,
  merchant_id text not null references merchants,
  order_id text not null references orders,
  call_session_id text references call_sessions,
  type text not null,
  -- per order: 1, 2, 3 in the order things happened
  sequence integer not null,
  -- the exact bytes that are signed: the same on every try
  body text not null,
  state text not null default 'pending' check (state in ('pending', 'delivered', 'parked')),
  tries integer not null default 0,
  next_try_at timestamptz,
  last_status integer,
  last_problem text,
  created_at timestamptz not null default now(),
  position bigint generated always as identity unique,
  unique (order_id, sequence)
);
create index on notices (merchant_id, next_try_at) where state = 'pending';
create index on notices (merchant_id, position);

create table deliveries (
  merchant_id text not null references merchants,
  notice_id text not null references notices,
  try integer not null,
  at timestamptz not null,
  status integer,
  problem text,
  took_ms integer,
  primary key (notice_id, at)
);

create table idempotency_keys (
  merchant_id text not null references merchants,
  key text not null,
  request_hash bytea not null,
  status integer,
  response jsonb,
  created_at timestamptz not null default now(),
  primary key (merchant_id, key)
);

create table availability_requests (
  id text primary key,
  merchant_id text not null references merchants,
  line_id text not null references lines,
  email text not null,
  language text not null,
  created_at timestamptz not null default now(),
  told_at timestamptz,
  unique (line_id, email)
);
`;

// The ledger is append only and every transaction sums to zero, whatever the code above it believes.
const ledgerRules = /* sql */ `
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append only', tg_table_name using errcode = 'integrity_constraint_violation';
end $$;
create trigger append_only before update or delete or truncate on ledger_transactions
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on ledger_entries
  for each statement execute function refuse_change();

create function ledger_balances() returns trigger language plpgsql as $$
begin
  if exists (
    select 1 from ledger_entries where transaction_id = new.transaction_id
    group by currency having sum(amount) <> 0
  ) then
    raise exception 'ledger transaction % does not sum to zero', new.transaction_id
      using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
create constraint trigger balanced after insert on ledger_entries
  deferrable initially deferred for each row execute function ledger_balances();

-- One settlement: what was captured, voided or refused for good stays so, whoever writes.
create function payment_stays_final() returns trigger language plpgsql as $$
begin
  if old.state in ('captured', 'voided', 'failed') and new.state <> old.state then
    raise exception 'payment % is % and stays so', old.id, old.state using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger final before update of state on payments for each row execute function payment_stays_final();

create trigger immutable before update or delete on tariffs
  for each statement execute function refuse_change();
`;

const separation = [
  ...tenantTables.map(
    (table) => /* sql */ `
alter table ${table} enable row level security;
alter table ${table} force row level security;
create policy merchant on ${table}
  using (merchant_id = current_setting('ringmeter.merchant', true))
  with check (merchant_id = current_setting('ringmeter.merchant', true));`,
  ),
  /* sql */ `
alter table merchants enable row level security;
alter table merchants force row level security;
create policy merchant on merchants
  using (id = current_setting('ringmeter.merchant', true))
  with check (id = current_setting('ringmeter.merchant', true));

grant select, insert, update on all tables in schema public to ringmeter_app;
grant delete on switch_work, idempotency_keys to ringmeter_app;
revoke insert, update on destinations from ringmeter_app;
revoke update on ledger_transactions, ledger_entries, tariffs, call_events, deliveries from ringmeter_app;
`,
].join('\n');

// A function owned by the owner is bound by forced row-level security like anybody else. These run as a role of their
// own that may see every merchant's rows, owns nothing and cannot be logged into or become anything else.
const findingTheTenant = /* sql */ `
grant select on all tables in schema public to ringmeter_finder;
grant usage, create on schema public to ringmeter_finder;
${tenantTables
  .concat('merchants')
  .map((table) => `create policy finder on ${table} for select to ringmeter_finder using (true);`)
  .join('\n')}

create function merchant_of_api_key(hash bytea) returns text
  language sql stable security definer set search_path = public
  as $$ select merchant_id from api_keys where key_hash = hash and revoked_at is null $$;

create function merchant_of_line(line_slug text) returns table (merchant_id text, line_id text)
  language sql stable security definer set search_path = public
  as $$ select merchant_id, id from lines where slug = line_slug $$;

create function merchant_of_order_link(hash bytea) returns table (merchant_id text, order_id text)
  language sql stable security definer set search_path = public
  as $$ select merchant_id, id from orders where access_hash = hash $$;

create function merchant_of_leg(leg uuid) returns table (merchant_id text, call_session_id text)
  language sql stable security definer set search_path = public
  as $$ select merchant_id, call_session_id from legs where id = leg $$;

create function merchant_of_intent(intent text) returns table (merchant_id text, payment_id text)
  language sql stable security definer set search_path = public
  -- only of a payment that still waits for its card: hints about others move nothing
  as $$ select a.merchant_id, a.payment_id from authorizations a join payments p on p.id = a.payment_id
        where a.intent_id = intent and p.state = 'awaiting_card' $$;

create function due_payments(at timestamptz, at_most integer) returns table (merchant_id text, payment_id text)
  language sql stable security definer set search_path = public
  as $$ select merchant_id, id from payments where look_again_at <= at order by look_again_at limit at_most $$;

create function work_of_switch(switch text)
  returns table (id bigint, merchant_id text, call_session_id text, kind text)
  language sql stable security definer set search_path = public
  as $$ select id, merchant_id, call_session_id, kind from switch_work where switch_id = switch order by id limit 200 $$;

create function live_sessions_of_switch(switch text) returns table (merchant_id text, call_session_id text)
  language sql stable security definer set search_path = public
  as $$ select merchant_id, id from call_sessions
        where switch_id = switch and state in ('ringing_consultant', 'ringing_caller', 'connected') $$;

create function merchants_with_due_notices(at timestamptz) returns table (merchant_id text)
  language sql stable security definer set search_path = public
  as $$ select distinct merchant_id from notices where state = 'pending' and next_try_at <= at $$;

create function unsettled_orders(ended_before timestamptz) returns table (merchant_id text, order_id text)
  language sql stable security definer set search_path = public
  as $$ select merchant_id, order_id from call_sessions where state = 'ended' and ended_at < ended_before
        union all
        select o.merchant_id, o.id from orders o join payments p on p.order_id = o.id
        where o.kind = 'fixed_sale' and p.state in ('authorized', 'capturing', 'voiding') and o.created_at < ended_before
        limit 200 $$;

create function lines_to_tell(at timestamptz) returns table (merchant_id text, line_id text)
  language sql stable security definer set search_path = public
  as $$ select distinct r.merchant_id, r.line_id from availability_requests r
        join line_consultants lc on lc.line_id = r.line_id join consultants c on c.id = lc.consultant_id
        where r.told_at is null and c.setting = 'available'
          and (c.claimed_by is null or (c.claim = 'soft' and c.claimed_until <= at)) $$;
`;

const finders = [
  'merchant_of_api_key(bytea)',
  'merchant_of_line(text)',
  'merchant_of_order_link(bytea)',
  'merchant_of_leg(uuid)',
  'merchant_of_intent(text)',
  'due_payments(timestamptz, integer)',
  'work_of_switch(text)',
  'live_sessions_of_switch(text)',
  'merchants_with_due_notices(timestamptz)',
  'unsettled_orders(timestamptz)',
  'lines_to_tell(timestamptz)',
];

const giveAway = finders
  .map(
    (name) => `
alter function ${name} owner to ringmeter_finder;
revoke all on function ${name} from public;
grant execute on function ${name} to ringmeter_app;`,
  )
  .concat('revoke create on schema public from ringmeter_finder;')
  .join('');

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  for (const role of ['ringmeter_app', 'ringmeter_worker', 'ringmeter_finder']) {
    // Roles belong to the cluster: another database of it may have made them already, even at this very moment.
    await knex.raw(`do $$ begin
      if not exists (select from pg_roles where rolname = '${role}') then create role ${role} nologin; end if;
    exception when duplicate_object or unique_violation then null; end $$`);
    await knex.raw(`do $$ begin
      if not pg_has_role(current_user, '${role}', 'SET') then execute format('grant ${role} to %I', current_user); end if;
    exception when invalid_parameter_value then execute format('grant ${role} to %I', current_user); end $$`);
  }
  await knex.raw('grant usage on schema public to ringmeter_app');
  await knex.raw(tables);
  await knex.raw(ledgerRules);
  await knex.raw(separation);
  await knex.raw(findingTheTenant);
  await knex.raw(giveAway);
}

export async function down() {
  throw new Error('The first migration is not undone: restore a backup.');
}
