// What a merchant's script is sent: the facts of a call as our JSON, or by the names Twilio gives them, in a form or in the
// address. Here: which words, in which order; the same facts are the same bytes, so that a question asked again by whoever took the
// call over is the question that was asked. Signing and sending are merchants/script-server's.

import type { E164, Language } from '../ids.ts';
import type { Cli } from '../known-caller.ts';
import type { ScriptAddress } from './script-program.ts';

/** `json`: POST of our JSON. `twiml`: POST of a form in Twilio's words. `query`: GET with the same words in the address. */
export const scriptDialects = ['json', 'query', 'twiml'] as const;
export type ScriptDialect = (typeof scriptDialects)[number];

/** How long a caller waits for an answer: one that takes longer than 20 s has lost most of them. */
export const scriptTimeoutMs = { usual: 5_000, least: 500, most: 20_000 } as const;

/** How a number that the answer dialled came to its end. */
export type ScriptDialEnd =
  'talked' | 'limit_reached' | 'busy' | 'no_answer' | 'refused' | 'unavailable' | 'not_allowed';

export interface ScriptFacts {
  /** Stored before it is first sent; the same whenever this question is repeated. */
  requestId: string;
  callId: string;
  merchantId: string;
  /** The block that asks, and the how many-th question of it in this call this is, from 1. */
  block: string;
  attempt: number;
  status: 'ringing' | 'answered';
  cli: Cli;
  ddi: E164;
  language: Language;
  /** Keyed for this question; empty: he was asked and keyed nothing; absent: he was not asked. */
  digits?: string;
  /** They are a PIN: sent, but shown to nobody who reads what was sent. */
  secretDigits?: true;
  /** What came of a `dial` of the answer before. `seconds`: of talk. */
  dial?: { end: ScriptDialEnd; seconds: number };
  /** Those the block names. */
  variables: Readonly<Record<string, string>>;
}

export interface ScriptQuestion {
  dialect: ScriptDialect;
  /** The block's, or where an earlier answer sent us. */
  address: ScriptAddress;
  facts: ScriptFacts;
}

export interface ScriptMessage {
  method: 'GET' | 'POST';
  /** With the words in it, where it is a GET. */
  url: string;
  contentType?: string;
  body: string;
  /** Which signature it bears, and over which words of a form beside the address. */
  signed: { by: 'standard-webhooks' } | { by: 'twilio'; form: readonly (readonly [string, string])[] };
}

/** An address that is none is left as it is: who sends it refuses it. */
export function scriptMessage(question: ScriptQuestion): ScriptMessage {
  const { address, facts } = question;
  const dialect = spokenBy(question);
  if (dialect === 'json') {
    return {
      method: 'POST',
      url: asSent(address.url),
      contentType: 'application/json',
      body: JSON.stringify(jsonFacts(facts)),
      signed: { by: 'standard-webhooks' },
    };
  }
  const words = twilioWords(facts);
  if (dialect === 'query') {
    const url = withQuery(address.url, words);
    return { method: 'GET', url, body: '', signed: { by: 'twilio', form: [] } };
  }
  return {
    method: 'POST',
    url: asSent(address.url),
    contentType: 'application/x-www-form-urlencoded; charset=UTF-8',
    body: new URLSearchParams(words).toString(),
    signed: { by: 'twilio', form: words },
  };
}

/** An answer that names a method (`<Gather method="GET">`) means it, whatever the block begins with. */
function spokenBy({ dialect, address: { method } }: ScriptQuestion): ScriptDialect {
  if (method === undefined) return dialect;
  if (method === 'GET') return 'query';
  return dialect === 'query' ? 'twiml' : dialect;
}

/** Members in the order they are documented in; what is not known is not there. */
function jsonFacts(facts: ScriptFacts): object {
  return {
    requestId: facts.requestId,
    callId: facts.callId,
    block: facts.block,
    attempt: facts.attempt,
    status: facts.status,
    cliTrust: facts.cli.trust,
    ...(facts.cli.trust !== 'withheld' && { from: facts.cli.number }),
    to: facts.ddi,
    language: facts.language,
    ...(facts.digits !== undefined && { digits: facts.digits }),
    ...(facts.dial && { dial: { end: facts.dial.end, seconds: facts.dial.seconds } }),
    variables: Object.fromEntries(inOrder(facts.variables)),
  };
}

/** A column of a database gives an object back in an order of its own. */
function inOrder(variables: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(variables).sort(([one], [other]) => (one < other ? -1 : 1));
}

const dialStatus: Readonly<Record<ScriptDialEnd, string>> = {
  talked: 'completed',
  limit_reached: 'completed',
  busy: 'busy',
  refused: 'busy',
  no_answer: 'no-answer',
  unavailable: 'failed',
  not_allowed: 'failed',
};

/**
 * Twilio's parameters of a voice request (twilio.com/docs/voice/twiml), then what he does not have. Variables come under their own
 * names, which begin with a small letter as none of Twilio's does.
 */
function twilioWords(facts: ScriptFacts): [string, string][] {
  const from = facts.cli.trust === 'withheld' ? 'anonymous' : facts.cli.number;
  return [
    ['CallSid', twilioSid('CA', facts.callId)],
    ['AccountSid', twilioSid('AC', facts.merchantId)],
    ['From', from],
    ['To', facts.ddi],
    ['Caller', from],
    ['Called', facts.ddi],
    ['CallStatus', facts.status === 'ringing' ? 'ringing' : 'in-progress'],
    ['Direction', 'inbound'],
    ['ApiVersion', '2010-04-01'],
    ...(facts.digits === undefined ? [] : [['Digits', facts.digits] satisfies [string, string]]),
    ...(facts.dial ? dialWords(facts.dial) : []),
    ['RequestId', facts.requestId],
    ['CallId', facts.callId],
    ['Block', facts.block],
    ['Attempt', String(facts.attempt)],
    ['Language', facts.language],
    ['CliTrust', facts.cli.trust],
    ...inOrder(facts.variables),
  ];
}

function dialWords({ end, seconds }: NonNullable<ScriptFacts['dial']>): [string, string][] {
  const status = dialStatus[end];
  return [
    ['DialCallStatus', status],
    // As Twilio sends it: of a call that was answered.
    ...(status === 'completed' ? [['DialCallDuration', String(seconds)] satisfies [string, string]] : []),
  ];
}

/** Crockford's base 32, as ids are written. */
const base32 = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * Two letters and 32 hexadecimal digits, as scripts check it and tables keep it (char(34)): the 128 bits of our own id, written
 * otherwise. An id of another make goes as it is.
 */
export function twilioSid(kind: 'CA' | 'AC', id: string): string {
  const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/.exec(id)?.[0];
  if (uuid !== undefined) return kind + uuid.replaceAll('-', '');
  const digits = /^[a-z]+_([0-9a-hjkmnp-tv-z]{26})$/.exec(id)?.[1];
  if (digits === undefined) return id;
  let bits = 0n;
  for (const digit of digits) bits = (bits << 5n) | BigInt(base32.indexOf(digit));
  return kind + (bits & ((1n << 128n) - 1n)).toString(16).padStart(32, '0');
}

/**
 * In the very writing it is asked for in, which a signature is made over: escaped, and without its fragment or a question mark with
 * nothing behind it.
 */
function asSent(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  url.hash = '';
  if (url.search === '') url.search = '';
  return url.href;
}

function withQuery(address: string, words: readonly (readonly [string, string])[]): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(asSent(address));
  for (const [name, value] of words) url.searchParams.append(name, value);
  return url.href;
}
