// Refusals in Stripe's words: what is thrown anywhere in the sandbox's processor and becomes `{"error": {...}}`
// (https://docs.stripe.com/api/errors). Not here: sending them.

export interface StripeErrorBody {
  type: 'card_error' | 'invalid_request_error' | 'idempotency_error' | 'api_error';
  code?: string;
  decline_code?: string;
  advice_code?: string;
  message: string;
  param?: string;
  charge?: string;
  doc_url?: string;
  payment_intent?: unknown;
  payment_method?: unknown;
}

export class StripeRefusal extends Error {
  readonly status: number;
  readonly body: StripeErrorBody;
  /**
   * Whether this answer is kept under the idempotency key. A request that failed validation never began, so the same key
   * may be used again with better parameters.
   */
  readonly kept: boolean;

  constructor(status: number, body: StripeErrorBody, { kept = true }: { kept?: boolean } = {}) {
    super(body.message);
    this.status = status;
    this.body = body.code === undefined ? body : { ...body, doc_url: docOf(body.code) };
    this.kept = kept;
  }
}

function docOf(code: string): string {
  return `https://docs.stripe.com/error-codes#${code.replaceAll('_', '-')}`;
}

export function parameterInvalid(param: string, message: string, code?: string): StripeRefusal {
  return new StripeRefusal(
    400,
    { type: 'invalid_request_error', message, param, ...(code === undefined ? {} : { code }) },
    { kept: false },
  );
}

export function missing(kind: string, id: string, param: string): StripeRefusal {
  return new StripeRefusal(404, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${kind}: '${id.slice(0, 64)}'`,
    param,
  });
}

export function refused(code: string, message: string, more: Partial<StripeErrorBody> = {}): StripeRefusal {
  return new StripeRefusal(400, { type: 'invalid_request_error', code, message, ...more });
}

export function unauthorized(message: string): StripeRefusal {
  return new StripeRefusal(401, { type: 'invalid_request_error', message }, { kept: false });
}

export function forbidden(message: string, code?: string): StripeRefusal {
  return new StripeRefusal(
    403,
    { type: 'invalid_request_error', message, ...(code === undefined ? {} : { code }) },
    { kept: false },
  );
}

export function serverError(): StripeRefusal {
  return new StripeRefusal(500, {
    type: 'api_error',
    message: 'An unknown error occurred. Look whether the request was carried out.',
  });
}
