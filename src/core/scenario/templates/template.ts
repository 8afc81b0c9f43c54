// What a template is: a scenario to begin with, made with things of the merchant's own.

import type { Language } from '../../ids.ts';

export type TemplateName =
  | 'card_callback_follow_up'
  | 'prepaid'
  | 'consultant_line'
  | 'information_menu'
  | 'shop_hours'
  | 'member_self_service'
  | 'paid_line'
  | 'paid_access';

/** `line`: one that sells conversations; `sale`: one whose sale needs no call; both by their slugs. `url`: of a script of his. */
export interface TemplateFill {
  line: string;
  sale: string;
  url: string;
  /** What access codes open, by its slug. */
  resource: string;
  /** How callers pay; absent: by a link. `keypad`: they key a card, where an operator has enabled that. */
  payment?: 'link' | 'keypad';
  /** A number he may forward to; absent: the consultants of the line are rung. */
  number?: string;
}

export interface ScenarioTemplate {
  title: Record<Language, string>;
  description: Record<Language, string>;
  /** What it cannot do without; the others it does not use. */
  needs: readonly (keyof TemplateFill)[];
  /** As merchants write scenarios. */
  graph(fill: TemplateFill): unknown;
}

/** One text, in both languages. */
export const both = (fr: string, en: string): readonly object[] => [{ text: { fr, en } }];
