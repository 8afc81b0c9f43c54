// What a consultant on the telephone wants to know, and what he wants done: who has his number, whether his PIN fits, what he hears
// of himself, his state set, his voice kept. What he is asked is core/service-call's, how he is asked serve-consultant's.
//
// Guesses are limited as those of any code (limit-guesses): an unknown short number and a wrong PIN are one miss, of one answer.

import { type ConsultantSetting, reachable, settingNow } from '../core/consultant.ts';
import { scheduleOf } from '../core/schedule.ts';
import { moneyFacts } from '../core/money.ts';
import type { RecordingKind, SentenceFacts, SpokenState } from '../core/sentence.ts';
import type {
  AvailabilityWish,
  ServiceCall,
  ServiceEvent,
  ServiceRead,
  ServiceReading,
} from '../core/service-call.ts';
import { spokenInstant } from '../core/spoken-clock.ts';
import { readConsultantDay } from '../store/consultant-records.ts';
import type { Tx } from '../store/database.ts';
import { readConsultantRecording } from '../store/recordings.ts';
import {
  consultantOfShortNumber,
  consultantsOfIds,
  consultantsOfNumber,
  type ServedConsultant,
  type StoredServiceCall,
} from '../store/service-calls.ts';
import { consultantPinMark } from './consultants.ts';
import { dayOfConsultant, type ShownDay } from './consultant-day.ts';
import { setAvailability } from './consultant-state.ts';
import type { House } from './house.ts';
import { countGuess, mayGuess } from './limit-guesses.ts';

type Stored = Pick<StoredServiceCall, 'call' | 'merchantId' | 'ddi'>;

/** Who has the number he calls from, and what a missed call of it would set. */
export async function lookUpNumber(house: House, { call, merchantId }: Stored): Promise<ServiceEvent> {
  const { cli } = call.plan;
  if (cli.trust === 'withheld') return { type: 'numberLookedUp', byNumber: [] };
  const found = await house.db.asMerchant(merchantId, (tx) => consultantsOfNumber(tx, cli.number));
  const byNumber = found.filter((one) => one.pinMark !== null).map((one) => one.id);
  // Of a number that several share nobody knows whose missed call it was.
  const [only, another] = found;
  const toggle =
    only?.missedCallToggles === true && another === undefined
      ? { consultantId: only.id, wish: turnedOver(only, house.clock.now()) }
      : undefined;
  return { type: 'numberLookedUp', byNumber, ...(toggle && { toggle }) };
}

/** Whoever callers could reach by his own word is away from now on; anybody else is available. */
function turnedOver({ state }: ServedConsultant, now: Date): AvailabilityWish {
  const isAvailable = settingNow(state.setting, now).is === 'available' && state.pausedAt === undefined;
  return { availability: isAvailable ? 'away' : 'available' };
}

/** Whether the PIN is that of whoever he says he is, by his number or by what he keyed. */
export async function checkPin(
  house: House,
  { call, merchantId, ddi }: Stored,
  pin: string,
): Promise<ServiceEvent> {
  const guess = {
    cli: call.plan.cli,
    ddi,
    // Apart from clients' codes, which are the merchant's own choice and might be the same digits.
    clientCode: `consultant ${call.shortNumber ?? call.byNumber.join(' ')}`,
  };
  const known = await house.db.asMerchant(merchantId, async (tx) => {
    if (!(await mayGuess(house, tx, merchantId, guess))) return 'guessed_too_often' as const;
    const candidates = await candidatesOf(tx, call);
    const fitting = candidates.filter(
      ({ id, pinMark }) => pinMark?.equals(consultantPinMark(house, id, pin)) === true,
    );
    const [only, another] = fitting;
    // Two who share a number and a PIN say by their short numbers which of them it is.
    if (only && !another) return only;
    await countGuess(house, tx, merchantId, guess);
    return undefined;
  });
  if (known === 'guessed_too_often') {
    house.log.warn({ serviceCallId: call.id }, 'Too many PINs were tried: this one is not looked at');
  }
  if (known === undefined || known === 'guessed_too_often') return { type: 'checked' };
  const { id, name, language } = known;
  return { type: 'checked', consultant: { id, name, language } };
}

async function candidatesOf(tx: Tx, call: ServiceCall): Promise<ServedConsultant[]> {
  if (call.shortNumber === undefined) return consultantsOfIds(tx, call.byNumber);
  const one = await consultantOfShortNumber(tx, call.shortNumber);
  return one ? [one] : [];
}

/** `failed`: he was archived while he listened. */
export async function readOfConsultant(
  house: House,
  { call, merchantId }: Stored,
  reading: ServiceReading,
): Promise<ServiceEvent> {
  const { consultant, plan } = call;
  if (!consultant) throw new Error('Nobody is told anything before it is known who he is.');
  const now = house.clock.now();
  const read = await house.db.asMerchant(merchantId, async (tx): Promise<ServiceRead | undefined> => {
    if (typeof reading === 'object') return readRecordingOf(tx, merchantId, consultant.id, reading.recording);
    if (reading === 'today') {
      const day = await readConsultantDay(tx, consultant.id, now, undefined);
      return day && { what: 'today', facts: todayOf(dayOfConsultant(day)) };
    }
    const [one] = await consultantsOfIds(tx, [consultant.id]);
    if (!one) return undefined;
    if (reading === 'schedule') {
      const hours = one.schedule === null ? undefined : scheduleOf(one.schedule).weekly;
      return { what: 'schedule', facts: { key: 'service_schedule', ...(hours && { hours }) } };
    }
    const setting = settingNow(one.state.setting, now);
    return {
      what: 'state',
      state: spokenState({ ...one, state: { ...one.state, setting } }, now, plan.timeZone),
      setting: wishOf(setting),
    };
  });
  return read ? { type: 'read', read } : { type: 'failed' };
}

function todayOf({
  calls,
  talkedSeconds,
  earned,
  missed,
}: ShownDay): SentenceFacts & { key: 'service_today' } {
  return {
    key: 'service_today',
    calls: calls.filter((one) => one.talkedSeconds > 0).length,
    seconds: talkedSeconds,
    missed,
    ...(earned && { earned: earned.map(moneyFacts) }),
  };
}

async function readRecordingOf(
  tx: Tx,
  merchantId: string,
  consultantId: string,
  kind: RecordingKind,
): Promise<ServiceRead> {
  const kept = await readConsultantRecording(tx, consultantId, kind);
  if (!kept) return { what: 'recording' };
  const { digest, words } = kept;
  return { what: 'recording', recording: { key: 'recording', merchantId, digest, words: words ?? '' } };
}

/** What he has set comes first: that is what he may change here. */
function spokenState({ state }: ServedConsultant, now: Date, timeZone: string): SpokenState {
  // He is on the telephone with us: whoever's claim it is, it says nothing about what he wants to hear.
  const { setting, hours, pausedAt, wrapUpUntil } = state;
  const is = reachable(
    { setting, hours, ...(pausedAt && { pausedAt }), ...(wrapUpUntil && { wrapUpUntil }) },
    now,
  );
  const until = is.reachable ? setting.backAt : is.until;
  const said = until && until > now ? { until: spokenInstant(until, now, timeZone) } : {};
  if (is.reachable) return { is: 'available', ...said };
  const reason = is.because === 'break' && setting.is === 'break' ? setting.reason : undefined;
  return { is: is.because, ...(reason !== undefined && { reason }), ...said };
}

function wishOf(setting: ConsultantSetting): AvailabilityWish {
  return {
    availability: setting.is,
    ...(setting.is === 'break' && setting.reason !== undefined && { reason: setting.reason }),
    ...(setting.backAt && { backAt: setting.backAt.toISOString() }),
  };
}

function settingOf({ availability, reason, backAt }: AvailabilityWish): ConsultantSetting {
  const until = backAt === undefined ? {} : { backAt: new Date(backAt) };
  return availability === 'break'
    ? { is: 'break', ...(reason !== undefined && { reason }), ...until }
    : { is: availability, ...until };
}

/** A missed call may count late, or again by whoever took it over: what he has said since it came stands. */
export async function setByPhone(
  house: House,
  { merchantId, startedAt, call }: StoredServiceCall,
  { consultantId, wish }: { consultantId: string; wish: AvailabilityWish },
): Promise<ServiceEvent> {
  const change = { merchantId, consultantId, setting: settingOf(wish), by: 'phone' as const };
  const unlessSince = call.state.is === 'toggling' ? { unlessSince: startedAt } : {};
  const set = await house.db.asMerchant(merchantId, (tx) =>
    setAvailability(house, tx, { ...change, ...unlessSince }),
  );
  return set ? { type: 'done' } : { type: 'failed' };
}
