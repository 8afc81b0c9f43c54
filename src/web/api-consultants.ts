// Routes about the consultants: whether they are rung.

import { setAvailability } from '../flow/consultant-state.ts';
import type { House } from '../flow/house.ts';
import { idParams } from './api-shapes.ts';
import { type ApiAnswer, type ApiRoutes, z } from './routes.ts';

const availability = z.enum(['available', 'break', 'away']).meta({
  description: '`available`: he is rung. `break`: not for now. `away`: not today. A call he is on goes on.',
});

const availabilityBody = z.strictObject({ availability }).openapi('AvailabilityRequest');

const availabilityShape = z
  .object({ id: z.string().meta({ example: 'con_01jd0000000000000000000000' }), availability })
  .openapi('Availability');

/** Ours, and the demo’s, which are words. */
const consultantParams = z.object({ id: idParams.shape.id.or(z.string().regex(/^con_[a-z_]{1,60}$/)) });

export function consultantRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'post',
    path: '/v1/consultants/{id}/availability',
    name: 'setConsultantAvailability',
    summary: 'Whether a consultant is rung: available, on a break, away.',
    params: consultantParams,
    body: availabilityBody,
    answer: { status: 200, description: 'It holds from now on.', shape: availabilityShape },
    problems: ['unknown-id'],
    act: async ({ merchantId, params: { id }, body }): Promise<ApiAnswer> => {
      const setting = { is: body.availability };
      const set = await house.db.asMerchant(merchantId, (tx) =>
        setAvailability(house, tx, { merchantId, consultantId: id, setting, by: 'merchant' }),
      );
      if (!set) return { problem: { kind: 'unknown-id' }, began: false };
      return { status: 200, body: { id, availability: body.availability } };
    },
  });
}
