// The second factor: an authenticator's codes (RFC 6238), and ten on paper for when the telephone is lost. A code is taken once:
// whoever watched it being typed has nothing.

import type { Tx } from '../store/database.ts';
import {
  asPerson,
  beginTotp,
  endTotp,
  offerTotp,
  putRecoveryCodes,
  readSecrets,
  spendRecoveryCode,
  spendTotpStep,
} from '../store/people.ts';
import { endSessions } from '../store/sessions.ts';
import type { House } from './house.ts';
import { tellOwner } from './mail-sign-in.ts';
import type { SignedIn } from './sessions.ts';

const about = (userId: string): string => `totp ${userId}`;
const recoveryMark = (house: Pick<House, 'seal'>, userId: string, code: string): Buffer =>
  house.seal.mark(`${userId}\n${code}`, 'recovery code');

const recoveryCodes = 10;

/** Whether this code is right, and from now on spent. Six digits are an authenticator's, anything else is from the paper. */
export async function codeHolds(house: House, tx: Tx, userId: string, given: string): Promise<boolean> {
  const code = given.replace(/[\s-]/g, '').toLowerCase();
  const at = house.clock.now();
  if (!/^\d{6}$/.test(code)) return spendRecoveryCode(tx, userId, recoveryMark(house, userId, code), at);
  const secrets = await readSecrets(tx, userId);
  if (!secrets?.totpSealed) return false;
  const step = house.proofs.totpStep(house.seal.open(secrets.totpSealed, about(userId)), code, at);
  return step !== undefined && spendTotpStep(tx, userId, step);
}

/** A secret to be put into an authenticator. What he has holds until a code of the new one is confirmed. */
export async function offerSecondFactor(
  house: House,
  user: { id: string; email: string },
): Promise<{ secret: string; uri: string }> {
  const secret = house.proofs.newTotpSecret();
  const sealed = house.seal.close(secret, about(user.id));
  await asPerson(house.db, user.id, (tx) => offerTotp(tx, user.id, sealed));
  return { secret, uri: house.proofs.totpAddress(secret, user.email) };
}

/**
 * The first code of it: from now on it is asked for at every sign-in. The codes for paper are told here and never again; those
 * before them hold no more. `undefined`: the code is wrong, or nothing was offered.
 */
export async function confirmSecondFactor(
  house: House,
  who: SignedIn & { userId: string },
  given: string,
): Promise<readonly string[] | undefined> {
  const { userId } = who;
  const at = house.clock.now();
  return asPerson(house.db, userId, async (tx) => {
    const offered = (await readSecrets(tx, userId))?.totpOfferedSealed;
    if (!offered) return undefined;
    const secret = house.seal.open(offered, about(userId));
    const step = house.proofs.totpStep(secret, given.replace(/\s/g, ''), at);
    if (step === undefined || !(await beginTotp(tx, { userId, offered, step, at }))) return undefined;
    const codes = Array.from({ length: recoveryCodes }, () => house.proofs.recoveryCode());
    const marks = codes.map((code) => recoveryMark(house, userId, code.replaceAll('-', '')));
    await putRecoveryCodes(tx, userId, marks);
    // Whoever signed in elsewhere did so without it.
    await endSessions(tx, { userId, but: who.sessionId }, at);
    const notice = { userId, what: who.hasTotp ? ('totp_changed' as const) : ('totp_set' as const) };
    await tellOwner(house, tx, notice);
    return codes;
  });
}

/** A password alone lets him in from now on, where his roles let him do without. */
export async function removeSecondFactor(house: House, userId: string): Promise<void> {
  await asPerson(house.db, userId, async (tx) => {
    await endTotp(tx, userId);
    await tellOwner(house, tx, { userId, what: 'totp_removed' });
  });
}
