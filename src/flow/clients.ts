// The merchant's clients as he keeps them with us: an account is opened, and what is known of its holder is changed. What
// moves on it is client-accounts'.

import { amountText, type Money, zero } from '../core/money.ts';
import type { E164, Language } from '../core/ids.ts';
import type { TariffPlan } from '../core/tariff.ts';
import { clientOfCode, clientOfRequest, insertClient, updateClient } from '../store/client-accounts.ts';
import { type ClientRecord, readClient } from '../store/client-records.ts';
import type { Tx } from '../store/database.ts';
import { pinMark } from './client-accounts.ts';
import type { House } from './house.ts';

export interface ClientWish {
  code: string;
  name?: string;
  /** Its mark is kept, never itself. */
  pin?: string;
  numbers: readonly E164[];
  kind: 'balance' | 'monthly';
  currency: string;
  /** Of a monthly account, in its currency. */
  ceiling?: Money;
  language?: Language;
  /** In the account's currency. */
  tariffPlan?: TariffPlan;
}

/** `null` takes away what was there. */
export interface ClientChanges {
  name?: string | null;
  pin?: string | null;
  numbers?: readonly E164[];
  ceiling?: Money | null;
  language?: Language | null;
  tariffPlan?: TariffPlan | null;
  active?: boolean;
}

export type ClientKept =
  | { outcome: 'kept'; client: ClientRecord }
  /** The code, or one of the numbers, is another client's. */
  | { outcome: 'taken' }
  | { outcome: 'unknown_client' }
  /** Of a ceiling or tariff: not the account's. */
  | { outcome: 'other_currency' }
  /** A balance ends by itself. */
  | { outcome: 'no_ceiling' };

/** Undoes what was written until a number turned out to be another's. */
class Taken extends Error {}

async function unlessTaken(act: () => Promise<ClientKept>): Promise<ClientKept> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Taken) return { outcome: 'taken' };
    throw error;
  }
}

/** `requestKey`: names the request. A repeat of it is answered as the first was, whatever has become of the account. */
export async function createClient(
  house: House,
  merchantId: string,
  wish: ClientWish,
  requestKey?: string,
): Promise<ClientKept> {
  const { pin, ceiling, numbers, ...rest } = wish;
  const refused = refusal(wish, wish);
  if (refused) return { outcome: refused };
  const id = house.ids.id('client');
  return unlessTaken(() =>
    house.db.asMerchant(merchantId, async (tx) => {
      const earlier = requestKey === undefined ? undefined : await clientOfRequest(tx, requestKey);
      if (earlier) return { outcome: 'kept', client: asOpened(house, wish, earlier) };
      const inserted = await insertClient(tx, {
        ...rest,
        ...(requestKey !== undefined && { requestKey }),
        id,
        merchantId,
        numbers: [...new Set(numbers)],
        ...(ceiling && { ceiling: amountText(ceiling) }),
        ...(pin !== undefined && { pinMark: pinMark(house, id, pin) }),
      });
      if (inserted === 'taken') throw new Taken();
      return { outcome: 'kept', client: await recordOf(house, tx, wish.code) };
    }),
  );
}

/** What he was when the account was opened by this wish. */
function asOpened(
  house: House,
  { code, name, pin, numbers, kind, currency, ceiling, language, tariffPlan }: ClientWish,
  { id, createdAt }: { id: string; createdAt: Date },
): ClientRecord {
  const none = zero(currency);
  return {
    id,
    code,
    name: name ?? null,
    pinMark: pin === undefined ? null : pinMark(house, id, pin),
    language: language ?? null,
    active: true,
    tariffPlan: tariffPlan ?? null,
    account: { kind, balance: none, reserved: none, ...(ceiling && { ceiling }) },
    disputed: none,
    numbers: [...new Set(numbers)].sort(),
    createdAt,
  };
}

export async function changeClient(
  house: House,
  merchantId: string,
  code: string,
  { pin, ceiling, numbers, ...rest }: ClientChanges,
): Promise<ClientKept> {
  return unlessTaken(() =>
    house.db.asMerchant(merchantId, async (tx) => {
      const client = await clientOfCode(tx, code, house.clock.now(), true);
      if (!client) return { outcome: 'unknown_client' };
      const { kind, balance } = client.account;
      const refused = refusal(
        { kind, currency: balance.currency },
        { ...(ceiling && { ceiling }), ...(rest.tariffPlan && { tariffPlan: rest.tariffPlan }) },
      );
      if (refused) return { outcome: refused };
      const updated = await updateClient(
        tx,
        { merchantId, id: client.id },
        {
          ...rest,
          ...(ceiling !== undefined && { ceiling: ceiling && amountText(ceiling) }),
          ...(pin !== undefined && { pinMark: pin === null ? null : pinMark(house, client.id, pin) }),
          ...(numbers && { numbers: [...new Set(numbers)] }),
        },
      );
      if (updated === 'taken') throw new Taken();
      return { outcome: 'kept', client: await recordOf(house, tx, code) };
    }),
  );
}

function refusal(
  { kind, currency }: Pick<ClientWish, 'kind' | 'currency'>,
  { ceiling, tariffPlan }: Pick<ClientWish, 'ceiling' | 'tariffPlan'>,
): 'no_ceiling' | 'other_currency' | undefined {
  if (ceiling && kind === 'balance') return 'no_ceiling';
  if (ceiling && ceiling.currency !== currency) return 'other_currency';
  return tariffPlan && tariffPlan.standard.currency !== currency ? 'other_currency' : undefined;
}

async function recordOf(house: House, tx: Tx, code: string): Promise<ClientRecord> {
  const client = await readClient(tx, code, house.clock.now());
  if (!client) throw new Error('A client who was just written is not there.');
  return client;
}
