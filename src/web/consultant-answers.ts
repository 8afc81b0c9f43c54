// Consultants as the API shows them: from rows and rules to what is read. Nothing is written here.

import { sayState } from '../core/consultant.ts';
import { earnedOf, sumByCurrency } from '../core/earnings.ts';
import { type Money, money, moneyFacts, zero } from '../core/money.ts';
import { rate } from '../core/rating.ts';
import type { Tariff } from '../core/tariff.ts';
import type { House } from '../flow/house.ts';
import type { ConsultantDay, ConsultantRecord, CurrentCall, DayCall } from '../store/consultant-records.ts';
import { stateOf } from '../store/consultants.ts';

type Place = Pick<House, 'publicUrl'>;

export function consultantAnswer(house: Place, record: ConsultantRecord, now: Date): object {
  const { state: row, photoToken, call, schedule, archivedAt, ...rest } = record;
  const { setting } = stateOf(row);
  return {
    ...rest,
    photoUrl: photoUrl(house, photoToken),
    schedule,
    availability: setting.is,
    backAt: setting.backAt?.toISOString() ?? null,
    state: sayState(stateOf(row), now),
    call: call && callAnswer(call, record, now),
    archivedAt,
  };
}

export function photoUrl({ publicUrl }: Place, token: string | null): string | null {
  return token === null ? null : `${publicUrl}/photos/${token}`;
}

/** Who is calling, as his consultant may know him. */
function callerOf({ source, clientCode }: Pick<CurrentCall, 'source' | 'clientCode'>): string {
  return source === 'client' ? (clientCode ?? 'unknown') : source;
}

function callAnswer(call: CurrentCall, { share }: ConsultantRecord, now: Date): object {
  const since = call.connectedAt === null ? null : new Date(call.connectedAt);
  return {
    callSessionId: call.callSessionId,
    since: since?.toISOString() ?? null,
    caller: callerOf(call),
    line: call.line,
    minutesPaid: call.source === 'unknown' ? null : Math.floor(call.talkLimitSeconds / 60),
    earned: share !== null && since ? moneyFacts(earnedUntil(call, share, since, now)) : null,
  };
}

/** By its price until now, as if it ended: never more than what it may cost. */
function earnedUntil(
  { tariff, talkLimitSeconds, source }: CurrentCall,
  share: string,
  since: Date,
  now: Date,
): Money {
  const talkedMs = Math.min(Math.max(0, now.getTime() - since.getTime()), talkLimitSeconds * 1000);
  const price = rate(tariff, BigInt(talkedMs) * 1000n).total;
  const paid = source === 'unknown' ? zero(price.currency) : price;
  return earnedOf({ paid, vatRate: tariff.vatRate, talkedSeconds: talkedMs / 1000 }, share);
}

export function dayAnswer({ day, share, calls }: ConsultantDay): object {
  const shown = calls.flatMap((call) => dayCallAnswer(call));
  const earned = shown.flatMap((one) => (one.earned ? [one.earned] : []));
  const isAgreed = share !== null || earned.length > 0;
  return {
    day,
    talkedSeconds: shown.reduce((sum, one) => sum + one.talkedSeconds, 0),
    earned: isAgreed ? sumByCurrency(earned).map(moneyFacts) : null,
    missed: shown.filter((one) => one.outcome === 'missed').length,
    data: shown.map((one) => ({ ...one, earned: one.earned && moneyFacts(one.earned) })),
  };
}

interface ShownCall {
  callSessionId: string;
  line: string;
  at: string;
  outcome: string | null;
  talkedSeconds: number;
  caller: string;
  earned: Money | null;
}

/** None for a ring that says nothing of him: his telephone was busy, another was faster, the caller left. */
function dayCallAnswer(call: DayCall): ShownCall[] {
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
  return billableUs === null ? money(0, currency) : rate(tariff satisfies Tariff, BigInt(billableUs)).total;
}
