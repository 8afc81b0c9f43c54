// Every place where a process can die on the paths that matter: each scenario is run once as it should be, which counts its
// acts; then once for every act with a crash before it, and once with a crash after it.

import type { ActKind, FaultPlan } from './fault-plan.ts';
import type { RunInput } from './run.ts';
import { happyScenario, type Scenario } from './scenario.ts';
import { willing } from './sim-people.ts';
import type { Order, Report } from './worker.ts';

/** Of the polls and leases nothing depends that would not come a second later. */
const kinds: readonly ActKind[] = ['transaction', 'switch', 'processor', 'notice'];

const none: FaultPlan = { acts: [], world: [], chances: {} };

function paths(): [string, Scenario][] {
  const talks = willing(12_000);
  const waits = willing();
  const [order] = happyScenario().orders;
  if (!order) throw new Error('A happy path without an order.');
  const with_ = (
    caller: Scenario['consultants'][number],
    consultant: Scenario['consultants'][number],
  ): Scenario =>
    happyScenario({
      consultants: [consultant, consultant, consultant],
      orders: [{ ...order, ...(caller && { caller }) }],
    });
  return [
    ['talks', with_([talks], [waits])],
    ['limit', with_([waits], [waits])],
    ['caller refuses', with_([willing(undefined, { answers: [{ key: '3', afterMs: 1_000 }] })], [waits])],
    ['caller does not answer', with_([willing(undefined, { rung: 'never' })], [waits])],
    ['consultants refuse', with_([talks], [willing(undefined, { answers: [{ key: '3', afterMs: 1_000 }] })])],
    [
      'consultant leaves',
      with_([talks], [willing(undefined, { hangsUp: { at: 'answered', afterMs: 4_000 } })]),
    ],
    ['card declined', happyScenario({ orders: [{ ...order, card: 'declined' }] })],
    [
      'page',
      happyScenario({
        consultants: [[waits], [waits], [waits]],
        orders: [{ ...order, source: 'page', caller: [talks] }],
      }),
    ],
  ];
}

export interface Carrier {
  carryOut(orders: readonly Order[], onReport: (report: Report) => boolean): Promise<void>;
}

export async function exhaustiveRuns(carrier: Carrier): Promise<Order[]> {
  const first = paths().map(([seed, scenario]): Order => replay({ seed, scenario, plan: none }));
  const orders: Order[] = [];
  await carrier.carryOut(first, ({ verdict, input }) => {
    orders.push(replay(input));
    for (const act of kinds) {
      for (let nth = 1; nth <= verdict.acts[act]; nth += 1) {
        for (const fault of ['crash_before', 'crash_after'] as const) {
          orders.push(
            replay({
              seed: `${input.seed} ${fault} ${act} ${String(nth)}`,
              scenario: input.scenario,
              plan: { ...none, acts: [{ act, nth, fault }] },
            }),
          );
        }
      }
    }
    return true;
  });
  return orders;
}

function replay(input: RunInput): Order {
  return { what: 'replay', input, shrink: false, keepTrace: false };
}
