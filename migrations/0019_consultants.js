// Consultants as people who work: what each has said of himself, the hours he keeps, the calls he missed, and when he has
// written down what he had to. Whether he may be rung is core/consultant `reachable`; the same rule stands here as a
// condition, so that a claim is one statement.

const tables = /* sql */ `
alter table consultants
  -- a break's reason, as he or his merchant wrote it
  add column setting_reason text check (char_length(setting_reason) <= 80),
  -- his setting holds until then; of available: he works until then whatever his hours say
  add column back_at timestamptz,
  add column setting_at timestamptz,
  add column paused_at timestamptz,
  add column misses_unanswered integer not null default 0,
  add column misses_refused integer not null default 0,
  -- core/schedule Schedule, on the clock of the merchant's zone; null: he has no hours
  add column schedule jsonb,
  -- the shift under way, or the next; both null with a schedule: none ahead
  add column hours_from timestamptz,
  add column hours_to timestamptz,
  -- when his state changes next by the clock alone: hours begin or end, he is back, he has written down what he had to
  add column due_at timestamptz,
  -- his state as his merchant was last told it; calls that come and go are not told
  add column told text not null default 'at_work' check (told in ('at_work', 'away', 'break', 'paused', 'off_hours')),
  add column wrap_up_seconds integer not null default 0 check (wrap_up_seconds between 0 and 3600),
  add column wrap_up_until timestamptz,
  -- short number and PIN: how he says who he is on the telephone
  add column short_number text check (short_number ~ '^[0-9]{2,8}$'),
  add column pin_mark bytea,
  add column languages text[] not null default '{}',
  -- rung when he has not answered after so long
  add column fallback_number text check (fallback_number ~ '^\\+[1-9][0-9]{4,14}$'),
  add column fallback_after_seconds integer check (fallback_after_seconds between 3 and 60),
  -- gone: kept for the calls he took
  add column archived_at timestamptz,
  add check ((hours_from is null) = (hours_to is null)),
  add check ((fallback_number is null) = (fallback_after_seconds is null));
create unique index consultants_by_short_number on consultants (merchant_id, short_number) where archived_at is null;
create index consultants_due on consultants (due_at) where archived_at is null and due_at is not null;
update consultants set told = setting where setting <> 'available';

-- core/consultant reachable, as far as yes or no: held to it by test/store/consultants.test.ts
create function consultant_is_reachable(c consultants, at timestamptz, session text) returns boolean
  language sql immutable
  as $$ select c.archived_at is null
    and (c.setting = 'available' or coalesce(c.back_at <= at, false))
    and c.paused_at is null
    and ((c.setting = 'available' and coalesce(c.back_at > at, false))
      or c.schedule is null or coalesce(c.hours_from <= at and c.hours_to > at, false))
    and (c.claimed_by is null or coalesce(c.claimed_by = session, false)
      or (c.claim = 'soft' and c.claimed_until <= at))
    and (c.wrap_up_until is null or c.wrap_up_until <= at or coalesce(c.claimed_by = session, false)) $$;
`;

const finders = /* sql */ `
grant create on schema public to ringmeter_finder;
create function consultants_due(at timestamptz) returns table (merchant_id text, consultant_id text, due_at timestamptz)
  language sql stable security definer set search_path = public
  as $$ select merchant_id, id, due_at from consultants
        where archived_at is null and due_at is not null and due_at <= at order by due_at limit 500 $$;
alter function consultants_due(timestamptz) owner to ringmeter_finder;
revoke all on function consultants_due(timestamptz) from public;
grant execute on function consultants_due(timestamptz) to ringmeter_app;
revoke create on schema public from ringmeter_finder;
`;

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(tables.replaceAll('?', '\\?'));
  await knex.raw(finders);
}

export async function down() {
  throw new Error('What consultants have said of themselves is not taken back: restore a backup.');
}
