// What follows a paid talk: a line names the scenario its callers go on in when they have talked and are still there.

const tables = /* sql */ `
alter table lines
  add column after_scenario_id text references scenarios,
  add constraint lines_after_check check (after_scenario_id is null or sells = 'conversation');
create index on lines (after_scenario_id) where after_scenario_id is not null;

alter table scenario_runs
  -- the paid talk it follows; null: its caller dialled a number. A talk is followed once
  add column after_session_id text references call_sessions unique;
`;

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(tables.replaceAll('?', '\\?'));
}

export async function down() {
  throw new Error('Calls that followed a talk are not taken back: restore a backup.');
}
