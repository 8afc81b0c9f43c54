// What the API says when it cannot do what was asked: RFC 9457 problems, in the reader's language. The one place where an
// outcome becomes an HTTP status; the sentences are in problem-texts.

import type { Language } from '../core/ids.ts';
import type { OrderRefusal, OrderRefusalReason } from '../core/order.ts';
import { problemStatuses, type ProblemKind } from './problem-kinds.ts';
import {
  declineSentences,
  lineOffSentences,
  numberSentences,
  problemTexts,
  stillUnknownSentence,
} from './problem-texts.ts';

/** A problem as it leaves (RFC 9457, 3.1), with members of its own beside the standard ones (3.2). */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  [member: string]: unknown;
}

/** What a problem is about, before somebody's language and request are known. */
export interface ProblemDraft {
  kind: ProblemKind;
  /** Members of its own; must not be named like a standard one. */
  members?: Record<string, unknown>;
  /** Said instead of the kind's usual detail. */
  detail?: Record<Language, string>;
  /** Seconds after which a repeat makes sense: the header `Retry-After`. */
  retryAfterSeconds?: number;
}

export interface ProblemPlace {
  language: Language;
  publicUrl: string;
  requestId: string;
}

/** `instance` names the request, as the log and the header `X-Request-Id` do: what to quote when asking us. */
export function problemOf(draft: ProblemDraft, place: ProblemPlace): Problem {
  const texts = problemTexts[draft.kind];
  return {
    ...draft.members,
    type: `${place.publicUrl}/problems/${draft.kind}`,
    title: texts.title[place.language],
    status: problemStatuses[draft.kind],
    detail: draft.detail?.[place.language] ?? texts.detail[place.language],
    instance: `urn:ringmeter:request:${place.requestId}`,
  };
}

/** Exhaustive: a refusal the rules learn to make does not compile until it has a problem here. */
const refusalKinds: Record<OrderRefusalReason, ProblemKind> = {
  line_unknown: 'line-unknown',
  merchant_off: 'merchant-off',
  line_off: 'line-off',
  nobody_free: 'nobody-free',
  consultant_busy: 'consultant-busy',
  consultant_unknown: 'consultant-unknown',
  number_invalid: 'number-invalid',
  number_refused: 'number-refused',
  number_is_consultant: 'number-is-consultant',
  duration_not_offered: 'duration-not-offered',
  legs_cost_more: 'legs-cost-more',
  price_changed: 'price-changed',
  return_not_listed: 'return-not-listed',
  switch_away: 'switch-away',
  processor_away: 'processor-away',
  processor_refused: 'processor-refused',
  declined: 'declined',
  number_too_often: 'number-too-often',
  card_too_often: 'card-too-often',
  cards_tried_too_often: 'cards-tried-too-often',
  address_too_often: 'address-too-often',
  address_unpaid: 'address-unpaid',
  merchant_too_often: 'merchant-too-often',
  merchant_busy: 'merchant-busy',
  number_never_again: 'number-never-again',
  calls_stopped: 'calls-stopped',
  client_unknown: 'client-unknown',
  amount_not_offered: 'amount-not-offered',
};
export const refusalProblemKinds = Object.values(refusalKinds);

/** A switch that was away is usually back within a reconnect or two. */
const awaySeconds = 5;
/** Who stopped calls has a reason that takes a person to mend. */
const stoppedSeconds = 60;

/**
 * What an order that was refused says to who asked for it. `written`: the order when it exists nevertheless; it has
 * failed, or (processor_away) is still open.
 */
export function problemOfRefusal(
  refusal: OrderRefusal,
  written: { orderId?: string; callSessionId?: string } = {},
): ProblemDraft {
  const kind = refusalKinds[refusal.because];
  const { orderId, callSessionId } = written;
  const nothingWritten = orderId === undefined;
  const detail =
    nothingWritten || refusal.because !== 'processor_away' ? sentenceOf(refusal) : stillUnknownSentence;
  return {
    kind,
    members: {
      ...(refusal.detail === undefined ? {} : { reason: refusal.detail }),
      ...(orderId === undefined ? {} : { orderId }),
      ...(callSessionId === undefined ? {} : { callSessionId }),
    },
    ...(detail === undefined ? {} : { detail }),
    ...retryAfterOf(refusal, kind, nothingWritten),
  };
}

function retryAfterOf(
  { because, retryAfterSeconds }: OrderRefusal,
  kind: ProblemKind,
  nothingWritten: boolean,
): { retryAfterSeconds?: number } {
  if (retryAfterSeconds !== undefined) return { retryAfterSeconds };
  if (because === 'calls_stopped') return { retryAfterSeconds: stoppedSeconds };
  return problemStatuses[kind] === 503 && nothingWritten ? { retryAfterSeconds: awaySeconds } : {};
}

/**
 * The sentence for a refusal in this language: what is so and what to do next. For pages that show it to the caller
 * himself, too.
 */
export function refusalSentence(refusal: OrderRefusal, language: Language): string {
  return (sentenceOf(refusal) ?? problemTexts[refusalKinds[refusal.because]].detail)[language];
}

function sentenceOf(refusal: OrderRefusal): Record<Language, string> | undefined {
  const reason = refusal.detail ?? '';
  switch (refusal.because) {
    case 'declined':
      return declineSentences[reason];
    case 'number_refused':
    case 'number_invalid':
      return numberSentences[reason];
    case 'line_off':
      return lineOffSentences[reason];
    default:
      return undefined;
  }
}
