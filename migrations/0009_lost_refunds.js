// A refund nobody knows the fate of, and what a person wants done about it: the gateway looks for it first.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(/* sql */ `
    alter table refunds
      -- where the processor has none of it: made anew by another key, or given up
      add column otherwise text check (otherwise in ('again', 'give_up')),
      add check (otherwise is null or parked_at is not null);
  `);
}

export async function down() {
  throw new Error('Money is not undone: restore a backup.');
}
