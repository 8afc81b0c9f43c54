// What a consultant has set, read from his state.

import type { Availability, State } from '../contract.ts';

/** As far as his state tells it; a pause is nobody's wish. */
export function settingOf({ because }: State): Availability | undefined {
  if (because === 'break' || because === 'away') return because;
  return because === 'paused' ? undefined : 'available';
}
