// The keys that sign what visitors are sent on with. Their private halves are sealed under a key the database never sees.

import type { KeyTimes } from '../core/access-code.ts';
import { type Db, rows } from './database.ts';

/** RFC 8037: an Ed25519 key as JOSE has it. */
export interface PublicJwk {
  kty: string;
  crv: string;
  x: string;
}

export interface SigningKey extends KeyTimes {
  kid: string;
  publicJwk: PublicJwk;
  privateSealed: Buffer;
}

/** By number: the newest last. */
export async function readSigningKeys(db: Db): Promise<SigningKey[]> {
  return rows(
    db,
    `select number, kid, public_jwk as "publicJwk", private_sealed as "privateSealed", created_at as "createdAt",
       signs_from as "signsFrom" from signing_keys order by number`,
  );
}

/** Of two gateways that make the same one the first has made it. */
export async function insertSigningKey(db: Db, key: SigningKey): Promise<void> {
  await db.raw(
    `insert into signing_keys (number, kid, public_jwk, private_sealed, created_at, signs_from)
     values (?, ?, ?, ?, ?, ?) on conflict (number) do nothing`,
    [key.number, key.kid, JSON.stringify(key.publicJwk), key.privateSealed, key.createdAt, key.signsFrom],
  );
}

export async function forgetSigningKeys(db: Db, numbers: readonly number[]): Promise<void> {
  if (numbers.length === 0) return;
  await db.raw('delete from signing_keys where number = any(?::int[])', [numbers]);
}
