// Who works for a merchant, and as what: invited, come, given other rights, gone. And who runs the house: named at the
// terminal, since somebody must be the first.
//
// A link shows that somebody was invited; it never opens an account that is somebody's already. Whoever has a password accepts
// with it: else a merchant who sees the link (where no mail is sent) would get into the accounts of others.

import { emailKey, type PasswordRefusal, passwordRefusal, type Role, rightsOf } from '../core/sign-in.ts';
import type { Language } from '../core/ids.ts';
import type { Tx } from '../store/database.ts';
import { enqueueJob } from '../store/jobs.ts';
import {
  acceptMembership,
  acceptOperator,
  asPerson,
  consultantIsThere,
  deleteMembership,
  insertUser,
  inviteMember,
  isOperator,
  listMembers,
  lockOwners,
  lockSecrets,
  type Member,
  membershipsOf,
  merchantNames,
  nameOperator,
  type Position,
  readSecrets,
  readUser,
  setPasswordHash,
  setPosition,
  setUserName,
  userOfEmail,
} from '../store/people.ts';
import { sha256 } from '../store/seal.ts';
import {
  deleteLinks,
  insertLink,
  linkOfToken,
  readLink,
  sessionChannel,
  type SignInLink,
  useLink,
} from '../store/sessions.ts';
import type { House } from './house.ts';
import { countTry, giveTryBack, type Try } from './limit-sign-in.ts';
import { linkAddress, linkSeconds } from './sign-in-links.ts';
import type { NewToken, Place } from './sessions.ts';
import { begin } from './sign-in.ts';

export interface Wish {
  role: Role;
  /** Of staff: area by area. */
  rights?: Readonly<Record<string, string>>;
  /** Of a consultant: which of the merchant's. */
  consultantId?: string;
}

export type PositionRefusal = 'consultant_unknown' | 'consultant_missing';

/** As it is written down: staff with rights, consultants with whom they are, nobody with more. */
async function positionOf(tx: Tx, wish: Wish): Promise<Position | PositionRefusal> {
  const { role, consultantId } = wish;
  if (role !== 'consultant') {
    const rights = role === 'staff' ? (rightsOf('staff', wish.rights) as Record<string, string>) : {};
    return { role, rights, consultantId: null };
  }
  if (consultantId === undefined) return 'consultant_missing';
  return (await consultantIsThere(tx, consultantId))
    ? { role, rights: {}, consultantId }
    : 'consultant_unknown';
}

export type Invited =
  /** `link`: shown once, where no mail can be sent. */
  | { outcome: 'invited'; member: Member; link?: string }
  | { outcome: 'member' }
  | { outcome: 'refused'; because: PositionRefusal };

/** Whoever this address belongs to is invited, whether he has an account here or not; nobody learns which. */
export async function invite(
  house: House,
  merchantId: string,
  given: Wish & { email: string; language: Language },
  by: string,
): Promise<Invited> {
  const userId = await userFor(house, given);
  return asPerson(
    house.db,
    userId,
    async (tx): Promise<Invited> => {
      const position = await positionOf(tx, given);
      if (typeof position === 'string') return { outcome: 'refused', because: position };
      const at = house.clock.now();
      if ((await inviteMember(tx, { ...position, userId, merchantId, at })) === 'member') {
        return { outcome: 'member' };
      }
      const link = await sendInvitation(house, tx, { userId, merchantId }, by);
      const [member] = await listMembers(tx, merchantId, userId);
      if (!member) throw new Error('Somebody was invited and is not there.');
      return { outcome: 'invited', member, ...(link !== undefined && { link }) };
    },
    merchantId,
  );
}

/** For the terminal: somebody who runs the house. The link is the terminal's to show. */
export async function inviteOperator(
  house: House,
  given: { email: string; language: Language },
): Promise<{ outcome: 'invited'; userId: string; link: string } | { outcome: 'operator' }> {
  const userId = await userFor(house, given);
  return asPerson(house.db, userId, async (tx) => {
    if (await isOperator(tx, userId)) return { outcome: 'operator' };
    await nameOperator(tx, userId);
    const link = await shownLink(house, tx, { userId, merchantId: null });
    return { outcome: 'invited', userId, link };
  });
}

/** The person of this address, made where there was none. */
async function userFor(
  house: House,
  { email, language }: { email: string; language: Language },
): Promise<string> {
  const key = emailKey(email);
  const find = (): Promise<string | undefined> => house.db.asNobody((db) => userOfEmail(db, key));
  const known = await find();
  if (known !== undefined) return known;
  const id = house.ids.id('user');
  const user = { id, email: email.trim(), emailKey: key, language, at: house.clock.now() };
  if (await asPerson(house.db, id, (tx) => insertUser(tx, user))) return id;
  // Two who invite the same person at once.
  const other = await find();
  if (other === undefined) throw new Error('An address that is taken by nobody.');
  return other;
}

type Invitation = Pick<SignInLink, 'userId' | 'merchantId'>;

/** By mail where there is one; else the link, to be shown once to whoever invites. */
async function sendInvitation(
  house: House,
  tx: Tx,
  of: Invitation,
  invitedBy: string,
): Promise<string | undefined> {
  if (!house.mailer.configured) return shownLink(house, tx, of);
  const { id } = await keepLink(house, tx, of);
  await enqueueJob(tx, 'mail_invitation', { userId: of.userId, linkId: id, invitedBy }, id);
  return undefined;
}

async function shownLink(house: House, tx: Tx, of: Invitation): Promise<string> {
  const token = house.ids.token();
  await keepLink(house, tx, of, token);
  return linkAddress(house, 'invitation', token);
}

async function keepLink(house: House, tx: Tx, of: Invitation, token?: string): Promise<{ id: string }> {
  const at = house.clock.now();
  const id = house.ids.id('signInLink');
  // Who is invited anew may be invited as something else: only the newest letter holds.
  await deleteLinks(tx, { ...of, kind: 'invitation' });
  await insertLink(tx, {
    id,
    ...of,
    kind: 'invitation',
    ...(token !== undefined && { tokenHash: sha256(token) }),
    at,
    expiresAt: new Date(at.getTime() + linkSeconds.invitation * 1000),
  });
  return { id };
}

export interface OpenInvitation {
  email: string;
  /** Null: to run the house. */
  merchant: string | null;
  role: Role | 'operator';
  /** He has an account here, and accepts with its password. */
  hasPassword: boolean;
}

/** What a link is for; `undefined`: for nothing any more. */
export async function readInvitation(house: House, token: string): Promise<OpenInvitation | undefined> {
  const found = await house.db.asNobody((db) => linkOfToken(db, sha256(token)));
  if (!found) return undefined;
  const { id, userId } = found;
  return asPerson(house.db, userId, async (tx) => {
    const link = await readLink(tx, { id, kind: 'invitation', at: house.clock.now() });
    const user = await readUser(tx, userId);
    if (!link || !user) return undefined;
    const works = (await membershipsOf(tx, userId)).find((one) => one.merchantId === link.merchantId);
    const hasPassword = ((await readSecrets(tx, userId))?.passwordHash ?? null) !== null;
    if (link.merchantId === null) return { email: user.email, merchant: null, role: 'operator', hasPassword };
    const [merchant] = await merchantNames(tx, [link.merchantId]);
    if (!works || !merchant) return undefined;
    return { email: user.email, merchant: merchant.name, role: works.role, hasPassword };
  });
}

export type Accepted =
  | { outcome: 'accepted'; userId: string; merchantId: string | null; email: string; session?: NewToken }
  | { outcome: 'unknown_link' }
  | { outcome: 'weak'; because: PasswordRefusal }
  | { outcome: 'refused' }
  | { outcome: 'too_often'; retryAfterSeconds: number };

/** Name and password of somebody new; of somebody who has an account, its password. Who was invited once has come once. */
export async function acceptInvitation(
  house: House,
  token: string,
  given: { name: string; password: string },
  place: Place,
): Promise<Accepted> {
  const found = await house.db.asNobody((db) => linkOfToken(db, sha256(token)));
  if (!found) return { outcome: 'unknown_link' };
  const { id, userId, merchantId } = found;
  const at = house.clock.now();
  const which = { id, kind: 'invitation' as const, at };
  const open = await asPerson(house.db, userId, async (tx) => {
    const link = await readLink(tx, which);
    const user = await readUser(tx, userId);
    return link && user && { user, hash: (await readSecrets(tx, userId))?.passwordHash ?? undefined };
  });
  if (!open) return { outcome: 'unknown_link' };
  const { user, hash } = open;
  if (hash === undefined) {
    const because = passwordRefusal(given.password, user.email);
    if (because) return { outcome: 'weak', because };
  } else {
    const tried: Try = { door: 'password', account: emailKey(user.email), address: place.address };
    const counted = await house.db.asMerchant('', (tx) => countTry(house, tx, tried));
    if (counted.outcome !== 'admitted') return counted;
    if (!(await house.proofs.passwordHolds(hash, given.password))) return { outcome: 'refused' };
    await house.db.asMerchant('', (tx) => giveTryBack(house, tx, tried));
  }
  const chosen = hash === undefined ? await house.proofs.hashPassword(given.password) : undefined;
  return asPerson(
    house.db,
    userId,
    async (tx): Promise<Accepted> => {
      // Somebody has come by another link meanwhile, and this one would take his account from him.
      const now = (await lockSecrets(tx, userId))?.passwordHash ?? undefined;
      if (chosen !== undefined && now !== undefined) return { outcome: 'unknown_link' };
      // Or the password he came with holds no more.
      if (chosen === undefined && now !== hash) return { outcome: 'refused' };
      if (!(await useLink(tx, which))) return { outcome: 'unknown_link' };
      const accepted =
        merchantId === null
          ? await acceptOperator(tx, userId, at)
          : await acceptMembership(tx, { userId, merchantId, at });
      if (!accepted) return { outcome: 'unknown_link' };
      if (chosen !== undefined) {
        await setPasswordHash(tx, userId, chosen);
        await setUserName(tx, userId, given.name);
      }
      tx.hint(sessionChannel, userId);
      // Whoever has a second factor gives it at the door.
      const session = user.totpAt ? undefined : await begin(house, tx, userId, place);
      return { outcome: 'accepted', userId, merchantId, email: user.email, ...(session && { session }) };
    },
    merchantId ?? '',
  );
}

export type Changed =
  | { outcome: 'changed'; member: Member; was: Position }
  | { outcome: 'unknown' }
  /** Somebody must be left who may let others in. */
  | { outcome: 'last_owner' }
  | { outcome: 'refused'; because: PositionRefusal };

export async function changeMember(
  house: House,
  merchantId: string,
  userId: string,
  wish: Partial<Wish>,
): Promise<Changed> {
  return house.db.asMerchant(merchantId, async (tx): Promise<Changed> => {
    const owners = await lockOwners(tx, merchantId);
    const [was] = await listMembers(tx, merchantId, userId);
    if (!was) return { outcome: 'unknown' };
    const position = await positionOf(tx, {
      role: wish.role ?? was.role,
      rights: wish.rights ?? was.rights,
      ...((wish.consultantId ?? was.consultantId) !== null && {
        consultantId: wish.consultantId ?? was.consultantId ?? '',
      }),
    });
    if (typeof position === 'string') return { outcome: 'refused', because: position };
    if (position.role !== 'owner' && isLast(owners, userId)) return { outcome: 'last_owner' };
    await setPosition(tx, { userId, merchantId }, position);
    tx.hint(sessionChannel, userId);
    return { outcome: 'changed', member: { ...was, ...position }, was };
  });
}

/** His sessions go on, and are nobody's here from the next request on. */
export async function removeMember(
  house: House,
  merchantId: string,
  userId: string,
): Promise<'removed' | 'unknown' | 'last_owner'> {
  return asPerson(
    house.db,
    userId,
    async (tx) => {
      if (isLast(await lockOwners(tx, merchantId), userId)) return 'last_owner';
      if (!(await deleteMembership(tx, { userId, merchantId }))) return 'unknown';
      await deleteLinks(tx, { userId, merchantId, kind: 'invitation' });
      tx.hint(sessionChannel, userId);
      return 'removed';
    },
    merchantId,
  );
}

const isLast = (owners: readonly string[], userId: string): boolean =>
  owners.length === 1 && owners[0] === userId;
