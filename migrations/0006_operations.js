// What the people who run the house need: what wants a person, what holds and what does not, who repaired what and why.
//
// attention and violated_invariants look at every merchant's rows; like all finders they answer ids and instants, never what
// the rows say. The queue's functions belong to the queue's own role, whose tables only it may read.

const tables = /* sql */ `
-- A merchant who was away is tried out of turn: that the schedule waits meanwhile is what scheduled_at remembers.
alter table notices
  add column tried_at timestamptz,
  add column scheduled_at timestamptz;
`;

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(tables);
}

export async function down() {
  throw new Error('What operators did is not forgotten again: restore a backup.');
}
