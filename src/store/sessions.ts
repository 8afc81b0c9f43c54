// Sessions and the links that lead to one. A token is kept as its digest alone; who finds the row by it gets ids, and reads it
// in a transaction of its person (or, of a consultant who came by short number, of his merchant).

import type { Language } from '../core/ids.ts';
import type { Role, SessionLife } from '../core/sign-in.ts';
import { type Db, firstRow, rows, type Tx } from './database.ts';

/** Told the id of a session, or of a person all of whose sessions may stand otherwise now. */
export const sessionChannel = 'ringmeter_session';

export interface SessionRef {
  id: string;
  userId: string | null;
  merchantId: string | null;
}

/** Not ended; whether it lives is said by its row. */
export async function sessionOfToken(db: Db, hash: Buffer): Promise<SessionRef | undefined> {
  return firstRow(
    db,
    'select id, user_id as "userId", merchant_id as "merchantId" from session_of_token(?)',
    [hash],
  );
}

export interface NewSession {
  id: string;
  tokenHash: Buffer;
  userId?: string;
  consultantId?: string;
  merchantId?: string;
  whole: boolean;
  at: Date;
  expiresAt: Date;
  idleSeconds: number;
  address: string;
  userAgent: string;
}

export async function insertSession(tx: Tx, session: NewSession): Promise<void> {
  await tx.write(
    `insert into sessions (id, token_hash, user_id, consultant_id, merchant_id, whole, created_at, last_seen_at,
       expires_at, idle_seconds, address, user_agent)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      session.id,
      session.tokenHash,
      session.userId ?? null,
      session.consultantId ?? null,
      session.merchantId ?? null,
      session.whole,
      session.at,
      session.at,
      session.expiresAt,
      session.idleSeconds,
      session.address,
      session.userAgent,
    ],
  );
}

/** Those of this person or consultant that could last until then at the longest. */
export async function forgetSessions(
  tx: Tx,
  of: { userId?: string; consultantId?: string },
  before: Date,
): Promise<void> {
  await tx.write('delete from sessions where expires_at < ? and (user_id = ? or consultant_id = ?)', [
    before,
    of.userId ?? null,
    of.consultantId ?? null,
  ]);
}

interface SessionRow extends SessionLife {
  id: string;
  tokenHash: Buffer;
  oldTokenUntil: Date | null;
  whole: boolean;
  steppedUpUntil: Date | null;
  merchantId: string | null;
  merchantName: string | null;
  merchantSlug: string | null;
  timeZone: string | null;
}
const sessionColumns = `s.id, s.token_hash as "tokenHash", s.old_token_until as "oldTokenUntil", s.whole,
  s.stepped_up_until as "steppedUpUntil", s.last_seen_at as "lastSeenAt", s.expires_at as "expiresAt",
  s.idle_seconds as "idleSeconds", s.merchant_id as "merchantId", mer.name as "merchantName",
  mer.slug as "merchantSlug", mer.time_zone as "timeZone"`;

export interface PersonSession extends SessionRow {
  userId: string;
  email: string;
  name: string | null;
  language: Language;
  totp: boolean;
  secondFactorWaived: boolean;
  isOperator: boolean;
  /** At the merchant he acts for; null: none there. */
  role: Role | null;
  rights: unknown;
  /** Null too where that consultant is gone. */
  consultantId: string | null;
}

/** To be asked as this person, and of the merchant the session names. */
export async function readPersonSession(tx: Tx, sessionId: string): Promise<PersonSession | undefined> {
  return firstRow(
    tx,
    `select ${sessionColumns}, u.id as "userId", u.email, u.name, u.language, u.totp_at is not null as totp,
       u.second_factor_waived as "secondFactorWaived", o.user_id is not null as "isOperator", m.role, m.rights,
       c.id as "consultantId"
     from sessions s join users u on u.id = s.user_id
       left join operators o on o.user_id = u.id and o.accepted_at is not null
       left join memberships m on m.user_id = u.id and m.merchant_id = s.merchant_id and m.accepted_at is not null
       left join merchants mer on mer.id = s.merchant_id
       left join consultants c on c.id = m.consultant_id and c.archived_at is null
     where s.id = ? and s.ended_at is null`,
    [sessionId],
  );
}

export interface ConsultantSession extends SessionRow {
  consultantId: string;
  name: string;
  language: Language;
}

/** To be asked of his merchant. */
export async function readConsultantSession(
  tx: Tx,
  sessionId: string,
): Promise<ConsultantSession | undefined> {
  return firstRow(
    tx,
    `select ${sessionColumns}, c.id as "consultantId", c.name, c.language
     from sessions s join consultants c on c.id = s.consultant_id join merchants mer on mer.id = s.merchant_id
     where s.id = ? and s.ended_at is null and c.archived_at is null`,
    [sessionId],
  );
}

export async function seeSession(tx: Tx, sessionId: string, at: Date): Promise<void> {
  await tx.write('update sessions set last_seen_at = ? where id = ? and last_seen_at < ?', [
    at,
    sessionId,
    at,
  ]);
}

/** One try at the second factor less; `false`: there was none left, or it is whole or over. */
export async function takeTryOfSession(tx: Tx, sessionId: string): Promise<boolean> {
  const taken = await rows(
    tx,
    `update sessions set tries_left = tries_left - 1
     where id = ? and not whole and ended_at is null and tries_left > 0 returning id`,
    [sessionId],
  );
  return taken.length > 0;
}

/** The second factor was right: it is whole from now on, under another token. */
export async function makeSessionWhole(
  tx: Tx,
  session: {
    id: string;
    tokenHash: Buffer;
    at: Date;
    expiresAt: Date;
    idleSeconds: number;
    merchantId: string | null;
  },
): Promise<boolean> {
  const made = await rows(
    tx,
    `update sessions set whole = true, token_hash = ?, last_seen_at = ?, expires_at = ?, idle_seconds = ?,
       merchant_id = ?
     where id = ? and not whole and ended_at is null returning id`,
    [session.tokenHash, session.at, session.expiresAt, session.idleSeconds, session.merchantId, session.id],
  );
  return made.length > 0;
}

/** Under another token; the one before it still shows who it is until then, and no more. */
export async function stepUpSession(
  tx: Tx,
  session: { id: string; tokenHash: Buffer; until: Date; oldTokenUntil: Date },
): Promise<boolean> {
  const made = await rows(
    tx,
    `update sessions set old_token_hash = token_hash, old_token_until = ?, token_hash = ?, stepped_up_until = ?
     where id = ? and ended_at is null returning id`,
    [session.oldTokenUntil, session.tokenHash, session.until, session.id],
  );
  return made.length > 0;
}

export async function chooseMerchant(tx: Tx, sessionId: string, merchantId: string): Promise<void> {
  await tx.write('update sessions set merchant_id = ? where id = ?', [merchantId, sessionId]);
}

/** Of those this transaction may see: this one, a person's or a consultant's, but one. How many were ended. */
export async function endSessions(
  tx: Tx,
  which: { id?: string; userId?: string; consultantId?: string; but?: string },
  at: Date,
): Promise<number> {
  const ended = await rows<{ id: string }>(
    tx,
    `update sessions set ended_at = ? where ended_at is null and id is distinct from ?
       and (?::text is null or id = ?) and (?::text is null or user_id = ?) and (?::text is null or consultant_id = ?)
     returning id`,
    [
      at,
      which.but ?? null,
      which.id ?? null,
      which.id ?? null,
      which.userId ?? null,
      which.userId ?? null,
      which.consultantId ?? null,
      which.consultantId ?? null,
    ],
  );
  for (const { id } of ended) tx.hint(sessionChannel, id);
  return ended.length;
}

export interface ListedSession extends SessionLife {
  id: string;
  createdAt: Date;
  address: string;
  userAgent: string;
}

/** Whole and not ended, newest first; some may have run out. */
export async function listSessions(
  tx: Tx,
  of: { userId?: string; consultantId?: string },
): Promise<ListedSession[]> {
  return rows(
    tx,
    `select id, created_at as "createdAt", last_seen_at as "lastSeenAt", expires_at as "expiresAt",
       idle_seconds as "idleSeconds", address, user_agent as "userAgent"
     from sessions where ended_at is null and whole
       and (?::text is null or user_id = ?) and (?::text is null or consultant_id = ?)
     order by created_at desc limit 200`,
    [of.userId ?? null, of.userId ?? null, of.consultantId ?? null, of.consultantId ?? null],
  );
}

/** Whether he was signed in before, and whether from here; and whom he acted for last. */
export async function formerSessions(
  tx: Tx,
  of: { userId: string; address: string; userAgent: string; since: Date },
): Promise<{ any: boolean; here: boolean; lastMerchantId: string | null }> {
  const row = await firstRow<{ any: boolean; here: boolean; lastMerchantId: string | null }>(
    tx,
    `select exists (select from sessions where user_id = ? and whole) as any,
       exists (select from sessions where user_id = ? and whole and created_at > ?
         and (address = ? or user_agent = ?)) as here,
       (select merchant_id from sessions where user_id = ? and merchant_id is not null
         order by created_at desc limit 1) as "lastMerchantId"`,
    [of.userId, of.userId, of.since, of.address, of.userAgent, of.userId],
  );
  return row ?? { any: false, here: false, lastMerchantId: null };
}

export async function wasHere(
  tx: Tx,
  of: { userId: string; address: string; since: Date },
): Promise<boolean> {
  const row = await firstRow(
    tx,
    'select 1 as one from sessions where user_id = ? and whole and address = ? and created_at > ? limit 1',
    [of.userId, of.address, of.since],
  );
  return row !== undefined;
}

// --- Links ---------------------------------------------------------------------------------------------------------

export type LinkKind = 'invitation' | 'reset';

export interface SignInLink {
  id: string;
  userId: string;
  merchantId: string | null;
  kind: LinkKind;
}

export async function linkOfToken(
  db: Db,
  hash: Buffer,
): Promise<Pick<SignInLink, 'id' | 'userId' | 'merchantId'> | undefined> {
  return firstRow(db, 'select id, user_id as "userId", merchant_id as "merchantId" from link_of_token(?)', [
    hash,
  ]);
}

/** Links that ran out unused are forgotten with it. */
export async function insertLink(
  tx: Tx,
  link: SignInLink & { tokenHash?: Buffer; at: Date; expiresAt: Date },
): Promise<void> {
  await tx.write('delete from sign_in_links where user_id = ? and used_at is null and expires_at < ?', [
    link.userId,
    link.at,
  ]);
  await tx.write(
    `insert into sign_in_links (id, user_id, merchant_id, kind, token_hash, created_at, expires_at)
     values (?, ?, ?, ?, ?, ?, ?)`,
    [link.id, link.userId, link.merchantId, link.kind, link.tokenHash ?? null, link.at, link.expiresAt],
  );
}

/** Those of this kind that were not used. */
export async function deleteLinks(
  tx: Tx,
  of: { userId: string; merchantId: string | null; kind: LinkKind },
): Promise<void> {
  await tx.write(
    `delete from sign_in_links where user_id = ? and merchant_id is not distinct from ? and kind = ? and used_at is null`,
    [of.userId, of.merchantId, of.kind],
  );
}

/** It is sent now, by this token. `undefined`: used, run out or replaced meanwhile. */
export async function sendLink(
  tx: Tx,
  link: { id: string; tokenHash: Buffer; at: Date },
): Promise<SignInLink | undefined> {
  return firstRow(
    tx,
    `update sign_in_links set token_hash = ? where id = ? and used_at is null and expires_at > ?
     returning id, user_id as "userId", merchant_id as "merchantId", kind`,
    [link.tokenHash, link.id, link.at],
  );
}

export async function readLink(
  tx: Tx,
  link: { id: string; kind: LinkKind; at: Date },
): Promise<SignInLink | undefined> {
  return firstRow(
    tx,
    `select id, user_id as "userId", merchant_id as "merchantId", kind from sign_in_links
     where id = ? and kind = ? and used_at is null and expires_at > ?`,
    [link.id, link.kind, link.at],
  );
}

/** Of two who follow it at once, one has it. */
export async function useLink(
  tx: Tx,
  link: { id: string; kind: LinkKind; at: Date },
): Promise<SignInLink | undefined> {
  return firstRow(
    tx,
    `update sign_in_links set used_at = ? where id = ? and kind = ? and used_at is null and expires_at > ?
     returning id, user_id as "userId", merchant_id as "merchantId", kind`,
    [link.at, link.id, link.kind, link.at],
  );
}
