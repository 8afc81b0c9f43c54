// By what a merchant's script knows that it is us who ask. Our JSON is signed by the secret he had made for his scripts; until then
// by that of his own server (/v1/merchant-server), else of his notices, else by one nobody was shown, so that nothing ever goes out
// unsigned. What is asked in Twilio's words bears X-Twilio-Signature once he had a token made, which takes the place of Twilio's
// auth token in his script. Each is shown once, in the answer to the request that made it.

import { signingSecret } from '../core/signing-secret.ts';
import type { Tx } from '../store/database.ts';
import {
  readSigners,
  type StoredSigners,
  type StoredSigning,
  writeSigning,
} from '../store/script-signing.ts';
import type { House } from './house.ts';
import { newSecret, oldSecretMs } from './merchant-server-settings.ts';
import { later } from './payment-deadlines.ts';
import type { ScriptRequest } from './ports.ts';
import { type Doer, noteChange } from './settings-change.ts';

export type ScriptSigning = Pick<ScriptRequest, 'secret' | 'oldSecret' | 'authToken'>;

export function signingOf(house: House, merchantId: string, signers: StoredSigners): ScriptSigning {
  const now = house.clock.now();
  const token = tokenAt(signers.own, now);
  return {
    ...jsonSigning(house, merchantId, signers, now),
    ...(token && { authToken: house.seal.open(token, merchantId) }),
  };
}

/** The next one signs alone from its time on: a request in Twilio's words has room for one signature. */
function tokenAt(signing: StoredSigning, now: Date): Buffer | null {
  const { nextTokenFrom } = signing;
  return nextTokenFrom !== null && nextTokenFrom <= now ? signing.nextTokenSealed : signing.tokenSealed;
}

function jsonSigning(
  house: House,
  merchantId: string,
  { own, server, noticesSealed }: StoredSigners,
  now: Date,
): Pick<ScriptSigning, 'secret' | 'oldSecret'> {
  const open = (sealed: Buffer): string => house.seal.open(sealed, merchantId);
  const signs = own.secretSealed ? own : server;
  if (!signs?.secretSealed) {
    const secret = noticesSealed
      ? open(noticesSealed)
      : signingSecret(house.seal.mark(merchantId, 'script signing'));
    return { secret };
  }
  const { secretSealed, oldSecretSealed, oldSecretUntil } = signs;
  const isOldValid = oldSecretSealed !== null && oldSecretUntil !== null && oldSecretUntil > now;
  return { secret: open(secretSealed), ...(isOldValid && { oldSecret: open(oldSecretSealed) }) };
}

/** Without any secret. */
export interface SigningFacts {
  /** Whose secret signs our JSON; `nobody`: one nobody was shown, so that he cannot check it. */
  signedBy: 'own' | 'merchant_server' | 'notices' | 'nobody';
  oldUntil: Date | null;
  hasAuthToken: boolean;
  nextAuthTokenFrom: Date | null;
}

export async function signingFacts(house: House, tx: Tx): Promise<SigningFacts> {
  const { own, server, noticesSealed } = await readSigners(tx);
  const { oldSecretUntil, nextTokenFrom } = own;
  const now = house.clock.now();
  return {
    signedBy: own.secretSealed ? 'own' : server ? 'merchant_server' : noticesSealed ? 'notices' : 'nobody',
    oldUntil: oldSecretUntil !== null && oldSecretUntil > now ? oldSecretUntil : null,
    hasAuthToken: tokenAt(own, now) !== null,
    nextAuthTokenFrom: nextTokenFrom !== null && nextTokenFrom > now ? nextTokenFrom : null,
  };
}

/** A new secret for our JSON; what signed until now signs beside it for a day. */
export async function rotateScriptSecret(
  house: House,
  { merchantId, actor }: Doer,
): Promise<{ signingSecret: string; oldUntil: Date }> {
  const fresh = newSecret(house);
  const at = house.clock.now();
  const oldUntil = new Date(at.getTime() + oldSecretMs);
  await house.db.asMerchant(merchantId, async (tx) => {
    const signers = await readSigners(tx, true);
    const { secret } = jsonSigning(house, merchantId, signers, at);
    await writeSigning(tx, merchantId, {
      ...signers.own,
      secretSealed: house.seal.close(fresh, merchantId),
      oldSecretSealed: house.seal.close(secret, merchantId),
      oldSecretUntil: oldUntil,
    });
    const changes = { signingSecret: { from: signers.own.secretSealed ? 'set' : null, to: 'set anew' } };
    await noteChange(tx, { merchantId, actor, at, setting: 'script_signing', of: null, changes });
  });
  return { signingSecret: fresh, oldUntil };
}

/** A new token for what is asked in Twilio's words, which signs `afterSeconds` from now; until then the one before does. */
export async function rotateScriptToken(
  house: House,
  { merchantId, actor }: Doer,
  afterSeconds: number,
): Promise<{ authToken: string; signsFrom: Date }> {
  // As Twilio's own look: 32 hexadecimal digits.
  const authToken = Buffer.from(house.ids.token(), 'base64url').toString('hex').slice(0, 32);
  const at = house.clock.now();
  const signsFrom = later(at, afterSeconds);
  await house.db.asMerchant(merchantId, async (tx) => {
    const { own: before } = await readSigners(tx, true);
    const stands = tokenAt(before, at);
    const sealed = house.seal.close(authToken, merchantId);
    const next =
      afterSeconds > 0
        ? { tokenSealed: stands, nextTokenSealed: sealed, nextTokenFrom: signsFrom }
        : { tokenSealed: sealed, nextTokenSealed: null, nextTokenFrom: null };
    await writeSigning(tx, merchantId, { ...before, ...next });
    const changes = { authToken: { from: stands ? 'set' : null, to: 'set anew' } };
    await noteChange(tx, { merchantId, actor, at, setting: 'script_signing', of: null, changes });
  });
  return { authToken, signsFrom };
}
