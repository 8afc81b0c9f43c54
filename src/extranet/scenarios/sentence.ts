// What a block does, in one sentence on its card, and what its ways out are called.

import type { BlockKindName } from '../../core/scenario/blocks.ts';
import type { Language } from '../contract.ts';
import { showDay, showNumber, showWeekday } from '../show.ts';
import { arrival, type Block, type Graph } from './graph.ts';
import type { Fault } from './contract.ts';
import { keyOfWay, partsOf, strings, type Way, waysOf } from './kinds.ts';
import { type Key, type Tell } from './words.ts';

/** What things are called that a block names by slug or id. */
export interface Names {
  lines: ReadonlyMap<string, string>;
  groups: ReadonlyMap<string, string>;
  consultants: ReadonlyMap<string, string>;
  sounds: ReadonlyMap<string, string>;
  scenarios: ReadonlyMap<string, string>;
  resources: ReadonlyMap<string, string>;
}

export interface Speaking {
  tell: Tell;
  language: Language;
  names: Names;
}

export function sentenceOf(block: Block, { tell, language, names }: Speaking): string {
  const text = (field: string): string => scalar(block[field]);
  const said = (field: string): string => quoted(block[field], { tell, language, names });
  switch (block.kind) {
    case 'say':
    case 'menu':
      return said('say') || tell('card.nothing');
    case 'collect':
      return tell('card.collect', { words: said('say') || tell('card.nothing'), variable: text('variable') });
    case 'get_url':
      return hostOf(text('url'));
    case 'recognize':
      return tell('card.recognize', { how: tell(keyOr(tell, `field.recognize.by.${text('by')}`)) });
    case 'set':
      return tell('card.set', { variable: text('variable'), value: text('value') });
    case 'condition':
      return questionOf(block['test'], { tell, language });
    case 'schedule':
      return hoursOf(block['weekly'], { tell, language });
    case 'language':
      return tell('card.language', {
        languages: strings(block['languages'])
          .map((one) => tell(one === 'en' ? 'languages.en' : 'languages.fr'))
          .join(', '),
      });
    case 'choose_consultant':
      return tell('card.among', { whom: whomOf(block['of'], tell, names) });
    case 'ring':
      return capital(
        tell('card.ring', { whom: whomOf(block['to'], tell, names), seconds: text('ringSeconds') }),
      );
    case 'extension':
      return said('say') || tell('kind.extension.what');
    case 'forward':
      return tell('card.forward', { number: showNumber(text('number')), seconds: text('ringSeconds') });
    case 'voicemail':
      return tell('card.voicemail', { box: text('box'), seconds: text('maxSeconds') });
    case 'give_access_code':
      return tell('card.giveCode', { name: named(names.resources, text('resource')) });
    case 'ask_access_code':
      return tell('card.askCode', { name: named(names.resources, text('resource')) });
    case 'payment_link':
      return tell('card.link', {
        line: named(names.lines, text('line')),
        by: tell(keyOr(tell, `field.payment_link.by.${text('by')}`)),
        to: text('to') === '{call.from}' ? tell('card.caller') : text('to'),
      });
    case 'card_payment':
      return tell('card.byKeypad', { line: named(names.lines, text('line')) });
    case 'blacklist':
      return tell('card.blacklist');
    case 'go_to':
      return tell('card.goTo', { name: named(names.scenarios, text('scenario')) });
    case 'hang_up': {
      const cause = text('cause');
      if (cause === 'busy' || cause === 'rejected') return tell(`card.hangUp.${cause}`);
      return said('say') || tell('card.hangUp');
    }
  }
}

/** `Key 1`; a script's own by their names. */
export function wayName(kind: BlockKindName, way: string, tell: Tell): string {
  const key = keyOfWay(way);
  if (key !== undefined) return tell('way.key', { key });
  const own = `way.${kind}.${way}`;
  if (tell.knows(own)) return tell(own);
  const usual = `way.${way}`;
  const isFixed = kind !== 'get_url' || way === 'then' || way === 'failed';
  return isFixed && tell.knows(usual) ? tell(usual) : tell('way.own', { name: way });
}

/** What happens where nothing is connected. */
export function unsetName(kind: BlockKindName, { unset, needed }: Way, tell: Tell): string {
  if (needed) return tell('unset.needed');
  if (typeof unset === 'object') return tell('unset.as', { way: wayName(kind, unset.as, tell) });
  return tell(unset === 'goodbye' ? 'unset.goodbye' : 'unset.apology');
}

/**
 * What the check says, with the names a merchant sees: ways out as their cards call them, fields as their forms do. The API names
 * them as programs do.
 */
export function plainly(
  graph: Graph,
  { blocks, sentence }: Pick<Fault, 'blocks' | 'sentence'>,
  tell: Tell,
): string {
  const [id] = blocks;
  const block = id === undefined ? undefined : graph.blocks[id];
  if (!block) return sentence;
  const way = (name: string): string | undefined =>
    waysOf(block).some((one) => one.name === name) ? wayName(block.kind, name, tell) : undefined;
  return sentence
    .replace(/« ([a-z0-9_*#]+) »/g, (whole, name: string) => (way(name) ? `« ${String(way(name))} »` : whole))
    .replace(/"([a-z0-9_*#]+)"/g, (_, name: string) => `“${way(name) ?? name}”`)
    .replace(/"([^"]+)"/g, '“$1”')
    .replace(/ \(([a-zA-Z]+)\)/, (whole, field: string) => {
      const key = [`field.${block.kind}.${field}`, `field.${field}`].find(tell.knows);
      return key ? ` (${tell(key)})` : whole;
    });
}

/** A block in a list: its kind and its own name. */
export function blockName(graph: Graph, id: string, tell: Tell): string {
  const block = graph.blocks[id];
  if (id === arrival) return tell('editor.arrival');
  return block ? `${tell(`kind.${block.kind}`)} · ${id}` : id;
}

/** The words of a block as somebody reads them; empty where there are none. */
function quoted(value: unknown, { tell, language, names }: Speaking): string {
  const parts = partsOf(value).map((part) => {
    if ('text' in part) return (part.text[language] ?? Object.values(part.text)[0] ?? '').trim();
    if ('sound' in part) return tell('card.sound', { name: named(names.sounds, part.sound) });
    if ('amount' in part) return `${part.amount} ${part.currency}`;
    return Object.values<string>(part)[0] ?? '';
  });
  const text = parts.filter((part) => part !== '').join(' ');
  return text === '' ? '' : tell('card.quoted', { text });
}

const testKinds = ['equals', 'startsWith', 'contains', 'moreThan', 'lessThan', 'oneOf'] as const;

function questionOf(test: unknown, { tell, language }: Pick<Speaking, 'tell' | 'language'>): string {
  const asked = (test ?? {}) as Record<string, unknown>;
  const value = valueName(scalar(asked['value']), tell);
  if (Array.isArray(asked['weekday']))
    return tell('card.weekday', { days: daysIn(asked['weekday'], language) });
  if (Array.isArray(asked['date'])) {
    const days = strings(asked['date']);
    const first = days.slice(0, 2).map((day) => showDay(day, language));
    return tell('card.date', { days: [...first, ...(days.length > 2 ? ['…'] : [])].join(', ') });
  }
  if (typeof asked['from'] === 'string')
    return tell('card.clock', { from: asked['from'], to: scalar(asked['to']) });
  if ('isEmpty' in asked) return tell('card.isEmpty', { value });
  const how = testKinds.find((one) => one in asked) ?? 'equals';
  const than = how === 'oneOf' ? strings(asked['oneOf']).join(', ') : scalar(asked[how]);
  return tell(`card.${how}`, { value, than });
}

/** `{call.from}` as people say it. */
export function valueName(template: string, tell: Tell): string {
  const fact = /^\{call\.([a-z]+)\}$/.exec(template)?.[1];
  const key = `fact.${String(fact)}`;
  return tell.knows(key) ? tell(key) : template;
}

interface Span {
  days: number[];
  from: string;
  to: string;
}

function hoursOf(weekly: unknown, { tell, language }: Pick<Speaking, 'tell' | 'language'>): string {
  const spans = (Array.isArray(weekly) ? weekly : []) as Span[];
  if (spans.length === 0) return tell('card.always');
  return spans.map(({ days, from, to }) => `${daysIn(days, language)} ${from}–${to}`).join(' · ');
}

/** `Mon–Fri`, `Mon, Wed`. */
export function daysIn(days: readonly number[], language: Language): string {
  const sorted = [...new Set(days)].sort((one, other) => one - other);
  const name = (day: number): string => showWeekday(day, language, 'short').replace('.', '');
  const first = sorted[0];
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) return '';
  const isRun = sorted.length > 2 && last - first === sorted.length - 1;
  return isRun ? `${name(first)}–${name(last)}` : sorted.map(name).join(', ');
}

function whomOf(whom: unknown, tell: Tell, names: Names): string {
  if (whom === 'chosen') return tell('card.whom.chosen');
  const of = (whom ?? {}) as { line?: string; group?: string; consultants?: string[]; sip?: string };
  if (of.line !== undefined) return tell('card.whom.line', { name: named(names.lines, of.line) });
  if (of.group !== undefined) return tell('card.whom.group', { name: named(names.groups, of.group) });
  if (of.sip !== undefined) return of.sip;
  return strings(of.consultants)
    .map((id) => named(names.consultants, id))
    .join(', ');
}

const named = (names: ReadonlyMap<string, string>, id: string): string => names.get(id) ?? id;
const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
const keyOr = (tell: Tell, text: string): Key => (tell.knows(text) ? text : 'form.asUsual');
const hostOf = (url: string): string => url.replace(/^https?:\/\//, '');

function scalar(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
