// Whose request it is, by the API key it brings: as a bearer token (RFC 6750), or as a password where a language has no
// other place for one.

import type { House } from '../flow/house.ts';
import { apiKeyOf, type KnownApiKey } from '../store/finders.ts';
import { sha256 } from '../store/seal.ts';

const keyPattern = /^rk_(?:live|demo)_[0-9A-Za-z_-]{16,128}$/;

/** A key that is nobody's and a key that was revoked look the same. */
export async function ownerOfKey(house: House, key: string): Promise<KnownApiKey | undefined> {
  if (!keyPattern.test(key)) return undefined;
  const hash = sha256(key);
  const name = hash.toString('base64');
  const nowMs = house.clock.monotonicMs();
  const keys = knownKeys.get(house) ?? new Map<string, KnownKey>();
  knownKeys.set(house, keys);
  const known = keys.get(name);
  if (known && known.untilMs > nowMs) return known;
  const found = await house.db.asNobody((db) => apiKeyOf(db, hash));
  if (keys.size >= knownKeysMax) keys.clear();
  if (found) keys.set(name, { ...found, untilMs: nowMs + keyKnownMs });
  else keys.delete(name);
  return found;
}

interface KnownKey extends KnownApiKey {
  untilMs: number;
}
/** Keys that were good a moment ago. A revoked one is refused this much later, everywhere. */
const keyKnownMs = 2_000;
const knownKeysMax = 10_000;
const knownKeys = new WeakMap<House, Map<string, KnownKey>>();
