// What a kind of block is: its fields, its exits, what it does when a call enters it and when something happens in it. A block is
// begun anew by whoever takes a call over, so `begin` says in full what is to be asked and reads what it needs from its progress.

import { z } from 'zod';
import type { PaidCall, RunCommand, RunEvent, Said, ScenarioRun, ScenarioVersion } from './run.ts';
import { exits, type Words } from './shape.ts';

/**
 * A way out of a block. `unset`: what happens where nothing is connected to it: as at another exit of the block, a goodbye, or
 * the words that something failed. `needed`: a graph without it is refused.
 */
export interface Exit {
  name: string;
  unset: { as: string } | 'goodbye' | 'apology';
  needed?: true;
}

/** What a block may do with the call that stands at it. Whatever it does, it ends with one of `stay`, `leave`, `enter`, `end`. */
export interface At<Fields, Progress> {
  fields: Fields;
  progress: Progress | undefined;
  run: ScenarioRun;
  now: Date;
  /** Waits at the block for what these bring. */
  stay(progress: Progress, ...commands: RunCommand[]): void;
  leave(exit: string): void;
  /** Into another scenario; there is no way back. */
  enter(found: ScenarioVersion): void;
  /** The call is over when these are heard. */
  end(outcome: 'completed' | 'refused', cause: 'normal' | 'busy' | 'rejected', said?: readonly Said[]): void;
  set(variable: string, value: string): void;
  setSecret(variable: string, value: string): void;
  change(
    change: Partial<Pick<ScenarioRun, 'language' | 'caller' | 'chosen' | 'keyed' | 'talkLimitSeconds'>>,
  ): void;
  /** It leads this paid call from now on, or none any more. */
  lead(call: PaidCall | undefined): void;
  /** Templates filled, in the caller's language. */
  say(words: Words | undefined): Said[];
  fill(template: string): string;
  fact(name: string, facts?: Readonly<Record<string, unknown>>): void;
}

export interface BlockKind<Fields = unknown, Progress = unknown> {
  fields: z.ZodType<Fields>;
  exits(fields: Fields): readonly Exit[];
  begin(at: At<Fields, Progress>): void;
  /** What may follow from its own commands; anything else it leaves alone. */
  hear(at: At<Fields, Progress>, event: RunEvent): void;
  /** He has hung up in it: what is still to be kept of that. Without it, or without commands, nothing is. */
  left?(
    at: Pick<At<Fields, Progress>, 'fields' | 'progress' | 'run'>,
    event: RunEvent & { type: 'legEnded' },
  ): readonly RunCommand[];
  /** A call may pass through it without anything heard, keyed or waited for: a circle of such blocks alone never ends. */
  silent?: true;
  /** Everything it may say, by the place in its fields. */
  words?(fields: Fields): Readonly<Record<string, Words | undefined>>;
  /** Its other templates. */
  templates?(fields: Fields): readonly string[];
  /** Variables it sets. */
  sets?(fields: Fields): readonly string[];
  /** It may set any variable: whoever answers it names them. */
  setsAnything?: true;
  /** Names in it that must lead somewhere. */
  refers?(fields: Fields): readonly Reference[];
  /** Whose codes callers key in it, and how many digits they may have. */
  asksCodes?(fields: Fields): readonly { resource: string; maxDigits: number }[];
  /** What it sells and has paid by a card that is keyed. */
  takesCards?(fields: Fields): { line: string; seconds?: number };
  /** Numbers it may ring, as written. */
  rings?(fields: Fields): readonly string[];
}

export interface Reference {
  to: 'line' | 'group' | 'consultant' | 'scenario' | 'resource' | 'sound';
  name: string;
}

/** A block as JSON: its own fields beside what every block has. */
export function blockFields<const Kind extends string, Shape extends z.ZodRawShape>(
  kind: Kind,
  shape: Shape,
) {
  return z.strictObject({ kind: z.literal(kind), next: exits.default({}), ...shape });
}
