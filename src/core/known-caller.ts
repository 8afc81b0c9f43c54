// A caller the merchant knows: what his server is asked, what it may answer, what it is told when the call is over. The
// facts, their bounds and their check; how they travel (REST, SOAP) is merchants/', what follows from an answer is
// call-answering's.

import type { E164, Language } from './ids.ts';

/**
 * The number a call came from. `network`: the network vouches for it (RFC 3325 P-Asserted-Identity from a carrier we trust);
 * `unverified`: it is what the calling side wrote; `withheld`: no number, or none that is one.
 */
export type Cli = { trust: 'network' | 'unverified'; number: E164 } | { trust: 'withheld' };

/** One question to the merchant's server. Asked again (a crash, a lost answer) it is the same, with the same `requestId`. */
export interface CallerQuestion {
  /** `recognizeCaller` by his number alone; `recognizeClientCode` by what he keyed. */
  ask: 'caller' | 'client_code';
  requestId: string;
  callSessionId: string;
  cli: Cli;
  ddi: E164;
  /** The line's slug. */
  line: string;
  at: Date;
  /** Keyed by the caller, or named in an earlier answer that wanted his PIN. */
  clientCode?: string;
  /** Keyed by the caller; never written down anywhere. */
  pin?: string;
  /** Of this client (of this number, while the client is not known): calls under way beside this one. */
  callsInProgress: number;
  /** Talked by this client and not acknowledged by the merchant yet. */
  secondsNotYetReported: number;
}

export const refusalReasons = [
  'unknown',
  'wrong_pin',
  'no_credit',
  'blocked',
  'busy',
  'closed',
  'other',
] as const;
export type RecognitionRefusal = (typeof refusalReasons)[number];

/** What the merchant's server said, checked and bounded. */
export type Recognition =
  | {
      outcome: 'recognized';
      clientCode: string;
      /** Absent: he is billed at the end of the month, and may talk as long as the line lets anybody. 0: not at all. */
      talkLimitSeconds?: number;
      language?: Language;
      /** Ids of the merchant's consultants, to be rung in this order; absent: the line's. */
      consultants?: readonly string[];
      /** Rung instead of consultants. */
      destination?: E164;
      /** Spoken to the caller before it rings. */
      text?: string;
    }
  /** He is to key this first. `clientCode`: whose PIN it is. */
  | {
      outcome: 'proof_wanted';
      proof: 'client_code' | 'pin';
      clientCode?: string;
      language?: Language;
      text?: string;
    }
  | { outcome: 'refused'; reason: RecognitionRefusal; language?: Language; text?: string };

/** What one call used, told until it is acknowledged; complete in itself. Instants by the switch. */
export interface UsageReport {
  callSessionId: string;
  /** Absent where he was never recognized, or was refused and put through to others. */
  clientCode?: string;
  /** 1, 2, 3 per client code, in the order the calls ended. */
  sequence: number;
  cli?: E164;
  ddi: E164;
  line: string;
  startedAt: Date;
  connectedAt?: Date;
  endedAt: Date;
  /** Rounded as the line's tariff says, never above the talk limit. */
  billableSeconds: number;
  /** Exact. */
  talkMilliseconds: number;
  consultantId?: string;
  /** Why it ended: the call's outcome. */
  outcome: string;
}

/**
 * The bytes of a report, stored when it is written and the same on every try: the JSON a REST server is sent; a SOAP server
 * is sent the same fields by the same names. Instants ISO 8601 in UTC.
 */
export function usageBody(report: UsageReport): string {
  return JSON.stringify(report);
}

/** Bounds of what a merchant's server may say; the WSDL and the OpenAPI document say the same. */
export const clientCodePattern = /^[A-Za-z0-9._-]{1,40}$/;
export const spokenTextMax = 300;
export const talkLimitSecondsMax = 86_400;
export const consultantsMax = 50;

/**
 * A merchant's words as they may be spoken; `undefined`: none, too long (counted in characters, as the WSDL does), or with
 * controls or halves of characters in them, which can neither be spoken nor kept.
 */
export function speakable(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.trim() === '') return undefined;
  return Array.from(text).length > spokenTextMax || unspeakable.test(text) ? undefined : text;
}
export const unspeakable = /[^\P{Cc}\t\n\r]|\p{Surrogate}/u;
