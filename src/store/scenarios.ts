// Scenarios of a merchant: what is being composed, what was published, and which version calls begin in. What a graph means is
// core/scenario's; what stands around one is scenario-surroundings'.

import type { Scenario } from '../core/scenario/blocks.ts';
import type { Actor } from './audit.ts';
import { firstRow, rows, type Tx } from './database.ts';

export interface ScenarioSummary {
  id: string;
  slug: string;
  name: string;
  /** Counts its changes. */
  version: number;
  /** The published version calls begin in; null: none was published yet. */
  live: number | null;
  /** What is being composed is not what is live. */
  changed: boolean;
  /** The numbers that lead to it. */
  ddis: string[];
  /** The slugs of the lines whose talks it follows. */
  lines: string[];
  createdAt: Date;
  changedAt: Date;
}

export interface ScenarioRecord extends ScenarioSummary {
  draft: Scenario;
}

export interface ScenarioVersionSummary {
  number: number;
  note: string | null;
  publishedAt: Date;
  publishedBy: Actor | null;
}

export interface PublishedVersion extends ScenarioVersionSummary {
  graph: Scenario;
}

const columns = `s.id, s.slug, s.name, s.version, s.live,
  s.draft::jsonb is distinct from (select v.graph from scenario_versions v where v.scenario_id = s.id and v.number = s.live)
    as changed,
  coalesce((select json_agg(d.number order by d.number) from ddis d where d.scenario_id = s.id), '[]') as ddis,
  coalesce((select json_agg(l.slug order by l.slug) from lines l where s.id in (l.after_scenario_id, l.payment_scenario_id)), '[]') as lines,
  s.created_at as "createdAt", s.changed_at as "changedAt"`;

/**
 * Until this transaction is over nobody else publishes, archives or takes away what scenarios use: what was found to be there
 * is there when they go live.
 */
export async function lockScenarios(tx: Tx): Promise<void> {
  // Not `for update`: orders and calls that name the merchant go on meanwhile.
  await tx.raw(
    `select 1 from merchants where id = current_setting('ringmeter.merchant') for no key update`,
    [],
  );
}

/** By name; without those that are archived. */
export async function listScenarios(tx: Tx): Promise<ScenarioSummary[]> {
  return rows<ScenarioSummary>(
    tx,
    `select ${columns} from scenarios s where s.archived_at is null order by s.name, s.slug`,
  );
}

/** `lock`: nobody else changes it until this transaction is over. */
export async function readScenario(tx: Tx, slug: string, lock = false): Promise<ScenarioRecord | undefined> {
  if (lock) {
    await tx.raw('select 1 from scenarios where slug = ? and archived_at is null for update', [slug]);
  }
  return firstRow<ScenarioRecord>(
    tx,
    `select ${columns}, s.draft from scenarios s where s.slug = ? and s.archived_at is null`,
    [slug],
  );
}

/** The slug of what this request made, whenever that was. */
export async function scenarioOfRequest(tx: Tx, requestKey: string): Promise<string | undefined> {
  const row = await firstRow<{ slug: string }>(
    tx,
    'select slug from scenarios where request_key = ? and archived_at is null',
    [requestKey],
  );
  return row?.slug;
}

/** `false`: another one has this slug. */
export async function insertScenario(
  tx: Tx,
  scenario: { id: string; merchantId: string; slug: string; name: string; draft: Scenario },
  requestKey: string | null,
  at: Date,
): Promise<boolean> {
  const { id, merchantId, slug, name, draft } = scenario;
  const row = await firstRow(
    tx,
    `insert into scenarios (id, merchant_id, slug, name, draft, request_key, created_at, changed_at)
     values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (merchant_id, slug) where archived_at is null do nothing returning id`,
    [id, merchantId, slug, name, JSON.stringify(draft), requestKey, at, at],
  );
  return row !== undefined;
}

/** What is left out stays. */
export async function writeScenario(
  tx: Tx,
  id: string,
  change: { name?: string; draft?: Scenario; live?: number; archived?: true },
  at: Date,
): Promise<void> {
  const { name, draft, live, archived } = change;
  await tx.write(
    `update scenarios set name = coalesce(?, name), draft = coalesce(?::json, draft),
       live = case when ?::boolean then null else coalesce(?::int, live) end,
       archived_at = case when ?::boolean then ?::timestamptz end,
       request_key = case when ?::boolean then null else request_key end,
       version = version + 1, changed_at = ? where id = ?`,
    [
      name ?? null,
      draft === undefined ? null : JSON.stringify(draft),
      archived ?? false,
      live ?? null,
      archived ?? false,
      at,
      archived ?? false,
      at,
      id,
    ],
  );
}

/** Newest first. */
export async function listScenarioVersions(tx: Tx, scenarioId: string): Promise<ScenarioVersionSummary[]> {
  return rows<ScenarioVersionSummary>(
    tx,
    `select number, note, published_at as "publishedAt", published_by as "publishedBy" from scenario_versions
     where scenario_id = ? order by number desc`,
    [scenarioId],
  );
}

/** Also of a scenario that is archived: calls under way finish in the version they began in. */
export async function readScenarioVersion(
  tx: Tx,
  scenarioId: string,
  number: number,
): Promise<PublishedVersion | undefined> {
  return firstRow<PublishedVersion>(
    tx,
    `select number, note, published_at as "publishedAt", published_by as "publishedBy", graph from scenario_versions
     where scenario_id = ? and number = ?`,
    [scenarioId, number],
  );
}

/** The newest of all that were published of it. */
export async function newestScenarioVersion(
  tx: Tx,
  scenarioId: string,
): Promise<PublishedVersion | undefined> {
  return firstRow<PublishedVersion>(
    tx,
    `select number, note, published_at as "publishedAt", published_by as "publishedBy", graph from scenario_versions
     where scenario_id = ? order by number desc limit 1`,
    [scenarioId],
  );
}

/** Never changed again. */
export async function insertScenarioVersion(
  tx: Tx,
  version: { merchantId: string; scenarioId: string } & PublishedVersion,
): Promise<void> {
  const { merchantId, scenarioId, number, graph, note, publishedAt, publishedBy } = version;
  await tx.write(
    `insert into scenario_versions (merchant_id, scenario_id, number, graph, note, published_at, published_by)
     values (?, ?, ?, ?, ?, ?, ?)`,
    [
      merchantId,
      scenarioId,
      number,
      JSON.stringify(graph),
      note,
      publishedAt,
      publishedBy && JSON.stringify(publishedBy),
    ],
  );
}

export interface LiveScenario {
  id: string;
  slug: string;
  version: number;
  graph: Scenario;
}

/** As calls find them now. */
export async function liveScenarios(tx: Tx): Promise<LiveScenario[]> {
  return rows<LiveScenario>(
    tx,
    `select s.id, s.slug, v.number as version, v.graph from scenarios s
     join scenario_versions v on v.scenario_id = s.id and v.number = s.live order by s.slug`,
  );
}

/** `undefined`: there is none of this slug, or none of it was published. */
export async function readLiveScenario(tx: Tx, slug: string): Promise<LiveScenario | undefined> {
  return firstRow<LiveScenario>(
    tx,
    `select s.id, s.slug, v.number as version, v.graph from scenarios s
     join scenario_versions v on v.scenario_id = s.id and v.number = s.live
     where s.slug = ? and s.archived_at is null`,
    [slug],
  );
}

/** Those not archived, each with whether it is live. */
export async function scenariosBySlug(tx: Tx): Promise<Map<string, { live: boolean }>> {
  const found = await rows<{ slug: string; live: boolean }>(
    tx,
    'select slug, live is not null as live from scenarios where archived_at is null',
  );
  return new Map(found.map(({ slug, live }) => [slug, { live }]));
}
