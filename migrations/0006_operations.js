// What the people who run the house need: what wants a person, what holds and what does not, who repaired what and why.
//
// The functions look at every merchant's rows; like all finders they answer ids, instants and counts, never what the rows
// say. Those of the job queue belong to the queue's own role, whose tables only it may read. They are plpgsql, because only
// so their plans are made for the instant that is asked about: "since five minutes ago" must never be planned as "a third
// of all orders".

const tables = /* sql */ `
-- A merchant who was away is tried out of turn: that the schedule waits meanwhile is what scheduled_at remembers.
alter table notices
  add column tried_at timestamptz,
  add column scheduled_at timestamptz;
create index notices_parked on notices (merchant_id, created_at)
  where state = 'parked' and last_problem is distinct from 'no_address';

-- What wants a person and cannot be seen from anything else: a step that failed for a fault of ours.
create table attention_marks (
  kind text not null,
  id text not null,
  merchant_id text not null references merchants,
  order_id text references orders,
  because text not null,
  since timestamptz not null,
  latest timestamptz not null,
  times integer not null default 1,
  lifted_at timestamptz,
  primary key (kind, id)
);
create index on attention_marks (since) where lifted_at is null;
alter table attention_marks enable row level security;
alter table attention_marks force row level security;
create policy merchant on attention_marks
  using (merchant_id = current_setting('ringmeter.merchant', true))
  with check (merchant_id = current_setting('ringmeter.merchant', true));
create policy finder on attention_marks for select to ringmeter_finder using (true);

-- Somebody knows of it. What comes again after that is shown again.
create table attention_seen (
  kind text not null,
  id text not null,
  seen_at timestamptz not null,
  seen_by text not null,
  primary key (kind, id)
);

-- Every repair by hand, whoever did it and why: ids and an operator's own words.
create table operator_acts (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  by text not null,
  why text not null,
  act text not null,
  target text,
  outcome text not null
);
create index on operator_acts (target);

create table invariant_violations (
  name text not null,
  id text not null,
  merchant_id text,
  order_id text,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  gone_at timestamptz,
  primary key (name, id)
);
create index on invariant_violations (first_seen_at) where gone_at is null;

-- Work of the whole house that one gateway does at a time: whose turn it is, and up to which instant it was done.
create table house_turns (
  name text primary key,
  due_at timestamptz not null default '-infinity',
  done_until timestamptz
);
insert into house_turns (name) values ('invariants');

grant select, insert, update on attention_marks, attention_seen, invariant_violations to ringmeter_app;
grant select, insert on operator_acts to ringmeter_app;
grant select, update on house_turns to ringmeter_app;
grant select on attention_marks, attention_seen, operator_acts, invariant_violations, house_turns, house_stop
  to ringmeter_finder;
`;

// What the functions below ask every few seconds must cost what is open, never what has ever been.
const indexes = /* sql */ `
-- replaces the one without awaiting_card, which it serves as well
drop index payments_order_id_idx;
create index payments_open on payments (order_id)
  where state in ('awaiting_card', 'authorized', 'capturing', 'voiding');
create index payments_settled on payments (settled_at) where settled_at is not null;
create index payments_never_answered on payments (created_at) where outcome_reason = 'processor_never_answered';
-- written in the order of time: a block range index costs nothing to keep
create index ledger_transactions_recent on ledger_transactions using brin (created_at) with (pages_per_range = 16);
create index refunds_open on refunds (payment_id) where state = 'pending';
create index disputes_open on disputes (evidence_due_by) where state = 'needs_response';
-- two receipts of one number cannot even be written down
create unique index receipts_number on receipts (merchant_id, (body ->> 'number'));
`;

const attention = /* sql */ `
create function attention(at timestamptz)
  returns table (kind text, id text, merchant_id text, order_id text, since timestamptz, latest timestamptz, many bigint)
  language plpgsql stable security definer set search_path = public as $$
#variable_conflict use_column
begin
  return query
    select m.kind, m.id, m.merchant_id, m.order_id, m.since, m.latest, m.times::bigint from attention_marks m
    where m.lifted_at is null
      -- settled after all: nothing is left to be done about its call
      and not exists (select from call_sessions s where m.kind = 'step_failed' and s.id = m.id and s.state = 'settled')
    order by m.since limit 1000;
  return query
    select 'payment_parked', p.id, p.merchant_id, p.order_id, p.parked_at, p.parked_at, 1::bigint
    from payments p where p.parked_at is not null order by p.parked_at limit 1000;
  return query
    select 'refund_parked', r.id, r.merchant_id, r.order_id, r.parked_at, r.parked_at, 1::bigint
    from refunds r where r.parked_at is not null order by r.parked_at limit 1000;
  return query
    select 'operation_unknown', o.id, o.merchant_id, o.order_id, o.since, o.since, 1::bigint
    from unknown_operations() o where o.since < at - interval '1 hour' order by o.since limit 1000;
  return query
    select 'processor_never_answered', p.id, p.merchant_id, p.order_id, p.created_at, p.created_at, 1::bigint
    from payments p where p.outcome_reason = 'processor_never_answered' and p.created_at > at - interval '30 days'
    order by p.created_at limit 1000;
  return query
    select 'call_unsettled', s.id, s.merchant_id, s.order_id, s.ended_at, s.ended_at, 1::bigint
    from call_sessions s join payments p on p.order_id = s.order_id
    where s.state = 'ended' and s.ended_at < at - interval '10 minutes' and p.parked_at is null
    order by s.ended_at limit 1000;
  return query
    select 'sale_unsettled', o.id, o.merchant_id, o.id, o.created_at, o.created_at, 1::bigint
    from payments p join orders o on o.id = p.order_id
    where p.state in ('authorized', 'capturing', 'voiding') and p.parked_at is null
      and o.kind = 'fixed_sale' and o.created_at < at - interval '10 minutes'
    order by o.created_at limit 1000;
  return query
    select 'notices_parked', n.merchant_id, n.merchant_id, null::text,
      min(coalesce(n.tried_at, n.created_at)), max(coalesce(n.tried_at, n.created_at)), count(*)
    from notices n where n.state = 'parked' and n.last_problem is distinct from 'no_address' group by n.merchant_id;
  return query
    select 'notices_disabled', m.id, m.id, null::text, m.notices_disabled_at, m.notices_disabled_at, 1::bigint
    from merchants m where m.notices_disabled_at is not null;
  return query
    select 'calls_stopped', m.id, m.id, null::text, m.calls_stopped_at, m.calls_stopped_at, 1::bigint
    from merchants m where m.calls_stopped_at is not null
    union all
    select 'calls_stopped', 'all', null, null, h.since, h.since, 1 from house_stop h where h.since is not null;
  return query
    select 'switch_uncommanded', s.id, null::text, null::text, coalesce(s.lease_expires_at, at),
      coalesce(s.lease_expires_at, '-infinity'), 1::bigint
    from switches s
    where coalesce(s.lease_expires_at, '-infinity') < at - interval '30 seconds'
      -- one that is drained and empty is being taken away
      and not (s.draining and not exists (select from call_sessions c where c.switch_id = s.id
        and c.state in ('ringing_consultant', 'ringing_caller', 'connected')));
  return query
    select 'record_quarantined', q.leg::text, null::text, null::text, q.received_at, q.received_at, 1::bigint
    from quarantined_call_records q order by q.received_at limit 100;
  return query
    select 'dispute_open', d.id, d.merchant_id, d.order_id, d.created_at, d.updated_at, 1::bigint
    from disputes d where d.state = 'needs_response' order by d.evidence_due_by limit 1000;
  return query
    select 'invariant_violated', v.name || '/' || v.id, v.merchant_id, v.order_id, v.first_seen_at, v.first_seen_at,
      1::bigint
    from invariant_violations v where v.gone_at is null order by v.first_seen_at limit 1000;
end $$;

-- Asked of the processor, and its answer never came. Whether it was done will be learned, or a person has to look.
create function unknown_operations()
  returns table (id text, merchant_id text, order_id text, since timestamptz)
  language plpgsql stable security definer set search_path = public as $$
#variable_conflict use_column
begin
  return query
    select op.id, op.merchant_id, p.order_id, op.created_at
    from payments p join authorizations a on a.payment_id = p.id
    join processor_operations op on op.authorization_id = a.id
    where p.state in ('awaiting_card', 'authorized', 'capturing', 'voiding') and op.state in ('intended', 'unknown')
    union all
    select op.id, op.merchant_id, r.order_id, op.created_at
    from refunds r join processor_operations op on op.refund_id = r.id
    where r.state = 'pending' and op.state in ('intended', 'unknown');
end $$;

create function operating_figures(at timestamptz)
  returns table (name text, kind text, id text, value double precision)
  language plpgsql stable security definer set search_path = public as $$
#variable_conflict use_column
begin
  return query
    select 'live_calls', s.state, s.switch_id, count(*)::float8 from call_sessions s
    where s.state in ('ringing_consultant', 'ringing_caller', 'connected') group by 2, 3;
  return query
    select 'notices', 'pending', '', count(*)::float8 from notices n where n.state = 'pending'
    union all
    select 'notices_oldest_seconds', 'pending', '', coalesce(extract(epoch from at - min(n.created_at)), 0)::float8
    from notices n where n.state = 'pending'
    union all
    select 'notices', 'parked', '', count(*)::float8 from notices n
    where n.state = 'parked' and n.last_problem is distinct from 'no_address'
    union all
    select 'notices_oldest_seconds', 'parked', '', coalesce(extract(epoch from at - min(n.created_at)), 0)::float8
    from notices n where n.state = 'parked' and n.last_problem is distinct from 'no_address';
  return query select 'unknown_operations', '', '', count(*)::float8 from unknown_operations();
end $$;

-- Whose is it? For an operator who has nothing but an id: of an order or of anything that belongs to one.
create function owner_of_id(wanted text) returns table (kind text, merchant_id text, order_id text)
  language sql stable security definer set search_path = public as $$
    select 'order', merchant_id, id from orders where id = wanted
    union all select 'payment', merchant_id, order_id from payments where id = wanted
    union all select 'authorization', a.merchant_id, p.order_id
      from authorizations a join payments p on p.id = a.payment_id where a.id = wanted
    union all select 'authorization', a.merchant_id, p.order_id
      from authorizations a join payments p on p.id = a.payment_id where a.intent_id = wanted
    union all select 'operation', op.merchant_id, p.order_id
      from processor_operations op join authorizations a on a.id = op.authorization_id
      join payments p on p.id = a.payment_id where op.id = wanted
    union all select 'call', merchant_id, order_id from call_sessions where id = wanted
    union all select 'leg', l.merchant_id, s.order_id from legs l join call_sessions s on s.id = l.call_session_id
      where l.id = case when wanted ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then wanted::uuid end
    union all select 'notice', merchant_id, order_id from notices where id = wanted
    union all select 'receipt', merchant_id, order_id from receipts where id = wanted
    union all select 'refund', merchant_id, order_id from refunds where id = wanted
    union all select 'dispute', merchant_id, order_id from disputes where id = wanted
    union all select 'merchant', id, null from merchants where id = wanted $$;

create function parked_notices(of_merchant text, at_most integer)
  returns table (id text, merchant_id text)
  language sql stable security definer set search_path = public as $$
    select id, merchant_id from notices
    where state = 'parked' and last_problem is distinct from 'no_address'
      and (of_merchant is null or merchant_id = of_merchant)
    order by created_at limit at_most $$;
`;

// What must hold at any moment (DESIGN 5, 9), and who breaks it. Looked at: every order that is not over, and those
// anything was settled or posted for since `since`. Each branch says in its name what is wrong.
const invariants = /* sql */ `
create function violated_invariants(since timestamptz, at timestamptz)
  returns table (name text, merchant_id text, id text, order_id text)
  language plpgsql stable security definer set search_path = public
  -- what is looked at is the newest, and in memory: reading a whole table instead is never cheaper
  set random_page_cost = 1.1 as $$
#variable_conflict use_column
declare
  touched text[];
begin
  select coalesce(array_agg(t.id), '{}') into touched from (
    select p.order_id as id from payments p where p.state in ('awaiting_card', 'authorized', 'capturing', 'voiding')
    union select p.order_id from payments p where p.settled_at >= since
    union select l.order_id from ledger_transactions l where l.created_at >= since
    -- what was wrong is looked at until it is right
    union select v.order_id from invariant_violations v where v.gone_at is null and v.order_id is not null) t;

  return query
    select 'ledger_unbalanced', t.merchant_id, t.id, t.order_id
    from ledger_transactions t left join ledger_entries e on e.transaction_id = t.id
    where t.order_id = any(touched)
    group by t.id having count(e.*) = 0
      or exists (select from ledger_entries x where x.transaction_id = t.id group by x.currency having sum(x.amount) <> 0);

  -- captured + released + expired = authorized, of each hold, and never more than that before the end
  return query
    select case when p.state in ('captured', 'voided', 'failed') then 'held_after_the_end' else 'hold_overdrawn' end,
      a.merchant_id, a.id, p.order_id
    from payments p join authorizations a on a.payment_id = p.id
    join lateral (select sum(e.amount) as held from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
      where t.authorization_id = a.id and e.account = 'held') b on true
    where p.order_id = any(touched)
      and (b.held < 0 or (b.held <> 0 and p.state in ('captured', 'voided', 'failed')));

  return query
    select 'payment_unlike_ledger', p.merchant_id, p.id, p.order_id
    from payments p
    join lateral (select
        coalesce(-sum(e.amount) filter (where t.kind = 'capture'), 0) as captured,
        coalesce(-sum(e.amount) filter (where t.kind = 'release'), 0) as released,
        coalesce(-sum(e.amount) filter (where t.kind = 'expire'), 0) as expired
      from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
      where t.order_id = p.order_id and e.account = 'held') b on true
    where p.order_id = any(touched) and p.state in ('captured', 'voided')
      and (p.captured, p.released, p.expired) is distinct from (b.captured, b.released, b.expired);

  return query
    select 'payment_unlike_holds', p.merchant_id, p.id, p.order_id
    from payments p join authorizations a on a.payment_id = p.id
    where p.order_id = any(touched) and p.state in ('captured', 'voided')
    group by p.id having sum(a.captured) <> p.captured;

  return query
    select case when r.id is null then 'captured_without_receipt' else 'captured_above_price' end,
      p.merchant_id, p.id, p.order_id
    from payments p left join receipts r on r.order_id = p.order_id
    where p.order_id = any(touched) and p.state = 'captured' and p.captured > 0
      and (r.id is null or p.captured > (r.body ->> 'total')::numeric);

  return query
    select 'refunded_above_captured', p.merchant_id, p.id, p.order_id
    from payments p join refunds r on r.order_id = p.order_id
    where p.order_id = any(touched) group by p.id having sum(r.refunded) > p.captured;

  return query
    select 'settled_twice', a.merchant_id, a.id, p.order_id
    from payments p join authorizations a on a.payment_id = p.id
    join processor_operations op on op.authorization_id = a.id
    where p.order_id = any(touched) and op.kind in ('capture', 'void') and op.state = 'done'
    group by a.id, p.order_id having count(*) > 1;

  return query
    select 'asked_without_a_key', a.merchant_id, a.id, p.order_id
    from payments p join authorizations a on a.payment_id = p.id
    where p.order_id = any(touched) and a.intent_id is not null and not exists (
      select from processor_operations op where op.authorization_id = a.id and op.kind = 'authorize');

  return query
    select case
        when s.state = 'settled' and p.state not in ('captured', 'voided', 'failed') then 'settled_without_its_payment'
        when s.state in ('ringing_consultant', 'ringing_caller', 'connected')
          and p.state in ('captured', 'voided', 'failed') then 'live_without_money'
        when s.connected_at is not null and s.consented_at is null then 'connected_without_consent'
        when s.billable_us > s.limit_us then 'billed_beyond_limit'
        when s.talk_us > s.limit_us + 5000000 then 'talked_beyond_limit'
        when s.state = 'connected' and s.connected_at + s.limit_us / 1000000 * interval '1 second' < at - interval '2 minutes'
          then 'never_cut'
      end as name, s.merchant_id, s.id, s.order_id
    from (select c.*, (c.progress -> 'plan' ->> 'talkLimitSeconds')::bigint * 1000000 as limit_us
      from call_sessions c where c.order_id = any(touched)) s
    join payments p on p.order_id = s.order_id
    where (s.state = 'settled' and p.state not in ('captured', 'voided', 'failed'))
      or (s.state in ('ringing_consultant', 'ringing_caller', 'connected') and p.state in ('captured', 'voided', 'failed'))
      or (s.connected_at is not null and s.consented_at is null)
      or s.billable_us > s.limit_us or s.talk_us > s.limit_us + 5000000
      or (s.state = 'connected' and s.connected_at + s.limit_us / 1000000 * interval '1 second' < at - interval '2 minutes');

  return query
    select 'two_caller_legs', s.merchant_id, s.id, s.order_id
    from call_sessions s join legs l on l.call_session_id = s.id
    where s.order_id = any(touched) and l.role = 'A' group by s.id having count(*) > 1;

  return query
    select 'notices_with_a_gap', o.merchant_id, o.id, o.id
    from orders o left join notices n on n.order_id = o.id
    where o.id = any(touched)
    group by o.id having count(n.*) <> o.notices or coalesce(max(n.sequence), 0) <> o.notices;

  -- Numbered across the years: the one before stands in this year or in the last.
  return query
    select 'receipt_number_missing', r.merchant_id, r.id, r.order_id
    from (select x.*, split_part(x.body ->> 'number', '-', 1)::int as year,
        split_part(x.body ->> 'number', '-', 2)::bigint as number
      from receipts x where x.order_id = any(touched)) r
    where r.number > 1
      and not exists (select from receipts b where b.merchant_id = r.merchant_id and b.body ->> 'number'
        = r.year || '-' || lpad((r.number - 1)::text, greatest(6, length((r.number - 1)::text)), '0'))
      and not exists (select from receipts b where b.merchant_id = r.merchant_id and b.body ->> 'number'
        = r.year - 1 || '-' || lpad((r.number - 1)::text, greatest(6, length((r.number - 1)::text)), '0'));

  -- An order and all that is of it belong to one merchant.
  return query
    select 'foreign_row', o.merchant_id, f.id, o.id
    from orders o join lateral (
      select p.id from payments p where p.order_id = o.id and p.merchant_id <> o.merchant_id
      union all select a.id from payments p join authorizations a on a.payment_id = p.id
        where p.order_id = o.id and a.merchant_id <> o.merchant_id
      union all select s.id from call_sessions s where s.order_id = o.id and s.merchant_id <> o.merchant_id
      union all select n.id from notices n where n.order_id = o.id and n.merchant_id <> o.merchant_id
      union all select r.id from receipts r where r.order_id = o.id and r.merchant_id <> o.merchant_id
      union all select t.id from ledger_transactions t where t.order_id = o.id and t.merchant_id <> o.merchant_id) f on true
    where o.id = any(touched);

  return query
    select 'busy_without_a_call', c.merchant_id, c.id, null::text from consultants c
    where c.claimed_by is not null and c.claim = 'hard' and not exists (
      select from call_sessions s where s.id = c.claimed_by
        and s.state in ('ringing_consultant', 'ringing_caller', 'connected'));

  return query
    select 'work_left_over', w.merchant_id, s.id, s.order_id
    from switch_work w join call_sessions s on s.id = w.call_session_id
    where s.state in ('ended', 'settled') and s.ended_at < at - interval '1 minute'
    group by w.merchant_id, s.id;

  return query
    select 'table_not_separated', null::text, c.relname::text, null::text from pg_class c
    join pg_attribute m on m.attrelid = c.oid and m.attname = 'merchant_id' and not m.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
      and c.relname <> 'invariant_violations' and not (c.relrowsecurity and c.relforcerowsecurity);
end $$;
`;

// graphile-worker makes its tables after these migrations: what a plpgsql function names need not exist when it is made.
const queue = /* sql */ `
create function dead_jobs() returns table (id text, name text, merchant_id text, order_id text, since timestamptz)
  language plpgsql stable security definer set search_path = graphile_worker, public as $$
#variable_conflict use_column
begin
  return query
    select j.id::text, t.identifier, j.payload ->> 'merchantId', j.payload ->> 'orderId', j.updated_at
    from _private_jobs j join _private_tasks t on t.id = j.task_id
    where j.attempts >= j.max_attempts and j.locked_at is null order by j.updated_at limit 1000;
end $$;

create function job_figures(at timestamptz)
  returns table (name text, kind text, many bigint, since timestamptz)
  language plpgsql stable security definer set search_path = graphile_worker, public as $$
#variable_conflict use_column
begin
  return query
    select t.identifier, case when j.locked_at is not null then 'running' when j.attempts >= j.max_attempts then 'dead'
        when j.run_at > at then 'later' else 'waiting' end,
      count(*), min(j.run_at)
    from _private_jobs j join _private_tasks t on t.id = j.task_id group by 1, 2;
end $$;

-- Why it failed last, in the words of an error: those carry ids, never what people entered.
create function why_job_failed(job text) returns text
  language plpgsql stable security definer set search_path = graphile_worker, public as $$
begin
  return (select j.last_error from _private_jobs j where j.id = job::bigint);
end $$;

create function retry_job(job text, at timestamptz) returns text
  language plpgsql volatile security definer set search_path = graphile_worker, public as $$
begin
  return (select r.id::text from reschedule_jobs(array[job::bigint], run_at => at, attempts => 0) r);
end $$;
`;

const finders = [
  'attention(timestamptz)',
  'unknown_operations()',
  'operating_figures(timestamptz)',
  'owner_of_id(text)',
  'parked_notices(text, integer)',
  'violated_invariants(timestamptz, timestamptz)',
];
const queueFunctions = [
  'dead_jobs()',
  'job_figures(timestamptz)',
  'why_job_failed(text)',
  'retry_job(text, timestamptz)',
];

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(tables);
  await knex.raw(indexes);
  await knex.raw(attention);
  await knex.raw(invariants);
  await knex.raw(queue);
  for (const [role, names] of [
    ['ringmeter_finder', finders],
    ['ringmeter_worker', queueFunctions],
  ]) {
    await knex.raw(`grant usage, create on schema public to ${role}`);
    for (const name of names) {
      await knex.raw(`
        alter function ${name} owner to ${role};
        revoke all on function ${name} from public;
        grant execute on function ${name} to ringmeter_app;`);
    }
    await knex.raw(`revoke create on schema public from ${role}`);
  }
  await knex.raw('grant execute on function unknown_operations() to ringmeter_finder');
}

export async function down() {
  throw new Error('What operators did is not forgotten again: restore a backup.');
}
