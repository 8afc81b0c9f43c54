// Routes that only read: call sessions, notices, the ledger.

import { amountText, type Money } from '../core/money.ts';
import type { House } from '../flow/house.ts';
import {
  listCallSessions,
  listLedger,
  listNotices,
  readCallSession,
  type CallSessionView,
  type LedgerLine,
  type NoticeView,
} from '../store/record-views.ts';
import {
  idParams,
  ledgerPage,
  ledgerQuery,
  noticePage,
  noticeQuery,
  sessionPage,
  sessionQuery,
  sessionShape,
} from './api-shapes.ts';
import type { ApiRoutes } from './routes.ts';

export function recordRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'get',
    path: '/v1/call-sessions/{id}',
    area: 'calls',
    name: 'readCallSession',
    summary: 'One call session: how it goes or went, and its money.',
    params: idParams,
    answer: { status: 200, description: 'The call session.', shape: sessionShape },
    problems: ['unknown-id'],
    act: async ({ merchantId, params }) => {
      const session = await house.db.asMerchant(merchantId, (tx) => readCallSession(tx, params.id));
      if (!session) return { problem: { kind: 'unknown-id' }, began: false };
      return { status: 200, body: sessionBody(session) };
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/call-sessions',
    area: 'calls',
    name: 'listCallSessions',
    summary: 'Call sessions, newest first.',
    query: sessionQuery,
    answer: { status: 200, description: 'A page of call sessions.', shape: sessionPage },
    problems: [],
    act: async ({ merchantId, query }) => {
      const { after, limit, state, line, reference, from, to } = query;
      const filter = {
        limit: limit + 1,
        ...(after === undefined ? {} : { after }),
        ...(state === undefined ? {} : { state }),
        ...(line === undefined ? {} : { line }),
        ...(reference === undefined ? {} : { reference }),
        ...(from === undefined ? {} : { from: new Date(from) }),
        ...(to === undefined ? {} : { to: new Date(to) }),
      };
      const found = await house.db.asMerchant(merchantId, (tx) => listCallSessions(tx, filter));
      const page = found.slice(0, limit);
      const next = found.length > limit ? (page.at(-1)?.id ?? null) : null;
      return { status: 200, body: { data: page.map(sessionBody), next } };
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/notices',
    area: 'settings',
    name: 'listNotices',
    summary: 'Notices, oldest first: everything you were told or should have been.',
    query: noticeQuery,
    answer: { status: 200, description: 'A page of notices.', shape: noticePage },
    problems: [],
    act: async ({ merchantId, query: { after, limit } }) => {
      const filter = { limit: limit + 1, ...(after === undefined ? {} : { after }) };
      const found = await house.db.asMerchant(merchantId, (tx) => listNotices(tx, filter));
      const page = found.slice(0, limit);
      const next = page.at(-1)?.id ?? after ?? null;
      return {
        status: 200,
        body: { data: page.map(noticeEntry), next, hasMore: found.length > limit },
      };
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/ledger-entries',
    area: 'money',
    name: 'listLedgerEntries',
    summary: 'The double-entry ledger of your orders, oldest first.',
    query: ledgerQuery,
    answer: { status: 200, description: 'A page of ledger entries.', shape: ledgerPage },
    problems: [],
    act: async ({ merchantId, query: { after, order, limit } }) => {
      const filter = {
        limit: limit + 1,
        ...(after === undefined ? {} : { after }),
        ...(order === undefined ? {} : { orderId: order }),
      };
      const found = await house.db.asMerchant(merchantId, (tx) => listLedger(tx, filter));
      const page = found.length > limit ? wholeTransactions(found) : found;
      return {
        status: 200,
        body: {
          data: page.map((entry) => ({ ...entry, amount: moneyBody(entry.amount) })),
          next: page.at(-1)?.position ?? after ?? null,
          hasMore: found.length > limit,
        },
      };
    },
  });
}

/**
 * The cursor is a transaction's position: the last one, which may go on beyond the page, is left for the next. A page
 * holds at least ten entries and a transaction at most one per account, so something is always left.
 */
function wholeTransactions(entries: readonly LedgerLine[]): LedgerLine[] {
  const last = entries.at(-1)?.position;
  return entries.filter((entry) => entry.position !== last);
}

function moneyBody(money: Money): { amount: string; currency: string } {
  return { amount: amountText(money), currency: money.currency };
}

function sessionBody(session: CallSessionView): object {
  return {
    id: session.id,
    orderId: session.orderId,
    line: session.line,
    source: session.source,
    reference: session.reference ?? null,
    state: session.state,
    outcome: session.outcome ?? null,
    consultant: session.consultantId ?? null,
    callerNumber: session.callerNumber ?? null,
    talkTimeSeconds: session.talkTimeSeconds,
    billableSeconds: session.billableSeconds,
    authorized: moneyBody(session.authorized),
    captured: moneyBody(session.captured),
    released: moneyBody(session.released),
    createdAt: session.createdAt,
    connectedAt: session.connectedAt ?? null,
    endedAt: session.endedAt ?? null,
    events: session.events.map(({ name, at, facts }) => ({ ...facts, name, at })),
  };
}

function noticeEntry(notice: NoticeView): object {
  return {
    id: notice.id,
    type: notice.type,
    sequence: notice.sequence,
    orderId: notice.orderId ?? null,
    callSessionId: notice.callSessionId ?? null,
    consultantId: notice.consultantId ?? null,
    state: notice.state,
    tries: notice.tries,
    nextTryAt: notice.nextTryAt ?? null,
    lastStatus: notice.lastStatus ?? null,
    lastProblem: notice.lastProblem ?? null,
    createdAt: notice.createdAt,
    body: notice.body,
  };
}
