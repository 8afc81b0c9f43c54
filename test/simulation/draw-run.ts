// Everything a seed decides: the scenario, and what goes wrong in it.

import { drawPlan } from './draw-plan.ts';
import { Random } from './random.ts';
import type { RunInput } from './run.ts';
import { drawScenario } from './scenario.ts';

export function drawRun(seed: string): RunInput {
  const random = new Random(seed);
  const scenario = drawScenario(random.fork('scenario'));
  return { seed, scenario, plan: drawPlan(random.fork('plan'), scenario) };
}
