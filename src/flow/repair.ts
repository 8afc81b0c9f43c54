// Repairs by hand, for the operator at night: from the API and from the terminal the same. Each may be repeated without
// harm, each is written down with who did it and why. Most only write a wish that whichever gateway lives carries out, so
// that they work while none does.

import type { E164 } from '../core/ids.ts';
import { assignQuarantined, tellOfRecord } from '../store/call-records.ts';
import { type AttentionKind, markSeen, writeOperatorAct } from '../store/attention.ts';
import { enqueueJob } from '../store/jobs.ts';
import { type Otherwise, sayOtherwise } from '../store/lost-refunds.ts';
import { insertKeypadPermission } from '../store/keypad.ts';
import { requeueParked } from '../store/notices.ts';
import { lookNow, ownerOfId, retryJob, settlingOf } from '../store/operator-views.ts';
import { drainSwitch } from './command-switch.ts';
import { supplyDdi } from './ddi-settings.ts';
import { confirmForward } from './forward-numbers.ts';
import type { House } from './house.ts';
import { forgetStaleCards } from './kept-cards.ts';
import { resumeCalls, stopCalls, UnknownMerchant } from './kill-switch.ts';
import { allowAgain } from './never-call.ts';
import { replayNotice } from './notify-merchant.ts';
import { replayReport, replayReports } from './report-usage.ts';
import { retrySettlement } from './settle-order.ts';

/** Who repairs, and why: both are kept. */
export interface Operator {
  by: string;
  why: string;
}

/** `unknown`: there is nothing of this id. `not_needed`: it is so already, or over. `refused`: it cannot be, and why. */
export type Repaired =
  | { outcome: 'done'; many?: number }
  | { outcome: 'not_needed' }
  | { outcome: 'unknown' }
  | { outcome: 'refused'; because: RepairRefusal }
  /** Of a number: this merchant has it. */
  | { outcome: 'refused'; because: 'number_taken'; merchantId: string };

export type RepairRefusal =
  'no_address' | 'no_server' | 'number_invalid' | 'line_unknown' | 'line_without_calls';

async function repair(
  house: House,
  operator: Operator,
  act: string,
  target: string | undefined,
  carryOut: () => Promise<Repaired>,
): Promise<Repaired> {
  const { db, clock, log } = house;
  const repaired = await carryOut();
  const outcome = 'because' in repaired ? `${repaired.outcome}: ${repaired.because}` : repaired.outcome;
  const about = target === undefined ? {} : { target };
  // After the deed: a line that promises what then failed would be worse than a deed without a line, which the log has.
  log.warn({ act, ...about, ...operator, outcome }, 'An operator repaired by hand');
  await db.asNobody((nobody) =>
    writeOperatorAct(nobody, { at: clock.now(), ...operator, act, ...about, outcome }),
  );
  return repaired;
}

/** A job that failed too often is tried again, from its first try. */
export function retryDeadJob(house: House, operator: Operator, jobId: string): Promise<Repaired> {
  return repair(house, operator, 'retry_job', jobId, async () => {
    if (!/^\d{1,18}$/.test(jobId)) return { outcome: 'unknown' };
    const retried = await house.db.asNobody((db) => retryJob(db, jobId, house.clock.now()));
    return { outcome: retried ? 'done' : 'unknown' };
  });
}

/** Sends a notice again, same id and body, its schedule begun anew. */
export function replayOneNotice(house: House, operator: Operator, noticeId: string): Promise<Repaired> {
  return repair(house, operator, 'replay_notice', noticeId, async () => {
    const owner = await house.db.asNobody((db) => ownerOfId(db, noticeId));
    if (owner?.kind !== 'notice') return { outcome: 'unknown' };
    switch (await replayNotice(house, owner.merchantId, noticeId)) {
      case 'queued':
        return { outcome: 'done' };
      case 'no_address':
        return { outcome: 'refused', because: 'no_address' };
      case 'unknown_notice':
        return { outcome: 'unknown' };
    }
  });
}

/** Sends all that is parked of a merchant again, also after he answered 410; `many`: how many. */
export function replayParkedOf(house: House, operator: Operator, merchantId: string): Promise<Repaired> {
  return repair(house, operator, 'replay_parked', merchantId, async () => {
    const owner = await house.db.asNobody((db) => ownerOfId(db, merchantId));
    if (owner?.kind !== 'merchant') return { outcome: 'unknown' };
    const queued = await house.db.asMerchant(merchantId, (tx) =>
      requeueParked(tx, merchantId, house.clock.now()),
    );
    if (queued.outcome === 'no_address') return { outcome: 'refused', because: 'no_address' };
    return queued.notices === 0 ? { outcome: 'not_needed' } : { outcome: 'done', many: queued.notices };
  });
}

/** Tells a parked report of what a caller used again, same id and body, its schedule begun anew. */
export function replayOneReport(house: House, operator: Operator, reportId: string): Promise<Repaired> {
  return repair(house, operator, 'replay_report', reportId, async () => {
    const owner = await house.db.asNobody((db) => ownerOfId(db, reportId));
    if (owner?.kind !== 'usage_report') return { outcome: 'unknown' };
    const replayed = await replayReport(house, owner.merchantId, reportId);
    switch (replayed.outcome) {
      case 'queued':
        return { outcome: 'done' };
      case 'not_parked':
        return { outcome: 'not_needed' };
      case 'no_server':
        return { outcome: 'refused', because: 'no_server' };
      case 'unknown_report':
        return { outcome: 'unknown' };
    }
  });
}

/** Tells all parked reports of a merchant again that somebody can be told of; `many`: how many. */
export function replayReportsOf(house: House, operator: Operator, merchantId: string): Promise<Repaired> {
  return repair(house, operator, 'replay_reports', merchantId, async () => {
    const owner = await house.db.asNobody((db) => ownerOfId(db, merchantId));
    if (owner?.kind !== 'merchant') return { outcome: 'unknown' };
    const many = await replayReports(house, merchantId);
    return many === 0 ? { outcome: 'not_needed' } : { outcome: 'done', many };
  });
}

/** Settles an order anew: what was parked is tried from the first try, what was forgotten is queued. */
export function settleAgain(house: House, operator: Operator, id: string): Promise<Repaired> {
  return repair(house, operator, 'settle', id, async () => {
    const owner = await house.db.asNobody((db) => ownerOfId(db, id));
    if (owner?.orderId === undefined) return { outcome: 'unknown' };
    const { merchantId, orderId } = owner;
    const settling = await house.db.asMerchant(merchantId, (tx) => settlingOf(tx, orderId));
    if (settling === undefined) return { outcome: 'unknown' };
    if (settling === 'settled') return { outcome: 'not_needed' };
    if ((await retrySettlement(house, merchantId, orderId)) === 'not_parked') {
      await house.db.asMerchant(merchantId, (tx) =>
        enqueueJob(tx, 'settle_order', { merchantId, orderId }, orderId),
      );
    }
    return { outcome: 'done' };
  });
}

/** The processor is asked at once what is true of this payment, by whichever gateway comes first. */
export function lookAtPaymentNow(house: House, operator: Operator, id: string): Promise<Repaired> {
  return repair(house, operator, 'look_at_payment', id, async () => {
    const owner = await house.db.asNobody((db) => ownerOfId(db, id));
    if (owner?.orderId === undefined) return { outcome: 'unknown' };
    const { merchantId, orderId } = owner;
    const looked = await house.db.asMerchant(merchantId, (tx) => lookNow(tx, orderId, house.clock.now()));
    return { outcome: looked ? 'done' : 'not_needed' };
  });
}

/**
 * What is to become of a refund nobody knows the fate of, where the processor has none of it: made anew by another key, or
 * given up. Whichever gateway comes first looks there before, and takes over what is there.
 */
export function resolveRefund(
  house: House,
  operator: Operator,
  id: string,
  otherwise: Otherwise,
): Promise<Repaired> {
  return repair(house, operator, `refund_${otherwise}`, id, async () => {
    const owner = await house.db.asNobody((db) => ownerOfId(db, id));
    if (owner?.kind !== 'refund') return { outcome: 'unknown' };
    const { merchantId } = owner;
    const isParked = await house.db.asMerchant(merchantId, async (tx) => {
      const said = await sayOtherwise(tx, id, otherwise);
      if (said) await enqueueJob(tx, 'refund_payment', { merchantId, refundId: id }, id);
      return said;
    });
    return { outcome: isParked ? 'done' : 'not_needed' };
  });
}

/** Records in quarantine whose leg is known by now are brought to it; `many`: how many. */
export function importRecords(house: House, operator: Operator): Promise<Repaired> {
  return repair(house, operator, 'import_records', undefined, async () => {
    const assigned = await house.db.asNobody((db) => assignQuarantined(db));
    for (const ref of assigned) await house.db.asMerchant(ref.merchantId, (tx) => tellOfRecord(tx, ref));
    return assigned.length === 0 ? { outcome: 'not_needed' } : { outcome: 'done', many: assigned.length };
  });
}

/** No new calls for this switch, or again; those that live on it live on. */
export function drain(
  house: House,
  operator: Operator,
  switchId: string,
  draining: boolean,
): Promise<Repaired> {
  return repair(house, operator, draining ? 'drain' : 'undrain', switchId, async () => {
    const drained = await drainSwitch(house, switchId, draining);
    return { outcome: drained === 'unknown_switch' ? 'unknown' : 'done' };
  });
}

/** No calls from now on, of one merchant or of all; `many`: calls that were told to end. */
export function stop(
  house: House,
  operator: Operator,
  which: { merchantId?: string; alsoTalks?: boolean },
): Promise<Repaired> {
  return repair(house, operator, 'stop_calls', which.merchantId ?? 'all', () =>
    unlessUnknown(async () => {
      const { ended } = await stopCalls(house, { ...which, reason: operator.why });
      return { outcome: 'done', many: ended };
    }),
  );
}

export function resume(house: House, operator: Operator, which: { merchantId?: string }): Promise<Repaired> {
  return repair(house, operator, 'resume_calls', which.merchantId ?? 'all', () =>
    unlessUnknown(async () => {
      await resumeCalls(house, which);
      return { outcome: 'done' };
    }),
  );
}

async function unlessUnknown(act: () => Promise<Repaired>): Promise<Repaired> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof UnknownMerchant) return { outcome: 'unknown' };
    throw error;
  }
}

/** The number's owner wants to be called again. The number itself is kept nowhere: what is written down has none. */
export function allowNumber(house: House, operator: Operator, number: string): Promise<Repaired> {
  return repair(house, operator, 'allow_number', undefined, async () => {
    switch (await allowAgain(house, { number, because: operator.why })) {
      case 'allowed':
        return { outcome: 'done' };
      case 'was_allowed':
        return { outcome: 'not_needed' };
      case 'number_invalid':
        return { outcome: 'refused', because: 'number_invalid' };
    }
  });
}

/** A merchant is given a number people dial, with the usual settings. Nobody's number is given to a second one. */
export function supplyNumber(
  house: House,
  operator: Operator,
  wish: { merchantId: string; line: string; number: string },
): Promise<Repaired> {
  const { merchantId } = wish;
  // As carriers write them in their orders: +33 1 99 00 02 50.
  const number = wish.number.replaceAll(/[\s.-]/g, '');
  return repair(house, operator, 'supply_ddi', `${merchantId} ${number}`, async () => {
    const owner = await house.db.asNobody((db) => ownerOfId(db, merchantId));
    if (owner?.kind !== 'merchant') return { outcome: 'unknown' };
    const supplied = await supplyDdi(house, {
      ...wish,
      number,
      actor: { kind: 'operator', id: operator.by, name: operator.by },
    });
    switch (supplied.outcome) {
      case 'supplied':
        return { outcome: 'done' };
      case 'his_already':
        return { outcome: 'not_needed' };
      case 'taken':
        return { outcome: 'refused', because: 'number_taken', merchantId: supplied.merchantId };
      default:
        return { outcome: 'refused', because: supplied.outcome };
    }
  });
}

/** A merchant's scenarios may put calls through to this number of his from now on. */
export function confirmForwardNumber(
  house: House,
  operator: Operator,
  { merchantId, number: text }: { merchantId: string; number: string },
): Promise<Repaired> {
  const number = text.replaceAll(/[\s.-]/g, '') as E164;
  return repair(house, operator, 'confirm_forward_number', `${merchantId} ${number}`, async () => {
    const owner = await house.db.asNobody((db) => ownerOfId(db, merchantId));
    if (owner?.kind !== 'merchant') return { outcome: 'unknown' };
    const done = await confirmForward(house, { merchantId, number, by: operator.by });
    if (done === 'unknown') return { outcome: 'unknown' };
    return { outcome: done === 'confirmed' ? 'done' : 'not_needed' };
  });
}

/**
 * This merchant's callers may key their cards on the telephone, or may not any more: then those they had kept are forgotten. Who, when
 * and why stay readable.
 */
export function permitKeypad(
  house: House,
  operator: Operator,
  { merchantId, allowed }: { merchantId: string; allowed: boolean },
): Promise<Repaired> {
  return repair(house, operator, allowed ? 'allow_keypad' : 'withdraw_keypad', merchantId, async () => {
    const owner = await house.db.asNobody((db) => ownerOfId(db, merchantId));
    if (owner?.kind !== 'merchant') return { outcome: 'unknown' };
    const said = { allowed, ...operator, at: house.clock.now() };
    const written = await house.db.asMerchant(merchantId, async (tx) => {
      const isNew = await insertKeypadPermission(tx, merchantId, said);
      if (isNew && !allowed) await forgetStaleCards(tx, said.at);
      return isNew;
    });
    return { outcome: written ? 'done' : 'not_needed' };
  });
}

/** Somebody knows of it: it is not counted any more until it happens again. */
export function markAsSeen(
  house: House,
  operator: Operator,
  item: { kind: AttentionKind; id: string },
): Promise<Repaired> {
  return repair(house, operator, 'seen', `${item.kind} ${item.id}`, async () => {
    await house.db.asNobody((db) => markSeen(db, { ...item, by: operator.by, at: house.clock.now() }));
    return { outcome: 'done' };
  });
}
