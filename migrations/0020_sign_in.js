// People who sign in: who they are, whom they work for, their sessions, and what everybody did.
//
// A person and his session belong to no single merchant: he may work for several. His rows show themselves to a transaction
// that names him (`ringmeter.user`), as a merchant's do to one that names the merchant; what he is known by (password, second
// factor, codes) shows itself to nobody else. A merchant sees of a person that he works for him, his address and his name.

const tables = /* sql */ `
create table users (
  id text primary key,
  email text not null check (char_length(email) between 3 and 254),
  -- as two people would call the same address: trimmed, in small letters
  email_key text not null unique,
  name text check (char_length(name) between 1 and 80),
  language text not null default 'fr' check (language in ('fr', 'en')),
  -- since when he has a second factor
  totp_at timestamptz,
  -- only of the demonstration's people, whom everybody may be: no second factor is asked of them
  second_factor_waived boolean not null default false,
  created_at timestamptz not null
);

create table user_secrets (
  user_id text primary key references users,
  -- argon2id, with its parameters and salt; null: invited, and not there yet
  password_hash text,
  totp_sealed bytea,
  -- shown, and not confirmed by a code yet
  totp_offered_sealed bytea,
  -- the step of thirty seconds whose code was taken last: it and those before it are never taken again
  totp_step bigint
);

create table recovery_codes (
  user_id text not null references users,
  -- HMAC under a key the database never sees
  mark bytea not null check (length(mark) = 32),
  used_at timestamptz,
  primary key (user_id, mark)
);

-- Those who run the house.
create table operators (
  user_id text primary key references users,
  accepted_at timestamptz
);

create table memberships (
  user_id text not null references users,
  merchant_id text not null references merchants,
  role text not null check (role in ('owner', 'staff', 'accountant', 'consultant')),
  -- of staff: {"calls": "read" or "write", ...}
  rights jsonb not null default '{}',
  consultant_id text references consultants,
  invited_at timestamptz not null,
  accepted_at timestamptz,
  primary key (user_id, merchant_id),
  check ((role = 'consultant') = (consultant_id is not null))
);
create index on memberships (merchant_id);

create table sign_in_links (
  id text primary key,
  user_id text not null references users,
  -- of an invitation: by whom; null: to run the house
  merchant_id text references merchants,
  kind text not null check (kind in ('invitation', 'reset')),
  -- null until it is sent
  token_hash bytea unique,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index on sign_in_links (user_id);

create table sessions (
  id text primary key,
  token_hash bytea not null unique,
  -- the token before it, for what was on its way when it changed
  old_token_hash bytea unique,
  old_token_until timestamptz,
  user_id text references users,
  -- of a consultant who came by short number and PIN
  consultant_id text references consultants,
  -- whom he acts for; of a consultant always his merchant
  merchant_id text references merchants,
  -- false: the password was right, and the second factor is waited for
  whole boolean not null,
  -- tries at the second factor left
  tries_left integer not null default 5,
  created_at timestamptz not null,
  last_seen_at timestamptz not null,
  expires_at timestamptz not null,
  idle_seconds integer not null,
  address text not null,
  user_agent text not null,
  stepped_up_until timestamptz,
  ended_at timestamptz,
  check ((user_id is null) <> (consultant_id is null)),
  check (consultant_id is null or merchant_id is not null)
);
create index on sessions (user_id, created_at) where user_id is not null;
create index on sessions (consultant_id) where consultant_id is not null;

create table audit_entries (
  position bigint generated always as identity primary key,
  merchant_id text references merchants,
  -- whose own affair it was, where it was no merchant's
  user_id text references users,
  at timestamptz not null,
  by_kind text not null check (by_kind in ('user', 'consultant', 'api_key', 'operator', 'terminal')),
  by_id text not null,
  by_name text,
  area text not null,
  -- the operation, as the API names it
  what text not null,
  subject text,
  -- names of the fields that were sent, or from what to what; never a secret
  fields jsonb not null default '[]',
  check (merchant_id is not null or user_id is not null)
);
create index on audit_entries (merchant_id, position);
create trigger append_only before update or delete or truncate on audit_entries
  for each statement execute function refuse_change();

-- How a merchant is called in links: his consultants sign in there.
alter table merchants add column slug text;
-- Forced row-level security holds for its owner too, and shows him no row.
alter table merchants no force row level security;
update merchants set slug = replace(substr(id, 5), '_', '-') where id like 'mer\\_%';
update merchants set slug = replace(id, '_', '-') where slug is null;
alter table merchants force row level security;
create function merchant_has_slug() returns trigger language plpgsql as $$
begin
  new.slug := coalesce(new.slug, lower(replace(regexp_replace(new.id, '^mer_', ''), '_', '-')));
  return new;
end $$;
create trigger slug before insert on merchants for each row execute function merchant_has_slug();
alter table merchants alter column slug set not null;
create unique index merchants_by_slug on merchants (slug);

-- A consultant whose PIN is another, or who is gone, is signed in nowhere.
create function end_consultant_sessions() returns trigger language plpgsql as $$
declare told bigint;
begin
  with ended as (update sessions set ended_at = last_seen_at
    where consultant_id = new.id and ended_at is null returning id)
  select count(pg_notify('ringmeter_session', id)) into told from ended;
  return null;
end $$;
create trigger signed_out after update of pin_mark, archived_at on consultants for each row
  when (new.pin_mark is distinct from old.pin_mark or new.archived_at is distinct from old.archived_at)
  execute function end_consultant_sessions();
`;

const me = `current_setting('ringmeter.user', true)`;
const merchant = `current_setting('ringmeter.merchant', true)`;
const policy = (table, name, condition, command = 'all') =>
  command === 'select'
    ? `create policy ${name} on ${table} for select using (${condition});`
    : `create policy ${name} on ${table} for ${command} using (${condition}) with check (${condition});`;

const separation = [
  ...[
    'users',
    'user_secrets',
    'recovery_codes',
    'operators',
    'memberships',
    'sign_in_links',
    'sessions',
    'audit_entries',
  ].map(
    (table) =>
      `alter table ${table} enable row level security; alter table ${table} force row level security;`,
  ),
  policy('users', 'own', `id = ${me}`),
  // What he sees of it is bounded by what he may see of memberships: his own.
  policy(
    'users',
    'merchant',
    `exists (select from memberships m where m.user_id = users.id and m.merchant_id = ${merchant})`,
    'select',
  ),
  policy('user_secrets', 'own', `user_id = ${me}`),
  policy('recovery_codes', 'own', `user_id = ${me}`),
  policy('operators', 'own', `user_id = ${me}`),
  policy('memberships', 'own', `user_id = ${me}`, 'select'),
  policy('memberships', 'merchant', `merchant_id = ${merchant}`),
  policy('sign_in_links', 'own', `user_id = ${me}`),
  policy('sessions', 'own', `user_id = ${me}`),
  policy('sessions', 'merchant', `user_id is null and merchant_id = ${merchant}`),
  policy('audit_entries', 'merchant', `merchant_id = ${merchant}`),
  policy('audit_entries', 'own', `merchant_id is null and user_id = ${me}`),
  ...['users', 'sign_in_links', 'sessions'].map(
    (table) => `create policy finder on ${table} for select to ringmeter_finder using (true);
      grant select on ${table} to ringmeter_finder;`,
  ),
  `grant select, insert, update on users, user_secrets, operators, sign_in_links, sessions to ringmeter_app;
   grant select, insert, update, delete on memberships, recovery_codes to ringmeter_app;
   grant delete on sign_in_links, sessions to ringmeter_app;
   grant select, insert on audit_entries to ringmeter_app;`,
].join('\n');

const finders = {
  'user_of_email(address text) returns text': 'select id from users where email_key = address',
  'session_of_token(hash bytea) returns table (id text, user_id text, merchant_id text)': `select id, user_id, merchant_id
     from sessions where ended_at is null and (token_hash = hash or old_token_hash = hash)`,
  'link_of_token(hash bytea) returns table (id text, user_id text, merchant_id text)':
    'select id, user_id, merchant_id from sign_in_links where token_hash = hash',
  'merchant_of_slug(wanted text) returns text': 'select id from merchants where slug = wanted',
  'all_merchants() returns table (merchant_id text)': 'select id from merchants order by id limit 1000',
  'api_key_of(hash bytea) returns table (id text, merchant_id text)':
    'select id, merchant_id from api_keys where key_hash = hash and revoked_at is null',
};

const findingWho = [
  'grant create on schema public to ringmeter_finder;',
  ...Object.entries(finders).map(([head, body]) => {
    const [name, given] = /^(\w+)\((.*?)\)/.exec(head).slice(1);
    const signature = `${name}(${given.replace(/\w+ (\w+)/g, '$1')})`;
    return `create function ${head} language sql stable security definer set search_path = public as $$ ${body} $$;
      alter function ${signature} owner to ringmeter_finder;
      revoke all on function ${signature} from public;
      grant execute on function ${signature} to ringmeter_app;`;
  }),
  'revoke create on schema public from ringmeter_finder;',
].join('\n');

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  for (const sql of [tables, separation, findingWho]) await knex.raw(sql.replaceAll('?', '\\?'));
}

export async function down() {
  throw new Error('Who may come in and what was done is not forgotten: restore a backup.');
}
