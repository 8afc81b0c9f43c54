// A process that carries out runs, one after the other, on a database of its own. Its words with simulate.ts are below.

import { drawRun } from './draw-run.ts';
import { run, type RunInput, type Verdict } from './run.ts';
import { shrink } from './shrink.ts';
import { SimulationConnections } from './sim-database.ts';

export type Order =
  | { what: 'seed'; seed: string; shrink: boolean; keepTrace: boolean }
  /** A scenario and a plan as they are written down. */
  | { what: 'replay'; input: RunInput; shrink: boolean; keepTrace: boolean };

export interface Report {
  verdict: Verdict;
  /** What was carried out; after a violation the smallest plan that still brings it about. */
  input: RunInput;
}

async function carryOut(order: Order, connections: SimulationConnections): Promise<Report> {
  const input = order.what === 'seed' ? drawRun(order.seed) : order.input;
  const verdict = await run(input, connections);
  if (verdict.violation === undefined) {
    return { verdict: order.keepTrace ? verdict : { ...verdict, trace: [] }, input };
  }
  if (!order.shrink) return { verdict, input };
  return shrink(input, verdict, (smaller) => run(smaller, connections));
}

async function main(url: string): Promise<void> {
  const connections = await SimulationConnections.open(url);
  let failure: string | undefined;
  // A promise nobody awaited has failed: the gateways of the run under way did it, or what is left of an earlier one.
  process.on('unhandledRejection', (error) => {
    failure ??= error instanceof Error ? (error.stack ?? error.message) : JSON.stringify(error);
  });
  let turn = Promise.resolve();
  process.on('message', (order: Order) => {
    turn = turn.then(async () => {
      const report = await carryOut(order, connections);
      if (failure !== undefined && report.verdict.violation === undefined) {
        report.verdict = { ...report.verdict, violation: `a rejected promise nobody awaited: ${failure}` };
      }
      failure = undefined;
      process.send?.(report);
    });
  });
  process.on('disconnect', () => void connections.close());
  process.send?.('ready');
}

const [url] = process.argv.slice(2);
if (url !== undefined && process.send) await main(url);
