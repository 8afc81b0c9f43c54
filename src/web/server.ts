// The web server: what every request passes, in which order the parts answer, and how it all ends. What the parts do is
// in their own files.

import { randomBytes } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import type { House } from '../flow/house.ts';
import { lostPage } from './lost-page.ts';
import { problemStatuses } from './problem-kinds.ts';
import type { ProblemDraft } from './problem.ts';
import { languageOf, problemOfError, requestIdOf, sendProblem } from './send-problem.ts';

export interface WebParts {
  house: Pick<House, 'publicUrl' | 'log' | 'ids'>;
  /** Health, readiness, metrics. */
  operations: Router;
  /** Webhooks and call records: they read raw bodies. */
  hooks: Router;
  /** The merchant API. */
  api: Router;
  /** Pages for people, in this order. */
  pages: readonly (Router | RequestHandler)[];
  /** One line a request. */
  requests: Logger;
  /** How many proxies stand in front whose X-Forwarded-For is to be believed; none unless given. */
  trustedProxies?: number;
}

export function webServer(parts: WebParts): Express {
  const { house } = parts;
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', parts.trustedProxies ?? false);
  // Repeated and nested query fields stay what they are: text. Nobody here reads `a[b]=c`.
  app.set('query parser', 'simple');
  app.use(requestLog(parts.requests, house.ids), baseHeaders(house.publicUrl));
  app.use(parts.operations, parts.hooks, parts.api, ...parts.pages);
  app.use((request, response) => {
    // A page that is not there for this method is not there: only the API names its methods.
    lost({ kind: 'not-found' }, request, response, house);
  });
  app.use(errorMapper(house));
  return app;
}

/** A name for each request: the caller's own when it is harmless, so that a proxy's log and ours can be laid side by side. */
function requestLog(logger: Logger, ids: House['ids']): RequestHandler {
  return pinoHttp<Request, Response>({
    logger,
    genReqId: (request, response) => {
      const given = request.headers['x-request-id'];
      const id = typeof given === 'string' && /^[\w-]{8,64}$/.test(given) ? given : ids.token();
      response.setHeader('X-Request-Id', id);
      return id;
    },
    // Health checks come every second and say nothing.
    autoLogging: { ignore: (request) => request.url === '/healthz' || request.url === '/readyz' },
    customLogLevel: (_request, response, error) =>
      error !== undefined || response.statusCode >= 500 ? 'warn' : 'info',
    quietReqLogger: true,
    // The path without its query (a phone number may be in it), a link without the token that opens what it leads to, a
    // client's without the code he is known by.
    serializers: {
      req: (request: { method: string; url: string }) => ({
        method: request.method,
        path: pathOf(request.url),
      }),
      res: (response: { statusCode: number | null }) => ({ status: response.statusCode }),
      err: () => undefined,
    },
  });
}

const secretPart =
  /^(\/orders\/|\/v1\/clients\/|\/v1\/invitations\/|\/v1\/password-resets\/|\/extranet\/(?:invitation|reset)\/)[^/]+/;

function pathOf(url: string): string {
  const path = url.split('?', 1)[0] ?? '';
  return path.replace(secretPart, '$1…');
}

/**
 * The strictest headers that serve; pages set the policy they need over them. No X-Frame-Options: it cannot name the
 * origins a merchant listed, and `frame-ancestors` says the same.
 */
function baseHeaders(publicUrl: string): RequestHandler {
  const secure = publicUrl.startsWith('https:');
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    frameguard: false,
    crossOriginOpenerPolicy: { policy: 'same-origin-allow-popups' },
    strictTransportSecurity: secure ? { maxAge: 31_536_000, includeSubDomains: false } : false,
  });
}

/** Faults and bugs, once: logged with the request's name, answered without a word of what was inside. */
function errorMapper(house: WebParts['house']): ErrorRequestHandler {
  return (error: unknown, request: Request, response: Response, next) => {
    const problem = problemOfError(error);
    if (problemStatuses[problem.kind] >= 500) {
      const facts = {
        err: error,
        requestId: requestIdOf(request),
        method: request.method,
        path: pathOf(request.url),
      };
      if (problem.kind === 'unexpected') house.log.error(facts, 'A request failed in a way nobody expected');
      else house.log.warn(facts, 'A request found the database away');
    }
    if (response.headersSent) {
      // Half an answer is out: breaking the connection is the only way left to say that it is not whole.
      next(error);
      return;
    }
    lost(problem, request, response, house);
  };
}

/** For a person a page, for a program a problem. */
function lost(
  problem: ProblemDraft,
  request: Request,
  response: Response,
  house: Pick<House, 'publicUrl'>,
): void {
  const forPeople = !request.path.startsWith('/v1/') && request.accepts(['json', 'html']) === 'html';
  if (!forPeople) {
    sendProblem(problem, request, response, house.publicUrl);
    return;
  }
  const nonce = randomBytes(16).toString('base64');
  response.status(problemStatuses[problem.kind]).vary('Accept-Language');
  if (problem.retryAfterSeconds !== undefined)
    response.setHeader('Retry-After', String(problem.retryAfterSeconds));
  response.setHeader(
    'Content-Security-Policy',
    `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'`,
  );
  response.type('html').send(lostPage(problem.kind, languageOf(request), requestIdOf(request), nonce));
}

// --- Listening and ending ----------------------------------------------------------------------------------------

export interface Listening {
  port: number;
  /** Takes nothing new, ends event streams, lets requests in flight finish, and after the patience ends them too. */
  close(patienceMs?: number): Promise<void>;
}

/** Longest a request is let finish: the processor's 10 s on the call path, and a little. */
const usualPatienceMs = 12_000;

/** Rejects with the system's error (EADDRINUSE, EACCES) when the port cannot be had. Port 0 takes any free one. */
export async function listen(app: Express, at: { port: number; host?: string }): Promise<Listening> {
  const inFlight = new Set<ServerResponse>();
  let closing = false;
  const server = createServer((request, response) => {
    // A client that keeps its connection would otherwise come again on it after we stopped listening.
    if (closing) response.setHeader('Connection', 'close');
    inFlight.add(response);
    response.once('close', () => inFlight.delete(response));
    app(request, response);
  });
  // Slow senders hold a socket each: headers within 10 s, a whole request within 30 s (Node's defaults are minutes).
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, () => {
      server.off('error', reject);
      resolve();
    });
  });

  return {
    port: (server.address() as AddressInfo).port,
    async close(patienceMs = usualPatienceMs) {
      closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const response of inFlight) {
        if (!response.headersSent) response.setHeader('Connection', 'close');
        if (isEventStream(response)) response.end();
      }
      server.closeIdleConnections();
      const patience = setTimeout(() => server.closeAllConnections(), patienceMs);
      await closed;
      clearTimeout(patience);
    },
  };
}

/** A page that follows a call: it never ends by itself, and comes back by itself. */
function isEventStream(response: ServerResponse): boolean {
  return String(response.getHeader('content-type') ?? '').startsWith('text/event-stream');
}
