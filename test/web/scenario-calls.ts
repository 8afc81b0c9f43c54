// Calls that have gone through scenarios, as their rows are once nobody calls any more: for pages and answers about them, which need
// no switch.

import { randomUUID } from 'node:crypto';
import type { RunOutcome } from '../../src/core/scenario/run.ts';
import { ask, type Stage } from './api-stage.ts';

/** Makes the scenario and puts it live. */
export async function publishScenario(stage: Stage, slug: string, draft: object, name = slug): Promise<void> {
  const made = await ask(stage, 'POST', '/v1/scenarios', { body: { slug, name, draft } });
  const live = await ask(stage, 'POST', `/v1/scenarios/${slug}/versions`, { body: {} });
  if (live.status !== 201) throw new Error(`Not live: ${JSON.stringify([made.body, live.body])}`);
}

/** A call through the live version of a scenario; `outcome` null: it goes on. */
export async function passBlocks(
  stage: Stage,
  slug: string,
  call: {
    outcome: RunOutcome | null;
    variables: Record<string, string>;
    events: readonly (readonly [block: string, name: string, facts: object])[];
    ddi?: string;
    callerNumber?: string;
  },
): Promise<string> {
  const { outcome, variables, events, ddi = '+33199000201', callerNumber = '+33612345678' } = call;
  const id = stage.house.ids.id('scenarioRun');
  const at = stage.house.clock.now();
  const progress = { plan: { cli: { trust: 'network', number: callerNumber } }, variables };
  await stage.admin.query(
    `insert into scenario_runs (id, merchant_id, switch_id, leg, ddi, scenario_id, scenario_version, progress, started_at,
       ended_at, outcome)
     select $1, $2, 'fs1', $3, $4, s.id, s.live, $5, $6::timestamptz, case when $7::text is null then null else $6::timestamptz + interval '42 s' end, $7
     from scenarios s where s.merchant_id = $2 and s.slug = $8`,
    [id, stage.merchantId, randomUUID(), ddi, JSON.stringify(progress), at, outcome, slug],
  );
  for (const [sequence, [block, name, facts]] of events.entries()) {
    await stage.admin.query(
      `insert into scenario_run_events (merchant_id, run_id, sequence, scenario_id, scenario_version, block, name, at, facts)
       select r.merchant_id, r.id, $2::int, r.scenario_id, r.scenario_version, $3, $4, r.started_at + $2::int * interval '7 s', $5
       from scenario_runs r where r.id = $1`,
      [id, sequence + 1, block, name, JSON.stringify(facts)],
    );
  }
  return id;
}

let turns = 0;

export async function leaveMessage(
  stage: Stage,
  runId: string,
  wav: Buffer,
  { words = null, box = 'shop', seconds = 1 }: { words?: string | null; box?: string; seconds?: number } = {},
): Promise<string> {
  const id = stage.house.ids.id('voicemail');
  await stage.admin.query(
    `insert into voicemails (id, merchant_id, box, run_id, run_turn, ddi, caller_number, seconds, wav, words, created_at)
     select $1, r.merchant_id, $2, r.id, $3, r.ddi, r.progress #>> '{plan,cli,number}', $4, $5, $6, $7
     from scenario_runs r where r.id = $8`,
    [id, box, (turns += 1), seconds, wav, words, stage.house.clock.now(), runId],
  );
  return id;
}
