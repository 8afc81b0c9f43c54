// What every field with a form of its own is given.

import type { Offers } from './read.ts';

export interface OwnFieldProps {
  label: string;
  what?: string | undefined;
  value: unknown;
  /** `chosen`: it may ring whoever was chosen before. */
  mayBeChosen: boolean;
  variables: readonly string[];
  offers: Offers;
  readOnly: boolean;
  onChange: (next: unknown) => void;
}

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
