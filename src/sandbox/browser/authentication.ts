// The last page of the bank, in the frame of a merchant's page: says that the bank has its answer. What the answer was, the
// page asks the processor.

import { sealed, type AuthenticationOver } from './stripe/protocol.ts';

if (window.parent !== window) {
  window.parent.postMessage(sealed({ act: 'authenticationOver' } satisfies AuthenticationOver), '*');
}
