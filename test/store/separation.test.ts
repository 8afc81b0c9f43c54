// The database keeps merchants apart, whatever the code above it does.

import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../database.ts';

const listedFinders = [
  'accounts_charged',
  'addressed_reports',
  'all_merchants',
  'api_key_of',
  'assign_quarantined',
  'attention',
  'consultants_due',
  'count_quarantined',
  'customers_to_remove',
  'due_payments',
  'due_usage_reports',
  'holder_of_ddi',
  'legs_left_over',
  'link_of_token',
  'lines_to_tell',
  'live_scenario_runs_of_switch',
  'live_service_calls_of_switch',
  'live_sessions_of_switch',
  'merchant_of_access_resource',
  'merchant_of_api_key',
  'merchant_of_charge',
  'merchant_of_ddi',
  'merchant_of_intent',
  'merchant_of_leg',
  'merchant_of_line',
  'merchant_of_order_link',
  'merchant_of_photo',
  'merchant_of_slug',
  'merchant_of_sip_login',
  'merchant_of_soap_user',
  'merchants_with_due_notices',
  'merchants_with_stale_cards',
  'operating_figures',
  'owner_of_id',
  'parked_notices',
  'parked_report_counts',
  'parked_reports',
  'prune_quarantined',
  'quarantine_record',
  'session_of_token',
  'sessions_to_stop',
  'undecided_disputes',
  'unknown_operations',
  'unsettled_orders',
  'user_of_email',
  'violated_access_codes',
  'violated_accounts',
  'violated_call_reports',
  'violated_captures',
  'violated_disputes',
  'violated_invariants',
  'work_of_switch',
];
/** They look into the job queue, and belong to its role. */
const queueFunctions = ['dead_jobs', 'enqueue_job', 'job_figures', 'retry_job', 'why_job_failed'];
/** Tables that belong to nobody: no merchant's facts may ever be written there. */
const shared = [
  // Counted and wished over all merchants, under marks that say neither of whom nor of what.
  'abuse_counts',
  'attention_seen',
  'destinations',
  'house_stop',
  'house_turns',
  'invariant_violations',
  'knex_migrations',
  'knex_migrations_lock',
  'never_call_numbers',
  'operator_acts',
  // The house's own, and nothing of a merchant in them.
  'signing_keys',
  'switches',
];

let database: FreshDatabase;
let admin: pg.Client;
let app: pg.Client;

beforeAll(async () => {
  database = await freshDatabase();
  admin = new pg.Client(database.adminUrl);
  app = new pg.Client({ connectionString: database.ownerUrl, options: '-c role=ringmeter_app' });
  await admin.connect();
  await app.connect();
});
afterAll(async () => {
  await app.end();
  await admin.end();
  await database.drop();
});

async function names(sql: string): Promise<string[]> {
  return (await admin.query<{ name: string }>(sql)).rows.map((row) => row.name);
}

describe('every table', () => {
  it('is forced apart by merchant, or listed as shared', async () => {
    const open = await names(`select relname as name from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
        and not (relrowsecurity and relforcerowsecurity) order by 1`);
    expect(open).toEqual(shared);
  });

  it('shows and takes nothing without a merchant, nor another merchant’s rows', async () => {
    await admin.query(`insert into merchants (id, name, legal_name, contact_email, contact_phone, address, country, time_zone)
      select 'mer_' || n, n, n, n, n, n, 'FR', 'Europe/Paris' from unnest(array['one', 'two']) n`);
    const count = async (): Promise<number> => (await app.query('select from merchants')).rowCount ?? -1;
    expect(await count()).toBe(0);
    await app.query('begin');
    await app.query(`select set_config('ringmeter.merchant', 'mer_one', true)`);
    expect(await count()).toBe(1);
    await expect(
      app.query(
        `insert into caller_ids (id, merchant_id, number) values ('cid_x', 'mer_two', '+33199000100')`,
      ),
    ).rejects.toThrow(/row-level security/);
    await app.query('rollback');
    expect(await count()).toBe(0);
  });
});

describe('functions that look past the separation', () => {
  it('are the listed ones and those of the queue, and answer ids, instants and counts only', async () => {
    const definers = await names(`select proname as name from pg_proc
      where prosecdef and pronamespace = 'public'::regnamespace order by 1`);
    expect(definers).toEqual([...listedFinders, ...queueFunctions].sort());
    const answers =
      await names(`select distinct unnest(coalesce(proargnames[array_length(proargtypes::oid[], 1) + 1:], '{}'))
      as name from pg_proc where prosecdef and pronamespace = 'public'::regnamespace order by 1`);
    expect(answers).toEqual(
      [
        'authorization_id',
        'call_session_id',
        'consultant_id',
        'ddi_id',
        'due_at',
        'id',
        'kind',
        'latest',
        'line_id',
        'many',
        'merchant_id',
        'name',
        'order_id',
        'payment_id',
        'report_id',
        'run_id',
        'service_call_id',
        'since',
        'user_id',
        'value',
      ].sort(),
    );
  });

  it('belong to roles that own no table of ours and that nobody logs in as', async () => {
    const owners = await names(`select distinct pg_get_userbyid(proowner) as name from pg_proc
      where prosecdef and pronamespace = 'public'::regnamespace order by 1`);
    expect(owners).toEqual(['ringmeter_finder', 'ringmeter_worker']);
    const logins = await names(`select rolname as name from pg_roles
      where rolname in ('ringmeter_app', 'ringmeter_finder', 'ringmeter_worker') and (rolcanlogin or rolsuper or rolbypassrls)`);
    expect(logins).toEqual([]);
  });

  it('the app can write nothing in the job queue itself', async () => {
    await expect(app.query('select * from graphile_worker._private_jobs')).rejects.toThrow(
      /permission denied/,
    );
  });
});

describe('the ledger', () => {
  it('refuses what does not sum to zero, and any change', async () => {
    await admin.query(`
      insert into lines (id, merchant_id, slug, sells, name, currency) values ('lin_l', 'mer_one', 'l', 'conversation', '{}', 'EUR');
      insert into tariffs (id, merchant_id, line_id, version, plan) values ('tar_t', 'mer_one', 'lin_l', 1, '{}');
      insert into orders (id, merchant_id, line_id, kind, source, language, tariff_id, tariff, hold, currency, access_hash)
        values ('ord_o', 'mer_one', 'lin_l', 'conversation', 'api', 'fr', 'tar_t', '{}', 1, 'EUR', 'x');
      insert into payments (id, merchant_id, order_id, state, currency, application_fee_rate)
        values ('pay_p', 'mer_one', 'ord_o', 'authorized', 'EUR', 0);
      insert into authorizations (id, merchant_id, payment_id, sequence, state, amount)
        values ('aut_a', 'mer_one', 'pay_p', 1, 'authorized', 1)`);
    const post = (from: string, to: string): Promise<unknown> =>
      admin.query(`begin;
        insert into ledger_transactions (id, merchant_id, order_id, kind, authorization_id)
          values ('txn_t', 'mer_one', 'ord_o', 'authorize', 'aut_a');
        insert into ledger_entries (merchant_id, transaction_id, account, amount, currency)
          values ('mer_one', 'txn_t', 'card', ${from}, 'EUR'), ('mer_one', 'txn_t', 'held', ${to}, 'EUR');
        commit`);
    await expect(post('-1.00', '0.99')).rejects.toThrow(/sum to zero/);
    await admin.query('rollback');
    await post('-1.00', '1.00');
    await expect(admin.query('update ledger_entries set amount = 2')).rejects.toThrow(/append only/);
    await expect(admin.query('delete from ledger_transactions')).rejects.toThrow(/append only/);
    await expect(admin.query('truncate ledger_entries')).rejects.toThrow(/append only/);
  });

  it('what was published of a scenario stays as it was, and is nobody else’s', async () => {
    await admin.query(`
      insert into scenarios (id, merchant_id, slug, name, draft, created_at, changed_at)
        values ('scn_s', 'mer_one', 's', 's', '{}', now(), now());
      insert into scenario_versions (merchant_id, scenario_id, number, graph, published_at)
        values ('mer_one', 'scn_s', 1, '{}', now());
      insert into sounds (merchant_id, slug, name, created_at) values ('mer_one', 'a', 'a', now());
      insert into forward_numbers (merchant_id, number, label, created_at)
        values ('mer_one', '+33140506070', 'a', now())`);
    await expect(admin.query(`update scenario_versions set graph = '{"a":1}'`)).rejects.toThrow(
      /append only/,
    );
    await expect(admin.query('delete from scenario_versions')).rejects.toThrow(/append only/);
    await app.query('begin');
    await app.query(`select set_config('ringmeter.merchant', 'mer_two', true)`);
    for (const table of ['scenarios', 'scenario_versions', 'sounds', 'forward_numbers']) {
      expect((await app.query(`select from ${table}`)).rowCount, table).toBe(0);
    }
    await expect(
      app.query(
        `insert into sounds (merchant_id, slug, name, created_at) values ('mer_one', 'b', 'b', now())`,
      ),
    ).rejects.toThrow(/row-level security/);
    await app.query('rollback');
  });

  it('tariffs cannot be changed once written', async () => {
    await expect(admin.query(`update tariffs set plan = '{"a":1}'`)).rejects.toThrow(/append only/);
  });
});
