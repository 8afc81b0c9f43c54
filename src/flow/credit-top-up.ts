// Credit bought by card, on the account it was bought for: written in the transaction that writes the capture, taken back
// in the one that writes a refund, given again where that refund came to nothing; taken with what a bank takes by a dispute,
// talked or not, and given again when it is won. Each under a key of its own, so that whoever repeats the transaction moves
// nothing twice.

import { spendable } from '../core/client-account.ts';
import { exact, money, type Money, times } from '../core/money.ts';
import { clientOfCode, clientOfOrder, move, type StoredClient } from '../store/client-accounts.ts';
import type { Tx } from '../store/database.ts';
import type { DisputeState, StoredDispute } from '../store/disputes.ts';
import type { StoredOperation, StoredPayment } from '../store/payments.ts';
import type { StoredRefund } from '../store/refunds.ts';
import type { House } from './house.ts';

/** What was captured is on the account, once; nothing where nothing was captured. */
export async function creditTopUp(
  house: House,
  tx: Tx,
  { merchantId, orderId }: Pick<StoredPayment, 'merchantId' | 'orderId'>,
  captured: Money,
): Promise<void> {
  if (captured.amount.isZero()) return;
  const clientId = await accountOf(tx, orderId);
  await move(tx, {
    id: house.ids.id('clientMovement'),
    merchantId,
    clientId,
    kind: 'top_up',
    amount: captured,
    at: house.clock.now(),
    orderId,
    requestKey: orderId,
  });
}

/** What of the account could be given back: neither talked nor kept for a call under way. The client is locked from here on. */
export async function creditLeft(house: House, tx: Tx, orderId: string): Promise<Money> {
  const { account } = await lockedAccount(house, tx, orderId);
  const left = spendable(account);
  if (!left) throw new Error(`Order ${orderId} topped up an account without a balance.`);
  return left;
}

/** To be called behind `creditLeft`, for not more than it said. */
export async function takeCreditBack(house: House, tx: Tx, refund: StoredRefund): Promise<void> {
  const { id, merchantId, orderId, amount } = refund;
  await move(tx, {
    id: house.ids.id('clientMovement'),
    merchantId,
    clientId: await accountOf(tx, orderId),
    kind: 'refund',
    amount: times(amount, exact(-1)),
    at: house.clock.now(),
    orderId,
    refundId: id,
    requestKey: id,
    reference: refund.reason ?? 'refund',
  });
}

/** The refund's operation gave nothing back, at once or by the bank's word days later: the credit is his again. */
export async function giveCreditAgain(
  house: House,
  tx: Tx,
  { merchantId, orderId, orderKind }: Pick<StoredPayment, 'merchantId' | 'orderId' | 'orderKind'>,
  operation: StoredOperation,
): Promise<void> {
  if (orderKind !== 'top_up') return;
  const { id, account } = await lockedAccount(house, tx, orderId);
  await move(tx, {
    id: house.ids.id('clientMovement'),
    merchantId,
    clientId: id,
    kind: 'refund',
    amount: money(operation.amount ?? '0', account.balance.currency),
    at: house.clock.now(),
    orderId,
    ...(operation.refundId !== undefined && { refundId: operation.refundId }),
    requestKey: operation.id,
    reference: 'refund failed',
  });
}

const taken: Record<DisputeState, readonly ('taken' | 'given_again')[]> = {
  warning: [],
  needs_response: ['taken'],
  under_review: ['taken'],
  // Heard of only when it was over: it was taken before all the same.
  won: ['taken', 'given_again'],
  lost: ['taken'],
};

/**
 * The account follows the dispute as the books do: what the processor has withdrawn from the merchant is withdrawn from the
 * credit it had bought, even below nothing, for what was talked of it is talked. Each once, whatever was heard before.
 * Answers whose account it is, where it is of a top-up.
 */
export async function followDispute(
  house: House,
  tx: Tx,
  { merchantId, orderId, orderKind }: Pick<StoredPayment, 'merchantId' | 'orderId' | 'orderKind'>,
  { id, state, amount }: Pick<StoredDispute, 'id' | 'state' | 'amount'>,
): Promise<{ clientCode?: string }> {
  const client = orderKind === 'top_up' ? await clientOfOrder(tx, orderId) : undefined;
  if (!client) return {};
  for (const what of taken[state]) {
    await move(tx, {
      id: house.ids.id('clientMovement'),
      merchantId,
      clientId: client.id,
      kind: 'dispute',
      amount: what === 'taken' ? times(amount, exact(-1)) : amount,
      at: house.clock.now(),
      orderId,
      disputeId: id,
      requestKey: what === 'taken' ? id : `${id} won`,
      reference: what === 'taken' ? 'disputed' : 'dispute won',
    });
  }
  return { clientCode: client.code };
}

async function lockedAccount(house: House, tx: Tx, orderId: string): Promise<StoredClient> {
  const found = await clientOfOrder(tx, orderId);
  const client = found && (await clientOfCode(tx, found.code, house.clock.now(), true));
  if (!client) throw new Error(`Order ${orderId} tops up nobody’s account.`);
  return client;
}

async function accountOf(tx: Tx, orderId: string): Promise<string> {
  const found = await clientOfOrder(tx, orderId);
  if (!found) throw new Error(`Order ${orderId} tops up nobody’s account.`);
  return found.id;
}
