// What the public API answers about scenarios' calls, messages, sounds, numbers to forward to and access codes, as far as these
// pages read it. Instants are ISO 8601 in UTC, numbers E.164.

import type { Language } from './contract.ts';

/** A page of a list, newest first. */
export interface PageOf<T> {
  data: T[];
  /** Cursor of the next page; `null` on the last. */
  next: string | null;
}

export interface SoundRecording {
  language: Language;
  seconds: number;
  /** What it says, where anybody knows. */
  words: string | null;
  madeFrom: 'file' | 'text';
  at: string;
}

export interface Sound {
  slug: string;
  name: string;
  version: number;
  recordings: SoundRecording[];
  /** Slugs of live scenarios: as long as there are any it is not deleted. */
  playedBy: string[];
}

export const voices = ['female', 'male'] as const;
export type Voice = (typeof voices)[number];

export interface Message {
  id: string;
  box: string;
  scenario: string;
  scenarioRunId: string;
  ddi: string;
  /** `null`: withheld. */
  callerNumber: string | null;
  seconds: number;
  words: string | null;
  createdAt: string;
  listenedAt: string | null;
}

export interface MessagePage extends PageOf<Message> {
  /** Of all boxes, whatever was asked for. */
  unheard: number;
}

export const runOutcomes = ['completed', 'caller_left', 'refused', 'too_long', 'failed'] as const;
export type RunOutcome = (typeof runOutcomes)[number];

export interface RunSummary {
  id: string;
  ddi: string;
  callerNumber: string | null;
  scenario: string;
  version: number;
  startedAt: string;
  /** `null`: it goes on. */
  endedAt: string | null;
  outcome: RunOutcome | null;
}

export interface RunEvent {
  scenario: string;
  version: number;
  block: string;
  name: string;
  at: string;
  facts: Record<string, unknown>;
}

export interface Run extends RunSummary {
  events: RunEvent[];
  /** What was keyed in secret is not among them. */
  variables: Record<string, string>;
  voicemails: string[];
  talks: string[];
}

export interface ForwardNumber {
  number: string;
  label: string;
  /** By the operator, once; nobody is put through before. */
  confirmed: boolean;
  confirmedAt: string | null;
}

export const alphabets = ['digits', 'letters', 'digits_and_letters'] as const;
export type Alphabet = (typeof alphabets)[number];

export interface AccessResource {
  id: string;
  slug: string;
  version: number;
  name: Record<Language, string>;
  address: string;
  alphabet: Alphabet;
  codeLength: number;
  validForSeconds: number;
  /** `null`: as often as it is valid. */
  uses: number | null;
  active: boolean;
  pageUrl: string;
  scriptUrl: string;
  keysUrl: string;
  /** Slugs of the lines whose sales end in a code of it. */
  lines: string[];
}

export type CodeState = 'valid' | 'used_up' | 'expired' | 'revoked';

export interface AccessCode {
  id: string;
  resource: string;
  state: CodeState;
  madeBy: 'sale' | 'api' | 'scenario';
  createdAt: string;
  validUntil: string;
  uses: number;
  /** `null`: as often as it is valid. */
  usesLeft: number | null;
  lastUsedAt: string | null;
  revokedAt: string | null;
  orderId: string | null;
  reference: string | null;
}

/** The code itself is shown this once. */
export interface AccessCodeMade extends AccessCode {
  code: string;
}

export interface AccessCodeTried {
  valid: boolean;
  because: 'unknown' | 'used_up' | 'expired' | 'revoked' | 'closed' | null;
  code: AccessCode | null;
}
