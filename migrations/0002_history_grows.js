// What is asked at every step of a call, every second or every page must cost the same after ten million calls as after ten.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(/* sql */ `
    -- read whenever a payment is locked: several times a call
    create index on processor_operations (authorization_id, created_at);
    -- the sweep that settles what was forgotten: only what is not settled yet is in these
    create index on call_sessions (ended_at) where state = 'ended';
    create index on payments (order_id) where state in ('authorized', 'capturing', 'voiding');
    -- freed at the end of every call
    create index on consultants (claimed_by) where claimed_by is not null;
    create index on line_consultants (consultant_id);
    -- the merchant's own pages
    create index on ledger_transactions (merchant_id, position);
    create index on ledger_transactions (order_id);
    create index on orders (merchant_id, reference, created_at desc) where reference is not null;
    create index on availability_requests (line_id) where told_at is null;

    -- Oldest first: where many cannot be settled for now, the sweep must not meet the same ones for ever by chance.
    create or replace function unsettled_orders(ended_before timestamptz)
      returns table (merchant_id text, order_id text)
      language sql stable security definer set search_path = public
      as $$ (select merchant_id, order_id from call_sessions where state = 'ended' and ended_at < ended_before
              order by ended_at limit 1000)
            union all
            (select o.merchant_id, o.id from payments p join orders o on p.order_id = o.id
              where o.kind = 'fixed_sale' and p.state in ('authorized', 'capturing', 'voiding')
                and o.created_at < ended_before
              limit 1000) $$;

    -- Work stays until its call's first written step: with a limit of 200, two hundred ringing phones would keep every
    -- call after them waiting.
    create or replace function work_of_switch(switch text)
      returns table (id bigint, merchant_id text, call_session_id text, kind text)
      language sql stable security definer set search_path = public
      as $$ select id, merchant_id, call_session_id, kind from switch_work where switch_id = switch order by id $$;

    -- Granted with all tables by the first migration; only the owner migrates.
    revoke insert, update on knex_migrations, knex_migrations_lock from ringmeter_app;
  `);
}

export async function down() {
  throw new Error('Indexes are not taken away again: restore a backup.');
}
