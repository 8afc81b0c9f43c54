// The simulation as part of every change: five hundred seeds, every failure that was ever found, and a share of the exhaustive
// runs. `npm run simulate` runs as many as one likes.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildWorker, edited } from './build-worker.ts';
import { exhaustiveRuns } from './exhaustive.ts';
import { plantedBugs } from './planted-bugs.ts';
import type { RunInput } from './run.ts';
import { type Order, type Report } from './worker.ts';
import { WorkerPool } from './worker-pool.ts';

const here = path.dirname(fileURLToPath(import.meta.url));
const fixtures = path.join(here, 'fixtures');
/** Two cores; more processes than that only wait for each other. */
const processes = 2;
/** Every so manyeth of the exhaustive runs, in another place each kind of path. */
const exhaustiveStep = 60;
const longMs = 900_000;

let pool: WorkerPool;
beforeAll(async () => {
  pool = await WorkerPool.start(await buildWorker(), processes);
}, longMs);
afterAll(() => pool.stop());

async function reportsOf(orders: readonly Order[]): Promise<Report[]> {
  const reports: Report[] = [];
  await pool.carryOut(orders, (report) => reports.push(report) > 0);
  return reports;
}

/** What was violated, each with the plan that brings it about and the end of its trace. */
function violationsOf(reports: readonly Report[]): string[] {
  return reports
    .filter(({ verdict }) => verdict.violation !== undefined)
    .map(({ verdict, input }) =>
      [
        `seed ${input.seed}: ${verdict.violation ?? ''}`,
        `plan ${JSON.stringify(input.plan)}`,
        ...verdict.trace.slice(-60),
      ].join('\n  '),
    );
}

const seed = (name: string): Order => ({ what: 'seed', seed: name, shrink: false, keepTrace: false });

describe('the simulation', () => {
  test(
    'runs a seed the same way every time',
    async () => {
      const names = ['1', '2', '3', '4'];
      const reports = await reportsOf([...names, ...names, ...names].map(seed));
      const hashes = names.map((name) =>
        reports.filter(({ input }) => input.seed === name).map(({ verdict }) => verdict.hash),
      );
      for (const [first, ...others] of hashes) expect(others).toEqual([first, first]);
    },
    longMs,
  );

  test(
    'finds nothing wrong in five hundred seeds',
    async () => {
      const reports = await reportsOf(
        Array.from({ length: 500 }, (_, index) => ({ ...seed(String(index + 1)), shrink: true })),
      );
      expect(violationsOf(reports)).toEqual([]);
      // What proves nothing: runs in which nobody ever talks, or nothing is reported.
      expect(reports.reduce((talks, { verdict }) => talks + verdict.talks, 0)).toBeGreaterThan(150);
      expect(reports.reduce((reported, { verdict }) => reported + verdict.reports, 0)).toBeGreaterThan(100);
      expect(reports.reduce((asked, { verdict }) => asked + verdict.cards, 0)).toBeGreaterThan(30);
    },
    longMs,
  );

  test(
    'finds nothing wrong where it once did',
    async () => {
      const kept = readdirSync(fixtures).filter((name) => name.endsWith('.json'));
      const reports = await reportsOf(
        kept.map((name) => {
          const input = JSON.parse(readFileSync(path.join(fixtures, name), 'utf8')) as RunInput;
          return { what: 'replay', input: { ...input, seed: input.seed }, shrink: false, keepTrace: false };
        }),
      );
      expect(violationsOf(reports)).toEqual([]);
    },
    longMs,
  );

  test(
    'survives a crash before and after what it does to the outside',
    async () => {
      const all = await exhaustiveRuns(pool);
      const reports = await reportsOf(all.filter((_, index) => index % exhaustiveStep === 0));
      expect(violationsOf(reports)).toEqual([]);
    },
    longMs,
  );
});

describe('planted bugs', () => {
  test(
    'are found: talk past the limit that is billed',
    async () => {
      const planted = await WorkerPool.start(await buildWorker('overshoot-billed'), 1);
      try {
        const found: string[] = [];
        const orders = Array.from({ length: 60 }, (_, index) => seed(String(index + 1)));
        await planted.carryOut(orders, ({ verdict }) => {
          if (verdict.violation !== undefined) found.push(verdict.violation);
          return found.length === 0;
        });
        expect(found).toHaveLength(1);
      } finally {
        await planted.stop();
      }
    },
    longMs,
  );

  test.each(plantedBugs.map((bug) => [bug.name, bug] as const))(
    '%s still replaces what it names',
    (_, bug) => {
      for (const edit of bug.edits) {
        const text = readFileSync(path.join(here, '../..', edit.file), 'utf8');
        expect(() => edited(text, edit)).not.toThrow();
      }
    },
  );
});
