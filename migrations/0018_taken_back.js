// What banks take back of credit that was bought by card stands on the account, and what was used and told to nobody is seen
// by whoever runs the house. And a request that opened an account is recognized when it is repeated.

const accounts = /* sql */ `
alter table client_movements
  add column refund_id text references refunds,
  add column dispute_id text references disputes,
  drop constraint client_movements_kind_check,
  add constraint client_movements_kind_check check (kind in ('top_up', 'call', 'adjustment', 'refund', 'dispute')),
  add constraint client_movements_dispute_check check ((kind = 'dispute') = (dispute_id is not null));
create index on client_movements (dispute_id) where dispute_id is not null;

alter table clients
  -- what banks have taken back of his top-ups and not given again; his balance is without it, and may owe because of it
  add column disputed numeric(14,4) not null default 0 check (disputed >= 0),
  -- the request that opened the account: a repeat of it finds what the first one made
  add column request_key text,
  add unique (merchant_id, request_key);

-- A balance is never spent twice, whatever the code above it believes: it ends below what calls keep back, or below nothing,
-- by no more than banks have taken.
do $$
declare
  spent_once text := (select conname from pg_constraint where conrelid = 'clients'::regclass and contype = 'c'
    and pg_get_constraintdef(oid) ~ 'balance >= reserved');
begin
  execute format('alter table clients drop constraint %I', spent_once);
end $$;
alter table clients add constraint clients_spent_once_check check (kind <> 'balance' or balance + disputed >= reserved);

-- And what a bank has taken lets no call in.
create function refuse_reservation() returns trigger language plpgsql as $$
begin
  raise exception 'For client % more than he has would be kept back.', new.id;
end $$;
create trigger keep_back_what_is_there before update on clients
  for each row when (new.kind = 'balance' and new.reserved > old.reserved and new.reserved > new.balance)
  execute function refuse_reservation();
`;

const reports = /* sql */ `
alter table usage_reports
  add column ddi text,
  -- its last try: what somebody has seen is not counted until it comes again
  add column tried_at timestamptz;
update usage_reports u set ddi = k.ddi from known_calls k where k.call_session_id = u.call_session_id;
alter table usage_reports alter column ddi set not null;
create index usage_reports_parked on usage_reports (merchant_id, created_at)
  where state = 'parked' and last_problem is distinct from 'no_address';
-- kept until somebody is there to be told: looked through when there is
create index usage_reports_unaddressed on usage_reports (merchant_id, ddi)
  where state = 'parked' and last_problem = 'no_address';
create index usage_reports_of_code on usage_reports (merchant_id, client_code, position);
`;

const functions = /* sql */ `
grant create on schema public to ringmeter_finder;

create function parked_reports(of_merchant text, at_most integer)
  returns table (id text, merchant_id text)
  language sql stable security definer set search_path = public as $$
    select id, merchant_id from usage_reports
    where state = 'parked' and last_problem is distinct from 'no_address'
      and (of_merchant is null or merchant_id = of_merchant)
    order by created_at limit at_most $$;

-- Written when nobody was there to be told; somebody is by now: his server is that of the DDI, or of all his numbers.
create function addressed_reports() returns table (merchant_id text, report_id text)
  language sql stable security definer set search_path = public as $$
    select u.merchant_id, u.id from merchants m join usage_reports u on u.merchant_id = m.id
    where m.server_url is not null and m.server_protocol is not null
      and u.state = 'parked' and u.last_problem = 'no_address'
    union all
    select u.merchant_id, u.id from ddis d join usage_reports u on u.merchant_id = d.merchant_id and u.ddi = d.number
    where d.server_url is not null and u.state = 'parked' and u.last_problem = 'no_address'
    limit 200 $$;

create function parked_report_counts()
  returns table (merchant_id text, since timestamptz, latest timestamptz, many bigint)
  language sql stable security definer set search_path = public as $$
    select merchant_id, min(created_at), max(coalesce(tried_at, created_at)), count(*) from usage_reports
    where state = 'parked' and last_problem is distinct from 'no_address' group by merchant_id $$;

create function violated_disputes(since timestamptz, at timestamptz)
  returns table (name text, merchant_id text, id text, order_id text)
  language sql stable security definer set search_path = public as $$
    select 'disputed_credit_unlike_dispute', d.merchant_id, d.id, d.order_id
    from disputes d join orders o on o.id = d.order_id
    where o.kind = 'top_up'
      and (d.updated_at >= since or d.id in (select v.id from invariant_violations v where v.gone_at is null))
      and coalesce((select sum(m.amount) from client_movements m where m.dispute_id = d.id), 0)
        <> case when d.state in ('needs_response', 'under_review', 'lost') then -d.amount else 0 end
    union all
    select 'account_unlike_disputes', c.merchant_id, c.id, null::text from clients c
    where (c.disputed <> 0 or c.id in (select m.client_id from client_movements m where m.at >= since and m.kind = 'dispute'))
      and c.disputed <> (select coalesce(-sum(m.amount), 0) from client_movements m
        where m.client_id = c.id and m.kind = 'dispute') $$;
`;

/** Functions that know one thing more, and of which nothing else changes. */
const more = /* sql */ `
do $do$
declare
  known record;
  before text;
  after text;
begin
  for known in select * from (values
    ('attention(timestamptz)',
      $add$  return query
    select 'reports_parked', c.merchant_id, c.merchant_id, null::text, c.since, c.latest, c.many
    from parked_report_counts() c;
$add$),
    ('operating_figures(timestamptz)',
      $add$  return query
    select 'usage_reports', 'pending', '', count(*)::float8 from usage_reports u where u.state = 'pending'
    union all
    select 'usage_reports_oldest_seconds', 'pending', '', coalesce(extract(epoch from at - min(u.created_at)), 0)::float8
    from usage_reports u where u.state = 'pending'
    union all
    select 'usage_reports', 'parked', '', coalesce(sum(c.many), 0)::float8 from parked_report_counts() c
    union all
    select 'usage_reports_oldest_seconds', 'parked', '', coalesce(extract(epoch from at - min(c.since)), 0)::float8
    from parked_report_counts() c;
$add$)) as f (name, added) loop
    before := pg_get_functiondef(known.name::regprocedure);
    after := regexp_replace(before, 'end\\s*;?\\s*(\\$function\\$\\s*)$', known.added || E'end \\\\1');
    if after = before then raise exception '% does not end as it did', known.name; end if;
    execute after;
  end loop;

  before := pg_get_functiondef('owner_of_id(text)'::regprocedure);
  after := regexp_replace(before, '(\\$function\\$\\s*)$',
    E' union all select ''usage_report'', merchant_id, order_id from usage_reports where id = wanted \\\\1');
  if after = before then raise exception 'owner_of_id does not end as it did'; end if;
  execute after;
end $do$;
`;

const finders = [
  'parked_reports(text, integer)',
  'addressed_reports()',
  'parked_report_counts()',
  'violated_disputes(timestamptz, timestamptz)',
];

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(accounts);
  await knex.raw(reports);
  await knex.raw(functions);
  for (const name of finders) {
    await knex.raw(`
      alter function ${name} owner to ringmeter_finder;
      revoke all on function ${name} from public;
      grant execute on function ${name} to ringmeter_app;`);
  }
  await knex.raw('grant execute on function parked_report_counts() to ringmeter_finder');
  await knex.raw(more.replaceAll('?', '\\?'));
  await knex.raw('revoke create on schema public from ringmeter_finder');
}

export async function down() {
  throw new Error('What was taken back is not forgotten: restore a backup.');
}
