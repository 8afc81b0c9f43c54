// Finding out what became of a call while nobody listened: its legs are looked at, and what they or the switch's records say
// is put into the rule's words. Nothing is done or written here but the proof of how long a talk lived; whoever asked
// (run-call) tells the rule and acts.
//
// A leg that is gone has ended, or was chosen and never rung: its gateway died between the two. The switch's record tells
// them apart. Where there is none it is rung, under the same uuid: a leg that lives already is left alone by that.

import { legEndOf } from '../core/call-record.ts';
import {
  type CallEvent,
  type CallSession,
  isOfThisTalk,
  type LegEnd,
  type LegRecord,
  mediaTimeoutUs,
  provenEndUs,
  ringSecondsMax,
} from '../core/call-session.ts';
import type { LegUuid } from '../core/ids.ts';
import { freshLegs, keepProofOfLife, readLegEnds, type StoredSession } from '../store/call-sessions.ts';
import type { House } from './house.ts';
import type { LegTruth, Switch } from './ports.ts';

/** What whoever asks knows of the call already. */
export interface Known {
  /** Legs whose end will be, or was, told to the rule. */
  ended: (leg: LegUuid) => boolean;
  /** Legs we ordered ourselves: gone, they have ended. */
  ordered: (leg: LegUuid) => boolean;
  /** Its work row is still there: nobody has got as far as a first written step. */
  begun: boolean;
  /** How often it was looked for records already. */
  looks: number;
  /** Its switch has restarted: nothing of the run before lives, and records that have not come by now hardly will. */
  restarted: boolean;
}

export interface Findings {
  /** What happened unheard, for the rule, in the order it happened. */
  events: readonly CallEvent[];
  /** Legs whose end is told by `events`. */
  gone: readonly LegUuid[];
  /** Chosen, and never rung as far as anybody can tell. */
  toRing: readonly LegUuid[];
  /** They have ended, and when will be told by records that have not come yet: to be looked at again. */
  unheard: readonly LegUuid[];
  /** The switch answered for every leg. */
  certain: boolean;
}

/** The switch posts its records at once, or again within seconds; after a minute they are not coming. */
const looksMax = 30;
const looksAfterRestartMax = 3;
/** A leg we rang ourselves: its record only says why it ended. */
const looksForCauseMax = 1;
/** So long after it was chosen a leg that never rang is still expected to; a call nobody began, as long as its hold is kept. */
const freshSlackSeconds = 30;
const begunWithinSeconds = 600;

const nothing: Findings = { events: [], gone: [], toRing: [], unheard: [], certain: true };

/** The legs that are to live, by what was last written. */
export function livingLegs(session: CallSession): LegUuid[] {
  const { state, attempts, caller } = session;
  if (state === 'recognizing' || state === 'led')
    return caller && caller.state !== 'gone' ? [caller.leg] : [];
  if (state !== 'ringing_consultant' && state !== 'ringing_caller' && state !== 'connected') return [];
  const consultants = attempts.filter(
    (one) =>
      one.state === 'accepted' || (state !== 'connected' && ['ringing', 'offered'].includes(one.state)),
  );
  return [...consultants.map((one) => one.leg), ...(caller && caller.state !== 'gone' ? [caller.leg] : [])];
}

/** Looks at every leg that is to live. Throws only when the database does. */
export async function findOut(
  house: House,
  aSwitch: Switch,
  stored: StoredSession,
  known: Known,
): Promise<Findings> {
  const legs = livingLegs(stored.session);
  const looked = await Promise.all(
    legs.map(async (leg): Promise<Looked> => ({ leg, truth: await aSwitch.look(leg) })),
  );
  const certain = looked.every((one) => one.truth.state !== 'unknown');
  const gone = looked
    .filter(({ leg, truth }) => truth.state === 'gone' && !known.ended(leg))
    .map((one) => one.leg);
  const found = await sortOut({ house, stored, known, looked, gone });
  return { ...found, certain };
}

interface Looked {
  leg: LegUuid;
  truth: LegTruth;
}

interface Case {
  house: House;
  stored: StoredSession;
  known: Known;
  looked: readonly Looked[];
  gone: readonly LegUuid[];
}

function sortOut(found: Case): Promise<Findings> {
  const { session } = found.stored;
  if (session.state === 'connected') return endOfTalk(found);
  const joinedUs = bridgedAt(session, found.looked);
  const accepted = session.attempts.find((one) => one.state === 'accepted');
  if (accepted && session.caller?.state === 'consented') {
    if (found.gone.length === 0) {
      return Promise.resolve(
        joinedUs === undefined ? nothing : { ...nothing, events: [{ type: 'legsBridged', atUs: joinedUs }] },
      );
    }
    // One that lives and was never joined: then neither was the other.
    const livesAlone = found.looked.some((one) => one.truth.state === 'living') && joinedUs === undefined;
    if (!livesAlone) return talkNobodyHeard(found, joinedUs);
  }
  return whileRinging(found);
}

/** A talk that ended while nobody listened ends when the switch's own records say, or when it was last known to live. */
async function endOfTalk({ house, stored, known, gone }: Case): Promise<Findings> {
  if (gone.length === 0) return nothing;
  const { session, merchantId } = stored;
  const { records, aliveUs } = await house.db.asMerchant(merchantId, async (tx) => ({
    // At once, before another sweep of this switch could seem to prove more.
    aliveUs: await keepProofOfLife(tx, session.id),
    records: await readLegEnds(tx, gone),
  }));
  if (mayStillCome(records, gone, known)) return { ...nothing, unheard: gone };
  if (records.length === 0 && known.restarted) {
    const event = { type: 'switchRestarted', ...(aliveUs !== undefined && { provenUs: aliveUs }) } as const;
    return { ...nothing, events: [event], gone };
  }
  return { ...nothing, events: talkEnded(session, gone, records, aliveUs), gone };
}

/** Both had agreed and are gone: they may have talked, and hung up, before anything of it was written. */
async function talkNobodyHeard(found: Case, joinedUs: bigint | undefined): Promise<Findings> {
  const { house, stored, known, gone } = found;
  const { session, merchantId } = stored;
  const records = await house.db.asMerchant(merchantId, (tx) => readLegEnds(tx, gone));
  if (mayStillCome(records, gone, known)) return { ...nothing, unheard: gone };
  const recordedUs = records.map((one) => one.bridgedUs).find((us) => isOurs(session, us));
  const bridgedUs = recordedUs ?? joinedUs;
  if (bridgedUs === undefined) return whileRinging(found);
  const events = talkEnded({ ...session, bridgedUs }, gone, records, undefined);
  return { ...nothing, events: events.map((event) => ({ ...event, bridgedAtUs: bridgedUs })), gone };
}

function mayStillCome(records: readonly LegRecord[], gone: readonly LegUuid[], known: Known): boolean {
  return records.length < gone.length && known.looks < (known.restarted ? looksAfterRestartMax : looksMax);
}

function talkEnded(
  session: CallSession,
  gone: readonly LegUuid[],
  records: readonly LegRecord[],
  aliveUs: bigint | undefined,
): (CallEvent & { type: 'legEnded' })[] {
  // A leg that went because the other one had gone ended nothing: its record names the other's cause.
  const ender = records.find((one) => one.otherCause === undefined) ?? records[0];
  const leg = ender?.leg ?? gone[0];
  if (leg === undefined) return [];
  const consultant = session.attempts.find((one) => one.state === 'accepted')?.leg;
  const byRecords = provenEndUs(session, gone, records);
  // The consultant's leg ends with the talk: its record says it to the microsecond. Without it the last sweep may prove more
  // than what is left.
  const exact = records.some((one) => one.leg === consultant) || records.length === gone.length;
  // A leg that had fallen silent was listed as living for as long as its silence was waited out: that is no talk.
  const silence = records.some((one) => [one.cause, one.otherCause].includes('MEDIA_TIMEOUT'));
  const talkedUs = silence && aliveUs !== undefined ? aliveUs - mediaTimeoutUs : aliveUs;
  const endedAtUs = !exact && talkedUs !== undefined && talkedUs > byRecords ? talkedUs : byRecords;
  const because: LegEnd = records.some((one) => one.cause === 'ALLOTTED_TIMEOUT')
    ? 'limit_reached'
    : 'normal';
  return [{ type: 'legEnded', leg, because, endedAtUs }];
}

/** Legs that rang, heard the offer or waited: answered meanwhile, ended, or never rung. */
async function whileRinging({ house, stored, known, looked, gone }: Case): Promise<Findings> {
  const { session, merchantId } = stored;
  if (gone.length > 0 && known.restarted) {
    return { ...nothing, events: [{ type: 'switchRestarted' }], gone };
  }
  const ringing = new Set(ringingLegs(session));
  const answered = looked
    .filter(({ leg, truth }) => truth.state === 'living' && truth.answered && ringing.has(leg))
    .map(({ leg }): CallEvent => ({ type: 'legAnswered', leg }));
  if (gone.length === 0) return { ...nothing, events: answered };
  const maxAge = known.begun ? begunWithinSeconds : ringSecondsMax(session) + freshSlackSeconds;
  const { records, fresh } = await house.db.asMerchant(merchantId, async (tx) => ({
    records: await readLegEnds(tx, gone),
    fresh: await freshLegs(tx, gone, maxAge),
  }));
  const nowUs = BigInt(house.clock.now().getTime()) * 1000n;
  const ended: (CallEvent & { type: 'legEnded' })[] = [];
  const toRing: LegUuid[] = [];
  const unheard: LegUuid[] = [];
  for (const leg of gone) {
    const record = records.find((one) => one.leg === leg);
    if (record) {
      ended.push({ type: 'legEnded', leg, because: legEndOf(record.cause ?? ''), endedAtUs: record.endedUs });
    } else if (ringing.has(leg) && !known.ordered(leg) && fresh.includes(leg)) {
      toRing.push(leg);
    } else if (known.looks < looksForCauseMax) {
      unheard.push(leg);
    } else {
      ended.push({ type: 'legEnded', leg, because: 'failed', endedAtUs: nowUs });
    }
  }
  ended.sort((a, b) => (a.endedAtUs < b.endedAtUs ? -1 : a.endedAtUs > b.endedAtUs ? 1 : 0));
  return {
    ...nothing,
    events: [...answered, ...ended],
    gone: ended.map((one) => one.leg),
    toRing,
    unheard,
  };
}

function ringingLegs({ attempts, caller }: CallSession): LegUuid[] {
  return [
    ...attempts.filter((one) => one.state === 'ringing').map((one) => one.leg),
    ...(caller?.state === 'ringing' ? [caller.leg] : []),
  ];
}

function bridgedAt(session: CallSession, looked: readonly Looked[]): bigint | undefined {
  return looked
    .map(({ truth }) => (truth.state === 'living' ? truth.bridgedAtUs : undefined))
    .find((us) => isOurs(session, us));
}

function isOurs(session: CallSession, joinedUs: bigint | undefined): joinedUs is bigint {
  return joinedUs !== undefined && isOfThisTalk(session, joinedUs);
}
