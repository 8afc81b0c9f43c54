// Time and chance as they really are: the only place where the clock is read, a timer set or chance drawn for the rules
// and the steps.

import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { type IdKind, idPrefixes, type LegUuid } from './core/ids.ts';
import type { Clock, Ids, Timer } from './flow/ports.ts';

export const realClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  after(delayMs, act): Timer {
    const timer = setTimeout(act, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Crockford's base 32: no letter that is read for another, and it sorts as its bytes do. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

function base32(value: bigint, length: number): string {
  let text = '';
  for (let place = 0; place < length; place += 1) {
    text = alphabet.charAt(Number(value & 31n)) + text;
    value >>= 5n;
  }
  return text;
}

export const realIds: Ids = {
  /** 48 bits of milliseconds, then 80 of chance: sortable by time, never guessed, never met twice. */
  id(kind: IdKind): string {
    const time = base32(BigInt(Date.now()), 10);
    const chance = base32(BigInt(`0x${randomBytes(10).toString('hex')}`), 16);
    return `${idPrefixes[kind]}_${time}${chance}`;
  },
  legUuid: () => randomUUID() as LegUuid,
  token: () => randomBytes(16).toString('base64url'),
  chance: () => randomInt(2 ** 32) / 2 ** 32,
};
