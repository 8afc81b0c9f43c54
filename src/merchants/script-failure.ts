// What can be wrong with an answer of a merchant's script before anybody looks at what it says, in our words.

import type { ScriptFailure } from '../flow/ports.ts';
import type { Transfer } from './outbound.ts';

export type Failure = { because: ScriptFailure; sentence: string };

export function notUnderstood(sentence: string): Failure {
  return { because: 'not_understood', sentence };
}

/** `undefined`: an answer with a status of success came whole. */
export function failureOf(answer: Transfer, timeoutMs: number): Failure | undefined {
  switch (answer.outcome) {
    case 'forbidden':
      return { because: 'refused_address', sentence: `Your script is not asked: ${answer.reason}.` };
    case 'too_large':
      return { because: 'too_large', sentence: `Your script said too much: ${answer.reason}.` };
    case 'no_answer':
      return silent(answer.reason, timeoutMs);
    case 'answered':
      return answer.status >= 200 && answer.status <= 299
        ? undefined
        : { because: 'http_status', sentence: statusSentence(answer.status) };
  }
}

function silent(reason: string, timeoutMs: number): Failure {
  switch (reason) {
    case 'deadline':
    case 'silence':
      return {
        because: 'timeout',
        sentence: `Your script did not give a whole answer within ${timeoutMs / 1_000} s.`,
      };
    case 'connect timeout':
      return { because: 'unreachable', sentence: 'No connection to your script could be made in time.' };
    default:
      return { because: 'unreachable', sentence: `No answer of your script could be had (${reason}).` };
  }
}

function statusSentence(status: number): string {
  if (status >= 300 && status < 400) {
    return `Your script answered with a redirect (HTTP ${status}), which is not followed.`;
  }
  if (status === 401 || status === 403) {
    return `Your script answered with HTTP ${status}: it does not take the signature, or wants a password that is not sent.`;
  }
  return `Your script answered with HTTP ${status}; 200 was expected.`;
}
