// What the steps need of the outside. Types only. Adapters (telephony, payments, merchants) fulfil them with the real
// protocols; the sandbox stands on the far side of those protocols, never here.
//
// An outcome is returned; a fault of the world is an outcome too where the step must decide what follows (`unknown`);
// only bugs throw.

import type { RingBack } from '../core/call-session.ts';
import type { CardSound, KeyedCard } from '../core/keyed-card.ts';
import type { E164, IdKind, Language, LegUuid } from '../core/ids.ts';
import type { CallerQuestion, Cli, Recognition } from '../core/known-caller.ts';
import type { Money } from '../core/money.ts';
import type { Sentence } from '../core/prompt.ts';
import type { ScriptProgram } from '../core/scenario/script-program.ts';
import type { ScriptQuestion } from '../core/scenario/script-request.ts';
import type { PhoneAddress } from '../core/sip-address.ts';
import type { SipContact, SipSource } from '../core/sip-contact.ts';
import type { SmsRequest } from '../core/sms-sender.ts';

// --- Time and chance -------------------------------------------------------------------------------------------

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall-clock time: for what people read and for evidence, never for measuring. */
  now(): Date;
  /** Milliseconds that only grow: for timers and deadlines. */
  monotonicMs(): number;
  after(delayMs: number, act: () => void): Timer;
}

export interface Ids {
  /** A new id of this kind, sortable by time: `ord_01j...`. */
  id(kind: IdKind): string;
  legUuid(): LegUuid;
  /** 128 bits of chance, URL-safe: links a person may follow without signing in. */
  token(): string;
  /** In [0, 1): spreads repeats of things that failed together. */
  chance(): number;
}

// --- How people prove who they are -----------------------------------------------------------------------------

export interface Proofs {
  /** With parameters and salt in it. Takes some twenty milliseconds, and nineteen megabytes. */
  hashPassword(password: string): Promise<string>;
  /** `hash`: `undefined` where there is none; `false` then, after the same work. */
  passwordHolds(hash: string | undefined, password: string): Promise<boolean>;
  /** Base 32, as authenticators take it. */
  newTotpSecret(): string;
  /** What an authenticator reads: an otpauth:// address. */
  totpAddress(secret: string, account: string): string;
  /** The step of thirty seconds this code is of, at most one off (RFC 6238, 5.2); `undefined`: of none. */
  totpStep(secret: string, code: string, at: Date): number | undefined;
  /** Fifty bits of chance to be written on paper: `k3f7-29qx-mt`. */
  recoveryCode(): string;
  /** A new Ed25519 key (RFC 8032): the private half to be sealed, the public one as everybody may read it (RFC 8037). */
  newSigningKey(): { privateKey: string; publicJwk: { kty: string; crv: string; x: string } };
  /** 64 bytes, the same for the same text. */
  sign(privateKey: string, text: string): Buffer;
}

// --- SIP telephones ------------------------------------------------------------------------------------------------

/** A REGISTER as it came; nothing of it is believed. */
export interface RegisterRequest {
  /** Whom it is for: the user of To. */
  user: string;
  /** What was requested. */
  uri: string;
  authorization?: string;
  contacts: '*' | readonly { uri: string; expires?: string }[];
  expires?: string;
  source: SipSource;
}

export type RegisterAnswer =
  | { outcome: 'challenged'; nonce: string; stale: boolean }
  /** Wrong, of nobody, or tried too often: he is not told which. */
  | { outcome: 'refused' | 'malformed' }
  | { outcome: 'too_brief'; minSeconds: number }
  | { outcome: 'registered'; contacts: readonly { uri: string; expiresSeconds: number }[] };

/** What the SIP edge asks of us. */
export interface PhoneRegistry {
  register(request: RegisterRequest): Promise<RegisterAnswer>;
  /** Where the telephones of a login are, the last that registered at the end; `undefined`: there is no such login. */
  phonesOf(userName: string): Promise<readonly SipContact[] | undefined>;
}

// --- The switch ------------------------------------------------------------------------------------------------

/**
 * What became of a command. `gone`: the leg it names does not live (never an error: people hang up).
 * `refused`: the switch said no. `unknown`: no answer came, it may have been carried out.
 */
export type Commanded =
  { outcome: 'done' } | { outcome: 'gone' } | { outcome: 'refused'; reason: string } | { outcome: 'unknown' };

/** Why a leg ended, in our words. `core` decides what it means for the caller and the money. */
export type HangupCause =
  | 'normal'
  | 'busy'
  | 'no_answer'
  | 'rejected'
  | 'unreachable' // number does not exist, out of service, no route
  | 'congestion'
  | 'limit_reached'
  | 'media_timeout'
  | 'stopped' // we ended it: lost the race, cancelled, guard
  | 'failed';

export interface LegToRing {
  leg: LegUuid;
  /** `refused` where it is a SIP address in a domain the operator does not list. */
  to: PhoneAddress;
  /** The number shown: always one of the merchant's that an operator marked verified. */
  callerId: E164;
  /** The switch gives up after this long; `legEnded` with `no_answer` follows. */
  ringSeconds: number;
  /** The switch ends the leg by itself this long after the command unless a later `guard` moves it. */
  guardSeconds: number;
}

export interface Question {
  /** Returns in `keyGiven`/`noKeyGiven`, so that a late answer to an older question is recognized. */
  request: string;
  sentence: Sentence;
  /** Silence after the sentence until it counts as no answer. Keys typed over the sentence count. */
  waitMs: number;
}

/** What ended an entry: its terminator, its greatest length, a pause, or `*`: he begins anew. */
export type DigitsEnd = 'terminator' | 'full' | 'pause' | 'restart';

/** A number is keyed: `digitsGiven` follows, or `noKeyGiven` where nothing was typed at all. */
export interface DigitsQuestion {
  request: string;
  sentence: Sentence;
  maxDigits: number;
  /** Ends the entry before `maxDigits` are typed. */
  terminator: '#' | 'none';
  /** Silence after the sentence until it counts as no answer. Digits typed over the sentence count. */
  waitMs: number;
  /** Pause after a digit that ends the entry. */
  betweenMs: number;
  /** He begins anew: what he has typed behind his `*` counts already. */
  typedAhead?: boolean;
  /** A PIN: no trace of it stays in the switch, its events for others, or its records. */
  secret: boolean;
}

/** Somebody speaks, and what he says becomes a take: a file of this switch's, until it is dropped. */
export interface RecordingOrder {
  request: string;
  /** Said first, and then a tone. */
  sentence: Sentence;
  /** Names the take; what lies there under this name is replaced. */
  take: LegUuid;
  maxSeconds: number;
  /** Silence that ends it. */
  silenceSeconds: number;
  /** What he is saying, or being told, is broken off. */
  anew?: true;
}

/** A call from outside that nobody commands yet. */
export interface ParkedLeg {
  leg: LegUuid;
  cli: Cli;
  /** As dialled; `undefined` when it is no number of E.164. */
  ddi?: E164;
  atUs: bigint;
}

/** All instants are the switch's own microseconds since 1970 (DESIGN 6). */
export type SwitchEvent =
  | { type: 'legRinging'; leg: LegUuid }
  | { type: 'legAnswered'; leg: LegUuid; atUs: bigint }
  | { type: 'keyGiven'; leg: LegUuid; request: string; key: string }
  | { type: 'noKeyGiven'; leg: LegUuid; request: string }
  | { type: 'played'; leg: LegUuid; request: string }
  /** In a talk, or while music is heard. */
  | { type: 'keyPressed'; leg: LegUuid; key: string }
  | { type: 'legsBridged'; aLeg: LegUuid; bLeg: LegUuid; atUs: bigint }
  /** `left`: who went first, and why, where the switch says so. */
  | {
      type: 'legsUnbridged';
      aLeg: LegUuid;
      bLeg: LegUuid;
      atUs: bigint;
      left?: { leg: LegUuid; cause: HangupCause };
    }
  | {
      type: 'legEnded';
      leg: LegUuid;
      cause: HangupCause;
      /** The switch's own word for it, kept for the trace: `USER_BUSY`. */
      switchCause: string;
      /** Absent when the leg was never answered or never bridged. */
      answeredAtUs?: bigint;
      bridgedAtUs?: bigint;
      endedAtUs: bigint;
      /** Why the leg it was joined to had ended before it; absent where this one went first. */
      otherCause?: HangupCause;
    }
  | { type: 'digitsGiven'; leg: LegUuid; request: string; digits: string; ended: DigitsEnd }
  /** A take is made. `back`: he ended it by `*`. */
  | { type: 'recorded'; leg: LegUuid; request: string; seconds: number; back: boolean }
  /** An inbound call waits, ringing, parked and guarded, for somebody to take it. */
  | ({ type: 'legParked' } & ParkedLeg)
  | { type: 'linkUp'; coreUuid: string }
  | { type: 'linkDown' };

/** Why we end a leg. */
export type HangUpWhy = 'normal' | 'limit_reached' | 'stopped' | 'busy' | 'rejected';

export type LegTruth =
  | { state: 'gone' }
  | { state: 'unknown' }
  | { state: 'living'; answered: boolean; bridgedAtUs?: bigint; bridgedTo?: LegUuid };

/** One FreeSWITCH. Every method answers within its deadline (5 s); none throws for what the world does. */
export interface Switch {
  readonly id: string;
  /** `lastSeenMs`: Clock.monotonicMs() of the last byte from it. */
  link(): { up: boolean; coreUuid?: string; lastSeenMs?: number };
  onEvent(listener: (event: SwitchEvent) => void): void;
  start(): void;
  stop(): Promise<void>;

  /** Renders what will be said soon, so that nobody waits for it on the line. Never fails the call. */
  prepare(sentences: readonly Sentence[]): void;

  /** Dials; the leg parks when answered. `done` means the switch has taken the order, events tell the rest. */
  ring(leg: LegToRing): Promise<Commanded>;
  /** Takes a parked call from outside: the apology that would end it in 8 s goes, a guard of ours stands. It rings on. */
  take(leg: LegUuid, guardSeconds: number): Promise<Commanded>;
  /** Answers a call from outside. Answering what is answered is `done`. */
  answer(leg: LegUuid): Promise<Commanded>;
  /** Says a sentence and waits for a number to be keyed. */
  askDigits(leg: LegUuid, question: DigitsQuestion): Promise<Commanded>;
  /** Says a sentence and waits for one key. */
  ask(leg: LegUuid, question: Question): Promise<Commanded>;
  /** Says a sentence; `played` follows unless the leg ends first. `anew`: what is being said is broken off. */
  play(leg: LegUuid, request: string, sentence: Sentence, anew?: boolean): Promise<Commanded>;
  /** Records what he says until `#`, `*`, silence or its greatest length: `recorded` follows unless the leg ends first. */
  record(leg: LegUuid, order: RecordingOrder): Promise<Commanded>;
  /** Says a take; `played` follows unless the leg ends first. */
  playTake(leg: LegUuid, request: string, take: LegUuid): Promise<Commanded>;
  /** `words`: what it says, where the switch wrote that down too. */
  readTake(take: LegUuid): Promise<{ outcome: 'read'; wav: Buffer; words?: string } | { outcome: 'gone' }>;
  /** Dropping what is gone is nothing. */
  dropTake(take: LegUuid): Promise<void>;
  /** Until the next command for this leg: music, or the tone of a telephone that rings as the switch's country makes it. */
  playMusic(leg: LegUuid, sound?: RingBack): Promise<Commanded>;
  /** Says a sentence to one party of a bridge; the talk goes on. */
  announce(leg: LegUuid, sentence: Sentence): Promise<Commanded>;
  /** The leg ends in the switch this long from now whatever becomes of us. Replaces the earlier guard. */
  guard(leg: LegUuid, seconds: number): Promise<Commanded>;
  /**
   * Arms the talk limit on A in the switch (it stands at most 2 s behind our own cut), then bridges both parked legs and
   * lifts their guards. After the bridge A parks again, for a farewell, and ends by itself after `park_timeout`.
   */
  bridge(aLeg: LegUuid, bLeg: LegUuid, talkLimitSeconds: number): Promise<Commanded>;
  /**
   * Moves the armed limit of a talk: the switch's own cut then stands at most 2 s behind `untilUs` (the switch's clock). The
   * new task stands before the old one goes, so that no moment is without a limit. Repeating it is harmless.
   */
  moveLimit(aLeg: LegUuid, untilUs: bigint): Promise<Commanded>;
  /** `busy`, `rejected`: what the network is told of a call that was never answered. */
  hangUp(leg: LegUuid, cause: HangUpWhy): Promise<Commanded>;
  /**
   * A leg that parks after a talk is not ended when the time for a farewell is over, but by this guard. What plays on it is
   * broken off. Repeating it is harmless.
   */
  keep(leg: LegUuid, guardSeconds: number): Promise<Commanded>;
  look(leg: LegUuid): Promise<LegTruth>;
  /**
   * Every leg the switch lists as living. The list lags: one that has just begun or ended may be wrong in it. `atUs`: the
   * switch's own clock just before it listed them.
   */
  legs(): Promise<{ outcome: 'listed'; legs: LegUuid[]; atUs?: bigint } | { outcome: 'unknown' }>;
  /** Calls from outside that ring unanswered, taken or not: whoever took one may not have come to write it down. */
  parked(): Promise<{ outcome: 'listed'; parked: ParkedLeg[] } | { outcome: 'unknown' }>;
  /** Where the switch finds these sentences, rendered, in their order: for the card room, which says them there itself. */
  soundsOf(sentences: readonly Sentence[]): Promise<readonly string[]>;
  /**
   * What a card room that died in mid-entry left on a leg is taken from it: its question, what was keyed, and last the mark for which
   * nobody hears of the leg. Only where no room is at it.
   */
  leaveCardRoom(leg: LegUuid): Promise<Commanded>;
}

// --- The card room ---------------------------------------------------------------------------------------------

/** A caller is to key his card. */
export interface CardEntryOrder {
  switchId: string;
  leg: LegUuid;
  /** Names this entry: what the room sends to the processor bears it, and is the same when it is sent again. */
  request: string;
  /** Where the switch finds what is said, by its name (core/card-entry). */
  sounds: Readonly<Record<CardSound, string>>;
  /** The merchant's connected account, where the card is to pay; absent: our own. */
  merchantAccount?: string;
}

/**
 * `gave_up`: as often as he may, or by his own wish. `timed_out`: he keyed nothing. `refused`: the processor wants none of what he
 * keyed, as often as he may try. `not_permitted`: it takes no card of this account as it is keyed. `unknown`: it does not answer.
 * `away`: nobody takes cards here at this moment, or the room died in mid-entry; to ask again harms nobody.
 */
export type CardTaken =
  | { outcome: 'taken'; card: KeyedCard }
  | { outcome: 'gave_up' | 'timed_out' | 'refused' | 'unknown' | 'not_permitted' | 'away' }
  | { outcome: 'hung_up'; endedAtUs?: bigint };

/**
 * The process that hears card digits (DESIGN 8). While it is at it the leg's events reach nobody else; its end is told here. Nobody
 * guards the leg meanwhile but who asks.
 */
export interface CardRoom {
  /** Never rejects. `stop`: what is under way on the leg is broken off, and nothing is told any more. */
  takeCard(order: CardEntryOrder): { came: Promise<CardTaken>; stop(): void };
}

/** Sound as telephones take it: mono, 16 bit, WAV. */
export interface TelephoneAudio {
  wav8: Buffer;
  wav16: Buffer;
  seconds: number;
}

export type AudioMade =
  | { outcome: 'made'; audio: TelephoneAudio }
  /** `no_converter`: only WAV can be read on this machine. `failed`: it took too long, or too much. */
  | { outcome: 'refused'; because: 'not_audio' | 'too_short' | 'too_long' | 'no_converter' | 'failed' };

/** Makes what somebody recorded or sent fit for telephones; nothing of it is believed. */
export interface AudioConverter {
  convert(bytes: Buffer, mediaType: string): Promise<AudioMade>;
}

/** Says a text, so that it can be kept or listened to before. */
export interface Speech {
  /** `spoken`: a WAV of any rate. `failed`: nobody speaks here, or not now; `reason` for who reads logs. */
  /** Without a voice it is the one that speaks our own sentences. */
  speak(text: string, language: Language, voice?: SpeechVoice): Promise<Spoken>;
}
export const speechVoices = ['female', 'male'] as const;
export type SpeechVoice = (typeof speechVoices)[number];
export type Spoken = { outcome: 'spoken'; wav: Buffer } | { outcome: 'failed'; reason: string };

// --- The card processor ----------------------------------------------------------------------------------------

export type DeclineReason =
  | 'declined'
  | 'insufficient_funds'
  | 'expired_card'
  | 'wrong_security_code'
  | 'wrong_number'
  | 'lost_or_stolen'
  | 'authentication_failed'
  | 'processing_error'
  | 'card_not_supported'
  | 'too_many_attempts'
  | 'suspected_fraud'
  /** The account may take no card by telephone. */
  | 'moto_not_allowed';

export interface CardFacts {
  brand: string;
  last4: string;
  paymentMethod: string;
  /** The processor's word for this very card, whoever uses it: what limits against abuse are counted by. */
  fingerprint?: string;
  /** The processor's customer the payment method belongs to, where it was kept for more time. */
  customer?: string;
}

export interface AuthorizationRequest {
  /** Our operation id, stored before it is sent: Stripe's idempotency key. */
  key: string;
  amount: Money;
  /** The merchant's connected account (direct charge); absent: our own account. */
  merchantAccount?: string;
  /** Confirmed at once when given; else the page confirms it with the client secret. */
  paymentMethod?: string;
  /** Where the bank sends the caller back to when authentication leaves the page. */
  returnUrl: string;
  description: string;
  /** Ids only: order, session, authorization. */
  metadata: Record<string, string>;
  receiptEmail?: string;
  /** The caller agreed that more of it may be held during the call: the payment method is kept with a customer for that. */
  keepForMore?: boolean;
  /** More time: confirmed at once with the kept payment method of this customer, nobody is there to authenticate. */
  offSession?: { customer: string };
  /**
   * He has keyed it on the telephone (mail order, telephone order), or named one he keyed before, which is kept with this customer:
   * nobody can authenticate there.
   */
  moto?: true | { customer: string };
}

/** What the processor holds for one authorization, as it stands. */
export type IntentState =
  | { state: 'needs_card'; clientSecret: string; lastDecline?: DeclineReason }
  | { state: 'needs_action'; clientSecret: string }
  | { state: 'processing' }
  | { state: 'authorized'; amount: Money; card: CardFacts; chargeId: string; captureBefore?: Date }
  | { state: 'captured'; captured: Money; card: CardFacts; chargeId: string }
  | { state: 'cancelled' };

export type Authorized =
  | { outcome: 'intent'; intentId: string; intent: IntentState }
  | { outcome: 'declined'; intentId?: string; reason: DeclineReason }
  | { outcome: 'refused'; reason: string }
  /** `spent`: the key has its answer for good and it says nothing of what was done: only looking helps now. */
  | { outcome: 'unknown'; spent?: true };

export type Settled =
  | { outcome: 'captured'; amount: Money; chargeId: string }
  | { outcome: 'voided' }
  /** Nothing is held any more: the hold expired or was cancelled elsewhere. */
  | { outcome: 'nothing_held' }
  | { outcome: 'refused'; reason: string }
  | { outcome: 'unknown' };

export type Refunded =
  /** `pending`: the bank has it; what became of it is told later. */
  | { outcome: 'refunded'; refundId: string; amount: Money; pending: boolean }
  | { outcome: 'refused'; reason: string }
  | { outcome: 'unknown' };

export interface Dispute {
  disputeId: string;
  intentId: string;
  amount: Money;
  reason: string;
  state: 'needs_response' | 'under_review' | 'won' | 'lost' | 'warning';
  evidenceDueBy?: Date;
}

export interface IntentReference {
  intentId: string;
  merchantAccount?: string;
}

/** A customer that was made for this authorization, to keep its payment method with. */
export interface CustomerToRemove {
  authorizationId: string;
  createdAt: Date;
  merchantAccount?: string;
  /** Absent: it never held anything, so that nobody was told which. Looked for by its intent, or by the authorization. */
  customer?: string;
  intentId?: string;
}

export interface CardProcessor {
  /** `lastSeenMs`: Clock.monotonicMs() of its last answer. */
  health(): { lastSeenMs?: number };
  authorize(request: AuthorizationRequest): Promise<Authorized>;
  /** Final capture: what is not captured is released by the processor at once. Capturing what is captured is success. */
  capture(
    request: IntentReference & { key: string; amount: Money; applicationFee?: Money },
  ): Promise<Settled>;
  void(request: IntentReference & { key: string }): Promise<Settled>;
  look(intent: IntentReference): Promise<{ outcome: 'intent'; intent: IntentState } | { outcome: 'unknown' }>;
  /**
   * Whether a request whose answer never came made an intent: looked for by the authorization named in its metadata, for when
   * the key is too old to ask by. `none` is only to be believed of a request older than a minute.
   */
  find(wanted: {
    authorizationId: string;
    createdAt: Date;
    merchantAccount?: string;
  }): Promise<
    | { outcome: 'intent'; intentId: string; intent: IntentState }
    | { outcome: 'none' }
    | { outcome: 'unknown' }
  >;
  /** Of what was captured, whole or part. The application fee goes back in proportion. */
  refund(request: IntentReference & { key: string; amount: Money }): Promise<Refunded>;
  /**
   * Forgets a customer and the payment methods that were kept with it; what they have paid stays paid. `gone` too where there is none
   * any more, or never was.
   */
  removeCustomer(wanted: CustomerToRemove): Promise<'gone' | 'refused' | 'unknown'>;
  /**
   * Whether a refund whose answer never came was made: looked for by its key, for when that is too old to ask by. `none` is
   * only to be believed of a request older than a minute; `refused`: it was made, and the bank sent it back.
   */
  findRefund(wanted: IntentReference & { key: string }): Promise<Refunded | { outcome: 'none' }>;
  /** What became of a refund the bank had not taken yet. `failed`: the money is the merchant's again. */
  lookAtRefund(refund: {
    refundId: string;
    merchantAccount?: string;
  }): Promise<
    { outcome: 'refund'; state: 'pending' | 'refunded' | 'failed'; reason?: string } | { outcome: 'unknown' }
  >;
  lookAtDispute(dispute: { disputeId: string; merchantAccount?: string }): Promise<LookedAtDispute>;
  /**
   * Disputes opened since then on this account, whoever told of them, of charges of anybody's making there. All of them, or
   * `unknown`.
   */
  disputesSince(asked: { since: Date; merchantAccount?: string }): Promise<ListedDisputes>;
  /** Stripe's smallest charge in this currency; below it nothing can be captured. */
  minimumCharge(currency: string): Money;
}

export type LookedAtDispute = { outcome: 'dispute'; dispute: Dispute } | { outcome: 'unknown' };

export type ListedDisputes =
  | { outcome: 'listed'; disputes: readonly { disputeId: string; intentId: string }[] }
  | { outcome: 'unknown' };

/** A webhook that was really the processor's: a hint where to look, never a fact to act on. */
export interface ProcessorHint {
  eventId: string;
  type: string;
  intentId: string;
  merchantAccount?: string;
  /** Of an event about a dispute, or about a refund: which one. */
  disputeId?: string;
  refundId?: string;
}

export interface ProcessorHints {
  /** `undefined` when the signature does not hold; an event about nothing of ours is `ignored`. */
  read(rawBody: Buffer, signature: string): ProcessorHint | 'ignored' | undefined;
}

// --- Call records the switch could not post ----------------------------------------------------------------------

/** Where switches leave the records whose post was refused or not answered. */
export interface CdrSpool {
  /** Names of records that lie there, oldest first, at most `atMost`. */
  list(atMost: number): Promise<string[]>;
  /** `undefined`: not there any more, or still being written. */
  read(name: string): Promise<string | undefined>;
  /** After it was taken in. Removing what is gone is success. */
  remove(name: string): Promise<void>;
}

// --- The merchant's systems and mail ---------------------------------------------------------------------------

export type Delivered =
  | { outcome: 'delivered'; status: number }
  | { outcome: 'gone'; status: 410 }
  | { outcome: 'refused'; status: number; retryAfterSeconds?: number }
  /** The address is not one we talk to (private, not https where demanded), or the answer broke our bounds. */
  | { outcome: 'forbidden'; reason: string }
  | { outcome: 'no_answer'; reason: string };

export interface MerchantNotifier {
  /** One signed POST (Standard Webhooks): `id` and `body` are the same on every try. */
  deliver(notice: { url: string; secret: string; id: string; body: string; at: Date }): Promise<Delivered>;
}

/** Where a merchant's own server is reached, and how it knows that it is us. */
export interface MerchantServerAddress {
  protocol: 'rest' | 'soap';
  /** REST: the base, `/recognize-caller` and so on are appended. SOAP: the endpoint. */
  url: string;
  /** Signs each REST request (Standard Webhooks). */
  secret: string;
  /** The one before, which signs beside it until his server has the new one. */
  oldSecret?: string;
  /** SOAP (or REST besides the signature): HTTP Basic. */
  basic?: { user: string; password: string };
  /** SOAP: WS-Security UsernameToken, password digest. */
  usernameToken?: { user: string; password: string };
  /** The caller hears ringing or music this long at most; then the line's fallback. */
  timeoutMs: number;
}

/** What went over the wire, for somebody who looks for a mistake; without secrets and PINs. */
export interface Exchange {
  url: string;
  requestHeaders: Record<string, string>;
  requestBody: string;
  status?: number;
  answerBody?: string;
  tookMs: number;
}

export type Asked = { exchange: Exchange } & (
  | { outcome: 'answered'; recognition: Recognition }
  /** `detail`: one sentence for the merchant's developer. */
  | {
      outcome: 'failed';
      because: 'no_answer' | 'forbidden' | 'status' | 'fault' | 'nonsense';
      detail: string;
    }
);

export interface MerchantServer {
  /**
   * Why this address would not be spoken to, as far as it can be known before the first call: its form, https where that is
   * demanded, a private address behind it; `undefined`: it would be. A name that is not found yet is no reason.
   */
  refusalOf(url: string): Promise<string | undefined>;
  ask(server: MerchantServerAddress, question: CallerQuestion): Promise<Asked>;
  /** `id` and `body` are the same on every try; `body` is `core/known-caller` usageBody. */
  report(server: MerchantServerAddress, report: { id: string; body: string; at: Date }): Promise<Delivered>;
}

/** A script of a merchant's that decides what a call does next: what it is asked, and how it knows that it is us. */
export interface ScriptRequest {
  question: ScriptQuestion;
  /** Signs our JSON (Standard Webhooks). */
  secret: string;
  /** The one before, which signs beside it until his script has the new one. */
  oldSecret?: string;
  /** Signs what is asked in Twilio's words (X-Twilio-Signature); absent: that goes unsigned. */
  authToken?: string;
  /** The caller hears music this long at most; then the block's error branch. Within core/scenario scriptTimeoutMs. */
  timeoutMs: number;
}

export type ScriptAsked = { exchange: Exchange } & (
  | { outcome: 'answer'; program: ScriptProgram; tookMs: number }
  /** `sentence`: one for the merchant's developer. */
  | { outcome: 'failed'; because: ScriptFailure; sentence: string }
);
export type ScriptFailure =
  'timeout' | 'unreachable' | 'http_status' | 'not_understood' | 'too_large' | 'refused_address';

/** `digest`: names these very samples. */
export type ScriptSound =
  | { outcome: 'sound'; digest: string; audio: TelephoneAudio }
  | { outcome: 'failed'; because: ScriptFailure; sentence: string };

export interface ScriptServer {
  /** As MerchantServer's. */
  refusalOf(url: string): Promise<string | undefined>;
  /**
   * An outcome within the deadline, whatever the script does. The same question is the same bytes under the same request id; only
   * the instant its signature names is each try's own.
   */
  ask(request: ScriptRequest): Promise<ScriptAsked>;
  /** What an answer wants played: WAV, MP3 or Ogg, at most 2 MB and 120 s. Kept for an hour at most, while its server says it is the same. */
  fetchSound(url: string): Promise<ScriptSound>;
}

/** `because`: for who looks for his mistake, never the answer itself. `unknown`: it may have been taken. */
export type SmsSent = { tookMs: number } & (
  | { outcome: 'sent'; status: number; answerBody: string }
  | { outcome: 'failed'; because: string; status?: number; answerBody?: string }
  | { outcome: 'unknown'; because: string }
);

/** Hands an SMS to a merchant's provider. */
export interface SmsSender {
  /** As MerchantServer's. */
  refusalOf(url: string): Promise<string | undefined>;
  /** Never throws for what the world does. `id`: the same whenever the message is tried again. */
  send(request: SmsRequest, id: string): Promise<SmsSent>;
}

export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
  language: Language;
  /** Stable, so that a repeated try is recognized by the receiver: becomes the Message-ID. */
  key: string;
}

export interface Mailer {
  /** `false`: no SMTP server is configured, nobody should be promised mail. */
  readonly configured: boolean;
  send(mail: Mail): Promise<'sent' | 'failed'>;
}

// --- What is told as it happens --------------------------------------------------------------------------------

export interface Log {
  info(facts: Record<string, unknown>, message: string): void;
  warn(facts: Record<string, unknown>, message: string): void;
  error(facts: Record<string, unknown>, message: string): void;
}

/** Durations, in seconds. */
export type MetricName =
  | 'hangup_to_capture_seconds'
  | 'connection_to_capture_seconds'
  | 'hangup_to_notice_seconds'
  /** How far from the talk limit the cut fell; never negative: a cut too early is as wrong as one too late. */
  | 'cut_distance_seconds'
  /** How long a sweep over the whole house took; labels: sweep. */
  | 'sweep_seconds';

export type CountName =
  | 'calls' // labels: state (the one entered), outcome
  | 'orders_refused' // labels: because
  | 'notices'; // labels: result

/** What stands at a number now. */
export type LevelName = 'commanded_calls'; // labels: switch

/** What is counted for the people who run it. Never fails and never waits: a lost number loses no call. */
export interface Metrics {
  observe(name: MetricName, value: number, labels?: Readonly<Record<string, string>>): void;
  count(name: CountName, labels?: Readonly<Record<string, string>>): void;
  level(name: LevelName, value: number, labels?: Readonly<Record<string, string>>): void;
}
