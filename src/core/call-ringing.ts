// From the held card to two people who both pressed 1: who is rung, what each is told, what each key means, who is next.
// Here too every way it comes to nothing. The talk itself is call-talking's.

import { type CallDraft, close, end } from './call-draft.ts';
import {
  type Attempt,
  askTriesMax,
  type CallCommand,
  type CallEvent,
  type CallerLeg,
  type CallOutcome,
  type CallSession,
  type ClaimedConsultant,
  isDestination,
  isOfThisTalk,
  neverAgainKey,
  ringOf,
  rungLast,
  type TimerName,
} from './call-session.ts';
import { bridged, bridgedUnheard, silenceUs } from './call-talking.ts';
import { mostTelling, rungOf } from './consultant.ts';
import type { LegUuid } from './ids.ts';
import type { Sentence } from './sentence.ts';

export function startRingingConsultants(draft: CallDraft): void {
  draft.become({ state: 'ringing_consultant' });
  const { ringing, ringStepSeconds } = draft.session.plan;
  draft.claim = ringing === 'all_at_once' ? 'all' : 1;
  if (ringing === 'cumulative') {
    draft.commands.push({ do: 'startTimer', timer: 'step', afterMs: ringStepSeconds * 1000 });
  }
}

export function ringCaller(draft: CallDraft): void {
  const leg = draft.session.callerLegUuid;
  const to = draft.session.plan.callerNumber;
  if (to === undefined) throw new Error('A caller without a number cannot be rung.');
  draft.become({ state: 'ringing_caller', caller: { leg, state: 'ringing', tries: 0 } });
  draft.fact('ringing_caller');
  draft.notice('call.ringing', { party: 'caller' });
  draft.commands.push({ do: 'ring', leg, to });
}

export function ringing(draft: CallDraft, event: CallEvent): void {
  const { session } = draft;
  switch (event.type) {
    case 'consultantsClaimed':
      consultantsClaimed(draft, event);
      return;
    case 'consultantsWithdrew':
      for (const consultantId of event.consultantIds) withdraw(draft, consultantId);
      return;
    case 'timerDue':
      // Cumulative ringing: the next one joins, the earlier ones ring on.
      if (event.timer.startsWith('next_phone ')) {
        const attempt = session.attempts.find((one) => event.timer === nextPhoneTimer(one.leg));
        if (attempt?.state === 'ringing') ringNextPhone(draft, attempt);
        return;
      }
      if (event.timer !== 'step' || session.state !== 'ringing_consultant' || session.candidates.length === 0)
        return;
      // It fell due just before somebody pressed 1, where the caller was rung first: nobody else is wanted.
      if (session.attempts.some((one) => one.state === 'accepted')) return;
      draft.claim = 1;
      draft.commands.push({ do: 'startTimer', timer: 'step', afterMs: session.plan.ringStepSeconds * 1000 });
      return;
    case 'hangUpRequested':
      draft.become({ endedBy: event.by });
      hangUp(draft);
      return;
    case 'bridgeFailed':
      comesToNothing(draft, 'failed');
      return;
    case 'legsBridged':
      bridged(draft, event.atUs);
      return;
    case 'legsUnbridged':
      // That they were joined is still on its way to us, or was never heard: the leg that ends will tell it.
      if (agreed(session) && session.unbridgedUs === undefined)
        draft.become({ unbridgedUs: event.atUs - silenceUs(event.left?.because) });
      return;
    case 'switchRestarted':
      restarted(draft);
      return;
    case 'legAnswered':
    case 'keyGiven':
    case 'noKeyGiven':
    case 'played':
    case 'legEnded': {
      if (event.type === 'legEnded' && agreed(session, event.leg)) {
        const { bridgedAtUs } = event;
        if (bridgedAtUs !== undefined && isOfThisTalk(session, bridgedAtUs)) {
          bridgedUnheard(draft, event, bridgedAtUs);
          return;
        }
      }
      if (session.caller?.leg === event.leg) {
        callerLeg(draft, session.caller, event);
        return;
      }
      const attempt = session.attempts.find((one) => one.leg === event.leg);
      if (attempt) consultantLeg(draft, attempt, event);
      return;
    }
    default:
      return;
  }
}

/** In the scenario that leads a paid call, and nobody is rung: what it does with him is its own business. */
export function led(draft: CallDraft, event: CallEvent): void {
  const { session } = draft;
  switch (event.type) {
    case 'scenarioRings':
      rings(draft, event);
      return;
    case 'scenarioEnded':
      // It hangs him up itself.
      close(draft, event.failed ? 'failed' : 'nobody_took_it');
      return;
    case 'hangUpRequested':
      draft.become({ endedBy: event.by });
      hangUp(draft);
      return;
    case 'switchRestarted':
      restarted(draft);
      return;
    case 'legEnded':
      if (session.caller?.leg === event.leg) callerLeg(draft, session.caller, event);
      return;
    default:
      return;
  }
}

/** Once a turn: whoever takes the call over may want the same again. */
function rings(draft: CallDraft, { ring, plan, candidates }: CallEvent & { type: 'scenarioRings' }): void {
  const { session } = draft;
  const { led, caller, attempts } = session;
  if (!led || !caller || (led.ring && led.ring.turn >= ring.turn)) return;
  const { talkLimitSeconds, moreTime } = led.ordered;
  const { idleGroup: _idle, moreTime: _more, ...ordered } = session.plan;
  draft.become({
    plan: {
      ...ordered,
      ...plan,
      talkLimitSeconds: Math.min(plan.talkLimitSeconds, talkLimitSeconds),
      // Who may talk for less than he has paid for is offered no more of it.
      ...(moreTime && plan.talkLimitSeconds >= talkLimitSeconds && { moreTime }),
    },
    led: { ...led, ring: { ...ring, after: attempts.length } },
    candidates,
  });
  draft.fact('scenario_rings', { turn: ring.turn });
  draft.commands.push({ do: 'playMusic', leg: caller.leg });
  startRingingConsultants(draft);
}

/** Nobody is joined this time: the end of the call, unless a scenario leads it, which hears of it and goes on. */
function comesToNothing(draft: CallDraft, outcome: CallOutcome, endedLeg?: LegUuid): void {
  const wished = asWished(draft.session);
  if (wished !== undefined || !draft.session.led) {
    end(draft, wished ?? outcome, endedLeg);
    return;
  }
  for (const one of draft.session.attempts) {
    if (!['ringing', 'offered', 'accepted'].includes(one.state)) continue;
    draft.attempt(one.leg, { state: 'failed', lostBecause: 'failed' });
    draft.free.push(one.consultantId);
    if (one.leg !== endedLeg) draft.commands.push({ do: 'hangUp', leg: one.leg, cause: 'normal' });
  }
  draft.commands.unshift({ do: 'stopTimers' });
  const { unbridgedUs: _none, endedBy: _nobody, ...rest } = draft.session;
  draft.session = { ...rest, state: 'led', candidates: [] };
  draft.fact('scenario_goes_on', { because: outcome });
}

/**
 * At somebody's wish. Two who agreed were ordered to be joined, and may talk by now: then it is over with the consultant's
 * leg, whose end says whether they were, and until when.
 */
function hangUp(draft: CallDraft): void {
  const consultant = draft.session.attempts.find((one) => one.state === 'accepted');
  if (consultant && agreed(draft.session))
    draft.commands.push({ do: 'hangUp', leg: consultant.leg, cause: 'normal' });
  else end(draft, asWished(draft.session) ?? 'cancelled');
}

/** What a call is that came to nothing because somebody wished its end; `undefined`: nobody did. */
function asWished({ endedBy }: CallSession): CallOutcome | undefined {
  if (endedBy === 'caller') return 'caller_left';
  return endedBy === 'merchant' ? 'cancelled' : undefined;
}

/** Both, and (where one is named) this leg is one of theirs: whatever else is told of a bridge is no talk of this session. */
function agreed({ caller, attempts }: CallSession, leg?: LegUuid): boolean {
  const consultant = attempts.find((one) => one.state === 'accepted');
  if (caller?.state !== 'consented' || !consultant) return false;
  return leg === undefined || leg === caller.leg || leg === consultant.leg;
}

/** Nobody is on the line any more: there is nothing to say and nobody to hang up. */
function restarted(draft: CallDraft): void {
  const { caller, attempts } = draft.session;
  for (const one of attempts) {
    if (one.state === 'ringing' || one.state === 'offered') draft.attempt(one.leg, { state: 'stopped' });
  }
  draft.become({ endedBy: 'switch', ...(caller && { caller: { ...caller, state: 'gone' as const } }) });
  close(draft, 'failed');
}

type LegEvent = Extract<CallEvent, { leg: LegUuid }>;

function consultantsClaimed(draft: CallDraft, event: CallEvent & { type: 'consultantsClaimed' }): void {
  const taken = new Set([...event.skipped, ...event.consultants.map((one) => one.consultantId)]);
  draft.become({
    candidates: draft.session.candidates.filter((id) => !taken.has(id)),
    attempts: [
      ...draft.session.attempts,
      ...event.consultants.map((one) => ({ ...one, state: 'ringing' as const, tries: 0 })),
    ],
  });
  for (const consultant of event.consultants) {
    const { consultantId } = consultant;
    draft.fact('ringing_consultant', { consultantId });
    draft.notice('call.ringing', { party: 'consultant', consultantId });
    draft.commands.push(...ringPhone(consultant));
  }
  endIfNobodyIsLeft(draft);
}

function nextPhoneTimer(leg: LegUuid): TimerName {
  return `next_phone ${leg}`;
}

/** His phone rings, and where he is forwarded after a while the next one joins by then. Said again on a takeover. */
export function ringPhone({ leg, number, more }: ClaimedConsultant): CallCommand[] {
  const seconds = more?.[0]?.afterSeconds;
  return [
    { do: 'ring', leg, to: number },
    ...(seconds === undefined
      ? []
      : [{ do: 'startTimer' as const, timer: nextPhoneTimer(leg), afterMs: seconds * 1000 }]),
  ];
}

/** He is rung on his next phone, whether or not this one goes on; `false`: he has no more. */
function ringNextPhone(draft: CallDraft, attempt: Attempt): boolean {
  const [next, ...more] = attempt.more ?? [];
  if (!next) return false;
  const { consultantId, name, language, ringSeconds } = attempt;
  const phone: Attempt = {
    ...{ consultantId, name, language, leg: next.leg, number: next.number },
    ...(ringSeconds !== undefined && { ringSeconds }),
    ...(more.length > 0 && { more }),
    ...{ state: 'ringing', tries: 0 },
  };
  draft.attempt(attempt.leg, { more: [] });
  draft.become({ attempts: [...draft.session.attempts, phone] });
  draft.fact('ringing_next_phone', { consultantId });
  draft.commands.push(...ringPhone(phone));
  return true;
}

function consultantLeg(draft: CallDraft, attempt: Attempt, event: LegEvent): void {
  switch (event.type) {
    case 'legAnswered':
      if (attempt.state !== 'ringing') return;
      if (isPutThrough(draft.session, attempt)) putThrough(draft, attempt);
      else offerToConsultant(draft, attempt);
      return;
    case 'keyGiven':
      if (attempt.state !== 'offered') return;
      if (event.key === '1') {
        accept(draft, attempt);
        return;
      }
      if (event.key === '3') {
        drop(draft, attempt, 'refused', 'refused');
        return;
      }
      offerToConsultant(draft, attempt);
      return;
    case 'noKeyGiven':
      if (attempt.state !== 'offered') return;
      // Silence is a voicemail as often as a consultant who thinks: asked twice, then the next one.
      if (isPutThrough(draft.session, attempt)) putThrough(draft, attempt);
      else offerToConsultant(draft, attempt);
      return;
    case 'played':
      if (attempt.state === 'offered' && event.request === 'whisper') {
        accept(draft, attempt);
        return;
      }
      // The joining cuts the sentence short: music now would play on over the talk.
      if (attempt.state === 'accepted' && !agreed(draft.session))
        draft.commands.push({ do: 'playMusic', leg: attempt.leg });
      return;
    case 'legEnded':
      if (attempt.state === 'accepted') {
        if (asWished(draft.session) === undefined) {
          draft.fact('consultant_left', { consultantId: attempt.consultantId });
          draft.become({ endedBy: 'consultant' });
        }
        comesToNothing(draft, 'consultant_left', attempt.leg);
        return;
      }
      if (attempt.state !== 'ringing' && attempt.state !== 'offered') return;
      lose(draft, attempt, 'failed', event.because === 'normal' ? 'hung_up' : event.because);
      return;
    default:
      return;
  }
}

/** A number that takes the call by answering it, as a scenario says. */
function isPutThrough(session: CallSession, { consultantId }: Attempt): boolean {
  return ringOf(session)?.acceptKey === false && isDestination(consultantId);
}

function putThrough(draft: CallDraft, attempt: Attempt): void {
  const sentence = ringOf(draft.session)?.whisper;
  if (!sentence) {
    accept(draft, attempt);
    return;
  }
  draft.attempt(attempt.leg, { state: 'offered', tries: attempt.tries + 1 });
  draft.commands.push({ do: 'play', leg: attempt.leg, request: 'whisper', sentence });
}

function offerToConsultant(draft: CallDraft, attempt: Attempt): void {
  if (attempt.tries >= askTriesMax) {
    drop(draft, attempt, 'failed', 'no_key');
    return;
  }
  const { plan } = draft.session;
  draft.attempt(attempt.leg, { state: 'offered', tries: attempt.tries + 1 });
  const whisper = ringOf(draft.session)?.whisper;
  const behind = (sentence: Sentence): Sentence =>
    whisper ? { key: 'in_turn', language: attempt.language, parts: [whisper, sentence] } : sentence;
  draft.commands.push({
    do: 'ask',
    leg: attempt.leg,
    sentence: plan.inbound
      ? behind({
          key: 'consultant_known_offer',
          language: attempt.language,
          merchant: plan.merchantName,
          line: plan.lineName,
          ...(draft.session.clientCode !== undefined && { client: draft.session.clientCode }),
          seconds: plan.talkLimitSeconds,
        })
      : behind({
          key: 'consultant_offer',
          language: attempt.language,
          merchant: plan.merchantName,
          line: plan.lineName,
          minutes: Math.floor(plan.talkLimitSeconds / 60),
        }),
  });
}

function accept(draft: CallDraft, attempt: Attempt): void {
  const losers = draft.session.attempts.filter(
    (one) => one.leg !== attempt.leg && (one.state === 'ringing' || one.state === 'offered'),
  );
  for (const loser of losers) {
    draft.attempt(loser.leg, { state: 'stopped' });
    draft.commands.push({ do: 'hangUp', leg: loser.leg, cause: 'stopped' });
    // One of his own other phones is no loser.
    if (loser.consultantId !== attempt.consultantId) draft.free.push(loser.consultantId);
  }
  draft.commands.push({ do: 'stopTimers' });
  draft.attempt(attempt.leg, { state: 'accepted' });
  draft.occupy = attempt.consultantId;
  draft.fact('consultant_accepted', { consultantId: attempt.consultantId });
  if (draft.session.caller?.state === 'consented') {
    join(draft);
    return;
  }
  draft.commands.push({
    do: 'play',
    leg: attempt.leg,
    request: 'wait',
    sentence: { key: 'consultant_wait', language: attempt.language },
  });
  ringCaller(draft);
}

/** We end his leg; the next one is tried. */
function drop(draft: CallDraft, attempt: Attempt, state: 'refused' | 'failed', because: string): void {
  draft.commands.push({ do: 'hangUp', leg: attempt.leg, cause: 'normal' });
  lose(draft, attempt, state, because);
}

/**
 * This phone did not reach him. Who said no has said it for all his phones; else he is tried while one of them rings, or is
 * left to be rung. He is missed once, by what says most of him.
 */
function lose(draft: CallDraft, attempt: Attempt, state: 'refused' | 'failed', because: string): void {
  draft.attempt(attempt.leg, { state, lostBecause: because });
  const { consultantId } = attempt;
  const his = rungLast(draft.session).filter((one) => one.consultantId === consultantId);
  const living = his.filter((one) => one.state === 'ringing' || one.state === 'offered');
  // Busy after it was answered: another call has him by now (flow/call-step ConsultantTaken).
  const hasHim = attempt.state === 'offered' && because === 'busy';
  if (rungOf(because) !== 'refused' && !hasHim) {
    const goesOn = living.length > 0 || ringNextPhone(draft, attempt);
    if (goesOn) {
      draft.fact('phone_missed', { consultantId, because });
      return;
    }
  }
  stop(draft, living);
  draft.free.push(consultantId);
  const says = mostTelling([because, ...his.flatMap((one) => one.lostBecause ?? [])]);
  draft.fact('consultant_missed', { consultantId, because: says });
  tryNext(draft);
}

/**
 * He went on a break or away while he was rung, or has left the house: his phones stop at once, and the next one is tried. He
 * said so in time, and has missed nothing. One he has picked up stops too: the offer waits for a key, and his last word is no.
 * Who has pressed 1 has taken the call.
 */
function withdraw(draft: CallDraft, consultantId: string): void {
  const living = draft.session.attempts.filter(
    (one) => one.consultantId === consultantId && (one.state === 'ringing' || one.state === 'offered'),
  );
  if (living.length === 0) return;
  stop(draft, living);
  draft.free.push(consultantId);
  draft.fact('consultant_withdrew', { consultantId });
  tryNext(draft);
}

function stop(draft: CallDraft, attempts: readonly Attempt[]): void {
  for (const { leg } of attempts) {
    draft.attempt(leg, { state: 'stopped' });
    draft.commands.push({ do: 'hangUp', leg, cause: 'stopped' });
  }
}

function tryNext(draft: CallDraft): void {
  if (draft.session.candidates.length > 0) draft.claim = 1;
  else endIfNobodyIsLeft(draft);
}

function endIfNobodyIsLeft(draft: CallDraft): void {
  const { attempts, candidates, state } = draft.session;
  if (state !== 'ringing_consultant') return;
  if (attempts.some((one) => one.state === 'ringing' || one.state === 'offered')) return;
  if (candidates.length > 0) {
    draft.claim = 1;
    return;
  }
  if (!overflows(draft)) comesToNothing(draft, 'nobody_took_it');
}

/** Nobody took it: the others are rung, once, as the line rings. Whoever was rung before is not rung again. */
function overflows(draft: CallDraft): boolean {
  const { plan, attempts } = draft.session;
  if (!plan.inbound?.overflow) return false;
  const { overflow, ...inbound } = plan.inbound;
  const candidates = overflow.filter((id) => !attempts.some((one) => one.consultantId === id));
  draft.become({ plan: { ...plan, inbound }, candidates });
  if (candidates.length === 0) return false;
  draft.fact('overflow', { consultants: candidates.length });
  draft.claim = plan.ringing === 'all_at_once' ? 'all' : 1;
  return true;
}

function callerLeg(draft: CallDraft, caller: CallerLeg, event: LegEvent): void {
  switch (event.type) {
    case 'legAnswered':
      if (caller.state === 'ringing') offerToCaller(draft, caller);
      return;
    case 'keyGiven':
      if (caller.state !== 'offered') return;
      if (event.key === '1') {
        consent(draft, caller);
        return;
      }
      if (event.key === '3') {
        draft.become({ endedBy: 'caller' });
        end(draft, 'caller_refused');
        return;
      }
      if (event.key === neverAgainKey) {
        draft.become({ endedBy: 'caller' });
        const { callerNumber } = draft.session.plan;
        if (callerNumber !== undefined) draft.neverAgain = callerNumber;
        draft.fact('never_again');
        end(draft, 'caller_refused');
        return;
      }
      offerToCaller(draft, caller);
      return;
    case 'noKeyGiven':
      if (caller.state === 'offered') offerToCaller(draft, caller);
      return;
    case 'played':
      if (caller.state === 'consented' && event.request === 'hold' && !agreed(draft.session)) {
        const sound = draft.session.plan.inbound?.ringBack;
        draft.commands.push({ do: 'playMusic', leg: caller.leg, ...(sound && { sound }) });
      }
      return;
    case 'legEnded': {
      const wished = asWished(draft.session);
      draft.become({ caller: { ...caller, state: 'gone' }, ...(!wished && { endedBy: 'caller' }) });
      draft.fact('caller_missed', { because: event.because });
      if (caller.state !== 'ringing') {
        end(draft, wished ?? 'caller_left', caller.leg);
        return;
      }
      end(draft, event.because === 'rejected' ? 'caller_refused' : 'caller_unreachable', caller.leg);
      return;
    }
    default:
      return;
  }
}

function offerToCaller(draft: CallDraft, caller: CallerLeg): void {
  const { plan, attempts } = draft.session;
  if (caller.tries >= askTriesMax) {
    end(draft, 'caller_unreachable');
    return;
  }
  const language = plan.callerLanguage;
  const consultant = attempts.find((one) => one.state === 'accepted')?.name ?? '';
  draft.become({ caller: { ...caller, state: 'offered', tries: caller.tries + 1 } });
  draft.commands.push({
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
            ...(plan.capture && { capture: plan.capture }),
          },
  });
}

function consent(draft: CallDraft, caller: CallerLeg): void {
  draft.become({ caller: { ...caller, state: 'consented' } });
  draft.fact('caller_consented');
  if (draft.session.plan.led) {
    lead(draft);
    return;
  }
  if (draft.session.attempts.some((one) => one.state === 'accepted')) {
    join(draft);
    return;
  }
  draft.commands.push({
    do: 'play',
    leg: caller.leg,
    request: 'hold',
    sentence: { key: 'caller_hold', language: draft.session.plan.callerLanguage },
  });
  startRingingConsultants(draft);
}

/** He has paid on the leg he has, in the scenario he is in. */
export function leadOn(draft: CallDraft): void {
  const { callerLegUuid: leg } = draft.session;
  draft.become({ caller: { leg, state: 'consented', tries: 0 } });
  draft.fact('caller_paid');
  lead(draft);
}

/** Whoever was kept for him while he paid is anybody's: the scenario says whom he gets. */
function lead(draft: CallDraft): void {
  const { candidates, plan } = draft.session;
  const { talkLimitSeconds, moreTime } = plan;
  draft.free.push(...candidates);
  draft.become({
    state: 'led',
    candidates: [],
    led: { ordered: { talkLimitSeconds, moreTime: moreTime ?? null } },
  });
  // One he has paid in goes on as it stands.
  draft.handOver = plan.paidInRun === undefined;
}

function join(draft: CallDraft): void {
  const { caller, attempts } = draft.session;
  const consultant = attempts.find((one) => one.state === 'accepted');
  if (!caller || !consultant) throw new Error('Only two parties who agreed are joined.');
  draft.commands.push({ do: 'bridge', aLeg: caller.leg, bLeg: consultant.leg });
}
