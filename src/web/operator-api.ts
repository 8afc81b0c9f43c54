// The operator's API: what wants a person, the story of one order, and repairs that are harmless to repeat. Behind a key of
// its own, OPERATOR_KEY, and for operators who signed in; without a key only for those. Its document is
// /ops/v1/openapi.json: merchants do not see it. The same by terminal, with or without a gateway that lives, is cli.ts.

import { timingSafeEqual } from 'node:crypto';
import express, { type Request, type RequestHandler, type Router } from 'express';
import type { House } from '../flow/house.ts';
import { type SignedIn, signedInBy } from '../flow/sessions.ts';
import { sha256 } from '../store/seal.ts';
import { bySession, placeOf, tokenOf } from './authorize.ts';
import { operatorReads } from './operator-reads.ts';
import { operatorRepairs } from './operator-repairs.ts';
import type { ProblemDraft } from './problem.ts';
import { ApiRoutes, type MountedRoute } from './routes.ts';
import { isOurs } from './security.ts';
import { languageOf, renderProblem, sendProblem, setProblemHeaders } from './send-problem.ts';

/**
 * Serves `/ops/v1/...`. To be mounted at the root. `key`: absent, only operators who signed in come in, and whoever brings a key
 * is told how to turn it on.
 */
export function operatorApi(house: House, key: string | undefined): Router {
  const router = express.Router({ strict: true });
  const routes = operatorRoutes(house);
  // Made when it is first asked for: a gateway that takes over has calls to see to.
  let document: string | undefined;
  router.use('/ops/v1', async (request, response, next) => {
    response.setHeader('Cache-Control', 'no-store');
    const token = tokenOf(request);
    const session =
      request.get('authorization') === undefined && token !== undefined
        ? await signedInBy(house, token)
        : undefined;
    if (session) response.locals['session'] = session;
    else if (key === undefined) {
      sendProblem({ kind: 'operator-api-off' }, request, response, house.publicUrl);
      return;
    } else if (!holds(request, key)) {
      sendProblem({ kind: 'not-authorized', detail: noKey }, request, response, house.publicUrl);
      return;
    }
    next();
  });
  router.get('/ops/v1/openapi.json', (_request, response) => {
    document ??= JSON.stringify(routes.document({ ...about, publicUrl: house.publicUrl }));
    response.type('application/json').send(document);
  });
  routes.mount(
    router,
    (route) => {
      const door: RequestHandler = (request, response, next) => {
        const session = response.locals['session'] as SignedIn | undefined;
        const problem = session && refusalOf(house, route, request, session);
        if (problem) sendProblem(problem, request, response, house.publicUrl);
        else next();
      };
      const act: RequestHandler = async (request, response) => {
        const session = response.locals['session'] as SignedIn | undefined;
        // Who signed in did it, whatever name he wrote. A check changes nothing, and asks nobody's name.
        const { params, query } = request;
        const given = request.body as object | undefined;
        const body =
          session && route.method !== 'get' && route.name !== 'checkInvariants'
            ? { ...given, by: session.email }
            : given;
        const from = { merchantId: '', language: languageOf(request), place: placeOf(request) };
        const answer = await route.run({ params, query, body }, from);
        if (!('problem' in answer)) {
          response.status(answer.status).json(answer.body);
          return;
        }
        const problem = renderProblem(answer.problem, request, house.publicUrl);
        response.status(problem.status);
        setProblemHeaders(answer.problem, request, response);
        response.send(JSON.stringify(problem));
      };
      return route.method === 'get' ? [door, act] : [door, readJson, act];
    },
    (request, response, allowed) => {
      response.setHeader('Allow', allowed);
      sendProblem({ kind: 'method-not-allowed' }, request, response, house.publicUrl);
    },
  );
  router.use('/ops/v1', (request, response) => {
    sendProblem({ kind: 'not-found' }, request, response, house.publicUrl);
  });
  return router;
}

/** Of somebody who signed in. */
function refusalOf(
  house: House,
  route: MountedRoute,
  request: Request,
  session: SignedIn,
): ProblemDraft | undefined {
  if (route.method !== 'get' && !isOurs(request.get('origin'), house.publicUrl, request))
    return { kind: 'wrong-origin' };
  const admitted = bySession(route, session);
  return 'problem' in admitted ? admitted.problem : undefined;
}

const readJson = express.json({ limit: '16kb', type: 'application/json' });

/** Digests of equal length are compared, in a time that says nothing of how much was right. */
function holds(request: Request, key: string): boolean {
  const given = /^Bearer +(\S+) *$/i.exec(request.get('authorization') ?? '')?.[1] ?? '';
  return timingSafeEqual(sha256(given), sha256(key));
}

const noKey = {
  en: 'Send the operator key as "Authorization: Bearer ...". It is what OPERATOR_KEY was set to when this gateway started.',
  fr: 'Envoyez la clé d’opérateur ainsi : « Authorization: Bearer ... ». C’est la valeur d’OPERATOR_KEY au démarrage de cette passerelle.',
};

const about = {
  title: 'Ringmeter, for operators',
  version: '1',
  description:
    'What wants a person, the whole story of one order, and repairs. Each repair may be repeated without harm; who did it and ' +
    'why is kept. Nobody’s number, address or card is in any answer.',
};

function operatorRoutes(house: House): ApiRoutes {
  const routes = new ApiRoutes({
    key: 'The operator key: what OPERATOR_KEY is set to.',
    idempotencyKeys: false,
  });
  operatorReads(routes, house);
  operatorRepairs(routes, house);
  return routes;
}
