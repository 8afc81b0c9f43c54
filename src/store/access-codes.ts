// Access codes without the codes: found by a mark under a key the database never sees (seal.ts), with what they are made
// again from. And each use of one.

import type { CodeAlphabet, CodeState } from '../core/access-code.ts';
import { firstRow, rows, type Tx } from './database.ts';

export type MadeBy = 'sale' | 'api' | 'scenario';

/** What a code is made again from, with its id. */
export interface DrawnAs {
  alphabet: CodeAlphabet;
  codeLength: number;
  draw: number;
}

export interface AccessCode extends CodeState, DrawnAs {
  id: string;
  /** By its name in links, as all its names. */
  resource: string;
  resourceName: Record<string, string>;
  madeBy: MadeBy;
  orderId: string | null;
  reference: string | null;
  lastUsedAt: Date | null;
  createdAt: Date;
}

const columns = `c.id, r.slug as resource, r.name as "resourceName", c.alphabet, c.code_length as "codeLength", c.draw,
  c.valid_until as "validUntil", c.uses_max as "usesMax", c.uses, c.made_by as "madeBy", c.order_id as "orderId",
  c.reference, coalesce(c.revoked_at, r.archived_at) as "revokedAt", c.last_used_at as "lastUsedAt",
  c.created_at as "createdAt"`;
const from = 'access_codes c join access_resources r on r.id = c.resource_id';

export interface NewAccessCode extends DrawnAs {
  id: string;
  merchantId: string;
  resourceId: string;
  mark: Buffer;
  validUntil: Date;
  usesMax: number | null;
  madeBy: MadeBy;
  orderId: string | null;
  reference: string | null;
  requestKey: string | null;
  at: Date;
}

/** `taken`: another code of this resource is the same, used up or not. */
export async function insertAccessCode(tx: Tx, code: NewAccessCode): Promise<'inserted' | 'taken'> {
  const row = await firstRow(
    tx,
    `insert into access_codes (id, merchant_id, resource_id, mark, alphabet, code_length, draw, valid_until, uses_max,
       made_by, order_id, reference, request_key, created_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (resource_id, mark) do nothing returning id`,
    [
      code.id,
      code.merchantId,
      code.resourceId,
      code.mark,
      code.alphabet,
      code.codeLength,
      code.draw,
      code.validUntil,
      code.usesMax,
      code.madeBy,
      code.orderId,
      code.reference,
      code.requestKey,
      code.at,
    ],
  );
  return row ? 'inserted' : 'taken';
}

export async function readAccessCode(tx: Tx, id: string): Promise<AccessCode | undefined> {
  return firstRow(tx, `select ${columns} from ${from} where c.id = ?`, [id]);
}

/** What this request made, whenever that was. */
export async function accessCodeOfRequest(tx: Tx, requestKey: string): Promise<AccessCode | undefined> {
  return firstRow(tx, `select ${columns} from ${from} where c.request_key = ?`, [requestKey]);
}

/** The one its sale ended in. */
export async function accessCodeOfSale(tx: Tx, orderId: string): Promise<AccessCode | undefined> {
  return firstRow(tx, `select ${columns} from ${from} where c.order_id = ? and c.made_by = 'sale'`, [
    orderId,
  ]);
}

/** Beyond the one named, in that order. */
export async function listAccessCodes(
  tx: Tx,
  wanted: { resource?: string; orderId?: string; after?: string; limit: number; order: 'oldest' | 'newest' },
): Promise<AccessCode[]> {
  const { resource, orderId, after, limit, order } = wanted;
  const [beyond, direction] = order === 'newest' ? ['<', 'desc'] : ['>', 'asc'];
  return rows(
    tx,
    `select ${columns} from ${from}
     where (?::text is null or r.slug = ?) and (?::text is null or c.order_id = ?)
       and (?::text is null or c.id collate "C" ${beyond} ?) order by c.id collate "C" ${direction} limit ?`,
    [
      ...[resource ?? null, resource ?? null],
      ...[orderId ?? null, orderId ?? null],
      ...[after ?? null, after ?? null],
      limit,
    ] as never[],
  );
}

/** Whether it was not revoked before. */
export async function revokeAccessCode(tx: Tx, id: string, at: Date): Promise<boolean> {
  const row = await firstRow(
    tx,
    'update access_codes set revoked_at = ? where id = ? and revoked_at is null returning id',
    [at, id],
  );
  return row !== undefined;
}

/** Of a sale all of whose money was given back: what nobody has paid for opens nothing. */
export async function revokeCodeOfRefunded(tx: Tx, orderId: string, at: Date): Promise<void> {
  await tx.write(
    `update access_codes c set revoked_at = ? where c.order_id = ? and c.made_by = 'sale' and c.revoked_at is null
       and (select sum(r.refunded) from refunds r where r.order_id = c.order_id and r.state = 'refunded')
         >= (select p.captured from payments p where p.order_id = c.order_id)`,
    [at, orderId],
  );
}

/**
 * One use, if it still opens: asked and counted in one statement, so that of a hundred at once as many have it as it is good
 * for. `undefined`: it opens nothing.
 */
export async function takeUse(
  tx: Tx,
  { resourceId, mark, at }: { resourceId: string; mark: Buffer; at: Date },
): Promise<string | undefined> {
  const row = await firstRow<{ id: string }>(
    tx,
    `update access_codes set uses = uses + 1, last_used_at = ?
     where resource_id = ? and mark = ? and revoked_at is null and valid_until > ?
       and (uses_max is null or uses < uses_max)
     returning id`,
    [at, resourceId, mark, at],
  );
  return row?.id;
}

/** Whichever code has this mark, as it stands. */
export async function accessCodeOfMark(
  tx: Tx,
  resourceId: string,
  mark: Buffer,
): Promise<AccessCode | undefined> {
  return firstRow(tx, `select ${columns} from ${from} where c.resource_id = ? and c.mark = ?`, [
    resourceId,
    mark,
  ]);
}

export async function writeUse(
  tx: Tx,
  use: {
    id: string;
    merchantId: string;
    codeId: string;
    door: 'api' | 'page' | 'phone';
    requestKey: string | null;
    at: Date;
  },
): Promise<void> {
  await tx.write(
    'insert into access_uses (id, merchant_id, access_code_id, door, request_key, at) values (?, ?, ?, ?, ?, ?)',
    [use.id, use.merchantId, use.codeId, use.door, use.requestKey, use.at],
  );
}

/** The use this request made, whenever that was. */
export async function useOfRequest(
  tx: Tx,
  requestKey: string,
): Promise<{ id: string; codeId: string } | undefined> {
  return firstRow(tx, 'select id, access_code_id as "codeId" from access_uses where request_key = ?', [
    requestKey,
  ]);
}
