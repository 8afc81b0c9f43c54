// A consultant's day in figures: the calls he took, those he missed, what he earned; the same on pages, in the API and on the
// telephone.

import { earnedOf, sumByCurrency } from '../core/earnings.ts';
import { type Money, money, zero } from '../core/money.ts';
import { rate } from '../core/rating.ts';
import type { ConsultantDay, CurrentCall, DayCall } from '../store/consultant-records.ts';

export interface ShownDay {
  day: string;
  talkedSeconds: number;
  /** One sum a currency; null: no share was agreed. */
  earned: Money[] | null;
  missed: number;
  calls: ShownCall[];
}

export function dayOfConsultant({ day, share, calls }: ConsultantDay): ShownDay {
  const shown = calls.flatMap((call) => shownCall(call));
  const earned = shown.flatMap((one) => (one.earned ? [one.earned] : []));
  const isAgreed = share !== null || earned.length > 0;
  return {
    day,
    talkedSeconds: shown.reduce((sum, one) => sum + one.talkedSeconds, 0),
    earned: isAgreed ? sumByCurrency(earned) : null,
    missed: shown.filter((one) => one.outcome === 'missed').length,
    calls: shown,
  };
}

/** Who is calling, as his consultant may know him. */
export function callerOf({ source, clientCode }: Pick<CurrentCall, 'source' | 'clientCode'>): string {
  return source === 'client' ? (clientCode ?? 'unknown') : source;
}

export interface ShownCall {
  callSessionId: string;
  line: string;
  at: string;
  outcome: string | null;
  talkedSeconds: number;
  caller: string;
  earned: Money | null;
}

/** None for a ring that says nothing of him: his telephone was busy, another was faster, the caller left. */
function shownCall(call: DayCall): ShownCall[] {
  const { callSessionId, line, taken, missedBecause } = call;
  const common = { callSessionId, line, at: call.at.toISOString(), caller: callerOf(call) };
  if (taken) {
    const us = BigInt(call.talkUs ?? 0);
    const talkedSeconds = Number(us / 1_000_000n);
    return [{ ...common, outcome: call.outcome, talkedSeconds, earned: earnedBy(call) }];
  }
  if (missedBecause === null || missedBecause === 'busy') return [];
  const outcome = missedBecause === 'refused' || missedBecause === 'rejected' ? 'refused' : 'missed';
  return [{ ...common, outcome, talkedSeconds: 0, earned: null }];
}

/** null: no share was agreed then, or what is paid for it is not known yet. */
function earnedBy(call: DayCall): Money | null {
  const { share, tariff, talkUs } = call;
  const paid = paidFor(call);
  if (share === null || paid === undefined) return null;
  // A begun second is a talk: only one of no time earns nothing.
  const talkedSeconds = Number(BigInt(talkUs ?? 0)) / 1_000_000;
  return earnedOf({ paid, vatRate: tariff.vatRate, talkedSeconds }, share);
}

/** Of a card what was captured, of an account what was charged to it; else its price, which the merchant bills himself. */
function paidFor(call: DayCall): Money | undefined {
  const { currency, captured, moved, paymentState, state, tariff, billableUs } = call;
  if (state !== 'ended' && state !== 'settled') return undefined;
  // Nobody recognized him, so that nobody pays.
  if (call.source === 'unknown') return zero(currency);
  if (call.source === 'card') {
    if (paymentState === 'captured') return money(captured ?? '0', currency);
    return paymentState === 'voided' || paymentState === 'failed' ? money(0, currency) : undefined;
  }
  if (moved !== null) return money(money(moved, currency).amount.negated(), currency);
  return billableUs === null ? money(0, currency) : rate(tariff, BigInt(billableUs)).total;
}
