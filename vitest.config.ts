// What `npm test` runs: everything that needs no outside server. test/live has a configuration of its own, test/bench
// is not a test.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vitest/config';
import LongestFirst from './test/longest-first.ts';

const root = fileURLToPath(new URL('.', import.meta.url));

/**
 * `npm test` has just built: what tests import of src/ is then what was built of it, read by Node itself. Of the two cores' time a
 * sixth went into translating the same modules for every file anew. Without the mode, as when one file is run by hand, it is src/.
 */
const asBuilt: Plugin = {
  name: 'as-built',
  enforce: 'pre',
  resolveId(source, importer) {
    if (!/^\.{1,2}\//.test(source) || !source.endsWith('.ts') || importer === undefined) return undefined;
    // What stands in for a package does so in what Vitest translates alone.
    if (importer.endsWith('/test/store/jobs.test.ts') || importer.startsWith(join(root, 'src/')))
      return undefined;
    const path = join(importer, '..', source);
    if (!path.startsWith(join(root, 'src/'))) return undefined;
    const built = path.replace(join(root, 'src/'), join(root, 'dist/')).replace(/\.ts$/, '.js');
    return existsSync(built) ? { id: built, external: true } : undefined;
  },
};

export default defineConfig(({ mode }) => ({
  plugins: mode === 'built' ? [asBuilt] : [],
  test: {
    server: { deps: { external: [`${root}dist/**`] } },
    include: ['test/**/*.test.ts'],
    exclude: ['test/live/**', 'test/bench/**', 'node_modules/**'],
    globalSetup: ['test/global-setup.ts'],
    // Every file in a process of its own would load the same thousand modules anew: a tenth of the two cores' time.
    isolate: false,
    // Most files wait for processes of their own rather than compute. One of the five is the simulation, which computes behind the others.
    maxWorkers: 5,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/closing-line.ts'],
    // Files that start processes and browsers share two cores; a test that is stuck should still fail, with its name.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A second, as it would be without, is soon gone on two busy cores; what comes is waited for no longer than it takes.
    expect: { poll: { timeout: 10_000, interval: 40 } },
  },
}));
