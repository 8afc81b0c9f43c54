// Stopping calls: of one merchant, or of the whole house. New orders are refused from the commit on; nobody is rung any
// more, whatever was ordered before; what rings is ended with an apology by whoever commands its switch. People who talk
// have paid and talk on under their limit, unless the stop says otherwise: then they pay what they talked.

import { readSession } from '../store/call-sessions.ts';
import {
  readHouseStop,
  readMerchantStop,
  resumeHouse,
  resumeMerchant,
  sessionsToStop,
  stopHouse,
  stopMerchant,
  tellAllPages,
  tellPagesOfMerchant,
  waitForThoseWhoAsked,
} from '../store/kill-switches.ts';
import { addSwitchWork } from '../store/switches.ts';
import type { House } from './house.ts';

/** A merchant nobody knows cannot be stopped, and whoever tried must hear of it: a stop that does nothing is worse than none. */
export class UnknownMerchant extends Error {
  constructor(merchantId: string) {
    super(`There is no merchant ${merchantId}: nothing was stopped.`);
  }
}

export interface Stop {
  /** All merchants where absent. */
  merchantId?: string;
  /** End talks too. */
  alsoTalks?: boolean;
  /** Why, for whoever reads it tomorrow. */
  reason: string;
}

/**
 * Stops calls. Repeating it is harmless, and ends what an earlier one left. `ended`: calls told to end; their notices follow
 * as they do. Throws `UnknownMerchant`.
 */
export async function stopCalls(house: House, stop: Stop): Promise<{ ended: number }> {
  const at = house.clock.now();
  const { merchantId, reason, alsoTalks = false } = stop;
  if (merchantId === undefined) {
    await house.db.asNobody(async (db) => {
      await stopHouse(db, at, reason);
      await tellAllPages(db);
    });
  } else {
    await house.db.asMerchant(merchantId, async (tx) => {
      if (!(await stopMerchant(tx, merchantId, at, reason))) throw new UnknownMerchant(merchantId);
      await tellPagesOfMerchant(tx, merchantId);
    });
  }
  // Whoever was just ringing somebody when the stop came has written it down after this.
  await house.db.asMerchant(merchantId ?? '', (tx) => waitForThoseWhoAsked(tx));
  const found = await house.db.asNobody((db) => sessionsToStop(db, merchantId, alsoTalks));
  let ended = 0;
  for (const one of found) {
    const asked = await house.db.asMerchant(one.merchantId, async (tx) => {
      const stored = await readSession(tx, one.callSessionId);
      const state = stored?.session.state;
      const rings = state === 'ringing_consultant' || state === 'ringing_caller' || state === 'led';
      if (!stored || !(rings || (alsoTalks && state === 'connected'))) return false;
      await addSwitchWork(tx, { ...one, switchId: stored.switchId, kind: 'hang_up' });
      return true;
    });
    if (asked) ended += 1;
  }
  house.log.warn(
    { ...(merchantId !== undefined && { merchantId }), reason, alsoTalks, ended },
    merchantId === undefined ? 'All calls were stopped' : 'Calls of a merchant were stopped',
  );
  return { ended };
}

/** Lets calls be made again. A merchant stopped himself stays stopped when the house resumes, and the other way round. */
export async function resumeCalls(house: House, resume: { merchantId?: string } = {}): Promise<void> {
  const { merchantId } = resume;
  if (merchantId === undefined) {
    await house.db.asNobody(async (db) => {
      await resumeHouse(db);
      await tellAllPages(db);
    });
  } else {
    await house.db.asMerchant(merchantId, async (tx) => {
      if (!(await resumeMerchant(tx, merchantId))) throw new UnknownMerchant(merchantId);
      await tellPagesOfMerchant(tx, merchantId);
    });
  }
  house.log.warn(merchantId === undefined ? {} : { merchantId }, 'Calls may be made again');
}

export interface Stopped {
  since: Date;
  because: string;
}

/** What is stopped, for whoever operates the house: `house` all calls, `merchant` those of the one asked about. */
export async function stopsNow(
  house: House,
  merchantId?: string,
): Promise<{ house?: Stopped; merchant?: Stopped }> {
  const all = await house.db.asNobody((db) => readHouseStop(db));
  const own =
    merchantId === undefined
      ? undefined
      : await house.db.asMerchant(merchantId, (tx) => readMerchantStop(tx));
  return { ...(all && { house: all }), ...(own && { merchant: own }) };
}
