// Access codes: which signs they are made of, how long they must be, how they are shown and read, and what a merchant may
// set of what they open. Drawing one from chance, and finding it again, is flow/access-codes'.
//
// A code is dictated over a bad line and typed on a telephone by somebody in a hurry. So no two of its signs are read for each
// other (0 O, 1 I L, 2 Z, 5 S), and of letters none are that are heard for each other in French or English: T stands for all
// of B C D E G P V, H for A and 8, M for N, F for S; J and G, Q and U change places between the two languages.

import type { Language } from './ids.ts';
import type { WrongField } from './line-settings.ts';

export const codeAlphabets = ['digits', 'letters', 'digits_and_letters'] as const;
export type CodeAlphabet = (typeof codeAlphabets)[number];

/** A keypad has digits only; who is asked for them alone reads an O as a nought himself. */
const signs: Record<CodeAlphabet, string> = {
  digits: '0123456789',
  letters: 'FHKMRTWXY',
  digits_and_letters: '2345679FHKMRTWXY',
};

export const codeLengthMax = 20;
/**
 * Whoever guesses is turned away after a few misses, and a merchant's doors let five hundred of them through in an hour
 * (flow/limit-guesses). Who uses all of that for a whole year finds one of a hundred codes of 33 bits by a chance of one in
 * twenty; of the usual ten signs, which have 40, by one in two thousand.
 */
const leastBits = 33;

/** Shorter ones would be guessed. */
export function codeLengthMin(alphabet: CodeAlphabet): number {
  return Math.ceil(leastBits / Math.log2(signs[alphabet].length));
}

/**
 * The code these 32 bytes of chance stand for. Each is as likely as any other: what is left over where the number of bytes is
 * divided by the number of codes is less than one to 2^160.
 */
export function codeOf(chance: Uint8Array, alphabet: CodeAlphabet, length: number): string {
  const known = signs[alphabet];
  const base = BigInt(known.length);
  let rest = chance.reduce((all, byte) => (all << 8n) | BigInt(byte), 0n);
  let code = '';
  for (let place = 0; place < length; place += 1) {
    code += known.charAt(Number(rest % base));
    rest /= base;
  }
  return code;
}

/** As it is printed and read aloud: groups of four at most, as even as can be. `4821-907-553`. */
export function showCode(code: string): string {
  const groups = Math.ceil(code.length / 4);
  const parts: string[] = [];
  let from = 0;
  for (let group = 0; group < groups; group += 1) {
    const until = from + Math.ceil((code.length - from) / (groups - group));
    parts.push(code.slice(from, until));
    from = until;
  }
  return parts.join('-');
}

const longestTyped = 80;
/** In no alphabet of ours, and read for what is in one. */
const meant: Readonly<Record<string, string>> = { O: '0', I: '1', L: '1', Z: '2', S: '5' };

/** What somebody typed, as codes are kept: however he grouped it, in whichever case. `undefined`: it is no code at all. */
export function readCode(typed: string): string | undefined {
  if (typed.length > longestTyped) return undefined;
  const code = typed
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s.,;:_#*\p{Pd}]/gu, '')
    .replace(/[OILZS]/g, (sign) => meant[sign] ?? sign);
  return /^[0-9A-Z]{1,40}$/.test(code) ? code : undefined;
}

// --- What a merchant sets ------------------------------------------------------------------------------------------

export const validForBounds = { min: 60, max: 157_680_000 } as const;
export const usesMax = 1_000_000;

export interface AccessResourceSettings {
  name: Record<Language, string>;
  /** Where whoever has a code is sent on to. */
  address: string;
  alphabet: CodeAlphabet;
  codeLength: number;
  /** Of codes made from now on. */
  validForSeconds: number;
  /** How often one opens; null: as often as it is valid. */
  uses: number | null;
  active: boolean;
}

/** What is made when nothing else is said: dictated in one breath, good for a day and once. */
export const usualAccessResource = {
  alphabet: 'digits_and_letters',
  codeLength: 10,
  validForSeconds: 86_400,
  uses: 1,
  active: true,
} as const satisfies Partial<AccessResourceSettings>;

/** Everything of it that cannot work, each with its field. `mayBePlain`: the house itself is not served over https. */
export function wrongOfAccessResource(
  { address, alphabet, codeLength }: AccessResourceSettings,
  mayBePlain: boolean,
): WrongField[] {
  const least = codeLengthMin(alphabet);
  return [
    ...(codeLength < least
      ? [
          {
            field: 'codeLength',
            sentence: `Codes of this alphabet have at least ${String(least)} signs: shorter ones are guessed.`,
          },
        ]
      : []),
    ...wrongAddress(address, mayBePlain),
  ];
}

function wrongAddress(address: string, mayBePlain: boolean): WrongField[] {
  const wrong = (sentence: string): WrongField[] => [{ field: 'address', sentence }];
  if (!URL.canParse(address)) return wrong('Must be a whole address such as https://club.example/members.');
  const { protocol, username, password, hash } = new URL(address);
  if (protocol !== 'https:' && !(mayBePlain && protocol === 'http:'))
    return wrong('Must begin with https://.');
  // `https://shop.example@evil.example/` shows one name and leads to another.
  if (username !== '' || password !== '') return wrong('Must not name a user or a password.');
  // A server never sees what follows it, and our token stands before it.
  return hash === '' ? [] : wrong('Must not have a part after #.');
}

/** The stored address with the token, whatever query it has already. */
export function addressWithToken(address: string, token: string): string {
  const sentOn = new URL(address);
  sentOn.searchParams.set('access_token', token);
  return sentOn.href;
}

// --- What becomes of a code that is tried ---------------------------------------------------------------------------

/** Why a code opens nothing. Whose key asks may know; a stranger hears one sentence for all of them. */
export const codeRefusals = ['unknown', 'used_up', 'expired', 'revoked'] as const;
export type CodeRefusal = (typeof codeRefusals)[number];

export interface CodeState {
  validUntil: Date;
  usesMax: number | null;
  uses: number;
  revokedAt: Date | null;
}

/** `undefined`: it opens. */
export function refusalOf(
  { validUntil, usesMax: most, uses, revokedAt }: CodeState,
  now: Date,
): CodeRefusal | undefined {
  if (revokedAt !== null) return 'revoked';
  if (most !== null && uses >= most) return 'used_up';
  return now >= validUntil ? 'expired' : undefined;
}

export type CodeLife = 'valid' | Exclude<CodeRefusal, 'unknown'>;

export function lifeOf(code: CodeState, now: Date): CodeLife {
  const refusal = refusalOf(code, now);
  return refusal === undefined || refusal === 'unknown' ? 'valid' : refusal;
}

// --- What a visitor is sent on with --------------------------------------------------------------------------------

/** He is on his way for a second or two; a minute lets a slow telephone and a clock that is off arrive as well. */
export const tokenSeconds = 60;

/** RFC 7519. Nothing of a person is in it. */
export interface AccessClaims {
  iss: string;
  /** The resource, by its name in links. */
  aud: string;
  /** The code, by its id. */
  sub: string;
  /** The use: seen once, then never taken again. */
  jti: string;
  iat: number;
  exp: number;
}

export function claimsOf(
  use: { issuer: string; resource: string; codeId: string; useId: string },
  now: Date,
): AccessClaims {
  const iat = Math.floor(now.getTime() / 1000);
  return {
    iss: use.issuer,
    aud: use.resource,
    sub: use.codeId,
    jti: use.useId,
    iat,
    exp: iat + tokenSeconds,
  };
}

// --- The keys that sign it -----------------------------------------------------------------------------------------

const hour = 3_600;
const day = 24 * hour;

/**
 * A key signs for a month. The next is published a day before it signs: whoever keeps our keys for some hours has it by then.
 * The last stays published for a day after, far longer than any token lives.
 */
export const signingKeySeconds = { signs: 30 * day, publishedBefore: day, publishedAfter: day } as const;

export interface KeyTimes {
  number: number;
  createdAt: Date;
  signsFrom: Date;
}

const after = (at: Date, seconds: number): Date => new Date(at.getTime() + seconds * 1000);

/**
 * Which of them signs now: the last whose time has come; the first of all at once, whatever another gateway's clock said when it
 * made it. `keys`: by number.
 */
export function signingNow<Key extends KeyTimes>(keys: readonly Key[], now: Date): Key | undefined {
  return keys.filter(({ signsFrom }) => signsFrom <= now).at(-1) ?? keys[0];
}

/** The next key, where it is time for one to be made. The first signs at once: nobody keeps any before it. */
export function nextKeyDue(keys: readonly KeyTimes[], now: Date): KeyTimes | undefined {
  const last = keys.at(-1);
  if (!last) return { number: 1, createdAt: now, signsFrom: now };
  const due = after(last.signsFrom, signingKeySeconds.signs - signingKeySeconds.publishedBefore);
  if (now < due) return undefined;
  const signsFrom = after(now, signingKeySeconds.publishedBefore);
  return { number: last.number + 1, createdAt: now, signsFrom };
}

/** Those whose successor has signed for long enough that no token of theirs lives. */
export function keysGone(keys: readonly KeyTimes[], now: Date): number[] {
  return keys.flatMap(({ number }, place) => {
    const next = keys[place + 1];
    return next && now >= after(next.signsFrom, signingKeySeconds.publishedAfter) ? [number] : [];
  });
}
