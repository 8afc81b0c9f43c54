// What a page's script is told when something could not be done: an RFC 9457 problem whose `detail` is the one sentence
// to show, and `field` the input it belongs to. Statuses and types are those of the API (problem.ts).

import type { Response } from 'express';
import type { Language } from '../core/ids.ts';
import type { OrderRefusal, OrderRefusalReason } from '../core/order.ts';
import { problemOf, problemOfRefusal } from './problem.ts';
import { declineWords } from './order-page.ts';
import { isTextKey, showDuration, text } from './texts.ts';

export type PageField = 'phone' | 'consultant' | 'seconds' | 'email' | 'immediate' | 'withdrawal' | 'code';

/** Which input a refusal is about; the others concern the whole order. */
const fields: Partial<Record<OrderRefusalReason, PageField>> = {
  number_invalid: 'phone',
  number_refused: 'phone',
  number_is_consultant: 'phone',
  number_never_again: 'phone',
  legs_cost_more: 'phone',
  consultant_busy: 'consultant',
  consultant_unknown: 'consultant',
  duration_not_offered: 'seconds',
  client_unknown: 'code',
};

export function sendRefusal(
  response: Response,
  refusal: OrderRefusal,
  language: Language,
  publicUrl: string,
): void {
  const { members, ...draft } = problemOfRefusal(refusal);
  if (draft.retryAfterSeconds !== undefined) response.set('Retry-After', String(draft.retryAfterSeconds));
  const field = fields[refusal.because];
  const problem = problemOf(
    { ...draft, members: { ...members, because: refusal.because, ...(field && { field }) } },
    { language, publicUrl, requestId: requestIdOf(response) },
  );
  response
    .status(problem.status)
    .type('application/problem+json')
    .json({ ...problem, detail: refusalWords(refusal, language) });
}

/** The sentence for the caller himself: what is so, that nothing was charged, what to do next. */
export function refusalWords(
  { because, detail, retryAfterSeconds }: OrderRefusal,
  language: Language,
): string {
  const waited = `refused.${because}`;
  if (retryAfterSeconds !== undefined && isTextKey(waited)) {
    // Nobody counts seconds: whole minutes, never less than it takes.
    const time = showDuration(Math.ceil(retryAfterSeconds / 60) * 60, language);
    return text(language, waited, { time });
  }
  if (because === 'declined') {
    const reason = declineWords(detail, language);
    if (reason !== undefined) return `${reason} ${text(language, 'pay.tryAgain')}`;
  }
  if (because === 'number_invalid' && detail !== undefined) {
    const key = `phone.${detail}`;
    if (isTextKey(key)) return text(language, key);
  }
  if (because === 'number_refused' && detail !== undefined) {
    const key = `refused.number_${detail}`;
    if (isTextKey(key)) return text(language, key);
  }
  return text(language, `refused.${because}`);
}

/** A problem of the page's own, without a counterpart in the API. */
export function sendProblem(
  response: Response,
  status: number,
  detail: string,
  members: Record<string, unknown> = {},
): void {
  response
    .status(status)
    .type('application/problem+json')
    .json({
      type: 'about:blank',
      status,
      detail,
      instance: `urn:ringmeter:request:${requestIdOf(response)}`,
      ...members,
    });
}

function requestIdOf(response: Response): string {
  const id = response.getHeader('x-request-id');
  return typeof id === 'string' ? id : 'page';
}
