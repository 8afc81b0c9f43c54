// One call as it goes through a scenario: where it stands, what it has learned, what may happen to it and what is to be done about
// it. All of it is written down with every step, so that whoever takes the call over goes on where it stood.

import type { DigitEntry } from '../call-session.ts';
import type { E164, Language, LegUuid } from '../ids.ts';
import type { KeyedCard } from '../keyed-card.ts';
import type { CallerQuestion, Cli, Recognition } from '../known-caller.ts';
import type { SipAddress } from '../sip-address.ts';
import type { SentenceFacts } from '../sentence.ts';
import type { ScriptAddress, ScriptProgram } from './script-program.ts';
import type { ScriptDialect } from './script-request.ts';
import type { BlockId } from './shape.ts';

export interface ScenarioVersion {
  scenarioId: string;
  version: number;
}

/** Fixed when the call begins, but for the paid call. */
export interface RunPlan {
  merchantName: string;
  timeZone: string;
  /** ISO 3166-1 alpha-2: how numbers without a country code are read. */
  country: string;
  cli: Cli;
  /** The number he dialled; whom we have called ourselves, that he saw. */
  ddi: E164;
  /** It follows a talk he has paid for, which is over. Nothing here is part of that. */
  after?: AfterTalk;
  /** It leads a call that is held on his card, or is to be: whom a block joins him to first, he pays for. */
  paid?: PaidCall;
}

export interface PaidCall {
  callSessionId: string;
  /** The slug of the line that was sold. */
  line: string;
}

export interface AfterTalk {
  callSessionId: string;
  /** The slug of the line that was sold: whom a block rings without a line of its own is counted under it. */
  line: string;
  end: 'talked' | 'limit_reached';
}

/** What a block has learned of who calls. */
export interface KnownCaller {
  /** As the merchant calls him. */
  clientCode: string;
  /** Absent: as long as whoever rings lets anybody. */
  talkLimitSeconds?: number;
  consultants?: readonly string[];
  destination?: E164;
}

export interface ScenarioRun {
  id: string;
  leg: LegUuid;
  plan: RunPlan;
  scenario: ScenarioVersion;
  /** `leaving`: his last words, or something to be kept of a call that is over. */
  state: 'running' | 'leaving' | 'over';
  at: BlockId;
  /** What the block it stands at has come to: its own, JSON. */
  progress?: unknown;
  /** What was to be done last, done again by whoever takes over; absent where that holds a secret: the block begins anew then. */
  pending?: readonly RunCommand[];
  variables: Readonly<Record<string, string>>;
  /** Keyed in secret: sent to the merchant's script, never spoken; sealed where the run is kept. */
  secrets: Readonly<Record<string, string>>;
  /** Digits keyed last that are no secret, whichever block asked for them. */
  keyed?: string;
  language: Language;
  answered: boolean;
  caller?: KnownCaller;
  /** The longest he may talk, as a script said; absent: as he is known for. */
  talkLimitSeconds?: number;
  /** Whom he chose among those who introduced themselves. */
  chosen?: string;
  /** Blocks entered so far, and those since anything was heard or keyed. */
  entered: number;
  enteredUnheard: number;
  /** Grows with everything that is to be done: an answer to an older one means nothing. It also names what is sent outside. */
  turn: number;
  /** ISO 8601, UTC. */
  startedAt: string;
  outcome?: RunOutcome;
}

export type RunOutcome = 'completed' | 'caller_left' | 'refused' | 'too_long' | 'failed';

/** What a caller hears, part by part. Without a `language` in his. */
export type Said =
  | { text: string; language?: Language }
  /** Of the merchant's library, by its slug. */
  | { sound: string }
  /** Of the merchant's server. */
  | { url: string }
  /** Silence. */
  | { pause: number }
  /** A consultant's own introduction; his name where he has recorded none. */
  | { introduction: string; name: string }
  /** The house's own words. */
  | { house: SentenceFacts };

/** How a call that was rung for ended, as the block that rang sees it. */
export const ringEnds = ['talked', 'limit_reached', 'busy', 'no_answer', 'refused', 'unavailable'] as const;
export type RingEnd = (typeof ringEnds)[number];

export type RungBy =
  | { consultants: readonly string[] }
  | { group: string }
  | { line: string }
  | { number: E164 }
  | { sip: SipAddress };

/** Whom a block rings. */
export interface RingOrder {
  to: RungBy;
  ringSeconds: number;
  /** The longest talk; absent: as the caller is known for, or the house lets anybody. */
  talkLimitSeconds?: number;
  /** Said to whoever answers, before he is joined or asked for his key 1. */
  whisper?: readonly Said[];
  /** Consultants always press 1 to accept; another number only where this is set. */
  acceptKey: boolean;
  /** Shown to whoever is rung, where it is a number of the merchant's; absent: the one that was dialled. */
  callerId?: E164;
}

export interface FoundConsultant {
  id: string;
  name: string;
  reachable: boolean;
}

/** What is to be done once the step is written, in this order. */
export type RunCommand =
  | { do: 'answer' }
  /** `played` follows. `secret`: not kept with the run. */
  | { do: 'play'; said: readonly Said[]; secret?: true }
  /** `keyed` or `nothingKeyed` follows. `secret`: no trace of the digits stays anywhere. */
  | { do: 'ask'; said: readonly Said[]; entry: DigitEntry; secret?: true }
  | { do: 'recognize'; ask: CallerQuestion['ask']; clientCode?: string; pin?: string }
  | { do: 'ring'; order: RingOrder }
  /** `scriptAnswered` follows. `send`: variables and secrets by name. Music after a second. */
  | {
      do: 'askScript';
      dialect: ScriptDialect;
      address: ScriptAddress;
      attempt: number;
      send: readonly string[];
      timeoutMs: number;
      digits?: string;
      dial?: { end: RingEnd; seconds: number };
    }
  | { do: 'findConsultants'; of: Exclude<RungBy, { number: E164 } | { sip: string }> }
  | { do: 'findExtension'; shortNumber: string }
  | { do: 'readBlacklist' }
  /** `recorded` follows. */
  | { do: 'record'; said: readonly Said[]; maxSeconds: number }
  /** What was recorded last becomes a message: `kept` follows. */
  | { do: 'keepMessage'; box: string }
  | { do: 'checkAccessCode'; resource: string; code: string }
  | { do: 'issueAccessCode'; resource: string }
  /** `linkSent` follows. */
  | { do: 'sendPaymentLink'; line: string; by: 'sms' | 'email'; to: string }
  /** `paid` follows, once it is paid, so much time has passed since it was sent, or he gives it up by `*`; music until then. */
  | { do: 'awaitPayment'; orderId: string; seconds: number }
  /** What this line sells is ordered, to be paid by a card he keys: `cardOrdered` follows. `seconds`: as he has chosen it. */
  | { do: 'orderByCard'; line: string; seconds?: number; consultant?: string }
  /** He keys it in the card room: `cardTaken` or `cardNotTaken` follows. */
  | { do: 'takeCard'; orderId: string }
  /**
   * What he ordered is paid by it: `cardPaid` or `cardDeclined` follows, music until then. `keep`: he agrees that it is kept for his
   * next calls. `keptLast4`: he has named one that was kept, by its last four digits.
   */
  | { do: 'payByCard'; orderId: string; card: KeyedCard; keep?: true }
  | { do: 'payByCard'; orderId: string; keptLast4: string }
  /** He does not pay it. Nothing follows. */
  | { do: 'giveUpCardOrder'; orderId: string }
  | { do: 'findScenario'; scenario: string }
  | { do: 'hangUp'; cause: 'normal' | 'busy' | 'rejected' };

export type RunEvent =
  | { type: 'callArrived' }
  | { type: 'played' }
  | { type: 'keyed'; digits: string; ended: 'terminator' | 'full' | 'pause' | 'restart' }
  | { type: 'nothingKeyed' }
  | { type: 'recognized'; recognition: Recognition }
  /** `atOnce`: nobody was even rung. */
  | { type: 'rang'; end: RingEnd; talkedSeconds: number; atOnce?: true }
  | { type: 'scriptAnswered'; program: ScriptProgram }
  | { type: 'consultantsFound'; consultants: readonly FoundConsultant[] }
  | { type: 'extensionFound'; consultant?: FoundConsultant }
  | { type: 'blacklistRead'; listed: boolean }
  | { type: 'recorded'; seconds: number }
  | { type: 'kept' }
  | { type: 'accessCodeChecked'; fits: boolean }
  | { type: 'accessCodeIssued'; code: string }
  | { type: 'linkSent'; orderId: string }
  | { type: 'paid'; paid: boolean }
  /** `callSessionId`: of a talk. `mayUseKept`: a card of his was kept, and he may name it. */
  | { type: 'cardOrdered'; orderId: string; callSessionId?: string; mayUseKept?: true }
  | { type: 'cardTaken'; card: KeyedCard }
  | {
      type: 'cardNotTaken';
      because: 'gave_up' | 'timed_out' | 'refused' | 'unknown' | 'not_permitted' | 'away';
    }
  | { type: 'cardPaid' }
  /** `needs_page`: it pays only where its holder is seen to agree, or not by telephone. `not_kept`: it is none of those kept. */
  | { type: 'cardDeclined'; because: 'declined' | 'needs_page' | 'not_kept' }
  | { type: 'scenarioFound'; scenario: ScenarioVersion }
  /** What was to be done could not be: the merchant's server is away, a name leads nowhere, a step of ours failed. */
  | { type: 'failed'; because: string }
  /** `recordedSeconds`: of what he was saying when he hung up. */
  | { type: 'legEnded'; recordedSeconds?: number };

/** For the trace: what a merchant reads of a call, and what trying a scenario out shows. */
export interface RunFact {
  scenario: ScenarioVersion;
  at: BlockId;
  name: string;
  facts: Readonly<Record<string, unknown>>;
}

export interface RunStep {
  run: ScenarioRun;
  commands: readonly RunCommand[];
  facts: readonly RunFact[];
}
