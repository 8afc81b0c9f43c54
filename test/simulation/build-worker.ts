// Bundles worker.ts, so that a process of a run starts at once. A planted bug is put in here, as text, and only here: nothing
// of it is in the code that is shipped. The build fails when the text a bug replaces is no longer there exactly once.

import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { plantedBugs } from './planted-bugs.ts';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, '../..');
/** Beside the packages it imports, and never committed. */
const cache = path.join(root, 'node_modules/.cache/ringmeter-simulation');

/** Answers the bundle's path. */
export async function buildWorker(bug?: string): Promise<string> {
  mkdirSync(cache, { recursive: true });
  const outfile = path.join(cache, `worker-${bug ?? 'sound'}-${String(process.pid)}.mjs`);
  await build({
    entryPoints: [path.join(here, 'worker.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'error',
    plugins: bug === undefined ? [] : [plant(bug)],
  });
  return outfile;
}

function plant(name: string): Plugin {
  const bug = plantedBugs.find((one) => one.name === name);
  if (!bug)
    throw new Error(`No planted bug is called ${name}: ${plantedBugs.map((one) => one.name).join(', ')}`);
  return {
    name: 'planted bug',
    setup(building) {
      building.onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
        const edits = bug.edits.filter((one) => path.join(root, one.file) === file);
        if (edits.length === 0) return undefined;
        return { contents: edits.reduce(edited, readFileSync(file, 'utf8')), loader: 'ts' };
      });
    },
  };
}

/** The text with this edit. Throws where what it replaces does not stand there exactly once. */
export function edited(text: string, edit: { file: string; old: string; new: string }): string {
  const parts = text.split(edit.old);
  if (parts.length !== 2) {
    throw new Error(
      `${edit.file}: what the bug replaces stands there ${String(parts.length - 1)} times: ${edit.old}`,
    );
  }
  return parts.join(edit.new);
}
