// Consultants as the API shows them: from rows and rules to what is read. Nothing is written here.

import { sayState } from '../core/consultant.ts';
import { earnedOf } from '../core/earnings.ts';
import { type Money, moneyFacts, zero } from '../core/money.ts';
import { rate } from '../core/rating.ts';
import { callerOf, dayOfConsultant } from '../flow/consultant-day.ts';
import type { House } from '../flow/house.ts';
import type { ConsultantDay, ConsultantRecord, CurrentCall } from '../store/consultant-records.ts';
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

export function dayAnswer(read: ConsultantDay): object {
  const { day, talkedSeconds, earned, missed, calls } = dayOfConsultant(read);
  return {
    day,
    talkedSeconds,
    earned: earned && earned.map(moneyFacts),
    missed,
    data: calls.map((one) => ({ ...one, earned: one.earned && moneyFacts(one.earned) })),
  };
}
