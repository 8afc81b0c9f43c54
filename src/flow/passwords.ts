// A password chosen or changed, by its owner or by the link in a letter. Whoever changes it ends every other session: the
// reason may be that somebody knows the old one.

import { emailKey, type PasswordRefusal, passwordRefusal } from '../core/sign-in.ts';
import { enqueueJob } from '../store/jobs.ts';
import { asPerson, lockSecrets, readUser, setPasswordHash } from '../store/people.ts';
import { sha256 } from '../store/seal.ts';
import { deleteLinks, endSessions, linkOfToken, readLink, useLink } from '../store/sessions.ts';
import type { House } from './house.ts';
import { tellOwner } from './mail-sign-in.ts';
import { countTry, giveTryBack, type Try } from './limit-sign-in.ts';
import { hashOfHis, refusalOf, type Refused } from './sign-in.ts';
import type { Place, SignedIn } from './sessions.ts';

/** Nobody learns whether there is such an account, not even from how long it takes: the same is written for everybody. */
export async function askForReset(house: House, email: string, place: Place): Promise<void> {
  const tried: Try = { door: 'letter', account: emailKey(email), address: place.address };
  await house.db.asMerchant('', async (tx) => {
    // Who is sent ten letters an hour is not sent an eleventh; he is not told either.
    const counted = await countTry(house, tx, tried);
    if (counted.outcome === 'admitted') {
      await enqueueJob(tx, 'mail_reset', { email }, house.ids.token());
    }
  });
}

export type PasswordSet =
  { outcome: 'set' } | { outcome: 'unknown_link' } | { outcome: 'weak'; because: PasswordRefusal };

export async function resetPassword(house: House, token: string, password: string): Promise<PasswordSet> {
  const hash = sha256(token);
  const found = await house.db.asNobody((db) => linkOfToken(db, hash));
  if (!found) return { outcome: 'unknown_link' };
  const { userId } = found;
  const at = house.clock.now();
  const which = { id: found.id, kind: 'reset' as const, at };
  const user = await asPerson(house.db, userId, async (tx) =>
    (await readLink(tx, which)) ? readUser(tx, userId) : undefined,
  );
  if (!user) return { outcome: 'unknown_link' };
  // Looked at before the link is spent: whoever must choose a better one has it still.
  const because = passwordRefusal(password, user.email);
  if (because) return { outcome: 'weak', because };
  const passwordHash = await house.proofs.hashPassword(password);
  return asPerson(house.db, userId, async (tx): Promise<PasswordSet> => {
    if (!(await useLink(tx, which))) return { outcome: 'unknown_link' };
    await deleteLinks(tx, { userId, merchantId: null, kind: 'reset' });
    await setPasswordHash(tx, userId, passwordHash);
    await endSessions(tx, { userId }, at);
    await tellOwner(house, tx, { userId, what: 'password_changed' });
    return { outcome: 'set' };
  });
}

export type PasswordChanged =
  { outcome: 'changed' } | { outcome: 'weak'; because: PasswordRefusal } | Refused;

/** By who knows the old one. This session goes on, every other ends. */
export async function changePassword(
  house: House,
  who: SignedIn & { userId: string; email: string },
  given: { password: string; newPassword: string },
  place: Place,
): Promise<PasswordChanged> {
  const { userId, email } = who;
  const tried: Try = { door: 'password', account: emailKey(email), address: place.address };
  const refused = await refusalOf(house, tried);
  if (refused) return refused;
  const known = await hashOfHis(house, userId, given.password);
  if (known === undefined) return { outcome: 'refused' };
  await house.db.asMerchant('', (tx) => giveTryBack(house, tx, tried));
  const because = passwordRefusal(given.newPassword, email);
  if (because) return { outcome: 'weak', because };
  const passwordHash = await house.proofs.hashPassword(given.newPassword);
  return asPerson(house.db, userId, async (tx): Promise<PasswordChanged> => {
    // By a letter meanwhile, perhaps because somebody knew the old one.
    if ((await lockSecrets(tx, userId))?.passwordHash !== known) return { outcome: 'refused' };
    await setPasswordHash(tx, userId, passwordHash);
    await deleteLinks(tx, { userId, merchantId: null, kind: 'reset' });
    await endSessions(tx, { userId, but: who.sessionId }, house.clock.now());
    await tellOwner(house, tx, { userId, what: 'password_changed' });
    return { outcome: 'changed' };
  });
}
