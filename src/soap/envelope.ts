// The envelope of SOAP 1.1 and what lies around a message in it: faults (4.4) and the UsernameToken of WS-Security 1.0.
// Who may ask, and what an answer means, is decided where it is served and where it is asked.

import { createHash } from 'node:crypto';
import { readXml, type XmlElement } from '../xml/xml-reader.ts';
import { escaped } from './xml-values.ts';

const soap = 'http://schemas.xmlsoap.org/soap/envelope/';
const soap12 = 'http://www.w3.org/2003/05/soap-envelope';
const wsse = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const wsu = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
const tokenProfile = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0';
const base64Binary =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary';

export const soapContentType = 'text/xml; charset=utf-8';

/** `body`: the message's element as text, and `header` what stands before it. */
export function writeEnvelope(body: string, header = ''): string {
  const head = header === '' ? '' : `<soap:Header>${header}</soap:Header>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="${soap}">${head}<soap:Body>${body}</soap:Body></soap:Envelope>`;
}

/** `Client`: the request is at fault; `Server`: it may be sent again. */
export type FaultSide = 'Client' | 'Server' | 'MustUnderstand';

/** `detail`: an element as text. `FailedAuthentication` is WS-Security's own name (1.0, 12). */
export function writeFault(fault: {
  side: FaultSide | 'FailedAuthentication';
  sentence: string;
  detail?: string;
}): string {
  const name = fault.side === 'FailedAuthentication' ? `wsse:${fault.side}` : `soap:${fault.side}`;
  const declared = fault.side === 'FailedAuthentication' ? ` xmlns:wsse="${wsse}"` : '';
  const detail = fault.detail === undefined ? '' : `<detail>${fault.detail}</detail>`;
  return writeEnvelope(
    `<soap:Fault${declared}><faultcode>${name}</faultcode><faultstring>${escaped(fault.sentence)}</faultstring>${detail}</soap:Fault>`,
  );
}

export type ReadEnvelope = { message: XmlElement; headers: readonly XmlElement[] } | { refused: string };

/** The one element of the body. `refused` goes on after "the answer cannot be read: ". */
export function readEnvelope(text: string): ReadEnvelope {
  const read = readXml(text);
  if ('refused' in read) return read;
  const { root } = read;
  if (root.name !== 'Envelope') return { refused: 'it is XML, but no SOAP envelope' };
  if (root.namespace === soap12) return { refused: 'it is SOAP 1.2, and SOAP 1.1 is spoken here' };
  if (root.namespace !== soap) return { refused: 'its envelope is in no namespace of SOAP 1.1' };
  const parts = (name: string): XmlElement[] =>
    root.children.filter((child) => child.namespace === soap && child.name === name);
  const [body, secondBody] = parts('Body');
  if (!body || secondBody) return { refused: 'its envelope does not have one body' };
  const [message, secondMessage] = body.children;
  if (!message || secondMessage) return { refused: 'its body does not hold one element' };
  return { message, headers: parts('Header').flatMap((header) => header.children) };
}

/** A header that its sender wants understood or the message not acted on (SOAP 1.1, 4.2.3), and that nobody here knows. */
export function notUnderstood(headers: readonly XmlElement[]): boolean {
  return headers.some(
    (header) =>
      !(header.namespace === wsse && header.name === 'Security') &&
      header.attributes.some(
        ({ namespace, name, value }) =>
          namespace === soap && name === 'mustUnderstand' && /^(1|true)$/.test(value),
      ),
  );
}

export interface ReadFault {
  /** `Client`, `Server`, ... without its prefix. */
  code: string;
  sentence: string;
  /** Of the fault type both our WSDLs declare. */
  detail?: { code: string; sentence: string };
}

/** `undefined` where the message is none. */
export function faultOf(message: XmlElement): ReadFault | undefined {
  if (message.namespace !== soap || message.name !== 'Fault') return undefined;
  const text = (parent: XmlElement | undefined, name: string): string =>
    parent?.children.find((child) => child.name === name)?.text.trim() ?? '';
  const code = text(message, 'faultcode');
  const declared = message.children.find(({ name }) => name === 'detail')?.children[0];
  return {
    code: code.slice(code.indexOf(':') + 1),
    sentence: text(message, 'faultstring'),
    ...(declared?.name === 'fault' && {
      detail: { code: text(declared, 'code'), sentence: text(declared, 'sentence') },
    }),
  };
}

// --- WS-Security UsernameToken 1.0 -----------------------------------------------------------------------------------

/** Profile 1.0, 3.1: Base64(SHA-1(nonce + created + password)). */
export function passwordDigest(token: { nonce: Buffer; created: string; password: string }): string {
  return createHash('sha1').update(token.nonce).update(token.created).update(token.password).digest('base64');
}

/**
 * The header with a digest of the password. Without mustUnderstand: a server that does not look at it answers all the same,
 * as the WSDL says.
 */
export function writeUsernameToken(token: {
  user: string;
  password: string;
  nonce: Buffer;
  created: string;
}): string {
  return (
    `<wsse:Security xmlns:wsse="${wsse}" xmlns:wsu="${wsu}"><wsse:UsernameToken>` +
    `<wsse:Username>${escaped(token.user)}</wsse:Username>` +
    `<wsse:Password Type="${tokenProfile}#PasswordDigest">${passwordDigest(token)}</wsse:Password>` +
    `<wsse:Nonce EncodingType="${base64Binary}">${token.nonce.toString('base64')}</wsse:Nonce>` +
    `<wsu:Created>${escaped(token.created)}</wsu:Created></wsse:UsernameToken></wsse:Security>`
  );
}

export type UsernameToken =
  | { user: string; kind: 'text'; password: string }
  | { user: string; kind: 'digest'; digest: string; nonce: Buffer; created: string };

/** `undefined`: there is none. `unreadable`: there is one that says neither a password nor a whole digest. */
export function usernameTokenOf(headers: readonly XmlElement[]): UsernameToken | 'unreadable' | undefined {
  const child = (parent: XmlElement | undefined, namespace: string, name: string): XmlElement | undefined =>
    parent?.children.find((one) => one.namespace === namespace && one.name === name);
  const security = headers.find(({ namespace, name }) => namespace === wsse && name === 'Security');
  const token = child(security, wsse, 'UsernameToken');
  if (!token) return undefined;
  const user = child(token, wsse, 'Username')?.text.trim() ?? '';
  const password = child(token, wsse, 'Password');
  if (!password) return 'unreadable';
  // Profile 1.0, 3.1: without a type it is the password itself.
  const type =
    password.attributes.find(({ name }) => name === 'Type')?.value ?? `${tokenProfile}#PasswordText`;
  if (type === `${tokenProfile}#PasswordText`) return { user, kind: 'text', password: password.text.trim() };
  const nonce = Buffer.from(child(token, wsse, 'Nonce')?.text.trim() ?? '', 'base64');
  const created = child(token, wsu, 'Created')?.text.trim() ?? '';
  if (type !== `${tokenProfile}#PasswordDigest` || nonce.length === 0 || created === '') return 'unreadable';
  return { user, kind: 'digest', digest: password.text.trim(), nonce, created };
}
