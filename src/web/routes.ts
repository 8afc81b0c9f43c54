// The registry of merchant routes: each is declared once, and from that one declaration mounted, checked and published.
// What /openapi.json says is therefore what the server does; a route that is not described cannot be reached.

import {
  extendZodWithOpenApi,
  OpenApiGeneratorV31,
  OpenAPIRegistry,
  type RouteConfig,
} from '@asteasolutions/zod-to-openapi';
import type { Request, RequestHandler, Response, Router } from 'express';
import { z, type ZodObject, type ZodType } from 'zod';
import type { Language } from '../core/ids.ts';
import type { WatchedConsultants } from './live-consultants.ts';
import type { Area } from '../core/sign-in.ts';
import type { NewToken, Place, SignedIn } from '../flow/sessions.ts';
import type { Actor } from '../store/audit.ts';
import { problemStatuses, type ProblemKind } from './problem-kinds.ts';
import type { ProblemDraft } from './problem.ts';
import { problemTexts } from './problem-texts.ts';

// Adds `.openapi()` to zod's types, which the registry calls; must have run before the first shape is made.
extendZodWithOpenApi(z);
export { z };

type Shape = ZodObject;
type Parsed<S extends Shape | undefined> = S extends Shape ? z.output<S> : Record<string, never>;

/** Whose request it is, and from where. */
export interface CallFrom {
  /** Empty where nobody's merchant is meant: who is not signed in, or acts for none. */
  merchantId: string;
  language: Language;
  /** Key and content of a write that named itself: a repeat of it has the same, whatever became of the first. */
  requestKey?: string;
  /** Who does it; absent: nobody we know. */
  by?: Actor;
  /** Absent: an API key asks, or nobody who is signed in. */
  session?: SignedIn;
  /** Of a consultant who is signed in: who he is. */
  consultantId?: string;
  place: Place;
  /** The version a change was based on, by `If-Match`; absent: whatever it is by now. */
  basedOn?: Version;
  /** What a route that takes `bytes` was sent. */
  bytes?: SentBytes;
}

export interface ApiCall<
  P extends Shape | undefined,
  Q extends Shape | undefined,
  B extends Shape | undefined,
> extends CallFrom {
  params: Parsed<P>;
  query: Parsed<Q>;
  body: Parsed<B>;
}

/** `none`: of no version we ever gave out, so that no change can be based on it. */
export type Version = number | 'none';

/** Of one of these media types, and no longer than this; `tooLarge`: what is said of a longer one. */
export interface BytesRule {
  types: readonly string[];
  maxBytes: number;
  tooLarge: ProblemKind;
}

export interface SentBytes {
  /** As the sender calls them: to be checked. */
  mediaType: string;
  bytes: Buffer;
}

export type ApiAnswer =
  /**
   * `html`, `csv`: the same as a page or a table, for who asks for one (RFC 9110, 12.5.1). `version`: what `If-Match` says of
   * it when it is changed. `live`: instead of the body a stream of events, for as long as the reader stays.
   */
  | ({
      status: 200 | 201 | 202;
      body: unknown;
      html?: string;
      csv?: CsvAnswer;
      version?: number;
      live?: WatchedConsultants;
      /** Instead of the body: a WAV. */
      sound?: Buffer;
    } & Traced)
  /** `began: false`: nothing was done or written, so that a repeat with the same Idempotency-Key acts. */
  | { problem: ProblemDraft; began: boolean };

/** Refused before anything was done. */
export function problemAnswer(kind: ProblemKind, more: Omit<ProblemDraft, 'kind'> = {}): ApiAnswer {
  return { problem: { kind, ...more }, began: false };
}

/** What an answer leaves behind besides itself. */
export interface Traced {
  /** The token the browser is to keep from now on; `none`: it is to forget the one it has. */
  session?: NewToken | 'none';
  /** For the trail of what was done, where path and body do not say it themselves. */
  trace?: { subject?: string; fields?: unknown; by?: Actor; merchantId?: string | null };
}

/** `asked`: whatever is accepted, a table is what was asked for. */
export interface CsvAnswer {
  text: string;
  fileName: string;
  asked: boolean;
}

export interface ApiRoute<
  P extends Shape | undefined = undefined,
  Q extends Shape | undefined = undefined,
  B extends Shape | undefined = undefined,
> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As OpenAPI writes it: `/v1/call-sessions/{id}`. */
  path: string;
  /** What it is about: who signed in needs the right to it, `read` for GET, `write` else unless `right` says so; a key may all but `own`. */
  area: Area | 'operations';
  /** It keeps nothing and changes nothing: whoever may read may ask for it, though it is sent by POST. */
  right?: 'read';
  /**
   * It moves money, secrets or people: who signed in proves once more who he is. Names of fields: where the body holds one of
   * them.
   */
  stepUp?: true | readonly string[];
  /**
   * Who else comes in: anybody; whoever still owes the second factor; whoever must set one up first. Absent: only who is
   * signed in, or an API key.
   */
  admits?: 'nobody' | 'half' | 'enrolling';
  /** Only for who is a consultant, about himself. */
  consultant?: true;
  /** It changes nothing worth a line in the trail. */
  audited?: false;
  name: string;
  summary: string;
  description?: string;
  params?: P;
  query?: Q;
  body?: B;
  /** Longer than other bodies may be. */
  bodyBytesMax?: number;
  answer: {
    status: 200 | 201 | 202;
    description: string;
    shape: ZodType;
    /** It may be asked for as a page too. */
    html?: true;
    /** It may be asked for as a table too. */
    csv?: true;
    /** It is a stream of events, each of this shape. */
    live?: true;
    /** It is a WAV. */
    sound?: true;
  };
  /** It has versions: its answer says which in `ETag`, a change may say in `If-Match` which it was based on. */
  versioned?: true;
  /** Its body is no JSON. */
  bytes?: BytesRule;
  /** Beyond what every route may answer. */
  problems: readonly ProblemKind[];
  act(call: ApiCall<P, Q, B>): Promise<ApiAnswer>;
}

/** A route whose shapes are forgotten: what it is checked by is inside. */
export interface MountedRoute extends Pick<
  ApiRoute,
  'method' | 'path' | 'area' | 'right' | 'stepUp' | 'admits' | 'consultant' | 'audited' | 'name'
> {
  bytes?: BytesRule;
  bodyBytesMax?: number;
  /** Reads the request by the route's shapes and acts, or says what is wrong with it. */
  run(request: Pick<Request, 'params' | 'query' | 'body'>, from: CallFrom): Promise<ApiAnswer>;
}

const usualProblems: readonly ProblemKind[] = ['database-away', 'unexpected'];

/** What may be said at the door. */
function doorProblems({ area, admits, stepUp, method }: Door): readonly ProblemKind[] {
  const origin: readonly ProblemKind[] = method === 'get' ? [] : ['wrong-origin'];
  if (admits === 'nobody') return origin;
  return [
    ...(area === 'own' ? [] : (['not-authorized'] as const)),
    'not-signed-in',
    'no-right',
    ...(admits === 'half' ? [] : (['second-factor-needed'] as const)),
    ...(stepUp ? (['step-up-needed'] as const) : []),
    ...origin,
  ];
}
type Door = Pick<ApiRoute, 'method' | 'area' | 'admits' | 'stepUp'>;

function securityOf({ area, admits }: Door): { [scheme: string]: [] }[] {
  if (admits === 'nobody') return [];
  return area === 'own' ? [{ session: [] }] : [{ apiKey: [] }, { session: [] }];
}
const bodyProblems: readonly ProblemKind[] = [
  'not-json',
  'unsupported-media-type',
  'too-large',
  'invalid-request',
];
const writeProblems: readonly ProblemKind[] = [
  'invalid-idempotency-key',
  'idempotency-key-reused',
  'request-in-progress',
];

const basedOnShape = z.string().meta({
  description:
    'The `ETag` of what you changed: the change is refused where somebody else has changed it since. Without it the last write wins.',
  example: '"3"',
});

export const idempotencyKeyShape = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/)
  .meta({
    description:
      'The same key with the same request gives the same answer, for 24 hours; with another request it is refused. ' +
      'A repeat while the first is carried out is refused with 409; after a failure on our side (no answer came, or 500) ' +
      'the request may be carried out again with the same key after 60 seconds: an order that was made is then gone on with.',
    example: '5b0c3f0e-8f0d-4a8e-9f41-0b8f2c9a7d11',
  });

/** Where a browser keeps who is signed in. */
export const sessionCookie = 'ringmeter_session';

export class ApiRoutes {
  readonly registry = new OpenAPIRegistry();
  readonly routes: MountedRoute[] = [];

  readonly #idempotencyKeys: boolean;

  /** `key`: what the bearer key is; `idempotencyKeys`: whether a write may name itself (else each is harmless to repeat). */
  constructor({
    key = 'An API key of the merchant: `rk_live_...`, or the demo’s `rk_demo_...`.',
    idempotencyKeys = true,
  } = {}) {
    this.#idempotencyKeys = idempotencyKeys;
    this.registry.registerComponent('securitySchemes', 'apiKey', {
      type: 'http',
      scheme: 'bearer',
      description: key,
    });
    this.registry.registerComponent('securitySchemes', 'session', {
      type: 'apiKey',
      in: 'cookie',
      name: sessionCookie,
      description:
        'Somebody signed in (POST /v1/session). A write must come from our own pages: its `Origin` is looked at.',
    });
  }

  add<
    P extends Shape | undefined = undefined,
    Q extends Shape | undefined = undefined,
    B extends Shape | undefined = undefined,
  >(route: ApiRoute<P, Q, B>): void {
    // One's own affairs are as one left them: doing them twice is doing them once.
    const named = route.method !== 'get' && route.area !== 'own' && this.#idempotencyKeys;
    // What is made has no version yet that it could be based on.
    const changes = route.versioned === true && route.method !== 'get' && route.method !== 'post';
    const problems = [
      ...doorProblems(route),
      ...usualProblems,
      ...(route.body ? bodyProblems : []),
      ...(route.bytes ? (['unsupported-media-type', route.bytes.tooLarge] as const) : []),
      ...(changes ? (['changed-meanwhile'] as const) : []),
      ...(route.params || route.query ? (['invalid-request'] as const) : []),
      ...(named ? writeProblems : []),
      ...route.problems,
    ];
    this.registry.registerPath({
      method: route.method,
      path: route.path,
      operationId: route.name,
      summary: route.summary,
      ...(route.description === undefined ? {} : { description: route.description }),
      security: securityOf(route),
      request: {
        ...(route.params ? { params: route.params } : {}),
        ...(route.query ? { query: route.query } : {}),
        ...((named || changes) && {
          headers: z.object({
            ...(named && { 'Idempotency-Key': idempotencyKeyShape.optional() }),
            ...(changes && { 'If-Match': basedOnShape.optional() }),
          }),
        }),
        ...(route.bytes && {
          body: {
            required: true,
            content: Object.fromEntries(
              route.bytes.types.map((type) => [type, { schema: z.string().meta({ format: 'binary' }) }]),
            ),
          },
        }),
        ...(route.body
          ? { body: { required: true, content: { 'application/json': { schema: route.body } } } }
          : {}),
      },
      responses: {
        [route.answer.status]: {
          description: route.answer.description,
          ...(route.versioned && {
            headers: z.object({ ETag: z.string().meta({ description: 'Its version.', example: '"3"' }) }),
          }),
          content: {
            [answerType(route.answer)]: { schema: route.answer.shape },
            ...(route.answer.html ? { 'text/html': { schema: z.string() } } : {}),
            ...(route.answer.csv ? { 'text/csv': { schema: z.string() } } : {}),
          },
        },
        ...(route.answer.sound && {
          206: {
            description: 'The part that `Range` asked for.',
            content: { 'audio/wav': { schema: z.string() } },
          },
        }),
        ...problemResponses(problems),
      },
    });
    this.routes.push({
      method: route.method,
      path: route.path,
      area: route.area,
      ...(route.right && { right: route.right }),
      ...(route.stepUp && { stepUp: route.stepUp }),
      ...(route.admits && { admits: route.admits }),
      ...(route.consultant && { consultant: route.consultant }),
      ...(route.audited === false && { audited: route.audited }),
      name: route.name,
      ...(route.bytes && { bytes: route.bytes }),
      ...(route.bodyBytesMax !== undefined && { bodyBytesMax: route.bodyBytesMax }),
      run: (request, from) => {
        const read = readRequest(route, request);
        if ('problem' in read) return Promise.resolve(read);
        if (movesMore(route.stepUp, read.parsed.body) && from.session && !from.session.steppedUpUntil)
          return Promise.resolve({ problem: { kind: 'step-up-needed' }, began: false });
        return route.act({ ...from, ...read.parsed });
      },
    });
  }

  /** A notice a merchant may receive, for the `webhooks` of the document. */
  addWebhook(webhook: RouteConfig): void {
    this.registry.registerWebhook(webhook);
  }

  /** Mounts every route behind its handlers, and answers other methods on known paths by `otherMethod`. */
  mount(
    router: Router,
    handlersOf: (route: MountedRoute) => RequestHandler[],
    otherMethod: (request: Request, response: Response, allowed: string) => void,
  ): void {
    const allowed = new Map<string, string[]>();
    for (const route of this.routes) {
      const path = route.path.replace(/\{(\w+)\}/g, ':$1');
      router[route.method](path, ...handlersOf(route));
      allowed.set(path, [...(allowed.get(path) ?? []), route.method.toUpperCase()]);
    }
    for (const [path, methods] of allowed) {
      const list = methods.includes('GET') ? [...methods, 'HEAD'] : methods;
      router.all(path, (request, response) => otherMethod(request, response, list.join(', ')));
    }
  }

  /** The OpenAPI 3.1 document. */
  document(info: { title: string; version: string; description: string; publicUrl: string }): object {
    return new OpenApiGeneratorV31(this.registry.definitions).generateDocument({
      openapi: '3.1.0',
      info: { title: info.title, version: info.version, description: info.description },
      servers: [{ url: info.publicUrl }],
    });
  }
}

/** Some of what the route takes moves money or secrets, and that is here. */
function movesMore(stepUp: ApiRoute['stepUp'], body: object): boolean {
  return (
    typeof stepUp === 'object' &&
    stepUp.some((field) => (body as Record<string, unknown>)[field] !== undefined)
  );
}

function answerType({ live, sound }: { live?: true; sound?: true }): string {
  if (live) return 'text/event-stream';
  return sound ? 'audio/wav' : 'application/json';
}

function readRequest<P extends Shape | undefined, Q extends Shape | undefined, B extends Shape | undefined>(
  route: ApiRoute<P, Q, B>,
  request: Pick<Request, 'params' | 'query' | 'body'>,
): { parsed: Pick<ApiCall<P, Q, B>, 'params' | 'query' | 'body'> } | { problem: ProblemDraft; began: false } {
  const errors: { in: string; pointer: string; detail: string }[] = [];
  const read = (place: 'params' | 'query' | 'body', shape: Shape | undefined, given: unknown): unknown => {
    if (!shape) return {};
    const result = shape.safeParse(given ?? {});
    const unkept = result.success ? pathOfUnkept(result.data) : undefined;
    if (unkept) {
      errors.push(errorOf(place, { code: 'custom', path: unkept, message: unkeptSentence }));
      return {};
    }
    if (result.success) return result.data;
    for (const issue of result.error.issues) errors.push(errorOf(place, issue));
    return {};
  };
  const parsed = {
    params: read('params', route.params, request.params),
    query: read('query', route.query, request.query),
    body: read('body', route.body, request.body),
  } as Pick<ApiCall<P, Q, B>, 'params' | 'query' | 'body'>;
  if (errors.length === 0) return { parsed };
  // An id in the path that is none of ours is an id nobody has.
  if (errors.every((error) => error.in === 'path')) return { problem: { kind: 'unknown-id' }, began: false };
  return { problem: { kind: 'invalid-request', members: { errors } }, began: false };
}

/** JSON and links can write both; Postgres keeps neither a NUL nor half of a surrogate pair (RFC 8259, 8.2). */
const unkeptText = /[\0\p{Surrogate}]/u;
const unkeptSentence = 'Holds a NUL or half of a character: send whole characters of Unicode.';

/** Where the first such text is; `undefined` where there is none. */
function pathOfUnkept(value: unknown): string[] | undefined {
  if (typeof value === 'string') return unkeptText.test(value) ? [] : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const path = pathOfUnkept(inner);
    if (path) return [name, ...path];
  }
  return undefined;
}

const places = { params: 'path', query: 'query', body: 'body' } as const;

/** `pointer` is a JSON Pointer (RFC 6901) into that part of the request, as RFC 9457 shows it. */
function errorOf(
  place: keyof typeof places,
  issue: Pick<z.core.$ZodIssue, 'path' | 'message'> & { code: string; keys?: string[] },
): { in: string; pointer: string; detail: string } {
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys?.[0] ?? ''] : issue.path;
  const pointer = path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  const detail = issue.code === 'unrecognized_keys' ? 'There is no such field.' : issue.message;
  return { in: places[place], pointer: `#${pointer}`, detail };
}

const problemShape = z
  .looseObject({
    type: z.url().meta({ description: 'Names the kind of problem; the page there explains it.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What is so, and what to do next, by Accept-Language (en, fr).' }),
    instance: z.string().meta({ description: 'Names this request: quote it when you ask us.' }),
  })
  .openapi('Problem', { description: 'RFC 9457 problem details.' });

/** Problems grouped by status, since a document has one response each; the kinds are listed in its text. */
function problemResponses(kinds: readonly ProblemKind[]): RouteConfig['responses'] {
  const byStatus = new Map<number, Set<ProblemKind>>();
  for (const kind of kinds) {
    const status = problemStatuses[kind];
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(kind));
  }
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => [
      status,
      {
        description: [...same].map((kind) => `\`${kind}\`: ${problemTexts[kind].title.en}.`).join(' '),
        content: { 'application/problem+json': { schema: problemShape } },
      },
    ]),
  );
}
