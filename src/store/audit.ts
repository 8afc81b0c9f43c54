// Who did what, and when: one entry for each change that was asked for, written once and never changed. Names of what was
// sent, or from what to what; never a secret, a number or an address of a caller.

import type { Area } from '../core/sign-in.ts';
import { rows, type Tx } from './database.ts';

export const actorKinds = ['user', 'consultant', 'api_key', 'operator', 'terminal'] as const;

export interface Actor {
  kind: (typeof actorKinds)[number];
  id: string;
  /** As he was called then. */
  name: string | null;
}

export interface AuditEntry {
  at: Date;
  by: Actor;
  area: Area;
  what: string;
  subject: string | null;
  fields: unknown;
}

/** Of the merchant of this transaction, or (without one) of the person of it. */
export async function writeAudit(
  tx: Tx,
  entry: AuditEntry & { merchantId: string | null; userId: string | null },
): Promise<void> {
  await tx.write(
    `insert into audit_entries (merchant_id, user_id, at, by_kind, by_id, by_name, area, what, subject, fields)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      entry.merchantId,
      entry.userId,
      entry.at,
      entry.by.kind,
      entry.by.id,
      entry.by.name,
      entry.area,
      entry.what,
      entry.subject,
      JSON.stringify(entry.fields),
    ],
  );
}

/** Oldest first, after the position named; or newest first, before it. */
export async function listAudit(
  tx: Tx,
  {
    merchantId,
    from,
    newestFirst,
    limit,
  }: { merchantId: string; from?: number; newestFirst: boolean; limit: number },
): Promise<(AuditEntry & { position: number })[]> {
  const found = await rows<Omit<AuditEntry, 'by'> & { position: string; by: Actor }>(
    tx,
    `select position, at, json_build_object('kind', by_kind, 'id', by_id, 'name', by_name) as by, area, what, subject, fields
     from audit_entries where merchant_id = ? and (?::bigint is null or position ${newestFirst ? '<' : '>'} ?)
     order by position ${newestFirst ? 'desc' : 'asc'} limit ?`,
    [merchantId, from ?? null, from ?? null, limit],
  );
  return found.map(({ position, ...entry }) => ({ ...entry, position: Number(position) }));
}
