// People who sign in, whom they work for, and what each is known by. A person's own rows are read in a transaction that names
// him (`asPerson`); a merchant's transaction sees who works for him, and nothing of what they are known by.

import type { Language } from '../core/ids.ts';
import type { Role } from '../core/sign-in.ts';
import { type Database, type Db, firstRow, rows, type Tx } from './database.ts';

/** A transaction that sees and writes this person's rows, and with `merchantId` that merchant's. */
export async function asPerson<T>(
  db: Database,
  userId: string,
  act: (tx: Tx) => Promise<T>,
  merchantId = '',
): Promise<T> {
  return db.asMerchant(merchantId, async (tx) => {
    await tx.write(`select set_config('ringmeter.user', ?, true)`, [userId]);
    return act(tx);
  });
}

export async function userOfEmail(db: Db, key: string): Promise<string | undefined> {
  return (await firstRow<{ id: string | null }>(db, 'select user_of_email(?) as id', [key]))?.id ?? undefined;
}

export interface StoredUser {
  id: string;
  email: string;
  name: string | null;
  language: Language;
  totpAt: Date | null;
  secondFactorWaived: boolean;
}

const userColumns = `u.id, u.email, u.name, u.language, u.totp_at as "totpAt",
  u.second_factor_waived as "secondFactorWaived"`;

/** `false`: somebody with this address came first. To be asked as this person. */
export async function insertUser(
  tx: Tx,
  user: {
    id: string;
    email: string;
    emailKey: string;
    name?: string;
    language: Language;
    at: Date;
    secondFactorWaived?: boolean;
  },
): Promise<boolean> {
  const made = await rows(
    tx,
    `insert into users (id, email, email_key, name, language, second_factor_waived, created_at)
     values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing returning id`,
    [
      user.id,
      user.email,
      user.emailKey,
      user.name ?? null,
      user.language,
      user.secondFactorWaived ?? false,
      user.at,
    ],
  );
  if (made.length > 0) await tx.write('insert into user_secrets (user_id) values (?)', [user.id]);
  return made.length > 0;
}

export async function readUser(tx: Tx, userId: string): Promise<StoredUser | undefined> {
  return firstRow(tx, `select ${userColumns} from users u where u.id = ?`, [userId]);
}

export async function setUserName(tx: Tx, userId: string, name: string): Promise<void> {
  await tx.write('update users set name = ? where id = ?', [name, userId]);
}

// --- Whom he works for -------------------------------------------------------------------------------------------

export interface Membership {
  merchantId: string;
  role: Role;
  rights: Record<string, string>;
  consultantId: string | null;
  accepted: boolean;
}

/** To be asked as this person. */
export async function membershipsOf(tx: Tx, userId: string): Promise<Membership[]> {
  return rows(
    tx,
    `select merchant_id as "merchantId", role, rights, consultant_id as "consultantId",
       accepted_at is not null as accepted
     from memberships where user_id = ? order by accepted_at, merchant_id`,
    [userId],
  );
}

export async function isOperator(tx: Tx, userId: string): Promise<boolean> {
  const row = await firstRow(
    tx,
    'select 1 as one from operators where user_id = ? and accepted_at is not null',
    [userId],
  );
  return row !== undefined;
}

export async function nameOperator(tx: Tx, userId: string): Promise<void> {
  await tx.write('insert into operators (user_id) values (?) on conflict do nothing', [userId]);
}

export async function acceptOperator(tx: Tx, userId: string, at: Date): Promise<boolean> {
  const accepted = await rows(
    tx,
    'update operators set accepted_at = coalesce(accepted_at, ?) where user_id = ? returning user_id',
    [at, userId],
  );
  return accepted.length > 0;
}

export interface Position {
  role: Role;
  rights: Record<string, string>;
  consultantId: string | null;
}

/** What became of it: an invitation that waits is written anew; who works here already is left as he is. */
export async function inviteMember(
  tx: Tx,
  invited: Position & { userId: string; merchantId: string; at: Date },
): Promise<'invited' | 'member'> {
  const written = await rows(
    tx,
    `insert into memberships as m (user_id, merchant_id, role, rights, consultant_id, invited_at)
     values (?, ?, ?, ?::jsonb, ?, ?)
     on conflict (user_id, merchant_id) do update set role = excluded.role, rights = excluded.rights,
       consultant_id = excluded.consultant_id, invited_at = excluded.invited_at where m.accepted_at is null
     returning user_id`,
    [
      invited.userId,
      invited.merchantId,
      invited.role,
      JSON.stringify(invited.rights),
      invited.consultantId,
      invited.at,
    ],
  );
  return written.length > 0 ? 'invited' : 'member';
}

export async function acceptMembership(
  tx: Tx,
  of: { userId: string; merchantId: string; at: Date },
): Promise<boolean> {
  const accepted = await rows(
    tx,
    `update memberships set accepted_at = coalesce(accepted_at, ?) where user_id = ? and merchant_id = ? returning user_id`,
    [of.at, of.userId, of.merchantId],
  );
  return accepted.length > 0;
}

export interface Member extends Position {
  id: string;
  email: string;
  name: string | null;
  language: Language;
  hasTotp: boolean;
  status: 'invited' | 'active';
}

/** Who works for the merchant of this transaction, by address; `userId`: him alone. */
export async function listMembers(tx: Tx, merchantId: string, userId?: string): Promise<Member[]> {
  return rows(
    tx,
    // Until he has come, he is an address: what he calls himself elsewhere is nobody's affair here.
    `select u.id, u.email, case when m.accepted_at is not null then u.name end as name, u.language,
       u.totp_at is not null and m.accepted_at is not null as "hasTotp", m.role, m.rights, m.consultant_id as "consultantId",
       case when m.accepted_at is null then 'invited' else 'active' end as status
     from memberships m join users u on u.id = m.user_id
     where m.merchant_id = ? and (?::text is null or m.user_id = ?) order by u.email_key`,
    [merchantId, userId ?? null, userId ?? null],
  );
}

/** Owners who came, locked: two who remove each other at once must not both succeed. */
export async function lockOwners(tx: Tx, merchantId: string): Promise<string[]> {
  const owners = await rows<{ id: string }>(
    tx,
    `select user_id as id from memberships where merchant_id = ? and role = 'owner' and accepted_at is not null
     order by user_id for update`,
    [merchantId],
  );
  return owners.map(({ id }) => id);
}

export async function setPosition(
  tx: Tx,
  of: { userId: string; merchantId: string },
  position: Position,
): Promise<void> {
  await tx.write(
    'update memberships set role = ?, rights = ?::jsonb, consultant_id = ? where user_id = ? and merchant_id = ?',
    [position.role, JSON.stringify(position.rights), position.consultantId, of.userId, of.merchantId],
  );
}

export async function deleteMembership(tx: Tx, of: { userId: string; merchantId: string }): Promise<boolean> {
  const gone = await rows(
    tx,
    'delete from memberships where user_id = ? and merchant_id = ? returning user_id',
    [of.userId, of.merchantId],
  );
  return gone.length > 0;
}

export interface MerchantName {
  id: string;
  name: string;
  slug: string;
  timeZone: string;
}

/**
 * Of each, what it is called; in the order given, without those there are none of. Each is named to the transaction before it
 * is read, which the last of them then stays.
 */
export async function merchantNames(tx: Tx, ids: readonly string[]): Promise<MerchantName[]> {
  const found = await Promise.all(
    // Not waited for: between the naming and the reading no other may be named.
    ids.map((id) => {
      void tx.write(`select set_config('ringmeter.merchant', ?, true)`, [id]);
      return firstRow<MerchantName>(
        tx,
        `select id, name, slug, time_zone as "timeZone" from merchants where id = ?`,
        [id],
      );
    }),
  );
  return found.filter((one) => one !== undefined);
}

export async function allMerchants(db: Db): Promise<string[]> {
  return (await rows<{ id: string }>(db, 'select merchant_id as id from all_merchants()', [])).map(
    ({ id }) => id,
  );
}

export async function merchantOfSlug(db: Db, slug: string): Promise<string | undefined> {
  return (
    (await firstRow<{ id: string | null }>(db, 'select merchant_of_slug(?) as id', [slug]))?.id ?? undefined
  );
}

/** Of the merchant of this transaction; his PIN is not changed until it is over. */
export async function consultantOfShortNumber(
  tx: Tx,
  shortNumber: string,
): Promise<{ id: string; pinMark: Buffer | null } | undefined> {
  return firstRow(
    tx,
    'select id, pin_mark as "pinMark" from consultants where short_number = ? and archived_at is null for share',
    [shortNumber],
  );
}

export async function consultantIsThere(tx: Tx, consultantId: string): Promise<boolean> {
  const row = await firstRow(tx, 'select 1 as one from consultants where id = ? and archived_at is null', [
    consultantId,
  ]);
  return row !== undefined;
}

/** Who signs in as this consultant of the merchant of this transaction. */
export async function peopleOfConsultant(tx: Tx, consultantId: string): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    'select user_id as id from memberships where consultant_id = ? and accepted_at is not null order by user_id',
    [consultantId],
  );
  return found.map(({ id }) => id);
}

// --- What he is known by -----------------------------------------------------------------------------------------

export interface StoredSecrets {
  passwordHash: string | null;
  totpSealed: Buffer | null;
  totpOfferedSealed: Buffer | null;
}

const secrets = `select password_hash as "passwordHash", totp_sealed as "totpSealed",
  totp_offered_sealed as "totpOfferedSealed" from user_secrets where user_id = ?`;

/** To be asked as this person. */
export async function readSecrets(tx: Tx, userId: string): Promise<StoredSecrets | undefined> {
  return firstRow(tx, secrets, [userId]);
}

/** The same, and nobody else changes them until the transaction ends. */
export async function lockSecrets(tx: Tx, userId: string): Promise<StoredSecrets | undefined> {
  return firstRow(tx, `${secrets} for update`, [userId]);
}

export async function setPasswordHash(tx: Tx, userId: string, hash: string): Promise<void> {
  await tx.write('update user_secrets set password_hash = ? where user_id = ?', [hash, userId]);
}

export async function offerTotp(tx: Tx, userId: string, sealed: Buffer): Promise<void> {
  await tx.write('update user_secrets set totp_offered_sealed = ? where user_id = ?', [sealed, userId]);
}

/** What was offered holds from now on; its code of this step is spent. `false`: something else was offered meanwhile. */
export async function beginTotp(
  tx: Tx,
  given: { userId: string; offered: Buffer; step: number; at: Date },
): Promise<boolean> {
  const begun = await rows(
    tx,
    `update user_secrets set totp_sealed = totp_offered_sealed, totp_offered_sealed = null, totp_step = ?
     where user_id = ? and totp_offered_sealed = ? returning user_id`,
    [given.step, given.userId, given.offered],
  );
  if (begun.length === 0) return false;
  await tx.write('update users set totp_at = ? where id = ?', [given.at, given.userId]);
  return true;
}

/** Codes of this step and before it are taken from nobody any more; `false`: one was taken already. */
export async function spendTotpStep(tx: Tx, userId: string, step: number): Promise<boolean> {
  const spent = await rows(
    tx,
    'update user_secrets set totp_step = ? where user_id = ? and coalesce(totp_step < ?, true) returning user_id',
    [step, userId, step],
  );
  return spent.length > 0;
}

export async function endTotp(tx: Tx, userId: string): Promise<void> {
  await tx.write(
    `update user_secrets set totp_sealed = null, totp_offered_sealed = null, totp_step = null where user_id = ?`,
    [userId],
  );
  await tx.write('update users set totp_at = null where id = ?', [userId]);
  await tx.write('delete from recovery_codes where user_id = ?', [userId]);
}

/** In place of all before. */
export async function putRecoveryCodes(tx: Tx, userId: string, marks: readonly Buffer[]): Promise<void> {
  await tx.write('delete from recovery_codes where user_id = ?', [userId]);
  await tx.write('insert into recovery_codes (user_id, mark) select ?, m from unnest(?::bytea[]) m', [
    userId,
    marks,
  ]);
}

/** `false`: it is none of his, or was used. */
export async function spendRecoveryCode(tx: Tx, userId: string, mark: Buffer, at: Date): Promise<boolean> {
  const spent = await rows(
    tx,
    'update recovery_codes set used_at = ? where user_id = ? and mark = ? and used_at is null returning user_id',
    [at, userId, mark],
  );
  return spent.length > 0;
}
