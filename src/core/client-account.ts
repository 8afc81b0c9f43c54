// An account a merchant's client has with us: what he may still spend, and how long that lets him talk. What a call under way
// may cost is kept back from it until the call is proven to be over.

import { isNegative, minus, type Money, plus, zero } from './money.ts';
import { affordableSeconds, priceOfSeconds } from './rating.ts';
import type { Tariff } from './tariff.ts';

export interface ClientAccount {
  kind: 'balance' | 'monthly';
  /** Of a balance: what was paid in and not talked yet; below nothing where a bank has taken back what was talked. Of a monthly account: what was talked this month, negative. */
  balance: Money;
  reserved: Money;
  /** Of a monthly account; absent: no ceiling. */
  ceiling?: Money;
}

/** What no call has been promised yet, never negative; `undefined`: as much as he likes. */
export function spendable(account: ClientAccount): Money | undefined {
  const left = leftOf(account);
  return left && isNegative(left) ? zero(left.currency) : left;
}

function leftOf({ kind, balance, reserved, ceiling }: ClientAccount): Money | undefined {
  if (kind === 'monthly' && ceiling === undefined) return undefined;
  return minus(kind === 'monthly' && ceiling ? plus(ceiling, balance) : balance, reserved);
}

export type AccountLimit =
  /** `reserve`: the price of that many seconds, and never more than he may spend. `limited`: it is his money that ends it. */
  { outcome: 'limit'; seconds: number; reserve: Money; limited: boolean } | { outcome: 'no_credit' };

/** How long he may talk, at most `longestSeconds`; `no_credit`: not one second. */
export function accountLimit(account: ClientAccount, tariff: Tariff, longestSeconds: number): AccountLimit {
  // Money of another currency buys nothing here.
  if (account.balance.currency !== tariff.currency) return { outcome: 'no_credit' };
  const amount = leftOf(account);
  // Who owes talks nothing, not even what would be free.
  if (amount && isNegative(amount)) return { outcome: 'no_credit' };
  const affordable = amount === undefined ? longestSeconds : affordableSeconds(tariff, amount);
  if (affordable === undefined || affordable === 0) return { outcome: 'no_credit' };
  const seconds = Math.min(affordable, longestSeconds);
  return {
    outcome: 'limit',
    seconds,
    reserve: priceOfSeconds(tariff, seconds),
    limited: amount !== undefined && affordable <= longestSeconds,
  };
}
