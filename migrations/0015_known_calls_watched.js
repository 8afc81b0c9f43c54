// What must hold of callers the merchant knows, asked with the other invariants (0006): each call of theirs is reported, and
// no client has more of them than his line allows.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(/* sql */ `
    grant create on schema public to ringmeter_finder;
    create function violated_call_reports(since timestamptz, at timestamptz)
      returns table (name text, merchant_id text, id text, order_id text)
      language plpgsql stable security definer set search_path = public as $$
    #variable_conflict use_column
    begin
      return query
        select case when u.id is null then 'ended_without_report' else 'reported_beyond_limit' end,
          s.merchant_id, s.id, s.order_id
        from known_calls k join call_sessions s on s.id = k.call_session_id
        left join usage_reports u on u.call_session_id = s.id
        where (k.ended_at is null or k.ended_at >= since) and s.state = 'settled'
          and (u.id is null or u.billable_seconds > (s.progress -> 'plan' ->> 'talkLimitSeconds')::int);

      return query
        select 'client_let_in_twice', c.merchant_id, c.call_session_id, c.order_id
        from (select k.*, count(*) over (partition by k.merchant_id, k.client_code) as many,
            (s.progress #>> '{plan,inbound,callsAtOnce}')::int as at_once
          from known_calls k join call_sessions s on s.id = k.call_session_id
          where k.ended_at is null and k.client_code is not null) c
        where c.many > c.at_once;
    end $$;
    alter function violated_call_reports(timestamptz, timestamptz) owner to ringmeter_finder;
    revoke all on function violated_call_reports(timestamptz, timestamptz) from public;
    grant execute on function violated_call_reports(timestamptz, timestamptz) to ringmeter_app;
    revoke create on schema public from ringmeter_finder;
  `);
}

export async function down() {
  throw new Error('What is watched stays watched: restore a backup.');
}
