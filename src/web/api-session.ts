// Routes of signing in and out, and of what one has open where.

import type { House } from '../flow/house.ts';
import { actFor, endSession, merchantsOf, type SignedIn, sessionsOf, signedInBy } from '../flow/sessions.ts';
import {
  giveSecondFactor,
  proveAgain,
  signIn,
  type SignInAnswer,
  signInByShortNumber,
} from '../flow/sign-in.ts';
import { idParams } from './api-shapes.ts';
import { type ApiAnswer, type ApiRoutes, z } from './routes.ts';
import {
  codeShape,
  emailShape,
  givenPassword,
  instant,
  merchantShape,
  refusalAnswer,
  rightsShape,
  roleShape,
} from './session-shapes.ts';

const userShape = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string().nullable().meta({ description: 'Null: a consultant who came by short number.' }),
    language: z.enum(['fr', 'en']),
  })
  .openapi('SignedInUser');

const signedInShape = z
  .discriminatedUnion('outcome', [
    z.object({ outcome: z.literal('signed_in'), user: userShape }),
    z.object({
      outcome: z.literal('second_factor'),
      methods: z.array(z.enum(['totp', 'recovery'])),
    }),
  ])
  .openapi('SignInAnswer');

const anyRole = roleShape.or(z.literal('operator'));

const sessionShape = z
  .object({
    user: userShape,
    as: z.object({
      kind: z.enum(['operator', 'user', 'consultant']),
      role: anyRole.nullable(),
      merchant: merchantShape.nullable(),
      rights: rightsShape,
      consultantId: z.string().nullable(),
    }),
    merchants: z.array(z.object({ id: z.string(), name: z.string(), role: anyRole })),
    steppedUpUntil: instant.nullable(),
    mustSetUpTotp: z.boolean(),
    hasTotp: z.boolean(),
  })
  .openapi('Session');

const listedShape = z
  .object({
    id: z.string(),
    current: z.boolean(),
    createdAt: instant,
    lastSeenAt: instant,
    address: z.string(),
    userAgent: z.string().meta({ example: 'Firefox, Android' }),
  })
  .openapi('OpenSession');

const done = z.object({ done: z.literal(true) }).openapi('Done');
const doneAnswer = { status: 200, body: { done: true } } as const;

export function sessionRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'post',
    path: '/v1/session',
    area: 'own',
    admits: 'nobody',
    name: 'signIn',
    summary: 'Signs in with address and password.',
    description:
      'Whatever is wrong, the answer is the same. With a second factor the session opens nothing but ' +
      '/v1/session/second-factor until that is given.',
    body: z.strictObject({ email: emailShape, password: givenPassword }),
    answer: { status: 200, description: 'The cookie is set.', shape: signedInShape },
    problems: ['sign-in-refused', 'too-many-tries'],
    act: async ({ body, place }) => answerOf(house, await signIn(house, body, place)),
  });

  routes.add({
    method: 'post',
    path: '/v1/session/second-factor',
    area: 'own',
    admits: 'half',
    audited: false,
    name: 'giveSecondFactor',
    summary: 'The code that was still owed.',
    description: 'Five tries; then the password is asked again. A code is taken once.',
    body: z.strictObject({ code: codeShape }),
    answer: { status: 200, description: 'Another cookie is set.', shape: signedInShape },
    problems: ['sign-in-refused', 'too-many-tries'],
    act: async ({ session, body, place }) =>
      session
        ? answerOf(house, await giveSecondFactor(house, session, body.code, place))
        : { problem: { kind: 'not-signed-in' }, began: false },
  });

  routes.add({
    method: 'post',
    path: '/v1/session/short-number',
    area: 'own',
    admits: 'nobody',
    name: 'signInByShortNumber',
    summary: 'Signs a consultant in with the short number and PIN he has on the telephone.',
    body: z.strictObject({
      merchant: z.string().min(1).max(64).meta({ description: 'His merchant’s name in links.' }),
      shortNumber: z.string().regex(/^[0-9]{1,8}$/),
      pin: z.string().min(1).max(12),
    }),
    answer: { status: 200, description: 'The cookie is set.', shape: signedInShape },
    problems: ['sign-in-refused', 'too-many-tries'],
    act: async ({ body, place }) => answerOf(house, await signInByShortNumber(house, body, place)),
  });

  routes.add({
    method: 'get',
    path: '/v1/session',
    area: 'own',
    admits: 'enrolling',
    name: 'readSession',
    summary: 'Who is signed in, for whom he acts and what he may.',
    answer: { status: 200, description: 'As it is.', shape: sessionShape },
    problems: [],
    act: async ({ session }): Promise<ApiAnswer> =>
      session
        ? { status: 200, body: await sessionBody(house, session) }
        : { problem: { kind: 'not-signed-in' }, began: false },
  });

  routes.add({
    method: 'post',
    path: '/v1/session/merchant',
    area: 'own',
    admits: 'enrolling',
    name: 'chooseMerchant',
    summary: 'For whom he acts from now on: one of his merchants; an operator any.',
    body: z.strictObject({ merchantId: z.string().min(1).max(64) }),
    answer: { status: 200, description: 'As it is now.', shape: sessionShape },
    problems: ['unknown-id'],
    act: async ({ session, body }): Promise<ApiAnswer> => {
      const now = session && (await actFor(house, session, body.merchantId));
      if (!now) return { problem: { kind: 'unknown-id' }, began: false };
      return {
        status: 200,
        body: await sessionBody(house, now),
        // Of somebody's own merchant it is nobody's affair where he looks; an operator leaves his name.
        trace: { merchantId: now.kind === 'operator' ? body.merchantId : null, subject: body.merchantId },
      };
    },
  });

  routes.add({
    method: 'delete',
    path: '/v1/session',
    area: 'own',
    admits: 'half',
    audited: false,
    name: 'signOut',
    summary: 'Ends this session.',
    answer: { status: 200, description: 'It is over, and the cookie is gone.', shape: done },
    problems: [],
    act: async ({ session }): Promise<ApiAnswer> => {
      if (session) await endSession(house, session, session.sessionId);
      return { ...doneAnswer, session: 'none' };
    },
  });

  routes.add({
    method: 'post',
    path: '/v1/session/step-up',
    area: 'own',
    audited: false,
    name: 'stepUp',
    summary: 'Shows once more who is there, before money, secrets or people are changed.',
    body: z
      .strictObject({ password: givenPassword.optional(), code: codeShape.optional() })
      .refine(({ password, code }) => (password === undefined) !== (code === undefined), {
        message: 'Send the password or a code.',
      }),
    answer: {
      status: 200,
      description: 'For ten minutes. Another cookie is set.',
      shape: z.object({ steppedUpUntil: instant }).openapi('SteppedUp'),
    },
    problems: ['sign-in-refused', 'too-many-tries'],
    act: async ({ session, body, place }): Promise<ApiAnswer> => {
      if (!session) return { problem: { kind: 'not-signed-in' }, began: false };
      const proven = await proveAgain(house, session, body, place);
      if (proven.outcome !== 'stepped_up') return refusalAnswer(proven);
      const { token, until, seconds } = proven;
      return {
        status: 200,
        body: { steppedUpUntil: until.toISOString() },
        session: { token, seconds },
      };
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/sessions',
    area: 'own',
    name: 'listSessions',
    summary: 'Where one is signed in.',
    answer: {
      status: 200,
      description: 'Newest first.',
      shape: z.object({ data: z.array(listedShape) }).openapi('OpenSessions'),
    },
    problems: [],
    act: async ({ session }): Promise<ApiAnswer> => {
      const listed = session ? await sessionsOf(house, session) : [];
      return {
        status: 200,
        body: {
          data: listed.map(({ id, createdAt, lastSeenAt, address, userAgent }) => ({
            id,
            current: id === session?.sessionId,
            createdAt: createdAt.toISOString(),
            lastSeenAt: lastSeenAt.toISOString(),
            address,
            userAgent,
          })),
        },
      };
    },
  });

  routes.add({
    method: 'delete',
    path: '/v1/sessions/{id}',
    area: 'own',
    name: 'endSession',
    summary: 'Signs out elsewhere: that session is refused from its next request on.',
    params: idParams,
    answer: { status: 200, description: 'It is over.', shape: done },
    problems: ['unknown-id'],
    act: async ({ session, params: { id } }): Promise<ApiAnswer> =>
      session && (await endSession(house, session, id))
        ? { ...doneAnswer, ...(id === session.sessionId && { session: 'none' as const }) }
        : { problem: { kind: 'unknown-id' }, began: false },
  });
}

export async function answerOf(house: House, answer: SignInAnswer): Promise<ApiAnswer> {
  if (answer.outcome === 'refused' || answer.outcome === 'too_often') return refusalAnswer(answer);
  const { outcome, token, seconds } = answer;
  const session = { token, seconds };
  if (outcome === 'second_factor') {
    return { status: 200, body: { outcome, methods: ['totp', 'recovery'] }, session };
  }
  const who = await signedInBy(house, token);
  if (!who) return { problem: { kind: 'sign-in-refused' }, began: false };
  return { status: 200, body: { outcome, user: userBody(who) }, session };
}

const userBody = ({ userId, consultantId, name, email, language }: SignedIn): object => ({
  id: userId ?? consultantId,
  name,
  email,
  language,
});

async function sessionBody(house: House, who: SignedIn): Promise<object> {
  const merchants = await merchantsOf(house, who);
  return {
    user: userBody(who),
    as: {
      kind: who.kind,
      role: who.role ?? null,
      merchant: who.merchant ?? null,
      rights: who.rights,
      consultantId: who.consultantId ?? null,
    },
    merchants: merchants.map(({ id, name, role }) => ({ id, name, role })),
    steppedUpUntil: who.steppedUpUntil?.toISOString() ?? null,
    mustSetUpTotp: who.mustSetUpTotp,
    hasTotp: who.hasTotp,
  };
}
