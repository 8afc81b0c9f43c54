// Why something could not be done, where it was tried: a sentence over the page would lie over the button that tries again.

import type { Act } from '../act.ts';

/** Nothing where each field says what is wrong with it. `but`: a kind of problem that is said elsewhere. */
export function Failed({
  act,
  but,
}: {
  act: Pick<Act<never>, 'failed' | 'fields' | 'kind'>;
  but?: string;
}): React.ReactNode {
  if (act.failed === undefined || Object.keys(act.fields).length > 0 || act.kind === but) return null;
  return (
    <p className="wrong" role="alert">
      {act.failed}
    </p>
  );
}
