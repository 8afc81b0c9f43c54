// What somebody types into a field of a block, read as the API takes it. A text that is not that yet stays in its field, and the block
// keeps what it had: a draft can be saved at any moment.

import type { TextKind } from './kinds.ts';

export type ReadText = { value: string } | { wrong: 'empty' | TextKind };

const patterns: Record<Exclude<TextKind, 'template' | 'url'>, RegExp> = {
  variable: /^[a-z][A-Za-z0-9_]{0,31}$/,
  box: /^[a-z0-9][a-z0-9-]{0,62}$/,
  // The API looks closer, and the check says which domains are rung.
  sip: /^sip:[a-z0-9+][a-z0-9+._-]{0,63}@[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[1-9]\d{0,4})?$/i,
};

export function readText(written: string, is: TextKind): ReadText {
  const text = is === 'template' ? written : written.trim();
  if (text.trim() === '') return { wrong: 'empty' };
  if (is === 'template') return text.length <= 1_000 ? { value: text } : { wrong: is };
  if (is === 'url') {
    const fits = URL.canParse(text) && /^https?:\/\/[^/]/i.test(text) && text.length <= 2_000;
    return fits ? { value: text } : { wrong: is };
  }
  return patterns[is].test(text) ? { value: text } : { wrong: is };
}

/** `undefined`: no number within the bounds. */
export function readNumber(
  written: string,
  { min, max, whole = false }: { min: number; max: number; whole?: boolean | undefined },
): number | undefined {
  const text = written.trim().replace(',', '.');
  if (!/^\d{1,6}(\.\d{1,3})?$/.test(text)) return undefined;
  const value = Number(text);
  return value >= min && value <= max && (!whole || Number.isInteger(value)) ? value : undefined;
}

/** What may end a way of a script: `member`, `not_found`. */
export const isWayName = (text: string): boolean => /^[a-z][a-z0-9_]{0,39}$/.test(text);
export const isVariable = (text: string): boolean => patterns.variable.test(text);

/** `2026-12-25`, or every year `12-25`. */
export const isDay = (text: string): boolean => /^(\d{4}-)?\d{2}-\d{2}$/.test(text);
