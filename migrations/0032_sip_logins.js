// Logins of SIP telephones: what a consultant's desk telephone or program registers with at our edge, where each is to be called,
// and which nonces were used. Passwords are nowhere: what answers a digest is sealed.

const tables = /* sql */ `
create table sip_logins (
  -- one over all merchants: a telephone says no more than this
  user_name text primary key check (user_name ~ '^[a-z0-9][a-z0-9.-]{2,63}$'),
  merchant_id text not null references merchants,
  consultant_id text not null unique references consultants,
  secrets_sealed bytea not null,
  set_at timestamptz not null
);
create index on sip_logins (merchant_id);

create table sip_contacts (
  merchant_id text not null references merchants,
  user_name text not null references sip_logins on delete cascade,
  uri text not null,
  -- where the registration came from, by its socket
  address text not null,
  port integer not null check (port between 1 and 65535),
  is_behind_nat boolean not null,
  registered_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (user_name, uri)
);
create index on sip_contacts (merchant_id);

-- the highest count each nonce was used with: the same again is a repeat of somebody who listened
create table sip_nonces (
  merchant_id text not null references merchants,
  nonce text primary key,
  used integer not null,
  forgotten_at timestamptz not null
);
create index on sip_nonces (merchant_id, forgotten_at);
`;

const separation = ['sip_logins', 'sip_contacts', 'sip_nonces']
  .map(
    (table) => /* sql */ `
alter table ${table} enable row level security;
alter table ${table} force row level security;
create policy merchant on ${table}
  using (merchant_id = current_setting('ringmeter.merchant', true))
  with check (merchant_id = current_setting('ringmeter.merchant', true));
create policy finder on ${table} for select to ringmeter_finder using (true);
grant select on ${table} to ringmeter_finder;
grant select, insert, update, delete on ${table} to ringmeter_app;`,
  )
  .join('\n');

const finders = /* sql */ `
grant create on schema public to ringmeter_finder;
create function merchant_of_sip_login(given text) returns text
  language sql stable security definer set search_path = public
  as $$ select merchant_id from sip_logins where user_name = given $$;
alter function merchant_of_sip_login(text) owner to ringmeter_finder;
revoke all on function merchant_of_sip_login(text) from public;
grant execute on function merchant_of_sip_login(text) to ringmeter_app;
revoke create on schema public from ringmeter_finder;
`;

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(tables);
  await knex.raw(separation);
  await knex.raw(finders);
}

export async function down() {
  throw new Error('Telephones that register would be locked out: restore a backup.');
}
