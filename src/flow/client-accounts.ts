// Accounts kept here, where they meet a call: who calls by what the merchant has told us of his clients, what the call may
// cost kept back in the transaction that lets him in, and taken in the one that ends it. And the money that comes in.

import { accountLimit, spendable } from '../core/client-account.ts';
import { billableUs, type CallEvent, type CallSession, talkUs } from '../core/call-session.ts';
import type { CallerQuestion, Recognition } from '../core/known-caller.ts';
import { amountText, exact, isNegative, minimum, money, type Money, plus, times } from '../core/money.ts';
import { countedSeconds, rate } from '../core/rating.ts';
import { type Tariff, tariffAt } from '../core/tariff.ts';
import type { StoredSession } from '../store/call-sessions.ts';
import {
  anyPin,
  clientOfCode,
  clientOfNumber,
  move,
  movementOfRequest,
  type MovementRow,
  releaseReservation,
  reserve,
  type StoredClient,
} from '../store/client-accounts.ts';
import type { Tx } from '../store/database.ts';
import { readOrderTariff, setOrderTariff } from '../store/known-calls.ts';
import type { House } from './house.ts';

/** The mark a PIN is kept and compared by: of this client only, under a key the database never sees. */
export function pinMark(house: Pick<House, 'seal'>, clientId: string, pin: string): Buffer {
  return house.seal.mark(`${clientId}\n${pin}`, 'client pin');
}

/** What a merchant's own server would answer, from the accounts he keeps with us. `priceOfLine`: for whom has none of his own. */
export async function recognizeByAccount(
  house: House,
  tx: Tx,
  question: CallerQuestion,
  longestSeconds: number,
  priceOfLine: () => Promise<Tariff> = () => readOrderTariff(tx, question.callSessionId),
): Promise<Recognition> {
  const { clientCode, cli, pin } = question;
  const unknown = { outcome: 'refused', reason: 'unknown' } as const;
  const client =
    clientCode !== undefined
      ? await clientOfCode(tx, clientCode, question.at)
      : cli.trust === 'withheld'
        ? undefined
        : await clientOfNumber(tx, cli.number, question.at);
  if (!client) {
    // Where clients have PINs a code nobody has is asked for one too: nobody learns from us which codes there are.
    const asksPin = clientCode !== undefined && pin === undefined && (await anyPin(tx));
    return asksPin ? { outcome: 'proof_wanted', proof: 'pin', clientCode } : unknown;
  }
  const language = client.language ? { language: client.language } : {};
  if (client.pinMark) {
    if (pin === undefined) {
      return { outcome: 'proof_wanted', proof: 'pin', clientCode: client.code, ...language };
    }
    if (!pinMark(house, client.id, pin).equals(client.pinMark)) {
      return { outcome: 'refused', reason: 'wrong_pin', ...language };
    }
  }
  if (!client.active) return { outcome: 'refused', reason: 'blocked', ...language };
  const tariff = client.tariffPlan ? tariffAt(client.tariffPlan, question.at) : await priceOfLine();
  const limit = accountLimit(client.account, tariff, longestSeconds);
  if (limit.outcome === 'no_credit') return { outcome: 'refused', reason: 'no_credit', ...language };
  return {
    outcome: 'recognized',
    clientCode: client.code,
    ...(limit.limited && { talkLimitSeconds: limit.seconds }),
    ...language,
  };
}

/**
 * Keeps back what this call may cost, in the transaction that lets him in: whatever was true when he was recognized, his
 * account is locked now. The limit is what the money left lets him talk.
 */
export async function reserveForCall(
  tx: Tx,
  stored: StoredSession,
  session: CallSession,
  clientCode: string,
  at: Date,
): Promise<CallEvent & { type: 'clientClaimed' }> {
  const client = await clientOfCode(tx, clientCode, at, true);
  if (!client?.active) return { type: 'clientClaimed', claimed: false, because: 'blocked' };
  const tariff = await tariffOf(tx, client, session.id, at);
  const { claim, keptBack } = claimOn(client, tariff, session);
  const { merchantId } = stored;
  if (keptBack) {
    await reserve(tx, {
      merchantId,
      clientId: client.id,
      callSessionId: session.id,
      amount: keptBack,
      at,
    });
  }
  return claim;
}

/** What letting him in would come to, as his account stands: nothing is locked or kept back. */
export async function foreseeClaim(
  tx: Tx,
  session: CallSession,
  clientCode: string,
  price: { ofLine: Tariff; at: Date },
): Promise<CallEvent & { type: 'clientClaimed' }> {
  const client = await clientOfCode(tx, clientCode, price.at);
  if (!client?.active) return { type: 'clientClaimed', claimed: false, because: 'blocked' };
  const tariff = client.tariffPlan ? tariffAt(client.tariffPlan, price.at) : price.ofLine;
  return claimOn(client, tariff, session).claim;
}

function claimOn(
  { account }: StoredClient,
  tariff: Tariff,
  { plan }: CallSession,
): { claim: CallEvent & { type: 'clientClaimed' }; keptBack?: Money } {
  const limit = accountLimit(account, tariff, plan.inbound?.talkLimitMaxSeconds ?? plan.talkLimitSeconds);
  if (limit.outcome === 'no_credit')
    return { claim: { type: 'clientClaimed', claimed: false, because: 'no_credit' } };
  const { kind, balance } = account;
  return {
    keptBack: limit.reserve,
    claim: {
      type: 'clientClaimed',
      claimed: true,
      talkLimitSeconds: limit.seconds,
      ...(kind === 'balance' && { balance: { amount: amountText(balance), currency: balance.currency } }),
    },
  };
}

async function tariffOf(tx: Tx, client: StoredClient, callSessionId: string, at: Date): Promise<Tariff> {
  if (!client.tariffPlan) return readOrderTariff(tx, callSessionId);
  // His own price is the order's from now on: what was agreed stands with it, whatever is changed later.
  const tariff = tariffAt(client.tariffPlan, at);
  await setOrderTariff(tx, callSessionId, tariff);
  return tariff;
}

/** The call is proven to be over: what it cost is taken, what was kept back is free. Never more than was kept back. */
export async function settleAccount(
  house: House,
  tx: Tx,
  stored: StoredSession,
  ended: CallSession,
  tariff: Tariff,
  at: Date,
): Promise<void> {
  const kept = await releaseReservation(tx, ended.id, at);
  if (!kept || ended.bridgedUs === undefined) return;
  const billable = billableUs(talkUs(ended), ended.plan.talkLimitSeconds);
  const price = minimum(rate(tariff, billable).total, money(kept.amount, kept.currency));
  if (price.amount.isZero()) return;
  await move(tx, {
    id: house.ids.id('clientMovement'),
    merchantId: stored.merchantId,
    clientId: kept.clientId,
    kind: 'call',
    amount: times(price, exact(-1)),
    at,
    orderId: stored.orderId,
    callSessionId: ended.id,
    seconds: countedSeconds(tariff, billable),
  });
}

export interface PaidIn {
  clientCode: string;
  amount: Money;
  /** The merchant's own word for it. */
  reference?: string;
  /** The same key again moves nothing, however much later. */
  requestKey?: string;
  orderId?: string;
}

export type ToppedUp =
  /** `repeated`: the key was used before; `movement` is what it moved then. */
  | { outcome: 'topped_up' | 'repeated'; movement: MovementRow; balanceAfter: string }
  /** `too_large`: no account holds that much. */
  | { outcome: 'unknown_client' | 'other_currency' | 'too_large' };

/** Money a client has paid in. */
export async function topUp(
  house: Pick<House, 'db' | 'clock' | 'ids'>,
  merchantId: string,
  wish: PaidIn,
): Promise<ToppedUp> {
  return house.db.asMerchant(merchantId, (tx) => topUpWithin(house, tx, merchantId, wish));
}

/** The same within a transaction that does more: the capture that paid for it. */
export async function topUpWithin(
  house: Pick<House, 'clock' | 'ids'>,
  tx: Tx,
  merchantId: string,
  { clientCode, amount, ...named }: PaidIn,
): Promise<ToppedUp> {
  const at = house.clock.now();
  const client = await clientOfCode(tx, clientCode, at, true);
  if (!client) return { outcome: 'unknown_client' };
  if (client.account.balance.currency !== amount.currency) return { outcome: 'other_currency' };
  if (isBeyond(client, amount)) return { outcome: 'too_large' };
  const { outcome, movement } = await move(tx, {
    id: house.ids.id('clientMovement'),
    merchantId,
    clientId: client.id,
    kind: 'top_up',
    amount,
    at,
    ...named,
  });
  return {
    outcome: outcome === 'moved' ? 'topped_up' : 'repeated',
    movement,
    balanceAfter: movement.balanceAfter,
  };
}

export type Adjusted =
  | { outcome: 'adjusted'; movement: MovementRow }
  | { outcome: 'unknown_client' | 'other_currency' | 'too_large' }
  /** More than nobody has talked and no call under way may need. */
  | { outcome: 'not_enough'; spendable: Money };

/** What the merchant sets right, up or down: never below what calls under way may still cost. */
export async function adjustAccount(
  house: Pick<House, 'db' | 'clock' | 'ids'>,
  merchantId: string,
  wish: PaidIn,
): Promise<Adjusted> {
  return house.db.asMerchant(merchantId, (tx) => adjustWithin(house, tx, merchantId, wish));
}

/** The same within a transaction that does more: the refund of what paid for it. */
export async function adjustWithin(
  house: Pick<House, 'clock' | 'ids'>,
  tx: Tx,
  merchantId: string,
  { clientCode, amount, ...named }: PaidIn,
): Promise<Adjusted> {
  const at = house.clock.now();
  const client = await clientOfCode(tx, clientCode, at, true);
  if (!client) return { outcome: 'unknown_client' };
  const { account } = client;
  if (account.balance.currency !== amount.currency) return { outcome: 'other_currency' };
  // Asked behind the lock and before anything is counted: what a repeat took is not there a second time.
  const earlier = named.requestKey === undefined ? undefined : await movementOfRequest(tx, named.requestKey);
  if (earlier) return { outcome: 'adjusted', movement: earlier };
  if (isBeyond(client, amount)) return { outcome: 'too_large' };
  const free = spendable(account);
  if (account.kind === 'balance' && free && isNegative(plus(free, amount))) {
    return { outcome: 'not_enough', spendable: free };
  }
  const { movement } = await move(tx, {
    id: house.ids.id('clientMovement'),
    merchantId,
    clientId: client.id,
    kind: 'adjustment',
    amount,
    at,
    ...named,
  });
  return { outcome: 'adjusted', movement };
}

/** Nine digits before the point: far beyond any account, and well within what its columns hold. */
const largest = exact('999999999');

function isBeyond({ account: { balance } }: StoredClient, amount: Money): boolean {
  return amount.amount.abs().gt(largest) || plus(balance, amount).amount.abs().gt(largest);
}
