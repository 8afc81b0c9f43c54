// A SIP telephone registers: who it is, by the digest of a password nobody keeps, and where it is to be called from now on. Who
// tries passwords is counted as at every other door, by login and by where he comes from, and a login nobody has is answered as
// one with another password.

import { createHash } from 'node:crypto';
import { type ContactWish, readContacts, type SipContact } from '../core/sip-contact.ts';
import {
  type DigestAnswer,
  type DigestHash,
  digestHolds,
  type DigestSecrets,
  judgeNonce,
  makeNonce,
  nonceForgottenAt,
  parseDigest,
} from '../core/sip-digest.ts';
import type { Tx } from '../store/database.ts';
import {
  dropContacts,
  keepContact,
  merchantOfSipLogin,
  readContactsOf,
  readSipLogin,
  useNonce,
} from '../store/sip-logins.ts';
import type { House } from './house.ts';
import { countTry, giveTryBack, type Try } from './limit-sign-in.ts';
import type { PhoneRegistry, RegisterAnswer, RegisterRequest } from './ports.ts';

export const digestHash: DigestHash = (algorithm, text) =>
  createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
    .update(text)
    .digest('hex');

/** What the secrets of a login are sealed with: a row copied to another login does not open. */
export const aboutLogin = (userName: string): string => `sip login ${userName}`;
const userNamePattern = /^[a-z0-9][a-z0-9.-]{2,63}$/;

export function phoneRegistry(house: House): PhoneRegistry {
  return {
    register: (request) => register(house, request),
    phonesOf: (userName) => phonesOf(house, userName),
  };
}

async function phonesOf(house: House, userName: string): Promise<readonly SipContact[] | undefined> {
  const merchantId = await merchantOf(house, userName);
  if (merchantId === undefined) return undefined;
  return house.db.asMerchant(merchantId, (tx) => readContactsOf(tx, userName, house.clock.now()));
}

async function merchantOf(house: House, userName: string): Promise<string | undefined> {
  if (!userNamePattern.test(userName)) return undefined;
  return house.db.asNobody((db) => merchantOfSipLogin(db, userName));
}

async function register(house: House, request: RegisterRequest): Promise<RegisterAnswer> {
  const now = house.clock.now();
  const mark = (text: string): string => house.seal.mark(text, 'sip nonce').toString('base64url');
  const challenged = (stale: boolean): RegisterAnswer => ({
    outcome: 'challenged',
    stale,
    nonce: makeNonce(now, house.ids.token(), mark),
  });
  const answer = request.authorization === undefined ? undefined : parseDigest(request.authorization);
  if (!answer) return challenged(false);
  // Before anything is looked at: what is said to it says nothing of any password.
  const nonce = judgeNonce(answer.nonce, now, mark);
  if (nonce !== 'fresh') return challenged(nonce === 'stale');
  const wish = readContacts(request.contacts, request.expires, request.source);
  if (wish.outcome === 'malformed' || wish.outcome === 'too_brief') return wish;

  const tried: Try = { door: 'sip', account: answer.userName.slice(0, 64), address: request.source.address };
  const counted = await house.db.asMerchant('', (tx) => countTry(house, tx, tried));
  if (counted.outcome === 'too_often') return { outcome: 'refused' };
  const merchantId = await merchantOf(house, answer.userName);
  return house.db.asMerchant(merchantId ?? '', async (tx) => {
    const login = await readSipLogin(tx, answer.userName);
    const secrets =
      login &&
      (JSON.parse(house.seal.open(login.secretsSealed, aboutLogin(login.userName))) as DigestSecrets);
    const { uri, user } = request;
    const holds = digestHolds(digestHash, secrets ?? nobodys, { method: 'REGISTER', uri }, answer);
    if (!holds || !login || merchantId === undefined || user !== login.userName)
      return { outcome: 'refused' };
    await giveTryBack(house, tx, tried);
    if (!(await isFirstUse(tx, merchantId, answer, now))) return challenged(true);
    await keepWish(tx, { merchantId, userName: login.userName }, wish, now);
    const contacts = await readContactsOf(tx, login.userName, now);
    return {
      outcome: 'registered',
      contacts: contacts.map((one) => ({
        uri: one.uri,
        expiresSeconds: Math.ceil((one.expiresAt.getTime() - now.getTime()) / 1000),
      })),
    };
  });
}

/** Nobody knows a password of it: the same work where there is no such login. */
const nobodys: DigestSecrets = { 'SHA-256': '', MD5: '' };

function isFirstUse(tx: Tx, merchantId: string, { nonce, nc }: DigestAnswer, now: Date): Promise<boolean> {
  // Eight hexadecimal digits; no telephone counts so far that the column ends.
  const count = Math.min(Number.parseInt(nc, 16), 2_147_483_647);
  return useNonce(tx, { merchantId, nonce, count, now, forgottenAt: nonceForgottenAt(now) });
}

async function keepWish(
  tx: Tx,
  of: { merchantId: string; userName: string },
  wish: ContactWish,
  now: Date,
): Promise<void> {
  if (wish.outcome === 'all_gone') await dropContacts(tx, of.userName);
  if (wish.outcome !== 'wishes') return;
  for (const { contact, expiresSeconds } of wish.wishes) {
    if (expiresSeconds === 0) await dropContacts(tx, of.userName, contact.uri);
    else
      await keepContact(tx, {
        ...of,
        contact,
        now,
        expiresAt: new Date(now.getTime() + expiresSeconds * 1000),
      });
  }
}
