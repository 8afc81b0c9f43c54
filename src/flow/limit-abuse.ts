// Limits against abuse where they meet what happens: who is counted under which name, and when. Each count is written in
// the transaction of what it counts (the order, the hold), its row locked until then: a hundred orders at once cannot pass
// between two of them. How many are too many is core/abuse-limits'.

import {
  type AbuseLimits,
  addressSubject,
  type Counted,
  type CountedRule,
  countOneMore,
  limitsOf,
  staleAt,
  windowSeconds,
} from '../core/abuse-limits.ts';
import type { E164 } from '../core/ids.ts';
import type { OrderRefusal, OrderRefusalReason } from '../core/order.ts';
import {
  callsUnderWay,
  lockCounts,
  pruneCounts,
  readOwnLimits,
  unpaidOrdersOf,
  writeCounts,
} from '../store/abuse-limits.ts';
import type { Tx } from '../store/database.ts';
import type { StoredPayment } from '../store/payments.ts';
import type { House } from './house.ts';
import { abandonSeconds, claimSeconds, later } from './payment-deadlines.ts';

/** Somebody a rule counts. `scope`: the merchant, where it counts for each apart; nothing where it counts over all. */
interface Subject {
  rule: CountedRule;
  scope: string;
  who: string;
}

const reasons: Record<CountedRule, OrderRefusalReason> = {
  numberHour: 'number_too_often',
  numberDay: 'number_too_often',
  numberEverywhereHour: 'number_too_often',
  numberEverywhereDay: 'number_too_often',
  cardHour: 'card_too_often',
  cardDay: 'card_too_often',
  addressHour: 'address_too_often',
  addressCardTriesHour: 'cards_tried_too_often',
  orderCardTries: 'cards_tried_too_often',
  merchantHour: 'merchant_too_often',
};

export interface WhoOrders {
  merchantId: string;
  callerNumber?: E164;
  /** He has called us himself: nobody's telephone rings for it, and cards he tries are counted where they are tried. */
  isCalling?: true;
  /** Where the caller's own request came from, as text. */
  ip?: string;
  userAgent?: string;
  /** The merchant's own numbers, as his row has them. */
  ownLimits: unknown;
  /** A card came with the order: it keeps no consultant waiting for one. */
  cardGiven: boolean;
}

/** Who orders, as marks kept with the order. */
export interface OrderMarks {
  visitor?: Buffer;
  address?: Buffer;
}

export function marksOf(house: House, who: Pick<WhoOrders, 'ip' | 'userAgent'>): OrderMarks {
  if (who.ip === undefined || who.ip === '') return {};
  const address = addressSubject(who.ip);
  return {
    address: house.seal.mark(address, 'address'),
    ...(who.userAgent !== undefined && {
      visitor: house.seal.mark(`${address}\n${who.userAgent}`, 'visitor'),
    }),
  };
}

/** What was counted and is still to be written, once nothing else can refuse the order. */
export type Counting = readonly { subject: Buffer; counted: Counted }[];

type Counts = { outcome: 'counted'; counting: Counting } | { outcome: 'refused'; refusal: OrderRefusal };

/** `inPlaceOf`: orders to be given up for this one. */
export type Admitted =
  | { outcome: 'admitted'; counting: Counting; inPlaceOf: readonly string[] }
  | { outcome: 'refused'; refusal: OrderRefusal };

/**
 * First thing of an order: its number and address are counted. An unpaid order of the same number or visitor is to be
 * given up for it, so that the consultant it kept is free for this one. Of others at his address there may be few.
 */
export async function admitCaller(house: House, tx: Tx, who: WhoOrders): Promise<Admitted> {
  const { merchantId, callerNumber, ip } = who;
  const limits = limitsOf(who.ownLimits);
  const address = ip === undefined || ip === '' ? undefined : addressSubject(ip);
  const counted = await count(house, tx, limits, [
    ...(callerNumber === undefined || who.isCalling
      ? []
      : [
          { rule: 'numberHour' as const, scope: merchantId, who: callerNumber },
          { rule: 'numberDay' as const, scope: merchantId, who: callerNumber },
          { rule: 'numberEverywhereHour' as const, scope: '', who: callerNumber },
          { rule: 'numberEverywhereDay' as const, scope: '', who: callerNumber },
        ]),
    ...(address === undefined ? [] : [{ rule: 'addressHour' as const, scope: '', who: address }]),
  ]);
  if (counted.outcome === 'refused') return counted;
  const { counting } = counted;
  if (who.cardGiven || callerNumber === undefined) return { outcome: 'admitted', counting, inPlaceOf: [] };

  const now = house.clock.now();
  const unpaid = await unpaidOrdersOf(tx, {
    merchantId,
    number: callerNumber,
    ...marksOf(house, who),
    since: later(now, -abandonSeconds),
  });
  const ofOthers = unpaid.filter(
    (one) => !one.sameNumber && !one.sameVisitor && one.createdAt > later(now, -claimSeconds),
  );
  const [oldest] = ofOthers;
  if (oldest && ofOthers.length >= limits.addressUnpaid) {
    const free = (later(oldest.createdAt, claimSeconds).getTime() - now.getTime()) / 1000;
    const refusal = { because: 'address_unpaid', retryAfterSeconds: Math.max(1, Math.ceil(free)) } as const;
    return { outcome: 'refused', refusal };
  }
  const inPlaceOf = unpaid.filter((one) => one.sameNumber || one.sameVisitor).map((one) => one.orderId);
  return { outcome: 'admitted', counting, inPlaceOf };
}

/**
 * Last thing of an order: its merchant. The lock that all orders of a merchant wait for is taken here, a statement before
 * the commit, and everything counted is written.
 */
export async function admitToMerchant(
  house: House,
  tx: Tx,
  who: Pick<WhoOrders, 'merchantId' | 'ownLimits'>,
  counting: Counting,
): Promise<OrderRefusal | undefined> {
  const limits = limitsOf(who.ownLimits);
  const { merchantId } = who;
  const [counted, calls] = await Promise.all([
    count(house, tx, limits, [{ rule: 'merchantHour', scope: merchantId, who: merchantId }]),
    // Behind that lock; the order itself is among them by now.
    callsUnderWay(tx, merchantId, later(house.clock.now(), -claimSeconds)),
  ]);
  if (counted.outcome === 'refused') return counted.refusal;
  if (calls > limits.merchantCallsAtOnce) return { because: 'merchant_busy', retryAfterSeconds: 60 };
  await writeCounts(tx, [...counting, ...counted.counting]);
  return undefined;
}

/**
 * Whether this card may pay once more: asked and counted in the transaction that writes down that it is held. `false`: the
 * hold is to be let go and nobody rung. `fingerprint`: the processor's word for the card, over all merchants. More time on
 * the same order is the same call and is not asked about.
 */
export async function cardMayPay(
  house: House,
  tx: Tx,
  payment: StoredPayment,
  fingerprint: string,
): Promise<boolean> {
  const counted = await count(house, tx, readOwnLimits(tx).then(limitsOf), [
    { rule: 'cardHour', scope: '', who: fingerprint },
    { rule: 'cardDay', scope: '', who: fingerprint },
  ]);
  if (counted.outcome === 'refused') {
    house.metrics.count('orders_refused', { because: counted.refusal.because });
    house.log.warn(
      { orderId: payment.orderId, paymentId: payment.id },
      'A card was used too often: not taken',
    );
    return false;
  }
  await writeCounts(tx, counted.counting);
  return true;
}

/**
 * A press of the button that obliges to pay, each a question to a bank: counted before it is asked, whatever the bank will
 * say, or a page would be a machine for trying stolen cards.
 */
export async function countCardTry(
  house: House,
  order: { merchantId: string; orderId: string; ip: string },
): Promise<OrderRefusal | undefined> {
  return house.db.asMerchant(order.merchantId, async (tx) => {
    const counted = await count(house, tx, readOwnLimits(tx).then(limitsOf), [
      { rule: 'orderCardTries', scope: order.merchantId, who: order.orderId },
      ...(order.ip === ''
        ? []
        : [{ rule: 'addressCardTriesHour' as const, scope: '', who: addressSubject(order.ip) }]),
    ]);
    if (counted.outcome === 'refused') {
      house.metrics.count('orders_refused', { because: counted.refusal.because });
      return counted.refusal;
    }
    await writeCounts(tx, counted.counting);
    return undefined;
  });
}

/** Removes counts nothing counts in any more. For a sweep, every few minutes; how many went. */
export async function forgetOldCounts(house: House): Promise<number> {
  return house.db.asNobody((db) => pruneCounts(db, house.clock.now()));
}

async function count(
  house: House,
  tx: Tx,
  ownLimits: AbuseLimits | Promise<AbuseLimits>,
  subjects: readonly Subject[],
): Promise<Counts> {
  if (subjects.length === 0) return { outcome: 'counted', counting: [] };
  const now = house.clock.now();
  const marked = subjects.map((one) => ({
    ...one,
    subject: house.seal.mark(one.who, `abuse ${one.rule} ${one.scope}`),
    seconds: windowSeconds[one.rule],
  }));
  const longest = Math.max(...marked.map((one) => one.seconds));
  const [before, limits] = await Promise.all([
    lockCounts(
      tx,
      marked.map((one) => one.subject),
      staleAt(longest, now),
    ),
    ownLimits,
  ]);
  const counting: { subject: Buffer; counted: Counted }[] = [];
  let refusal: OrderRefusal | undefined;
  for (const [place, { rule, subject, seconds }] of marked.entries()) {
    const answer = countOneMore(before[place] ?? [], seconds, limits[rule], now);
    if (answer.outcome === 'counted') counting.push({ subject, counted: answer.counted });
    // Of several the longest wait: coming earlier would only be refused by the other.
    else if (answer.retryAfterSeconds > (refusal?.retryAfterSeconds ?? 0))
      refusal = { because: reasons[rule], retryAfterSeconds: answer.retryAfterSeconds };
  }
  return refusal ? { outcome: 'refused', refusal } : { outcome: 'counted', counting };
}
