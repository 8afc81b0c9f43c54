// Call sessions as they are written. The rule's state is one document (`progress`) beside the columns people search by;
// a write names the version it was made from and the lease of the switch, and changes nothing when either has moved on.

import {
  billableUs,
  isDestination,
  talkUs,
  type CallFact,
  type CallSession,
  type LegRecord,
} from '../core/call-session.ts';
import type { LegUuid } from '../core/ids.ts';
import { firstRow, rows, type Tx } from './database.ts';

export interface StoredSession {
  session: CallSession;
  merchantId: string;
  orderId: string;
  lineId: string;
  switchId: string;
  version: number;
}

interface SessionRow {
  id: string;
  merchantId: string;
  orderId: string;
  lineId: string;
  switchId: string;
  version: number;
  state: CallSession['state'];
  outcome: CallSession['outcome'] | null;
  progress: Omit<CallSession, 'id' | 'state' | 'outcome' | 'bridgedUs' | 'unbridgedUs'>;
  bridgedUs: string | null;
  unbridgedUs: string | null;
}

const columns = `id, merchant_id as "merchantId", order_id as "orderId", line_id as "lineId", switch_id as "switchId",
  version, state, outcome, progress, bridged_us::text as "bridgedUs", unbridged_us::text as "unbridgedUs"`;

function fromRow(row: SessionRow): StoredSession {
  const { merchantId, orderId, lineId, switchId, version } = row;
  const session: CallSession = {
    ...row.progress,
    id: row.id,
    state: row.state,
    ...(row.outcome !== null && row.outcome !== undefined && { outcome: row.outcome }),
    ...(row.bridgedUs !== null && { bridgedUs: BigInt(row.bridgedUs) }),
    ...(row.unbridgedUs !== null && { unbridgedUs: BigInt(row.unbridgedUs) }),
  };
  return { session, merchantId, orderId, lineId, switchId, version };
}

/** Several of one merchant at once: a takeover reads all that live on a switch. */
export async function readSessions(tx: Tx, ids: readonly string[]): Promise<StoredSession[]> {
  return (await rows<SessionRow>(tx, `select ${columns} from call_sessions where id = any(?)`, [ids])).map(
    fromRow,
  );
}

export async function readSession(tx: Tx, id: string): Promise<StoredSession | undefined> {
  const row = await firstRow<SessionRow>(tx, `select ${columns} from call_sessions where id = ?`, [id]);
  return row && fromRow(row);
}

/** Locks the row: whoever else wants to move this session waits for our commit. */
export async function lockSession(tx: Tx, id: string): Promise<StoredSession | undefined> {
  const row = await firstRow<SessionRow>(tx, `select ${columns} from call_sessions where id = ? for update`, [
    id,
  ]);
  return row && fromRow(row);
}

/** The same by its order. */
export async function lockSessionOfOrder(tx: Tx, orderId: string): Promise<StoredSession | undefined> {
  const row = await firstRow<SessionRow>(
    tx,
    `select ${columns} from call_sessions where order_id = ? for update`,
    [orderId],
  );
  return row && fromRow(row);
}

/** The same by the payment, for whoever has not read the order's id yet. */
export async function lockSessionOfPayment(tx: Tx, paymentId: string): Promise<StoredSession | undefined> {
  const row = await firstRow<SessionRow>(
    tx,
    `select ${columns} from call_sessions where order_id = (select p.order_id from payments p where p.id = ?) for update`,
    [paymentId],
  );
  return row && fromRow(row);
}

function progressOf(session: CallSession): string {
  const {
    id: _id,
    state: _state,
    outcome: _outcome,
    bridgedUs: _from,
    unbridgedUs: _to,
    ...progress
  } = session;
  return JSON.stringify(progress);
}

export async function insertCallSession(
  tx: Tx,
  row: Omit<StoredSession, 'version'> & { createdAt: Date },
): Promise<void> {
  await tx.write(
    `insert into call_sessions (id, merchant_id, order_id, line_id, switch_id, state, progress, created_at)
     values (?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      row.session.id,
      row.merchantId,
      row.orderId,
      row.lineId,
      row.switchId,
      row.session.state,
      progressOf(row.session),
      row.createdAt,
    ],
  );
}

function instant(us: bigint | undefined): Date | null {
  return us === undefined ? null : new Date(Number(us / 1000n));
}

/**
 * Writes the next state with its trace, and tells the page. `lease`: the number under which the writer commands the
 * switch; absent where no lease is needed (before the first leg, after the end). Answers false, having written nothing,
 * when the session or the lease has moved on.
 */
export async function saveSession(
  tx: Tx,
  stored: StoredSession,
  next: CallSession,
  facts: readonly CallFact[],
  at: Date,
  lease?: bigint,
): Promise<boolean> {
  const ended = next.state === 'ended' || next.state === 'settled';
  const talk = ended ? talkUs(next) : undefined;
  // Who dials us and is let in has said yes by dialling, and who pays for it there by paying.
  const yes = ['caller_consented', 'caller_let_in', 'caller_paid'];
  const consented = facts.some(({ name }) => yes.includes(name));
  const accepted = next.attempts.find((one) => one.state === 'accepted')?.consultantId;
  const consultant = accepted !== undefined && isDestination(accepted) ? undefined : accepted;
  const written = await firstRow(
    tx,
    `with written as (
       update call_sessions set state = ?, outcome = ?, progress = ?, version = version + 1,
         consultant_id = coalesce(?, consultant_id), consented_at = coalesce(consented_at, ?),
         connected_at = ?, ended_at = case when ? then coalesce(ended_at, ?) end,
         bridged_us = ?, unbridged_us = ?, talk_us = ?, billable_us = ?
       where id = ? and version = ?
         and (?::bigint is null or exists (select from switches s where s.id = switch_id and s.lease_number = ?::bigint))
       returning id, merchant_id),
     events as (
       insert into call_events (merchant_id, call_session_id, sequence, name, at, facts)
       select written.merchant_id, written.id,
         (select coalesce(max(e.sequence), 0) from call_events e where e.call_session_id = written.id) + fact.place,
         fact.value ->> 'name', ?, fact.value -> 'facts'
       from written, jsonb_array_elements(?::jsonb) with ordinality as fact(value, place))
     select id from written`,
    [
      next.state,
      next.outcome ?? null,
      progressOf(next),
      consultant ?? null,
      consented ? at : null,
      instant(next.bridgedUs),
      ended,
      instant(next.unbridgedUs) ?? at,
      next.bridgedUs?.toString() ?? null,
      next.unbridgedUs?.toString() ?? null,
      talk?.toString() ?? null,
      talk === undefined ? null : billableUs(talk, next.plan.talkLimitSeconds).toString(),
      stored.session.id,
      stored.version,
      lease?.toString() ?? null,
      lease?.toString() ?? null,
      at,
      JSON.stringify(facts),
    ],
  );
  if (written === undefined) return false;
  tx.hint('ringmeter_order', stored.orderId);
  return true;
}

export async function insertLegs(
  tx: Tx,
  stored: Pick<StoredSession, 'merchantId' | 'session'>,
  legs: readonly { leg: LegUuid; role: 'A' | 'B'; consultantId?: string }[],
): Promise<void> {
  for (const { leg, role, consultantId } of legs) {
    await tx.write(
      `insert into legs (id, merchant_id, call_session_id, role, consultant_id) values (?, ?, ?, ?, ?)
       on conflict do nothing`,
      [leg, stored.merchantId, stored.session.id, role, consultantId ?? null] as never[],
    );
  }
}

/**
 * How these legs ended by the switch's own records, as far as they have come: mod_json_cdr's `bridge_uepoch` ("0": never)
 * and `end_uepoch`. The earliest end first.
 */
export async function readLegEnds(tx: Tx, legs: readonly LegUuid[]): Promise<LegRecord[]> {
  const found = await rows<{
    leg: LegUuid;
    bridged: string | null;
    ended: string;
    cause: string | null;
    other: string | null;
  }>(
    tx,
    `select id as leg, substring(cdr #>> '{variables,bridge_uepoch}' from '^[1-9][0-9]{0,17}$') as bridged,
       cdr #>> '{variables,end_uepoch}' as ended, cdr #>> '{variables,hangup_cause}' as cause,
       cdr #>> '{variables,last_bridge_hangup_cause}' as other
     from legs where id = any(?::uuid[]) and cdr #>> '{variables,end_uepoch}' ~ '^[0-9]{1,18}$'
     order by (cdr #>> '{variables,end_uepoch}')::bigint`,
    [legs],
  );
  return found.map(({ leg, bridged, ended, cause, other }) => ({
    leg,
    ...(bridged !== null && { bridgedUs: BigInt(bridged) }),
    endedUs: BigInt(ended),
    cause: cause ?? '',
    ...(other !== null && { otherCause: other }),
  }));
}

/**
 * A talk was found to be over, and nobody heard when it ended: keeps until what instant (the switch's microseconds) it is
 * known to have lived, and answers it. That is the last sweep of its switch in which nothing of it was missing, or its
 * bridge. Asked again it answers the same, whatever sweeps have passed since.
 */
export async function keepProofOfLife(tx: Tx, callSessionId: string): Promise<bigint | undefined> {
  const row = await firstRow<{ us: string | null }>(
    tx,
    `update call_sessions s set proven_alive_us = coalesce(s.proven_alive_us,
       (select w.swept_us from switches w where w.id = s.switch_id and w.swept_us > s.bridged_us), s.bridged_us)
     where s.id = ? returning s.proven_alive_us::text as us`,
    [callSessionId],
  );
  return row?.us === null || row?.us === undefined ? undefined : BigInt(row.us);
}

/** Of these legs of one session, those chosen so lately that nobody can have given them up: they are to ring. */
export async function freshLegs(tx: Tx, legs: readonly LegUuid[], seconds: number): Promise<LegUuid[]> {
  const found = await rows<{ id: LegUuid }>(
    tx,
    'select id from legs where id = any(?::uuid[]) and created_at > now() - make_interval(secs => ?)',
    [legs, seconds],
  );
  return found.map((row) => row.id);
}
