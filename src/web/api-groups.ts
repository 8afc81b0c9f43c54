// Routes about groups of consultants: who stands in each, and how they are rung.

import {
  changeGroup,
  createGroup,
  type GroupGone,
  type GroupKept,
  type GroupRefused,
  removeGroup,
} from '../flow/groups.ts';
import type { House } from '../flow/house.ts';
import { groupStrategies, listGroups, readGroup } from '../store/groups.ts';
import { defined } from './api-consultants.ts';
import { idParams } from './api-shapes.ts';
import { oneLine, shortNumber } from './consultant-shapes.ts';
import type { ProblemKind } from './problem-kinds.ts';
import { type ApiAnswer, type ApiRoutes, problemAnswer, z } from './routes.ts';
import { wrongFields } from './wrong-fields.ts';

const strategy = z.enum(groupStrategies).meta({
  description:
    '`all`: all at once. `in_turn`: one after the other. `cumulative`: one more every `stepSeconds`, the others ring on. ' +
    '`longest_idle`: one after the other, beginning with who has waited longest since his last talk.',
});
const shortNumberMeaning = 'What callers key to reach it; no consultant and no other group has the same.';
const qualificationMeaning = 'The better qualified are rung before all others; 9 is best.';

function within([least, most]: readonly [number, number]) {
  const error = `Must be a whole number from ${String(least)} to ${String(most)}.`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

const fields = {
  name: oneLine(80),
  shortNumber: shortNumber.nullable().meta({ description: shortNumberMeaning }),
  strategy,
  stepSeconds: within([3, 120]).meta({ description: 'Of `cumulative`.' }),
  members: z
    .array(
      z.strictObject({
        consultantId: z.string().min(1).max(64),
        qualification: within([1, 9]).default(1).meta({ description: qualificationMeaning }),
      }),
    )
    .max(200, { error: 'A group has at most 200 consultants.' })
    .meta({ description: 'All of them. Those of the same qualification in this order.' }),
};

const groupBody = z
  .strictObject({
    ...fields,
    shortNumber: fields.shortNumber.default(null),
    stepSeconds: fields.stepSeconds.default(15),
    members: fields.members.default([]),
  })
  .openapi('GroupRequest');
const groupChange = z.strictObject(fields).partial().openapi('GroupChange');

const groupShape = z
  .object({
    id: z.string().meta({ example: 'grp_01jd0000000000000000000000' }),
    version: z.int().meta({ description: 'Of its settings: what `If-Match` says, in quotes.' }),
    name: z.string(),
    shortNumber: z.string().nullable().meta({ description: shortNumberMeaning }),
    strategy,
    stepSeconds: z.int(),
    members: z.array(
      z.object({
        consultantId: z.string(),
        qualification: z.int().meta({ description: qualificationMeaning }),
      }),
    ),
    lines: z.array(z.string()).meta({ description: 'The lines it serves, by their names in links.' }),
  })
  .openapi('Group');

const groupList = z
  .object({ data: z.array(groupShape).meta({ description: 'By name.' }) })
  .openapi('GroupList');

const settingProblems: readonly ProblemKind[] = ['short-number-taken'];

export function groupRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'get',
    path: '/v1/groups',
    area: 'consultants',
    name: 'listGroups',
    summary: 'Your groups of consultants.',
    answer: { status: 200, description: 'All of them.', shape: groupList },
    problems: [],
    act: async ({ merchantId }) => {
      const data = await house.db.asMerchant(merchantId, listGroups);
      return { status: 200, body: { data } };
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/groups/{id}',
    area: 'consultants',
    name: 'readGroup',
    summary: 'One group.',
    params: idParams,
    versioned: true,
    answer: { status: 200, description: 'As it is.', shape: groupShape },
    problems: ['unknown-id'],
    act: async ({ merchantId, params: { id } }) => {
      const group = await house.db.asMerchant(merchantId, (tx) => readGroup(tx, id));
      return answerOf(200, group ? { outcome: 'kept', group } : { outcome: 'unknown' });
    },
  });

  routes.add({
    method: 'post',
    path: '/v1/groups',
    area: 'consultants',
    name: 'createGroup',
    summary: 'A new group. A line is served by it once PATCH /v1/lines/{line} says so.',
    description: 'Send an Idempotency-Key: a repeat with it finds the same one.',
    body: groupBody,
    versioned: true,
    answer: { status: 201, description: 'As it was made.', shape: groupShape },
    problems: settingProblems,
    act: async ({ merchantId, by: actor, body, requestKey }) =>
      answerOf(201, await createGroup(house, { merchantId, actor }, body, requestKey)),
  });

  routes.add({
    method: 'patch',
    path: '/v1/groups/{id}',
    area: 'consultants',
    name: 'changeGroup',
    summary: 'Changes a group. What is left out stays; the members are replaced as a whole.',
    description: 'Holds for the next call; those that ring go on as they began.',
    params: idParams,
    body: groupChange,
    versioned: true,
    answer: { status: 200, description: 'As it is now.', shape: groupShape },
    problems: ['unknown-id', ...settingProblems],
    act: async ({ merchantId, by: actor, params: { id }, basedOn, body }) => {
      const of = { merchantId, actor, groupId: id, ...(basedOn !== undefined && { basedOn }) };
      return answerOf(200, await changeGroup(house, of, defined(body)));
    },
  });

  routes.add({
    method: 'delete',
    path: '/v1/groups/{id}',
    area: 'consultants',
    name: 'removeGroup',
    summary: 'Removes a group that serves no line. Its consultants stay.',
    params: idParams,
    versioned: true,
    answer: {
      status: 200,
      description: 'It is gone.',
      shape: z.object({ id: z.string(), removed: z.literal(true) }).openapi('GroupRemoved'),
    },
    problems: ['unknown-id', 'group-in-use'],
    act: async ({ merchantId, by: actor, params: { id }, basedOn }) => {
      const of = { merchantId, actor, groupId: id, ...(basedOn !== undefined && { basedOn }) };
      const gone = await removeGroup(house, of);
      return gone.outcome === 'gone' ? { status: 200, body: { id, removed: true } } : refused(gone);
    },
  });
}

function answerOf(status: 200 | 201, kept: GroupKept): ApiAnswer {
  if (kept.outcome !== 'kept') return refused(kept);
  return { status, body: kept.group, version: kept.group.version };
}

function refused(is: GroupRefused | Exclude<GroupGone, { outcome: 'gone' }>): ApiAnswer {
  switch (is.outcome) {
    case 'wrong':
      return wrongFields(is.wrong);
    case 'changed_meanwhile':
      return problemAnswer('changed-meanwhile', { members: { version: is.stands } });
    case 'in_use':
      return problemAnswer('group-in-use', { members: { lines: is.lines } });
    case 'short_number_taken':
      return problemAnswer('short-number-taken');
    default:
      return problemAnswer('unknown-id');
  }
}
