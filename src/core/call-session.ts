// The call session: who is being rung, who agreed, when they were joined and parted. It knows nothing of cards or prices;
// payment.ts knows nothing of legs. They meet in flow/ only. Here: what a session is, what may happen to it and what may
// be done about it. What follows from what is advance-call's.
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
//   A line whose scenario is the call rings the caller first; from his key 1 on he is led by that:
//
//                    key 1          the scenario rings                        joined                over
//   ringing_caller ────────▶ led ────────────────────▶ ringing_consultant ──────────▶ connected ─────────▶ ended
//                            │ ▲                          │      │                                (his leg is the scenario's)
//                            │ └──(nobody took it)────────┘      │ caller left, wished
//                            └───────────────────────────────────┴─▶ ended     (also: the scenario is over, nobody was joined)
//
//   A caller who pays by a card he keys in a scenario is in it from the money on:
//
//                     authorized
//   awaiting_payment ───────────▶ led
//
//   A caller who dials us begins elsewhere, and no card is asked:
//
//                 known, may talk
//   recognizing ───────────────────▶ ringing_consultant ──▶ connected ──▶ settled     (nothing is left to be settled: what
//        │ unknown, refused, hung up                                                    he used is reported in the step that
//        └─────────────────────────────────────────────────────────────▶ settled        ends the call)
//
//   state               caller                          consultant                       money
//   recognizing         hears ringing, keys his code    not chosen                       the merchant's own
//   awaiting_payment    enters his card                 softly claimed for him           nothing held yet
//   ringing_consultant  waits, sees who is rung         rings, then hears the offer      held
//   ringing_caller      rings, then hears the price     has accepted, hears music        held
//   led                 is in the line's scenario       not rung                         held
//   connected           talks, limit armed              talks                            held, running
//   ended               gone, or hears a farewell       free                             held until settled
//   settled             has his receipt                 free                             captured, released
//
// No bridge without the caller's key 1. The first consultant to press 1 wins; the others stop ringing at once.

import type { E164, Language, LegUuid } from './ids.ts';
import type { CallerQuestion, Cli, Recognition } from './known-caller.ts';
import type { NoticeDraft } from './merchant-notice.ts';
import type { PriceTerms, Sentence } from './prompt.ts';
import type { Recorded } from './sentence.ts';
import type { PhoneAddress } from './sip-address.ts';

export type CallState =
  | 'recognizing'
  | 'awaiting_payment'
  | 'ringing_consultant'
  | 'ringing_caller'
  | 'led'
  | 'connected'
  | 'ended'
  | 'settled';

export const callStates: readonly CallState[] = [
  'recognizing',
  'awaiting_payment',
  'ringing_consultant',
  'ringing_caller',
  'led',
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
  | 'not_recognized'
  | 'merchant_refused'
  | 'merchant_away'
  | 'cancelled'
  | 'failed';

/** Fixed when the order is made: how this call is to be rung and how long it may last. */
export interface CallPlan {
  /** Absent: he dialled us and withheld it. */
  callerNumber?: E164;
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
  /** Those not tried yet ring in the order they have waited by then: the group that says so. */
  idleGroup?: string;
  /**
   * What the caller agreed to at the start: so many times this many seconds more may be held for and talked. `hold`: what one
   * of them holds on his card at most, as decimal text in the currency of `price`.
   */
  moreTime?: { seconds: number; times: number; hold: string };
  /** What it costs is one price however long they talk, and is taken as soon as they are joined; absent: when they have talked. */
  capture?: 'at_connection';
  /** He dialled us. */
  inbound?: InboundPlan;
  /**
   * He is in this scenario's call, and pays there by a card he keys: from the money on it leads this one, on the leg he has, and nobody
   * rings him.
   */
  paidInRun?: string;
  /** Who is still there when they have talked goes through this from then on. It costs nothing. */
  afterTalk?: { scenarioId: string; version: number };
  /** He is rung first, and is in this from his key 1 on: whom it joins him to first, he talks to for what he has paid. */
  led?: { scenarioId: string; version: number };
}

/** Among candidates: a number the merchant's server named, or whom a scenario rings, instead of the id of a consultant. */
export function isDestination(candidate: string): candidate is PhoneAddress {
  return candidate.startsWith('+') || candidate.startsWith('sip:');
}

/** How a number of digits is keyed. Silences in milliseconds. */
export interface DigitEntry {
  maxDigits: number;
  terminator: '#' | 'none';
  tries: number;
  waitMs: number;
  betweenMs: number;
}

/** Fixed when the call arrives: how its caller is recognized, by the settings of the DDI's line. */
export interface InboundPlan {
  /** Who says whether he is known: the merchant's own server, or accounts kept here. */
  recognizedBy: 'server' | 'accounts';
  ddi: E164;
  cli: Cli;
  code: DigitEntry;
  pin: DigitEntry;
  /** What a caller without a number is asked. */
  withheld: 'code' | 'refuse';
  /** The merchant's server is silent or talks nonsense. */
  fallback: { do: 'refuse' } | { do: 'trial'; talkLimitSeconds: number };
  /** The longest talk of a client the merchant sets no limit for. */
  talkLimitMaxSeconds: number;
  callsAtOnce: number;
  /** Outside its hours, and nobody is rung then. */
  closed?: true;
  /** Who is rung when nobody has taken it; gone once they are. */
  overflow?: readonly string[];
  /** What a refused caller gets beside our own sentence; absent: that sentence alone. */
  refused?: RefusedPlan;
  /** What he hears while consultants are rung; absent: music. */
  ringBack?: RingBack;
  /** He is in a scenario: who he is is known, and when this is over his leg is its again. */
  run?: RunPlanOfTalk;
}

export interface RunPlanOfTalk {
  /** Of the scenario's call, and which of its turns rings. */
  id: string;
  turn: number;
  /** Whoever answers presses 1; consultants always do. */
  acceptKey: boolean;
  /** Said to whoever answers before anything else. */
  whisper?: Sentence;
  /** When his leg was joined last, to somebody else: microseconds of the switch's clock, as text. The switch goes on telling it. */
  joinedBeforeUs?: string;
}

/** Of a paid call that a scenario leads. */
export interface Led {
  /** As he ordered it: a block may want less of it, for the talk it rings for alone. */
  ordered: { talkLimitSeconds: number; moreTime: CallPlan['moreTime'] | null };
  /** Whom the scenario has rung last, and how many had been rung before that. */
  ring?: RunPlanOfTalk & { after: number };
}

/** Music, or the ringing tone of the network he called in by. */
export type RingBack = 'tone' | 'music';

export interface RefusedPlan {
  /** The line's own words to him, by language. */
  text: Partial<Record<Language, string>>;
  /** Those of another line, rung for whom our merchant does not want as a client; never without a limit of its own. */
  ring?: { consultants: readonly string[]; talkLimitSeconds: number };
}

/** How far the recognition of a caller has come. The PIN he keyed is never part of it. */
export interface Recognizing {
  /** Questions put to the merchant's server so far; the last one's id is made of it. */
  questions: number;
  waitsFor: 'merchant' | 'code' | 'pin';
  /** What the last question was by. */
  asked: CallerQuestion['ask'];
  clientCode?: string;
  /** He keyed it himself: what is wrong about it begins with the code again. */
  codeKeyed: boolean;
  /** The last question carried his PIN: nobody can ask it again but with him. */
  withPin: boolean;
  /** Entries that led to nothing: too short, none, wrong. */
  misses: number;
  /** How often he pressed `*`. */
  anew?: number;
  answered: boolean;
  /** The merchant's own words, said before it rings. */
  greeting?: string;
  /** Refused, and let through to another line: what he hears before it rings. */
  passedOn?: Sentence;
  /** The consultant he wants is not there, and has said himself what such a caller hears. */
  nobodyHears?: Recorded;
}

/** A call as it comes in, before anybody was asked anything. */
export const unrecognized: Recognizing = {
  questions: 0,
  waitsFor: 'merchant',
  asked: 'caller',
  codeKeyed: false,
  withPin: false,
  misses: 0,
  answered: false,
};

/** A consultant who was claimed for this session, with the leg that will ring him. */
export interface ClaimedConsultant {
  consultantId: string;
  name: string;
  /** His number, or his SIP address. */
  number: PhoneAddress;
  language: Language;
  leg: LegUuid;
  /** How long his phones ring; absent: as the plan says. */
  ringSeconds?: number;
  /** His other phones, in their order; gone from here once they ring. */
  more?: readonly FurtherPhone[];
}

/**
 * Another phone of the same consultant: it rings when the one before could not reach him, or too when that has rung for
 * `afterSeconds`.
 */
export interface FurtherPhone {
  number: PhoneAddress;
  leg: LegUuid;
  afterSeconds?: number;
}

/** One phone of a consultant. */
export interface Attempt extends ClaimedConsultant {
  state: 'ringing' | 'offered' | 'accepted' | 'refused' | 'failed' | 'stopped';
  tries: number;
  /** Why this phone did not reach him. */
  lostBecause?: string;
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
  recognizing?: Recognizing;
  /** As the merchant calls him, once recognized. */
  clientCode?: string;
  bridgedUs?: bigint;
  unbridgedUs?: bigint;
  endedBy?: 'caller' | 'consultant' | 'limit' | 'merchant' | 'switch';
  /** The talk is over, and the caller's leg is that of the scenario which follows it. */
  handedOver?: true;
  /** He has pressed 1, or paid in it, and is in the scenario that leads his call. */
  led?: Led;
  /**
   * Near the limit more time is offered, at most `plan.moreTime.times` times: `asked` while the processor decides. Granted, the
   * limit in `plan.talkLimitSeconds` has moved and the next offer may come; refused, none comes any more.
   */
  moreTime?: { state: 'offered' | 'asked' | 'refused' | 'granted'; granted: number };
}

export type CallEvent =
  | { type: 'callArrived' }
  /** `question`: which one it answers; an answer to an older one is late. */
  | { type: 'callerRecognized'; question: number; recognition: Recognition }
  | { type: 'merchantFailed'; question: number; because: string }
  /** Whether he may be let in: so many calls of this client are not under way yet. */
  | {
      type: 'clientClaimed';
      claimed: boolean;
      /** Why not; absent: so many calls of his are under way already. */
      because?: 'no_credit' | 'blocked';
      /** What his account lets him talk, as it was locked. */
      talkLimitSeconds?: number;
      balance?: { amount: string; currency: string };
      /** Of the one consultant he wants: what is said before his telephone rings, and what if he is not there. */
      own?: { before: readonly Recorded[]; nobody?: Recorded };
    }
  | { type: 'digitsGiven'; leg: LegUuid; digits: string; ended: 'terminator' | 'full' | 'pause' | 'restart' }
  | { type: 'paymentAuthorized' }
  | { type: 'paymentGivenUp'; outcome: 'payment_failed' | 'payment_abandoned' | 'cancelled' }
  /** A scenario that leads a paid call wants somebody rung for it. */
  | { type: 'scenarioRings'; ring: RunPlanOfTalk; plan: RingPlan; candidates: readonly string[] }
  /** It has come to its end, and nobody was joined. */
  | { type: 'scenarioEnded'; failed: boolean }
  | { type: 'consultantsClaimed'; consultants: readonly ClaimedConsultant[]; skipped: readonly string[] }
  /** Their own word, or their merchant's, since they began to ring: they are on a break, away or gone. */
  | { type: 'consultantsWithdrew'; consultantIds: readonly string[] }
  | { type: 'legAnswered'; leg: LegUuid }
  | { type: 'keyGiven'; leg: LegUuid; key: string }
  | { type: 'noKeyGiven'; leg: LegUuid }
  | { type: 'played'; leg: LegUuid; request: string }
  | { type: 'legsBridged'; atUs: bigint }
  /** `left`: who went first, and why, where the switch says so. */
  | { type: 'legsUnbridged'; atUs: bigint; left?: { leg: LegUuid; because: LegEnd } }
  /**
   * `bridgedAtUs`: the switch says that this leg was joined, and when, though the joining itself may not have been heard.
   * `otherBecause`: the leg it was joined to had ended before it, for this reason.
   */
  | {
      type: 'legEnded';
      leg: LegUuid;
      because: LegEnd;
      endedAtUs: bigint;
      bridgedAtUs?: bigint;
      otherBecause?: LegEnd;
    }
  | { type: 'bridgeFailed' }
  /** The switch came back as a new one (its Core-UUID): no leg of it lives. `provenUs`: the last it told before. */
  | { type: 'switchRestarted'; provenUs?: bigint }
  | { type: 'timerDue'; timer: TimerName }
  /** A key pressed while they talk. */
  | { type: 'keyPressed'; leg: LegUuid; key: string }
  /** The caller's wish for more time, from his page; from his phone it is a key. */
  | { type: 'moreTimeAsked' }
  /**
   * What the processor said to it; granted, the talk may last `talkLimitSeconds` from its bridge, or where that is not said as
   * much longer as was offered.
   */
  | { type: 'moreTimeAnswered'; granted: boolean; talkLimitSeconds?: number }
  | { type: 'hangUpRequested'; by: 'caller' | 'merchant' };

/** What of a plan a block decides for whom it rings. */
export type RingPlan = Pick<
  CallPlan,
  | 'ringing'
  | 'ringSeconds'
  | 'ringStepSeconds'
  | 'idleGroup'
  | 'callerId'
  | 'callerLanguage'
  | 'talkLimitSeconds'
>;

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

export type TimerName =
  | 'step'
  | 'warning'
  | 'consultant_warning'
  | 'limit'
  | 'unbridged'
  /** The phone on this leg has rung so long that the next one of the same consultant joins. */
  | `next_phone ${LegUuid}`;

/** What is to be done after the step is committed, in this order. */
export type CallCommand =
  | { do: 'answer'; leg: LegUuid }
  /** `anew`: he pressed `*`; what he types behind it counts. */
  | { do: 'askDigits'; leg: LegUuid; sentence: Sentence; entry: DigitEntry; secret: boolean; anew?: boolean }
  /** The merchant's server is asked; `callerRecognized` or `merchantFailed` follows. */
  | { do: 'recognize'; question: number; ask: CallerQuestion['ask']; clientCode?: string; pin?: string }
  | { do: 'ring'; leg: LegUuid; to: PhoneAddress }
  | { do: 'ask'; leg: LegUuid; sentence: Sentence }
  | { do: 'play'; leg: LegUuid; request: 'wait' | 'hold' | 'whisper' | 'last_words'; sentence: Sentence }
  /** `sound` absent: music. */
  | { do: 'playMusic'; leg: LegUuid; sound?: RingBack }
  | { do: 'announce'; leg: LegUuid; sentence: Sentence }
  | { do: 'bridge'; aLeg: LegUuid; bLeg: LegUuid }
  /** The switch's own cut moves to this long after the bridge, and our timers with it (flow knows the bridge's instant). */
  | { do: 'moveLimit'; aLeg: LegUuid; talkLimitSeconds: number }
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
  /** Let this client in, in the same transaction; `clientClaimed` is the next event. */
  claimClient?: string;
  /** This consultant talks or is about to: busy until freed. */
  occupy?: string;
  free: readonly string[];
  /** This consultant still hears why it came to nothing: his phone is his again when his leg ends. */
  linger?: string;
  /** A second authorization is to be written and asked for with this step; `moreTimeAnswered` follows. */
  askForMore?: boolean;
  /** Whoever answers this number asked never to be called again: to be kept with this step. */
  neverAgain?: E164;
  /** The money is to be settled. */
  settle: boolean;
  /** The caller's leg goes through `plan.led` or `plan.afterTalk` from here on: that begins in the same transaction. */
  handOver?: boolean;
}

/** Long enough to hear the offer out and think; two tries stay within the 30 s a caller has (DESIGN 4). */
export const keyWaitMs = 8_000;
export const askTriesMax = 2;
/** A phone that has answered is heard within this; the switch ends a leg nobody commands after it. */
export const guardSeconds = 60;

/** The end of a leg follows the unbridge at once; when neither is told in this time, the unbridge stands alone. */
export const legEndWithinMs = 500;
/** `media_timeout` of the shipped profile. */
export const mediaTimeoutUs = 30_000_000n;

/** The key that asks for more time; 1 and 3 were yes and no a minute ago and may still lie under a finger. */
export const moreTimeKey = '5';

/** Pressed by a caller while he hears the price: he is never rung again. */
export const neverAgainKey = '9';

/**
 * The caller is warned a minute before the end; on a very short limit when two thirds are gone. A warning names whole seconds:
 * below three nothing is left to be named, and none is given.
 */
export function warningSecondsBefore(talkLimitSeconds: number): number | undefined {
  if (talkLimitSeconds < 3) return undefined;
  return talkLimitSeconds >= 120 ? 60 : Math.floor(talkLimitSeconds / 3);
}

/**
 * How many seconds before its end the talk's next warning falls: after the old end where the limit was moved by little.
 * `undefined`: none is given.
 */
export function nextWarningSecondsBefore({ plan, moreTime }: CallSession): number | undefined {
  const before = warningSecondsBefore(plan.talkLimitSeconds);
  if (before === undefined || !plan.moreTime || !moreTime?.granted) return before;
  const after = warningSecondsBefore(plan.moreTime.seconds);
  return after === undefined ? undefined : Math.min(before, after);
}

/** The consultant of a known caller is told two minutes before the end, on a limit that leaves as long before it. */
export function consultantWarningSecondsBefore({ plan }: CallSession): number | undefined {
  return plan.inbound && plan.talkLimitSeconds >= 240 ? 120 : undefined;
}

/** How long a phone of this leg rings; the caller's as the plan says. */
export function ringSecondsOf({ plan, attempts }: CallSession, leg: LegUuid): number {
  return attempts.find((one) => one.leg === leg)?.ringSeconds ?? plan.ringSeconds;
}

/** The longest any phone of this call rings. */
export function ringSecondsMax({ plan, attempts }: Pick<CallSession, 'plan' | 'attempts'>): number {
  return Math.max(plan.ringSeconds, ...attempts.map((one) => one.ringSeconds ?? 0));
}

/** The timers of a talk, as milliseconds from its bridge: whoever takes it over or moves its limit arms what is left of them. */
export function talkTimers(session: CallSession): readonly { timer: TimerName; afterBridgeMs: number }[] {
  const limitMs = session.plan.talkLimitSeconds * 1000;
  const before = (timer: TimerName, seconds: number | undefined) =>
    seconds === undefined ? [] : [{ timer, afterBridgeMs: limitMs - seconds * 1000 }];
  return [
    { timer: 'limit', afterBridgeMs: limitMs },
    ...before('warning', nextWarningSecondsBefore(session)),
    ...before('consultant_warning', consultantWarningSecondsBefore(session)),
  ];
}

/** Once this is over, the caller's leg is a scenario's: the one it was in before, or the one that follows. */
export function isScenarios({ plan, handedOver, led }: CallSession): boolean {
  return plan.inbound?.run !== undefined || led !== undefined || handedOver === true;
}

export function isOver({ state }: Pick<CallSession, 'state'>): boolean {
  return state === 'ended' || state === 'settled';
}

/** The turn of a scenario that rings in this call, or has rung last. */
export function ringOf({ plan, led }: CallSession): RunPlanOfTalk | undefined {
  return plan.inbound?.run ?? led?.ring;
}

/** Who was rung for the scenario's last turn; in any other call, for all of it. */
export function rungLast({ attempts, led }: Pick<CallSession, 'attempts' | 'led'>): readonly Attempt[] {
  return led?.ring ? attempts.slice(led.ring.after) : attempts;
}

/** Whether a leg of this call that was joined then was joined in this talk: a caller in a scenario may have had others. */
export function isOfThisTalk(session: CallSession, joinedUs: bigint): boolean {
  const before = ringOf(session)?.joinedBeforeUs;
  return before === undefined || joinedUs > BigInt(before);
}

/** Whether more time may be offered, once more. */
export function mayOfferMoreTime({ plan, moreTime }: CallSession): boolean {
  if (!plan.moreTime || moreTime?.state === 'asked' || moreTime?.state === 'refused') return false;
  return (moreTime?.granted ?? 0) < plan.moreTime.times;
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

/** After the talk the switch keeps the caller's leg this long, for his farewell (`park_timeout`). */
export const farewellUs = 20_000_000n;

/** What the switch's own record of a leg says of its end; `bridgedUs` where it was ever joined to another. */
export interface LegRecord {
  leg: LegUuid;
  endedUs: bigint;
  /** The switch's word: `MEDIA_TIMEOUT`. */
  cause?: string;
  /** The same for the leg it was joined to, where that had ended before it (`last_bridge_hangup_cause`). */
  otherCause?: string;
  bridgedUs?: bigint;
}

/**
 * When a talk ended whose end nobody heard: the earliest end in the switch's records of its legs, never before the bridge.
 * The consultant's leg ends with the talk, the caller's may have waited for a farewell that never came, and one that fell
 * silent was hung up when the silence had lasted (DESIGN 6). `gone`: the legs that no longer live.
 */
export function provenEndUs(
  session: CallSession,
  gone: readonly LegUuid[],
  records: readonly LegRecord[],
): bigint {
  const bridgedUs = session.bridgedUs ?? 0n;
  const accepted = session.attempts.find((one) => one.state === 'accepted');
  const ends = records.map((record) => {
    const { leg } = record;
    const waited = leg === session.caller?.leg && accepted !== undefined && gone.includes(accepted.leg);
    const proven = records.some((one) => one.leg === accepted?.leg);
    if (record.cause === 'MEDIA_TIMEOUT') return record.endedUs - mediaTimeoutUs;
    const parted = waited && !proven ? record.endedUs - farewellUs : record.endedUs;
    return record.otherCause === 'MEDIA_TIMEOUT' ? parted - mediaTimeoutUs : parted;
  });
  const first = ends.reduce<bigint | undefined>((a, b) => (a === undefined || b < a ? b : a), undefined);
  return first === undefined || first < bridgedUs ? bridgedUs : first;
}

/** Microseconds as seconds with three decimals, cut, never rounded up. */
export function secondsOf(us: bigint): number {
  return Number(us / 1000n) / 1000;
}
