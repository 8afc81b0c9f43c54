// A merchant composes his scenarios: drafts that may be changed, versions that are published and never change, one of them live.
// Nothing goes live in which a caller would fall; calls under way finish in the version they began in.

import type { Scenario } from '../core/scenario/blocks.ts';
import { referencesOf, type ScenarioFault } from '../core/scenario/check-scenario.ts';
import type { Actor } from '../store/audit.ts';
import type { Tx } from '../store/database.ts';
import {
  insertScenario,
  insertScenarioVersion,
  liveScenarios,
  lockScenarios,
  newestScenarioVersion,
  type PublishedVersion,
  readScenario,
  readScenarioVersion,
  scenarioOfRequest,
  scenariosBySlug,
  type ScenarioRecord,
  writeScenario,
} from '../store/scenarios.ts';
import type { House } from './house.ts';
import { checkedScenario, isPublishable } from './scenario-surroundings.ts';
import { changesBetween, noteChange } from './settings-change.ts';

/** Whose, and who asks; absent: nobody we know. */
export interface ScenarioOwner {
  merchantId: string;
  by?: Actor;
}

export interface OfScenario extends ScenarioOwner {
  slug: string;
  /** The version of the scenario (not of its graph) that the change was based on; absent: whichever stands. */
  basedOn?: number | 'none';
}

export type ScenarioRefused =
  | { outcome: 'unknown' | 'slug_taken' | 'unknown_version' }
  | { outcome: 'changed_meanwhile'; stands: number }
  /** A caller would fall: errors, and the warnings beside them. */
  | { outcome: 'faulty'; faults: readonly ScenarioFault[] };
export type ScenarioKept = { outcome: 'kept'; scenario: ScenarioRecord } | ScenarioRefused;

/** `requestKey`: names the request. A repeat of it finds what the first one made. */
export async function createScenario(
  house: House,
  owner: ScenarioOwner,
  wish: { slug: string; name: string; draft: Scenario },
  requestKey?: string,
): Promise<ScenarioKept> {
  const id = house.ids.id('scenario');
  const { merchantId } = owner;
  return house.db.asMerchant(merchantId, async (tx) => {
    const earlier = requestKey === undefined ? undefined : await scenarioOfRequest(tx, requestKey);
    if (earlier !== undefined) return kept(tx, earlier);
    const at = house.clock.now();
    if (!(await insertScenario(tx, { id, merchantId, ...wish }, requestKey ?? null, at))) {
      return { outcome: 'slug_taken' };
    }
    const { slug, name } = wish;
    await note(tx, { ...owner, slug }, at, changesBetween({}, { name }));
    return kept(tx, slug);
  });
}

export async function renameScenario(house: House, of: OfScenario, name: string): Promise<ScenarioKept> {
  return change(house, of, async (tx, scenario, at) => {
    if (scenario.name === name) return undefined;
    await writeScenario(tx, scenario.id, { name }, at);
    await note(tx, of, at, { name: { from: scenario.name, to: name } });
    return undefined;
  });
}

/** What is being composed, as a whole. It may have faults: nobody falls into a draft. */
export async function setDraft(house: House, of: OfScenario, draft: Scenario): Promise<ScenarioKept> {
  return change(
    house,
    of,
    async (tx, scenario, at) => {
      const changes = changesOfGraph(scenario.draft, draft);
      if (Object.keys(changes).length === 0) return undefined;
      await writeScenario(tx, scenario.id, { draft }, at);
      await note(tx, of, at, changes);
      return undefined;
    },
    // A repeat of what was done already is based on what stood before it, and harmless.
    (scenario) => Object.keys(changesOfGraph(scenario.draft, draft)).length === 0,
  );
}

export type ScenarioPublished =
  { outcome: 'published'; version: PublishedVersion; faults: readonly ScenarioFault[] } | ScenarioRefused;

/**
 * The draft becomes a version, and live. A draft that is the newest version already becomes no other one. `faults`: the warnings.
 * `basedOn`: the draft that was looked at, by the scenario's version.
 */
export async function publishScenario(
  house: House,
  of: OfScenario,
  publishedNote: string | null,
): Promise<ScenarioPublished> {
  const { merchantId, slug, by } = of;
  return house.db.asMerchant(merchantId, async (tx): Promise<ScenarioPublished> => {
    await lockScenarios(tx);
    const scenario = await readScenario(tx, slug, true);
    if (!scenario) return { outcome: 'unknown' };
    const newest = await newestScenarioVersion(tx, scenario.id);
    const isNewest = newest && Object.keys(changesOfGraph(newest.graph, scenario.draft)).length === 0;
    if (isNewest && scenario.live === newest.number) {
      return {
        outcome: 'published',
        version: newest,
        faults: await checkedScenario(house, tx, newest.graph, slug),
      };
    }
    const stale = staleness(scenario, of);
    if (stale) return stale;
    const faults = await checkedScenario(house, tx, scenario.draft, slug);
    if (!isPublishable(faults)) return { outcome: 'faulty', faults };
    const at = house.clock.now();
    const version: PublishedVersion = isNewest
      ? newest
      : {
          number: (newest?.number ?? 0) + 1,
          graph: scenario.draft,
          note: publishedNote,
          publishedAt: at,
          publishedBy: by ?? null,
        };
    if (!isNewest) await insertScenarioVersion(tx, { merchantId, scenarioId: scenario.id, ...version });
    await writeScenario(tx, scenario.id, { live: version.number }, at);
    await note(tx, of, at, { live: { from: scenario.live, to: version.number } });
    return { outcome: 'published', version, faults };
  });
}

/** Another of its versions becomes live: how what went wrong is rolled back. The draft stays as it is. */
export async function setLiveVersion(house: House, of: OfScenario, number: number): Promise<ScenarioKept> {
  return change(house, of, async (tx, scenario, at) => {
    if (scenario.live === number) return undefined;
    const version = await readScenarioVersion(tx, scenario.id, number);
    if (!version) return { outcome: 'unknown_version' };
    // What it led to when it was published may be gone by now.
    const faults = await checkedScenario(house, tx, version.graph, scenario.slug);
    if (!isPublishable(faults)) return { outcome: 'faulty', faults };
    await writeScenario(tx, scenario.id, { live: number }, at);
    await note(tx, of, at, { live: { from: scenario.live, to: number } });
    return undefined;
  });
}

export type ScenarioArchived =
  | { outcome: 'archived' | 'unknown' }
  | { outcome: 'changed_meanwhile'; stands: number }
  /** Calls come to it: by these numbers, after the talks of these lines, and from the live versions of these scenarios, by their slugs. */
  | { outcome: 'in_use'; ddis: readonly string[]; lines: readonly string[]; scenarios: readonly string[] };

/** As they stand; where one is wanted nobody archives it meanwhile. */
export async function scenariosToLeadTo(
  tx: Tx,
  wanted: string | null | undefined,
): Promise<ReadonlyMap<string, { live: boolean }>> {
  if (wanted === null || wanted === undefined) return new Map();
  await lockScenarios(tx);
  return scenariosBySlug(tx);
}

/** Its slug is free again; calls under way in it finish. */
export async function archiveScenario(house: House, of: OfScenario): Promise<ScenarioArchived> {
  const { merchantId, slug } = of;
  return house.db.asMerchant(merchantId, async (tx): Promise<ScenarioArchived> => {
    await lockScenarios(tx);
    const scenario = await readScenario(tx, slug, true);
    if (!scenario) return { outcome: 'unknown' };
    const stale = staleness(scenario, of);
    if (stale) return stale;
    const scenarios = (await scenariosUsing(tx, { to: 'scenario', name: slug })).filter(
      (one) => one !== slug,
    );
    const { ddis, lines } = scenario;
    if (ddis.length + lines.length + scenarios.length > 0) {
      return { outcome: 'in_use', ddis, lines, scenarios };
    }
    const at = house.clock.now();
    await writeScenario(tx, scenario.id, { archived: true }, at);
    await note(tx, of, at, { archived: { from: false, to: true } });
    return { outcome: 'archived' };
  });
}

/** The scenarios whose live versions lead there, by their slugs. */
export async function scenariosUsing(
  tx: Tx,
  wanted: { to: 'scenario' | 'sound'; name: string },
): Promise<string[]> {
  return (await scenariosUsingEach(tx, wanted.to)).get(wanted.name) ?? [];
}

/** The same of everything of a kind that any of them leads to, by its name. */
export async function scenariosUsingEach(
  tx: Tx,
  kind: 'scenario' | 'sound',
): Promise<ReadonlyMap<string, string[]>> {
  const users = new Map<string, string[]>();
  for (const { slug, graph } of await liveScenarios(tx)) {
    const names = referencesOf(graph)
      .filter(({ to }) => to === kind)
      .map(({ name }) => name);
    for (const name of new Set(names)) users.set(name, [...(users.get(name) ?? []), slug]);
  }
  return users;
}

async function change(
  house: House,
  of: OfScenario,
  act: (tx: Tx, scenario: ScenarioRecord, at: Date) => Promise<ScenarioRefused | undefined>,
  isDone: (scenario: ScenarioRecord) => boolean = () => false,
): Promise<ScenarioKept> {
  const { merchantId, slug } = of;
  return house.db.asMerchant(merchantId, async (tx) => {
    await lockScenarios(tx);
    const scenario = await readScenario(tx, slug, true);
    if (!scenario) return { outcome: 'unknown' };
    const stale = isDone(scenario) ? undefined : staleness(scenario, of);
    return stale ?? (await act(tx, scenario, house.clock.now())) ?? kept(tx, slug);
  });
}

function staleness(
  { version }: ScenarioRecord,
  { basedOn }: OfScenario,
): { outcome: 'changed_meanwhile'; stands: number } | undefined {
  if (basedOn === undefined || basedOn === version) return undefined;
  return { outcome: 'changed_meanwhile', stands: version };
}

/** By the blocks that differ, without what is in them: drafts are saved all the time, versions are kept. */
function changesOfGraph(before: Scenario, after: Scenario): ReturnType<typeof changesBetween> {
  const blocks = changesBetween(
    { ...gone(after.blocks, before.blocks), ...before.blocks },
    { ...gone(before.blocks, after.blocks), ...after.blocks },
  );
  const names = Object.keys(blocks).sort();
  return {
    ...changesBetween({ start: before.start }, { start: after.start }),
    ...(names.length > 0 && {
      'draft.blocks': {
        from: names.filter((id) => Object.hasOwn(before.blocks, id)),
        to: names.filter((id) => Object.hasOwn(after.blocks, id)),
      },
    }),
    ...(Object.keys(changesBetween({ places: before.places ?? null }, { places: after.places ?? null }))
      .length > 0 && {
      'draft.places': { from: null, to: 'moved' },
    }),
  };
}

/** What only the other one has, as nothing. */
function gone(other: object, own: object): object {
  return Object.fromEntries(Object.keys(other).flatMap((id) => (Object.hasOwn(own, id) ? [] : [[id, null]])));
}

async function note(
  tx: Tx,
  { merchantId, slug, by }: ScenarioOwner & { slug: string },
  at: Date,
  changes: Parameters<typeof noteChange>[1]['changes'],
): Promise<void> {
  await noteChange(tx, {
    merchantId,
    at,
    actor: by,
    setting: 'scenario',
    of: slug,
    changes,
  });
}

async function kept(tx: Tx, slug: string): Promise<ScenarioKept> {
  const scenario = await readScenario(tx, slug);
  if (!scenario) throw new Error('A scenario that was just written is not there.');
  return { outcome: 'kept', scenario };
}
