// How many messages nobody has listened to stands beside the way to them on every page: it is counted often, and most are heard.

const index = /* sql */ `
create index voicemails_unheard on voicemails (merchant_id) where listened_at is null;
`;

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(index);
}

export async function down() {
  throw new Error('An older house counts without it: restore a backup.');
}
