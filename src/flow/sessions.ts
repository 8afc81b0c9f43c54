// A session as routes meet it: whose it is, for whom he acts and what he may, from the token alone. And how it goes on: another
// token at each step that proves more, and an end that everybody hears of.

import type { Language } from '../core/ids.ts';
import {
  isAlive,
  needsSecondFactor,
  type Rights,
  rightsOf,
  type Role,
  sessionSeconds,
  steppedUpSeconds,
} from '../core/sign-in.ts';
import type { Actor } from '../store/audit.ts';
import type { Tx } from '../store/database.ts';
import {
  allMerchants,
  asPerson,
  isOperator,
  type MerchantName,
  membershipsOf,
  merchantNames,
} from '../store/people.ts';
import { sha256 } from '../store/seal.ts';
import {
  chooseMerchant,
  type ConsultantSession,
  endSessions,
  forgetSessions,
  insertSession,
  type ListedSession,
  listSessions,
  type PersonSession,
  readConsultantSession,
  readPersonSession,
  seeSession,
  sessionChannel,
  sessionOfToken,
  type SessionRef,
  stepUpSession,
} from '../store/sessions.ts';
import type { House } from './house.ts';

/** Where a request came from, as far as it is written down. */
export interface Place {
  address: string;
  /** "Firefox, Android". */
  device: string;
}

export interface SignedIn {
  sessionId: string;
  kind: 'operator' | 'user' | 'consultant';
  /** `false`: the second factor is waited for; he may give it, and nothing else. */
  whole: boolean;
  /** Absent: he came by short number, and is nobody but this consultant. */
  userId?: string;
  name: string;
  email: string | null;
  language: Language;
  role: Role | 'operator' | undefined;
  /** Whom he acts for. */
  merchant?: MerchantName;
  rights: Rights;
  consultantId?: string;
  steppedUpUntil?: Date;
  /** At the latest. */
  endsAt: Date;
  hasTotp: boolean;
  /** Until he has a second factor he may set one up, and nothing else. */
  mustSetUpTotp: boolean;
}

/** A last look is written down once a minute: a page asks every few seconds. */
const seenEveryMs = 60_000;

/** `undefined`: nobody's, ended or run out. A session that ended is refused by every gateway from its next request on. */
export async function signedInBy(house: House, token: string): Promise<SignedIn | undefined> {
  const hash = sha256(token);
  const found = await house.db.asNobody((db) => sessionOfToken(db, hash));
  return found && readSignedIn(house, found, hash);
}

/** The same session as it stands now; that somebody looks does not keep it alive. */
export async function lookAgain(house: House, who: SignedIn): Promise<SignedIn | undefined> {
  const { sessionId: id, userId = null, merchant } = who;
  return readSignedIn(house, { id, userId, merchantId: merchant?.id ?? null });
}

/** `hash`: of the token he came with, which may be the one before; absent: nobody came. */
async function readSignedIn(house: House, found: SessionRef, hash?: Buffer): Promise<SignedIn | undefined> {
  const now = house.clock.now();
  const act = async (tx: Tx): Promise<SignedIn | undefined> => {
    const person = found.userId === null ? undefined : await readPersonSession(tx, found.id);
    const consultant = found.userId === null ? await readConsultantSession(tx, found.id) : undefined;
    const row = person ?? consultant;
    if (!row || !isAlive(row, now)) return undefined;
    const isOld = hash !== undefined && !row.tokenHash.equals(hash);
    if (isOld && !(row.oldTokenUntil && now < row.oldTokenUntil)) return undefined;
    if (hash && now.getTime() - row.lastSeenAt.getTime() > seenEveryMs) await seeSession(tx, row.id, now);
    const { steppedUpUntil } = row;
    return {
      ...(person ? asPersonOf(person) : asConsultantOf(consultant as ConsultantSession)),
      ...(!isOld && steppedUpUntil && now < steppedUpUntil && { steppedUpUntil }),
    };
  };
  return found.userId === null
    ? house.db.asMerchant(found.merchantId ?? '', act)
    : asPerson(house.db, found.userId, act, found.merchantId ?? '');
}

function asPersonOf(row: PersonSession): SignedIn {
  const role = row.isOperator ? 'operator' : (row.role ?? undefined);
  // Whoever works there no more acts for nobody, until he chooses.
  const merchant = role === undefined ? undefined : merchantOf(row);
  return {
    sessionId: row.id,
    kind: row.isOperator ? 'operator' : 'user',
    whole: row.whole,
    userId: row.userId,
    name: row.name ?? row.email,
    email: row.email,
    language: row.language,
    endsAt: row.expiresAt,
    role,
    ...(merchant && { merchant }),
    rights: merchant ? rightsOf(role, row.rights) : {},
    ...(merchant &&
      row.role === 'consultant' &&
      row.consultantId !== null && { consultantId: row.consultantId }),
    hasTotp: row.totp,
    mustSetUpTotp: needsSecondFactor(role) && !row.totp && !row.secondFactorWaived,
  };
}

function asConsultantOf(row: ConsultantSession): SignedIn {
  const merchant = merchantOf(row);
  if (!merchant) throw new Error('A consultant of nobody.');
  return {
    sessionId: row.id,
    kind: 'consultant',
    whole: true,
    name: row.name,
    email: null,
    language: row.language,
    endsAt: row.expiresAt,
    role: 'consultant',
    merchant,
    rights: {},
    consultantId: row.consultantId,
    hasTotp: false,
    mustSetUpTotp: false,
  };
}

function merchantOf({
  merchantId: id,
  merchantName: name,
  merchantSlug: slug,
  timeZone,
}: Pick<PersonSession, 'merchantId' | 'merchantName' | 'merchantSlug' | 'timeZone'>):
  MerchantName | undefined {
  if (id === null || name === null || slug === null || timeZone === null) return undefined;
  return { id, name, slug, timeZone };
}

/** Who he is in the trail of what was done. */
export function actorOf(
  session: Pick<SignedIn, 'kind' | 'userId' | 'consultantId' | 'name' | 'email'>,
): Actor {
  const id = session.userId ?? session.consultantId ?? '';
  return { kind: session.kind, id, name: session.email ?? session.name };
}

export interface NewToken {
  token: string;
  /** The longest it can live. */
  seconds: number;
}

/** Where somebody was is remembered for so long: what is new to him is told by it. */
export const rememberedMs = 90 * 86_400_000;

export type SessionOwner = { userId: string } | { consultantId: string; merchantId: string };

/** In the transaction that let him in. `life`: how long it may last, by who he is. */
export async function beginSession(
  house: House,
  tx: Tx,
  owner: SessionOwner & { merchantId?: string },
  place: Place,
  life: keyof typeof sessionSeconds,
): Promise<NewToken> {
  const at = house.clock.now();
  const token = house.ids.token();
  const { idle, longest } = sessionSeconds[life];
  await forgetSessions(tx, owner, new Date(at.getTime() - rememberedMs));
  await insertSession(tx, {
    id: house.ids.id('session'),
    tokenHash: sha256(token),
    ...owner,
    whole: life !== 'half',
    at,
    expiresAt: new Date(at.getTime() + longest * 1000),
    idleSeconds: idle,
    address: place.address,
    userAgent: place.device,
  });
  return { token, seconds: longest };
}

/** Requests that were on their way when the token changed: they show who asks, and no more. */
const oldTokenMs = 10_000;

/** He has proven again who he is. `undefined`: his session ended meanwhile. */
export async function stepUp(
  house: House,
  tx: Tx,
  { sessionId, endsAt }: SignedIn,
): Promise<(NewToken & { until: Date }) | undefined> {
  const token = house.ids.token();
  const now = house.clock.now().getTime();
  const until = new Date(now + steppedUpSeconds * 1000);
  const done = await stepUpSession(tx, {
    id: sessionId,
    tokenHash: sha256(token),
    until,
    oldTokenUntil: new Date(now + oldTokenMs),
  });
  return done ? { token, until, seconds: Math.floor((endsAt.getTime() - now) / 1000) } : undefined;
}

/** A transaction that sees the sessions of whoever this is. */
export function asSignedIn<T>(house: House, who: SignedIn, act: (tx: Tx) => Promise<T>): Promise<T> {
  return who.userId === undefined
    ? house.db.asMerchant(who.merchant?.id ?? '', act)
    : asPerson(house.db, who.userId, act, who.merchant?.id ?? '');
}

const ownSessions = ({ userId, consultantId }: SignedIn): { userId: string } | { consultantId: string } => {
  if (userId !== undefined) return { userId };
  if (consultantId !== undefined) return { consultantId };
  throw new Error('A session of nobody.');
};

/** All of his that live, newest first. */
export async function sessionsOf(house: House, who: SignedIn): Promise<ListedSession[]> {
  const now = house.clock.now();
  const listed = await asSignedIn(house, who, (tx) => listSessions(tx, ownSessions(who)));
  return listed.filter((one) => isAlive(one, now));
}

/** Ends one of his own; whether there was such a one. */
export async function endSession(house: House, who: SignedIn, sessionId: string): Promise<boolean> {
  const ended = await asSignedIn(house, who, (tx) =>
    endSessions(tx, { ...ownSessions(who), id: sessionId }, house.clock.now()),
  );
  return ended > 0;
}

/**
 * Hears when this session may stand otherwise: it ended, or its person's rights changed. Whoever keeps a connection open for
 * it looks again (`lookAgain`), and now and then by himself.
 */
export function whenSessionChanges(house: House, who: SignedIn, act: () => void): () => void {
  return house.db.listen(sessionChannel, (told) => {
    if (told === undefined || told === who.sessionId || told === who.userId) act();
  });
}

/** Whom he may act for: an operator for everybody. */
export async function merchantsOf(
  house: House,
  who: SignedIn,
): Promise<(MerchantName & { role: Role | 'operator' })[]> {
  const { userId } = who;
  if (userId === undefined) return who.merchant ? [{ ...who.merchant, role: 'consultant' }] : [];
  const everybody = who.kind === 'operator' ? await house.db.asNobody(allMerchants) : [];
  return asPerson(house.db, userId, async (tx) => {
    const works = (await membershipsOf(tx, userId)).filter(({ accepted }) => accepted);
    const roleOf = new Map(works.map(({ merchantId, role }) => [merchantId, role]));
    const ids = who.kind === 'operator' ? everybody : [...roleOf.keys()];
    const names = await merchantNames(tx, ids);
    return names.map((one) => ({
      ...one,
      role: who.kind === 'operator' ? ('operator' as const) : (roleOf.get(one.id) ?? 'staff'),
    }));
  });
}

/** As he is once he acts for this merchant; `undefined`: there is no such merchant, or not for him. */
export async function actFor(house: House, who: SignedIn, merchantId: string): Promise<SignedIn | undefined> {
  const { userId, sessionId } = who;
  if (userId === undefined) return who.merchant?.id === merchantId ? who : undefined;
  const may = await asPerson(
    house.db,
    userId,
    async (tx) => {
      const works = (await membershipsOf(tx, userId)).some(
        (one) => one.accepted && one.merchantId === merchantId,
      );
      const [merchant] = await merchantNames(tx, [merchantId]);
      if (!merchant || !(works || (await isOperator(tx, userId)))) return false;
      await chooseMerchant(tx, sessionId, merchantId);
      return true;
    },
    merchantId,
  );
  return may ? readSignedIn(house, { id: sessionId, userId, merchantId }) : undefined;
}
