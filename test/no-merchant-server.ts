// The server of a merchant who has none: for houses in which nobody dials.

import type { MerchantServer } from '../src/flow/ports.ts';

export const noMerchantServer: MerchantServer = {
  refusalOf: () => Promise.resolve(undefined),
  ask: () => Promise.reject(new Error('Nobody dials in this house.')),
  report: () => Promise.resolve({ outcome: 'no_answer', reason: 'nobody there' }),
};
