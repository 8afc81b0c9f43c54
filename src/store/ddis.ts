// The numbers people dial, as their merchant sees them. What one of them leads to when it is dialled is known-calls'.

import type { E164 } from '../core/ids.ts';
import { firstRow, rows, type Tx } from './database.ts';

export interface Ddi {
  id: string;
  number: E164;
  /** The line's slug. */
  line: string;
  recognizedBy: 'server' | 'accounts';
  settings: unknown;
  active: boolean;
  /** Where its callers are asked about: its own server, else the merchant's. */
  server: { protocol: 'rest' | 'soap'; url: string; timeoutMs: number } | null;
}

export async function listDdis(tx: Tx): Promise<Ddi[]> {
  return rows<Ddi>(
    tx,
    `select d.id, d.number, l.slug as line, d.recognized_by as "recognizedBy", d.settings, d.active,
       case when d.recognized_by <> 'server' then null
         when d.server_url is not null then json_build_object('protocol', d.server_protocol, 'url', d.server_url,
           'timeoutMs', d.server_timeout_ms)
         when m.server_url is not null and m.server_protocol is not null then json_build_object('protocol',
           m.server_protocol, 'url', m.server_url, 'timeoutMs', m.server_timeout_ms) end as server
     from ddis d join lines l on l.id = d.line_id join merchants m on m.id = d.merchant_id
     order by d.number`,
  );
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
