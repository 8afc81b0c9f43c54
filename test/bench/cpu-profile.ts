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

const shown = 40;

/**
 * Prints each profile of the folder, waiting left out: first by who the time was spent for, where what Node and the kernel
 * did counts for the package or file of ours that asked for it; then the functions by their own time. The profiler looks at
 * the wall clock: on a busy machine, what a system call is charged with includes being made to wait in it.
 */
export function printProfile(dir: string): void {
  for (const file of readdirSync(dir)) {
    const profile = JSON.parse(readFileSync(join(dir, file), 'utf8')) as Profile;
    const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
    const parents = new Map(
      profile.nodes.flatMap((node) => (node.children ?? []).map((id) => [id, node.id])),
    );
    const byAsker = new Map<string, number>();
    const byFunction = new Map<string, number>();
    let total = 0;
    for (const [place, id] of profile.samples.entries()) {
      const frame = nodes.get(id)?.callFrame;
      const us = profile.timeDeltas[place] ?? 0;
      if (!frame || frame.functionName === '(idle)') continue;
      total += us;
      add(byAsker, askerOf(id, nodes, parents), us);
      const line =
        frame.url === '' ? '' : ` ${placeOf(frame.url) ?? frame.url}:${String(frame.lineNumber + 1)}`;
      add(byFunction, `${frame.functionName || '(anonymous)'}${line}`, us);
    }
    process.stdout.write(
      `\nCPU profile, ${(total / 1e6).toFixed(1)} s not idle: for whom, then in which function\n`,
    );
    print(byAsker, total);
    print(byFunction, total);
  }
}

/** The nearest caller that is a package or a file of ours; where only Node called, the nearest module of Node's. */
function askerOf(
  id: number,
  nodes: ReadonlyMap<number, Profile['nodes'][number]>,
  parents: ReadonlyMap<number, number>,
): string {
  let node: string | undefined;
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
    const frame = nodes.get(at)?.callFrame;
    const place = frame && placeOf(frame.url);
    if (place !== undefined) return place;
    if (frame?.url.startsWith('node:') === true) node ??= frame.url;
  }
  return node ?? nodes.get(id)?.callFrame.functionName ?? '';
}

function placeOf(url: string): string | undefined {
  const [, dependency] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (dependency !== undefined) return dependency;
  const [, own] = /\/dist\/(.*)$/.exec(url) ?? [];
  return own === undefined ? undefined : `ours ${own}`;
}

function add(sums: Map<string, number>, name: string, us: number): void {
  sums.set(name, (sums.get(name) ?? 0) + us);
}

function print(sums: ReadonlyMap<string, number>, total: number): void {
  for (const [name, us] of [...sums].sort(([, a], [, b]) => b - a).slice(0, shown)) {
    process.stdout.write(`${((100 * us) / total).toFixed(1).padStart(6)} %  ${name}\n`);
  }
  process.stdout.write('\n');
}
