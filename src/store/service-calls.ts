// Consultants' calls to the service as they are written (core/service-call), and what such a call reads of a consultant. A write
// names the version it was made from and the lease of the switch, and changes nothing when either has moved on.

import type { ConsultantState } from '../core/consultant.ts';
import type { E164, Language } from '../core/ids.ts';
import type { Schedule } from '../core/schedule.ts';
import type { ServiceCall } from '../core/service-call.ts';
import { stateObject, stateOf, type StateRow } from './consultants.ts';
import { type Db, firstRow, rows, type Tx } from './database.ts';

export interface StoredServiceCall {
  call: ServiceCall;
  merchantId: string;
  switchId: string;
  ddi: E164;
  startedAt: Date;
  version: number;
}

export interface ServiceRef {
  merchantId: string;
  serviceCallId: string;
}

export async function liveServiceCallsOfSwitch(db: Db, switchId: string): Promise<ServiceRef[]> {
  return rows(
    db,
    `select merchant_id as "merchantId", service_call_id as "serviceCallId" from live_service_calls_of_switch(?)`,
    [switchId],
  );
}

export interface DialledService {
  merchantName: string;
  timeZone: string;
  country: string;
}

/** What a dialled number leads to, where that is the service of a merchant who is served. */
export async function readDialledService(tx: Tx, ddiId: string): Promise<DialledService | undefined> {
  return firstRow<DialledService>(
    tx,
    `select m.name as "merchantName", m.time_zone as "timeZone", m.country
     from ddis d join merchants m on m.id = d.merchant_id where d.id = ? and d.kind = 'service' and m.active`,
    [ddiId],
  );
}

/** `false`: a call was made of this leg already. */
export async function insertServiceCall(
  tx: Tx,
  { call, merchantId, switchId, ddi, startedAt }: Omit<StoredServiceCall, 'version'>,
  lease: bigint,
): Promise<boolean> {
  const row = await firstRow(
    tx,
    `insert into service_calls (id, merchant_id, switch_id, leg, ddi, progress, started_at)
     select ?, ?, s.id, ?, ?, ?::jsonb, ? from switches s where s.id = ? and s.lease_number = ?::bigint
     on conflict (leg) do nothing returning id`,
    [call.id, merchantId, call.leg, ddi, JSON.stringify(call), startedAt, switchId, lease.toString()],
  );
  return row !== undefined;
}

export async function readServiceCall(tx: Tx, id: string): Promise<StoredServiceCall | undefined> {
  const row = await firstRow<Omit<StoredServiceCall, 'call'> & { progress: ServiceCall }>(
    tx,
    `select merchant_id as "merchantId", switch_id as "switchId", ddi, progress, started_at as "startedAt", version
     from service_calls where id = ?`,
    [id],
  );
  if (!row) return undefined;
  const { progress, ...rest } = row;
  return { ...rest, call: progress };
}

/** What the switch's record says of its end: he hung up before anybody answered. `undefined`: none has come. */
export async function readMissed(tx: Tx, id: string): Promise<boolean | undefined> {
  const row = await firstRow<{ missed: boolean | null }>(
    tx,
    'select missed from service_calls where id = ?',
    [id],
  );
  return row?.missed ?? undefined;
}

/** `false`: the call, or the lease, has moved on, and nothing was written. */
export async function saveServiceCall(
  tx: Tx,
  stored: StoredServiceCall,
  call: ServiceCall,
  at: Date,
  lease: bigint,
): Promise<boolean> {
  const row = await firstRow(
    tx,
    `update service_calls set progress = ?::jsonb, version = version + 1, consultant_id = ?, ended_at = ?
     where id = ? and version = ?
       and exists (select from switches s where s.id = switch_id and s.lease_number = ?::bigint)
     returning id`,
    [
      JSON.stringify(call),
      call.consultant?.id ?? null,
      call.state.is === 'over' ? at : null,
      stored.call.id,
      stored.version,
      lease.toString(),
    ],
  );
  return row !== undefined;
}

// --- Consultants -----------------------------------------------------------------------------------------------

export interface ServedConsultant {
  id: string;
  name: string;
  language: Language;
  /** Absent: he has none, and cannot say who he is. */
  pinMark: Buffer | null;
  /** A missed call of his sets him away, or available again. */
  missedCallToggles: boolean;
  state: ConsultantState;
  schedule: Schedule | null;
}

type ServedRow = Omit<ServedConsultant, 'state'> & { state: StateRow };

const served = `select c.id, c.name, c.language, c.pin_mark as "pinMark", ${stateObject} as state, c.schedule,
    c.missed_call_toggles as "missedCallToggles"
  from consultants c where c.archived_at is null`;

const servedOf = ({ state, ...row }: ServedRow): ServedConsultant => ({ ...row, state: stateOf(state) });

/** Those who can be reached at this number: more than one may share it. */
export async function consultantsOfNumber(tx: Tx, number: E164): Promise<ServedConsultant[]> {
  const found = await rows<ServedRow>(
    tx,
    `${served} and (c.number = ? or ? = any(c.more_numbers)) order by c.id`,
    [number, number],
  );
  return found.map(servedOf);
}

export async function consultantsOfIds(tx: Tx, ids: readonly string[]): Promise<ServedConsultant[]> {
  return (await rows<ServedRow>(tx, `${served} and c.id = any(?::text[]) order by c.id`, [ids])).map(
    servedOf,
  );
}

export async function consultantOfShortNumber(
  tx: Tx,
  shortNumber: string,
): Promise<ServedConsultant | undefined> {
  const row = await firstRow<ServedRow>(tx, `${served} and c.short_number = ?`, [shortNumber]);
  return row && servedOf(row);
}
