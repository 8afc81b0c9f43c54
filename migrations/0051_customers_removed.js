// Customers at the processor, made so that a payment method can pay more than once, are removed when it is to pay no more: whether one
// is kept with a caller's card, or gone, stands with the operation that made it.

const tables = /* sql */ `
alter table processor_operations
  -- null: needed as long as its payment is not over, then to be removed
  add column customer text check (customer in ('kept', 'gone')),
  -- it was to be removed, and may not have been: not before then again
  add column customer_again_at timestamptz;

create index on processor_operations (customer_again_at nulls first)
  where kind = 'authorize' and request ->> 'keepForMore' = 'true' and customer is null;
create index on processor_operations ((request ->> 'customer')) where request ->> 'customer' is not null;

update processor_operations op set customer = 'kept' from authorizations a join payments p on p.id = a.payment_id
where a.id = op.authorization_id and op.kind = 'authorize' and op.request ->> 'keepForMore' = 'true'
  and exists (select from kept_cards k where k.order_id = p.order_id);
`;

const functions = /* sql */ `
-- With those in its care: what a card that was kept pays in another order.
create function customers_to_remove(at timestamptz, at_most integer)
  returns table (merchant_id text, authorization_id text)
  language sql stable security definer set search_path = public
  as $$ select op.merchant_id, op.authorization_id from processor_operations op
        join authorizations a on a.id = op.authorization_id join payments p on p.id = a.payment_id
        where op.kind = 'authorize' and op.request ->> 'keepForMore' = 'true' and op.customer is null
          and (op.customer_again_at is null or op.customer_again_at <= at)
          and p.state in ('captured', 'voided', 'failed')
          and not exists (select from processor_operations used join authorizations b on b.id = used.authorization_id
            join payments q on q.id = b.payment_id
            where used.request ->> 'customer' = a.customer and used.merchant_id = op.merchant_id
              and q.state not in ('captured', 'voided', 'failed'))
        order by op.customer_again_at nulls first limit at_most $$;

-- Expired, or of a merchant whose callers may key no cards any more.
create function merchants_with_stale_cards(at timestamptz) returns table (merchant_id text)
  language sql stable security definer set search_path = public
  as $$ select distinct k.merchant_id from kept_cards k
        where to_date(k.expiry, 'MM/YY') + interval '1 month 1 day' <= at
          or not coalesce((select allowed from keypad_permissions s where s.merchant_id = k.merchant_id
            order by s.number desc limit 1), false) $$;
`;

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(tables);
  await knex.raw('grant create on schema public to ringmeter_finder');
  await knex.raw(functions);
  for (const name of [
    'customers_to_remove(timestamptz, integer)',
    'merchants_with_stale_cards(timestamptz)',
  ]) {
    await knex.raw(`
      alter function ${name} owner to ringmeter_finder;
      revoke all on function ${name} from public;
      grant execute on function ${name} to ringmeter_app;`);
  }
  await knex.raw('revoke create on schema public from ringmeter_finder');
}

export async function down() {
  throw new Error('Customers that were removed are not made again: restore a backup.');
}
