// How people prove who they are: passwords by argon2id, codes of an authenticator by RFC 6238. And how we prove that a word is
// ours: signatures by Ed25519. What is kept of it, and how often somebody may try, is flow's.

import { createPrivateKey, generateKeyPairSync, randomInt, sign } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { Secret, TOTP } from 'otpauth';
import type { Proofs } from './flow/ports.ts';

/** OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane. */
const usualCost: PasswordCost = { kibibytes: 19_456, passes: 2 };

export interface PasswordCost {
  kibibytes: number;
  passes: number;
}

const stepSeconds = 30;
const secretOf = (base32: string): Secret => Secret.fromBase32(base32);
const code = { algorithm: 'SHA1', digits: 6, period: stepSeconds } as const;

/** No letter that is read for another. */
const letters = '23456789abcdefghjkmnpqrstvwxyz';

/** What a password costs whoever tries them; the rest costs nothing. */
export function proofs({ kibibytes, passes }: PasswordCost): Proofs {
  // `2` is argon2id (RFC 9106).
  const cost = { algorithm: 2, memoryCost: kibibytes, timeCost: passes, parallelism: 1 };
  /** Compared where nobody is there to be compared with, so that it takes as long. */
  let nobody: Promise<string> | undefined;
  return {
    ...codes,
    hashPassword: (password) => hash(password.normalize('NFKC'), cost),
    async passwordHolds(known, password) {
      const given = password.normalize('NFKC');
      nobody ??= hash('nobody has this password', cost);
      const holds = await verify(known ?? (await nobody), given).catch(() => false);
      return holds && known !== undefined;
    },
  };
}

const codes: Omit<Proofs, 'hashPassword' | 'passwordHolds'> = {
  // RFC 4226, 4: 160 bits.
  newTotpSecret: () => new Secret({ size: 20 }).base32,
  totpAddress: (secret, account) =>
    new TOTP({ issuer: 'Ringmeter', label: account, secret: secretOf(secret), ...code }).toString(),
  totpStep(secret, given, at) {
    // Digits of other scripts have more bytes, which the library compares by.
    if (!/^[0-9]{6}$/.test(given)) return undefined;
    const delta = TOTP.validate({
      token: given,
      secret: secretOf(secret),
      timestamp: at.getTime(),
      window: 1,
      ...code,
    });
    return delta === null ? undefined : Math.floor(at.getTime() / 1000 / stepSeconds) + delta;
  },
  recoveryCode() {
    const some = (many: number): string =>
      Array.from({ length: many }, () => letters.charAt(randomInt(letters.length))).join('');
    return `${some(4)}-${some(4)}-${some(2)}`;
  },
  newSigningKey() {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const { kty = '', crv = '', x = '' } = publicKey.export({ format: 'jwk' });
    return {
      privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
      publicJwk: { kty, crv, x },
    };
  },
  sign: (privateKey, text) => sign(null, Buffer.from(text), createPrivateKey(privateKey)),
};

export const realProofs: Proofs = proofs(usualCost);
