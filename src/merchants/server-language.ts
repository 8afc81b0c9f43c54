// What REST and SOAP have in common: a request on its way to a merchant's server, and what an answer can be before anybody
// looks at what it says.

import type { CallerQuestion, Recognition } from '../core/known-caller.ts';
import type { Delivered, MerchantServerAddress } from '../flow/ports.ts';
import type { MerchantAnswer } from './outbound.ts';

export interface ServerRequest {
  url: string;
  headers: Record<string, string>;
  body: string;
}

export type Answered = Extract<MerchantAnswer, { outcome: 'answered' }>;

/** `detail` goes on after "Your server ". */
export type Understood =
  | { outcome: 'answered'; recognition: Recognition }
  | { outcome: 'failed'; because: 'status' | 'fault' | 'nonsense'; detail: string };

/** One of the two languages a merchant's server may speak. */
export interface ServerLanguage {
  question(server: MerchantServerAddress, question: CallerQuestion, at: Date): ServerRequest;
  understand(question: CallerQuestion, answer: Answered): Understood;
  report(server: MerchantServerAddress, report: { id: string; body: string; at: Date }): ServerRequest;
  delivered(answer: MerchantAnswer, at: Date): Delivered;
}

export function nonsense(detail: string): Understood {
  return { outcome: 'failed', because: 'nonsense', detail };
}

/** Why nothing of this answer can be read: packed, of another type, not UTF-8; `undefined` where it can. */
export function unreadable(answer: Answered, expected: { type: RegExp; name: string }): string | undefined {
  if (answer.packed) return 'packed its answer (Content-Encoding), which was not asked for';
  const [type = '', ...parameters] = (answer.contentType ?? '').split(';').map((part) => part.trim());
  if (!expected.type.test(type)) {
    // Quoted only where it is what it should be: a name, and no sentence of somebody else's.
    const given = /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.test(type) ? type : 'no content type that can be read';
    return `answered with ${given}; ${expected.name} was expected`;
  }
  const charset = parameters.map((part) => /^charset\s*=\s*"?([^"]*)"?$/i.exec(part)?.[1]).find(Boolean);
  if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset)) {
    return 'answered in another charset than UTF-8';
  }
  if (!answer.wholeText) return 'answered with bytes that are not UTF-8';
  if (answer.body.trim() === '') return 'gave an empty answer';
  return undefined;
}

export function statusSentence(status: number): string {
  if (status >= 300 && status < 400)
    return `answered with a redirect (HTTP ${status}), which is not followed`;
  if (status === 401 || status === 403) {
    return `answered with HTTP ${status}: it does not take the user and password of your settings, or the signature`;
  }
  return `answered with HTTP ${status}; 200 was expected`;
}

export function basicHeader(
  basic: MerchantServerAddress['basic'],
): { authorization: string } | Record<string, never> {
  if (!basic) return {};
  const pair = Buffer.from(`${basic.user}:${basic.password}`, 'utf8').toString('base64');
  return { authorization: `Basic ${pair}` };
}

/** The question's fields by the names both languages give them. */
export function questionFields(question: CallerQuestion): Record<string, string | number> {
  const { cli, clientCode, pin } = question;
  return {
    requestId: question.requestId,
    callSessionId: question.callSessionId,
    cliTrust: cli.trust,
    ...(cli.trust === 'withheld' ? {} : { cli: cli.number }),
    ddi: question.ddi,
    line: question.line,
    at: question.at.toISOString(),
    ...(question.ask === 'client_code' && clientCode !== undefined ? { clientCode } : {}),
    ...(question.ask === 'client_code' && pin !== undefined ? { pin } : {}),
    callsInProgress: question.callsInProgress,
    secondsNotYetReported: question.secondsNotYetReported,
  };
}
