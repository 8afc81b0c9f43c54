// Buying a conversation (or a fixed sale) by card, from the wish to the held amount: terms, claim, order, authorization,
// and the first ring. The card itself never comes here: the page confirms with the processor, or the merchant's API
// names a payment method. What the processor says is looked at, never taken from a browser or a webhook.

import type { CallSession, CallState } from '../core/call-session.ts';
import { advance } from '../core/advance-call.ts';
import type { Language } from '../core/ids.ts';
import { amountText, compare, type Money } from '../core/money.ts';
import { decideOrder, type OrderRefusal, type OrderTerms } from '../core/order.ts';
import { isFinal, movePayment } from '../core/payment.ts';
import { lockSessionOfOrder } from '../store/call-sessions.ts';
import { claimConsultants, freeConsultants } from '../store/consultants.ts';
import type { Tx } from '../store/database.ts';
import { merchantOfIntent, merchantOfOrderLink } from '../store/finders.ts';
import { enqueueJob } from '../store/jobs.ts';
import { postLedger } from '../store/ledger.ts';
import { writeNotices } from '../store/notices.ts';
import {
  addEvidence,
  insertOrder,
  type LineForOrder,
  readDestinations,
  readLineForOrder,
} from '../store/orders.ts';
import {
  answerOperation,
  lockPayment,
  lockPaymentOfOrder,
  lookAgain,
  readPayment,
  saveAuthorization,
  savePayment,
  type StoredPayment,
} from '../store/payments.ts';
import { sha256 } from '../store/seal.ts';
import { addSwitchWork, switchForNewCall } from '../store/switches.ts';
import { narrate, writeStep } from './call-step.ts';
import type { House } from './house.ts';
import type { Authorized, IntentState, ProcessorHint } from './ports.ts';
import { voidPayment } from './settle-order.ts';

export interface CallbackRequest {
  /** The line's slug. */
  line: string;
  source: 'page' | 'api';
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
  /** What the page showed: refused when another price holds by now. */
  shownTariffVersion?: number;
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

/** A consultant is kept for the caller this long while he finds his card (DESIGN 4). */
const claimSeconds = 180;
/** The processor is asked what is true this long after the caller pressed the button, should its event not come. */
const lookSeconds = 5;
/** An order nobody pays is given up after this; its link then says so. */
const abandonSeconds = 30 * 60;
/** A hold whose call never came about is released after this (DESIGN 4). */
const holdWithoutCallSeconds = 600;

export async function orderCallback(
  house: House,
  merchantId: string,
  request: CallbackRequest,
): Promise<Ordered> {
  const now = house.clock.now();
  const accessToken = house.ids.token();
  const made = await house.db.asMerchant(merchantId, (tx) => makeOrder(house, tx, request, accessToken, now));
  if (made.outcome === 'refused') {
    house.metrics.count('orders_refused', { because: made.refusal.because });
    return made;
  }
  const answer = await authorize(house, made.payment);
  const applied = await recordAuthorization(house, merchantId, made.payment.id, answer);
  const { orderId, callSessionId } = made;
  house.log.info(
    { orderId, ...(callSessionId !== undefined && { callSessionId }) },
    `Ordered: ${request.line}`,
  );
  const ids = { orderId, ...(callSessionId !== undefined && { callSessionId }) };
  if (applied.refusal) return { outcome: 'refused', refusal: applied.refusal, ...ids };
  return {
    outcome: 'ordered',
    ...ids,
    state: applied.callState ?? 'fixed_sale',
    accessToken,
    needsPage: applied.needsPage,
  };
}

type MadeOrder =
  | { outcome: 'made'; orderId: string; callSessionId?: string; payment: StoredPayment }
  | { outcome: 'refused'; refusal: OrderRefusal };

async function makeOrder(
  house: House,
  tx: Tx,
  request: CallbackRequest,
  accessToken: string,
  now: Date,
): Promise<MadeOrder> {
  const line = await readLineForOrder(tx, request.line);
  if (!line) return { outcome: 'refused', refusal: { because: 'line_unknown' } };
  const decision = decideOrder(
    {
      line: {
        ...line,
        merchantActive: line.merchant.active,
        country: line.merchant.country,
        pageOrigins: line.merchant.pageOrigins,
      },
      destinations: await readDestinations(tx),
      minimumCharge: house.processor.minimumCharge(line.currency),
      now,
      ...(house.onlyNumbers && { onlyNumbers: house.onlyNumbers }),
    },
    request,
  );
  if (decision.outcome === 'refused') return decision;
  const { terms } = decision;
  const call =
    terms.sells === 'conversation' ? await claimForCall(house, tx, line, terms, request, now) : undefined;
  if (call && 'because' in call) return { outcome: 'refused', refusal: call };

  const orderId = house.ids.id('order');
  const payment: StoredPayment = {
    id: house.ids.id('payment'),
    merchantId: line.merchant.id,
    orderId,
    orderKind: line.sells,
    state: 'awaiting_card',
    createdAt: now,
    applicationFeeRate: line.merchant.applicationFeeRate,
    ...(line.merchant.processorAccount !== null && { merchantAccount: line.merchant.processorAccount }),
    authorization: { id: house.ids.id('authorization'), state: 'intended', amount: terms.hold },
    operations: [
      {
        id: house.ids.id('operation'),
        kind: 'authorize',
        state: 'intended',
        amount: amountText(terms.hold),
        request: {
          description: `${line.merchant.name} – ${line.name[request.language]}`,
          ...(request.paymentMethod !== undefined && { paymentMethod: request.paymentMethod }),
          ...(request.callerEmail !== undefined && { receiptEmail: request.callerEmail }),
        },
      },
    ],
  };
  const [operation] = payment.operations;
  if (!operation) throw new Error('An order without its operation.');
  await insertOrder(tx, {
    id: orderId,
    merchantId: line.merchant.id,
    line,
    source: request.source,
    language: request.language,
    tariff: terms.tariff,
    hold: terms.hold,
    accessHash: sha256(accessToken),
    createdAt: now,
    paymentId: payment.id,
    authorizationId: payment.authorization.id,
    operationId: operation.id,
    operationRequest: operation.request,
    // Should we die before the answer: somebody asks again, by the same key.
    lookAgainAt: later(now, 4 * lookSeconds),
    ...(terms.sells === 'conversation' && {
      chosenSeconds: terms.chosenSeconds,
      callerNumber: terms.callerNumber,
    }),
    ...(request.reference !== undefined && { reference: request.reference }),
    ...(request.callerEmail !== undefined && { callerEmail: request.callerEmail }),
    ...(request.consultantId !== undefined && { consultantId: request.consultantId }),
    ...(request.returnUrl !== undefined && { returnUrl: request.returnUrl }),
    ...(call && { call }),
  });
  return { outcome: 'made', orderId, payment, ...(call && { callSessionId: call.session.id }) };
}

/** The consultant is claimed before the card is asked: nobody free, nothing is sold. */
async function claimForCall(
  house: House,
  tx: Tx,
  line: LineForOrder,
  terms: OrderTerms & { sells: 'conversation' },
  request: CallbackRequest,
  now: Date,
): Promise<{ session: CallSession; switchId: string } | OrderRefusal> {
  const switchId = await switchForNewCall(tx);
  if (switchId === undefined) return { because: 'switch_away' };
  const id = house.ids.id('callSession');
  const [claimed] = await claimConsultants(tx, {
    session: id,
    candidates: terms.candidates,
    notNumber: terms.callerNumber,
    atMost: 1,
    now,
    until: later(now, claimSeconds),
  });
  if (!claimed) return { because: request.consultantId === undefined ? 'nobody_free' : 'consultant_busy' };
  const session: CallSession = {
    id,
    state: 'awaiting_payment',
    plan: {
      callerNumber: terms.callerNumber,
      callerId: terms.callerId,
      callerLanguage: request.language,
      merchantName: line.merchant.name,
      lineName: line.name[request.language],
      price: terms.price,
      talkLimitSeconds: terms.talkLimitSeconds,
      ringing: line.ringing,
      ringSeconds: line.ringSeconds,
      ringStepSeconds: line.ringStepSeconds,
      callerFirst: line.callerFirst,
    },
    // The one who was claimed is rung first, the others in the line's order after him.
    candidates: [claimed.consultantId, ...terms.candidates.filter((one) => one !== claimed.consultantId)],
    attempts: [],
    callerLegUuid: house.ids.legUuid(),
  };
  return { session, switchId };
}

/** Asks the processor, by the stored key and with the stored words: a repeat is the same request. */
async function authorize(house: House, payment: StoredPayment): Promise<Authorized> {
  const operation = payment.operations.find((one) => one.kind === 'authorize');
  if (!operation) throw new Error(`Payment ${payment.id} has no operation that asks for it.`);
  const { description, paymentMethod, receiptEmail } = operation.request as Record<
    string,
    string | undefined
  >;
  return house.processor.authorize({
    key: operation.id,
    amount: payment.authorization.amount,
    returnUrl: `${house.publicUrl}/orders/return`,
    description: description ?? '',
    metadata: { order: payment.orderId, payment: payment.id, authorization: payment.authorization.id },
    ...(payment.merchantAccount !== undefined && { merchantAccount: payment.merchantAccount }),
    ...(paymentMethod !== undefined && { paymentMethod }),
    ...(receiptEmail !== undefined && { receiptEmail }),
  });
}

interface Applied {
  refusal?: OrderRefusal;
  callState?: CallState;
  needsPage: boolean;
}

/** Writes what the processor answered to an authorization, and what follows from it. */
async function recordAuthorization(
  house: House,
  merchantId: string,
  paymentId: string,
  answer: Authorized,
): Promise<Applied> {
  if (answer.outcome === 'intent') {
    return applyIntent(house, merchantId, paymentId, answer.intentId, answer.intent);
  }
  return house.db.asMerchant(merchantId, async (tx) => {
    const payment = await lockPayment(tx, paymentId);
    if (!payment || payment.state !== 'awaiting_card') return { needsPage: false };
    const now = house.clock.now();
    const operation = payment.operations.find((one) => one.kind === 'authorize');
    if (operation) {
      await answerOperation(
        tx,
        operation.id,
        answer.outcome === 'unknown' ? 'unknown' : 'refused',
        { ...answer },
        now,
      );
    }
    if (answer.outcome === 'unknown') {
      // Nobody is told "refused" for what may yet be held: it is asked again by the same key.
      await saveAuthorization(tx, payment.authorization.id, { state: 'unknown' });
      await savePayment(tx, paymentId, { state: 'awaiting_card', lookAgainAt: later(now, lookSeconds) });
      return { refusal: { because: 'processor_away' as const }, needsPage: false };
    }
    const refusal: OrderRefusal =
      answer.outcome === 'declined'
        ? { because: 'declined', detail: answer.reason }
        : { because: 'processor_refused' };
    if (answer.outcome === 'refused')
      house.log.error({ paymentId, reason: answer.reason }, 'processor refused an authorization');
    await saveAuthorization(tx, payment.authorization.id, {
      state: 'failed',
      ...(answer.outcome === 'declined' && { declineReason: answer.reason }),
      ...(answer.outcome === 'declined' && answer.intentId !== undefined && { intentId: answer.intentId }),
    });
    await failPayment(house, tx, payment, refusal.detail ?? refusal.because, 'payment_failed');
    return { refusal, needsPage: false };
  });
}

/** Nothing was or can be held any more: the order ends, the consultant is free. */
async function failPayment(
  house: House,
  tx: Tx,
  payment: StoredPayment,
  reason: string,
  outcome: 'payment_failed' | 'payment_abandoned' | 'cancelled',
): Promise<void> {
  await savePayment(tx, payment.id, { state: 'failed', reason, lookAgainAt: null });
  const notice = { type: 'payment.failed' as const, data: { reason } };
  const call = await lockSessionOfOrder(tx, payment.orderId);
  if (call?.session.state === 'awaiting_payment') {
    await writeStep(house, tx, call, advance(call.session, { type: 'paymentGivenUp', outcome }), undefined, [
      notice,
    ]);
  } else {
    await writeNotices(
      tx,
      { merchantId: payment.merchantId, orderId: payment.orderId },
      [{ ...notice, id: house.ids.id('notice') }],
      house.clock.now(),
    );
  }
}

/** Goes on from what the processor says is true of an intent. Safe to repeat, in any order, by any gateway. */
async function applyIntent(
  house: House,
  merchantId: string,
  paymentId: string,
  intentId: string,
  intent: IntentState,
): Promise<Applied> {
  const applied = await house.db.asMerchant(merchantId, async (tx): Promise<Applied & { orphan?: true }> => {
    const payment = await lockPayment(tx, paymentId);
    if (!payment) return { needsPage: false };
    const now = house.clock.now();
    const call = await lockSessionOfOrder(tx, payment.orderId);
    const callState = call && { callState: call.session.state };
    if (movePayment(payment.state, 'authorized') !== 'move') return { ...callState, needsPage: false };
    const { authorization } = payment;
    const operation = payment.operations.find((one) => one.kind === 'authorize');
    if (operation && operation.state !== 'done') {
      await answerOperation(tx, operation.id, 'done', { intentId }, now);
    }
    const age = (now.getTime() - payment.createdAt.getTime()) / 1000;
    switch (intent.state) {
      case 'authorized': {
        if (compare(intent.amount, authorization.amount) < 0) {
          throw new Error(`Authorization ${authorization.id} holds less than was asked.`);
        }
        await saveAuthorization(tx, authorization.id, {
          state: 'authorized',
          intentId,
          chargeId: intent.chargeId,
          card: intent.card,
          ...(intent.captureBefore && { captureBefore: intent.captureBefore }),
        });
        return { ...(await authorized(house, tx, payment, call, now)), needsPage: false };
      }
      case 'cancelled':
        await saveAuthorization(tx, authorization.id, { state: 'voided', intentId });
        await failPayment(house, tx, payment, 'cancelled', 'payment_abandoned');
        return { ...callState, needsPage: false };
      case 'captured':
        throw new Error(`Authorization ${authorization.id} was captured by somebody else.`);
      case 'needs_card':
      case 'needs_action':
      case 'processing': {
        const state = intent.state === 'needs_action' ? 'needs_action' : 'needs_card';
        await saveAuthorization(tx, authorization.id, {
          state,
          intentId,
          ...(intent.state === 'needs_card' && intent.lastDecline && { declineReason: intent.lastDecline }),
        });
        const lookAgainAt =
          authorization.state === state && age < abandonSeconds
            ? later(now, age < 10 * 60 ? lookSeconds : 60)
            : later(payment.createdAt, abandonSeconds);
        await savePayment(tx, paymentId, { state: 'awaiting_card', lookAgainAt });
        return { ...callState, needsPage: true };
      }
    }
  });
  return applied;
}

/** The amount is held: ledger, notice, and the first consultant rings (or the sale is settled). */
async function authorized(
  house: House,
  tx: Tx,
  payment: StoredPayment,
  call: Awaited<ReturnType<typeof lockSessionOfOrder>>,
  now: Date,
): Promise<Pick<Applied, 'callState'>> {
  const { authorization, merchantId, orderId } = payment;
  await savePayment(tx, payment.id, { state: 'authorized', lookAgainAt: later(now, holdWithoutCallSeconds) });
  await postLedger(tx, { merchantId, orderId, authorizationId: authorization.id, at: now }, [
    { id: house.ids.id('ledgerTransaction'), kind: 'authorize', amount: authorization.amount },
  ]);
  const notice = { type: 'payment.authorized' as const, data: { authorized: shown(authorization.amount) } };
  if (!call || call.session.state !== 'awaiting_payment') {
    await writeNotices(tx, { merchantId, orderId }, [{ ...notice, id: house.ids.id('notice') }], now);
    await enqueueJob(tx, 'settle_order', { merchantId, orderId }, orderId);
    return call ? { callState: call.session.state } : {};
  }
  const step = advance(call.session, { type: 'paymentAuthorized' });
  const written = await writeStep(house, tx, call, step, undefined, [notice]);
  if (!written) throw new Error(`Session ${call.session.id} moved while it was locked.`);
  narrate(house, written);
  if (written.stored.session.state !== 'ended') {
    await addSwitchWork(tx, {
      merchantId,
      switchId: call.switchId,
      callSessionId: call.session.id,
      kind: 'begin',
    });
  }
  return { callState: written.stored.session.state };
}

// --- What the page does ----------------------------------------------------------------------------------------

export type Agreed =
  | { outcome: 'card'; clientSecret: string; merchantAccount?: string }
  | { outcome: 'too_late' | 'processor_away' | 'unknown_order' };

/**
 * The caller pressed the button that obliges him to pay: what he was shown and agreed to is stored, the consultant is
 * kept for him again, and the page gets what it needs to confirm with the processor. `too_late`: the order has moved on.
 */
export async function agreeToOrder(
  house: House,
  accessToken: string,
  agreed: { texts: readonly string[]; ip: string; userAgent: string; email?: string },
): Promise<Agreed> {
  const found = await house.db.asNobody((db) => merchantOfOrderLink(db, sha256(accessToken)));
  if (!found) return { outcome: 'unknown_order' };
  const now = house.clock.now();
  const payment = await house.db.asMerchant(found.merchantId, async (tx) => {
    const locked = await lockPaymentOfOrder(tx, found.orderId);
    if (locked?.state !== 'awaiting_card') return undefined;
    const { email, ...evidence } = agreed;
    await addEvidence(tx, found.orderId, { ...evidence, at: now.toISOString() }, email);
    const call = await lockSessionOfOrder(tx, found.orderId);
    if (call) {
      const { session } = call;
      const kept = await claimConsultants(tx, {
        session: session.id,
        candidates: session.candidates,
        notNumber: session.plan.callerNumber,
        atMost: 1,
        now,
        until: later(now, claimSeconds),
      });
      if (kept.length === 0) return undefined;
    }
    await savePayment(tx, locked.id, { state: 'awaiting_card', lookAgainAt: later(now, lookSeconds) });
    return locked;
  });
  if (!payment) return { outcome: 'too_late' };
  const intentId = payment.authorization.intentId;
  const looked =
    intentId === undefined
      ? await authorize(house, payment)
      : await house.processor.look({
          intentId,
          ...(payment.merchantAccount !== undefined && { merchantAccount: payment.merchantAccount }),
        });
  if (looked.outcome !== 'intent') return { outcome: 'processor_away' };
  const { intent } = looked;
  if (intent.state !== 'needs_card' && intent.state !== 'needs_action') return { outcome: 'too_late' };
  return {
    outcome: 'card',
    clientSecret: intent.clientSecret,
    ...(payment.merchantAccount !== undefined && { merchantAccount: payment.merchantAccount }),
  };
}

/** The page believes it has paid: a hint to look now instead of in a few seconds. */
export async function pageSaysPaid(house: House, accessToken: string): Promise<void> {
  const found = await house.db.asNobody((db) => merchantOfOrderLink(db, sha256(accessToken)));
  if (!found) return;
  const payment = await house.db.asMerchant(found.merchantId, (tx) => lockPaymentOfOrder(tx, found.orderId));
  if (payment) await lookAtPayment(house, found.merchantId, payment.id);
}

/** The processor's webhook: says where to look, never what is true. */
export async function followHint(house: House, hint: ProcessorHint): Promise<void> {
  const found = await house.db.asNobody((db) => merchantOfIntent(db, hint.intentId));
  if (found) await lookAtPayment(house, found.merchantId, found.paymentId);
}

/** Asks the processor what is true of a payment and goes on from there. Repeats of it are harmless. */
export async function lookAtPayment(house: House, merchantId: string, paymentId: string): Promise<void> {
  const payment = await house.db.asMerchant(merchantId, (tx) => readPayment(tx, paymentId));
  if (!payment) return;
  if (payment.state !== 'awaiting_card') return lookAtHeld(house, merchantId, paymentId);
  const { intentId } = payment.authorization;
  if (intentId === undefined) {
    await recordAuthorization(house, merchantId, paymentId, await authorize(house, payment));
    return;
  }
  const looked = await house.processor.look({
    intentId,
    ...(payment.merchantAccount !== undefined && { merchantAccount: payment.merchantAccount }),
  });
  if (looked.outcome === 'unknown') {
    const now = house.clock.now();
    await house.db.asMerchant(merchantId, (tx) => lookAgain(tx, paymentId, later(now, lookSeconds)));
    return;
  }
  await applyIntent(house, merchantId, paymentId, intentId, looked.intent);
  const age = (house.clock.now().getTime() - payment.createdAt.getTime()) / 1000;
  const waits = looked.intent.state === 'needs_card' || looked.intent.state === 'needs_action';
  if (waits && age >= abandonSeconds)
    await giveUpOrder(house, merchantId, payment.orderId, 'payment_abandoned');
}

/**
 * A hold is looked at again when its time has come, never because of a hint: by then its call runs, or is over and being
 * settled, or has not come about and the hold is let go.
 */
async function lookAtHeld(house: House, merchantId: string, paymentId: string): Promise<void> {
  await house.db.asMerchant(merchantId, async (tx) => {
    const payment = await lockPayment(tx, paymentId);
    const now = house.clock.now();
    if (payment?.lookAgainAt === undefined || payment.lookAgainAt > now) return;
    const { orderId, state } = payment;
    if (isFinal(state)) return savePayment(tx, payment.id, { state, lookAgainAt: null });
    await lookAgain(tx, paymentId, later(now, 60));
    const call = await lockSessionOfOrder(tx, orderId);
    switch (call?.session.state) {
      case 'connected':
        return;
      case 'ringing_consultant':
      case 'ringing_caller':
        return addSwitchWork(tx, {
          merchantId,
          switchId: call.switchId,
          callSessionId: call.session.id,
          kind: 'hang_up',
        });
      default:
        return enqueueJob(tx, 'settle_order', { merchantId, orderId }, orderId);
    }
  });
}

/** Before a card was given: the order ends and the consultant is free. After it, hang up instead. */
export async function cancelOrder(
  house: House,
  accessToken: string,
): Promise<'cancelled' | 'too_late' | 'unknown_order'> {
  const found = await house.db.asNobody((db) => merchantOfOrderLink(db, sha256(accessToken)));
  if (!found) return 'unknown_order';
  return giveUpOrder(house, found.merchantId, found.orderId, 'cancelled');
}

export async function giveUpOrder(
  house: House,
  merchantId: string,
  orderId: string,
  outcome: 'payment_abandoned' | 'cancelled',
): Promise<'cancelled' | 'too_late' | 'unknown_order'> {
  const given = await house.db.asMerchant(merchantId, async (tx) => {
    const payment = await lockPaymentOfOrder(tx, orderId);
    if (!payment) return 'unknown_order';
    if (payment.state !== 'awaiting_card') return 'too_late';
    const call = await lockSessionOfOrder(tx, orderId);
    if (payment.authorization.intentId === undefined) {
      await failPayment(house, tx, payment, outcome, outcome);
      return 'cancelled';
    }
    // The card may be confirmed at this very moment: the intent is cancelled at the processor, which decides the race.
    await voidPayment(house, tx, payment, outcome);
    if (call?.session.state === 'awaiting_payment') {
      await writeStep(house, tx, call, advance(call.session, { type: 'paymentGivenUp', outcome }));
    } else {
      if (call) await freeConsultants(tx, call.session.id, {}, undefined);
      await enqueueJob(tx, 'settle_order', { merchantId, orderId }, orderId);
    }
    return 'cancelled';
  });
  return given;
}

export function shown(amount: Money): { amount: string; currency: string } {
  return { amount: amountText(amount), currency: amount.currency };
}

function later(from: Date, seconds: number): Date {
  return new Date(from.getTime() + seconds * 1000);
}
