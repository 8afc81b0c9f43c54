// Routes about the merchant's own server, and about what he changed of his settings.

import type { House } from '../flow/house.ts';
import {
  removeMerchantServer,
  rotateSecret,
  serverFacts,
  setMerchantServer,
} from '../flow/merchant-server-settings.ts';
import { readServer } from '../store/merchant-servers.ts';
import { listSettingsChanges, settingKinds } from '../store/settings-changes.ts';
import { actorShape } from './api-shapes.ts';
import { type ApiAnswer, type ApiRoutes, z } from './routes.ts';
import { rotatedShape, serverBody, serverFactsShape, signingSecret } from './server-shapes.ts';
import { wrongFields } from './wrong-fields.ts';

const changeQuery = z.object({
  after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional().meta({
    description: 'The position of the last change you have.',
  }),
  limit: z.coerce.number().int().min(1).max(500).default(100).meta({ description: 'How many at most.' }),
});

const changePage = z
  .object({
    data: z
      .array(
        z.object({
          position: z.int(),
          at: z.iso.datetime(),
          by: z.enum(['merchant', 'operator', 'consultant']),
          actor: actorShape.nullable().meta({
            description: 'Who it truly was, also of an operator who acted for you; null: the house itself.',
          }),
          setting: z.enum(settingKinds),
          of: z.string().nullable().meta({
            description: 'The line’s name in links, the number, the consultant’s or group’s id; or null.',
          }),
          changes: z
            .record(z.string(), z.object({ from: z.unknown(), to: z.unknown() }))
            .meta({ description: 'Field by field; of secrets only whether there is one.' }),
        }),
      )
      .meta({ description: 'Oldest first.' }),
    next: z.int().nullable().meta({ description: 'Ask on from here, now or later.' }),
    hasMore: z.boolean(),
  })
  .openapi('SettingsChangePage');

export function merchantServerRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'get',
    path: '/v1/merchant-server',
    area: 'settings',
    name: 'readMerchantServer',
    summary: 'Your own server, which is asked who calls and told what a call used.',
    answer: { status: 200, description: 'Without its secrets.', shape: serverFactsShape },
    problems: ['no-server'],
    act: async ({ merchantId }): Promise<ApiAnswer> => {
      const server = await house.db.asMerchant(merchantId, (tx) => readServer(tx, 'merchant'));
      if (!server) return { problem: { kind: 'no-server' }, began: false };
      return { status: 200, body: serverFacts(house, merchantId, server) };
    },
  });

  routes.add({
    method: 'put',
    path: '/v1/merchant-server',
    area: 'settings',
    stepUp: true,
    name: 'setMerchantServer',
    summary: 'Sets your own server, for all your numbers that have none of their own.',
    description:
      'From the next question on. The last write wins. The first one makes a signing secret and shows it this once; ' +
      '`POST /v1/recognition-tests` asks the server at once.',
    body: serverBody,
    answer: {
      status: 200,
      description: 'As it is now.',
      shape: serverFactsShape.extend({ signingSecret }).openapi('MerchantServerSet'),
    },
    problems: [],
    act: async ({ merchantId, by: actor, body }): Promise<ApiAnswer> => {
      const { basic, usernameToken, ...rest } = body;
      const kept = await setMerchantServer(
        house,
        { merchantId, actor },
        {
          ...rest,
          ...(basic !== undefined && { basic }),
          ...(usernameToken !== undefined && { usernameToken }),
        },
      );
      if (kept.outcome === 'wrong') return wrongFields(kept.wrong);
      const facts = serverFacts(house, merchantId, kept.server);
      return { status: 200, body: { ...facts, signingSecret: kept.signingSecret ?? null } };
    },
  });

  routes.add({
    method: 'delete',
    path: '/v1/merchant-server',
    area: 'settings',
    stepUp: true,
    name: 'removeMerchantServer',
    summary: 'Nobody is asked any more: what a number does when no answer comes holds for it.',
    description: 'Its passwords and its signing secret are forgotten. Removing what is gone is the same.',
    answer: {
      status: 200,
      description: 'It is gone.',
      shape: z.object({ removed: z.literal(true) }).openapi('MerchantServerRemoved'),
    },
    problems: [],
    act: async ({ merchantId, by: actor }): Promise<ApiAnswer> => {
      await removeMerchantServer(house, { merchantId, actor });
      return { status: 200, body: { removed: true } };
    },
  });

  routes.add({
    method: 'post',
    path: '/v1/merchant-server/signing-secret',
    area: 'settings',
    stepUp: true,
    name: 'rotateSigningSecret',
    summary: 'A new signing secret; the old one signs beside it for a day.',
    description: 'Shown this once. Send an Idempotency-Key: a repeat with it shows the same one.',
    answer: { status: 201, description: 'The new secret.', shape: rotatedShape },
    problems: ['no-server'],
    act: async ({ merchantId, by: actor }): Promise<ApiAnswer> => {
      const rotated = await rotateSecret(house, { merchantId, actor }, 'merchant');
      return rotated ? { status: 201, body: rotated } : { problem: { kind: 'no-server' }, began: false };
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/settings-changes',
    area: 'settings',
    name: 'listSettingsChanges',
    summary: 'What was changed of your lines, numbers and server, and when; oldest first.',
    query: changeQuery,
    answer: { status: 200, description: 'A page of changes.', shape: changePage },
    problems: [],
    act: async ({ merchantId, query: { after, limit } }): Promise<ApiAnswer> => {
      const found = await house.db.asMerchant(merchantId, (tx) =>
        listSettingsChanges(tx, { limit: limit + 1, ...(after !== undefined && { after }) }),
      );
      const page = found.slice(0, limit);
      const next = page.at(-1)?.position ?? after ?? null;
      return { status: 200, body: { data: page, next, hasMore: found.length > limit } };
    },
  });
}
