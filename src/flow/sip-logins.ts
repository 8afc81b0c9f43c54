// The login of a consultant's SIP telephone: made, made anew, taken away. The password is shown to whoever makes it and kept
// nowhere; what is kept answers digests and is sealed. With a login he is rung at it first.

import { digestSecrets } from '../core/sip-digest.ts';
import { parseSipAddress, type SipAddress } from '../core/sip-address.ts';
import { type ConsultantRecord, readConsultant } from '../store/consultant-records.ts';
import type { Tx } from '../store/database.ts';
import { enqueueJob } from '../store/jobs.ts';
import { merchantNames, peopleOfConsultant } from '../store/people.ts';
import {
  changeSipLogin,
  deleteSipLogin,
  insertSipLogin,
  readContactsOf,
  setSipAddress,
  sipLoginOf,
} from '../store/sip-logins.ts';
import { type ChangedFrom, noteConsultantChange } from './consultants.ts';
import type { House } from './house.ts';
import { aboutLogin, digestHash } from './register-phone.ts';
import type { Doer } from './settings-change.ts';

export interface MadeSipLogin {
  userName: string;
  /** Nobody is told it a second time. */
  password: string;
  /** Where it registers. */
  server: string;
  address: SipAddress;
}

export type SipLoginMade =
  | { outcome: 'made'; login: MadeSipLogin }
  | { outcome: 'unknown' | 'archived' | 'no_edge' | 'short_number_needed' };

/** Whose login it is, and who asks for it from which page. */
interface Whose extends Doer {
  consultantId: string;
  from: ChangedFrom;
}

/** A second one takes the place of the first: its password holds no more, and what registered with it is not called. */
export async function makeSipLogin(house: House, whose: Whose): Promise<SipLoginMade> {
  const { sipEdge } = house;
  if (sipEdge === undefined) return { outcome: 'no_edge' };
  const { merchantId, consultantId } = whose;
  return house.db.asMerchant(merchantId, async (tx) => {
    const consultant = await readConsultant(tx, consultantId, true);
    if (!consultant) return { outcome: 'unknown' };
    if (consultant.archivedAt) return { outcome: 'archived' };
    const password = house.ids.token();
    const userName = await putLogin(house, tx, whose, consultant, password);
    if (userName === undefined) return { outcome: 'short_number_needed' };
    const address = parseSipAddress(`${userName}@${sipEdge}`);
    if (address === undefined) throw new Error('A login that makes no SIP address.');
    await setSipAddress(tx, consultantId, address);
    await noteLogin(house, tx, whose, 'made', consultant.sip, address);
    return { outcome: 'made', login: { userName, password, server: sipEdge, address } };
  });
}

/** His name stays, or he gets one: his merchant's and his short number, which no two have at a time. */
async function putLogin(
  house: House,
  tx: Tx,
  { merchantId, consultantId }: Whose,
  { shortNumber }: ConsultantRecord,
  password: string,
): Promise<string | undefined> {
  const at = house.clock.now();
  const sealed = (userName: string): Buffer =>
    house.seal.close(JSON.stringify(digestSecrets(digestHash, userName, password)), aboutLogin(userName));
  const old = await sipLoginOf(tx, consultantId);
  if (old) {
    await changeSipLogin(tx, { ...old, secretsSealed: sealed(old.userName), at });
    return old.userName;
  }
  if (shortNumber === null) return undefined;
  const [merchant] = await merchantNames(tx, [merchantId]);
  const stem = `${(merchant?.slug ?? merchantId).slice(0, 48)}-${shortNumber}`;
  // Whoever had this short number before him may still have its name.
  for (let place = 1; place < 100; place += 1) {
    const userName = place === 1 ? stem : `${stem}.${String(place)}`;
    const login = { userName, merchantId, consultantId, secretsSealed: sealed(userName), at };
    if (await insertSipLogin(tx, login)) return userName;
  }
  throw new Error('A hundred logins of one short number.');
}

/** No telephone registers with it from now on, and none that did is called. Taking away what is not there is done. */
export async function dropSipLogin(
  house: House,
  whose: Whose,
): Promise<{ outcome: 'dropped'; dropped: boolean } | { outcome: 'unknown' }> {
  const { merchantId, consultantId } = whose;
  return house.db.asMerchant(merchantId, async (tx) => {
    const consultant = await readConsultant(tx, consultantId, true);
    if (!consultant) return { outcome: 'unknown' };
    const old = await sipLoginOf(tx, consultantId);
    if (!old) return { outcome: 'dropped', dropped: false };
    await deleteSipLogin(tx, consultantId);
    const isHis = consultant.sip === `sip:${old.userName}@${house.sipEdge ?? ''}`;
    if (isHis) await setSipAddress(tx, consultantId, null);
    await noteLogin(house, tx, whose, 'taken away', consultant.sip, isHis ? null : consultant.sip);
    return { outcome: 'dropped', dropped: true };
  });
}

async function noteLogin(
  house: House,
  tx: Tx,
  whose: Whose,
  login: 'made' | 'taken away',
  from: SipAddress | null,
  to: SipAddress | null,
): Promise<void> {
  const changes = { sipLogin: { from: null, to: login }, ...(from !== to && { sip: { from, to } }) };
  await noteConsultantChange(house, tx, whose, changes, whose.from);
}

/** As it stands; `undefined`: there is no such consultant. */
export async function readSipSetUp(
  house: House,
  merchantId: string,
  consultantId: string,
): Promise<{ userName: string | null; server: string | null; telephones: number } | undefined> {
  return house.db.asMerchant(merchantId, async (tx) => {
    if (!(await readConsultant(tx, consultantId))) return undefined;
    const login = await sipLoginOf(tx, consultantId);
    const contacts = login ? await readContactsOf(tx, login.userName, house.clock.now()) : [];
    return { userName: login?.userName ?? null, server: house.sipEdge ?? null, telephones: contacts.length };
  });
}

/** A letter to whoever signs in as him: where he makes the login himself. */
export async function askToSetUp(
  house: House,
  merchantId: string,
  consultantId: string,
): Promise<
  | { outcome: 'asked'; letters: number }
  | { outcome: 'unknown' | 'archived' | 'no_edge' | 'short_number_needed' | 'nobody' }
> {
  if (house.sipEdge === undefined) return { outcome: 'no_edge' };
  return house.db.asMerchant(merchantId, async (tx) => {
    const consultant = await readConsultant(tx, consultantId);
    if (!consultant) return { outcome: 'unknown' };
    if (consultant.archivedAt) return { outcome: 'archived' };
    if (consultant.shortNumber === null) return { outcome: 'short_number_needed' };
    const people = await peopleOfConsultant(tx, consultantId);
    if (people.length === 0) return { outcome: 'nobody' };
    for (const userId of people) {
      const letterId = house.ids.token();
      await enqueueJob(tx, 'mail_sip_set_up', { merchantId, userId, letterId }, letterId);
    }
    return { outcome: 'asked', letters: people.length };
  });
}
