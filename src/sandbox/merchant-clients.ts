// The people the demo merchant knows, as his own books have them, and what he says when he is asked who calls. Anybody may
// edit them, mistakes included: a limit nobody would set is what a test wants to set.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal } from './http-exchange.ts';

/** How a question about somebody goes wrong: an HTTP status, or a way of answering that is no answer. */
export type Misbehaviour = number | (typeof misbehaviours)[number];
const misbehaviours = ['html', 'nonsense', 'drip', 'drop'] as const;

export interface Client {
  name: string;
  clientCode: string;
  /** He is recognized by any of these, in E.164. */
  clis: string[];
  /** Wanted of him besides, whichever way he is recognized. */
  pin: string | null;
  /** null: he pays at the end of the month. */
  talkLimitSeconds: number | null;
  language: 'fr' | 'en' | null;
  /** Ids, rung in this order; none: those of the line. */
  consultants: string[];
  /** Rung instead of consultants. */
  destination: string | null;
  /** Spoken to him before it rings. */
  text: string | null;
  blocked: boolean;
  delayMs: number;
  error: Misbehaviour | null;
}

/** What is said of everybody else. */
export interface Strangers {
  answer: 'refused' | 'proof_wanted';
  language: 'fr' | 'en' | null;
  text: string | null;
  delayMs: number;
  error: Misbehaviour | null;
}

export interface Question {
  ask: 'recognizeCaller' | 'recognizeClientCode';
  cliTrust: string;
  cli: string | undefined;
  clientCode: string | undefined;
  pin: string | undefined;
}

/** By the names of the contract; a SOAP answer calls each consultant `consultant`. */
export interface Answer {
  outcome: 'recognized' | 'proof_wanted' | 'refused';
  clientCode?: string;
  talkLimitSeconds?: number;
  language?: 'fr' | 'en';
  consultants?: string[];
  destination?: string;
  text?: string;
  proof?: 'client_code' | 'pin';
  reason?: string;
}

const nobody: Client = {
  name: '',
  clientCode: '',
  clis: [],
  pin: null,
  talkLimitSeconds: null,
  language: null,
  consultants: [],
  destination: null,
  text: null,
  blocked: false,
  delayMs: 0,
  error: null,
};

/** One of each kind there is to show; the demo's caller telephone is Alice's. */
const demoClients: readonly Client[] = [
  { ...nobody, name: 'Alice Martin', clientCode: '4711', clis: ['+33612345678'], talkLimitSeconds: 900 },
  { ...nobody, name: 'Bruno Keller', clientCode: '2024', pin: '1234', language: 'en' },
  {
    ...nobody,
    name: 'Chloé Petit',
    clientCode: '3003',
    clis: ['+33612345679'],
    talkLimitSeconds: 75,
    language: 'fr',
    consultants: ['con_demo_ines', 'con_demo_hugo'],
    text: 'Bonjour Chloé, il vous reste un peu plus d’une minute. Inès va vous répondre.',
  },
  { ...nobody, name: 'David Roux', clientCode: '4004', talkLimitSeconds: 0 },
  { ...nobody, name: 'Eva Blanc', clientCode: '5005', clis: ['+33612345680'], blocked: true },
];
const demoStrangers: Strangers = { answer: 'refused', language: null, text: null, delayMs: 0, error: null };

export class ClientBook {
  readonly #file: string;
  #clients: Client[];
  #strangers: Strangers;

  /** What was edited survives the end of the part. */
  constructor(dataDir: string) {
    this.#file = join(dataDir, 'clients.json');
    const kept = existsSync(this.#file)
      ? (JSON.parse(readFileSync(this.#file, 'utf8')) as { clients: Client[]; strangers: Strangers })
      : undefined;
    this.#clients = kept?.clients ?? [...demoClients];
    this.#strangers = kept?.strangers ?? demoStrangers;
  }

  get clients(): readonly Client[] {
    return this.#clients;
  }

  get strangers(): Strangers {
    return this.#strangers;
  }

  /** `clients` and `strangers`, each as a whole where it is given. Throws 400 and changes nothing where one is wrong. */
  replace(given: Record<string, unknown>): void {
    const clients = given['clients'] === undefined ? this.#clients : parseClients(given['clients']);
    const strangers = given['strangers'] === undefined ? this.#strangers : parseStrangers(given['strangers']);
    this.#clients = clients;
    this.#strangers = strangers;
    writeFileSync(this.#file, JSON.stringify({ clients, strangers }));
  }

  /** The demo's own again. */
  reset(): void {
    this.replace({ clients: demoClients, strangers: demoStrangers });
  }

  /** By his code where one was keyed, else by his number, which a caller without one does not have. */
  find({ ask, cliTrust, cli, clientCode }: Question): Client | undefined {
    if (ask === 'recognizeClientCode') return this.#clients.find((one) => one.clientCode === clientCode);
    if (cliTrust === 'withheld' || cli === undefined) return undefined;
    return this.#clients.find((one) => one.clis.includes(cli));
  }

  answer(question: Question, client = this.find(question)): Answer {
    if (client === undefined) {
      const { answer, language, text } = this.#strangers;
      const said = { ...(language && { language }), ...(text !== null && { text }) };
      return answer === 'proof_wanted' && question.ask === 'recognizeCaller'
        ? { outcome: 'proof_wanted', proof: 'client_code', ...said }
        : { outcome: 'refused', reason: 'unknown', ...said };
    }
    const { clientCode, language, text } = client;
    const inHisLanguage = language && { language };
    if (client.blocked) return { outcome: 'refused', reason: 'blocked', ...inHisLanguage };
    if (client.pin !== null && question.pin === undefined) {
      return { outcome: 'proof_wanted', proof: 'pin', clientCode, ...inHisLanguage };
    }
    if (client.pin !== null && question.pin !== client.pin) {
      return { outcome: 'refused', reason: 'wrong_pin', ...inHisLanguage };
    }
    return {
      outcome: 'recognized',
      clientCode,
      ...(client.talkLimitSeconds !== null && { talkLimitSeconds: client.talkLimitSeconds }),
      ...inHisLanguage,
      ...(client.consultants.length > 0 && { consultants: client.consultants }),
      ...(client.destination !== null && { destination: client.destination }),
      ...(text !== null && { text }),
    };
  }
}

// --- What may be written into the book ------------------------------------------------------------------------------

const clientsMax = 200;
const delayMsMax = 120_000;

function parseClients(given: unknown): Client[] {
  if (!Array.isArray(given)) throw new Refusal(400, 'clients must be a list.');
  if (given.length > clientsMax) throw new Refusal(400, `The demo merchant knows ${clientsMax} at most.`);
  const clients = given.map(parseClient);
  const twice = <Value>(values: Value[]): Value | undefined =>
    values.find((value, index) => values.indexOf(value) !== index);
  const code = twice(clients.map((one) => one.clientCode));
  if (code !== undefined) throw new Refusal(400, `Two clients have the code ${code}.`);
  const cli = twice(clients.flatMap((one) => one.clis));
  if (cli !== undefined) throw new Refusal(400, `Two clients have the number ${cli}.`);
  return clients;
}

function parseClient(given: unknown, index: number): Client {
  const where = `clients[${index}]`;
  const read = readerOf(given, where);
  const clientCode = read.text('clientCode', /^[A-Za-z0-9._-]{1,40}$/, 'letters and digits, 40 at most');
  if (clientCode === null) throw new Refusal(400, `${where} has no clientCode.`);
  return {
    name: read.text('name', /^[^\p{C}]{0,80}$/u, '80 characters at most') ?? '',
    clientCode,
    clis: read.texts('clis', e164, 'numbers such as +33612345678'),
    pin: read.text('pin', /^[0-9]{1,20}$/, 'digits'),
    // The gateway refuses what is negative or longer than a day: here it may be written, to see it do so.
    talkLimitSeconds: read.whole('talkLimitSeconds', -1_000_000, 1_000_000_000),
    language: read.language(),
    consultants: read.texts('consultants', /^[0-9A-Za-z._:-]{1,100}$/, 'ids of consultants'),
    destination: read.text('destination', e164, 'a number such as +33612345678'),
    text: read.text('text', /^[^]{0,1000}$/, '1000 characters at most'),
    blocked: read.yes('blocked'),
    delayMs: read.whole('delayMs', 0, delayMsMax) ?? 0,
    error: read.error(),
  };
}

function parseStrangers(given: unknown): Strangers {
  const read = readerOf(given, 'strangers');
  const answer = read.text('answer', /^(refused|proof_wanted)$/, 'refused or proof_wanted') ?? 'refused';
  return {
    answer: answer as Strangers['answer'],
    language: read.language(),
    text: read.text('text', /^[^]{0,1000}$/, '1000 characters at most'),
    delayMs: read.whole('delayMs', 0, delayMsMax) ?? 0,
    error: read.error(),
  };
}

const e164 = /^\+[1-9][0-9]{4,14}$/;

/** Absent and null are the same, as is an empty text: a form has no other way of saying nothing. */
function readerOf(given: unknown, where: string) {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new Refusal(400, `${where} must be an object.`);
  }
  const fields = given as Record<string, unknown>;
  const wrong = (name: string, what: string): Refusal =>
    new Refusal(400, `${where}.${name} must be ${what}.`);
  const text = (name: string, pattern: RegExp, what: string): string | null => {
    const value = fields[name];
    if (value === undefined || value === null || value === '') return null;
    if (typeof value !== 'string' || !pattern.test(value)) throw wrong(name, what);
    return value;
  };
  const whole = (name: string, from: number, until: number): number | null => {
    const value = fields[name];
    if (value === undefined || value === null) return null;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < from || value > until) {
      throw wrong(name, `a whole number from ${from} to ${until}`);
    }
    return value;
  };
  return {
    text,
    whole,
    texts: (name: string, pattern: RegExp, what: string): string[] => {
      const value = fields[name] ?? [];
      const fits = (one: unknown): one is string => typeof one === 'string' && pattern.test(one);
      if (!Array.isArray(value) || value.length > 50 || !value.every(fits)) throw wrong(name, what);
      return value;
    },
    yes: (name: string): boolean => {
      const value = fields[name] ?? false;
      if (typeof value !== 'boolean') throw wrong(name, 'true or false');
      return value;
    },
    language: (): 'fr' | 'en' | null => text('language', /^(fr|en)$/, 'fr or en') as 'fr' | 'en' | null,
    error: (): Misbehaviour | null => {
      const value = fields['error'];
      if (value === undefined || value === null) return null;
      const known = misbehaviours.find((one) => one === value);
      if (known !== undefined) return known;
      if (typeof value === 'number') return whole('error', 200, 599);
      throw wrong('error', `an HTTP status or one of ${misbehaviours.join(', ')}`);
    },
  };
}
