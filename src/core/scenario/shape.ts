// A scenario: what a call to a DDI does, as a graph of blocks a merchant composes. Here: what every graph has, and its bounds. A
// block's own fields are in its file (blocks/), whether a graph makes sense is check-scenario's, what it does advance-run's.

import { z } from 'zod';
import { languages } from '../ids.ts';

export const scenarioBounds = {
  blocks: 200,
  /** Characters of one text that is spoken. */
  text: 1_000,
  variables: 50,
  variable: 256,
} as const;

/** Chosen by whoever composes it; the editor names them `menu-2`. */
export const blockId = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/);
export type BlockId = string;

/** `balance`, `memberSince`; what the house knows of a call stands under `call.` and cannot be set. */
export const variableName = z.string().regex(/^[a-z][A-Za-z0-9_]{0,31}$/);

/** What differs from call to call stands in braces: `{balance}`, `{call.from}`. */
export const template = z.string().min(1).max(scenarioBounds.text);

const language = z.enum(languages as ['fr', 'en']);

/** One thing said; `sound`: of the merchant's library, by its slug. Values are templates. */
const partShape = z.union([
  z.strictObject({ text: z.partialRecord(language, template) }),
  z.strictObject({ sound: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/) }),
  z.strictObject({ amount: template, currency: template }),
  /** `2026-12-24`, or an instant in ISO 8601. */
  z.strictObject({ date: template }),
  /** An instant in ISO 8601: its time by the merchant's clock. */
  z.strictObject({ time: template }),
  /** Sign by sign. */
  z.strictObject({ digits: template }),
  /** Seconds. */
  z.strictObject({ duration: template }),
]);
export const spokenPart = partShape.meta({ id: 'SpokenPart' });
export type SpokenPart = z.infer<typeof spokenPart>;

export const words = z.array(spokenPart).min(1).max(20).meta({ id: 'SpokenWords' });
export type Words = z.infer<typeof words>;

/** By the name of an exit: the block it leads to. */
export const exits = z.record(z.string().regex(/^[a-z0-9_*#]{1,40}$/), blockId);
