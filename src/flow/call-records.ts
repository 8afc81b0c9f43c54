// The switch's records of ended legs, taken in: posted when the leg ended, or found in the spool where a post failed. Both
// ways lead to the same row, in any order and as often as they like. A record of a leg nobody knows is kept apart until
// somebody does. What a record proves about a talk is take-over's.

import { type CallRecord, parseCallRecord } from '../core/call-record.ts';
import type { LegUuid } from '../core/ids.ts';
import {
  assignQuarantined,
  pruneQuarantined,
  quarantineRecord,
  saveCallRecord,
  tellOfRecord,
} from '../store/call-records.ts';
import { merchantOfLeg } from '../store/finders.ts';
import type { House } from './house.ts';
import { knownMerchantOfLeg } from './own-hands.ts';

/** A hundred records take a second or so; the rest waits for the next look, and nothing else waits for them. */
const atMost = 100;
const quarantinedForMs = 30 * 24 * 60 * 60 * 1000;

/**
 * Keeps the switch's own record of a leg beside it. `unknown_leg`: no leg of ours has this uuid; it is kept in quarantine. A
 * repeat changes nothing.
 */
export async function recordCdr(
  house: House,
  leg: LegUuid,
  body: object,
  source: 'posted' | 'spooled' = 'posted',
): Promise<'recorded' | 'unknown_leg'> {
  const record: CallRecord = { leg, body };
  const merchantId =
    knownMerchantOfLeg(house, leg) ?? (await house.db.asNobody((db) => merchantOfLeg(db, leg)))?.merchantId;
  if (merchantId !== undefined) {
    await house.db.asMerchant(merchantId, (tx) => saveCallRecord(tx, record));
    return 'recorded';
  }
  const at = house.clock.now();
  if (await house.db.asNobody((db) => quarantineRecord(db, record, source, at))) {
    house.log.warn({ leg, source }, 'A call record of a leg nobody here knows is kept apart');
  }
  return 'unknown_leg';
}

/** Takes in what lies in the spool. Each is removed once it is in the database, so that dying between the two repeats it. */
export async function takeSpooledRecords(house: House): Promise<void> {
  const { cdrSpool } = house;
  if (!cdrSpool) return;
  for (const name of await cdrSpool.list(atMost)) {
    const text = await cdrSpool.read(name);
    if (text === undefined) continue;
    const record = parseCallRecord(text);
    // The spool sets aside what is no record; what it reads to us is one, or is left for it to judge.
    if (record === undefined) continue;
    await recordCdr(house, record.leg, record.body, 'spooled');
    await cdrSpool.remove(name);
  }
}

/** Records whose leg is known by now find it; those that have waited for a month are given up. */
export async function lookAfterQuarantine(house: House): Promise<void> {
  const { db, clock } = house;
  for (const assigned of await db.asNobody((nobody) => assignQuarantined(nobody))) {
    await db.asMerchant(assigned.merchantId, (tx) => tellOfRecord(tx, assigned));
  }
  const before = new Date(clock.now().getTime() - quarantinedForMs);
  await db.asNobody((nobody) => pruneQuarantined(nobody, before));
}
