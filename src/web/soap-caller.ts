// Who sends a SOAP request: HTTP Basic or a UsernameToken, and which merchant that is.

import { timingSafeEqual } from 'node:crypto';
import type { House } from '../flow/house.ts';
import { soapSecretOf } from '../flow/soap-password.ts';
import { passwordDigest, usernameTokenOf } from '../soap/envelope.ts';
import type { XmlElement } from '../xml/xml-reader.ts';
import type { Actor } from '../store/audit.ts';
import { ownerOfKey } from './api-key.ts';

/** WS-Security UsernameToken 1.0, 3.1: what is older is refused, and nonces are kept this long. */
const freshMs = 5 * 60_000;
/** More in five minutes is no merchant; forgetting them all then is better than holding them. */
const noncesMax = 100_000;

/** `undefined`: the request does not say who sends it this way. `nobody`: it does, and we know nobody like that. */
export type FoundCaller = { merchantId: string; by: Actor } | 'nobody' | undefined;

export async function merchantByBasic(house: House, authorization: string | undefined): Promise<FoundCaller> {
  if (authorization === undefined) return undefined;
  const given = /^Basic +([0-9A-Za-z+/=]+) *$/i.exec(authorization)?.[1];
  if (given === undefined) return 'nobody';
  const pair = Buffer.from(given, 'base64').toString('utf8');
  return byKey(house, pair.slice(pair.indexOf(':') + 1));
}

async function byKey(house: House, key: string): Promise<FoundCaller> {
  const found = await ownerOfKey(house, key);
  return found
    ? { merchantId: found.merchantId, by: { kind: 'api_key', id: found.id, name: null } }
    : 'nobody';
}

export class TokenCallers {
  readonly #house: House;
  /** By user and nonce: until when. Of this process alone; another gateway would take a nonce once more. */
  readonly #seen = new Map<string, number>();

  constructor(house: House) {
    this.#house = house;
  }

  async merchantByToken(headers: readonly XmlElement[]): Promise<FoundCaller> {
    const token = usernameTokenOf(headers);
    if (token === undefined) return undefined;
    if (token === 'unreadable') return 'nobody';
    if (token.kind === 'text') return byKey(this.#house, token.password);

    const nowMs = this.#house.clock.now().getTime();
    const ageMs = Math.abs(nowMs - Date.parse(token.created));
    if (!(ageMs <= freshMs)) return 'nobody';
    const known = await soapSecretOf(this.#house, token.user);
    if (!known || !isSame(token.digest, passwordDigest({ ...token, password: known.password })))
      return 'nobody';
    return this.#isNew(`${token.user} ${token.nonce.toString('base64')}`, nowMs)
      ? { merchantId: known.merchantId, by: { kind: 'api_key', id: token.user, name: null } }
      : 'nobody';
  }

  /** Remembered only once its digest held: nobody else can fill the memory. */
  #isNew(name: string, nowMs: number): boolean {
    const until = this.#seen.get(name);
    if (until !== undefined && until > nowMs) return false;
    // Oldest first, since a map keeps the order in which it was filled.
    for (const [old, untilMs] of this.#seen) {
      if (untilMs > nowMs && this.#seen.size < noncesMax) break;
      this.#seen.delete(old);
    }
    // A clock that is ahead by five minutes may be sent again for ten.
    this.#seen.set(name, nowMs + 2 * freshMs);
    return true;
  }
}

function isSame(given: string, expected: string): boolean {
  const one = Buffer.from(given);
  const other = Buffer.from(expected);
  return one.length === other.length && timingSafeEqual(one, other);
}
