// Disputes as the processor tells of them: a hint leads to a look, the look is written down, the books follow and the merchant
// is told. Nothing is ever sent to the bank from here: whether and with what a dispute is answered is the merchant's to say.
//
//   warning ──▶ needs_response ──▶ under_review ──▶ won | lost
//
//   state           money
//   warning         the bank asks; nothing is taken
//   needs_response  taken from the merchant while the bank decides
//   under_review    the same
//   won             the merchant's again
//   lost            the caller's
//
// Credit that was bought with it goes the same way (credit-top-up).

import { moneyFacts } from '../core/money.ts';
import type { Tx } from '../store/database.ts';
import {
  type DisputeState,
  insertDispute,
  lockDispute,
  saveDispute,
  type StoredDispute,
} from '../store/disputes.ts';
import { enqueueJob } from '../store/jobs.ts';
import { postLedger } from '../store/ledger.ts';
import { lockPayment, readPayment, type StoredPayment } from '../store/payments.ts';
import { followDispute } from './credit-top-up.ts';
import type { House } from './house.ts';
import { tellMerchant } from './notify-merchant.ts';
import type { Dispute } from './ports.ts';
import { later } from './payment-deadlines.ts';

/** A look that was not answered; the merchant has a week or more to respond. */
const againSeconds = 60;

/** The job: looks at the dispute and writes down what is true of it. Repeats of it are harmless. */
export async function recordDispute(
  house: House,
  job: { merchantId: string; paymentId: string; disputeId: string },
): Promise<void> {
  const { merchantId, paymentId, disputeId } = job;
  const payment = await house.db.asMerchant(merchantId, (tx) => readPayment(tx, paymentId));
  if (!payment) return;
  const looked = await house.processor.lookAtDispute({
    disputeId,
    ...(payment.merchantAccount !== undefined && { merchantAccount: payment.merchantAccount }),
  });
  await house.db.asMerchant(merchantId, (tx) =>
    looked.outcome === 'unknown'
      ? enqueueJob(tx, 'record_dispute', job, disputeId, later(house.clock.now(), againSeconds))
      : record(house, tx, paymentId, looked.dispute),
  );
}

async function record(house: House, tx: Tx, paymentId: string, seen: Dispute): Promise<void> {
  const payment = await lockPayment(tx, paymentId);
  const authorization = payment?.authorizations.find((one) => one.intentId === seen.intentId);
  if (!payment || !authorization) return;
  const now = house.clock.now();
  const known = await lockDispute(tx, seen.disputeId);
  // Of hints that overtake each other the later look may be written first: what is decided stays so.
  if (known && (known.state === seen.state || known.state === 'won' || known.state === 'lost')) return;
  // And what was taken is never again merely asked about.
  if (known && seen.state === 'warning') return;
  const dispute: StoredDispute = {
    id: known?.id ?? house.ids.id('dispute'),
    orderId: payment.orderId,
    authorizationId: authorization.id,
    processorId: seen.disputeId,
    amount: known?.amount ?? seen.amount,
    reason: seen.reason,
    state: seen.state,
    createdAt: known?.createdAt ?? now,
    updatedAt: now,
    ...(seen.evidenceDueBy && { evidenceDueBy: seen.evidenceDueBy }),
  };
  if (known) await saveDispute(tx, dispute.id, dispute);
  else await insertDispute(tx, payment.merchantId, dispute);
  await postDispute(house, tx, payment, dispute);
  const ofTopUp = await followDispute(house, tx, payment, dispute);
  house.log.warn(
    { orderId: payment.orderId, disputeId: dispute.id, state: dispute.state },
    'a charge is disputed',
  );
  const { merchantId, orderId } = payment;
  await tellMerchant(
    house,
    tx,
    { merchantId, orderId },
    [
      {
        type: 'payment.disputed',
        data: {
          disputeId: dispute.id,
          amount: moneyFacts(dispute.amount),
          reason: dispute.reason,
          state: dispute.state,
          ...ofTopUp,
          ...(dispute.evidenceDueBy && { evidenceDueBy: dispute.evidenceDueBy.toISOString() }),
        },
      },
    ],
    now,
  );
}

const postings: Record<DisputeState, readonly ('dispute' | 'dispute_won' | 'dispute_lost')[]> = {
  warning: [],
  needs_response: ['dispute'],
  under_review: ['dispute'],
  // Heard of only when it was over: it was taken before all the same.
  won: ['dispute', 'dispute_won'],
  lost: ['dispute', 'dispute_lost'],
};

/** Each entry once, whatever was heard before. */
async function postDispute(
  house: House,
  tx: Tx,
  { merchantId, orderId }: StoredPayment,
  { authorizationId, amount, state, processorId: subject }: StoredDispute,
): Promise<void> {
  await postLedger(
    tx,
    { merchantId, orderId, authorizationId, at: house.clock.now() },
    postings[state].map((kind) => ({ id: house.ids.id('ledgerTransaction'), kind, amount, subject })),
  );
}
