// What a caller hears at a block: its parts with the templates filled, in his language. Amounts, dates and durations are said as the
// house says its own; a value that is no amount or no date is said as it stands rather than not at all.

import { DateTime } from 'luxon';
import type { Language } from '../ids.ts';
import { isCurrency, money } from '../money.ts';
import * as english from '../prompt-en.ts';
import * as french from '../prompt-fr.ts';
import { amountAloud, durationAloud, signsAloud, textAloud } from '../spoken-values.ts';
import type { Said, ScenarioRun } from './run.ts';
import type { SpokenPart, Words } from './shape.ts';

const tongues = { fr: french, en: english };
const placeholder = /\{(call\.[a-z]+|[a-z][A-Za-z0-9_]{0,31})\}/g;
/** Templates that fill templates grow: what is longer than a person would listen to is cut. */
const filledMax = 2_000;

/** What the house knows of a call, by the names templates and conditions use. */
export const callFacts = [
  'from',
  'to',
  'keyed',
  'language',
  'code',
  'seconds',
  'merchant',
  'after',
  'paid',
] as const;
export type CallFact = (typeof callFacts)[number];

export function callFact(run: ScenarioRun, fact: CallFact): string {
  switch (fact) {
    case 'from':
      return run.plan.cli.trust === 'withheld' ? '' : run.plan.cli.number;
    case 'to':
      return run.plan.ddi;
    case 'keyed':
      return run.keyed ?? '';
    case 'language':
      return run.language;
    case 'code':
      return run.caller?.clientCode ?? '';
    case 'seconds':
      return run.caller?.talkLimitSeconds?.toString() ?? '';
    case 'merchant':
      return run.plan.merchantName;
    case 'after':
      return run.plan.after?.end ?? '';
    case 'paid':
      return run.plan.paid ? 'yes' : '';
  }
}

/** The value of `balance` or `call.from`; what nobody has set is empty. */
export function valueOf(run: ScenarioRun, name: string): string {
  if (!name.startsWith('call.')) return Object.hasOwn(run.variables, name) ? (run.variables[name] ?? '') : '';
  const fact = callFacts.find((one) => name === `call.${one}`);
  return fact === undefined ? '' : callFact(run, fact);
}

/** Filled once: braces in a value are said, not filled again. */
export function filled(run: ScenarioRun, template: string): string {
  return template.replace(placeholder, (_, name: string) => valueOf(run, name)).slice(0, filledMax);
}

/** The names a template asks for. */
export function namesIn(template: string): string[] {
  return [...template.matchAll(placeholder)].map(([, name]) => name ?? '');
}

/** Texts beside each other become one, so that they are said in one breath. */
export function saidOf(run: ScenarioRun, words: Words | undefined): Said[] {
  const said: Said[] = [];
  for (const part of words ?? []) {
    if ('sound' in part) {
      said.push({ sound: part.sound });
      continue;
    }
    const text = textAloud(textOf(run, part));
    const last = said.at(-1);
    if (text === '') continue;
    if (last && 'text' in last) said[said.length - 1] = { text: `${last.text} ${text}` };
    else said.push({ text });
  }
  return said;
}

function textOf(run: ScenarioRun, part: Exclude<SpokenPart, { sound: string }>): string {
  const tongue = tongues[run.language];
  if ('text' in part) return filled(run, textIn(part.text, run.language));
  if ('amount' in part) {
    const amount = filled(run, part.amount).trim();
    const currency = filled(run, part.currency).trim().toUpperCase();
    const isAmount = /^-?\d{1,12}(\.\d{1,6})?$/.test(amount) && isCurrency(currency);
    return isAmount ? amountAloud(money(amount, currency), tongue.words) : `${amount} ${currency}`;
  }
  if ('digits' in part) return signsAloud(filled(run, part.digits));
  if ('duration' in part) {
    const seconds = filled(run, part.duration).trim();
    return /^\d{1,7}$/.test(seconds) ? durationAloud(Number(seconds), tongue.words) : seconds;
  }
  const value = filled(run, 'date' in part ? part.date : part.time).trim();
  const at = DateTime.fromISO(value, { zone: run.plan.timeZone });
  if (!at.isValid) return value;
  return 'date' in part ? tongue.dateAloud(at) : tongue.timeAloud(at.hour, at.minute);
}

/** A text in one language alone is better than silence. */
function textIn(text: Partial<Record<Language, string>>, language: Language): string {
  return text[language] ?? Object.values(text)[0] ?? '';
}
