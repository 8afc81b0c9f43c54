// Cards that callers agreed to be kept for their next calls: whose they are. Known by the number his carrier vouches for and the client
// code he was recognized by, and by nothing less. What pays is the processor's.

import type { E164 } from '../core/ids.ts';
import { deleteKeptCards, type KeptCard, keptCardsOf } from '../store/keypad.ts';
import type { Tx } from '../store/database.ts';
import type { StoredPayment } from '../store/payments.ts';
import type { House } from './house.ts';
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
  return house.db.asMerchant(merchantId, (tx) => deleteKeptCards(tx, markOf(house, merchantId, keeper)));
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
