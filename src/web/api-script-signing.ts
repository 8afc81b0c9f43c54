// Routes about what a merchant's scripts know us by.

import type { House } from '../flow/house.ts';
import { rotateScriptSecret, rotateScriptToken, signingFacts } from '../flow/script-signing.ts';
import { type ApiAnswer, type ApiRoutes, z } from './routes.ts';

const factsShape = z
  .object({
    signedBy: z.enum(['own', 'merchant_server', 'notices', 'nobody']).meta({
      description:
        'Whose secret signs what is asked as JSON: one of your scripts’ own, that of your server, that of your notices; ' +
        '`nobody`: one you have not seen.',
    }),
    oldUntil: z.iso.datetime().nullable().meta({ description: 'Until then the one before signs too.' }),
    hasAuthToken: z.boolean().meta({ description: 'Whether `query` and `twiml` bear `X-Twilio-Signature`.' }),
    nextAuthTokenFrom: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'From then on the next token signs.' }),
  })
  .openapi('ScriptSigning');

const secretShape = z
  .object({
    signingSecret: z.string().meta({ example: 'whsec_...' }),
    oldUntil: z.iso.datetime().meta({ description: 'Until then what signed before signs too.' }),
  })
  .openapi('ScriptSecret');

const tokenBody = z
  .strictObject({
    afterSeconds: z
      .int()
      .min(0)
      .max(604_800)
      .default(0)
      .meta({ description: 'When it begins to sign; until then the one before does. A week at most.' }),
  })
  .openapi('ScriptTokenRequest');
const tokenShape = z
  .object({
    authToken: z.string().meta({ example: '0f8fad5bd9cb469fa16570867728950e' }),
    signsFrom: z.iso.datetime(),
  })
  .openapi('ScriptToken');

export function scriptSigningRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'get',
    path: '/v1/script-signing',
    area: 'settings',
    name: 'readScriptSigning',
    summary: 'By what your scripts know that it is us who ask.',
    answer: { status: 200, description: 'Without the secrets.', shape: factsShape },
    problems: [],
    act: async ({ merchantId }): Promise<ApiAnswer> => ({
      status: 200,
      body: await house.db.asMerchant(merchantId, (tx) => signingFacts(house, tx)),
    }),
  });

  routes.add({
    method: 'post',
    path: '/v1/script-signing/secret',
    area: 'settings',
    stepUp: true,
    name: 'rotateScriptSecret',
    summary:
      'A new secret that signs what your scripts are asked as JSON; what signed before signs beside it for a day.',
    description: 'Shown this once. Send an Idempotency-Key: a repeat with it shows the same one.',
    answer: { status: 201, description: 'The new secret.', shape: secretShape },
    problems: [],
    act: async ({ merchantId, by: actor }): Promise<ApiAnswer> => ({
      status: 201,
      body: await rotateScriptSecret(house, { merchantId, actor }),
    }),
  });

  routes.add({
    method: 'post',
    path: '/v1/script-signing/auth-token',
    area: 'settings',
    stepUp: true,
    name: 'rotateScriptToken',
    summary: 'A new token for scripts that are asked in Twilio’s words, in the place of his auth token.',
    description:
      'With it `X-Twilio-Signature` holds as Twilio documents it, so that a script’s own check of it passes. Shown this once. Send ' +
      'an Idempotency-Key: a repeat with it shows the same one.',
    body: tokenBody,
    answer: { status: 201, description: 'The new token.', shape: tokenShape },
    problems: [],
    act: async ({ merchantId, by: actor, body: { afterSeconds } }): Promise<ApiAnswer> => ({
      status: 201,
      body: await rotateScriptToken(house, { merchantId, actor }, afterSeconds),
    }),
  });
}
