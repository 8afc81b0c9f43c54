// Routes about callers a merchant does not want.

import { parsePhone } from '../core/dialling.ts';
import type { E164 } from '../core/ids.ts';
import { blockCaller, unblockCaller } from '../flow/blocked-callers.ts';
import type { House } from '../flow/house.ts';
import { listBlockedCallers } from '../store/blocked-callers.ts';
import { ddiNumber } from './ddi-shapes.ts';
import { numberSentences } from './problem-texts.ts';
import { type ApiAnswer, type ApiRoutes, z } from './routes.ts';

const number = ddiNumber.meta({ description: 'In E.164.', example: '+33612345678' });
const params = z.object({ number });
const blockBody = z
  .strictObject({
    label: z
      .string()
      .max(80)
      .refine((text) => !/\p{Cc}/u.test(text), { error: 'Must be one line.' })
      .default('')
      .meta({ description: 'Why, for you.' }),
  })
  .openapi('BlockedCallerRequest');
const blockedShape = z
  .object({ number, label: z.string(), createdAt: z.iso.datetime() })
  .openapi('BlockedCaller');
const listQuery = z.object({
  after: z.string().max(16).optional().meta({ description: 'The number of the last one you have.' }),
  limit: z.coerce.number().int().min(1).max(500).default(100).meta({ description: 'How many at most.' }),
});

export function blockedCallerRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'get',
    path: '/v1/blocked-callers',
    area: 'lines',
    name: 'listBlockedCallers',
    summary: 'The callers you do not want.',
    query: listQuery,
    answer: {
      status: 200,
      description: 'A page of them, by number.',
      shape: z
        .object({ data: z.array(blockedShape), next: z.string().nullable() })
        .openapi('BlockedCallerPage'),
    },
    problems: [],
    act: async ({ merchantId, query: { after, limit } }): Promise<ApiAnswer> => {
      const found = await house.db.asMerchant(merchantId, (tx) =>
        listBlockedCallers(tx, { after, limit: limit + 1 }),
      );
      const data = found.slice(0, limit);
      const next = found.length > limit ? (data.at(-1)?.number ?? null) : null;
      return { status: 200, body: { data, next } };
    },
  });

  routes.add({
    method: 'put',
    path: '/v1/blocked-callers/{number}',
    area: 'lines',
    name: 'blockCaller',
    summary: 'A caller you do not want.',
    description:
      'From the next call on. At a number that leads to a line he is refused before anything is answered; in a scenario its ' +
      '`blacklist` block says what he hears. Who hides his number is not known.',
    params,
    body: blockBody,
    answer: { status: 200, description: 'As it is now.', shape: blockedShape },
    problems: ['number-invalid'],
    act: async ({ merchantId, by: actor, params: { number: wanted }, body }): Promise<ApiAnswer> => {
      const read = parsePhone(wanted, '');
      if (read.outcome === 'invalid') {
        const detail = numberSentences[read.reason];
        const members = { reason: read.reason };
        return { problem: { kind: 'number-invalid', members, ...(detail && { detail }) }, began: false };
      }
      const blocked = await blockCaller(house, { merchantId, actor }, { number: read.number, ...body });
      return { status: 200, body: blocked };
    },
  });

  routes.add({
    method: 'delete',
    path: '/v1/blocked-callers/{number}',
    area: 'lines',
    name: 'unblockCaller',
    summary: 'His calls are taken again.',
    params,
    answer: {
      status: 200,
      description: 'He is off the list.',
      shape: z.object({ number, removed: z.literal(true) }).openapi('BlockedCallerRemoved'),
    },
    problems: ['unknown-id'],
    act: async ({ merchantId, by: actor, params: { number: wanted } }): Promise<ApiAnswer> => {
      const gone = await unblockCaller(house, { merchantId, actor }, wanted as E164);
      return gone
        ? { status: 200, body: { number: wanted, removed: true } }
        : { problem: { kind: 'unknown-id' }, began: false };
    },
  });
}
