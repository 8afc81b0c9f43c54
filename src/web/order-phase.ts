// Where an order stands, as a person sees it: one phase out of payment state, call state and outcome. Everything the
// order page shows hangs on this and on nothing the browser remembers, so that two tabs, a reload and a page reopened a
// year later all show the same.
//
//   card ──▶ (action) ──▶ starting ──▶ ringing_consultant ──▶ ringing_caller ──▶ connected ──▶ ended ──▶ receipt
//     │          │            │                │                    │
//     └──────────┴────────────┴────────────────┴────────────────────┴──▶ failed, by outcome
//   Where a scenario is the call: starting ──▶ ringing_caller ──▶ led ◀──▶ ringing_consultant ──▶ connected
//   A fixed sale goes from card to paying to receipt.

import type { CallOutcome } from '../core/call-session.ts';
import type { OrderView } from '../store/order-view.ts';

export type Phase =
  /** Nothing held: the card is asked for. */
  | { name: 'card' }
  /** Nothing held: the bank asks for authentication, nothing else is missing. */
  | { name: 'action' }
  /** Held; the call is about to be placed. */
  | { name: 'starting' }
  | { name: 'ringing_consultant' }
  | { name: 'ringing_caller' }
  /** Held; he is in the scenario of his call. */
  | { name: 'led' }
  /** Held; the clock runs. */
  | { name: 'connected' }
  /** The talk is over, the money is being settled. */
  | { name: 'ended' }
  /** A fixed sale is being captured. */
  | { name: 'paying' }
  /** Captured, or nothing was due: there is a receipt. */
  | { name: 'receipt' }
  /** It did not come to a talk. `money`: what has become of what was held. */
  | { name: 'failed'; outcome: FailedOutcome; money: 'never_held' | 'releasing' | 'released' };

/** Of an order that has a page. */
export type FailedOutcome = Exclude<
  CallOutcome,
  'talked' | 'limit_reached' | 'not_recognized' | 'merchant_refused' | 'merchant_away'
>;

const notOfAPage: ReadonlySet<CallOutcome> = new Set([
  'talked',
  'limit_reached',
  'not_recognized',
  'merchant_refused',
  'merchant_away',
]);
const isFailure = (outcome: CallOutcome | undefined): outcome is FailedOutcome =>
  outcome !== undefined && !notOfAPage.has(outcome);

export function phaseOf(order: OrderView): Phase {
  const { call, payment } = order;
  const over = call?.state === 'ended' || call?.state === 'settled';
  if (payment.state === 'failed') return failed(order, 'never_held');
  if (payment.state === 'awaiting_card') {
    if (over) return failed(order, 'never_held');
    return { name: payment.needsAction ? 'action' : 'card' };
  }
  if (!call) {
    if (payment.state === 'voiding') return failed(order, 'releasing');
    if (payment.state === 'voided') return failed(order, 'released');
    return { name: order.receipt ? 'receipt' : 'paying' };
  }
  switch (call.state) {
    // A caller who dialled us has no page.
    case 'recognizing':
    case 'awaiting_payment':
      return { name: 'starting' };
    case 'ringing_consultant':
    case 'ringing_caller':
    case 'led':
    case 'connected':
      return { name: call.state };
    case 'ended':
    case 'settled':
      if (talked(order)) return { name: order.receipt ? 'receipt' : 'ended' };
      return failed(order, payment.state === 'voided' ? 'released' : 'releasing');
  }
}

/** Nothing will change any more: pages stop listening. */
export function isFinal(phase: Phase): boolean {
  return phase.name === 'receipt' || (phase.name === 'failed' && phase.money !== 'releasing');
}

/** A call that broke down in the middle was talked too: what was proven is billed, and the receipt says so. */
function talked({ call, payment, receipt }: OrderView): boolean {
  if (call?.outcome === 'talked' || call?.outcome === 'limit_reached') return true;
  return (call?.talkSeconds ?? 0) > 0 || payment.captured.amount.greaterThan(0) || isCharged(receipt);
}

function isCharged(receipt: OrderView['receipt']): boolean {
  return receipt !== undefined && Number(receipt.captured) > 0;
}

function failed(order: OrderView, money: 'never_held' | 'releasing' | 'released'): Phase {
  const outcome = order.call?.outcome;
  if (isFailure(outcome)) return { name: 'failed', outcome, money };
  if (order.payment.state === 'failed') {
    const declined = order.payment.declineReason !== undefined;
    return { name: 'failed', outcome: declined ? 'payment_failed' : 'payment_abandoned', money };
  }
  return { name: 'failed', outcome: 'failed', money };
}
