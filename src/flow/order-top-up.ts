// Ordering credit for an account on the page: whose account, without telling anybody which accounts there are; then an order
// like any other.

import type { Money } from '../core/money.ts';
import { clientOfCode } from '../store/client-accounts.ts';
import { countGuess, mayGuess } from './limit-guesses.ts';
import type { House } from './house.ts';
import { type CallbackRequest, orderCallback, type Ordered } from './order-callback.ts';

export interface TopUpWish extends Pick<CallbackRequest, 'line' | 'language' | 'userAgent'> {
  clientCode: string;
  amount: Money;
  /** Where he comes from: who tries codes is counted by it. */
  callerIp: string;
}

/**
 * Places an order that tops up a balance. A code nobody has, a closed account, one in another currency or billed by the month,
 * and one code too many are refused alike: `client_unknown`.
 */
export async function orderTopUp(house: House, merchantId: string, wish: TopUpWish): Promise<Ordered> {
  const { clientCode, amount, callerIp, ...rest } = wish;
  const client = await house.db.asMerchant(merchantId, async (tx) => {
    const guess = { ip: callerIp, clientCode };
    if (!(await mayGuess(house, tx, merchantId, guess))) return undefined;
    const found = await clientOfCode(tx, clientCode, house.clock.now());
    const { kind, balance } = found?.account ?? {};
    if (found?.active === true && kind === 'balance' && balance?.currency === amount.currency) return found;
    await countGuess(house, tx, merchantId, guess);
    return undefined;
  });
  if (!client) {
    house.metrics.count('orders_refused', { because: 'client_unknown' });
    return { outcome: 'refused', refusal: { because: 'client_unknown' } };
  }
  return orderCallback(house, merchantId, {
    ...rest,
    source: 'page',
    callerIp,
    topUp: { clientId: client.id, amount },
  });
}
