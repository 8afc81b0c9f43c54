// The trial of who would be recognized behind a number people dial. The numbers themselves are api-ddis'.

import { numberFromTrunk } from '../core/dialling.ts';
import { clientCodePattern, type Cli, type Recognition } from '../core/known-caller.ts';
import type { House } from '../flow/house.ts';
import { type RecognitionTest, testRecognition } from '../flow/test-recognition.ts';
import { ddiNumber, e164 } from './ddi-shapes.ts';
import { type ApiAnswer, type ApiRoutes, z } from './routes.ts';
import { experienceIn } from './recognition-words.ts';

const testBody = z
  .strictObject({
    ddi: ddiNumber,
    cli: e164.or(z.literal('withheld')).meta({
      description: 'The number that would call, in E.164, or `withheld`.',
      example: '+33612345678',
    }),
    cliTrust: z.enum(['network', 'unverified']).default('network').meta({
      description: 'Whether the telephone network vouches for it.',
    }),
    clientCode: z.string().regex(clientCodePattern).optional().meta({
      description:
        'As if the caller had keyed it: `recognizeClientCode` is asked instead of `recognizeCaller`.',
      example: '4711',
    }),
  })
  .openapi('RecognitionTestRequest');

const spoken = z.array(z.string());
const testShape = z
  .object({
    id: z.string().meta({
      description: 'Stands in `requestId` and `callSessionId`: a request with it is a test.',
      example: 'test_01jd0000000000000000000000',
    }),
    ddi: ddiNumber,
    line: z.string(),
    recognizedBy: z.enum(['server', 'accounts']),
    ask: z.enum(['recognizeCaller', 'recognizeClientCode']).nullable(),
    notAsked: z
      .enum(['line_off', 'withheld', 'accounts', 'no_server'])
      .nullable()
      .meta({
        description:
          'Why no server was asked; null where yours was. `accounts`: those kept here were looked at, and `recognition` is ' +
          'what they say.',
      }),
    request: z
      .object({ url: z.string(), headers: z.record(z.string(), z.string()), body: z.string() })
      .nullable()
      .meta({ description: 'As it was sent, signature included; passwords masked.' }),
    answer: z
      .object({ status: z.int(), body: z.string() })
      .nullable()
      .meta({ description: 'As it came; null where none came.' }),
    tookMs: z.number().nullable(),
    outcome: z
      .enum(['recognized', 'proof_wanted', 'refused', 'failed', 'not_asked'])
      .meta({ description: '`failed`: what came is no answer; `because` and `detail` say why.' }),
    recognition: z.looseObject({}).nullable().meta({
      description: 'Your answer as it was understood, or what the accounts kept here say.',
    }),
    because: z.enum(['no_answer', 'forbidden', 'status', 'fault', 'nonsense', 'destination']).nullable(),
    detail: z.string().nullable().meta({ description: 'One sentence for whoever looks for the mistake.' }),
    experience: z.object({ en: spoken, fr: spoken }).meta({
      description:
        'What the caller would go through, one sentence a step; what he hears is quoted in his own language.',
    }),
  })
  .openapi('RecognitionTest');

export function inboundRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'post',
    path: '/v1/recognition-tests',
    area: 'lines',
    audited: false,
    name: 'testRecognition',
    summary:
      'Asks your server who calls, as a call would, or looks at the accounts kept here, and says what the caller would experience.',
    description:
      'The real request, with a `requestId` that begins with `test_`, no calls in progress and no seconds unreported; a PIN is ' +
      'never sent. Accounts kept here are looked at as they stand: what calls under way keep back is not to be talked. ' +
      'Nobody is rung, nothing is written down or kept back, and no guess is counted.',
    body: testBody,
    answer: { status: 200, description: 'What was sent, what came, what would follow.', shape: testShape },
    problems: ['unknown-id'],
    act: async ({ merchantId, body }): Promise<ApiAnswer> => {
      const ddi = numberFromTrunk(body.ddi, '');
      if (!ddi) return { problem: { kind: 'unknown-id' }, began: false };
      const number = body.cli === 'withheld' ? undefined : numberFromTrunk(body.cli, '');
      // What is too short to be a number reaches a call as none (core/known-caller Cli).
      const cli: Cli = number ? { trust: body.cliTrust, number } : { trust: 'withheld' };
      const { clientCode } = body;
      const tested = await testRecognition(house, merchantId, {
        ddi,
        cli,
        ...(clientCode !== undefined && { clientCode }),
      });
      if (tested.outcome === 'ddi_unknown') return { problem: { kind: 'unknown-id' }, began: false };
      return { status: 200, body: testEntry(body.ddi, tested.test) };
    },
  });
}

const operations = { caller: 'recognizeCaller', client_code: 'recognizeClientCode' } as const;

function testEntry(ddi: string, test: RecognitionTest): object {
  const { asked, ask, destinationRefused } = test;
  const exchange = asked?.exchange;
  const recognition: Recognition | undefined =
    asked?.outcome === 'answered' ? asked.recognition : test.byAccount;
  const failed = asked?.outcome === 'failed' ? asked : undefined;
  const detail =
    failed?.detail ??
    (destinationRefused ? 'Your server names a number that your destinations do not allow.' : undefined) ??
    (test.codeUnknown === true
      ? 'None of your clients has this code; a caller who keys it is not told so.'
      : undefined);
  return {
    id: test.id,
    ddi,
    line: test.line,
    recognizedBy: test.recognizedBy,
    ask: ask ? operations[ask] : null,
    notAsked: test.notAsked ?? null,
    request: exchange
      ? { url: exchange.url, headers: exchange.requestHeaders, body: exchange.requestBody }
      : null,
    answer:
      exchange?.status === undefined ? null : { status: exchange.status, body: exchange.answerBody ?? '' },
    tookMs: exchange?.tookMs ?? null,
    outcome: failed || destinationRefused ? 'failed' : (recognition?.outcome ?? 'not_asked'),
    recognition: recognition ?? null,
    because: failed?.because ?? (destinationRefused ? 'destination' : null),
    detail: detail ?? null,
    experience: { en: experienceIn('en', test.experience), fr: experienceIn('fr', test.experience) },
  };
}
