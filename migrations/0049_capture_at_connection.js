// When a price that does not grow with the talk is taken: at its end, or as soon as both are joined. Each order keeps in the plan of
// its call what its line said when it was made.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(`
    alter table lines
      add column capture text not null default 'at_end' check (capture in ('at_end', 'at_connection')),
      add constraint lines_capture_check1 check (capture = 'at_end' or sells = 'conversation');
  `);
}

export async function down() {
  throw new Error('What was taken at connection stays taken: restore a backup.');
}
