// The way of a call through its scenario, out of what was written down of it: one step for each time a block was entered.

import type { RunEvent } from './contract-calls.ts';

export interface Step {
  scenario: string;
  block: string;
  /** As the API names it; absent: a block that is not there. */
  kind: string | undefined;
  /** Instant. */
  at: string;
  /** The way out it took; absent: it took none. */
  exit: string | undefined;
  /** What happened in it besides. */
  did: { name: string; facts: Record<string, unknown>; at: string }[];
}

export function wayOf(events: readonly RunEvent[]): Step[] {
  const steps: Step[] = [];
  for (const { scenario, block, name, at, facts } of events) {
    let step = steps.at(-1);
    if (name === 'entered' || !step) {
      step = { scenario, block, kind: undefined, at, exit: undefined, did: [] };
      steps.push(step);
    }
    if (name === 'entered') step.kind = String(facts['kind']);
    else if (name === 'left') step.exit = String(facts['exit']);
    // How it ended stands over the whole of it.
    else if (name !== 'ended') step.did.push({ name, facts, at });
  }
  return steps;
}
