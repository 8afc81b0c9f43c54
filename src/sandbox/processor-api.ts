// The door of Stripe's API at the sandbox: whose key it is, for which account, once per idempotency key, and the faults
// somebody asked for. Not here: the operations (processor-operations.ts, processor-lists.ts), sockets (processor-http.ts).

import { forbidden, serverError, StripeRefusal, unauthorized } from './processor-errors.ts';
import type { Fault, Faults } from './processor-faults.ts';
import { parseForm, text, type Parameters } from './processor-form.ts';
import { requestDigest, type IdempotencyKeys } from './processor-idempotency.ts';
import { customerRoutes } from './processor-customers.ts';
import { expand, readingRoutes } from './processor-lists.ts';
import type { Call, Route, World } from './processor-call.ts';
import { intentRoutes } from './processor-operations.ts';
import { newId } from './processor-records.ts';
import { apiVersion } from './processor-shapes.ts';

export interface ApiRequest {
  method: string;
  path: string;
  query: string;
  form: string;
  headers: Readonly<Record<string, string | undefined>>;
}

/** What is sent, or how the connection ends instead. */
export interface ApiAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
  /** `cut`: the connection breaks at once. `half`: in the middle of the body. `never`: nothing is ever sent. */
  broken?: 'cut' | 'half' | 'never';
}

export interface ApiSettings {
  world: World;
  keys: IdempotencyKeys;
  faults: Faults;
  secretKey: string;
  publishableKey: string;
  wait: (ms: number) => Promise<void>;
}

// The search before the single object: `search` would else be taken for an id.
const routes: readonly Route[] = [...readingRoutes, ...intentRoutes, ...customerRoutes];

export class ProcessorApi {
  readonly #settings: ApiSettings;

  constructor(settings: ApiSettings) {
    this.#settings = settings;
  }

  /** Never throws for what a client does: every refusal is an answer. */
  async answer(request: ApiRequest): Promise<ApiAnswer> {
    const requestId = newId('req', 14);
    try {
      return await this.#admitted(request, requestId);
    } catch (error) {
      if (error instanceof StripeRefusal) return refusal(error, requestId);
      throw error;
    }
  }

  async #admitted(request: ApiRequest, requestId: string): Promise<ApiAnswer> {
    const { world, faults, wait } = this.#settings;
    const parameters = parseForm(request.method === 'GET' ? request.query : request.form);
    const publishable = this.#publishable(request, parameters);
    const account = this.#account(request, parameters);
    const { route, id } = this.#route(request, publishable);
    const key = request.method === 'POST' ? request.headers['idempotency-key'] : undefined;
    const call: Call = {
      account,
      publishable,
      version: request.headers['stripe-version'] ?? apiVersion,
      parameters,
      cause: { requestId, idempotencyKey: key ?? null },
    };
    const headers = headersOf(requestId, call, key);

    const fault = faults.take(route.target);
    if (fault?.next === 'timeout') return broken('never');
    if (fault?.next === 'connection_cut') return broken('cut');
    if (fault?.next === 'rate_limited') throw rateLimited();

    if (key === undefined) {
      if (fault?.next === 'delay_ms') await wait(fault.delayMs);
      const { answer } = this.#run(world, route, call, id, fault, headers);
      return faulty(fault, answer);
    }
    return await this.#once(key, request, { route, id, call, headers, fault });
  }

  async #once(
    key: string,
    request: ApiRequest,
    run: {
      route: Route;
      id: string;
      call: Call;
      headers: Record<string, string>;
      fault: Fault | undefined;
    },
  ): Promise<ApiAnswer> {
    const { world, keys, wait } = this.#settings;
    const { call, fault } = run;
    const digest = requestDigest(request.method, request.path, request.form);
    const kept = keys.begin(call.account, key, digest);
    if (kept !== undefined) {
      const headers = { ...run.headers, 'idempotent-replayed': 'true', 'original-request': kept.requestId };
      return faulty(fault, { status: kept.status, headers, body: kept.body });
    }
    let finished = false;
    try {
      if (fault?.next === 'delay_ms') await wait(fault.delayMs);
      const { answer, keep } = this.#run(world, run.route, call, run.id, fault, run.headers);
      finished = true;
      const requestId = call.cause.requestId ?? '';
      keys.finish(
        call.account,
        key,
        keep ? { request: digest, requestId, status: answer.status, body: answer.body } : undefined,
      );
      return faulty(fault, answer);
    } finally {
      if (!finished) keys.finish(call.account, key);
    }
  }

  #run(
    world: World,
    route: Route,
    call: Call,
    id: string,
    fault: Fault | undefined,
    headers: Record<string, string>,
  ): { answer: ApiAnswer; keep: boolean } {
    try {
      if (fault?.next === 'error_500') throw serverError();
      world.intents.expireDue();
      const result = route.act(world, call, id);
      if (fault?.next === 'error_500_executed') throw serverError();
      const body = typeof result === 'string' ? result : JSON.stringify(expand(world, call, result));
      return { answer: { status: 200, headers, body }, keep: true };
    } catch (error) {
      if (!(error instanceof StripeRefusal)) throw error;
      const answer = refusal(error, call.cause.requestId ?? '');
      return { answer: { ...answer, headers: { ...headers, ...answer.headers } }, keep: error.kept };
    }
  }

  /** Whether the key is the browser's. Stripe.js may say it in the body, so that no preflight is needed. */
  #publishable(request: ApiRequest, parameters: Parameters): boolean {
    const key = keyIn(request.headers['authorization']) ?? text(parameters, 'key');
    if (key === undefined || key === '') {
      throw unauthorized(
        'You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth.',
      );
    }
    if (key === this.#settings.publishableKey) return true;
    if (key === this.#settings.secretKey) return false;
    throw unauthorized(`Invalid API Key provided: ${key.slice(0, 8)}***`);
  }

  /** Any well-formed connected account exists here: merchants of the sandbox need no onboarding. */
  #account(request: ApiRequest, parameters: Parameters): string {
    const { world } = this.#settings;
    const account =
      request.headers['stripe-account'] ?? text(parameters, '_stripe_account') ?? world.ownAccount;
    if (!/^acct_\w{1,64}$/.test(account)) {
      throw forbidden(
        `The provided key does not have access to account '${account.slice(0, 64)}' (or that account does not exist).`,
        'account_invalid',
      );
    }
    if (world.records.get('account', account) === undefined) {
      world.records.put('account', { id: account, account, created: world.intents.now });
    }
    return account;
  }

  #route(request: ApiRequest, publishable: boolean): { route: Route; id: string } {
    for (const route of routes) {
      if (route.method !== request.method) continue;
      const match = route.path.exec(request.path);
      if (match === null) continue;
      if (publishable && route.publishable !== true) {
        throw forbidden(
          'This API call cannot be made with a publishable API key. Please use a secret API key.',
          'secret_key_required',
        );
      }
      return { route, id: match[1] ?? '' };
    }
    throw new StripeRefusal(
      404,
      {
        type: 'invalid_request_error',
        message: `Unrecognized request URL (${request.method}: ${request.path.slice(0, 100)}).`,
      },
      { kept: false },
    );
  }
}

function keyIn(authorization: string | undefined): string | undefined {
  const [scheme = '', value = ''] = (authorization ?? '').split(' ');
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme.toLowerCase() !== 'basic') return undefined;
  return Buffer.from(value, 'base64').toString('utf8').split(':')[0];
}

function headersOf(requestId: string, call: Call, key: string | undefined): Record<string, string> {
  return {
    'content-type': 'application/json',
    'request-id': requestId,
    'stripe-version': call.version.replace(/[^\w.-]/g, ''),
    ...(key === undefined ? {} : { 'idempotency-key': key, 'original-request': requestId }),
    ...(call.account === '' ? {} : { 'stripe-account': call.account }),
  };
}

function refusal(error: StripeRefusal, requestId: string): ApiAnswer {
  return {
    status: error.status,
    headers: {
      'content-type': 'application/json',
      'request-id': requestId,
      // Trying a stored 500 again under its key gives the same 500.
      ...(error.status >= 500 ? { 'stripe-should-retry': 'false' } : {}),
    },
    body: JSON.stringify({ error: error.body }),
  };
}

function rateLimited(): StripeRefusal {
  return new StripeRefusal(
    429,
    { type: 'invalid_request_error', code: 'rate_limit', message: 'Request rate limit exceeded.' },
    { kept: false },
  );
}

function faulty(fault: Fault | undefined, answer: ApiAnswer): ApiAnswer {
  if (fault?.next === 'answer_lost') return { ...answer, broken: 'half' };
  if (fault?.next === 'answer_never') return { ...answer, broken: 'never' };
  return answer;
}

function broken(how: 'cut' | 'never'): ApiAnswer {
  return { status: 500, headers: {}, body: '', broken: how };
}
