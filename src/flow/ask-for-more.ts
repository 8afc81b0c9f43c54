// More time, its first half: written down in the very step in which the caller asks for it. What is held for it was agreed to
// before the call; that it is asked of the processor, and what comes of it, is more-time's.

import { compare, maximum, minimum, minus, money, plus, zero } from '../core/money.ts';
import { holdFor } from '../core/talk-limit.ts';
import type { StoredSession } from '../store/call-sessions.ts';
import type { Tx } from '../store/database.ts';
import { enqueueJob } from '../store/jobs.ts';
import {
  authorizeOperation,
  firstAuthorization,
  insertAuthorization,
  readPaymentOfOrder,
} from '../store/payments.ts';
import { readOrderTariff } from '../store/receipts.ts';
import type { House } from './house.ts';

/**
 * A further authorization on the same payment, with the operation that asks for it, and the job that does. To be called
 * with the session's row written: it is what keeps two of them apart. Nothing is held, and the job only answers, where
 * what is held covers the longer talk already, or where the card was not kept for this.
 */
export async function askForMore(house: House, tx: Tx, stored: StoredSession): Promise<void> {
  const { merchantId, orderId, session } = stored;
  const { moreTime, talkLimitSeconds } = session.plan;
  if (!moreTime) throw new Error(`Session ${session.id} asks for more time that nobody agreed to.`);
  const payment = await readPaymentOfOrder(tx, orderId);
  const tariff = await readOrderTariff(tx, orderId);
  if (!payment || !tariff) throw new Error(`Order ${orderId} has no payment to hold more on.`);
  await enqueueJob(tx, 'authorize_more', { merchantId, orderId }, orderId);

  const held = payment.authorizations
    .filter((one) => one.state === 'authorized')
    .reduce((sum, one) => plus(sum, one.amount), zero(tariff.currency));
  const missing = minus(holdFor(tariff, talkLimitSeconds + moreTime.seconds), held);
  const first = firstAuthorization(payment);
  const { paymentMethod, customer } = first;
  if (missing.amount.lte(0) || paymentMethod === undefined || customer === undefined) return;

  const agreed = money(moreTime.hold, tariff.currency);
  const least = house.processor.minimumCharge(tariff.currency);
  const amount = minimum(maximum(missing, least), agreed);
  if (compare(amount, least) < 0) return;
  await insertAuthorization(tx, {
    id: house.ids.id('authorization'),
    merchantId,
    paymentId: payment.id,
    sequence: Math.max(...payment.authorizations.map((one) => one.sequence)) + 1,
    amount,
    operationId: house.ids.id('operation'),
    request: {
      description: authorizeOperation(first).request['description'],
      paymentMethod,
      customer,
    },
    at: house.clock.now(),
  });
}
