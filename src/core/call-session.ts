// The call session: who is being rung, who agreed, when they were joined and parted. It knows nothing of cards or prices;
// payment.ts knows nothing of legs. They meet in flow/ only.
//
//                          authorized                consultant: key 1              both agreed, switch joined them
//   awaiting_payment ────────────────▶ ringing_consultant ─────────▶ ringing_caller ─────────────▶ connected
//          │                                  │  ▲ next consultant        │                            │
//          │ card failed, given up            │  └──(busy, refused…)      │ no answer, no key 1        │ either hangs up,
//          ▼                                  ▼ nobody left               ▼ consultant left            ▼ or the limit
//        ended ◀──────────────────────────────┴───────────────────────────┴────────────────────────────┘
//          │ money settled
//          ▼
//       settled          (a line that rings the caller first passes ringing_caller before ringing_consultant)
//
//   state               caller                          consultant                       money
//   awaiting_payment    enters his card                 softly claimed for him           nothing held yet
//   ringing_consultant  waits, sees who is rung         rings, then hears the offer      held
//   ringing_caller      rings, then hears the price     has accepted, hears music        held
//   connected           talks, limit armed              talks                            held, running
//   ended               gone, or hears a farewell       free                             held until settled
//   settled             has his receipt                 free                             captured, released
//
// No bridge without the caller's key 1. The first consultant to press 1 wins; the others stop ringing at once.

import type { E164, Language, LegUuid } from './ids.ts';
import type { NoticeDraft } from './merchant-notice.ts';
import type { PriceTerms, Sentence } from './prompt.ts';

export type CallState =
  'awaiting_payment' | 'ringing_consultant' | 'ringing_caller' | 'connected' | 'ended' | 'settled';

export const callStates: readonly CallState[] = [
  'awaiting_payment',
  'ringing_consultant',
  'ringing_caller',
  'connected',
  'ended',
  'settled',
];

export type CallOutcome =
  | 'talked'
  | 'limit_reached'
  | 'nobody_took_it'
  | 'caller_unreachable'
  | 'caller_refused'
  | 'caller_left'
  | 'consultant_left'
  | 'payment_failed'
  | 'payment_abandoned'
  | 'cancelled'
  | 'failed';

/** Fixed when the order is made: how this call is to be rung and how long it may last. */
export interface CallPlan {
  callerNumber: E164;
  /** The merchant's verified number, shown to both. */
  callerId: E164;
  callerLanguage: Language;
  merchantName: string;
  lineName: string;
  price: PriceTerms;
  talkLimitSeconds: number;
  ringing: 'in_turn' | 'all_at_once' | 'cumulative';
  ringSeconds: number;
  ringStepSeconds: number;
  callerFirst: boolean;
}

/** A consultant who was claimed for this session, with the leg that will ring him. */
export interface ClaimedConsultant {
  consultantId: string;
  name: string;
  number: E164;
  language: Language;
  leg: LegUuid;
}

export interface Attempt extends ClaimedConsultant {
  state: 'ringing' | 'offered' | 'accepted' | 'refused' | 'failed' | 'stopped';
  tries: number;
}

export interface CallerLeg {
  leg: LegUuid;
  state: 'ringing' | 'offered' | 'consented' | 'gone';
  tries: number;
}

export interface CallSession {
  id: string;
  state: CallState;
  outcome?: CallOutcome;
  plan: CallPlan;
  /** Consultants not tried yet, in the order they will be. */
  candidates: readonly string[];
  attempts: readonly Attempt[];
  /** Chosen before he is rung, so that a repeat rings the same leg. */
  callerLegUuid: LegUuid;
  caller?: CallerLeg;
  bridgedUs?: bigint;
  unbridgedUs?: bigint;
  endedBy?: 'caller' | 'consultant' | 'limit' | 'merchant' | 'switch';
}

export type CallEvent =
  | { type: 'paymentAuthorized' }
  | { type: 'paymentGivenUp'; outcome: 'payment_failed' | 'payment_abandoned' | 'cancelled' }
  | { type: 'consultantsClaimed'; consultants: readonly ClaimedConsultant[]; skipped: readonly string[] }
  | { type: 'legAnswered'; leg: LegUuid }
  | { type: 'keyGiven'; leg: LegUuid; key: string }
  | { type: 'noKeyGiven'; leg: LegUuid }
  | { type: 'played'; leg: LegUuid; request: string }
  | { type: 'legsBridged'; atUs: bigint }
  | { type: 'legsUnbridged'; atUs: bigint }
  | { type: 'legEnded'; leg: LegUuid; because: LegEnd; endedAtUs: bigint; bridgedAtUs?: bigint }
  | { type: 'bridgeFailed' }
  | { type: 'timerDue'; timer: TimerName }
  | { type: 'hangUpRequested'; by: 'caller' | 'merchant' };

export type LegEnd =
  | 'normal'
  | 'busy'
  | 'no_answer'
  | 'rejected'
  | 'unreachable'
  | 'congestion'
  | 'limit_reached'
  | 'media_timeout'
  | 'stopped'
  | 'failed';

export type TimerName = 'step' | 'warning' | 'limit';

/** What is to be done after the step is committed, in this order. */
export type CallCommand =
  | { do: 'ring'; leg: LegUuid; to: E164 }
  | { do: 'ask'; leg: LegUuid; sentence: Sentence }
  | { do: 'play'; leg: LegUuid; request: 'wait' | 'hold' | 'last_words'; sentence: Sentence }
  | { do: 'playMusic'; leg: LegUuid }
  | { do: 'announce'; leg: LegUuid; sentence: Sentence }
  | { do: 'bridge'; aLeg: LegUuid; bLeg: LegUuid }
  | { do: 'hangUp'; leg: LegUuid; cause: 'normal' | 'limit_reached' | 'stopped' }
  | { do: 'startTimer'; timer: TimerName; afterMs: number }
  | { do: 'stopTimers' };

export interface CallFact {
  name: string;
  facts: Record<string, unknown>;
}

export interface CallStep {
  session: CallSession;
  commands: readonly CallCommand[];
  /** What happened, for the trace. Anything here, or in the fields below, makes the step one that is written down. */
  facts: readonly CallFact[];
  notices: readonly NoticeDraft[];
  /** Claim this many of `candidates` in the same transaction; `consultantsClaimed` is the next event. */
  claim?: number | 'all';
  /** This consultant talks or is about to: busy until freed. */
  occupy?: string;
  free: readonly string[];
  /** This consultant still hears why it came to nothing: his phone is his again when his leg ends. */
  linger?: string;
  /** The money is to be settled. */
  settle: boolean;
}

/** Long enough to hear the offer out and think; two tries stay within the 30 s a caller has (DESIGN 4). */
export const keyWaitMs = 8_000;
export const askTriesMax = 2;
/** A phone that has answered is heard within this; the switch ends a leg nobody commands after it. */
export const guardSeconds = 60;

/** The caller is warned a minute before the end; on a very short limit when two thirds are gone. */
export function warningSecondsBefore(talkLimitSeconds: number): number {
  return talkLimitSeconds >= 120 ? 60 : Math.floor(talkLimitSeconds / 3);
}

/** Billable time (DESIGN 1): what runs past the limit is our loss, never billed. Microseconds. */
export function billableUs(talkUs: bigint, talkLimitSeconds: number): bigint {
  const limitUs = BigInt(talkLimitSeconds) * 1_000_000n;
  return talkUs < limitUs ? talkUs : limitUs;
}

/** From bridge to the first of unbridge and either hang-up; nothing when they were never joined. */
export function talkUs(session: CallSession): bigint {
  if (session.bridgedUs === undefined || session.unbridgedUs === undefined) return 0n;
  const us = session.unbridgedUs - session.bridgedUs;
  return us > 0n ? us : 0n;
}

class Step {
  session: CallSession;
  commands: CallCommand[] = [];
  facts: CallFact[] = [];
  notices: NoticeDraft[] = [];
  free: string[] = [];
  claim: number | 'all' | undefined;
  occupy: string | undefined;
  linger: string | undefined;
  settle = false;

  constructor(session: CallSession) {
    this.session = session;
  }
  become(change: Partial<CallSession>): void {
    this.session = { ...this.session, ...change };
  }
  attempt(leg: LegUuid, change: Partial<Attempt>): void {
    this.become({
      attempts: this.session.attempts.map((one) => (one.leg === leg ? { ...one, ...change } : one)),
    });
  }
  fact(name: string, facts: Record<string, unknown> = {}): void {
    this.facts.push({ name, facts });
  }
  notice(type: NoticeDraft['type'], data: Record<string, unknown> = {}): void {
    this.notices.push({ type, data: { callSessionId: this.session.id, ...data } });
  }
  done(): CallStep {
    const { session, commands, facts, notices, free, settle, claim, occupy, linger } = this;
    return {
      session,
      commands,
      facts,
      notices,
      free,
      settle,
      ...(claim !== undefined && { claim }),
      ...(occupy !== undefined && { occupy }),
      ...(linger !== undefined && { linger }),
    };
  }
}

/**
 * One step of the session. An event that no longer matters (a late key, a second hang-up, a leg that is not ours)
 * changes nothing: the switch may tell things twice, late and out of order.
 */
export function advance(session: CallSession, event: CallEvent): CallStep {
  const step = new Step(session);
  switch (session.state) {
    case 'awaiting_payment':
      awaitingPayment(step, event);
      break;
    case 'ringing_consultant':
    case 'ringing_caller':
      ringing(step, event);
      break;
    case 'connected':
      connected(step, event);
      break;
    case 'ended':
    case 'settled':
      over(step, event);
      break;
  }
  return step.done();
}

/** What to do on taking over a session as it was last written: rings the legs that are to ring, once more by name. */
export function resume(session: CallSession): readonly CallCommand[] {
  if (session.state !== 'ringing_consultant' && session.state !== 'ringing_caller') return [];
  const commands: CallCommand[] = session.attempts
    .filter((one) => one.state === 'ringing')
    .map((one) => ({ do: 'ring', leg: one.leg, to: one.number }));
  if (session.caller?.state === 'ringing') {
    commands.push({ do: 'ring', leg: session.caller.leg, to: session.plan.callerNumber });
  }
  if (session.state === 'ringing_consultant' && session.plan.ringing === 'cumulative') {
    commands.push({ do: 'startTimer', timer: 'step', afterMs: session.plan.ringStepSeconds * 1000 });
  }
  return commands;
}

function awaitingPayment(step: Step, event: CallEvent): void {
  if (event.type === 'paymentAuthorized') {
    step.fact('authorized');
    if (step.session.plan.callerFirst) ringCaller(step);
    else startRingingConsultants(step);
  } else if (event.type === 'paymentGivenUp') {
    end(step, event.outcome);
  } else if (event.type === 'hangUpRequested') {
    end(step, 'cancelled');
  }
}

function startRingingConsultants(step: Step): void {
  step.become({ state: 'ringing_consultant' });
  const { ringing, ringStepSeconds } = step.session.plan;
  step.claim = ringing === 'all_at_once' ? 'all' : 1;
  if (ringing === 'cumulative') {
    step.commands.push({ do: 'startTimer', timer: 'step', afterMs: ringStepSeconds * 1000 });
  }
}

function ringCaller(step: Step): void {
  const leg = step.session.callerLegUuid;
  step.become({ state: 'ringing_caller', caller: { leg, state: 'ringing', tries: 0 } });
  step.fact('ringing_caller');
  step.notice('call.ringing', { party: 'caller' });
  step.commands.push({ do: 'ring', leg, to: step.session.plan.callerNumber });
}

function ringing(step: Step, event: CallEvent): void {
  const { session } = step;
  switch (event.type) {
    case 'consultantsClaimed':
      return consultantsClaimed(step, event);
    case 'timerDue':
      // Cumulative ringing: the next one joins, the earlier ones ring on.
      if (event.timer !== 'step' || session.state !== 'ringing_consultant' || session.candidates.length === 0)
        return;
      step.claim = 1;
      step.commands.push({ do: 'startTimer', timer: 'step', afterMs: session.plan.ringStepSeconds * 1000 });
      return;
    case 'hangUpRequested':
      step.become({ endedBy: event.by });
      return end(step, event.by === 'caller' ? 'caller_left' : 'cancelled');
    case 'bridgeFailed':
      return end(step, 'failed');
    case 'legsBridged':
      return bridged(step, event.atUs);
    case 'legAnswered':
    case 'keyGiven':
    case 'noKeyGiven':
    case 'played':
    case 'legEnded': {
      if (session.caller?.leg === event.leg) return callerLeg(step, session.caller, event);
      const attempt = session.attempts.find((one) => one.leg === event.leg);
      if (attempt) consultantLeg(step, attempt, event);
      return;
    }
    default:
      return;
  }
}

type LegEvent = Extract<CallEvent, { leg: LegUuid }>;

function consultantsClaimed(step: Step, event: CallEvent & { type: 'consultantsClaimed' }): void {
  const taken = new Set([...event.skipped, ...event.consultants.map((one) => one.consultantId)]);
  step.become({
    candidates: step.session.candidates.filter((id) => !taken.has(id)),
    attempts: [
      ...step.session.attempts,
      ...event.consultants.map((one) => ({ ...one, state: 'ringing' as const, tries: 0 })),
    ],
  });
  for (const { consultantId, leg, number } of event.consultants) {
    step.fact('ringing_consultant', { consultantId });
    step.notice('call.ringing', { party: 'consultant', consultantId });
    step.commands.push({ do: 'ring', leg, to: number });
  }
  endIfNobodyIsLeft(step);
}

function consultantLeg(step: Step, attempt: Attempt, event: LegEvent): void {
  const { session } = step;
  switch (event.type) {
    case 'legAnswered':
      if (attempt.state !== 'ringing') return;
      return offerToConsultant(step, attempt);
    case 'keyGiven':
      if (attempt.state !== 'offered') return;
      if (event.key === '1') return accept(step, attempt);
      if (event.key === '3') return drop(step, attempt, 'refused', 'refused');
      return offerToConsultant(step, attempt);
    case 'noKeyGiven':
      // Silence is a voicemail as often as a consultant who thinks: asked twice, then the next one.
      if (attempt.state === 'offered') offerToConsultant(step, attempt);
      return;
    case 'played':
      if (attempt.state === 'accepted') step.commands.push({ do: 'playMusic', leg: attempt.leg });
      return;
    case 'legEnded':
      if (attempt.state === 'accepted') {
        step.fact('consultant_left', { consultantId: attempt.consultantId });
        step.become({ endedBy: 'consultant' });
        return end(step, 'consultant_left', attempt.leg);
      }
      if (attempt.state !== 'ringing' && attempt.state !== 'offered') return;
      return lose(step, attempt, 'failed', event.because === 'normal' ? 'hung_up' : event.because);
    default:
      session satisfies CallSession;
      return;
  }
}

function offerToConsultant(step: Step, attempt: Attempt): void {
  if (attempt.tries >= askTriesMax) return drop(step, attempt, 'failed', 'no_key');
  const { plan } = step.session;
  step.attempt(attempt.leg, { state: 'offered', tries: attempt.tries + 1 });
  step.commands.push({
    do: 'ask',
    leg: attempt.leg,
    sentence: {
      key: 'consultant_offer',
      language: attempt.language,
      merchant: plan.merchantName,
      line: plan.lineName,
      minutes: Math.floor(plan.talkLimitSeconds / 60),
    },
  });
}

function accept(step: Step, attempt: Attempt): void {
  const losers = step.session.attempts.filter(
    (one) => one.leg !== attempt.leg && (one.state === 'ringing' || one.state === 'offered'),
  );
  for (const loser of losers) {
    step.attempt(loser.leg, { state: 'stopped' });
    step.commands.push({ do: 'hangUp', leg: loser.leg, cause: 'stopped' });
    step.free.push(loser.consultantId);
  }
  step.commands.push({ do: 'stopTimers' });
  step.attempt(attempt.leg, { state: 'accepted' });
  step.occupy = attempt.consultantId;
  step.fact('consultant_accepted', { consultantId: attempt.consultantId });
  if (step.session.caller?.state === 'consented') return join(step);
  step.commands.push({
    do: 'play',
    leg: attempt.leg,
    request: 'wait',
    sentence: { key: 'consultant_wait', language: attempt.language },
  });
  ringCaller(step);
}

/** We end his leg; the next one is tried. */
function drop(step: Step, attempt: Attempt, state: 'refused' | 'failed', because: string): void {
  step.commands.push({ do: 'hangUp', leg: attempt.leg, cause: 'normal' });
  lose(step, attempt, state, because);
}

function lose(step: Step, attempt: Attempt, state: 'refused' | 'failed', because: string): void {
  step.attempt(attempt.leg, { state });
  step.free.push(attempt.consultantId);
  step.fact('consultant_missed', { consultantId: attempt.consultantId, because });
  if (step.session.candidates.length > 0) step.claim = 1;
  else endIfNobodyIsLeft(step);
}

function endIfNobodyIsLeft(step: Step): void {
  const { attempts, candidates, state } = step.session;
  if (state !== 'ringing_consultant') return;
  if (attempts.some((one) => one.state === 'ringing' || one.state === 'offered')) return;
  if (candidates.length > 0) {
    step.claim = 1;
    return;
  }
  end(step, 'nobody_took_it');
}

function callerLeg(step: Step, caller: CallerLeg, event: LegEvent): void {
  switch (event.type) {
    case 'legAnswered':
      if (caller.state === 'ringing') offerToCaller(step, caller);
      return;
    case 'keyGiven':
      if (caller.state !== 'offered') return;
      if (event.key === '1') return consent(step, caller);
      if (event.key === '3') {
        step.become({ endedBy: 'caller' });
        return end(step, 'caller_refused');
      }
      return offerToCaller(step, caller);
    case 'noKeyGiven':
      if (caller.state === 'offered') offerToCaller(step, caller);
      return;
    case 'played':
      if (caller.state === 'consented' && event.request === 'hold') {
        step.commands.push({ do: 'playMusic', leg: caller.leg });
      }
      return;
    case 'legEnded': {
      step.become({ caller: { ...caller, state: 'gone' }, endedBy: 'caller' });
      step.fact('caller_missed', { because: event.because });
      if (caller.state !== 'ringing') return end(step, 'caller_left', caller.leg);
      return end(step, event.because === 'rejected' ? 'caller_refused' : 'caller_unreachable', caller.leg);
    }
    default:
      return;
  }
}

function offerToCaller(step: Step, caller: CallerLeg): void {
  const { plan, attempts } = step.session;
  if (caller.tries >= askTriesMax) return end(step, 'caller_unreachable');
  const language = plan.callerLanguage;
  const consultant = attempts.find((one) => one.state === 'accepted')?.name ?? '';
  step.become({ caller: { ...caller, state: 'offered', tries: caller.tries + 1 } });
  step.commands.push({
    do: 'ask',
    leg: caller.leg,
    sentence:
      caller.tries > 0
        ? { key: 'caller_reminder', language }
        : {
            key: 'caller_offer',
            language,
            merchant: plan.merchantName,
            consultant,
            price: plan.price,
            minutes: Math.floor(plan.talkLimitSeconds / 60),
          },
  });
}

function consent(step: Step, caller: CallerLeg): void {
  step.become({ caller: { ...caller, state: 'consented' } });
  step.fact('caller_consented');
  if (step.session.attempts.some((one) => one.state === 'accepted')) return join(step);
  step.commands.push({
    do: 'play',
    leg: caller.leg,
    request: 'hold',
    sentence: { key: 'caller_hold', language: step.session.plan.callerLanguage },
  });
  startRingingConsultants(step);
}

function join(step: Step): void {
  const { caller, attempts } = step.session;
  const consultant = attempts.find((one) => one.state === 'accepted');
  if (!caller || !consultant) throw new Error('Only two parties who agreed are joined.');
  step.commands.push({ do: 'bridge', aLeg: caller.leg, bLeg: consultant.leg });
}

function bridged(step: Step, atUs: bigint): void {
  const { plan, caller } = step.session;
  if (caller?.state !== 'consented') throw new Error('Joined without the caller’s consent.');
  const limitMs = plan.talkLimitSeconds * 1000;
  const warningMs = limitMs - warningSecondsBefore(plan.talkLimitSeconds) * 1000;
  step.become({ state: 'connected', bridgedUs: atUs });
  step.fact('connected', { talkLimitSeconds: plan.talkLimitSeconds });
  step.notice('call.connected', { talkLimitSeconds: plan.talkLimitSeconds });
  step.commands.push(
    { do: 'startTimer', timer: 'limit', afterMs: limitMs },
    { do: 'startTimer', timer: 'warning', afterMs: warningMs },
  );
}

function connected(step: Step, event: CallEvent): void {
  const { session } = step;
  const consultant = session.attempts.find((one) => one.state === 'accepted');
  const caller = session.caller;
  if (!consultant || !caller) throw new Error('Connected without two legs.');
  switch (event.type) {
    case 'timerDue':
      if (event.timer === 'warning') return warn(step, caller);
      if (event.timer === 'limit') {
        // The consultant's leg goes first: the caller's parks and hears why (DESIGN 6).
        step.become({ endedBy: 'limit' });
        step.commands.push({ do: 'hangUp', leg: consultant.leg, cause: 'limit_reached' });
      }
      return;
    case 'hangUpRequested':
      step.become({ endedBy: event.by });
      step.commands.push({ do: 'hangUp', leg: consultant.leg, cause: 'normal' });
      return;
    case 'legsUnbridged':
      return parted(step, event.atUs, session.endedBy ?? 'switch', consultant, caller);
    case 'legEnded': {
      if (event.leg !== consultant.leg && event.leg !== caller.leg) return;
      const side = event.leg === caller.leg ? 'caller' : 'consultant';
      const by = session.endedBy ?? (event.because === 'limit_reached' ? 'limit' : side);
      if (side === 'caller') step.become({ caller: { ...caller, state: 'gone' } });
      return parted(step, event.endedAtUs, by, consultant, caller, event.leg);
    }
    default:
      return;
  }
}

function warn(step: Step, caller: CallerLeg): void {
  const { plan } = step.session;
  const secondsLeft = warningSecondsBefore(plan.talkLimitSeconds);
  step.fact('limit_near', { secondsLeft });
  step.notice('call.limit_near', { secondsLeft });
  step.commands.push({
    do: 'announce',
    leg: caller.leg,
    sentence: { key: 'limit_near', language: plan.callerLanguage, secondsLeft },
  });
}

function parted(
  step: Step,
  atUs: bigint,
  by: NonNullable<CallSession['endedBy']>,
  consultant: Attempt,
  caller: CallerLeg,
  endedLeg?: LegUuid,
): void {
  step.become({ unbridgedUs: atUs, endedBy: by });
  const outcome = by === 'limit' ? 'limit_reached' : 'talked';
  if (endedLeg !== consultant.leg) step.commands.push({ do: 'hangUp', leg: consultant.leg, cause: 'normal' });
  if (endedLeg !== caller.leg) {
    step.commands.push({
      do: 'play',
      leg: caller.leg,
      request: 'last_words',
      sentence: {
        key: 'caller_farewell',
        language: step.session.plan.callerLanguage,
        because: by === 'limit' ? 'limit' : 'consultant_left',
      },
    });
  }
  close(step, outcome);
}

/** Every way a session ends before a talk goes through here: nobody is left on the line without a word. */
function end(step: Step, outcome: CallOutcome, endedLeg?: LegUuid): void {
  const { caller, attempts, plan } = step.session;
  for (const one of attempts) {
    if (one.leg === endedLeg) continue;
    if (one.state === 'accepted') {
      step.linger = one.consultantId;
      step.commands.push({
        do: 'play',
        leg: one.leg,
        request: 'last_words',
        sentence: { key: 'consultant_caller_lost', language: one.language },
      });
    } else if (one.state === 'ringing' || one.state === 'offered') {
      step.attempt(one.leg, { state: 'stopped' });
      step.commands.push({ do: 'hangUp', leg: one.leg, cause: 'stopped' });
    }
  }
  if (caller && caller.leg !== endedLeg) {
    const language = plan.callerLanguage;
    if (caller.state === 'ringing') {
      step.commands.push({ do: 'hangUp', leg: caller.leg, cause: 'stopped' });
    } else if (caller.state !== 'gone') {
      const sentence: Sentence =
        outcome === 'nobody_took_it'
          ? { key: 'caller_nobody', language }
          : outcome === 'consultant_left' || outcome === 'failed'
            ? { key: 'caller_consultant_lost', language }
            : { key: 'apology', language };
      step.commands.push(
        outcome === 'caller_left' || outcome === 'caller_refused' || outcome === 'caller_unreachable'
          ? { do: 'hangUp', leg: caller.leg, cause: 'normal' }
          : { do: 'play', leg: caller.leg, request: 'last_words', sentence },
      );
    }
  }
  close(step, outcome);
}

function close(step: Step, outcome: CallOutcome): void {
  step.become({ state: 'ended', outcome });
  step.commands.unshift({ do: 'stopTimers' });
  for (const { consultantId } of step.session.attempts) {
    if (consultantId !== step.linger) step.free.push(consultantId);
  }
  step.fact('ended', { outcome, ...(step.session.endedBy && { endedBy: step.session.endedBy }) });
  step.notice('call.ended', {
    outcome,
    ...(step.session.endedBy && { endedBy: step.session.endedBy }),
    talkTimeSeconds: Number(talkUs(step.session) / 1000n) / 1000,
  });
  step.settle = true;
}

/** After the end: last words, then the leg goes. A leg that answers too late is told nothing and goes at once. */
function over(step: Step, event: CallEvent): void {
  if (event.type === 'played' && event.request === 'last_words') {
    step.commands.push({ do: 'hangUp', leg: event.leg, cause: 'normal' });
  } else if (event.type === 'legAnswered') {
    step.commands.push({ do: 'hangUp', leg: event.leg, cause: 'stopped' });
  } else if (event.type === 'legEnded') {
    const lingered = step.session.attempts.find((one) => one.leg === event.leg && one.state === 'accepted');
    if (lingered && step.session.bridgedUs === undefined) step.free.push(lingered.consultantId);
  }
}
