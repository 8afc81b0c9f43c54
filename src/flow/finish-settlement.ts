// The end of a settlement, once every hold of the order has come to its end: the totals, what nobody pays, the receipt, the
// notices, and the session's last word. Which hold gives what is settle-order's.

import { billableUs, type CallSession, secondsOf, talkUs } from '../core/call-session.ts';
import type { NoticeDraft } from '../core/merchant-notice.ts';
import { amountText, type Money, moneyFacts, minus, plus, zero } from '../core/money.ts';
import { isSale } from '../core/order.ts';
import { priceOfSeconds, rate, type Rated } from '../core/rating.ts';
import { saveSession, type StoredSession } from '../store/call-sessions.ts';
import type { Tx } from '../store/database.ts';
import { enqueueJob } from '../store/jobs.ts';
import { postLedger } from '../store/ledger.ts';
import type { Receipt } from '../store/order-view.ts';
import { firstAuthorization, savePayment, type StoredPayment } from '../store/payments.ts';
import {
  insertReceipt,
  nextReceiptNumber,
  readReceiptFacts,
  type ReceiptFacts,
  saveBillableSeconds,
} from '../store/receipts.ts';
import { creditTopUp } from './credit-top-up.ts';
import { endSale, type SaleEnd } from './end-sale.ts';
import type { House } from './house.ts';
import { tellMerchant } from './notify-merchant.ts';

/** Throws (a bug) where there is no such order. */
export async function factsOf(tx: Tx, orderId: string): Promise<ReceiptFacts> {
  const facts = await readReceiptFacts(tx, orderId);
  if (!facts) throw new Error(`Order ${orderId} has no facts to settle by.`);
  return facts;
}

/** Nothing is due for a call that was never joined; a sale without a call costs its fixed price. */
export function priceOf(
  facts: ReceiptFacts,
  session: CallSession | undefined,
): { price: Money; rated?: Rated } {
  if (!session) return { price: priceOfSeconds(facts.tariff, 0), rated: rate(facts.tariff, 0n) };
  if (session.bridgedUs === undefined) return { price: zero(facts.tariff.currency) };
  const rated = rate(facts.tariff, billableUs(talkUs(session), session.plan.talkLimitSeconds));
  return { price: rated.total, rated };
}

/** A sale that is let go before it was taken sells nothing: whoever gave it up owes nothing. */
function owedBy(
  payment: StoredPayment,
  due: { price: Money; rated?: Rated },
): { price: Money; rated?: Rated } {
  const letGo = isSale(payment.orderKind) && payment.state === 'voiding';
  return letGo ? { price: zero(due.price.currency) } : due;
}

/** What was held of an order and what became of it, over all its holds. */
interface Totals {
  held: Money;
  captured: Money;
  released: Money;
  expired: Money;
  writtenOff: Money;
}

function totalsOf(payment: StoredPayment, price: Money): Totals {
  const none = zero(price.currency);
  let totals: Totals = { held: none, captured: none, released: none, expired: none, writtenOff: none };
  for (const { heldAt, amount, captured, state } of payment.authorizations) {
    if (heldAt === undefined) continue;
    const rest = minus(amount, captured);
    totals = {
      ...totals,
      held: plus(totals.held, amount),
      captured: plus(totals.captured, captured),
      ...(state === 'expired'
        ? { expired: plus(totals.expired, rest) }
        : { released: plus(totals.released, rest) }),
    };
  }
  const unpaid = minus(price, totals.captured);
  const wasHeld = !totals.held.amount.isZero();
  return { ...totals, writtenOff: wasHeld && unpaid.amount.gt(0) ? unpaid : none };
}

/**
 * To be called with the payment locked and every authorization of it at its end. `told`: the merchant has heard of what was taken
 * when it was.
 */
export async function finishSettlement(
  house: House,
  tx: Tx,
  payment: StoredPayment,
  call: StoredSession | undefined,
  facts: ReceiptFacts,
  told: boolean,
): Promise<void> {
  const { merchantId, orderId } = payment;
  const now = house.clock.now();
  const { price, rated } = owedBy(payment, priceOf(facts, call?.session));
  // Its end was chosen while they talked, before anybody knew how long.
  if (call?.session.plan.capture && rated)
    await saveBillableSeconds(tx, call.session.id, rated.billableSeconds);
  const totals = totalsOf(payment, price);
  const { held, captured, released, expired, writtenOff } = totals;
  await savePayment(tx, payment.id, {
    state: captured.amount.isZero() ? 'voided' : 'captured',
    lookAgainAt: null,
    captured,
    released,
    expired,
    writtenOff,
    settledAt: now,
    ...(!expired.amount.isZero() && { reason: 'hold_expired' }),
  });
  const authorizationId = firstAuthorization(payment).id;
  await postLedger(tx, { merchantId, orderId, authorizationId, at: now }, [
    { id: house.ids.id('ledgerTransaction'), kind: 'write_off', amount: writtenOff },
  ]);

  if (payment.orderKind === 'top_up') await creditTopUp(house, tx, payment, captured);
  const isPaidSale = payment.orderKind === 'fixed_sale' && !captured.amount.isZero();
  const ended: SaleEnd = isPaidSale ? await endSale(house, tx, payment, facts) : { notices: [] };

  const id = house.ids.id('receipt');
  const sold = rated !== undefined && !held.amount.isZero();
  // Asked at once and answered together.
  const [number] = await Promise.all([
    sold ? nextReceiptNumber(tx, merchantId, now) : undefined,
    call && closeSession(house, tx, call),
    tellWhatBecame(house, tx, payment, call, totals, now, {
      ...(sold && { receiptId: id }),
      ...(facts.clientCode !== null && { clientCode: facts.clientCode }),
      ended,
      told,
    }),
  ]);
  if (sold && number !== undefined) {
    const body = receiptBody(number, facts, rated, call?.session, now, payment, totals, ended);
    await insertReceipt(tx, { id, merchantId, orderId, body, at: now });
    if (facts.callerEmail !== null && house.mailer.configured) {
      await enqueueJob(tx, 'mail_receipt', { merchantId, orderId }, orderId);
    }
  }
  house.log.info(
    { orderId, ...(call && { callSessionId: call.session.id }) },
    `Settled: ${amountText(captured)} captured, ${amountText(released)} released (${held.currency})`,
  );
  const endedUs = call?.session.unbridgedUs;
  if (!told && !captured.amount.isZero() && endedUs !== undefined)
    house.metrics.observe('hangup_to_capture_seconds', secondsSince(endedUs, now));
}

function secondsSince(us: bigint, now: Date): number {
  return Math.max(0, (now.getTime() - Number(us / 1000n)) / 1000);
}

/**
 * Taken while they talk: written down and told as at the end, before there is a receipt to name. Nothing where the bank had let the
 * hold lapse, which is told when they have talked.
 */
export async function keepTaken(
  house: House,
  tx: Tx,
  payment: StoredPayment,
  call: StoredSession,
): Promise<void> {
  const { captured, released } = totalsOf(payment, zero(firstAuthorization(payment).amount.currency));
  if (captured.amount.isZero()) return;
  const { merchantId, orderId } = payment;
  await savePayment(tx, payment.id, { state: payment.state, captured, released });
  const now = house.clock.now();
  const { bridgedUs } = call.session;
  if (bridgedUs !== undefined)
    house.metrics.observe('connection_to_capture_seconds', secondsSince(bridgedUs, now));
  const data = { captured: moneyFacts(captured), released: moneyFacts(released) };
  await tellMerchant(
    house,
    tx,
    { merchantId, orderId, callSessionId: call.session.id },
    [{ type: 'payment.captured', data }],
    now,
  );
}

/** The session's last state; settling it twice is settling it once. */
export async function closeSession(house: House, tx: Tx, call: StoredSession): Promise<void> {
  if (call.session.state !== 'ended') return;
  const settled: CallSession = { ...call.session, state: 'settled' };
  const fact = { name: 'settled', facts: {} };
  if (!(await saveSession(tx, call, settled, [fact], house.clock.now()))) {
    throw new Error(`Session ${call.session.id} moved while it was locked.`);
  }
}

/** What was taken is told once, over all holds; what the bank let lapse is told apart from what we released. */
async function tellWhatBecame(
  house: House,
  tx: Tx,
  payment: StoredPayment,
  call: StoredSession | undefined,
  totals: Totals,
  at: Date,
  { ended, told, ...named }: { receiptId?: string; clientCode?: string; ended: SaleEnd; told: boolean },
): Promise<void> {
  const captured = moneyFacts(totals.captured);
  const released = moneyFacts(totals.released);
  const drafts: NoticeDraft[] = [];
  if (!told && !totals.captured.amount.isZero()) {
    drafts.push({
      type: 'payment.captured',
      data: {
        captured,
        released,
        ...named,
        ...(ended.after?.end === 'code' && { accessCodeId: ended.after.accessCodeId }),
      },
    });
  }
  if (told && !totals.captured.amount.isZero() && named.receiptId !== undefined) {
    drafts.push({ type: 'receipt.issued', data: { receiptId: named.receiptId, captured } });
  }
  drafts.push(...ended.notices);
  if (!totals.released.amount.isZero()) {
    drafts.push({ type: 'payment.released', data: { captured, released } });
  }
  if (!totals.expired.amount.isZero()) {
    drafts.push({
      type: 'payment.released',
      data: { captured, released: moneyFacts(totals.expired), because: 'hold_expired' },
    });
  }
  await tellMerchant(
    house,
    tx,
    {
      merchantId: payment.merchantId,
      orderId: payment.orderId,
      ...(call && { callSessionId: call.session.id }),
    },
    drafts,
    at,
  );
}

function receiptBody(
  number: string,
  facts: ReceiptFacts,
  rated: Rated,
  session: CallSession | undefined,
  at: Date,
  payment: StoredPayment,
  totals: Totals,
  { after }: SaleEnd,
): Receipt {
  const startedUs = session?.bridgedUs;
  const holds = payment.authorizations.filter((one) => one.heldAt !== undefined);
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
    authorized: amountText(totals.held),
    captured: amountText(totals.captured),
    released: amountText(totals.released),
    writtenOff: amountText(totals.writtenOff),
    outcome: session?.outcome ?? 'sold',
    ...(holds.length > 1 && {
      holds: holds.map((one) => ({
        authorized: amountText(one.amount),
        captured: amountText(one.captured),
      })),
    }),
    ...(facts.consultant !== null && { consultant: facts.consultant }),
    ...(facts.clientCode !== null && { clientCode: facts.clientCode }),
    ...(startedUs !== undefined && { startedAt: new Date(Number(startedUs / 1000n)).toISOString() }),
    ...(facts.cardBrand !== null && { cardBrand: facts.cardBrand }),
    ...(facts.cardLast4 !== null && { cardLast4: facts.cardLast4 }),
    ...(after && { after }),
  };
}
