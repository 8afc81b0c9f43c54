// What a merchant composes: scenarios with their draft and their published versions, the sounds they play, the numbers they may
// forward to. And a number people dial may lead to a scenario.

const tables = /* sql */ `
create table scenarios (
  id text primary key,
  merchant_id text not null references merchants,
  -- its name in other scenarios and at numbers; free again once it is archived
  slug text not null check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name text not null check (char_length(name) between 1 and 80),
  -- core/scenario Scenario: what is being composed, its blocks in the order they were written
  draft json not null,
  -- the published version calls begin in; null: none was published yet
  live integer,
  archived_at timestamptz,
  -- counts its changes: who changes it says which he has read
  version integer not null default 1,
  -- the request that made it: a repeat of it finds it
  request_key text,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  check (archived_at is null or live is null)
);
create unique index scenarios_by_slug on scenarios (merchant_id, slug) where archived_at is null;
create unique index scenarios_by_request on scenarios (merchant_id, request_key);

create table scenario_versions (
  merchant_id text not null references merchants,
  scenario_id text not null references scenarios,
  number integer not null check (number > 0),
  graph jsonb not null,
  note text check (char_length(note) between 1 and 300),
  published_at timestamptz not null,
  -- {"kind": ..., "id": ..., "name": ...}; null: nobody we know
  published_by jsonb,
  primary key (scenario_id, number)
);
create index on scenario_versions (merchant_id);
alter table scenarios add foreign key (id, live) references scenario_versions (scenario_id, number);
-- Calls finish in the version they began in.
create trigger append_only before update or delete or truncate on scenario_versions
  for each statement execute function refuse_change();

create table sounds (
  merchant_id text not null references merchants,
  slug text not null check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name text not null check (char_length(name) between 1 and 80),
  version integer not null default 1,
  created_at timestamptz not null,
  primary key (merchant_id, slug)
);

create table sound_recordings (
  merchant_id text not null,
  slug text not null,
  language text not null check (language in ('fr', 'en')),
  digest text not null,
  -- what it says: that it was made from, or where anybody knows
  words text check (char_length(words) between 1 and 1000),
  made_from text not null check (made_from in ('file', 'text')),
  at timestamptz not null,
  primary key (merchant_id, slug, language),
  foreign key (merchant_id, slug) references sounds on delete cascade,
  foreign key (merchant_id, digest) references recordings,
  check (made_from = 'file' or words is not null)
);
create index on sound_recordings (merchant_id, digest);

-- Where a scenario may put a call through to, beside consultants: what a merchant pays for, and strangers would like to reach.
create table forward_numbers (
  merchant_id text not null references merchants,
  number text not null check (number ~ '^\\+[1-9][0-9]{4,14}$'),
  label text not null check (char_length(label) between 1 and 80),
  -- an operator has seen that it is the merchant's to forward to
  confirmed_at timestamptz,
  confirmed_by text check (char_length(confirmed_by) between 1 and 80),
  created_at timestamptz not null,
  primary key (merchant_id, number),
  check ((confirmed_at is null) = (confirmed_by is null))
);

alter table ddis
  add column scenario_id text references scenarios,
  drop constraint ddis_kind_check,
  add constraint ddis_kind_check check (kind in ('line', 'service', 'scenario')),
  add constraint ddis_scenario_check check ((kind = 'scenario') = (scenario_id is not null));
create index on ddis (scenario_id) where scenario_id is not null;

alter table settings_changes
  drop constraint settings_changes_setting_check,
  add constraint settings_changes_setting_check check (setting in ('line', 'ddi', 'merchant_server', 'consultant', 'group',
    'access_resource', 'scenario', 'sound', 'forward_number'));
`;

const separation = ['scenarios', 'scenario_versions', 'sounds', 'sound_recordings', 'forward_numbers']
  .map(
    (table) => /* sql */ `
alter table ${table} enable row level security;
alter table ${table} force row level security;
create policy merchant on ${table}
  using (merchant_id = (select current_setting('ringmeter.merchant', true)))
  with check (merchant_id = (select current_setting('ringmeter.merchant', true)));
create policy finder on ${table} for select to ringmeter_finder using (true);
grant select on ${table} to ringmeter_finder;
grant select, insert on ${table} to ringmeter_app;`,
  )
  .join('\n');

const rights = /* sql */ `
grant update on scenarios, sounds, sound_recordings, forward_numbers to ringmeter_app;
grant delete on sounds, sound_recordings, forward_numbers to ringmeter_app;
`;

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(tables.replaceAll('?', '\\?'));
  await knex.raw(separation);
  await knex.raw(rights);
}

export async function down() {
  throw new Error('Calls run in published versions: restore a backup.');
}
