// What was talked becomes money, once: price by the tariff the order was sold under, then one final capture or one void,
// the ledger, the receipt, the notices. The decision is written down with its operation before anything is asked of the
// processor; whoever repeats the job finds it and asks the same again, by the same key.

import { billableUs, type CallSession, secondsOf, talkUs } from '../core/call-session.ts';
import { amountText, type Money, money, moneyFacts, roundToCurrency, times, zero } from '../core/money.ts';
import { isFinal, movePayment, settlementOf } from '../core/payment.ts';
import { priceOfSeconds, rate, type Rated } from '../core/rating.ts';
import type { NoticeDraft } from '../core/merchant-notice.ts';
import { lockSessionOfOrder, saveSession, type StoredSession } from '../store/call-sessions.ts';
import type { Tx } from '../store/database.ts';
import { enqueueJob } from '../store/jobs.ts';
import { type LedgerPosting, postLedger } from '../store/ledger.ts';
import { writeNotices } from '../store/notices.ts';
import {
  answerOperation,
  insertOperation,
  lockPaymentOfOrder,
  saveAuthorization,
  savePayment,
  type StoredPayment,
} from '../store/payments.ts';
import {
  insertReceipt,
  nextReceiptNumber,
  readReceiptFacts,
  type ReceiptFacts,
  saveBillableSeconds,
} from '../store/receipts.ts';
import type { Receipt } from '../store/order-view.ts';
import type { House } from './house.ts';
import type { Settled } from './ports.ts';

/** The world did not answer, or answered what cannot stand: the job comes again later. */
export class SettlementDelayed extends Error {
  readonly system = 'processor';
  readonly retry = 'safe';
}

/** Settles an order whose call is over (or that sells none). Repeating it after success does nothing. */
export async function settleOrder(house: House, job: { merchantId: string; orderId: string }): Promise<void> {
  const { merchantId, orderId } = job;
  const decided = await house.db.asMerchant(merchantId, (tx) => decide(house, tx, orderId));
  if (!decided) return;
  const { payment, operation } = decided;
  const { intentId } = payment.authorization;
  if (intentId === undefined) throw new Error(`Payment ${payment.id} is to be settled without an intent.`);
  const reference = {
    key: operation.id,
    intentId,
    ...(payment.merchantAccount !== undefined && { merchantAccount: payment.merchantAccount }),
  };
  let answer: Settled;
  if (operation.kind === 'capture') {
    const amount = money(operation.amount ?? '0', payment.authorization.amount.currency);
    const fee = applicationFee(payment, amount);
    answer = await house.processor.capture({ ...reference, amount, ...(fee && { applicationFee: fee }) });
  } else {
    answer = await house.processor.void(reference);
  }
  await house.db.asMerchant(merchantId, (tx) => record(house, tx, orderId, operation.id, answer));
  if (answer.outcome === 'unknown' || answer.outcome === 'refused') {
    throw new SettlementDelayed(`The processor has not settled order ${orderId}: ${answer.outcome}.`);
  }
}

interface Decided {
  payment: StoredPayment;
  operation: StoredPayment['operations'][number];
}

/** Chooses capture or void, once, or finds what was chosen. Nothing: there is nothing to ask of the processor. */
async function decide(house: House, tx: Tx, orderId: string): Promise<Decided | undefined> {
  const payment = await lockPaymentOfOrder(tx, orderId);
  if (!payment) return undefined;
  const call = await lockSessionOfOrder(tx, orderId);
  if (call && call.session.state !== 'ended') return undefined;
  if (isFinal(payment.state)) {
    if (call) await closeSession(house, tx, call);
    return undefined;
  }
  const chosen = payment.operations.find((one) => one.kind === 'capture' || one.kind === 'void');
  if (chosen) return { payment, operation: chosen };
  // Over before a card was given: whoever ends such an order voids it himself (follow-payment).
  if (payment.state !== 'authorized') return undefined;

  const { price, rated } = priceOf(await factsOf(tx, orderId), call?.session);
  if (call && rated) await saveBillableSeconds(tx, call.session.id, rated.billableSeconds);
  const { amount } = payment.authorization;
  const settlement = settlementOf(price, amount, house.processor.minimumCharge(amount.currency));
  if (settlement.take === 'nothing') {
    return { payment, operation: await voidPayment(house, tx, payment, 'nothing_due') };
  }
  const operation = {
    id: house.ids.id('operation'),
    kind: 'capture' as const,
    state: 'intended',
    amount: amountText(settlement.capture),
    request: {},
  };
  await insertOperation(tx, {
    id: operation.id,
    merchantId: payment.merchantId,
    authorizationId: payment.authorization.id,
    kind: 'capture',
    amount: settlement.capture,
    at: house.clock.now(),
  });
  await savePayment(tx, payment.id, { state: 'capturing', lookAgainAt: null });
  return { payment, operation };
}

/** Writes down that nothing is to be taken. The job that follows asks the processor to release what is held. */
export async function voidPayment(
  house: House,
  tx: Tx,
  payment: StoredPayment,
  reason: string,
): Promise<StoredPayment['operations'][number]> {
  if (movePayment(payment.state, 'voiding') !== 'move') {
    throw new Error(`Payment ${payment.id} is ${payment.state}: it cannot be voided.`);
  }
  const id = house.ids.id('operation');
  await insertOperation(tx, {
    id,
    merchantId: payment.merchantId,
    authorizationId: payment.authorization.id,
    kind: 'void',
    at: house.clock.now(),
  });
  await savePayment(tx, payment.id, { state: 'voiding', reason, lookAgainAt: null });
  return { id, kind: 'void', state: 'intended', request: {} };
}

async function factsOf(tx: Tx, orderId: string): Promise<ReceiptFacts> {
  const facts = await readReceiptFacts(tx, orderId);
  if (!facts) throw new Error(`Order ${orderId} has no facts to settle by.`);
  return facts;
}

/** Nothing is due for a call that was never joined; a sale without a call costs its fixed price. */
function priceOf(facts: ReceiptFacts, session: CallSession | undefined): { price: Money; rated?: Rated } {
  if (!session) return { price: priceOfSeconds(facts.tariff, 0), rated: rate(facts.tariff, 0n) };
  if (session.bridgedUs === undefined) return { price: zero(facts.tariff.currency) };
  const rated = rate(facts.tariff, billableUs(talkUs(session), session.plan.talkLimitSeconds));
  return { price: rated.total, rated };
}

/** Our part of a direct charge; none where the merchant has no account of his own. */
function applicationFee(payment: StoredPayment, captured: Money): Money | undefined {
  if (payment.merchantAccount === undefined) return undefined;
  const fee = roundToCurrency(times(captured, payment.applicationFeeRate), 'half_up');
  return fee.amount.isZero() ? undefined : fee;
}

async function record(
  house: House,
  tx: Tx,
  orderId: string,
  operationId: string,
  answer: Settled,
): Promise<void> {
  const payment = await lockPaymentOfOrder(tx, orderId);
  if (!payment || isFinal(payment.state)) return;
  const now = house.clock.now();
  if (answer.outcome === 'unknown' || answer.outcome === 'refused') {
    await answerOperation(tx, operationId, answer.outcome, { ...answer }, now);
    if (answer.outcome === 'refused') {
      house.log.error(
        { orderId, paymentId: payment.id, reason: answer.reason },
        'the processor refused a settlement',
      );
    }
    return;
  }
  await answerOperation(
    tx,
    operationId,
    'done',
    answer.outcome === 'captured'
      ? { outcome: 'captured', chargeId: answer.chargeId, amount: amountText(answer.amount) }
      : { ...answer },
    now,
  );
  const call = await lockSessionOfOrder(tx, orderId);
  const facts = await factsOf(tx, orderId);
  const { price, rated } = priceOf(facts, call?.session);
  const held = payment.authorization.amount;
  const none = zero(held.currency);
  // A void that comes before anything was held ends an order that never had a ledger.
  const wasHeld = payment.authorization.state === 'authorized';
  const captured = answer.outcome === 'captured' ? answer.amount : none;
  const rest = wasHeld
    ? roundToCurrency({ ...held, amount: held.amount.minus(captured.amount) }, 'half_up')
    : none;
  const expired = answer.outcome === 'nothing_held' ? rest : none;
  const released = answer.outcome === 'nothing_held' ? none : rest;
  const unpaid = { ...price, amount: price.amount.minus(captured.amount) };
  const writtenOff = wasHeld && unpaid.amount.gt(0) ? unpaid : none;

  await savePayment(tx, payment.id, {
    state: answer.outcome === 'captured' ? 'captured' : 'voided',
    lookAgainAt: null,
    captured,
    released,
    expired,
    writtenOff,
    settledAt: now,
    ...(answer.outcome === 'nothing_held' && { reason: 'hold_expired' }),
  });
  await saveAuthorization(tx, payment.authorization.id, {
    state: answer.outcome === 'captured' ? 'captured' : answer.outcome === 'voided' ? 'voided' : 'expired',
    captured,
  });
  const fee = answer.outcome === 'captured' ? applicationFee(payment, captured) : undefined;
  await postLedger(
    tx,
    { merchantId: payment.merchantId, orderId, authorizationId: payment.authorization.id, at: now },
    (
      [
        ['capture', captured],
        ['fee', fee ?? none],
        ['release', released],
        ['expire', expired],
        ['write_off', writtenOff],
      ] as const
    ).map(([kind, amount]): LedgerPosting => ({ id: house.ids.id('ledgerTransaction'), kind, amount })),
  );

  const id = house.ids.id('receipt');
  const sold = rated !== undefined && wasHeld;
  if (sold) {
    const number = await nextReceiptNumber(tx, payment.merchantId, now);
    const body = receiptBody(number, facts, rated, call?.session, now, {
      held,
      captured,
      released,
      writtenOff,
    });
    await insertReceipt(tx, { id, merchantId: payment.merchantId, orderId, body, at: now });
    if (facts.callerEmail !== null && house.mailer.configured) {
      await enqueueJob(tx, 'mail_receipt', { merchantId: payment.merchantId, orderId }, orderId);
    }
  }
  if (call) await closeSession(house, tx, call);
  house.log.info(
    { orderId, ...(call && { callSessionId: call.session.id }) },
    `Settled: ${amountText(captured)} captured, ${amountText(released)} released (${held.currency})`,
  );
  const endedUs = call?.session.unbridgedUs;
  if (answer.outcome === 'captured' && endedUs !== undefined) {
    const seconds = (now.getTime() - Number(endedUs / 1000n)) / 1000;
    house.metrics.observe('hangup_to_capture_seconds', Math.max(0, seconds));
  }
  await tellMerchant(house, tx, payment, call, {
    captured,
    released: answer.outcome === 'nothing_held' ? expired : released,
    because: answer.outcome === 'nothing_held' ? 'hold_expired' : undefined,
    at: now,
    ...(sold && { receiptId: id }),
  });
}

async function closeSession(house: House, tx: Tx, call: StoredSession): Promise<void> {
  if (call.session.state !== 'ended') return;
  const settled: CallSession = { ...call.session, state: 'settled' };
  const fact = { name: 'settled', facts: {} };
  if (!(await saveSession(tx, call, settled, [fact], house.clock.now()))) {
    throw new Error(`Session ${call.session.id} moved while it was locked.`);
  }
}

async function tellMerchant(
  house: House,
  tx: Tx,
  payment: StoredPayment,
  call: StoredSession | undefined,
  told: { captured: Money; released: Money; because: string | undefined; receiptId?: string; at: Date },
): Promise<void> {
  const common = { captured: moneyFacts(told.captured), released: moneyFacts(told.released) };
  const drafts: NoticeDraft[] = [];
  if (!told.captured.amount.isZero()) {
    drafts.push({
      type: 'payment.captured',
      data: { ...common, ...(told.receiptId !== undefined && { receiptId: told.receiptId }) },
    });
  }
  if (!told.released.amount.isZero()) {
    drafts.push({
      type: 'payment.released',
      data: { ...common, ...(told.because !== undefined && { because: told.because }) },
    });
  }
  await writeNotices(
    tx,
    {
      merchantId: payment.merchantId,
      orderId: payment.orderId,
      ...(call && { callSessionId: call.session.id }),
    },
    drafts.map((draft) => ({ ...draft, id: house.ids.id('notice') })),
    told.at,
  );
}

function receiptBody(
  number: string,
  facts: ReceiptFacts,
  rated: Rated,
  session: CallSession | undefined,
  at: Date,
  money: { held: Money; captured: Money; released: Money; writtenOff: Money },
): Receipt {
  const startedUs = session?.bridgedUs;
  return {
    number,
    issuedAt: at.toISOString(),
    merchant: facts.merchant,
    line: facts.line,
    talkSeconds: session ? secondsOf(talkUs(session)) : 0,
    billableSeconds: rated.billableSeconds,
    lines: rated.lines.map((line) => ({
      what: line.what,
      amount: amountText(line.amount),
      ...(line.seconds !== undefined && { seconds: line.seconds }),
      ...(line.pricePerMinute !== undefined && { pricePerMinute: line.pricePerMinute }),
    })),
    currency: rated.total.currency,
    total: amountText(rated.total),
    vatRate: facts.tariff.vatRate,
    vat: amountText(rated.vat),
    net: amountText(rated.net),
    authorized: amountText(money.held),
    captured: amountText(money.captured),
    released: amountText(money.released),
    writtenOff: amountText(money.writtenOff),
    outcome: session?.outcome ?? 'sold',
    ...(facts.consultant !== null && { consultant: facts.consultant }),
    ...(startedUs !== undefined && { startedAt: new Date(Number(startedUs / 1000n)).toISOString() }),
    ...(facts.cardBrand !== null && { cardBrand: facts.cardBrand }),
    ...(facts.cardLast4 !== null && { cardLast4: facts.cardLast4 }),
  };
}
