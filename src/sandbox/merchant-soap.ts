// The demo merchant's SOAP: read and written by hand from wsdl/merchant-server.wsdl, as somebody does who has no tool for it.
// Nothing here is shared with the gateway's own: two readings of one WSDL that agree are worth more than one.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { Answer } from './merchant-clients.ts';

export const merchantNamespace = 'urn:ringmeter:merchant-server:1';
const envelopeNamespace = 'http://schemas.xmlsoap.org/soap/envelope/';
const wsse = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const wsu = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
const digestType =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest';

interface Element {
  name: string;
  namespace: string;
  attributes: Record<string, string>;
  children: Element[];
  text: string;
}

export interface SoapCall {
  operation: string;
  /** Of `question`, or of `report`; with the report's `id` beside them. */
  fields: Record<string, string>;
  token: { user: string; digest: string; nonce: string; created: string; isDigest: boolean } | undefined;
}

/** The operation that is asked for, or a sentence why it cannot be read. */
export function readSoap(text: string): SoapCall | { refused: string } {
  let envelope: Element;
  try {
    envelope = parse(text);
  } catch (error) {
    return { refused: error instanceof Error ? error.message : 'Not XML.' };
  }
  if (envelope.name !== 'Envelope' || envelope.namespace !== envelopeNamespace) {
    return { refused: 'Not a SOAP 1.1 envelope.' };
  }
  const [message, ...more] = child(envelope, 'Body', envelopeNamespace)?.children ?? [];
  if (message?.namespace !== merchantNamespace || more.length > 0) {
    return { refused: `The body must hold one element of ${merchantNamespace}.` };
  }
  const inner = message.children.find(({ name }) => name === 'question' || name === 'report');
  const id = child(message, 'id', merchantNamespace);
  const fields = Object.fromEntries((inner?.children ?? []).map(({ name, text: value }) => [name, value]));
  return {
    operation: message.name,
    fields: { ...(id && { id: id.text }), ...fields },
    token: tokenOf(child(envelope, 'Header', envelopeNamespace)),
  };
}

function tokenOf(header: Element | undefined): SoapCall['token'] {
  const security = header && child(header, 'Security', wsse);
  const token = security && child(security, 'UsernameToken', wsse);
  if (!token) return undefined;
  const password = child(token, 'Password', wsse);
  return {
    user: child(token, 'Username', wsse)?.text ?? '',
    digest: password?.text ?? '',
    nonce: child(token, 'Nonce', wsse)?.text ?? '',
    created: child(token, 'Created', wsu)?.text ?? '',
    isDigest: password?.attributes['Type'] === digestType,
  };
}

/** Older than this it is somebody's who wrote it down; a nonce is good once. */
const tokenMs = 300_000;

/** UsernameToken Profile 1.0: Base64(SHA-1(nonce + created + password)). Remembers nonces for as long as they are good. */
export class TokenCheck {
  readonly #user: string;
  readonly #password: string;
  readonly #nonces = new Map<string, number>();

  constructor({ user, password }: { user: string; password: string }) {
    this.#user = user;
    this.#password = password;
  }

  holds(token: NonNullable<SoapCall['token']>, nowMs = Date.now()): boolean {
    const age = Math.abs(nowMs - Date.parse(token.created));
    if (!token.isDigest || token.user !== this.#user || !(age < tokenMs)) return false;
    const expected = createHash('sha1')
      .update(Buffer.from(token.nonce, 'base64'))
      .update(token.created)
      .update(this.#password)
      .digest();
    const given = Buffer.from(token.digest, 'base64');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
    for (const [nonce, untilMs] of this.#nonces) if (untilMs < nowMs) this.#nonces.delete(nonce);
    if (this.#nonces.has(token.nonce)) return false;
    this.#nonces.set(token.nonce, nowMs + tokenMs);
    return true;
  }
}

// --- Writing ----------------------------------------------------------------------------------------------------------

/** In the order of the WSDL's sequence. */
export function recognitionXml(operation: string, answer: Answer): string {
  const { consultants = [] } = answer;
  const fields: [string, string | number | undefined][] = [
    ['outcome', answer.outcome],
    ['clientCode', answer.clientCode],
    ['talkLimitSeconds', answer.talkLimitSeconds],
    ['language', answer.language],
    ...consultants.map((one): [string, string] => ['consultant', one]),
    ['destination', answer.destination],
    ['text', answer.text],
    ['proof', answer.proof],
    ['reason', answer.reason],
  ];
  const inner = fields
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `<m:${name}>${escaped(String(value))}</m:${name}>`)
    .join('');
  return responseXml(operation, `<m:recognition>${inner}</m:recognition>`);
}

export function responseXml(operation: string, inner = ''): string {
  return envelope(`<m:${operation}Response xmlns:m="${merchantNamespace}">${inner}</m:${operation}Response>`);
}

export function faultXml(code: 'Client' | 'Server', detailCode: string, sentence: string): string {
  return envelope(
    `<soapenv:Fault><faultcode>soapenv:${code}</faultcode><faultstring>${escaped(sentence)}</faultstring>` +
      `<detail><m:fault xmlns:m="${merchantNamespace}"><m:code>${escaped(detailCode)}</m:code>` +
      `<m:sentence>${escaped(sentence)}</m:sentence></m:fault></detail></soapenv:Fault>`,
  );
}

function envelope(body: string): string {
  return (
    `<?xml version="1.0" encoding="UTF-8"?>` +
    `<soapenv:Envelope xmlns:soapenv="${envelopeNamespace}"><soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`
  );
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

// --- Reading: as much of XML 1.0 and its namespaces as a SOAP message has ------------------------------------------------

const token =
  /<!--[^]*?-->|<\?[^]*?\?>|<!\[CDATA\[([^]*?)\]\]>|<(\/?)([^\s<>/!?]+)((?:\s+[^\s=<>]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)|(<)/gy;
const attribute = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/** Throws with a sentence. A DOCTYPE is refused: what it could define nobody wants expanded. */
function parse(text: string): Element {
  const root: Element = { name: '', namespace: '', attributes: {}, children: [], text: '' };
  const open: { element: Element; tag: string; prefixes: Record<string, string> }[] = [
    { element: root, tag: '', prefixes: {} },
  ];
  for (const found of text.replace(/^\uFEFF/, '').matchAll(token)) {
    const [, cdata, closing, tag = '', attributes = '', empty, words, stray] = found;
    const inside = open.at(-1);
    if (stray !== undefined || inside === undefined) throw new Error('Not XML this merchant reads.');
    if (cdata !== undefined || words !== undefined) {
      inside.element.text += cdata ?? plain(words ?? '');
    } else if (closing === '/') {
      if (inside.tag !== tag) throw new Error(`</${tag}> closes nothing.`);
      inside.element.text = inside.element.children.length > 0 ? '' : inside.element.text.trim();
      open.pop();
    } else if (tag !== '') {
      const given = [...attributes.matchAll(attribute)].map(
        ([, name = '', one, other]) => [name, plain(one ?? other ?? '')] as const,
      );
      const declared = given
        .filter(([name]) => name === 'xmlns' || name.startsWith('xmlns:'))
        .map(([name, value]) => [name.slice(6), value] as const);
      const prefixes = { ...inside.prefixes, ...Object.fromEntries(declared) };
      const [prefix, name] = tag.includes(':') ? tag.split(':', 2) : ['', tag];
      const element: Element = {
        name: name ?? '',
        namespace: prefixes[prefix ?? ''] ?? '',
        attributes: Object.fromEntries(given),
        children: [],
        text: '',
      };
      inside.element.children.push(element);
      if (empty !== '/') open.push({ element, tag, prefixes });
    }
  }
  const [document, ...more] = root.children;
  if (document === undefined || more.length > 0 || open.length !== 1)
    throw new Error('Not one XML document.');
  return document;
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function plain(text: string): string {
  return text.replace(/&(#x?)?([0-9A-Za-z]+);/g, (_all, number: string | undefined, name: string) => {
    if (number === undefined) return entities[name] ?? '';
    return String.fromCodePoint(Number.parseInt(name, number === '#x' ? 16 : 10));
  });
}

function child(element: Element, name: string, namespace: string): Element | undefined {
  return element.children.find((one) => one.name === name && one.namespace === namespace);
}
