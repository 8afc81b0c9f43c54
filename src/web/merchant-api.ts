// The merchant's API: what his server may ask of us, in JSON, behind an API key. Each route is declared once (routes.ts)
// and so is checked, mounted and published by the same words. Another merchant's ids are unknown ids: row-level security
// does not show them.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import express, {
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import { scenarioSchema } from '../core/scenario/schema.ts';
import type { House } from '../flow/house.ts';
import { accessRoutes } from './api-access.ts';
import { blockedCallerRoutes } from './api-blocked-callers.ts';
import { callbackRoutes } from './api-callbacks.ts';
import { clientRoutes } from './api-clients.ts';
import { consultantRoutes } from './api-consultants.ts';
import { ddiRoutes } from './api-ddis.ts';
import { forwardNumberRoutes } from './api-forward-numbers.ts';
import { keypadRoutes } from './api-keypad.ts';
import { groupRoutes } from './api-groups.ts';
import { inboundRoutes } from './api-inbound.ts';
import { lineRoutes } from './api-lines.ts';
import { merchantServerRoutes } from './api-merchant-server.ts';
import { ownRecordingRoutes, recordingRoutes } from './api-recordings.ts';
import { recordRoutes } from './api-records.ts';
import { promptRoutes } from './api-prompts.ts';
import { refundRoutes } from './api-refunds.ts';
import { scenarioRoutes } from './api-scenarios.ts';
import { scenarioCallRoutes } from './api-scenario-calls.ts';
import { soundRoutes } from './api-sounds.ts';
import { meRoutes } from './api-me.ts';
import { ownWorkRoutes } from './api-own-work.ts';
import { peopleRoutes } from './api-people.ts';
import { sessionRoutes } from './api-session.ts';
import { usageReportRoutes } from './api-usage-reports.ts';
import { authorize, endWithSession, fromOf, keepToken } from './authorize.ts';
import { once, requestHash, type FinalAnswer } from './idempotency.ts';
import { liveFeed } from './live.ts';
import type { WatchedConsultants } from './live-consultants.ts';
import { publishKnownCallers } from './known-caller-shapes.ts';
import { publishNotices } from './notice-shapes.ts';
import { photos } from './photos.ts';
import { isProblemKind, problemStatuses } from './problem-kinds.ts';
import type { ProblemDraft } from './problem.ts';
import { problemTexts } from './problem-texts.ts';
import {
  type ApiAnswer,
  ApiRoutes,
  type BytesRule,
  type CallFrom,
  idempotencyKeyShape,
  type MountedRoute,
  type SentBytes,
  type Traced,
  type Version,
} from './routes.ts';
import { languageOf, problemOfError, renderProblem, sendProblem, setProblemHeaders } from './send-problem.ts';
import { scriptSigningRoutes } from './api-script-signing.ts';
import { sipLoginRoutes } from './api-sip-logins.ts';
import { smsSenderRoutes } from './api-sms-sender.ts';
import { soapPasswordRoutes } from './api-soap-password.ts';
import { soapService } from './soap-service.ts';
import { runTraced } from './trace.ts';

/** Every route of the API, declared. */
export function merchantRoutes(house: House): ApiRoutes {
  const routes = new ApiRoutes();
  callbackRoutes(routes, house);
  recordRoutes(routes, house);
  refundRoutes(routes, house);
  consultantRoutes(routes, house);
  groupRoutes(routes, house);
  recordingRoutes(routes, house);
  lineRoutes(routes, house);
  promptRoutes(routes, house);
  accessRoutes(routes, house);
  ddiRoutes(routes, house);
  merchantServerRoutes(routes, house);
  inboundRoutes(routes, house);
  clientRoutes(routes, house);
  soapPasswordRoutes(routes, house);
  usageReportRoutes(routes, house);
  sessionRoutes(routes, house);
  meRoutes(routes, house);
  ownWorkRoutes(routes, house);
  sipLoginRoutes(routes, house);
  ownRecordingRoutes(routes, house);
  scenarioRoutes(routes, house);
  scenarioCallRoutes(routes, house);
  soundRoutes(routes, house);
  forwardNumberRoutes(routes, house);
  keypadRoutes(routes, house);
  scriptSigningRoutes(routes, house);
  blockedCallerRoutes(routes, house);
  smsSenderRoutes(routes, house);
  peopleRoutes(routes, house);
  publishNotices(routes);
  publishKnownCallers(routes);
  return routes;
}

/** Serves `/v1/...`, `/soap/v1`, `/openapi.json`, `/schemas/scenario.json`, `/problems/{kind}` and `/photos/{token}`. To be mounted at the root. */
export function merchantApi(house: House): Router {
  const router = express.Router({ strict: true });
  const routes = merchantRoutes(house);
  // Made when it is first asked for: a gateway that takes over has calls to see to.
  let document: string | undefined;

  router.get('/openapi.json', (_request, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*');
    document ??= JSON.stringify(routes.document({ ...about, publicUrl: house.publicUrl }));
    response.type('application/json').send(document);
  });
  const schema = JSON.stringify(scenarioSchema(`${house.publicUrl}/schemas/scenario.json`));
  router.get('/schemas/scenario.json', (_request, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Cache-Control', 'public, max-age=3600');
    response.type('application/schema+json').send(schema);
  });
  router.get('/problems/:kind', (request, response, next) => explainProblem(request, response, next));

  router.use(soapService(house, routes));
  router.use(photos(house));

  router.use('/v1', (_request, response, next) => {
    response.setHeader('Cache-Control', 'no-store');
    next();
  });
  routes.mount(
    router,
    (route) => handlersOf(house, route),
    (request, response, allowed) => {
      response.setHeader('Allow', allowed);
      sendProblem({ kind: 'method-not-allowed' }, request, response, house.publicUrl);
    },
  );
  router.use('/v1', (request, response) => {
    sendProblem({ kind: 'not-found' }, request, response, house.publicUrl);
  });
  return router;
}

const about = {
  title: 'Ringmeter',
  version: versionOfPackage(),
  description:
    'Sells telephone conversations by the minute: an amount is held on the caller’s card, both telephones ring, the call is cut ' +
    'before the money ends, and what was talked is charged once. Errors are RFC 9457 problems; each `type` is a page that ' +
    'explains it. Notices are signed by the Standard Webhooks specification.',
};

function versionOfPackage(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** In this order: whose request it is, its body (somebody unknown's is not worth reading), what it asks for. */
function handlersOf(house: House, route: MountedRoute): RequestHandler[] {
  const door = authorize(house, route);
  const act: RequestHandler = async (request, response) => {
    const asked = {
      ...fromOf(request, response),
      ...basedOn(request),
      ...(route.bytes && { bytes: sentBytes(request) }),
    };
    const run = (requestKey?: string) =>
      answerOf(house, request, () =>
        runTraced(house, route, request, { ...asked, ...(requestKey !== undefined && { requestKey }) }),
      );
    if (route.method !== 'get' && route.area !== 'own') {
      await write(house, asked, request, response, run);
      return;
    }
    const answer = await run();
    if (answer.session) keepToken(house, response, answer.session);
    if (answer.live && request.method === 'GET') {
      endWithSession(house, route, asked, response);
      liveFeed(house).followConsultants(response, answer.live);
    } else if (answer.sound) sendSound(answer.sound, request, response);
    else send(answer, request, response);
  };
  return route.method === 'get' ? [door, act] : [door, ...bodyReaders(house, route), act];
}

/**
 * The whole of it, or the part that is asked for: a player that jumps in a sound asks for what follows (RFC 9110, 14.2). What
 * cannot be read as one part is answered by the whole, as a server may that knows no ranges.
 */
function sendSound(sound: Buffer, request: Request, response: Response): void {
  const asked = request.range(sound.length);
  const [part, more] = Array.isArray(asked) && asked.type === 'bytes' ? asked : [];
  response.type('audio/wav').setHeader('Accept-Ranges', 'bytes');
  if (!part || more) {
    response.status(200).send(sound);
    return;
  }
  const { start, end } = part;
  response.setHeader('Content-Range', `bytes ${String(start)}-${String(end)}/${String(sound.length)}`);
  response.status(206).send(sound.subarray(start, end + 1));
}

function bodyReaders(house: House, { bytes, bodyBytesMax }: MountedRoute): RequestHandler[] {
  if (!bytes) {
    const reader =
      bodyBytesMax === undefined ? readJson : express.json({ limit: bodyBytesMax, type: 'application/json' });
    return [bodyOf(house, ['application/json']), reader];
  }
  return [bodyOf(house, bytes.types), readBytes(house, bytes)];
}

function readBytes(house: House, { types, maxBytes, tooLarge }: BytesRule): RequestHandler {
  const read: RequestHandler = express.raw({ limit: maxBytes, type: [...types] });
  return (request, response, next) => {
    void read(request, response, (error?: unknown) => {
      if (problemOfError(error).kind !== 'too-large') next(error);
      else sendProblem({ kind: tooLarge }, request, response, house.publicUrl);
    });
  };
}

function sentBytes(request: Request): SentBytes {
  const body: unknown = request.body;
  const mediaType = (request.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return { mediaType, bytes: Buffer.isBuffer(body) ? body : Buffer.alloc(0) };
}

/**
 * RFC 9110, 13.1.1. `*` is any version. A proxy that packs an answer makes its tag a weak one: it names the same version, since
 * a version is of the settings and not of the bytes.
 */
function basedOn(request: Request): { basedOn?: Version } {
  const tag = request.get('if-match')?.trim();
  if (tag === undefined || tag === '*') return {};
  const version = /^(?:W\/)?"(\d{1,9})"$/.exec(tag)?.[1];
  return { basedOn: version === undefined ? 'none' : Number(version) };
}

/** 64 kB holds the longest body any route takes many times over. */
const readJson = express.json({ limit: '64kb', type: 'application/json' });

function bodyOf(house: House, types: readonly string[]): RequestHandler {
  return (request, response, next) => {
    // Some routes are content without a body, and clients then say so in several ways.
    const empty = request.get('content-length') === '0' || request.is('*/*') === null;
    if (!empty && request.is([...types]) === false) {
      sendProblem(unsupported(types), request, response, house.publicUrl);
      return;
    }
    next();
  };
}

function unsupported(types: readonly string[]): ProblemDraft {
  if (types.includes('application/json')) return { kind: 'unsupported-media-type' };
  const list = types.join(', ');
  return {
    kind: 'unsupported-media-type',
    detail: {
      en: `Send the file itself, with its own Content-Type: one of ${list}.`,
      fr: `Envoyez le fichier lui-même, avec son propre Content-Type : l’un de ${list}.`,
    },
  };
}

async function write(
  house: House,
  { merchantId, session }: CallFrom,
  request: Request,
  response: Response,
  act: (requestKey?: string) => Promise<Rendered>,
): Promise<void> {
  const given = request.get('idempotency-key');
  if (given === undefined) {
    send(await act(), request, response);
    return;
  }
  if (!idempotencyKeyShape.safeParse(given).success) {
    sendProblem({ kind: 'invalid-idempotency-key' }, request, response, house.publicUrl);
    return;
  }
  // What one person was answered is no other's to be told.
  const key = session?.userId === undefined ? given : `${session.userId} ${given}`;
  const secret = request.path === '/v1/access-codes/verify' ? [...secretFields, 'code'] : secretFields;
  const hash = requestHash(request.method, request.path, withoutSecrets(house, request.body, secret));
  let fresh: Pick<Rendered, 'draft' | 'version'> = {};
  const result = await once(house, { merchantId, key, hash }, async () => {
    const answer = await act(`${key}:${hash.toString('base64url')}`);
    fresh = answer;
    return answer;
  });
  if (result.outcome === 'answer') {
    if (result.replayed) response.setHeader('Idempotency-Replayed', 'true');
    const { draft, version } = fresh;
    const also = { ...(draft && { draft }), ...(version !== undefined && { version }) };
    send({ ...result.answer, ...also }, request, response);
    return;
  }
  const kind = result.outcome === 'in_progress' ? 'request-in-progress' : 'idempotency-key-reused';
  const retry = kind === 'request-in-progress' ? { retryAfterSeconds: 2 } : {};
  sendProblem({ kind, ...retry }, request, response, house.publicUrl);
}

const secretFields = ['pin', 'password'];

/**
 * A hash of a body with a PIN, a password or an access code in it would give that to whoever tries all of them: a mark under our
 * key stands for it, wherever in the body it is.
 */
function withoutSecrets(house: Pick<House, 'seal'>, body: unknown, secret: readonly string[]): unknown {
  if (Buffer.isBuffer(body)) return createHash('sha256').update(body).digest('hex');
  if (Array.isArray(body)) return body.map((one) => withoutSecrets(house, one, secret));
  if (typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(
    Object.entries(body).map(([name, value]: [string, unknown]) => [
      name,
      secret.includes(name)
        ? house.seal.mark(JSON.stringify(value), `${name} in a request`).toString('base64url')
        : withoutSecrets(house, value, secret),
    ]),
  );
}

interface Rendered extends FinalAnswer {
  began: boolean;
  /** Absent: JSON. */
  mediaType?: 'text/html' | 'text/csv';
  fileName?: string;
  version?: number;
  live?: WatchedConsultants;
  sound?: Buffer;
  draft?: ProblemDraft;
  session?: Traced['session'];
}

/** The answer as text, once: what is kept for a repeat is what was sent. */
async function answerOf(house: House, request: Request, run: () => Promise<ApiAnswer>): Promise<Rendered> {
  const answer = await run();
  if ('problem' in answer) {
    const problem = renderProblem(answer.problem, request, house.publicUrl);
    return {
      status: problem.status,
      text: JSON.stringify(problem),
      began: answer.began,
      draft: answer.problem,
    };
  }
  const { status, html, csv, version, live, sound } = answer;
  if (live) return { status, text: '', began: true, live };
  if (sound) return { status, text: '', began: true, sound };
  if (html !== undefined && request.accepts(['application/json', 'text/html']) === 'text/html') {
    return { status, text: html, began: true, mediaType: 'text/html' };
  }
  if (csv && (csv.asked || request.accepts(['application/json', 'text/csv']) === 'text/csv')) {
    return { status, text: csv.text, began: true, mediaType: 'text/csv', fileName: csv.fileName };
  }
  return {
    status,
    text: JSON.stringify(answer.body),
    began: true,
    ...(version !== undefined && { version }),
    ...(answer.session && { session: answer.session }),
  };
}

function send(
  answer: FinalAnswer & Pick<Rendered, 'draft' | 'mediaType' | 'fileName' | 'version'>,
  request: Request,
  response: Response,
): void {
  response.status(answer.status);
  if (answer.draft) setProblemHeaders(answer.draft, request, response);
  else if (answer.mediaType) response.vary('Accept').type(answer.mediaType);
  else response.type(answer.status >= 400 ? 'application/problem+json' : 'application/json');
  if (answer.fileName !== undefined) response.attachment(answer.fileName).type('text/csv');
  if (answer.version !== undefined) {
    response.setHeader('ETag', `"${String(answer.version)}"`);
    // The tag is of the settings; beside them stands what changes by itself, so that nothing here is ever "not modified".
    delete request.headers['if-none-match'];
  }
  response.send(answer.text);
}

/** The page behind a problem's `type`. */
function explainProblem(request: Request, response: Response, next: NextFunction): void {
  const kind = String(request.params['kind']);
  if (!isProblemKind(kind)) {
    next();
    return;
  }
  const language = languageOf(request);
  const { title, detail } = problemTexts[kind];
  response.setHeader('Content-Language', language);
  response.vary('Accept-Language');
  response
    .type('text/plain')
    .send(`${title[language]} (HTTP ${String(problemStatuses[kind])})\n\n${detail[language]}\n`);
}
