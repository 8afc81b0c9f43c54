// What an operator reads over the API: what wants a person, one order's story, switches, the queue, notices that are parked.

import type { House } from '../flow/house.ts';
import { attentionKinds, listAttention, readOperatorActs } from '../store/attention.ts';
import {
  ownerOfId,
  listParkedNotices,
  readDeadJobs,
  readOrderStory,
  readSwitchViews,
} from '../store/operator-views.ts';
import { readKeypadPermissions } from '../store/keypad.ts';
import { listParkedReports } from '../store/usage-reports.ts';
import { anyId, idOf, instant, listOf, unknownId } from './operator-shapes.ts';
import { type ApiAnswer, type ApiRoutes, z } from './routes.ts';

const attentionItem = z
  .object({
    kind: z.enum(attentionKinds),
    id: z.string(),
    merchantId: z.string().nullable(),
    orderId: z.string().nullable(),
    since: instant,
    many: z.int(),
    seen: z.object({ at: instant, by: z.string() }).nullable(),
    sentence: z.string().meta({ description: 'What happened, and what to do next.' }),
  })
  .openapi('AttentionItem');

export function operatorReads(routes: ApiRoutes, house: House): void {
  const { db, clock } = house;
  routes.add({
    method: 'get',
    path: '/ops/v1/attention',
    area: 'operations',
    name: 'listAttention',
    summary: 'What wants a person, oldest first.',
    query: z.object({ kind: z.enum(attentionKinds).optional() }),
    answer: { status: 200, description: 'What wants a person.', shape: listOf(attentionItem) },
    problems: [],
    act: async ({ query: { kind } }): Promise<ApiAnswer> => {
      const items = await db.asNobody((nobody) => listAttention(nobody, clock.now()));
      const data = items
        .filter((item) => kind === undefined || item.kind === kind)
        .map((item) => ({
          ...item,
          merchantId: item.merchantId ?? null,
          orderId: item.orderId ?? null,
          seen: item.seen ?? null,
        }));
      return { status: 200, body: { data } };
    },
  });

  routes.add({
    method: 'get',
    path: '/ops/v1/orders/{id}',
    area: 'operations',
    name: 'readOrderStory',
    summary:
      'One order’s whole story, by its id or any id of it: payment, holds, operations, call, events, legs, notices, report, ledger.',
    params: anyId,
    answer: {
      status: 200,
      description: 'Ids, states, instants and amounts.',
      shape: z.looseObject({
        order: z.looseObject({ id: z.string(), merchantId: z.string() }),
        payment: z.looseObject({ id: z.string(), state: z.string() }).nullable(),
        usageReport: z.looseObject({ id: z.string(), state: z.string() }).nullable(),
      }),
    },
    problems: ['unknown-id'],
    act: async ({ params: { id } }): Promise<ApiAnswer> => {
      const owner = await db.asNobody((nobody) => ownerOfId(nobody, id));
      const orderId = owner?.orderId;
      if (owner === undefined || orderId === undefined) return unknownId;
      const story = await db.asMerchant(owner.merchantId, (tx) => readOrderStory(tx, orderId));
      if (!story) return unknownId;
      const acts = await db.asNobody((nobody) => readOperatorActs(nobody, 50, orderId));
      return { status: 200, body: { ...story, acts } };
    },
  });

  routes.add({
    method: 'get',
    path: '/ops/v1/merchants/{id}/keypad',
    area: 'operations',
    name: 'readKeypadPermission',
    summary:
      'Whether this merchant’s callers may key their cards on the telephone; who said so, when and why.',
    params: idOf('The merchant.', 'mer_demo'),
    answer: {
      status: 200,
      description: 'What was said of it, the last first.',
      shape: z.object({
        allowed: z.boolean(),
        history: z.array(z.object({ allowed: z.boolean(), by: z.string(), why: z.string(), at: instant })),
      }),
    },
    problems: ['unknown-id'],
    act: async ({ params: { id } }): Promise<ApiAnswer> => {
      const owner = await db.asNobody((nobody) => ownerOfId(nobody, id));
      if (owner?.kind !== 'merchant') return unknownId;
      const history = await db.asMerchant(id, readKeypadPermissions);
      return { status: 200, body: { allowed: history[0]?.allowed === true, history } };
    },
  });

  routes.add({
    method: 'get',
    path: '/ops/v1/switches',
    area: 'operations',
    name: 'listSwitches',
    summary: 'Switches, who commands each, for how long still, and how many calls live there.',
    answer: { status: 200, description: 'All switches.', shape: listOf(z.looseObject({ id: z.string() })) },
    problems: [],
    act: async (): Promise<ApiAnswer> => {
      const linked = house.clock.monotonicMs();
      const views = await db.asNobody((nobody) => readSwitchViews(nobody, clock.now()));
      const data = views.map((view) => {
        const link = house.switches.get(view.id)?.link();
        return {
          ...view,
          // By this gateway, which may not be the one that commands it.
          linkUp: link?.up ?? null,
          lastSeenSecondsAgo:
            link?.lastSeenMs === undefined ? null : Math.round((linked - link.lastSeenMs) / 100) / 10,
        };
      });
      return { status: 200, body: { data } };
    },
  });

  routes.add({
    method: 'get',
    path: '/ops/v1/jobs/dead',
    area: 'operations',
    name: 'listDeadJobs',
    summary: 'Jobs that failed so often that they are not tried any more, with their last error.',
    answer: {
      status: 200,
      description: 'Oldest first.',
      shape: listOf(z.looseObject({ id: z.string(), name: z.string(), because: z.string() })),
    },
    problems: [],
    act: async (): Promise<ApiAnswer> => ({ status: 200, body: { data: await db.asNobody(readDeadJobs) } }),
  });

  routes.add({
    method: 'get',
    path: '/ops/v1/notices/parked',
    area: 'operations',
    name: 'listParkedNotices',
    summary: 'Notices nobody tries to deliver any more.',
    query: z.object({
      merchant: z.string().max(64).optional(),
      limit: z.coerce.number().int().min(1).max(500).default(100),
    }),
    answer: {
      status: 200,
      description: 'Oldest first.',
      shape: listOf(z.looseObject({ id: z.string(), merchantId: z.string(), type: z.string() })),
    },
    problems: [],
    act: async ({ query: { merchant, limit } }): Promise<ApiAnswer> => ({
      status: 200,
      body: { data: await listParkedNotices(db, limit, merchant) },
    }),
  });

  routes.add({
    method: 'get',
    path: '/ops/v1/usage-reports/parked',
    area: 'operations',
    name: 'listParkedReports',
    summary: 'Reports of what known callers used that nobody tries to tell any more.',
    query: z.object({
      merchant: z.string().max(64).optional(),
      limit: z.coerce.number().int().min(1).max(500).default(100),
    }),
    answer: {
      status: 200,
      description: 'Oldest first.',
      shape: listOf(z.looseObject({ id: z.string(), merchantId: z.string(), callSessionId: z.string() })),
    },
    problems: [],
    act: async ({ query: { merchant, limit } }): Promise<ApiAnswer> => ({
      status: 200,
      body: { data: await listParkedReports(db, limit, merchant) },
    }),
  });

  routes.add({
    method: 'get',
    path: '/ops/v1/acts',
    area: 'operations',
    name: 'listActs',
    summary: 'Repairs by hand: who, what and why. Newest first.',
    query: z.object({ limit: z.coerce.number().int().min(1).max(500).default(100) }),
    answer: {
      status: 200,
      description: 'Newest first.',
      shape: listOf(z.looseObject({ at: instant, by: z.string(), act: z.string(), why: z.string() })),
    },
    problems: [],
    act: async ({ query: { limit } }): Promise<ApiAnswer> => ({
      status: 200,
      body: { data: await db.asNobody((nobody) => readOperatorActs(nobody, limit)) },
    }),
  });
}
