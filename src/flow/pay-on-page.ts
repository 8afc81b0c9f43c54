// What the caller does on the page of his order, named by its token: agrees and gets what his card is confirmed with, says
// that he has paid, gives up. None of it is believed about money: authorize-payment writes what the processor says.

import { lockSessionOfOrder } from '../store/call-sessions.ts';
import { claimConsultants } from '../store/consultants.ts';
import { merchantOfOrderLink } from '../store/finders.ts';
import { addEvidence } from '../store/orders.ts';
import { firstAuthorization, lockPaymentOfOrder, lookAgain, savePayment } from '../store/payments.ts';
import { sha256 } from '../store/seal.ts';
import { applyIntent, askForAuthorization } from './authorize-payment.ts';
import { giveUpOrder, lookAtPayment } from './follow-payment.ts';
import { keyedWords, referenceOf } from './hold-money.ts';
import type { House } from './house.ts';
import { claimSeconds, later, lookSeconds } from './payment-deadlines.ts';

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
    if (locked?.state !== 'awaiting_card' || locked.givenUp || keyedWords(locked)) return undefined;
    const { email, ...evidence } = agreed;
    await addEvidence(tx, found.orderId, { ...evidence, at: now.toISOString() }, email);
    const call = await lockSessionOfOrder(tx, found.orderId);
    if (call) {
      const { session } = call;
      const kept = await claimConsultants(tx, {
        session: session.id,
        candidates: session.candidates,
        ...(session.plan.callerNumber !== undefined && { notNumber: session.plan.callerNumber }),
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
  const known = firstAuthorization(payment).intentId;
  const looked =
    known === undefined
      ? await askForAuthorization(house, payment)
      : { ...(await house.processor.look(referenceOf(payment, known))), intentId: known };
  if (looked.outcome !== 'intent') return { outcome: 'processor_away' };
  const { intent, intentId } = looked;
  if (intent.state !== 'needs_card' && intent.state !== 'needs_action') return { outcome: 'too_late' };
  if (known === undefined) {
    // Before the page may pay on it: nobody else knows of it, and the processor keeps our key for a day only.
    await applyIntent(house, found.merchantId, payment.id, intentId, intent);
    await house.db.asMerchant(found.merchantId, (tx) => lookAgain(tx, payment.id, later(now, lookSeconds)));
  }
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

/** Before a card was given: the order ends and the consultant is free. After it, hang up instead. */
export async function cancelOrder(
  house: House,
  accessToken: string,
): Promise<'cancelled' | 'too_late' | 'unknown_order'> {
  const found = await house.db.asNobody((db) => merchantOfOrderLink(db, sha256(accessToken)));
  if (!found) return 'unknown_order';
  return giveUpOrder(house, found.merchantId, found.orderId, 'cancelled');
}
