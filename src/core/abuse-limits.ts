// How often is too often. Everything that is counted against abuse, how many of it are allowed, and the counting itself:
// from what was counted so far and an instant to "one more" or "come again in so many seconds". Who is counted under which
// name is flow/limit-abuse's; nothing here knows a number, a card or an address.
//
// A limit here guards people who are not asking: the stranger whose phone would ring, the holder of a stolen card, the
// consultant who would be kept for nobody. So what is refused is not counted (who waits is let in again), and what was
// begun is counted whatever became of it: a card that is declined was tried.

/** A rule that counts what happens in a sliding window. */
export type CountedRule =
  | 'numberHour'
  | 'numberDay'
  | 'numberEverywhereHour'
  | 'numberEverywhereDay'
  | 'cardHour'
  | 'cardDay'
  | 'addressHour'
  | 'addressCardTriesHour'
  | 'orderCardTries'
  | 'merchantHour';

export type AbuseLimits = Record<CountedRule | 'addressUnpaid' | 'merchantCallsAtOnce', number>;

const hour = 3_600;
const day = 86_400;

export const windowSeconds: Record<CountedRule, number> = {
  numberHour: hour,
  numberDay: day,
  numberEverywhereHour: hour,
  numberEverywhereDay: day,
  cardHour: hour,
  cardDay: day,
  addressHour: hour,
  addressCardTriesHour: hour,
  // As long as an order can be paid at all.
  orderCardTries: hour,
  merchantHour: hour,
};

/** Used unless the merchant's row carries numbers of its own. */
export const usualLimits: AbuseLimits = {
  // Somebody who goes back to choose again makes two or three orders for one call; a call that drops is bought again. Eight
  // in an hour leaves room for both and rings nobody's phone more often than he could have asked for himself.
  numberHour: 8,
  numberDay: 16,
  // Over all merchants hardly more than at one: few people call two services, and twenty merchants must not ring a stranger
  // twenty times.
  numberEverywhereHour: 10,
  numberEverywhereDay: 18,
  // A card is held once a call. A couple shares one; nobody talks more than a dozen times a day on it, a thief tries to.
  cardHour: 6,
  cardDay: 12,
  // A household, a small office, a corner of a mobile network behind one address.
  addressHour: 20,
  // Presses of the button that obliges to pay, each a question to a bank. People mistype twice and take a second card; who
  // tests stolen cards needs hundreds. Over all orders of an address, and on one order.
  addressCardTriesHour: 20,
  orderCardTries: 8,
  // Every unpaid order keeps a consultant from everybody else for three minutes. One a visitor is all anybody needs.
  addressUnpaid: 1,
  // One every two seconds all hour long: far more than the consultants of one merchant take, less than a stolen API key
  // could do in a minute.
  merchantHour: 1_800,
  // Each is two legs on a switch that others share.
  merchantCallsAtOnce: 300,
};

const nameOf = Object.keys(usualLimits) as (keyof AbuseLimits)[];

/** The limits of a merchant: his own numbers where his row has whole ones from 0, the usual ones else. */
export function limitsOf(ownNumbers: unknown): AbuseLimits {
  const own = typeof ownNumbers === 'object' && ownNumbers !== null ? ownNumbers : {};
  const limits = { ...usualLimits };
  for (const name of nameOf) {
    const value: unknown = Object.entries(own).find(([key]) => key === name)?.[1];
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) limits[name] = value;
  }
  return limits;
}

/** What was counted: how many in which slot of the window, oldest first. */
export type Counted = readonly (readonly [slot: number, count: number])[];

/** A window is counted in twelve slots and the one that is running: exact to a twelfth, always to the strict side. */
const slots = 12;

export type CountAnswer =
  { outcome: 'counted'; counted: Counted } | { outcome: 'too_many'; retryAfterSeconds: number };

/** One more now, if that is not more than `atMost` within the window. */
export function countOneMore(counted: Counted, seconds: number, atMost: number, now: Date): CountAnswer {
  const nowSeconds = now.getTime() / 1000;
  const slotSeconds = seconds / slots;
  const slot = Math.floor(nowSeconds / slotSeconds);
  const current = counted.filter(([one]) => one >= slot - slots);
  const sum = current.reduce((all, [, count]) => all + count, 0);
  if (sum >= atMost) {
    let left = sum;
    for (const [one, count] of current) {
      left -= count;
      if (left < atMost) {
        const free = (one + slots + 1) * slotSeconds - nowSeconds;
        return { outcome: 'too_many', retryAfterSeconds: Math.max(1, Math.ceil(free)) };
      }
    }
    // None at all are allowed.
    return { outcome: 'too_many', retryAfterSeconds: seconds };
  }
  const last = current.at(-1);
  const next: Counted =
    last?.[0] === slot
      ? [...current.slice(0, -1), [slot, last[1] + 1] as const]
      : [...current, [slot, 1] as const];
  return { outcome: 'counted', counted: next };
}

/** When nothing counted now would count any more. */
export function staleAt(seconds: number, now: Date): Date {
  return new Date(now.getTime() + (seconds + (2 * seconds) / slots) * 1000);
}

/**
 * An address as one subject: IPv4 whole, also where it comes mapped into IPv6; IPv6 by its first 64 bits, which is what one
 * customer of a network is given (RFC 6177) and all of which he can use in a second.
 */
export function addressSubject(address: string): string {
  const [bare = ''] = address.trim().toLowerCase().split('%');
  const mapped = /^(?:::ffff:)?(\d{1,3}(?:\.\d{1,3}){3})$/.exec(bare)?.[1];
  if (mapped !== undefined) return mapped;
  if (!bare.includes(':')) return bare;
  const [head = '', tail] = bare.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array<string>(gap).fill('0'), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
