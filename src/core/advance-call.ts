// The rule of a call session (diagram in call-session.ts): a session and an event make the next session and what is to be
// done about it. Here: which part of the rule an event belongs to, the wait for the money, and taking over. Nothing is
// written or commanded here; that is flow/'s.

import { answering, askAgain } from './call-answering.ts';
import { CallDraft, end } from './call-draft.ts';
import { leadOn, led, ringCaller, ringing, ringPhone, startRingingConsultants } from './call-ringing.ts';
import type { CallCommand, CallEvent, CallSession, CallStep } from './call-session.ts';
import { connected, over } from './call-talking.ts';

/**
 * One step of the session. An event that no longer matters (a late key, a second hang-up, a leg that is not ours)
 * changes nothing: the switch may tell things twice, late and out of order.
 */
export function advance(session: CallSession, event: CallEvent): CallStep {
  const draft = new CallDraft(session);
  switch (session.state) {
    case 'recognizing':
      answering(draft, event);
      break;
    case 'awaiting_payment':
      awaitingPayment(draft, event);
      break;
    case 'ringing_consultant':
    case 'ringing_caller':
      ringing(draft, event);
      break;
    case 'led':
      led(draft, event);
      break;
    case 'connected':
      connected(draft, event);
      break;
    case 'ended':
    case 'settled':
      over(draft, event);
      break;
  }
  return draft.done();
}

/**
 * What to do on taking over a session as it was last written: rings the legs that are to ring, once more by name, and joins
 * two who both agreed (unless they are joined: whoever takes over looks first).
 */
export function resume(session: CallSession): readonly CallCommand[] {
  if (session.state === 'recognizing') return askAgain(session);
  if (session.state !== 'ringing_consultant' && session.state !== 'ringing_caller') return [];
  const commands: CallCommand[] = session.attempts
    .filter((one) => one.state === 'ringing')
    .flatMap(ringPhone);
  if (session.caller?.state === 'ringing' && session.plan.callerNumber !== undefined) {
    commands.push({ do: 'ring', leg: session.caller.leg, to: session.plan.callerNumber });
  }
  const accepted = session.attempts.find((one) => one.state === 'accepted');
  if (accepted && session.caller?.state === 'consented') {
    return [...commands, { do: 'bridge', aLeg: session.caller.leg, bLeg: accepted.leg }];
  }
  if (session.state === 'ringing_consultant' && session.plan.ringing === 'cumulative') {
    commands.push({ do: 'startTimer', timer: 'step', afterMs: session.plan.ringStepSeconds * 1000 });
  }
  return commands;
}

function awaitingPayment(draft: CallDraft, event: CallEvent): void {
  if (event.type === 'paymentAuthorized') {
    draft.fact('authorized');
    if (draft.session.plan.paidInRun !== undefined) leadOn(draft);
    else if (draft.session.plan.callerFirst) ringCaller(draft);
    else startRingingConsultants(draft);
  } else if (event.type === 'paymentGivenUp') {
    end(draft, event.outcome);
  } else if (event.type === 'hangUpRequested') {
    end(draft, 'cancelled');
  }
}
