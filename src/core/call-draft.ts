// A step of a call session while it is being composed, and the two ways every session ends. Which event leads to which
// change is not here: call-ringing and call-talking decide that.

import type { E164, LegUuid } from './ids.ts';
import type { NoticeDraft } from './merchant-notice.ts';
import type { Sentence } from './prompt.ts';
import {
  type Attempt,
  type CallCommand,
  type CallFact,
  type CallOutcome,
  type CallSession,
  type CallStep,
  secondsOf,
  talkUs,
} from './call-session.ts';

/** What the rules write into: what changes, what is to be done, what happened. `done` is the finished step. */
export class CallDraft {
  session: CallSession;
  commands: CallCommand[] = [];
  facts: CallFact[] = [];
  notices: NoticeDraft[] = [];
  free: string[] = [];
  claim: number | 'all' | undefined;
  claimClient: string | undefined;
  occupy: string | undefined;
  linger: string | undefined;
  askForMore = false;
  neverAgain: E164 | undefined;
  settle = false;
  handOver = false;

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
    const { session, commands, facts, notices, free, settle, claim, occupy, linger, askForMore, neverAgain } =
      this;
    const { claimClient, handOver } = this;
    return {
      session,
      commands,
      facts,
      notices,
      free,
      settle,
      ...(claim !== undefined && { claim }),
      ...(claimClient !== undefined && { claimClient }),
      ...(occupy !== undefined && { occupy }),
      ...(linger !== undefined && { linger }),
      ...(askForMore && { askForMore }),
      ...(neverAgain !== undefined && { neverAgain }),
      ...(handOver && { handOver }),
    };
  }
}

/**
 * Every way a session ends before a talk goes through here: nobody is left on the line without a word. `heard`: what the
 * caller is told where that is more than the outcome says.
 */
export function end(draft: CallDraft, outcome: CallOutcome, endedLeg?: LegUuid, heard?: Sentence): void {
  const { caller, attempts, plan } = draft.session;
  for (const one of attempts) {
    if (one.leg === endedLeg) continue;
    if (one.state === 'accepted') {
      draft.linger = one.consultantId;
      draft.commands.push({
        do: 'play',
        leg: one.leg,
        request: 'last_words',
        sentence: { key: 'consultant_caller_lost', language: one.language },
      });
    } else if (one.state === 'ringing' || one.state === 'offered') {
      draft.attempt(one.leg, { state: 'stopped' });
      draft.commands.push({ do: 'hangUp', leg: one.leg, cause: 'stopped' });
    }
  }
  // In a scenario he is told there; in one that led a paid call there is nothing more to be told.
  if (caller && caller.leg !== endedLeg && plan.inbound?.run === undefined) {
    const language = plan.callerLanguage;
    if (draft.session.led) {
      if (caller.state !== 'gone') draft.commands.push({ do: 'hangUp', leg: caller.leg, cause: 'normal' });
    } else if (caller.state === 'ringing') {
      draft.commands.push({ do: 'hangUp', leg: caller.leg, cause: 'stopped' });
    } else if (caller.state !== 'gone') {
      const known = plan.inbound !== undefined;
      const { nobodyHears } = draft.session.recognizing ?? {};
      const sentence: Sentence =
        heard ??
        (outcome === 'nobody_took_it'
          ? ((nobodyHears && { language, ...nobodyHears }) ?? {
              key: known ? 'known_nobody' : 'caller_nobody',
              language,
            })
          : outcome === 'consultant_left' || outcome === 'failed'
            ? { key: known ? 'known_consultant_lost' : 'caller_consultant_lost', language }
            : { key: 'apology', language });
      if (known && draft.session.recognizing?.answered === false) {
        draft.become({ recognizing: { ...draft.session.recognizing, answered: true } });
        draft.commands.push({ do: 'answer', leg: caller.leg });
      }
      if (draft.neverAgain !== undefined) {
        const never: Sentence = { key: 'caller_never_again', language };
        draft.commands.push({ do: 'play', leg: caller.leg, request: 'last_words', sentence: never });
      } else
        draft.commands.push(
          outcome === 'caller_left' || outcome === 'caller_refused' || outcome === 'caller_unreachable'
            ? { do: 'hangUp', leg: caller.leg, cause: 'normal' }
            : { do: 'play', leg: caller.leg, request: 'last_words', sentence },
        );
    }
  }
  close(draft, outcome);
}

/**
 * The last step of any session: timers stop, consultants are free, the money is to be settled. Of a known caller there is
 * none: what he used is written down and reported with this very step.
 */
export function close(draft: CallDraft, outcome: CallOutcome): void {
  draft.become({ state: draft.session.plan.inbound ? 'settled' : 'ended', outcome });
  draft.commands.unshift({ do: 'stopTimers' });
  for (const { consultantId } of draft.session.attempts) {
    if (consultantId !== draft.linger) draft.free.push(consultantId);
  }
  draft.fact('ended', { outcome, ...(draft.session.endedBy && { endedBy: draft.session.endedBy }) });
  draft.notice('call.ended', {
    outcome,
    ...(draft.session.endedBy && { endedBy: draft.session.endedBy }),
    talkTimeSeconds: secondsOf(talkUs(draft.session)),
  });
  draft.settle = true;
}
