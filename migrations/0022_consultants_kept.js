// Consultants as their merchant keeps them: what a page shows of them, what they earn, which version of their settings
// somebody looked at when he changed them.

const tables = /* sql */ `
alter table consultants
  -- of the price without VAT; null: the house does not reckon what he earns
  add column share numeric(5,4) check (share between 0 and 1),
  -- a call from his own number that he hangs up unanswered puts him on a break, or back
  add column missed_call_toggles boolean not null default false,
  -- counts the changes of his settings: who changes them says which he has read
  add column version integer not null default 1,
  -- the request that made him: a repeat of it finds him
  add column request_key text;
create unique index consultants_by_request on consultants (merchant_id, request_key);

alter table consultant_groups
  add column version integer not null default 1,
  add column request_key text;
create unique index groups_by_request on consultant_groups (merchant_id, request_key);

create table consultant_photos (
  consultant_id text primary key references consultants,
  merchant_id text not null references merchants,
  -- names these bytes for ever in links: another photo has another
  token text not null unique check (token ~ '^[A-Za-z0-9_-]{16,64}$'),
  media_type text not null check (media_type in ('image/png', 'image/jpeg', 'image/webp')),
  bytes bytea not null check (length(bytes) between 1 and 524288),
  at timestamptz not null
);
alter table consultant_photos enable row level security;
alter table consultant_photos force row level security;
create policy merchant on consultant_photos
  using (merchant_id = current_setting('ringmeter.merchant', true))
  with check (merchant_id = current_setting('ringmeter.merchant', true));
create policy finder on consultant_photos for select to ringmeter_finder using (true);
grant select on consultant_photos to ringmeter_finder;
grant select, insert, update, delete on consultant_photos to ringmeter_app;

-- a day of one consultant: whom he was rung for
create index legs_of_consultant on legs (consultant_id, created_at) where consultant_id is not null;

alter table settings_changes
  drop constraint settings_changes_setting_check,
  add constraint settings_changes_setting_check
    check (setting in ('line', 'ddi', 'merchant_server', 'consultant', 'group')),
  drop constraint settings_changes_by_check,
  add constraint settings_changes_by_check check (by in ('merchant', 'operator', 'consultant'));
-- what his share was when he talked
create index settings_changes_of_consultant on settings_changes (merchant_id, of, at) where setting = 'consultant';
`;

const finders = /* sql */ `
grant create on schema public to ringmeter_finder;
create function merchant_of_photo(wanted text) returns table (merchant_id text)
  language sql stable security definer set search_path = public
  as $$ select merchant_id from consultant_photos where token = wanted $$;
alter function merchant_of_photo(text) owner to ringmeter_finder;
revoke all on function merchant_of_photo(text) from public;
grant execute on function merchant_of_photo(text) to ringmeter_app;
revoke create on schema public from ringmeter_finder;
`;

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(tables.replaceAll('?', '\\?'));
  await knex.raw(finders);
}

export async function down() {
  throw new Error('Photos and shares are not taken back: restore a backup.');
}
