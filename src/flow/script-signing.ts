// By what a merchant's script knows that it is us who ask. Our JSON is signed by the secret he had made for his scripts; until then
// by that of his own server (/v1/merchant-server), else of his notices, else by one nobody was shown, so that nothing ever goes out
// unsigned. What is asked in Twilio's words bears X-Twilio-Signature once he had a token made, which takes the place of Twilio's
// auth token in his script. Each is shown once, in the answer to the request that made it.

import { signingSecret } from '../core/signing-secret.ts';
import type { Tx } from '../store/database.ts';
import { readServer } from '../store/merchant-servers.ts';
import { noticeSecret } from '../store/notices.ts';
import { readSigning, type StoredSigning, writeSigning } from '../store/script-signing.ts';
import type { House } from './house.ts';
import { newSecret, oldSecretMs } from './merchant-server-settings.ts';
import { later } from './payment-deadlines.ts';
import type { ScriptRequest } from './ports.ts';
import { addressOf } from './recognize-caller.ts';
import { type Doer, noteChange } from './settings-change.ts';

export type ScriptSigning = Pick<ScriptRequest, 'secret' | 'oldSecret' | 'authToken'>;

export async function scriptSigning(house: House, tx: Tx, merchantId: string): Promise<ScriptSigning> {
  const signing = await readSigning(tx);
  const now = house.clock.now();
  const token = tokenAt(signing, now);
  return {
    ...(await jsonSigning(house, tx, merchantId, signing, now)),
    ...(token && { authToken: house.seal.open(token, merchantId) }),
  };
}

/** The next one signs alone from its time on: a request in Twilio's words has room for one signature. */
function tokenAt(signing: StoredSigning, now: Date): Buffer | null {
  const { nextTokenFrom } = signing;
  return nextTokenFrom !== null && nextTokenFrom <= now ? signing.nextTokenSealed : signing.tokenSealed;
}

async function jsonSigning(
  house: House,
  tx: Tx,
  merchantId: string,
  { secretSealed, oldSecretSealed, oldSecretUntil }: StoredSigning,
  now: Date,
): Promise<Pick<ScriptSigning, 'secret' | 'oldSecret'>> {
  if (!secretSealed) return borrowed(house, tx, merchantId);
  const isOldValid = oldSecretSealed !== null && oldSecretUntil !== null && oldSecretUntil > now;
  return {
    secret: house.seal.open(secretSealed, merchantId),
    ...(isOldValid && { oldSecret: house.seal.open(oldSecretSealed, merchantId) }),
  };
}

async function borrowed(
  house: House,
  tx: Tx,
  merchantId: string,
): Promise<Pick<ScriptSigning, 'secret' | 'oldSecret'>> {
  const server = await readServer(tx, 'merchant');
  if (server?.secretSealed) {
    const { secret, oldSecret } = addressOf(house, merchantId, server);
    return { secret, ...(oldSecret !== undefined && { oldSecret }) };
  }
  const sealed = await noticeSecret(tx);
  if (sealed) return { secret: house.seal.open(sealed, merchantId) };
  return { secret: signingSecret(house.seal.mark(merchantId, 'script signing')) };
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
  const [signing, server, notices] = await Promise.all([
    readSigning(tx),
    readServer(tx, 'merchant'),
    noticeSecret(tx),
  ]);
  const { oldSecretUntil, nextTokenFrom } = signing;
  const now = house.clock.now();
  return {
    signedBy: signing.secretSealed
      ? 'own'
      : server?.secretSealed
        ? 'merchant_server'
        : notices
          ? 'notices'
          : 'nobody',
    oldUntil: oldSecretUntil !== null && oldSecretUntil > now ? oldSecretUntil : null,
    hasAuthToken: tokenAt(signing, now) !== null,
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
    const before = await readSigning(tx, true);
    const { secret } = await jsonSigning(house, tx, merchantId, before, at);
    await writeSigning(tx, merchantId, {
      ...before,
      secretSealed: house.seal.close(fresh, merchantId),
      oldSecretSealed: house.seal.close(secret, merchantId),
      oldSecretUntil: oldUntil,
    });
    const changes = { signingSecret: { from: before.secretSealed ? 'set' : null, to: 'set anew' } };
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
    const before = await readSigning(tx, true);
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
