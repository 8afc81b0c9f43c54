// Whom a block of a scenario rings: a call session like any other's, begun past its recognition with what the call knows by now, and
// counted under a line. It says nothing to the caller when it is over, and hangs nobody but the others up: it hands the caller's leg
// back to his scenario, which hears how it ended. The run and its turn name the session: rung for again, it is found.
//
// Of a run that leads a paid call there is a session already, held on his card: until it has had its talk it is that which rings.

import { advance } from '../core/advance-call.ts';
import {
  type CallCommand,
  type CallEvent,
  type CallSession,
  isOver,
  rungLast,
  secondsOf,
  talkUs,
} from '../core/call-session.ts';
import { mostTelling, reachable, rungOf } from '../core/consultant.ts';
import { destinationOf } from '../core/dialling.ts';
import { userOf } from '../core/sip-address.ts';
import type { E164 } from '../core/ids.ts';
import type { RingEnd, RingOrder } from '../core/scenario/run.ts';
import type { Sentence } from '../core/prompt.ts';
import { tariffAt } from '../core/tariff.ts';
import { readSession, type StoredSession } from '../store/call-sessions.ts';
import type { Tx } from '../store/database.ts';
import { mayForwardTo } from '../store/forward-numbers.ts';
import {
  type DialledLine,
  insertKnownCall,
  joinedLast,
  readCountedLine,
  readLineAfterTalk,
  secondsTalkedInRun,
  sessionOfTurn,
  verifiedCallerId,
} from '../store/known-calls.ts';
import { readDestinations } from '../store/orders.ts';
import { ringingOfGroup, rungByGroup, rungByIds } from '../store/scenario-people.ts';
import { sha256 } from '../store/seal.ts';
import { readSipLogin } from '../store/sip-logins.ts';
import { sessionOf } from './answer-inbound.ts';
import { type Arrived, writeArrival } from './call-step.ts';
import type { House } from './house.ts';
import type { LegSide } from './leg-machine.ts';
import type { Switch } from './ports.ts';
import { guardWhileRecognizedSeconds } from './recognize-caller.ts';
import type { RunTold } from './run-scenario.ts';
import type { KeptRun } from './scenario-row.ts';
import { isRungSip } from './scenario-surroundings.ts';
import { sayable } from './scenario-words.ts';

/** Whoever has calls under way on this switch. */
export interface CallsHere {
  /** It was just written with its first step. */
  arrive(stored: StoredSession, commands: readonly CallCommand[]): Promise<void>;
  /** Once a turn, however often it is told. */
  tell(stored: StoredSession, event: CallEvent & { type: 'scenarioRings' }): Promise<void>;
}

const atOnce = { talkedSeconds: 0, atOnce: true } as const;

/** As long as a switch rings. */
const ringSecondsMax = 300;

/** Rings, or finds what this turn has rung already. Nothing: how it ended will be told. */
export async function ringFor(
  side: LegSide,
  calls: CallsHere,
  kept: KeptRun,
  order: RingOrder,
): Promise<RunTold | undefined> {
  const { house } = side;
  const { run, merchantId } = kept;
  const whisper = order.whisper && (await sayable(house, merchantId, order.whisper, run.language, false));
  const said = whisper?.outcome === 'sayable' ? whisper.sentence : undefined;
  const lease = side.lease();
  if (lease === undefined) return undefined;
  const rung = await house.db.asMerchant(merchantId, (tx) => write(house, tx, kept, order, said, lease));
  if ('told' in rung) return rung.told;
  if ('before' in rung) return isBack(rung.before) ? handBack(side.switch, rung.before) : undefined;
  if ('paid' in rung) {
    await calls.tell(rung.paid, rung.event);
    return undefined;
  }
  const { stored, commands } = rung.arrived.written;
  if (isOver(stored.session)) return { type: 'rang', end: ringEndOf(stored.session), ...atOnce };
  await calls.arrive(stored, commands);
  return undefined;
}

/** The talk, or what was to be one, is over: the caller is his scenario's again. */
export async function handBack(aSwitch: Switch, session: CallSession): Promise<RunTold> {
  // His leg would end with the time for a farewell.
  if (session.bridgedUs !== undefined) await aSwitch.keep(session.callerLegUuid, guardWhileRecognizedSeconds);
  return {
    type: 'rang',
    end: ringEndOf(session),
    talkedSeconds: Math.floor(secondsOf(talkUs(session))),
  };
}

/** The caller is his scenario's again. One that led a paid call to its end has no more of him, unless it was handed him back. */
export function isBack(session: CallSession): boolean {
  const { led, handedOver, state } = session;
  if (!led) return isOver(session);
  return state === 'led' || (isOver(session) && handedOver === true);
}

/** How it ended, as a block sees it. */
export function ringEndOf(session: CallSession): RingEnd {
  // A paid call that goes on has none yet.
  switch (session.outcome ?? 'nobody_took_it') {
    case 'talked':
      return 'talked';
    case 'limit_reached':
      return 'limit_reached';
    case 'merchant_refused':
      return 'refused';
    case 'nobody_took_it': {
      const reasons = rungLast(session).flatMap((one) => one.lostBecause ?? []);
      return reasons.length === 0 ? 'unavailable' : endOf(rungOf(mostTelling(reasons)));
    }
    default:
      return 'unavailable';
  }
}

function endOf(rung: ReturnType<typeof rungOf>): RingEnd {
  if (rung === 'unanswered') return 'no_answer';
  return rung === 'refused' || rung === 'busy' ? rung : 'unavailable';
}

type Written =
  | { told: RunTold }
  | { before: CallSession }
  | { paid: StoredSession; event: CallEvent & { type: 'scenarioRings' } }
  | { arrived: Arrived };

async function write(
  house: House,
  tx: Tx,
  kept: KeptRun,
  order: RingOrder,
  whisper: Sentence | undefined,
  lease: bigint,
): Promise<Written> {
  const { run, merchantId, ddi, switchId } = kept;
  const { leg, plan, caller } = run;
  const known = await sessionOfTurn(tx, run.id, run.turn);
  const before = known === undefined ? undefined : await readSession(tx, known);
  if (before) return { before: before.session };
  const paid = plan.paid && (await readSession(tx, plan.paid.callSessionId));
  if (paid && rings(paid.session, run.turn)) return { before: paid.session };
  const slug = 'line' in order.to ? order.to.line : null;
  const sold = plan.after ?? plan.paid;
  const line = sold ? await readLineAfterTalk(tx, slug ?? sold.line) : await readCountedLine(tx, ddi, slug);
  if (!line?.lineActive || !line.merchantActive) return { told: { type: 'failed', because: 'no_line' } };
  const at = house.clock.now();
  const who = await whoIsRung(house, tx, kept, order, line, at);
  if ('told' in who) return who;
  const callerId = await verifiedCallerId(tx, [order.callerId, ddi], line.callerId);
  if (callerId === undefined) return { told: { type: 'failed', because: 'no_caller_id' } };
  const ringSeconds = Math.min(order.ringSeconds, ringSecondsMax);
  const turn = { id: run.id, turn: run.turn, acceptKey: order.acceptKey, ...(whisper && { whisper }) };
  if (paid?.session.led && paid.session.handedOver !== true) {
    const longest = paid.session.led.ordered.talkLimitSeconds;
    const talkLimitSeconds = await limitOf(tx, kept, order, longest);
    if (talkLimitSeconds <= 0) return { told: { type: 'rang', end: 'limit_reached', ...atOnce } };
    const ringing = { ...who.ringing, ringSeconds, callerId, callerLanguage: run.language, talkLimitSeconds };
    const { candidates } = who;
    const before = await joinedLast(tx, run.id);
    const ring = { ...turn, ...(before !== undefined && { joinedBeforeUs: before }) };
    return { paid, event: { type: 'scenarioRings', ring, plan: ringing, candidates } };
  }
  const tariff = tariffAt(line.plan, at);
  const usual = sessionOf(house, line, { leg, ddi, cli: plan.cli, at, callerId, tariff });
  const { inbound } = usual.plan;
  if (!inbound) throw new Error('A caller who dialled has dialled.');
  const talkLimitSeconds = await limitOf(tx, kept, order, inbound.talkLimitMaxSeconds);
  if (talkLimitSeconds <= 0) return { told: { type: 'rang', end: 'limit_reached', ...atOnce } };
  const joinedBeforeUs = await joinedLast(tx, run.id);
  const { closed: _closed, overflow: _overflow, refused: _refused, ...open } = inbound;
  const { idleGroup: _idle, ...ofLine } = usual.plan;
  const session: CallSession = {
    ...usual,
    plan: {
      ...ofLine,
      ...who.ringing,
      callerLanguage: run.language,
      lineName: line.name[run.language],
      talkLimitSeconds,
      ringSeconds,
      inbound: {
        ...open,
        // Also what his account lets him talk is never more.
        talkLimitMaxSeconds: talkLimitSeconds,
        run: { ...turn, ...(joinedBeforeUs !== undefined && { joinedBeforeUs }) },
      },
    },
    candidates: who.candidates,
    ...(caller && { clientCode: caller.clientCode }),
    ...(usual.recognizing && { recognizing: { ...usual.recognizing, answered: run.answered } }),
  };
  const orderId = house.ids.id('order');
  await insertKnownCall(tx, {
    merchantId,
    orderId,
    line,
    language: run.language,
    tariff,
    accessHash: sha256(house.ids.token()),
    session,
    ddi,
    cli: plan.cli,
    switchId,
    at,
    run: { id: run.id, turn: run.turn },
  });
  const stored: StoredSession = { session, merchantId, orderId, lineId: line.lineId, switchId, version: 0 };
  return {
    arrived: await writeArrival(house, tx, stored, advance(session, { type: 'callArrived' }), lease),
  };
}

/** Whether this turn is the paid call's already: it rings for it, or has; or it is over, and nothing may be rung for it any more. */
function rings(session: CallSession, turn: number): boolean {
  const { led, state, handedOver } = session;
  if (handedOver === true) return led?.ring?.turn === turn;
  return state !== 'led' || led?.ring?.turn === turn;
}

/** The shortest of all: what the block, a script, the line and the merchant say, and of that what he has not talked yet. */
async function limitOf(tx: Tx, { run }: KeptRun, order: RingOrder, longestSeconds: number): Promise<number> {
  const limits = [order.talkLimitSeconds, run.talkLimitSeconds, longestSeconds];
  const known = run.caller?.talkLimitSeconds;
  if (known !== undefined) limits.push(known - (await secondsTalkedInRun(tx, run.id)));
  return Math.min(...limits.filter((one) => one !== undefined));
}

type Ringing = Pick<CallSession['plan'], 'ringing' | 'ringStepSeconds' | 'idleGroup'>;
type Who = { candidates: readonly string[]; ringing: Ringing } | { told: RunTold };

async function whoIsRung(
  house: House,
  tx: Tx,
  kept: KeptRun,
  { to }: RingOrder,
  line: DialledLine,
  at: Date,
): Promise<Who> {
  const inTurn: Ringing = { ringing: 'in_turn', ringStepSeconds: line.ringStepSeconds };
  if ('sip' in to) {
    const login = await readSipLogin(tx, userOf(to.sip));
    return isRungSip(house, to.sip, () => login !== undefined)
      ? { candidates: [to.sip], ringing: inTurn }
      : { told: { type: 'failed', because: 'not_allowed' } };
  }
  if ('number' in to) {
    return (await isAllowed(house, tx, kept, to.number))
      ? { candidates: [to.number], ringing: inTurn }
      : { told: { type: 'failed', because: 'not_allowed' } };
  }
  const people =
    'consultants' in to
      ? await rungByIds(tx, to.consultants)
      : 'group' in to
        ? await rungByGroup(tx, to.group)
        : await rungByIds(tx, line.consultants);
  const states = people.map((one) => reachable(one.state, at));
  if (!states.some((one) => one.reachable)) {
    const talks = states.some((one) => !one.reachable && ['busy', 'wrap_up'].includes(one.because));
    return { told: { type: 'rang', end: talks ? 'busy' : 'unavailable', ...atOnce } };
  }
  const candidates = people.map((one) => one.id);
  if ('line' in to) {
    const { ringing, ringStepSeconds, idleGroup } = line;
    return { candidates, ringing: { ringing, ringStepSeconds, ...(idleGroup !== null && { idleGroup }) } };
  }
  const group = 'group' in to ? await ringingOfGroup(tx, to.group) : undefined;
  if (!group || !('group' in to)) return { candidates, ringing: inTurn };
  const { ringing, stepSeconds: ringStepSeconds, idle } = group;
  return { candidates, ringing: { ringing, ringStepSeconds, ...(idle && { idleGroup: to.group }) } };
}

/** One the merchant may forward to, or one his own server has named for this caller; and one that is dialled at all. */
async function isAllowed(house: House, tx: Tx, { run }: KeptRun, number: E164): Promise<boolean> {
  if (house.onlyNumbers && !house.onlyNumbers.has(number)) return false;
  const named = run.caller?.destination === number || (await mayForwardTo(tx, number));
  return named && destinationOf(number, await readDestinations(tx)).outcome !== 'refused';
}
