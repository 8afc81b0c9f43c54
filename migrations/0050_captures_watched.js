// What must hold of money that is taken of a conversation, now that it may be taken before its end: looked at as everything else
// that must hold (0006), of each order that is not over or was settled since.

const finder = /* sql */ `
create function violated_captures(since timestamptz, at timestamptz)
  returns table (name text, merchant_id text, id text, order_id text)
  language plpgsql stable security definer set search_path = public
  set random_page_cost = 1.1 as $$
#variable_conflict use_column
declare
  touched text[];
begin
  select coalesce(array_agg(t.id), '{}') into touched from (
    select p.order_id as id from payments p where p.state in ('awaiting_card', 'authorized', 'capturing', 'voiding')
    union select p.order_id from payments p where p.settled_at >= since
    union select v.order_id from invariant_violations v where v.gone_at is null and v.order_id is not null) t;

  return query
    select c.name, c.merchant_id, c.id, c.order_id from (
      select s.merchant_id, s.id, s.order_id, case
          -- nobody was joined, and it was taken all the same
          when s.bridged_us is null and b.captured > 0 then 'captured_without_a_talk'
          when s.state = 'connected' and b.captured > 0 and not s.at_connection
            and p.state not in ('captured', 'voided', 'failed') then 'captured_before_the_end'
          -- they talk, and nobody has even asked for what was to be taken; what is below the smallest charge never is
          when s.state = 'connected' and s.at_connection and s.connected_at < at - interval '5 minutes' and b.asked = 0
            and b.held > 0 and o.hold <= least(
              greatest((o.tariff ->> 'fixedPrice')::numeric, (o.tariff ->> 'minimumPrice')::numeric),
              (o.tariff ->> 'maximumPrice')::numeric)
            then 'not_taken_at_connection'
          when s.state = 'settled' and s.at_connection and b.captured <> (p.state = 'captured')::int
            then 'taken_at_connection_twice'
        end as name
      from (select x.*, x.progress #>> '{plan,capture}' is not distinct from 'at_connection' as at_connection
        from call_sessions x where x.order_id = any(touched)) s
      join orders o on o.id = s.order_id
      join payments p on p.order_id = s.order_id
      -- a capture that found nothing held any more is done too
      join lateral (select count(op.id) filter (where op.kind = 'capture' and op.state = 'done' and a.captured > 0) as captured,
          count(op.id) filter (where op.kind in ('capture', 'void')) as asked,
          count(a.id) filter (where a.state = 'authorized') as held
        from authorizations a left join processor_operations op on op.authorization_id = a.id
        where a.payment_id = p.id) b on true) c
    where c.name is not null;
end $$;
alter function violated_captures(timestamptz, timestamptz) owner to ringmeter_finder;
revoke all on function violated_captures(timestamptz, timestamptz) from public;
grant execute on function violated_captures(timestamptz, timestamptz) to ringmeter_app;
`;

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw('grant create on schema public to ringmeter_finder');
  await knex.raw(finder);
  await knex.raw('revoke create on schema public from ringmeter_finder');
}

export async function down() {
  throw new Error('An older house does not know what is wrong by it: restore a backup.');
}
