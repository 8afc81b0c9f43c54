// The password a merchant's programs prove themselves with over SOAP, sealed. One a merchant; the user name stays his when the
// password is made anew.

import { firstRow, type Tx } from './database.ts';

export interface StoredSoapPassword {
  userName: string;
  passwordSealed: Buffer;
}

/** In place of the one before it; the user name it now belongs to: `userName` only where he had none. */
export async function putSoapPassword(
  tx: Tx,
  password: StoredSoapPassword & { merchantId: string; at: Date },
): Promise<string> {
  const row = await firstRow<{ userName: string }>(
    tx,
    `insert into soap_passwords as p (user_name, merchant_id, password_sealed, set_at) values (?, ?, ?, ?)
     on conflict (merchant_id) do update set password_sealed = excluded.password_sealed, set_at = excluded.set_at
     returning p.user_name as "userName"`,
    [password.userName, password.merchantId, password.passwordSealed, password.at] as never[],
  );
  if (!row) throw new Error('A password that was not kept.');
  return row.userName;
}

/** Of the merchant of this transaction. */
export async function readSoapPassword(tx: Tx): Promise<StoredSoapPassword | undefined> {
  return firstRow(
    tx,
    'select user_name as "userName", password_sealed as "passwordSealed" from soap_passwords',
    [],
  );
}

/** Whether there was one. */
export async function deleteSoapPassword(tx: Tx): Promise<boolean> {
  return (await firstRow(tx, 'delete from soap_passwords returning 1 as one', [])) !== undefined;
}
