// The numbers a merchant's scenarios may put calls through to: named by him, refused where nobody may be called, and confirmed by an
// operator before anybody is put through.

import { destinationOf, parsePhone, type InvalidPhone, type RefusedDestination } from '../core/dialling.ts';
import type { E164 } from '../core/ids.ts';
import type { Actor } from '../store/audit.ts';
import {
  confirmForwardNumber,
  deleteForwardNumber,
  type ForwardNumber,
  readForwardNumber,
  writeForwardNumber,
} from '../store/forward-numbers.ts';
import { readDestinations } from '../store/orders.ts';
import type { House } from './house.ts';
import { changesBetween, noteChange } from './settings-change.ts';

interface Owner {
  merchantId: string;
  by?: Actor;
}

export type ForwardKept =
  | { outcome: 'kept'; number: ForwardNumber }
  | { outcome: 'invalid'; reason: InvalidPhone }
  | { outcome: 'refused'; reason: RefusedDestination };

/** Known already it is called otherwise, and stays confirmed. */
export async function keepForwardNumber(
  house: House,
  { merchantId, by }: Owner,
  wish: { number: string; label: string },
): Promise<ForwardKept> {
  const read = parsePhone(wish.number, '');
  if (read.outcome === 'invalid') return read;
  const { number } = read;
  return house.db.asMerchant(merchantId, async (tx): Promise<ForwardKept> => {
    const to = destinationOf(number, await readDestinations(tx));
    if (to.outcome === 'refused') return { outcome: 'refused', reason: to.reason };
    const before = await readForwardNumber(tx, number, true);
    const at = house.clock.now();
    const { label } = wish;
    const changes = changesBetween({ label: before?.label ?? null }, { label });
    const change = { merchantId, at, actor: by, setting: 'forward_number' } as const;
    if (await noteChange(tx, { ...change, of: number, changes })) {
      await writeForwardNumber(tx, merchantId, { number, label }, at);
    }
    return { outcome: 'kept', number: { number, label, confirmedAt: before?.confirmedAt ?? null } };
  });
}

/** `false`: there was none. Calls that were to be put through to it from now on take the way of what cannot be reached. */
export async function removeForwardNumber(
  house: House,
  { merchantId, by }: Owner,
  number: E164,
): Promise<boolean> {
  return house.db.asMerchant(merchantId, async (tx) => {
    const before = await readForwardNumber(tx, number, true);
    if (!before) return false;
    await deleteForwardNumber(tx, number);
    await noteChange(tx, {
      merchantId,
      at: house.clock.now(),
      actor: by,
      setting: 'forward_number',
      of: number,
      changes: { removed: { from: before.label, to: null } },
    });
    return true;
  });
}

/** By an operator, who has seen that it is the merchant's to forward to. Confirming what is confirmed is done already. */
export async function confirmForward(
  house: House,
  { merchantId, number, by }: { merchantId: string; number: E164; by: string },
): Promise<'confirmed' | 'confirmed_already' | 'unknown'> {
  return house.db.asMerchant(merchantId, async (tx) => {
    const known = await readForwardNumber(tx, number, true);
    if (!known) return 'unknown';
    if (known.confirmedAt !== null) return 'confirmed_already';
    const at = house.clock.now();
    await confirmForwardNumber(tx, number, by, at);
    await noteChange(tx, {
      merchantId,
      at,
      by: 'operator',
      setting: 'forward_number',
      of: number,
      changes: { confirmed: { from: false, to: true } },
    });
    return 'confirmed';
  });
}
