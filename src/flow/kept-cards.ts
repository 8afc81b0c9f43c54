// Cards that callers agreed to be kept for their next calls: whose they are. Known by the number his carrier vouches for and the client
// code he was recognized by, and by nothing less. What pays is the processor's.

import type { E164 } from '../core/ids.ts';
import { type CustomerRef, keepCustomer, letCustomersGo } from '../store/customers.ts';
import { enqueueJob } from '../store/jobs.ts';
import {
  deleteKeptCards,
  deleteStaleCards,
  type KeptCard,
  keptCardsOf,
  mayKeyCards,
  saveKeptCard,
} from '../store/keypad.ts';
import type { Tx } from '../store/database.ts';
import type { StoredPayment } from '../store/payments.ts';
import { keyedWords } from './hold-money.ts';
import type { House } from './house.ts';
import type { CardFacts } from './ports.ts';
import type { KeptRun } from './scenario-row.ts';

/** `undefined`: nothing is kept for him. */
export function keptMark(house: House, { run, merchantId }: KeptRun): Buffer | undefined {
  const { cli } = run.plan;
  const clientCode = run.caller?.clientCode;
  if (cli.trust !== 'network' || clientCode === undefined) return undefined;
  return markOf(house, merchantId, { number: cli.number, clientCode });
}

interface Keeper {
  number: E164;
  clientCode: string;
}

function markOf(house: House, merchantId: string, { number, clientCode }: Keeper): Buffer {
  return house.seal.mark(`${merchantId}\n${number}\n${clientCode}`, 'kept card');
}

/** How many were kept for him here. What was ordered with them is none of this. */
export function forgetKeptCards(house: House, merchantId: string, keeper: Keeper): Promise<number> {
  return house.db.asMerchant(merchantId, async (tx) => {
    const orders = await deleteKeptCards(tx, markOf(house, merchantId, keeper));
    await removeKeepersOf(tx, merchantId, orders, house.clock.now());
    return orders.length;
  });
}

/**
 * Of this merchant: those that have expired, and all where his callers may key none any more. That they may again one day is no word of
 * the callers', who agree anew then. There may be many: their customers are found by whoever looks for those nobody needs.
 */
export async function forgetStaleCards(tx: Tx, now: Date): Promise<void> {
  await letCustomersGo(tx, await deleteStaleCards(tx, now), now);
}

/** What it was kept with at the processor goes too, as soon as nothing is paid by it any more (remove-customers). */
export async function removeSoon(tx: Tx, ref: CustomerRef): Promise<void> {
  await enqueueJob(tx, 'remove_customer', ref, ref.authorizationId);
}

/** He agreed, and it has paid. Keyed again it is kept anew, and what it was kept with before is needed no more. */
export async function keepIfAgreed(
  house: House,
  tx: Tx,
  payment: StoredPayment,
  { customer, paymentMethod, brand, last4 }: CardFacts,
  now: Date,
): Promise<void> {
  const keptFor = keyedWords(payment)?.keptFor;
  if (!keptFor || customer === undefined || payment.givenUp || !(await mayKeyCards(tx))) return;
  const { merchantId, orderId } = payment;
  const before = await saveKeptCard(tx, {
    id: house.ids.id('keptCard'),
    merchantId,
    mark: Buffer.from(keptFor.mark, 'base64url'),
    brand,
    last4,
    expiry: keptFor.expiry,
    processorAccount: payment.merchantAccount,
    customer,
    paymentMethod,
    orderId,
    agreedAt: now,
  });
  await keepCustomer(tx, orderId);
  if (before !== undefined && before !== orderId) await removeKeepersOf(tx, merchantId, [before], now);
}

/** What cards of these orders were kept with, which nobody keeps any more. */
async function removeKeepersOf(
  tx: Tx,
  merchantId: string,
  orders: readonly string[],
  now: Date,
): Promise<void> {
  for (const authorizationId of await letCustomersGo(tx, orders, now))
    await removeSoon(tx, { merchantId, authorizationId });
}

/** Of those that have not expired: the last day of the month counts, wherever he is. */
export async function keptCards(
  house: House,
  tx: Tx,
  kept: KeptRun,
  { merchantAccount }: Pick<StoredPayment, 'merchantAccount'>,
): Promise<readonly KeptCard[]> {
  const mark = keptMark(house, kept);
  if (!mark) return [];
  const now = house.clock.now();
  const found = await keptCardsOf(tx, mark, merchantAccount);
  return found.filter(({ expiry }) => {
    const [month = '', year = ''] = expiry.split('/');
    return Date.UTC(2000 + Number(year), Number(month), 2) > now.getTime();
  });
}

export async function mayNameKeptCard(
  house: House,
  tx: Tx,
  kept: KeptRun,
  payment: StoredPayment,
): Promise<boolean> {
  return (await keptCards(house, tx, kept, payment)).length > 0;
}
