// Signing in: an address and a password, then the second factor where there is one; a consultant by his merchant's link, his
// short number and PIN. And proving it once more before money or secrets move.
//
//   password right ──▶ no second factor: signed in
//                └───▶ second factor: half signed in (ten minutes, five tries) ──▶ code right: signed in, another token
//
// Whoever is refused is told the same, whichever part of it was wrong, and after the same work.

import { emailKey, sessionSeconds } from '../core/sign-in.ts';
import type { Tx } from '../store/database.ts';
import {
  asPerson,
  consultantOfShortNumber,
  isOperator,
  lockSecrets,
  membershipsOf,
  merchantOfSlug,
  readSecrets,
  userOfEmail,
} from '../store/people.ts';
import { sha256 } from '../store/seal.ts';
import {
  endSessions,
  formerSessions,
  makeSessionWhole,
  takeTryOfSession,
  wasHere,
} from '../store/sessions.ts';
import { consultantPinMark } from './consultants.ts';
import type { House } from './house.ts';
import { tellOwner } from './mail-sign-in.ts';
import { countTry, giveTryBack, type Try } from './limit-sign-in.ts';
import { codeHolds } from './second-factor.ts';
import {
  asSignedIn,
  beginSession,
  type NewToken,
  type Place,
  rememberedMs,
  type SignedIn,
  stepUp,
} from './sessions.ts';

export type Refused = { outcome: 'refused' } | { outcome: 'too_often'; retryAfterSeconds: number };

export type SignInAnswer = ({ outcome: 'signed_in' | 'second_factor' } & NewToken) | Refused;

/** Counted before anything is looked at; `undefined`: go on. */
export async function refusalOf(house: House, tried: Try): Promise<Refused | undefined> {
  const counted = await house.db.asMerchant(tried.merchantId ?? '', (tx) => countTry(house, tx, tried));
  return counted.outcome === 'admitted' ? undefined : counted;
}

export async function signIn(
  house: House,
  given: { email: string; password: string },
  place: Place,
): Promise<SignInAnswer> {
  const account = emailKey(given.email);
  const tried: Try = { door: 'password', account, address: place.address };
  const refused = await refusalOf(house, tried);
  if (refused) return refused;
  const userId = await house.db.asNobody((db) => userOfEmail(db, account));
  const secrets = await asPerson(house.db, userId ?? '', (tx) => readSecrets(tx, userId ?? ''));
  const holds = await house.proofs.passwordHolds(secrets?.passwordHash ?? undefined, given.password);
  if (!holds || userId === undefined) return { outcome: 'refused' };
  return asPerson(house.db, userId, async (tx): Promise<SignInAnswer> => {
    // Looking at a password takes a while. Who changed it meanwhile, or set up a second factor, has ended every session, and
    // this one would be left; who does so from here on waits until it is there to be ended.
    const now = await lockSecrets(tx, userId);
    if (now?.passwordHash !== secrets?.passwordHash) return { outcome: 'refused' };
    await giveTryBack(house, tx, tried);
    if (now?.totpSealed) {
      return { outcome: 'second_factor', ...(await beginSession(house, tx, { userId }, place, 'half')) };
    }
    return { outcome: 'signed_in', ...(await begin(house, tx, userId, place)) };
  });
}

/** Whole from the first: for whom he acts is whom he acted for last, or the first who has him. */
export async function begin(house: House, tx: Tx, userId: string, place: Place): Promise<NewToken> {
  const { life, merchantId } = await standing(house, tx, userId, place);
  return beginSession(house, tx, { userId, ...(merchantId !== undefined && { merchantId }) }, place, life);
}

async function standing(
  house: House,
  tx: Tx,
  userId: string,
  place: Place,
): Promise<{ life: 'people' | 'operator'; merchantId?: string }> {
  const now = house.clock.now();
  const former = await formerSessions(tx, {
    userId,
    address: place.address,
    userAgent: place.device,
    since: new Date(now.getTime() - rememberedMs),
  });
  if (former.any && !former.here) {
    const notice = { userId, what: 'signed_in' as const, place: `${place.device}, ${place.address}` };
    await tellOwner(house, tx, notice);
  }
  const works = (await membershipsOf(tx, userId)).filter(({ accepted }) => accepted);
  const last = works.find(({ merchantId }) => merchantId === former.lastMerchantId) ?? works[0];
  const life = (await isOperator(tx, userId)) ? 'operator' : 'people';
  return { life, ...(last && { merchantId: last.merchantId }) };
}

/** The second half. Five tries, then the password is asked again. */
export async function giveSecondFactor(
  house: House,
  half: SignedIn,
  code: string,
  place: Place,
): Promise<SignInAnswer> {
  const { userId, sessionId } = half;
  if (userId === undefined || half.whole) return { outcome: 'refused' };
  const tried = await codeTry(house, userId, place);
  const refused = await refusalOf(house, tried);
  if (refused) return refused;
  const may = await asPerson(house.db, userId, (tx) => takeTryOfSession(tx, sessionId));
  if (!may) {
    await asPerson(house.db, userId, (tx) => endSessions(tx, { id: sessionId }, house.clock.now()));
    return { outcome: 'refused' };
  }
  return asPerson(house.db, userId, async (tx): Promise<SignInAnswer> => {
    if (!(await codeHolds(house, tx, userId, code))) return { outcome: 'refused' };
    await giveTryBack(house, tx, tried);
    const { life, merchantId } = await standing(house, tx, userId, place);
    const at = house.clock.now();
    const { idle, longest } = sessionSeconds[life];
    const token = house.ids.token();
    const done = await makeSessionWhole(tx, {
      id: sessionId,
      tokenHash: sha256(token),
      at,
      expiresAt: new Date(at.getTime() + longest * 1000),
      idleSeconds: idle,
      merchantId: merchantId ?? null,
    });
    return done ? { outcome: 'signed_in', token, seconds: longest } : { outcome: 'refused' };
  });
}

async function codeTry(house: House, userId: string, { address }: Place): Promise<Try> {
  const since = new Date(house.clock.now().getTime() - rememberedMs);
  const isKnownHere = await asPerson(house.db, userId, (tx) => wasHere(tx, { userId, address, since }));
  return { door: 'code', account: userId, address, isKnownHere };
}

export async function signInByShortNumber(
  house: House,
  given: { merchant: string; shortNumber: string; pin: string },
  place: Place,
): Promise<SignInAnswer> {
  const merchantId = await house.db.asNobody((db) => merchantOfSlug(db, given.merchant));
  const tried: Try = {
    door: 'pin',
    account: given.shortNumber,
    address: place.address,
    merchantId: merchantId ?? '',
  };
  const refused = await refusalOf(house, tried);
  if (refused) return refused;
  return house.db.asMerchant(merchantId ?? '', async (tx): Promise<SignInAnswer> => {
    const found = await consultantOfShortNumber(tx, given.shortNumber);
    const mark = consultantPinMark(house, found?.id ?? '', given.pin);
    if (!found?.pinMark?.equals(mark) || merchantId === undefined) return { outcome: 'refused' };
    await giveTryBack(house, tx, tried);
    const owner = { consultantId: found.id, merchantId };
    return { outcome: 'signed_in', ...(await beginSession(house, tx, owner, place, 'people')) };
  });
}

/** By his password or a code, whichever he has at hand: a session somebody left open has neither. */
export async function proveAgain(
  house: House,
  who: SignedIn,
  /** One of the two. */
  proof: { password?: string | undefined; code?: string | undefined },
  place: Place,
): Promise<({ outcome: 'stepped_up'; until: Date } & NewToken) | Refused> {
  const { userId } = who;
  if (userId === undefined || who.email === null) return { outcome: 'refused' };
  const { password, code } = proof;
  const tried: Try =
    password !== undefined
      ? { door: 'password', account: emailKey(who.email), address: place.address }
      : await codeTry(house, userId, place);
  const refused = await refusalOf(house, tried);
  if (refused) return refused;
  if (password !== undefined && (await hashOfHis(house, userId, password)) === undefined) {
    return { outcome: 'refused' };
  }
  return asSignedIn(house, who, async (tx): Promise<Awaited<ReturnType<typeof proveAgain>>> => {
    // Without a password the code decides.
    if (password === undefined && !(await codeHolds(house, tx, userId, code ?? ''))) {
      return { outcome: 'refused' };
    }
    await giveTryBack(house, tx, tried);
    const stepped = await stepUp(house, tx, who);
    return stepped ? { outcome: 'stepped_up', ...stepped } : { outcome: 'refused' };
  });
}

/** What it was compared with, where it is his password; `undefined` too where he has none, after the same work. */
export async function hashOfHis(house: House, userId: string, password: string): Promise<string | undefined> {
  const secrets = await asPerson(house.db, userId, (tx) => readSecrets(tx, userId));
  const hash = secrets?.passwordHash ?? undefined;
  return (await house.proofs.passwordHolds(hash, password)) ? hash : undefined;
}
