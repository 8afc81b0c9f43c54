// The processor's list of disputes is looked at once an hour, on every account a charge of ours was made on.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(/* sql */ `
    insert into house_turns (name) values ('disputes');
    create index payments_account on payments (processor_account) where processor_account is not null;
    create index disputes_undecided on disputes (created_at) where state not in ('won', 'lost');

    grant create on schema public to ringmeter_finder;

    -- Each account once, by as many steps in the index as there are accounts: a merchant may have moved to another since.
    create function accounts_charged() returns table (id text)
      language sql stable security definer set search_path = public
      as $$ with recursive one as (
              (select processor_account as id from payments where processor_account is not null order by 1 limit 1)
              union all
              select (select p.processor_account from payments p where p.processor_account > one.id order by 1 limit 1)
              from one where one.id is not null)
            select id from one where id is not null $$;

    -- What the bank has not decided by now: that it has may be what was never told.
    create function undecided_disputes(opened_after timestamptz)
      returns table (merchant_id text, payment_id text, id text)
      language sql stable security definer set search_path = public
      as $$ select d.merchant_id, a.payment_id, d.processor_id from disputes d
              join authorizations a on a.id = d.authorization_id
            where d.state not in ('won', 'lost') and d.created_at > opened_after
            order by d.created_at limit 1000 $$;
  `);
  for (const name of ['accounts_charged()', 'undecided_disputes(timestamptz)']) {
    await knex.raw(`
      alter function ${name} owner to ringmeter_finder;
      revoke all on function ${name} from public;
      grant execute on function ${name} to ringmeter_app;`);
  }
  await knex.raw('revoke create on schema public from ringmeter_finder');
}

export async function down() {
  throw new Error('Money is not undone: restore a backup.');
}
