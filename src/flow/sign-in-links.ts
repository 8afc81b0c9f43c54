// Links that open an account: how long each holds, and where a person follows it. Their tokens are known to nobody but who has
// the link: the database keeps digests.

import { emailKey } from '../core/sign-in.ts';
import {
  asPerson,
  isOperator,
  membershipsOf,
  readUser,
  type StoredUser,
  userOfEmail,
} from '../store/people.ts';
import { sha256 } from '../store/seal.ts';
import { insertLink, type LinkKind } from '../store/sessions.ts';
import type { House } from './house.ts';

/** Long enough for a holiday; a password is asked for by somebody who waits for the letter. */
export const linkSeconds: Record<LinkKind, number> = { invitation: 7 * 86_400, reset: 3_600 };

export function linkAddress(house: Pick<House, 'publicUrl'>, kind: LinkKind, token: string): string {
  return `${house.publicUrl}/extranet/${kind}/${token}`;
}

/**
 * For a new password. Those before it hold as well, until one is used: else whoever asks again and again in somebody's name would
 * make each of his letters worthless. `undefined`: nobody who signs in has this address; an account nobody came to
 * yet is opened by its invitation alone.
 */
export async function newResetLink(
  house: House,
  email: string,
): Promise<{ id: string; user: StoredUser; link: string } | undefined> {
  const userId = await house.db.asNobody((db) => userOfEmail(db, emailKey(email)));
  if (userId === undefined) return undefined;
  const token = house.ids.token();
  const id = house.ids.id('signInLink');
  return asPerson(house.db, userId, async (tx) => {
    const works = await membershipsOf(tx, userId);
    const user = await readUser(tx, userId);
    if (!user || !((await isOperator(tx, userId)) || works.some(({ accepted }) => accepted)))
      return undefined;
    const at = house.clock.now();
    const expiresAt = new Date(at.getTime() + linkSeconds.reset * 1000);
    await insertLink(tx, {
      id,
      userId,
      merchantId: null,
      kind: 'reset',
      tokenHash: sha256(token),
      at,
      expiresAt,
    });
    return { id, user, link: linkAddress(house, 'reset', token) };
  });
}
