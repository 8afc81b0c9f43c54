// The double-entry ledger: append only, each transaction sums to zero (the database refuses otherwise). Every
// authorization ends in captured + released + expired.
//
//   authorize   card -A      held +A        the caller's bank holds A
//   capture     held -C      merchant +C    C is the merchant's
//   release     held -R      card +R        R is the caller's again
//   expire      held -E      card +E        the bank let the hold lapse
//   fee         merchant -F  platform +F    our part of a capture
//   write_off   card -W      written_off +W talked, but below the smallest charge or above the hold: nobody pays
//
// One transaction of a kind an authorization: writing it twice is refused by the table and is success here.

import { amountText, isZero, type Money, times } from '../core/money.ts';
import type { Tx } from './database.ts';

export type LedgerKind = 'authorize' | 'capture' | 'release' | 'expire' | 'fee' | 'refund' | 'write_off';

const accounts: Record<LedgerKind, { from: string; to: string }> = {
  authorize: { from: 'card', to: 'held' },
  capture: { from: 'held', to: 'merchant' },
  release: { from: 'held', to: 'card' },
  expire: { from: 'held', to: 'card' },
  fee: { from: 'merchant', to: 'platform' },
  refund: { from: 'merchant', to: 'card' },
  write_off: { from: 'card', to: 'written_off' },
};

export interface LedgerPosting {
  id: string;
  kind: LedgerKind;
  amount: Money;
}

/** Zero amounts are left out. */
export async function postLedger(
  tx: Tx,
  order: { merchantId: string; orderId: string; authorizationId: string; at: Date },
  postings: readonly LedgerPosting[],
): Promise<void> {
  for (const { id, kind, amount } of postings) {
    if (isZero(amount)) continue;
    const { from, to } = accounts[kind];
    await tx.raw(
      `with posted as (
         insert into ledger_transactions (id, merchant_id, order_id, kind, authorization_id, created_at)
         values (?, ?, ?, ?, ?, ?) on conflict (authorization_id, kind) do nothing returning id)
       insert into ledger_entries (merchant_id, transaction_id, account, amount, currency)
       select ?, posted.id, entry.account, entry.amount, ? from posted,
         (values (?, ?::numeric), (?, ?::numeric)) as entry(account, amount)`,
      [
        id,
        order.merchantId,
        order.orderId,
        kind,
        order.authorizationId,
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
