// What must always hold of accounts kept here: a balance is the sum of its movements, what is kept back is what calls under
// way keep back, nothing stays kept back for a call that is over, and credit that was paid for is there once.

const accounts = /* sql */ `
create index on client_movements (at);

grant create on schema public to ringmeter_finder;

create function violated_accounts(since timestamptz, at timestamptz)
  returns table (name text, merchant_id text, id text, order_id text)
  language sql stable security definer set search_path = public as $$
    with touched as (
      select c.id, c.merchant_id, c.balance, c.reserved from clients c
      where c.reserved <> 0
        or c.id in (select m.client_id from client_movements m where m.at >= since)
        or c.id in (select r.client_id from client_reservations r where r.released_at is null)
        -- what was wrong is looked at until it is right
        or c.id in (select v.id from invariant_violations v where v.gone_at is null))
    select 'account_unlike_movements', t.merchant_id, t.id, null::text from touched t
      where t.balance <> (select coalesce(sum(m.amount), 0) from client_movements m where m.client_id = t.id)
    union all
    select 'account_unlike_reservations', t.merchant_id, t.id, null from touched t
      where t.reserved <> (select coalesce(sum(r.amount), 0) from client_reservations r
        where r.client_id = t.id and r.released_at is null)
    union all
    select 'reservation_left_over', r.merchant_id, s.id, s.order_id
      from client_reservations r join call_sessions s on s.id = r.call_session_id
      where r.released_at is null and s.state in ('ended', 'settled') and s.ended_at < at - interval '1 minute'
    union all
    select 'captured_without_credit', p.merchant_id, p.order_id, p.order_id
      from payments p join orders o on o.id = p.order_id
      where o.kind = 'top_up' and p.state = 'captured' and p.settled_at >= since
        and p.captured is distinct from (select sum(m.amount) from client_movements m
          where m.merchant_id = p.merchant_id and m.request_key = p.order_id)
  $$;

alter function violated_accounts(timestamptz, timestamptz) owner to ringmeter_finder;
revoke all on function violated_accounts(timestamptz, timestamptz) from public;
grant execute on function violated_accounts(timestamptz, timestamptz) to ringmeter_app;
revoke create on schema public from ringmeter_finder;

-- Whoever asks what must hold is answered for accounts too.
do $do$
declare
  before text := pg_get_functiondef('violated_invariants(timestamptz, timestamptz)'::regprocedure);
  after text := regexp_replace(before, 'end\\s*;?\\s*(\\$function\\$\\s*)$',
    E'  return query select * from violated_accounts(since, at);\\nend \\\\1');
begin
  if after = before then raise exception 'violated_invariants does not end as it did'; end if;
  execute after;
end $do$;
`;

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(accounts.replaceAll('?', '\\?'));
}

export async function down() {
  throw new Error('What must hold is not unlearned: restore a backup.');
}
