// The numbers people dial, as their merchant sees them. What one of them leads to when it is dialled is known-calls'.

import type { E164 } from '../core/ids.ts';
import type { InboundSettings } from '../core/inbound-settings.ts';
import { type Db, firstRow, rows, type Tx } from './database.ts';
import type { StoredServer } from './known-calls.ts';

export interface Ddi {
  id: string;
  number: E164;
  /** What its callers reach: a line, the service consultants set their state by, or a scenario. */
  kind: 'line' | 'service' | 'scenario';
  /** The line's slug; null: it leads to none. */
  line: string | null;
  /** The scenario's slug; null: it leads to none. */
  scenario: string | null;
  recognizedBy: 'server' | 'accounts';
  /** core/inbound-settings: what differs from the usual ones. */
  settings: unknown;
  active: boolean;
  /** Asked instead of the merchant's for this number alone. */
  ownServer: StoredServer | null;
  /** Where its callers are asked about: its own server, else the merchant's. */
  server: { protocol: 'rest' | 'soap'; url: string; timeoutMs: number } | null;
}

interface DdiRow extends Omit<Ddi, 'ownServer'>, StoredServer {}

const selected = `select d.id, d.number, d.kind, l.slug as line, n.slug as scenario, d.recognized_by as "recognizedBy", d.settings, d.active,
    d.server_protocol as protocol, d.server_url as url, d.server_timeout_ms as "timeoutMs",
    d.server_secret_sealed as "secretSealed", d.server_credentials_sealed as "credentialsSealed",
    d.server_old_secret_sealed as "oldSecretSealed", d.server_old_secret_until as "oldSecretUntil",
    case when d.recognized_by <> 'server' then null
      when d.server_url is not null then json_build_object('protocol', d.server_protocol, 'url', d.server_url,
        'timeoutMs', d.server_timeout_ms)
      when m.server_url is not null and m.server_protocol is not null then json_build_object('protocol',
        m.server_protocol, 'url', m.server_url, 'timeoutMs', m.server_timeout_ms) end as server
  from ddis d left join lines l on l.id = d.line_id left join scenarios n on n.id = d.scenario_id join merchants m on m.id = d.merchant_id`;

function ddiOf(row: DdiRow): Ddi {
  const {
    protocol,
    url,
    timeoutMs,
    secretSealed,
    credentialsSealed,
    oldSecretSealed,
    oldSecretUntil,
    ...ddi
  } = row;
  const own = { protocol, url, timeoutMs, secretSealed, credentialsSealed, oldSecretSealed, oldSecretUntil };
  // The table keeps both or neither.
  return { ...ddi, ownServer: (url as string | null) === null ? null : own };
}

export async function listDdis(tx: Tx): Promise<Ddi[]> {
  return (await rows<DdiRow>(tx, `${selected} order by d.number`)).map(ddiOf);
}

/** `lock`: nobody else changes it until this transaction is over. */
export async function readDdi(tx: Tx, number: E164, lock = false): Promise<Ddi | undefined> {
  if (lock) await tx.raw('select 1 from ddis where number = ? for no key update', [number]);
  const row = await firstRow<DdiRow>(tx, `${selected} where d.number = ?`, [number]);
  return row && ddiOf(row);
}

/** What it leads to and how its callers are recognized. What the settings hold that is not named here stays. */
export async function writeDdi(
  tx: Tx,
  ddi: Pick<Ddi, 'id' | 'kind' | 'line' | 'scenario' | 'recognizedBy' | 'active'> & {
    settings: InboundSettings;
  },
): Promise<void> {
  await tx.write(
    `update ddis set kind = ?, line_id = (select l.id from lines l where l.slug = ?),
       scenario_id = (select s.id from scenarios s where s.slug = ? and s.archived_at is null), recognized_by = ?, active = ?,
       settings = settings || ?::jsonb
     where id = ?`,
    [ddi.kind, ddi.line, ddi.scenario, ddi.recognizedBy, ddi.active, JSON.stringify(ddi.settings), ddi.id],
  );
}

/** Whose a number is, switched on or off. */
export async function holderOfDdi(db: Db, number: E164): Promise<string | undefined> {
  const row = await firstRow<{ merchantId: string }>(
    db,
    'select merchant_id as "merchantId" from holder_of_ddi(?)',
    [number],
  );
  return row?.merchantId;
}

/** `false`: the number is somebody's already. */
export async function insertDdi(
  tx: Tx,
  ddi: { id: string; merchantId: string; number: E164; line: string; at: Date },
): Promise<boolean> {
  const row = await firstRow(
    tx,
    `insert into ddis (id, merchant_id, line_id, number, created_at)
     values (?, ?, (select l.id from lines l where l.slug = ?), ?, ?)
     on conflict (number) do nothing returning id`,
    [ddi.id, ddi.merchantId, ddi.line, ddi.number, ddi.at],
  );
  return row !== undefined;
}

/** The id of this merchant's DDI; nothing where the number is not his, or is switched off. */
export async function ddiOfNumber(tx: Tx, number: E164): Promise<string | undefined> {
  const row = await firstRow<{ id: string }>(tx, 'select id from ddis where number = ? and active', [number]);
  return row?.id;
}

/** Names of these consultants in their order; those who are not this merchant's are left out. */
export async function namesOfConsultants(tx: Tx, ids: readonly string[]): Promise<string[]> {
  const found = await rows<{ name: string }>(
    tx,
    `select c.name from unnest(?::text[]) with ordinality wanted (id, position)
     join consultants c on c.id = wanted.id order by wanted.position`,
    [ids as string[]] as never[],
  );
  return found.map(({ name }) => name);
}
