// What the blocks of a scenario reach: codes keyed on the telephone, links to our payment page by SMS or mail, the callers a merchant
// does not want, and by what his scripts and his SMS provider know that it is us.

const tables = /* sql */ `
alter table access_uses
  drop constraint access_uses_door_check,
  add constraint access_uses_door_check check (door in ('api', 'page', 'phone'));

-- By what a merchant's scripts know us. No row: by the secret of his server, or of his notices.
create table script_signing (
  merchant_id text primary key references merchants,
  -- of our JSON (Standard Webhooks); the one before signs beside it for a day
  secret_sealed bytea,
  old_secret_sealed bytea,
  old_secret_until timestamptz,
  -- of what is asked in Twilio's words, where there is room for one signature only: the next one signs from its time on
  token_sealed bytea,
  next_token_sealed bytea,
  next_token_from timestamptz,
  check ((old_secret_sealed is null) = (old_secret_until is null)),
  check ((next_token_sealed is null) = (next_token_from is null))
);

-- How SMS of a merchant are sent: a request to his provider, its placeholders filled.
create table sms_senders (
  merchant_id text primary key references merchants,
  url text not null check (char_length(url) <= 2000 and url ~ '^https?://'),
  method text not null check (method in ('GET', 'POST')),
  content_type text not null check (content_type in ('application/json', 'application/x-www-form-urlencoded', 'text/plain')),
  -- [{"name": ..., "value": ...}], in their order
  headers jsonb not null,
  body text not null check (char_length(body) <= 4000),
  -- stands where a template says {secret}; null: it says it nowhere
  secret_sealed bytea,
  version integer not null default 1
);

-- Links to our payment page that were sent to callers.
create table payment_links (
  -- also what the provider is sent, each time it is tried
  id text primary key,
  merchant_id text not null references merchants,
  -- the call that waits, and which of its turns sent it: a repeat finds it
  run_id text not null references scenario_runs,
  run_turn integer not null,
  by text not null check (by in ('sms', 'email')),
  -- HMAC of the number or address it went to
  to_mark bytea not null check (length(to_mark) = 32),
  -- null: the order could not be made yet
  order_id text references orders,
  -- the link whose order this one leads to again
  first_link text not null,
  state text not null check (state in ('intended', 'sent', 'failed', 'unknown')),
  -- why it was not sent; never what was answered
  because text check (char_length(because) <= 200),
  created_at timestamptz not null,
  ended_at timestamptz,
  unique (run_id, run_turn),
  check ((state = 'intended') = (ended_at is null)),
  check (state <> 'sent' or order_id is not null)
);
create index on payment_links (merchant_id, to_mark, created_at);
create index on payment_links (order_id) where order_id is not null;

-- Callers a merchant does not want.
create table blocked_callers (
  merchant_id text not null references merchants,
  number text not null check (number ~ '^\\+[1-9][0-9]{4,14}$'),
  label text not null check (char_length(label) <= 80),
  created_at timestamptz not null,
  primary key (merchant_id, number)
);

alter table settings_changes
  drop constraint settings_changes_setting_check,
  add constraint settings_changes_setting_check check (setting in ('line', 'ddi', 'merchant_server', 'consultant', 'group',
    'access_resource', 'scenario', 'sound', 'forward_number', 'script_signing', 'sms_sender', 'blocked_caller'));
`;

const separation = [
  ['script_signing', 'select, insert, update, delete'],
  ['sms_senders', 'select, insert, update, delete'],
  ['payment_links', 'select, insert, update'],
  ['blocked_callers', 'select, insert, update, delete'],
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

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(tables.replaceAll('?', '\\?'));
  await knex.raw(separation);
}

export async function down() {
  throw new Error('Links that were sent are not taken back: restore a backup.');
}
