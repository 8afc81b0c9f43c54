// Consultants as they are called: their phones in order of preference, the misses that pause them, the groups they stand in.
// And what their merchant hears of them: a notice may be about a consultant instead of an order.

const notices = /* sql */ `
alter table consultants
  -- how many notices were about him: the next one's sequence
  add column notices integer not null default 0;

alter table notices
  alter column order_id drop not null,
  add column consultant_id text references consultants,
  add unique (consultant_id, sequence),
  add constraint notices_about_check check (num_nonnulls(order_id, consultant_id) = 1),
  add constraint notices_call_check check (call_session_id is null or order_id is not null);
`;

/** Nine is nine by the clock of the merchant's zone: with another zone it is another instant. */
const zones = /* sql */ `
create function look_at_hours_again() returns trigger language plpgsql as $$
begin
  update consultants set due_at = '-infinity' where merchant_id = new.id and schedule is not null;
  return null;
end $$;
create trigger hours_of_another_zone after update on merchants
  for each row when (new.time_zone is distinct from old.time_zone) execute function look_at_hours_again();
`;

const phones = /* sql */ `
create function are_numbers(numbers text[]) returns boolean language sql immutable
  as $$ select coalesce(bool_and(n ~ '^\\+[1-9][0-9]{4,14}$'), true) from unnest(numbers) n $$;

alter table consultants
  -- rung one after the other where the one before cannot be reached; the first of all is number
  add column more_numbers text[] not null default '{}' check (cardinality(more_numbers) <= 4 and are_numbers(more_numbers)),
  -- how long his phone rings; null: as long as the line says
  add column ring_seconds integer check (ring_seconds between 5 and 120),
  -- so many calls in a row that he left unanswered, or refused, pause him; 0: never
  add column miss_limit_unanswered integer not null default 3 check (miss_limit_unanswered between 0 and 100),
  add column miss_limit_refused integer not null default 5 check (miss_limit_refused between 0 and 100);
`;

const groups = /* sql */ `
create table consultant_groups (
  id text primary key,
  merchant_id text not null references merchants,
  name text not null check (char_length(name) between 1 and 80),
  short_number text check (short_number ~ '^[0-9]{2,8}$'),
  -- longest_idle: one after the other, beginning with who has waited longest since his last talk
  strategy text not null check (strategy in ('all', 'in_turn', 'cumulative', 'longest_idle')),
  -- cumulative: so long after the one before the next one rings too
  step_seconds integer not null default 15 check (step_seconds between 3 and 120),
  created_at timestamptz not null default now(),
  unique (merchant_id, short_number)
);
create index on consultant_groups (merchant_id);

create table group_members (
  merchant_id text not null references merchants,
  group_id text not null references consultant_groups on delete cascade,
  consultant_id text not null references consultants,
  -- the better qualified are rung before all others; 9 is best
  qualification integer not null default 1 check (qualification between 1 and 9),
  position integer not null,
  primary key (group_id, consultant_id)
);
create index on group_members (consultant_id);
create index on line_consultants (consultant_id);
-- a line is served by a group, or by its own list
alter table lines add column group_id text references consultant_groups;
create index on lines (group_id) where group_id is not null;

-- Who may be rung for a line, in the order they are. Who is gone was taken off all of them, and is never reachable.
create view line_members with (security_invoker = true) as
  select lc.merchant_id, lc.line_id, lc.consultant_id, lc.position::bigint as position
  from line_consultants lc join lines l on l.id = lc.line_id where l.group_id is null
  union all
  select l.merchant_id, l.id, m.consultant_id, row_number() over (partition by l.id order by m.qualification desc,
    case when g.strategy = 'longest_idle' then c.last_talked_at end nulls first, m.position, m.consultant_id)
  from lines l join consultant_groups g on g.id = l.group_id join group_members m on m.group_id = g.id
    join consultants c on c.id = m.consultant_id;
`;

const separation = ['consultant_groups', 'group_members']
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

/** Asked once a statement and not once a row: a line may have consultants by the thousand. */
const askedOnce = ['consultants', 'line_consultants', 'group_members']
  .map(
    (table) => /* sql */ `
alter policy merchant on ${table}
  using (merchant_id = (select current_setting('ringmeter.merchant', true)))
  with check (merchant_id = (select current_setting('ringmeter.merchant', true)));`,
  )
  .join('\n');

const finders = /* sql */ `
grant select on line_members to ringmeter_app, ringmeter_finder;
grant create on schema public to ringmeter_finder;
create or replace function lines_to_tell(at timestamptz) returns table (merchant_id text, line_id text)
  language sql stable security definer set search_path = public
  as $$ select distinct r.merchant_id, r.line_id from availability_requests r
        join line_members lm on lm.line_id = r.line_id join consultants c on c.id = lm.consultant_id
        where r.told_at is null and consultant_is_reachable(c, at, null) $$;
revoke create on schema public from ringmeter_finder;
`;

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(notices);
  await knex.raw(zones);
  await knex.raw(phones.replaceAll('?', '\\?'));
  await knex.raw(groups);
  await knex.raw(separation);
  await knex.raw(askedOnce);
  await knex.raw(finders);
}

export async function down() {
  throw new Error('What merchants were told of their consultants is not taken back: restore a backup.');
}
