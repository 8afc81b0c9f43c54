// What we serve over SOAP 1.1 at /soap/v1, to programs others generated from wsdl/ringmeter.wsdl: the merchant API in
// another language. Here is the language alone: read the envelope, see whose it is, have the route act (soap-messages), and
// say its answer or its problem as a message or a fault. A fault holds a code and a sentence, and nothing of our inside.

import { isUtf8 } from 'node:buffer';
import express, {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import type { House } from '../flow/house.ts';
import {
  notUnderstood,
  readEnvelope,
  soapContentType,
  writeEnvelope,
  writeFault,
  type FaultSide,
} from '../soap/envelope.ts';
import { wsdlText } from '../soap/wsdl-file.ts';
import type { XmlElement } from '../xml/xml-reader.ts';
import { readWsdl } from '../soap/xml-shapes.ts';
import { escaped, readValue, writeElement, type XmlValue } from '../soap/xml-values.ts';
import { once, requestHash, type FinalAnswer } from './idempotency.ts';
import { problemStatuses } from './problem-kinds.ts';
import type { Problem, ProblemDraft } from './problem.ts';
import type { ApiRoutes, MountedRoute } from './routes.ts';
import { languageOf, problemOfError, renderProblem, requestIdOf } from './send-problem.ts';
import { merchantByBasic, TokenCallers, type FoundCaller } from './soap-caller.ts';
import { operations, type Operation, type RouteRequest } from './soap-messages.ts';
import { placeOf } from './authorize.ts';
import { runTraced } from './trace.ts';

/** A request has some 2 kB; 1 MB leaves room for whatever headers a maker's tools add. */
const requestBytes = '1mb';
/** Our longest answer, a call with 300 events, has some 30 kB. */
const answerCharactersMax = 64_000;
const sentenceMax = 1_000;

/** Serves `/soap/v1`, its WSDL at `?wsdl`, and `/soap/v1/merchant-server.wsdl`. To be mounted at the root. */
export function soapService(house: House, routes: ApiRoutes): Router {
  const router = express.Router({ strict: true });
  const address = `${house.publicUrl}/soap/v1`;
  const wsdl = readWsdl(wsdlText('ringmeter'));
  const published = wsdlText('ringmeter')
    .replace('https://ringmeter.example/soap/v1', () => escaped(address))
    .replace('{service}', () => escaped(house.publicUrl));
  const theirs = wsdlText('merchant-server');
  const callers = new TokenCallers(house);
  const routeOf = new Map(
    Object.entries(operations).map(([name, { route }]) => {
      const found = routes.routes.find((one) => one.name === route);
      if (!found) throw new Error(`The SOAP operation ${name} has no route ${route}.`);
      return [name, found];
    }),
  );

  const faultElement = (code: string, sentence: string): string =>
    writeElement('fault', wsdl.namespace, wsdl.shape('fault'), { code, sentence });

  const sendFault = (
    side: FaultSide | 'FailedAuthentication',
    code: string,
    said: string,
    to: Response,
  ): void => {
    const sentence = said.slice(0, sentenceMax);
    const text = writeFault({ side, sentence, detail: faultElement(code, sentence) });
    // SOAP 1.1, 6.2: whoever is to blame.
    to.status(500).setHeader('Content-Type', soapContentType).send(text);
  };

  const sendProblemFault = (draft: ProblemDraft, request: Request, response: Response): void => {
    const { detail } = renderProblem(draft, request, house.publicUrl);
    sendFault(problemStatuses[draft.kind] >= 500 ? 'Server' : 'Client', draft.kind, detail, response);
  };

  const malformed = (because: string, response: Response): void =>
    sendFault('Client', 'invalid-request', `The request cannot be read: ${because}.`, response);

  router.use('/soap', (_request, response, next) => {
    response.setHeader('Cache-Control', 'no-store');
    next();
  });

  router.get('/soap/v1', (request, response, next) => {
    if (Object.keys(request.query).some((name) => name.toLowerCase() === 'wsdl')) {
      response.setHeader('Content-Type', soapContentType).send(published);
    } else next();
  });
  router.get('/soap/v1/merchant-server.wsdl', (_request, response) => {
    response.setHeader('Content-Type', soapContentType).send(theirs);
  });

  const onlyXml: RequestHandler = (request, response, next) => {
    const [type = '', ...parameters] = (request.get('content-type') ?? '').split(';');
    const charset = /charset\s*=\s*"?([\w-]+)/i.exec(parameters.join(';'))?.[1] ?? 'utf-8';
    if (!/^(text|application)\/xml$/i.test(type.trim()) || !/^(utf-?8|us-ascii)$/i.test(charset)) {
      plain(response, 415, 'SOAP 1.1 is spoken here: send text/xml; charset=utf-8.');
      return;
    }
    next();
  };

  const byBasic: RequestHandler = async (request, response, next) => {
    const caller = await merchantByBasic(house, request.get('authorization'));
    if (caller === 'nobody') {
      challenge(response);
      return;
    }
    response.locals['caller'] = caller;
    next();
  };

  const readBody = express.raw({ type: () => true, limit: requestBytes, inflate: false });

  const act: RequestHandler = async (request, response) => {
    const bytes: unknown = request.body;
    if (!Buffer.isBuffer(bytes) || !isUtf8(bytes)) {
      malformed('it is not UTF-8', response);
      return;
    }
    const envelope = readEnvelope(bytes.toString('utf8'));
    if ('refused' in envelope) {
      malformed(envelope.refused, response);
      return;
    }
    const caller =
      (response.locals['caller'] as FoundCaller) ?? (await callers.merchantByToken(envelope.headers));
    if (caller === undefined) {
      challenge(response);
      return;
    }
    if (caller === 'nobody') {
      sendFault('FailedAuthentication', 'not-authorized', authorizationSentence, response);
      return;
    }
    if (notUnderstood(envelope.headers)) {
      const sentence =
        'A header that must be understood is not: only the UsernameToken of WS-Security is known here.';
      sendFault('MustUnderstand', 'invalid-request', sentence, response);
      return;
    }
    await perform(envelope.message, caller, request, response);
  };

  async function perform(
    message: XmlElement,
    caller: Exclude<FoundCaller, 'nobody' | undefined>,
    request: Request,
    response: Response,
  ): Promise<void> {
    const isOurs = message.namespace === wsdl.namespace && Object.hasOwn(operations, message.name);
    const operation = isOurs ? operations[message.name] : undefined;
    const route = routeOf.get(message.name);
    if (!operation || !route) {
      const sentence = `There is no such operation: the body must hold one of ${Object.keys(operations).join(', ')} in the namespace ${wsdl.namespace}.`;
      sendFault('Client', 'not-found', sentence, response);
      return;
    }
    const read = readValue(message, wsdl.namespace, wsdl.shape(message.name));
    if ('wrong' in read) {
      sendFault('Client', 'invalid-request', `The request does not hold: ${read.wrong}.`, response);
      return;
    }
    const asked = operation.request(read.value as Record<string, XmlValue>);
    const answer = await carryOut(house, route, asked, caller, request);
    if ('draft' in answer) {
      sendProblemFault(answer.draft, request, response);
      return;
    }
    if (answer.status >= 400) {
      const problem = JSON.parse(answer.text) as Problem;
      const code = problem.type.slice(problem.type.lastIndexOf('/') + 1);
      sendFault(answer.status >= 500 ? 'Server' : 'Client', code, sentenceOf(problem), response);
      return;
    }
    const text = answerText(operation, message.name, answer);
    if (text.length > answerCharactersMax)
      throw new Error('An answer over SOAP is larger than was thought possible.');
    response.status(200).setHeader('Content-Type', soapContentType).send(text);
  }

  const answerText = (operation: Operation, name: string, answer: FinalAnswer): string => {
    const element = `${name}Response`;
    const body = JSON.parse(answer.text) as Record<string, unknown>;
    return writeEnvelope(writeElement(element, wsdl.namespace, wsdl.shape(element), operation.answer(body)));
  };

  router.post('/soap/v1', onlyXml, byBasic, readBody, act);
  router.all('/soap/v1', (_request, response) => {
    response.setHeader('Allow', 'GET, HEAD, POST');
    plain(response, 405, `Post SOAP 1.1 messages here; what they look like stands at ${address}?wsdl`);
  });

  const failed: ErrorRequestHandler = (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const problem = problemOfError(error);
    if (problem.kind === 'too-large') {
      plain(response, 413, 'A request may be 1 MB large.');
    } else if (problem.kind === 'not-json') {
      plain(response, 400, 'The request did not arrive whole, or is packed: send it as it is.');
    } else {
      const facts = { err: error, requestId: requestIdOf(request), path: '/soap/v1' };
      if (problem.kind === 'unexpected')
        house.log.error(facts, 'A SOAP request failed in a way nobody expected');
      else house.log.warn(facts, 'A SOAP request found the database away');
      sendProblemFault(problem, request, response);
    }
  };
  router.use('/soap/v1', failed);
  return router;
}

const authorizationSentence =
  'The UsernameToken is not taken: send your API key as PasswordText, or a digest of your SOAP password (POST /v1/soap-password) with a fresh nonce and instant.';

/** WS-I BP 1.1 knows no fault with 401: a client that is challenged by HTTP answers by HTTP. */
function challenge(response: Response): void {
  response.setHeader('WWW-Authenticate', 'Basic realm="soap", charset="UTF-8"');
  plain(response, 401, 'Send HTTP Basic with your API key as the password, or a WS-Security UsernameToken.');
}

function plain(response: Response, status: number, sentence: string): void {
  response.status(status).type('text/plain').send(`${sentence}\n`);
}

/** As the route does for JSON: once for a request that names itself, and its answer or problem as it was kept. */
async function carryOut(
  house: House,
  route: MountedRoute,
  asked: RouteRequest,
  { merchantId, by }: Exclude<FoundCaller, 'nobody' | undefined>,
  request: Request,
): Promise<FinalAnswer | { draft: ProblemDraft }> {
  const { params, body, requestKey: key } = asked;
  const act = async (requestKey?: string): Promise<FinalAnswer & { began: boolean }> => {
    const from = {
      merchantId,
      by,
      place: placeOf(request),
      language: languageOf(request),
      ...(requestKey !== undefined && { requestKey }),
    };
    const answer = await runTraced(house, route, { params, query: {}, body }, from);
    if (!('problem' in answer)) {
      return { status: answer.status, text: JSON.stringify(answer.body), began: true };
    }
    const problem = renderProblem(answer.problem, request, house.publicUrl);
    return { status: problem.status, text: JSON.stringify(problem), began: answer.began };
  };
  if (key === undefined) return act();
  // The same key over either language is the same request.
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '');
  const hash = requestHash(route.method.toUpperCase(), path, body);
  const result = await once(house, { merchantId, key, hash }, () =>
    act(`${key}:${hash.toString('base64url')}`),
  );
  if (result.outcome === 'answer') return result.answer;
  return {
    draft: { kind: result.outcome === 'in_progress' ? 'request-in-progress' : 'idempotency-key-reused' },
  };
}

/** The first field that is wrong stands in the problem's own members, which a fault does not have. */
function sentenceOf(problem: Problem): string {
  const [first] = (problem['errors'] ?? []) as { pointer: string; detail: string }[];
  return first ? `${problem.detail} (${first.pointer}: ${first.detail})` : problem.detail;
}
