// Links to our page that a merchant puts on his own site: which parameters they may carry, which of them must be signed,
// and where they may lead back to.
//
//   /pay/{line}?consultant=&minutes=&phone=&reference=&return=&signature=
//
// Without a signature `consultant`, `minutes` and `phone` only fill the form in: the visitor may change them, as he could
// by hand. `reference` and `return` say something in the merchant's name (which customer this is, where he goes
// afterwards): unsigned they would let anybody credit a call to somebody else, so a link that carries one of them without
// a signature is refused, not silently shortened. In a signed link everything is fixed, the form fields included.
//
// signature = hex(HMAC-SHA256(secret, canonical)), canonical = all parameters of the link but `signature` and `lang`, and
// the line under the name `line`, each written name=value with RFC 3986 percent-encoding, sorted by name, joined by `&`:
//   line=demo&minutes=20&reference=customer%2042
// The line is part of it: a signature made for a cheap line is worth nothing on another.

import { createHmac, timingSafeEqual } from 'node:crypto';

export interface LinkParameters {
  consultant?: string;
  minutes?: string;
  phone?: string;
  reference?: string;
  return?: string;
}

const parameterNames = ['consultant', 'minutes', 'phone', 'reference', 'return'] as const;
const mustBeSigned = ['reference', 'return'] as const;
/** Longer than any reference or address a merchant needs, short enough for a log line and a bank statement. */
const longest = { consultant: 64, minutes: 4, phone: 40, reference: 200, return: 1_000 } as const;

export type ReadLink =
  | { outcome: 'link'; parameters: LinkParameters; signed: boolean }
  | {
      outcome: 'not_valid';
      because: 'repeated' | 'too_long' | 'not_text' | 'not_signed' | 'signature_wrong';
    };

/** The text that is signed. */
export function canonicalLink(line: string, parameters: LinkParameters): string {
  return Object.entries({ ...parameters, line })
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${percentEncoded(value)}`)
    .join('&');
}

/** Hex, lower case, 64 characters. */
export function signLink(secret: string, line: string, parameters: LinkParameters): string {
  return createHmac('sha256', secret).update(canonicalLink(line, parameters)).digest('hex');
}

/** The whole address a merchant hands out. */
export function signedLink(
  publicUrl: string,
  secret: string,
  line: string,
  parameters: LinkParameters,
): string {
  const signature = signLink(secret, line, parameters);
  const query = Object.entries({ ...parameters, signature })
    .map(([name, value]) => `${name}=${percentEncoded(value)}`)
    .join('&');
  return `${publicUrl}/pay/${line}?${query}`;
}

/**
 * Reads the query of a link. `secret`: the merchant's link secret, absent when he has none, and then no signature holds.
 * An empty parameter counts as absent, so that a template with blanks left open still works.
 */
export function readLink(line: string, query: URLSearchParams, secret: string | undefined): ReadLink {
  const parameters: LinkParameters = {};
  for (const name of parameterNames) {
    const values = query.getAll(name).filter((value) => value !== '');
    const [value] = values;
    // Two values of one name are read differently by every program on the way: none of them is trusted.
    if (values.length > 1) return { outcome: 'not_valid', because: 'repeated' };
    if (value === undefined) continue;
    if (value.length > longest[name]) return { outcome: 'not_valid', because: 'too_long' };
    // No database keeps a NUL, whoever signed it.
    if (value.includes('\0')) return { outcome: 'not_valid', because: 'not_text' };
    parameters[name] = value;
  }
  const signature = query.get('signature') ?? '';
  if (signature === '') {
    return mustBeSigned.some((name) => parameters[name] !== undefined)
      ? { outcome: 'not_valid', because: 'not_signed' }
      : { outcome: 'link', parameters, signed: false };
  }
  if (secret === undefined || !sameText(signature, signLink(secret, line, parameters))) {
    return { outcome: 'not_valid', because: 'signature_wrong' };
  }
  return { outcome: 'link', parameters, signed: true };
}

function sameText(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given.toLowerCase()), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** encodeURIComponent leaves `!'()*` alone; RFC 3986 reserves them, and other languages' encoders write them as %XX. */
function percentEncoded(value: string): string {
  return encodeURIComponent(value).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
