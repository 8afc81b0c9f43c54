// On whose account a charge is made, and what part of it is ours, as it was when the order was made. Read from the merchant's
// row at every request, a change of his would send another body under a key that was used, and a refund to an account that
// has no such charge.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(/* sql */ `
    alter table payments
      -- the merchant's connected account; null: the platform's own
      add column processor_account text,
      add column application_fee_rate numeric(6,5) check (application_fee_rate >= 0 and application_fee_rate < 1);
    -- the owner too sees no rows without naming a merchant, unless told so
    alter table payments no force row level security;
    alter table merchants no force row level security;
    update payments p set processor_account = m.processor_account, application_fee_rate = m.application_fee_rate
      from merchants m where m.id = p.merchant_id;
    alter table payments force row level security;
    alter table merchants force row level security;
    -- without a default: a payment whose terms nobody kept cannot be written
    alter table payments alter column application_fee_rate set not null;
  `);
}

export async function down() {
  throw new Error('Money is not undone: restore a backup.');
}
