// What goes over the merchant API about accounts kept here, as shapes: checked where it comes in, published in /openapi.json.

import { moneyShape } from './api-shapes.ts';
import { z } from './routes.ts';

const code = z.string().regex(/^[0-9]{2,20}$/, { error: 'Must be 2 to 20 digits.' });
export const codeParams = z.object({ code });
const pin = z
  .string()
  .regex(/^[0-9]{4,8}$/, { error: 'Must be 4 to 8 digits.' })
  .meta({ description: 'Asked for with the code on the telephone. Never shown again.', example: '4711' });
const numbers = z
  .array(z.string().regex(/^\+[1-9]\d{4,14}$/, { error: 'Must be E.164, such as +33612345678.' }))
  .max(20)
  .meta({ description: 'Numbers he is recognized by without his code, in E.164.' });
const name = z.string().min(1).max(120);
const language = z.enum(['fr', 'en']).meta({ description: 'Spoken to him; the line’s when there is none.' });
const tariffPlan = z.looseObject({}).meta({
  description:
    'His own prices instead of the line’s: `timeZone`, `standard` and `windows`, each tariff as GET /v1/lines shows it.',
});
const kind = z.enum(['balance', 'monthly']).meta({
  description: '`balance`: he talks what was paid in. `monthly`: billed by you at the month’s end.',
});
const reference = z.string().min(1).max(200).meta({ description: 'Your own word; stands in the statement.' });

export const clientBody = z
  .strictObject({
    code: code.meta({ description: 'What he keys, 2 to 20 digits. It never changes.', example: '2001' }),
    name: name.optional(),
    pin: pin.optional(),
    numbers: numbers.default([]),
    kind,
    currency: z
      .string()
      .length(3)
      .meta({ description: 'ISO 4217; that of the lines he calls.', example: 'EUR' }),
    ceiling: moneyShape.optional().meta({
      description:
        'Of a monthly account: what may be talked in a month of your calendar; without one, anything.',
    }),
    language: language.optional(),
    tariffPlan: tariffPlan.optional(),
  })
  .openapi('ClientRequest');

export const clientChange = z
  .strictObject({
    active: z.boolean().optional().meta({ description: '`false`: he is refused, and keeps what he has.' }),
    name: name.nullable().optional(),
    pin: pin.nullable().optional(),
    numbers: numbers.optional(),
    ceiling: moneyShape.or(z.null()).optional(),
    language: language.nullable().optional(),
    tariffPlan: tariffPlan.nullable().optional(),
  })
  .openapi('ClientChange');

export const clientShape = z
  .object({
    code: z.string(),
    name: z.string().nullable(),
    active: z.boolean(),
    kind,
    balance: moneyShape.meta({
      description:
        'What was paid in and not talked; of a monthly account what moved this month, talk negative. Below nothing where ' +
        'banks have taken back what was talked: no call is let in then.',
    }),
    reserved: moneyShape.meta({ description: 'What his calls under way may still cost.' }),
    disputed: moneyShape.meta({
      description:
        'What banks have taken back of his top-ups by card and not given again; the balance is without it.',
    }),
    spendable: moneyShape.or(z.null()).meta({ description: 'What another call could cost; null: anything.' }),
    ceiling: moneyShape.or(z.null()),
    hasPin: z.boolean(),
    numbers: z.array(z.string()),
    language: language.nullable(),
    tariffPlan: z.looseObject({}).nullable(),
    createdAt: z.iso.datetime(),
  })
  .openapi('Client');

export const clientQuery = z.object({
  after: code.optional().meta({ description: 'The code of the last client you have.' }),
  limit: z.coerce.number().int().min(1).max(200).default(50).meta({ description: 'How many at most.' }),
});
export const clientPage = z
  .object({
    data: z.array(clientShape).meta({ description: 'By code.' }),
    next: z.string().nullable().meta({ description: 'Cursor of the next page; null on the last.' }),
  })
  .openapi('ClientPage');

const movementKind = z.enum(['top_up', 'call', 'adjustment', 'refund', 'dispute']).meta({
  description:
    '`refund`: a top-up by card given back, or credit again where the refund came to nothing. `dispute`: taken back by the ' +
    'bank, or given again when the dispute was won.',
});
const movementFields = {
  id: z.string().meta({ example: 'mov_01jd0000000000000000000000' }),
  kind: movementKind,
  amount: moneyShape.meta({ description: 'Paid in above nothing, talked below.' }),
  at: z.iso.datetime(),
  orderId: z.string().nullable().meta({ description: 'The call’s order, or the one that paid.' }),
  callSessionId: z.string().nullable(),
  refundId: z.string().nullable(),
  disputeId: z.string().nullable().meta({ description: 'As GET /v1/disputes lists it.' }),
  seconds: z.int().nullable().meta({ description: 'Billed, of a call.' }),
  reference: z.string().nullable(),
};
export const movementShape = z
  .object({
    ...movementFields,
    position: z.int(),
    balanceAfter: moneyShape.meta({ description: 'All movements until then together.' }),
  })
  .openapi('ClientMovement');

export const movementQuery = z.object({
  after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional().meta({
    description: 'The position of the last movement you have.',
  }),
  limit: z.coerce.number().int().min(1).max(500).default(100).meta({ description: 'How many at most.' }),
});
export const movementPage = z
  .object({
    data: z.array(movementShape).meta({ description: 'Oldest first.' }),
    next: z.int().nullable().meta({ description: 'Ask on from here, now or later.' }),
    hasMore: z.boolean(),
  })
  .openapi('ClientMovementPage');

export const topUpBody = z
  .strictObject({
    amount: moneyShape.shape.amount.meta({ description: 'Above nothing.', example: '20.00' }),
    currency: moneyShape.shape.currency,
    reference: reference.optional(),
  })
  .openapi('TopUpRequest');
export const adjustmentBody = z
  .strictObject({
    amount: moneyShape.shape.amount.meta({ description: 'Signed, not nothing.', example: '-2.50' }),
    currency: moneyShape.shape.currency,
    reason: reference,
  })
  .openapi('AdjustmentRequest');

export const statementQuery = z.object({
  month: z
    .string()
    .regex(/^20\d\d-(0[1-9]|1[0-2])$/, { error: 'Must be a month such as 2026-11.' })
    .optional()
    .meta({ description: 'By your calendar; the one that runs when absent.', example: '2026-11' }),
  format: z.enum(['json', 'csv']).optional().meta({ description: 'Instead of `Accept`.' }),
});
export const statementShape = z
  .object({
    code: z.string(),
    name: z.string().nullable(),
    kind,
    month: z.string(),
    timeZone: z.string(),
    opening: moneyShape.meta({ description: 'A monthly account begins each month with nothing.' }),
    toppedUp: moneyShape,
    talked: moneyShape.meta({ description: 'Negative.' }),
    adjusted: moneyShape,
    refunded: moneyShape.meta({ description: 'Negative.' }),
    disputed: moneyShape.meta({ description: 'Negative, unless more was won than taken.' }),
    closing: moneyShape.meta({ description: 'The opening and all movements together.' }),
    seconds: z.int().meta({ description: 'Billed, of all calls.' }),
    movements: z
      .array(z.object({ ...movementFields, balance: moneyShape }))
      .meta({ description: 'Oldest first, each with the balance after it.' }),
  })
  .openapi('ClientStatement');
