// Credit bought by card: an order without a call, for the account of a client. What each line offers of it, whose account an
// order is for, and that such an order is swept like every other sale.

const tables = /* sql */ `
alter table lines
  -- the amounts its top-up page offers, in the line's currency; none: it has no such page
  add column top_up_choices numeric(14,4)[] not null default '{}';

alter table orders drop constraint orders_kind_check, add constraint orders_kind_check
  check (kind in ('conversation', 'fixed_sale', 'known_call', 'top_up'));
alter table orders
  add column client_id text references clients,
  add constraint orders_client_check check ((kind = 'top_up') = (client_id is not null));
`;

/** A sale without a call is found by its kind: these functions know one such kind more, and nothing else of them changes. */
const sales = /* sql */ `
do $$
declare
  found regprocedure;
  body text;
begin
  foreach found in array array['unsettled_orders(timestamptz)'::regprocedure, 'attention(timestamptz)'::regprocedure] loop
    body := pg_get_functiondef(found);
    if position('o.kind = ''fixed_sale''' in body) = 0 then
      raise exception '% does not look for sales any more', found;
    end if;
    execute replace(body, 'o.kind = ''fixed_sale''', 'o.kind in (''fixed_sale'', ''top_up'')');
  end loop;
end $$;
`;

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(tables);
  await knex.raw(sales);
}

export async function down() {
  throw new Error('What clients paid in is not forgotten: restore a backup.');
}
