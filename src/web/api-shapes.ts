// What goes over the merchant API, as shapes: checked where it comes in, published in /openapi.json. Amounts are decimal
// text with their currency, instants ISO 8601 in UTC, durations say their unit in the name.

import { callStates } from '../core/call-session.ts';
import { actorKinds } from '../store/audit.ts';
import { ledgerKinds } from '../store/ledger.ts';
import { z } from './routes.ts';

const instant = (description: string) =>
  z.iso.datetime().meta({ description, example: '2025-11-21T12:00:00.000Z' });

export const moneyShape = z
  .object({
    amount: z
      .string()
      .regex(/^-?\d+(\.\d+)?$/)
      .meta({
        description: 'With exactly the decimals of its currency: `25.00`, `1500` (JPY), `1.500` (KWD).',
        example: '25.00',
      }),
    currency: z.string().length(3).meta({ description: 'ISO 4217.', example: 'EUR' }),
  })
  .openapi('Money');

const reference = z
  .string()
  .min(1)
  .max(200)
  .meta({ description: 'Your own name for the order; returns in every notice.', example: 'basket-4711' });

export const lineSlug = z
  .string()
  .min(1)
  .max(63)
  .meta({ description: 'The line, by its name in links.', example: 'demo' });

/** `&limit=`: how many at most. */
const limit = (most: number) =>
  z.coerce.number().int().min(1).max(most).default(50).meta({ description: 'How many at most.' });

export const idParams = z.object({
  id: z.string().regex(/^[a-z]{2,4}_[0-9A-Za-z]{1,64}$/),
});

// --- Callbacks ---------------------------------------------------------------------------------------------------

export const callbackBody = z
  .strictObject({
    line: lineSlug,
    callerNumber: z.string().min(1).max(40).optional().meta({
      description: 'Who is called back: E.164, or as dialled in your country. Needed for a conversation.',
      example: '+33612345678',
    }),
    paymentMethod: z
      .string()
      .regex(/^pm_[0-9A-Za-z_]{1,250}$/)
      .optional()
      .meta({
        description:
          'A Stripe payment method, confirmed at once. Without it, or where the bank asks for authentication, the caller pays on ' +
          '`paymentUrl`.',
        example: 'pm_card_visa',
      }),
    reference: reference.optional(),
    consultant: z.string().min(1).max(64).optional().meta({
      description: 'Only this consultant is rung; otherwise whoever is free.',
      example: 'con_01jd0000000000000000000000',
    }),
    minutes: z.int().min(1).max(1440).optional().meta({
      description:
        'The longest talk that is paid for: one of the line’s durations, the first of them by default.',
      example: 20,
    }),
    language: z.enum(['fr', 'en']).default('fr').meta({ description: 'What the caller hears and reads.' }),
    email: z.email().max(254).optional().meta({ description: 'Where the receipt goes.' }),
    returnUrl: z.url().max(2000).optional().meta({
      description: 'Where our page leads afterwards; on an origin you have listed.',
    }),
    callerIp: z.union([z.ipv4(), z.ipv6()]).optional().meta({
      description:
        'Where your visitor’s own request came from: counted against abuse of his connection, never stored as it is.',
      example: '203.0.113.7',
    }),
    moreTime: z
      .boolean()
      .optional()
      .meta({
        description:
          'The caller agreed that near the limit he may ask for more time, as often and as long as the line sells: each time ' +
          'more is held on the same card, and only when he asks. Tell him so before you order. A line whose price is taken at connection ' +
          'sells none.',
      }),
  })
  .openapi('CallbackRequest');

// --- Links to the page -------------------------------------------------------------------------------------------

export const pageLinkBody = z
  .strictObject({
    line: lineSlug,
    consultant: z.string().min(1).max(64).optional(),
    minutes: z.int().min(1).max(1440).optional(),
    phone: z.string().min(1).max(40).optional(),
    reference: reference.optional(),
    returnUrl: z.url().max(1000).optional().meta({
      description: 'Where the page leads afterwards; on an origin you have listed.',
    }),
  })
  .openapi('PageLinkRequest');

export const pageLinkAnswer = z
  .object({ url: z.url().meta({ description: 'Signed: the visitor can change nothing of it.' }) })
  .openapi('PageLink');

const callState = z.enum(callStates).meta({
  description:
    '`awaiting_payment`, `ringing_consultant`, `ringing_caller`, `led` (he is in the scenario of `afterPayment`, and nobody is rung), `connected`, `ended` (the talk is over), `settled` (and the money too).',
});

const nothingConnected = 'null until then.';

export const callbackAnswer = z
  .object({
    id: z.string().nullable().meta({
      description: 'The call session; null where the line sells something without a call.',
      example: 'call_01jd0000000000000000000000',
    }),
    orderId: z.string().meta({ example: 'ord_01jd0000000000000000000000' }),
    state: z.union([callState, z.literal('fixed_sale')]),
    paymentUrl: z.url().nullable().meta({
      description: 'Our page where the caller pays or authenticates; null when nothing is left to do.',
    }),
    orderUrl: z.url().meta({ description: 'The order’s own page: the call as it goes, then the receipt.' }),
  })
  .openapi('Callback');

// --- Call sessions -----------------------------------------------------------------------------------------------

export const sessionShape = z
  .object({
    id: z.string(),
    orderId: z.string(),
    line: z.string(),
    source: z.enum(['page', 'api', 'phone']).meta({
      description:
        'Where it was ordered. `phone`: in a call of a scenario, by a card keyed there. Nobody rang him for it: he was there.',
    }),
    reference: z.string().nullable(),
    state: callState,
    outcome: z
      .string()
      .nullable()
      .meta({
        description:
          'How it ended, null until then: `talked`, `limit_reached`, `nobody_took_it`, `caller_unreachable`, `caller_refused`, ' +
          '`caller_left`, `consultant_left`, `payment_failed`, `payment_abandoned`, `cancelled`, `failed`.',
      }),
    consultant: z.string().nullable(),
    callerNumber: z.string().nullable().meta({
      description:
        'null: he called us himself, and withholds his number or his carrier does not vouch for it.',
    }),
    talkTimeSeconds: z.number().meta({
      description:
        'From the joining of both to the first of their leaving, by the switch’s clock, with milliseconds.',
      example: 61.25,
    }),
    billableSeconds: z.int().meta({ description: 'What was priced, in increments of the tariff.' }),
    authorized: moneyShape,
    captured: moneyShape,
    released: moneyShape,
    createdAt: instant('When it was ordered.'),
    connectedAt: z.iso
      .datetime()
      .nullable()
      .meta({ description: `When both were joined; ${nothingConnected}` }),
    endedAt: z.iso
      .datetime()
      .nullable()
      .meta({ description: `When it ended; ${nothingConnected}` }),
    events: z
      .array(z.looseObject({ name: z.string(), at: z.iso.datetime() }))
      .meta({ description: 'What happened, in order, with the facts of each.' }),
  })
  .openapi('CallSession');

export const sessionQuery = z.object({
  after: z.string().max(64).optional().meta({ description: 'The cursor `next` of the page before.' }),
  limit: limit(200),
  state: callState.optional(),
  line: lineSlug.optional(),
  reference: reference.optional(),
  from: z.iso
    .datetime({ offset: true })
    .optional()
    .meta({ description: 'Ordered at this instant or later.' }),
  to: z.iso.datetime({ offset: true }).optional().meta({ description: 'Ordered before this instant.' }),
});

export const sessionPage = z
  .object({
    data: z.array(sessionShape).meta({ description: 'Newest first.' }),
    next: z.string().nullable().meta({ description: 'Cursor of the next page; null on the last.' }),
  })
  .openapi('CallSessionPage');

export const hangupAnswer = z
  .object({ id: z.string(), requested: z.literal(true) })
  .openapi('HangupRequested');

// --- Notices -----------------------------------------------------------------------------------------------------

export const noticeShape = z
  .object({
    id: z.string().meta({ description: 'The `webhook-id` of every delivery of it.' }),
    type: z.string(),
    sequence: z.int().meta({ description: '1, 2, 3 as things happened, per order or per consultant.' }),
    orderId: z.string().nullable().meta({ description: 'Null: it is about a consultant.' }),
    callSessionId: z.string().nullable(),
    consultantId: z.string().nullable(),
    state: z.enum(['pending', 'delivered', 'parked']),
    tries: z.int(),
    nextTryAt: z.iso.datetime().nullable(),
    lastStatus: z.int().nullable().meta({ description: 'The last HTTP status your address answered.' }),
    lastProblem: z.string().nullable(),
    createdAt: instant('When it was written, with the change it tells of.'),
    body: z.looseObject({}).meta({ description: 'What is posted.' }),
  })
  .openapi('Notice');

export const noticeQuery = z.object({
  after: z.string().max(64).optional().meta({ description: 'The id of the last notice you have.' }),
  limit: limit(200),
});

export const noticePage = z
  .object({
    data: z.array(noticeShape).meta({ description: 'Oldest first.' }),
    next: z.string().nullable().meta({ description: 'Ask on from here, now or later.' }),
    hasMore: z.boolean(),
  })
  .openapi('NoticePage');

export const replayAnswer = z
  .object({ id: z.string(), state: z.literal('pending') })
  .openapi('NoticeReplayed');

// --- Ledger ------------------------------------------------------------------------------------------------------

export const ledgerQuery = z.object({
  after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional().meta({
    description: 'The position of the last entry you have.',
  }),
  order: z.string().max(64).optional().meta({ description: 'Of this order only.' }),
  limit: z.coerce.number().int().min(10).max(500).default(100).meta({
    description: 'How many entries at most; a transaction is never split between two pages.',
  }),
});

export const ledgerPage = z
  .object({
    data: z
      .array(
        z.object({
          position: z.int(),
          transactionId: z.string(),
          orderId: z.string(),
          kind: z.enum(ledgerKinds),
          account: z.enum(['card', 'held', 'merchant', 'platform', 'written_off', 'disputed']),
          amount: moneyShape,
          at: z.iso.datetime(),
        }),
      )
      .meta({
        description: 'Oldest first; the entries of one transaction share a position and sum to zero.',
      }),
    next: z.int().nullable().meta({ description: 'Ask on from here, now or later.' }),
    hasMore: z.boolean(),
  })
  .openapi('LedgerPage');

/** A person, a key, an operator who acts for the merchant. */
export const actorShape = z.object({
  kind: z.enum(actorKinds),
  id: z.string(),
  name: z.string().nullable(),
});
