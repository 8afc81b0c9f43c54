// Two people talk, are warned, and are parted; then the last words. How they came to be joined is call-ringing's, what
// their talk costs is rating's.

import { type CallDraft, close } from './call-draft.ts';
import {
  type Attempt,
  type CallEvent,
  type CallerLeg,
  type CallSession,
  consultantWarningSecondsBefore,
  farewellUs,
  isScenarios,
  type LegEnd,
  legEndWithinMs,
  mediaTimeoutUs,
  moreTimeKey,
  talkTimers,
} from './call-session.ts';
import type { LegUuid } from './ids.ts';
import { answer, ask, warn } from './more-time.ts';

export function bridged(draft: CallDraft, atUs: bigint): void {
  const { plan, caller, unbridgedUs } = draft.session;
  if (caller?.state !== 'consented') throw new Error('Joined without the caller’s consent.');
  draft.become({ state: 'connected', bridgedUs: atUs });
  draft.fact('connected', { talkLimitSeconds: plan.talkLimitSeconds });
  draft.notice('call.connected', { talkLimitSeconds: plan.talkLimitSeconds });
  for (const { timer, afterBridgeMs } of talkTimers(draft.session)) {
    draft.commands.push({ do: 'startTimer', timer, afterMs: afterBridgeMs });
  }
  // Told the wrong way round: they have parted already.
  if (unbridgedUs !== undefined) {
    draft.commands.push({ do: 'startTimer', timer: 'unbridged', afterMs: legEndWithinMs });
  }
}

/**
 * They were joined and one has left again, and nobody listened to either: the leg that ended tells when it was joined. The
 * same as if both had been told in time, but nothing is left to be timed.
 */
export function bridgedUnheard(
  draft: CallDraft,
  event: CallEvent & { type: 'legEnded' },
  atUs: bigint,
): void {
  bridged(draft, atUs);
  draft.commands = draft.commands.filter((command) => command.do !== 'startTimer');
  connected(draft, event);
}

export function connected(draft: CallDraft, event: CallEvent): void {
  const { session } = draft;
  const consultant = session.attempts.find((one) => one.state === 'accepted');
  const caller = session.caller;
  if (!consultant || !caller) throw new Error('Connected without two legs.');
  switch (event.type) {
    case 'timerDue':
      if (event.timer === 'unbridged' && session.unbridgedUs !== undefined) {
        parted(draft, session.unbridgedUs, session.endedBy ?? 'switch', consultant, caller);
        return;
      }
      if (session.unbridgedUs !== undefined) return;
      if (event.timer === 'warning') {
        warn(draft, caller);
        return;
      }
      if (event.timer === 'consultant_warning') {
        warnConsultant(draft, consultant);
        return;
      }
      if (event.timer === 'limit') {
        // The consultant's leg goes first: the caller's parks and hears why (DESIGN 6).
        draft.become({ endedBy: 'limit' });
        draft.commands.push({ do: 'hangUp', leg: consultant.leg, cause: 'limit_reached' });
      }
      return;
    case 'hangUpRequested':
      draft.become({ endedBy: event.by });
      draft.commands.push({ do: 'hangUp', leg: consultant.leg, cause: 'normal' });
      return;
    case 'legsUnbridged':
      // The talk is over; where it is not told who ended it and why, the first leg's end tells, milliseconds later.
      if (session.unbridgedUs !== undefined) return;
      draft.become({
        unbridgedUs: notBeforeBridge(session, event.atUs - silenceUs(event.left?.because)),
        ...(event.left && session.endedBy === undefined && { endedBy: endedBy(event.left, caller) }),
      });
      draft.commands.push({ do: 'startTimer', timer: 'unbridged', afterMs: legEndWithinMs });
      return;
    case 'legEnded': {
      if (event.leg !== consultant.leg && event.leg !== caller.leg) return;
      const other = event.leg === caller.leg ? consultant.leg : caller.leg;
      const first =
        event.otherBecause === undefined
          ? { leg: event.leg, because: event.because }
          : { leg: other, because: event.otherBecause };
      const by = session.endedBy ?? endedBy(first, caller);
      const atUs = talkEndUs(session, event, event.leg === caller.leg);
      if (event.leg === caller.leg) draft.become({ caller: { ...caller, state: 'gone' } });
      parted(draft, atUs, by, consultant, caller, event.leg);
      return;
    }
    case 'keyPressed':
      if (event.leg === caller.leg && event.key === moreTimeKey && session.unbridgedUs === undefined)
        ask(draft, caller, 'key');
      return;
    case 'moreTimeAsked':
      if (session.unbridgedUs === undefined) ask(draft, caller, 'page');
      return;
    case 'moreTimeAnswered':
      if (session.unbridgedUs === undefined) answer(draft, caller, event);
      return;
    case 'switchRestarted':
      restarted(draft, event.provenUs);
      return;
    default:
      return;
  }
}

function warnConsultant(draft: CallDraft, consultant: Attempt): void {
  const secondsLeft = consultantWarningSecondsBefore(draft.session);
  if (secondsLeft === undefined) return;
  draft.commands.push({
    do: 'announce',
    leg: consultant.leg,
    sentence: { key: 'consultant_limit_near', language: consultant.language, secondsLeft },
  });
}

/** No leg is left to be told anything. The talk is billed as far as the switch was heard to live, and no further. */
function restarted(draft: CallDraft, provenUs: bigint | undefined): void {
  const { bridgedUs = 0n, unbridgedUs, caller } = draft.session;
  const proven = provenUs !== undefined && provenUs > bridgedUs ? provenUs : bridgedUs;
  const at = unbridgedUs !== undefined && unbridgedUs < proven ? unbridgedUs : proven;
  draft.become({
    unbridgedUs: at,
    endedBy: 'switch',
    ...(caller && { caller: { ...caller, state: 'gone' as const } }),
  });
  close(draft, 'talked');
}

function endedBy(
  first: { leg: LegUuid; because: LegEnd },
  caller: CallerLeg,
): NonNullable<CallSession['endedBy']> {
  if (first.because === 'limit_reached') return 'limit';
  // Nobody hung up: the switch was shut down, or ended what stood too long.
  if (first.because === 'failed' || first.because === 'stopped') return 'switch';
  return first.leg === caller.leg ? 'caller' : 'consultant';
}

/**
 * The first of unbridge and either hang-up (DESIGN 1). A leg that fell silent was hung up by the switch when the timeout
 * was over: its talk ended with the last packet, and the silence is not billed (DESIGN 6), whichever leg's end is told first.
 */
function talkEndUs(session: CallSession, event: CallEvent & { type: 'legEnded' }, isCaller: boolean): bigint {
  const { unbridgedUs } = session;
  const ends = [event.endedAtUs - silenceUs(event.because)];
  if (unbridgedUs !== undefined) ends.push(unbridgedUs);
  if (event.otherBecause !== undefined) {
    // The caller's leg waits for a farewell when the other has gone; how long it waited only the parting tells.
    const parted = isCaller ? (unbridgedUs ?? event.endedAtUs - farewellUs) : event.endedAtUs;
    const alreadyTaken = isCaller && unbridgedUs !== undefined;
    ends.push(alreadyTaken ? parted : parted - silenceUs(event.otherBecause));
  }
  return notBeforeBridge(
    session,
    ends.reduce((a, b) => (b < a ? b : a)),
  );
}

/** What the switch waited for a packet before it hung up. */
export const silenceUs = (because: LegEnd | undefined): bigint =>
  because === 'media_timeout' ? mediaTimeoutUs : 0n;

const notBeforeBridge = ({ bridgedUs }: CallSession, us: bigint): bigint =>
  bridgedUs !== undefined && us < bridgedUs ? bridgedUs : us;

function parted(
  draft: CallDraft,
  atUs: bigint,
  by: NonNullable<CallSession['endedBy']>,
  consultant: Attempt,
  caller: CallerLeg,
  endedLeg?: LegUuid,
): void {
  draft.become({ unbridgedUs: atUs, endedBy: by });
  const outcome = by === 'limit' ? 'limit_reached' : 'talked';
  if (endedLeg !== consultant.leg)
    draft.commands.push({ do: 'hangUp', leg: consultant.leg, cause: 'normal' });
  const isThere = endedLeg !== caller.leg;
  const { led } = draft.session;
  if (isThere && isLedOn(draft.session, by)) {
    draft.become({ handedOver: true });
    draft.fact('handed_over');
    draft.handOver = !led;
  } else if (isThere && led) {
    // Whatever it may have had to say.
    draft.commands.push({ do: 'hangUp', leg: caller.leg, cause: 'normal' });
  } else if (isThere && draft.session.plan.inbound?.run === undefined) {
    // In a scenario it goes on there.
    draft.commands.push({
      do: 'play',
      leg: caller.leg,
      request: 'last_words',
      sentence: {
        key: 'caller_farewell',
        language: draft.session.plan.callerLanguage,
        because: by === 'limit' ? 'limit' : 'consultant_left',
      },
    });
  }
  close(draft, outcome);
}

/** Whoever wished the end of the call, on his page or for his merchant, wished nothing more to follow. */
function isLedOn({ plan, led }: CallSession, by: NonNullable<CallSession['endedBy']>): boolean {
  return (led ?? plan.afterTalk) !== undefined && by !== 'caller' && by !== 'merchant';
}

/** After the end: last words, then the leg goes. A leg that answers too late is told nothing and goes at once. */
export function over(draft: CallDraft, event: CallEvent): void {
  const { callerLegUuid } = draft.session;
  if (isScenarios(draft.session) && 'leg' in event && event.leg === callerLegUuid) return;
  if (event.type === 'played' && event.request === 'last_words') {
    draft.commands.push({ do: 'hangUp', leg: event.leg, cause: 'normal' });
  } else if (event.type === 'legAnswered') {
    draft.commands.push({ do: 'hangUp', leg: event.leg, cause: 'stopped' });
  } else if (event.type === 'legEnded') {
    const lingered = draft.session.attempts.find((one) => one.leg === event.leg && one.state === 'accepted');
    if (lingered && draft.session.bridgedUs === undefined) draft.free.push(lingered.consultantId);
  }
}
