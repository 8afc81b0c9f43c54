// Placing an order, a conversation or a fixed sale, from the wish to the processor's first answer: terms, claim, order.
// The card never comes here: the page confirms with the processor (pay-on-page), or the merchant's API names a payment
// method. What the answer means is authorize-payment's.

import type { CallSession, CallState } from '../core/call-session.ts';
import type { Language, LegUuid } from '../core/ids.ts';
import { isAtWork } from '../core/consultant.ts';
import { amountText, type Money, zero } from '../core/money.ts';
import { decideOrder, type OrderRefusal, type OrderRefusalReason, type OrderTerms } from '../core/order.ts';
import { readSession } from '../store/call-sessions.ts';
import { claimConsultants, stateOf } from '../store/consultants.ts';
import type { Tx } from '../store/database.ts';
import { holdLiveRun, mayKeyCards, unpaidOrdersOfRun } from '../store/keypad.ts';
import {
  type EarlierOrder,
  insertOrder,
  type LineForOrder,
  readDestinations,
  readLineForOrder,
  takeOrderOfRequest,
} from '../store/orders.ts';
import {
  authorizeOperation,
  firstAuthorization,
  readPayment,
  type StoredPayment,
} from '../store/payments.ts';
import { sha256 } from '../store/seal.ts';
import { switchForNewCall } from '../store/switches.ts';
import { authorizePayment } from './authorize-payment.ts';
import { giveUpOrderWithin, lookAtPayment } from './follow-payment.ts';
import { returnUrlOf } from './hold-money.ts';
import type { House } from './house.ts';
import { admitCaller, admitToMerchant, marksOf, type WhoOrders } from './limit-abuse.ts';
import { obstacleTo } from './never-call.ts';
import { abandonSeconds, claimSeconds, firstLookSeconds, later } from './payment-deadlines.ts';

/** Transactions waiting for a connection; some 20 ms of work each, so this is about a second. */
const waitingMax = 60;

/** As long as the answer to an Idempotency-Key is kept: the same key after that is another request. */
const requestKeptSeconds = 24 * 60 * 60;

export interface CallbackRequest {
  /** The line's slug. */
  line: string;
  source: 'page' | 'api' | 'phone';
  language: Language;
  callerNumber?: string;
  /** ISO 3166 country a national number is read in; the merchant's when absent. */
  country?: string;
  callerEmail?: string;
  consultantId?: string;
  /** One of the line's durations; the first when absent. */
  chosenSeconds?: number;
  reference?: string;
  returnUrl?: string;
  /** A processor's payment method (`pm_...`), confirmed at once. */
  paymentMethod?: string;
  /** Names the request: a repeat after a crash goes on with the order the first one made. */
  requestKey?: string;
  /** What the page showed: refused when another price holds by now. */
  shownTariffVersion?: number;
  /** Where the caller himself comes from: counted against abuse, kept as a mark only. */
  callerIp?: string;
  userAgent?: string;
  /** He agrees to be offered more time near the limit. */
  moreTime?: boolean;
  /** Drawn by whoever asks, so that a repeat leads to the same link: 128 bits of chance at least. */
  accessToken?: string;
  /** Credit for this client's account, instead of what the line sells otherwise. */
  topUp?: { clientId: string; amount: Money };
  /** He orders in a call he is in, to pay by a card he keys there. */
  inCall?: InCall;
}

export interface InCall {
  runId: string;
  leg: LegUuid;
  switchId: string;
}

export type Ordered =
  | {
      outcome: 'ordered';
      orderId: string;
      callSessionId?: string;
      state: CallState | 'fixed_sale';
      /** The order's link is `${publicUrl}/orders/${accessToken}`; only its hash is kept. */
      accessToken: string;
      /** The caller must still give a card or authenticate, on our page. */
      needsPage: boolean;
    }
  | { outcome: 'refused'; refusal: OrderRefusal; orderId?: string; callSessionId?: string };

/**
 * Places an order: decided over facts read in the transaction that writes it, its consultant claimed in the same; then
 * the processor is asked once. A refusal after the order was written carries its ids. Faults of the database are thrown;
 * an answer of the processor that did not come is a refusal (`processor_away`), and is asked for again by recover.
 */
export async function orderCallback(
  house: House,
  merchantId: string,
  request: CallbackRequest,
): Promise<Ordered> {
  const accessToken = request.accessToken ?? house.ids.token();
  const made = await place(house, merchantId, request, accessToken);
  if ('outcome' in made) return made;
  if ('earlier' in made) return goOnWithEarlier(house, merchantId, made.earlier, accessToken);
  const applied = await authorizePayment(house, made.payment);
  const { orderId, callSessionId } = made;
  house.log.info(
    { orderId, ...(callSessionId !== undefined && { callSessionId }) },
    `Ordered: ${request.line}`,
  );
  const ids = { orderId, ...(callSessionId !== undefined && { callSessionId }) };
  // Who orders on the page has given no card yet: his order's own page waits with him and asks again.
  const waits = applied.refusal?.because === 'processor_away' && request.source === 'page';
  if (applied.refusal && !waits) return { outcome: 'refused', refusal: applied.refusal, ...ids };
  return {
    outcome: 'ordered',
    ...ids,
    state: applied.callState ?? (made.callSessionId === undefined ? 'fixed_sale' : 'awaiting_payment'),
    accessToken,
    needsPage: applied.needsPage || waits,
  };
}

/**
 * The same for a caller who keys his card in the call he is in: the order waits for that, and the processor is asked nothing. Asked
 * again by the same key it is the same order, whatever has become of it.
 */
export async function orderInCall(
  house: House,
  merchantId: string,
  request: CallbackRequest & { inCall: InCall },
): Promise<
  | { outcome: 'ordered'; orderId: string; callSessionId?: string }
  | { outcome: 'refused'; because: OrderRefusalReason | WhyNotInCall }
> {
  const made = await place(house, merchantId, request, house.ids.token()).catch((error: unknown) => {
    if (error instanceof NotInCall) return error;
    throw error;
  });
  if (made instanceof NotInCall) return { outcome: 'refused', because: made.because };
  if ('outcome' in made) return { outcome: 'refused', because: made.refusal.because };
  const { orderId, callSessionId } = 'earlier' in made ? made.earlier : made;
  const ids = { orderId, ...(typeof callSessionId === 'string' && { callSessionId }) };
  house.log.info({ ...ids, runId: request.inCall.runId }, `Ordered in a call: ${request.line}`);
  return { outcome: 'ordered', ...ids };
}

async function place(
  house: House,
  merchantId: string,
  request: CallbackRequest,
  accessToken: string,
): Promise<MadeOrder | { earlier: EarlierOrder } | { outcome: 'refused'; refusal: OrderRefusal }> {
  // More than we can keep: refused at once and in words, rather than rung late.
  if (house.db.waiting > waitingMax) {
    house.metrics.count('orders_refused', { because: 'overloaded' });
    return { outcome: 'refused', refusal: { because: 'switch_away', detail: 'overloaded' } };
  }
  const now = house.clock.now();
  try {
    return await house.db.asMerchant(merchantId, (tx) => makeOrder(house, tx, request, accessToken, now));
  } catch (error) {
    if (!(error instanceof OrderRefused)) throw error;
    const { refusal } = error;
    house.metrics.count('orders_refused', { because: refusal.because });
    return { outcome: 'refused', refusal };
  }
}

/** We died between making the order and answering: the same order goes on, and its caller gets a new link. */
async function goOnWithEarlier(
  house: House,
  merchantId: string,
  found: EarlierOrder,
  accessToken: string,
): Promise<Ordered> {
  const { orderId, paymentId } = found;
  const ids = { orderId, ...(found.callSessionId !== null && { callSessionId: found.callSessionId }) };
  await lookAtPayment(house, merchantId, paymentId);
  const { payment, call } = await house.db.asMerchant(merchantId, async (tx) => ({
    payment: await readPayment(tx, paymentId),
    call: found.callSessionId === null ? undefined : await readSession(tx, found.callSessionId),
  }));
  if (payment?.state === 'failed') return { outcome: 'refused', refusal: { because: 'declined' }, ...ids };
  return {
    outcome: 'ordered',
    ...ids,
    state: call?.session.state ?? 'fixed_sale',
    accessToken,
    needsPage: payment?.state === 'awaiting_card',
  };
}

interface MadeOrder {
  orderId: string;
  callSessionId?: string;
  payment: StoredPayment;
}

/** Undoes what the order's transaction wrote until it was refused: counts, and older orders it was to take the place of. */
class OrderRefused extends Error {
  readonly refusal: OrderRefusal;

  constructor(refusal: OrderRefusal) {
    super(`Refused: ${refusal.because}`);
    this.refusal = refusal;
  }
}

/** That is over; or this merchant's callers may key no card. */
type WhyNotInCall = 'call_over' | 'card_room_off';

class NotInCall extends Error {
  readonly because: WhyNotInCall;

  constructor(because: WhyNotInCall) {
    super(`Nothing is sold in this call: ${because}`);
    this.because = because;
  }
}

async function makeOrder(
  house: House,
  tx: Tx,
  request: CallbackRequest,
  accessToken: string,
  now: Date,
): Promise<MadeOrder | { earlier: EarlierOrder }> {
  const { requestKey, inCall } = request;
  // Whoever ends that call waits for us, and finds what we have made; or it is over, and nobody would give it up.
  if (inCall && !(await holdLiveRun(tx, inCall.runId))) throw new NotInCall('call_over');
  const forgotten = later(now, -requestKeptSeconds);
  const [earlier, line, destinations, switchId] = await Promise.all([
    requestKey === undefined ? undefined : takeOrderOfRequest(tx, requestKey, sha256(accessToken), forgotten),
    readLineForOrder(tx, request.line),
    readDestinations(tx),
    inCall ? inCall.switchId : switchForNewCall(tx),
  ]);
  if (earlier) return { earlier };
  if (inCall && !(await mayKeyCards(tx))) throw new NotInCall('card_room_off');
  if (!line) throw new OrderRefused({ because: 'line_unknown' });
  const decision = decideOrder(
    {
      line: {
        ...line,
        merchantActive: line.merchant.active,
        country: line.merchant.country,
        pageOrigins: line.merchant.pageOrigins,
        consultants: line.consultants.map(({ state, ...one }) => ({
          ...one,
          atWork: isAtWork(stateOf(state), now),
        })),
      },
      destinations,
      minimumCharge: house.processor.minimumCharge(line.currency),
      now,
      ...(house.onlyNumbers && { onlyNumbers: house.onlyNumbers }),
      sipDomains: house.sipDomains,
    },
    { ...request, isCalling: inCall !== undefined },
  );
  if (decision.outcome === 'refused') throw new OrderRefused(decision.refusal);
  const { terms } = decision;
  const callerNumber = terms.sells === 'conversation' ? terms.callerNumber : undefined;
  const who: WhoOrders = {
    merchantId: line.merchant.id,
    ownLimits: line.merchant.abuseLimits,
    cardGiven: request.paymentMethod !== undefined,
    ...(inCall && { isCalling: true as const }),
    ...(callerNumber !== undefined && { callerNumber }),
    ...(request.callerIp !== undefined && { ip: request.callerIp }),
    ...(request.userAgent !== undefined && { userAgent: request.userAgent }),
  };
  const [because, admitted] = await Promise.all([
    // Who is on the telephone is not rung: only that all calls were stopped keeps him from it.
    terms.sells === 'conversation' ? obstacleTo(house, tx, inCall ? undefined : callerNumber) : undefined,
    admitCaller(house, tx, who),
  ]);
  if (because !== undefined) throw new OrderRefused({ because });
  if (admitted.outcome === 'refused') throw new OrderRefused(admitted.refusal);
  const ofThisCall = inCall ? await unpaidOrdersOfRun(tx, inCall.runId) : [];
  for (const older of new Set([...admitted.inPlaceOf, ...ofThisCall])) {
    await giveUpOrderWithin(house, tx, line.merchant.id, older, 'cancelled');
  }
  const call =
    terms.sells === 'conversation'
      ? await claimForCall(house, tx, line, terms, { request, switchId, now })
      : undefined;
  if (call && 'because' in call) throw new OrderRefused(call);

  const orderId = house.ids.id('order');
  const payment: StoredPayment = {
    id: house.ids.id('payment'),
    merchantId: line.merchant.id,
    orderId,
    orderKind: terms.sells,
    state: 'awaiting_card',
    givenUp: false,
    createdAt: now,
    applicationFeeRate: line.merchant.applicationFeeRate,
    ...(line.merchant.processorAccount !== null && { merchantAccount: line.merchant.processorAccount }),
    refusals: 0,
    authorizations: [
      {
        id: house.ids.id('authorization'),
        sequence: 1,
        state: 'intended',
        amount: terms.hold,
        captured: zero(terms.hold.currency),
        createdAt: now,
        operations: [
          {
            id: house.ids.id('operation'),
            kind: 'authorize',
            state: 'intended',
            amount: amountText(terms.hold),
            request: {
              description: `${line.merchant.name} – ${line.name[request.language]}`,
              returnUrl: returnUrlOf(house),
              ...(request.paymentMethod !== undefined && { paymentMethod: request.paymentMethod }),
              ...(request.callerEmail !== undefined && { receiptEmail: request.callerEmail }),
              ...(call?.session.plan.moreTime && { keepForMore: true }),
              ...(inCall && { keypad: true }),
            },
          },
        ],
      },
    ],
  };
  const returnUrl = request.returnUrl ?? (terms.sells === 'fixed_sale' ? line.saleReturn : null);
  const authorization = firstAuthorization(payment);
  const operation = authorizeOperation(authorization);
  await insertOrder(tx, {
    id: orderId,
    merchantId: line.merchant.id,
    line,
    kind: terms.sells,
    ...(request.topUp && { clientId: request.topUp.clientId }),
    source: request.source,
    language: request.language,
    tariff: terms.tariff,
    hold: terms.hold,
    accessHash: sha256(accessToken),
    createdAt: now,
    paymentId: payment.id,
    authorizationId: authorization.id,
    operationId: operation.id,
    operationRequest: operation.request,
    // Should we die before the answer: somebody asks again, by the same key. Nothing is asked before he has keyed his card.
    lookAgainAt: later(now, inCall ? abandonSeconds : firstLookSeconds),
    ...(terms.sells === 'conversation' && {
      chosenSeconds: terms.chosenSeconds,
      ...(callerNumber !== undefined && { callerNumber }),
    }),
    ...(inCall && { runId: inCall.runId }),
    ...(request.reference !== undefined && { reference: request.reference }),
    ...(request.callerEmail !== undefined && { callerEmail: request.callerEmail }),
    // Whom he chose on the telephone has no part in a sale.
    ...(request.consultantId !== undefined && (call || !inCall) && { consultantId: request.consultantId }),
    ...(returnUrl !== null && { returnUrl }),
    ...(request.requestKey !== undefined && { requestKey: request.requestKey }),
    ...(call && { call }),
    marks: marksOf(house, who),
  });
  const tooMany = await admitToMerchant(house, tx, who, admitted.counting);
  if (tooMany) throw new OrderRefused(tooMany);
  return { orderId, payment, ...(call && { callSessionId: call.session.id }) };
}

/** The consultant is claimed before the card is asked: nobody free, nothing is sold. */
async function claimForCall(
  house: House,
  tx: Tx,
  line: LineForOrder,
  terms: OrderTerms & { sells: 'conversation' },
  { request, switchId, now }: { request: CallbackRequest; switchId: string | undefined; now: Date },
): Promise<{ session: CallSession; switchId: string } | OrderRefusal> {
  if (switchId === undefined) return { because: 'switch_away' };
  const { inCall } = request;
  const id = house.ids.id('callSession');
  const [claimed] = await claimConsultants(tx, {
    session: id,
    candidates: terms.candidates,
    ...(terms.callerNumber !== undefined && { notNumber: terms.callerNumber }),
    atMost: 1,
    now,
    until: later(now, claimSeconds),
  });
  if (!claimed) return { because: request.consultantId === undefined ? 'nobody_free' : 'consultant_busy' };
  const session: CallSession = {
    id,
    state: 'awaiting_payment',
    plan: {
      ...(terms.callerNumber !== undefined && { callerNumber: terms.callerNumber }),
      callerId: terms.callerId,
      callerLanguage: request.language,
      merchantName: line.merchant.name,
      lineName: line.name[request.language],
      price: terms.price,
      talkLimitSeconds: terms.talkLimitSeconds,
      ringing: line.ringing,
      ringSeconds: line.ringSeconds,
      ringStepSeconds: line.ringStepSeconds,
      ...(line.idleGroup !== null && { idleGroup: line.idleGroup }),
      callerFirst: line.callerFirst || line.afterPayment !== null,
      // The scenario he is in leads it, whatever the line has for calls that are rung.
      ...(inCall
        ? { paidInRun: inCall.runId }
        : line.afterPayment
          ? { led: line.afterPayment }
          : line.afterTalk && { afterTalk: line.afterTalk }),
      ...(terms.capture === 'at_connection' && { capture: terms.capture }),
      ...(terms.moreTime && {
        moreTime: { ...terms.moreTime, hold: amountText(terms.moreTime.hold) },
      }),
    },
    // The one who was claimed is rung first, the others in the line's order after him.
    candidates: [claimed.consultantId, ...terms.candidates.filter((one) => one !== claimed.consultantId)],
    attempts: [],
    callerLegUuid: inCall?.leg ?? house.ids.legUuid(),
  };
  return { session, switchId };
}
