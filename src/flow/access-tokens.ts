// What whoever had a code is sent on with: a token of a minute (RFC 7519, signed by EdDSA as RFC 8037 has it) that the merchant
// checks by our published keys. The keys are made by whichever gateway first finds that it is time (core/access-code), kept
// sealed, and are the same for all.

import { type AccessClaims, keysGone, nextKeyDue, signingNow } from '../core/access-code.ts';
import { sha256 } from '../store/seal.ts';
import {
  forgetSigningKeys,
  insertSigningKey,
  readSigningKeys,
  type PublicJwk,
  type SigningKey,
} from '../store/signing-keys.ts';
import type { House } from './house.ts';

type Signing = Pick<House, 'db' | 'clock' | 'seal' | 'proofs'>;

/** A key as it is published: to check by, with its name. */
export interface PublishedKey extends PublicJwk {
  kid: string;
  alg: 'EdDSA';
  use: 'sig';
}

const about = (kid: string): string => `signing key ${kid}`;

/** All that anything may be signed by: those that sign now, have signed lately or will tomorrow. */
export async function publishedKeys(house: Signing): Promise<PublishedKey[]> {
  const keys = await keysAsTheyAre(house);
  return keys.map(({ kid, publicJwk: { kty, crv, x } }) => ({ kty, crv, x, kid, alg: 'EdDSA', use: 'sig' }));
}

/** Signs what it is given. Taken before anything is used up: a database that goes away in between costs nobody his code. */
export async function tokenSigner(house: Signing): Promise<(claims: AccessClaims) => string> {
  const key = signingNow(await keysAsTheyAre(house), house.clock.now());
  if (!key) throw new Error('No key signs: the newest begins later than now.');
  const { kid, privateSealed } = key;
  const privateKey = house.seal.open(privateSealed, about(kid));
  return (claims) => {
    const text = `${encoded({ alg: 'EdDSA', typ: 'JWT', kid })}.${encoded(claims)}`;
    return `${text}.${house.proofs.sign(privateKey, text).toString('base64url')}`;
  };
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

async function keysAsTheyAre(house: Signing): Promise<SigningKey[]> {
  const { db, clock, seal, proofs } = house;
  const now = clock.now();
  return db.asNobody(async (nobody) => {
    const keys = await readSigningKeys(nobody);
    const due = nextKeyDue(keys, now);
    const gone = keysGone(keys, now);
    if (!due && gone.length === 0) return keys;
    await forgetSigningKeys(nobody, gone);
    if (due) {
      const { privateKey, publicJwk } = proofs.newSigningKey();
      const kid = thumbprint(publicJwk);
      await insertSigningKey(nobody, {
        ...due,
        kid,
        publicJwk,
        privateSealed: seal.close(privateKey, about(kid)),
      });
    }
    // Another gateway may have made it in the same moment: what stands is what signs.
    return readSigningKeys(nobody);
  });
}

/** RFC 7638: its name is what it is. */
function thumbprint({ crv, kty, x }: PublicJwk): string {
  return sha256(JSON.stringify({ crv, kty, x })).toString('base64url');
}
