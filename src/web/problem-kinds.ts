// The names of problems and their statuses. What a name means is said by problem-texts; when it is used, by problem.ts.

/** Every problem there is, with its status. The name is the last part of `type`, and never changes its meaning. */
export const problemStatuses = {
  'not-authorized': 401,
  'not-found': 404,
  'unknown-id': 404,
  'method-not-allowed': 405,
  'not-json': 400,
  'unsupported-media-type': 415,
  'too-large': 413,
  'invalid-request': 422,
  'invalid-idempotency-key': 400,
  'idempotency-key-reused': 422,
  'request-in-progress': 409,
  'already-ended': 409,
  'no-notice-address': 409,
  'no-link-secret': 409,
  'nothing-captured': 409,
  'refund-too-much': 409,
  'other-currency': 422,
  'refund-refused': 409,
  'database-away': 503,
  unexpected: 500,
  'operator-api-off': 404,
  'repair-refused': 409,
  'line-unknown': 404,
  'merchant-off': 403,
  'line-off': 409,
  'nobody-free': 409,
  'consultant-busy': 409,
  'consultant-unknown': 404,
  'number-invalid': 422,
  'number-refused': 422,
  'number-is-consultant': 422,
  'duration-not-offered': 422,
  'legs-cost-more': 422,
  'price-changed': 409,
  'return-not-listed': 422,
  'switch-away': 503,
  'processor-away': 503,
  'processor-refused': 422,
  declined: 402,
  'number-too-often': 429,
  'card-too-often': 429,
  'cards-tried-too-often': 429,
  'address-too-often': 429,
  'address-unpaid': 429,
  'merchant-too-often': 429,
  'merchant-busy': 429,
  'number-never-again': 422,
  'calls-stopped': 503,
} as const;

export type ProblemKind = keyof typeof problemStatuses;
export const problemKinds = Object.keys(problemStatuses) as ProblemKind[];

export function isProblemKind(text: string): text is ProblemKind {
  return Object.hasOwn(problemStatuses, text);
}
