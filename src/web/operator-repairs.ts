// What an operator repairs over the API: flow/repair's acts, each behind a route that says who and why.

import type { House } from '../flow/house.ts';
import * as repair from '../flow/repair.ts';
import { checkInvariants } from '../flow/watch-house.ts';
import { attentionKinds } from '../store/attention.ts';
import { anyId, idOf, listOf, unknownId } from './operator-shapes.ts';
import type { ProblemDraft } from './problem.ts';
import { type ApiAnswer, type ApiRoutes, z } from './routes.ts';

const operator = {
  by: z.string().trim().min(1).max(80).meta({ description: 'Who does it.', example: 'ana' }),
  why: z
    .string()
    .trim()
    .min(1)
    .max(300)
    .meta({ description: 'Why, for whoever reads it tomorrow.', example: 'the merchant’s server is back' }),
};
const repairBody = z.strictObject(operator).openapi('Repair');

const repaired = z
  .object({
    outcome: z.enum(['done', 'not_needed']).meta({ description: '`not_needed`: it is so already, or over.' }),
    many: z.int().nullable().meta({ description: 'How many it was done to, where it can be several.' }),
  })
  .openapi('Repaired');

const refusals: Record<repair.RepairRefusal | 'number_taken', NonNullable<ProblemDraft['detail']>> = {
  no_address: {
    en: 'This merchant has no address for notices, or answered 410: ask him, then replay all that is parked of him.',
    fr: 'Ce marchand n’a pas d’adresse pour les avis, ou a répondu 410 : voyez avec lui, puis renvoyez tout ce qui l’attend.',
  },
  no_server: {
    en: 'Neither this number nor its merchant has a server to be told: ask him. When one is set, what waits follows by itself.',
    fr: 'Ni ce numéro ni son marchand n’a de serveur à prévenir : voyez avec lui. Dès qu’un serveur est défini, tout suit de soi-même.',
  },
  number_invalid: {
    en: 'This is no telephone number. Write it with its country code, such as +33612345678.',
    fr: 'Ce n’est pas un numéro de téléphone. Écrivez-le avec l’indicatif du pays, par exemple +33612345678.',
  },
  line_unknown: {
    en: 'This merchant has no line of this name: it is the name in the line’s links.',
    fr: 'Ce marchand n’a pas de ligne de ce nom : c’est celui qui figure dans les liens de la ligne.',
  },
  line_without_calls: {
    en: 'This line sells something without a call: nobody could be rung there.',
    fr: 'Cette ligne vend sans appel : personne ne pourrait y être appelé.',
  },
  number_taken: {
    en: 'Another merchant has this number already: the member "merchant" says who. Nobody else can be given it.',
    fr: 'Un autre marchand a déjà ce numéro : « merchant » dit lequel. Il ne peut être donné à personne d’autre.',
  },
};

async function answerOf(done: Promise<repair.Repaired>): Promise<ApiAnswer> {
  const result = await done;
  switch (result.outcome) {
    case 'unknown':
      return unknownId;
    case 'refused':
      return {
        problem: {
          kind: 'repair-refused',
          detail: refusals[result.because],
          ...('merchantId' in result && { members: { merchant: result.merchantId } }),
        },
        began: false,
      };
    case 'done':
      return { status: 200, body: { outcome: 'done', many: result.many ?? null } };
    case 'not_needed':
      return { status: 200, body: { outcome: 'not_needed', many: null } };
  }
}

export function operatorRepairs(routes: ApiRoutes, house: House): void {
  const answer = { status: 200, description: 'It is so now.', shape: repaired } as const;
  const byId = (
    path: string,
    name: string,
    summary: string,
    params: typeof anyId,
    act: (by: repair.Operator, id: string) => Promise<repair.Repaired>,
  ): void =>
    routes.add({
      method: 'post',
      path,
      area: 'operations',
      ...(path.startsWith('/ops/v1/refunds/') && { stepUp: true as const }),
      name,
      summary,
      params,
      body: repairBody,
      answer,
      problems: ['unknown-id', 'repair-refused'],
      act: ({ params: { id }, body }) => answerOf(act(body, id)),
    });

  byId(
    '/ops/v1/jobs/{id}/retry',
    'retryJob',
    'Try a dead job again, from its first try.',
    idOf('The job.', '4711'),
    (by, id) => repair.retryDeadJob(house, by, id),
  );
  byId(
    '/ops/v1/notices/{id}/replay',
    'replayNotice',
    'Send a notice again: same id and body, its schedule begun anew.',
    idOf('The notice.', 'ntc_01jd0000000000000000000000'),
    (by, id) => repair.replayOneNotice(house, by, id),
  );
  byId(
    '/ops/v1/merchants/{id}/replay',
    'replayParked',
    'Send all that is parked of a merchant again, also after he answered 410.',
    idOf('The merchant.', 'mer_demo'),
    (by, id) => repair.replayParkedOf(house, by, id),
  );
  byId(
    '/ops/v1/usage-reports/{id}/replay',
    'replayReport',
    'Tell a parked report again: same id and body, its schedule begun anew.',
    idOf('The report.', 'use_01jd0000000000000000000000'),
    (by, id) => repair.replayOneReport(house, by, id),
  );
  byId(
    '/ops/v1/merchants/{id}/replay-reports',
    'replayReports',
    'Tell all parked reports of a merchant again.',
    idOf('The merchant.', 'mer_demo'),
    (by, id) => repair.replayReportsOf(house, by, id),
  );
  byId(
    '/ops/v1/orders/{id}/settle',
    'settleOrder',
    'Settle an order anew: what is parked is tried from its first try.',
    anyId,
    (by, id) => repair.settleAgain(house, by, id),
  );
  byId(
    '/ops/v1/orders/{id}/look',
    'lookAtPayment',
    'Ask the processor at once what is true of this payment.',
    anyId,
    (by, id) => repair.lookAtPaymentNow(house, by, id),
  );
  const refund = idOf('The refund.', 'ref_01jd0000000000000000000000');
  byId(
    '/ops/v1/refunds/{id}/again',
    'makeRefundAgain',
    'A parked refund: take over what the processor has of it; what it has none of is made anew by another key.',
    refund,
    (by, id) => repair.resolveRefund(house, by, id, 'again'),
  );
  byId(
    '/ops/v1/refunds/{id}/give-up',
    'giveUpRefund',
    'A parked refund: take over what the processor has of it; what it has none of is given up, and the merchant told.',
    refund,
    (by, id) => repair.resolveRefund(house, by, id, 'give_up'),
  );
  byId(
    '/ops/v1/switches/{id}/drain',
    'drainSwitch',
    'No new calls for this switch; those that live there live on.',
    idOf('The switch.', 'fs1'),
    (by, id) => repair.drain(house, by, id, true),
  );
  byId(
    '/ops/v1/switches/{id}/undrain',
    'undrainSwitch',
    'New calls for this switch again.',
    idOf('The switch.', 'fs1'),
    (by, id) => repair.drain(house, by, id, false),
  );

  routes.add({
    method: 'put',
    path: '/ops/v1/merchants/{id}/keypad',
    area: 'operations',
    stepUp: true,
    name: 'setKeypad',
    summary:
      'Whether this merchant’s callers may key their cards on the telephone: who says so, and why, stays readable.',
    description:
      'Stripe must permit his account to take cards by telephone and raw card numbers, and what it means for PCI DSS is to be settled ' +
      'with him. Calls under way go on as they are; the next card asked for is asked for by what is said here.',
    params: idOf('The merchant.', 'mer_demo'),
    body: z.strictObject({ ...operator, allowed: z.boolean() }).openapi('KeypadPermission'),
    answer,
    problems: ['unknown-id'],
    act: ({ params: { id }, body: { by, why, allowed } }) =>
      answerOf(repair.permitKeypad(house, { by, why }, { merchantId: id, allowed })),
  });

  const merchant = z
    .string()
    .max(64)
    .optional()
    .meta({ description: 'This merchant’s only; absent: everybody’s.' });
  routes.add({
    method: 'post',
    path: '/ops/v1/calls/stop',
    area: 'operations',
    name: 'stopCalls',
    summary: 'No calls from now on. Whoever talks talks on, unless `alsoTalks`.',
    body: z.strictObject({ ...operator, merchant, alsoTalks: z.boolean().default(false) }),
    answer,
    problems: ['unknown-id'],
    act: ({ body: { by, why, merchant: merchantId, alsoTalks } }) =>
      answerOf(
        repair.stop(house, { by, why }, { alsoTalks, ...(merchantId !== undefined && { merchantId }) }),
      ),
  });
  routes.add({
    method: 'post',
    path: '/ops/v1/calls/resume',
    area: 'operations',
    name: 'resumeCalls',
    summary: 'Calls may be made again.',
    body: z.strictObject({ ...operator, merchant }),
    answer,
    problems: ['unknown-id'],
    act: ({ body: { by, why, merchant: merchantId } }) =>
      answerOf(repair.resume(house, { by, why }, merchantId === undefined ? {} : { merchantId })),
  });
  routes.add({
    method: 'post',
    path: '/ops/v1/records/import',
    area: 'operations',
    name: 'importRecords',
    summary: 'Bring records in quarantine to their legs, where those are known by now.',
    body: repairBody,
    answer,
    problems: [],
    act: ({ body }) => answerOf(repair.importRecords(house, body)),
  });
  routes.add({
    method: 'post',
    path: '/ops/v1/numbers/allow',
    area: 'operations',
    name: 'allowNumber',
    summary: 'A number that was never to be called again may be, because its owner says so.',
    body: z.strictObject({ ...operator, number: z.string().min(3).max(40) }),
    answer,
    problems: ['repair-refused'],
    act: ({ body: { by, why, number } }) => answerOf(repair.allowNumber(house, { by, why }, number)),
  });
  routes.add({
    method: 'post',
    path: '/ops/v1/ddis',
    area: 'operations',
    name: 'supplyDdi',
    summary: 'Give a merchant a number people dial; how its callers are recognized he says himself.',
    body: z.strictObject({
      ...operator,
      merchant: z.string().max(64),
      line: z.string().max(63).meta({ description: 'Where it leads, by the line’s name in links.' }),
      number: z.string().min(3).max(40),
    }),
    answer,
    problems: ['unknown-id', 'repair-refused'],
    act: ({ body: { by, why, merchant: merchantId, line, number } }) =>
      answerOf(repair.supplyNumber(house, { by, why }, { merchantId, line, number })),
  });
  routes.add({
    method: 'post',
    path: '/ops/v1/forward-numbers',
    area: 'operations',
    name: 'confirmForwardNumber',
    summary: 'Confirm that a merchant may have calls put through to a number he has named.',
    description:
      'His scenarios ring nobody at a number of his /v1/forward-numbers before that: what is dialled there is paid by him or us.',
    body: z.strictObject({ ...operator, merchant: z.string().max(64), number: z.string().min(3).max(40) }),
    answer,
    problems: ['unknown-id', 'repair-refused'],
    act: ({ body: { by, why, merchant: merchantId, number } }) =>
      answerOf(repair.confirmForwardNumber(house, { by, why }, { merchantId, number })),
  });
  routes.add({
    method: 'post',
    path: '/ops/v1/attention/seen',
    area: 'operations',
    name: 'markAsSeen',
    summary: 'Somebody knows of it: it is not counted any more until it happens again.',
    body: z.strictObject({ ...operator, kind: z.enum(attentionKinds), id: z.string().min(1).max(120) }),
    answer,
    problems: [],
    act: ({ body: { by, why, kind, id } }) => answerOf(repair.markAsSeen(house, { by, why }, { kind, id })),
  });
  routes.add({
    method: 'post',
    path: '/ops/v1/check',
    area: 'operations',
    name: 'checkInvariants',
    summary:
      'Check now what must always hold: of all that is not over and what was settled in the last hours.',
    body: z.strictObject({
      hours: z
        .int()
        .min(1)
        .max(24 * 400)
        .default(24),
    }),
    answer: {
      status: 200,
      description: 'What does not hold; nothing: all does.',
      shape: listOf(
        z.object({
          name: z.string(),
          id: z.string(),
          merchantId: z.string().nullable(),
          orderId: z.string().nullable(),
        }),
      ),
    },
    problems: [],
    act: async ({ body: { hours } }): Promise<ApiAnswer> => {
      const since = new Date(house.clock.now().getTime() - hours * 3_600_000);
      return { status: 200, body: { data: await checkInvariants(house, since) } };
    },
  });
}
