// Consultants as they are called, and what their merchant hears of them: a notice may be about a consultant instead of an
// order.

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

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(notices);
  await knex.raw(zones);
}

export async function down() {
  throw new Error('What merchants were told of their consultants is not taken back: restore a backup.');
}
