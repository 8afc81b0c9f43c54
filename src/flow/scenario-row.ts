// A call that goes through a scenario, as it is held while somebody commands its switch: the run beside the graph it goes through and
// what was keyed in secret, opened. In its row that is sealed.

import { type Scenario, scenarioShape } from '../core/scenario/blocks.ts';
import type { RunFact, ScenarioRun, ScenarioVersion } from '../core/scenario/run.ts';
import type { E164 } from '../core/ids.ts';
import type { Tx } from '../store/database.ts';
import { readRun, saveRun, type StoredRun } from '../store/scenario-runs.ts';
import { readScenarioVersion } from '../store/scenarios.ts';
import type { House } from './house.ts';
import type { KeptLeg } from './leg-machine.ts';

export interface KeptRun extends KeptLeg {
  run: ScenarioRun;
  switchId: string;
  ddi: E164;
  graph: Scenario;
}

/** What a call goes through whose scenario has no live version, or one nobody can read: there is no such block, and he is told. */
export const noScenario: Scenario = { start: 'none', blocks: {} };

/** Versions do not change. */
const graphs = new WeakMap<House, Map<string, Scenario>>();
const graphsMax = 200;

export async function graphOf(house: House, tx: Tx, version: ScenarioVersion): Promise<Scenario> {
  if (version.version === 0) return noScenario;
  const held = graphs.get(house) ?? new Map<string, Scenario>();
  graphs.set(house, held);
  const name = `${version.scenarioId} ${String(version.version)}`;
  const known = held.get(name);
  if (known) return known;
  const stored = await readScenarioVersion(tx, version.scenarioId, version.version);
  const read = scenarioShape.safeParse(stored?.graph);
  if (!read.success) {
    house.log.error({ ...version }, 'A scenario that was published cannot be read');
    return noScenario;
  }
  if (held.size >= graphsMax) held.clear();
  held.set(name, read.data);
  return read.data;
}

export async function readKeptRun(
  house: House,
  ref: { merchantId: string; id: string },
): Promise<KeptRun | undefined> {
  return house.db.asMerchant(ref.merchantId, async (tx) => {
    const stored = await readRun(tx, ref.id);
    return stored && keptOf(house, stored, await graphOf(house, tx, stored.run.scenario));
  });
}

function keptOf(house: House, stored: StoredRun, graph: Scenario): KeptRun {
  const { run, secretsSealed, merchantId, switchId, ddi, version } = stored;
  const secrets =
    secretsSealed === null
      ? {}
      : (JSON.parse(house.seal.open(secretsSealed, run.id)) as ScenarioRun['secrets']);
  return { run: { ...run, secrets }, merchantId, switchId, ddi, version, graph };
}

/** `false`: the call, or the lease, has moved on, and nothing was written. */
export async function saveKeptRun(
  house: House,
  tx: Tx,
  before: KeptRun,
  next: { run: ScenarioRun; facts: readonly RunFact[] },
  at: Date,
  lease: bigint,
): Promise<boolean> {
  const { secrets, ...run } = next.run;
  const secretsSealed =
    Object.keys(secrets).length === 0 ? null : house.seal.close(JSON.stringify(secrets), run.id);
  return saveRun(tx, { id: run.id, version: before.version }, { run, secretsSealed }, next.facts, at, lease);
}
