// The door of every route: an API key, or who is signed in, and whether he may. Looked at before the body is read.
//
// A browser sends its cookie along with whatever any page asks of us. So a write with a cookie must come from a page of ours:
// browsers name the page's origin with every request that is no GET (Fetch, 3.2), and let no script choose it.

import type { Request, RequestHandler, Response } from 'express';
import { deviceWords, mayDo } from '../core/sign-in.ts';
import type { House } from '../flow/house.ts';
import type { Timer } from '../flow/ports.ts';
import {
  actorOf,
  lookAgain,
  type NewToken,
  type Place,
  type SignedIn,
  signedInBy,
  whenSessionChanges,
} from '../flow/sessions.ts';
import { ownerOfKey } from './api-key.ts';
import type { ProblemDraft } from './problem.ts';
import { type CallFrom, type MountedRoute, sessionCookie } from './routes.ts';
import { isOurs } from './security.ts';
import { languageOf, sendProblem } from './send-problem.ts';

/** Whose request it is, as far as routes ask. */
export type Admitted = Pick<CallFrom, 'merchantId' | 'by' | 'session' | 'consultantId'>;

type Refusal = { problem: ProblemDraft };

export function authorize(house: House, route: MountedRoute): RequestHandler {
  return async (request, response, next) => {
    const admitted = await admit(house, route, request);
    if ('problem' in admitted) {
      // The cookie is left alone: a request that was on its way when the token changed would take the new one away.
      sendProblem(admitted.problem, request, response, house.publicUrl);
      return;
    }
    response.locals['admitted'] = admitted;
    next();
  };
}

/** What `authorize` found. */
export function fromOf(request: Request, response: Response): CallFrom {
  return {
    ...(response.locals['admitted'] as Admitted),
    language: languageOf(request),
    place: placeOf(request),
  };
}

async function admit(house: House, route: MountedRoute, request: Request): Promise<Admitted | Refusal> {
  if (request.get('authorization') !== undefined && route.admits !== 'nobody')
    return byKey(house, route, request);
  const token = tokenOf(request);
  const write = route.method !== 'get';
  if (
    write &&
    (token !== undefined || request.get('origin') !== undefined) &&
    !isOurs(request.get('origin'), house.publicUrl, request)
  ) {
    return refused('wrong-origin');
  }
  if (route.admits === 'nobody') return { merchantId: '' };
  const session = token === undefined ? undefined : await signedInBy(house, token);
  if (session) return bySession(route, session);
  return refused(token !== undefined || route.area === 'own' ? 'not-signed-in' : 'not-authorized');
}

/** RFC 6750, 2.1. */
async function byKey(house: House, route: MountedRoute, request: Request): Promise<Admitted | Refusal> {
  const key = /^Bearer +(\S+) *$/i.exec(request.get('authorization') ?? '')?.[1];
  const owner = key === undefined ? undefined : await ownerOfKey(house, key);
  if (!owner) return refused('not-authorized');
  if (route.area === 'own') return refused('no-right', ownOnly);
  return { merchantId: owner.merchantId, by: { kind: 'api_key', id: owner.id, name: null } };
}

/** Of who signed in: whether this route is his. For the operator's routes he must be one. */
export function bySession(route: MountedRoute, session: SignedIn): Admitted | Refusal {
  const { area, admits } = route;
  if (!session.whole && admits !== 'half') return refused('second-factor-needed');
  if (session.mustSetUpTotp && admits === undefined) return refused('second-factor-needed');
  if (area === 'operations') {
    if (session.kind !== 'operator') return refused('no-right');
  } else if (area !== 'own') {
    const wanted = route.right ?? (route.method === 'get' ? 'read' : 'write');
    if (!session.merchant || !mayDo(session.rights, area, wanted)) return refused('no-right');
  }
  if (route.consultant && session.consultantId === undefined) return refused('no-right');
  if (route.stepUp === true && !session.steppedUpUntil) return refused('step-up-needed');
  return {
    merchantId: session.merchant?.id ?? '',
    by: actorOf(session),
    session,
    ...(session.consultantId !== undefined && { consultantId: session.consultantId }),
  };
}

/** A hint of an end may be lost with the gateway that was to give it. */
const lookEveryMs = 30_000;

/** A stream that stays open is his only as long as his session lasts and has the right to it. */
export function endWithSession(
  house: House,
  route: MountedRoute,
  { session }: CallFrom,
  response: Response,
): void {
  if (!session) return;
  let timer: Timer | undefined;
  const look = (): void => {
    timer?.cancel();
    timer = house.clock.after(lookEveryMs, look);
    lookAgain(house, session)
      .then((now) => {
        if (!now || 'problem' in bySession(route, now)) response.end();
      })
      // Nobody can be asked: what was so a moment ago is so until somebody can.
      .catch(() => undefined);
  };
  timer = house.clock.after(lookEveryMs, look);
  const stop = whenSessionChanges(house, session, look);
  response.on('close', () => {
    stop();
    timer?.cancel();
  });
}

const refused = (kind: ProblemDraft['kind'], detail?: ProblemDraft['detail']): Refusal => ({
  problem: { kind, ...(detail && { detail }) },
});

const ownOnly = {
  en: 'This is about who is signed in, and an API key is nobody. Sign in, and ask without the key.',
  fr: 'Ceci concerne la personne connectée, et une clé d’API n’est personne. Connectez-vous, et demandez sans la clé.',
};

/** RFC 6265, 5.4. */
export function tokenOf(request: Request): string | undefined {
  for (const pair of (request.get('cookie') ?? '').split(';')) {
    const [name = '', value = ''] = pair.split('=', 2);
    if (name.trim() === sessionCookie && /^[\w-]{16,128}$/.test(value.trim())) return value.trim();
  }
  return undefined;
}

/** The browser keeps it, where no script sees it, and sends it to us alone. */
export function keepToken(
  house: Pick<House, 'publicUrl'>,
  response: Response,
  kept: NewToken | 'none',
): void {
  response.cookie(sessionCookie, kept === 'none' ? '' : kept.token, {
    httpOnly: true,
    sameSite: 'lax',
    secure: house.publicUrl.startsWith('https:'),
    path: '/',
    maxAge: kept === 'none' ? 0 : kept.seconds * 1000,
  });
}

export function placeOf(request: Request): Place {
  return { address: request.ip ?? '', device: deviceWords(request.get('user-agent') ?? '') };
}
