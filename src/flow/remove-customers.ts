// What a card was kept with at the processor is removed when it is to pay no more: the card was forgotten, or the order it was kept for
// is over and nobody agreed to more, or it was refused. Nothing of ours knows the card by then; while an order is still paid by it, it
// stays. That it is to be removed is written before it is asked, and asked again until the processor has said so.

import {
  beginRemoval,
  type CustomerRef,
  customersToRemove,
  merchantsWithStaleCards,
  saveRemoved,
} from '../store/customers.ts';
import type { House } from './house.ts';
import { forgetStaleCards, removeSoon } from './kept-cards.ts';
import { later } from './payment-deadlines.ts';

const atOnceMax = 50;
/** Whoever had the job may have died with it, and the queue holds it for his for hours. */
const againSeconds = 5 * 60;

/** The job fails, and comes again. */
export class CustomerStays extends Error {
  readonly system = 'processor';
  readonly retry = 'safe';
}

export async function removeCustomer(
  house: House,
  { merchantId, authorizationId }: CustomerRef,
): Promise<void> {
  const againAt = later(house.clock.now(), againSeconds);
  const leaving = await house.db.asMerchant(merchantId, (tx) => beginRemoval(tx, authorizationId, againAt));
  if (!leaving) return;
  const { customer, intentId, merchantAccount, createdAt } = leaving;
  const removed = await house.processor.removeCustomer({
    authorizationId,
    createdAt,
    ...(merchantAccount !== null && { merchantAccount }),
    ...(customer !== null && { customer }),
    ...(intentId !== null && { intentId }),
  });
  if (removed !== 'gone') throw new CustomerStays(`What ${authorizationId} was kept with is not removed yet`);
  await house.db.asMerchant(merchantId, (tx) => saveRemoved(tx, authorizationId));
}

/** What nobody has asked for: cards that have expired, orders that are over. */
export async function removeWhatNobodyNeeds(house: House): Promise<void> {
  const now = house.clock.now();
  for (const merchantId of await house.db.asNobody((db) => merchantsWithStaleCards(db, now)))
    await house.db.asMerchant(merchantId, (tx) => forgetStaleCards(tx, now));
  for (const ref of await house.db.asNobody((db) => customersToRemove(db, now, atOnceMax)))
    await house.db.asMerchant(ref.merchantId, (tx) => removeSoon(tx, ref));
}
