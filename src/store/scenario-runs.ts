// Calls that go through a scenario, as they are written (core/scenario ScenarioRun): where each stands, what it was keyed in secret
// (sealed, and gone with the call), and what it passed, which its merchant reads. A write names the version it was made from and the
// lease of the switch, and changes nothing when either has moved on.

import type { RunFact, RunOutcome, ScenarioRun } from '../core/scenario/run.ts';
import type { E164, LegUuid } from '../core/ids.ts';
import { type Db, firstRow, rows, type Tx } from './database.ts';

/** A run as its row keeps it: what was keyed in secret is beside it, sealed. */
export type OpenRun = Omit<ScenarioRun, 'secrets'>;

export interface StoredRun {
  run: OpenRun;
  secretsSealed: Buffer | null;
  merchantId: string;
  switchId: string;
  ddi: E164;
  version: number;
}

export interface RunRef {
  merchantId: string;
  id: string;
}

export async function liveRunsOfSwitch(db: Db, switchId: string): Promise<RunRef[]> {
  return rows(db, `select merchant_id as "merchantId", run_id as id from live_scenario_runs_of_switch(?)`, [
    switchId,
  ]);
}

export interface DialledScenario {
  merchantName: string;
  timeZone: string;
  country: string;
  scenarioId: string;
  /** Its live version; null: none is. */
  live: number | null;
}

/** What a dialled number leads to, where that is a scenario of a merchant who is served. */
export async function readDialledScenario(tx: Tx, ddiId: string): Promise<DialledScenario | undefined> {
  return firstRow<DialledScenario>(
    tx,
    `select m.name as "merchantName", m.time_zone as "timeZone", m.country, s.id as "scenarioId", s.live
     from ddis d join merchants m on m.id = d.merchant_id join scenarios s on s.id = d.scenario_id
     where d.id = ? and d.kind = 'scenario' and m.active`,
    [ddiId],
  );
}

/** `false`: a call was made of this leg already, or the switch is another's by now. */
export async function insertRun(tx: Tx, stored: Omit<StoredRun, 'version'>, lease: bigint): Promise<boolean> {
  const { run, merchantId, switchId, ddi } = stored;
  const row = await firstRow(
    tx,
    `insert into scenario_runs (id, merchant_id, switch_id, leg, ddi, scenario_id, scenario_version, progress, started_at,
       after_session_id)
     select ?, ?, s.id, ?, ?, ?, ?, ?::jsonb, ?, ? from switches s where s.id = ? and s.lease_number = ?::bigint
     on conflict (leg) do nothing returning id`,
    [
      run.id,
      merchantId,
      run.leg,
      ddi,
      run.scenario.scenarioId,
      run.scenario.version,
      JSON.stringify(run),
      new Date(run.startedAt),
      (run.plan.after ?? run.plan.paid)?.callSessionId ?? null,
      switchId,
      lease.toString(),
    ] as never[],
  );
  return row !== undefined;
}

/** Of a line of the merchant's: by its id. */
export async function readPlaceOfLine(
  tx: Tx,
  lineId: string,
): Promise<{ slug: string; timeZone: string; country: string }> {
  const row = await firstRow<{ slug: string; timeZone: string; country: string }>(
    tx,
    `select l.slug, m.time_zone as "timeZone", m.country from lines l join merchants m on m.id = l.merchant_id where l.id = ?`,
    [lineId],
  );
  if (!row) throw new Error('A call without its line.');
  return row;
}

export async function readRun(tx: Tx, id: string): Promise<StoredRun | undefined> {
  const row = await firstRow<Omit<StoredRun, 'run'> & { progress: OpenRun }>(
    tx,
    `select merchant_id as "merchantId", switch_id as "switchId", ddi, progress, secrets_sealed as "secretsSealed", version
     from scenario_runs where id = ?`,
    [id],
  );
  if (!row) return undefined;
  const { progress, ...rest } = row;
  return { ...rest, run: progress };
}

export async function isLegInScenario(tx: Tx, leg: LegUuid): Promise<boolean> {
  return (await firstRow(tx, 'select 1 as one from scenario_runs where leg = ?', [leg])) !== undefined;
}

/** `false`: the call, or the lease, has moved on, and nothing was written. */
export async function saveRun(
  tx: Tx,
  before: { id: string; version: number },
  next: { run: OpenRun; secretsSealed: Buffer | null },
  facts: readonly RunFact[],
  at: Date,
  lease: bigint,
): Promise<boolean> {
  const { run, secretsSealed } = next;
  const over = run.state === 'over';
  const row = await firstRow(
    tx,
    `with written as (
       update scenario_runs set progress = ?::jsonb, secrets_sealed = ?, version = version + 1, scenario_id = ?,
         scenario_version = ?, ended_at = ?, outcome = ?
       where id = ? and version = ?
         and exists (select from switches s where s.id = switch_id and s.lease_number = ?::bigint)
       returning id, merchant_id),
     events as (
       insert into scenario_run_events (merchant_id, run_id, sequence, scenario_id, scenario_version, block, name, at, facts)
       select written.merchant_id, written.id,
         (select coalesce(max(e.sequence), 0) from scenario_run_events e where e.run_id = written.id) + fact.place,
         fact.value #>> '{scenario,scenarioId}', (fact.value #>> '{scenario,version}')::int, fact.value ->> 'at',
         fact.value ->> 'name', ?, fact.value -> 'facts'
       from written, jsonb_array_elements(?::jsonb) with ordinality as fact(value, place))
     select id from written`,
    [
      JSON.stringify(run),
      over ? null : secretsSealed,
      run.scenario.scenarioId,
      run.scenario.version,
      over ? at : null,
      over ? (run.outcome ?? 'failed') : null,
      before.id,
      before.version,
      lease.toString(),
      at,
      JSON.stringify(facts),
    ],
  );
  return row !== undefined;
}

// --- As their merchant reads them --------------------------------------------------------------------------------

export interface RunSummary {
  id: string;
  ddi: E164;
  /** null: withheld. */
  callerNumber: E164 | null;
  /** By its slug. */
  scenario: string;
  version: number;
  startedAt: Date;
  endedAt: Date | null;
  outcome: RunOutcome | null;
  /** The paid call it follows or leads; null: its caller dialled a number. */
  afterCallSession: string | null;
}

export interface RunView extends RunSummary {
  events: {
    scenarioId: string;
    version: number;
    block: string;
    name: string;
    at: string;
    facts: Record<string, unknown>;
    /** By its slug; a call may go on in another. */
    scenario: string;
  }[];
  /** What it has come to know; what was keyed in secret is not among it. */
  variables: Record<string, string>;
  /** Messages left in it, in their order. */
  voicemails: string[];
  /** Its call sessions, in their order. */
  talks: string[];
}

const summary = `r.id, r.ddi, r.progress #>> '{plan,cli,number}' as "callerNumber", s.slug as scenario,
  r.scenario_version as version, r.started_at as "startedAt", r.ended_at as "endedAt", r.outcome,
  r.after_session_id as "afterCallSession"`;

/** The newest first. `after`: the id of the last one seen. */
export async function listRuns(
  tx: Tx,
  { ddi, scenario, after, limit }: { ddi?: string; scenario?: string; after?: string; limit: number },
): Promise<RunSummary[]> {
  return rows<RunSummary>(
    tx,
    `select ${summary} from scenario_runs r join scenarios s on s.id = r.scenario_id
     where (?::text is null or r.ddi = ?) and (?::text is null or s.slug = ?) and (?::text is null or r.id < ?)
     order by r.id desc limit ?`,
    [
      ...[ddi ?? null, ddi ?? null],
      ...[scenario ?? null, scenario ?? null],
      ...[after ?? null, after ?? null],
      limit,
    ] as never[],
  );
}

export async function readRunView(tx: Tx, id: string): Promise<RunView | undefined> {
  return firstRow<RunView>(
    tx,
    `select ${summary},
       coalesce((select json_agg(json_build_object('scenarioId', e.scenario_id, 'version', e.scenario_version, 'block', e.block,
           'name', e.name, 'at', e.at, 'facts', e.facts, 'scenario', of.slug) order by e.sequence)
         from scenario_run_events e join scenarios of on of.id = e.scenario_id where e.run_id = r.id), '[]') as events,
       coalesce(r.progress -> 'variables', '{}') as variables,
       coalesce((select json_agg(v.id order by v.run_turn) from voicemails v where v.run_id = r.id), '[]') as voicemails,
       coalesce((select json_agg(k.call_session_id order by k.run_turn) from known_calls k where k.run_id = r.id), '[]') as talks
     from scenario_runs r join scenarios s on s.id = r.scenario_id where r.id = ?`,
    [id],
  );
}
