// What a sale without a call ends in, as its line says: an access code, the merchant's words, the way back to him. Decided in
// the transaction that writes the capture, so that who has paid has it, and nobody else; kept with the receipt, so that a line
// that is changed later changes nothing of what was sold.

import type { NoticeDraft } from '../core/merchant-notice.ts';
import type { Tx } from '../store/database.ts';
import type { Receipt } from '../store/order-view.ts';
import type { StoredPayment } from '../store/payments.ts';
import type { ReceiptFacts } from '../store/receipts.ts';
import { issueAccessCode } from './access-codes.ts';
import type { House } from './house.ts';

export interface SaleEnd {
  /** As the receipt has it; absent: it ended in the receipt alone. */
  after?: NonNullable<Receipt['after']>;
  /** What the merchant hears of it beside the capture. */
  notices: readonly NoticeDraft[];
}

/** To be called once a sale, behind the payment's lock. */
export async function endSale(
  house: House,
  tx: Tx,
  { merchantId, orderId }: Pick<StoredPayment, 'merchantId' | 'orderId'>,
  { saleEndsIn, saleResource, saleMessage }: ReceiptFacts,
): Promise<SaleEnd> {
  switch (saleEndsIn) {
    case 'receipt':
      return { notices: [] };
    case 'return':
      return { after: { end: 'return' }, notices: [] };
    case 'message':
      return saleMessage === null
        ? { notices: [] }
        : { after: { end: 'message', message: saleMessage }, notices: [] };
    case 'code': {
      const wish = { merchantId, resource: saleResource ?? '', madeBy: 'sale' as const, orderId };
      const issued = await issueAccessCode(house, tx, wish);
      // The tables let no line end in a resource that is not there, and none is removed that a line ends in.
      if (issued.outcome !== 'issued') throw new Error(`Order ${orderId} ends in a code of nothing.`);
      return {
        after: { end: 'code', accessCodeId: issued.code.id },
        notices: [issued.notice],
      };
    }
  }
}
