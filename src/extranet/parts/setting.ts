// What a consultant has set, or his merchant for him.

import type { Availability, Consultant } from '../contract.ts';

/** A pause is nobody's wish: as long as it stands, none of the three is what he has set. */
export function settingOf({
  availability,
  state,
}: Pick<Consultant, 'availability' | 'state'>): Availability | undefined {
  return state.because === 'paused' ? undefined : availability;
}
