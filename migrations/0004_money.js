// One payment, several holds: more time is a further authorization. What can go wrong with money after that: settlements
// the processor refuses, refunds, disputes.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(/* sql */ `
    alter table authorizations
      -- when the processor said that it holds the amount; null: it never did
      add column held_at timestamptz,
      -- the processor's customer the payment method is kept with, where the caller agreed to more time
      add column customer text,
      -- the processor's word for this very card, whoever uses it: what limits against abuse count by
      add column card_fingerprint text;
    create index on authorizations (merchant_id, card_fingerprint, created_at) where card_fingerprint is not null;
    -- the owner too sees no rows without naming a merchant, unless told so
    alter table authorizations no force row level security;
    alter table ledger_transactions no force row level security;
    update authorizations a set held_at = t.created_at from ledger_transactions t
      where t.authorization_id = a.id and t.kind = 'authorize';
    alter table authorizations force row level security;
    alter table ledger_transactions force row level security;

    alter table payments
      -- settling it is refused: how often in a row, when it is tried again, and since when only a person can help
      add column settle_refusals integer not null default 0,
      add column settle_again_at timestamptz,
      add column parked_at timestamptz,
      add column parked_reason text,
      add check ((parked_at is null) = (parked_reason is null));
    create index on payments (merchant_id, parked_at) where parked_at is not null;

    alter table lines
      add column more_time_times integer not null default 2 check (more_time_times between 0 and 5),
      -- how long each time; null: as long as the caller chose at the start
      add column more_time_seconds integer check (more_time_seconds between 60 and 86400);

    create table refunds (
      id text primary key,
      merchant_id text not null references merchants,
      order_id text not null references orders,
      payment_id text not null references payments,
      -- what was asked for, and what the processor has given back of it
      amount numeric(14,4) not null check (amount > 0),
      refunded numeric(14,4) not null default 0 check (refunded >= 0 and refunded <= amount),
      currency char(3) not null,
      reason text,
      state text not null default 'pending' check (state in ('pending', 'refunded', 'failed')),
      failure text,
      -- nobody knows what became of it and its key is too old to ask by: only a person can help
      parked_at timestamptz,
      -- the merchant's Idempotency-Key: a repeat after a crash finds the refund it made instead of making another
      request_key text,
      created_at timestamptz not null default now(),
      settled_at timestamptz,
      position bigint generated always as identity unique
    );
    create index on refunds (order_id);
    create index on refunds (merchant_id, parked_at) where parked_at is not null;
    create unique index on refunds (merchant_id, request_key);

    create table disputes (
      id text primary key,
      merchant_id text not null references merchants,
      order_id text not null references orders,
      authorization_id text not null references authorizations,
      -- the processor's own name for it
      processor_id text not null,
      amount numeric(14,4) not null check (amount > 0),
      currency char(3) not null,
      reason text not null,
      state text not null check (state in ('needs_response', 'under_review', 'won', 'lost', 'warning')),
      evidence_due_by timestamptz,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null,
      position bigint generated always as identity unique,
      unique (merchant_id, processor_id)
    );
    create index on disputes (merchant_id, position);
    create index on disputes (order_id);

    alter table processor_operations
      add column number integer not null default 1,
      add column refund_id text references refunds,
      -- the processor's name for what the operation made, where it is asked about by it later
      add column made text,
      add check ((kind = 'refund') = (refund_id is not null));
    create index on processor_operations (refund_id) where refund_id is not null;
    create index on processor_operations (made) where made is not null;
    drop index processor_operations_authorization_id_kind_idx;
    -- One capture or one void an authorization: a second settlement cannot even be written down. One that was refused did
    -- nothing, and may be followed by another under a number and a key of its own.
    create unique index on processor_operations (authorization_id)
      where kind in ('capture', 'void') and state <> 'refused';
    create unique index on processor_operations (authorization_id, kind, number);

    alter table ledger_transactions
      drop constraint ledger_transactions_authorization_id_kind_key,
      drop constraint ledger_transactions_kind_check,
      -- of what can happen to one authorization several times: which one (a refund's operation, a dispute)
      add column subject text not null default '',
      add unique (authorization_id, kind, subject),
      add check (kind in ('authorize', 'capture', 'release', 'expire', 'fee', 'write_off', 'refund', 'fee_back',
        'refund_failed', 'fee_again', 'dispute', 'dispute_won', 'dispute_lost'));
    alter table ledger_entries
      drop constraint ledger_entries_account_check,
      add check (account in ('card', 'held', 'merchant', 'platform', 'written_off', 'disputed'));
  `);
  for (const table of ['refunds', 'disputes']) {
    await knex.raw(/* sql */ `
      alter table ${table} enable row level security;
      alter table ${table} force row level security;
      create policy merchant on ${table}
        using (merchant_id = current_setting('ringmeter.merchant', true))
        with check (merchant_id = current_setting('ringmeter.merchant', true));
      grant select, insert, update on ${table} to ringmeter_app;
      grant select on ${table} to ringmeter_finder;
      create policy finder on ${table} for select to ringmeter_finder using (true);
    `);
  }
  await knex.raw(/* sql */ `
    grant create on schema public to ringmeter_finder;

    -- What is parked waits for a person, what was refused for its next try: neither is found before.
    create or replace function unsettled_orders(ended_before timestamptz)
      returns table (merchant_id text, order_id text)
      language sql stable security definer set search_path = public
      as $$ (select s.merchant_id, s.order_id from call_sessions s join payments p on p.order_id = s.order_id
              where s.state = 'ended' and s.ended_at < ended_before and p.parked_at is null
                and (p.settle_again_at is null or p.settle_again_at < ended_before)
              order by s.ended_at limit 1000)
            union all
            (select o.merchant_id, o.id from payments p join orders o on p.order_id = o.id
              where o.kind = 'fixed_sale' and p.state in ('authorized', 'capturing', 'voiding')
                and o.created_at < ended_before and p.parked_at is null
                and (p.settle_again_at is null or p.settle_again_at < ended_before)
              limit 1000) $$;

    -- Whose charge a dispute or a refund is about, whatever has become of its payment.
    create function merchant_of_charge(intent text) returns table (merchant_id text, payment_id text)
      language sql stable security definer set search_path = public
      as $$ select merchant_id, payment_id from authorizations where intent_id = intent $$;
    alter function merchant_of_charge(text) owner to ringmeter_finder;
    revoke all on function merchant_of_charge(text) from public;
    grant execute on function merchant_of_charge(text) to ringmeter_app;

    revoke create on schema public from ringmeter_finder;
  `);
}

export async function down() {
  throw new Error('Money is not undone: restore a backup.');
}
