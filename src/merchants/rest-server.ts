// A merchant's server that speaks JSON: POST to an address below his own, signed like a notice (Standard Webhooks), with
// HTTP Basic besides where he wants it. What it is sent and may answer is published as webhooks in /openapi.json.

import { deliveredBy } from './notice-delivery.ts';
import { readRecognition } from './recognition.ts';
import {
  basicHeader,
  nonsense,
  questionFields,
  statusSentence,
  unreadable,
  type ServerLanguage,
  type ServerRequest,
} from './server-language.ts';
import { signatureOf } from './signature.ts';
import type { MerchantServerAddress } from '../flow/ports.ts';

const paths = { caller: 'recognize-caller', client_code: 'recognize-client-code' } as const;

export const restServer: ServerLanguage = {
  question: (server, question, at) =>
    signed(server, paths[question.ask], {
      id: question.requestId,
      body: JSON.stringify(questionFields(question)),
      at,
    }),

  understand(question, answer) {
    if (answer.status < 200 || answer.status > 299) {
      return { outcome: 'failed', because: 'status', detail: statusSentence(answer.status) };
    }
    const wrong = unreadable(answer, {
      type: /^application\/(?:[\w.-]+\+)?json$/i,
      name: 'application/json',
    });
    if (wrong !== undefined) return nonsense(wrong);
    const json = parsed(answer.body);
    if (json === undefined) return nonsense('answered with text that is not JSON');
    const read = readRecognition(question, json.value);
    if ('wrong' in read) return nonsense(`gave an answer that does not hold: ${read.wrong}`);
    return { outcome: 'answered', recognition: read.recognition };
  },

  report: (server, report) => signed(server, 'report-usage', report),

  delivered: deliveredBy,
};

function signed(
  server: MerchantServerAddress,
  path: string,
  message: { id: string; body: string; at: Date },
): ServerRequest {
  return {
    url: below(server.url, path),
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'Ringmeter-Calls/1',
      ...basicHeader(server.basic),
      ...signatureOf({
        ...message,
        secret: server.secret,
        ...(server.oldSecret !== undefined && { oldSecret: server.oldSecret }),
      }),
    },
    body: message.body,
  };
}

/** The address may bring a query of its own. One that is no URL goes on as it is: the client that posts refuses it. */
function below(base: string, path: string): string {
  if (!URL.canParse(base)) return base;
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`;
  return url.href;
}

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text.replace(/^\uFEFF/, '')) as unknown };
  } catch {
    return undefined;
  }
}
