// A caller dialled us: who is he, and may he talk? His number is put to the merchant's server, then the client code he keys,
// then his PIN, until the merchant lets him in, sends him away, or he has missed too often. He hears ringing until there is
// something to say. What he is rung afterwards is call-ringing's.
//
//   waits for    caller                              ends it
//   merchant     hears ringing, or silence once      the answer; no answer in time: the line's fallback
//                something was said to him
//   code, pin    hears what to key                   `#`, its full length, a pause; `*` begins anew
//
// Who is sent away hears why, or what the line says instead. Where the line has another one for him he is put through to that,
// under a limit of its own: as nobody's client, so that nothing of it is counted on anybody's account.

import { type CallDraft, end } from './call-draft.ts';
import { startRingingConsultants } from './call-ringing.ts';
import type {
  CallCommand,
  CallEvent,
  CallOutcome,
  CallerLeg,
  CallSession,
  InboundPlan,
  Recognizing,
  RefusedPlan,
} from './call-session.ts';
import type { Language, LegUuid } from './ids.ts';
import type { Recognition } from './known-caller.ts';
import type { Sentence } from './sentence.ts';

/** Shorter is a finger that slipped: not worth a question to the merchant. */
const digitsMin = 2;
/** Begun anew this often in one call, it is no slip of a finger any more: each more counts, or he would hold the line for ever. */
const anewMax = 6;

export function answering(draft: CallDraft, event: CallEvent): void {
  const { caller, recognizing } = draft.session;
  const { inbound } = draft.session.plan;
  if (!inbound || !caller || !recognizing) throw new Error('Nobody dialled in this session.');
  switch (event.type) {
    case 'callArrived':
      arrived(draft, caller, inbound);
      return;
    case 'callerRecognized':
      if (recognizing.waitsFor !== 'merchant' || event.question !== recognizing.questions) return;
      recognized(draft, caller, recognizing, event.recognition);
      return;
    case 'merchantFailed':
      if (recognizing.waitsFor !== 'merchant' || event.question !== recognizing.questions) return;
      merchantFailed(draft, recognizing, event.because);
      return;
    case 'clientClaimed':
      if (event.claimed) letIn(draft, caller, event);
      else refuse(draft, 'merchant_refused', event.because ?? 'busy');
      return;
    case 'digitsGiven':
      if (event.leg === caller.leg) keyed(draft, caller, recognizing, event);
      return;
    case 'noKeyGiven':
      if (event.leg === caller.leg && recognizing.waitsFor !== 'merchant') missed(draft, caller, recognizing);
      return;
    case 'hangUpRequested':
      draft.become({ endedBy: event.by });
      end(draft, 'cancelled');
      return;
    case 'switchRestarted':
      draft.become({ caller: { ...caller, state: 'gone' }, endedBy: 'switch' });
      end(draft, 'failed', caller.leg);
      return;
    case 'legEnded':
      if (event.leg !== caller.leg) return;
      draft.become({ caller: { ...caller, state: 'gone' }, endedBy: 'caller' });
      draft.fact('caller_missed', { because: event.because });
      end(draft, 'caller_left', caller.leg);
      return;
    default:
      return;
  }
}

/** Whoever takes over asks again what was not answered: the merchant by the same id, the caller for his digits. */
export function askAgain(session: CallSession): readonly CallCommand[] {
  const { recognizing, caller, clientCode } = session;
  if (!recognizing || !caller) return [];
  const wanted = keyedNext(recognizing);
  if (wanted !== undefined) return [askFor(session, caller.leg, wanted, recognizing.misses > 0)];
  const code = recognizing.clientCode ?? clientCode;
  return [
    {
      do: 'recognize',
      question: recognizing.questions,
      ask: recognizing.asked,
      ...(code !== undefined && { clientCode: code }),
    },
  ];
}

function arrived(draft: CallDraft, caller: CallerLeg, plan: InboundPlan): void {
  draft.fact('call_arrived', { ddi: plan.ddi, trust: plan.cli.trust });
  if (plan.run) {
    const { clientCode } = draft.session;
    if (clientCode !== undefined) draft.claimClient = clientCode;
    else letIn(draft, caller, { type: 'clientClaimed', claimed: true });
    return;
  }
  if (plan.closed) {
    refuse(draft, 'merchant_refused', 'closed');
    return;
  }
  if (plan.cli.trust !== 'withheld') {
    question(draft, 'caller');
    return;
  }
  if (plan.withheld === 'refuse') refuse(draft, 'not_recognized', 'withheld');
  else prompt(draft, caller, 'code', false);
}

function question(draft: CallDraft, ask: 'caller' | 'client_code', keyedNow: { pin?: string } = {}): void {
  const { recognizing } = draft.session;
  if (!recognizing) return;
  const number = recognizing.questions + 1;
  const withPin = keyedNow.pin !== undefined;
  draft.become({
    recognizing: { ...recognizing, questions: number, waitsFor: 'merchant', asked: ask, withPin },
  });
  // Written down first: asked again after a crash it carries the same id.
  draft.fact('merchant_asked', { question: number, by: ask });
  draft.commands.push({
    do: 'recognize',
    question: number,
    ask,
    ...(recognizing.clientCode !== undefined && { clientCode: recognizing.clientCode }),
    ...keyedNow,
  });
}

function recognized(
  draft: CallDraft,
  caller: CallerLeg,
  recognizing: Recognizing,
  recognition: Recognition,
): void {
  if (recognition.language) {
    draft.become({ plan: { ...draft.session.plan, callerLanguage: recognition.language } });
  }
  switch (recognition.outcome) {
    case 'recognized':
      if (recognition.talkLimitSeconds === 0) {
        refuse(draft, 'merchant_refused', 'no_credit', recognition.text);
        return;
      }
      take(draft, recognition);
      return;
    case 'proof_wanted': {
      const { clientCode } = recognition;
      const wanted = recognition.proof === 'pin' ? 'pin' : 'code';
      // A PIN is somebody's: without a name for him, his code comes first.
      const code = clientCode ?? recognizing.clientCode;
      draft.fact('proof_wanted', { proof: recognition.proof });
      if (code !== undefined && wanted === 'pin') patch(draft, { clientCode: code });
      prompt(
        draft,
        caller,
        wanted === 'pin' && code === undefined ? 'code' : wanted,
        false,
        recognition.text,
      );
      return;
    }
    case 'refused': {
      const { reason, text } = recognition;
      if (reason !== 'unknown' && reason !== 'wrong_pin') {
        refuse(draft, 'merchant_refused', reason, text);
        return;
      }
      draft.fact('not_known', { by: recognizing.asked });
      // The number is unknown: he may have a code all the same. A code or a PIN that is wrong counts.
      if (recognizing.asked === 'caller') prompt(draft, caller, 'code', false, text);
      // Of a code he keyed nobody says whether it was that or the PIN: both are keyed again.
      else missed(draft, caller, { ...recognizing, waitsFor: recognizing.codeKeyed ? 'code' : 'pin' });
      return;
    }
  }
}

/** The merchant lets him in; whether so many calls of his are under way already is decided as it is written. */
function take(draft: CallDraft, answer: Recognition & { outcome: 'recognized' }): void {
  const { plan } = draft.session;
  const longest = plan.inbound?.talkLimitMaxSeconds ?? plan.talkLimitSeconds;
  const talkLimitSeconds = Math.min(answer.talkLimitSeconds ?? longest, longest);
  draft.become({
    clientCode: answer.clientCode,
    plan: { ...plan, talkLimitSeconds },
    ...(answer.destination === undefined
      ? answer.consultants && { candidates: answer.consultants }
      : { candidates: [answer.destination] }),
  });
  patch(draft, { clientCode: answer.clientCode });
  draft.fact('recognized', {
    clientCode: answer.clientCode,
    limited: answer.talkLimitSeconds !== undefined,
    talkLimitSeconds,
  });
  if (answer.text !== undefined) patch(draft, { greeting: answer.text });
  draft.claimClient = answer.clientCode;
}

function letIn(draft: CallDraft, caller: CallerLeg, claim: CallEvent & { type: 'clientClaimed' }): void {
  const { talkLimitSeconds, balance } = claim;
  if (talkLimitSeconds !== undefined) draft.become({ plan: { ...draft.session.plan, talkLimitSeconds } });
  const { plan, recognizing } = draft.session;
  answerOnce(draft, caller.leg);
  if (plan.inbound?.run) {
    // His scenario has said what there was to be said.
    const { ringBack } = plan.inbound;
    draft.commands.push({ do: 'playMusic', leg: caller.leg, ...(ringBack && { sound: ringBack }) });
    draft.become({ caller: { ...caller, state: 'consented' } });
    draft.fact('caller_let_in');
    startRingingConsultants(draft);
    return;
  }
  const limited = plan.talkLimitSeconds < (plan.inbound?.talkLimitMaxSeconds ?? Infinity);
  const language = plan.callerLanguage;
  const sentence: Sentence =
    recognizing?.passedOn ??
    (recognizing?.greeting === undefined
      ? {
          key: 'known_greeting',
          language,
          merchant: plan.merchantName,
          ...(limited && { seconds: plan.talkLimitSeconds }),
          ...(balance && { balance }),
        }
      : { key: 'merchant_text', language, text: recognizing.greeting });
  draft.commands.push({ do: 'play', leg: caller.leg, request: 'hold', sentence });
  // The music begins behind the last of them.
  for (const words of claim.own?.before ?? []) {
    draft.commands.push({
      do: 'play',
      leg: caller.leg,
      request: 'hold',
      sentence: { language, ...words },
    });
  }
  if (claim.own?.nobody) patch(draft, { nobodyHears: claim.own.nobody });
  draft.become({ caller: { ...caller, state: 'consented' } });
  draft.fact('caller_let_in');
  startRingingConsultants(draft);
}

/** The merchant's server failed: the caller is told so, or may talk a little on trust where the line says that. */
function merchantFailed(draft: CallDraft, recognizing: Recognizing, because: string): void {
  const { plan } = draft.session;
  draft.fact('merchant_failed', { because });
  if (plan.inbound?.fallback.do !== 'trial' || plan.inbound.cli.trust === 'withheld') {
    refuse(draft, 'merchant_away', 'merchant_away');
    return;
  }
  const { talkLimitSeconds } = plan.inbound.fallback;
  draft.become({ plan: { ...plan, talkLimitSeconds } });
  draft.fact('let_in_on_trial', { talkLimitSeconds });
  // Nobody knows who he is: his number stands for him, so that one caller has one call of it.
  draft.claimClient = recognizing.clientCode ?? plan.inbound.cli.number;
}

function keyed(
  draft: CallDraft,
  caller: CallerLeg,
  recognizing: Recognizing,
  event: CallEvent & { type: 'digitsGiven' },
): void {
  const waitsFor = keyedNext(recognizing);
  if (waitsFor === undefined) return;
  const anew = (recognizing.anew ?? 0) + 1;
  if (event.ended === 'restart' && anew > anewMax) {
    missed(draft, caller, { ...recognizing, waitsFor });
    return;
  }
  if (event.ended === 'restart') {
    const command = askFor(draft.session, caller.leg, waitsFor, false);
    patch(draft, { waitsFor, anew });
    draft.commands.push({ ...command, anew: true });
    return;
  }
  if (event.digits.length < digitsMin) {
    missed(draft, caller, recognizing);
    return;
  }
  if (waitsFor === 'code') {
    patch(draft, { clientCode: event.digits, codeKeyed: true });
    question(draft, 'client_code');
  } else {
    question(draft, 'client_code', { pin: event.digits });
  }
}

/** What he may key now. While the merchant is asked nothing, but his PIN again: who took over could not repeat the question. */
function keyedNext({ waitsFor, withPin }: Recognizing): 'code' | 'pin' | undefined {
  if (waitsFor !== 'merchant') return waitsFor;
  return withPin ? 'pin' : undefined;
}

function missed(draft: CallDraft, caller: CallerLeg, recognizing: Recognizing): void {
  const waitsFor = recognizing.waitsFor === 'pin' ? 'pin' : 'code';
  const misses = recognizing.misses + 1;
  patch(draft, { misses });
  const { inbound } = draft.session.plan;
  const tries = waitsFor === 'pin' ? inbound?.pin.tries : inbound?.code.tries;
  if (misses >= (tries ?? 1)) refuse(draft, 'not_recognized', 'unknown');
  else prompt(draft, caller, waitsFor, true);
}

/** The merchant's own words come first where he sent some; then what is to be keyed. */
function prompt(
  draft: CallDraft,
  caller: CallerLeg,
  wanted: 'code' | 'pin',
  again: boolean,
  text?: string,
): void {
  answerOnce(draft, caller.leg);
  patch(draft, { waitsFor: wanted });
  draft.fact('digits_wanted', { wanted, again });
  const command = askFor(draft.session, caller.leg, wanted, again);
  const { callerLanguage: language } = draft.session.plan;
  draft.commands.push(
    text === undefined ? command : { ...command, sentence: { key: 'merchant_text', language, text } },
  );
}

function askFor(
  { plan }: CallSession,
  leg: LegUuid,
  wanted: 'code' | 'pin',
  again: boolean,
): CallCommand & { do: 'askDigits' } {
  if (!plan.inbound) throw new Error('Only a caller who dialled us is asked for digits.');
  const language: Language = plan.callerLanguage;
  const repeat = again ? { again } : {};
  return {
    do: 'askDigits',
    leg,
    sentence:
      wanted === 'pin'
        ? { key: 'pin_wanted', language, ...repeat }
        : { key: 'code_wanted', language, merchant: plan.merchantName, ...repeat },
    entry: wanted === 'pin' ? plan.inbound.pin : plan.inbound.code,
    secret: wanted === 'pin',
  };
}

type Because = (Sentence & { key: 'known_refused' })['because'];

function refuse(draft: CallDraft, outcome: CallOutcome, because: Because, text?: string): void {
  draft.fact('refused', { because });
  const ring = ringsInstead(draft.session, because);
  if (ring) passOn(draft, because, ring, text);
  else end(draft, outcome, undefined, refusal(draft.session, because, text));
}

/** Whom the merchant does not know or want. Who is sent away for another reason hears that reason: it says what he can do. */
const ofHimself: readonly Because[] = ['unknown', 'wrong_pin', 'no_credit', 'blocked', 'other'];

/** The merchant's words of this very call first, then those of the line, then ours. */
function refusal({ plan }: CallSession, because: Because, text?: string, seconds?: number): Sentence {
  const { callerLanguage: language, merchantName: merchant, inbound } = plan;
  const said = text ?? (ofHimself.includes(because) ? inbound?.refused?.text[language] : undefined);
  return said === undefined
    ? { key: 'known_refused', language, merchant, because, ...(seconds !== undefined && { seconds }) }
    : { key: 'merchant_text', language, text: said };
}

/**
 * Who is rung for a refused caller. Nobody for one who tried codes (guessing must not lead to people), is blocked, has a call
 * under way, or calls outside the hours, which have a line of their own; nor, as on trial, for one who hides his number.
 */
function ringsInstead(session: CallSession, because: Because): RefusedPlan['ring'] {
  const { plan, recognizing } = session;
  const { refused, cli } = plan.inbound ?? {};
  if (!refused?.ring || cli?.trust === 'withheld' || recognizing?.passedOn) return undefined;
  const triedCodes = because === 'unknown' && recognizing?.asked === 'client_code';
  const isMeant = ['unknown', 'no_credit', 'other', 'merchant_away'].includes(because) && !triedCodes;
  return isMeant ? refused.ring : undefined;
}

/** As nobody's client from here on; his number stands for him, so that one caller has one such call. */
function passOn(
  draft: CallDraft,
  because: Because,
  ring: NonNullable<RefusedPlan['ring']>,
  text?: string,
): void {
  const { clientCode: _code, ...nobodys } = draft.session;
  const { plan, recognizing } = nobodys;
  if (!plan.inbound || !recognizing) return;
  const { overflow: _overflow, ...inbound } = plan.inbound;
  const { cli } = inbound;
  if (cli.trust === 'withheld') return;
  const { clientCode: _keyed, greeting: _greeting, ...asked } = recognizing;
  const talkLimitSeconds = Math.min(ring.talkLimitSeconds, inbound.talkLimitMaxSeconds);
  draft.session = {
    ...nobodys,
    plan: { ...plan, inbound, talkLimitSeconds },
    candidates: ring.consultants,
    recognizing: { ...asked, passedOn: refusal(draft.session, because, text, talkLimitSeconds) },
  };
  draft.fact('passed_on', { because, talkLimitSeconds });
  draft.claimClient = cli.number;
}

/** Nothing is said on a leg that only rings; answered once, it stays so. */
function answerOnce(draft: CallDraft, leg: LegUuid): void {
  if (draft.session.recognizing?.answered === true) return;
  patch(draft, { answered: true });
  draft.commands.push({ do: 'answer', leg });
}

function patch(draft: CallDraft, change: Partial<Recognizing>): void {
  const { recognizing } = draft.session;
  if (recognizing) draft.become({ recognizing: { ...recognizing, ...change } });
}
