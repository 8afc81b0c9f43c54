// What a merchant's programs prove themselves with over SOAP where they send a digest (WS-Security UsernameToken): a password of
// our making, which must be read again to be compared, and so is sealed and not hashed like an API key.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(/* sql */ `
    create table soap_passwords (
      user_name text primary key,
      merchant_id text not null unique references merchants,
      password_sealed bytea not null,
      set_at timestamptz not null
    );
    alter table soap_passwords enable row level security;
    alter table soap_passwords force row level security;
    create policy merchant on soap_passwords
      using (merchant_id = current_setting('ringmeter.merchant', true))
      with check (merchant_id = current_setting('ringmeter.merchant', true));
    create policy finder on soap_passwords for select to ringmeter_finder using (true);
    grant select, insert, update, delete on soap_passwords to ringmeter_app;
    grant select on soap_passwords to ringmeter_finder;

    grant create on schema public to ringmeter_finder;
    create function merchant_of_soap_user(given text) returns text
      language sql stable security definer set search_path = public
      as $$ select merchant_id from soap_passwords where user_name = given $$;
    alter function merchant_of_soap_user(text) owner to ringmeter_finder;
    revoke all on function merchant_of_soap_user(text) from public;
    grant execute on function merchant_of_soap_user(text) to ringmeter_app;
    revoke create on schema public from ringmeter_finder;
  `);
}

export async function down() {
  throw new Error('Programs that prove themselves by it would be locked out: restore a backup.');
}
