// What the answer of a merchant's script means, in any of three languages: our JSON, lines of `key=value` for scripts of three
// lines, TwiML for scripts there already are. One program comes out, or one sentence for whoever wrote the script.
//
// Strict on purpose: a word that is not understood is refused by its name. A caller whose script said something we passed over
// would hear half of it, and nobody would learn why; refused, he takes the block's error branch and the developer reads where.

import { languages, type Language } from '../ids.ts';
import {
  addressOf,
  exitOf,
  named,
  numberIn,
  numberToDial,
  scriptBounds,
  scriptHangUps,
  sipToDial,
  spoken,
  talkLimit,
  UnusableAnswer,
  unusable,
  usualRingSeconds,
  usualWaitSeconds,
  variable,
  wholeNumber,
  withinBounds,
  type ScriptHangUp,
  type ScriptProgram,
  type ScriptStep,
  type ScriptTexts,
} from './script-program.ts';
import { readTwiml } from './script-twiml.ts';

export type ReadScriptAnswer =
  | { outcome: 'answer'; program: ScriptProgram }
  /** One sentence for the merchant's developer, with the place; it quotes names and nothing else of the answer. */
  | { outcome: 'refused'; because: string };

/**
 * `contentType` as it came; where there is none, and where it says only that it is text (which is what servers say of scripts
 * that say nothing), the text itself is looked at. `url`: what was asked, as it was named, before anything was added to it:
 * relative addresses lie beside it. Never throws.
 */
export function readScriptAnswer(answer: {
  contentType?: string | undefined;
  body: string;
  url: string;
}): ReadScriptAnswer {
  try {
    return { outcome: 'answer', program: withinBounds(programOf(answer)) };
  } catch (error) {
    if (!(error instanceof UnusableAnswer)) throw error;
    const sentence = error.message.charAt(0).toUpperCase() + error.message.slice(1);
    return { outcome: 'refused', because: `${sentence}.` };
  }
}

function programOf(answer: { contentType?: string | undefined; body: string; url: string }): ScriptProgram {
  // Never more bytes than characters: what is longer in characters is so in bytes.
  if (answer.body.length > scriptBounds.bytes) {
    unusable('', `the answer is larger than ${scriptBounds.bytes} bytes`);
  }
  const text = answer.body.replace(/^\uFEFF/, '');
  if (text.trim() === '') unusable('', 'the answer is empty');
  switch (languageOf(answer.contentType, text)) {
    case 'json':
      return inWords(jsonWords(text), answer.url);
    case 'xml':
      return readTwiml(text.trim(), answer.url);
    case 'lines':
      return inWords(lineWords(text), answer.url);
  }
}

function languageOf(contentType: string | undefined, text: string): 'json' | 'xml' | 'lines' {
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim());
  const charset = parameters.map((part) => /^charset\s*=\s*"?([^"]*)"?$/i.exec(part)?.[1]).find(Boolean);
  if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset)) {
    unusable('', 'the answer is in another charset than UTF-8');
  }
  if (/^application\/(?:[\w.-]+\+)?json$/i.test(type)) return 'json';
  if (/^(?:text|application)\/(?:[\w.-]+\+)?xml$/i.test(type)) return 'xml';
  if (type !== '' && !/^text\/(?:html|plain)$/i.test(type)) {
    const given = /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.test(type)
      ? `of type ${type}`
      : 'of no type that can be read';
    unusable('', `the answer is ${given}; application/json, text/xml or text/plain was expected`);
  }
  const first = text.trimStart().charAt(0);
  return first === '{' ? 'json' : first === '<' ? 'xml' : 'lines';
}

// --- Our words, as JSON or as lines ----------------------------------------------------------------------------------

/** A word of ours, what was said with it, and where: `say/fr`, `line 3, say.fr`. */
interface Word {
  value: unknown;
  where: string;
}

/** The same whichever way they were written: what may stand inside a word has its place by `inside`. */
interface Words {
  said: ReadonlyMap<string, Word>;
  inside: (word: string, name: string | number) => string;
}

const ourWords = ['set', 'play', 'say', 'collect', 'dial', 'limitSeconds', 'next', 'hangup'];

function jsonWords(text: string): Words {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    unusable('', 'the answer is not well-formed JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    unusable('', 'the answer must be one JSON object');
  }
  const said = new Map<string, Word>();
  for (const [name, inside] of Object.entries(value)) {
    if (!ourWords.includes(name)) unusable('', `the member ${named(name)} is not understood here`);
    // Generated code writes null where there is nothing.
    if (inside !== null) said.set(name, { value: inside, where: name });
  }
  return { said, inside: (word, name) => `${word}/${typeof name === 'number' ? name + 1 : named(name)}` };
}

/** `key=value`, each key once; what stands behind a dot is a member: `set.balance=12.50`, `say.fr=Bonjour`. */
function lineWords(text: string): Words {
  const places = new Map<string, string>();
  const plain = new Map<string, Word>();
  const members = new Map<string, Map<string, string>>();
  const lines = text.split(/\r?\n|\r/);
  if (lines.length > 200) unusable('', 'the answer has more than 200 lines');
  for (const [at, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const equals = line.indexOf('=');
    const key = line.slice(0, Math.max(0, equals)).trim();
    const place = `line ${at + 1}`;
    const [, word = '', member] = /^([A-Za-z]+)(?:\.(.+))?$/.exec(key) ?? [];
    if (equals === -1 || !ourWords.includes(word)) {
      unusable(place, `it is none of ${ourWords.join('=, ')}=`);
    }
    if (places.has(key)) unusable(place, `${named(key)} is said a second time`);
    places.set(key, `${place}, ${named(key)}`);
    const value = line.slice(equals + 1).trim();
    const takesMembers = word === 'set' || word === 'say';
    if (member === undefined ? word === 'set' : !takesMembers) {
      unusable(place, `${named(key)} is not understood here`);
    }
    if (member === undefined)
      plain.set(word, { value: asWritten(word, value, place), where: `${place}, ${word}` });
    else members.set(word, (members.get(word) ?? new Map<string, string>()).set(member, value));
  }
  const said = new Map(plain);
  for (const [word, inside] of members) {
    const where = places.get(`${word}.${[...inside.keys()][0] ?? ''}`) ?? word;
    if (said.has(word)) unusable(where, `${word} is said both for every language and for one`);
    said.set(word, { value: Object.fromEntries(inside), where });
  }
  return { said, inside: (word, name) => places.get(`${word}.${name}`) ?? word };
}

/** A line has no numbers, only digits. */
function asWritten(word: string, value: string, place: string): unknown {
  if (word === 'collect') return numberIn(`${place}, collect`, value, 1, scriptBounds.digits);
  if (word === 'limitSeconds') return numberIn(`${place}, limitSeconds`, value, 1, 999_999_999);
  return value;
}

/**
 * Always in this order, however they were written: set; play, then say; collect or dial; then hang up or go on by an exit. What
 * is played and said before a `collect` belongs to it, so that he may key over it.
 */
function inWords({ said, inside }: Words, base: string): ScriptProgram {
  const take = <Value>(word: string, read: (value: unknown, where: string) => Value): Value | undefined => {
    const given = said.get(word);
    return given === undefined ? undefined : read(given.value, given.where);
  };
  const set = take('set', (value, where) => variablesOf(value, where, inside)) ?? {};
  const plays = take('play', (value, where) =>
    listOf(value).map((url, at): ScriptStep & { do: 'play' } => ({
      do: 'play',
      url: addressOf(Array.isArray(value) ? inside('play', at) : where, url, base),
      times: 1,
    })),
  );
  const says = take('say', (value, where) =>
    listOf(value).flatMap((text, at) =>
      sayOf(text, Array.isArray(value) ? inside('say', at) : where, inside),
    ),
  );
  const prompts = [...(plays ?? []), ...(says ?? [])];
  const digits = take('collect', (value, where) => wholeNumber(where, value, 1, scriptBounds.digits));
  const to = take('dial', dialledBy);
  const limitSeconds = take('limitSeconds', (value, where) => talkLimit(where, value));
  const next = take('next', (value, where) => exitOf(where, value));
  const cause = take('hangup', hangUpBy);

  const together = (one: string, other: string): never =>
    unusable(said.get(other)?.where ?? '', `${other} cannot stand beside ${one}`);
  if (digits !== undefined && to !== undefined) together('dial', 'collect');
  if (digits !== undefined && cause !== undefined) together('collect', 'hangup');
  if (next !== undefined && cause !== undefined) together('next', 'hangup');

  const steps: ScriptStep[] = [];
  if (digits === undefined) steps.push(...prompts);
  else {
    steps.push({
      do: 'collect',
      prompts,
      maxDigits: digits,
      terminator: '#',
      waitMs: usualWaitSeconds * 1_000,
      // Without an exit it is the same script that hears what he keyed, or that he keyed nothing.
      ...(next === undefined && { then: { url: base } }),
      onEmpty: next === undefined ? 'then' : 'goOn',
    });
  }
  if (to !== undefined) {
    steps.push({
      do: 'dial',
      to,
      ringSeconds: usualRingSeconds,
      ...(limitSeconds !== undefined && { limitSeconds }),
    });
  }
  if (cause !== undefined) steps.push({ do: 'hangUp', cause });
  return {
    set,
    steps,
    ...(next !== undefined && { next }),
    ...(limitSeconds !== undefined && to === undefined && { limitSeconds }),
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

function variablesOf(value: unknown, where: string, inside: Words['inside']): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    unusable(where, 'it must be an object: variables by their names');
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, given]: [string, unknown]) => {
      const at = inside('set', name);
      const isPlain = typeof given === 'string' || typeof given === 'boolean' || Number.isFinite(given);
      if (!isPlain) unusable(at, 'a value must be text, a number, true or false');
      return variable(at, name, String(given));
    }),
  );
}

/** Text for everybody, or by language; empty text is nothing said. */
function sayOf(value: unknown, where: string, inside: Words['inside']): (ScriptStep & { do: 'say' })[] {
  const texts = textsOf(value, where, inside);
  return Object.keys(texts).length === 0 ? [] : [{ do: 'say', texts, times: 1 }];
}

function textsOf(value: unknown, where: string, inside: Words['inside']): ScriptTexts {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const text = spoken(where, value);
    return text === '' ? {} : { any: text };
  }
  const texts: Partial<Record<Language, string>> = {};
  for (const [name, given] of Object.entries(value)) {
    const language = languages.find((one) => one === name);
    if (language === undefined) unusable(where, `${named(name)} is no language that is spoken here (fr, en)`);
    const text = spoken(where.includes('/') ? where : inside('say', name), given);
    if (text !== '') texts[language] = text;
  }
  return texts;
}

function dialledBy(value: unknown, where: string): Extract<ScriptStep, { do: 'dial' }>['to'] {
  if (typeof value === 'string' && /^\s*sips?:/i.test(value)) return { sip: sipToDial(where, value) };
  return { number: numberToDial(where, value) };
}

function hangUpBy(value: unknown, where: string): ScriptHangUp {
  const cause = scriptHangUps.find((one) => one === value);
  if (cause === undefined) unusable(where, `it must be one of ${scriptHangUps.join(', ')}`);
  return cause;
}
