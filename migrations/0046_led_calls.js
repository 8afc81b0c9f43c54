// A paid call that a scenario leads: a line names the one its callers are in from their key 1 on, and a session says that he is there.
// Every list of states in which a call lives has one more.

const tables = /* sql */ `
alter table lines
  add column payment_scenario_id text references scenarios,
  add constraint lines_payment_scenario_check check (payment_scenario_id is null or sells = 'conversation');
create index on lines (payment_scenario_id) where payment_scenario_id is not null;

alter table call_sessions drop constraint call_sessions_state_check, add constraint call_sessions_state_check
  check (state in ('recognizing', 'awaiting_payment', 'ringing_consultant', 'ringing_caller', 'led', 'connected', 'ended',
    'settled'));
drop index call_sessions_switch_id_idx, call_sessions_merchant_id_idx;
create index on call_sessions (switch_id) where state in ('ringing_consultant', 'ringing_caller', 'led', 'connected');
create index on call_sessions (merchant_id)
  where state in ('awaiting_payment', 'ringing_consultant', 'ringing_caller', 'led', 'connected');
`;

// Each as it stands, by whichever migration it was made; its owner and who may call it stay.
const functions = /* sql */ `
do $$
declare one record;
begin
  for one in
    select pg_get_functiondef(p.oid) as made from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'public' and p.prosrc like '%''ringing_caller''%'
  loop
    execute replace(one.made, '''ringing_caller''', '''ringing_caller'', ''led''');
  end loop;
end $$;
`;

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(tables.replaceAll('?', '\\?'));
  await knex.raw('grant create on schema public to ringmeter_finder');
  await knex.raw(functions.replaceAll('?', '\\?'));
  await knex.raw('revoke create on schema public from ringmeter_finder');
}

export async function down() {
  throw new Error('Calls that a scenario led are not taken back: restore a backup.');
}
