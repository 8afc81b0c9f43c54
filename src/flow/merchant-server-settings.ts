// Where a merchant's own server is reached and how it knows us, as he sets it. Secrets are sealed before they reach a row and
// never shown again: the signing secret once, in the answer to the request that made it.

import type { WrongField } from '../core/line-settings.ts';
import { signingSecret } from '../core/signing-secret.ts';
import type { StoredServer } from '../store/known-calls.ts';
import { readServer, type ServerPlace, writeServer } from '../store/merchant-servers.ts';
import type { Tx } from '../store/database.ts';
import type { House } from './house.ts';
import type { MerchantServerAddress } from './ports.ts';
import { credentialsOf } from './recognize-caller.ts';
import { changesBetween, type Doer, noteChange } from './settings-change.ts';

interface Login {
  user: string;
  password: string;
}

export interface ServerWish {
  protocol: 'rest' | 'soap';
  url: string;
  timeoutMs: number;
  /** Left out: as they are, if there are any; null takes them away. */
  basic?: Login | null;
  usernameToken?: Login | null;
}

/** Without any secret. */
export interface ServerFacts {
  protocol: 'rest' | 'soap';
  url: string;
  timeoutMs: number;
  hasBasic: boolean;
  hasUsernameToken: boolean;
  hasSigningSecret: boolean;
}

/** How long a secret that was replaced signs beside the new one: a day in which his server is changed without losing a caller. */
export const oldSecretMs = 24 * 60 * 60 * 1000;

export function serverFacts(house: House, merchantId: string, server: StoredServer): ServerFacts {
  const { basic, usernameToken } = credentialsOf(house, merchantId, server);
  const { protocol, url, timeoutMs, secretSealed } = server;
  return {
    protocol,
    url,
    timeoutMs,
    hasBasic: basic !== undefined,
    hasUsernameToken: usernameToken !== undefined,
    hasSigningSecret: secretSealed !== null,
  };
}

/**
 * What is wrong with it before anything is read: its address is one we do not talk to, or its credentials are of another
 * language. Looks the name up: never within a transaction.
 */
export async function wrongOfServer(house: House, wish: ServerWish): Promise<WrongField[]> {
  const refused = await house.merchantServer.refusalOf(wish.url);
  return [
    ...(refused === undefined ? [] : [{ field: 'url', sentence: `Is no address we speak to: ${refused}.` }]),
    ...(wish.protocol === 'rest' && wish.usernameToken
      ? [
          {
            field: 'usernameToken',
            sentence: 'Belongs to SOAP: a REST server is sent a signature, and Basic.',
          },
        ]
      : []),
  ];
}

export type ServerKept =
  /** `signingSecret`: made just now; nobody can read it again. */
  | { outcome: 'kept'; server: StoredServer; signingSecret?: string }
  | { outcome: 'wrong'; wrong: WrongField[] };

/**
 * His wish over what stands, its secrets sealed. A password goes to the host it was given for and to no other: where the
 * address names another, it must be said again. Checked by `wrongOfServer` before.
 */
export function serverKept(
  house: House,
  merchantId: string,
  old: StoredServer | undefined,
  wish: ServerWish,
): ServerKept {
  const { protocol, url, timeoutMs } = wish;
  const known = old ? credentialsOf(house, merchantId, old) : {};
  const isSameHost = old !== undefined && originOf(old.url) === originOf(url);
  const moved = (['basic', 'usernameToken'] as const).filter(
    (name) => !isSameHost && known[name] && wish[name] === undefined && isSpoken(name, protocol),
  );
  if (moved.length > 0) {
    const sentence = 'The address is another host: say user and password again, or null for none.';
    return { outcome: 'wrong', wrong: moved.map((field) => ({ field, sentence })) };
  }
  const basic = wish.basic === undefined ? known.basic : wish.basic;
  const usernameToken = wish.usernameToken === undefined ? known.usernameToken : wish.usernameToken;
  const credentials = {
    ...(basic && { basic }),
    ...(usernameToken && isSpoken('usernameToken', protocol) && { usernameToken }),
  };
  const isUnchanged = JSON.stringify(credentials) === JSON.stringify(known);
  // SOAP is not signed, but whoever changes over to REST wants to be.
  const made = old?.secretSealed ? undefined : newSecret(house);
  return {
    outcome: 'kept',
    ...(made !== undefined && { signingSecret: made }),
    server: {
      protocol,
      url,
      timeoutMs,
      secretSealed: made === undefined ? (old?.secretSealed ?? null) : house.seal.close(made, merchantId),
      credentialsSealed: old && isUnchanged ? old.credentialsSealed : sealed(house, merchantId, credentials),
      oldSecretSealed: old?.oldSecretSealed ?? null,
      oldSecretUntil: old?.oldSecretUntil ?? null,
    },
  };
}

const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : url);

const isSpoken = (name: 'basic' | 'usernameToken', protocol: ServerWish['protocol']): boolean =>
  name === 'basic' || protocol === 'soap';

function sealed(
  house: House,
  merchantId: string,
  credentials: Pick<MerchantServerAddress, 'basic' | 'usernameToken'>,
): Buffer | null {
  if (Object.keys(credentials).length === 0) return null;
  return house.seal.close(JSON.stringify(credentials), merchantId);
}

/** Of 32 bytes of chance. */
export function newSecret({ ids }: House): string {
  return signingSecret(
    Buffer.concat([ids.token(), ids.token()].map((token) => Buffer.from(token, 'base64url'))),
  );
}

/** What changed, as it is written down: a password or secret is named, never shown. */
export function serverChanges(
  house: House,
  merchantId: string,
  old: StoredServer | undefined,
  kept: StoredServer | undefined,
): ReturnType<typeof changesBetween> {
  const before = old ? serverFacts(house, merchantId, old) : noServer;
  const after = kept ? serverFacts(house, merchantId, kept) : noServer;
  const isOther = (name: 'credentialsSealed' | 'secretSealed'): boolean =>
    !!old?.[name] && !!kept?.[name] && !old[name].equals(kept[name]);
  return {
    ...changesBetween(before, after),
    ...(isOther('credentialsSealed') && { credentials: { from: 'set', to: 'set anew' } }),
    ...(isOther('secretSealed') && { signingSecret: { from: 'set', to: 'set anew' } }),
  };
}

const noServer = {
  protocol: null,
  url: null,
  timeoutMs: null,
  hasBasic: false,
  hasUsernameToken: false,
  hasSigningSecret: false,
};

/** The server of all his numbers that have none of their own. */
export async function setMerchantServer(house: House, doer: Doer, wish: ServerWish): Promise<ServerKept> {
  const { merchantId } = doer;
  const wrong = await wrongOfServer(house, wish);
  if (wrong.length > 0) return { outcome: 'wrong', wrong };
  return house.db.asMerchant(merchantId, async (tx) => {
    const old = await readServer(tx, 'merchant', true);
    const kept = serverKept(house, merchantId, old, wish);
    if (kept.outcome === 'kept')
      await replaceServer(house, tx, { ...doer, place: 'merchant', old }, kept.server);
    return kept;
  });
}

/** Nobody is asked any more: what a number does when no answer comes holds for it. */
export async function removeMerchantServer(house: House, doer: Doer): Promise<void> {
  await house.db.asMerchant(doer.merchantId, async (tx) => {
    const old = await readServer(tx, 'merchant', true);
    if (old) await replaceServer(house, tx, { ...doer, place: 'merchant', old }, undefined);
  });
}

/** A new signing secret; the old one signs beside it for a day. `undefined`: there is no such server. */
export async function rotateSecret(
  house: House,
  doer: Doer,
  place: ServerPlace,
): Promise<{ signingSecret: string; oldUntil: Date | null } | undefined> {
  const { merchantId } = doer;
  const fresh = newSecret(house);
  return house.db.asMerchant(merchantId, async (tx) => {
    const old = await readServer(tx, place, true);
    if (!old) return undefined;
    const oldUntil = old.secretSealed && new Date(house.clock.now().getTime() + oldSecretMs);
    await replaceServer(
      house,
      tx,
      { ...doer, place, old },
      {
        ...old,
        secretSealed: house.seal.close(fresh, merchantId),
        oldSecretSealed: old.secretSealed,
        oldSecretUntil: oldUntil,
      },
    );
    return { signingSecret: fresh, oldUntil };
  });
}

async function replaceServer(
  house: House,
  tx: Tx,
  { merchantId, actor, place, old }: Doer & { place: ServerPlace; old: StoredServer | undefined },
  server: StoredServer | undefined,
): Promise<void> {
  const changes = serverChanges(house, merchantId, old, server);
  const which =
    place === 'merchant'
      ? { setting: 'merchant_server' as const, of: null }
      : { setting: 'ddi' as const, of: place.ddi };
  const at = house.clock.now();
  if (await noteChange(tx, { merchantId, actor, at, ...which, changes })) {
    await writeServer(tx, place, server);
  }
}
