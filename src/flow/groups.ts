// A merchant keeps his groups of consultants: who stands in each, how they are rung, which short number reaches it. Each change
// is written down with what it was before; calls that ring go on as they began.

import type { WrongField } from '../core/line-settings.ts';
import { isShortNumberTaken } from '../store/consultant-records.ts';
import type { Tx } from '../store/database.ts';
import {
  deleteGroup,
  type GroupMember,
  groupOfRequest,
  type GroupRecord,
  type GroupSettings,
  insertGroup,
  readGroup,
  updateGroup,
} from '../store/groups.ts';
import { consultantIds } from '../store/lines.ts';
import type { House } from './house.ts';
import { changesBetween, type Doer, noteChange } from './settings-change.ts';

export type GroupRefused =
  | { outcome: 'unknown' | 'short_number_taken' }
  | { outcome: 'changed_meanwhile'; stands: number }
  | { outcome: 'wrong'; wrong: readonly WrongField[] };
export type GroupKept = { outcome: 'kept'; group: GroupRecord } | GroupRefused;

interface OfGroup extends Doer {
  groupId: string;
  /** The version the change was based on; absent: whichever stands. */
  basedOn?: number | 'none';
}

/** `requestKey`: names the request. A repeat of it finds what the first one made. */
export async function createGroup(
  house: House,
  doer: Doer,
  settings: GroupSettings,
  requestKey?: string,
): Promise<GroupKept> {
  const { merchantId } = doer;
  const groupId = house.ids.id('group');
  return house.db.asMerchant(merchantId, async (tx) => {
    const earlier = requestKey === undefined ? undefined : await groupOfRequest(tx, requestKey);
    if (earlier !== undefined) return kept(tx, earlier);
    const refused = await refusal(tx, groupId, settings);
    if (refused) return refused;
    await insertGroup(tx, { ...settings, id: groupId, merchantId }, requestKey ?? null);
    await note(house, tx, { ...doer, groupId }, changesBetween({}, settings));
    return kept(tx, groupId);
  });
}

/** What is left out stays; the members are replaced as a whole. */
export async function changeGroup(
  house: House,
  of: OfGroup,
  change: Partial<GroupSettings>,
): Promise<GroupKept> {
  const { merchantId, groupId } = of;
  return house.db.asMerchant(merchantId, async (tx) => {
    const group = await readGroup(tx, groupId, true);
    if (!group) return { outcome: 'unknown' };
    const before = settingsOf(group);
    const after = { ...before, ...change };
    const changes = changesBetween(before, after);
    // A repeat of what was done already is based on what stood before it, and harmless.
    if (Object.keys(changes).length === 0) return { outcome: 'kept', group };
    const refused = staleness(group, of) ?? (await refusal(tx, groupId, change));
    if (refused) return refused;
    await updateGroup(tx, { ...after, id: groupId, merchantId });
    await note(house, tx, of, changes);
    return kept(tx, groupId);
  });
}

export type GroupGone =
  | { outcome: 'gone' | 'unknown' }
  | { outcome: 'changed_meanwhile'; stands: number }
  /** Lines are served by it: by their slugs. */
  | { outcome: 'in_use'; lines: readonly string[] };

export async function removeGroup(house: House, of: OfGroup): Promise<GroupGone> {
  const { merchantId, groupId } = of;
  return house.db.asMerchant(merchantId, async (tx) => {
    const group = await readGroup(tx, groupId, true);
    if (!group) return { outcome: 'unknown' };
    const stale = staleness(group, of);
    if (stale) return stale;
    if (group.lines.length > 0) return { outcome: 'in_use', lines: group.lines };
    await deleteGroup(tx, groupId);
    await note(house, tx, of, { removed: { from: group.name, to: null } });
    return { outcome: 'gone' };
  });
}

function staleness(
  { version }: GroupRecord,
  { basedOn }: OfGroup,
): { outcome: 'changed_meanwhile'; stands: number } | undefined {
  if (basedOn === undefined || basedOn === version) return undefined;
  return { outcome: 'changed_meanwhile', stands: version };
}

async function refusal(
  tx: Tx,
  groupId: string,
  { members, shortNumber }: Partial<GroupSettings>,
): Promise<GroupRefused | undefined> {
  if (members) {
    const wrong = wrongMembers(members, await consultantIds(tx));
    if (wrong.length > 0) return { outcome: 'wrong', wrong };
  }
  if (typeof shortNumber === 'string' && (await isShortNumberTaken(tx, shortNumber, groupId))) {
    return { outcome: 'short_number_taken' };
  }
  return undefined;
}

function wrongMembers(members: readonly GroupMember[], consultants: ReadonlySet<string>): WrongField[] {
  const ids = members.map(({ consultantId }) => consultantId);
  return ids.flatMap((id, place) => {
    const field = `members/${String(place)}/consultantId`;
    if (!consultants.has(id)) {
      return [{ field, sentence: 'None of your consultants has this id, or he was removed.' }];
    }
    return ids.indexOf(id) < place ? [{ field, sentence: 'Stands here twice: he is rung once.' }] : [];
  });
}

async function note(
  house: House,
  tx: Tx,
  { merchantId, actor, groupId }: OfGroup,
  changes: Parameters<typeof noteChange>[1]['changes'],
): Promise<void> {
  const at = house.clock.now();
  await noteChange(tx, { merchantId, actor, at, setting: 'group', of: groupId, changes });
}

async function kept(tx: Tx, id: string): Promise<GroupKept> {
  const group = await readGroup(tx, id);
  if (!group) throw new Error('A group that was just written is not there.');
  return { outcome: 'kept', group };
}

function settingsOf({ name, shortNumber, strategy, stepSeconds, members }: GroupRecord): GroupSettings {
  return { name, shortNumber, strategy, stepSeconds, members };
}
