// What a merchant sets himself: lines, the numbers people dial, his own server. Each change is kept with its instant, and
// what can never work cannot be written down.

const tables = /* sql */ `
-- Lines written before were not asked: what stands stands, what is written from now on holds.
alter table lines
  add constraint lines_outside_check check (outside_line_id <> id) not valid,
  add constraint lines_overflow_check check (overflow_line_id <> id) not valid;

-- A signing secret that was replaced signs beside its successor for a while: nobody's server changes in the same moment.
alter table merchants
  add column server_old_secret_sealed bytea,
  add column server_old_secret_until timestamptz;
alter table ddis
  add column server_old_secret_sealed bytea,
  add column server_old_secret_until timestamptz;

create table settings_changes (
  position bigint generated always as identity primary key,
  merchant_id text not null references merchants,
  at timestamptz not null,
  by text not null check (by in ('merchant', 'operator')),
  setting text not null check (setting in ('line', 'ddi', 'merchant_server')),
  -- the line's slug, the number; of his one server nothing
  of text,
  -- {"field": {"from": ..., "to": ...}}; of a secret or password only whether there is one
  changes jsonb not null
);
create index on settings_changes (merchant_id, position);
create trigger append_only before update or delete or truncate on settings_changes
  for each statement execute function refuse_change();

alter table settings_changes enable row level security;
alter table settings_changes force row level security;
create policy merchant on settings_changes
  using (merchant_id = current_setting('ringmeter.merchant', true))
  with check (merchant_id = current_setting('ringmeter.merchant', true));
create policy finder on settings_changes for select to ringmeter_finder using (true);
grant select on settings_changes to ringmeter_finder;
grant select, insert on settings_changes to ringmeter_app;
grant delete on line_consultants to ringmeter_app;
`;

/** Whose a number is, switched on or off: who gives numbers away asks, a call never does. */
const finders = /* sql */ `
grant create on schema public to ringmeter_finder;
create function holder_of_ddi(wanted text) returns table (merchant_id text, ddi_id text)
  language sql stable security definer set search_path = public
  as $$ select merchant_id, id from ddis where number = wanted $$;
alter function holder_of_ddi(text) owner to ringmeter_finder;
revoke all on function holder_of_ddi(text) from public;
grant execute on function holder_of_ddi(text) to ringmeter_app;
revoke create on schema public from ringmeter_finder;
`;

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(tables);
  await knex.raw(finders);
}

export async function down() {
  throw new Error('What was changed and when is not forgotten: restore a backup.');
}
