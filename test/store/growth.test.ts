// Nothing that is asked all the time reads a whole table of history: the database is forbidden to where an index helps, and
// what it still reads whole has none.

import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../database.ts';

/** Tables that grow with every call, and those that grow with every merchant. */
const growing = [
  'orders',
  'payments',
  'authorizations',
  'processor_operations',
  'call_sessions',
  'call_events',
  'legs',
  'ledger_transactions',
  'ledger_entries',
  'notices',
  'deliveries',
  'receipts',
  'availability_requests',
  'consultants',
];

let database: FreshDatabase;
let admin: pg.Client;

beforeAll(async () => {
  database = await freshDatabase();
  admin = new pg.Client(database.adminUrl);
  await admin.connect();
  await admin.query('set enable_seqscan = off');
  await admin.query(`select set_config('ringmeter.merchant', 'mer_one', false)`);
});
afterAll(async () => {
  await admin.end();
  await database.drop();
});

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Cond'?: string;
  Plans?: Plan[];
}

/** Tables that are read from end to end: without an index, or through one without a condition. */
function readWhole(plan: Plan): string[] {
  const table = plan['Relation Name'];
  const whole = table !== undefined && growing.includes(table) && plan['Node Type'] === 'Seq Scan';
  return [...(whole ? [table] : []), ...(plan.Plans ?? []).flatMap(readWhole)];
}

async function planOf(sql: string, role: string): Promise<Plan> {
  await admin.query(`set role ${role}`);
  try {
    const answer = await admin.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(`explain (format json) ${sql}`);
    return answer.rows[0]!['QUERY PLAN'][0].Plan;
  } finally {
    await admin.query('reset role');
  }
}

it.each([
  'due_payments',
  'live_sessions_of_switch',
  'merchant_of_leg',
  'merchants_with_due_notices',
  'unsettled_orders',
  'lines_to_tell',
  'customers_to_remove',
])('%s', async (name) => {
  const body = await admin.query<{ source: string }>(
    `select prosrc as source from pg_proc where proname = $1`,
    [name],
  );
  const sql = body.rows[0]!.source.replaceAll(/\b(at|ended_before)\b/g, `now()`)
    .replaceAll(/\bat_most\b/g, '50')
    .replaceAll(/= switch\b/g, `= 'fs1'`)
    .replaceAll(/= (?:merchant_of_leg\.)?leg\b/g, `= 'aaaaaaaa-0000-4000-8000-000000000000'`);
  expect(readWhole(await planOf(sql, 'ringmeter_finder'))).toEqual([]);
});

it.each([
  [
    'a payment with its operations',
    `select (select json_agg(op.id) from processor_operations op where op.authorization_id = a.id)
     from payments p join authorizations a on a.payment_id = p.id where p.id = 'pay_1'`,
  ],
  ['which operation made a refund', `select id from processor_operations op where op.made = 're_1'`],
  ['the consultants a session holds', `update consultants set claimed_by = null where claimed_by = 'call_1'`],
  ['orders by the merchant’s own reference', `select id from orders o where o.reference = 'r-1'`],
])('%s', async (_, sql) => {
  expect(readWhole(await planOf(sql, 'ringmeter_app'))).toEqual([]);
});

it('the ledger of an order is read by the order', async () => {
  const plan = await planOf(
    `select t.position from ledger_transactions t where t.position > 0 and t.order_id = 'ord_1' order by t.position`,
    'ringmeter_app',
  );
  expect(JSON.stringify(plan)).toMatch(/"Index Cond":"[^}]*order_id/);
});

it('a merchant’s ledger is read in its own order, not through everybody’s', async () => {
  const plan = await planOf(
    `select t.position from ledger_transactions t where t.position > 5 order by t.position limit 50`,
    'ringmeter_app',
  );
  expect(JSON.stringify(plan)).toMatch(/"Index Cond":"\(\(merchant_id = [^}]*position/);
});
