// Cards keyed on the telephone: which scenario's call an order was made in, who permitted a merchant to take them there, and the cards
// that callers have agreed to be kept for their next calls.

const tables = /* sql */ `
-- null: it was made on a page or by the API
alter table orders add column run_id text references scenario_runs;
create index on orders (run_id) where run_id is not null;

-- Whether this merchant's callers may key a card: what was said last. None: they may not.
create table keypad_permissions (
  merchant_id text not null references merchants,
  number integer not null check (number > 0),
  allowed boolean not null,
  by text not null check (char_length(by) between 1 and 80),
  why text not null check (char_length(why) between 1 and 300),
  at timestamptz not null,
  primary key (merchant_id, number)
);

-- No digit of a card but its last four: what pays again is the processor's.
create table kept_cards (
  id text primary key,
  merchant_id text not null references merchants,
  -- HMAC of the number he calls from and his client code
  mark bytea not null check (length(mark) = 32),
  brand text not null check (char_length(brand) <= 40),
  last4 text not null check (last4 ~ '^[0-9]{4}$'),
  -- MM/YY
  expiry text not null check (expiry ~ '^(0[1-9]|1[0-2])/[0-9]{2}$'),
  -- null: our own account
  processor_account text,
  customer text not null,
  payment_method text not null,
  -- in which order he agreed, and when
  order_id text not null references orders,
  agreed_at timestamptz not null,
  -- keyed again it is the same card
  unique (merchant_id, mark, last4, expiry)
);
create index on kept_cards (order_id);
`;

const separation = [
  ['keypad_permissions', 'select, insert'],
  ['kept_cards', 'select, insert, update, delete'],
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
  throw new Error('Cards that callers agreed to be kept are not taken back: restore a backup.');
}
