// What your callers used, as it was told to your server or waits for it: read whole, and told again.

import type { House } from '../flow/house.ts';
import { replayReport, replayReports } from '../flow/report-usage.ts';
import { listReports, readReport, type ReportRecord } from '../store/usage-reports.ts';
import { idParams } from './api-shapes.ts';
import { usageReport } from './known-caller-shapes.ts';
import { type ApiAnswer, type ApiRoutes, z } from './routes.ts';

const state = z.enum(['pending', 'delivered', 'parked']);
const recordShape = z
  .object({
    id: z.string().meta({
      description: 'The `webhook-id` of every try, `reportId` over SOAP.',
      example: 'use_01jd0000000000000000000000',
    }),
    callSessionId: z.string(),
    orderId: z.string(),
    clientCode: z.string().nullable(),
    sequence: z.int(),
    billableSeconds: z.int(),
    state: state.meta({ description: '`parked`: not tried any more until it is replayed.' }),
    tries: z.int().meta({ description: 'Of the schedule that runs.' }),
    nextTryAt: z.iso.datetime().nullable(),
    triedAt: z.iso.datetime().nullable().meta({ description: 'The last try.' }),
    lastStatus: z.int().nullable().meta({ description: 'The last HTTP status your server answered.' }),
    lastProblem: z.string().nullable().meta({
      description:
        'Why it is not delivered; `no_address`: no server of yours was set, and it follows when one is.',
    }),
    createdAt: z.iso.datetime(),
    deliveredAt: z.iso.datetime().nullable(),
    body: usageReport.meta({ description: 'What is told, the same on every try.' }),
  })
  .openapi('UsageReportRecord');

export function usageReportRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'get',
    path: '/v1/usage-reports',
    area: 'calls',
    name: 'listUsageReports',
    summary: 'What known callers used, oldest first: all your server was told or should have been.',
    query: z.object({
      after: z.string().max(64).optional().meta({ description: 'The id of the last report you have.' }),
      limit: z.coerce.number().int().min(1).max(200).default(50).meta({ description: 'How many at most.' }),
      state: state.optional(),
      clientCode: z.string().max(40).optional().meta({ description: 'Of this client only.' }),
    }),
    answer: {
      status: 200,
      description: 'A page of reports.',
      shape: z
        .object({
          data: z.array(recordShape).meta({ description: 'Oldest first.' }),
          next: z.string().nullable().meta({ description: 'Ask on from here, now or later.' }),
          hasMore: z.boolean(),
        })
        .openapi('UsageReportPage'),
    },
    problems: [],
    act: async ({ merchantId, query: { after, limit, state: only, clientCode } }): Promise<ApiAnswer> => {
      const found = await house.db.asMerchant(merchantId, (tx) =>
        listReports(tx, {
          limit: limit + 1,
          ...(after !== undefined && { after }),
          ...(only !== undefined && { state: only }),
          ...(clientCode !== undefined && { clientCode }),
        }),
      );
      const page = found.slice(0, limit);
      const next = page.at(-1)?.id ?? after ?? null;
      return { status: 200, body: { data: page.map(recordOf), next, hasMore: found.length > limit } };
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/usage-reports/{id}',
    area: 'calls',
    name: 'readUsageReport',
    summary: 'One report, and how telling it goes.',
    params: idParams,
    answer: { status: 200, description: 'The report.', shape: recordShape },
    problems: ['unknown-id'],
    act: async ({ merchantId, params: { id } }): Promise<ApiAnswer> => {
      const found = await house.db.asMerchant(merchantId, (tx) => readReport(tx, id));
      return found ? { status: 200, body: recordOf(found) } : unknown;
    },
  });

  routes.add({
    method: 'post',
    path: '/v1/usage-reports/replay',
    area: 'calls',
    name: 'replayUsageReports',
    summary: 'Tell all parked reports again: the same ids and bodies, their schedule begun anew.',
    description: 'Those of numbers without a server stay parked: they follow by themselves when one is set.',
    answer: {
      status: 202,
      description: 'They will be told.',
      shape: z
        .object({ replayed: z.int().meta({ description: 'How many were parked.' }) })
        .openapi('UsageReportsReplayed'),
    },
    problems: [],
    act: async ({ merchantId }): Promise<ApiAnswer> => ({
      status: 202,
      body: { replayed: await replayReports(house, merchantId) },
    }),
  });

  routes.add({
    method: 'post',
    path: '/v1/usage-reports/{id}/replay',
    area: 'calls',
    name: 'replayUsageReport',
    summary: 'Tell a parked report again: the same id and body, its schedule begun anew.',
    description: 'One that is on its way, or that you have acknowledged, stays as it is.',
    params: idParams,
    answer: { status: 202, description: 'The report as it stands now.', shape: recordShape },
    problems: ['unknown-id', 'nobody-to-tell'],
    act: async ({ merchantId, params: { id } }): Promise<ApiAnswer> => {
      const replayed = await replayReport(house, merchantId, id);
      switch (replayed.outcome) {
        case 'queued':
        case 'not_parked':
          return { status: 202, body: recordOf(replayed.report) };
        case 'no_server':
          return { problem: { kind: 'nobody-to-tell' }, began: false };
        case 'unknown_report':
          return unknown;
      }
    },
  });
}

const unknown: ApiAnswer = { problem: { kind: 'unknown-id' }, began: false };

function recordOf({ body, ...report }: ReportRecord): object {
  return { ...report, body: JSON.parse(body) as unknown };
}
