// The routes by which a merchant reads whether his callers may key their cards on the telephone (an operator says so, not he), and has
// the cards forgotten that one of them agreed to be kept.

import type { E164 } from '../core/ids.ts';
import { clientCodePattern } from '../core/known-caller.ts';
import type { House } from '../flow/house.ts';
import { forgetKeptCards } from '../flow/kept-cards.ts';
import { readKeypadPermissions } from '../store/keypad.ts';
import { ddiNumber } from './ddi-shapes.ts';
import { type ApiAnswer, type ApiRoutes, z } from './routes.ts';

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

  routes.add({
    method: 'delete',
    path: '/v1/keypad/kept-cards/{number}/{clientCode}',
    area: 'clients',
    name: 'forgetKeptCards',
    summary: 'The cards a caller agreed to be kept are forgotten.',
    description:
      'They were kept for the number he calls from together with the client code he is known by: name both. In his next call he keys ' +
      'his card anew. What he has paid with them stays paid.',
    params: z.object({
      number: ddiNumber.meta({ description: 'He calls from it, in E.164.', example: '+33612345678' }),
      clientCode: z
        .string()
        .regex(clientCodePattern)
        .meta({ description: 'He is known by it.', example: '4711' }),
    }),
    answer: {
      status: 200,
      description: 'None is kept for him any more, nor by the processor as soon as nothing is paid by it.',
      shape: z.object({ forgotten: z.int() }).openapi('KeptCardsForgotten'),
    },
    problems: ['unknown-id'],
    act: async ({ merchantId, params: { number, clientCode } }): Promise<ApiAnswer> => {
      const forgotten = await forgetKeptCards(house, merchantId, { number: number as E164, clientCode });
      return forgotten > 0
        ? { status: 200, body: { forgotten } }
        : { problem: { kind: 'unknown-id' }, began: false };
    },
  });
}
