// Who signs in at the demo merchant: its owner, and one consultant by short number and PIN. Nobody is asked for a second factor
// there: everybody who tries the demonstration is its owner. Written again at every start, so that what was printed holds.

import type { Tx } from './database.ts';
import { insertUser, setPasswordHash } from './people.ts';

export interface DemoPeople {
  ownerPasswordHash: string;
  consultantPinMark: Buffer;
}

export const demoOwner = { id: 'usr_demo_owner', email: 'owner@demo.example', name: 'Claire Dumont' };
export const demoSignIn = { consultantId: 'con_demo_claire', shortNumber: '10', pin: '2468' };

/** In a transaction of the demo merchant, whose consultants are there. */
export async function seedDemoPeople(tx: Tx, merchantId: string, people: DemoPeople): Promise<void> {
  const { id, email, name } = demoOwner;
  const at = new Date('2025-01-01T00:00:00Z');
  await tx.write(`select set_config('ringmeter.user', ?, true)`, [id]);
  await insertUser(tx, { id, email, emailKey: email, name, language: 'fr', at, secondFactorWaived: true });
  await setPasswordHash(tx, id, people.ownerPasswordHash);
  await tx.write(
    `insert into memberships (user_id, merchant_id, role, invited_at, accepted_at) values (?, ?, 'owner', ?, ?)
     on conflict (user_id, merchant_id) do update set role = 'owner', accepted_at = excluded.accepted_at`,
    [id, merchantId, at, at],
  );
  const { consultantId, shortNumber } = demoSignIn;
  // The mark is under the house's key: with another key the PIN of before would open nothing.
  await tx.write(
    `update consultants set short_number = ?, pin_mark = ?
     where id = ? and archived_at is null and (short_number is null or short_number = ?)
       and (short_number, pin_mark) is distinct from (?, ?)`,
    [shortNumber, people.consultantPinMark, consultantId, shortNumber, shortNumber, people.consultantPinMark],
  );
}
