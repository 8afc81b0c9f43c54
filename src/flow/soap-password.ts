// The password a merchant's programs send a digest of over SOAP. It is made here and never chosen: a digest is computed from it
// in plain, so that whoever hears one may try every password people would choose.

import type { Tx } from '../store/database.ts';
import { merchantOfSoapUser } from '../store/finders.ts';
import { deleteSoapPassword, putSoapPassword, readSoapPassword } from '../store/soap-passwords.ts';
import type { House } from './house.ts';

/** A row copied to another merchant, or another secret put in its place, does not open. */
const about = (merchantId: string): string => `soap password ${merchantId}`;

export interface SoapPassword {
  userName: string;
  password: string;
}

/** Makes a new one; the one before it is refused from the next request on. Nobody is told it a second time. */
export async function makeSoapPassword(
  house: Pick<House, 'db' | 'ids' | 'seal' | 'clock'>,
  merchantId: string,
): Promise<SoapPassword> {
  const password = house.ids.token();
  const passwordSealed = house.seal.close(password, about(merchantId));
  const made = { userName: house.ids.id('soapUser'), merchantId, passwordSealed, at: house.clock.now() };
  const userName = await house.db.asMerchant(merchantId, (tx) => putSoapPassword(tx, made));
  return { userName, password };
}

/** From now on no digest is taken from him; whether there was anything to take away. */
export async function dropSoapPassword(house: Pick<House, 'db'>, merchantId: string): Promise<boolean> {
  return house.db.asMerchant(merchantId, (tx: Tx) => deleteSoapPassword(tx));
}

/** Whose user name it is, and his password as it must be to compute a digest; `undefined`: nobody's. */
export async function soapSecretOf(
  house: Pick<House, 'db' | 'seal'>,
  user: string,
): Promise<{ merchantId: string; password: string } | undefined> {
  if (!userNamePattern.test(user)) return undefined;
  const merchantId = await house.db.asNobody((db) => merchantOfSoapUser(db, user));
  if (merchantId === undefined) return undefined;
  const kept = await house.db.asMerchant(merchantId, (tx) => readSoapPassword(tx));
  // Taken away in between, it is gone.
  if (kept?.userName !== user) return undefined;
  return { merchantId, password: house.seal.open(kept.passwordSealed, about(merchantId)) };
}
const userNamePattern = /^soap_[0-9a-z]{10,40}$/;
