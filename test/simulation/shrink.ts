// Makes a failing run smaller while it goes on failing: first whole halves of its faults are taken away, then one by one, then
// people who have nothing to do with it. What is left is what somebody reads.

import type { FaultPlan } from './fault-plan.ts';
import type { RunInput, Verdict } from './run.ts';

/** A run takes some tenths of a second; more than this many nobody wants to wait for. */
const runsMax = 120;

export async function shrink(
  first: RunInput,
  firstVerdict: Verdict,
  run: (input: RunInput) => Promise<Verdict>,
): Promise<{ input: RunInput; verdict: Verdict }> {
  let best = { input: first, verdict: firstVerdict };
  let runs = 0;
  const wanted = kindOf(firstVerdict.violation);
  const tryIt = async (input: RunInput): Promise<boolean> => {
    if (runs >= runsMax) return false;
    runs += 1;
    const verdict = await run(input);
    if (verdict.violation === undefined || kindOf(verdict.violation) !== wanted) return false;
    best = { input, verdict };
    return true;
  };

  for (let size = faultsOf(best.input.plan).length; size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < faultsOf(best.input.plan).length;) {
      const plan = without(best.input.plan, from, size);
      if (!(await tryIt({ ...best.input, plan }))) from += size;
    }
  }
  const { orders } = best.input.scenario;
  for (let index = orders.length - 1; index >= 0 && best.input.scenario.orders.length > 1; index -= 1) {
    const scenario = {
      ...best.input.scenario,
      orders: best.input.scenario.orders.filter((_, at) => at !== index),
    };
    await tryIt({ ...best.input, scenario });
  }
  for (const smaller of [{ gateways: 1 as const }, { switches: 1 as const }]) {
    const scenario = { ...best.input.scenario, ...smaller };
    await tryIt({ ...best.input, scenario });
  }
  return best;
}

/** Ids and figures differ from run to run: the words before the colon, without figures, are what went wrong. */
function kindOf(violation: string | undefined): string {
  return (violation ?? '').split(/[:(]/)[0]?.replaceAll(/[0-9.]+/g, '') ?? '';
}

type Fault =
  | { in: 'acts'; index: number }
  | { in: 'world'; index: number }
  | { in: 'chances'; name: keyof FaultPlan['chances'] };

function faultsOf(plan: FaultPlan): Fault[] {
  return [
    ...plan.acts.map((_, index) => ({ in: 'acts' as const, index })),
    ...plan.world.map((_, index) => ({ in: 'world' as const, index })),
    ...(Object.keys(plan.chances) as (keyof FaultPlan['chances'])[]).map((name) => ({
      in: 'chances' as const,
      name,
    })),
  ];
}

function without(plan: FaultPlan, from: number, count: number): FaultPlan {
  const gone = faultsOf(plan).slice(from, from + count);
  const isGone = (place: 'acts' | 'world', index: number): boolean =>
    gone.some((one) => one.in === place && one.index === index);
  const names = new Set(gone.flatMap((one) => (one.in === 'chances' ? [one.name as string] : [])));
  return {
    acts: plan.acts.filter((_, index) => !isGone('acts', index)),
    world: plan.world.filter((_, index) => !isGone('world', index)),
    chances: Object.fromEntries(Object.entries(plan.chances).filter(([name]) => !names.has(name))),
  };
}
