// A merchant keeps his consultants: makes them, changes them, gives them hours, lets them go. Each change is written down
// with what it was before, in the transaction that makes it; one that changes nothing leaves no trace. What a consultant is
// at the moment (available, away) is consultant-state's.

import {
  type ConsultantSettings,
  notHisLogin,
  rungNowhere,
  shareText,
  wrongLines,
  wrongPhones,
} from '../core/consultant-settings.ts';
import type { WrongField } from '../core/line-settings.ts';
import type { Schedule } from '../core/schedule.ts';
import { domainOf } from '../core/sip-address.ts';
import {
  archiveConsultant,
  type ConsultantRecord,
  consultantOfRequest,
  countChange,
  insertConsultant,
  isShortNumberTaken,
  readConsultant,
  readPinMark,
  updateConsultant,
} from '../store/consultant-records.ts';
import type { Tx } from '../store/database.ts';
import { linesBySlug } from '../store/lines.ts';
import { readDestinations } from '../store/orders.ts';
import { sipLoginOf } from '../store/sip-logins.ts';
import { setSchedule } from './consultant-state.ts';
import type { House } from './house.ts';
import { changesBetween, type Doer, noteChange } from './settings-change.ts';

/** `pin` is kept as a mark, never itself; null takes it away. */
export type ConsultantWish = ConsultantSettings & { pin: string | null };
/** What is left out stays. */
export type ConsultantChange = Partial<ConsultantWish>;

export type ConsultantRefused =
  | { outcome: 'unknown' | 'archived' | 'short_number_taken' }
  /** `stands`: the version that stands by now. */
  | { outcome: 'changed_meanwhile'; stands: number }
  | { outcome: 'number_not_rung' | 'line_not_yours'; wrong: readonly WrongField[] };
export type ConsultantGone =
  | { outcome: 'archived'; at: Date }
  | { outcome: 'unknown' }
  | { outcome: 'changed_meanwhile'; stands: number };
export type ConsultantKept = { outcome: 'kept'; consultant: ConsultantRecord } | ConsultantRefused;

/** Whose hand it was, for what is written down. */
export type ChangedFrom = 'merchant' | 'consultant';

/** Who a change is of, and which version it was based on; absent: whichever stands. */
export interface BasedOn extends Doer {
  consultantId: string;
  basedOn?: number | 'none';
}

/** The mark a PIN is kept and compared by: of this consultant only, under a key the database never sees. */
export function consultantPinMark(house: Pick<House, 'seal'>, consultantId: string, pin: string): Buffer {
  return house.seal.mark(`${consultantId}\n${pin}`, 'consultant pin');
}

/** `requestKey`: names the request. A repeat of it finds whom the first one made. */
export async function createConsultant(
  house: House,
  doer: Doer,
  { pin, ...wish }: ConsultantWish,
  requestKey?: string,
): Promise<ConsultantKept> {
  const { merchantId } = doer;
  const id = house.ids.id('consultant');
  const settings = inOrder(wish);
  return house.db.asMerchant(merchantId, async (tx) => {
    const earlier = requestKey === undefined ? undefined : await consultantOfRequest(tx, requestKey);
    if (earlier !== undefined) return kept(tx, earlier);
    const refused = await refusal(house, tx, id, settings, settings);
    if (refused) return refused;
    const pinMark = pin === null ? null : consultantPinMark(house, id, pin);
    await insertConsultant(tx, { ...settings, id, merchantId, pinMark }, requestKey ?? null);
    const changes = changesBetween({}, { ...settings, ...(pin !== null && { pin: 'set' }) });
    await noteConsultantChange(house, tx, { ...doer, consultantId: id }, changes);
    return kept(tx, id);
  });
}

export async function changeConsultant(
  house: House,
  of: BasedOn,
  { pin, ...change }: ConsultantChange,
): Promise<ConsultantKept> {
  const { merchantId, consultantId } = of;
  return house.db.asMerchant(merchantId, async (tx) => {
    const consultant = await readConsultant(tx, consultantId, true);
    if (!consultant) return { outcome: 'unknown' };
    if (consultant.archivedAt) return { outcome: 'archived' };
    const before = settingsOf(consultant);
    const after = inOrder({ ...before, ...change });
    const oldMark = await readPinMark(tx, consultantId);
    const pinMark = markOf(house, consultantId, pin, oldMark);
    const changes = {
      ...changesBetween(before, after),
      ...pinChange(oldMark, pinMark),
    };
    // A repeat of what was done already is based on what stood before it, and harmless.
    if (Object.keys(changes).length === 0) return { outcome: 'kept', consultant };
    const stale = staleness(consultant, of);
    if (stale) return stale;
    const refused = await refusal(house, tx, consultantId, change, after);
    if (refused) return refused;
    await updateConsultant(tx, { ...after, id: consultantId, merchantId, pinMark });
    await noteConsultantChange(house, tx, of, changes);
    return kept(tx, consultantId);
  });
}

/** His hours; null: he has none, and works whenever he says so. */
export async function changeSchedule(
  house: House,
  of: BasedOn,
  schedule: Schedule | null,
  by: ChangedFrom,
): Promise<ConsultantKept> {
  const { merchantId, consultantId } = of;
  return house.db.asMerchant(merchantId, async (tx) => {
    const consultant = await readConsultant(tx, consultantId, true);
    if (!consultant) return { outcome: 'unknown' };
    if (consultant.archivedAt) return { outcome: 'archived' };
    const changes = changesBetween({ schedule: consultant.schedule }, { schedule });
    if (Object.keys(changes).length === 0) return { outcome: 'kept', consultant };
    const stale = staleness(consultant, of);
    if (stale) return stale;
    await setSchedule(house, tx, { merchantId, consultantId, schedule: schedule ?? undefined, by });
    await countChange(tx, consultantId);
    await noteConsultantChange(house, tx, of, changes, by);
    return kept(tx, consultantId);
  });
}

/** A call he is on goes on; whom he was rung for stays on record. Letting go of him twice is letting go of him. */
export async function letConsultantGo(house: House, of: BasedOn): Promise<ConsultantGone> {
  const { merchantId, consultantId } = of;
  return house.db.asMerchant(merchantId, async (tx) => {
    const consultant = await readConsultant(tx, consultantId, true);
    if (!consultant) return { outcome: 'unknown' as const };
    if (consultant.archivedAt) return { outcome: 'archived' as const, at: consultant.archivedAt };
    const stale = staleness(consultant, of);
    if (stale) return stale;
    const at = house.clock.now();
    await archiveConsultant(tx, consultantId, at);
    await noteConsultantChange(house, tx, of, { archivedAt: { from: null, to: at.toISOString() } });
    return { outcome: 'archived' as const, at };
  });
}

/** Writes down what of him was changed; `by`: from whose page. Absent, the merchant's. */
export async function noteConsultantChange(
  house: House,
  tx: Tx,
  { merchantId, actor, consultantId }: Omit<BasedOn, 'basedOn'>,
  changes: Parameters<typeof noteChange>[1]['changes'],
  by: ChangedFrom = 'merchant',
): Promise<void> {
  await noteChange(tx, {
    merchantId,
    actor,
    at: house.clock.now(),
    // On the merchant's page the operator may have been the one who acted.
    ...(by === 'consultant' && { by }),
    setting: 'consultant',
    of: consultantId,
    changes,
  });
}

/** Written one way, so that the same said again is no change. */
function inOrder(settings: ConsultantSettings): ConsultantSettings {
  const { lines, share } = settings;
  return { ...settings, lines: [...lines].sort(), share: share && shareText(share) };
}

function staleness(
  { version }: ConsultantRecord,
  { basedOn }: BasedOn,
): { outcome: 'changed_meanwhile'; stands: number } | undefined {
  if (basedOn === undefined || basedOn === version) return undefined;
  return { outcome: 'changed_meanwhile', stands: version };
}

/** Why these settings cannot be written. Only what a change says is looked at, whatever stood before. */
async function refusal(
  house: House,
  tx: Tx,
  consultantId: string,
  change: ConsultantChange,
  after: ConsultantSettings,
): Promise<ConsultantRefused | undefined> {
  if (after.numbers.length === 0 && after.sip === null) {
    return { outcome: 'number_not_rung', wrong: [{ field: 'numbers', sentence: rungNowhere }] };
  }
  if (change.numbers || change.fallback || change.sip) {
    const wrong = wrongPhones(change, await readDestinations(tx), house.sipDomains);
    if (wrong.length > 0) return { outcome: 'number_not_rung', wrong };
  }
  if (change.sip && house.sipEdge !== undefined && domainOf(change.sip) === house.sipEdge) {
    const login = await sipLoginOf(tx, consultantId);
    if (change.sip !== `sip:${login?.userName ?? ''}@${house.sipEdge}`) {
      return { outcome: 'number_not_rung', wrong: [{ field: 'sip', sentence: notHisLogin }] };
    }
  }
  if (change.lines) {
    const wrong = wrongLines(change.lines, await linesBySlug(tx));
    if (wrong.length > 0) return { outcome: 'line_not_yours', wrong };
  }
  const { shortNumber } = change;
  if (typeof shortNumber === 'string' && (await isShortNumberTaken(tx, shortNumber, consultantId))) {
    return { outcome: 'short_number_taken' };
  }
  return undefined;
}

function markOf(
  house: House,
  consultantId: string,
  pin: string | null | undefined,
  old: Buffer | null,
): Buffer | null {
  if (pin === undefined) return old;
  return pin === null ? null : consultantPinMark(house, consultantId, pin);
}

/** Written down without the PIN itself, and without its mark. */
function pinChange(old: Buffer | null, mark: Buffer | null): Record<string, { from: unknown; to: unknown }> {
  if (old === null ? mark === null : mark !== null && old.equals(mark)) return {};
  const from = old && 'set';
  return { pin: { from, to: mark && (from ? 'set anew' : 'set') } };
}

async function kept(tx: Tx, id: string): Promise<ConsultantKept> {
  const consultant = await readConsultant(tx, id);
  if (!consultant) throw new Error('A consultant who was just written is not there.');
  return { outcome: 'kept', consultant };
}

function settingsOf(consultant: ConsultantRecord): ConsultantSettings {
  const { name, shortNumber, sip, numbers, language, languages, lines, introduction, ringSeconds } =
    consultant;
  const { fallback, wrapUpSeconds, missLimits, share, missedCallToggles } = consultant;
  return {
    name,
    shortNumber,
    sip,
    numbers,
    language,
    languages,
    lines,
    introduction,
    ringSeconds,
    fallback,
    wrapUpSeconds,
    missLimits,
    share,
    missedCallToggles,
  };
}
