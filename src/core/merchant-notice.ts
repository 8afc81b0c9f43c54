// What a merchant is told, word for word, and when it is told again.
//
// Here: the kinds of notice, the exact bytes of a body, the schedule of repeats. Not here: signing and sending
// (merchants/), storing a notice with the change that caused it (flow/notify-merchant).

export type NoticeType =
  | 'payment.authorized'
  | 'payment.failed'
  | 'payment.captured'
  | 'payment.released'
  | 'receipt.issued'
  | 'payment.refunded'
  | 'payment.refund_failed'
  | 'payment.disputed'
  | 'call.ringing'
  | 'call.connected'
  | 'call.limit_near'
  | 'call.limit_moved'
  | 'call.ended'
  | 'consultant.availability_changed'
  | 'consultant.paused'
  | 'voicemail.received'
  | 'access_code.issued';

/** Every kind there is: the published description lists one body for each, and a test walks this list. */
export const noticeTypes: readonly NoticeType[] = [
  'payment.authorized',
  'payment.failed',
  'payment.captured',
  'payment.released',
  'receipt.issued',
  'payment.refunded',
  'payment.refund_failed',
  'payment.disputed',
  'call.ringing',
  'call.connected',
  'call.limit_near',
  'call.limit_moved',
  'call.ended',
  'consultant.availability_changed',
  'consultant.paused',
  'voicemail.received',
  'access_code.issued',
];

/**
 * Something a merchant will be told. `data` is what this kind says beyond the facts every notice carries; amounts are
 * `{"amount":"25.00","currency":"EUR"}`, instants ISO 8601 in UTC, durations say their unit in the name.
 */
export interface NoticeDraft {
  type: NoticeType;
  data: Record<string, unknown>;
}

/**
 * What every notice says of where it belongs: to an order, to a consultant, or to a call that goes through a scenario. `sequence`
 * counts the notices of that one: 1, 2, 3 as things happened.
 */
export type NoticeFacts = { at: Date; sequence: number } & (
  NoticeOfOrder | { consultantId: string } | { scenarioRunId: string }
);

export interface NoticeOfOrder {
  orderId: string;
  callSessionId?: string;
  reference?: string;
  /** The line's slug. */
  line: string;
}

/**
 * The body of a notice: `{"type","timestamp","data"}`, the shape the Standard Webhooks specification recommends. These are
 * the bytes that are stored and signed, the same on every try; the notice's id travels in the `webhook-id` header. The
 * facts win over a draft that carries a field of the same name.
 */
export function noticeBody(draft: NoticeDraft, facts: NoticeFacts): string {
  const { at, sequence, ...belongsTo } = facts;
  return JSON.stringify({
    type: draft.type,
    timestamp: at.toISOString(),
    data: { ...draft.data, sequence, ...('orderId' in belongsTo ? ofOrder(belongsTo) : belongsTo) },
  });
}

/** In this order: the bytes of a body are signed. */
function ofOrder({ orderId, callSessionId, reference, line }: NoticeOfOrder): NoticeOfOrder {
  return {
    orderId,
    ...(callSessionId !== undefined && { callSessionId }),
    ...(reference !== undefined && { reference }),
    line,
  };
}

/** How one try went: what the notifier answers (`Delivered` of flow/ports fits it). */
export type DeliveryOutcome =
  | { outcome: 'delivered' }
  | { outcome: 'gone' }
  | { outcome: 'refused'; status: number; retryAfterSeconds?: number }
  | { outcome: 'forbidden'; reason: string }
  | { outcome: 'no_answer'; reason: string };

/**
 * What follows: `delivered` and nothing more; `pending` until `nextTryAt`; `parked` when the schedule is spent, waiting
 * for somebody to replay it (which begins the schedule anew, with the same id and body); `gone` when the receiver answered
 * 410: the merchant's address is to be disabled, and this notice waits like a parked one.
 */
export type AfterDelivery =
  | { state: 'delivered' }
  | { state: 'pending'; nextTryAt: Date }
  | { state: 'parked'; reason: string }
  | { state: 'gone' };

const minute = 60;
const hour = 60 * minute;

/**
 * Seconds from a failed try to the next. Quick once for a receiver that was just being restarted, then stretched so that
 * an outage over a weekend (75 hours in all) loses nothing and a receiver coming back is not trampled.
 */
export const retryDelaysSeconds: readonly number[] = [
  5,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
];

/**
 * The same of a usage report: the merchant holds money or minutes back for a call that may be over, so that the first
 * minutes are worth more tries; then as stretched as a notice's, four days in all.
 */
export const reportDelaysSeconds: readonly number[] = [
  5,
  15,
  minute,
  5 * minute,
  ...retryDelaysSeconds.slice(2),
];

/** A receiver may ask for quiet (RFC 9110, 10.2.3), but not for so long that a notice is forgotten. */
const retryAfterMaxSeconds = 24 * hour;

/** Chance only ever adds to a delay: a receiver that asked for quiet gets at least what it asked for. */
const jitterShare = 0.1;

/**
 * Decides what becomes of a notice after a try.
 * `tries` counts the try that has just been made (1 after the first); `chance` is in [0, 1) and spreads the repeats of
 * many notices that failed together. `delaysSeconds`: another schedule than a notice's.
 */
export function afterDelivery(
  notice: { tries: number },
  delivered: DeliveryOutcome,
  now: Date,
  chance: number,
  delaysSeconds: readonly number[] = retryDelaysSeconds,
): AfterDelivery {
  if (!Number.isInteger(notice.tries) || notice.tries < 1) {
    throw new Error(`A notice that was tried has at least one try, not ${String(notice.tries)}.`);
  }
  if (!(chance >= 0 && chance < 1)) throw new Error('Chance lies in [0, 1).');
  if (delivered.outcome === 'delivered') return { state: 'delivered' };
  if (delivered.outcome === 'gone') return { state: 'gone' };

  const scheduled = delaysSeconds[notice.tries - 1];
  if (scheduled === undefined) return { state: 'parked', reason: lastWord(delivered) };

  const asked = delivered.outcome === 'refused' ? (delivered.retryAfterSeconds ?? 0) : 0;
  const seconds = Math.max(scheduled, Math.min(asked, retryAfterMaxSeconds));
  return {
    state: 'pending',
    nextTryAt: new Date(now.getTime() + Math.round(seconds * 1000 * (1 + jitterShare * chance))),
  };
}

function lastWord(delivered: Exclude<DeliveryOutcome, { outcome: 'delivered' | 'gone' }>): string {
  switch (delivered.outcome) {
    case 'refused':
      return `the receiver answered ${String(delivered.status)}`;
    case 'forbidden':
      return `the address may not be called: ${delivered.reason}`;
    case 'no_answer':
      return `no answer: ${delivered.reason}`;
  }
}
