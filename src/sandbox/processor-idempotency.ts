// Idempotency keys as Stripe keeps them (https://docs.stripe.com/api/idempotent_requests): the first answer under a key is
// the answer under that key for 24 hours, a 500 included; other parameters under the same key are refused; a second request
// while the first still runs is refused too. Not here: which answers are kept (StripeRefusal.kept).

import { createHash } from 'node:crypto';
import { StripeRefusal } from './processor-errors.ts';
import type { KeptAnswer, Records } from './processor-records.ts';

/** "Keys are removed once they are at least 24 hours old": our gateway trusts one for 23. */
const keptSeconds = 24 * 3600;

export class IdempotencyKeys {
  readonly #records: Records;
  readonly #nowMs: () => number;
  /** Keys of requests under way, with what they asked. */
  readonly #running = new Map<string, string>();

  constructor({ records, nowMs }: { records: Records; nowMs: () => number }) {
    this.#records = records;
    this.#nowMs = nowMs;
  }

  /**
   * The answer already given under this key, or `undefined`: then the request may run, and `finish` must follow. Throws
   * `idempotency_error` for other parameters, 409 while the first request runs.
   */
  begin(account: string, key: string, request: string): KeptAnswer | undefined {
    if (key.length > 255) {
      throw new StripeRefusal(
        400,
        { type: 'idempotency_error', message: 'Idempotency keys can have up to 255 characters.' },
        { kept: false },
      );
    }
    const id = idOf(account, key);
    const running = this.#running.get(id);
    const kept = this.#kept(id);
    const first = running ?? kept?.request;
    if (first !== undefined && first !== request) {
      throw new StripeRefusal(
        400,
        {
          type: 'idempotency_error',
          message:
            'Keys for idempotent requests can only be used with the same parameters they were first used with. Try ' +
            `using a key other than '${key}' if you meant to execute a different request.`,
        },
        { kept: false },
      );
    }
    if (running !== undefined) {
      throw new StripeRefusal(
        409,
        {
          type: 'idempotency_error',
          code: 'idempotency_key_in_use',
          message: 'There is currently another in-progress request using this Idempotent Key.',
        },
        { kept: false },
      );
    }
    if (kept === undefined) this.#running.set(id, request);
    return kept;
  }

  /** `answer` absent: nothing is kept, the key is as if never used. */
  finish(
    account: string,
    key: string,
    answer?: { request: string; requestId: string; status: number; body: string },
  ): void {
    const id = idOf(account, key);
    this.#running.delete(id);
    if (answer === undefined) return;
    this.#records.put('answer', { id, account, created: Math.floor(this.#nowMs() / 1000), ...answer });
  }

  #kept(id: string): KeptAnswer | undefined {
    const answer = this.#records.get('answer', id);
    if (answer === undefined || this.#nowMs() / 1000 < answer.created + keptSeconds) return answer;
    this.#records.forget('answer', id);
    return undefined;
  }
}

function idOf(account: string, key: string): string {
  return `${account} ${key}`;
}

/**
 * What a request asked, whatever the order of its parameters. A card number counts by its last four digits only and a
 * security code not at all: a digest of the whole could be reversed by trying all numbers.
 */
export function requestDigest(method: string, path: string, form: string): string {
  const parameters = [...new URLSearchParams(form)]
    .filter(([name]) => !name.endsWith('[cvc]'))
    .map(([name, value]) => `${name}=${name.endsWith('[number]') ? value.slice(-4) : value}`)
    .sort();
  return createHash('sha256')
    .update([method, path, ...parameters].join('\n'))
    .digest('base64url');
}
