// A consultant at a SIP address: it rings before his numbers, or in their place.

const addresses = /* sql */ `
alter table consultants
  -- sip:user@host[:port] as core/sip-address makes it: nothing the switch's dial strings have a meaning for
  add column sip text check (sip ~ '^sip:[A-Za-z0-9+][A-Za-z0-9+._-]{0,63}@[a-z0-9][a-z0-9.-]{0,252}(:[1-9][0-9]{0,4})?$'),
  alter column number drop not null,
  add constraint consultants_rung_somewhere check (num_nonnulls(number, sip) > 0),
  add constraint consultants_numbers_in_order check (number is not null or more_numbers = '{}');
`;

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(addresses.replaceAll('?', '\\?'));
}

export async function down() {
  throw new Error(
    'Consultants without a number cannot be kept without their SIP addresses: restore a backup.',
  );
}
