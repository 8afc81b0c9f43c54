// The one place a consultant's own state is changed: what he, or his merchant for him, has set, the hours he keeps, a pause,
// and what follows from the clock alone. Whoever changes it (API, telephone, page, the rings he misses) comes through here,
// so that his merchant is told of each change once, with the change, and pages hear of it. Whether he may be rung is
// core/consultant `reachable`; who has him is the claims' (store/consultants).

import { type CallFact, isDestination } from '../core/call-session.ts';
import {
  changesAt,
  type ConsultantSetting,
  type ConsultantState,
  countRing,
  rungOf,
  sayState,
  settingNow,
  toldStateOf,
} from '../core/consultant.ts';
import type { NoticeDraft } from '../core/merchant-notice.ts';
import { type Schedule, shiftAt } from '../core/schedule.ts';
import { lockConsultant, type StoredConsultant, writeConsultant } from '../store/consultants.ts';
import type { Tx } from '../store/database.ts';
import { enqueueJob } from '../store/jobs.ts';
import { peopleOfConsultant } from '../store/people.ts';
import { tellWhoRingsHim } from '../store/switches.ts';
import type { House } from './house.ts';
import { tellMerchant } from './notify-merchant.ts';

/** Whose doing it was. `schedule`: the clock's, by his hours or because he said when he is back. `pause`: he missed too many calls. */
export type ChangedBy = 'consultant' | 'merchant' | 'phone' | 'schedule' | 'pause';

interface OfConsultant {
  merchantId: string;
  consultantId: string;
}

/**
 * What he is from now on; a pause ends with it, whatever is set. Answers his state as it is by then, `undefined` where there
 * is no such consultant. A call he is on goes on; one that only rings him leaves him alone where he is on a break or away.
 */
export async function setAvailability(
  house: House,
  tx: Tx,
  change: OfConsultant & {
    setting: ConsultantSetting;
    by: ChangedBy;
    /** Nothing is changed where something was set after this instant. */
    unlessSince?: Date;
  },
): Promise<ConsultantState | undefined> {
  const now = house.clock.now();
  const before = await lockConsultant(tx, change.consultantId);
  if (!before) return undefined;
  if (change.unlessSince && before.settingAt && before.settingAt > change.unlessSince) return before.state;
  const { pausedAt, wrapUpUntil, ...rest } = before.state;
  // Who says that he is available has written down what he had to.
  const state = change.setting.is === 'available' || !wrapUpUntil ? rest : { ...rest, wrapUpUntil };
  const setting = settingNow(change.setting, now);
  const isSame = pausedAt === undefined && sameSetting(before.state.setting, setting);
  const after = withHours(
    { ...before, state: { ...state, setting }, misses: { unanswered: 0, refused: 0 } },
    now,
  );
  await write(house, tx, before, after, { ...change, changed: !isSame, settingAt: now });
  // Through whoever commands the switch of the call that rings him: his phones stop, the next consultant is tried.
  if (setting.is !== 'available') await tellWhoRingsHim(tx, change.consultantId);
  return after.state;
}

/** The hours he keeps; `undefined`: none, he works whenever he says so. `undefined` is answered where there is no such consultant. */
export async function setSchedule(
  house: House,
  tx: Tx,
  change: OfConsultant & { schedule: Schedule | undefined; by: ChangedBy },
): Promise<ConsultantState | undefined> {
  const now = house.clock.now();
  const before = await lockConsultant(tx, change.consultantId);
  if (!before) return undefined;
  const after = withHours({ ...before, schedule: change.schedule }, now);
  await write(house, tx, before, after, { ...change, changed: false });
  return after.state;
}

/**
 * Counts what became of the rings of a step, with the step: written once, whoever takes the call over. Who has missed so many
 * in a row that callers should not wait for him is paused, and his merchant told. That he accepted is counted where he is
 * taken (store/consultants `occupyConsultant`).
 */
export async function countRings(
  house: House,
  tx: Tx,
  merchantId: string,
  facts: readonly CallFact[],
): Promise<void> {
  const now = house.clock.now();
  for (const { name, facts: more } of facts) {
    if (name !== 'consultant_missed') continue;
    const { consultantId, because } = more as { consultantId: string; because: string };
    const rung = rungOf(because);
    if (rung === undefined || isDestination(consultantId)) continue;
    const before = await lockConsultant(tx, consultantId);
    if (!before) continue;
    const { misses, pause } = countRing(before.misses, rung, before.missLimits);
    const pauses = pause && before.state.pausedAt === undefined;
    const state = pauses ? { ...before.state, pausedAt: now } : before.state;
    const paused = {
      type: 'consultant.paused' as const,
      data: { consultantId, name: before.name, ...misses },
    };
    const first = pauses ? [paused] : [];
    const change = { merchantId, consultantId, by: 'pause' as const, changed: false, first };
    await write(house, tx, before, { ...before, state, misses }, change);
    if (pauses && house.mailer.configured) await mailWhoeverIsHe(tx, { merchantId, consultantId }, now);
  }
}

/** By mail too: a page that is closed and a phone that was not heard tell him nothing. */
async function mailWhoeverIsHe(tx: Tx, of: OfConsultant, pausedAt: Date): Promise<void> {
  const job = { ...of, pausedAt: pausedAt.toISOString() };
  for (const userId of await peopleOfConsultant(tx, of.consultantId))
    await enqueueJob(tx, 'mail_paused', { ...job, userId }, `${of.consultantId}:${userId}:${job.pausedAt}`);
}

/** What the clock alone has changed of him: his hours began or ended, he is back, his wrap-up is over. */
export async function followClock(house: House, tx: Tx, of: OfConsultant): Promise<void> {
  const now = house.clock.now();
  const before = await lockConsultant(tx, of.consultantId);
  // Another gateway was here first.
  if (!before || (before.dueAt !== undefined && before.dueAt > now)) return;
  const state = { ...before.state, setting: settingNow(before.state.setting, now) };
  await write(house, tx, before, withHours({ ...before, state }, now), {
    ...of,
    by: 'schedule',
    changed: false,
  });
}

/** The shift under way or next: worked out anew each time, so that nine is nine in whatever zone and on whatever day. */
function withHours(consultant: StoredConsultant, now: Date): StoredConsultant {
  const { schedule, timeZone, state } = consultant;
  const hours = schedule ? (shiftAt(schedule, timeZone, now) ?? 'never') : 'always';
  return { ...consultant, state: { ...state, hours } };
}

/** `changed`: there is something to tell even where he is (un)reachable for the same reason as before. `first`: told before it. */
async function write(
  house: House,
  tx: Tx,
  before: StoredConsultant,
  after: StoredConsultant,
  change: OfConsultant & {
    by: ChangedBy;
    changed: boolean;
    settingAt?: Date;
    first?: readonly NoticeDraft[];
  },
): Promise<void> {
  const now = house.clock.now();
  const { by, changed, settingAt, merchantId, consultantId, first = [] } = change;
  const told = toldStateOf(after.state, now);
  const isNews = changed || told !== before.told;
  const drafts = [...first, ...(isNews ? [availabilityChanged(after, now, by)] : [])];
  const counted = { ...before.notices, last: before.notices.last + drafts.length };
  const dueAt = changesAt(after.state, now);
  await writeConsultant(tx, { ...after, told, notices: counted }, { dueAt, ...(settingAt && { settingAt }) });
  await tellMerchant(house, tx, { merchantId, consultantId, counted }, drafts, now);
}

function availabilityChanged({ id, name, state }: StoredConsultant, now: Date, by: ChangedBy): NoticeDraft {
  const { setting } = state;
  return {
    type: 'consultant.availability_changed',
    data: {
      consultantId: id,
      name,
      availability: setting.is,
      reason: setting.is === 'break' ? (setting.reason ?? null) : null,
      backAt: setting.backAt?.toISOString() ?? null,
      state: sayState(state, now),
      by,
    },
  };
}

function sameSetting(one: ConsultantSetting, other: ConsultantSetting): boolean {
  return (
    one.is === other.is &&
    one.backAt?.getTime() === other.backAt?.getTime() &&
    (one.is === 'break' ? one.reason : undefined) === (other.is === 'break' ? other.reason : undefined)
  );
}
