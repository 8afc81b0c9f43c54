// The kinds of blocks as the editor knows them: in which group each is offered, which ways lead out of it, what it begins with, and
// which fields its form has. The rules are the interpreter's (core/scenario), which stays on the server: a test holds this table to
// them, field by field and way by way.

import type { BlockKindName } from '../../core/scenario/blocks.ts';
import type { Block } from './graph.ts';

export const groups = {
  talk: ['say', 'menu', 'collect', 'language'],
  reach: ['choose_consultant', 'ring', 'extension', 'forward', 'voicemail'],
  decide: ['condition', 'schedule', 'set', 'blacklist'],
  ask: ['recognize', 'get_url'],
  sell: ['payment_link', 'card_payment', 'give_access_code', 'ask_access_code'],
  end: ['go_to', 'hang_up'],
} as const satisfies Record<string, readonly BlockKindName[]>;
export type GroupName = keyof typeof groups;
export const groupNames = Object.keys(groups) as GroupName[];

export function groupOf(kind: BlockKindName): GroupName {
  return groupNames.find((name) => (groups[name] as readonly string[]).includes(kind)) ?? 'end';
}

/** A way out. `unset`: what happens where it is not connected; `needed`: it does not go live like that. */
export interface Way {
  name: string;
  unset: { as: string } | 'goodbye' | 'apology';
  needed?: true;
}

const goodbye = (name: string): Way => ({ name, unset: 'goodbye' });
const needed = (name: string): Way => ({ name, unset: 'goodbye', needed: true });
const as = (name: string, other: string): Way => ({ name, unset: { as: other } });
const apology = (name: string): Way => ({ name, unset: 'apology' });

const afterRinging: readonly Way[] = [
  goodbye('talked'),
  as('limit_reached', 'talked'),
  as('busy', 'unavailable'),
  as('no_answer', 'unavailable'),
  as('refused', 'unavailable'),
  goodbye('unavailable'),
];

const always: Partial<Record<BlockKindName, readonly Way[]>> = {
  say: [goodbye('then')],
  collect: [needed('then'), goodbye('none')],
  recognize: [needed('known'), needed('unknown'), as('refused', 'unknown'), apology('away')],
  set: [needed('then')],
  condition: [needed('yes'), needed('no')],
  schedule: [needed('open'), needed('closed')],
  language: [needed('then')],
  choose_consultant: [
    { name: 'chosen', unset: 'apology', needed: true },
    needed('nobody'),
    as('none', 'nobody'),
  ],
  ring: afterRinging,
  extension: [...afterRinging, as('unknown', 'unavailable')],
  forward: afterRinging,
  voicemail: [goodbye('then'), as('empty', 'then'), apology('failed')],
  give_access_code: [goodbye('then'), apology('failed')],
  ask_access_code: [needed('right'), needed('wrong')],
  payment_link: [needed('paid'), needed('not_paid'), as('not_sent', 'not_paid')],
  card_payment: [
    needed('paid'),
    needed('refused'),
    as('needs_page', 'refused'),
    as('given_up', 'refused'),
    as('not_taken', 'refused'),
  ],
  blacklist: [goodbye('listed'), needed('then')],
  go_to: [apology('failed')],
  hang_up: [],
};

/** In the order in which a card shows them. */
export function waysOf(block: Block): readonly Way[] {
  if (block.kind === 'menu')
    return [
      ...strings(block['keys']).map((key) => ({
        name: wayOfKey(key),
        unset: { as: 'otherwise' },
        needed: true as const,
      })),
      goodbye('otherwise'),
      as('none', 'otherwise'),
    ];
  if (block.kind === 'get_url')
    return [...strings(block['exits']).map((name) => as(name, 'then')), goodbye('then'), apology('failed')];
  return always[block.kind] ?? [];
}

export const menuKeys = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '*', '#'] as const;

export function wayOfKey(key: string): string {
  return key === '*' ? 'key_star' : key === '#' ? 'key_hash' : `key_${key}`;
}

/** The key of such a way; `undefined`: it is none of a key. */
export function keyOfWay(way: string): string | undefined {
  return way === 'key_star' ? '*' : way === 'key_hash' ? '#' : /^key_(\d)$/.exec(way)?.[1];
}

/** What the merchant has to offer a new block; where he has none a name stands there that the check asks about. */
export interface Around {
  line?: string | undefined;
  sale?: string | undefined;
  resource?: string | undefined;
  scenario?: string | undefined;
  number?: string | undefined;
}

/** A new block: right in its shape, to be filled in. */
export function newBlock(kind: BlockKindName, around: Around): Block {
  const line = around.line ?? 'your-line';
  const nothingYet = (): object[] => [{ text: {} }];
  const own: Record<BlockKindName, object> = {
    say: { say: nothingYet() },
    menu: { say: nothingYet(), keys: ['1', '2'], waitSeconds: 5, tries: 3 },
    collect: {
      say: nothingYet(),
      variable: 'answer',
      minDigits: 1,
      maxDigits: 12,
      waitSeconds: 8,
      tries: 3,
      secret: false,
    },
    get_url: {
      url: 'https://your-server.example/ringmeter',
      dialect: 'json',
      timeoutSeconds: 5,
      send: [],
      exits: [],
    },
    recognize: { by: 'number_then_code', tries: 3 },
    set: { variable: 'answer', value: '1' },
    condition: { test: { weekday: [1, 2, 3, 4, 5] } },
    schedule: { weekly: [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' }], daysOff: [] },
    language: { waitSeconds: 5, languages: ['fr', 'en'] },
    choose_consultant: { of: { line }, atOnce: 5, waitSeconds: 2 },
    ring: { to: { line }, acceptKey: false, ringSeconds: 25 },
    extension: { say: nothingYet(), waitSeconds: 8, tries: 3, ringSeconds: 25 },
    forward: { number: around.number ?? '{call.keyed}', acceptKey: false, ringSeconds: 25 },
    voicemail: { box: 'messages', say: nothingYet(), maxSeconds: 120, tries: 2 },
    give_access_code: { resource: around.resource ?? 'your-page', times: 2 },
    ask_access_code: {
      resource: around.resource ?? 'your-page',
      say: nothingYet(),
      maxDigits: 10,
      waitSeconds: 8,
      tries: 3,
    },
    payment_link: {
      line: around.sale ?? 'your-sale',
      by: 'sms',
      to: '{call.from}',
      waitSeconds: 300,
    },
    card_payment: { line: around.line ?? around.sale ?? 'your-line', tries: 3, offerToKeep: false },
    blacklist: {},
    go_to: { scenario: around.scenario ?? 'another-scenario' },
    hang_up: { cause: 'normal' },
  };
  return { kind, next: {}, ...own[kind] };
}

// --- Forms ---------------------------------------------------------------------------------------------------------

export type Field =
  /** What is heard, part by part. `optional`: absent where nothing is said. */
  | { type: 'words'; name: string; optional?: true; more?: true }
  | { type: 'number'; name: string; min: number; max: number; whole?: true; optional?: true; more?: true }
  | { type: 'text'; name: string; is: TextKind; more?: true }
  | { type: 'choice'; name: string; options: readonly string[]; more?: true }
  | { type: 'switch'; name: string; more?: true }
  | { type: 'own'; name: string; as: OwnField; more?: true };

/** `template`: may hold variables in braces. */
export type TextKind = 'template' | 'variable' | 'box' | 'url' | 'sip';

/** Fields with a form of their own. */
export type OwnField =
  | 'keys'
  | 'test'
  | 'hours'
  | 'daysOff'
  | 'languages'
  | 'whom'
  | 'line'
  | 'sale'
  /** A line of either sort. */
  | 'sold'
  | 'resource'
  | 'scenario'
  | 'forwardNumber'
  | 'variables'
  | 'ways';

const words = (name: string): Field => ({ type: 'words', name });
const aside = (name: string): Field => ({ type: 'words', name, optional: true, more: true });
const own = (name: string, kind: OwnField): Field => ({ type: 'own', name, as: kind });
const tries: Field = { type: 'number', name: 'tries', min: 1, max: 10, whole: true, more: true };
const waitSeconds: Field = { type: 'number', name: 'waitSeconds', min: 1, max: 60, more: true };

const ringing: readonly Field[] = [
  { type: 'number', name: 'ringSeconds', min: 5, max: 120, whole: true },
  { type: 'number', name: 'talkSeconds', min: 10, max: 86_400, whole: true, optional: true, more: true },
  aside('whisper'),
  aside('busy'),
  aside('noAnswer'),
  aside('refused'),
  aside('unavailable'),
];

/** In the order of the form; `more`: behind "More settings". */
export const fieldsOf: Readonly<Record<BlockKindName, readonly Field[]>> = {
  say: [words('say')],
  menu: [words('say'), own('keys', 'keys'), aside('wrong'), aside('none'), waitSeconds, tries],
  collect: [
    words('say'),
    { type: 'text', name: 'variable', is: 'variable' },
    { type: 'number', name: 'minDigits', min: 1, max: 20, whole: true },
    { type: 'number', name: 'maxDigits', min: 1, max: 20, whole: true },
    { type: 'switch', name: 'secret' },
    aside('again'),
    waitSeconds,
    tries,
  ],
  get_url: [
    { type: 'text', name: 'url', is: 'url' },
    { type: 'choice', name: 'dialect', options: ['json', 'query', 'twiml'] },
    own('send', 'variables'),
    own('exits', 'ways'),
    { type: 'number', name: 'timeoutSeconds', min: 0.5, max: 20, more: true },
  ],
  recognize: [
    { type: 'choice', name: 'by', options: ['number', 'code', 'number_then_code'] },
    { type: 'words', name: 'say', optional: true },
    tries,
  ],
  set: [
    { type: 'text', name: 'variable', is: 'variable' },
    { type: 'text', name: 'value', is: 'template' },
  ],
  condition: [own('test', 'test')],
  schedule: [own('weekly', 'hours'), own('daysOff', 'daysOff')],
  language: [own('languages', 'languages'), waitSeconds],
  choose_consultant: [
    own('of', 'whom'),
    { type: 'words', name: 'say', optional: true },
    { type: 'number', name: 'atOnce', min: 1, max: 20, whole: true },
    { type: 'number', name: 'waitSeconds', min: 1, max: 60, more: true },
    aside('more'),
  ],
  ring: [own('to', 'whom'), { type: 'switch', name: 'acceptKey' }, ...ringing],
  extension: [words('say'), aside('unknown'), waitSeconds, tries, ...ringing],
  forward: [own('number', 'forwardNumber'), { type: 'switch', name: 'acceptKey' }, ...ringing],
  voicemail: [
    { type: 'text', name: 'box', is: 'box' },
    words('say'),
    { type: 'number', name: 'maxSeconds', min: 5, max: 120, whole: true },
    aside('kept'),
    aside('empty'),
    tries,
  ],
  give_access_code: [
    own('resource', 'resource'),
    { type: 'words', name: 'say', optional: true },
    { type: 'words', name: 'then', optional: true },
    { type: 'number', name: 'times', min: 1, max: 5, whole: true, more: true },
  ],
  ask_access_code: [
    own('resource', 'resource'),
    words('say'),
    aside('wrong'),
    { type: 'number', name: 'maxDigits', min: 4, max: 20, whole: true, more: true },
    waitSeconds,
    tries,
  ],
  payment_link: [
    own('line', 'sale'),
    { type: 'choice', name: 'by', options: ['sms', 'email'] },
    { type: 'text', name: 'to', is: 'template' },
    { type: 'words', name: 'say', optional: true },
    { type: 'number', name: 'waitSeconds', min: 30, max: 900, whole: true },
  ],
  card_payment: [
    own('line', 'sold'),
    { type: 'words', name: 'say', optional: true },
    { type: 'words', name: 'declined', optional: true },
    { type: 'number', name: 'tries', min: 1, max: 3, whole: true },
    { type: 'switch', name: 'offerToKeep' },
    { type: 'number', name: 'seconds', min: 1, max: 86_400, whole: true, optional: true, more: true },
  ],
  blacklist: [{ type: 'words', name: 'say', optional: true }],
  go_to: [own('scenario', 'scenario')],
  hang_up: [
    { type: 'words', name: 'say', optional: true },
    { type: 'choice', name: 'cause', options: ['normal', 'busy', 'rejected'] },
  ],
};

// --- Reading fields ------------------------------------------------------------------------------------------------

/** What a field that holds a list of names holds. */
export const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];

/** One thing said, as the API has it. */
export type Part =
  | { text: Partial<Record<'fr' | 'en', string>> }
  | { sound: string }
  | { amount: string; currency: string }
  | { date: string }
  | { time: string }
  | { digits: string }
  | { duration: string };

export const partsOf = (value: unknown): Part[] => (Array.isArray(value) ? (value as Part[]) : []);

/** Variables that some block sets. */
export function variablesIn(blocks: Readonly<Record<string, Block>>): string[] {
  const names = Object.values(blocks).flatMap(({ kind, variable }) =>
    (kind === 'set' || kind === 'collect') && typeof variable === 'string' ? [variable] : [],
  );
  return [...new Set(names)].sort();
}

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
