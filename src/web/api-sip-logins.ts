// Routes about the logins of consultants' SIP telephones: the merchant makes one for him, or he makes his own.

import type { House } from '../flow/house.ts';
import { askToSetUp, dropSipLogin, makeSipLogin, readSipSetUp } from '../flow/sip-logins.ts';
import { consultantParams } from './consultant-shapes.ts';
import type { ProblemKind } from './problem-kinds.ts';
import { type ApiAnswer, type ApiRoutes, z } from './routes.ts';

const serverMeaning = 'Where it registers, over UDP: the “domain” or “registrar” of the telephone.';
const madeShape = z
  .object({
    userName: z.string().meta({
      description: 'Stays his when the password is made anew.',
      example: 'acme-42',
    }),
    password: z.string().meta({
      description: 'Shown here and never again, but in the answer to a repeat with the same Idempotency-Key.',
    }),
    server: z.string().meta({ description: serverMeaning, example: 'sip.example.com' }),
    address: z
      .string()
      .meta({ description: 'What he is rung at from now on.', example: 'sip:acme-42@sip.example.com' }),
  })
  .openapi('SipLoginMade');

const readShape = z
  .object({
    userName: z.string().nullable().meta({ description: 'null: he has no login.' }),
    server: z
      .string()
      .nullable()
      .meta({ description: `${serverMeaning} null: there are no logins here.` }),
    telephones: z.int().meta({ description: 'How many are registered now.' }),
  })
  .openapi('SipLogin');

const droppedShape = z
  .object({ dropped: z.boolean().meta({ description: 'Whether there was one.' }) })
  .openapi('SipLoginDropped');

const makeProblems: readonly ProblemKind[] = [
  'unknown-id',
  'consultant-archived',
  'no-sip-edge',
  'short-number-needed',
];
const makes = {
  method: 'post',
  stepUp: true,
  answer: { status: 201, description: 'User name and password.', shape: madeShape },
  problems: makeProblems,
} as const;
const drops = {
  method: 'delete',
  stepUp: true,
  answer: { status: 200, description: 'There is none now.', shape: droppedShape },
  problems: ['unknown-id'],
} as const;
const reads = {
  method: 'get',
  answer: { status: 200, description: 'Without the password: nobody has it.', shape: readShape },
  problems: ['unknown-id'],
} as const;
const his = {
  area: 'consultants',
  path: '/v1/consultants/{id}/sip-login',
  params: consultantParams,
} as const;
const own = { area: 'own', consultant: true, path: '/v1/me/sip-login' } as const;

export function sipLoginRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    ...his,
    ...makes,
    name: 'makeConsultantSipLogin',
    summary: 'Makes the login of a consultant’s desk telephone or program.',
    description:
      'User name from your name and his short number; the password is made here and kept nowhere. From then on he is rung at it ' +
      'first, on all telephones that are registered with it at once. Made anew, the password before it holds no more.',
    act: ({ merchantId, by, params }) =>
      make(house, { merchantId, actor: by, consultantId: params.id, from: 'merchant' }),
  });
  routes.add({
    ...his,
    ...drops,
    name: 'dropConsultantSipLogin',
    summary: 'Takes the login away: no telephone registers with it, and none that did is rung.',
    act: ({ merchantId, by, params }) =>
      drop(house, { merchantId, actor: by, consultantId: params.id, from: 'merchant' }),
  });
  routes.add({
    ...his,
    ...reads,
    name: 'readConsultantSipLogin',
    summary: 'The login of a consultant’s telephone, and how many are registered.',
    act: ({ merchantId, params }) => read(house, merchantId, params.id),
  });
  routes.add({
    ...his,
    method: 'post',
    path: '/v1/consultants/{id}/sip-login/letter',
    name: 'mailConsultantSipLogin',
    summary:
      'Writes to a consultant how to set his telephone up: a link to his own page, where he makes the password.',
    description: 'To the address of the account he signs in with. No password is ever mailed.',
    answer: {
      status: 202,
      description: 'It is on its way.',
      shape: z.object({ letters: z.int() }).openapi('SipLoginLetter'),
    },
    problems: ['unknown-id', 'consultant-archived', 'no-sip-edge', 'short-number-needed', 'nobody-to-mail'],
    act: async ({ merchantId, params }): Promise<ApiAnswer> => {
      const asked = await askToSetUp(house, merchantId, params.id);
      if (asked.outcome !== 'asked') return refused(asked.outcome);
      return { status: 202, body: { letters: asked.letters } };
    },
  });

  routes.add({
    ...own,
    ...makes,
    name: 'makeOwnSipLogin',
    summary: 'Makes the login of his own telephone or program.',
    act: ({ merchantId, by, consultantId }) =>
      consultantId === undefined
        ? nobody()
        : make(house, { merchantId, actor: by, consultantId, from: 'consultant' }),
  });
  routes.add({
    ...own,
    ...drops,
    name: 'dropOwnSipLogin',
    summary: 'Takes his own login away.',
    act: ({ merchantId, by, consultantId }) =>
      consultantId === undefined
        ? nobody()
        : drop(house, { merchantId, actor: by, consultantId, from: 'consultant' }),
  });
  routes.add({
    ...own,
    ...reads,
    name: 'readOwnSipLogin',
    summary: 'The login of his own telephone, and how many are registered.',
    act: ({ merchantId, consultantId }) =>
      consultantId === undefined ? nobody() : read(house, merchantId, consultantId),
  });
}

const nobody = (): Promise<ApiAnswer> => Promise.resolve({ problem: { kind: 'no-right' }, began: false });

const refusedKinds = {
  unknown: 'unknown-id',
  archived: 'consultant-archived',
  no_edge: 'no-sip-edge',
  short_number_needed: 'short-number-needed',
  nobody: 'nobody-to-mail',
} as const satisfies Record<string, ProblemKind>;
const refused = (outcome: keyof typeof refusedKinds): ApiAnswer => ({
  problem: { kind: refusedKinds[outcome] },
  began: false,
});

async function make(house: House, whose: Parameters<typeof makeSipLogin>[1]): Promise<ApiAnswer> {
  const made = await makeSipLogin(house, whose);
  // For the trail: that it was made, and nothing of what.
  return made.outcome === 'made'
    ? { status: 201, body: made.login, trace: { fields: [] } }
    : refused(made.outcome);
}

async function drop(house: House, whose: Parameters<typeof dropSipLogin>[1]): Promise<ApiAnswer> {
  const { outcome, ...body } = await dropSipLogin(house, whose);
  return outcome === 'dropped' ? { status: 200, body } : refused(outcome);
}

async function read(house: House, merchantId: string, consultantId: string): Promise<ApiAnswer> {
  const found = await readSipSetUp(house, merchantId, consultantId);
  return found ? { status: 200, body: found } : refused('unknown');
}
