// What the public API answers about scenarios, numbers and what they need, as far as these pages read it.

import type { Capture } from '../../core/order.ts';
import type { RingEnd, RunOutcome } from '../../core/scenario/run.ts';
import type { TemplateFill, TemplateName } from '../../core/scenario/templates.ts';
import type { Language } from '../contract.ts';
import type { Graph } from './graph.ts';

export interface ScenarioSummary {
  id: string;
  slug: string;
  name: string;
  /** Counts its changes: what `If-Match` says. */
  version: number;
  /** The published version calls begin in. */
  live: number | null;
  /** The draft is not what is live. */
  changed: boolean;
  ddis: string[];
  /** Whose paid talks it follows, by their slugs. */
  lines: string[];
  createdAt: string;
  changedAt: string;
}

export interface ScenarioRecord extends ScenarioSummary {
  draft: Graph;
}

export interface VersionSummary {
  version: number;
  note: string | null;
  publishedAt: string;
  publishedBy: { kind: string; id: string; name: string | null } | null;
  live: boolean;
}

export interface Version extends VersionSummary {
  graph: Graph;
}

export interface Fault {
  fault: string;
  severity: 'error' | 'warning';
  /** Where; empty: of the whole. */
  blocks: string[];
  pointer: string;
  sentence: string;
}

export interface Checked {
  publishable: boolean;
  faults: Fault[];
}

export interface Template {
  name: TemplateName;
  title: Record<Language, string>;
  description: Record<Language, string>;
  needs: (keyof TemplateFill)[];
}

export interface Exchange {
  url: string;
  requestBody: string;
  status?: number;
  answerBody?: string;
  tookMs: number;
}

export interface TrialAct {
  what: string;
  heard?: string[];
  came?: string;
  exchange?: Exchange;
}

export interface TrialStep {
  /** Another scenario he has come into. */
  scenario?: string;
  block: string;
  kind: string;
  heard: string[];
  did: TrialAct[];
  /** Absent: the call ended in it. */
  exit?: string;
}

export interface Trial {
  steps: TrialStep[];
  outcome: RunOutcome | 'still_waiting';
  endedIn: string;
  variables: Record<string, string>;
}

export type { RingEnd, TemplateFill, TemplateName };

export interface Sound {
  slug: string;
  name: string;
  recordings: { language: Language; seconds: number; words: string | null }[];
}

export interface SellingLine {
  slug: string;
  name: string;
  sells: 'conversation' | 'fixed_sale';
  /** The scenario that is his paid call, by its slug. */
  afterPayment: string | null;
  /** The one he goes on in after his paid talk. */
  afterTalk: string | null;
  /** When the price of a talk is taken, as it is set, and as an order made now would have it. */
  capture: Capture;
  captureNow: Capture;
}

export interface ForwardNumber {
  number: string;
  label: string;
  confirmed: boolean;
}

export interface Resource {
  slug: string;
  name: Record<Language, string>;
}

/** As it is read; a write says all of it again. */
export interface Ddi {
  id: string;
  number: string;
  kind: 'line' | 'service' | 'scenario';
  line: string | null;
  scenario: string | null;
  active: boolean;
  recognizedBy: 'server' | 'accounts';
  server: { protocol: 'rest' | 'soap'; url: string; timeoutMs: number } | null;
  ownServer: { protocol: 'rest' | 'soap'; url: string; timeoutMs: number } | null;
  clientCode: object;
  pin: object;
  withheld: 'code' | 'refuse';
  fallback: object;
  talkLimitMaxSeconds: number;
  callsAtOnce: number;
  refused: object;
  ringBack: 'tone' | 'music';
}
