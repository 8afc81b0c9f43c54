// Access codes: what they open, the codes themselves, every use of one, and the keys that sign what a visitor is sent on with.
// And what a sale without a call ends in.
//
// No code is in the database. Its row has an HMAC of it under a key the database never sees, to be found by, and what whoever
// has that key makes it again from.

const tables = /* sql */ `
create table access_resources (
  id text primary key,
  merchant_id text not null references merchants,
  -- its name in links, of one merchant for ever: what was signed for it must never mean another's
  slug text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name jsonb not null,
  -- where whoever has a code is sent on to, and nowhere else
  address text not null check (char_length(address) <= 2000 and address ~ '^https?://'),
  alphabet text not null check (alphabet in ('digits', 'letters', 'digits_and_letters')),
  code_length integer not null check (code_length between 9 and 20),
  valid_for_seconds integer not null check (valid_for_seconds between 60 and 157680000),
  -- of one code; null: as often as it is valid
  uses integer check (uses between 1 and 1000000),
  active boolean not null default true,
  -- gone: kept for the codes it had
  archived_at timestamptz,
  -- counts the changes of its settings: who changes them says which he has read
  version integer not null default 1,
  -- the request that made it: a repeat of it finds it
  request_key text,
  created_at timestamptz not null
);
create index on access_resources (merchant_id);
create unique index access_resources_by_request on access_resources (merchant_id, request_key);

create table access_codes (
  id text primary key,
  merchant_id text not null references merchants,
  resource_id text not null references access_resources,
  -- HMAC of resource and code
  mark bytea not null check (length(mark) = 32),
  -- what it was drawn as, and which of the draws from its id it is: two rows of a resource never have the same code
  alphabet text not null check (alphabet in ('digits', 'letters', 'digits_and_letters')),
  code_length integer not null check (code_length between 9 and 20),
  draw integer not null check (draw between 0 and 15),
  valid_until timestamptz not null,
  uses_max integer check (uses_max between 1 and 1000000),
  uses integer not null default 0 check (uses >= 0 and (uses_max is null or uses <= uses_max)),
  made_by text not null check (made_by in ('sale', 'api', 'scenario')),
  order_id text references orders,
  reference text check (char_length(reference) <= 200),
  revoked_at timestamptz,
  last_used_at timestamptz,
  request_key text,
  created_at timestamptz not null,
  check (made_by <> 'sale' or order_id is not null),
  unique (resource_id, mark)
);
create index access_codes_of_merchant on access_codes (merchant_id, id);
create index access_codes_of_order on access_codes (order_id) where order_id is not null;
-- one sale, one code
create unique index access_codes_of_sale on access_codes (order_id) where made_by = 'sale';
create unique index access_codes_by_request on access_codes (merchant_id, request_key);

create table access_uses (
  -- what the token of this use is known by, too
  id text primary key,
  merchant_id text not null references merchants,
  access_code_id text not null references access_codes,
  door text not null check (door in ('api', 'page')),
  -- a request that is repeated, however much later, uses nothing again
  request_key text,
  at timestamptz not null
);
create index on access_uses (access_code_id);
create unique index access_uses_by_request on access_uses (merchant_id, request_key);

-- The house's, of no merchant: whoever opens a door of any of them checks by the same published keys.
create table signing_keys (
  -- the next is made once: whoever comes second finds it there
  number integer primary key check (number > 0),
  kid text not null unique,
  public_jwk jsonb not null,
  private_sealed bytea not null,
  -- published from then on
  created_at timestamptz not null,
  signs_from timestamptz not null
);
grant select, insert, delete on signing_keys to ringmeter_app;

alter table lines
  -- what a sale without a call ends in; receipt: nothing more than that
  add column sale_ends_in text not null default 'receipt' check (sale_ends_in in ('receipt', 'code', 'message', 'return')),
  add column sale_resource_id text references access_resources,
  -- {"fr": ..., "en": ...}
  add column sale_message jsonb,
  add column sale_return text check (char_length(sale_return) <= 1000),
  add constraint lines_sale_end_check check (
    (sale_ends_in <> 'code' or sale_resource_id is not null) and (sale_ends_in <> 'message' or sale_message is not null)
    and (sells = 'fixed_sale' or sale_ends_in = 'receipt'));
create index on lines (sale_resource_id) where sale_resource_id is not null;

alter table settings_changes
  drop constraint settings_changes_setting_check,
  add constraint settings_changes_setting_check
    check (setting in ('line', 'ddi', 'merchant_server', 'consultant', 'group', 'access_resource'));
`;

const separation = ['access_resources', 'access_codes', 'access_uses']
  .map(
    (table) => /* sql */ `
alter table ${table} enable row level security;
alter table ${table} force row level security;
create policy merchant on ${table}
  using (merchant_id = (select current_setting('ringmeter.merchant', true)))
  with check (merchant_id = (select current_setting('ringmeter.merchant', true)));
create policy finder on ${table} for select to ringmeter_finder using (true);
grant select on ${table} to ringmeter_finder;
grant select, insert, update on ${table} to ringmeter_app;`,
  )
  .join('\n');

const finders = [
  {
    name: 'merchant_of_access_resource(text)',
    sql: /* sql */ `
create function merchant_of_access_resource(wanted text) returns table (merchant_id text, id text)
  language sql stable security definer set search_path = public
  as $$ select merchant_id, id from access_resources where slug = wanted and archived_at is null $$;`,
  },
  {
    name: 'violated_access_codes(timestamptz, timestamptz)',
    sql: /* sql */ `
create function violated_access_codes(since timestamptz, at timestamptz)
  returns table (name text, merchant_id text, id text, order_id text)
  language sql stable security definer set search_path = public as $$
    select 'sold_without_code', r.merchant_id, r.id, r.order_id from receipts r
    where (r.created_at >= since or r.id in (select v.id from invariant_violations v where v.gone_at is null))
      and r.body -> 'after' ->> 'end' = 'code'
      and not exists (select from access_codes c where c.order_id = r.order_id and c.made_by = 'sale')
    union all
    select 'code_unlike_uses', c.merchant_id, c.id, c.order_id from access_codes c
    where (c.last_used_at >= since or c.id in (select v.id from invariant_violations v where v.gone_at is null))
      and c.uses <> (select count(*) from access_uses u where u.access_code_id = c.id) $$;`,
  },
];

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(tables.replaceAll('?', '\\?'));
  await knex.raw(separation);
  await knex.raw('grant create on schema public to ringmeter_finder');
  for (const { name, sql } of finders) {
    await knex.raw(sql);
    await knex.raw(`
      alter function ${name} owner to ringmeter_finder;
      revoke all on function ${name} from public;
      grant execute on function ${name} to ringmeter_app;`);
  }
  await knex.raw('revoke create on schema public from ringmeter_finder');
}

export async function down() {
  throw new Error('Codes that were sold open what they open: restore a backup.');
}
