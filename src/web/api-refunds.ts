// Routes about money that was taken: giving it back, and answering a caller's bank that disputes it.

import { amountText, isCurrency, type Money, money } from '../core/money.ts';
import type { House } from '../flow/house.ts';
import { refundPayment } from '../flow/refund-payment.ts';
import {
  listDisputes,
  readDispute,
  readOrderEvidence,
  type OrderEvidence,
  type StoredDispute,
} from '../store/disputes.ts';
import { readPaymentOfOrder } from '../store/payments.ts';
import { listRefunds, type StoredRefund } from '../store/refunds.ts';
import { idParams, moneyShape } from './api-shapes.ts';
import { evidencePage } from './evidence-page.ts';
import { type ApiAnswer, type ApiRoutes, z } from './routes.ts';

const refundBody = z
  .strictObject({
    amount: moneyShape.optional().meta({
      description: 'How much, in the order’s currency; all that is left when absent.',
    }),
    reason: z
      .string()
      .min(1)
      .max(500)
      .optional()
      .meta({ description: 'Your own words; returns in the notices.', example: 'Bad line' }),
  })
  .openapi('RefundRequest');

const refundShape = z
  .object({
    id: z.string().meta({ example: 'ref_01jd0000000000000000000000' }),
    orderId: z.string(),
    amount: moneyShape.meta({ description: 'What was asked for.' }),
    refunded: moneyShape.meta({ description: 'What the card processor has given back of it.' }),
    state: z.enum(['pending', 'refunded', 'failed']).meta({
      description:
        '`pending`: the card processor has not answered yet, it is asked again by itself. `refunded`: it has taken it. `failed`: ' +
        'refused, or sent back by the caller’s bank.',
    }),
    reason: z.string().nullable(),
    failure: z
      .string()
      .nullable()
      .meta({ description: 'The card processor’s code for what was not given back.' }),
    createdAt: z.iso.datetime(),
    settledAt: z.iso.datetime().nullable(),
  })
  .openapi('Refund');

const refundList = z
  .object({ data: z.array(refundShape).meta({ description: 'Oldest first.' }) })
  .openapi('RefundList');

const disputeShape = z
  .object({
    id: z.string().meta({ example: 'dsp_01jd0000000000000000000000' }),
    orderId: z.string(),
    processorId: z.string().meta({ description: 'The card processor’s own name for it.' }),
    amount: moneyShape,
    reason: z.string().meta({ description: 'The bank’s, in the card processor’s word.' }),
    state: z.enum(['needs_response', 'under_review', 'won', 'lost', 'warning']).meta({
      description:
        '`warning`: the bank asks, nothing is taken. `needs_response`, `under_review`: the amount is withheld. `won`: it is yours ' +
        'again. `lost`: it is the caller’s.',
    }),
    evidenceDueBy: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .openapi('Dispute');

const disputeQuery = z.object({
  after: z.string().max(64).optional().meta({ description: 'The cursor `next` of the page before.' }),
  limit: z.coerce.number().int().min(1).max(200).default(50).meta({ description: 'How many at most.' }),
  order: z.string().max(64).optional().meta({ description: 'Of this order only.' }),
});

const disputePage = z
  .object({
    data: z.array(disputeShape).meta({ description: 'Newest first.' }),
    next: z.string().nullable().meta({ description: 'Cursor of the next page; null on the last.' }),
  })
  .openapi('DisputePage');

const evidenceShape = z
  .looseObject({
    dispute: disputeShape,
    order: z
      .looseObject({})
      .meta({ description: 'What was bought, by whom, from whom, under which tariff.' }),
    agreed: z.array(z.looseObject({})).meta({ description: 'What was shown and agreed to, word for word.' }),
    holds: z.array(z.looseObject({})).meta({ description: 'What was held on which card, and taken of it.' }),
    call: z.looseObject({}).nullable(),
    events: z
      .array(z.looseObject({}))
      .meta({ description: 'What happened on the call, key presses among it.' }),
    legs: z.array(z.looseObject({})).meta({ description: 'The telephone switch’s own record of each leg.' }),
    receipt: z.looseObject({}).nullable(),
    refunds: z.array(z.looseObject({})),
    notices: z.array(z.looseObject({})).meta({ description: 'What you were told, and when.' }),
  })
  .openapi('DisputeEvidence');

export function refundRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'post',
    path: '/v1/orders/{id}/refunds',
    area: 'money',
    stepUp: true,
    name: 'refundOrder',
    summary: 'Give back what was debited for an order, whole or part.',
    description:
      'Send an Idempotency-Key: a repeat after a lost answer then is the same refund. Never more is given back than was debited ' +
      'and not given back yet; of a top-up never more than is left of the balance, and without an amount that much. Our fee goes back in proportion. What came of it is told by `payment.refunded` or ' +
      '`payment.refund_failed`.',
    params: idParams,
    body: refundBody,
    answer: { status: 201, description: 'The refund, carried out or under way.', shape: refundShape },
    problems: [
      'unknown-id',
      'nothing-captured',
      'talk-not-over',
      'refund-too-much',
      'top-up-spent',
      'other-currency',
      'refund-refused',
    ],
    act: async ({ merchantId, params, body, requestKey }): Promise<ApiAnswer> => {
      const amount = body.amount && amountOf(body.amount);
      if (amount === 'unreadable') return { problem: { kind: 'other-currency' }, began: false };
      const made = await refundPayment(house, merchantId, {
        orderId: params.id,
        ...(amount !== undefined && { amount }),
        ...(body.reason !== undefined && { reason: body.reason }),
        ...(requestKey !== undefined && { requestKey }),
      });
      switch (made.outcome) {
        case 'made':
          if (made.refund.state !== 'failed') return { status: 201, body: refundOf(made.refund) };
          return {
            problem: { kind: 'refund-refused', members: { refund: refundOf(made.refund) } },
            began: true,
          };
        case 'too_much':
          return { problem: { kind: 'refund-too-much', members: { left: said(made.left) } }, began: false };
        case 'spent':
          return { problem: { kind: 'top-up-spent', members: { left: said(made.left) } }, began: false };
        case 'nothing_captured':
          return { problem: { kind: 'nothing-captured' }, began: false };
        case 'talk_not_over':
          return { problem: { kind: 'talk-not-over' }, began: false };
        case 'other_currency':
          return { problem: { kind: 'other-currency' }, began: false };
        case 'unknown_order':
          return { problem: { kind: 'unknown-id' }, began: false };
      }
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/orders/{id}/refunds',
    area: 'money',
    name: 'listRefunds',
    summary: 'The refunds of an order, oldest first.',
    params: idParams,
    answer: { status: 200, description: 'All of them.', shape: refundList },
    problems: ['unknown-id'],
    act: async ({ merchantId, params }): Promise<ApiAnswer> => {
      const found = await house.db.asMerchant(merchantId, async (tx) =>
        (await readPaymentOfOrder(tx, params.id)) ? listRefunds(tx, params.id) : undefined,
      );
      if (!found) return { problem: { kind: 'unknown-id' }, began: false };
      return { status: 200, body: { data: found.map(refundOf) } };
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/disputes',
    area: 'money',
    name: 'listDisputes',
    summary: 'Disputes of callers’ banks, newest first.',
    query: disputeQuery,
    answer: { status: 200, description: 'A page of disputes.', shape: disputePage },
    problems: [],
    act: async ({ merchantId, query: { after, limit, order } }): Promise<ApiAnswer> => {
      const filter = {
        limit: limit + 1,
        ...(after !== undefined && { after }),
        ...(order !== undefined && { orderId: order }),
      };
      const found = await house.db.asMerchant(merchantId, (tx) => listDisputes(tx, filter));
      const page = found.slice(0, limit);
      const next = found.length > limit ? (page.at(-1)?.id ?? null) : null;
      return { status: 200, body: { data: page.map(disputeOf), next } };
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/disputes/{id}/evidence',
    area: 'money',
    name: 'readDisputeEvidence',
    summary: 'Everything a dispute can be answered with, as it was written down when it happened.',
    description: 'With `Accept: text/html` as one page to read, print or send to the bank.',
    params: idParams,
    answer: { status: 200, description: 'The evidence.', shape: evidenceShape, html: true },
    problems: ['unknown-id'],
    act: async ({ merchantId, params, language }): Promise<ApiAnswer> => {
      const found = await house.db.asMerchant(merchantId, async (tx) => {
        const dispute = await readDispute(tx, params.id);
        const pack = dispute && (await readOrderEvidence(tx, dispute.orderId));
        return dispute && pack ? { dispute, pack } : undefined;
      });
      if (!found) return { problem: { kind: 'unknown-id' }, began: false };
      const { dispute, pack } = found;
      return {
        status: 200,
        body: evidenceOf(dispute, pack),
        html: evidencePage(dispute, pack, language),
      };
    },
  });
}

/** In a currency we know, with no more decimals than it has, above nothing. */
function amountOf({ amount, currency }: z.output<typeof moneyShape>): Money | 'unreadable' {
  if (!isCurrency(currency)) return 'unreadable';
  const read = money(amount, currency);
  try {
    amountText(read);
  } catch {
    return 'unreadable';
  }
  return read.amount.gt(0) ? read : 'unreadable';
}

function said(amount: Money): { amount: string; currency: string } {
  return { amount: amountText(amount), currency: amount.currency };
}

function refundOf(refund: StoredRefund): object {
  return {
    id: refund.id,
    orderId: refund.orderId,
    amount: said(refund.amount),
    refunded: said(refund.refunded),
    state: refund.state,
    reason: refund.reason ?? null,
    failure: refund.failure ?? null,
    createdAt: refund.createdAt,
    settledAt: refund.settledAt ?? null,
  };
}

function disputeOf(dispute: StoredDispute): object {
  return {
    id: dispute.id,
    orderId: dispute.orderId,
    processorId: dispute.processorId,
    amount: said(dispute.amount),
    reason: dispute.reason,
    state: dispute.state,
    evidenceDueBy: dispute.evidenceDueBy ?? null,
    createdAt: dispute.createdAt,
    updatedAt: dispute.updatedAt,
  };
}

function evidenceOf(dispute: StoredDispute, pack: OrderEvidence): object {
  return { dispute: disputeOf(dispute), ...pack };
}
