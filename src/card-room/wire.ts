// What the gateway and its card room say to each other, over a unix socket: one connection an entry, one line of JSON each way.
// Whoever closes it is not interested any more.

import type { CardEntryEnd } from '../core/card-entry.ts';
import { parseLegUuid, type LegUuid } from '../core/ids.ts';
import { cardSounds, type CardSound, type KeyedCard } from '../core/keyed-card.ts';

export interface AskedEntry {
  switchId: string;
  leg: LegUuid;
  request: string;
  sounds: Readonly<Record<CardSound, string>>;
  merchantAccount?: string;
}

/** Two dozen paths. */
export const lineBytesMax = 64 * 1024;

const fields = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
const parsed = (line: string): Record<string, unknown> => {
  try {
    return fields(JSON.parse(line));
  } catch {
    return {};
  }
};

export const askedLine = (entry: AskedEntry): string => {
  const { switchId, leg, request, sounds, merchantAccount } = entry;
  return `${JSON.stringify({ switchId, leg, request, sounds, merchantAccount })}\n`;
};

/** `undefined`: it is none. */
export function readAsked(line: string): AskedEntry | undefined {
  const { switchId, leg: legText, request, sounds: soundsGiven, merchantAccount } = parsed(line);
  const leg = typeof legText === 'string' ? parseLegUuid(legText) : undefined;
  const given = fields(soundsGiven);
  const sounds = cardSounds.map((name) => [name, given[name]] as const);
  if (leg === undefined || typeof switchId !== 'string') return undefined;
  if (typeof request !== 'string' || !/^[A-Za-z0-9_-]{1,100}$/.test(request)) return undefined;
  if (sounds.some(([, path]) => typeof path !== 'string' || path === '')) return undefined;
  if (merchantAccount !== undefined && !isAccount(merchantAccount)) return undefined;
  return {
    switchId,
    leg,
    request,
    sounds: Object.fromEntries(sounds) as Record<CardSound, string>,
    ...(merchantAccount !== undefined && { merchantAccount }),
  };
}

const isAccount = (value: unknown): value is string =>
  typeof value === 'string' && /^acct_[A-Za-z0-9]{1,64}$/.test(value);

export const endLine = (end: CardEntryEnd): string =>
  `${JSON.stringify(end, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}\n`;

/** `away` where it is none. */
export function readEnd(line: string): CardEntryEnd {
  const { outcome, card, endedAtUs } = parsed(line);
  switch (outcome) {
    case 'taken': {
      const { paymentMethod, brand, last4, expiry } = fields(card);
      const taken = { paymentMethod, brand, last4, expiry };
      if (!Object.values(taken).every((one) => typeof one === 'string')) return { outcome: 'away' };
      return { outcome, card: taken as KeyedCard };
    }
    case 'gave_up':
    case 'timed_out':
    case 'refused':
    case 'unknown':
    case 'not_permitted':
      return { outcome };
    case 'hung_up':
      return {
        outcome,
        ...(typeof endedAtUs === 'string' &&
          /^[1-9][0-9]{14,18}$/.test(endedAtUs) && { endedAtUs: BigInt(endedAtUs) }),
      };
    default:
      return { outcome: 'away' };
  }
}
