// Routes about how a merchant's SMS are sent.

import { smsContentTypes, smsMethods } from '../core/sms-sender.ts';
import type { House } from '../flow/house.ts';
import { removeSmsSender, setSmsSender, smsSenderFacts, tryingSms } from '../flow/sms-sender-settings.ts';
import { readSmsSender } from '../store/sms-senders.ts';
import { numberSentences } from './problem-texts.ts';
import { type ApiAnswer, type ApiRoutes, z } from './routes.ts';
import { wrongFields } from './wrong-fields.ts';

const headers = z
  .array(
    z.strictObject({
      name: z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/),
      value: z
        .string()
        .max(1_000)
        .regex(/^[ -~]*$/, { error: 'Must be printable ASCII.' }),
    }),
  )
  .max(10);
const settings = {
  url: z
    .string()
    .max(2_000)
    .regex(/^https?:\/\/[!-~]+$/, { error: 'Must be an address such as https://sms.example/send.' })
    .meta({ description: 'https, at a public address.', example: 'https://sms.example/v1/messages' }),
  method: z.enum(smsMethods).default('POST'),
  contentType: z
    .enum(smsContentTypes)
    .default('application/json')
    .meta({ description: 'Of the body; what stands for a placeholder is written as it wants.' }),
  headers: headers.default([]).meta({ description: 'Placeholders: `{to}`, `{digits}`, `{id}`, `{secret}`.' }),
  body: z
    .string()
    .max(4_000)
    .default('')
    .meta({
      description:
        'With placeholders: `{to}` the number, `{digits}` without its plus, `{text}` the whole message, `{link}` the address in it, ' +
        '`{id}` the same whenever it is tried again, `{merchant}` your name, `{secret}`. Nothing else is filled.',
      example: '{"to":"{to}","message":"{text}"}',
    }),
};
const senderBody = z
  .strictObject({
    ...settings,
    secret: z
      .string()
      .min(1)
      .max(1_000)
      .regex(/^[ -~]*$/, { error: 'Must be printable ASCII.' })
      .nullable()
      .optional()
      .meta({
        description:
          'Stands where `{secret}` does; never shown again. Left out: as it is; null: none. An address at another host wants it ' +
          'said again.',
      }),
  })
  .openapi('SmsSenderRequest');
const senderShape = z.object({ ...settings, hasSecret: z.boolean() }).openapi('SmsSender');

const testBody = z
  .strictObject({
    to: z.string().min(4).max(40).meta({ description: 'Whom it goes to.', example: '+33612345678' }),
  })
  .openapi('SmsTestRequest');
const testShape = z
  .object({
    outcome: z.enum(['sent', 'failed', 'unknown']).meta({
      description: '`sent`: your provider took it by a status of success. `unknown`: it may have.',
    }),
    because: z.string().nullable(),
    request: z.object({
      method: z.string(),
      url: z.string(),
      headers: z.record(z.string(), z.string()),
      body: z.string(),
    }),
    status: z.int().nullable(),
    answer: z.string().nullable(),
    tookMs: z.int(),
  })
  .openapi('SmsTest');

export function smsSenderRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'get',
    path: '/v1/sms-sender',
    area: 'settings',
    name: 'readSmsSender',
    summary: 'How your SMS are sent.',
    answer: { status: 200, description: 'Without the secret.', shape: senderShape },
    problems: ['unknown-id'],
    act: async ({ merchantId }): Promise<ApiAnswer> => {
      const sender = await house.db.asMerchant(merchantId, (tx) => readSmsSender(tx));
      if (!sender) return { problem: { kind: 'unknown-id' }, began: false };
      return { status: 200, body: smsSenderFacts(sender) };
    },
  });

  routes.add({
    method: 'put',
    path: '/v1/sms-sender',
    area: 'settings',
    stepUp: true,
    name: 'setSmsSender',
    summary: 'By which request to your provider your SMS are sent.',
    description:
      'From the next SMS on; callers are sent links to our payment page by it. Any status of success means that it was taken. ' +
      '`POST /v1/sms-sender/test` sends you one.',
    body: senderBody,
    answer: { status: 200, description: 'As it is now.', shape: senderShape },
    problems: [],
    act: async ({ merchantId, by: actor, body: { secret, ...rest } }): Promise<ApiAnswer> => {
      const wish = { ...rest, ...(secret !== undefined && { secret }) };
      const kept = await setSmsSender(house, { merchantId, actor }, wish);
      return kept.outcome === 'wrong' ? wrongFields(kept.wrong) : { status: 200, body: kept.facts };
    },
  });

  routes.add({
    method: 'delete',
    path: '/v1/sms-sender',
    area: 'settings',
    stepUp: true,
    name: 'removeSmsSender',
    summary: 'No SMS is sent any more, and the secret is forgotten.',
    answer: {
      status: 200,
      description: 'It is gone.',
      shape: z.object({ removed: z.literal(true) }).openapi('SmsSenderRemoved'),
    },
    problems: ['unknown-id'],
    act: async ({ merchantId, by: actor }): Promise<ApiAnswer> =>
      (await removeSmsSender(house, { merchantId, actor }))
        ? { status: 200, body: { removed: true } }
        : { problem: { kind: 'unknown-id' }, began: false },
  });

  routes.add({
    method: 'post',
    path: '/v1/sms-sender/test',
    area: 'settings',
    stepUp: true,
    name: 'tryingSms',
    summary: 'Sends you one, and shows what went over the wire.',
    body: testBody,
    answer: { status: 200, description: 'What came of it; the secret is hidden.', shape: testShape },
    problems: ['unknown-id', 'number-invalid', 'number-refused'],
    act: async ({ merchantId, body: { to } }): Promise<ApiAnswer> => {
      const tried = await tryingSms(house, merchantId, to);
      if (tried.outcome === 'no_sender') return { problem: { kind: 'unknown-id' }, began: false };
      if (tried.outcome !== 'tried') {
        const kind = tried.outcome === 'invalid' ? 'number-invalid' : 'number-refused';
        const detail = numberSentences[tried.reason];
        const members = { reason: tried.reason };
        return { problem: { kind, members, ...(detail && { detail }) }, began: false };
      }
      const { sent, shown, method } = tried;
      const { url, requestHeaders, requestBody, status, answerBody, tookMs } = shown;
      return {
        status: 200,
        body: {
          outcome: sent.outcome,
          because: sent.outcome === 'sent' ? null : sent.because,
          request: { method, url, headers: requestHeaders, body: requestBody },
          status: status ?? null,
          answer: answerBody ?? null,
          tookMs,
        },
      };
    },
  });
}
