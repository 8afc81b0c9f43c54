// `npm run simulate -- --seeds N [--first K] [--jobs J] [--bug NAME] [--replay SEED|FILE] [--exhaustive] [--known] [--working] [--service] [--composed] [--cards] [--connection] [--keep] [--trace]`:
// runs seeds (`--known`: those, or the paths, in which somebody dials; `--working`: those in which consultants go on breaks; `--service`: those in which they call the service; `--composed`: those in which numbers lead to scenarios; `--cards`: those in which cards are keyed, and kept; `--connection`: those in which money is taken at connection) in parallel processes, one database each on one Postgres. A failure is shrunk and printed with its trace. The
// last line is `N seeds, N violations`; the exit status is 1 when there were any.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildWorker } from './build-worker.ts';
import { drawRun } from './draw-run.ts';
import { exhaustiveRuns } from './exhaustive.ts';
import type { RunInput } from './run.ts';
import type { Order, Report } from './worker.ts';
import { WorkerPool } from './worker-pool.ts';

const fixtures = path.join(path.dirname(fileURLToPath(import.meta.url)), 'fixtures');
/** Enough to see what is wrong; the rest is most often the same once more. */
const shownMax = 5;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '500' },
    first: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '2' },
    bug: { type: 'string' },
    replay: { type: 'string' },
    exhaustive: { type: 'boolean', default: false },
    known: { type: 'boolean', default: false },
    working: { type: 'boolean', default: false },
    service: { type: 'boolean', default: false },
    composed: { type: 'boolean', default: false },
    cards: { type: 'boolean', default: false },
    connection: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
  },
});

const bundle = await buildWorker(values.bug);
const pool = await WorkerPool.start(bundle, Number(values.jobs));
let violations = 0;
let runs = 0;
let virtualMs = 0;
const reached = { talks: 0, captures: 0, voids: 0, reports: 0, cards: 0, kept: 0 };
try {
  const orders =
    values.replay !== undefined
      ? [replayOf(values.replay)]
      : values.exhaustive
        ? await exhaustiveRuns(pool, {
            known: values.known,
            composed: values.composed,
            cards: values.cards,
            connection: values.connection,
          })
        : seeds(Number(values.first), Number(values.seeds));
  await pool.carryOut(orders, (report) => {
    runs += 1;
    virtualMs += report.verdict.virtualMs;
    for (const what of ['talks', 'captures', 'voids', 'reports', 'cards', 'kept'] as const)
      reached[what] += report.verdict[what];
    if (report.verdict.violation !== undefined) {
      violations += 1;
      if (violations <= shownMax) show(report);
      if (values.keep) keep(report);
    } else if (values.replay !== undefined && values.trace) {
      console.log(report.verdict.trace.join('\n'));
    }
    if (process.stdout.isTTY) progress(orders.length);
    // With a planted bug one is enough: it is found.
    return values.bug === undefined || violations === 0;
  });
} finally {
  await pool.stop();
}
if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
const hours = (virtualMs / 3_600_000).toFixed(1);
console.log(
  `${hours} h of virtual time, ${String(reached.talks)} talks, ${String(reached.captures)} captured, ${String(reached.voids)} voided, ${String(reached.reports)} reported, ${String(reached.cards)} cards asked for, ${String(reached.kept)} times a kept one`,
);
console.log(`${String(runs)} seeds, ${String(violations)} violations`);
process.exitCode = violations > 0 ? 1 : 0;

function* numbers(first: number, count: number): Generator<number> {
  let yielded = 0;
  for (let seed = first; yielded < count; seed += 1) {
    if (values.known && !drawRun(String(seed)).scenario.known) continue;
    if (values.composed && !drawRun(String(seed)).scenario.composed) continue;
    if (values.cards && !drawRun(String(seed)).scenario.composed?.sells) continue;
    if (values.connection && !drawRun(String(seed)).scenario.atConnection) continue;
    if (values.service && !drawRun(String(seed)).scenario.service) continue;
    if (values.working && !drawRun(String(seed)).scenario.availability) continue;
    yielded += 1;
    yield seed;
  }
}

function seeds(first: number, count: number): Order[] {
  return [...numbers(first, count)].map((seed) => ({
    what: 'seed',
    seed: String(seed),
    shrink: true,
    keepTrace: false,
  }));
}

function replayOf(what: string): Order {
  const shrink = false;
  const keepTrace = values.trace;
  if (!what.endsWith('.json')) return { what: 'seed', seed: what, shrink, keepTrace };
  return { what: 'replay', input: JSON.parse(readFileSync(what, 'utf8')) as RunInput, shrink, keepTrace };
}

function show({ verdict, input }: Report): void {
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  console.log(`\nseed ${input.seed}: ${verdict.violation ?? ''}`);
  console.log(`  plan: ${JSON.stringify(input.plan)}`);
  console.log(`  scenario: ${JSON.stringify(input.scenario)}`);
  console.log(verdict.trace.map((line) => `  ${line}`).join('\n'));
}

function keep({ input, verdict }: Report): void {
  const file = path.join(fixtures, `seed-${input.seed}.json`);
  writeFileSync(file, `${JSON.stringify({ found: verdict.violation, ...input }, undefined, 2)}\n`);
  console.log(`  kept as ${file}`);
}

function progress(of: number): void {
  process.stdout.write(`\r\x1b[K${String(runs)} of ${String(of)} seeds, ${String(violations)} violations`);
}
