// Callers a merchant does not want. At a number that leads to a line they are refused before anything is answered; in a scenario the
// block that asks says what becomes of them.

import type { E164 } from '../core/ids.ts';
import type { Cli } from '../core/known-caller.ts';
import {
  type BlockedCaller,
  deleteBlockedCaller,
  isBlocked,
  readBlockedCaller,
  writeBlockedCaller,
} from '../store/blocked-callers.ts';
import type { Tx } from '../store/database.ts';
import type { House } from './house.ts';
import { changesBetween, type Doer, noteChange } from './settings-change.ts';

/** Who hides his number is not known, and let through. */
export async function isUnwanted(tx: Tx, cli: Cli): Promise<boolean> {
  return cli.trust !== 'withheld' && isBlocked(tx, cli.number);
}

/** Blocked already it is called otherwise. */
export async function blockCaller(
  house: House,
  { merchantId, actor }: Doer,
  { number, label }: Pick<BlockedCaller, 'number' | 'label'>,
): Promise<BlockedCaller> {
  return house.db.asMerchant(merchantId, async (tx) => {
    const before = await readBlockedCaller(tx, number, true);
    const at = house.clock.now();
    const blocked = { number, label, createdAt: before?.createdAt ?? at };
    const changes = changesBetween({ label: before?.label ?? null }, { label });
    const change = { merchantId, actor, at, setting: 'blocked_caller', of: number, changes } as const;
    if (await noteChange(tx, change)) await writeBlockedCaller(tx, merchantId, blocked);
    return blocked;
  });
}

/** `false`: he was not blocked. */
export async function unblockCaller(
  house: House,
  { merchantId, actor }: Doer,
  number: E164,
): Promise<boolean> {
  return house.db.asMerchant(merchantId, async (tx) => {
    const before = await readBlockedCaller(tx, number, true);
    if (!before) return false;
    await deleteBlockedCaller(tx, number);
    const changes = { removed: { from: before.label, to: null } };
    const at = house.clock.now();
    await noteChange(tx, { merchantId, actor, at, setting: 'blocked_caller', of: number, changes });
    return true;
  });
}
