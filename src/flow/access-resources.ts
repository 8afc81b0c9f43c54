// A merchant keeps what access codes open: its name, where a visitor is sent on to, and what its codes are like. Each change is
// written down with what it was before. Codes that were made keep what they were made with; the address holds for them too.

import { type AccessResourceSettings, wrongOfAccessResource } from '../core/access-code.ts';
import type { WrongField } from '../core/line-settings.ts';
import {
  type AccessResource,
  accessResourceOfRequest,
  archiveAccessResource,
  insertAccessResource,
  readAccessResource,
  updateAccessResource,
} from '../store/access-resources.ts';
import type { Tx } from '../store/database.ts';
import type { House } from './house.ts';
import { changesBetween, type Doer, noteChange } from './settings-change.ts';

export type ResourceRefused =
  | { outcome: 'unknown' | 'slug_taken' }
  | { outcome: 'changed_meanwhile'; stands: number }
  | { outcome: 'wrong'; wrong: readonly WrongField[] };
export type ResourceKept = { outcome: 'kept'; resource: AccessResource } | ResourceRefused;

interface OfResource extends Doer {
  slug: string;
  /** The version the change was based on; absent: whichever stands. */
  basedOn?: number | 'none';
}

/** `requestKey`: names the request. A repeat of it finds what the first one made. */
export async function createAccessResource(
  house: House,
  of: Omit<OfResource, 'basedOn'>,
  settings: AccessResourceSettings,
  requestKey?: string,
): Promise<ResourceKept> {
  const { merchantId, slug } = of;
  const wrong = wrongOfAccessResource(settings, mayBePlain(house));
  if (wrong.length > 0) return { outcome: 'wrong', wrong };
  return house.db.asMerchant(merchantId, async (tx) => {
    const earlier = requestKey === undefined ? undefined : await accessResourceOfRequest(tx, requestKey);
    if (earlier !== undefined) return kept(tx, earlier);
    const resource = { ...settings, id: house.ids.id('accessResource'), merchantId, slug };
    const made = { requestKey: requestKey ?? null, at: house.clock.now() };
    if ((await insertAccessResource(tx, resource, made)) === 'taken') return { outcome: 'slug_taken' };
    await note(house, tx, of, changesBetween({}, settings));
    return kept(tx, slug);
  });
}

/** What is left out stays. */
export async function changeAccessResource(
  house: House,
  of: OfResource,
  change: Partial<AccessResourceSettings>,
): Promise<ResourceKept> {
  const { merchantId, slug } = of;
  return house.db.asMerchant(merchantId, async (tx) => {
    const resource = await readAccessResource(tx, slug, true);
    if (!resource) return { outcome: 'unknown' };
    const before = settingsOf(resource);
    const after = { ...before, ...change };
    const changes = changesBetween(before, after);
    // A repeat of what was done already is based on what stood before it, and harmless.
    if (Object.keys(changes).length === 0) return { outcome: 'kept', resource };
    const stale = staleness(resource, of);
    if (stale) return stale;
    const wrong = wrongOfAccessResource(after, mayBePlain(house));
    if (wrong.length > 0) return { outcome: 'wrong', wrong };
    await updateAccessResource(tx, { ...after, id: resource.id });
    await note(house, tx, of, changes);
    return kept(tx, slug);
  });
}

export type ResourceGone =
  | { outcome: 'gone' | 'unknown' }
  | { outcome: 'changed_meanwhile'; stands: number }
  /** Sales of these lines end in a code of it: by their slugs. */
  | { outcome: 'in_use'; lines: readonly string[] };

/** Its codes open nothing any more; its name in links stays its own for ever. */
export async function removeAccessResource(house: House, of: OfResource): Promise<ResourceGone> {
  const { merchantId, slug } = of;
  return house.db.asMerchant(merchantId, async (tx) => {
    const resource = await readAccessResource(tx, slug, true);
    if (!resource) return { outcome: 'unknown' };
    const stale = staleness(resource, of);
    if (stale) return stale;
    if (resource.lines.length > 0) return { outcome: 'in_use', lines: resource.lines };
    await archiveAccessResource(tx, resource.id, house.clock.now());
    await note(house, tx, of, { removed: { from: resource.name, to: null } });
    return { outcome: 'gone' };
  });
}

/** Where we ourselves are not reached by https nobody else need be: a demonstration on one machine. */
function mayBePlain({ publicUrl }: Pick<House, 'publicUrl'>): boolean {
  return !publicUrl.startsWith('https:');
}

function staleness(
  { version }: AccessResource,
  { basedOn }: OfResource,
): { outcome: 'changed_meanwhile'; stands: number } | undefined {
  if (basedOn === undefined || basedOn === version) return undefined;
  return { outcome: 'changed_meanwhile', stands: version };
}

async function note(
  house: House,
  tx: Tx,
  { merchantId, actor, slug }: OfResource,
  changes: Parameters<typeof noteChange>[1]['changes'],
): Promise<void> {
  const at = house.clock.now();
  await noteChange(tx, { merchantId, actor, at, setting: 'access_resource', of: slug, changes });
}

async function kept(tx: Tx, slug: string): Promise<ResourceKept> {
  const resource = await readAccessResource(tx, slug);
  if (!resource) throw new Error('A resource that was just written is not there.');
  return { outcome: 'kept', resource };
}

function settingsOf(resource: AccessResource): AccessResourceSettings {
  const { name, address, alphabet, codeLength, validForSeconds, uses, active } = resource;
  return { name, address, alphabet, codeLength, validForSeconds, uses, active };
}
