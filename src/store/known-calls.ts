// Calls from outside: the number that was dialled with all that depends on it, and which of a merchant's clients has a call
// under way. The session itself is call-sessions'; what was used and is to be told is usage-reports'.

import type { CallSession } from '../core/call-session.ts';
import type { E164, Language, LegUuid } from '../core/ids.ts';
import type { Cli } from '../core/known-caller.ts';
import type { Tariff, TariffPlan } from '../core/tariff.ts';
import { insertCallSession, insertLegs } from './call-sessions.ts';
import { type Db, firstRow, type Tx } from './database.ts';
import { lineIdleGroup, lineRinging, lineStepSeconds } from './line-members.ts';

export async function merchantOfDdi(
  db: Db,
  number: E164,
): Promise<{ merchantId: string; ddiId: string } | undefined> {
  return firstRow(db, 'select merchant_id as "merchantId", ddi_id as "ddiId" from merchant_of_ddi(?)', [
    number,
  ]);
}

export interface DialledLine {
  recognizedBy: 'server' | 'accounts';
  settings: unknown;
  lineId: string;
  slug: string;
  sells: string;
  lineActive: boolean;
  name: Record<Language, string>;
  currency: string;
  ringing: 'in_turn' | 'all_at_once' | 'cumulative';
  ringSeconds: number;
  ringStepSeconds: number;
  /** Its members ring in the order they have waited. */
  idleGroup: string | null;
  callerId: E164 | null;
  tariffId: string;
  plan: TariffPlan;
  merchantName: string;
  merchantActive: boolean;
  country: string;
  consultants: string[];
  /** core/schedule */
  schedule: unknown;
  timeZone: string;
  /** Who is rung outside the hours, and who when nobody took it. */
  outside: string[] | null;
  overflow: string[] | null;
  /** Who is rung for a refused caller: those of the line its settings name, while that is switched on. */
  refused: string[] | null;
}

/** Of line `l`, dialled by number `d`, of merchant `m`. */
const dialledLine = `d.recognized_by as "recognizedBy", d.settings, l.id as "lineId", l.slug, l.sells, l.active as "lineActive",
       l.name, l.currency, ${lineRinging} as ringing, l.ring_seconds as "ringSeconds",
       ${lineStepSeconds} as "ringStepSeconds", ${lineIdleGroup} as "idleGroup",
       (select number from caller_ids c where c.id = l.caller_id_id and c.verified_at is not null) as "callerId",
       t.id as "tariffId", t.plan, m.name as "merchantName", m.active as "merchantActive", m.country,
       coalesce((select json_agg(lc.consultant_id order by lc.position) from line_members lc
         where lc.line_id = l.id), '[]') as consultants,
       l.schedule, m.time_zone as "timeZone",
       (select json_agg(lc.consultant_id order by lc.position) from line_members lc join lines r on r.id = lc.line_id
         where r.id = l.outside_line_id and r.active) as outside,
       (select json_agg(lc.consultant_id order by lc.position) from line_members lc join lines r on r.id = lc.line_id
         where r.id = l.overflow_line_id and r.active) as overflow,
       (select json_agg(lc.consultant_id order by lc.position) from line_members lc join lines r on r.id = lc.line_id
         where r.slug = d.settings #>> '{refused,ring,line}' and r.active) as refused`;
const priced = `join merchants m on m.id = d.merchant_id
     join lateral (select * from tariffs t where t.line_id = l.id order by version desc limit 1) t on true`;

/** What a dialled number leads to, as it stands now. */
export async function readDialledLine(tx: Tx, ddiId: string): Promise<DialledLine | undefined> {
  return firstRow<DialledLine>(
    tx,
    `select ${dialledLine} from ddis d join lines l on l.id = d.line_id ${priced} where d.id = ? and d.kind = 'line'`,
    [ddiId],
  );
}

/** The line a talk of a scenario is counted under: the one that is named (its slug), or that of the number that was dialled. */
export async function readCountedLine(
  tx: Tx,
  ddi: E164,
  slug: string | null,
): Promise<DialledLine | undefined> {
  return firstRow<DialledLine>(
    tx,
    `select ${dialledLine} from ddis d join lines l on case when ?::text is null then l.id = d.line_id else l.slug = ? end
     ${priced} where d.number = ?`,
    [slug, slug, ddi] as never[],
  );
}

/** The same for a scenario that follows a paid talk: no number was dialled, and what one would say is as usual. */
export async function readLineAfterTalk(tx: Tx, slug: string): Promise<DialledLine | undefined> {
  return firstRow<DialledLine>(
    tx,
    `select ${dialledLine} from lines l
     join lateral (select l.merchant_id, 'server' as recognized_by, '{}'::jsonb as settings) d on true ${priced} where l.slug = ?`,
    [slug],
  );
}

export interface DdiOfRun {
  recognizedBy: 'server' | 'accounts';
  settings: unknown;
  /** The slug of the line its talks are counted under; null: it names none. */
  line: string | null;
}

/** How callers of a scenario are recognized. */
export async function readDdiOfRun(tx: Tx, ddi: E164): Promise<DdiOfRun | undefined> {
  return firstRow<DdiOfRun>(
    tx,
    `select d.recognized_by as "recognizedBy", d.settings, l.slug as line
     from ddis d left join lines l on l.id = d.line_id where d.number = ?`,
    [ddi],
  );
}

export interface NewKnownCall {
  merchantId: string;
  orderId: string;
  line: DialledLine;
  language: Language;
  tariff: Tariff;
  accessHash: Buffer;
  session: CallSession;
  ddi: E164;
  cli: Cli;
  switchId: string;
  at: Date;
  /** The scenario's call it belongs to, and which of its turns rang. */
  run?: { id: string; turn: number };
}

/** Whether a call was made of this leg already: by another gateway, or by us before we lost the switch. */
export async function isLegKnown(tx: Tx, leg: LegUuid): Promise<boolean> {
  return (await firstRow(tx, 'select 1 as one from legs where id = ?', [leg])) !== undefined;
}

/** The order (of nothing: the merchant bills it), the call's session, its leg. */
export async function insertKnownCall(tx: Tx, call: NewKnownCall): Promise<void> {
  const { line, merchantId, session, at } = call;
  const number = call.cli.trust === 'withheld' ? null : call.cli.number;
  await tx.write(
    `insert into orders (id, merchant_id, line_id, kind, source, language, tariff_id, tariff, hold, currency, caller_number,
       access_hash, created_at)
     values (?, ?, ?, 'known_call', 'phone', ?, ?, ?, 0, ?, ?, ?, ?)`,
    [
      call.orderId,
      merchantId,
      line.lineId,
      call.language,
      line.tariffId,
      JSON.stringify(call.tariff),
      line.currency,
      number,
      call.accessHash,
      at,
    ],
  );
  await insertCallSession(tx, {
    merchantId,
    orderId: call.orderId,
    lineId: line.lineId,
    switchId: call.switchId,
    session,
    createdAt: at,
  });
  await insertLegs(tx, { merchantId, session }, [{ leg: session.callerLegUuid, role: 'A' }]);
  await tx.write(
    `insert into known_calls (call_session_id, merchant_id, order_id, line_id, ddi, cli, cli_trust, started_at, run_id, run_turn)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      session.id,
      merchantId,
      call.orderId,
      line.lineId,
      call.ddi,
      number,
      call.cli.trust,
      at,
      call.run?.id ?? null,
      call.run?.turn ?? null,
    ],
  );
}

/** What this turn of a scenario's call has rung already. */
export async function sessionOfTurn(tx: Tx, runId: string, turn: number): Promise<string | undefined> {
  const row = await firstRow<{ id: string }>(
    tx,
    'select call_session_id as id from known_calls where run_id = ? and run_turn = ?',
    [runId, turn],
  );
  return row?.id;
}

/** When the leg of this scenario's call was joined last, in it or in the talk it follows: microseconds, as text. */
export async function joinedLast(tx: Tx, runId: string): Promise<string | undefined> {
  const row = await firstRow<{ us: string | null }>(
    tx,
    `select max(s.bridged_us)::text as us from call_sessions s where s.id in (
       select k.call_session_id from known_calls k where k.run_id = ?
       union all select r.after_session_id from scenario_runs r where r.id = ?
       union all select p.id from orders o join call_sessions p on p.order_id = o.id where o.run_id = ?)`,
    [runId, runId, runId],
  );
  return row?.us ?? undefined;
}

/** In all talks of a scenario's call so far, each begun second whole. */
export async function secondsTalkedInRun(tx: Tx, runId: string): Promise<number> {
  const row = await firstRow<{ seconds: number }>(
    tx,
    `select coalesce(sum(ceil(s.billable_us / 1000000.0)), 0)::int as seconds
     from known_calls k join call_sessions s on s.id = k.call_session_id where k.run_id = ?`,
    [runId],
  );
  return row?.seconds ?? 0;
}

/** The first of these that is a number of the merchant's an operator marked verified; else the line's. */
export async function verifiedCallerId(
  tx: Tx,
  wanted: readonly (E164 | undefined)[],
  ofLine: E164 | null,
): Promise<E164 | undefined> {
  const row = await firstRow<{ number: E164 }>(
    tx,
    `select c.number from unnest(?::text[]) with ordinality as asked(number, place)
       join caller_ids c on c.number = asked.number and c.verified_at is not null order by asked.place limit 1`,
    [wanted.filter((one) => one !== undefined)],
  );
  return row?.number ?? ofLine ?? undefined;
}

/**
 * Lets a client's call in where fewer than `atOnce` of his are under way; `false` where they are not. Two at once wait for
 * each other: the lock is the client's.
 */
export async function claimClient(
  tx: Tx,
  callSessionId: string,
  clientCode: string,
  atOnce: number,
): Promise<boolean> {
  await tx.write(
    `select pg_advisory_xact_lock(hashtextextended('ringmeter.client ' || current_setting('ringmeter.merchant') || ' ' || ?, 0))`,
    [clientCode],
  );
  const claimed = await firstRow(
    tx,
    `update known_calls set client_code = ? where call_session_id = ? and (
       select count(*) from known_calls k
       where k.client_code = ? and k.ended_at is null and k.call_session_id <> ?) < ?
     returning 1 as one`,
    [clientCode, callSessionId, clientCode, callSessionId, atOnce],
  );
  return claimed !== undefined;
}

export interface ClientActivity {
  callsInProgress: number;
  secondsNotYetReported: number;
}

/** What is under way and not acknowledged of this client, or of this number while nobody knows whose it is. */
export async function clientActivity(
  tx: Tx,
  who: { callSessionId: string; clientCode?: string; cli?: string },
): Promise<ClientActivity> {
  const found = await firstRow<ClientActivity>(
    tx,
    `select (select count(*)::int from known_calls k where k.ended_at is null and k.call_session_id <> ?
         and case when ?::text is null then k.cli = ? else k.client_code = ? end) as "callsInProgress",
       (select coalesce(sum(u.billable_seconds), 0)::int from usage_reports u join known_calls k using (call_session_id)
         where u.state <> 'delivered' and case when ?::text is null then k.cli = ? else k.client_code = ? end)
         as "secondsNotYetReported"`,
    [
      who.callSessionId,
      who.clientCode ?? null,
      who.cli ?? null,
      who.clientCode ?? null,
      who.clientCode ?? null,
      who.cli ?? null,
      who.clientCode ?? null,
    ] as never[],
  );
  return found ?? { callsInProgress: 0, secondsNotYetReported: 0 };
}

export interface KnownCall {
  orderId: string;
  lineId: string;
  slug: string;
  ddi: E164;
  cli: E164 | null;
  cliTrust: Cli['trust'];
  clientCode: string | null;
  startedAt: Date;
  endedAt: Date | null;
  tariff: Tariff;
}

export async function readKnownCall(tx: Tx, callSessionId: string): Promise<KnownCall | undefined> {
  return firstRow<KnownCall>(
    tx,
    `select k.order_id as "orderId", k.line_id as "lineId", l.slug, k.ddi, k.cli, k.cli_trust as "cliTrust",
       k.client_code as "clientCode", k.started_at as "startedAt", k.ended_at as "endedAt", o.tariff
     from known_calls k join orders o on o.id = k.order_id join lines l on l.id = k.line_id
     where k.call_session_id = ?`,
    [callSessionId],
  );
}

/** The price this call is counted by. */
export async function readOrderTariff(tx: Tx, callSessionId: string): Promise<Tariff> {
  const row = await firstRow<{ tariff: Tariff }>(
    tx,
    'select o.tariff from orders o join known_calls k on k.order_id = o.id where k.call_session_id = ?',
    [callSessionId],
  );
  if (!row) throw new Error('A call without its order.');
  return row.tariff;
}

export async function setOrderTariff(tx: Tx, callSessionId: string, tariff: Tariff): Promise<void> {
  await tx.write(
    'update orders o set tariff = ? from known_calls k where k.order_id = o.id and k.call_session_id = ?',
    [JSON.stringify(tariff), callSessionId],
  );
}

export interface StoredServer {
  protocol: 'rest' | 'soap';
  url: string;
  timeoutMs: number;
  secretSealed: Buffer | null;
  credentialsSealed: Buffer | null;
  /** The secret before this one, which signs beside it until then. */
  oldSecretSealed: Buffer | null;
  oldSecretUntil: Date | null;
}

/**
 * The merchant's own server, as he has set it: the one of this DDI where it has one, else that of all his numbers; nothing
 * where he has none.
 */
export async function readMerchantServer(tx: Tx, ddi: E164): Promise<StoredServer | undefined> {
  return firstRow(
    tx,
    `select protocol, url, "timeoutMs", "secretSealed", "credentialsSealed", "oldSecretSealed", "oldSecretUntil" from (
       select 1 as rank, server_protocol as protocol, server_url as url, server_timeout_ms as "timeoutMs",
         server_secret_sealed as "secretSealed", server_credentials_sealed as "credentialsSealed",
         server_old_secret_sealed as "oldSecretSealed", server_old_secret_until as "oldSecretUntil"
       from ddis where number = ? and server_url is not null
       union all
       select 2, server_protocol, server_url, server_timeout_ms, server_secret_sealed, server_credentials_sealed,
         server_old_secret_sealed, server_old_secret_until
       from merchants where server_url is not null and server_protocol is not null) servers
     order by rank limit 1`,
    [ddi],
  );
}
