// The double-entry ledger: append only, each transaction sums to zero (the database refuses otherwise). Every
// authorization ends in captured + released + expired.
//
//   authorize      card -A       held +A         the caller's bank holds A
//   capture        held -C       merchant +C     C is the merchant's
//   release        held -R       card +R         R is the caller's again
//   expire         held -E       card +E         the bank let the hold lapse
//   fee            merchant -F   platform +F     our part of a capture
//   write_off      card -W       written_off +W  talked, but below the smallest charge or above the hold: nobody pays
//   refund         merchant -R   card +R         given back by the merchant
//   fee_back       platform -F   merchant +F     our part of what was given back
//   refund_failed  card -R       merchant +R     the bank sent a refund back
//   fee_again      merchant -F   platform +F     and our part with it
//   dispute        merchant -D   disputed +D     the caller's bank takes it while it decides
//   dispute_won    disputed -D   merchant +D     and gives it back
//   dispute_lost   disputed -D   card +D         or to the caller
//
// One transaction of a kind an authorization, or of a kind and subject (which refund, which dispute): writing it twice is
// refused by the table and is success here.

import { amountText, isZero, type Money, money, times } from '../core/money.ts';
import { firstRow, type Tx } from './database.ts';

const accounts = {
  authorize: { from: 'card', to: 'held' },
  capture: { from: 'held', to: 'merchant' },
  release: { from: 'held', to: 'card' },
  expire: { from: 'held', to: 'card' },
  fee: { from: 'merchant', to: 'platform' },
  write_off: { from: 'card', to: 'written_off' },
  refund: { from: 'merchant', to: 'card' },
  fee_back: { from: 'platform', to: 'merchant' },
  refund_failed: { from: 'card', to: 'merchant' },
  fee_again: { from: 'merchant', to: 'platform' },
  dispute: { from: 'merchant', to: 'disputed' },
  dispute_won: { from: 'disputed', to: 'merchant' },
  dispute_lost: { from: 'disputed', to: 'card' },
} as const;

export type LedgerKind = keyof typeof accounts;
export const ledgerKinds = Object.keys(accounts) as readonly LedgerKind[];

export interface LedgerPosting {
  id: string;
  kind: LedgerKind;
  amount: Money;
  /** Which one, of what can happen to one authorization several times. */
  subject?: string;
}

/** Our fee on this charge, as it was taken whatever the rate is today, and how much of it has been given back by now. */
export async function feeOnCharge(
  tx: Tx,
  authorizationId: string,
  currency: string,
): Promise<{ taken: Money; givenBack: Money }> {
  const row = await firstRow<{ taken: string; back: string }>(
    tx,
    `select coalesce(sum(e.amount) filter (where t.kind = 'fee'), 0)::text as taken,
       coalesce(-sum(e.amount) filter (where t.kind in ('fee_back', 'fee_again')), 0)::text as back
     from ledger_transactions t join ledger_entries e on e.transaction_id = t.id and e.account = 'platform'
     where t.authorization_id = ?`,
    [authorizationId],
  );
  return { taken: money(row?.taken ?? '0', currency), givenBack: money(row?.back ?? '0', currency) };
}

/** Zero amounts are left out. */
export async function postLedger(
  tx: Tx,
  order: { merchantId: string; orderId: string; authorizationId: string; at: Date },
  postings: readonly LedgerPosting[],
): Promise<void> {
  for (const { id, kind, amount, subject } of postings) {
    if (isZero(amount)) continue;
    const { from, to } = accounts[kind];
    await tx.write(
      `with posted as (
         insert into ledger_transactions (id, merchant_id, order_id, kind, authorization_id, subject, created_at)
         values (?, ?, ?, ?, ?, ?, ?) on conflict (authorization_id, kind, subject) do nothing returning id)
       insert into ledger_entries (merchant_id, transaction_id, account, amount, currency)
       select ?, posted.id, entry.account, entry.amount, ? from posted,
         (values (?, ?::numeric), (?, ?::numeric)) as entry(account, amount)`,
      [
        id,
        order.merchantId,
        order.orderId,
        kind,
        order.authorizationId,
        subject ?? '',
        order.at,
        order.merchantId,
        amount.currency,
        from,
        amountText(times(amount, -1)),
        to,
        amountText(amount),
      ],
    );
  }
}
