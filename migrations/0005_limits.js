// Limits against abuse, numbers that are never called again, and the switch that stops calls.
//
// Counts and numbers span merchants (a stranger's phone must not be rung twenty times by twenty of them), so their tables
// belong to nobody. They hold nobody's facts: a subject is an HMAC under a key the database never sees, and says neither
// what was counted nor for whom.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(/* sql */ `
    create table abuse_counts (
      -- HMAC of the rule, its scope and whom it counts
      subject bytea primary key check (length(subject) = 32),
      -- core/abuse-limits: [slot, count] pairs, oldest first
      counted jsonb not null default '[]',
      -- after this nothing in it counts any more
      stale_at timestamptz not null
    );
    create index on abuse_counts (stale_at);

    create table never_call_numbers (
      -- HMAC of the number in E.164
      number bytea primary key check (length(number) = 32),
      since timestamptz not null,
      wished_by text not null check (wished_by in ('key', 'page')),
      -- HMAC of the order on whose page it was wished: only there it may be undone
      order_mark bytea not null check (length(order_mark) = 32),
      lifted_at timestamptz,
      lifted_because text
    );

    -- One row at most: every merchant's calls.
    create table house_stop (
      whole_house boolean primary key default true check (whole_house),
      since timestamptz,
      because text
    );
    alter table merchants add column calls_stopped_at timestamptz, add column calls_stopped_because text,
      -- core/abuse-limits: numbers of his own where the usual ones do not fit him
      add column abuse_limits jsonb not null default '{}';

    -- Who orders, as HMACs: which unpaid orders are of the same visitor, which of the same address.
    alter table orders add column visitor_mark bytea, add column address_mark bytea;

    -- What a merchant has under way, and orders nobody has paid yet: counted at every order.
    create index on call_sessions (merchant_id)
      where state in ('awaiting_payment', 'ringing_consultant', 'ringing_caller', 'connected');
    create index on payments (merchant_id, order_id) where state = 'awaiting_card';

    grant select, insert, update, delete on abuse_counts to ringmeter_app;
    grant select, insert, update on never_call_numbers, house_stop to ringmeter_app;

    -- Why this number may not be rung for the merchant of this transaction; null: it may. The shared lock is what makes a
    -- stop complete: whoever stops calls waits for those who read before him, and finds what they wrote. Volatile, so that
    -- each statement sees what was committed before it, whatever the lock had to wait for.
    create function why_not_ring(number_mark bytea) returns text
      language plpgsql volatile set search_path = public as $$
    begin
      perform pg_advisory_xact_lock_shared(hashtext('ringmeter.stop_calls'));
      if exists (select from house_stop where since is not null)
        or exists (select from merchants
          where id = current_setting('ringmeter.merchant', true) and calls_stopped_at is not null)
      then return 'calls_stopped'; end if;
      if exists (select from never_call_numbers where number = number_mark and lifted_at is null)
      then return 'number_never_again'; end if;
      return null;
    end $$;
    revoke all on function why_not_ring(bytea) from public;
    grant execute on function why_not_ring(bytea) to ringmeter_app;

    grant create on schema public to ringmeter_finder;
    create function sessions_to_stop(of_merchant text, also_talks boolean)
      returns table (merchant_id text, call_session_id text)
      language sql stable security definer set search_path = public
      as $$ select merchant_id, id from call_sessions
            where (state in ('ringing_consultant', 'ringing_caller') or (also_talks and state = 'connected'))
              and (of_merchant is null or merchant_id = of_merchant) $$;
    alter function sessions_to_stop(text, boolean) owner to ringmeter_finder;
    revoke all on function sessions_to_stop(text, boolean) from public;
    grant execute on function sessions_to_stop(text, boolean) to ringmeter_app;
    revoke create on schema public from ringmeter_finder;
  `);
}

export async function down() {
  throw new Error('What people wished is not forgotten again: restore a backup.');
}
