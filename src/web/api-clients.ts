// Routes about accounts kept here: the merchant's clients, what they have, what they paid in and talked.

import { spendable } from '../core/client-account.ts';
import type { E164 } from '../core/ids.ts';
import { amountText, isCurrency, type Money, money } from '../core/money.ts';
import { parseTariffPlan, type TariffPlan } from '../core/tariff.ts';
import { adjustAccount, topUp } from '../flow/client-accounts.ts';
import { changeClient, type ClientKept, createClient } from '../flow/clients.ts';
import type { House } from '../flow/house.ts';
import type { MovementRow } from '../store/client-accounts.ts';
import {
  type ClientRecord,
  listClients,
  listMovements,
  readClient,
  readStatement,
  type Statement,
} from '../store/client-records.ts';
import type { moneyShape } from './api-shapes.ts';
import {
  codeParams,
  clientBody,
  clientChange,
  clientShape,
  clientQuery,
  clientPage,
  movementShape,
  movementQuery,
  movementPage,
  topUpBody,
  adjustmentBody,
  statementQuery,
  statementShape,
} from './client-shapes.ts';
import type { ApiAnswer, ApiRoutes, z } from './routes.ts';
import { statementCsv } from './statement-csv.ts';

export function clientRoutes(routes: ApiRoutes, house: House): void {
  const now = (): Date => house.clock.now();

  routes.add({
    method: 'post',
    path: '/v1/clients',
    area: 'clients',
    name: 'createClient',
    summary: 'Opens an account for one of your clients.',
    description:
      'Send an Idempotency-Key: however late the same request is repeated with it, it is answered as the first time.',
    body: clientBody,
    answer: { status: 201, description: 'The account, with nothing on it.', shape: clientShape },
    problems: ['client-taken', 'account-currency'],
    act: async ({ merchantId, body, requestKey }): Promise<ApiAnswer> => {
      const { ceiling, tariffPlan: plan, numbers: cli, ...rest } = body;
      if (!isCurrency(body.currency)) return problem('account-currency');
      const kept = readKept(ceiling, plan);
      if ('problem' in kept) return kept;
      return keptAnswer(
        201,
        await createClient(
          house,
          merchantId,
          defined({ ...rest, ...kept, numbers: cli as E164[] }),
          requestKey,
        ),
      );
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/clients',
    area: 'clients',
    name: 'listClients',
    summary: 'Your clients with an account here, by code.',
    query: clientQuery,
    answer: { status: 200, description: 'A page of clients.', shape: clientPage },
    problems: [],
    act: async ({ merchantId, query: { after, limit } }): Promise<ApiAnswer> => {
      const found = await house.db.asMerchant(merchantId, (tx) =>
        listClients(tx, now(), { limit: limit + 1, ...(after !== undefined && { after }) }),
      );
      const page = found.slice(0, limit);
      const next = found.length > limit ? (page.at(-1)?.code ?? null) : null;
      return { status: 200, body: { data: page.map(clientOf), next } };
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/clients/{code}',
    area: 'clients',
    name: 'readClient',
    summary: 'A client: what he has, what is kept back for his calls, what he may still spend.',
    params: codeParams,
    answer: { status: 200, description: 'The account as it stands.', shape: clientShape },
    problems: ['unknown-id'],
    act: async ({ merchantId, params }): Promise<ApiAnswer> => {
      const found = await house.db.asMerchant(merchantId, (tx) => readClient(tx, params.code, now()));
      return found ? { status: 200, body: clientOf(found) } : problem('unknown-id');
    },
  });

  routes.add({
    method: 'patch',
    path: '/v1/clients/{code}',
    area: 'clients',
    name: 'changeClient',
    summary: 'Changes what is known of a client; what is left out stays, null takes away.',
    description: 'Calls under way go on as they began.',
    params: codeParams,
    body: clientChange,
    answer: { status: 200, description: 'The account as it is now.', shape: clientShape },
    problems: ['unknown-id', 'client-taken', 'account-currency'],
    act: async ({ merchantId, params, body }): Promise<ApiAnswer> => {
      const { ceiling, tariffPlan: plan, numbers: cli, ...rest } = body;
      const kept = readKept(ceiling ?? undefined, plan ?? undefined);
      if ('problem' in kept) return kept;
      const change = {
        ...rest,
        ...kept,
        ...(ceiling === null && { ceiling }),
        ...(plan === null && { tariffPlan: plan }),
        ...(cli && { numbers: cli as E164[] }),
      };
      return keptAnswer(200, await changeClient(house, merchantId, params.code, defined(change)));
    },
  });

  routes.add({
    method: 'post',
    path: '/v1/clients/{code}/top-ups',
    area: 'clients',
    stepUp: true,
    name: 'topUpClient',
    summary: 'Money a client has paid you: it is on his account.',
    description:
      'Send an Idempotency-Key: however often and however late the same request is repeated with it, the money is there once.',
    params: codeParams,
    body: topUpBody,
    answer: { status: 201, description: 'The movement that stands.', shape: movementShape },
    problems: ['unknown-id', 'account-currency', 'amount-too-large'],
    act: async ({ merchantId, params, body, requestKey }): Promise<ApiAnswer> => {
      const amount = moneyOf(body);
      if (!amount?.amount.gt(0)) return problem('account-currency');
      const done = await topUp(house, merchantId, {
        clientCode: params.code,
        amount,
        ...(body.reference !== undefined && { reference: body.reference }),
        ...(requestKey !== undefined && { requestKey }),
      });
      if (done.outcome === 'topped_up' || done.outcome === 'repeated') {
        return { status: 201, body: movementOf(done.movement, amount.currency) };
      }
      return problem(moveProblems[done.outcome]);
    },
  });

  routes.add({
    method: 'post',
    path: '/v1/clients/{code}/adjustments',
    area: 'clients',
    stepUp: true,
    name: 'adjustClient',
    summary: 'Sets an account right, up or down.',
    description:
      'A balance never goes below what its calls under way may cost. Send an Idempotency-Key, as with a top-up.',
    params: codeParams,
    body: adjustmentBody,
    answer: { status: 201, description: 'The movement that stands.', shape: movementShape },
    problems: ['unknown-id', 'account-currency', 'amount-too-large', 'balance-too-low'],
    act: async ({ merchantId, params, body, requestKey }): Promise<ApiAnswer> => {
      const amount = moneyOf(body);
      if (!amount || amount.amount.isZero()) return problem('account-currency');
      const done = await adjustAccount(house, merchantId, {
        clientCode: params.code,
        amount,
        reference: body.reason,
        ...(requestKey !== undefined && { requestKey }),
      });
      if (done.outcome === 'adjusted') {
        return { status: 201, body: movementOf(done.movement, amount.currency) };
      }
      if (done.outcome !== 'not_enough') return problem(moveProblems[done.outcome]);
      const members = { spendable: said(done.spendable) };
      return { problem: { kind: 'balance-too-low', members }, began: false };
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/clients/{code}/movements',
    area: 'clients',
    name: 'listClientMovements',
    summary: 'What moved on an account, oldest first.',
    params: codeParams,
    query: movementQuery,
    answer: { status: 200, description: 'A page of movements.', shape: movementPage },
    problems: ['unknown-id'],
    act: async ({ merchantId, params, query: { after, limit } }): Promise<ApiAnswer> => {
      const found = await house.db.asMerchant(merchantId, async (tx) => {
        const client = await readClient(tx, params.code, now());
        const from = { limit: limit + 1, ...(after !== undefined && { after }) };
        return client && { client, movements: await listMovements(tx, client.id, from) };
      });
      if (!found) return problem('unknown-id');
      const page = found.movements.slice(0, limit);
      const { currency } = found.client.account.balance;
      const data = page.map((one) => movementOf(one, currency));
      const next = page.at(-1)?.position ?? after ?? null;
      return { status: 200, body: { data, next, hasMore: found.movements.length > limit } };
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/clients/{code}/statement',
    area: 'clients',
    name: 'readClientStatement',
    summary: 'A month of an account, to the cent: opening, every movement, closing.',
    description: 'With `Accept: text/csv` or `format=csv` as a table (RFC 4180, UTF-8).',
    params: codeParams,
    query: statementQuery,
    answer: { status: 200, description: 'The month.', shape: statementShape, csv: true },
    problems: ['unknown-id'],
    act: async ({ merchantId, params, query: { month, format } }): Promise<ApiAnswer> => {
      const found = await house.db.asMerchant(merchantId, async (tx) => {
        const client = await readClient(tx, params.code, now());
        return client && { client, statement: await readStatement(tx, client, now(), month) };
      });
      if (!found) return problem('unknown-id');
      const { client, statement } = found;
      const csv = {
        text: statementCsv(statement),
        fileName: `statement-${client.code}-${statement.month}.csv`,
        asked: format === 'csv',
      };
      return { status: 200, body: statementOf(client, statement), ...(format !== 'json' && { csv }) };
    },
  });
}

const moveProblems = {
  unknown_client: 'unknown-id',
  other_currency: 'account-currency',
  too_large: 'amount-too-large',
} as const;

function problem(
  kind: 'unknown-id' | 'client-taken' | 'account-currency' | 'amount-too-large',
): Extract<ApiAnswer, { problem: unknown }> {
  return { problem: { kind }, began: false };
}

function invalid(pointer: string, ...details: string[]): Extract<ApiAnswer, { problem: unknown }> {
  const errors = details.map((detail) => ({ in: 'body', pointer, detail }));
  return { problem: { kind: 'invalid-request', members: { errors } }, began: false };
}

function keptAnswer(status: 200 | 201, kept: ClientKept): ApiAnswer {
  switch (kept.outcome) {
    case 'kept':
      return { status, body: clientOf(kept.client) };
    case 'taken':
      return problem('client-taken');
    case 'unknown_client':
      return problem('unknown-id');
    case 'other_currency':
      return problem('account-currency');
    case 'no_ceiling':
      return invalid('#/ceiling', 'Only a monthly account has a ceiling: a balance ends by itself.');
  }
}

/** Ceiling and tariff as the house reads them. */
function readKept(
  ceiling: z.output<typeof moneyShape> | undefined,
  plan: object | undefined,
): { ceiling?: Money; tariffPlan?: TariffPlan } | Extract<ApiAnswer, { problem: unknown }> {
  const limit = ceiling && moneyOf(ceiling);
  if (ceiling && !limit) return problem('account-currency');
  if (limit?.amount.lt(0)) return invalid('#/ceiling/amount', 'Must not be below nothing.');
  const parsed = plan && parseTariffPlan(plan);
  if (parsed?.outcome === 'invalid') return invalid('#/tariffPlan', ...parsed.problems);
  return { ...(limit && { ceiling: limit }), ...(parsed && { tariffPlan: parsed.plan }) };
}

/** In a currency we know, with no more decimals than it has; `undefined`: not such an amount. */
function moneyOf({ amount, currency }: z.output<typeof moneyShape>): Money | undefined {
  // Fifteen digits before the point are more than anything here holds, and few enough to be reckoned with exactly.
  if (!isCurrency(currency) || amount.length > 20) return undefined;
  const read = money(amount, currency);
  try {
    amountText(read);
  } catch {
    return undefined;
  }
  return read;
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** What was not given is not there, rather than there and undefined. */
function defined<T extends object>(given: T): Defined<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Defined<T>;
}

function said(amount: Money): { amount: string; currency: string } {
  return { amount: amountText(amount), currency: amount.currency };
}

function clientOf(client: ClientRecord): object {
  const { account } = client;
  const free = spendable(account);
  return {
    code: client.code,
    name: client.name,
    active: client.active,
    kind: account.kind,
    balance: said(account.balance),
    reserved: said(account.reserved),
    disputed: said(client.disputed),
    spendable: free ? said(free) : null,
    ceiling: account.ceiling ? said(account.ceiling) : null,
    hasPin: client.pinMark !== null,
    numbers: client.numbers,
    language: client.language,
    tariffPlan: client.tariffPlan,
    createdAt: client.createdAt,
  };
}

function movementFieldsOf(row: MovementRow, currency: string): object {
  const { id, kind: what, at, orderId, callSessionId, refundId, disputeId, seconds, reference: word } = row;
  return {
    id,
    kind: what,
    amount: said(money(row.amount, currency)),
    at,
    orderId,
    callSessionId,
    refundId,
    disputeId,
    seconds,
    reference: word,
  };
}

function movementOf(row: MovementRow, currency: string): object {
  const balanceAfter = said(money(row.balanceAfter, currency));
  return { ...movementFieldsOf(row, currency), position: row.position, balanceAfter };
}

function statementOf(client: ClientRecord, statement: Statement): object {
  const { month, timeZone, currency, opening, closing, sums, seconds, movements } = statement;
  return {
    code: client.code,
    name: client.name,
    kind: client.account.kind,
    month,
    timeZone,
    opening: said(opening),
    toppedUp: said(sums.top_up),
    talked: said(sums.call),
    adjusted: said(sums.adjustment),
    refunded: said(sums.refund),
    disputed: said(sums.dispute),
    closing: said(closing),
    seconds,
    movements: movements.map((one) => ({
      ...movementFieldsOf(one, currency),
      balance: said(one.balance),
    })),
  };
}
