// What somebody who buys is shown: his order with its call and receipt, and a line's page with who is reachable. Each view
// is one statement, read in one transaction. What merchants read of many orders is record-views'.

import { type CallOutcome, type CallState, secondsOf } from '../core/call-session.ts';
import { reachable, type Reachable } from '../core/consultant.ts';
import type { Language } from '../core/ids.ts';
import { type Money, money } from '../core/money.ts';
import type { PaymentState } from '../core/payment.ts';
import type { Capture, LineMoreTime, OrderKind } from '../core/order.ts';
import { type Tariff, tariffAt, type TariffPlan } from '../core/tariff.ts';
import { stateObject, stateOf, type StateRow } from './consultants.ts';
import { firstRow, rows, type Tx } from './database.ts';

export interface MerchantView {
  id: string;
  name: string;
  legalName: string;
  contactEmail: string;
  contactPhone: string;
  address: string;
  country: string;
  timeZone: string;
  active: boolean;
  brand: { accent?: string; logoText?: string };
  processorAccount?: string;
  pageOrigins: string[];
}

export interface Receipt {
  number: string;
  issuedAt: string;
  merchant: { legalName: string; address: string; contactEmail: string; contactPhone: string };
  line: string;
  consultant?: string;
  startedAt?: string;
  talkSeconds: number;
  billableSeconds: number;
  lines: { what: string; seconds?: number; pricePerMinute?: string; amount: string }[];
  currency: string;
  total: string;
  vatRate: string;
  vat: string;
  net: string;
  authorized: string;
  captured: string;
  released: string;
  writtenOff: string;
  /** Where more time was held for: each hold in its order, and what was taken of it. */
  holds?: { authorized: string; captured: string }[];
  cardBrand?: string;
  cardLast4?: string;
  /** Of a top-up: whose account. */
  clientCode?: string;
  outcome: CallOutcome | 'sold';
  /** What a sale without a call ended in, beside this. The code itself is in no row. */
  after?: { end: 'code'; accessCodeId: string } | { end: 'message'; message: string } | { end: 'return' };
}

export interface OrderView {
  id: string;
  kind: OrderKind;
  createdAt: Date;
  language: Language;
  reference?: string;
  returnUrl?: string;
  callerNumber?: string;
  callerEmail?: string;
  /** Whose account a top-up is for. */
  clientCode?: string;
  merchant: MerchantView;
  line: { id: string; slug: string; name: string };
  consultant?: { id: string; name: string };
  tariff: Tariff;
  chosenSeconds?: number;
  hold: Money;
  paymentId: string;
  payment: {
    state: PaymentState;
    needsAction: boolean;
    declineReason?: string;
    /** Why nothing was taken, in our word: `card_limit`. */
    because?: string;
    cardBrand?: string;
    cardLast4?: string;
    /** Of all its holds, as soon as it is; what else came of them, once all is settled. */
    captured: Money;
    released: Money;
    /** By all its holds together, once one stands. */
    held?: Money;
  };
  claimedUntil?: Date;
  call?: {
    id: string;
    state: CallState;
    outcome?: CallOutcome;
    talkLimitSeconds: number;
    /** The line rings the caller before the consultant. */
    callerFirst: boolean;
    /** As it was ordered: its whole price is taken as soon as both are joined. */
    capture?: 'at_connection';
    connectedAt?: Date;
    endedAt?: Date;
    talkSeconds?: number;
    /** What was agreed to at the start, and how far it came. */
    moreTime?: MoreTimeView;
  };
  receipt?: Receipt;
  /** What its access code opens leads there. */
  sendsOnTo?: string;
}

export interface MoreTimeView {
  seconds: number;
  times: number;
  /** What one of them holds at most. */
  hold: Money;
  /** How often it was granted. */
  granted: number;
  /** Absent: not offered yet. */
  state?: 'offered' | 'asked' | 'refused' | 'granted';
}

/** `account`: the merchant's own, or of an order the one its charge is made on. */
export const merchantObject = (
  account: 'm.processor_account' | 'p.processor_account',
) => `json_build_object('id', m.id, 'name', m.name, 'legalName', m.legal_name,
  'contactEmail', m.contact_email, 'contactPhone', m.contact_phone, 'address', m.address, 'country', m.country,
  'timeZone', m.time_zone, 'active', m.active, 'brand', m.brand, 'processorAccount', ${account},
  'pageOrigins', m.page_origins)`;

interface OrderRow {
  id: string;
  kind: OrderView['kind'];
  createdAt: Date;
  language: Language;
  reference: string | null;
  returnUrl: string | null;
  callerNumber: string | null;
  callerEmail: string | null;
  clientCode: string | null;
  merchant: MerchantView;
  lineId: string;
  slug: string;
  lineName: string;
  consultantId: string | null;
  consultantName: string | null;
  tariff: Tariff;
  chosenSeconds: number | null;
  hold: string;
  currency: string;
  paymentId: string;
  paymentState: PaymentState;
  authorizationState: string;
  declineReason: string | null;
  because: string | null;
  cardBrand: string | null;
  cardLast4: string | null;
  captured: string;
  released: string;
  claimedUntil: Date | null;
  callId: string | null;
  callState: CallState;
  outcome: CallOutcome | null;
  talkLimitSeconds: number;
  callerFirst: boolean;
  capture: 'at_connection' | null;
  connectedAt: Date | null;
  endedAt: Date | null;
  talkUs: string | null;
  held: string | null;
  agreedMore: { seconds: number; times: number; hold: string } | null;
  moreTime: { state: 'offered' | 'asked' | 'refused' | 'granted'; granted: number } | null;
  receipt: Receipt | null;
  sendsOnTo: string | null;
}

export async function readOrder(tx: Tx, orderId: string): Promise<OrderView | undefined> {
  const row = await firstRow<OrderRow>(
    tx,
    `select o.id, o.kind, o.created_at as "createdAt", o.language, o.reference, o.return_url as "returnUrl",
       o.caller_number as "callerNumber", o.caller_email as "callerEmail",
       (select k.code from clients k where k.id = o.client_id) as "clientCode", ${merchantObject('p.processor_account')} as merchant,
       l.id as "lineId", l.slug, coalesce(l.name ->> o.language, l.name ->> 'en') as "lineName",
       c.id as "consultantId", c.name as "consultantName", o.tariff, o.chosen_seconds as "chosenSeconds",
       o.hold::text as hold, o.currency, p.id as "paymentId", p.state as "paymentState",
       a.state as "authorizationState", a.decline_reason as "declineReason", p.outcome_reason as because, a.card_brand as "cardBrand",
       a.card_last4 as "cardLast4", p.released::text as released,
       (select sum(h.captured)::text from authorizations h where h.payment_id = p.id) as captured,
       (select max(k.claimed_until) from consultants k where k.claimed_by = s.id) as "claimedUntil",
       s.id as "callId", s.state as "callState", s.outcome,
       (s.progress -> 'plan' ->> 'talkLimitSeconds')::int as "talkLimitSeconds",
       (s.progress -> 'plan' ->> 'callerFirst')::boolean as "callerFirst",
       s.progress -> 'plan' ->> 'capture' as capture,
       s.connected_at as "connectedAt", s.ended_at as "endedAt", s.talk_us::text as "talkUs",
       (select sum(h.amount)::text from authorizations h where h.payment_id = p.id and h.held_at is not null) as held,
       s.progress -> 'plan' -> 'moreTime' as "agreedMore", s.progress -> 'moreTime' as "moreTime", r.body as receipt,
       coalesce((select x.address from access_codes k join access_resources x on x.id = k.resource_id
           where k.order_id = o.id and k.made_by = 'sale'),
         (select x.address from access_resources x
           where x.id = l.sale_resource_id and l.sale_ends_in = 'code' and o.kind = 'fixed_sale')) as "sendsOnTo"
     from orders o join merchants m on m.id = o.merchant_id join lines l on l.id = o.line_id
     join payments p on p.order_id = o.id
     join authorizations a on a.payment_id = p.id and a.sequence = 1
     left join call_sessions s on s.order_id = o.id
     left join consultants c on c.id = coalesce(s.consultant_id, o.consultant_id)
     left join receipts r on r.order_id = o.id
     where o.id = ?`,
    [orderId],
  );
  if (!row) return undefined;
  const { currency } = row;
  return {
    id: row.id,
    kind: row.kind,
    createdAt: row.createdAt,
    language: row.language,
    tariff: row.tariff,
    paymentId: row.paymentId,
    ...(row.reference !== null && { reference: row.reference }),
    ...(row.returnUrl !== null && { returnUrl: row.returnUrl }),
    ...(row.callerNumber !== null && { callerNumber: row.callerNumber }),
    ...(row.callerEmail !== null && { callerEmail: row.callerEmail }),
    ...(row.clientCode !== null && { clientCode: row.clientCode }),
    ...(row.chosenSeconds !== null && { chosenSeconds: row.chosenSeconds }),
    ...(row.receipt !== null && { receipt: row.receipt }),
    ...(row.sendsOnTo !== null && { sendsOnTo: row.sendsOnTo }),
    ...(row.claimedUntil !== null && { claimedUntil: row.claimedUntil }),
    merchant: merchantView(row.merchant),
    line: { id: row.lineId, slug: row.slug, name: row.lineName },
    ...(row.consultantId !== null &&
      row.consultantName !== null && { consultant: { id: row.consultantId, name: row.consultantName } }),
    hold: money(row.hold, currency),
    payment: {
      state: row.paymentState,
      needsAction: row.authorizationState === 'needs_action',
      captured: money(row.captured, currency),
      released: money(row.released, currency),
      ...(row.held !== null && { held: money(row.held, currency) }),
      ...(row.because !== null && { because: row.because }),
      ...(row.declineReason !== null && { declineReason: row.declineReason }),
      ...(row.cardBrand !== null && { cardBrand: row.cardBrand }),
      ...(row.cardLast4 !== null && { cardLast4: row.cardLast4 }),
    },
    ...(row.callId !== null && {
      call: {
        id: row.callId,
        state: row.callState,
        talkLimitSeconds: row.talkLimitSeconds,
        callerFirst: row.callerFirst,
        ...(row.capture !== null && { capture: row.capture }),
        ...(row.outcome !== null && { outcome: row.outcome }),
        ...(row.connectedAt !== null && { connectedAt: row.connectedAt }),
        ...(row.endedAt !== null && { endedAt: row.endedAt }),
        ...(row.talkUs !== null && { talkSeconds: secondsOf(BigInt(row.talkUs)) }),
        ...(row.agreedMore && {
          moreTime: {
            ...row.agreedMore,
            hold: money(row.agreedMore.hold, currency),
            granted: row.moreTime?.granted ?? 0,
            ...(row.moreTime && { state: row.moreTime.state }),
          },
        }),
      },
    }),
  };
}

export function merchantView(merchant: MerchantView): MerchantView {
  const { processorAccount, ...rest } = merchant;
  return { ...rest, ...(processorAccount && { processorAccount }) };
}

export interface LinePage {
  merchant: MerchantView;
  line: {
    id: string;
    slug: string;
    sells: 'conversation' | 'fixed_sale';
    name: string;
    description: string;
    active: boolean;
    durationChoices: number[];
    topUpChoices: string[];
    moreTime?: LineMoreTime;
    capture: Capture;
    currency: string;
  };
  /** Why no call can be ordered now, whoever is free: calls were stopped, or nobody commands a switch. */
  noCalls?: 'stopped' | 'switch_away';
  tariff: Tariff;
  tariffVersion: number;
  consultants: {
    id: string;
    name: string;
    introduction?: string;
    /** Its place among `/photos`. */
    photoToken?: string;
    state: Reachable;
  }[];
  /** Of which moment all this is. */
  now: Date;
}

interface ConsultantRow {
  id: string;
  name: string;
  introduction: string | null;
  photoToken: string | null;
  state: StateRow;
}

interface LinePageRow {
  merchant: MerchantView;
  line: LinePage['line'];
  plan: TariffPlan;
  version: number;
  stopped: boolean;
  switchThere: boolean;
  consultants: ConsultantRow[];
}

export async function readLinePage(
  tx: Tx,
  lineId: string,
  language: Language,
  now: Date,
): Promise<LinePage | undefined> {
  const row = await firstRow<LinePageRow>(tx, `${linePageSelect} where l.id = ?`, [
    language,
    language,
    language,
    lineId,
  ]);
  return row && linePageOf(row, now);
}

/** All of the merchant's lines that have a price. */
export async function readLinePages(tx: Tx, language: Language, now: Date): Promise<LinePage[]> {
  const found = await rows<LinePageRow>(tx, linePageSelect, [language, language, language]);
  return found.map((row) => linePageOf(row, now));
}

const linePageSelect = `select ${merchantObject('m.processor_account')} as merchant,
       json_build_object('id', l.id, 'slug', l.slug, 'sells', l.sells, 'name', coalesce(l.name ->> ?, l.name ->> 'en'),
         'description', coalesce(l.description ->> ?, ''), 'active', l.active, 'durationChoices', l.duration_choices,
         'topUpChoices', l.top_up_choices::text[],
         'moreTime', json_build_object('times', l.more_time_times, 'seconds', l.more_time_seconds),
         'capture', l.capture, 'currency', l.currency) as line,
       t.plan, t.version,
       m.calls_stopped_at is not null or exists (select from house_stop where since is not null) as stopped,
       exists (select from switches s where s.lease_expires_at > now() and not s.draining) as "switchThere",
       coalesce((select json_agg(json_build_object('id', c.id, 'name', c.name, 'introduction', c.introduction ->> ?,
           'photoToken', (select p.token from consultant_photos p where p.consultant_id = c.id),
           'state', ${stateObject})
           order by lc.position)
         from line_members lc join consultants c on c.id = lc.consultant_id where lc.line_id = l.id), '[]')
         as consultants
     from lines l join merchants m on m.id = l.merchant_id
     join lateral (select * from tariffs t where t.line_id = l.id order by version desc limit 1) t on true`;

function linePageOf(row: LinePageRow, now: Date): LinePage {
  return {
    merchant: merchantView(row.merchant),
    line: row.line,
    ...(row.line.sells === 'conversation' && noCalls(row)),
    tariff: tariffAt(row.plan, now),
    tariffVersion: row.version,
    now,
    consultants: row.consultants.map((one) => {
      const state = reachable(stateOf(one.state), now);
      return {
        id: one.id,
        name: one.name,
        ...(one.introduction !== null && { introduction: one.introduction }),
        ...(one.photoToken !== null && { photoToken: one.photoToken }),
        state,
      };
    }),
  };
}

function noCalls(row: { stopped: boolean; switchThere: boolean }): Pick<LinePage, 'noCalls'> {
  if (row.stopped) return { noCalls: 'stopped' };
  return row.switchThere ? {} : { noCalls: 'switch_away' };
}
