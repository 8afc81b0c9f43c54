// Reads what `node --cpu-prof` wrote and says where the time went: by package or folder of ours, then by function.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Profile {
  nodes: {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number };
    children?: number[];
  }[];
  samples: number[];
  timeDeltas: number[];
}

const functionsShown = 40;
const placesShown = 25;

/** Prints the self time of each profile in the folder. Waiting is left out. */
export function printProfile(dir: string): void {
  for (const file of readdirSync(dir)) {
    const profile = JSON.parse(readFileSync(join(dir, file), 'utf8')) as Profile;
    const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
    const byPlace = new Map<string, number>();
    const byFunction = new Map<string, number>();
    let total = 0;
    for (const [place, id] of profile.samples.entries()) {
      const frame = nodes.get(id)?.callFrame;
      const us = profile.timeDeltas[place] ?? 0;
      if (!frame || frame.functionName === '(idle)') continue;
      total += us;
      add(byPlace, placeOf(frame), us);
      const line = frame.url === '' ? '' : ` ${placeOf(frame)}:${String(frame.lineNumber + 1)}`;
      add(byFunction, `${frame.functionName || '(anonymous)'}${line}`, us);
    }
    process.stdout.write(
      `\nCPU profile, ${(total / 1e6).toFixed(1)} s not idle; self time by place, then by function\n`,
    );
    print(byPlace, total, placesShown);
    print(byFunction, total, functionsShown);
  }
}

function placeOf({ url, functionName }: { url: string; functionName: string }): string {
  const [, dependency] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (dependency !== undefined) return dependency;
  const [, own] = /\/(?:dist|src)\/(.*)$/.exec(url) ?? [];
  if (own !== undefined) return `ours ${own}`;
  return url === '' ? functionName : url;
}

function add(sums: Map<string, number>, name: string, us: number): void {
  sums.set(name, (sums.get(name) ?? 0) + us);
}

function print(sums: ReadonlyMap<string, number>, total: number, atMost: number): void {
  const sorted = [...sums].sort(([, a], [, b]) => b - a).slice(0, atMost);
  for (const [name, us] of sorted) {
    process.stdout.write(`${((100 * us) / total).toFixed(1).padStart(6)} %  ${name}\n`);
  }
  process.stdout.write('\n');
}
