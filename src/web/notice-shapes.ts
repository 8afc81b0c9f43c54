// The bodies of notices as merchants read them, one shape a kind, for the `webhooks` of /openapi.json. Shapes are loose:
// a receiver must expect fields that are added later.

import { unreachableBecause } from '../core/consultant.ts';
import type { NoticeType } from '../core/merchant-notice.ts';
import { moneyShape } from './api-shapes.ts';
import { z } from './routes.ts';
import type { ApiRoutes } from './routes.ts';

const facts = {
  sequence: z
    .int()
    .meta({ description: '1, 2, 3 as things happened, per order: what arrives late can be put in order.' }),
  orderId: z.string(),
  reference: z.string().optional(),
  line: z.string(),
};
const ofCall = { ...facts, callSessionId: z.string() };
const ofPayment = { ...facts, callSessionId: z.string().optional() };
const ofConsultant = {
  sequence: z.int().meta({ description: '1, 2, 3 as things happened, per consultant.' }),
  consultantId: z.string(),
  name: z.string(),
};
const saidState = z.object({
  reachable: z.boolean(),
  because: z.enum(unreachableBecause).nullable(),
  until: z.iso.datetime().nullable().meta({ description: 'When that ends by itself, where it does.' }),
  reason: z.string().nullable().meta({ description: 'Of a break, as he wrote it.' }),
});

const noticeData: Record<NoticeType, { says: string; data: z.ZodObject }> = {
  'payment.authorized': {
    says: 'The amount is held on the caller’s card; nothing is debited. With more time once for each further hold, with what is held in all.',
    data: z.looseObject({ ...ofPayment, authorized: moneyShape, authorizedInAll: moneyShape.optional() }),
  },
  'payment.failed': {
    says: 'Nothing could be held: the card was refused or nobody paid. The order is over.',
    data: z.looseObject({ ...ofPayment, reason: z.string() }),
  },
  'payment.captured': {
    says: 'The price was debited, the rest of what was held is released: when they have talked, or while they do, where the line’s `capture` says `at_connection`; then without a `receiptId`, since the receipt comes at the end. `clientCode` is there where it is credit for that account, `accessCodeId` where it bought an access code.',
    data: z.looseObject({
      ...ofPayment,
      captured: moneyShape,
      released: moneyShape,
      clientCode: z.string().optional(),
      accessCodeId: z.string().optional(),
    }),
  },
  'payment.released': {
    says: 'What was held and not debited is released; `because` says `hold_expired` where the bank had given it back by itself.',
    data: z.looseObject({
      ...ofPayment,
      released: moneyShape,
      captured: moneyShape.optional(),
      because: z.literal('hold_expired').optional(),
    }),
  },
  'payment.refunded': {
    says: 'An amount is given back; `because` is there where the card processor refused a part of what was asked for.',
    data: z.looseObject({
      ...ofPayment,
      refundId: z.string(),
      refunded: moneyShape,
      reason: z.string().optional(),
      because: z.string().optional(),
    }),
  },
  'payment.refund_failed': {
    says: 'A refund came to nothing: refused at once, or sent back by the caller’s bank later, even after `payment.refunded`.',
    data: z.looseObject({
      ...ofPayment,
      refundId: z.string(),
      amount: moneyShape,
      reason: z.string().optional(),
      because: z.string().optional(),
    }),
  },
  'payment.disputed': {
    says: 'The caller’s bank disputes what was debited, or has decided; told at each change. Evidence: GET /v1/disputes/{id}/evidence.',
    data: z.looseObject({
      ...ofPayment,
      disputeId: z.string(),
      amount: moneyShape,
      reason: z.string(),
      state: z.enum(['needs_response', 'under_review', 'won', 'lost', 'warning']),
      evidenceDueBy: z.iso.datetime().optional(),
      clientCode: z.string().optional().meta({ description: 'Of a top-up: whose account follows.' }),
    }),
  },
  'call.ringing': {
    says: 'The consultant or the caller is being rung.',
    data: z.looseObject({
      ...ofCall,
      party: z.enum(['consultant', 'caller']),
      consultantId: z.string().optional(),
    }),
  },
  'call.connected': {
    says: 'Both agreed and are joined; the clock runs.',
    data: z.looseObject({ ...ofCall, talkLimitSeconds: z.number() }),
  },
  'call.limit_near': {
    says: 'The talk limit is near; the caller was warned.',
    data: z.looseObject({ ...ofCall, secondsLeft: z.number(), moreTimeOffered: z.boolean().optional() }),
  },
  'call.limit_moved': {
    says: 'The caller asked for more time and it is held: the talk limit has moved.',
    data: z.looseObject({ ...ofCall, talkLimitSeconds: z.number() }),
  },
  'call.ended': {
    says: 'The call is over, with or without talk. The money follows in its own notice.',
    data: z.looseObject({
      ...ofCall,
      outcome: z.string(),
      endedBy: z.enum(['caller', 'consultant', 'limit', 'merchant', 'switch']).optional(),
      talkTimeSeconds: z.number(),
    }),
  },
  'consultant.availability_changed': {
    says: 'A consultant is to be rung, or not any more: by himself, by you, by the clock, or because he missed too many calls. Calls that come and go are not told here.',
    data: z.looseObject({
      ...ofConsultant,
      availability: z.enum(['available', 'break', 'away']),
      reason: z.string().nullable(),
      backAt: z.iso.datetime().nullable(),
      state: saidState,
      by: z.enum(['consultant', 'merchant', 'phone', 'schedule', 'pause']),
    }),
  },
  'consultant.paused': {
    says: 'A consultant left too many calls in a row unanswered, or refused them: he is not rung until he, or you, say that he is available.',
    data: z.looseObject({ ...ofConsultant, unanswered: z.int(), refused: z.int() }),
  },
  'voicemail.received': {
    says: 'A caller has left a message: GET /v1/voicemails/{id}.',
    data: z.looseObject({
      sequence: z.int().meta({ description: '1, 2, 3 as things happened, per call.' }),
      scenarioRunId: z.string().meta({ description: 'The call it was left in.' }),
      voicemailId: z.string(),
      box: z.string(),
      ddi: z.string(),
      callerNumber: z.string().nullable().meta({ description: 'null: withheld.' }),
      seconds: z.number(),
    }),
  },
  'access_code.issued': {
    says: 'What was bought ended in an access code, or a caller was given one in a scenario. The code itself is shown or said to him, and never told.',
    data: z.looseObject({
      sequence: facts.sequence,
      orderId: facts.orderId.optional().meta({ description: 'What was bought.' }),
      line: facts.line.optional(),
      reference: z.string().optional(),
      scenarioRunId: z.string().optional().meta({ description: 'The call it was given in.' }),
      accessCodeId: z.string(),
      resource: z.string(),
      validUntil: z.iso.datetime(),
      uses: z.int().nullable().meta({ description: 'How often it opens; null: as often as it is valid.' }),
    }),
  },
};

/** The whole body of a notice of this kind. */
export function noticeBodyShape(type: NoticeType): z.ZodObject {
  return z.looseObject({ type: z.literal(type), timestamp: z.iso.datetime(), data: noticeData[type].data });
}

/** The headers of the Standard Webhooks specification; `id` says what names the message. */
export function signedHeaders(id: string): z.ZodObject {
  return z.object({
    'webhook-id': z.string().meta({ description: id }),
    'webhook-timestamp': z
      .string()
      .meta({ description: 'Seconds since 1970 of this try: refuse what is older than five minutes.' }),
    'webhook-signature': z.string().meta({
      description:
        '`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`; several with a space between while a secret is replaced: one ' +
        'must be right.',
    }),
  });
}

const headers = signedHeaders('The notice’s id, the same on every try: drop what you have seen.');

/** Publishes every kind of notice. */
export function publishNotices(routes: ApiRoutes): void {
  for (const [type, { says }] of Object.entries(noticeData) as [NoticeType, { says: string }][]) {
    routes.addWebhook({
      method: 'post',
      path: type,
      operationId: type.replace(/[._](\w)/g, (_, letter: string) => letter.toUpperCase()),
      summary: says,
      description:
        'Signed by the Standard Webhooks specification with your secret (`whsec_...`). Answer 2xx within 10 seconds; anything ' +
        'else is repeated after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, `retry-after` is honoured, 410 ends all notices.',
      request: {
        headers,
        body: { required: true, content: { 'application/json': { schema: noticeBodyShape(type) } } },
      },
      responses: {
        '2XX': { description: 'Received.' },
        410: { description: 'You want no notices any more.' },
      },
    });
  }
}
