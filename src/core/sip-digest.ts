// How a SIP telephone proves that it knows its password (RFC 3261 section 22 with RFC 7616 and 8760): challenges, what comes
// back, and nonces that need no memory. Hashes and marks come in; which login it is, and how often somebody may try, is flow's.

export type DigestAlgorithm = 'SHA-256' | 'MD5';
/** Lower-case hexadecimal. */
export type DigestHash = (algorithm: DigestAlgorithm, text: string) => string;

/** Part of what is hashed: another one here makes every login's secret worthless. Not the host's name, which may change. */
export const sipRealm = 'ringmeter';

/** What the password of a login is kept as: neither it nor anything else can be read from it, but it answers for both algorithms. */
export type DigestSecrets = Readonly<Record<DigestAlgorithm, string>>;

export function digestSecrets(hash: DigestHash, userName: string, password: string): DigestSecrets {
  const text = `${userName}:${sipRealm}:${password}`;
  return { 'SHA-256': hash('SHA-256', text), MD5: hash('MD5', text) };
}

/**
 * The value of one header line each, the better first (RFC 8760, 2.4): telephones that know MD5 alone skip a line they do not
 * know, but not half a line. `stale`: the nonce was too old or used, and the password is not to be asked of a person again.
 */
export function challenges(nonce: string, stale: boolean): readonly [string, string] {
  const of = (algorithm: DigestAlgorithm) =>
    `Digest realm="${sipRealm}", nonce="${nonce}", algorithm=${algorithm}, qop="auth"${stale ? ', stale=true' : ''}`;
  return [of('SHA-256'), of('MD5')];
}

export interface DigestAnswer {
  algorithm: DigestAlgorithm;
  userName: string;
  nonce: string;
  uri: string;
  cnonce: string;
  /** As it was sent: eight hexadecimal digits are hashed. */
  nc: string;
  response: string;
}

const parameter =
  /\s*([A-Za-z][A-Za-z0-9-]{0,15})\s*=\s*(?:"((?:[^"\\\r\n]|\\[^\r\n])*)"|([^\s",=]+))\s*(?:,|$)/y;

/**
 * The value of an Authorization header. `undefined`: it answers no challenge of ours (another scheme, realm or algorithm, without
 * qop, a parameter twice, too long), and he is challenged anew.
 */
export function parseDigest(header: string): DigestAnswer | undefined {
  if (header.length > 2_000 || !/^Digest\s/i.test(header)) return undefined;
  const given = new Map<string, string>();
  parameter.lastIndex = 'Digest '.length;
  while (parameter.lastIndex < header.length) {
    const found = parameter.exec(header);
    if (!found) return undefined;
    const [, name = '', quoted, token] = found;
    const key = name.toLowerCase();
    if (given.has(key)) return undefined;
    given.set(key, quoted?.replaceAll(/\\(.)/g, '$1') ?? token ?? '');
  }
  const algorithm = algorithmOf(given.get('algorithm') ?? 'MD5');
  const [userName, nonce, uri, cnonce, nc, response] = [
    'username',
    'nonce',
    'uri',
    'cnonce',
    'nc',
    'response',
  ].map((name) => given.get(name) ?? '');
  if (!algorithm || !userName || !nonce || !uri || !cnonce || !nc || !response) return undefined;
  if (given.get('realm') !== sipRealm || given.get('qop')?.toLowerCase() !== 'auth') return undefined;
  if (!/^[0-9a-f]{8}$/i.test(nc)) return undefined;
  return { algorithm, userName, nonce, uri, cnonce, nc, response: response.toLowerCase() };
}

function algorithmOf(text: string): DigestAlgorithm | undefined {
  const upper = text.toUpperCase();
  return upper === 'MD5' || upper === 'SHA-256' ? upper : undefined;
}

/** Whether who answered knows the password. `uri` must be what was requested (RFC 7616, 3.4.6). */
export function digestHolds(
  hash: DigestHash,
  secrets: DigestSecrets,
  request: { method: string; uri: string },
  answer: DigestAnswer,
): boolean {
  const { algorithm, nonce, nc, cnonce, response } = answer;
  const asked = hash(algorithm, `${request.method}:${answer.uri}`);
  const wanted = hash(algorithm, `${secrets[algorithm]}:${nonce}:${nc}:${cnonce}:auth:${asked}`);
  return isSame(wanted, response) && answer.uri === request.uri;
}

/** In a time that does not say where they differ. */
function isSame(wanted: string, given: string): boolean {
  if (wanted.length !== given.length) return false;
  let differs = 0;
  for (let at = 0; at < wanted.length; at += 1) differs |= wanted.charCodeAt(at) ^ given.charCodeAt(at);
  return differs === 0;
}

// --- Nonces ------------------------------------------------------------------------------------------------------------

/** Long enough for a person who is asked for his password; a telephone answers at once, and is told `stale` later. */
const nonceSeconds = 300;
/** Gateways' clocks may differ by so much. */
const skewSeconds = 5;

/** Says itself when it was made and that we made it: nothing is kept of whoever only knocks. */
export function makeNonce(at: Date, salt: string, mark: (text: string) => string): string {
  const text = `${at.getTime().toString(36)}.${salt}`;
  return `${text}.${mark(text)}`;
}

export function judgeNonce(
  nonce: string,
  now: Date,
  mark: (text: string) => string,
): 'fresh' | 'stale' | 'foreign' {
  const [made = '', salt = '', given = '', ...more] = nonce.split('.');
  if (more.length > 0 || !/^[0-9a-z]{6,10}$/.test(made) || !isSame(mark(`${made}.${salt}`), given))
    return 'foreign';
  const ageMs = now.getTime() - Number.parseInt(made, 36);
  return ageMs > nonceSeconds * 1000 || ageMs < -skewSeconds * 1000 ? 'stale' : 'fresh';
}

/** Until when a nonce must be remembered once it was used. */
export function nonceForgottenAt(now: Date): Date {
  return new Date(now.getTime() + (nonceSeconds + skewSeconds) * 1000);
}
