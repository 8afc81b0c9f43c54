// What the merchant's page (stripe-js.ts) and a card field's frame (card-field.ts) say to each other by postMessage. Card
// data never: it stays in the frames, which are of the processor's origin. Types only, and how a message is recognized.

import type { FieldProblem } from './card-entry.ts';
import type { FieldLanguage } from './messages.ts';

export type FieldType = 'card' | 'cardNumber' | 'cardExpiry' | 'cardCvc';
export const fieldTypes: readonly FieldType[] = ['card', 'cardNumber', 'cardExpiry', 'cardCvc'];

export type StyleRules = Record<string, unknown>;

export interface FieldOptions {
  type: FieldType;
  /** Fields with the same word belong to one card. */
  group: string;
  language: FieldLanguage;
  style: Partial<Record<'base' | 'complete' | 'empty' | 'invalid', StyleRules>>;
  fonts: readonly { cssSrc?: string; family?: string; src?: string; weight?: string; style?: string }[];
  placeholder?: string;
  disabled: boolean;
  hideIcon: boolean;
}

export interface CardError {
  type: string;
  code?: string;
  decline_code?: string;
  message?: string;
  param?: string;
  payment_intent?: unknown;
  payment_method?: unknown;
}

export type ToField =
  | { act: 'options'; options: FieldOptions }
  | { act: 'focus' | 'blur' | 'clear' }
  | {
      act: 'makePaymentMethod';
      request: number;
      key: string;
      account?: string;
      billing?: Record<string, unknown>;
    };

export interface FieldChange {
  elementType: FieldType;
  empty: boolean;
  complete: boolean;
  brand?: string;
  problem?: FieldProblem;
}

export type FromField =
  | { act: 'hello' | 'ready' | 'focus' | 'blur' | 'escape' | 'enter' }
  | { act: 'change'; change: FieldChange }
  | { act: 'paymentMethod'; request: number; paymentMethod?: Record<string, unknown>; error?: CardError };

/** What the bank's page says when it has its answer. */
export interface AuthenticationOver {
  act: 'authenticationOver';
}

const mark = 'ringmeter-sandbox-card';

export function sealed<T extends object>(message: T): T & { from: string } {
  return { ...message, from: mark };
}

/** `undefined` for the messages of anything else on the page. Whose message it is, the caller has checked. */
export function opened(data: unknown): object | undefined {
  const known = typeof data === 'object' && data !== null && (data as { from?: unknown }).from === mark;
  return known ? data : undefined;
}
