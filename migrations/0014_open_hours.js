// When a line is open, who is rung outside its hours, and who when nobody takes the call.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(/* sql */ `
    alter table lines
      -- core/schedule Schedule; nothing in it is always open
      add column schedule jsonb not null default '{}',
      -- the consultants of that line are rung instead; null: callers are told the hours are over
      add column outside_line_id text references lines,
      -- the consultants of that line are rung after its own, when nobody has taken it
      add column overflow_line_id text references lines;
  `);
}

export async function down() {
  throw new Error('Hours that callers were told are not forgotten: restore a backup.');
}
