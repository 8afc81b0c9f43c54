// One hold on a card: asked for by its stored key and with its stored words, looked for when the key is too old, written down
// once the processor holds it. The order's first hold and each of more time go through here; what follows from them is
// authorize-payment's and more-time's.

import type { Tx } from '../store/database.ts';
import { postLedger } from '../store/ledger.ts';
import {
  authorizeOperation,
  saveAuthorization,
  type StoredAuthorization,
  type StoredPayment,
} from '../store/payments.ts';
import type { House } from './house.ts';
import { keyHoldsSeconds } from './payment-deadlines.ts';
import type { Authorized, IntentReference, IntentState } from './ports.ts';

/** What the operation that asks for a hold keeps: a repeat must be the same to the letter. */
interface HoldWords {
  description?: string;
  paymentMethod?: string;
  receiptEmail?: string;
  /** The payment method is kept with a customer, since the caller agreed to more time. */
  keepForMore?: boolean;
  /** More time: nobody is there to authenticate, the payment method was kept with this customer. */
  customer?: string;
}

/** Asks the processor, by the stored key and with the stored words: a repeat is the same request. */
export function askForHold(
  house: House,
  payment: StoredPayment,
  authorization: StoredAuthorization,
): Promise<Authorized> {
  const operation = authorizeOperation(authorization);
  const words = operation.request as HoldWords;
  const { description, paymentMethod, receiptEmail, keepForMore, customer } = words;
  return house.processor.authorize({
    key: operation.id,
    amount: authorization.amount,
    returnUrl: `${house.publicUrl}/orders/return`,
    description: description ?? '',
    metadata: { order: payment.orderId, payment: payment.id, authorization: authorization.id },
    ...(payment.merchantAccount !== undefined && { merchantAccount: payment.merchantAccount }),
    ...(paymentMethod !== undefined && { paymentMethod }),
    ...(receiptEmail !== undefined && { receiptEmail }),
    ...(keepForMore === true && { keepForMore }),
    ...(customer !== undefined && { offSession: { customer } }),
  });
}

/**
 * What became of a request whose answer never came: asked again by its key while that means the same request, looked for
 * after it. `none`: the processor made nothing of it, and never will.
 */
export async function askOrFind(
  house: House,
  payment: StoredPayment,
  authorization: StoredAuthorization,
): Promise<Authorized | { outcome: 'none' }> {
  const ageSeconds = (house.clock.now().getTime() - authorization.createdAt.getTime()) / 1000;
  if (ageSeconds < keyHoldsSeconds) return askForHold(house, payment, authorization);
  return house.processor.find({
    authorizationId: authorization.id,
    createdAt: authorization.createdAt,
    ...(payment.merchantAccount !== undefined && { merchantAccount: payment.merchantAccount }),
  });
}

export function referenceOf(payment: StoredPayment, intentId: string): IntentReference {
  return {
    intentId,
    ...(payment.merchantAccount !== undefined && { merchantAccount: payment.merchantAccount }),
  };
}

/** The processor holds it: its card, its end, and the ledger. */
export async function saveHold(
  house: House,
  tx: Tx,
  payment: StoredPayment,
  authorization: StoredAuthorization,
  intentId: string,
  intent: IntentState & { state: 'authorized' },
  now: Date,
): Promise<void> {
  await saveAuthorization(tx, authorization.id, {
    state: 'authorized',
    intentId,
    chargeId: intent.chargeId,
    card: intent.card,
    heldAt: now,
    ...(intent.captureBefore && { captureBefore: intent.captureBefore }),
  });
  const { merchantId, orderId } = payment;
  await postLedger(tx, { merchantId, orderId, authorizationId: authorization.id, at: now }, [
    { id: house.ids.id('ledgerTransaction'), kind: 'authorize', amount: authorization.amount },
  ]);
}
