// One hold on a card: asked for by its stored key and with its stored words, looked for when the key is too old, written down
// once the processor holds it. The order's first hold and each of more time go through here; what follows from them is
// authorize-payment's and more-time's.

import type { NoticeDraft } from '../core/merchant-notice.ts';
import { moneyFacts, plus } from '../core/money.ts';
import type { Tx } from '../store/database.ts';
import { postLedger } from '../store/ledger.ts';
import {
  answerOperation,
  authorizeOperation,
  firstAuthorization,
  saveAuthorization,
  type StoredAuthorization,
  type StoredPayment,
} from '../store/payments.ts';
import type { House } from './house.ts';
import type { CardTries } from './limit-cards.ts';
import { keyHoldsSeconds } from './payment-deadlines.ts';
import type { Authorized, IntentReference, IntentState } from './ports.ts';

/** What the operation that asks for a hold keeps: a repeat must be the same to the letter. */
export interface HoldWords {
  description?: string;
  /** Where we were reached when it was made: an address that was changed since would make another request of it. */
  returnUrl?: string;
  paymentMethod?: string;
  receiptEmail?: string;
  /** The payment method is kept with a customer, since the caller agreed to more time. */
  keepForMore?: boolean;
  /** More time: nobody is there to authenticate, the payment method was kept with this customer. */
  customer?: string;
  /** The card is keyed on the telephone: until it is, nothing is asked. `customer`: it was kept with this one. */
  keypad?: true;
  /** By whom a refusal of it is counted. */
  tries?: CardTries;
  /** The caller agreed that it is kept for his next calls. */
  keptFor?: { mark: string; expiry: string };
}

/** The words of a payment whose card is keyed on the telephone; `undefined`: it is paid elsewhere. */
export function keyedWords(payment: StoredPayment): HoldWords | undefined {
  const words = authorizeOperation(firstAuthorization(payment)).request as HoldWords;
  return words.keypad === true ? words : undefined;
}

/** He has not keyed his card yet: the processor knows nothing of it. */
export function waitsForKeys(payment: StoredPayment): boolean {
  const words = keyedWords(payment);
  return words !== undefined && words.paymentMethod === undefined;
}

/** Where a bank that leaves the page to authenticate sends the caller back to. */
export function returnUrlOf({ publicUrl }: House): string {
  return `${publicUrl}/orders/return`;
}

/** Asks the processor, by the stored key and with the stored words: a repeat is the same request. */
export function askForHold(
  house: House,
  payment: StoredPayment,
  authorization: StoredAuthorization,
): Promise<Authorized> {
  const operation = authorizeOperation(authorization);
  const words = operation.request as HoldWords;
  const { description, returnUrl, paymentMethod, receiptEmail, keepForMore, customer, keypad } = words;
  if (keypad && paymentMethod === undefined) throw new Error(`Nobody has keyed a card for ${operation.id}.`);
  return house.processor.authorize({
    key: operation.id,
    amount: authorization.amount,
    returnUrl: returnUrl ?? returnUrlOf(house),
    description: description ?? '',
    metadata: { order: payment.orderId, payment: payment.id, authorization: authorization.id },
    ...(payment.merchantAccount !== undefined && { merchantAccount: payment.merchantAccount }),
    ...(paymentMethod !== undefined && { paymentMethod }),
    ...(receiptEmail !== undefined && { receiptEmail }),
    ...(keepForMore === true && { keepForMore }),
    ...(keypad
      ? { moto: customer === undefined ? (true as const) : { customer } }
      : customer !== undefined && { offSession: { customer } }),
  });
}

/** `none`: the processor made nothing of the request, and never will. */
export type LostOrFound = Authorized | { outcome: 'none' };

/** Younger than this, a request the processor does not list may still be about to be carried out there. */
const findableSeconds = 60;

/**
 * What became of a request whose answer may have been lost: asked again by its key while that means the same request, looked
 * for after it. A key may have been answered for good with what says nothing (a 500 the processor keeps). And that a repeat is
 * refused (by another configuration, by a key that was changed) says nothing of the first request. In both it is looked for,
 * as soon as that can be believed; until then `refused` is to be taken for unknown.
 */
export async function askOrFind(
  house: House,
  payment: StoredPayment,
  authorization: StoredAuthorization,
): Promise<LostOrFound> {
  const ageSeconds = (house.clock.now().getTime() - authorization.createdAt.getTime()) / 1000;
  if (ageSeconds < keyHoldsSeconds) {
    const answer = await askForHold(house, payment, authorization);
    const saysNothing =
      answer.outcome === 'refused' || (answer.outcome === 'unknown' && answer.spent === true);
    if (!saysNothing || ageSeconds < findableSeconds) return answer;
    house.log.error(
      { paymentId: payment.id, authorizationId: authorization.id, answer },
      'the processor says nothing of an authorization by its key any more',
    );
  }
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

/** Asked for and not answered, or answered without being held: open until somebody writes down its end. */
export function isOpen(authorization: StoredAuthorization): boolean {
  return !['captured', 'voided', 'expired', 'failed'].includes(authorization.state);
}

export function heldOf(payment: StoredPayment): readonly StoredAuthorization[] {
  return payment.authorizations.filter((one) => one.state === 'authorized');
}

/** What became of a hold for more time, written down; whether it is held now. */
export async function recordFurtherHold(
  house: House,
  tx: Tx,
  payment: StoredPayment,
  authorization: StoredAuthorization,
  answer: LostOrFound,
): Promise<boolean> {
  const now = house.clock.now();
  const operation = authorizeOperation(authorization);
  switch (answer.outcome) {
    case 'unknown':
    case 'refused':
      // A refusal may be of a repeat, while the first request holds the amount: it is looked for a minute later.
      await answerOperation(tx, operation.id, 'unknown', { ...answer }, now);
      await saveAuthorization(tx, authorization.id, { state: 'unknown' });
      return false;
    case 'declined':
    case 'none':
      await answerOperation(tx, operation.id, 'refused', { ...answer }, now);
      await saveAuthorization(tx, authorization.id, {
        state: 'failed',
        ...(answer.outcome === 'declined' && { declineReason: answer.reason }),
        ...(answer.outcome === 'declined' && answer.intentId !== undefined && { intentId: answer.intentId }),
      });
      return false;
    case 'intent': {
      const { intentId, intent } = answer;
      await answerOperation(tx, operation.id, 'done', { intentId }, now);
      if (intent.state === 'authorized') {
        await saveHold(house, tx, payment, authorization, intentId, intent, now);
        return true;
      }
      // Nobody is there to give what it waits for: it is let go when the order is settled.
      const state = intent.state === 'cancelled' ? 'voided' : 'needs_action';
      await saveAuthorization(tx, authorization.id, { state, intentId });
      return false;
    }
  }
}

/** `payment`: as it was before this hold. */
export function furtherHoldNotice(payment: StoredPayment, authorization: StoredAuthorization): NoticeDraft {
  const { amount } = authorization;
  const inAll = heldOf(payment).reduce((sum, one) => plus(sum, one.amount), amount);
  return {
    type: 'payment.authorized',
    data: { authorized: moneyFacts(amount), authorizedInAll: moneyFacts(inAll) },
  };
}
