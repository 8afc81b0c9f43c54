// Orders as they are written: what is bought, under which tariff, by whom, and what was shown and agreed.

import type { CallSession } from '../core/call-session.ts';
import type { Language } from '../core/ids.ts';
import type { Capture, LineMoreTime, OrderKind } from '../core/order.ts';
import { amountText, type Money } from '../core/money.ts';
import type { SipAddress } from '../core/sip-address.ts';
import type { Tariff, TariffPlan } from '../core/tariff.ts';
import { allNumbers, stateObject, type StateRow } from './consultants.ts';
import { firstRow, rows, type Tx } from './database.ts';
import { lineIdleGroup, lineRinging, lineStepSeconds } from './line-members.ts';
import { insertCallSession } from './call-sessions.ts';

export interface LineForOrder {
  id: string;
  slug: string;
  sells: 'conversation' | 'fixed_sale';
  name: Record<Language, string>;
  currency: string;
  active: boolean;
  ringing: 'in_turn' | 'all_at_once' | 'cumulative';
  ringSeconds: number;
  ringStepSeconds: number;
  /** Its members ring in the order they have waited. */
  idleGroup: string | null;
  callerFirst: boolean;
  capture: Capture;
  /** The live version of the scenario that follows its talks; null: none does. */
  afterTalk: { scenarioId: string; version: number } | null;
  /** The same of the one that is its call, from the caller's key 1 on. */
  afterPayment: { scenarioId: string; version: number } | null;
  durationChoices: number[];
  topUpChoices: string[];
  /** Where a sale leads whose order has no `return` of its own. */
  saleReturn: string | null;
  moreTime: LineMoreTime;
  callerId: string | null;
  tariffId: string;
  tariffVersion: number;
  plan: TariffPlan;
  merchant: {
    id: string;
    name: string;
    active: boolean;
    country: string;
    timeZone: string;
    processorAccount: string | null;
    applicationFeeRate: string;
    pageOrigins: string[];
    /** Numbers of his own (core/abuse-limits: limitsOf). */
    abuseLimits: unknown;
  };
  /** `numbers`: all he may be rung on beside his SIP address. */
  consultants: {
    id: string;
    name: string;
    sip: SipAddress | null;
    numbers: string[];
    state: StateRow;
  }[];
}

/** Whom he ordered by name; `undefined`: whoever is free. */
export async function consultantOfOrder(tx: Tx, orderId: string): Promise<string | undefined> {
  const row = await firstRow<{ id: string | null }>(
    tx,
    'select consultant_id as id from orders where id = ?',
    [orderId],
  );
  return row?.id ?? undefined;
}

/** A line with all that an order depends on, as it stands now. */
export async function readLineForOrder(tx: Tx, slug: string): Promise<LineForOrder | undefined> {
  return firstRow<LineForOrder>(
    tx,
    `select l.id, l.slug, l.sells, l.name, l.currency, l.active, ${lineRinging} as ringing, l.ring_seconds as "ringSeconds",
       ${lineStepSeconds} as "ringStepSeconds", ${lineIdleGroup} as "idleGroup", l.caller_first as "callerFirst", l.capture,
       l.duration_choices as "durationChoices", l.top_up_choices::text[] as "topUpChoices", l.sale_return as "saleReturn",
       (select json_build_object('scenarioId', s.id, 'version', s.live) from scenarios s
         where s.id = l.after_scenario_id and s.live is not null) as "afterTalk",
       (select json_build_object('scenarioId', s.id, 'version', s.live) from scenarios s
         where s.id = l.payment_scenario_id and s.live is not null) as "afterPayment",
       json_build_object('times', l.more_time_times, 'seconds', l.more_time_seconds) as "moreTime",
       (select number from caller_ids c where c.id = l.caller_id_id and c.verified_at is not null) as "callerId",
       t.id as "tariffId", t.version as "tariffVersion", t.plan,
       json_build_object('id', m.id, 'name', m.name, 'active', m.active, 'country', m.country, 'timeZone', m.time_zone,
         'processorAccount', m.processor_account, 'applicationFeeRate', m.application_fee_rate::text,
         'pageOrigins', m.page_origins, 'abuseLimits', m.abuse_limits) as merchant,
       coalesce((select json_agg(json_build_object('id', c.id, 'name', c.name, 'sip', c.sip, 'numbers', ${allNumbers},
             'state', ${stateObject})
           order by lc.position)
         from line_members lc join consultants c on c.id = lc.consultant_id where lc.line_id = l.id), '[]')
         as consultants
     from lines l join merchants m on m.id = l.merchant_id
     join lateral (select * from tariffs t where t.line_id = l.id order by version desc limit 1) t on true
     where l.slug = ?`,
    [slug],
  );
}

export interface NewOrder {
  id: string;
  merchantId: string;
  line: LineForOrder;
  kind: OrderKind;
  /** Whose account a top-up is for. */
  clientId?: string;
  source: 'page' | 'api' | 'phone';
  language: Language;
  reference?: string;
  tariff: Tariff;
  chosenSeconds?: number;
  hold: Money;
  callerNumber?: string;
  callerEmail?: string;
  consultantId?: string;
  returnUrl?: string;
  accessHash: Buffer;
  requestKey?: string;
  /** The scenario's call it is made in. */
  runId?: string;
  createdAt: Date;
  paymentId: string;
  authorizationId: string;
  operationId: string;
  /** What the processor is asked, without card or secret: a repeat must be the same to the letter. */
  operationRequest: Record<string, unknown>;
  lookAgainAt: Date;
  call?: { session: CallSession; switchId: string };
  /** Who orders (flow/limit-abuse): told apart by these, never named. */
  marks: { visitor?: Buffer; address?: Buffer };
}

/** The order with its payment, its first authorization, the operation that asks for it, and the call session. */
export async function insertOrder(tx: Tx, order: NewOrder): Promise<void> {
  const { line, merchantId, hold } = order;
  await tx.write(
    `with o as (
       insert into orders (id, merchant_id, line_id, kind, source, reference, language, tariff_id, tariff, chosen_seconds,
         hold, currency, caller_number, caller_email, consultant_id, return_url, access_hash, request_key, created_at,
         visitor_mark, address_mark, client_id, run_id)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)),
     p as (
       insert into payments (id, merchant_id, order_id, state, currency, processor_account, application_fee_rate,
         created_at, look_again_at)
       values (?, ?, ?, 'awaiting_card', ?, ?, ?, ?, ?)),
     a as (
       insert into authorizations (id, merchant_id, payment_id, sequence, state, amount, created_at)
       values (?, ?, ?, 1, 'intended', ?, ?))
     insert into processor_operations (id, merchant_id, authorization_id, kind, amount, request, created_at)
     values (?, ?, ?, 'authorize', ?, ?, ?)`,
    [
      order.id,
      merchantId,
      line.id,
      order.kind,
      order.source,
      order.reference ?? null,
      order.language,
      line.tariffId,
      JSON.stringify(order.tariff),
      order.chosenSeconds ?? null,
      amountText(hold),
      hold.currency,
      order.callerNumber ?? null,
      order.callerEmail ?? null,
      order.consultantId ?? null,
      order.returnUrl ?? null,
      order.accessHash,
      order.requestKey ?? null,
      order.createdAt,
      order.marks.visitor ?? null,
      order.marks.address ?? null,
      order.clientId ?? null,
      order.runId ?? null,
      order.paymentId,
      merchantId,
      order.id,
      hold.currency,
      line.merchant.processorAccount,
      line.merchant.applicationFeeRate,
      order.createdAt,
      order.lookAgainAt,
      order.authorizationId,
      merchantId,
      order.paymentId,
      amountText(hold),
      order.createdAt,
      order.operationId,
      merchantId,
      order.authorizationId,
      amountText(hold),
      JSON.stringify(order.operationRequest),
      order.createdAt,
    ] as never[],
  );
  if (order.call) {
    await insertCallSession(tx, {
      merchantId,
      orderId: order.id,
      lineId: line.id,
      switchId: order.call.switchId,
      session: order.call.session,
      createdAt: order.createdAt,
    });
  }
}

export interface EarlierOrder {
  orderId: string;
  paymentId: string;
  callSessionId: string | null;
}

/**
 * The order an earlier request with this key made, which nobody was told of: its link is made anew, since only the hash
 * of the first one is known. A key used before `forgottenBefore` is free again.
 */
export async function takeOrderOfRequest(
  tx: Tx,
  requestKey: string,
  accessHash: Buffer,
  forgottenBefore: Date,
): Promise<EarlierOrder | undefined> {
  await tx.write('update orders set request_key = null where request_key = ? and created_at < ?', [
    requestKey,
    forgottenBefore,
  ]);
  return firstRow(
    tx,
    `update orders o set access_hash = ? where request_key = ?
     returning o.id as "orderId", (select p.id from payments p where p.order_id = o.id) as "paymentId",
       (select s.id from call_sessions s where s.order_id = o.id) as "callSessionId"`,
    [accessHash, requestKey],
  );
}

/** Adds to what was shown and agreed. Never replaces: two tabs that both agreed are both kept. */
export async function addEvidence(tx: Tx, orderId: string, evidence: object, email?: string): Promise<void> {
  await tx.write(
    `update orders set evidence = evidence || jsonb_build_array(?::jsonb), caller_email = coalesce(?, caller_email)
     where id = ?`,
    [JSON.stringify(evidence), email ?? null, orderId] as never[],
  );
}

export interface Destinations {
  prefix: string;
  allowed: boolean;
  kind: 'fixed' | 'mobile' | 'premium' | 'satellite' | 'short' | 'other';
  costPerMinute: string;
  currency: string;
}

export async function readDestinations(tx: Tx): Promise<Destinations[]> {
  return rows(
    tx,
    `select prefix, allowed, kind, cost_per_minute::text as "costPerMinute", currency from destinations`,
  );
}
