// An answer in TwiML, as Twilio documents it (twilio.com/docs/voice/twiml, read in 2026): the verbs a voice script lives on. What
// is not done here is refused by its name, since a caller who hears half a script is worse off than one who hears the error branch.
//
// Two things are ours. A Say without a language is spoken in the caller's, where Twilio would take it for American English;
// and a document that ends hangs up, as Twilio's does, because the script was written counting on it.

import type { Language } from '../ids.ts';
import { readXml, type XmlElement } from '../../xml/xml-reader.ts';
import { talkLimitSecondsMax } from '../known-caller.ts';
import {
  addressOf,
  leaves,
  named,
  numberIn,
  numberToDial,
  scriptBounds,
  sipToDial,
  spoken,
  unusable,
  usualRingSeconds,
  usualWaitSeconds,
  type ScriptAddress,
  type ScriptProgram,
  type ScriptPrompt,
  type ScriptStep,
} from './script-program.ts';

/** Verbs, their nouns and the prompts of an entry: three deep. What is deeper is no TwiML we know, but is to be named. */
const xmlBounds = { elementsMax: 500, depthMax: 8, attributesMax: 40 };

type Attributes = ReadonlyMap<string, string>;
type Verb = (attributes: Attributes, element: XmlElement, where: string, base: string) => ScriptStep[];

/** Throws UnusableAnswer. `base`: the address of the question. */
export function readTwiml(text: string, base: string): ScriptProgram {
  const read = readXml(text, xmlBounds);
  if ('refused' in read) unusable('', `the answer looks like XML and cannot be read: ${read.refused}`);
  const { root } = read;
  if (root.name !== 'Response' || root.namespace !== '') {
    unusable(
      '',
      `the answer is XML, but its first element is ${named(root.name)}; Response was expected, in no namespace`,
    );
  }
  attributesOf(root, 'Response', []);
  const steps: ScriptStep[] = [];
  for (const { element, where } of childrenOf(root, 'Response')) {
    const verb = verbs.get(element.name);
    if (verb === undefined || element.namespace !== '') {
      unusable(where, `the verb ${named(element.name)} is not done here`);
    }
    steps.push(...verb.read(attributesOf(element, where, verb.attributes), element, where, base));
  }
  // What comes after a verb that leaves is never reached, there as here; it was read all the same, to be refused where it is wrong.
  const last = steps.findIndex(leaves);
  if (last === -1) return { set: {}, steps: [...steps, { do: 'hangUp', cause: 'normal' }] };
  return { set: {}, steps: steps.slice(0, last + 1) };
}

/** Read and without meaning here: a voice is the house's own, and what only concerns speech does nothing where keys are collected. */
const harmless: ReadonlyMap<string, readonly string[]> = new Map([
  ['Say', ['voice']],
  ['Gather', ['language', 'hints', 'profanityFilter', 'speechTimeout', 'speechModel', 'enhanced']],
  ['Dial', ['ringTone']],
]);

const ofGather = ['input', 'action', 'method', 'timeout', 'numDigits', 'finishOnKey', 'actionOnEmptyResult'];
const ofDial = [
  'action',
  'method',
  'timeout',
  'timeLimit',
  'callerId',
  'hangupOnStar',
  'answerOnBridge',
  'record',
];
/** A map, because an element may be called `constructor`. */
const verbs: ReadonlyMap<string, { attributes: readonly string[]; read: Verb }> = new Map([
  ['Say', { attributes: ['language', 'loop'], read: sayOf }],
  ['Play', { attributes: ['loop'], read: playOf }],
  ['Pause', { attributes: ['length'], read: pauseOf }],
  ['Gather', { attributes: ofGather, read: gatherOf }],
  ['Dial', { attributes: ofDial, read: dialOf }],
  ['Redirect', { attributes: ['method'], read: redirectOf }],
  ['Hangup', { attributes: [], read: hangupOf }],
  ['Reject', { attributes: ['reason'], read: rejectOf }],
]);

function sayOf(attributes: Attributes, element: XmlElement, where: string): ScriptPrompt[] {
  const text = spoken(where, textOf(element, where));
  const times = timesOf(attributes, where);
  const language = attributes.get('language');
  const spokenIn = language === undefined ? undefined : languageOf(language, where);
  if (text === '') return [];
  return [{ do: 'say', texts: spokenIn === undefined ? { any: text } : { [spokenIn]: text }, times }];
}

function playOf(attributes: Attributes, element: XmlElement, where: string, base: string): ScriptPrompt[] {
  const url = addressOf(where, textOf(element, where), base);
  return [{ do: 'play', url, times: timesOf(attributes, where) }];
}

function pauseOf(attributes: Attributes, element: XmlElement, where: string): ScriptPrompt[] {
  empty(element, where);
  const seconds = wholeIn(attributes, 'length', where, 0, scriptBounds.pauseSeconds) ?? 1;
  return seconds === 0 ? [] : [{ do: 'pause', seconds }];
}

function gatherOf(attributes: Attributes, element: XmlElement, where: string, base: string): ScriptStep[] {
  const input = attributes.get('input') ?? 'dtmf';
  if (input !== 'dtmf') unusable(`${where}/input`, 'only dtmf is collected here, not speech');
  const prompts = childrenOf(element, where).flatMap((child) => {
    const verb = gathered.get(child.element.name);
    if (verb === undefined || child.element.namespace !== '') {
      unusable(child.where, `${named(child.element.name)} cannot stand within Gather here`);
    }
    const given = attributesOf(child.element, child.where, verbs.get(child.element.name)?.attributes ?? []);
    return verb(given, child.element, child.where, base);
  });
  const key = attributes.get('finishOnKey') ?? '#';
  if (key !== '#' && key !== '') {
    unusable(`${where}/finishOnKey`, 'it must be # or empty; other keys do not end an entry here');
  }
  const then = actionOf(attributes, where, base) ?? { url: base, method: methodOf(attributes, where) };
  return [
    {
      do: 'collect',
      prompts,
      maxDigits: wholeIn(attributes, 'numDigits', where, 1, scriptBounds.digits) ?? scriptBounds.digits,
      terminator: key === '#' ? '#' : 'none',
      waitMs:
        (wholeIn(attributes, 'timeout', where, 1, scriptBounds.waitSeconds) ?? usualWaitSeconds) * 1_000,
      then,
      onEmpty: flagIn(attributes, 'actionOnEmptyResult', where) ? 'then' : 'goOn',
    },
  ];
}

const gathered = new Map<string, (...given: Parameters<Verb>) => ScriptPrompt[]>([
  ['Say', sayOf],
  ['Play', playOf],
  ['Pause', pauseOf],
]);

function dialOf(attributes: Attributes, element: XmlElement, where: string, base: string): ScriptStep[] {
  const record = attributes.get('record') ?? 'do-not-record';
  if (record !== 'do-not-record' && record !== 'false')
    unusable(`${where}/record`, 'calls are not recorded here');
  const callerId = attributes.get('callerId');
  const limitSeconds = wholeIn(attributes, 'timeLimit', where, 1, talkLimitSecondsMax);
  const then = actionOf(attributes, where, base);
  return [
    {
      do: 'dial',
      to: dialledBy(element, where),
      ringSeconds: wholeIn(attributes, 'timeout', where, 1, scriptBounds.ringSeconds) ?? usualRingSeconds,
      ...(limitSeconds !== undefined && { limitSeconds }),
      ...(callerId !== undefined && { callerId: numberToDial(`${where}/callerId`, callerId) }),
      ...(flagIn(attributes, 'hangupOnStar', where) && { hangUpOnStar: true as const }),
      ...(flagIn(attributes, 'answerOnBridge', where) && { answerOnBridge: true as const }),
      ...(then !== undefined && { then }),
    },
  ];
}

/** A number as its text, or one Number or one Sip. */
function dialledBy(element: XmlElement, where: string): Extract<ScriptStep, { do: 'dial' }>['to'] {
  const [noun, second] = element.children;
  if (noun === undefined) return { number: numberToDial(where, element.text) };
  if (second !== undefined) unusable(where, 'it rings one at a time here, and has more than one inside');
  const [child] = childrenOf(element, where);
  const inside = child?.where ?? where;
  if ((noun.name !== 'Number' && noun.name !== 'Sip') || noun.namespace !== '') {
    unusable(inside, `${named(noun.name)} cannot be dialled here, only Number and Sip`);
  }
  attributesOf(noun, inside, []);
  const text = textOf(noun, inside);
  return noun.name === 'Sip' ? { sip: sipToDial(inside, text) } : { number: numberToDial(inside, text) };
}

function redirectOf(attributes: Attributes, element: XmlElement, where: string, base: string): ScriptStep[] {
  const url = addressOf(where, textOf(element, where), base);
  return [{ do: 'redirect', url, method: methodOf(attributes, where) }];
}

function hangupOf(_attributes: Attributes, element: XmlElement, where: string): ScriptStep[] {
  empty(element, where);
  return [{ do: 'hangUp', cause: 'normal' }];
}

function rejectOf(attributes: Attributes, element: XmlElement, where: string): ScriptStep[] {
  empty(element, where);
  const reason = attributes.get('reason') ?? 'rejected';
  if (reason !== 'rejected' && reason !== 'busy') unusable(`${where}/reason`, 'it must be rejected or busy');
  return [{ do: 'hangUp', cause: reason }];
}

// --- What verbs have in common ------------------------------------------------------------------------------------

function attributesOf(element: XmlElement, where: string, known: readonly string[]): Attributes {
  const passedOver = harmless.get(element.name) ?? [];
  const attributes = new Map<string, string>();
  for (const { namespace, name, value } of element.attributes) {
    if (namespace === '' && passedOver.includes(name) && !known.includes(name)) continue;
    // `xsi:noNamespaceSchemaLocation` and the like say something to editors, and nothing to us.
    if (namespace === 'http://www.w3.org/2001/XMLSchema-instance') continue;
    if (namespace !== '' || !known.includes(name)) {
      unusable(where, `the attribute ${named(name)} is not understood here`);
    }
    attributes.set(name, value);
  }
  return attributes;
}

/** The elements inside, each with its place: `Response/Gather[2]/Say[1]`, counted among all of its neighbours. */
function childrenOf(parent: XmlElement, where: string): { element: XmlElement; where: string }[] {
  if (parent.text.trim() !== '') unusable(where, 'it holds text where only elements can stand');
  return parent.children.map((element, at) => ({
    element,
    where: `${where}/${named(element.name)}[${at + 1}]`,
  }));
}

function textOf(element: XmlElement, where: string): string {
  const [inside] = element.children;
  if (inside) unusable(where, `${named(inside.name)} within its text is not understood here`);
  return element.text;
}

function empty(element: XmlElement, where: string): void {
  if (textOf(element, where).trim() !== '') unusable(where, 'it must be empty');
}

function wholeIn(
  attributes: Attributes,
  name: string,
  where: string,
  least: number,
  most: number,
): number | undefined {
  const text = attributes.get(name);
  return text === undefined ? undefined : numberIn(`${where}/${name}`, text, least, most);
}

function flagIn(attributes: Attributes, name: string, where: string): boolean {
  const text = attributes.get(name) ?? 'false';
  if (text !== 'true' && text !== 'false') unusable(`${where}/${name}`, 'it must be true or false');
  return text === 'true';
}

/** 0 is until the call ends: as often as nobody stays to hear. */
function timesOf(attributes: Attributes, where: string): number {
  const times = wholeIn(attributes, 'loop', where, 0, scriptBounds.times) ?? 1;
  return times === 0 ? scriptBounds.times : times;
}

function methodOf(attributes: Attributes, where: string): 'GET' | 'POST' {
  const method = (attributes.get('method') ?? 'POST').toUpperCase();
  if (method !== 'GET' && method !== 'POST') unusable(`${where}/method`, 'it must be GET or POST');
  return method;
}

function actionOf(attributes: Attributes, where: string, base: string): ScriptAddress | undefined {
  const method = methodOf(attributes, where);
  const action = attributes.get('action');
  // An empty one is the document's own address, as a form's is in HTML.
  if (action === undefined) return undefined;
  return { url: action.trim() === '' ? base : addressOf(`${where}/action`, action, base), method };
}

/** `fr`, `fr-FR`, `en_GB`: which English is the engine's. */
function languageOf(text: string, where: string): Language {
  const language = /^(fr|en)(?:[-_][A-Za-z0-9-]{2,20})?$/i.exec(text.trim())?.[1]?.toLowerCase();
  if (language === 'fr' || language === 'en') return language;
  unusable(`${where}/language`, 'only French and English (fr, en) are spoken here');
}
