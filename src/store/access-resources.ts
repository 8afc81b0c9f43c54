// What access codes open, as its merchant keeps it. The codes are access-codes'.

import type { AccessResourceSettings } from '../core/access-code.ts';
import { firstRow, rows, type Tx } from './database.ts';
import { merchantObject, merchantView, type MerchantView } from './order-view.ts';

export interface AccessResource extends AccessResourceSettings {
  id: string;
  /** Its name in links; it never changes, and is nobody else's afterwards. */
  slug: string;
  version: number;
  /** Slugs of the lines whose sales end in a code of it. */
  lines: string[];
}

const columns = `r.id, r.slug, r.version, r.name, r.address, r.alphabet, r.code_length as "codeLength",
  r.valid_for_seconds as "validForSeconds", r.uses, r.active,
  coalesce((select json_agg(l.slug order by l.slug) from lines l
    where l.sale_resource_id = r.id and l.sale_ends_in = 'code'), '[]') as lines`;

/** By name in links. */
export async function listAccessResources(tx: Tx): Promise<AccessResource[]> {
  return rows(
    tx,
    `select ${columns} from access_resources r where r.archived_at is null order by r.slug collate "C"`,
  );
}

/** `lock`: nobody else changes it until this transaction is over. */
export async function readAccessResource(
  tx: Tx,
  slug: string,
  lock = false,
): Promise<AccessResource | undefined> {
  if (lock) await tx.write('select 1 from access_resources where slug = ? for no key update', [slug]);
  return firstRow(
    tx,
    `select ${columns} from access_resources r where r.slug = ? and r.archived_at is null`,
    [slug],
  );
}

/** What a visitor sees of it. */
export interface Door {
  slug: string;
  name: AccessResourceSettings['name'];
  address: string;
  alphabet: AccessResourceSettings['alphabet'];
  active: boolean;
  merchant: MerchantView;
}

export async function readDoor(tx: Tx, slug: string): Promise<Door | undefined> {
  const row = await firstRow<Door>(
    tx,
    `select r.slug, r.name, r.address, r.alphabet, r.active, ${merchantObject('m.processor_account')} as merchant
     from access_resources r join merchants m on m.id = r.merchant_id where r.slug = ? and r.archived_at is null`,
    [slug],
  );
  return row && { ...row, merchant: merchantView(row.merchant) };
}

/** What this request made, whenever that was: by name in links. */
export async function accessResourceOfRequest(tx: Tx, requestKey: string): Promise<string | undefined> {
  const row = await firstRow<{ slug: string }>(
    tx,
    'select slug from access_resources where request_key = ? and archived_at is null',
    [requestKey],
  );
  return row?.slug;
}

/** Of the merchant, by name in links. `lock`: this one is not removed until the transaction is over. */
export async function accessResourceIds(tx: Tx, lock?: string): Promise<Map<string, string>> {
  if (lock !== undefined) await tx.write('select 1 from access_resources where slug = ? for share', [lock]);
  const found = await rows<{ id: string; slug: string }>(
    tx,
    'select id, slug from access_resources where archived_at is null',
  );
  return new Map(found.map(({ id, slug }) => [slug, id]));
}

/** `taken`: somebody has, or had, this name in links. */
export async function insertAccessResource(
  tx: Tx,
  resource: AccessResourceSettings & { id: string; merchantId: string; slug: string },
  made: { requestKey: string | null; at: Date },
): Promise<'inserted' | 'taken'> {
  const row = await firstRow(
    tx,
    `insert into access_resources (id, merchant_id, slug, name, address, alphabet, code_length, valid_for_seconds, uses,
       active, request_key, created_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (slug) do nothing returning id`,
    [
      resource.id,
      resource.merchantId,
      resource.slug,
      JSON.stringify(resource.name),
      resource.address,
      resource.alphabet,
      resource.codeLength,
      resource.validForSeconds,
      resource.uses,
      resource.active,
      made.requestKey,
      made.at,
    ],
  );
  return row ? 'inserted' : 'taken';
}

/** All its settings. Codes that were made keep what they were made with. */
export async function updateAccessResource(
  tx: Tx,
  resource: AccessResourceSettings & { id: string },
): Promise<void> {
  await tx.write(
    `update access_resources set name = ?, address = ?, alphabet = ?, code_length = ?, valid_for_seconds = ?, uses = ?,
       active = ?, version = version + 1 where id = ?`,
    [
      JSON.stringify(resource.name),
      resource.address,
      resource.alphabet,
      resource.codeLength,
      resource.validForSeconds,
      resource.uses,
      resource.active,
      resource.id,
    ],
  );
}

/** Its codes open nothing any more. */
export async function archiveAccessResource(tx: Tx, id: string, at: Date): Promise<void> {
  await tx.write('update access_resources set archived_at = ?, version = version + 1 where id = ?', [at, id]);
}
