// A consultant's PIN: its mark is kept, never itself.

import type { House } from './house.ts';

export function consultantPinMark(house: Pick<House, 'seal'>, consultantId: string, pin: string): Buffer {
  return house.seal.mark(`${consultantId}\n${pin}`, 'consultant pin');
}
