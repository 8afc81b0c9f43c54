// A consultant who goes on a break while his phone rings: whoever commands the switch is told. And a missed call that sets him
// away counts also where nobody listened as he hung up.

const work = /* sql */ `
alter table switch_work drop constraint switch_work_kind_check;
alter table switch_work add constraint switch_work_kind_check check (kind in ('begin', 'hang_up', 'refresh', 'withdraw'));

-- By the switch's record of the leg: its caller hung up before anybody answered. Null: no record has come.
alter table service_calls add column missed boolean;

-- Thousands of them are read in pages.
create index consultants_by_name on consultants (merchant_id, name, id) where archived_at is null;

-- Who it truly was, beside whose hand: an operator may act for a merchant. Null: the house itself, or before this was asked.
alter table settings_changes
  add column by_kind text check (by_kind in ('user', 'consultant', 'api_key', 'operator', 'terminal')),
  add column by_id text,
  add column by_name text,
  add constraint settings_changes_actor_check check ((by_kind is null) = (by_id is null));
`;

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(work);
}

export async function down() {
  throw new Error('What was rung and left alone is not forgotten: restore a backup.');
}
