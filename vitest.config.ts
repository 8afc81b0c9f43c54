// What `npm test` runs: everything that needs no outside server. test/live has a configuration of its own, test/bench
// is not a test.
import { defineConfig } from 'vitest/config';
import LongestFirst from './test/longest-first.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/live/**', 'test/bench/**', 'node_modules/**'],
    globalSetup: ['test/global-setup.ts'],
    // Most files wait for processes of their own rather than compute: three of them keep two cores busy.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/closing-line.ts'],
    // Files that start processes and browsers share two cores; a test that is stuck should still fail, with its name.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
