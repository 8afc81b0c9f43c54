// The order of the test files: what lasts longest begins first, so that no core waits for it at the end. On a clean checkout
// nothing else is known of them than their size.

import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those of more than half a minute, longest first; one that mostly waits beside one that mostly computes. */
const long = [
  'simulation/simulation.test.ts',
  'adapters/switch-on-sandbox.test.ts',
  'crash/crash.test.ts',
  'web/card-page.test.ts',
  'web/paid-callback.test.ts',
  'boot/start.test.ts',
  'boot/demo.test.ts',
  'boot/embedded-postgres.test.ts',
  'web/extranet.test.ts',
  'adapters/card-room.test.ts',
  'flow/card-canary.test.ts',
  'flow/scenario-call.test.ts',
  'web/scenario-editor.test.ts',
  'flow/card-payment.test.ts',
  'flow/scenario-templates.test.ts',
];

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = long.findIndex((name) => moduleId.endsWith(`/test/${name}`));
      return found < 0 ? long.length : found;
    };
    const usual = await super.sort(files);
    return usual.toSorted((one, other) => place(one) - place(other));
  }
}
