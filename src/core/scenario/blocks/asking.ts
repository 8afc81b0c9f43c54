// What blocks that ask for a key or a number have in common: how long they wait, and how often they ask.

import { z } from 'zod';
import type { DigitEntry } from '../../call-session.ts';

export const waitSeconds = z.number().min(1).max(60);
export const tries = z.int().min(1).max(10);

export interface Asking {
  /** Entries that led to nothing. */
  misses: number;
}

/** One key. */
export function keyEntry(seconds: number): DigitEntry {
  return { maxDigits: 1, terminator: 'none', tries: 1, waitMs: seconds * 1_000, betweenMs: seconds * 1_000 };
}

/** A number of digits, ended by `#`, its greatest length or a pause. */
export function numberEntry(maxDigits: number, seconds: number): DigitEntry {
  return { maxDigits, terminator: '#', tries: 1, waitMs: seconds * 1_000, betweenMs: 4_000 };
}
