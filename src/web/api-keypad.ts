// The route by which a merchant reads whether his callers may key their cards on the telephone. An operator says so, not he.

import type { House } from '../flow/house.ts';
import { readKeypadPermissions } from '../store/keypad.ts';
import { type ApiRoutes, z } from './routes.ts';

export function keypadRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'get',
    path: '/v1/keypad',
    area: 'lines',
    name: 'readKeypad',
    summary: 'Whether your callers may key their cards on the telephone, since when and why.',
    description:
      'It is off until we turn it on for you: your Stripe account must be permitted to take cards by telephone, and what it means ' +
      'for your PCI DSS assessment is to be settled first. While it is off, blocks of kind `card_payment` take their exit ' +
      '`not_taken`; a payment link needs none of this.',
    answer: {
      status: 200,
      description: 'As it is now, with what was said of it, the last first.',
      shape: z
        .object({
          allowed: z.boolean(),
          served: z.boolean().meta({ description: 'Cards can be keyed at this house at all.' }),
          history: z.array(z.object({ allowed: z.boolean(), why: z.string(), at: z.iso.datetime() })),
        })
        .openapi('Keypad'),
    },
    problems: [],
    act: async ({ merchantId }) => {
      const history = await house.db.asMerchant(merchantId, readKeypadPermissions);
      return {
        status: 200,
        body: {
          allowed: history[0]?.allowed === true,
          served: house.cardRoom !== undefined,
          history: history.map(({ allowed, why, at }) => ({ allowed, why, at })),
        },
      };
    },
  });
}
