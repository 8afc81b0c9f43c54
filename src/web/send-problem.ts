// Problems over HTTP: the reader's language, the request's name, the headers. And the errors of the body parser and the
// database, as problems.

import type { Request, Response } from 'express';
// Names `request.id`, which its middleware gives to every request.
import type {} from 'pino-http';
import type { Language } from '../core/ids.ts';
import { isDatabaseAway } from '../store/database-away.ts';
import { problemOf, type Problem, type ProblemDraft } from './problem.ts';

/** English unless French is asked for: an API's reader is a programmer. */
export function languageOf(request: Request): Language {
  return request.acceptsLanguages('en', 'fr') === 'fr' ? 'fr' : 'en';
}

/** The name of this request in the log and in the header X-Request-Id. */
export function requestIdOf(request: Request): string {
  // Present once the request log has seen the request, which it does before everything else.
  return typeof request.id === 'string' ? request.id : 'unknown';
}

export function renderProblem(draft: ProblemDraft, request: Request, publicUrl: string): Problem {
  return problemOf(draft, { language: languageOf(request), publicUrl, requestId: requestIdOf(request) });
}

export function sendProblem(
  draft: ProblemDraft,
  request: Request,
  response: Response,
  publicUrl: string,
): void {
  const problem = renderProblem(draft, request, publicUrl);
  response.status(problem.status);
  setProblemHeaders(draft, request, response);
  response.send(JSON.stringify(problem));
}

export function setProblemHeaders(draft: ProblemDraft, request: Request, response: Response): void {
  response.type('application/problem+json');
  response.setHeader('Content-Language', languageOf(request));
  response.vary('Accept-Language');
  if (draft.retryAfterSeconds !== undefined) {
    response.setHeader('Retry-After', String(draft.retryAfterSeconds));
  }
  // RFC 9110, 11.6.1: a 401 names the scheme.
  if (draft.kind === 'not-authorized') response.setHeader('WWW-Authenticate', 'Bearer realm="api"');
}

/** Errors that are no bug of ours: what the sender sent, or a database that is away. Anything else is `unexpected`. */
export function problemOfError(error: unknown): ProblemDraft {
  if (isDatabaseAway(error)) return { kind: 'database-away', retryAfterSeconds: 2 };
  const { type, status } = bodyParserError(error);
  if (type === 'entity.parse.failed' || type === 'encoding.unsupported' || type === 'charset.unsupported') {
    return { kind: 'not-json' };
  }
  if (type === 'entity.too.large' || type === 'parameters.too.many') return { kind: 'too-large' };
  // A path that cannot be decoded leads nowhere; the router gives its 400 to the decoder's own error.
  if (error instanceof URIError) return { kind: 'not-found' };
  // The sender went away in the middle, or promised another length.
  if (status !== undefined && status >= 400 && status < 500) return { kind: 'not-json' };
  return { kind: 'unexpected' };
}

function bodyParserError(error: unknown): { type?: string; status?: number } {
  if (!(error instanceof Error)) return {};
  return {
    ...('type' in error && typeof error.type === 'string' ? { type: error.type } : {}),
    ...('status' in error && typeof error.status === 'number' ? { status: error.status } : {}),
  };
}
