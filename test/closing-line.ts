// The last line of `npm test`: `N passed, N failed, N skipped`. Written when the process ends, so that nothing another
// reporter says can follow it.

import { writeSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

const counts = { passed: 0, failed: 0, skipped: 0 };

export default class ClosingLine implements Reporter {
  onInit(): void {
    process.once('exit', () => {
      writeSync(1, `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    counts.passed = 0;
    // A file that does not load and an error outside every test have failed, though no test of theirs ran.
    counts.failed = unhandled.length;
    counts.skipped = 0;
    for (const module of modules) {
      let inModule = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') counts.passed += 1;
        else if (state === 'failed') {
          counts.failed += 1;
          inModule += 1;
        } else counts.skipped += 1;
      }
      if (inModule === 0 && module.state() === 'failed') counts.failed += 1;
    }
  }
}
