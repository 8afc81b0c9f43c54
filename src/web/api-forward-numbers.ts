// Routes about the numbers a merchant's scenarios may put calls through to.

import type { E164 } from '../core/ids.ts';
import { keepForwardNumber, removeForwardNumber } from '../flow/forward-numbers.ts';
import type { House } from '../flow/house.ts';
import { type ForwardNumber, listForwardNumbers } from '../store/forward-numbers.ts';
import { oneLine } from './consultant-shapes.ts';
import { ddiNumber } from './ddi-shapes.ts';
import { numberSentences } from './problem-texts.ts';
import { type ApiAnswer, type ApiRoutes, type CallFrom, z } from './routes.ts';

const number = ddiNumber.meta({ description: 'In E.164.', example: '+33140506070' });
const params = z.object({ number });
const label = oneLine(80).meta({ description: 'For you.', example: 'Shop, rue des Lilas' });
const forwardBody = z.strictObject({ label }).openapi('ForwardNumberRequest');
const forwardShape = z
  .object({
    number,
    label: z.string(),
    confirmed: z.boolean().meta({ description: 'Calls are put through to it; we confirm each once.' }),
    confirmedAt: z.iso.datetime().nullable(),
  })
  .openapi('ForwardNumber');

const entry = (one: ForwardNumber): object => ({ ...one, confirmed: one.confirmedAt !== null });
const owner = ({ merchantId, by }: CallFrom) => ({ merchantId, ...(by && { by }) });

export function forwardNumberRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'get',
    path: '/v1/forward-numbers',
    area: 'lines',
    name: 'listForwardNumbers',
    summary: 'The numbers your scenarios may put calls through to.',
    answer: {
      status: 200,
      description: 'All of them.',
      shape: z.object({ data: z.array(forwardShape) }).openapi('ForwardNumberList'),
    },
    problems: [],
    act: async ({ merchantId }) => {
      const data = await house.db.asMerchant(merchantId, listForwardNumbers);
      return { status: 200, body: { data: data.map(entry) } };
    },
  });

  routes.add({
    method: 'put',
    path: '/v1/forward-numbers/{number}',
    area: 'lines',
    stepUp: true,
    name: 'setForwardNumber',
    summary: 'Names a number your scenarios may put calls through to.',
    description:
      'Calls are put through to it once we have confirmed it; ask us. Premium, satellite and short numbers are refused, and where ' +
      'nobody may be called.',
    params,
    body: forwardBody,
    answer: { status: 200, description: 'As it is now.', shape: forwardShape },
    problems: ['number-invalid', 'number-refused'],
    act: async ({ params: { number: wanted }, body, ...from }): Promise<ApiAnswer> => {
      const kept = await keepForwardNumber(house, owner(from), { number: wanted, label: body.label });
      if (kept.outcome === 'kept') return { status: 200, body: entry(kept.number) };
      const detail = numberSentences[kept.reason];
      const kind = kept.outcome === 'invalid' ? 'number-invalid' : 'number-refused';
      return { problem: { kind, members: { reason: kept.reason }, ...(detail && { detail }) }, began: false };
    },
  });

  routes.add({
    method: 'delete',
    path: '/v1/forward-numbers/{number}',
    area: 'lines',
    name: 'removeForwardNumber',
    summary: 'Takes a number away: no call is put through to it from now on.',
    params,
    answer: {
      status: 200,
      description: 'It is gone.',
      shape: z.object({ number, removed: z.literal(true) }).openapi('ForwardNumberRemoved'),
    },
    problems: ['unknown-id'],
    act: async ({ params: { number: wanted }, ...from }): Promise<ApiAnswer> => {
      const gone = await removeForwardNumber(house, owner(from), wanted as E164);
      return gone
        ? { status: 200, body: { number: wanted, removed: true } }
        : { problem: { kind: 'unknown-id' }, began: false };
    },
  });
}
