// Logins of SIP telephones and where these are registered. What a contact is worth is core/sip-contact's; digests are flow's.

import type { SipContact } from '../core/sip-contact.ts';
import { contactsMax } from '../core/sip-contact.ts';
import type { SipAddress } from '../core/sip-address.ts';
import { type Db, firstRow, rows, type Tx } from './database.ts';

export interface SipLogin {
  userName: string;
  consultantId: string;
  secretsSealed: Buffer;
}

const columns = `user_name as "userName", consultant_id as "consultantId", secrets_sealed as "secretsSealed"`;

export async function merchantOfSipLogin(db: Db, userName: string): Promise<string | undefined> {
  const row = await firstRow<{ id: string | null }>(db, 'select merchant_of_sip_login(?) as id', [userName]);
  return row?.id ?? undefined;
}

export async function readSipLogin(tx: Tx, userName: string): Promise<SipLogin | undefined> {
  return firstRow(tx, `select ${columns} from sip_logins where user_name = ?`, [userName]);
}

export async function sipLoginOf(tx: Tx, consultantId: string): Promise<SipLogin | undefined> {
  return firstRow(tx, `select ${columns} from sip_logins where consultant_id = ?`, [consultantId]);
}

/** `false`: somebody has this user name already, of this merchant or another. */
export async function insertSipLogin(
  tx: Tx,
  login: SipLogin & { merchantId: string; at: Date },
): Promise<boolean> {
  const made = await rows(
    tx,
    `insert into sip_logins (user_name, merchant_id, consultant_id, secrets_sealed, set_at) values (?, ?, ?, ?, ?)
     on conflict (user_name) do nothing returning user_name`,
    [login.userName, login.merchantId, login.consultantId, login.secretsSealed, login.at],
  );
  return made.length > 0;
}

/** Another password: what registered with the one before is called no more. */
export async function changeSipLogin(tx: Tx, login: SipLogin & { at: Date }): Promise<void> {
  await tx.write('update sip_logins set secrets_sealed = ?, set_at = ? where user_name = ?', [
    login.secretsSealed,
    login.at,
    login.userName,
  ]);
  await tx.write('delete from sip_contacts where user_name = ?', [login.userName]);
}

/** With all that is registered by it. */
export async function deleteSipLogin(tx: Tx, consultantId: string): Promise<void> {
  await tx.write('delete from sip_logins where consultant_id = ?', [consultantId]);
}

/** Where he is rung first from now on; null: on his numbers, and where he has none it stays, and reaches nobody. */
export async function setSipAddress(tx: Tx, consultantId: string, sip: SipAddress | null): Promise<void> {
  await tx.write(
    `update consultants set sip = case when ?::text is null and number is null then sip else ?::text end,
       version = version + 1 where id = ?`,
    [sip, sip, consultantId],
  );
}

/** Whether this count is above every one this nonce was used with; then it is the highest now. */
export async function useNonce(
  tx: Tx,
  use: { merchantId: string; nonce: string; count: number; now: Date; forgottenAt: Date },
): Promise<boolean> {
  await tx.write('delete from sip_nonces where forgotten_at < ?', [use.now]);
  const used = await rows(
    tx,
    `insert into sip_nonces as n (merchant_id, nonce, used, forgotten_at) values (?, ?, ?, ?)
     on conflict (nonce) do update set used = excluded.used where n.used < excluded.used returning n.used`,
    [use.merchantId, use.nonce, use.count, use.forgottenAt],
  );
  return used.length > 0;
}

/** An address that is there already is there for longer; beyond the most he may have, the oldest go. */
export async function keepContact(
  tx: Tx,
  of: { merchantId: string; userName: string; contact: SipContact; now: Date; expiresAt: Date },
): Promise<void> {
  const { uri, address, port, isBehindNat } = of.contact;
  await tx.write(
    `insert into sip_contacts (merchant_id, user_name, uri, address, port, is_behind_nat, registered_at, expires_at)
     values (?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (user_name, uri) do update set address = excluded.address, port = excluded.port,
       is_behind_nat = excluded.is_behind_nat, registered_at = excluded.registered_at, expires_at = excluded.expires_at`,
    [of.merchantId, of.userName, uri, address, port, isBehindNat, of.now, of.expiresAt],
  );
  await tx.write(
    `delete from sip_contacts where user_name = ? and (expires_at <= ? or uri not in (
       select uri from sip_contacts where user_name = ? order by registered_at desc, uri limit ?))`,
    [of.userName, of.now, of.userName, contactsMax],
  );
}

/** `uri` absent: all of them. */
export async function dropContacts(tx: Tx, userName: string, uri?: string): Promise<void> {
  await tx.write('delete from sip_contacts where user_name = ? and (?::text is null or uri = ?)', [
    userName,
    uri ?? null,
    uri ?? null,
  ]);
}

/** Those that hold, the one that registered last at the end. */
export async function readContactsOf(
  tx: Tx,
  userName: string,
  now: Date,
): Promise<(SipContact & { expiresAt: Date })[]> {
  return rows(
    tx,
    `select uri, address, port, is_behind_nat as "isBehindNat", expires_at as "expiresAt" from sip_contacts
     where user_name = ? and expires_at > ? order by registered_at, uri`,
    [userName, now],
  );
}
