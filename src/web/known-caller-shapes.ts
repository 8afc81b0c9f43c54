// What a merchant's own REST server is sent and may answer, for the `webhooks` of /openapi.json. The same facts and bounds
// as wsdl/merchant-server.wsdl; answers are checked by merchants/recognition.

import {
  clientCodePattern,
  consultantsMax,
  refusalReasons,
  spokenTextMax,
  talkLimitSecondsMax,
} from '../core/known-caller.ts';
import { signedHeaders } from './notice-shapes.ts';
import { z } from './routes.ts';
import type { ApiRoutes } from './routes.ts';

const id = z.string().regex(/^[0-9A-Za-z._:-]{1,100}$/);
const e164 = z
  .string()
  .regex(/^\+[1-9]\d{4,14}$/)
  .meta({ example: '+33612345678' });
const clientCode = z.string().regex(clientCodePattern).meta({ example: 'C-1001' });
const instant = z.iso.datetime().meta({ example: '2025-11-21T12:00:00.000Z' });
const count = z.int().min(0);

const question = {
  requestId: id.meta({ description: 'The same where the question is asked again: answer it as before.' }),
  callSessionId: id,
  cliTrust: z.enum(['network', 'unverified', 'withheld']).meta({
    description:
      '`network`: the telephone network vouches for the caller’s number. `unverified`: it is what the calling side wrote. ' +
      '`withheld`: there is none.',
  }),
  cli: e164.optional().meta({ description: 'The caller’s number.' }),
  ddi: e164.meta({ description: 'The number he dialled.' }),
  line: z.string().min(1).max(63).meta({ description: 'The line, by its name in links.', example: 'demo' }),
  at: instant,
  callsInProgress: count.meta({ description: 'Of this caller, beside this call.' }),
  secondsNotYetReported: count.meta({
    description: 'Talked by him, and not acknowledged by `reportUsage` yet: take them off his credit.',
  }),
};

const callerQuestion = z.looseObject(question).openapi('CallerQuestion');
const clientCodeQuestion = z
  .looseObject({
    ...question,
    clientCode: clientCode.meta({
      description: 'Keyed by the caller, or named by an earlier answer that wanted his PIN.',
    }),
    pin: z
      .string()
      .regex(/^\d{1,20}$/)
      .optional()
      .meta({ description: 'Keyed by the caller. Never kept by us; do not log it.' }),
  })
  .openapi('ClientCodeQuestion');

const language = z
  .enum(['fr', 'en'])
  .optional()
  .meta({ description: 'What he hears from now on; the line’s when absent.' });
const text = z
  .string()
  .max(spokenTextMax)
  .optional()
  .meta({ description: 'Spoken to him, in the language of the answer.' });

const recognition = z
  .discriminatedUnion('outcome', [
    z.looseObject({
      outcome: z.literal('recognized'),
      clientCode,
      talkLimitSeconds: z.int().min(0).max(talkLimitSecondsMax).optional().meta({
        description: 'The call is cut there. Absent: billed at the end of the month. 0: no call.',
        example: 600,
      }),
      language,
      consultants: z.array(id).max(consultantsMax).optional().meta({
        description: 'Ids of your consultants, rung in this order; absent or empty: those of the line.',
      }),
      destination: e164.optional().meta({ description: 'Rung instead of consultants.' }),
      text,
    }),
    z.looseObject({
      outcome: z.literal('proof_wanted'),
      proof: z.enum(['client_code', 'pin']).meta({
        description: 'What he is to key first; it comes with `recognizeClientCode`.',
      }),
      clientCode: clientCode.optional().meta({ description: 'Whose PIN it is; must be there with `pin`.' }),
      language,
      text,
    }),
    z.looseObject({ outcome: z.literal('refused'), reason: z.enum(refusalReasons), language, text }),
  ])
  .openapi('Recognition');

export const usageReport = z
  .looseObject({
    callSessionId: id,
    clientCode: clientCode.optional().meta({
      description: 'Absent where he was never recognized, or was refused and put through to others.',
    }),
    sequence: count.meta({ description: '1, 2, 3 per client code, in the order the calls ended.' }),
    cli: e164.optional(),
    ddi: e164,
    line: z.string(),
    startedAt: instant,
    connectedAt: instant.optional(),
    endedAt: instant,
    billableSeconds: count.meta({
      description:
        'Rounded as the line’s tariff says, never above the talk limit; 0 for a call that got nowhere.',
    }),
    talkMilliseconds: count.meta({ description: 'Exact.' }),
    consultantId: id.optional(),
    outcome: z.string().meta({ description: 'Why it ended.', example: 'talked' }),
  })
  .openapi('UsageReport');

const headers = signedHeaders('The question’s `requestId`; of a report its own id.');

const asked =
  'POST to this path below your server’s address, signed by the Standard Webhooks specification with your secret, with ' +
  'HTTP Basic besides where your settings hold a user. Somebody ' +
  'waits on the line: answer 200 with JSON within the timeout of your settings (5 s unless set otherwise), at most 64 kB, ' +
  'unpacked, not redirected. Any other answer counts as none, and he hears what the line says for that case. The same over ' +
  'SOAP: /soap/v1/merchant-server.wsdl.';

const told =
  'POST to this path below your server’s address, signed like a question. At least once per call: drop a `webhook-id` you have ' +
  'seen. Answer any 2xx; anything else is repeated after 5 s, 15 s, 1 min and 5 min, then like notices. Each report is ' +
  'complete in itself, and none waits for another.';

/** By the name of the operation, which both languages share. */
export const serverQuestions = {
  recognizeCaller: { path: '/recognize-caller', question: callerQuestion, answer: recognition },
  recognizeClientCode: { path: '/recognize-client-code', question: clientCodeQuestion, answer: recognition },
  reportUsage: { path: '/report-usage', question: usageReport, answer: undefined },
} as const;

const summaries: Record<keyof typeof serverQuestions, string> = {
  recognizeCaller: 'Your server is asked: do you know who calls, by his number?',
  recognizeClientCode: 'Your server is asked: do you know who calls, by the code (and PIN) he keyed?',
  reportUsage: 'Your server is told what a call used.',
};

/** Publishes what a merchant's own server implements. */
export function publishKnownCallers(routes: ApiRoutes): void {
  for (const name of Object.keys(serverQuestions) as (keyof typeof serverQuestions)[]) {
    const { path, question: body, answer } = serverQuestions[name];
    routes.addWebhook({
      method: 'post',
      path: name,
      operationId: name,
      summary: summaries[name],
      description: `\`${path}\`: ${answer ? asked : told}`,
      request: { headers, body: { required: true, content: { 'application/json': { schema: body } } } },
      responses: answer
        ? {
            200: {
              description: 'Who he is, or that you do not know him.',
              content: { 'application/json': { schema: answer } },
            },
          }
        : { '2XX': { description: 'Kept.' } },
    });
  }
}
