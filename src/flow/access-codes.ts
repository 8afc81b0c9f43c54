// Access codes: made after a payment, by a merchant's server or in a scenario; tried at a door; revoked.
//
// A code is never kept. It is drawn from its row's id by HMAC under the house's key, and found again by another HMAC of what
// somebody typed: the database has both marks' subjects only, and whoever reads it learns no code. Whoever may see the code
// once more (the order's own page, a request that is repeated) has it drawn again.

import {
  type AccessClaims,
  claimsOf,
  codeOf,
  type CodeRefusal,
  readCode,
  refusalOf,
} from '../core/access-code.ts';
import type { Cli } from '../core/known-caller.ts';
import type { NoticeDraft } from '../core/merchant-notice.ts';
import {
  type AccessCode,
  accessCodeOfMark,
  accessCodeOfRequest,
  accessCodeOfSale,
  insertAccessCode,
  type MadeBy,
  readAccessCode,
  revokeAccessCode,
  takeUse,
  useOfRequest,
  writeUse,
} from '../store/access-codes.ts';
import { type AccessResource, readAccessResource } from '../store/access-resources.ts';
import type { Tx } from '../store/database.ts';
import type { House } from './house.ts';
import { countGuess, guessAgainIn } from './limit-guesses.ts';
import { later } from './payment-deadlines.ts';

/** Two codes of a resource are the same once in billions: three draws would do. */
const drawsMax = 16;

type Drawn = Pick<AccessCode, 'id' | 'alphabet' | 'codeLength' | 'draw'>;

/** The code itself, drawn again. For whoever it was made for, and nobody else; never for a log, a notice or a row. */
export function codeDrawn(house: Pick<House, 'seal'>, { id, alphabet, codeLength, draw }: Drawn): string {
  const chance = house.seal.mark(`${id}\n${String(draw)}`, 'access code drawn');
  return codeOf(chance, alphabet, codeLength);
}

function markOf(house: Pick<House, 'seal'>, resourceId: string, code: string): Buffer {
  return house.seal.mark(`${resourceId}\n${code}`, 'access code');
}

export interface CodeWish {
  merchantId: string;
  /** What it opens, by its name in links. */
  resource: string;
  madeBy: MadeBy;
  /** Whose payment or call it is for. */
  orderId?: string;
  /** The merchant's own word for it. */
  reference?: string;
  /** The resource's own where absent. */
  validForSeconds?: number;
  uses?: number | null;
  /** The same key again answers the same code, however much later. */
  requestKey?: string;
}

export type Issued =
  /** `text`: the code, to be shown or said now. `notice`: for whoever tells the merchant of it, where it is `fresh`. */
  | { outcome: 'issued'; code: AccessCode; text: string; notice: NoticeDraft; fresh: boolean }
  | { outcome: 'unknown_resource' };

/**
 * Makes a code, within the transaction of what it is for. A resource that is switched off has codes made all the same: what
 * was sold before is delivered, and opens once it is on again.
 */
export async function issueAccessCode(
  house: Pick<House, 'seal' | 'ids' | 'clock'>,
  tx: Tx,
  wish: CodeWish,
): Promise<Issued> {
  const { requestKey, madeBy, orderId } = wish;
  const earlier = requestKey === undefined ? undefined : await accessCodeOfRequest(tx, requestKey);
  if (earlier) return issued(house, earlier, false);
  const resource = await readAccessResource(tx, wish.resource);
  if (!resource) return { outcome: 'unknown_resource' };
  const { alphabet, codeLength } = resource;
  const at = house.clock.now();
  const id = house.ids.id('accessCode');
  const row = {
    id,
    merchantId: wish.merchantId,
    resourceId: resource.id,
    alphabet,
    codeLength,
    validUntil: later(at, wish.validForSeconds ?? resource.validForSeconds),
    usesMax: wish.uses === undefined ? resource.uses : wish.uses,
    madeBy,
    orderId: orderId ?? null,
    reference: wish.reference ?? null,
    requestKey: requestKey ?? null,
    at,
  };
  for (let draw = 0; draw < drawsMax; draw += 1) {
    const text = codeDrawn(house, { id, alphabet, codeLength, draw });
    const mark = markOf(house, resource.id, text);
    if ((await insertAccessCode(tx, { ...row, draw, mark })) === 'taken') continue;
    return issued(house, await written(tx, id), true);
  }
  throw new Error(`Resource ${resource.id} has no code to spare.`);
}

async function written(tx: Tx, id: string): Promise<AccessCode> {
  const code = await readAccessCode(tx, id);
  if (!code) throw new Error(`Access code ${id} was just written and is not there.`);
  return code;
}

function issued(house: Pick<House, 'seal'>, code: AccessCode, fresh: boolean): Issued {
  const { id, resource, validUntil, usesMax } = code;
  return {
    outcome: 'issued',
    code,
    text: codeDrawn(house, code),
    fresh,
    notice: {
      type: 'access_code.issued',
      data: { accessCodeId: id, resource, validUntil: validUntil.toISOString(), uses: usesMax },
    },
  };
}

/** What a sale ended in, with the code itself: for the page of whoever has the order's token, and his mail. */
export async function codeOfSale(
  house: Pick<House, 'seal'>,
  tx: Tx,
  orderId: string,
): Promise<{ code: AccessCode; text: string } | undefined> {
  const code = await accessCodeOfSale(tx, orderId);
  return code && { code, text: codeDrawn(house, code) };
}

export interface CodeTried {
  /** By its name in links. */
  resource: string;
  /** As it was typed. */
  typed: string;
  /** Where whoever tries comes from; an empty address, a number withheld: what others tried counts against him. */
  from: { ip: string } | { cli: Cli };
  door: 'api' | 'page' | 'phone';
  /** The same key again is the same use. */
  requestKey?: string;
}

export type Tried =
  /** `claims`: what is signed for the way on. */
  | { outcome: 'admitted'; code: AccessCode; resource: AccessResource; claims: AccessClaims }
  /** Only the merchant may hear why. `code`: the one it was, where it was one. */
  | { outcome: 'refused'; because: CodeRefusal; code?: AccessCode }
  | { outcome: 'too_often'; retryAfterSeconds: number }
  | { outcome: 'unknown_resource' | 'closed' };

/**
 * Tries a code: one use of it is gone where it opens. Unknown, used up, expired and revoked take the same statements, each found
 * by a keyed mark, so that how long the answer takes says nothing of a code either.
 */
export async function tryAccessCode(house: House, merchantId: string, tried: CodeTried): Promise<Tried> {
  const { requestKey, door } = tried;
  return house.db.asMerchant(merchantId, async (tx) => {
    const resource = await readAccessResource(tx, tried.resource);
    if (!resource) return { outcome: 'unknown_resource' };
    const earlier = requestKey === undefined ? undefined : await useOfRequest(tx, requestKey);
    if (earlier) return admitted(house, resource, await written(tx, earlier.codeId), earlier.id);
    if (!resource.active) return { outcome: 'closed' };
    // What can be no code of ours is tried all the same: it takes as long, and counts as much.
    const accessCode = readCode(tried.typed) ?? '';
    const guess = { from: tried.from, resource: resource.id, accessCode };
    const retryAfterSeconds = await guessAgainIn(house, tx, merchantId, guess);
    if (retryAfterSeconds !== undefined) return { outcome: 'too_often', retryAfterSeconds };
    const at = house.clock.now();
    const mark = markOf(house, resource.id, accessCode);
    const codeId = await takeUse(tx, { resourceId: resource.id, mark, at });
    const code = await accessCodeOfMark(tx, resource.id, mark);
    if (codeId === undefined || !code) {
      await countGuess(house, tx, merchantId, guess);
      const because = code ? (refusalOf(code, at) ?? 'used_up') : 'unknown';
      return { outcome: 'refused', because, ...(code && { code }) };
    }
    const useId = house.ids.id('accessUse');
    await writeUse(tx, { id: useId, merchantId, codeId, door, requestKey: requestKey ?? null, at });
    return admitted(house, resource, code, useId);
  });
}

function admitted(house: House, resource: AccessResource, code: AccessCode, useId: string): Tried {
  const use = { issuer: house.publicUrl, resource: resource.slug, codeId: code.id, useId };
  return { outcome: 'admitted', code, resource, claims: claimsOf(use, house.clock.now()) };
}

/** It opens nothing from now on. Revoking it again changes nothing. */
export async function revokeCode(
  house: Pick<House, 'db' | 'clock'>,
  merchantId: string,
  codeId: string,
): Promise<AccessCode | undefined> {
  return house.db.asMerchant(merchantId, async (tx) => {
    await revokeAccessCode(tx, codeId, house.clock.now());
    return readAccessCode(tx, codeId);
  });
}
