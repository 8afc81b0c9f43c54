// The operator's API: what wants a person, the story of one order, and repairs that are harmless to repeat. Behind a key of
// its own, OPERATOR_KEY; without one it is off. Its document is /ops/v1/openapi.json: merchants do not see it. The same by
// terminal, with or without a gateway that lives, is cli.ts.

import { timingSafeEqual } from 'node:crypto';
import express, { type Request, type RequestHandler, type Router } from 'express';
import type { House } from '../flow/house.ts';
import { sha256 } from '../store/seal.ts';
import { operatorReads } from './operator-reads.ts';
import { operatorRepairs } from './operator-repairs.ts';
import { ApiRoutes } from './routes.ts';
import { languageOf, renderProblem, sendProblem, setProblemHeaders } from './send-problem.ts';

/** Serves `/ops/v1/...`. To be mounted at the root. `key`: absent, and every answer says how to turn the API on. */
export function operatorApi(house: House, key: string | undefined): Router {
  const router = express.Router({ strict: true });
  router.use('/ops/v1', (request, response, next) => {
    response.setHeader('Cache-Control', 'no-store');
    if (key === undefined) sendProblem({ kind: 'operator-api-off' }, request, response, house.publicUrl);
    else if (!holds(request, key))
      sendProblem({ kind: 'not-authorized', detail: noKey }, request, response, house.publicUrl);
    else next();
  });
  if (key === undefined) return router;

  const routes = operatorRoutes(house);
  const document = JSON.stringify(routes.document({ ...about, publicUrl: house.publicUrl }));
  router.get('/ops/v1/openapi.json', (_request, response) => {
    response.type('application/json').send(document);
  });
  routes.mount(
    router,
    (route) => {
      const act: RequestHandler = async (request, response) => {
        const answer = await route.run(request, { merchantId: '', language: languageOf(request) });
        if (!('problem' in answer)) {
          response.status(answer.status).json(answer.body);
          return;
        }
        const problem = renderProblem(answer.problem, request, house.publicUrl);
        response.status(problem.status);
        setProblemHeaders(answer.problem, request, response);
        response.send(JSON.stringify(problem));
      };
      return route.method === 'get' ? [act] : [readJson, act];
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
